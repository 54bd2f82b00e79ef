// `resume` (ARCP v1.0, section 19): what was said since a message the client has, again and in the same order.

import { ArcpError } from '../../errors.js';
import type { Whereabouts } from '../../log/contract.js';
import type { Message } from '../../wire/envelope.js';
import type { Core } from '../core.js';
import type { Checkpoint } from '../jobs/checkpoints.js';
import type { SessionLink } from '../outbox/link.js';
import type { Session } from './session.js';

/** Answers `resume`. */
export async function resume(
  core: Core,
  session: Session,
  link: SessionLink,
  message: Message<'resume'>,
): Promise<void> {
  session.attachment.heardResume(link);
  try {
    await repeat(core, session, link, message);
  } catch (error) {
    // Nothing is repeated: what is said from now on, the refusal first, must not wait for it.
    session.release(link);
    throw error;
  }
}

async function repeat(core: Core, session: Session, link: SessionLink, message: Message<'resume'>): Promise<void> {
  const { after_message_id, checkpoint_id, include_open_streams } = message.payload;
  if (session.anonymous) throw new ArcpError('PERMISSION_DENIED', 'an anonymous session cannot be resumed');
  if (!session.attachment.takeResume()) throw new ArcpError('RESOURCE_EXHAUSTED', 'too many resumes on one connection');
  let checkpoint: Checkpoint | undefined;
  if (checkpoint_id !== undefined) {
    if (session.capabilities.checkpoints !== true) {
      throw new ArcpError('UNIMPLEMENTED', 'checkpoints was not negotiated');
    }
    checkpoint = await ownCheckpoint(core, session, checkpoint_id);
  }
  const after =
    after_message_id === undefined
      ? await core.log.prunedThrough(session.principal)
      : positionOf(await core.log.locate(session.id, after_message_id));
  const first = include_open_streams === true ? core.mounted.openStreams(session) : [];
  session.replay(link, message, { after, jobId: message.job_id, first }, () => {
    // A job that still runs needs no second start.
    if (checkpoint !== undefined && !core.liveJobs.has(checkpoint.jobId)) restart(session, checkpoint, message);
  });
}

/** Answers `checkpoint.restore`: a new job from a checkpoint. */
export async function restore(core: Core, session: Session, message: Message<'checkpoint.restore'>): Promise<void> {
  restart(session, await ownCheckpoint(core, session, message.payload.checkpoint_id), message);
}

async function ownCheckpoint(core: Core, session: Session, id: string): Promise<Checkpoint> {
  const checkpoint = await core.checkpoints.find(id);
  if (checkpoint?.principal !== session.principal) throw new ArcpError('NOT_FOUND', 'no such checkpoint');
  return checkpoint;
}

function restart(session: Session, checkpoint: Checkpoint, { id, trace_id, priority }: Message): void {
  if (session.isEnding) return;
  session.jobs.start({
    tool: checkpoint.tool,
    arguments: checkpoint.arguments,
    restored: checkpoint.data,
    invokeId: id,
    traceId: trace_id,
    priority,
  });
}

function positionOf(found: Whereabouts): number {
  if (found.kind === 'pruned') throw new ArcpError('DATA_LOSS', 'the log does not reach back to that message');
  // What the client itself has said is no place in what it was told.
  if (found.kind === 'unknown' || found.entry.direction !== 'out') throw new ArcpError('NOT_FOUND', 'no such message');
  return found.entry.position;
}
