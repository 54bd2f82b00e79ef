// `ringline/transport/ndjson`: a transport over two streams of bytes, such as standard input and output: one line of text
// is one message (ARCP v1.0, section 22).

import { decodeUtf8, encodeUtf8 } from '../bytes/utf8.js';
import { type Clock, systemClock } from '../clock.js';
import { ChannelError } from '../errors.js';
import type { Message, Transport, TransportCloseInfo } from './contract.js';
import { CLOSE_TIMEOUT_MS, LOST, type TransportCore, type TransportOptions, type Wire } from './core.js';
import { documentLimits } from './document-limits.js';
import { Fifo } from './fifo.js';
import { LineSplitter } from './line-splitter.js';
import { messageBytes } from './message-bytes.js';
import { TextTransportCore } from './text-core.js';

/** Both directions of a connection, from our side. */
export interface NdjsonStreams {
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;
}

/** Options of {@link ndjson}. */
export interface NdjsonOptions extends TransportOptions {
  /** Longest line, in bytes, without what ends it. Default 8,388,608. */
  readonly maxMessageBytes?: number;
  /** As in `TransportOptions`. Default 33,554,432, or four times `maxMessageBytes` where that is more. */
  readonly maxBufferedBytes?: number;
}

/** Lines that wait go out together, up to about so much at a time. */
const WRITE_BYTES = 65_536;

/** How a stream ends that ends where it should. */
const ENDED = { code: 1000, reason: '', clean: true } as const;

/**
 * Makes two streams a {@link Transport}.
 *
 * It carries text only: a message is one line, not blank and without line breaks, as `JSON.stringify` writes it; `send`
 * throws `TypeError` or `RangeError` at anything else. Lines that come may end with LF or CR LF, blank ones are skipped,
 * a byte order mark is content. A line that is too long, is no UTF-8, or is cut off by the end of its stream ends the
 * connection as lost.
 *
 * Streams have no close codes: a polite end is 1000, without a reason. The end of the readable side is the peer's, and
 * is answered with ours. Over pipes of the operating system a peer that dies between two lines looks the same.
 *
 * @param streams Not locked; owned from here on.
 * @throws {TypeError | RangeError} streams that are none or are in use, or options of the wrong kind or range.
 * @example
 * ```ts
 * const child = spawn('arcp-runtime', ['serve', '--stdio'], { stdio: ['pipe', 'pipe', 'inherit'] })
 * const transport = ndjson({ readable: Readable.toWeb(child.stdout), writable: Writable.toWeb(child.stdin) })
 * ```
 */
export function ndjson(streams: NdjsonStreams, options: NdjsonOptions = {}): Transport {
  const { readable, writable } = streams;
  if (typeof readable?.getReader !== 'function' || typeof writable?.getWriter !== 'function') {
    throw new TypeError('streams must be { readable, writable }');
  }
  if (readable.locked || writable.locked) throw new TypeError('streams must not be locked');
  const limits = documentLimits(options);
  // The splitter counts bytes, and has refused what is too long before it is a message.
  const { maxMessageBytes: _, ...rest } = { ...options, ...limits };
  const wire = new NdjsonWire(limits.maxMessageBytes, options.clock ?? systemClock);
  wire.core = new TextTransportCore(wire, rest);
  wire.start(streams);
  return wire.core;
}

class NdjsonWire implements Wire {
  core!: TransportCore;
  readonly #splitter: LineSplitter;
  readonly #clock: Clock;
  readonly #lines = new Fifo<string>();
  #reader!: ReadableStreamDefaultReader<Uint8Array>;
  #writer!: WritableStreamDefaultWriter<Uint8Array>;
  #pendingBytes = 0;
  #writing = false;
  #finish: 'not yet' | 'when written' | 'done' = 'not yet';
  #flushed = false;
  #told = false;
  #cancelGrace: (() => void) | undefined;

