// Messages that concern the session itself, or nobody in it. Loaded when the first of them comes.

import { type ArcpError, arcpError, fromWireError } from '../errors.js';
import type { Message, RawEnvelope } from '../wire/envelope.js';
import type { JobId, MessageId } from '../wire/ids.js';
import { REGISTRY } from '../wire/registry.js';
import type { Core } from './core.js';
import { refresh } from './refresh.js';
import { nack } from './refusals.js';

/** What ends a job. */
const TERMINAL = /^(?:job\.(?:completed|failed|cancelled)|tool\.(?:result|error)|workflow\.complete)$/;

/** Commands of both sides: those of ours alone are in the registry. */
const COMMAND = /^(?:agent\.delegate|artifact\.(?!ref)|lease\.refresh)/;

/**
 * Takes what is about the session, and refuses commands: a runtime that sends one waits for an answer.
 *
 * @returns Whether it was either.
 */
export function control(core: Core, message: Message, isAnswer: boolean, chars: number): boolean {
  const { type, payload } = message;
  switch (type) {
    case 'session.accepted':
      return true;
    case 'session.refresh':
      void refresh(core, message);
      return true;
    case 'session.evicted':
      core.end(fromWireError({ code: payload.code, message: payload.reason }));
      return true;
    case 'session.close':
      core.end(arcpError('UNAVAILABLE', 'the session was closed'));
      return true;
    case 'subscribe.event':
    case 'subscribe.closed':
    case 'unsubscribe':
    case 'subscribe.accepted':
      core.router.observers?.take(message, isAnswer, chars);
      return true;
  }
  const isCommand = !isAnswer && (REGISTRY[type].direction === 'C' || COMMAND.test(type));
  if (isCommand) nack(core, message.id, 'UNIMPLEMENTED', 'unknown type');
  return isCommand;
}

/** Refuses a message whose payload is not what its type says. What nothing else will follow on must not be waited for. */
export function spoil(core: Core, envelope: RawEnvelope, error: ArcpError): void {
  const { type, correlation_id: command, job_id: jobId } = envelope;
  const { byCommand, byId } = core.router;
  core.calls.answer(envelope, error);
  if (TERMINAL.test(type)) (byCommand.get(command as MessageId) ?? byId.get(jobId as JobId))?.fail(error);
  if (!/^n?ack$/.test(type)) nack(core, envelope.id, error.wireCode, error.message, error.details);
}
