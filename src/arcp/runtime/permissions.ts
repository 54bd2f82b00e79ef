// Permissions and leases (ARCP v1.0, section 15): a job asks for one operation on one resource, the client it works for
// grants or denies it, and the grant lives as a lease of the session until it expires or is revoked.

import { printable } from '../../bytes/printable.js';
import { ArcpError } from '../errors.js';
import type { MaybePromise } from '../log/contract.js';
import type { EnvelopeFields, Message } from '../wire/envelope.js';
import type { LeaseScope } from '../wire/permission.js';
import type { TrustLevel } from '../wire/session.js';
import { timestampOf } from '../wire/timestamp.js';
import { isTerminal } from './job-states.js';
import { LEASE, type Lease, type LeaseBook, readLeaseBook, sessionOfRecord } from './lease-book.js';
import { isSameScope } from './lease-states.js';
import type { JobPort, RuntimePort, Service, SessionPort } from './service.js';
import { auditElevation, elevatedLevel, elevationScope } from './trust.js';
import { askerOf, countQuestion, expiryOf, type Question, Questions, Wait } from './waits.js';

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
   *   ERR_ARCP_RESOURCE_EXHAUSTED: too many open questions, or leases; ERR_ARCP_CANCELLED: as the job ends.
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
/** Length of a peer's words in ours, in UTF-16 units. */
const MAX_QUOTE = 256;
/** Records read at a time. */
const PAGE = 256;

/** A question for leave that was sent. */
interface Asked extends Question {
  readonly scope: LeaseScope;
  readonly requestedSeconds: number | undefined;
  /** Where the lease will stand. */
  readonly book: LeaseBook;
  readonly wait: Wait<Lease>;
}

