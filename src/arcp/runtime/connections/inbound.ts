// Judging a message of an accepted session, in the order that ARCP v1.0 and section 6 of it ask for: known before or not,
// version, type, session, capability, payload. What does not pass is answered by `nack`, and touches nothing else.

import { ArcpError } from '../../errors.js';
import type { LoggedEntry } from '../../log/contract.js';
import { classify } from '../../wire/classify.js';
import { decodePayload, isSpokenVersion, type RawEnvelope } from '../../wire/envelope.js';
import { isCoreType, REGISTRY } from '../../wire/registry.js';
import type { Core } from '../core.js';
import type { Session } from '../sessions/session.js';
import { type DispatchLink, dispatch } from './dispatch.js';

/** Acts on a message, or refuses it. Does not throw. */
export function receive(core: Core, session: Session, link: DispatchLink, envelope: RawEnvelope): void {
  if (session.isEnding) return;
  try {
    const work = judge(core, session, link, envelope);
    if (work instanceof Promise) {
      session.judging++;
      const judged = work
        .catch((error: unknown) => refuse(core, session, envelope, error))
        .finally(() => {
          session.judging--;
        });
      session.unheard.add(envelope.type, judged);
    }
  } catch (error) {
    refuse(core, session, envelope, error);
  }
}

function judge(core: Core, session: Session, link: DispatchLink, envelope: RawEnvelope): void | Promise<void> {
  const { type } = envelope;
  if (!isSpokenVersion(envelope.arcp)) throw new ArcpError('UNIMPLEMENTED', 'this runtime speaks version 1 of ARCP');
  if (!isCoreType(type)) return judgeForeign(core, session, envelope);
  checkSession(session, envelope);
  const { gate } = REGISTRY[type];
  if (gate !== undefined && session.capabilities[gate] !== true) {
    throw new ArcpError('UNIMPLEMENTED', `${gate} was not negotiated`);
  }
  return dispatch(core, session, link, decodePayload(envelope, type));
}

function judgeForeign(core: Core, session: Session, envelope: RawEnvelope): void | Promise<void> {
  switch (classify(envelope.type, session.capabilities.extensions)) {
    case 'extension': {
      checkSession(session, envelope);
      const work = core.extensions.get(envelope.type)?.(session, envelope);
      return work;
    }
    case 'unknown-extension':
      if (envelope.extensions?.optional === true) return;
      throw new ArcpError('UNIMPLEMENTED', 'the extension was not negotiated');
    case 'core-typo':
      throw new ArcpError('UNIMPLEMENTED', 'there is no such type');
    case 'experimental':
      return;
    default:
      throw new ArcpError('INVALID_ARGUMENT', 'type is none', { details: { path: 'type', issue: 'must be a type' } });
  }
}

function checkSession(session: Session, { session_id }: RawEnvelope): void {
  if (session_id !== undefined && session_id !== session.id) {
    throw new ArcpError('FAILED_PRECONDITION', 'the message is of another session');
  }
}

function refuse(core: Core, session: Session, envelope: RawEnvelope, error: unknown): void {
  if (session.hasEnded) return;
  // A nack is not answered by a nack: two peers would go on for ever.
  if (!(error instanceof ArcpError)) core.report(error, envelope.type);
  if (envelope.type === 'nack') return;
  try {
    session.nack(envelope, error instanceof ArcpError ? error : internal());
  } catch (fault) {
    // Details that no JSON can say: the error was somebody else's.
    core.report(fault, envelope.type);
    session.nack(envelope, internal());
  }
}

function internal(): ArcpError {
  return new ArcpError('INTERNAL', 'internal error');
}

/** Answers that a resume does not repeat, so that a repeated command is given them again. */
const LOST_ANSWERS = ['ack', 'nack', 'pong'] as const;

/**
 * Answers a message that was there before. On a connection that took up a session it may be a command whose answer was
 * lost, or one that a restart of the runtime cut off: everywhere else it is dropped.
 */
export async function receiveAgain(
  core: Core,
  session: Session,
  link: DispatchLink,
  envelope: RawEnvelope,
): Promise<void> {
  session.judging++;
  const answering = answerInTurn(core, session, link, envelope);
  session.unheard.add(
    envelope.type,
    answering.catch(() => {}),
  );
  try {
    await answering;
  } finally {
    session.judging--;
  }
}

/** Behind the refusals of what came before it, where it is a ping. */
async function answerInTurn(core: Core, session: Session, link: DispatchLink, envelope: RawEnvelope): Promise<void> {
  const before = envelope.type === 'ping' ? session.unheard.before : undefined;
  if (before !== undefined) await before;
  await answerAgain(core, session, link, envelope);
}

async function answerAgain(core: Core, session: Session, link: DispatchLink, envelope: RawEnvelope): Promise<void> {
  const { log } = core;
  const own = { after: 0, limit: 1, sessionIds: [session.id], direction: 'out', correlationId: envelope.id } as const;
  const [answer] = await log.read({ ...own, types: LOST_ANSWERS });
  if (answer !== undefined) {
    // Sent past the outbox: who does not read what it asks for does not get it ten thousand times.
    if (link.room > 0) link.send(answer.text);
    return;
  }
  if (session.recoveredThrough === 0) return;
  const [reply] = await log.read(own);
  const before = await log.locate(session.id, envelope.id);
  if (reply === undefined && before.kind === 'kept' && isOfBefore(before.entry, session)) {
    if (session.takeOver(envelope.id)) receive(core, session, link, envelope);
  }
}

function isOfBefore({ direction, position }: LoggedEntry, { recoveredThrough }: Session): boolean {
  return direction === 'in' && position <= recoveredThrough;
}
