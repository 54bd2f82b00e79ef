// Writing a stream (ARCP v1.0): drives the order of ./outbound.ts with a clock and a way to send. Both sides write with it.

import { assertSignal } from '../../bytes/assert.js';
import type { Clock } from '../../clock.js';
import { quiet } from '../../deferred.js';
import { yieldToEventLoop } from '../../yield.js';
import { ArcpError } from '../errors.js';
import type { StreamId } from '../wire/ids.js';
import type { Payloads } from '../wire/payloads.js';
import type { StreamKind } from '../wire/stream.js';
import { toWireError } from '../wire-error.js';
import { type ChunkOptions, type StreamData, writeChunk } from './chunk-payload.js';
import { OutboundOrder, type OutboundState } from './outbound.js';
import { WaitingChunk } from './waiting-chunk.js';

/** How a chunk is written, and how long for. */
export interface WriteOptions extends ChunkOptions {
  /** Takes the chunk back while it waits; the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * A stream to write to. Its promises may be left alone: a rejection nobody looks at is none.
 *
 * @typeParam K Kind of the stream.
 */
export interface StreamWriter<K extends StreamKind = StreamKind> {
  readonly id: StreamId;
  readonly kind: K;
  /** `backpressured`: the receiver asked for a slower rate. */
  readonly state: OutboundState;
  /** Aborts when the stream ends with an error, whoever ended it. Its reason is an {@link ArcpError}. */
  readonly signal: AbortSignal;
  /**
   * Sends a chunk, after those before it and at the rate the receiver asked for.
   *
   * Await it: at most 256 chunks, and 8,388,608 characters of them, wait. One more ends the stream with
   * BACKPRESSURE_OVERFLOW.
   *
   * @returns Resolves when the chunk was sent. Rejects with an {@link ArcpError}, the stream's, where it is not.
   * @throws {TypeError} data that is not of the stream's kind. @throws {RangeError} data that is too long.
   */
  write(data: StreamData[K], options?: WriteOptions): Promise<void>;
  /** Ends it once all that waits is sent. Again, or after an error, it does nothing. @returns Resolves when it is over. */
  close(): Promise<void>;
  /** Ends it at once with an error. What waits is not sent. */
  fail(error: ArcpError): void;
}

/** What a writer needs of its side. */
export interface WriterPort {
  readonly clock: Clock;
  readonly maxItems: number;
  send<T extends 'stream.chunk' | 'stream.close' | 'stream.error'>(type: T, payload: Payloads[T]): void;
  /** Whether a message would wait for a slow connection. */
  isSlow(): boolean;
  /** Calls back when that may have changed. @returns Takes the call back. */
  onFlow(callback: () => void): () => void;
  /** The stream is over. */
  onEnd(): void;
  /** A message could not be sent, for a fault of ours. */
  report(error: unknown): void;
}

/** Characters that wait at most. */
const MAX_QUEUED_CHARS = 8_388_608;

/** After so many chunks the runtime gets to do other work, however fast they come. */
const CHUNKS_PER_TURN = 64;

/** A stream's writing end. */
export class Writer<K extends StreamKind> implements StreamWriter<K> {
  readonly id: StreamId;
  readonly kind: K;
  readonly #port: WriterPort;
  readonly #contentType: string | undefined;
  readonly #order: OutboundOrder<WaitingChunk>;
  readonly #abort = new AbortController();
  readonly #closers: (() => void)[] = [];
  #cancelTimer: (() => void) | undefined;
  #cancelFlow: (() => void) | undefined;
  #sent = 0;

  constructor(port: WriterPort, id: StreamId, kind: K, contentType: string | undefined) {
    this.#port = port;
    this.id = id;
    this.kind = kind;
    this.#contentType = contentType;
    this.#order = new OutboundOrder({ maxItems: port.maxItems, maxWeight: MAX_QUEUED_CHARS });
  }

