// Starting jobs on behalf of services.

import { ArcpError } from '../../errors.js';
import type { JobId } from '../../wire/ids.js';
import type { Core } from '../core.js';
import type { Command, JobRequest, JobStarter, SessionPort } from '../service.js';
import type { Session } from '../sessions/session.js';

/** Starts jobs of sessions that are known by their ports. */
export class SessionJobStarter implements JobStarter {
  readonly #core: Core;
  readonly #find: (sessionId: string) => Session | undefined;

  /** @param find A session that has not ended. */
  constructor(core: Core, find: (sessionId: string) => Session | undefined) {
    this.#core = core;
    this.#find = find;
  }

  start(session: SessionPort, request: JobRequest): JobId {
    return this.#alive(session).jobs.start(request);
  }

  startOnce(session: SessionPort, command: Command, make: () => JobRequest): void | Promise<void> {
    return this.#alive(session).jobs.startOnce(command, make);
  }

  release({ id }: SessionPort, jobId: string, work: Pick<JobRequest, 'arguments' | 'run'>): void {
    this.#find(id)?.jobs.release(jobId, work);
  }

  has(tool: string): boolean {
    return this.#core.tools.get(tool) !== undefined;
  }

  #alive({ id }: SessionPort): Session {
    const session = this.#find(id);
    if (session === undefined || session.isEnding) {
      throw new ArcpError('FAILED_PRECONDITION', 'the session has ended');
    }
    return session;
  }
}
