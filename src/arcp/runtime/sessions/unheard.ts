// Commands of a session to which nothing says yes, while they are judged: a client takes them for accepted when the answer to
// a ping behind them comes first, so that answers to pings wait for their refusals.

import type { Clock } from '../../../clock.js';
import type { CoreType } from '../../wire/payloads.js';

/** Commands that are answered where they are refused, and where they are not with nothing that a client counts on. */
const SILENT: ReadonlySet<string> = new Set<CoreType>([
  'interrupt',
  'event.emit',
  'log',
  'metric',
  'trace.span',
  'human.input.response',
  'human.choice.response',
  'human.input.cancelled',
  'permission.grant',
  'permission.deny',
  'stream.open',
  'stream.chunk',
  'stream.close',
  'stream.error',
  'backpressure',
  'unsubscribe',
  'artifact.release',
]);

/** How long a ping waits, in milliseconds: for a store that never answers the client must not think that nobody is there. */
const MAX_WAIT_MS = 5_000;

/** What of a session is judged and may yet be refused. */
export class Unheard {
  readonly #clock: Clock;
  #all: Promise<void> | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Resolves when nothing is judged any more that came before now; `undefined`: nothing is. */
  get before(): Promise<void> | undefined {
    return this.#all;
  }

  /** Something is being judged. @param judged Its refusal was sent, or there is none. Does not reject. */
  add(type: string, judged: Promise<void>): void {
    if (!SILENT.has(type)) return;
    const passed = new Promise<void>((resolve) => {
      const cancelTimer = this.#clock.setTimer(resolve, MAX_WAIT_MS);
      void judged.then(() => {
        cancelTimer();
        resolve();
      });
    });
    const all: Promise<void> = Promise.all([this.#all, passed]).then(() => {
      if (this.#all === all) this.#all = undefined;
    });
    this.#all = all;
  }
}
