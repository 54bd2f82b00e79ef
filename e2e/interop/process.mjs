// Child processes of the interop run: started, read line by line, and ended whatever happens.

import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/**
 * Runs a command to its end.
 *
 * @param {readonly string[]} command
 * @param {{ cwd?: string, timeoutMs?: number }} [options]
 * @returns {Promise<{ code: number | null, output: string }>} Code `null`: it could not start, or took too long.
 */
export function runToEnd([file, ...args], { cwd, timeoutMs = 600_000 } = {}) {
  return new Promise((resolve) => {
    const child = spawn(file, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (output += data));
    child.on('error', (error) => resolve({ code: null, output: error.message }));
    child.on('close', (code) => {
      clearTimeout(timer);
      resolve({ code, output });
    });
  });
}

/**
 * Runs a command beside some work, and ends it when the work is over or two minutes have gone.
 *
 * @template Result
 * @param {readonly string[]} command
 * @param {(child: import('node:child_process').ChildProcessByStdio<any, any, null>) => Promise<Result>} work
 * @returns {Promise<Result>}
 */
export async function withProcess([file, ...args], work) {
  const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const timer = setTimeout(() => child.kill('SIGKILL'), 120_000);
  const failure = new Promise((_, reject) => child.on('error', reject));
  try {
    return await Promise.race([work(child), failure]);
  } finally {
    clearTimeout(timer);
    child.kill('SIGKILL');
  }
}

/** Lines of a stream, without their ends. @param {NodeJS.ReadableStream} stream */
export function linesOf(stream) {
  return createInterface({ input: stream })[Symbol.asyncIterator]();
}
