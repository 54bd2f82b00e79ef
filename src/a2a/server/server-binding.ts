// What the server asks of a binding, once the binding has found out which operation is meant: answers and events in its
// own form. json-rpc-binding.ts and rest-binding.ts are the two.

import type { OutgoingSseEvent } from '../../http/sse-stream.js';
import { A2aOperationError, A2aRemoteError } from '../wire/errors.js';
import type { Operation } from '../wire/operations.js';

/** An answer before it becomes a `Response`. */
export interface PlainAnswer {
  readonly status: number;
  /** Absent where there is no body. */
  readonly contentType?: string;
  readonly body?: string;
}

/** One way to be asked over HTTP, for one request. */
export interface ServerBinding {
  result(operation: Operation, result: unknown): PlainAnswer;
  error(error: unknown): PlainAnswer;
  /** @param json A StreamResponse. */
  event(json: string): OutgoingSseEvent;
  errorEvent(error: unknown): OutgoingSseEvent;
}

/** A request that one of the bindings understands. */
export interface BoundRequest {
  readonly operation: Operation;
  /** Not yet read by the operation's reader. */
  readonly params: unknown;
  readonly binding: ServerBinding;
}

/** Whether an error holds more than its peer is shown, so that it has to be told of at home. */
export function staysHome(error: unknown): boolean {
  if (!(error instanceof A2aOperationError) || error instanceof A2aRemoteError) return true;
  return error.code === 'ERR_A2A_INTERNAL' || error.code === 'ERR_A2A_INVALID_AGENT_RESPONSE';
}
