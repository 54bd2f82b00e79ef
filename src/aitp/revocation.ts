// Whether a token has been revoked (sections 7.3 and 7.4). Every verifier of a token takes a decision about this: a check,
// or the words that there is to be none. When nothing usable is known, the fail mode answers; the default is no.

import { assertInteger } from '../bytes/assert.js';
import type { Verified } from '../documents/verified.js';
import { unlessAborted } from '../unless-aborted.js';
import { DEFAULT_MAX_STALENESS_SEC } from './constants.js';
import { AitpError } from './errors.js';
import {
  isUsable,
  type RevocationSnapshot,
  type VerifySnapshotOptions,
  verifySnapshot,
} from './revocation-snapshot.js';

/** A token whose signature holds, and about which a verifier asks. */
export interface RevocationQuery {
  /** AID of whoever issued the token. */
  readonly issuer: string;
  readonly jti: string;
  /** What the token grants. */
  readonly grants: readonly string[];
  /** Now, in Unix seconds. */
  readonly nowSec: number;
  readonly signal?: AbortSignal | undefined;
}

/** Leave to use a token. */
export interface RevocationAnswer {
  /** What is left of the grants: all, unless the fail mode narrowed them. */
  readonly grants: readonly string[];
  /** What the answer rests on. */
  readonly basis: 'list' | 'soft_fail' | 'fail_open';
}

/** Tells whether a token may still be used. Asked only after the token's signature was verified. */
export interface RevocationCheck {
  /**
   * @returns Leave to use the token.
   * @throws {AitpError} TCT_REVOKED: listed, or nothing usable is known and the mode is closed. POLICY_VIOLATION: the
   *   mode is soft, and nothing is left of the grants. REVOCATION_SNAPSHOT_INVALID,
   *   REVOCATION_SNAPSHOT_SIGNATURE_INVALID, UNKNOWN_FIELD: a snapshot was had, and is no good, whatever the mode.
   * @throws `signal.reason`, untouched.
   */
  check(query: RevocationQuery): Promise<RevocationAnswer>;
}

/** What every verifier of a token has to be told: how to find out about revocation, or not to. */
export type RevocationDecision = RevocationCheck | { readonly dangerouslyIgnoreRevocation: true };

/** What happens when nothing usable is known. */
export type FailMode = 'fail_closed' | 'soft_fail' | 'fail_open';

/** What happens when nothing usable is known, in full. */
export interface RevocationPolicy {
  /** Default `fail_closed`. `fail_open` is for reading things of low value, and nothing else. */
  readonly failMode?: FailMode;
  /** How old a snapshot may be, in seconds. Default 300. */
  readonly maxStalenessSec?: number;
  /** `soft_fail`: what may be done without knowing. Absent: as `fail_closed`. */
  readonly safeSubset?: readonly string[];
  /** `fail_open`: called when a token is let through without knowing. Must not throw. */
  readonly onFailOpen?: (query: RevocationQuery) => void;
}

/**
 * Judges a token by a snapshot, or by the fail mode where there is none that is usable: steps 4 and 5 of section 7.2.
 *
 * @param snapshot `undefined` where none could be had.
 * @throws {AitpError} TCT_REVOKED, POLICY_VIOLATION.
 */
export function judgeRevocation(
  snapshot: Verified<RevocationSnapshot> | undefined,
  query: RevocationQuery,
  policy: RevocationPolicy = {},
): RevocationAnswer {
  const { failMode = 'fail_closed', maxStalenessSec, safeSubset, onFailOpen } = policy;
  const { issuer, jti, grants, nowSec } = query;
  if (snapshot !== undefined && isUsable(snapshot, issuer, nowSec, maxStalenessSec)) {
    if (snapshot.revokedJtis.has(jti)) throw new AitpError('TCT_REVOKED', 'the token has been revoked');
    return { grants, basis: 'list' };
  }
  if (failMode === 'fail_open') {
    onFailOpen?.(query);
    return { grants, basis: failMode };
  }
  if (failMode === 'soft_fail' && safeSubset !== undefined) {
    const safe = grants.filter((grant) => safeSubset.includes(grant));
    if (safe.length > 0) return { grants: safe, basis: failMode };
    throw new AitpError('POLICY_VIOLATION', 'nothing is left of the grants while revocation cannot be looked up');
  }
  throw new AitpError('TCT_REVOKED', 'no usable revocation snapshot');
}

/**
 * Tells of revocation by a list of one's own: the tokens one issued and took back.
 *
 * @param jtis Looked at anew for every question.
 */
export function ownRevocations(jtis: { has(jti: string): boolean }): RevocationCheck {
  return {
    async check({ jti, grants }) {
      if (jtis.has(jti)) throw new AitpError('TCT_REVOKED', 'the token has been revoked');
      return { grants, basis: 'list' };
    },
  };
}

/** Where snapshots come from: a cache, a file, the network. */
export type LoadSnapshot = (
  issuer: string,
  context: { readonly signal?: AbortSignal | undefined },
) => Promise<string | Uint8Array | undefined>;

