// `cancel` and `interrupt` (ARCP v1.0, section 10.4): asking work to stop, with a time by which it has to.

import { ArcpError } from '../../errors.js';
import type { Message } from '../../wire/envelope.js';
import type { Core } from '../core.js';
import { replyTo, type Session } from './session.js';

/** Answers `cancel`. */
export function cancel(core: Core, session: Session, message: Message<'cancel'>): void | Promise<void> {
  const { target, target_id, reason = '' } = message.payload;
  switch (target) {
    case 'job':
      return cancelJob(core, session, message);
    case 'stream': {
      const end = core.mounted.cancelStream(session, target_id, reason);
      if (end === undefined) return refuse(session, message, 'not_found');
      accept(session, message);
      return end();
    }
    case 'session':
      if (target_id !== session.id) return refuse(session, message, 'not_found');
      accept(session, message);
      return session.evict('CANCELLED', 'cancelled', graceOf(core, message));
  }
}

/** Answers `interrupt`: the job waits for a human. */
export function interrupt(core: Core, session: Session, message: Message<'interrupt'>): void {
  const { target, target_id, prompt } = message.payload;
  if (target !== 'job') throw new ArcpError('INVALID_ARGUMENT', 'only a job can be interrupted');
  const job = session.job(target_id);
  if (job === undefined) {
    // Nobody interrupts what ended long ago, so that the log is not asked.
    throw session.jobs.endedOfLate(target_id)
      ? new ArcpError('FAILED_PRECONDITION', 'the job has ended')
      : new ArcpError('NOT_FOUND', 'no such job');
  }
  if (!job.isPlaced) throw new ArcpError('FAILED_PRECONDITION', 'the job does not run yet');
  core.mounted.interrupt(job, prompt, message);
}

function cancelJob(core: Core, session: Session, message: Message<'cancel'>): void | Promise<void> {
  const { target_id, reason } = message.payload;
  const job = session.job(target_id);
  if (job === undefined) {
    const tell = (hasEnded: boolean) => refuse(session, message, hasEnded ? 'already_terminal' : 'not_found');
    const hasEnded = session.jobs.hasEnded(target_id);
    return hasEnded instanceof Promise ? hasEnded.then(tell) : tell(hasEnded);
  }
  accept(session, message);
  if (!job.isPlaced) return job.cancel(reason ?? 'cancelled');
  core.stopDeadlines.stop(job, reason ?? 'cancelled', graceOf(core, message));
}

function graceOf(core: Core, { payload }: Message<'cancel'>): number {
  const { cancelDeadlineMs, maxCancelDeadlineMs } = core.limits;
  return Math.min(payload.deadline_ms ?? cancelDeadlineMs, maxCancelDeadlineMs);
}

function accept(session: Session, message: Message<'cancel'>): void {
  session.emit('cancel.accepted', { target_id: message.payload.target_id }, replyTo(message));
}

function refuse(session: Session, message: Message<'cancel'>, reason: string): void {
  session.emit('cancel.refused', { target_id: message.payload.target_id, reason }, replyTo(message));
}
