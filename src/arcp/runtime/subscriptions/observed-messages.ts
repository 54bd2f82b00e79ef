// Messages as observers are told of them: what a client says in the name of a job that is not its principal's is told without
// that name.

import type { LoggedEntry, MaybePromise } from '../../log/contract.js';
import type { RawEnvelope } from '../../wire/envelope.js';
import type { RuntimePort } from '../service.js';
import type { JobOwners } from './job-owners.js';
import { claimedJob, withoutJob } from './observed-entries.js';
import { eventText } from './verbatim.js';

/** A message as an observer may be told of it. */
export interface Observed {
  readonly envelope: RawEnvelope;
  /** Its text, fit for an event; written once however many are told of it. */
  text(): string;
}

/** Finds out how messages are told of. */
export class ObservedMessages {
  readonly #runtime: RuntimePort;
  readonly #jobs: JobOwners;

  constructor(runtime: RuntimePort, jobs: JobOwners) {
    this.#runtime = runtime;
    this.#jobs = jobs;
  }

  /** A message of the log. A promise only where the log has to be asked, and takes its time. */
  of(entry: LoggedEntry, envelope: RawEnvelope): MaybePromise<Observed> {
    const claimed = claimedJob(entry, envelope);
    if (claimed === undefined) return observedOf(entry, envelope, true);
    const session = this.#runtime.session(entry.sessionId);
    const found =
      session === undefined ? this.#jobs.isOf(entry.principal, claimed) : this.#jobs.isOfSession(session, claimed);
    return found instanceof Promise
      ? found.then((isOwn) => observedOf(entry, envelope, isOwn))
      : observedOf(entry, envelope, found);
  }
}

function observedOf(entry: LoggedEntry, envelope: RawEnvelope, isOfJob: boolean): Observed {
  let text: string | undefined;
  return {
    envelope: isOfJob ? envelope : withoutJob(envelope),
    text: () => {
      text ??= eventText(entry, isOfJob);
      return text;
    },
  };
}
