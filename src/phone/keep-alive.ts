// When to ask whether the peer is alive, and when a session is too old. One timer, set to whichever comes first; the
// rule looks at when something was last heard, so that a timer the host delays only makes it more patient.

import type { Clock } from '../clock.js';

/** Deadlines, in milliseconds; see SessionLimits. */
export interface KeepAliveLimits {
  readonly probeAfterMs: number;
  readonly probeTimeoutMs: number;
  readonly maxSessionAgeMs: number;
}

/** What the session does when a moment has come. */
export interface KeepAliveActions {
  /** Ask the peer something that every peer answers. */
  probe(): void;
  /** Two questions went unanswered. */
  lost(): void;
  /** The session has reached its age. Called once. */
  tooOld(): void;
}

const MAX_UNANSWERED = 2;

/** Watches one session. */
export class KeepAlive {
  readonly #clock: Clock;
  readonly #limits: KeepAliveLimits;
  readonly #actions: KeepAliveActions;
  #oldAtMs: number;
  #heardAtMs: number;
  #askedAtMs = 0;
  #unanswered = 0;
  #cancelTimer: () => void = () => {};
  #stopped = false;

  constructor(clock: Clock, limits: KeepAliveLimits, actions: KeepAliveActions) {
    this.#clock = clock;
    this.#limits = limits;
    this.#actions = actions;
    this.#heardAtMs = clock.now();
    this.#oldAtMs = this.#heardAtMs + limits.maxSessionAgeMs;
    this.#schedule();
  }

  /** Something genuine came from the peer. */
  heard(): void {
    this.#heardAtMs = this.#clock.now();
    this.#unanswered = 0;
  }

  /** Forgets everything. Idempotent. */
  stop(): void {
    this.#stopped = true;
    this.#cancelTimer();
  }

  #schedule(): void {
    const dueAtMs = Math.min(this.#nextProbeAtMs(), this.#oldAtMs);
    this.#cancelTimer = this.#clock.setTimer(() => this.#onTimer(), Math.max(0, dueAtMs - this.#clock.now()));
  }

  #nextProbeAtMs(): number {
    return this.#unanswered > 0
      ? this.#askedAtMs + this.#limits.probeTimeoutMs
      : this.#heardAtMs + this.#limits.probeAfterMs;
  }

  #onTimer(): void {
    if (this.#stopped) return;
    const now = this.#clock.now();
    if (now >= this.#oldAtMs) {
      this.#oldAtMs = Number.POSITIVE_INFINITY;
      this.#actions.tooOld();
    } else if (now >= this.#nextProbeAtMs()) {
      if (this.#unanswered === MAX_UNANSWERED) {
        this.stop();
        return this.#actions.lost();
      }
      this.#unanswered++;
      this.#askedAtMs = now;
      this.#actions.probe();
    }
    if (!this.#stopped) this.#schedule();
  }
}
