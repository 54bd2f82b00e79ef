// Sets of keys (RFC 7517, section 5) and the question put to them: which keys does this header mean? A key is found by
// its name, and only then judged: one bad key in a set does not spoil the others.

import { parseJsonStrict } from '../codec/json.js';
import { VerifyError } from '../errors.js';
import { curveOf, isJwsAlgorithm } from './algorithms.js';
import { type PublicJwk, unusableKey } from './jwk.js';
import type { ProtectedHeader } from './protected-header.js';
import { keyFromJwk, type VerificationKey } from './verification-key.js';

/** Most keys a set may hold. */
export const MAX_SET_KEYS = 100;

/** Most keys that are tried for one signature. */
export const MAX_CANDIDATES = 4;

/** Where a verifier looks for keys. */
export interface KeySource {
  /**
   * Finds the keys a header may mean: those with its `kid` that fit its `alg`; where it has no `kid`, all that fit.
   *
   * @param header `alg` is one the verifier allows.
   * @returns One to four keys, in the order they should be tried.
   * @throws {VerifyError} ERR_VERIFY_KEY_NOT_FOUND: none has the `kid`. ERR_VERIFY_KEY_UNUSABLE: one has, but it cannot
   *   be used or does not fit. ERR_VERIFY_KEY_RETRIEVAL: the keys could not be fetched.
   * @throws `signal.reason`, untouched.
   */
  find(header: ProtectedHeader, context?: KeySearch): Promise<readonly VerificationKey[]>;
}

/** What a search for keys runs under. */
export interface KeySearch {
  readonly signal?: AbortSignal | undefined;
}

/** A JWK Set. */
export interface JwkSet {
  readonly keys: readonly PublicJwk[];
}

/** A member of a set, with its name read and nothing else. */
export interface JwkEntry {
  readonly kid?: string;
  readonly jwk: unknown;
}

/**
 * Reads a JWK Set, without judging its keys.
 *
 * @param input JSON text, read strictly, or its parsed value.
 * @returns At most 100 entries, in order.
 * @throws {VerifyError} ERR_VERIFY_KEY_UNUSABLE: not a JWK Set, or one of more than 100 keys.
 */
export function parseJwks(input: unknown): readonly JwkEntry[] {
  const value = typeof input === 'string' ? parseText(input) : input;
  const keys: unknown = typeof value === 'object' && value !== null ? (value as { keys?: unknown }).keys : undefined;
  if (!Array.isArray(keys)) throw unusableKey('not a JWK Set');
  if (keys.length > MAX_SET_KEYS) throw unusableKey(`a set of more than ${MAX_SET_KEYS} keys`);
  return keys.map((jwk: unknown) => {
    const kid: unknown = typeof jwk === 'object' && jwk !== null ? (jwk as { kid?: unknown }).kid : undefined;
    return typeof kid === 'string' ? { kid, jwk } : { jwk };
  });
}

/**
 * Makes a source of keys the verifier holds itself.
 *
 * Names are compared exactly. A key without one is found only for a header without one; to verify with a key whatever
 * the header calls it, use {@link oneKey}.
 *
 * @param keys Keys, JWKs, or a JWK Set; at most 100. JWKs are judged when they are first found.
 * @throws {VerifyError} ERR_VERIFY_KEY_UNUSABLE: more than 100, or no JWK Set.
 */
export function keySet(keys: readonly (VerificationKey | PublicJwk)[] | JwkSet): KeySource {
  const named = namedKeys(parseJwks(Array.isArray(keys) ? { keys } : keys));
  return { find: async (header) => selectKeys(named, header) };
}

/**
 * Makes a source of one key, which is tried whatever `kid` a header has.
 *
 * The `kid` is then a word of the signer's that nobody checked.
 *
 * @throws {VerifyError} ERR_VERIFY_KEY_UNUSABLE: the JWK.
 */
export function oneKey(key: VerificationKey | PublicJwk): KeySource {
  const held = isVerificationKey(key) ? key : keyFromJwk(key);
  return { find: async (header) => selectKeys([{ key: () => held }], { ...header, kid: undefined }) };
}

/** A key under its name, made when it is first asked for. */
export interface NamedKey {
  readonly kid?: string;
  /** @throws {VerifyError} ERR_VERIFY_KEY_UNUSABLE. */
  key(): VerificationKey;
}

/** Puts off making a key until it is wanted; then keeps it, or why it could not be made. */
export function namedKey(kid: string | undefined, make: () => VerificationKey): NamedKey {
  let made: { readonly key: VerificationKey } | { readonly error: unknown } | undefined;
  return {
    ...(kid === undefined ? {} : { kid }),
    key() {
      made ??= attempt(make);
      if ('error' in made) throw made.error;
      return made.key;
    },
  };
}

/** The keys of a set, each made when it is first wanted. */
export function namedKeys(entries: readonly JwkEntry[]): readonly NamedKey[] {
  return entries.map(({ kid, jwk }) => namedKey(kid, () => (isVerificationKey(jwk) ? jwk : keyFromJwk(jwk))));
}

/**
 * Selects from a set as {@link KeySource.find} promises.
 *
 * @throws {VerifyError} ERR_VERIFY_KEY_NOT_FOUND, ERR_VERIFY_KEY_UNUSABLE, as there. ERR_VERIFY_ALGORITHM: an algorithm
 *   nobody should have allowed.
 */
export function selectKeys(
  keys: readonly NamedKey[],
  { alg, kid }: { readonly alg: string; readonly kid?: string | undefined },
): readonly VerificationKey[] {
  if (!isJwsAlgorithm(alg)) throw new VerifyError('ERR_VERIFY_ALGORITHM', 'the signature algorithm is not known');
  const curve = curveOf(alg);
  const named = kid === undefined ? keys : keys.filter((key) => key.kid === kid);
  if (named.length === 0) throw new VerifyError('ERR_VERIFY_KEY_NOT_FOUND', 'no key has the kid of the header');
  const fitting: VerificationKey[] = [];
  let fault: unknown;
  for (const candidate of named) {
    if (fitting.length === MAX_CANDIDATES) break;
    try {
      const key = candidate.key();
      if (key.curve === curve) fitting.push(key);
    } catch (error) {
      fault ??= error;
    }
  }
  if (fitting.length === 0) throw fault ?? unusableKey('it does not fit the algorithm');
  return fitting;
}

function attempt(make: () => VerificationKey): { readonly key: VerificationKey } | { readonly error: unknown } {
  try {
    return { key: make() };
  } catch (error) {
    return { error };
  }
}

function isVerificationKey(key: unknown): key is VerificationKey {
  return typeof key === 'object' && key !== null && typeof (key as { verify?: unknown }).verify === 'function';
}

function parseText(text: string): unknown {
  try {
    return parseJsonStrict(text);
  } catch (cause) {
    throw unusableKey('not a JWK Set in strict JSON', { cause });
  }
}
