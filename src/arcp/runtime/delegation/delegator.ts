// What becomes of delegated tasks, for `delegation.ts`: those of agents here run, the others go on to another runtime.

import { unlessAborted } from '../../../unless-aborted.js';
import { ArcpError } from '../../errors.js';
import type { Message } from '../../wire/envelope.js';
import type { AgentDelegate, DelegationContext } from '../../wire/execution.js';
import { isArtifactId } from '../../wire/ids.js';
import { type CarrierFields, type CommandWork, insideCarrier } from '../command-work.js';
import { pacedProgress } from '../paced-progress.js';
import type { JobPort, RuntimePort, SessionPort } from '../service.js';
import type { ToolContext } from '../tool-context.js';
import { ToolResult } from '../tools.js';
import type { AgentHandler, DelegateOptions, DelegationOptions } from './delegation.js';
import { boundedSignal, type DelegationPeer, type DelegationResult, followTask } from './delegation-peer.js';
import {
  type DelegatedTask,
  HOPS_EXTENSION,
  MAX_PERMISSION_CHARS,
  MAX_PERMISSIONS,
  MAX_TARGET_CHARS,
  readTask,
  tooFar,
} from './delegation-task.js';
import { OpenTasks } from './open-tasks.js';

/** A task to send on. */
type OutboundTask = Omit<DelegatedTask, 'principal'>;

/** Options, resolved. */
export interface DelegatorOptions extends Pick<DelegationOptions, 'resolve' | 'leases'> {
  readonly agents: ReadonlyMap<string, AgentHandler>;
  readonly maxHops: number;
  readonly maxOpenPerTrace: number;
  readonly maxOpenPerJob: number;
  readonly maxTaskMs: number;
}

/** The tasks of a runtime. */
export class Delegator {
  readonly #options: DelegatorOptions;
  /** The tasks that jobs run. */
  readonly #tasks = new WeakMap<JobPort, DelegatedTask>();
  readonly #open: OpenTasks;
  #runtime!: RuntimePort;

  constructor(options: DelegatorOptions) {
    this.#options = options;
    this.#open = new OpenTasks(options.maxOpenPerTrace, options.maxOpenPerJob);
  }

  /** @throws {TypeError} A runtime has it already. */
  attach(runtime: RuntimePort): void {
    if (this.#runtime !== undefined) throw new TypeError('a service is mounted in one runtime only');
    this.#runtime = runtime;
  }

  /** @throws {ArcpError} */
  receive(session: SessionPort, message: Message<'agent.delegate'>): void | Promise<void> {
    const { id: invokeId, priority, payload } = message;
    return this.#runtime.jobs.startOnce(session, message, () => {
      const task = readTask(session.principal, payload, message, this.#options.maxHops);
      const work = this.#workOf(task);
      const jobId = this.#runtime.ids.job();
      if (task.traceId !== undefined) this.#open.begin(session.principal, task.traceId, jobId);
      return { ...work, jobId, invokeId, traceId: task.traceId, priority };
    });
  }

  /** Judges a task that another command carries. @throws {ArcpError} */
  prepare(session: SessionPort, payload: AgentDelegate, message: CarrierFields): CommandWork {
    const { maxHops } = this.#options;
    return this.#workOf(insideCarrier(() => readTask(session.principal, payload, message, maxHops)));
  }

  /** Hands a task of a tool on. @throws {TypeError | ArcpError} */
  async delegate(job: JobPort, target: string, task: string, options: DelegateOptions = {}): Promise<DelegationResult> {
    if (typeof target !== 'string' || target === '' || target.length > MAX_TARGET_CHARS) {
      throw new TypeError(`target must name an agent, in at most ${MAX_TARGET_CHARS} characters`);
    }
    if (typeof task !== 'string') throw new TypeError('task must be a string');
    const { permissionsInherited = [], sharedMemoryRef, signal } = options;
    if (!arePermissions(permissionsInherited)) {
      throw new TypeError(`permissionsInherited must be at most ${MAX_PERMISSIONS} names`);
    }
    if (sharedMemoryRef !== undefined && !isArtifactId(sharedMemoryRef)) {
      throw new TypeError('sharedMemoryRef must be the id of an artifact');
    }
    signal?.throwIfAborted();
    const { hops = 0, traceId } = this.#tasks.get(job) ?? {};
    return this.#send(job, { target, task, permissionsInherited, sharedMemoryRef, hops, traceId }, signal);
  }

