// A runtime that is another program: envelopes to its standard input, and from its standard output (ARCP v1.0, section 22).

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { Transport } from '../transport/contract.js';
import { ndjson } from '../transport/ndjson.js';
import { notStarted } from './arcp-remedies.js';
import { isRunning } from './is-running.js';
import { webStreams } from './stdio.js';

/** How long it may take to end by itself, and after it was told to. */
const END_TIMEOUT_MS = 2_000;

/** A running program. */
export interface ChildRuntime {
  readonly transport: Transport;
  /** Ends it: by the end of its input, and by force where that does not do. Never rejects. */
  close(): Promise<void>;
}

/**
 * Starts a program. What it writes to standard error goes to ours.
 *
 * @param words Program and arguments; no shell is asked.
 * @throws {Error} Node's own, such as ENOENT.
 */
export async function startChild(words: readonly string[]): Promise<ChildRuntime> {
  const [program = '', ...args] = words;
  // In a group of its own: Ctrl-C is for us alone, and then there is still a job to cancel there.
  const detached = process.platform !== 'win32';
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'], detached });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  await once(child, 'spawn').catch((cause) => {
    throw notStarted(program, cause);
  });
  const transport = ndjson(webStreams(child.stdout, child.stdin));
  return {
    transport,
    async close() {
      transport.close();
      for (const force of [undefined, 'SIGTERM', 'SIGKILL'] as const) {
        if (!isRunning(child)) return;
        if (force !== undefined) child.kill(force);
        await Promise.race([exited, delay(END_TIMEOUT_MS, undefined, { ref: false })]);
      }
    },
  };
}
