// Whose signature counts: the keys a caller pins, in the forms people have keys in, and the order in which they are asked
// (A2A digest 3.6). A `kid` selects among them; nothing that a card says adds to them.

import { curveOf, type JwsAlgorithm } from '../../documents/algorithms.js';
import type { PublicJwk } from '../../documents/jwk.js';
import {
  type JwkSet,
  type KeySource,
  MAX_CANDIDATES,
  type NamedKey,
  namedKey,
  parseJwks,
  selectKeys,
} from '../../documents/jwks.js';
import type { ProtectedHeader } from '../../documents/protected-header.js';
import { waitFor } from '../../documents/shared-wait.js';
import { jwkThumbprint } from '../../documents/thumbprint.js';
import {
  keyFromCryptoKey,
  keyFromDid,
  keyFromJwk,
  keyToJwk,
  type VerificationKey,
} from '../../documents/verification-key.js';
import { VerifyError } from '../../errors.js';
import { A2aError } from '../errors.js';
import type { JkuPolicy } from './jku.js';
import { jkuSource } from './jku-source.js';
import { isObject } from './members.js';
import { type CardPlace, originOf, outsideOf } from './origins.js';

/**
 * Something to trust: a did:key, a key, a public JWK or JWK Set, a CryptoKey, or a source of keys such as
 * `remoteJwks(url)`, which is asked after all the others.
 *
 * A key with a `kid` answers to that name alone. One without answers to its RFC 7638 thumbprint, and an Ed25519 key to
 * its DID as well, with or without a fragment. To take a key whatever the signer calls it, pass `oneKey(key)`.
 */
export type TrustRoot = string | VerificationKey | PublicJwk | JwkSet | CryptoKey | KeySource | ScopedKeys;

/** Keys that count for some cards only, or for some time. */
export interface ScopedKeys {
  readonly keys: TrustRoot | readonly TrustRoot[];
  /**
   * Origins such as `https://agent.example`. Every interface of the card but gRPC ones, and the address the card came
   * from where that is given, has to be at one of them. Default: any.
   */
  readonly allowedOrigins?: readonly string[];
  /** Default: since ever. */
  readonly notBefore?: Date;
  /** Default: for ever. */
  readonly notAfter?: Date;
}

