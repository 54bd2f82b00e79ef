// JSON to print, most of it one value per line. Much of it comes from strangers and may be shown in a terminal.

// Control characters of both kinds, line and paragraph separators, and marks that turn the reading direction: JSON
// allows most of them bare, terminals act on them.
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what it looks for.
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** A value as one line of JSON that is safe to show, with its newline. `undefined` is written as `null`. */
export function jsonLine(value: unknown): string {
  // JSON.stringify has escaped the first kind already, and what is left of them stands only inside strings.
  return `${printable(JSON.stringify(value) ?? 'null')}\n`;
}

/** A value as JSON over several lines, each safe to show, the last with its newline. */
export function jsonText(value: unknown): string {
  return `${JSON.stringify(value, null, 2).split('\n').map(printable).join('\n')}\n`;
}

/** Text as one line that is safe to show: what a terminal would act on is written as `\uXXXX`. */
export function printable(text: string): string {
  return text.replace(UNSAFE, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
