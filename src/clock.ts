// Time as an argument: everything that waits takes a `Clock`, so that tests turn the hands themselves.
// Floor 0, beside errors.ts: the transports, the channel and the session all need it. Wall-clock dates are not its job.

/** A source of time and timers. */
export interface Clock {
  /** Milliseconds since some fixed moment; never runs backwards. Only differences mean anything. */
  now(): number;

  /**
   * Calls back once, after a delay.
   *
   * @param callback Called from the host's event loop, never during this call; must not throw.
   * @param delayMs 0 to 2,147,483,647; more is taken as that (24.8 days), since hosts fire longer timers at once.
   * @returns Cancels the timer; calling it late or twice does nothing.
   */
  setTimer(callback: () => void, delayMs: number): () => void;
}

const MAX_DELAY_MS = 2_147_483_647;

/** The host's own clock: `performance.now` and `setTimeout`, looked up at each call. */
export const systemClock: Clock = {
  now: () => performance.now(),
  setTimer(callback, delayMs) {
    const timer = setTimeout(callback, Math.min(delayMs, MAX_DELAY_MS));
    return () => clearTimeout(timer);
  },
};