/** What is known of the card whose signature is checked. */
export interface CardContext extends CardPlace {
  readonly nowMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** A key and the names it answers to. */
interface PinnedKey {
  readonly names: readonly string[];
  /** @throws {VerifyError} ERR_VERIFY_KEY_UNUSABLE. */
  readonly key: NamedKey['key'];
}

/** Keys of one scope. */
interface Ring {
  readonly pinned: readonly PinnedKey[];
  readonly sources: readonly KeySource[];
  /** Why these do not count for a card; `undefined` when they do. */
  readonly refuse: (card: CardContext) => A2aError | undefined;
}

/** Finds the keys to try for one signature. */
export interface KeyFinder {
  /**
   * @param alg The algorithm of the header, allowed and known.
   * @returns One to four keys of its curve.
   * @throws {A2aError | VerifyError} none is to be had.
   * @throws `signal.reason`, untouched.
   */
  find(header: ProtectedHeader, alg: JwsAlgorithm, card: CardContext): Promise<readonly VerificationKey[]>;
}

/**
 * Makes the roots of a caller ready to be asked.
 *
 * @throws {TypeError} something that is no root. @throws {IdentityError} a DID that is none.
 * @throws {VerifyError} ERR_VERIFY_KEY_UNUSABLE: a CryptoKey, or a set that is none.
 */
export async function keyFinder(
  roots: TrustRoot | readonly TrustRoot[],
  jku: JkuPolicy | undefined,
): Promise<KeyFinder> {
  const rings = await makeRings(roots, () => undefined);
  return {
    find: async (header, alg, card) => findPinned(rings, header, card) ?? findRemote(rings, jku, header, alg, card),
  };
}

/** @returns `undefined` when no pinned key has the name. */
function findPinned(
  rings: readonly Ring[],
  header: ProtectedHeader,
  card: CardContext,
): readonly VerificationKey[] | undefined {
  const found: VerificationKey[] = [];
  let fault: unknown;
  for (const { pinned, refuse } of rings) {
    const { kid } = header;
    const named = pinned.filter(({ names }) => kid === undefined || names.includes(kid));
    if (named.length === 0) continue;
    try {
      const refusal = refuse(card);
      if (refusal !== undefined) throw refusal;
      found.push(...selectKeys(named, { alg: header.alg }));
    } catch (error) {
      fault ??= error;
    }
  }
  // A name that is pinned is not looked for elsewhere, whatever is the matter with its key.
  if (found.length === 0 && fault !== undefined) throw fault;
  return found.length === 0 ? undefined : found.slice(0, MAX_CANDIDATES);
}

/** Asks the sources in order, and where the header points, if the caller allows that. The first that has the name wins. */
async function findRemote(
  rings: readonly Ring[],
  jku: JkuPolicy | undefined,
  header: ProtectedHeader,
  alg: JwsAlgorithm,
  card: CardContext,
): Promise<readonly VerificationKey[]> {
  const faults: unknown[] = [];
  const ask = async (open: () => KeySource | Promise<KeySource>) => {
    try {
      return await askSource(await open(), header, alg, card);
    } catch (error) {
      card.signal?.throwIfAborted();
      if (isCode(error, 'ERR_VERIFY_KEY_UNUSABLE')) throw error;
      if (!isCode(error, 'ERR_VERIFY_KEY_NOT_FOUND')) faults.push(error);
      return undefined;
    }
  };

  for (const { sources, refuse } of rings) {
    const refusal = sources.length === 0 ? undefined : refuse(card);
    if (refusal !== undefined) faults.push(refusal);
    else {
      for (const source of sources) {
        const found = await ask(() => source);
        if (found !== undefined) return found;
      }
    }
  }
  const { jku: address } = header;
  if (jku !== undefined && address !== undefined) {
    const found = await ask(() => jkuSource(jku, address, card.cardUrl));
    if (found !== undefined) return found;
  }
  throw faults[0] ?? new VerifyError('ERR_VERIFY_KEY_NOT_FOUND', 'no key that is trusted has the kid of the header');
}

/** A source may be anybody's: what it throws is a failure to retrieve, and what it says about its keys is checked. */
async function askSource(
  source: KeySource,
  header: ProtectedHeader,
  alg: JwsAlgorithm,
  { signal }: CardContext,
): Promise<readonly VerificationKey[]> {
  let found: readonly VerificationKey[];
  try {
    found = await waitFor(Promise.resolve(source.find(header, { signal })), signal);
    if (!Array.isArray(found)) throw new TypeError('find must return an array');
  } catch (cause) {
    if (cause instanceof VerifyError) throw cause;
    throw new VerifyError('ERR_VERIFY_KEY_RETRIEVAL', 'the source of keys failed', { cause });
  }
  if (found.length === 0) throw new VerifyError('ERR_VERIFY_KEY_NOT_FOUND', 'the source has no such key');
  const fitting = found.filter((key) => key.curve === curveOf(alg)).slice(0, MAX_CANDIDATES);
  if (fitting.length === 0) throw new VerifyError('ERR_VERIFY_KEY_UNUSABLE', 'the key does not fit the algorithm');
  return fitting;
}

function isCode(error: unknown, code: VerifyError['code']): boolean {
  return error instanceof VerifyError && error.code === code;
}

/** One ring for the roots that stand by themselves, and one for each scope. */
async function makeRings(roots: TrustRoot | readonly TrustRoot[], refuse: Ring['refuse']): Promise<Ring[]> {
  const pinned: PinnedKey[] = [];
  const sources: KeySource[] = [];
  const scoped: Ring[] = [];
  for (const root of Array.isArray(roots) ? roots : [roots]) {
    if (typeof root === 'string') pinned.push(await underOwnNames(keyFromDid(root)));
    else if (!isObject(root)) throw badRoot();
    else if ('allowedOrigins' in root || 'notBefore' in root || 'notAfter' in root) {
      scoped.push(...(await makeRings((root as unknown as ScopedKeys).keys, scopeOf(root as unknown as ScopedKeys))));
    } else if ('find' in root) sources.push(root as unknown as KeySource);
    else pinned.push(...(await pin(root as unknown as VerificationKey | PublicJwk | JwkSet | CryptoKey)));
  }
  return [{ pinned, sources, refuse }, ...scoped];
}

/** A root that holds keys. JWKs are judged when their name comes up, so that a bad one spoils no other. */
async function pin(root: VerificationKey | PublicJwk | JwkSet | CryptoKey): Promise<readonly PinnedKey[]> {
  if ('verify' in root) return [root.kid === undefined ? await underOwnNames(root) : underName(root.kid, () => root)];
  if ('keys' in root) {
    const pins = parseJwks(root).map(({ jwk }) => pinJwk(jwk as object));
    return (await Promise.all(pins)).flat();
  }
  if ('kty' in root) return pinJwk(root);
  if ('algorithm' in root) return [await underOwnNames(await keyFromCryptoKey(root))];
  throw badRoot();
}

async function pinJwk(jwk: object | null): Promise<readonly PinnedKey[]> {
  const { kid } = (jwk ?? {}) as { kid?: unknown };
  if (typeof kid === 'string') return [underName(kid, () => keyFromJwk(jwk))];
  try {
    return [await underOwnNames(keyFromJwk(jwk))];
  } catch {
    // It cannot be used, and it has no name to be asked for by.
    return [];
  }
}

function underName(name: string, make: () => VerificationKey): PinnedKey {
  return { names: [name], key: namedKey(name, make).key };
}

/** A key under the names that follow from the key itself. */
async function underOwnNames(key: VerificationKey): Promise<PinnedKey> {
  const names = [await jwkThumbprint(keyToJwk(key))];
  if (key.did !== undefined) names.push(key.did, `${key.did}#${key.did.slice('did:key:'.length)}`);
  return { names, key: () => key };
}

function scopeOf({ allowedOrigins, notBefore, notAfter }: ScopedKeys): Ring['refuse'] {
  const origins = allowedOrigins?.map((origin) => originOf(origin) ?? badOrigin());
  return (card) => {
    const outside = origins && outsideOf(origins, card);
    if (outside !== undefined) {
      return new A2aError('ERR_A2A_ORIGIN_NOT_ALLOWED', `the key is not trusted for ${outside}`);
    }
    const isTime = !(card.nowMs < Number(notBefore ?? -8.64e15)) && !(card.nowMs > Number(notAfter ?? 8.64e15));
    return isTime ? undefined : new A2aError('ERR_A2A_KEY_UNUSABLE', 'the key is not trusted at this time');
  };
}

function badRoot(): TypeError {
  return new TypeError('keys must hold DIDs, keys, JWKs, JWK Sets, CryptoKeys, key sources or scoped keys');
}

function badOrigin(): never {
  throw new TypeError('allowedOrigins must hold https or http origins');
}
