// Removing what has expired from the log, now and then, while there is anybody whose things may expire.

import { ANONYMOUS } from '../authenticator.js';
import type { Core } from '../core.js';

/** How often what has expired is looked for, in milliseconds. */
const SWEEP_MS = 60_000;

/** What it asks of the runtime. */
export interface SweeperEvents {
  /** Whether a session or a connection stands. */
  isInUse(): boolean;
  /** Whether a session stands. */
  hasSession(sessionId: string): boolean;
}

/** The sweeper of a runtime. */
export class Sweeper {
  readonly #core: Core;
  readonly #events: SweeperEvents;
  #cancelTimer: (() => void) | undefined;
  #sweep: Promise<void> | undefined;
  #isClosed = false;

  constructor(core: Core, events: SweeperEvents) {
    this.#core = core;
    this.#events = events;
  }

  /** Looks for what has expired in a while, and again for as long as anybody is there. */
  later(): void {
    if (this.#cancelTimer !== undefined || this.#isClosed) return;
    this.#cancelTimer = this.#core.clock.setTimer(() => {
      this.#cancelTimer = undefined;
      if (this.#events.isInUse()) this.later();
      this.now().catch((error: unknown) => this.#core.report(error, 'sweep'));
    }, SWEEP_MS);
  }

  /** Nobody is there any more: what has expired can wait until somebody is. */
  rest(): void {
    if (this.#events.isInUse()) return;
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }

  close(): void {
    this.#isClosed = true;
    this.#cancelTimer?.();
  }

  /** Looks now. What is found twice would be counted twice: who asks while one looks waits for that. */
  now(): Promise<void> {
    this.#sweep ??= this.#look().finally(() => {
      this.#sweep = undefined;
    });
    return this.#sweep;
  }

  async #look(): Promise<void> {
    const { log, limits, now, intents, checkpoints, journal, write } = this.#core;
    const oldestMs = now() - limits.logRetentionMs;
    await log.prune({ beforeMs: oldestMs });
    const isGone = (principal: string): boolean =>
      principal.startsWith(ANONYMOUS) && !this.#events.hasSession(principal.slice(ANONYMOUS.length));
    await intents.sweep(write, isGone);
    checkpoints.sweep(oldestMs, isGone);
    // The log has what went before once it has this.
    await new Promise<void>((resolve) => journal.write([], { kept: resolve, lost: resolve }));
  }
}
