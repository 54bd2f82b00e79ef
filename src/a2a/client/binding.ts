// What a client asks of a binding: requests out, answers in. Pure; json-rpc.ts and http-json.ts are the two.

import { A2aOperationError } from '../wire/errors.js';
import type { Operation } from '../wire/operations.js';

/** A request as it is to be sent. */
export interface WireRequest {
  readonly method: string;
  /** Absolute. */
  readonly url: string;
  readonly accept: string;
  /** JSON; absent where there is no body. */
  readonly body?: string;
  /** Id that the answer has to carry; absent where the binding has none. */
  readonly id?: number;
}

/** An answer that is no stream. */
export interface WireAnswer {
  readonly status: number;
  /** Parsed; `undefined` where it is empty or, in an answer that says no, no JSON. */
  readonly body: unknown;
}

/** One way to ask over HTTP. */
export interface Binding {
  /**
   * @param request As `emit` made it.
   * @param verb For an operation that has several.
   */
  encode(operation: Operation, request: object, verb?: string): WireRequest;

  /**
   * The result in an answer, not yet read.
   *
   * @throws {A2aRemoteError} the answer is an error. @throws {A2aOperationError} ERR_A2A_INVALID_AGENT_RESPONSE.
   */
  resultOf(operation: Operation, sent: WireRequest, answer: WireAnswer): unknown;

  /**
   * The result in an event of a stream, not yet read.
   *
   * @param name Of the event, such as `error`.
   * @throws as for {@link resultOf}.
   */
  eventOf(sent: WireRequest, event: unknown, name: string): unknown;
}

/** The agent's fault. */
export function invalidAnswer(what: string, cause?: unknown): A2aOperationError {
  return new A2aOperationError('ERR_A2A_INVALID_AGENT_RESPONSE', what, cause === undefined ? {} : { cause });
}

/** Whether a status says yes. */
export function isSuccess(status: number): boolean {
  return status >= 200 && status < 300;
}
