// Delegation (ARCP v1.0, section 14): `agent.delegate` hands a task to an agent. Those that are at home here run it as a job;
// tasks for others go on to the runtime that the host names, and the job follows what comes of them there. Tools hand tasks
// on the same way. The trace goes along, and a count of the runtimes it has gone through, so that no task goes round for ever.

import { assertInteger } from '../../../bytes/assert.js';
import type { JsonValue } from '../../../codec/json-value.js';
import type { MaybePromise } from '../../log/contract.js';
import { type CommandRunner, decodeCarried } from '../command-work.js';
import type { Service, SessionPort } from '../service.js';
import type { ToolContext } from '../tool-context.js';
import type { ToolResult } from '../tools.js';
import type { DelegationPeer, DelegationResult } from './delegation-peer.js';
import { type DelegatedTask, HOPS_EXTENSION } from './delegation-task.js';
import { Delegator } from './delegator.js';

export type { DelegationPeer, DelegationResult } from './delegation-peer.js';
export type { DelegatedTask } from './delegation-task.js';

/** Extension field of the envelope that counts the runtimes a task has gone through: `{ hops }`. */
export const DELEGATION_EXTENSION = HOPS_EXTENSION;

/** An agent of this runtime. Throws and returns what a tool's handler does. */
export type AgentHandler = (
  task: DelegatedTask,
  context: ToolContext,
) => MaybePromise<JsonValue | ToolResult | undefined>;

/** What a resolver may go by. */
export interface DelegationQuery {
  readonly target: string;
  /**
   * On whose behalf. The other runtime only sees the principal of the session that the resolver names: one session for all
   * gives all of them what that principal may do there.
   */
  readonly principal: string;
  /** Aborts when nobody waits any more. */
  readonly signal: AbortSignal;
}

/** Options of {@link delegationService}. */
export interface DelegationOptions {
  /** Agents that are at home here, by the target that names them. */
  readonly agents?: Readonly<Record<string, AgentHandler>> | undefined;
  /**
   * Finds the runtime where an agent is at home; `undefined`: there is none. Whoever may open a session here may have it
   * called with any target: look targets up, do not dial them. Throw an `ArcpError` to refuse.
   */
  readonly resolve?: ((query: DelegationQuery) => MaybePromise<DelegationPeer | undefined>) | undefined;
  /**
   * Where the leases are, such as the permission service: a task passes on only permissions that the session has a live
   * lease of, when it is asked and when it leaves. Default: none are passed on.
   */
  readonly leases?: { holds(session: SessionPort, permission: string): MaybePromise<boolean> } | undefined;
  /** Runtimes a task may go through: 1 to 64. Default 8. */
  readonly maxHops?: number | undefined;
  /** Tasks of one trace that a principal may have open here: stops loops through runtimes that do not count. Default 64. */
  readonly maxOpenPerTrace?: number | undefined;
  /** Tasks that one job may have open elsewhere; one more is RESOURCE_EXHAUSTED. Default 64. */
  readonly maxOpenPerJob?: number | undefined;
  /**
   * How long a task may take elsewhere, in milliseconds, from 1 to 2,147,483,647: then it is taken back and fails with
   * DEADLINE_EXCEEDED. Default 86,400,000 (a day).
   */
  readonly maxTaskMs?: number | undefined;
}

/** How a tool hands a task on. */
export interface DelegateOptions {
  /** Permissions that the other agent may claim; the session must have a live lease of each. None go along unasked. */
  readonly permissionsInherited?: readonly string[] | undefined;
  /** Id of an artifact. */
  readonly sharedMemoryRef?: string | undefined;
  /** Takes the task back; so does the end of the job. */
  readonly signal?: AbortSignal | undefined;
}

/** What tools get: others to hand tasks to. */
export interface DelegateContext {
  /**
   * Hands a task to an agent of another runtime and waits for what comes of it. The job's trace goes along; where it has
   * none, the job's id is the trace.
   *
   * @throws {ArcpError} What the task failed with there, CANCELLED where it was cancelled there; ERR_ARCP_NOT_FOUND: no such
   *   agent; ERR_ARCP_PERMISSION_DENIED: a permission without a live lease; ERR_ARCP_FAILED_PRECONDITION: the task has gone
   *   through too many runtimes; ERR_ARCP_RESOURCE_EXHAUSTED: the job has too many open; ERR_ARCP_DEADLINE_EXCEEDED: it took
   *   too long; ERR_ARCP_CANCELLED: the job ends.
   * @throws {TypeError} An argument that is none.
   */
  delegate(target: string, task: string, options?: DelegateOptions): Promise<DelegationResult>;
}

/** The service of delegation. */
export interface DelegationService extends Service<'agent.delegate'> {
  /** For `scheduleService`, so that delegation can be scheduled. */
  readonly command: CommandRunner;
}

/**
 * Makes the service of delegation.
 *
 * @throws {RangeError} a limit that is none.
 * @throws {TypeError} an agent that is no function.
 */
export function delegationService(options: DelegationOptions = {}): DelegationService {
  const { agents = {}, maxHops = 8, maxOpenPerTrace = 64, maxOpenPerJob = 64, maxTaskMs = 86_400_000 } = options;
  assertInteger(maxHops, 'maxHops', 1, 64);
  assertInteger(maxOpenPerTrace, 'maxOpenPerTrace', 1);
  assertInteger(maxOpenPerJob, 'maxOpenPerJob', 1);
  assertInteger(maxTaskMs, 'maxTaskMs', 1, 2_147_483_647);
  for (const [target, agent] of Object.entries(agents)) {
    if (typeof agent !== 'function') throw new TypeError(`agent ${target} must be a function`);
  }
  const { resolve, leases } = options;
  const delegator = new Delegator({
    agents: new Map(Object.entries(agents)),
    resolve,
    leases,
    maxHops,
    maxOpenPerTrace,
    maxOpenPerJob,
    maxTaskMs,
  });
  return {
    handles: { 'agent.delegate': (session, message) => delegator.receive(session, message) },
    attach: (runtime) => delegator.attach(runtime),
    context: (job): DelegateContext => ({
      delegate: (target, task, rest) => delegator.delegate(job, target, task, rest),
    }),
    onJobEnd: (job) => delegator.jobEnded(job),
    command: {
      type: 'agent.delegate',
      prepare: (session, payload, message) =>
        delegator.prepare(session, decodeCarried('agent.delegate', payload), message),
    },
  };
}
