// Another program as a conformance adapter: requests to its standard input, answers from its standard output.

import { spawn } from 'node:child_process';
import { onAbort } from '../abort.js';
import { isResponse } from '../aitp/conformance/adapter.js';
import { type AdapterRequest, type AdapterResponse, MAX_LINE_BYTES } from '../aitp/conformance/request.js';
import type { AdapterChannel } from '../aitp/conformance/runner.js';
import { parseJsonStrict } from '../codec/json.js';
import { type Line, splitLines } from './aitp-lines.js';
import { isRunning } from './is-running.js';

/** How long an adapter may take for one request. */
export const REQUEST_TIMEOUT_MS = 30_000;

/** How long an adapter may take to end by itself. */
const END_TIMEOUT_MS = 1_000;

/** A running adapter. */
export interface AdapterProcess extends AdapterChannel {
  /** Ends it: by `shutdown`, and by force where that does not do. Never rejects. */
  close(): Promise<void>;
}

/** How an adapter is run. */
export interface AdapterProcessOptions {
  /** Default 30,000. */
  readonly timeoutMs?: number;
  /** Ends the adapter, and with it the request that is under way. */
  readonly signal?: AbortSignal;
}

/**
 * Starts an adapter. What it writes to standard error goes to ours.
 *
 * @param words Program and arguments; no shell is asked.
 */
export function startAdapter(words: readonly string[], options: AdapterProcessOptions = {}): AdapterProcess {
  const { timeoutMs = REQUEST_TIMEOUT_MS, signal } = options;
  const [program = '', ...args] = words;
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = splitLines(child.stdout as AsyncIterable<Uint8Array>, MAX_LINE_BYTES);
  // Once something went wrong nobody knows which answer belongs to which request.
  let fault: Error | undefined;
  const failed = new Promise<never>((_, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => reject(new Error(`the adapter ended (${signal ?? code})`)));
  });
  failed.catch(() => {});
  if (signal !== undefined) onAbort(signal, () => child.kill());
  // A broken pipe is told by the exit.
  child.stdin.on('error', () => {});

  async function request(sent: AdapterRequest): Promise<AdapterResponse> {
    if (fault !== undefined) throw fault;
    try {
      child.stdin.write(`${JSON.stringify(sent)}\n`);
      return readAnswer(await within(timeoutMs, [nextAnswer(lines), failed]));
    } catch (error) {
      fault = error as Error;
      child.kill();
      throw fault;
    }
  }

  return {
    request,
    async close() {
      if (!isRunning(child)) return;
      if (fault === undefined) {
        const bye = request({ id: 'shutdown', op: 'shutdown', params: {} }).catch(() => {});
        await within(END_TIMEOUT_MS, [bye]).catch(() => {});
      }
      child.stdin.end();
      const over = new Promise<void>((resolve) => child.once('exit', () => resolve()));
      if (isRunning(child)) await within(END_TIMEOUT_MS, [over]).catch(() => child.kill('SIGKILL'));
    },
  };
}

/** The next line that is not blank. */
async function nextAnswer(lines: AsyncGenerator<Line>): Promise<Line> {
  for (;;) {
    const { value, done } = await lines.next();
    // The exit says more; it comes at the same moment.
    if (done) return new Promise<never>(() => {});
    if (value === 'too long' || value.some((byte) => byte > 0x20)) return value;
  }
}

function readAnswer(line: Line): AdapterResponse {
  const value = line === 'too long' ? undefined : tryParse(line);
  if (isResponse(value)) return value;
  throw new Error('the adapter answered with a line that is no answer');
}

function tryParse(line: Uint8Array): unknown {
  try {
    return parseJsonStrict(line);
  } catch {
    return undefined;
  }
}

async function within<T>(timeoutMs: number, waits: readonly Promise<T>[]): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`the adapter did not answer within ${timeoutMs} ms`)), timeoutMs);
  });
  try {
    return await Promise.race([...waits, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Words of a command line: blanks part them, and quotes of either kind keep blanks. Nothing else means anything. */
export function wordsOf(command: string): readonly string[] {
  return [...command.matchAll(/(?:"[^"]*"|'[^']*'|[^\s"'])+/g)].map(([word]) =>
    word.replace(/"([^"]*)"|'([^']*)'/g, (_, double, single) => double ?? single ?? ''),
  );
}
