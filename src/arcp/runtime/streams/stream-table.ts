// The streams of all sessions and jobs, by whom they belong to.

import type { JobPort, RuntimePort, SessionPort } from '../service.js';
import { JobStreams } from './job-streams.js';
import { SessionStreams } from './session-streams.js';

/** Who has which streams. */
export class StreamTable {
  #runtime: RuntimePort | undefined;
  readonly #sessions = new Map<string, SessionStreams>();
  readonly #jobs = new Map<string, JobStreams>();

  /** @throws {TypeError} A runtime has it already. */
  attach(runtime: RuntimePort): void {
    if (this.#runtime !== undefined) throw new TypeError('a service is mounted in one runtime only');
    this.#runtime = runtime;
  }

  /** The runtime it is attached to. */
  get runtime(): RuntimePort {
    return this.#runtime as RuntimePort;
  }

  /** Whether any stream is open. */
  get isBusy(): boolean {
    for (const { size } of this.#sessions.values()) if (size > 0) return true;
    return false;
  }

  /** The runtime closes: nothing more is sent, and no timer is left. The streams are the next one's to end. */
  stop(): void {
    for (const { written } of this.#sessions.values()) for (const { writer } of written.values()) writer.limit(0);
  }

  /** The streams of a session; `undefined` where it never had any. */
  find(session: SessionPort): SessionStreams | undefined {
    return this.#sessions.get(session.id);
  }

  /** The streams of a session. */
  ofSession(session: SessionPort): SessionStreams {
    let streams = this.#sessions.get(session.id);
    if (streams === undefined) {
      streams = new SessionStreams();
      // What comes after the end is not kept.
      if (!session.signal.aborted) this.#sessions.set(session.id, streams);
    }
    return streams;
  }

  /** The streams of a job that has not ended. */
  ofJob(job: JobPort): JobStreams {
    let own = this.#jobs.get(job.id);
    if (own === undefined) {
      own = new JobStreams(this.ofSession(job.session).room);
      this.#jobs.set(job.id, own);
    }
    return own;
  }

  /** Forgets a job's. @returns What it had. */
  takeJob(job: JobPort): JobStreams | undefined {
    const own = this.#jobs.get(job.id);
    this.#jobs.delete(job.id);
    return own;
  }

  /** Forgets a session's. @returns What it had. */
  takeSession(session: SessionPort): SessionStreams | undefined {
    const streams = this.#sessions.get(session.id);
    this.#sessions.delete(session.id);
    return streams;
  }
}
