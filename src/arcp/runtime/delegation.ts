// Delegation (ARCP v1.0, section 14): `agent.delegate` hands a task to an agent. Those that are at home here run it as a job;
// tasks for others go on to the runtime that the host names, and the job follows what comes of them there. Tools hand tasks
// on the same way. The trace goes along, and a count of the runtimes it has gone through, so that no task goes round for ever.

import { onAbort } from '../../abort.js';
import { isObject } from '../../codec/is-object.js';
import type { JsonObject, JsonValue } from '../../codec/json-value.js';
import { ArcpError } from '../errors.js';
import type { MaybePromise } from '../log/contract.js';
import type { ArtifactRef } from '../wire/artifact.js';
import type { EnvelopeFields, Message } from '../wire/envelope.js';
import type { AgentDelegate, DelegationContext } from '../wire/execution.js';
import { type ArtifactId, isArtifactId, isKeyText } from '../wire/ids.js';
import { type CarrierFields, type CommandRunner, type CommandWork, decodeCarried } from './command-work.js';
import type { JobPort, RuntimePort, Service, SessionPort } from './service.js';
import type { ToolContext } from './tool-context.js';
import { ToolResult } from './tools.js';

/** Extension field of the envelope that counts the runtimes a task has gone through: `{ hops }`. */
export const DELEGATION_EXTENSION = 'arcpx.ringline.delegation.v1';

/** A task that came to an agent of this runtime. Its words are a stranger's. */
export interface DelegatedTask {
  readonly target: string;
  readonly task: string;
  /** Who hands it over, by credential. */
  readonly principal: string;
  readonly traceId: string | undefined;
  /** Where the agents share their memory: an artifact, perhaps of another runtime. */
  readonly sharedMemoryRef: ArtifactId | undefined;
  /** Permissions whoever delegates claims to pass on. A claim, not leave: an agent still asks by `requestPermission`. */
  readonly permissionsInherited: readonly string[];
  /** Runtimes it has gone through on its way: 0 where a client began it. */
  readonly hops: number;
}

/** An agent of this runtime. Throws and returns what a tool's handler does. */
export type AgentHandler = (
  task: DelegatedTask,
  context: ToolContext,
) => MaybePromise<JsonValue | ToolResult | undefined>;

/** Something that happens to a task elsewhere. */
interface PeerEvent {
  readonly type: string;
  readonly payload?: unknown;
}

/** A task to send on. */
type OutboundTask = Pick<DelegatedTask, 'target' | 'task' | 'permissionsInherited' | 'sharedMemoryRef' | 'hops'>;

/** A session with another runtime, as delegation uses it: a `ClientSession` is one. */
export interface DelegationPeer {
  delegate(
    target: string,
    task: string,
    context: DelegationContext,
    options: {
      /** Cancels the job there. */
      readonly signal: AbortSignal;
      readonly traceId: string;
      readonly priority: EnvelopeFields['priority'];
      readonly extensions: JsonObject;
    },
  ): {
    readonly result: Promise<{ readonly value?: JsonValue | undefined; readonly ref?: ArtifactRef | undefined }>;
    readonly events?: AsyncIterable<PeerEvent>;
  };
}

/** What a resolver may go by. */
export interface DelegationQuery {
  readonly target: string;
  /** On whose behalf. */
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
   * lease of. Default: none are passed on.
   */
  readonly leases?: { holds(session: SessionPort, permission: string): MaybePromise<boolean> } | undefined;
  /** Runtimes a task may go through: 1 to 64. Default 8. */
  readonly maxHops?: number | undefined;
  /** Tasks of one trace that a principal may have open here: stops loops through runtimes that do not count. Default 64. */
  readonly maxOpenPerTrace?: number | undefined;
}

/** How a tool hands a task on. */
export interface DelegateOptions {
  /** Permissions that the other agent may claim; the session must have a live lease of each. */
  readonly permissionsInherited?: readonly string[] | undefined;
  /** Id of an artifact. */
  readonly sharedMemoryRef?: string | undefined;
  /** Takes the task back; so does the end of the job. */
  readonly signal?: AbortSignal | undefined;
}

