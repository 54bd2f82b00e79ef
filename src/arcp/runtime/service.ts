// How the parts of the runtime know one another: ports to a session, a job and the runtime itself, and the shape of a
// service, which answers some of the message types.
//
// A service is made by a function and mounted by its place in a list:
//
//     export interface PromptContext { requestInput(question: InputQuestion): Promise<JsonValue> }
//     export function promptService(options?): Service<'human.input.response' | ...> {
//       return {
//         offers: ['human_input', 'interrupt'],
//         handles: { 'human.input.response': (session, message) => { ... } },
//         context: (job): PromptContext => ({ requestInput: ... }),
//       };
//     }
//     createRuntime({ tools, services: [promptService(), ...] })
//
// `tool-context.ts` puts what tools see together: add your context interface to those that `ToolContext` extends, and the
// names of its members to `SERVICE_MEMBERS`, so that without the service they throw UNIMPLEMENTED. A type that nobody
// handles is answered UNIMPLEMENTED, and a capability that no mounted service offers is never negotiated.

import type { Clock } from '../../clock.js';
import type { JsonValue } from '../../codec/json-value.js';
import type { ArtifactStore } from '../artifacts/contract.js';
import type { ArcpError, WireError } from '../errors.js';
import type { EventLog, LoggedEntry, MaybePromise, RecordWrite } from '../log/contract.js';
import type { Capabilities, CapabilityFlag, Negotiated } from '../wire/capabilities.js';
import type { EnvelopeFields, Message, RawEnvelope } from '../wire/envelope.js';
import type { JobCancelled, JobState, Outcome } from '../wire/execution.js';
import type { IdFactory, JobId, MessageId, SessionId } from '../wire/ids.js';
import type { CoreType, Payloads } from '../wire/payloads.js';
import type { ClientIdentity, RuntimeIdentity } from '../wire/session.js';
import type { RuntimeLimits } from './limits.js';
import type { ToolContext } from './tool-context.js';
import type { ToolResult } from './tools.js';

/** Fields of an envelope that whoever emits a message may set; the rest is filled in. */
export type EmitFields = Partial<Omit<EnvelopeFields, 'arcp' | 'id' | 'timestamp' | 'session_id'>>;

/** Every committed message of every session, in log order. */
export interface Bus {
  /**
   * @param listener Called synchronously after the commit. Must not throw. The `job_id` of a message that came in is what the
   *   client claims.
   * @returns Ends it.
   */
  subscribe(listener: (entry: LoggedEntry, envelope: RawEnvelope) => void): () => void;
}

/** What all parts share. */
export interface RuntimePort {
  readonly clock: Clock;
  /** Unix time in milliseconds. */
  readonly now: () => number;
  readonly ids: IdFactory;
  readonly log: EventLog;
  readonly artifacts: ArtifactStore;
  readonly limits: RuntimeLimits;
  readonly bus: Bus;
  /** Who this runtime says it is. */
  readonly identity: RuntimeIdentity;
  /** Starts jobs on behalf of a service. */
  readonly jobs: JobStarter;
  /** Writes records with the next commit; they are kept no later than the messages emitted after this call. */
  write(records: readonly RecordWrite[]): void;
  /**
   * Does something by command, once for each idempotency key of the session's principal, whatever the command.
   *
   * @param body What the command says: the same key with another body is a conflict.
   * @param work Does it. @returns Name of what came of it.
   * @returns That name, also of the first time.
   * @throws {ArcpError} ERR_ARCP_ALREADY_EXISTS: the key was used for something else. ERR_ARCP_RESOURCE_EXHAUSTED: the
   *   principal has used too many. And what `work` throws: then the key is free.
   */
  once(
    session: SessionPort,
    command: { readonly type: string; readonly key: string; readonly body: JsonValue },
    work: () => Promise<string>,
  ): Promise<string>;
  /** A session that has not ended, connected or not. */
  session(sessionId: string): SessionPort | undefined;
  /** Whether a session belongs to a principal, also one that is not connected. False for sessions nobody knows. */
  ownsSession(principal: string, sessionId: string): MaybePromise<boolean>;
  /** The session that runs or ran a job, and whose it is. */
  ownerOfJob(jobId: string): MaybePromise<JobOwner | undefined>;
  /** Tells the host of a fault of ours, or of a foreign error in a tool: never sent anywhere. Does not throw. */
  report(error: unknown, where: string): void;
}