  constructor(maxLineBytes: number, clock: Clock) {
    this.#splitter = new LineSplitter(maxLineBytes);
    this.#clock = clock;
  }

  start({ readable, writable }: NdjsonStreams): void {
    this.#reader = readable.getReader();
    this.#writer = writable.getWriter();
    // Whoever stops reading may do so while we write nothing.
    this.#writer.closed.catch((cause) => this.#fail(cause));
    this.#read().then(
      () => this.#onInputEnd(),
      (cause) => this.#fail(cause),
    );
  }

  assertMessage(message: Message): void {
    if (typeof message !== 'string') throw new TypeError('message must be text: lines carry no bytes');
    if (message.includes('\n') || message.includes('\r')) throw new RangeError('message must be one line');
    // Some readers take a blank line for the end.
    if (isBlank(message)) throw new RangeError('message must not be blank');
  }

  write(message: Message): void {
    this.#lines.push(message as string);
    this.#pendingBytes += messageBytes(message);
    this.#pump();
  }

  pendingBytes(): number {
    return this.#pendingBytes;
  }

  finish(): void {
    if (this.#finish === 'not yet') this.#finish = 'when written';
    this.#pump();
  }

  drop(): void {
    this.#cancelGrace?.();
    this.#lines.clear();
    this.#pendingBytes = 0;
    const reason = new ChannelError('ERR_CHANNEL_CLOSED', 'the transport was aborted');
    this.#reader.cancel(reason).catch(() => {});
    this.#writer.abort(reason).catch(() => {});
  }

  async #read(): Promise<void> {
    for (;;) {
      const { done, value } = await this.#reader.read();
      if (done) break;
      if (!(value instanceof Uint8Array)) throw new TypeError('the readable stream must be one of bytes');
      this.#splitter.push(value, (line) => this.#take(line));
    }
    if (this.#splitter.midLine && !this.core.ended) {
      throw new ChannelError('ERR_CHANNEL_LOST', 'the stream ended in the middle of a line');
    }
  }

  #take(line: Uint8Array): void {
    if (this.core.ended) return;
    const text = decodeUtf8(line);
    if (!isBlank(text)) this.core.deliver(text);
  }

  /** The peer has said all it will. What we said before still goes out, if the peer takes it. */
  #onInputEnd(): void {
    this.#end(ENDED);
    this.finish();
    if (!this.#flushed) this.#cancelGrace = this.#clock.setTimer(() => this.drop(), CLOSE_TIMEOUT_MS);
  }

  /** Writes what waits, once the current turn is over, so that its lines go out together. */
  #pump(): void {
    if (this.#writing || this.#finish === 'done') return;
    this.#writing = true;
    queueMicrotask(() => {
      this.#writeAll().catch((cause) => this.#fail(cause));
    });
  }

  async #writeAll(): Promise<void> {
    while (this.#lines.length > 0) {
      let text = '';
      let bytes = 0;
      while (this.#lines.length > 0 && text.length < WRITE_BYTES) {
        const line = this.#lines.shift() as string;
        text += `${line}\n`;
        bytes += messageBytes(line);
      }
      await this.#writer.write(encodeUtf8(text));
      // An abort has set it to 0 meanwhile.
      this.#pendingBytes = Math.max(0, this.#pendingBytes - bytes);
      this.core.bufferChanged();
    }
    this.#writing = false;
    if (this.#finish !== 'when written') return;
    this.#finish = 'done';
    await this.#writer.close();
    this.#flushed = true;
    this.#cancelGrace?.();
  }

  #fail(cause: unknown): void {
    this.#end({ ...LOST, cause });
    this.drop();
  }

  /** The first end is the one that counts: what fails behind it changes nothing. */
  #end(info: TransportCloseInfo): void {
    if (this.#told) return;
    this.#told = true;
    this.core.end(info);
  }
}

function isBlank(text: string): boolean {
  return !/[^ \t\r]/.test(text);
}
