// @ts-check
// How the story is told: a line per step, aligned, with a mark in front.

import { stripVTControlCharacters } from 'node:util';

/** Columns of a step's name. */
const NAME_COLUMNS = 10;

/** A step that did not hold. Its line is on the screen already. */
export class StepFailed extends Error {}

/** Whether a stream wants colours: a terminal, and NO_COLOR is not set (https://no-color.org). */
export function wantsColour(/** @type {{ isTTY?: boolean }} */ stream, env = process.env) {
  return stream.isTTY === true && !env.NO_COLOR && env.TERM !== 'dumb';
}

/**
 * @typedef {object} Terminal
 * @property {() => void} hush Says nothing from here on.
 * @property {(text?: string) => void} line Says something in between.
 * @property {(text: string) => string} dim
 * @property {(text: string) => string} bold
 * @property {<T>(name: string, action: () => Promise<T>, tell?: (outcome: T) => string) => Promise<T>} step Runs a step
 *   and tells its outcome, or the first line of what it threw; then throws {@link StepFailed}.
 */

/**
 * Makes a teller.
 *
 * @param {{ write: (text: string) => unknown, isTTY?: boolean }} stream
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {Terminal}
 */
export function createTerminal(stream, env = process.env) {
  const colour = wantsColour(stream, env);
  const live = stream.isTTY === true && env.TERM !== 'dumb';
  let hushed = false;
  const write = (/** @type {string} */ text) => {
    if (!hushed) stream.write(text);
  };
  /** @type {(code: number) => (text: string) => string} */
  const paint = (code) => (text) => (colour ? `\u001b[${code}m${text}\u001b[0m` : text);
  const [bold, dim, green, red] = [paint(1), paint(2), paint(32), paint(31)];
  /** @type {(mark: string, name: string, text: string) => string} */
  const row = (mark, name, text) => `  ${mark} ${bold(name.padEnd(NAME_COLUMNS))} ${text}\n`;
  return {
    dim,
    bold,
    hush() {
      hushed = true;
    },
    line: (text = '') => write(text === '' ? '\n' : `  ${text}\n`),
    async step(name, action, tell = String) {
      if (live) write(`  ${dim('\u00b7')} ${bold(name)}`);
      const clear = live ? '\r\u001b[K' : '';
      try {
        const outcome = await action();
        write(clear + row(green('\u2713'), name, tell(outcome)));
        return outcome;
      } catch (error) {
        write(clear + row(red('\u2717'), name, firstLine(error)));
        throw new StepFailed(name, { cause: error });
      }
    },
  };
}

/** What to say of an error in one line. @param {unknown} error */
export function firstLine(error) {
  const text = error instanceof Error ? error.message : String(error);
  // Playwright paints its messages.
  return stripVTControlCharacters(text).split('\n', 1)[0] ?? '';
}
