// Signs of life of one job: every message of it is one, and heartbeats say how long to wait for the next.

import type { Core } from './core.js';
import { Silence } from './silence.js';

/** Silent intervals after which a heartbeat counts as missed. */
const MISSED_BEATS = 2;

/** Shortest interval that is gone by, in milliseconds: nobody is to keep us busy with timers. */
const MIN_INTERVAL_MS = 1_000;

/** Watches one job. */
export class Pulse {
  readonly #core: Core;
  readonly #missed: (silentMs: number) => void;
  #silence: Silence | undefined;

  /** @param missed Called once in each silence, with how long it has been. */
  constructor(core: Core, missed: (silentMs: number) => void) {
    this.#core = core;
    this.#missed = missed;
  }

  /** Watches from now on, where there is an interval to go by. @param deadlineMs What the job says; 0: nothing. */
  watch(deadlineMs = 0): void {
    const { heartbeat_interval_seconds: seconds = 0 } = this.#core.accepted.capabilities;
    const intervalMs = Math.max(deadlineMs, seconds * 1_000);
    if (intervalMs === 0) return;
    const limitMs = Math.max(MIN_INTERVAL_MS, intervalMs);
    if (this.#silence !== undefined) return this.#silence.heard(limitMs);
    this.#silence = new Silence(this.#core.options.clock, limitMs, (times) => {
      if (times === MISSED_BEATS) this.#missed(limitMs * times);
    });
  }

  /** Something came. */
  heard(): void {
    this.#silence?.heard();
  }

  stop(): void {
    this.#silence?.stop();
    this.#silence = undefined;
  }
}
