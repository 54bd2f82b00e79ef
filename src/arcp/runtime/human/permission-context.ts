// What tools ask leave for, and what they get of it (ARCP v1.0, section 15).

import type { LeaseScope } from '../../wire/permission.js';
import type { TrustLevel } from '../../wire/session.js';
import type { Lease } from './lease-book.js';

/** What a tool asks leave for. */
export interface PermissionQuestion extends LeaseScope {
  /** For the human who decides. */
  readonly reason?: string | undefined;
  /** How long the lease is to live: an integer of 1 or more. No grant exceeds it, nor the runtime's limit. */
  readonly leaseSeconds?: number | undefined;
  /** How long to wait for an answer: above 0; capped by the limit. Default: the service's. */
  readonly expiresInMs?: number | undefined;
}

/** What tools get: permissions to ask for and to show. */
export interface PermissionContext {
  /**
   * Asks the client for leave, unless the session has a live lease over exactly this. The job is blocked meanwhile. A tool
   * that lets the denial through fails its job with it; one that catches it goes on without.
   *
   * @throws {ArcpError} ERR_ARCP_PERMISSION_DENIED; ERR_ARCP_DEADLINE_EXCEEDED: nobody answered;
   *   ERR_ARCP_RESOURCE_EXHAUSTED: too many open questions, of the job or of its principal, or too many leases; ERR_ARCP_CANCELLED: as the job ends.
   * @throws {TypeError} @throws {RangeError} a question that is none.
   */
  requestPermission(question: PermissionQuestion): Promise<Lease>;
  /**
   * Finds the lease over exactly this, without asking anybody.
   *
   * @throws {ArcpError} ERR_ARCP_PERMISSION_DENIED: there was none; ERR_ARCP_LEASE_EXPIRED or ERR_ARCP_LEASE_REVOKED: there was.
   */
  requireLease(scope: LeaseScope): Promise<Lease>;
  /**
   * Asks for the session's trust to be raised, as {@link requestPermission} does. Whatever comes of it is written down, as a
   * `log` and a `metric`.
   */
  elevateTrust(level: TrustLevel, options?: Omit<PermissionQuestion, keyof LeaseScope>): Promise<Lease>;
}
