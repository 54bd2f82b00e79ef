// The reserved metrics that a runtime knows by itself (ARCP v1.0, section 17), for the clients of the sessions they are of
// and whoever observes those. Mounted by hosts that want them; tools report the others, such as `tokens.used`.

import { encodeUtf8 } from '../../bytes/utf8.js';
import type { JsonObject } from '../../codec/json-value.js';
import type { LoggedEntry } from '../log/contract.js';
import type { RawEnvelope } from '../wire/envelope.js';
import type { MessageId } from '../wire/ids.js';
import { TERMINAL_TYPES } from './jobs/job-states.js';
import type { LatencyPhase } from './reserved-metrics.js';
import type { JobPort, RuntimePort, Service } from './service.js';

const ENDS: ReadonlySet<string> = new Set(TERMINAL_TYPES);

/** Bytes of a session's messages since they were last told. */
interface Traffic {
  in: number;
  out: number;
}

/**
 * Makes the service that reports what the runtime knows of its own work:
 *
 * - `tool.invocations`, 1 for each `tool.invoke`, with the `tool` where there is one of that name;
 * - `latency.ms` of each job, before its end: `queue` until its tool ran, `exec` from then on, and `total`. Of a job that was
 *   accepted before a restart only `exec` is known;
 * - `errors.total`, 1 for each `job.failed` and each `nack`, with its `code`;
 * - `bytes.in` and `bytes.out`, whenever a job has ended: of the session's messages as UTF-8, since they were last told.
 *
 * Those of a job stand under its id; the others are of the session, and `causation_id` names what they are about.
 *
 * @example
 * ```ts
 * createRuntime({ tools, services: [reservedMetrics()] });
 * ```
 */
export function reservedMetrics(): Service {
  const metrics = new Metrics();
  return {
    handles: {},
    attach: (runtime) => metrics.attach(runtime),
    context: (job) => metrics.started(job),
    beforeJobEnd: (job) => metrics.ending(job),
    onSessionEnd: ({ id }) => metrics.forget(id),
    close: () => metrics.stop(),
  };
}

class Metrics {
  #runtime!: RuntimePort;
  #unsubscribe: (() => void) | undefined;
  /** By the clock of the runtime, which no one sets. */
  readonly #acceptedMs = new WeakMap<JobPort, number>();
  readonly #startedMs = new WeakMap<JobPort, number>();
  readonly #traffic = new Map<string, Traffic>();

  attach(runtime: RuntimePort): void {
    if (this.#unsubscribe !== undefined) throw new TypeError('a service is mounted in one runtime only');
    this.#runtime = runtime;
    this.#unsubscribe = runtime.bus.subscribe((entry, envelope) => this.#see(entry, envelope));
  }

  stop(): void {
    this.#unsubscribe?.();
  }

  forget(sessionId: string): void {
    this.#traffic.delete(sessionId);
  }

  /** @returns What tools get of it: nothing. */
  started(job: JobPort): object {
    this.#startedMs.set(job, this.#runtime.clock.now());
    return {};
  }

  ending(job: JobPort): void {
    const nowMs = this.#runtime.clock.now();
    const startedMs = this.#startedMs.get(job);
    // Of every job that this runtime has accepted: none runs before that was published.
    const acceptedMs = this.#acceptedMs.get(job);
    const emit = (phase: LatencyPhase, ms: number) =>
      job.emit('metric', { name: 'latency.ms', value: Math.max(0, Math.round(ms)), unit: 'ms', dims: { phase } });
    if (acceptedMs !== undefined) emit('queue', (startedMs ?? nowMs) - acceptedMs);
    if (startedMs !== undefined) emit('exec', nowMs - startedMs);
    if (acceptedMs !== undefined) emit('total', nowMs - acceptedMs);
  }

  #see(entry: LoggedEntry, envelope: RawEnvelope): void {
    const { direction, type, sessionId } = entry;
    const session = this.#runtime.session(sessionId);
    if (session === undefined || session.signal.aborted) return;
    this.#count(entry);
    if (direction === 'in') {
      if (type === 'tool.invoke') this.#invoked(entry, envelope);
      return;
    }
    if (type === 'job.accepted' && entry.jobId !== undefined) {
      const job = session.job(entry.jobId);
      const { clock, now } = this.#runtime;
      if (job !== undefined && !this.#acceptedMs.has(job)) {
        // Seen once it is kept, which may be some time after it was said.
        this.#acceptedMs.set(job, clock.now() - Math.max(0, now() - entry.atMs));
      }
      return;
    }
    if (type === 'nack' || type === 'job.failed') {
      this.#say(entry, 'errors.total', 1, 'count', { code: envelope.payload.code as string });
    }
    if (ENDS.has(type)) this.#tellTraffic(entry);
  }

  #invoked(entry: LoggedEntry, { payload }: RawEnvelope): void {
    const { tool } = payload;
    // A name that is no tool's is the client's own invention, and of those there are many.
    const dims = typeof tool === 'string' && this.#runtime.jobs.has(tool) ? { tool } : undefined;
    this.#say(entry, 'tool.invocations', 1, 'count', dims);
  }

  #count({ sessionId, direction, text }: LoggedEntry): void {
    const traffic = this.#traffic.get(sessionId) ?? { in: 0, out: 0 };
    traffic[direction] += encodeUtf8(text).length;
    this.#traffic.set(sessionId, traffic);
  }

  #tellTraffic(entry: LoggedEntry): void {
    const traffic = this.#traffic.get(entry.sessionId);
    this.#traffic.delete(entry.sessionId);
    for (const direction of ['in', 'out'] as const) {
      const bytes = traffic?.[direction] ?? 0;
      if (bytes > 0) this.#say(entry, `bytes.${direction}`, bytes, 'bytes');
    }
  }

  /** @param about What it is about. */
  #say(about: LoggedEntry, name: string, value: number, unit: string, dims?: JsonObject): void {
    const fields = { causation_id: about.id as MessageId, trace_id: about.traceId };
    this.#runtime.session(about.sessionId)?.emit('metric', { name, value, unit, dims }, fields);
  }
}
