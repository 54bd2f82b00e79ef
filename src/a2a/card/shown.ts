// What a peer wrote, on its way into the message of an error: short, and nothing in it that a terminal acts on.

import { printable } from '../../bytes/printable.js';

/** Longest text of a peer in a message, in UTF-16 units, before anything is escaped. */
const MAX_SHOWN_CHARACTERS = 200;

/** Makes a text fit for a message: the beginning of it, with its control characters escaped. */
export function shown(text: string): string {
  return printable(shorten(text, MAX_SHOWN_CHARACTERS));
}

/** Cuts a text to a length, in UTF-16 units, of which `...` are the last where something was cut. */
export function shorten(text: string, maxCharacters: number): string {
  return text.length > maxCharacters ? `${text.slice(0, maxCharacters - 3)}...` : text;
}
