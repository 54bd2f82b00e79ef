// `ringline/host/arcp-durable-object`: a runtime of ARCP in a Durable Object, and the Worker before it that picks the object.
// Sessions, jobs and artifacts are in the object's SQLite; its WebSockets stand while it hibernates. ARCP v1.0, section 19.

import type { ArtifactStore } from '../arcp/artifacts/contract.js';
import { sqlArtifacts } from '../arcp/artifacts/sql.js';
import type { Immediate, ImmediateEventLog } from '../arcp/log/contract.js';
import { sqlLog } from '../arcp/log/sql.js';
import { durableObjectSql } from '../arcp/log/sql-drivers.js';
import type { Runtime } from '../arcp/runtime/runtime.js';
import { type Clock, systemClock } from '../clock.js';
import { type ArcpHostOptions, assertArcpHostOptions, judgeArcp } from './arcp-desk.js';
import { ArcpMachine, type ArcpObject, type DurableObjectStateLike } from './arcp-machine.js';
import { refusalResponse, upgradeRequest } from './fetch.js';

export type { DurableObjectStorageLike } from '../arcp/log/sql-drivers.js';
export type { ArcpHostOptions } from './arcp-desk.js';
export type { ArcpObject, DurableObjectStateLike } from './arcp-machine.js';
export type { DurableSocket } from './hibernating-socket.js';

/** Longest name, in characters. */
const MAX_NAME_CHARACTERS = 256;

/** A binding to Durable Objects, as far as it is used. */
export interface ObjectNamespaceLike<Id = unknown> {
  idFromName(name: string): Id;
  get(id: Id): { fetch(request: Request): Promise<Response> };
}

/** What a runtime in a Durable Object has to be made of. */
export interface ArcpObjectParts {
  readonly log: ImmediateEventLog;
  readonly artifacts: Immediate<ArtifactStore>;
  /** Its timers wait while the object hibernates. */
  readonly clock: Clock;
  /** Unix time in milliseconds. */
  readonly now: () => number;
}

/** How the object works. */
export interface ArcpObjectOptions<Env, State = DurableObjectStateLike> extends ArcpHostOptions {
  /**
   * Makes the runtime: `createRuntime({ ...parts, tools, authenticators, services })`. Called each time the object comes up.
   *
   * @param state The object's `ctx`.
   */
  readonly runtime: (parts: ArcpObjectParts, env: Env, state: State) => Runtime;
  /** Source of timers. Default: the host's. */
  readonly clock?: Clock;
  /** Unix time in milliseconds. Default `Date.now`. */
  readonly now?: () => number;
}

/**
 * Makes the class of a Durable Object that serves a runtime of ARCP.
 *
 * One object is one machine: its sessions see one another as far as their principals are the same, and nothing of any other
 * object. While nothing runs it hibernates: connections stand, and their clients notice nothing. While a job runs it stays
 * awake. Schedules and expiries wake it by its alarm, which is its own. Where it is torn down in the middle of its work it
 * comes back within a minute by itself, or with the first client, and takes up what its log has.
 *
 * A subclass may answer other requests and take other WebSockets, but leaves the alarm and the tag `arcp` alone.
 *
 * @throws {TypeError | RangeError} options of the wrong kind or out of range.
 * @example
 * ```ts
 * export class Machine extends arcpDurableObject<Env>({
 *   runtime: (parts, env) =>
 *     createRuntime({ ...parts, tools, authenticators: [bearerTokens({ [env.TOKEN]: 'alice' })] }),
 * }) {}
 *
 * export default {
 *   fetch: (request, env) => routeToArcpObject(request, env.MACHINES, 'alice'),
 * }
 * ```
 */
export function arcpDurableObject<Env = unknown, State extends DurableObjectStateLike = DurableObjectStateLike>(
  options: ArcpObjectOptions<Env, State>,
): new (
  state: State,
  env: Env,
) => ArcpObject {
  if (typeof options?.runtime !== 'function') throw new TypeError('runtime must be a function');
  assertArcpHostOptions(options);
  const { clock = systemClock, now = Date.now } = options;
  return class extends ArcpMachine {
    constructor(state: State, env: Env) {
      const driver = durableObjectSql(state.storage);
      const store = { log: sqlLog(driver), artifacts: sqlArtifacts(driver), now };
      super(state, (sleeping) => options.runtime({ ...store, clock: sleeping }, env, state), {
        ...options,
        ...store,
        clock,
      });
    }
  };
}

/**
 * Hands a request to the object of a name, which is made with its first request. Call it in the `fetch` of a Worker.
 *
 * A request that is no upgrade, or from a page that is not allowed, wakes no object. Give names that you know to be good, of
 * tenants for example: whoever may choose them freely makes as many objects as they like.
 *
 * @param namespace Anew in each request: from `env`.
 * @param name Nothing, or longer than 256 characters: the answer is 404.
 * @param options As those of the object. `maxConnections` counts in the object alone.
 * @returns What the object answers; 503 where it cannot be reached, and the client is to come again.
 * @throws {TypeError | RangeError} options of the wrong kind or out of range.
 */
export async function routeToArcpObject<Id>(
  request: Request,
  namespace: ObjectNamespaceLike<Id>,
  name: string | undefined,
  options: ArcpHostOptions = {},
): Promise<Response> {
  assertArcpHostOptions(options);
  const verdict = judgeArcp(upgradeRequest(request), 0, options);
  if (!verdict.accepted) return refusalResponse(verdict);
  if (name === undefined || name === '' || name.length > MAX_NAME_CHARACTERS) {
    return new Response('there is no such machine\n', { status: 404, headers: { 'content-type': 'text/plain' } });
  }
  try {
    return await namespace.get(namespace.idFromName(name)).fetch(request);
  } catch {
    // Overloaded, or torn down under the request. What it says of itself is nobody's business.
    const headers = { 'content-type': 'text/plain', 'retry-after': '5' };
    return new Response('the machine does not answer\n', { status: 503, headers });
  }
}
