// Starting jobs on behalf of services, and doing by command what is to be done once. ARCP v1.0, section 6.4.

import type { JsonValue } from '../../../codec/json-value.js';
import { ArcpError } from '../../errors.js';
import type { JobId } from '../../wire/ids.js';
import type { Core } from '../core.js';
import type { Command, JobRequest, JobStarter, SessionPort } from '../service.js';
import type { Session } from '../sessions/session.js';
import { Intents } from './idempotency.js';

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

/** As `RuntimePort.once`. */
export async function doOnce(
  { intents, write }: Pick<Core, 'intents' | 'write'>,
  principal: string,
  { type, key, body }: { readonly type: string; readonly key: string; readonly body: JsonValue },
  work: () => Promise<string>,
): Promise<string> {
  const scope = Intents.scope(principal, key);
  const print = await Intents.print(type, body);
  let outcome = '';
  await intents.inTurn(scope, async (known) => {
    if (known !== undefined && (known.print !== print || known.outcome === undefined)) {
      throw new ArcpError('ALREADY_EXISTS', 'the idempotency key was used for something else');
    }
    if (known === undefined && !intents.hasRoom(principal)) {
      throw new ArcpError('RESOURCE_EXHAUSTED', 'the principal has used too many keys');
    }
    outcome = known?.outcome ?? (await work());
    if (known === undefined) write([intents.done(scope, print, outcome)]);
  });
  return outcome;
}