/** What came of a task. */
export interface DelegationResult {
  readonly value?: JsonValue | undefined;
  /** An artifact of the other runtime. */
  readonly ref?: ArtifactRef | undefined;
}

/** What tools get: others to hand tasks to. */
export interface DelegateContext {
  /**
   * Hands a task to an agent of another runtime and waits for what comes of it. The job's trace goes along; where it has
   * none, the job's id is the trace.
   *
   * @throws {ArcpError} What the task failed with there; ERR_ARCP_NOT_FOUND: no such agent; ERR_ARCP_PERMISSION_DENIED: a
   *   permission without a live lease; ERR_ARCP_FAILED_PRECONDITION: the task has gone through too many runtimes;
   *   ERR_ARCP_CANCELLED: the job ends.
   * @throws {TypeError} An argument that is none.
   */
  delegate(target: string, task: string, options?: DelegateOptions): Promise<DelegationResult>;
}

/** The service of delegation. */
export interface DelegationService extends Service<'agent.delegate'> {
  /** For `scheduleService`, so that delegation can be scheduled. */
  readonly command: CommandRunner;
}

/** Names and permissions: how long, in UTF-16 units, and how many. */
const MAX_TARGET_CHARS = 1_024;
const MAX_PERMISSIONS = 64;

/**
 * Makes the service of delegation.
 *
 * @throws {RangeError} a limit that is none.
 */
export function delegationService(options: DelegationOptions = {}): DelegationService {
  const delegation = new Delegation(options);
  return {
    handles: { 'agent.delegate': (session, message) => delegation.receive(session, message) },
    attach: (runtime) => delegation.attach(runtime),
    context: (job): DelegateContext => ({
      delegate: (target, task, rest) => delegation.delegate(job, target, task, rest),
    }),
    onJobEnd: (job) => delegation.jobEnded(job),
    command: {
      type: 'agent.delegate',
      prepare: (session, payload, message) =>
        delegation.prepare(session, decodeCarried('agent.delegate', payload), message),
    },
  };
}

class Delegation {
  readonly #agents: ReadonlyMap<string, AgentHandler>;
  readonly #options: DelegationOptions;
  readonly #maxHops: number;
  readonly #maxOpenPerTrace: number;
  /** Hops of the jobs that tasks run as. */
  readonly #hops = new WeakMap<JobPort, number>();
  /** Open tasks by principal and trace, and which of them a job is. */
  readonly #open = new Map<string, number>();
  readonly #traceOf = new Map<string, string>();
  #runtime!: RuntimePort;

  constructor(options: DelegationOptions) {
    const { agents = {}, maxHops = 8, maxOpenPerTrace = 64 } = options;
    if (!Number.isSafeInteger(maxHops) || maxHops < 1 || maxHops > 64) {
      throw new RangeError(`maxHops must be an integer from 1 to 64, not ${maxHops}`);
    }
    if (!Number.isSafeInteger(maxOpenPerTrace) || maxOpenPerTrace < 1) {
      throw new RangeError(`maxOpenPerTrace must be an integer of 1 or more, not ${maxOpenPerTrace}`);
    }
    this.#options = options;
    this.#agents = new Map(Object.entries(agents));
    this.#maxHops = maxHops;
    this.#maxOpenPerTrace = maxOpenPerTrace;
  }

  attach(runtime: RuntimePort): void {
    this.#runtime = runtime;
  }

