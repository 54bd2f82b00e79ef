// Looking at a token again while something goes on under it (AITP 0.2, section 7.3: what lasts longer than an hour, at least
// every five minutes). A check at the beginning says nothing of the end of a long stream.

import { assertInteger } from '../bytes/assert.js';
import { type Clock, systemClock } from '../clock.js';
import type { Verified } from '../documents/verified.js';
import { unlessAborted } from '../unless-aborted.js';
import { AitpError } from './errors.js';
import { assertRevocationDecision, type RevocationDecision } from './revocation.js';
import type { Tct } from './tct.js';
import { type AitpClock, readClock } from './timestamps.js';

/** Seconds between two looks unless told otherwise. */
export const DEFAULT_RECHECK_SEC = 60;

/** Most seconds between two looks. */
export const MAX_RECHECK_SEC = 300;

/** When it is looked again. */
export interface WatchTiming {
  readonly now: AitpClock;
  /** Seconds between two looks, and the longest that one may take: 1 to 300. Default 60. */
  readonly recheckSec?: number;
  readonly clock?: Clock;
}

/** How {@link watchTct} looks. */
export interface WatchTctOptions extends WatchTiming {
  readonly revocation: RevocationDecision;
}

/** Something that goes on under a token. */
export interface TctWatch {
  /** Aborts with an {@link AitpError} when the token no longer holds: TCT_EXPIRED, TCT_REVOKED, POLICY_VIOLATION. */
  readonly signal: AbortSignal;
  /** Stops looking. To be called when whatever goes on is over. Idempotent. */
  release(): void;
}

/**
 * Watches a token that was verified, for as long as something goes on under it.
 *
 * A look that finds no answer in time counts as a revocation.
 *
 * @param capability The grant that is used.
 * @throws {TypeError | RangeError} an option of the wrong kind or range.
 * @example
 * ```ts
 * const { signal, release } = watchTct(authorization.tct, 'calendar.read', { revocation, now: agent.now })
 * ```
 */
export function watchTct(tct: Verified<Tct>, capability: string, options: WatchTctOptions): TctWatch {
  const { revocation, now } = options;
  assertRevocationDecision(revocation);
  const look = (signal: AbortSignal) => checkStillHolds(tct, capability, { revocation, now, signal });
  return watchHolding(tct, look, options);
}

/**
 * Looks once more at a token that was verified: its time, and whether it was revoked.
 *
 * @returns The token.
 * @throws {AitpError} TCT_EXPIRED, TCT_REVOKED; POLICY_VIOLATION: the capability is not, or not now, granted.
 * @throws `signal.reason`, untouched.
 */
export async function checkStillHolds(
  tct: Verified<Tct>,
  capability: string,
  options: {
    readonly revocation: RevocationDecision;
    readonly now: AitpClock;
    readonly signal?: AbortSignal | undefined;
  },
): Promise<Verified<Tct>> {
  const { revocation, now, signal } = options;
  const { issuer, jti, claimedGrants, expiresAtSec } = tct;
  const nowSec = readClock(now);
  if (expiresAtSec <= nowSec) throw new AitpError('TCT_EXPIRED', 'the token has expired');
  if (!claimedGrants.includes(capability)) throw notGranted();
  if (!('check' in revocation)) return tct;
  const { grants } = await unlessAborted(
    signal,
    revocation.check({ issuer, jti, grants: claimedGrants, nowSec, signal }),
  );
  if (!grants.includes(capability)) throw notGranted();
  return tct;
}

/**
 * Looks again and again.
 *
 * @param first What holds now.
 * @param look Finds what holds then. Rejecting ends the watch.
 */
export function watchHolding(
  first: { readonly expiresAtSec: number },
  look: (signal: AbortSignal) => Promise<{ readonly expiresAtSec: number }>,
  { now, recheckSec = DEFAULT_RECHECK_SEC, clock = systemClock }: WatchTiming,
): TctWatch {
  readClock(now);
  assertInteger(recheckSec, 'recheckSec', 1, MAX_RECHECK_SEC);
  const controller = new AbortController();
  const { signal } = controller;
  let cancelTimer = () => {};
  let isOver = false;

  function release(): void {
    isOver = true;
    cancelTimer();
  }

  function end(reason: unknown): void {
    if (isOver) return;
    release();
    controller.abort(reason);
  }

  function schedule({ expiresAtSec }: { readonly expiresAtSec: number }): void {
    if (isOver) return;
    const leftSec = Math.max(0, expiresAtSec - readClock(now));
    cancelTimer = clock.setTimer(again, Math.min(recheckSec, leftSec) * 1_000);
  }

  function again(): void {
    const late = new AbortController();
    const tooLate = new AitpError('TCT_REVOKED', 'whether the token was revoked could not be found out in time');
    cancelTimer = clock.setTimer(() => {
      late.abort(tooLate);
      end(tooLate);
    }, recheckSec * 1_000);
    // Also where `look` throws at once.
    Promise.resolve(late.signal)
      .then(look)
      .then((held) => {
        cancelTimer();
        schedule(held);
      })
      .catch(end);
  }

  schedule(first);
  return { signal, release };
}

function notGranted(): AitpError {
  return new AitpError('POLICY_VIOLATION', 'the capability is not granted now');
}
