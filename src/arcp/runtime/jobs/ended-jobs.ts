// Which jobs of a session have ended: from memory where that was not long ago, else from the log.

import type { EventLog, MaybePromise } from '../../log/contract.js';
import { KnownAnswers } from '../known-answers.js';
import { TERMINAL_TYPES } from './job-states.js';

/** The jobs of one session that have ended. */
export class EndedJobs {
  readonly #log: EventLog;
  readonly #sessionId: string;
  /** No answer goes stale: ids are minted here, and nobody asks for a job that runs. */
  readonly #known = new KnownAnswers();

  constructor(log: EventLog, sessionId: string) {
    this.#log = log;
    this.#sessionId = sessionId;
  }

  /** A job has ended. */
  add(id: string): void {
    this.#known.keep(id, true);
  }

  /** Whether a job is known, without a look at the log, to have ended. */
  knows(id: string): boolean {
    return this.#known.get(id) === true;
  }

  /** Whether a job that does not run has ended; one that is not of this session has not. */
  has(id: string): MaybePromise<boolean> {
    return this.#known.ask(id, () => {
      // Only what the runtime says of a job proves anything: what comes in may name any.
      const ends = this.#log.read({
        after: 0,
        limit: 1,
        sessionIds: [this.#sessionId],
        jobIds: [id],
        types: TERMINAL_TYPES,
        direction: 'out',
      });
      return ends instanceof Promise ? ends.then(({ length }) => length > 0) : ends.length > 0;
    });
  }
}
