// @ts-check
// What the command is asked to do.

import { parseArgs } from 'node:util';

/** Port of the page when none is asked for: the same at every start, so that a person's identity is found again. */
export const DEFAULT_PORT = 7411;

export const HELP = `npm run demo [-- OPTIONS]

Starts an agent and a page that calls it, tells how that went, and leaves the page to you.

  --once        end when the story is told: exit code 0 if all of it held, 1 if not
  --port PORT   port of the page, 0 for any that is free (default ${DEFAULT_PORT}, or any if that is taken)
  --help        this text

The browser is found by itself; RINGLINE_CHROMIUM names one. Without a display it runs headless.
Exit code 2: wrong arguments, or no browser.`;

/**
 * @typedef {object} Arguments
 * @property {boolean} help
 * @property {boolean} once
 * @property {number | undefined} port As asked for.
 */

/**
 * Reads the command line.
 *
 * @param {readonly string[]} args
 * @returns {Arguments}
 * @throws {Error} Its message is one line for the reader.
 */
export function readArguments(args) {
  const values = parse(args);
  return { help: values.help === true, once: values.once === true, port: readPort(values.port) };
}

/** @param {readonly string[]} args */
function parse(args) {
  try {
    const options = /** @type {const} */ ({
      help: { type: 'boolean' },
      once: { type: 'boolean' },
      port: { type: 'string' },
    });
    return parseArgs({ args: [...args], options }).values;
  } catch (cause) {
    // What Node adds after its first sentence is about other commands.
    const [sentence] = /** @type {Error} */ (cause).message.split(/\.?(?: |\n)(?=[A-Z])/);
    throw new Error(sentence, { cause });
  }
}

/** @param {string | undefined} text */
function readPort(text) {
  if (text === undefined) return undefined;
  const port = Number(text);
  if (!/^\d{1,5}$/.test(text) || port > 65_535) throw new Error(`--port must be a number from 0 to 65535, not ${text}`);
  return port;
}
