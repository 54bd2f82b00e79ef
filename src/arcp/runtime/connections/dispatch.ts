// Which part of the runtime answers which of the 66 types. The switch ends in `never`: a type that was forgotten does not
// compile.

import { ArcpError } from '../../errors.js';
import type { Message } from '../../wire/envelope.js';
import type { Core } from '../core.js';
import { makeCheckpoint } from '../jobs/job-context.js';
import type { SessionLink } from '../outbox/link.js';
import { cancel, interrupt } from '../sessions/cancel.js';
import { restore, resume } from '../sessions/resume.js';
import { replyTo, type Session } from '../sessions/session.js';

/** The connection a message came by, for what concerns it alone. */
export interface DispatchLink extends SessionLink {
  /** Judges the answer to a `session.refresh`. */
  reauthenticate(message: Message<'session.authenticate'>): void | Promise<void>;
}

/**
 * Acts on a message that has passed every check.
 *
 * @throws {ArcpError} becomes a `nack`; so does one that the promise rejects with.
 */
export function dispatch(core: Core, session: Session, link: DispatchLink, message: Message): void | Promise<void> {
  switch (message.type) {
    case 'tool.invoke':
      return session.jobs.invoke(message);
    case 'ping':
      return pong(session, message);
    case 'cancel':
      return cancel(core, session, message);
    case 'interrupt':
      return interrupt(core, session, message);
    case 'resume':
      return resume(core, session, link, message);
    case 'checkpoint.create':
      return createCheckpoint(core, session, message);
    case 'checkpoint.restore':
      return restore(core, session, message);
    case 'session.authenticate':
      return link.reauthenticate(message);
    case 'session.close':
      return closeSession(core, session, link, message);
    case 'session.open':
      throw new ArcpError('FAILED_PRECONDITION', 'the session is open');

    // Said by the client for whoever observes the session, and for whom it concerns among the services.
    case 'pong':
    case 'ack':
    case 'nack':
    case 'event.emit':
    case 'log':
    case 'metric':
      return core.mounted.tell(session, message);
    case 'trace.span':
      if (message.trace_id !== undefined && message.trace_id !== message.payload.trace_id) {
        const details = { path: 'payload.trace_id', issue: 'must be that of the envelope' };
        throw new ArcpError('INVALID_ARGUMENT', `${details.path} ${details.issue}`, { details });
      }
      return core.mounted.tell(session, message);

    case 'human.input.response':
    case 'human.choice.response':
    case 'human.input.cancelled':
    case 'permission.grant':
    case 'permission.deny':
    case 'lease.refresh':
    case 'lease.extended':
    case 'lease.revoked':
    case 'stream.open':
    case 'stream.chunk':
    case 'stream.close':
    case 'stream.error':
    case 'backpressure':
    case 'subscribe':
    case 'unsubscribe':
    case 'artifact.put':
    case 'artifact.fetch':
    case 'artifact.ref':
    case 'artifact.release':
    case 'job.schedule':
    case 'workflow.start':
    case 'agent.delegate':
    case 'agent.handoff':
      return core.mounted.handle(session, message);

    // Said by runtimes only.
    case 'session.challenge':
    case 'session.accepted':
    case 'session.unauthenticated':
    case 'session.rejected':
    case 'session.refresh':
    case 'session.evicted':
    case 'cancel.accepted':
    case 'cancel.refused':
    case 'tool.result':
    case 'tool.error':
    case 'job.accepted':
    case 'job.started':
    case 'job.progress':
    case 'job.heartbeat':
    case 'job.checkpoint':
    case 'job.completed':
    case 'job.failed':
    case 'job.cancelled':
    case 'workflow.complete':
    case 'human.input.request':
    case 'human.choice.request':
    case 'permission.request':
    case 'lease.granted':
    case 'subscribe.accepted':
    case 'subscribe.event':
    case 'subscribe.closed':
      // Where runtimes talk to one another a service may take one of them.
      return core.mounted.handle(session, message);
    default:
      return forgotten(message);
  }
}

function forgotten(message: never): never {
  throw new ArcpError('UNIMPLEMENTED', `nobody takes ${(message as Message).type}`);
}

/** Not before the refusals of what came before the ping. */
function pong(session: Session, message: Message<'ping'>): void {
  const answer = () => void session.emit('pong', message.payload, replyTo(message));
  const { before } = session.unheard;
  if (before === undefined) answer();
  else void before.then(answer);
}

function createCheckpoint(core: Core, session: Session, message: Message<'checkpoint.create'>): void {
  const job = message.job_id === undefined ? undefined : session.job(message.job_id);
  if (message.job_id === undefined) throw new ArcpError('INVALID_ARGUMENT', 'job_id is missing');
  if (job === undefined) throw new ArcpError('NOT_FOUND', 'no such job');
  if (job.makeCheckpoint === undefined) {
    throw new ArcpError('FAILED_PRECONDITION', 'the job makes no checkpoints on demand');
  }
  makeCheckpoint(core, job, job.makeCheckpoint(), message.id);
}

function closeSession(core: Core, session: Session, link: DispatchLink, message: Message<'session.close'>): void {
  const { jobs = 'cancel', reason = 'the session was closed' } = message.payload;
  if (jobs === 'detach' && !session.anonymous) {
    link.close(1000, '');
    return;
  }
  session.close(reason, core.limits.cancelDeadlineMs, () => {});
}
