// The half of a transport that is the same for every adapter: states, limits, waits and the order of the last things.
// An adapter adds a `Wire`, which moves messages over its runtime and tells this core what came of it.

import { assertBytes, assertInteger, assertSignal, assertString } from '../bytes/assert.js';
import { encodeUtf8 } from '../bytes/utf8.js';
import { type Clock, systemClock } from '../clock.js';
import { ChannelError, LimitError } from '../errors.js';
import { abortable } from './abortable.js';
import type { Message, Transport, TransportCloseInfo } from './contract.js';
import { DrainWaiters } from './drain-waiters.js';
import { Inbox } from './inbox.js';

/** How long a peer has to answer a polite close. */
export const CLOSE_TIMEOUT_MS = 3000;

/** How a connection ends that was lost or aborted. */
export const LOST: TransportCloseInfo = { code: 1006, reason: '', clean: false };

/** Limits and clock of a transport. */
export interface TransportOptions {
  /** Bytes that may arrive before `receive` is called; more aborts. Default 1,048,576; range 0 to 2^53 - 1. */
  readonly maxEarlyBytes?: number;
  /**
   * Bytes that may wait to be sent; more aborts, since the peer has stopped reading and the sender does not look at
   * `bufferedBytes`. Default 16,777,216; range 1 to 2^53 - 1.
   */
  readonly maxBufferedBytes?: number;
  /**
   * Longest message that may arrive, in bytes; a longer one ends the connection with 1009. Text counts one byte per
   * UTF-16 unit, which is as short as its UTF-8 can be: whoever reads it knows the exact length. Default: what the
   * runtime takes; range 1 to 2^53 - 1.
   */
  readonly maxMessageBytes?: number;
  /** Source of timers. Default: the host's. */
  readonly clock?: Clock;
}

/**
 * What an adapter does for its core. Every method may throw: the core then ends the transport as lost.
 *
 * In turn the adapter calls {@link TransportCore.deliver}, {@link TransportCore.bufferChanged} and
 * {@link TransportCore.end}.
 */
export interface Wire {
  /**
   * Looks at a message before anything is done with it, where not every message can be carried.
   *
   * @throws {TypeError | RangeError} naming `message`; the transport goes on.
   */
  assertMessage?(message: Message): void;
  /** Sends one message. Bytes are borrowed until the call returns. Called only while open. */
  write(message: Message): void;
  /** Bytes written and not yet gone. */
  pendingBytes(): number;
  /** Says goodbye after what was written before. The adapter calls `end` when the peer has answered. */
  finish(code: number, reason: string): void;
  /** Tears down now. `end` need not be called afterwards. */
  drop(): void;
  /** Somebody starts to wait for room: a runtime without a drain event begins to look by itself. */
  watchBuffer?(): void;
}

/** A {@link Transport} over a {@link Wire}. */
export class TransportCore implements Transport {
  readonly closed: Promise<TransportCloseInfo>;
  readonly #wire: Wire;
  readonly #clock: Clock;
  readonly #maxBufferedBytes: number;
  readonly #maxMessageBytes: number;
  readonly #inbox: Inbox;
  readonly #waiters = new DrainWaiters();
  #state: 'open' | 'closing' | 'closed' = 'open';
  #resolveClosed!: (info: TransportCloseInfo) => void;
  #cancelTimer: (() => void) | undefined;
  #fault: { readonly cause: unknown } | undefined;

  /** @throws {TypeError | RangeError} an option of the wrong kind or size. */
  constructor(wire: Wire, options: TransportOptions = {}) {
    const { maxEarlyBytes = 1_048_576, maxBufferedBytes = 16_777_216, clock = systemClock } = options;
    const { maxMessageBytes = Number.MAX_SAFE_INTEGER } = options;
    assertInteger(maxEarlyBytes, 'maxEarlyBytes', 0);
    assertInteger(maxBufferedBytes, 'maxBufferedBytes', 1);
    assertInteger(maxMessageBytes, 'maxMessageBytes', 1);
    this.#wire = wire;
    this.#clock = clock;
    this.#maxBufferedBytes = maxBufferedBytes;
    this.#maxMessageBytes = maxMessageBytes;
    this.#inbox = new Inbox(maxEarlyBytes, (cause) => this.#lose(cause));
    this.closed = new Promise((resolve) => {
      this.#resolveClosed = resolve;
    });
  }

  /** Whether nothing more can be sent. */
  get ended(): boolean {
    return this.#state !== 'open';
  }

  get bufferedBytes(): number {
    return this.#state === 'closed' ? 0 : this.#wire.pendingBytes();
  }

