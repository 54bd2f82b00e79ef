// The life of one lease (ARCP v1.0, section 15) as pure functions: granted, extended any number of times, then expired or
// revoked for good. A lease covers exactly what it names: nothing is folded, normalised or matched by pattern.

import { ArcpError } from '../../errors.js';
import type { LeaseId } from '../../wire/ids.js';
import type { LeaseScope } from '../../wire/permission.js';

/** States of a lease. */
export type LeaseState = 'granted' | 'extended' | 'expired' | 'revoked';

/** What is known of a lease. Never changed: each step makes a new one. */
export interface LeaseFacts extends LeaseScope {
  readonly leaseId: LeaseId;
  readonly state: LeaseState;
  /** Unix time in milliseconds; from then on it covers nothing. */
  readonly expiresAtMs: number;
}

/** How long a lease may live. */
export interface LeaseTerms {
  /** Asked for by whoever grants, in seconds: 1 or more. */
  readonly grantedSeconds: number;
  /** Asked for by whoever requested: no grant exceeds it. */
  readonly requestedSeconds: number | undefined;
  readonly maxLeaseMs: number;
}

/** A fresh lease. */
export function grantLease(leaseId: LeaseId, scope: LeaseScope, terms: LeaseTerms, nowMs: number): LeaseFacts {
  const { permission, resource, operation } = scope;
  const lifeMs = Math.min(terms.grantedSeconds * 1_000, (terms.requestedSeconds ?? Infinity) * 1_000, terms.maxLeaseMs);
  return { leaseId, permission, resource, operation, state: 'granted', expiresAtMs: nowMs + lifeMs };
}

/** The lease as it is now: one whose time has come is expired, and stays so though the clock be set back. */
export function leaseAt(lease: LeaseFacts, nowMs: number): LeaseFacts {
  return isLive(lease) && nowMs >= lease.expiresAtMs ? { ...lease, state: 'expired' } : lease;
}

/**
 * A lease that lives longer.
 *
 * @param additionalSeconds 1 or more; what would reach beyond `maxLeaseMs` from now is cut off.
 * @throws {ArcpError} ERR_ARCP_LEASE_EXPIRED or ERR_ARCP_LEASE_REVOKED: it is dead.
 */
export function extendLease(
  lease: LeaseFacts,
  additionalSeconds: number,
  maxLeaseMs: number,
  nowMs: number,
): LeaseFacts {
  const now = leaseAt(lease, nowMs);
  checkLease(now, nowMs);
  const longestMs = Math.max(nowMs + maxLeaseMs, now.expiresAtMs);
  return { ...now, state: 'extended', expiresAtMs: Math.min(now.expiresAtMs + additionalSeconds * 1_000, longestMs) };
}

/** A lease that was withdrawn. One that is dead stays what it is. */
export function revokeLease(lease: LeaseFacts, nowMs: number): LeaseFacts {
  const now = leaseAt(lease, nowMs);
  return isLive(now) ? { ...now, state: 'revoked' } : now;
}

/** @throws {ArcpError} ERR_ARCP_LEASE_EXPIRED or ERR_ARCP_LEASE_REVOKED: it covers nothing any more. */
export function checkLease(lease: LeaseFacts, nowMs: number): void {
  const { state } = leaseAt(lease, nowMs);
  if (state === 'expired') throw new ArcpError('LEASE_EXPIRED', 'the lease has expired');
  if (state === 'revoked') throw new ArcpError('LEASE_REVOKED', 'the lease was revoked');
}

/** Whether a lease in this state covers something. */
export function isLive({ state }: LeaseFacts): boolean {
  return state === 'granted' || state === 'extended';
}

/** Whether two name the same, letter for letter. */
export function isSameScope(a: LeaseScope, b: LeaseScope): boolean {
  return a.permission === b.permission && a.resource === b.resource && a.operation === b.operation;
}
