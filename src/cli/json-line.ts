// JSON to print, most of it one value per line. Much of it comes from strangers and may be shown in a terminal.

import { printable } from '../bytes/printable.js';

/** A value as one line of JSON that is safe to show, with its newline. `undefined` is written as `null`. */
export function jsonLine(value: unknown): string {
  // JSON.stringify has escaped the first kind already, and what is left of them stands only inside strings.
  return `${printable(JSON.stringify(value) ?? 'null')}\n`;
}

/** A value as JSON over several lines, each safe to show, the last with its newline. */
export function jsonText(value: unknown): string {
  return `${JSON.stringify(value, null, 2).split('\n').map(printable).join('\n')}\n`;
}
