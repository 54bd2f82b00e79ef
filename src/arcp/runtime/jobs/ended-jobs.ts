// Which jobs of a session have ended: from memory where that was not long ago, else from the log.

import type { EventLog, MaybePromise } from '../../log/contract.js';
import { TERMINAL_TYPES } from './job-states.js';

/** Answers that are remembered: without them, a name that stands on many messages would be looked for in all of them. */
const MAX_REMEMBERED = 1_024;

/** The jobs of one session that have ended. */
export class EndedJobs {
  readonly #log: EventLog;
  readonly #sessionId: string;
  /** The oldest first. No answer goes stale: ids are minted here, and nobody asks for a job that runs. */
  readonly #known = new Map<string, boolean>();

  constructor(log: EventLog, sessionId: string) {
    this.#log = log;
    this.#sessionId = sessionId;
  }

  /** A job has ended. */
  add(id: string): void {
    this.#keep(id, true);
  }

  /** Whether a job is known, without a look at the log, to have ended. */
  knows(id: string): boolean {
    return this.#known.get(id) === true;
  }

  /** Whether a job that does not run has ended; one that is not of this session has not. */
  has(id: string): MaybePromise<boolean> {
    const known = this.#known.get(id);
    if (known !== undefined) return known;
    // Only what the runtime says of a job proves anything: what comes in may name any.
    const ends = this.#log.read({
      after: 0,
      limit: 1,
      sessionIds: [this.#sessionId],
      jobIds: [id],
      types: TERMINAL_TYPES,
      direction: 'out',
    });
    return ends instanceof Promise
      ? ends.then(({ length }) => this.#keep(id, length > 0))
      : this.#keep(id, ends.length > 0);
  }

  #keep(id: string, hasEnded: boolean): boolean {
    this.#known.delete(id);
    this.#known.set(id, hasEnded);
    if (this.#known.size > MAX_REMEMBERED) this.#known.delete(this.#known.keys().next().value as string);
    return hasEnded;
  }
}