  jobEnded({ id }: JobPort): void {
    this.#open.end(id);
  }

  #workOf(task: DelegatedTask): CommandWork {
    const agent = this.#options.agents.get(task.target);
    if (agent === undefined && this.#options.resolve === undefined) throw noAgent();
    return {
      tool: task.target,
      arguments: null,
      run: (job, context) => {
        this.#tasks.set(job, task);
        // One that was scheduled is open from now on.
        if (task.traceId !== undefined) this.#open.begin(task.principal, task.traceId, job.id);
        return agent === undefined ? this.#forward(job, task, context) : agent(task, context);
      },
    };
  }

  async #forward(job: JobPort, task: DelegatedTask, { progress }: ToolContext): Promise<ToolResult> {
    try {
      const { value, ref } = await this.#send(job, task, undefined, pacedProgress(progress, this.#runtime.clock));
      return new ToolResult(value, ref);
    } catch (error) {
      // What is cancelled there is cancelled here.
      if (error instanceof ArcpError && error.wireCode === 'CANCELLED' && !job.signal.aborted)
        job.cancel(error.message);
      throw error;
    }
  }

  async #send(
    job: JobPort,
    task: OutboundTask,
    signal: AbortSignal | undefined,
    onProgress?: (percent: unknown, message: unknown) => void,
  ): Promise<DelegationResult> {
    if (this.#options.resolve === undefined) throw new ArcpError('UNIMPLEMENTED', 'this runtime delegates nothing');
    if (task.hops >= this.#options.maxHops) throw tooFar();
    const uncount = this.#open.send(job);
    const bounded = boundedSignal(this.#runtime, [job.signal, signal], this.#options.maxTaskMs);
    try {
      await this.#checkLeases(job.session, task.permissionsInherited);
      const peer = await this.#peerOf(job.session, task.target, bounded.signal);
      // A lease that was taken back while the other runtime was looked up does not travel.
      await this.#checkLeases(job.session, task.permissionsInherited);
      bounded.signal.throwIfAborted();
      const send = () => handOver(peer, job, task, bounded.signal);
      return await followTask(this.#runtime, bounded.signal, send, onProgress);
    } finally {
      bounded.release();
      uncount();
    }
  }

  /** @throws {ArcpError} ERR_ARCP_NOT_FOUND @throws The signal's reason; what the resolver throws. */
  async #peerOf({ principal }: SessionPort, target: string, signal: AbortSignal): Promise<DelegationPeer> {
    signal.throwIfAborted();
    const found = Promise.resolve(this.#options.resolve?.({ target, principal, signal }));
    const peer = await unlessAborted(signal, found);
    if (peer === undefined) throw noAgent();
    return peer;
  }

  /** @throws {ArcpError} ERR_ARCP_PERMISSION_DENIED */
  async #checkLeases(session: SessionPort, permissions: readonly string[]): Promise<void> {
    for (const permission of permissions) {
      if ((await this.#options.leases?.holds(session, permission)) === true) continue;
      throw new ArcpError('PERMISSION_DENIED', 'there is no live lease of a permission to pass on');
    }
  }
}

function handOver(
  peer: DelegationPeer,
  job: JobPort,
  { target, task, permissionsInherited, sharedMemoryRef, hops, traceId: own }: OutboundTask,
  signal: AbortSignal,
): ReturnType<DelegationPeer['delegate']> {
  // Of a task that was scheduled it is not the job's, which is that of its schedule.
  const traceId = own ?? job.traceId ?? job.id;
  const context: DelegationContext = {
    trace_id: traceId,
    ...(sharedMemoryRef === undefined ? undefined : { shared_memory_ref: sharedMemoryRef }),
    ...(permissionsInherited.length === 0 ? undefined : { permissions_inherited: permissionsInherited }),
  };
  const extensions = { [HOPS_EXTENSION]: { hops: hops + 1 } };
  return peer.delegate(target, task, context, { signal, traceId, priority: job.priority, extensions });
}

function arePermissions(names: readonly unknown[]): boolean {
  return (
    Array.isArray(names) &&
    names.length <= MAX_PERMISSIONS &&
    names.every((name) => typeof name === 'string' && name.length <= MAX_PERMISSION_CHARS)
  );
}

function noAgent(): ArcpError {
  return new ArcpError('NOT_FOUND', 'no such agent');
}