/** Whose a job is. */
export interface JobOwner {
  readonly sessionId: SessionId;
  readonly principal: string;
}

/**
 * How what a session says now fares: `open`, it leaves at once; `slow`, it waits for the connection, or for the client to
 * say what it missed; `away`, there is no connection, and it waits in the log.
 */
export type Flow = 'open' | 'slow' | 'away';

/** A session as the services see it: authenticated, and alive also while its connection is away. */
export interface SessionPort {
  readonly id: SessionId;
  readonly principal: string;
  readonly anonymous: boolean;
  readonly capabilities: Negotiated;
  /** Who the client says it is: no proof. */
  readonly client: ClientIdentity;
  /** Whether the client is version 0.1.0 of the Rust crate, which a type or code it does not know disconnects. */
  readonly isRustCrate: boolean;
  readonly runtime: RuntimePort;
  /** Aborts when the session ends, for whatever reason. */
  readonly signal: AbortSignal;
  /**
   * Sends a message: stamped, logged, then sent where a connection stands. Nothing leaves an ended session.
   *
   * @returns Its id.
   * @throws {ArcpError} ERR_ARCP_UNIMPLEMENTED: its capability was not negotiated, or the client cannot decode the type.
   * @throws {RangeError} @throws {TypeError} a payload that cannot be written (`encodeMessage`).
   */
  emit<T extends CoreType>(type: T, payload: Payloads[T], fields?: EmitFields): MessageId;
  /**
   * As {@link emit} of a `subscribe.event`, around the text of a message: it is not looked at again.
   *
   * @param event JSON without line breaks and lone surrogates, such as `encodeMessage` writes.
   */
  emitEvent(event: string, fields: EmitFields): MessageId;
  readonly flow: Flow;
  /** Calls back when {@link flow} may have changed. Must not throw. @returns Takes the call back. */
  onFlow(callback: () => void): () => void;
  /** Says that a command was taken. */
  ack(to: EnvelopeFields, note?: string): void;
  /** Refuses a command. */
  nack(to: EnvelopeFields, error: ArcpError): void;
  /** A job of this session that has not ended. */
  job(id: string): JobPort | undefined;
  /** Ends the session with `session.evicted`; its jobs are cancelled. */
  evict(code: string, reason: string): void;
}

/** A job that has not ended, as the services see it. */
export interface JobPort {
  readonly id: JobId;
  readonly session: SessionPort;
  /** Name of the tool. */
  readonly tool: string;
  /** The `tool.invoke`, or what stood for it: every event of the job is correlated to it. */
  readonly invokeId: MessageId;
  readonly traceId: string | undefined;
  readonly priority: EnvelopeFields['priority'];
  readonly state: JobState;
  /** Aborts when the job is cancelled or ends. */
  readonly signal: AbortSignal;
  /** As {@link SessionPort.emit}, with the job's ids on the envelope. Nothing leaves after the terminal event. */
  emit<T extends CoreType>(type: T, payload: Payloads[T], fields?: EmitFields): MessageId | undefined;
  /** Enters `blocked` while at least one reason stands. @returns Takes this reason away. */
  block(): () => void;
  /** Ends the job with `job.failed`. Does nothing where it has ended. */
  fail(error: ArcpError): void;
  /** Ends the job with `job.cancelled`. Does nothing where it has ended. */
  cancel(reason: string): void;
}

/** How a job ended: its terminal event. */
export type JobEnd =
  | { readonly type: 'job.completed'; readonly payload: Outcome }
  | { readonly type: 'job.failed'; readonly payload: WireError }
  | { readonly type: 'job.cancelled'; readonly payload: JobCancelled };

