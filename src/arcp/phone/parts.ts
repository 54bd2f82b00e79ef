// Messages in parts: one frame of a phone session holds 64 KiB, and an envelope of ARCP may be megabytes
// (agent-phone v1, section 8).

import { encodeUtf8 } from '../../bytes/utf8.js';
import { LimitError } from '../../errors.js';
import { violation } from '../../phone/session-errors.js';

/** The method both sides call. */
export const ARCP_METHOD = 'ringline.arcp.v1';

/** Longest text of a part, as it stands in the JSON of its frame: escapes counted, quotation marks around it not. */
export const MAX_PART_BYTES = 49_152;

/** A UTF-16 unit takes up to six bytes: `\u0000`. */
const MAX_UNIT_BYTES = 6;

/** And up to three as UTF-8. */
const MAX_UTF8_BYTES = 3;

/** Honest parts are long, but for the last: so many bytes of a message at least stand for each. */
const MIN_BYTES_PER_PART = 1_024;

/** Params of one call. */
export interface Part {
  /** Counts from 0 in each message. */
  readonly part: number;
  readonly last: boolean;
  /** Empty in a first part only as a sign: see {@link isSign}. */
  readonly text: string;
  /**
   * Counts from 0 over all parts of a link, whatever their message, so that none overtakes another. Other
   * implementations may leave it out: their parts are taken as they come.
   */
  readonly seq?: number;
}

/**
 * Reads the params of a call.
 *
 * @throws {ChannelError} ERR_CHANNEL_PROTOCOL: no part.
 */
export function parsePart(params: unknown): Part {
  if (typeof params !== 'object' || params === null || Array.isArray(params)) throw violation('a part is no object');
  const wire = params as Record<string, unknown>;
  const own = (name: string) => (Object.hasOwn(wire, name) ? wire[name] : undefined);
  const [part, last, text, seq] = [own('part'), own('last'), own('text'), own('seq')];
  if (!isCount(part)) throw violation('part is no count');
  if (typeof last !== 'boolean') throw violation('last is neither true nor false');
  // Units, not bytes: what is longer than that is too long however it is encoded, and the frame bounds the rest.
  if (typeof text !== 'string' || text.length > MAX_PART_BYTES) throw violation('text is no string, or too long');
  if (seq === undefined) return { part, last, text };
  if (!isCount(seq)) throw violation('seq is no count');
  return { part, last, text, seq };
}

/** Whether a part is no part of a message, but ends the link: politely, where it is the last, or else at once. */
export function isSign({ part, text }: Part): boolean {
  return part === 0 && text === '';
}

/**
 * Cuts a message into texts of parts.
 *
 * @param text Well formed, not empty.
 */
export function cutText(text: string): string[] {
  if (text.length * MAX_UNIT_BYTES <= MAX_PART_BYTES) return [text];
  const texts: string[] = [];
  let start = 0;
  let bytes = 0;
  for (let at = 0; at < text.length; ) {
    const units = isPair(text, at) ? 2 : 1;
    const more = units === 2 ? 4 : encodedBytes(text.charCodeAt(at));
    if (bytes + more > MAX_PART_BYTES) {
      texts.push(text.slice(start, at));
      start = at;
      bytes = 0;
    }
    bytes += more;
    at += units;
  }
  texts.push(text.slice(start));
  return texts;
}

/** Puts the parts of one message after the other together again, within bounds. */
export class Assembler {
  readonly #maxMessageBytes: number;
  #texts: string[] = [];
  #bytes = 0;

  /** @param maxMessageBytes Longest message, as UTF-8. */
  constructor(maxMessageBytes: number) {
    this.#maxMessageBytes = maxMessageBytes;
  }

  /**
   * Takes the next part.
   *
   * @returns The message, with its last part.
   * @throws {ChannelError} ERR_CHANNEL_PROTOCOL: it does not follow on the one before. {LimitError} `maxMessageBytes`,
   *   `message parts`. The assembler must not be used any more.
   */
  add({ part, last, text }: Part): string | undefined {
    if (part !== this.#texts.length) throw violation('a part out of turn');
    // Most messages are one part, and far too short for their exact length to matter.
    if (last && part === 0 && MAX_UTF8_BYTES * text.length <= this.#maxMessageBytes) return text;
    this.#bytes += encodeUtf8(text).length;
    if (this.#bytes > this.#maxMessageBytes) {
      throw new LimitError('maxMessageBytes', this.#maxMessageBytes, this.#bytes);
    }
    const maxParts = Math.ceil(this.#maxMessageBytes / MIN_BYTES_PER_PART);
    if (part >= maxParts) throw new LimitError('message parts', maxParts, part + 1);
    this.#texts.push(text);
    return last ? this.#take() : undefined;
  }

  #take(): string {
    const message = this.#texts.join('');
    this.#texts = [];
    this.#bytes = 0;
    return message;
  }
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isPair(text: string, at: number): boolean {
  return (text.charCodeAt(at) & 0xfc00) === 0xd800 && (text.charCodeAt(at + 1) & 0xfc00) === 0xdc00;
}

/** Bytes of one UTF-16 unit in a JSON string, at most. */
function encodedBytes(unit: number): number {
  if (unit < 0x20) return MAX_UNIT_BYTES;
  if (unit === 0x22 || unit === 0x5c) return 2;
  if (unit < 0x80) return 1;
  return unit < 0x800 ? 2 : 3;
}
