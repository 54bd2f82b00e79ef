// Messages on their way to the one listener: kept while there is none, delivered synchronously once there is.
// Bounded, since the peer decides how much arrives. What an overflow means is the owner's business.

import { compactBytes } from '../bytes/compact.js';
import { LimitError } from '../errors.js';
import type { Message } from './contract.js';
import { messageBytes } from './message-bytes.js';

/** Most messages that may wait, whatever their length: empty ones cost memory too. */
const MAX_WAITING_MESSAGES = 4096;

/** Queue in front of a listener that may come late, and that may cause more messages while it runs. */
export class Inbox {
  readonly #maxBytes: number;
  readonly #onFault: (cause: unknown) => void;
  #listener: ((message: Message) => void) | undefined;
  #taker: ((message: Message) => void) | undefined;
  #waiting: Message[] = [];
  #waitingBytes = 0;
  #delivering = false;
  #stopped = false;
  #onEmpty: (() => void) | undefined;

  /**
   * @param maxBytes Most bytes that may wait, as `messageBytes` counts; 4,096 messages is the other bound.
   * @param onFault Called once when the queue overflows (a {@link LimitError}) or the listener throws (what it threw).
   *   The inbox has stopped by then.
   */
  constructor(maxBytes: number, onFault: (cause: unknown) => void) {
    this.#maxBytes = maxBytes;
    this.#onFault = onFault;
  }

  /** Delivers a message, or keeps it while nobody listens or the listener is still busy with the one before. */
  push(message: Message): void {
    if (this.#stopped) return;
    if (this.#taker !== undefined) {
      const take = this.#taker;
      this.#taker = undefined;
      take(message);
    } else if (this.#listener !== undefined && !this.#delivering) {
      this.#deliver(this.#listener, message);
    } else {
      this.#keep(message);
    }
  }

  /**
   * Sets the one listener and delivers what waits, before this call returns.
   *
   * @throws {TypeError} not a function, or a listener is already there.
   */
  receive(listener: (message: Message) => void): void {
    if (typeof listener !== 'function') throw new TypeError('listener must be a function');
    if (this.#listener !== undefined) throw new TypeError('a listener is already there');
    this.#listener = listener;
    const first = this.#shift();
    if (first !== undefined) this.#deliver(listener, first);
  }

  /**
   * Hands the next message to a function instead of the listener: the one that waits, else the first to come.
   *
   * @returns Takes the request back.
   */
  takeNext(take: (message: Message) => void): () => void {
    const first = this.#shift();
    if (first === undefined) {
      this.#taker = take;
    } else {
      take(first);
      if (this.#waiting.length === 0) this.#emptied();
    }
    return () => {
      this.#taker = undefined;
    };
  }

  /**
   * Calls back when nothing waits any more: at once, or after the listener has had the last message.
   *
   * @returns Whether it was called at once.
   */
  whenEmpty(callback: () => void): boolean {
    if (this.#delivering || this.#waiting.length > 0) {
      this.#onEmpty = callback;
      return false;
    }
    callback();
    return true;
  }

  /** Ends delivery now; what waits is dropped. Idempotent. */
  stop(): void {
    this.#stopped = true;
    this.#waiting = [];
    this.#taker = undefined;
  }

  #keep(message: Message): void {
    this.#waiting.push(typeof message === 'string' ? message : compactBytes(message));
    this.#waitingBytes += messageBytes(message);
    if (this.#waitingBytes > this.#maxBytes) {
      this.#fail(new LimitError('maxEarlyBytes', this.#maxBytes, this.#waitingBytes));
    } else if (this.#waiting.length > MAX_WAITING_MESSAGES) {
      this.#fail(new LimitError('early messages', MAX_WAITING_MESSAGES, this.#waiting.length));
    }
  }

  #shift(): Message | undefined {
    const message = this.#waiting.shift();
    if (message !== undefined) this.#waitingBytes -= messageBytes(message);
    return message;
  }

  #deliver(listener: (message: Message) => void, first: Message): void {
    this.#delivering = true;
    try {
      // A listener may end us, or cause the next message before it returns: that one waits its turn.
      for (let next: Message | undefined = first; next !== undefined && !this.#stopped; next = this.#shift()) {
        listener(next);
      }
    } catch (cause) {
      // It promised not to throw. A thrown error must not reach the host's event loop, where a peer could end the
      // process with it.
      this.#fail(cause);
    }
    this.#delivering = false;
    this.#emptied();
  }

  #emptied(): void {
    const callback = this.#onEmpty;
    this.#onEmpty = undefined;
    callback?.();
  }

  #fail(cause: unknown): void {
    this.stop();
    this.#onFault(cause);
  }
}
