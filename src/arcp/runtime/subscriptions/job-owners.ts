// Whose a job is that somebody names: a client may put any id on its envelopes. What is unknown belongs to nobody.

import type { MaybePromise } from '../../log/contract.js';
import { KnownAnswers } from '../known-answers.js';
import type { RuntimePort, SessionPort } from '../service.js';

/** Looks up whose jobs are. */
export class JobOwners {
  readonly #runtime: RuntimePort;
  /** No answer goes stale: ids are minted here, and a job never changes hands. */
  readonly #known = new KnownAnswers();

  constructor(runtime: RuntimePort) {
    this.#runtime = runtime;
  }

  /** Whether a job is or was of a session's principal. Answers at once for jobs that run in the session. */
  isOfSession(session: Pick<SessionPort, 'principal' | 'job'>, jobId: string): MaybePromise<boolean> {
    return session.job(jobId) !== undefined || this.isOf(session.principal, jobId);
  }

  /** Whether a job is or was of a principal. */
  isOf(principal: string, jobId: string): MaybePromise<boolean> {
    const key = `${principal.length} ${principal}${jobId}`;
    return this.#known.ask(key, () => this.#look(principal, jobId));
  }

  #look(principal: string, jobId: string): MaybePromise<boolean> {
    // Only what the runtime says of a job proves anything: what comes in may name any.
    const said = this.#runtime.log.read({ after: 0, limit: 1, principal, jobIds: [jobId], direction: 'out' });
    const judge = (count: number): MaybePromise<boolean> => {
      if (count > 0) return true;
      const owner = this.#runtime.ownerOfJob(jobId);
      return owner instanceof Promise
        ? owner.then((found) => found?.principal === principal)
        : owner?.principal === principal;
    };
    return said instanceof Promise ? said.then(({ length }) => judge(length)) : judge(said.length);
  }
}