/** How {@link snapshotRevocation} works. */
export interface SnapshotRevocationOptions extends VerifySnapshotOptions {
  /** What happens when nothing usable is known. */
  readonly policy?: RevocationPolicy;
  /** How long a snapshot is used before the next one is asked for, in seconds. Default 60. */
  readonly cacheSec?: number;
  /** Most issuers whose newest snapshot is remembered: 1 to 100,000. Default 1,000. */
  readonly maxIssuers?: number;
}

/**
 * Tells of revocation by the snapshots of issuers.
 *
 * The newest snapshot of each issuer is remembered, and an older one never replaces it. It answers by itself for a minute,
 * and after that wherever no newer one can be had, as long as it is usable.
 *
 * @param load Returns what it found, unverified, or `undefined`. Rejecting is as good as that: a failed fetch is never an
 *   empty list.
 * @throws {TypeError | RangeError} an option of the wrong kind or range.
 */
export function snapshotRevocation(load: LoadSnapshot, options: SnapshotRevocationOptions = {}): RevocationCheck {
  const { policy = {}, maxIssuers = 1_000, cacheSec = 60 } = options;
  if (typeof load !== 'function') throw new TypeError('load must be a function');
  assertInteger(maxIssuers, 'maxIssuers', 1, 100_000);
  assertInteger(cacheSec, 'cacheSec', 0);
  assertInteger(policy.maxStalenessSec ?? DEFAULT_MAX_STALENESS_SEC, 'maxStalenessSec', 0);
  const memory = snapshotMemory(maxIssuers);
  const loadedAtSec = new WeakMap<RevocationSnapshot, number>();
  return {
    async check(query) {
      const { issuer, nowSec, signal } = query;
      signal?.throwIfAborted();
      let held = memory.get(issuer);
      const ageSec = held === undefined ? undefined : nowSec - (loadedAtSec.get(held) ?? 0);
      if (ageSec === undefined || ageSec < 0 || ageSec >= cacheSec) {
        const loaded = await unlessAborted(
          signal,
          attempt(() => load(issuer, { signal })),
        );
        if (loaded !== undefined) {
          const snapshot = await verifySnapshot(loaded, options);
          // Of another issuer: as good as none.
          if (snapshot.issuer === issuer) held = memory.offer(snapshot, nowSec);
          if (held !== undefined) loadedAtSec.set(held, nowSec);
        }
      }
      return judgeRevocation(held, query, policy);
    },
  };
}

/** The newest snapshot of each issuer. */
export interface SnapshotMemory {
  get(issuer: string): Verified<RevocationSnapshot> | undefined;

  /**
   * Takes a snapshot, unless a newer one is held.
   *
   * @param nowSec A snapshot from the future is not taken: it would keep every honest one out.
   * @returns The one that is held afterwards.
   */
  offer(snapshot: Verified<RevocationSnapshot>, nowSec: number): Verified<RevocationSnapshot> | undefined;
}

/**
 * Makes an empty memory of snapshots. When it is full, the issuer longest not offered is forgotten, and with it what was
 * its newest snapshot.
 *
 * @param maxIssuers Most issuers remembered.
 */
export function snapshotMemory(maxIssuers: number): SnapshotMemory {
  const held = new Map<string, Verified<RevocationSnapshot>>();
  return {
    get: (issuer) => held.get(issuer),
    offer(snapshot, nowSec) {
      const { issuer } = snapshot;
      const before = held.get(issuer);
      if (before !== undefined && isOlder(snapshot, before)) return before;
      if (!isUsable(snapshot, issuer, nowSec, Number.POSITIVE_INFINITY)) return before;
      held.delete(issuer);
      if (held.size >= maxIssuers) for (const oldest of held.keys()) if (held.delete(oldest)) break;
      held.set(issuer, snapshot);
      return snapshot;
    },
  };
}

/**
 * Asks about a token as it was decided: a check, where both stand in one object.
 *
 * @returns What is left of the grants; the very list of the query where that is all of them and nobody was asked.
 * @throws what the check throws. @throws `signal.reason`, untouched, also where the check does not listen.
 */
export async function askRevocation(
  revocation: RevocationDecision,
  query: RevocationQuery,
): Promise<readonly string[]> {
  if (!('check' in revocation)) return query.grants;
  return (await unlessAborted(query.signal, revocation.check(query))).grants;
}

/**
 * Asserts that a decision about revocation was taken.
 *
 * @throws {TypeError} it is neither a check nor the words that there is to be none.
 */
export function assertRevocationDecision(revocation: unknown): asserts revocation is RevocationDecision {
  const { check, dangerouslyIgnoreRevocation } = (revocation ?? {}) as Record<string, unknown>;
  if (typeof check === 'function' || dangerouslyIgnoreRevocation === true) return;
  throw new TypeError('revocation must be a RevocationCheck, or { dangerouslyIgnoreRevocation: true }');
}

/** Whether a snapshot is older than another. Of two of one second the longer one counts as the newer: lists grow. */
function isOlder(snapshot: RevocationSnapshot, held: RevocationSnapshot): boolean {
  const agoSec = held.publishedAtSec - snapshot.publishedAtSec;
  return agoSec === 0 ? snapshot.revokedJtis.size < held.revokedJtis.size : agoSec > 0;
}

/** What a source found; `undefined` where it failed, in whichever way. */
async function attempt<T>(load: () => Promise<T>): Promise<T | undefined> {
  try {
    return await load();
  } catch {
    return undefined;
  }
}
