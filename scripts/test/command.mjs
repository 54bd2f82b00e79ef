// Runs one command of the test run: bounded in time, its output kept and, where wanted, shown as it comes.

import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));

/**
 * @typedef {object} Outcome
 * @property {number} code Exit code; 1 where the command could not start or ran out of time.
 * @property {string} output Both streams, in the order they came.
 */

/**
 * Runs a Node script, or any other program given by `program`.
 *
 * @param {readonly string[]} args
 * @param {{ program?: string, timeoutMs?: number, env?: Record<string, string>, onLine?: (line: string) => void }} [options]
 * @returns {Promise<Outcome>}
 */
export function command(args, { program = process.execPath, timeoutMs = 300_000, env: added, onLine } = {}) {
  return new Promise((resolve) => {
    /** @type {string[]} */
    const lines = [];
    const keep = (/** @type {string} */ line) => {
      lines.push(line);
      onLine?.(line);
    };
    // No colours: the output is shown inside ours and searched for counts.
    const env = { ...process.env, ...added, NO_COLOR: '1', FORCE_COLOR: '0' };
    const child = spawn(program, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
    createInterface(child.stdout).on('line', keep);
    createInterface(child.stderr).on('line', keep);
    const timer = setTimeout(() => {
      keep(`gave up after ${timeoutMs / 1000} s`);
      child.kill('SIGKILL');
      // What it started may hold the pipes open; do not wait for them.
      child.stdout.destroy();
      child.stderr.destroy();
    }, timeoutMs);
    const end = (/** @type {number} */ code) => {
      clearTimeout(timer);
      resolve({ code, output: lines.join('\n') });
    };
    child.on('error', (error) => {
      keep(error.message);
      end(1);
    });
    child.on('close', (code) => end(code ?? 1));
  });
}
