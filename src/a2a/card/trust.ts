// Which keys to try for a signature: those the caller pinned, then the sources they configured, and last, where they allow
// it, the address in the header. A `kid` selects among them; nothing that a card says adds to them.

import { curveOf, type JwsAlgorithm } from '../../documents/algorithms.js';
import { type KeySource, MAX_CANDIDATES, selectKeys } from '../../documents/jwks.js';
import type { ProtectedHeader } from '../../documents/protected-header.js';
import type { VerificationKey } from '../../documents/verification-key.js';
import { VerifyError } from '../../errors.js';
import type { SharedDeadline } from './deadline.js';
import type { JkuPolicy } from './jku.js';
import { jkuSource } from './jku-source.js';
import { type CardContext, makeRings, type Ring, type TrustRoot } from './key-rings.js';

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
 * Makes the roots of a caller ready to be asked, for one verification.
 *
 * @param deadline For all that is asked of sources.
 * @throws as {@link makeRings}.
 */
export async function keyFinder(
  roots: TrustRoot | readonly TrustRoot[],
  jku: JkuPolicy | undefined,
  deadline: SharedDeadline,
): Promise<KeyFinder> {
  const rings = await makeRings(roots);
  const followed = new Set<string>();
  const follow = ({ jku: address }: ProtectedHeader, { cardUrl }: CardContext) =>
    jku === undefined || address === undefined ? undefined : () => jkuSource(jku, address, cardUrl, followed);
  return {
    find: async (header, alg, card) =>
      findPinned(rings, header, card) ?? findRemote(rings, follow(header, card), header, alg, card, deadline),
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
  follow: (() => Promise<KeySource>) | undefined,
  header: ProtectedHeader,
  alg: JwsAlgorithm,
  card: CardContext,
  deadline: SharedDeadline,
): Promise<readonly VerificationKey[]> {
  const faults: unknown[] = [];
  const ask = async (open: () => KeySource | Promise<KeySource>) => {
    try {
      return await askSource(open(), header, alg, card, deadline);
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
  const found = follow && (await ask(follow));
  if (found !== undefined) return found;
  throw faults[0] ?? new VerifyError('ERR_VERIFY_KEY_NOT_FOUND', 'no key that is trusted has the kid of the header');
}

/** A source may be anybody's: what it throws is a failure to retrieve, and what it says about its keys is checked. */
async function askSource(
  source: KeySource | Promise<KeySource>,
  header: ProtectedHeader,
  alg: JwsAlgorithm,
  card: CardContext,
  deadline: SharedDeadline,
): Promise<readonly VerificationKey[]> {
  let found: readonly VerificationKey[];
  try {
    found = await deadline.wait(async (signal) => (await source).find(header, { signal }), card.signal);
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