  send(message: Message): void {
    if (typeof message !== 'string') assertBytes(message, 'message');
    this.#wire.assertMessage?.(message);
    if (this.#state !== 'open') throw new ChannelError('ERR_CHANNEL_CLOSED', 'the connection has ended');
    try {
      this.#wire.write(message);
      const pending = this.#wire.pendingBytes();
      if (pending > this.#maxBufferedBytes) throw new LimitError('maxBufferedBytes', this.#maxBufferedBytes, pending);
    } catch (cause) {
      this.#lose(cause);
    }
  }

  async drained(options: { readonly belowBytes: number; readonly signal?: AbortSignal }): Promise<void> {
    const { belowBytes, signal } = options;
    assertInteger(belowBytes, 'belowBytes', 0);
    assertSignal(signal);
    if (signal?.aborted) throw signal.reason;
    if (this.bufferedBytes <= belowBytes) return;
    const wait = this.#waiters.wait(belowBytes, signal);
    this.#wire.watchBuffer?.();
    return wait;
  }

  receive(listener: (message: Message) => void): void {
    this.#inbox.receive(listener);
  }

  close(code = 1000, reason = ''): void {
    assertClose(code, reason);
    if (this.#state !== 'open') return;
    this.#state = 'closing';
    this.#inbox.stop();
    this.#cancelTimer = this.#clock.setTimer(() => this.abort(), CLOSE_TIMEOUT_MS);
    try {
      this.#wire.finish(code, reason);
    } catch (cause) {
      this.#lose(cause);
    }
  }

  abort(): void {
    this.#lose(undefined);
  }

  /** For adapters: a message has come. The listener owns its bytes from here on. */
  deliver(message: Message): void {
    if (message.length > this.#maxMessageBytes) this.#refuse(message.length);
    else this.#inbox.push(message);
  }

  /** For adapters: fewer bytes may wait than before. Returns whether somebody still waits for room. */
  bufferChanged(): boolean {
    if (!this.#waiters.empty) this.#waiters.settle(this.bufferedBytes);
    return !this.#waiters.empty;
  }

  /**
   * For adapters: the connection is gone, agreed or not. Idempotent.
   *
   * Messages that wait for a listener still reach it: `closed` settles after them, or after 3 s if none comes.
   */
  end(info: TransportCloseInfo): void {
    if (this.#state === 'closed') return;
    this.#state = 'closing';
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    const settle = () => this.#settle(info);
    if (!this.#inbox.whenEmpty(settle)) this.#cancelTimer = this.#clock.setTimer(settle, CLOSE_TIMEOUT_MS);
  }

  /**
   * For adapters that read a preamble: the first message, before there is a listener. Those after it wait.
   *
   * @throws {ChannelError} ERR_CHANNEL_LOST: the transport ended before a message came.
   * @throws `signal.reason`, untouched.
   */
  takeFirst(signal: AbortSignal | undefined): Promise<Message> {
    return abortable(signal, ({ resolve, reject }) => {
      void this.closed.then(() => reject(new ChannelError('ERR_CHANNEL_LOST', 'the connection ended before it began')));
      return this.#inbox.takeNext(resolve);
    });
  }

  #refuse(seenBytes: number): void {
    if (this.#state !== 'open') return;
    this.#fault = { cause: new LimitError('maxMessageBytes', this.#maxMessageBytes, seenBytes) };
    this.close(1009, 'length');
  }

  #lose(cause: unknown): void {
    if (this.#state === 'closed') return;
    // First of all, so that whatever the wire calls back finds the transport ended.
    this.#settle(cause === undefined ? LOST : { ...LOST, cause });
    try {
      this.#wire.drop();
    } catch {
      // It is gone either way.
    }
  }

  #settle(info: TransportCloseInfo): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#cancelTimer?.();
    this.#inbox.stop();
    this.#waiters.settle(0);
    this.#resolveClosed({ ...this.#fault, ...info });
  }
}

/**
 * Asserts that a close code and reason may go over the wire.
 *
 * @throws {TypeError | RangeError} naming `code` or `reason`.
 */
function assertClose(code: unknown, reason: unknown): void {
  assertInteger(code, 'code', 1000, 4999);
  if (code > 1014 && code < 3000) throw new RangeError(`code must be 1000 to 1014 or 3000 to 4999, not ${code}`);
  assertString(reason, 'reason');
  // A UTF-16 unit is one byte at least: no long text is encoded only to be refused.
  if (reason.length > 123 || encodeUtf8(reason).length > 123) throw new RangeError('reason must be 123 bytes at most');
}