  /** @throws {ArcpError} */
  receive(session: SessionPort, message: Message<'agent.delegate'>): void | Promise<void> {
    const { id: invokeId, priority, payload } = message;
    const traceId = traceOf(payload, message);
    const work = this.prepare(session, payload, message);
    return this.#runtime.jobs.startOnce(session, message, () => {
      const jobId = this.#runtime.ids.job();
      if (traceId !== undefined) this.#count(`${session.principal.length}:${session.principal}${traceId}`, jobId);
      return { ...work, jobId, invokeId, traceId, priority };
    });
  }

  /** Judges a task. @throws {ArcpError} */
  prepare(session: SessionPort, payload: AgentDelegate, message: CarrierFields): CommandWork {
    const task = this.#taskOf(session, payload, message);
    const agent = this.#agents.get(task.target);
    if (agent === undefined && this.#options.resolve === undefined) throw new ArcpError('NOT_FOUND', 'no such agent');
    return {
      tool: task.target,
      arguments: null,
      run: (job, context) => {
        this.#hops.set(job, task.hops);
        return agent === undefined ? this.#forward(job, task, context) : agent(task, context);
      },
    };
  }

  async delegate(job: JobPort, target: string, task: string, options: DelegateOptions = {}): Promise<DelegationResult> {
    if (typeof target !== 'string' || target === '') throw new TypeError('target must name an agent');
    if (typeof task !== 'string') throw new TypeError('task must be a string');
    const { permissionsInherited = [], sharedMemoryRef, signal } = options;
    if (sharedMemoryRef !== undefined && !isArtifactId(sharedMemoryRef)) {
      throw new TypeError('sharedMemoryRef must be the id of an artifact');
    }
    signal?.throwIfAborted();
    const hops = this.#hops.get(job) ?? 0;
    return this.#send(job, { target, task, permissionsInherited, sharedMemoryRef, hops }, signal);
  }

  jobEnded({ id }: JobPort): void {
    const key = this.#traceOf.get(id);
    if (key === undefined) return;
    this.#traceOf.delete(id);
    const left = (this.#open.get(key) ?? 0) - 1;
    if (left > 0) this.#open.set(key, left);
    else this.#open.delete(key);
  }

  async #forward(job: JobPort, task: DelegatedTask, { progress }: ToolContext): Promise<ToolResult> {
    const { value, ref } = await this.#send(job, task, undefined, (event) => {
      if (event.type !== 'job.progress' || !isObject(event.payload)) return;
      const { percent, message } = event.payload;
      const isPercent = typeof percent === 'number' && percent >= 0 && percent <= 100;
      progress(isPercent ? percent : undefined, typeof message === 'string' ? message : undefined);
    });
    return new ToolResult(value, ref);
  }

  async #send(
    job: JobPort,
    task: OutboundTask,
    signal: AbortSignal | undefined,
    onEvent?: (event: PeerEvent) => void,
  ): Promise<DelegationResult> {
    const { resolve } = this.#options;
    if (resolve === undefined) throw new ArcpError('UNIMPLEMENTED', 'this runtime delegates nothing');
    if (task.hops >= this.#maxHops)
      throw new ArcpError('FAILED_PRECONDITION', 'the task has gone through too many runtimes');
    await this.#checkLeases(job.session, task.permissionsInherited);
    const { aborts, release } = firstOf(job.signal, signal);
    try {
      return await this.#sendTo(resolve, job, task, aborts, onEvent);
    } finally {
      release();
    }
  }

  async #sendTo(
    resolve: NonNullable<DelegationOptions['resolve']>,
    job: JobPort,
    { target, task, permissionsInherited, sharedMemoryRef, hops }: OutboundTask,
    signal: AbortSignal,
    onEvent: ((event: PeerEvent) => void) | undefined,
  ): Promise<DelegationResult> {
    signal.throwIfAborted();
    const peer = await resolve({ target, principal: job.session.principal, signal });
    signal.throwIfAborted();
    if (peer === undefined) throw new ArcpError('NOT_FOUND', 'no such agent');
    const traceId = job.traceId ?? job.id;
    const context: DelegationContext = {
      trace_id: traceId,
      ...(sharedMemoryRef === undefined ? undefined : { shared_memory_ref: sharedMemoryRef }),
      ...(permissionsInherited.length === 0 ? undefined : { permissions_inherited: permissionsInherited }),
    };
    const { result, events } = peer.delegate(target, task, context, {
      signal,
      traceId,
      priority: job.priority,
      extensions: { [DELEGATION_EXTENSION]: { hops: hops + 1 } },
    });
    if (onEvent !== undefined && events !== undefined) {
      follow(events, onEvent).catch((error: unknown) => this.#runtime.report(error, 'delegation'));
    }
    const { value, ref } = await result;
    return { value, ref };
  }

  /** @throws {ArcpError} */
  #taskOf(session: SessionPort, payload: AgentDelegate, message: CarrierFields): DelegatedTask {
    const { target, task, context = {} } = payload;
    const { shared_memory_ref, permissions_inherited = [] } = context;
    if (target.length > MAX_TARGET_CHARS) throw invalid('target', `must have at most ${MAX_TARGET_CHARS} characters`);
    if (permissions_inherited.length > MAX_PERMISSIONS) {
      throw invalid('context.permissions_inherited', `must be at most ${MAX_PERMISSIONS}`);
    }
    if (shared_memory_ref !== undefined && !isArtifactId(shared_memory_ref)) {
      throw invalid('context.shared_memory_ref', 'must be the id of an artifact');
    }
    const hops = hopsOf(message);
    if (hops > this.#maxHops) throw new ArcpError('FAILED_PRECONDITION', 'the task has gone through too many runtimes');
    return {
      target,
      task,
      principal: session.principal,
      traceId: traceOf(payload, message),
      sharedMemoryRef: shared_memory_ref,
      permissionsInherited: permissions_inherited,
      hops,
    };
  }

  /** @throws {ArcpError} ERR_ARCP_PERMISSION_DENIED */
  async #checkLeases(session: SessionPort, permissions: readonly string[]): Promise<void> {
    for (const permission of permissions) {
      if ((await this.#options.leases?.holds(session, permission)) === true) continue;
      throw new ArcpError('PERMISSION_DENIED', 'there is no live lease of a permission to pass on');
    }
  }

  /** @throws {ArcpError} ERR_ARCP_RESOURCE_EXHAUSTED */
  #count(key: string, jobId: string): void {
    const open = this.#open.get(key) ?? 0;
    if (open >= this.#maxOpenPerTrace) throw new ArcpError('RESOURCE_EXHAUSTED', 'too many open tasks of one trace');
    this.#open.set(key, open + 1);
    this.#traceOf.set(jobId, key);
  }
}

/** A signal that aborts with the first of two. */
function firstOf(
  one: AbortSignal,
  other: AbortSignal | undefined,
): { readonly aborts: AbortSignal; readonly release: () => void } {
  if (other === undefined) return { aborts: one, release: () => {} };
  const controller = new AbortController();
  const stops = [one, other].map((signal) => onAbort(signal, (reason) => controller.abort(reason)));
  const aborted = [one, other].find((signal) => signal.aborted);
  if (aborted !== undefined) controller.abort(aborted.reason);
  const release = () => {
    for (const stop of stops) stop();
  };
  return { aborts: controller.signal, release };
}

async function follow<Event>(events: AsyncIterable<Event>, onEvent: (event: Event) => void): Promise<void> {
  for await (const event of events) onEvent(event);
}

/** The trace a task belongs to: its own word before the envelope's. @throws {ArcpError} ERR_ARCP_INVALID_ARGUMENT */
function traceOf({ context }: AgentDelegate, { trace_id }: CarrierFields): string | undefined {
  const own = context?.trace_id;
  if (own === undefined) return trace_id;
  if (!isKeyText(own)) throw invalid('context.trace_id', 'must be a text of 1 to 1,024 characters');
  return own;
}

/** @throws {ArcpError} ERR_ARCP_INVALID_ARGUMENT */
function hopsOf({ extensions }: CarrierFields): number {
  const field = extensions?.[DELEGATION_EXTENSION];
  if (field === undefined) return 0;
  const hops = isObject(field) ? field.hops : undefined;
  if (typeof hops === 'number' && Number.isSafeInteger(hops) && hops >= 0) return hops;
  const details = { path: `extensions.${DELEGATION_EXTENSION}`, issue: 'must count hops' };
  throw new ArcpError('INVALID_ARGUMENT', `${details.path} ${details.issue}`, { details });
}

function invalid(path: string, issue: string): ArcpError {
  const details = { path: `payload.${path}`, issue };
  return new ArcpError('INVALID_ARGUMENT', `${details.path} ${issue}`, { details });
}
