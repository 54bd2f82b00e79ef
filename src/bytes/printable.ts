// Text of strangers where people read it: in a terminal, a log, an error's message.

// Control characters of both kinds, line and paragraph separators, and all marks that turn the reading direction:
// terminals act on them.
const UNSAFE = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_C}]/gu;

/** Longest excerpt, in UTF-16 code units. */
const EXCERPT_CHARACTERS = 1_000;

/** Text as one line that is safe to show: what a terminal would act on is written as `\uXXXX`. */
export function printable(text: string): string {
  return text.replace(UNSAFE, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** The beginning of a text as {@link printable} has it, some 1,000 characters long; where it was cut, it ends in `...`. */
export function excerpt(text: string): string {
  // Cut before and after: neither is much to be escaped, nor is the escaped text to be six times as long.
  const shown = printable(text.slice(0, EXCERPT_CHARACTERS + 1));
  return shown.length > EXCERPT_CHARACTERS ? `${shown.slice(0, EXCERPT_CHARACTERS)}...` : shown;
}
