// Text of strangers where people read it. It is never markup here; what is left is that it may be endless, or turn the
// reading direction of what stands beside it.

/** Controls, line and paragraph separators, marks that turn the reading direction. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what it looks for.
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u061c\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** One line, safe to show: what it should not have is left out, and it ends in dots where it was cut. */
export function plain(text: unknown, maxCharacters = 240): string {
  const whole = typeof text === 'string' ? text : (JSON.stringify(text) ?? '');
  const cut = whole
    .slice(0, maxCharacters)
    .replaceAll(UNSAFE, ' ')
    .replaceAll(/\p{Surrogate}/gu, '\ufffd');
  return whole.length > maxCharacters ? `${cut}\u2026` : cut;
}
