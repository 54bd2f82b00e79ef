// Permissions and leases (ARCP v1.0, section 15): a job asks for one operation on one resource, the client it works for
// grants or denies it, and the grant lives as a lease of the session until it expires or is revoked.

import { ArcpError } from '../../errors.js';
import type { MaybePromise } from '../../log/contract.js';
import type { Message } from '../../wire/envelope.js';
import type { LeaseScope } from '../../wire/permission.js';
import { timestampOf } from '../../wire/timestamp.js';
import { isTerminal } from '../jobs/job-states.js';
import type { JobPort, RuntimePort, Service, SessionPort } from '../service.js';
import type { Lease } from './lease-book.js';
import { LeaseBooks } from './lease-books.js';
import { invalid, OpenPermissions } from './open-permissions.js';
import type { PermissionContext, PermissionQuestion } from './permission-context.js';
import { countQuestion } from './question-share.js';
import { auditElevation, elevatedLevel, elevationScope } from './trust.js';
import { askerOf, expiryOf } from './waits.js';

/** Options of {@link permissionService}. */
export interface PermissionOptions {
  /** Who asks, such as the agent's DID. Default: the runtime's fingerprint, or its kind. */
  readonly agent?: string | undefined;
  /** How long questions wait that do not say. Default 600,000. */
  readonly expiresInMs?: number | undefined;
}

/** Types that permissions answer. */
export type PermissionType = 'permission.grant' | 'permission.deny' | 'lease.refresh' | 'lease.revoked';

/** The service of permissions, and what its host may do with it. */
export interface PermissionService extends Service<PermissionType> {
  /**
   * Withdraws a lease, and tells the client with `lease.revoked`.
   *
   * @returns Whether it was live.
   */
  revoke(sessionId: string, leaseId: string, reason: string): Promise<boolean>;
  /** Whether a session has a live lease of a permission, over whatever: letter for letter. */
  holds(session: SessionPort, permission: string): MaybePromise<boolean>;
}

const DEFAULT_EXPIRES_MS = 600_000;

/** Makes the service that asks for permissions and keeps the leases. */
export function permissionService(options: PermissionOptions = {}): PermissionService {
  const open = new OpenPermissions();
  const permissions = new Permissions(open, options);
  return {
    handles: {
      'permission.grant': (session, message) => open.grant(session, message),
      'permission.deny': (session, message) => open.deny(session, message),
      'lease.refresh': (session, message) => permissions.refresh(session, message),
      'lease.revoked': (session, message) => permissions.revoked(session, message),
    },
    attach: (runtime) => permissions.attach(runtime),
    recover: () => permissions.recover(),
    context: (job): PermissionContext => ({
      requestPermission: (question) => permissions.request(job, question),
      requireLease: (scope) => permissions.require(job, scope),
      elevateTrust: (level, rest) => permissions.request(job, { ...rest, ...elevationScope(job.session, level) }),
    }),
    beforeJobEnd: (job) => open.drop(job),
    onSessionEnd: (session) => permissions.endSession(session),
    // The leases stay, for the next runtime.
    close: () => open.stop(),
    revoke: (sessionId, leaseId, reason) => permissions.revoke(sessionId, leaseId, reason),
    holds: (session, permission) => permissions.holds(session, permission),
  };
}

class Permissions {
  readonly #agent: string | undefined;
  readonly #expiresInMs: number;
  readonly #open: OpenPermissions;
  readonly #books = new LeaseBooks();
  #runtime: RuntimePort | undefined;

  constructor(open: OpenPermissions, { agent, expiresInMs = DEFAULT_EXPIRES_MS }: PermissionOptions) {
    this.#open = open;
    this.#agent = agent;
    this.#expiresInMs = expiresInMs;
  }

