// A runtime of `arcp serve` on loopback, and commands against it, in one process.

import { run } from '../../src/cli/run.js';
import { MemoryIo } from './memory-io.js';

export const TOKEN = 'a-token-that-is-long-enough';

/** One run of the command line. */
export async function ran(words: readonly string[], io = new MemoryIo()) {
  const code = await run(words, io);
  return { code, lines: io.lines, err: io.errText };
}

/** A runtime that is being served. */
export interface Served {
  readonly url: string;
  readonly io: MemoryIo;
  /** Presses Ctrl-C. @returns its exit code. */
  stop(): Promise<number>;
}

/** Serves on a free port. */
export async function serveArcp(words: readonly string[] = [], io = new MemoryIo()): Promise<Served> {
  const ended = run(['arcp', 'serve', '--port', '0', '--json', ...words], io);
  const first = await Promise.race([io.firstLine(), ended.then(() => undefined)]);
  if (first === undefined) throw new Error(`it does not serve: ${io.errText}`);
  return {
    url: JSON.parse(first).url,
    io,
    stop() {
      io.stop();
      return ended;
    },
  };
}

/** Settles once some text of a run's satisfies. */
export function until(io: MemoryIo, isThere: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const look = () => isThere() && resolve();
    io.onOut = look;
    io.onErr = look;
    look();
  });
}

/** The types of envelopes that lines are. */
export function typesOf(lines: readonly string[]): string[] {
  return lines.map((line) => JSON.parse(line).type);
}
