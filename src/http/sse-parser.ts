// Server-sent events out of bytes (WHATWG HTML, section 9.2). Pure: bytes in, events out, however they are cut into
// chunks. What reads a body with it is sse-stream.ts.

import { assertInteger } from '../bytes/assert.js';
import { LimitError } from '../errors.js';

/** One event. */
export interface SseEvent {
  /** Its name; `message` where the sender gave none. */
  readonly event: string;
  /** Its `data` lines, joined by line feeds. May be empty. */
  readonly data: string;
  /** Its own `id` line, where it had one. */
  readonly id?: string;
  /**
   * True: the stream ended before the empty line that ends an event. A browser drops such an event, and it may be cut
   * off anywhere.
   */
  readonly unfinished?: boolean;
}

/** How much an {@link SseParser} holds. */
export interface SseParserOptions {
  /** Bytes in the lines of one event, line ends not counted: 1 to 1 GiB. Default 4,194,304. */
  readonly maxEventBytes?: number;
}

const DEFAULT_MAX_EVENT_BYTES = 4_194_304;
const LF = 0x0a;
const CR = 0x0d;
const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];

/** Reads one stream of events. Not to be used for a second one, nor after it has thrown. */
export class SseParser {
  readonly #maxEventBytes: number;
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  // The line under way, where it began in an earlier chunk. Grown by doubling: a line that trickles byte by byte costs no
  // more than another.
  #held = new Uint8Array(0);
  #heldBytes = 0;
  #afterCr = false;
  #atStart = true;
  #eventBytes = 0;
  #event = '';
  #data: string[] = [];
  #id: string | undefined;
  #retryMs: number | undefined;

  /** @throws {TypeError | RangeError} an option out of range. */
  constructor({ maxEventBytes = DEFAULT_MAX_EVENT_BYTES }: SseParserOptions = {}) {
    assertInteger(maxEventBytes, 'maxEventBytes', 1, 2 ** 30);
    this.#maxEventBytes = maxEventBytes;
  }

  /** What the last `retry` line asked for: how long to wait before connecting again. */
  get retryMs(): number | undefined {
    return this.#retryMs;
  }

  /**
   * Takes the next bytes.
   *
   * @param chunk Borrowed; nothing of it is kept.
   * @returns The events that it completes, in order.
   * @throws {LimitError} `maxEventBytes`. Terminal.
   */
  push(chunk: Uint8Array): SseEvent[] {
    const events: SseEvent[] = [];
    let from = 0;
    // CRLF is one line end, wherever the two are parted.
    if (this.#afterCr && chunk[0] === LF) from = 1;
    if (chunk.length > 0) this.#afterCr = false;
    let lf = chunk.indexOf(LF, from);
    let cr = chunk.indexOf(CR, from);
    while (lf >= 0 || cr >= 0) {
      const end = lf < 0 || (cr >= 0 && cr < lf) ? cr : lf;
      const event = this.#endLine(chunk.subarray(from, end));
      if (event !== undefined) events.push(event);
      from = end + 1;
      if (end === cr) {
        if (lf === from) from++;
        else if (from === chunk.length) this.#afterCr = true;
        cr = chunk.indexOf(CR, from);
      }
      if (lf >= 0 && lf < from) lf = chunk.indexOf(LF, from);
    }
    this.#hold(chunk.subarray(from));
    return events;
  }

  /** Ends the stream. @returns the event that was under way, marked `unfinished`; `undefined` where there was none. */
  end(): SseEvent | undefined {
    if (this.#heldBytes > 0) this.#endLine(new Uint8Array(0));
    const event = this.#dispatch();
    return event === undefined ? undefined : { ...event, unfinished: true };
  }

  #hold(piece: Uint8Array): void {
    if (piece.length === 0) return;
    const needed = this.#heldBytes + piece.length;
    this.#checkSize(needed);
    if (needed > this.#held.length) {
      const larger = new Uint8Array(Math.max(needed, this.#held.length * 2));
      larger.set(this.#held.subarray(0, this.#heldBytes));
      this.#held = larger;
    }
    this.#held.set(piece, this.#heldBytes);
    this.#heldBytes = needed;
  }

  #checkSize(lineBytes: number): void {
    const seen = this.#eventBytes + lineBytes;
    if (seen > this.#maxEventBytes) throw new LimitError('maxEventBytes', this.#maxEventBytes, seen);
  }

  /** Takes the end of a line. @returns the event, where the line was the empty one behind it. */
  #endLine(tail: Uint8Array): SseEvent | undefined {
    let line = tail;
    if (this.#heldBytes > 0) {
      this.#hold(tail);
      line = this.#held.subarray(0, this.#heldBytes);
      this.#heldBytes = 0;
    } else {
      this.#checkSize(tail.length);
    }
    if (this.#atStart) {
      this.#atStart = false;
      if (BYTE_ORDER_MARK.every((byte, index) => line[index] === byte)) line = line.subarray(3);
    }
    if (line.length === 0) return this.#dispatch();
    this.#field(line);
    return undefined;
  }

  #field(line: Uint8Array): void {
    // Ill-formed UTF-8 becomes U+FFFD, as the standard has it.
    const text = this.#decoder.decode(line);
    const colon = text.indexOf(':');
    const name = colon < 0 ? text : text.slice(0, colon);
    const value = colon < 0 ? '' : text.slice(text[colon + 1] === ' ' ? colon + 2 : colon + 1);
    switch (name) {
      case 'data':
        this.#data.push(value);
        break;
      case 'event':
        this.#event = value;
        break;
      case 'id':
        if (value.includes('\0')) return;
        this.#id = value;
        break;
      case 'retry':
        if (/^\d{1,9}$/.test(value)) this.#retryMs = Number(value);
        return;
      default:
        // A comment, or a field nobody knows: not kept, so not counted.
        return;
    }
    this.#eventBytes += line.length;
  }

  /** @returns `undefined` where no `data` line has come: then there is no event, whatever else was said. */
  #dispatch(): SseEvent | undefined {
    const id = this.#id;
    const event =
      this.#data.length === 0
        ? undefined
        : { event: this.#event || 'message', data: this.#data.join('\n'), ...(id !== undefined && { id }) };
    this.#event = '';
    this.#data = [];
    this.#id = undefined;
    this.#eventBytes = 0;
    return event;
  }
}