/** What starting a job asks for, beyond what the message says. */
export interface JobRequest {
  readonly tool: string;
  readonly arguments: JsonValue;
  /** The command its events are correlated to. */
  readonly invokeId: MessageId;
  readonly traceId?: string | undefined;
  readonly priority?: EnvelopeFields['priority'];
  /** Where a scheduled, restored or delegated job has its id already. */
  readonly jobId?: JobId | undefined;
  /** Data of the checkpoint it starts from. */
  readonly restored?: JsonValue | undefined;
  /** Whether it is accepted now and stays `queued` until {@link JobStarter.release}. Default false. */
  readonly isHeld?: boolean | undefined;
  /** What runs instead of a tool: a workflow, for example. `tool` is then only its name. */
  readonly run?: ((job: JobPort, context: ToolContext) => MaybePromise<JsonValue | ToolResult | undefined>) | undefined;
  /** Called with the terminal event, right after it was emitted. Must not throw. */
  readonly onEnd?: ((end: JobEnd) => void) | undefined;
}

/** A message that asks for a job. */
export type Command = EnvelopeFields & { readonly type: string; readonly payload: object };

/** Starts jobs on behalf of a service: schedules, workflows, delegation. */
export interface JobStarter {
  /** Emits `job.accepted` and runs the tool; a tool that is unknown fails the job with NOT_FOUND. */
  start(session: SessionPort, request: JobRequest): JobId;
  /**
   * As {@link start}, by command: with an idempotency key once for each key of the principal. A repeated command is answered
   * with what came, or will come, of the first; the same key with another payload fails with ALREADY_EXISTS.
   *
   * @param make Called where there is something to start. May throw {@link ArcpError}: then the key is free.
   */
  startOnce(session: SessionPort, command: Command, make: () => JobRequest): void | Promise<void>;
  /** Runs a job that was held, on these arguments. Does nothing where it has ended. */
  release(session: SessionPort, jobId: string, work: Pick<JobRequest, 'arguments' | 'run'>): void;
  /** Whether there is such a tool. */
  has(tool: string): boolean;
}

/**
 * Answers messages of some types. May start work that goes on; throws only {@link ArcpError}, which becomes a `nack`. A
 * returned promise that rejects with one becomes a `nack` too.
 */
export type Handler<T extends CoreType> = (session: SessionPort, message: Message<T>) => void | Promise<void>;

/** A part of the runtime that answers some of the message types. */
export interface Service<T extends CoreType = never> {
  readonly handles: { readonly [Type in T]: Handler<Type> };
  /** Capabilities that are there because this service is. */
  readonly offers?: readonly CapabilityFlag[];
  /** Other capabilities it brings, such as `artifact_retention`. */
  readonly capabilities?: Capabilities | ((limits: RuntimeLimits) => Capabilities);
  /** Called once, when the runtime is made. */
  attach?(runtime: RuntimePort): void;
  /** Called by `Runtime.recover`, when the sessions of before stand again. */
  recover?(): MaybePromise<void>;
  /** Whether it will release a held job of before a restart: asked after {@link recover}. One that nobody holds fails. */
  keepsHeld?(job: JobPort): boolean;
  /**
   * Whether it holds in memory what a restart would lose, beside what belongs to a job: asked by hosts that stop the runtime
   * while nothing runs.
   */
  isBusy?(): boolean;
  /** When it has to do something next, as Unix time in milliseconds: for those hosts. */
  readonly nextDueMs?: number | undefined;
  /** What tools of a job get of this service: its members become members of their context. */
  context?(job: JobPort): object;
  /** Asks a human what becomes of a running job: the prompts' answer to `interrupt`. */
  interrupt?(job: JobPort, prompt: string, command: EnvelopeFields): void;
  /** Finds an open stream of a session. @returns Ends it with `stream.error` CANCELLED; `undefined` for none. */
  cancelStream?(session: SessionPort, streamId: string, reason: string): (() => void) | undefined;
  /** Ids of the `stream.open` messages of streams that are still open. */
  openStreams?(session: SessionPort): readonly MessageId[];
  /** A job is about to end: what must still leave under its id, such as the ends of its streams, is emitted now. */
  beforeJobEnd?(job: JobPort, type: JobEnd['type']): void;
  /** A job has ended, whichever way: pending prompts, streams and leases of it go. */
  onJobEnd?(job: JobPort): void;
  /** A session has ended for good. */
  onSessionEnd?(session: SessionPort): void;
  /** The runtime closes. */
  close?(): MaybePromise<void>;
}
