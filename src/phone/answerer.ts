// The answering half of a session: the peer's calls, how many of them run, and the frames that steer them.

import type { Channel } from '../channel/contract.js';
import type { Clock } from '../clock.js';
import { LimitError, type SdkError } from '../errors.js';
import { CancelBudget } from './cancel-budget.js';
import type { Frame } from './frame.js';
import type { Handler } from './handlers.js';
import type { SessionLimits } from './limits.js';
import { serveLink } from './serve-link.js';
import { ServedCall, type ServeLink } from './served-call.js';
import type { Session } from './session.js';
import { violation } from './session-errors.js';
import type { SessionOptions } from './session-options.js';
import { SlotQueue } from './slot-queue.js';
import { rpcError, WIRE_CODES } from './wire-errors.js';

/** What the answering half needs of its session. */
export interface AnsweringLink {
  readonly session: Session;
  readonly channel: Channel;
  readonly limits: SessionLimits;
  readonly clock: Clock;
  /** Sends a frame; a peer that asks and does not read ends the session. @throws {LimitError} `maxFrameBytes`. {ChannelError} the channel has ended. */
  answer(text: string): void;
  /** The same for what nobody waits for: silently not sent, once the channel is gone. */
  answerQuietly(text: string): void;
  /** A handler has settled. */
  onIdle(): void;
}

/** The peer's calls, by stream id. */
export class Answerer {
  readonly #link: AnsweringLink;
  readonly #serving: ServeLink;
  readonly #calls = new Map<number, ServedCall>();
  readonly #running: SlotQueue;
  readonly #cancels: CancelBudget;
  #draining = false;

  constructor(link: AnsweringLink, options: SessionOptions) {
    this.#link = link;
    this.#serving = serveLink(link, options);
    this.#running = new SlotQueue(link.limits.maxRunningHandlers);
    this.#cancels = new CancelBudget(link.limits, link.clock);
  }

  /** How many calls are open, or have a handler that has not settled. */
  get size(): number {
    return Math.max(this.#calls.size, this.#running.busy);
  }

  /** Answers new requests with `busy` from now on. */
  refuse(): void {
    this.#draining = true;
  }

  /** Takes a request, whose id is above all before it, for one of our methods. */
  onRequest(request: Frame, handler: Handler): void {
    // An id is done with its last frame, not when the handler has settled: the peer counts the same way.
    const call = new ServedCall(this.#serving, request, (streamId) => this.#calls.delete(streamId));
    if (this.#draining || this.#calls.size >= this.#link.limits.maxOpenStreams) {
      return call.refuse(rpcError(WIRE_CODES.busy, 'busy: try again later'));
    }
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
      this.#link.onIdle();
    };
    const outcome = call.run(handler);
    if (outcome === undefined) settled();
    else void outcome.then(settled);
  }

  // The id is done for the peer at once; the slot stays taken until the handler has settled.
  #cancel(call: ServedCall): void {
    const ran = !this.#running.withdraw(call);
    const { maxCancelBurst } = this.#link.limits;
    if (ran && !this.#cancels.take()) throw new LimitError('maxCancelBurst', maxCancelBurst, maxCancelBurst + 1);
    call.cancel();
    this.#link.onIdle();
  }
}
