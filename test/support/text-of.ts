// All the text an error carries: what would stand in a log that prints it with everything below.

import { inspect } from 'node:util';

/** Message, stack, own members and causes of a value, down to the bottom. */
export function allTextOf(value: unknown): string {
  return inspect(value, { depth: Number.POSITIVE_INFINITY, showHidden: true, maxStringLength: null });
}