  /** @throws {TypeError} A runtime has it already. */
  attach(runtime: RuntimePort): void {
    if (this.#runtime !== undefined) throw new TypeError('a service is mounted in one runtime only');
    this.#runtime = runtime;
  }

  async request(job: JobPort, question: PermissionQuestion): Promise<Lease> {
    const scope = scopeOf(question);
    const { reason, leaseSeconds } = question;
    if (leaseSeconds !== undefined && !(Number.isSafeInteger(leaseSeconds) && leaseSeconds >= 1)) {
      throw new RangeError(`leaseSeconds must be an integer of 1 or more, not ${leaseSeconds}`);
    }
    elevatedLevel(scope.permission);
    const expiresAtMs = expiryOf(job, question.expiresInMs, this.#expiresInMs);
    const { session } = job;
    const book = await this.#books.of(session);
    assertRuns(job);
    const live = book.find(scope);
    if (live?.isLive === true) return live;
    if (book.liveCount >= session.runtime.limits.maxLeases) {
      throw new ArcpError('RESOURCE_EXHAUSTED', 'the session has too many leases');
    }
    const uncount = countQuestion(job);
    try {
      const id = job.emit(
        'permission.request',
        { ...scope, reason, requested_lease_seconds: leaseSeconds },
        { priority: 'critical', source: askerOf(job, this.#agent) },
      );
      return await this.#open.add(job, id, { scope, requestedSeconds: leaseSeconds, book, expiresAtMs, uncount });
    } finally {
      uncount();
    }
  }

  async require(job: JobPort, scope: LeaseScope): Promise<Lease> {
    const named = scopeOf(scope);
    const lease = (await this.#books.of(job.session)).find(named);
    assertRuns(job);
    if (lease === undefined) throw new ArcpError('PERMISSION_DENIED', 'there is no lease');
    lease.check();
    return lease;
  }

  /** @throws {ArcpError} */
  refresh(session: SessionPort, message: Message<'lease.refresh'>): MaybePromise<void> {
    const { lease_id, additional_seconds } = message.payload;
    if (additional_seconds < 1) throw invalid('payload.additional_seconds', 'must be 1 or more');
    return this.#books.use(session, (book) => {
      const lease = book.extend(lease_id, additional_seconds);
      session.emit(
        'lease.extended',
        { lease_id, expires_at: timestampOf(lease.expiresAtMs) },
        { correlation_id: message.id, trace_id: message.trace_id },
      );
    });
  }

  /** The client withdraws what it granted. @throws {ArcpError} */
  revoked(session: SessionPort, message: Message<'lease.revoked'>): MaybePromise<void> {
    return this.#books.use(session, (book) => {
      const lease = book.revoke(message.payload.lease_id);
      session.ack(message);
      if (lease !== undefined) auditElevation(session, lease, 'revoked', lease);
    });
  }

  async revoke(sessionId: string, leaseId: string, reason: string): Promise<boolean> {
    const session = this.#runtime?.session(sessionId);
    if (session === undefined) return false;
    const book = await this.#books.of(session);
    const lease = book.has(leaseId) ? book.revoke(leaseId) : undefined;
    if (lease === undefined) return false;
    session.emit('lease.revoked', { lease_id: lease.id, reason }, { priority: 'critical' });
    auditElevation(session, lease, 'revoked', lease);
    return true;
  }

  holds(session: SessionPort, permission: string): MaybePromise<boolean> {
    return this.#books.use(session, (book) => book.holds(permission));
  }

  endSession(session: SessionPort): void {
    const ended = this.#books.end(session);
    if (ended instanceof Promise) ended.catch((error: unknown) => this.#runtime?.report(error, 'leases'));
  }

  recover(): Promise<void> {
    return this.#books.recover(this.#runtime as RuntimePort);
  }
}

/** A tool that goes on after its job's end has leave for nothing. @throws {ArcpError} CANCELLED */
function assertRuns({ state }: JobPort): void {
  if (isTerminal(state)) throw new ArcpError('CANCELLED', 'the job has ended');
}

function scopeOf({ permission, resource, operation }: LeaseScope): LeaseScope {
  for (const [name, value] of Object.entries({ permission, resource, operation })) {
    if (typeof value !== 'string') throw new TypeError(`${name} must be a string`);
  }
  return { permission, resource, operation };
}
