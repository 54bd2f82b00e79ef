// Questions for leave that were sent (ARCP v1.0, section 15): granted, denied, withdrawn with their job or left unanswered
// until time runs out. Each ends once.

import { printable } from '../../../bytes/printable.js';
import { ArcpError } from '../../errors.js';
import type { EnvelopeFields, Message } from '../../wire/envelope.js';
import type { MessageId } from '../../wire/ids.js';
import type { LeaseScope } from '../../wire/permission.js';
import { timestampOf } from '../../wire/timestamp.js';
import type { JobPort, SessionPort } from '../service.js';
import type { Lease, LeaseBook } from './lease-book.js';
import { isSameScope } from './lease-states.js';
import { auditElevation } from './trust.js';
import { type Question, Questions, Wait } from './waits.js';

/** Length of a peer's words in ours, in UTF-16 units. */
const MAX_QUOTE = 256;

/** What becomes of a question for leave. */
export interface PermissionTerms {
  readonly scope: LeaseScope;
  readonly requestedSeconds: number | undefined;
  /** Where the lease will stand. */
  readonly book: LeaseBook;
  readonly expiresAtMs: number;
  /** Of `countQuestion`. */
  readonly uncount: () => void;
}

interface Asked extends Question, PermissionTerms {
  readonly wait: Wait<Lease>;
}

/** The open questions for leave. */
export class OpenPermissions {
  readonly #open = new Questions<Asked>();

  /**
   * Waits for the decision.
   *
   * @param id Of its request; `undefined` where the job ended while it was put together.
   * @throws what the job ended with.
   */
  add(job: JobPort, id: MessageId | undefined, terms: PermissionTerms): Promise<Lease> {
    if (id === undefined) throw job.signal.reason;
    const wait = new Wait<Lease>(job, terms.expiresAtMs, terms.uncount, {
      onExpired: () => this.#end(asked, new ArcpError('DEADLINE_EXCEEDED', 'nobody decided in time'), 'unanswered'),
      onAborted: (error) => this.#end(asked, error, 'unanswered'),
    });
    const asked: Asked = { ...terms, id, job, wait };
    this.#open.add(asked);
    return wait.answer;
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

  /** A job ends: nobody needs to decide any more. */
  drop(job: JobPort): void {
    const error = new ArcpError('CANCELLED', 'the job has ended');
    for (const asked of this.#open.ofJob(job)) this.#end(asked, error, 'unanswered');
  }

  /** The runtime closes. */
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
}

/** A payload that does not go with what was asked. */
export function invalid(path: string, issue: string): ArcpError {
  return new ArcpError('INVALID_ARGUMENT', `${path} ${issue}`, { details: { path, issue } });
}
