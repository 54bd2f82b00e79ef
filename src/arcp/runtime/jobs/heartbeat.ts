// Heartbeats of jobs (ARCP v1.0, section 10.3): the runtime beats for tools that run inside it, and watches those that must
// show that they live. One timer for all jobs, while there are any.

import type { Clock } from '../../../clock.js';
import { ArcpError } from '../../errors.js';
import type { HeartbeatRecovery } from '../../wire/capabilities.js';
import type { Job } from './job.js';

/** Beats in a row that may be missing. */
const MAX_MISSES = 2;

/** What is known of a tool that is watched. */
interface Watch {
  dueAtMs: number;
  timeoutMs: number;
  misses: number;
  /** Takes the job out of `blocked`, where losing it put it there. */
  unblock: (() => void) | undefined;
}

/** The heartbeats of all running jobs. */
export class Heartbeats {
  readonly #clock: Clock;
  readonly #intervalMs: number;
  readonly #recovery: HeartbeatRecovery;
  /** In order of the next beat: the interval is the same for all. */
  readonly #beating = new Map<Job, number>();
  readonly #watched = new Map<Job, Watch>();
  #cancelTimer: (() => void) | undefined;
  #timerAtMs = 0;

  constructor(clock: Clock, intervalSeconds: number, recovery: HeartbeatRecovery) {
    this.#clock = clock;
    this.#intervalMs = intervalSeconds * 1_000;
    this.#recovery = recovery;
  }

  /** A job has begun to run. */
  start(job: Job, isSupervised: boolean): void {
    const dueAtMs = this.#clock.now() + this.#intervalMs;
    if (isSupervised) {
      this.#watched.set(job, { dueAtMs, timeoutMs: this.#intervalMs, misses: 0, unblock: undefined });
    } else {
      this.#beating.set(job, dueAtMs);
    }
    this.#arm(dueAtMs);
  }

  stop(job: Job): void {
    this.#beating.delete(job);
    this.#watched.delete(job);
    if (this.#beating.size === 0 && this.#watched.size === 0) this.#disarm();
  }

  /** A tool says that it lives. @param deadlineMs How long the next beat may take, where that is more than the interval. */
  beat(job: Job, deadlineMs: number | undefined): void {
    const watch = this.#watched.get(job);
    if (watch !== undefined) {
      watch.misses = 0;
      watch.timeoutMs = Math.max(this.#intervalMs, deadlineMs ?? 0);
      watch.dueAtMs = this.#clock.now() + watch.timeoutMs;
      watch.unblock?.();
      watch.unblock = undefined;
      this.#arm(watch.dueAtMs);
    } else if (this.#beating.delete(job)) {
      this.#beating.set(job, this.#clock.now() + this.#intervalMs);
    }
    emitBeat(job, deadlineMs ?? this.#intervalMs);
  }

  close(): void {
    this.#disarm();
    this.#beating.clear();
    this.#watched.clear();
  }

  #disarm(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }

  #arm(atMs: number): void {
    if (this.#cancelTimer !== undefined) {
      if (this.#timerAtMs <= atMs) return;
      this.#cancelTimer();
    }
    this.#timerAtMs = atMs;
    this.#cancelTimer = this.#clock.setTimer(() => this.#run(), Math.max(0, atMs - this.#clock.now()));
  }

  #run(): void {
    this.#cancelTimer = undefined;
    const nowMs = this.#clock.now();
    for (const [job, dueAtMs] of this.#beating) {
      if (dueAtMs > nowMs) break;
      this.#beating.delete(job);
      this.#beating.set(job, nowMs + this.#intervalMs);
      emitBeat(job, this.#intervalMs);
    }
    for (const [job, watch] of this.#watched) if (watch.dueAtMs <= nowMs) this.#miss(job, watch, nowMs);
    let next = this.#beating.values().next().value ?? Number.POSITIVE_INFINITY;
    for (const { dueAtMs } of this.#watched.values()) next = Math.min(next, dueAtMs);
    if (next !== Number.POSITIVE_INFINITY) this.#arm(next);
  }

  #miss(job: Job, watch: Watch, nowMs: number): void {
    watch.misses++;
    watch.dueAtMs = nowMs + watch.timeoutMs;
    if (watch.misses < MAX_MISSES || watch.unblock !== undefined) return;
    if (this.#recovery === 'fail') {
      job.fail(new ArcpError('HEARTBEAT_LOST', `no heartbeat for ${MAX_MISSES} intervals`));
      return;
    }
    watch.unblock = job.block();
    emitBeat(job, watch.timeoutMs);
  }
}

function emitBeat(job: Job, deadlineMs: number): void {
  job.heartbeats++;
  job.emit('job.heartbeat', { sequence: job.heartbeats, deadline_ms: deadlineMs, state: job.state });
}
