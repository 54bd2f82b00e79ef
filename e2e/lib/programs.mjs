// Programs of the other runtimes as children: their lines, their end, and the promise that none of them outlives us.

import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const LEASH = fileURLToPath(new URL('leash.mjs', import.meta.url));

/** Longest a program may take to say that it is ready. */
const READY_MS = 30_000;

/** @type {Set<Program>} */
const running = new Set();

/** A program under way. */
export class Program {
  /** Everything it said, both streams. @type {string[]} */
  lines = [];
  /** Its exit code, once it has ended. @type {Promise<number>} */
  ended;
  /** @type {import('node:child_process').ChildProcess} */
  #child;
  /** @type {Set<() => void>} */
  #listeners = new Set();
  #over = false;

  /**
   * @param {string} path @param {readonly string[]} args @param {{ cwd: string, env?: Record<string, string> }} options
   */
  constructor(path, args, { cwd, env = {} }) {
    // Deno takes any FORCE_COLOR, 0 too, for a wish.
    const { FORCE_COLOR: _, ...inherited } = process.env;
    const options = { cwd, env: { ...inherited, NO_COLOR: '1', ...env } };
    this.#child = spawn(process.execPath, [LEASH, path, ...args], { ...options, stdio: 'pipe' });
    running.add(this);
    const keep = (/** @type {string} */ line) => {
      this.lines.push(line);
      for (const listener of this.#listeners) listener();
    };
    const { stdout, stderr } = this.#child;
    if (stdout !== null) createInterface(stdout).on('line', keep);
    if (stderr !== null) createInterface(stderr).on('line', keep);
    this.#child.stdin?.on('error', () => {});
    this.ended = new Promise((resolve) => {
      const end = (/** @type {number | null} */ code) => {
        this.#over = true;
        running.delete(this);
        for (const listener of this.#listeners) listener();
        resolve(code ?? 1);
      };
      this.#child.on('error', (error) => {
        keep(error.message);
        end(1);
      });
      this.#child.on('close', end);
    });
  }

  /**
   * Waits for a line.
   *
   * @template Value
   * @param {(line: string) => Value | undefined} read Takes the line, or leaves it.
   * @param {number} [timeoutMs]
   * @returns {Promise<Value>} What was read, of a line already said or the first one to come.
   */
  line(read, timeoutMs = READY_MS) {
    return new Promise((resolve, reject) => {
      let at = 0;
      const done = (/** @type {() => void} */ settle) => {
        clearTimeout(timer);
        this.#listeners.delete(look);
        settle();
      };
      const fail = (/** @type {string} */ why) => done(() => reject(new Error(`${why}\n${this.lines.join('\n')}`)));
      const look = () => {
        while (at < this.lines.length) {
          const value = read(this.lines[at++] ?? '');
          if (value !== undefined) return done(() => resolve(value));
        }
        if (this.#over) fail('it ended early, saying:');
      };
      const timer = setTimeout(() => fail(`nothing after ${timeoutMs / 1000} s but:`), timeoutMs);
      this.#listeners.add(look);
      look();
    });
  }

  /** Ends it, now. */
  async stop() {
    // The leash lets go of what it holds when this ends.
    this.#child.stdin?.destroy();
    await this.ended;
  }
}

/** The JSON of a line that begins with `@`. @param {string} line @returns {any} */
export function message(line) {
  return line.startsWith('@') ? JSON.parse(line.slice(1)) : undefined;
}

/** Ends every program. */
export async function stopAll() {
  await Promise.all([...running].map((program) => program.stop()));
}
