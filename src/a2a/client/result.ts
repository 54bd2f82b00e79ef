// Results as agents send them into results as the protocol has them.

import { isObject } from '../../codec/is-object.js';
import type { StreamResponse } from '../wire/objects.js';
import type { Operation, OperationName, ResultOf } from '../wire/operations.js';
import { parseAnswer, parseStreamResponse } from '../wire/parse.js';
import type { A2aWarning } from './options.js';

type Warn = (warning: A2aWarning) => void;

const KINDS = ['task', 'message', 'statusUpdate', 'artifactUpdate', 'status_update', 'artifact_update'];

/** Reads a result. @throws {A2aOperationError} ERR_A2A_INVALID_AGENT_RESPONSE, naming the member at fault. */
export function readResult<Name extends OperationName>(
  operation: Operation<Name>,
  value: unknown,
  warn: Warn,
): ResultOf<Name> {
  return parseAnswer(operation.result, operation.name === 'SendMessage' ? wrapped(value, warn) : value);
}

/**
 * Reads an event.
 *
 * @returns `undefined` for an event of a kind this version does not know.
 * @throws {A2aOperationError} ERR_A2A_INVALID_AGENT_RESPONSE, naming the member at fault.
 */
export function readEvent(value: unknown, warn: Warn): StreamResponse | undefined {
  const event = wrapped(value, warn);
  if (isObject(event) && !KINDS.some((kind) => event[kind] !== undefined && event[kind] !== null)) {
    warn({ code: 'unknown-event', message: `an event without any of ${KINDS.slice(0, 4).join(', ')} was left out` });
    return undefined;
  }
  return parseStreamResponse(event);
}

/** Some servers send a task, a message or an update bare, where the protocol has an object with it as a member. */
function wrapped(value: unknown, warn: Warn): unknown {
  if (!isObject(value) || KINDS.some((kind) => kind in value)) return value;
  const kind = bareKind(value);
  if (kind === undefined) return value;
  warn({ code: 'unwrapped', message: `a bare ${kind} came where an object with it belongs` });
  return { [kind]: value };
}

function bareKind(value: object): string | undefined {
  if ('messageId' in value || 'message_id' in value) return 'message';
  if ('artifact' in value) return 'artifactUpdate';
  if (!('status' in value)) return undefined;
  return 'taskId' in value || 'task_id' in value ? 'statusUpdate' : 'task';
}
