// The keys a caller pins, in the forms that people have keys in, sorted by the cards they count for.

import { originOf } from '../../bytes/origin.js';
import { isObject } from '../../codec/is-object.js';
import type { PublicJwk } from '../../documents/jwk.js';
import { type JwkSet, type KeySource, type NamedKey, namedKey, parseJwks } from '../../documents/jwks.js';
import { jwkThumbprint } from '../../documents/thumbprint.js';
import {
  keyFromCryptoKey,
  keyFromDid,
  keyFromJwk,
  keyToJwk,
  type VerificationKey,
} from '../../documents/verification-key.js';
import { A2aError } from '../errors.js';
import { type CardPlace, outsideOf } from './origins.js';
import { shown } from './shown.js';

/**
 * Something to trust: a did:key, a key, a public JWK or JWK Set, a CryptoKey, or a source of keys such as
 * `remoteJwks(url)`, which is asked after all the others.
 *
 * A key with a `kid` answers to that name alone. One without answers to its RFC 7638 thumbprint, and an Ed25519 key to
 * its DID as well, with or without a fragment. To take a key whatever the signer calls it, pass `oneKey(key)`.
 *
 * A name belongs to the first root that has it, and pinned keys come before sources: whoever runs a source can give any
 * name to a key of theirs, unless an earlier root has the name.
 */
export type TrustRoot = string | VerificationKey | PublicJwk | JwkSet | CryptoKey | KeySource | ScopedKeys;

/**
 * Keys that count for some cards only, or for some time.
 *
 * A limit whose name is misspelled would be none, so that other members are refused; also in a JWK Set, of which there may
 * be more on the web than its `keys`: pass `{ keys }` of it.
 */
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
export interface PinnedKey {
  readonly names: readonly string[];
  /** @throws {VerifyError} ERR_VERIFY_KEY_UNUSABLE. */
  readonly key: NamedKey['key'];
}

/** Keys of one scope. */
export interface Ring {
  readonly pinned: readonly PinnedKey[];
  readonly sources: readonly KeySource[];
  /** Why these do not count for a card; `undefined` when they do. */
  readonly refuse: (card: CardContext) => A2aError | undefined;
}

/**
 * Sorts roots: one ring for those that stand by themselves, and one for each scope.
 *
 * @param refuse The scope that all of them are in already.
 * @throws {TypeError} something that is no root, or a scope with a member or a value that scopes do not have.
 * @throws {IdentityError} a DID that is none.
 * @throws {VerifyError} ERR_VERIFY_KEY_UNUSABLE: a CryptoKey, or a set that is none.
 */
export async function makeRings(
  roots: TrustRoot | readonly TrustRoot[],
  refuse: Ring['refuse'] = () => undefined,
): Promise<Ring[]> {
  const pinned: PinnedKey[] = [];
  const sources: KeySource[] = [];
  const scoped: Ring[] = [];
  for (const root of Array.isArray(roots) ? roots : [roots]) {
    if (typeof root === 'string') pinned.push(await underOwnNames(keyFromDid(root)));
    else if (!isObject(root)) throw badRoot();
    else if (isScope(root)) {
      const inner = scopeOf(root);
      // A scope in a scope adds to it, and takes nothing from it.
      scoped.push(...(await makeRings(root.keys, (card) => refuse(card) ?? inner(card))));
    } else if ('find' in root) sources.push(root as unknown as KeySource);
    else pinned.push(...(await pin(root as unknown as VerificationKey | PublicJwk | JwkSet | CryptoKey)));
  }
  return [{ pinned, sources, refuse }, ...scoped];
}

/** A root that holds keys. JWKs are judged when their name comes up, so that a bad one spoils no other. */
async function pin(root: VerificationKey | PublicJwk | JwkSet | CryptoKey): Promise<readonly PinnedKey[]> {
  if ('verify' in root) return [root.kid === undefined ? await underOwnNames(root) : underName(root.kid, () => root)];
  if ('keys' in root) {
    checkMembers(root);
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

const SCOPE_MEMBERS: readonly string[] = ['allowedOrigins', 'notBefore', 'notAfter'];

function isScope(root: object): root is ScopedKeys {
  return SCOPE_MEMBERS.some((name) => name in root);
}

/** A limit under a name that is misspelled would be none: what holds `keys` holds nothing else that we do not know. */
function checkMembers(root: object): void {
  const unknown = Object.keys(root).filter((name) => name !== 'keys' && !SCOPE_MEMBERS.includes(name));
  if (unknown.length > 0)
    throw new TypeError(`keys, of a JWK Set or a scope, has other members: ${shown(unknown.join(', '))}`);
}

function scopeOf(scope: ScopedKeys): Ring['refuse'] {
  checkMembers(scope);
  const { allowedOrigins } = scope;
  if (allowedOrigins !== undefined && !Array.isArray(allowedOrigins)) badOrigin();
  const origins = allowedOrigins?.map((origin) => originOf(origin) ?? badOrigin());
  const [fromMs, untilMs] = [
    timeOf(scope.notBefore, 'notBefore') ?? -Infinity,
    timeOf(scope.notAfter, 'notAfter') ?? Infinity,
  ];
  return (card) => {
    const outside = origins && outsideOf(origins, card);
    if (outside !== undefined) {
      return new A2aError('ERR_A2A_ORIGIN_NOT_ALLOWED', `the key is not trusted for ${outside}`);
    }
    if (card.nowMs >= fromMs && card.nowMs <= untilMs) return undefined;
    return new A2aError('ERR_A2A_KEY_UNUSABLE', 'the key is not trusted at this time');
  };
}

function timeOf(date: unknown, name: string): number | undefined {
  if (date === undefined) return undefined;
  // Duck-typed: a date may come from another realm, such as an iframe.
  const timeMs: unknown = typeof (date as Date | null)?.getTime === 'function' ? (date as Date).getTime() : undefined;
  // Nothing compares to NaN, which would make an invalid date no limit at all.
  if (Number.isFinite(timeMs)) return timeMs as number;
  throw new TypeError(`${name} must be a valid Date`);
}

function badRoot(): TypeError {
  return new TypeError('keys must hold DIDs, keys, JWKs, JWK Sets, CryptoKeys, key sources or scoped keys');
}

function badOrigin(): never {
  throw new TypeError('allowedOrigins must be an array of https or http origins');
}
