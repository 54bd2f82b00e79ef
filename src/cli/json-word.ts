// JSON that a word of the command line is, or that standard input holds.

import type { JsonValue } from '../codec/json-value.js';
import type { Args } from './args.js';
import type { Io } from './io.js';

/** Help of such a word. */
export const JSON_WORD_HELP = 'any JSON, or "-" to read it from standard input, out of sight of others';

/**
 * Reads it.
 *
 * @param name Of the positional.
 * @returns `undefined`: the word is not there.
 * @throws {UsageError} it is no JSON.
 */
export async function jsonWord(name: string, args: Args, io: Io): Promise<JsonValue | undefined> {
  const given = args.text(name);
  if (given === undefined) return undefined;
  const text = given === '-' ? await io.readInput() : given;
  try {
    return JSON.parse(text);
  } catch {
    throw args.wrong(`${name} must be JSON, such as '{"n":3}' or '"text"'`);
  }
}
