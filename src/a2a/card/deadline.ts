// One limit of time for waits that come one after another, so that many of them take no longer than one.

import { onAbort } from '../../abort.js';
import type { Clock } from '../../clock.js';
import { VerifyError } from '../../errors.js';
import { unlessAborted } from '../../unless-aborted.js';

/** Time for all the sources of keys that one verification asks. */
export class SharedDeadline {
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  #endsAtMs: number | undefined;

  /** @param timeoutMs Counted from the first wait. */
  constructor(clock: Clock, timeoutMs: number) {
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
  }

  /**
   * Waits for some work while there is time. Work that begins later still has one turn of the event loop, which is enough
   * for keys that are at hand.
   *
   * @param work Is told by its signal when nobody waits any longer.
   * @throws {VerifyError} ERR_VERIFY_KEY_RETRIEVAL: the time is up.
   * @throws `signal.reason`, untouched.
   */
  async wait<T>(work: (signal: AbortSignal) => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    signal?.throwIfAborted();
    const nowMs = this.#clock.now();
    this.#endsAtMs ??= nowMs + this.#timeoutMs;
    const controller = new AbortController();
    const expire = () => controller.abort(new VerifyError('ERR_VERIFY_KEY_RETRIEVAL', 'the keys did not come in time'));
    const cancelTimer = this.#clock.setTimer(expire, Math.max(0, this.#endsAtMs - nowMs));
    const release = onAbort(signal, (reason) => controller.abort(reason));
    try {
      return await unlessAborted(controller.signal, work(controller.signal));
    } finally {
      cancelTimer();
      release();
    }
  }
}
