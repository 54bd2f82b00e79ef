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

  async now(): Promise<void> {
    const { log, limits, now, intents, checkpoints, write } = this.#core;
    const oldestMs = now() - limits.logRetentionMs;
    await log.prune({ beforeMs: oldestMs });
    const isGone = (principal: string): boolean =>
      principal.startsWith(ANONYMOUS) && !this.#events.hasSession(principal.slice(ANONYMOUS.length));
    await intents.sweep(write, isGone);
    checkpoints.sweep(oldestMs, isGone);
  }
}
