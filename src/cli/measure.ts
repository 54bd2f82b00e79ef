// What `bench` measures on a session, each for a given time.

import { isSdkError } from '../errors.js';
import type { Session } from '../phone/session.js';

/** How long to measure, and whom to tell. Whoever wants to stop earlier closes the session. */
export interface MeasureOptions {
  readonly durationMs: number;
  /** Told now and then how much of the time has passed, 0 to 1. */
  readonly onProgress: (share: number) => void;
}

/** Calls one after the other. */
export interface Latency {
  readonly callsPerSecond: number;
  readonly medianMs: number;
  readonly p99Ms: number;
}

/** Params of the echo: as small as calls usually are. */
const PARAMS = { a: 1, b: 'hello' };

/** More than any peer can send in the time. */
const ENDLESS = 1_000_000_000;

/** Echoes one by one. */
export async function measureLatency(session: Session, options: MeasureOptions): Promise<Latency> {
  const times: number[] = [];
  const tick = timer(options);
  for (let now = tick(0); now !== undefined; now = tick(times.length)) {
    await session.call('echo', PARAMS);
    times.push(performance.now() - now);
  }
  times.sort((a, b) => a - b);
  const total = times.reduce((sum, time) => sum + time, 0);
  return {
    callsPerSecond: (1000 * times.length) / total,
    medianMs: quantile(times, 0.5),
    p99Ms: quantile(times, 0.99),
  };
}

/** Echoes, so many in flight. @returns Calls a second. */
export async function measureCalls(session: Session, inFlight: number, options: MeasureOptions): Promise<number> {
  const started = performance.now();
  const tick = timer(options);
  let calls = 0;
  const line = async () => {
    while (tick(calls) !== undefined) {
      await session.call('echo', PARAMS);
      calls += 1;
    }
  };
  await Promise.all(Array.from({ length: inFlight }, line));
  return perSecond(calls, started);
}

/** What came through a stream. */
export interface Flow {
  readonly itemsPerSecond: number;
  readonly bytesPerSecond: number;
}

/**
 * A stream, cancelled when the time is over.
 *
 * @returns Nothing when the peer does not offer the method.
 */
export async function measureStream(
  session: Session,
  method: string,
  params: Readonly<Record<string, number>>,
  options: MeasureOptions,
): Promise<Flow | undefined> {
  const started = performance.now();
  const tick = timer(options);
  let items = 0;
  let bytes = 0;
  try {
    for await (const item of session.stream(method, { ...params, n: ENDLESS })) {
      items += 1;
      bytes += typeof item === 'string' ? item.length : JSON.stringify(item).length;
      if (tick(items) === undefined) break;
    }
  } catch (error) {
    if (isSdkError(error) && error.code === 'ERR_RPC_METHOD_NOT_FOUND') return undefined;
    throw error;
  }
  return { itemsPerSecond: perSecond(items, started), bytesPerSecond: perSecond(bytes, started) };
}

/** The value a share of all sorted values is not above; 0 of none. */
export function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(Math.floor(share * sorted.length), sorted.length - 1)] ?? 0;
}

/** Tells the time until it is over, then nothing. At least one round is always had. */
function timer({ durationMs, onProgress }: MeasureOptions): (rounds: number) => number | undefined {
  const started = performance.now();
  return (rounds) => {
    const now = performance.now();
    const share = (now - started) / durationMs;
    onProgress(share);
    return rounds > 0 && share >= 1 ? undefined : now;
  };
}

function perSecond(count: number, started: number): number {
  return (1000 * count) / Math.max(performance.now() - started, 0.001);
}