  get state(): OutboundState {
    return this.#order.state;
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Chunks that wait. */
  get waiting(): number {
    return this.#order.length;
  }

  write(data: StreamData[K], options: WriteOptions = {}): Promise<void> {
    const { signal } = options;
    assertSignal(signal);
    const chunk = writeChunk(this.kind, data, { ...options, contentType: options.contentType ?? this.#contentType });
    if (signal?.aborted) return quiet(Promise.reject(signal.reason));
    const waiting = new WaitingChunk(chunk.payload, chunk.sha256 === undefined);
    waiting.watch(signal, () => this.#order.remove(waiting));
    this.#take(waiting, chunk.weight, chunk.sha256);
    // A tool that writes without ever waiting for anything else must not stop the rest.
    if (waiting.isSent && ++this.#sent % CHUNKS_PER_TURN === 0) return yieldToEventLoop();
    return waiting.sent;
  }

  close(): Promise<void> {
    if (!this.#order.isOpen) return Promise.resolve();
    return new Promise((resolve) => {
      this.#closers.push(resolve);
      this.#order.finish();
      this.#pump();
    });
  }

  fail(error: ArcpError): void {
    const { code, message } = toWireError(error);
    this.end(error, () => this.#port.send('stream.error', { code, message }));
  }

  /** The receiver asks for a rate. */
  limit(perSecond: number): void {
    this.#order.limit(perSecond, this.#port.clock.now());
    this.#pump();
  }

  /** Ends it with an error the receiver knows of, or is told of by `tell`. */
  end(error: ArcpError, tell?: () => void): void {
    if (!this.#order.isOpen) return;
    const unsent = this.#order.end();
    try {
      tell?.();
    } catch (fault) {
      this.#port.report(fault);
    }
    this.#over();
    this.#abort.abort(error);
    for (const waiting of unsent) waiting.reject(error);
  }

  #take(waiting: WaitingChunk, weight: number, sha256: Promise<string> | undefined): void {
    const verdict = this.#order.push(waiting, weight);
    if (verdict === 'over') {
      waiting.reject(
        this.signal.aborted ? this.signal.reason : new ArcpError('FAILED_PRECONDITION', 'the stream is closed'),
      );
      return;
    }
    if (verdict === 'overflow') {
      waiting.reject(this.#overflow());
      return;
    }
    sha256?.then(
      (hash) => {
        waiting.hashed(hash);
        this.#pump();
      },
      (cause: unknown) => {
        this.#port.report(cause);
        this.fail(new ArcpError('INTERNAL', 'the chunk could not be hashed'));
      },
    );
    this.#pump();
    // Only of what waits is it worth while to find out how long an object is.
    if (!waiting.isSent && this.#order.isOpen && !this.#order.reweigh(weight + waiting.own())) this.#overflow();
  }

  /** Too much waits: the stream ends. */
  #overflow(): ArcpError {
    const error = new ArcpError('BACKPRESSURE_OVERFLOW', 'more is written than the receiver takes');
    this.fail(error);
    return error;
  }

  /** Sends what may be sent now. */
  #pump(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    const { clock } = this.#port;
    while (this.#order.head?.isReady !== false) {
      if (this.#order.length > 0 && this.#port.isSlow()) {
        this.#cancelFlow ??= this.#port.onFlow(() => {
          this.#cancelFlow?.();
          this.#cancelFlow = undefined;
          this.#pump();
        });
        return;
      }
      const step = this.#order.step(clock.now());
      if (step.kind === 'idle') return;
      if (step.kind === 'wait') {
        if (Number.isFinite(step.delayMs))
          this.#cancelTimer = clock.setTimer(() => this.#pump(), Math.ceil(step.delayMs));
        return;
      }
      if (step.kind === 'close') {
        const { finalSequence } = step;
        this.#send('stream.close', finalSequence === undefined ? {} : { final_sequence: finalSequence });
        return this.#over();
      }
      const { sequence, item } = step;
      if (!this.#send('stream.chunk', { sequence, ...item.payload })) {
        item.reject(this.signal.reason);
        return;
      }
      item.resolve();
    }
  }

  /** @returns Whether it went: what cannot be sent ends the stream. */
  #send<T extends 'stream.chunk' | 'stream.close'>(type: T, payload: Payloads[T]): boolean {
    try {
      this.#port.send(type, payload);
      return true;
    } catch (fault) {
      this.#port.report(fault);
      this.fail(new ArcpError('INTERNAL', 'the stream could not be sent'));
      return false;
    }
  }

  #over(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#cancelFlow?.();
    this.#cancelFlow = undefined;
    this.#port.onEnd();
    for (const resolve of this.#closers.splice(0)) resolve();
  }
}