/** Makes the service that asks for permissions and keeps the leases. */
export function permissionService(options: PermissionOptions = {}): PermissionService {
  const permissions = new Permissions(options);
  return {
    handles: {
      'permission.grant': (session, message) => permissions.grant(session, message),
      'permission.deny': (session, message) => permissions.deny(session, message),
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
    beforeJobEnd: (job) => permissions.drop(job),
    onSessionEnd: (session) => permissions.endSession(session),
    close: () => permissions.stop(),
    revoke: (sessionId, leaseId, reason) => permissions.revoke(sessionId, leaseId, reason),
    holds: (session, permission) => permissions.holds(session, permission),
  };
}

class Permissions {
  readonly #agent: string | undefined;
  readonly #expiresInMs: number;
  readonly #open = new Questions<Asked>();
  readonly #books = new Map<string, MaybePromise<LeaseBook>>();
  #runtime: RuntimePort | undefined;

  constructor(options: PermissionOptions) {
    this.#agent = options.agent;
    this.#expiresInMs = options.expiresInMs ?? DEFAULT_EXPIRES_MS;
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
    const book = await this.#bookOf(session);
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
      if (id === undefined) throw job.signal.reason;
      const wait = new Wait<Lease>(job, expiresAtMs, uncount, {
        onExpired: () => this.#end(asked, new ArcpError('DEADLINE_EXCEEDED', 'nobody decided in time'), 'unanswered'),
        onAborted: (error) => this.#end(asked, error, 'unanswered'),
      });
      const asked: Asked = { id, job, scope, requestedSeconds: leaseSeconds, book, wait };
      this.#open.add(asked);
      return await wait.answer;
    } finally {
      uncount();
    }
  }

  async require(job: JobPort, scope: LeaseScope): Promise<Lease> {
    const named = scopeOf(scope);
    const lease = (await this.#bookOf(job.session)).find(named);
    assertRuns(job);
    if (lease === undefined) throw new ArcpError('PERMISSION_DENIED', 'there is no lease');
    lease.check();
    return lease;
  }

  /** @throws {ArcpError} */
  grant(session: SessionPort, message: Message<'permission.grant'>): void {
    const { payload } = message;
    const asked = this.#find(session, message);
    const { book, job, requestedSeconds, wait } = asked;
    if (!isSameScope(asked.scope, payload)) throw invalid('payload', 'must name what was asked for');
    if (payload.lease_seconds < 1) throw invalid('payload.lease_seconds', 'must be 1 or more');
    const { maxLeases, maxLeaseMs } = session.runtime.limits;
    if (book.liveCount >= maxLeases) throw new ArcpError('RESOURCE_EXHAUSTED', 'the session has too many leases');
    const lease = book.grant(asked.scope, { grantedSeconds: payload.lease_seconds, requestedSeconds, maxLeaseMs });
    this.#open.remove(asked, false);
    job.emit(
      'lease.granted',
      { lease_id: lease.id, ...asked.scope, expires_at: timestampOf(lease.expiresAtMs) },
      { correlation_id: message.id, priority: 'critical' },
    );
    auditElevation(job, asked.scope, 'granted', lease);
    wait.resolve(lease);
  }

  /** @throws {ArcpError} */
  deny(session: SessionPort, message: Message<'permission.deny'>): void {
    const asked = this.#find(session, message);
    const { permission, reason } = message.payload;
    if (permission !== asked.scope.permission) throw invalid('payload.permission', 'must be what was asked for');
    const quoted = printable(reason.slice(0, MAX_QUOTE));
    const text = quoted === '' ? 'permission denied' : `permission denied: ${quoted}`;
    this.#end(asked, new ArcpError('PERMISSION_DENIED', text), 'denied');
  }

  /** @throws {ArcpError} */
  refresh(session: SessionPort, message: Message<'lease.refresh'>): MaybePromise<void> {
    const { lease_id, additional_seconds } = message.payload;
    if (additional_seconds < 1) throw invalid('payload.additional_seconds', 'must be 1 or more');
    return this.#withBook(session, (book) => {
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
    return this.#withBook(session, (book) => {
      const lease = book.revoke(message.payload.lease_id);
      session.ack(message);
      if (lease !== undefined) auditElevation(session, lease, 'revoked', lease);
    });
  }

  async revoke(sessionId: string, leaseId: string, reason: string): Promise<boolean> {
    const session = this.#runtime?.session(sessionId);
    if (session === undefined) return false;
    const book = await this.#bookOf(session);
    const lease = book.has(leaseId) ? book.revoke(leaseId) : undefined;
    if (lease === undefined) return false;
    session.emit('lease.revoked', { lease_id: lease.id, reason }, { priority: 'critical' });
    auditElevation(session, lease, 'revoked', lease);
    return true;
  }

  holds(session: SessionPort, permission: string): MaybePromise<boolean> {
    const book = this.#bookOf(session);
    return book instanceof Promise ? book.then((read) => read.holds(permission)) : book.holds(permission);
  }

  /** A job ends: nobody needs to decide any more. */
  drop(job: JobPort): void {
    const error = new ArcpError('CANCELLED', 'the job has ended');
    for (const asked of this.#open.ofJob(job)) this.#end(asked, error, 'unanswered');
  }

  endSession(session: SessionPort): void {
    const book = this.#books.get(session.id);
    this.#books.delete(session.id);
    if (!(book instanceof Promise)) book?.end();
  }

  /** Forgets the leases of sessions that did not come back. Those of the others are read when they are needed. */
  async recover(): Promise<void> {
    const runtime = this.#runtime as RuntimePort;
    let after: string | undefined;
    for (;;) {
      const page = await runtime.log.records(LEASE, { after, limit: PAGE });
      for (const { key } of page) {
        after = key;
        const isOrphan = runtime.session(sessionOfRecord(key)) === undefined;
        if (isOrphan) runtime.write([{ kind: LEASE, key, value: undefined }]);
      }
      if (page.length < PAGE) return;
    }
  }

  /** The runtime closes; the leases stay, for the next. */
  stop(): void {
    for (const asked of this.#open.all()) asked.wait.stop();
  }

  #find(session: SessionPort, message: EnvelopeFields): Asked {
    const asked = this.#open.find(session, message.correlation_id);
    // Unlike prompts, decisions are never passed over in silence: whoever denies too late must hear that.
    if (asked === undefined) throw new ArcpError('NOT_FOUND', 'no such open request');
    return asked;
  }

  #end(asked: Asked, error: ArcpError, outcome: 'denied' | 'unanswered'): void {
    this.#open.remove(asked, false);
    auditElevation(asked.job, asked.scope, outcome);
    asked.wait.reject(error);
  }

  /** The leases of a session, read once: a promise only where the log takes its time, and only the first time. */
  #bookOf(session: SessionPort): MaybePromise<LeaseBook> {
    const known = this.#books.get(session.id);
    if (known !== undefined) return known;
    const read = readLeaseBook(session.runtime, session.id);
    const keep = (book: LeaseBook) => {
      if (session.signal.aborted) book.end();
      else this.#books.set(session.id, book);
      return book;
    };
    if (!(read instanceof Promise)) return keep(read);
    const kept = read.then(keep);
    this.#books.set(session.id, kept);
    kept.catch(() => this.#books.delete(session.id));
    return kept;
  }

  #withBook(session: SessionPort, use: (book: LeaseBook) => void): MaybePromise<void> {
    const book = this.#bookOf(session);
    return book instanceof Promise ? book.then(use) : use(book);
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

function invalid(path: string, issue: string): ArcpError {
  return new ArcpError('INVALID_ARGUMENT', `${path} ${issue}`, { details: { path, issue } });
}
