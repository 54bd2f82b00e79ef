// A call of ours, as the session sees it: something that takes the peer's frames for one stream id until it has ended.

import { RpcError } from '../errors.js';
import type { Frame } from './frame.js';
import { fromPeer, rpcError, WIRE_CODES } from './wire-errors.js';

/** The session's side of an open call or stream. */
export interface OutgoingCall {
  /** Set when its request goes out; 0 before. */
  streamId: number;

  /**
   * Takes a frame of the peer's.
   *
   * @returns `open` while more frames may follow; `ended` when the id is done; `cancel` when it is done here and the
   *   peer has to be told.
   * @throws {ChannelError} ERR_CHANNEL_PROTOCOL, {LimitError}: ends the session.
   */
  onFrame(frame: Frame): 'open' | 'ended' | 'cancel';

  /** Ends the call with an error of the session's. Called at most once, and never after it has ended. */
  fail(error: unknown): void;
}

/** What a call may be given. */
export interface CallOptions {
  /** Cancels the call; it rejects with the signal's reason. `AbortSignal.timeout(ms)` is the deadline. */
  readonly signal?: AbortSignal;
}

/** The error of an `error` frame. */
export function remoteError(frame: Frame): RpcError {
  const error = frame.error as NonNullable<Frame['error']>;
  return fromPeer(rpcError(error.code, error.message));
}

/** The error of a frame that does not fit the kind of call. */
export function unexpectedFrame(frame: Frame): RpcError {
  const what = `the peer answered with ${frame.type}, which does not fit this kind of call`;
  return fromPeer(new RpcError('ERR_RPC_UNEXPECTED_FRAME', WIRE_CODES.invalidRequest, what));
}

/** A unary call: one `res` or one `error`. */
export class UnaryCall implements OutgoingCall {
  streamId = 0;
  readonly #resolve: (result: unknown) => void;
  readonly #reject: (error: unknown) => void;

  /** @param resolve Given the result, or `undefined` where the peer sent none. @param reject Given the error. */
  constructor(resolve: (result: unknown) => void, reject: (error: unknown) => void) {
    this.#resolve = resolve;
    this.#reject = reject;
  }

  onFrame(frame: Frame): 'ended' | 'cancel' {
    if (frame.type === 'res' && frame.credits === undefined) {
      this.#resolve(frame.result);
      return 'ended';
    }
    if (frame.type === 'error') {
      this.#reject(remoteError(frame));
      return 'ended';
    }
    this.#reject(unexpectedFrame(frame));
    return 'cancel';
  }

  fail(error: unknown): void {
    this.#reject(error);
  }
}
