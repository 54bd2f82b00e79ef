// Times of ARCP v1.0: RFC 3339 as text, kept as it came, since a peer's may be finer than a `Date`. Beyond RFC 3339 this
// takes what version 0.1.0 of the Rust crate takes: a space for the T, an offset without its colon.

const SHAPE = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:?\d\d)$/;

/** Last millisecond of the year 9999, beyond which RFC 3339 has no text. */
const MAX_MS = 253_402_300_799_999;
/** First millisecond of the year 0. */
const MIN_MS = -62_167_219_200_000;

/** Longest timestamp taken, in characters: room for more digits than anybody's clock has. */
const MAX_CHARS = 64;

/** Whether a value is a timestamp: date, time to the second or finer, and an offset. Second 60 counts as one. */
export function isTimestamp(value: unknown): value is string {
  if (typeof value !== 'string' || value.length > MAX_CHARS || !SHAPE.test(value)) return false;
  const day = pairAt(value, 8);
  return (
    day > 0 &&
    // Only a date past the 28th needs its month looked at; February 29 its year.
    day <= (day > 28 ? daysInMonth(Number(value.slice(0, 4)), pairAt(value, 5)) : 28) &&
    pairAt(value, 5) > 0 &&
    pairAt(value, 5) <= 12 &&
    pairAt(value, 11) < 24 &&
    pairAt(value, 14) < 60 &&
    pairAt(value, 17) <= 60 &&
    Math.abs(offsetMinutes(value)) < 1_440 &&
    (isUtc(value) || pairAt(value, value.length - 2) < 60)
  );
}

/**
 * The moment a timestamp names.
 *
 * @returns Unix time in milliseconds; what is finer is cut off. Second 60 is the first of the next minute.
 * @throws {RangeError} no timestamp.
 */
export function timestampMs(text: string): number {
  if (!isTimestamp(text)) throw new RangeError('text must be a timestamp of RFC 3339');
  // `Date.UTC` would read years below 100 as 19xx.
  const date = new Date(0);
  date.setUTCFullYear(Number(text.slice(0, 4)), pairAt(text, 5) - 1, pairAt(text, 8));
  const fraction = /\.\d{1,3}/.exec(text)?.[0] ?? '.0';
  const seconds = (pairAt(text, 11) * 60 + pairAt(text, 14) - offsetMinutes(text)) * 60 + pairAt(text, 17);
  return date.getTime() + seconds * 1_000 + Math.round(Number(fraction) * 1_000);
}

/**
 * The timestamp of a moment, in UTC with three digits of fraction.
 *
 * @param ms Unix time in milliseconds. Before the year 0 and after 9999 it is the first or last moment there is text
 *   for: a peer may ask for a lease of 2^53 seconds.
 * @throws {RangeError} NaN.
 */
export function timestampOf(ms: number): string {
  return new Date(Math.min(Math.max(ms, MIN_MS), MAX_MS)).toISOString();
}

/** The number two digits make. */
function pairAt(text: string, at: number): number {
  return text.charCodeAt(at) * 10 + text.charCodeAt(at + 1) - 528;
}

function isUtc(text: string): boolean {
  return (text.charCodeAt(text.length - 1) | 0x20) === 0x7a;
}

function offsetMinutes(text: string): number {
  if (isUtc(text)) return 0;
  const hourAt = text.length - (text.at(-3) === ':' ? 5 : 4);
  const minutes = pairAt(text, hourAt) * 60 + pairAt(text, text.length - 2);
  return text[hourAt - 1] === '-' ? -minutes : minutes;
}

function daysInMonth(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}
