// The leases of one session: those that live, and some that died, so that whoever comes late hears how. Kept as records, so
// that a restart of the runtime neither prolongs nor ends them.

import { ArcpError } from '../../errors.js';
import type { LeaseId, SessionId } from '../../wire/ids.js';
import type { LeaseScope } from '../../wire/permission.js';
import type { RuntimePort } from '../service.js';
import {
  checkLease,
  extendLease,
  grantLease,
  isLive,
  isSameScope,
  type LeaseFacts,
  type LeaseState,
  type LeaseTerms,
  leaseAt,
  revokeLease,
} from './lease-states.js';

/** Kind of the records of leases. */
export const LEASE = 'lease';

/** Dead leases of a session that are remembered. */
export const MAX_DEAD_LEASES = 64;

/** A lease, as whoever uses it sees it. */
export interface Lease extends LeaseScope {
  readonly id: LeaseId;
  readonly state: LeaseState;
  /** Unix time in milliseconds. It may yet move. */
  readonly expiresAtMs: number;
  /**
   * Call it before every use.
   *
   * @throws {ArcpError} ERR_ARCP_LEASE_EXPIRED or ERR_ARCP_LEASE_REVOKED.
   */
  check(): void;
  /** Whether {@link check} would pass. */
  readonly isLive: boolean;
}

class HeldLease implements Lease {
  facts: LeaseFacts;
  readonly #now: () => number;

  constructor(facts: LeaseFacts, now: () => number) {
    this.facts = facts;
    this.#now = now;
  }

  get id(): LeaseId {
    return this.facts.leaseId;
  }
  get permission(): string {
    return this.facts.permission;
  }
  get resource(): string {
    return this.facts.resource;
  }
  get operation(): string {
    return this.facts.operation;
  }
  get expiresAtMs(): number {
    return this.facts.expiresAtMs;
  }
  get state(): LeaseState {
    return this.#look().state;
  }

  get isLive(): boolean {
    return isLive(this.#look());
  }

  check(): void {
    checkLease(this.#look(), this.#now());
  }

  #look(): LeaseFacts {
    this.facts = leaseAt(this.facts, this.#now());
    return this.facts;
  }
}

/** The leases of one session. */
export class LeaseBook {
  readonly #runtime: RuntimePort;
  readonly #sessionId: SessionId;
  readonly #leases = new Map<string, HeldLease>();

  /** @param kept What is known of before. */
  constructor(runtime: RuntimePort, sessionId: SessionId, kept: readonly LeaseFacts[]) {
    this.#runtime = runtime;
    this.#sessionId = sessionId;
    for (const facts of kept) this.#leases.set(facts.leaseId, new HeldLease(facts, runtime.now));
  }

  /** Leases that cover something. */
  get liveCount(): number {
    let count = 0;
    for (const lease of this.#leases.values()) if (lease.isLive) count++;
    return count;
  }

  /** The newest lease over exactly this: a live one before any other. */
  find(scope: LeaseScope): Lease | undefined {
    let found: HeldLease | undefined;
    for (const lease of this.#leases.values()) {
      if (!isSameScope(lease.facts, scope)) continue;
      found = lease;
      if (lease.isLive) return lease;
    }
    return found;
  }

  /** Whether a live lease is of this permission, over whatever. */
  holds(permission: string): boolean {
    for (const lease of this.#leases.values()) if (lease.permission === permission && lease.isLive) return true;
    return false;
  }

  has(leaseId: string): boolean {
    return this.#leases.has(leaseId);
  }

  grant(scope: LeaseScope, terms: LeaseTerms): Lease {
    const { ids, now } = this.#runtime;
    return this.#keep(new HeldLease(grantLease(ids.lease(), scope, terms, now()), now));
  }

  /** @throws {ArcpError} ERR_ARCP_NOT_FOUND, ERR_ARCP_LEASE_EXPIRED or ERR_ARCP_LEASE_REVOKED. */
  extend(leaseId: string, additionalSeconds: number): Lease {
    const { limits, now } = this.#runtime;
    const lease = this.#held(leaseId);
    lease.facts = extendLease(lease.facts, additionalSeconds, limits.maxLeaseMs, now());
    return this.#keep(lease);
  }

  /** @returns The lease; `undefined` where it was dead before. @throws {ArcpError} ERR_ARCP_NOT_FOUND */
  revoke(leaseId: string): Lease | undefined {
    const lease = this.#held(leaseId);
    const wasLive = lease.isLive;
    lease.facts = revokeLease(lease.facts, this.#runtime.now());
    this.#keep(lease);
    return wasLive ? lease : undefined;
  }

  /** The session is over: what was granted in it ends. */
  end(): void {
    for (const lease of this.#leases.values()) lease.facts = revokeLease(lease.facts, this.#runtime.now());
    this.#runtime.write([...this.#leases.keys()].map((id) => ({ kind: LEASE, key: this.#key(id), value: undefined })));
    this.#leases.clear();
  }

  #held(leaseId: string): HeldLease {
    const lease = this.#leases.get(leaseId);
    if (lease === undefined) throw new ArcpError('NOT_FOUND', 'no such lease');
    return lease;
  }

  #keep(lease: HeldLease): Lease {
    this.#leases.set(lease.id, lease);
    this.#runtime.write([{ kind: LEASE, key: this.#key(lease.id), value: { ...lease.facts } }]);
    this.#forget();
    return lease;
  }

  #forget(): void {
    const dead = [...this.#leases.values()].filter(({ isLive }) => !isLive);
    for (const { id } of dead.slice(0, Math.max(0, dead.length - MAX_DEAD_LEASES))) {
      this.#leases.delete(id);
      this.#runtime.write([{ kind: LEASE, key: this.#key(id), value: undefined }]);
    }
  }

  #key(leaseId: string): string {
    return `${leaseKeysOf(this.#sessionId)}${leaseId}`;
  }
}

/** What the keys of the records of a session's leases begin with. No id of a session has a slash. */
export function leaseKeysOf(sessionId: string): string {
  return `${sessionId}/`;
}
