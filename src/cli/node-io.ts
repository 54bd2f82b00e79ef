// The world of a real process, on Node, Bun or Deno.

import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { onAbort } from '../abort.js';
import { type Io, Stop } from './io.js';
import { standardStreams } from './stdio.js';

const MAX_INPUT_BYTES = 1_048_576;

/** Ctrl-C: 128 and the number of the signal, as shells have it. */
const INTERRUPTED = 130;
const TERMINATED = 143;

/** Connects a run to this process. The second Ctrl-C, and every one after the first, ends the process at once. */
export function nodeIo(): Io {
  const controller = new AbortController();
  const stop = (exitCode: number) => {
    if (controller.signal.aborted) process.exit(exitCode);
    controller.abort(new Stop(exitCode));
  };
  process.on('SIGINT', () => stop(INTERRUPTED));
  process.on('SIGTERM', () => stop(TERMINATED));
  // Whoever read our output has seen enough (`| head`): that is a reason to stop, not a failure.
  process.stdout.on('error', () => {
    if (!controller.signal.aborted) controller.abort(new Stop(0));
  });
  process.stderr.on('error', () => {});
  return {
    env: process.env,
    errIsTerminal: process.stderr.isTTY === true,
    inIsTerminal: process.stdin.isTTY === true,
    signal: controller.signal,
    out: (text) => new Promise((resolve) => process.stdout.write(text, () => resolve())),
    err: (text) => void process.stderr.write(text),
    ask,
    askShown,
    readInput: async () => (await readInputBytes()).toString('utf8'),
    readInputBytes,
    streams: standardStreams,
  };
}

/** Reads a line in raw mode, so that the terminal shows nothing of it. */
function ask(prompt: string): Promise<string> {
  process.stderr.write(prompt);
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output: nowhere, terminal: true, historySize: 0 });
  return new Promise((resolve, reject) => {
    lines.once('line', (line) => {
      resolve(line);
      lines.close();
    });
    // In raw mode Ctrl-C is a key, and no signal; Ctrl-D closes by itself.
    lines.once('SIGINT', () => lines.close());
    lines.once('close', () => {
      process.stderr.write('\n');
      reject(new Stop(INTERRUPTED));
    });
  });
}

/** Reads a line as the terminal gives it, which shows and mends it; Ctrl-C stays a signal. */
function askShown(prompt: string, signal?: AbortSignal): Promise<string | undefined> {
  process.stderr.write(prompt);
  const lines = createInterface({ input: process.stdin, terminal: false });
  return new Promise((resolve) => {
    const stopListening = onAbort(signal, () => lines.close());
    lines.once('line', (line) => {
      resolve(line);
      lines.close();
    });
    lines.once('close', () => {
      stopListening();
      resolve(undefined);
    });
    if (signal?.aborted) lines.close();
  });
}

async function readInputBytes(): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of process.stdin as AsyncIterable<Uint8Array>) {
    bytes += chunk.length;
    if (bytes > MAX_INPUT_BYTES) throw new RangeError('standard input holds more than 1 MiB');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
