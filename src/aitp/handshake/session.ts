// Whose turn it is in a handshake (AITP 0.2, section 8.4), the same for both roles. One message at a time, in the order
// they come; a session has a time limit; and it ends for good, in `done` or `failed`.
//
//   input                                          what becomes of the session
//   message that fails before its sender is proved refused; the session waits on: no stranger can end it
//   any failure after that                         failed
//   message of the peer that is out of turn        failed, INVALID_ENVELOPE
//   message after the time limit                   failed, TIMESTAMP_EXPIRED, then and ever after
//   message after the end                          INVALID_ENVELOPE

import { onAbort } from '../../abort.js';
import { unlessAborted } from '../../unless-aborted.js';
import { AitpError, type AitpWireCode } from '../errors.js';
import { type AitpClock, readClock } from '../timestamps.js';

/** Most messages that wait for their turn in one session. A peer sends one and waits for the answer. */
const MAX_WAITING = 8;

/** One turn: what the work of a message may do to the session. */
export interface Turn<State extends string> {
  /** The state the message meets. */
  readonly state: State;
  /** When the turn began, in Unix seconds. */
  readonly nowSec: number;
  /** Aborts when nobody waits for the result any more, or the session was ended from outside. */
  readonly signal: AbortSignal | undefined;

  /** Says that the message is the peer's: any failure from here on ends the session. */
  proved(): void;

  /**
   * Moves on, and starts the time limit anew.
   *
   * @throws {AitpError} the session was ended meanwhile. `signal.reason`, untouched: nobody waits for the result.
   */
  next(state: State | 'done'): void;
}

/** The state of one session. */
export class HandshakeSession<State extends string> {
  #state: State | 'done' | 'failed';
  #endCode: AitpWireCode = 'INVALID_ENVELOPE';
  #sinceSec: number | undefined;
  #waiting = 0;
  #tail: Promise<unknown> = Promise.resolve();
  /** Of every message that waits or is worked on: calls it off. */
  readonly #running = new Set<(reason: unknown) => void>();
  readonly #now: AitpClock;
  readonly #timeoutSec: number;
  readonly #forget: () => void;

  /**
   * @param first State to start in. The time limit starts with the first {@link Turn.next}.
   * @param timeoutSec How long the session waits for the next message.
   * @param forget Drops what the session remembers. May be called more than once.
   */
  constructor(first: State, now: AitpClock, timeoutSec: number, forget: () => void) {
    this.#state = first;
    this.#now = now;
    this.#timeoutSec = timeoutSec;
    this.#forget = forget;
  }

  get state(): State | 'done' | 'failed' {
    return this.#state;
  }

  /** First Unix second at which the session no longer takes a message; `undefined` before its first and after its end. */
  get expiresAtSec(): number | undefined {
    return this.#ended || this.#sinceSec === undefined ? undefined : this.#sinceSec + this.#timeoutSec + 1;
  }

  /**
   * Does the work of one message, after that of every message before it.
   *
   * @returns What `work` returns.
   * @throws {AitpError} INVALID_ENVELOPE: the session has ended, also while this waits; or too many messages wait.
   *   TIMESTAMP_EXPIRED: it has run out of time.
   * @throws What `work` throws, untouched. `signal.reason`, untouched.
   */
  take<T>(work: (turn: Turn<State>) => Promise<T>, signal?: AbortSignal): Promise<T> {
    if (this.#waiting >= MAX_WAITING) return Promise.reject(outOfTurn('too many messages wait'));
    const controller = new AbortController();
    const callOff = (reason: unknown) => controller.abort(reason);
    if (signal?.aborted) callOff(signal.reason);
    const removeAbort = onAbort(signal, callOff);
    this.#waiting++;
    this.#running.add(callOff);
    const run = this.#tail
      .then(() => this.#turn(work, controller.signal))
      .finally(() => {
        this.#waiting--;
        this.#running.delete(callOff);
        removeAbort();
      });
    this.#tail = run.catch(() => {});
    return unlessAborted(controller.signal, run);
  }

  /**
   * Ends the session from outside, also in the middle of a turn: whoever waits is told at once, whatever the work waits
   * for, and its result is dropped. Idempotent.
   */
  abandon(): void {
    const isDone = this.#state === 'done';
    this.#fail();
    // What came to its end in this very moment is not taken back.
    if (isDone) return;
    for (const callOff of [...this.#running]) callOff(this.#endError());
  }

  #fail(code: AitpWireCode = 'INVALID_ENVELOPE'): void {
    if (!this.#ended) {
      this.#state = 'failed';
      this.#endCode = code;
    }
    this.#forget();
  }

  get #ended(): boolean {
    return this.#state === 'done' || this.#state === 'failed';
  }

  async #turn<T>(work: (turn: Turn<State>) => Promise<T>, signal: AbortSignal): Promise<T> {
    signal.throwIfAborted();
    const nowSec = readClock(this.#now);
    this.#checkTime(nowSec);
    this.#checkOpen();
    let proved = false;
    try {
      const result = await work({
        state: this.#state as State,
        nowSec,
        signal,
        proved() {
          proved = true;
        },
        next: (state) => this.#next(state, signal),
      });
      // Ended from outside while the work went on, after its last `next`.
      if (this.#state === 'failed') this.#checkOpen();
      return result;
    } catch (error) {
      if (proved) this.#fail();
      // Again where it had ended before: the work may have laid down something since.
      if (this.#ended) this.#forget();
      throw error;
    }
  }

  #checkTime(nowSec: number): void {
    // A clock that was set back counts as well: it must not keep a session alive.
    if (this.#sinceSec === undefined || Math.abs(nowSec - this.#sinceSec) <= this.#timeoutSec) return;
    this.#fail('TIMESTAMP_EXPIRED');
  }

  #checkOpen(): void {
    if (this.#ended) throw this.#endError();
  }

  #endError(): AitpError {
    return new AitpError(this.#endCode, 'this handshake has ended');
  }

  #next(state: State | 'done', signal: AbortSignal): void {
    signal.throwIfAborted();
    this.#checkOpen();
    this.#sinceSec = readClock(this.#now);
    this.#state = state;
    if (state === 'done') this.#forget();
  }
}

/** The error of a message, or of too many, that is not due. */
export function outOfTurn(what: string): AitpError {
  return new AitpError('INVALID_ENVELOPE', `out of turn: ${what}`);
}
