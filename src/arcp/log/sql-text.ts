// Texts of JavaScript in SQLite, which keeps UTF-8, ends some texts at a zero, and bounds how long one may be.

import { loneSurrogateIndex } from '../../codec/well-formed.js';
import { StorageError } from '../../errors.js';
import type { SqlValue } from './sql-driver.js';

/** Zero, the mark of what follows it, and everything from the last unit below the surrogates to the last of them. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: those two are what it looks for
const SPECIAL = /[\u0000\u0001\ud7ff-\udfff]/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: as above
const ALL_SPECIAL = /[\u0000\u0001\ud7ff-\udfff]/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: as above
const ESCAPED = /\u0001([\u0001\u0002])|\ud7ff([\u0fff-\u17ff])/g;

/**
 * A text as a key: any text of JavaScript, lone surrogates and zeros included, as one that UTF-8 can say, so that two are
 * equal where they were, and sort as they did, by UTF-16 units, when SQLite compares their bytes. Common texts are their
 * own keys.
 */
export function keyOf(text: string): string {
  if (!SPECIAL.test(text)) return text;
  return text.replace(ALL_SPECIAL, (unit) => {
    const code = unit.charCodeAt(0);
    // Zero and one: one and then which. Surrogates: the unit below all of them, which stands for itself with 0x0fff, and
    // then which. So each keeps its place among the other units.
    if (code < 2) return `\u0001${String.fromCharCode(code + 1)}`;
    return `\ud7ff${String.fromCharCode(code - 0xd7ff + 0x0fff)}`;
  });
}

/** The text of a key. */
export function textOfKey(key: string): string {
  if (!SPECIAL.test(key)) return key;
  return key.replace(ESCAPED, (_, low: string | undefined, high: string | undefined) =>
    low !== undefined
      ? String.fromCharCode(low.charCodeAt(0) - 1)
      : String.fromCharCode((high as string).charCodeAt(0) - 0x0fff + 0xd7ff),
  );
}

/** Longest piece of a text, in UTF-16 units: as UTF-8, and as UTF-16, it stays below the 2 MB of a Durable Object's row. */
const MAX_PIECE_UNITS = 524_288;

/** Whether a text comes back from every SQLite as it went in: a byte-order mark is lost by some decoders when it is first. */
function isPlain(text: string): boolean {
  return text.charCodeAt(0) !== 0xfeff && !text.includes('\u0000') && isWellFormed(text);
}

/** The engine's own test is some twenty times as fast, and each entry of a log passes it. */
function isWellFormed(text: string & { isWellFormed?(): boolean }): boolean {
  return text.isWellFormed?.() ?? loneSurrogateIndex(text) < 0;
}

/**
 * A long text as pieces, to be kept one by one. Almost always it is the only piece. Where UTF-8 cannot say a piece, it is
 * its UTF-16 units as bytes.
 */
export function piecesOf(text: string): readonly SqlValue[] {
  if (text.length <= MAX_PIECE_UNITS) return [pieceOf(text)];
  const pieces: SqlValue[] = [];
  for (let start = 0; start < text.length; ) {
    let end = Math.min(start + MAX_PIECE_UNITS, text.length);
    // Not between the halves of a pair.
    if ((text.charCodeAt(end - 1) & 0xfc00) === 0xd800 && end < text.length) end--;
    pieces.push(pieceOf(text.slice(start, end)));
    start = end;
  }
  return pieces;
}

function pieceOf(text: string): SqlValue {
  if (isPlain(text)) return text;
  const bytes = new Uint8Array(2 * text.length);
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    bytes[2 * i] = unit >> 8;
    bytes[2 * i + 1] = unit & 0xff;
  }
  return bytes;
}

/**
 * The text of a piece.
 *
 * @throws {StorageError} ERR_STORAGE_FAILED: the database holds something else there.
 */
export function textOfPiece(piece: SqlValue | undefined): string {
  if (typeof piece === 'string') return piece;
  if (!(piece instanceof Uint8Array)) throw new StorageError('ERR_STORAGE_FAILED', 'the database holds no such text');
  let text = '';
  for (let i = 0; i < piece.length; i += 2)
    text += String.fromCharCode(((piece[i] as number) << 8) | (piece[i + 1] as number));
  return text;
}
