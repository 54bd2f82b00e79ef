// Taking a run of one character off the end of a text, in time that the run decides and not its square, as with a regular
// expression that is anchored at its end alone.

/**
 * A text without the characters of one kind at its end.
 *
 * @param character One UTF-16 code unit.
 */
export function trimEnd(text: string, character: string): string {
  let end = text.length;
  while (end > 0 && text[end - 1] === character) end--;
  return text.slice(0, end);
}
