// A stream we consume: chunks wait in a queue that our own credits bound, and each one taken may earn the peer more
// (agent-phone v1, section 6).

import { onAbort } from '../abort.js';
import { ChannelError, LimitError, RpcError } from '../errors.js';
import { CreditWindow, type CreditWindowOptions } from './credits.js';
import type { Frame } from './frame.js';
import { type OutgoingCall, remoteError, unexpectedFrame } from './outgoing.js';
import { fromPeer, WIRE_CODES } from './wire-errors.js';

/** What the session does for a stream. */
export interface StreamLink {
  /** Sends the request, or lines up for its turn; what goes wrong comes back through `fail`. */
  open(call: StreamCall): void;
  /** Sends a grant. */
  grant(call: StreamCall, credits: number): void;
  /** Tells the peer, and the session, that nobody listens any more. */
  cancel(call: StreamCall): void;
  /** Books bytes that wait unread (positive) or were taken (negative), over all streams of the session. */
  book(bytes: number): void;
  /** Whether this stream and the session stay within their byte budgets, so that a grant may go out. */
  mayGrant(unreadBytes: number): boolean;
}

interface Waiter {
  resolve(result: IteratorResult<unknown>): void;
  reject(error: unknown): void;
}

type State =
  | { readonly name: 'idle' }
  | { readonly name: 'open' }
  | { readonly name: 'ended'; readonly error?: unknown };

const DONE: IteratorResult<never> = { done: true, value: undefined };

/**
 * One remote stream, to be iterated once.
 *
 * The request goes out with the first `next()`. Leaving a `for await` early cancels the stream at the peer.
 */
export class StreamCall implements OutgoingCall, AsyncIterableIterator<unknown> {
  streamId = 0;
  readonly #link: StreamLink;
  readonly #signal: AbortSignal | undefined;
  readonly #window: CreditWindow;
  readonly #waiters: Waiter[] = [];
  #queue: Frame[] = [];
  #head = 0;
  #unreadBytes = 0;
  #nextSeq = 0;
  #state: State = { name: 'idle' };
  #removeAbort: () => void = () => {};

  constructor(link: StreamLink, credits: CreditWindowOptions, signal: AbortSignal | undefined) {
    this.#link = link;
    this.#window = new CreditWindow(credits);
    this.#signal = signal;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /**
   * Takes the next item.
   *
   * @throws {RpcError} the peer ended the stream with an error; items sent before it are delivered first.
   * @throws {ChannelError} the session ended. @throws the signal's reason.
   */
  next(): Promise<IteratorResult<unknown>> {
    if (this.#state.name === 'idle') this.#open();
    const frame = this.#queue[this.#head];
    if (frame !== undefined) return Promise.resolve(this.#take(frame));
    if (this.#state.name === 'ended') return this.#finish();
    return new Promise((resolve, reject) => this.#waiters.push({ resolve, reject }));
  }

  /** Ends the stream early. The peer is told; what is on the way is dropped. */
  return(): Promise<IteratorResult<unknown>> {
    if (this.#state.name === 'open') this.#link.cancel(this);
    this.#end({ name: 'ended' });
    // Also where it had ended already: neither items nor an error are to come after this.
    this.#state = { name: 'ended' };
    this.#drop();
    return Promise.resolve(DONE);
  }

  /** Gives the peer credit that was held back while the session was over its byte budget. */
  resume(): void {
    if (this.#state.name === 'open') this.#grant();
  }

  onFrame(frame: Frame): 'open' | 'ended' | 'cancel' {
    switch (frame.type) {
      case 'stream_chunk':
        this.#receive(frame);
        return 'open';
      case 'stream_end':
        this.#onEnd(frame);
        return 'ended';
      case 'error':
        this.#end({ name: 'ended', error: remoteError(frame) });
        return 'ended';
      default:
        this.#end({ name: 'ended', error: unexpectedFrame(frame) });
        return 'cancel';
    }
  }

  fail(error: unknown): void {
    this.#drop();
    this.#end({ name: 'ended', error });
  }

  #open(): void {
    if (this.#signal?.aborted === true) return this.fail(this.#signal.reason);
    this.#state = { name: 'open' };
    this.#removeAbort = onAbort(this.#signal, (why) => {
      this.#link.cancel(this);
      this.fail(why);
    });
    this.#link.open(this);
  }

  #receive(frame: Frame): void {
    if (frame.seq !== this.#nextSeq) {
      throw new ChannelError('ERR_CHANNEL_PROTOCOL', 'protocol violation: a chunk is out of order');
    }
    this.#nextSeq++;
    if (!this.#window.receive(frame.bytes)) throw new LimitError('credits', this.#nextSeq - 1, this.#nextSeq);
    const waiter = this.#waiters.shift();
    if (waiter !== undefined) {
      this.#window.consume();
      this.#grant();
      waiter.resolve({ done: false, value: frame.result });
      return;
    }
    this.#queue.push(frame);
    this.#unreadBytes += frame.bytes;
    this.#link.book(frame.bytes);
  }

  #take(frame: Frame): IteratorResult<unknown> {
    this.#queue[this.#head++] = undefined as never;
    // A queue that is never quite empty must not grow for ever: half of it read, it moves up.
    if (this.#head * 2 >= this.#queue.length) {
      this.#queue = this.#queue.slice(this.#head);
      this.#head = 0;
    }
    this.#window.consume();
    this.#unreadBytes -= frame.bytes;
    this.#link.book(-frame.bytes);
    if (this.#state.name === 'open') this.#grant();
    return { done: false, value: frame.result };
  }

  #grant(): void {
    if (!this.#link.mayGrant(this.#unreadBytes)) return;
    const credits = this.#window.takeGrant();
    if (credits > 0) this.#link.grant(this, credits);
  }

  #onEnd(frame: Frame): void {
    if (frame.reason === 'ok') {
      if (frame.seq !== this.#nextSeq) {
        throw new ChannelError('ERR_CHANNEL_PROTOCOL', 'protocol violation: a stream ended before its last chunk');
      }
      return this.#end({ name: 'ended' });
    }
    const cancelled = frame.reason === 'cancelled';
    const error = new RpcError(
      cancelled ? 'ERR_RPC_CANCELLED' : 'ERR_RPC_REMOTE',
      WIRE_CODES.failed,
      cancelled ? 'the peer cancelled the stream' : 'the peer ended the stream with an error',
    );
    this.#end({ name: 'ended', error: fromPeer(error) });
  }

  /** Moves to the end and settles whoever waits; the first one gets the error, the others see the end. */
  #end(state: State & { name: 'ended' }): void {
    if (this.#state.name === 'ended') return;
    this.#state = state;
    this.#removeAbort();
    for (const waiter of this.#waiters.splice(0)) this.#finish().then(waiter.resolve, waiter.reject);
  }

  /** What `next` gives after the last item: the error once, then the end. */
  #finish(): Promise<IteratorResult<unknown>> {
    const state = this.#state;
    if (state.name !== 'ended' || !('error' in state)) return Promise.resolve(DONE);
    this.#state = { name: 'ended' };
    return Promise.reject(state.error);
  }

  #drop(): void {
    this.#queue = [];
    this.#head = 0;
    this.#link.book(-this.#unreadBytes);
    this.#unreadBytes = 0;
  }
}
