// `jku`, the address at which a signer says its keys are. Followed blindly it lets every signer name its own judge (threat
// J6), so that it is ignored unless the caller lists addresses; and even then it comes after every key the caller holds.

import type { KeySource } from '../../documents/jwks.js';
import type { RemoteJwksOptions } from '../../documents/remote-jwks.js';

/** Which addresses may be asked for keys: at most 4 different ones in one verification. */
export interface JkuOptions {
  /** Exact URLs; one that ends in `/` allows every path below it, but for those that some server reads as another. */
  readonly allow?: readonly string[];
  /**
   * Whether any address at the origin the card came from will do. Proves no more than the TLS connection the card came
   * over did. Default false.
   */
  readonly sameOrigin?: boolean;
  /** How to fetch: see `remoteJwks`. */
  readonly remote?: RemoteJwksOptions;
  /** Opens an address that is allowed, in place of `remoteJwks`. */
  readonly open?: (url: string) => KeySource | Promise<KeySource>;
}

/** What {@link jkuPolicy} makes. Keep it: it remembers what was fetched. */
export interface JkuPolicy {
  readonly options: JkuOptions;
  /** The keys at each address that was asked, in the order they were first asked. */
  readonly opened: Map<string, Promise<KeySource>>;
}

/**
 * Makes a policy that lets verifiers follow `jku` to some addresses. The code that fetches is loaded with the first.
 *
 * @throws {TypeError} an address to allow that is not a https URL in normal form (http where `remote.allowHttpLoopback`
 *   is set).
 *
 * @example
 * ```ts
 * const jku = jkuPolicy({ allow: ['https://keys.example/agents/'] });
 * const { card } = await verifyAgentCard(text, { keys: [], jku });
 * ```
 */
export function jkuPolicy(options: JkuOptions): JkuPolicy {
  for (const url of options.allow ?? []) {
    if (parseExact(url, options) === undefined) throw new TypeError(`allow must hold normal https URLs, not ${url}`);
  }
  return { options, opened: new Map() };
}

/**
 * A URL in just the form that will be fetched: no user, no dots or backslashes, no default port, nothing to normalise.
 *
 * @returns `undefined` for any other.
 */
export function parseExact(url: string, { remote }: JkuOptions): URL | undefined {
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    return undefined;
  }
  const { protocol, username, password, href } = parsed;
  const isPlain = href === url && username === '' && password === '' && !href.includes('#');
  const isScheme = protocol === 'https:' || (protocol === 'http:' && remote?.allowHttpLoopback === true);
  return isPlain && isScheme ? parsed : undefined;
}
