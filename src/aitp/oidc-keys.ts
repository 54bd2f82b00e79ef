// Keys of identity providers for OIDC proofs (AITP 0.2, section 8.7). Nothing here fetches: a caller passes in whatever
// looks keys up, and what it finds is judged here.

import { decodeBase64url } from '../codec/base64url.js';
import { unusableKey } from '../documents/jwk.js';
import { keyFromBytes, keyFromJwk, keyToJwk } from '../documents/verification-key.js';
import { AitpError } from './errors.js';
import { rsaKeyFromJwk } from './rsa-key.js';

/** Algorithms a provider may sign with. No symmetric one: the verifier holds public keys only. */
export type OidcAlgorithm = 'EdDSA' | 'ES256' | 'RS256';

/** Most keys of one issuer that are looked at. */
export const MAX_ISSUER_KEYS = 64;

/** Most keys that are tried for one token: several may share a name while a provider rotates them. */
const MAX_CANDIDATES = 4;

/** What is asked of {@link IssuerKeys}. */
export interface IssuerKeyRequest {
  /** Name of the issuer, one of our trust anchors, exactly as written there. */
  readonly issuer: string;
  /** Name the token gives its key. */
  readonly kid?: string;
  readonly signal?: AbortSignal;
}

/** Looks up the keys of an issuer: in memory, in a cache, or over the network, as its maker likes. */
export interface IssuerKeys {
  /**
   * @returns JWKs of the issuer, at most 64 of which are looked at; `undefined` where no source could be reached.
   * @throws Anything but the reason of the signal is taken as a source that could not be reached.
   */
  find(request: IssuerKeyRequest): Promise<readonly unknown[] | undefined>;
}

/** A public key that checks signatures of one algorithm. */
export interface OidcKey {
  verify(message: Uint8Array, signature: Uint8Array): Promise<boolean>;
}

/**
 * Makes a source of issuer keys that are known beforehand.
 *
 * @param issuers For each issuer its keys: JWKs, or the bytes as AITP writes them (43 characters for Ed25519, 44 for
 *   P-256). A key given as bytes has no name and is tried whatever name a token gives its key.
 * @throws {VerifyError} ERR_VERIFY_KEY_UNUSABLE: bytes that are no key.
 */
export function issuerKeys(issuers: Readonly<Record<string, readonly unknown[]>>): IssuerKeys {
  const known = new Map(Object.entries(issuers).map(([issuer, keys]) => [issuer, keys.map(readEntry)]));
  return {
    async find({ issuer, kid }) {
      const nameless = kid === undefined ? {} : { kid };
      return known.get(issuer)?.map(({ jwk, named }) => (named ? jwk : { ...jwk, ...nameless }));
    },
  };
}

/**
 * Selects the keys a token may mean.
 *
 * @param jwks Keys of its issuer.
 * @param kid Name the token gives its key. Without one there must be exactly one key that fits.
 * @returns One to four keys.
 * @throws {AitpError} IDENTITY_FAILED: none, or more than one without a name.
 */
export async function selectOidcKeys(
  jwks: readonly unknown[],
  alg: OidcAlgorithm,
  kid: string | undefined,
): Promise<readonly OidcKey[]> {
  const known = jwks.slice(0, MAX_ISSUER_KEYS);
  const named = kid === undefined ? known : known.filter((jwk) => (jwk as { kid?: unknown } | null)?.kid === kid);
  if (named.length === 0) throw new AitpError('IDENTITY_FAILED', 'the issuer has no key of that name');
  const keys: OidcKey[] = [];
  let fault: unknown;
  // Whoever wrote the token has proved nothing yet, and reading keys is work: no more are read than can make a difference.
  const wanted = kid === undefined ? 2 : MAX_CANDIDATES;
  for (const jwk of named) {
    if (keys.length === wanted) break;
    try {
      keys.push(await toKey(jwk, alg));
    } catch (cause) {
      fault ??= cause;
    }
  }
  if (keys.length === 0) {
    throw new AitpError('IDENTITY_FAILED', 'no key of the issuer fits the proof', { cause: fault });
  }
  if (kid === undefined && keys.length > 1) {
    throw new AitpError('IDENTITY_FAILED', 'the proof does not say which key of the issuer it means');
  }
  return keys;
}

async function toKey(jwk: unknown, alg: OidcAlgorithm): Promise<OidcKey> {
  if (alg === 'RS256') return rsaKeyFromJwk(jwk);
  const key = keyFromJwk(jwk);
  if (key.curve !== (alg === 'ES256' ? 'P-256' : 'Ed25519')) throw unusableKey('it does not fit the algorithm');
  // Providers do not normalise s, so that a high one is no defect here.
  return { verify: (message, signature) => key.verify(message, signature) };
}

interface Entry {
  readonly jwk: object;
  readonly named: boolean;
}

function readEntry(key: unknown): Entry {
  if (typeof key !== 'string') return { jwk: key as object, named: true };
  try {
    const curve = key.length === 44 ? 'P-256' : 'Ed25519';
    return { jwk: keyToJwk(keyFromBytes(curve, decodeBase64url(key))), named: false };
  } catch (cause) {
    throw unusableKey('not 43 or 44 characters of base64url that make one', { cause });
  }
}
