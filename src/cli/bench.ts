// `ringline bench`

import { onAbort } from '../abort.js';
import type { Session } from '../phone/session.js';
import type { Args } from './args.js';
import type { Command } from './command.js';
import { dial, peerPositionals } from './dial.js';
import { identityOf, identityOption } from './identity-option.js';
import type { Io } from './io.js';
import { jsonLine } from './json-line.js';
import { type Flow, type Latency, measureCalls, measureLatency, measureStream, quantile } from './measure.js';
import { ProgressBar } from './progress.js';

const CONNECTS = 5;
const IN_FLIGHT = 64;
const BLOB_BYTES = 32_768;
const STEPS = 5;

/** What `--json` prints. A method the peer does not offer is `null`. */
export interface BenchResult {
  readonly url: string;
  readonly did: string;
  /** Median of five, dial and handshake together. */
  readonly connectMs: number;
  readonly echo: Latency;
  readonly echo64: { readonly callsPerSecond: number };
  readonly count: Flow | null;
  readonly blob: Flow | null;
}

/** `ringline bench`: measures an agent. */
export const bench: Command = {
  name: 'bench',
  summary: 'Measures an agent: connecting, echo, streams',
  details: [
    'Needs the method echo of its peer; count and blob, as "ringline serve" has them, are measured where they are offered.',
  ],
  positionals: peerPositionals,
  options: {
    seconds: { value: 'N', help: 'time for each measurement, 1 to 60; default: 2' },
    identity: identityOption,
    json: { help: 'print the figures as one line of JSON' },
  },
  async run(args, io) {
    const durationMs = 1000 * (args.whole('seconds', 1, 60) ?? 2);
    const result = await benchmark(args, io, durationMs);
    await io.out(args.has('json') ? jsonLine(result) : benchTable(result));
    return 0;
  },
};

/** Runs the measurements. */
export async function benchmark(args: Args, io: Io, durationMs: number): Promise<BenchResult> {
  const identity = await identityOf(args, io);
  const bar = new ProgressBar(io);
  const step = (index: number, label: string) => {
    const onProgress = (share: number) => bar.show((index + Math.min(share, 1)) / STEPS, label);
    onProgress(0);
    return { durationMs, onProgress };
  };
  let session: Session | undefined;
  try {
    const connects: number[] = [];
    const { onProgress } = step(0, 'connecting');
    for (let i = 0; i < CONNECTS; i++) {
      await session?.close();
      const started = performance.now();
      session = await dial(args, identity, io);
      connects.push(performance.now() - started);
      onProgress((i + 1) / CONNECTS);
    }
    const open = session as Session;
    // Not as the signal of every call: there are dozens at once.
    onAbort(io.signal, () => void open.close());
    connects.sort((a, b) => a - b);
    return {
      url: args.required('URL'),
      did: open.peer.did,
      connectMs: quantile(connects, 0.5),
      echo: await measureLatency(open, step(1, 'echo, one by one')),
      echo64: { callsPerSecond: await measureCalls(open, IN_FLIGHT, step(2, `echo, ${IN_FLIGHT} in flight`)) },
      count: (await measureStream(open, 'count', {}, step(3, 'stream of numbers'))) ?? null,
      blob: (await measureStream(open, 'blob', { size: BLOB_BYTES }, step(4, 'stream of 32 KiB'))) ?? null,
    };
  } finally {
    bar.clear();
    await session?.close();
  }
}

/** The figures for a person. */
export function benchTable({ connectMs, echo, echo64, count, blob }: BenchResult): string {
  const rows = [
    ['connect', `${decimal(connectMs)} ms`, `median of ${CONNECTS}`],
    [
      'echo, one by one',
      `${whole(echo.callsPerSecond)} calls/s`,
      `median ${decimal(echo.medianMs)} ms, 99 % under ${decimal(echo.p99Ms)} ms`,
    ],
    [`echo, ${IN_FLIGHT} in flight`, `${whole(echo64.callsPerSecond)} calls/s`, ''],
    ['stream of numbers', count === null ? 'not offered' : `${whole(count.itemsPerSecond)} items/s`, ''],
    ['stream of 32 KiB', blob === null ? 'not offered' : `${decimal(blob.bytesPerSecond / 1e6)} MB/s`, ''],
  ] as const;
  return rows
    .map((row) => `${row[0].padEnd(20)}${row[1].padStart(18)}   ${row[2]}`.trimEnd())
    .join('\n')
    .concat('\n');
}

function whole(value: number): string {
  return Math.round(value).toLocaleString('en');
}

function decimal(value: number): string {
  return value.toFixed(value < 10 ? 2 : 1);
}
