// Where two texts part and where they meet again: one stretch, which is what somebody changed.

/** One stretch of a text that became another, with what stands around it on its line. */
export interface TextChange {
  /** Line on which it begins, from 1. */
  readonly line: number;
  readonly before: string;
  readonly removed: string;
  readonly added: string;
  readonly after: string;
  /** Characters before the stretch. */
  readonly offset: number;
}

/** Characters that are shown of each part. */
const SHOWN = 32;

/** What changed from one text to another; `undefined` when nothing did. */
export function textChange(from: string, to: string): TextChange | undefined {
  if (from === to) return undefined;
  const shorter = Math.min(from.length, to.length);
  let start = 0;
  while (start < shorter && from[start] === to[start]) start++;
  // Half a character is none: a pair of code units goes together.
  if (start > 0 && (isTrailing(from, start) || isTrailing(to, start))) start--;
  let same = 0;
  while (same < shorter - start && from[from.length - 1 - same] === to[to.length - 1 - same]) same++;
  if (same > 0 && (isTrailing(from, from.length - same) || isTrailing(to, to.length - same))) same--;

  // All of the shorter one is left: something was put in, or taken out.
  const steps = start + same === shorter ? stepsToLineStart(from.length < to.length ? to : from, start, same) : 0;
  return cut(from, to, start - steps, same + steps);
}

/**
 * What was put in or taken out can often be told in several ways: a line that begins like the next one, for instance.
 *
 * @returns How far the stretch goes back to begin on a line of its own; 0 if it cannot.
 */
function stepsToLineStart(longer: string, start: number, same: number): number {
  const end = longer.length - same;
  for (let steps = 0; steps <= start; steps++) {
    if (longer[start - steps - 1] === '\n') return steps;
    if (longer[start - steps - 1] !== longer[end - steps - 1]) return 0;
  }
  return 0;
}

function cut(from: string, to: string, start: number, same: number): TextChange {
  const lineStart = from.lastIndexOf('\n', start - 1) + 1;
  const end = from.length - same;
  const lineEnd = from.indexOf('\n', end);
  return {
    line: from.slice(0, start).split('\n').length,
    before: clipStart(from.slice(lineStart, start).trimStart()),
    removed: clipEnd(from.slice(start, end)),
    added: clipEnd(to.slice(start, to.length - same)),
    after: clipEnd(from.slice(end, lineEnd < 0 ? undefined : lineEnd)),
    offset: start,
  };
}

function isTrailing(text: string, index: number): boolean {
  const unit = text.charCodeAt(index);
  return unit >= 0xdc00 && unit <= 0xdfff;
}

const clipStart = (text: string): string => (text.length > SHOWN ? `\u2026${text.slice(-SHOWN)}` : text);
const clipEnd = (text: string): string => (text.length > SHOWN ? `${text.slice(0, SHOWN)}\u2026` : text);
