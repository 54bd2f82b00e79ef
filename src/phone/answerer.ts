// The answering half of a session: the peer's calls, how many of them run, and the frames that steer them.

import type { Clock } from '../clock.js';
import { LimitError, type SdkError } from '../errors.js';
import { CancelBudget } from './cancel-budget.js';
import type { Frame } from './frame.js';
import type { Handler, Handlers } from './handlers.js';
import type { SessionLimits } from './limits.js';
import { ServedCall, type ServeLink } from './served-call.js';
import { violation } from './session-errors.js';
import { SlotQueue } from './slot-queue.js';
import { rpcError, WIRE_CODES } from './wire-errors.js';

/** What the answering half needs of its session. */
export interface AnswererOptions {
  readonly link: ServeLink;
  readonly limits: SessionLimits;
  readonly clock: Clock;
  readonly handlers: ReadonlyMap<string, Handler>;
  /** A handler has settled. */
  onIdle(): void;
}

/** The peer's calls, by stream id. */
export class Answerer {
  readonly #options: AnswererOptions;
  readonly #calls = new Map<number, ServedCall>();
  readonly #running: SlotQueue;
  readonly #cancels: CancelBudget;
  #highestStreamId = 0;
  #draining = false;

  constructor(options: AnswererOptions) {
    this.#options = options;
    this.#running = new SlotQueue(options.limits.maxRunningHandlers);
    this.#cancels = new CancelBudget(options.limits, options.clock);
  }

  /** How many calls are open, or have a handler that has not settled. */
  get size(): number {
    return Math.max(this.#calls.size, this.#running.busy);
  }

  /** Whether the peer has opened an id. */
  hasSeen(streamId: number): boolean {
    return streamId <= this.#highestStreamId;
  }

  /** Answers new requests with `busy` from now on. */
  refuse(): void {
    this.#draining = true;
  }

  /**
   * Takes a request.
   *
   * @throws {ChannelError} ERR_CHANNEL_PROTOCOL: its id is not above all before it.
   */
  onRequest(request: Frame): void {
    if (request.streamId <= this.#highestStreamId) throw violation('a stream id was used again');
    this.#highestStreamId = request.streamId;
    const { limits, handlers, link } = this.#options;
    // An id is done with its last frame, not when the handler has settled: the peer counts the same way.
    const call = new ServedCall(link, request, (streamId) => this.#calls.delete(streamId));
    const handler = handlers.get(call.method);
    if (this.#draining || this.#calls.size >= limits.maxOpenStreams) {
      return call.refuse(rpcError(WIRE_CODES.busy, 'busy: try again later'));
    }
    if (handler === undefined) return call.refuse(rpcError(WIRE_CODES.methodNotFound, 'method not found'));
    this.#calls.set(call.streamId, call);
    this.#running.enter(
      call,
      () => this.#run(call, handler),
      (error) => call.abandon(error),
    );
  }

  /**
   * Takes a frame for an id of the peer's.
   *
   * @returns Whether the id is open; a frame for an ended one has been left alone.
   * @throws {ChannelError} ERR_CHANNEL_PROTOCOL: a caller does not send this. {LimitError}: too many cancels.
   */
  onFrame(frame: Frame): boolean {
    const call = this.#calls.get(frame.streamId);
    if (call === undefined) return false;
    if (frame.type === 'cancel') {
      this.#cancel(call);
      return true;
    }
    const grants = frame.type === 'res' && frame.credits !== undefined && frame.result === undefined;
    if (!grants || !call.wantsStream) throw violation(`${frame.type} for a call that we answer`);
    call.grant(frame.credits as number);
    return true;
  }

  /** Abandons everything that is open or waiting. */
  fail(error: SdkError): void {
    const calls = [...this.#calls.values()];
    this.#calls.clear();
    this.#running.close(error);
    for (const call of calls) call.abandon(error);
  }

  #run(call: ServedCall, handler: Handler): void {
    const settled = () => {
      this.#running.leave();
      this.#options.onIdle();
    };
    const outcome = call.run(handler);
    if (outcome === undefined) settled();
    else void outcome.then(settled);
  }

  // The id is done for the peer at once; the slot stays taken until the handler has settled.
  #cancel(call: ServedCall): void {
    const ran = !this.#running.withdraw(call);
    const { maxCancelBurst } = this.#options.limits;
    if (ran && !this.#cancels.take()) throw new LimitError('maxCancelBurst', maxCancelBurst, maxCancelBurst + 1);
    call.cancel();
    this.#options.onIdle();
  }
}

/**
 * The handlers by name. A `Map`, so that `toString` or `__proto__` is no method.
 *
 * @throws {TypeError} a handler is no function.
 */
export function handlerMap(handlers: Handlers = {}): ReadonlyMap<string, Handler> {
  const map = new Map(Object.entries(handlers));
  for (const [method, handler] of map) {
    if (typeof handler !== 'function') throw new TypeError(`handlers.${method} must be a function`);
  }
  return map;
}
