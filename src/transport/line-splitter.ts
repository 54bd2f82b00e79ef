// Lines out of a stream of bytes, whatever its chunks are: one of a megabyte, or a million of one byte each.

import { LimitError } from '../errors.js';

const LF = 0x0a;
const CR = 0x0d;

/** First buffer for a line that does not end with its chunk. */
const FIRST_BUFFER_BYTES = 4_096;

/** Cuts bytes into lines. A line ends with LF, or CR and LF; what ends it does not belong to it. */
export class LineSplitter {
  readonly #maxLineBytes: number;
  /** Beginning of a line that has not ended. It grows by doubling: many small chunks cost no more than their bytes. */
  #kept = new Uint8Array(0);
  #keptBytes = 0;

  /** @param maxLineBytes Longest line. */
  constructor(maxLineBytes: number) {
    this.#maxLineBytes = maxLineBytes;
  }

  /** Whether bytes have come that belong to no line yet. */
  get midLine(): boolean {
    return this.#keptBytes > 0;
  }

  /**
   * Takes the next bytes.
   *
   * @param chunk Borrowed.
   * @param onLine Given each line that ends in it; a view, valid during the call. What it throws passes through.
   * @throws {LimitError} `maxMessageBytes`: a line is too long, ended or not. The splitter must not be used any more.
   */
  push(chunk: Uint8Array, onLine: (line: Uint8Array) => void): void {
    let start = 0;
    for (let end = chunk.indexOf(LF); end >= 0; end = chunk.indexOf(LF, start)) {
      if (this.#keptBytes === 0) {
        onLine(this.#line(chunk.subarray(start, end)));
      } else {
        this.#keep(chunk.subarray(start, end));
        const line = this.#line(this.#kept.subarray(0, this.#keptBytes));
        this.#keptBytes = 0;
        onLine(line);
      }
      start = end + 1;
    }
    if (start < chunk.length) this.#keep(chunk.subarray(start));
    // The buffer of an uncommonly long line is not kept for the next.
    else if (this.#kept.length > 1_048_576) this.#kept = new Uint8Array(0);
  }

  #line(bytes: Uint8Array): Uint8Array {
    const line = bytes[bytes.length - 1] === CR ? bytes.subarray(0, -1) : bytes;
    this.#assertLength(line.length);
    return line;
  }

  #keep(bytes: Uint8Array): void {
    const total = this.#keptBytes + bytes.length;
    // One more may be the CR of a line that is just as long as it may be.
    this.#assertLength(total - 1);
    if (total > this.#kept.length) {
      const size = Math.max(FIRST_BUFFER_BYTES, total, Math.min(2 * this.#kept.length, this.#maxLineBytes + 1));
      const grown = new Uint8Array(size);
      grown.set(this.#kept.subarray(0, this.#keptBytes));
      this.#kept = grown;
    }
    this.#kept.set(bytes, this.#keptBytes);
    this.#keptBytes = total;
  }

  #assertLength(bytes: number): void {
    if (bytes > this.#maxLineBytes) throw new LimitError('maxMessageBytes', this.#maxLineBytes, bytes);
  }
}
