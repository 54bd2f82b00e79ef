// A session: authenticated, with its jobs and what it has to say; it outlives its connection. ARCP v1.0, sections 8 and 9.

import { encodeUtf8 } from '../../bytes/utf8.js';
import type { JsonObject, JsonValue } from '../../codec/json-value.js';
import { ArcpError, toWireError } from '../errors.js';
import type { LogEntry, RecordWrite } from '../log/contract.js';
import type { Negotiated } from '../wire/capabilities.js';
import { ARCP_VERSION, type EnvelopeFields, encodeMessage, type RawEnvelope } from '../wire/envelope.js';
import type { MessageId, SessionId } from '../wire/ids.js';
import type { CoreType, Payloads } from '../wire/payloads.js';
import { priorityRank } from '../wire/priority.js';
import { REGISTRY } from '../wire/registry.js';
import type { ClientIdentity } from '../wire/session.js';
import type { RefreshRequest } from './authenticator.js';
import type { Core, ExtensionPort } from './core.js';
import type { Job } from './job.js';
import { type JobsSession, SessionJobs } from './jobs.js';
import { DEFAULT_LIMITS } from './limits.js';
import { type Link, Outbox, type Replay } from './outbox.js';
import { RateLimiter } from './rate.js';
import { canonicalError, isRustCrate } from './rust-crate.js';
import type { EmitFields, Flow } from './service.js';
import { encodeAround } from './verbatim.js';

/** Kind of the records of sessions. */
export const SESSION = 'session';

/** What is kept of a session. */
export interface SessionRecord {
  readonly principal: string;
  readonly client: ClientIdentity;
  readonly capabilities: Negotiated;
  readonly anonymous: boolean;
  /** Since when there is no connection, as Unix time in milliseconds. Absent: there is one, or the runtime stopped with it. */
  readonly awaySinceMs?: number;
}

/** A connection, as its session knows it. */
export interface SessionLink extends Link {
  /** Asks the client for fresh credentials. */
  askAgain(request: RefreshRequest): void;
  /** Ends the connection politely. */
  close(code: number, reason: string): void;
}

/** What a session tells the runtime. */
export interface SessionEvents {
  onDetached(session: Session): void;
  onEnded(session: Session): void;
}

/** How long a connection gets to take the last words, in milliseconds. */
const LAST_WORDS_MS = 5_000;

/** How often one connection may resume: a client does once. */
const MAX_RESUMES = 16;

/** A session. */
export class Session implements JobsSession, ExtensionPort {
  readonly id: SessionId;
  readonly principal: string;
  readonly anonymous: boolean;
  readonly runtime: Core;
  readonly jobs: SessionJobs;
  readonly outbox: Outbox;
  readonly rate: RateLimiter;
  capabilities: Negotiated;
  client: ClientIdentity;
  isRustCrate: boolean;
  /** Position of the log up to which messages are of before a restart of the runtime. */
  recoveredThrough = 0;
  /** Messages of the client that work still goes on for, beside jobs. */
  judging = 0;
  readonly #events: SessionEvents;
  readonly #abort = new AbortController();
  #link: SessionLink | undefined;
  #hasEnded = false;
  #isEnding = false;
  #cancelRetention: (() => void) | undefined;
  #awayUntilMs: number | undefined;

  constructor(core: Core, id: SessionId, record: SessionRecord, events: SessionEvents) {
    this.runtime = core;
    this.id = id;
    this.principal = record.principal;
    this.anonymous = record.anonymous;
    this.capabilities = record.capabilities;
    this.client = record.client;
    this.isRustCrate = isRustCrate(record.client);
    this.#events = events;
    this.jobs = new SessionJobs(core, this);
    this.rate = new RateLimiter(core.clock, core.limits.maxCommandsPerSecond);
    this.outbox = new Outbox(core.journal, core.log, id, {
      principal: record.principal,
      maxPending: core.limits.maxPendingMessages,
      maxPendingChars: core.limits.maxBufferedBytes,
      onGap: () => this.#link?.close(1013, 'too slow'),
      onLost: () => this.end('the log failed'),
    });
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  get isConnected(): boolean {
    return this.#link !== undefined;
  }

  /** Whether this is its connection. */
  isOn(link: SessionLink): boolean {
    return this.#link === link;
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Whether it takes no more commands. */
  get isEnding(): boolean {
    return this.#isEnding || this.#hasEnded;
  }

  job(id: string): Job | undefined {
    return this.jobs.get(id);
  }

  emit<T extends CoreType>(type: T, payload: Payloads[T], fields?: EmitFields): MessageId {
    return this.emitWith(type, payload, fields, undefined);
  }

  emitWith<T extends CoreType>(
    type: T,
    payload: Payloads[T],
    fields: EmitFields | undefined,
    records: readonly RecordWrite[] | undefined,
  ): MessageId {
    const { gate, knownToRust } = REGISTRY[type];
    if (gate !== undefined && this.capabilities[gate] !== true) {
      throw new ArcpError('UNIMPLEMENTED', `${gate} was not negotiated`);
    }
    if (this.isRustCrate && !knownToRust) throw new ArcpError('UNIMPLEMENTED', `the client does not know ${type}`);
    const body = (this.isRustCrate ? canonicalError(payload) : payload) as unknown as JsonObject;
    return this.#say(type, body, fields, records);
  }

  emitEvent(event: string, fields: EmitFields): MessageId {
    if (this.capabilities.subscriptions !== true)
      throw new ArcpError('UNIMPLEMENTED', 'subscriptions was not negotiated');
    const payload = {
      // Hardly anybody asks.
      get event() {
        return JSON.parse(event) as JsonValue;
      },
    };
    const envelope = this.#envelope('subscribe.event', payload, fields);
    return this.#push(envelope, encodeAround(envelope, event), undefined);
  }

  get flow(): Flow {
    return this.outbox.flow;
  }

  onFlow(callback: () => void): () => void {
    return this.outbox.onFlow(callback);
  }

  emitExtension(type: string, payload: JsonObject, fields?: EmitFields): MessageId {
    if (this.capabilities.extensions?.includes(type) !== true) {
      throw new ArcpError('UNIMPLEMENTED', `${type} was not negotiated`);
    }
    return this.#say(type, payload, fields, undefined);
  }

  ack(to: EnvelopeFields, note?: string): void {
    this.emit('ack', { note }, replyTo(to));
  }

  nack(to: EnvelopeFields, error: ArcpError): void {
    this.emit('nack', toWireError(error), replyTo(to));
  }

  /** @param graceMs What tools get to stop. */
  evict(code: string, reason: string, graceMs = 0): void {
    if (this.isEnding) return;
    this.close(reason, graceMs, () => this.emit('session.evicted', { code, reason }));
  }

  /** Ends every job, says the last words, ends the connection, then itself. @param graceMs What tools get to stop. */
  close(reason: string, graceMs: number, lastWords: () => void): void {
    if (this.isEnding) return;
    this.#isEnding = true;
    const { clock } = this.runtime;
    for (const job of this.jobs.all()) {
      if (job.isPlaced && graceMs > 0) job.askToStop(reason);
      else job.cancel(reason);
    }
    const cancelGrace =
      this.jobs.size === 0
        ? undefined
        : clock.setTimer(() => {
            for (const job of this.jobs.all()) job.fail(new ArcpError('ABORTED', 'the tool did not stop in time'));
          }, graceMs);
    this.jobs.whenIdle(() => {
      cancelGrace?.();
      if (this.#hasEnded) return;
      lastWords();
      const finish = () => {
        cancelTimer();
        this.end(reason);
      };
      const cancelTimer = clock.setTimer(finish, LAST_WORDS_MS);
      this.outbox.whenEmpty(finish);
    });
  }

  /** Ends now, without words. */
  end(reason: string): void {
    if (this.#hasEnded) return;
    this.#isEnding = true;
    for (const job of this.jobs.all()) job.cancel(reason);
    this.#hasEnded = true;
    this.#cancelRetention?.();
    this.runtime.write([{ kind: SESSION, key: this.id, value: undefined }]);
    const link = this.#link;
    this.#link = undefined;
    this.outbox.detach();
    this.#abort.abort(new ArcpError('CANCELLED', 'the session has ended'));
    this.runtime.mounted.sessionEnded(this);
    this.#events.onEnded(this);
    link?.close(1000, '');
  }

  /** Begins on a connection, with `session.accepted`. The one of before, where there is one, is closed: the newer wins. */
  accept(link: SessionLink, payload: Payloads['session.accepted'], to: EnvelopeFields, isResumed: boolean): void {
    const old = this.#link;
    this.#link = link;
    this.#resumes = 0;
    this.#stopRetention();
    this.outbox.detach();
    old?.close(4000, 'the session went on elsewhere');
    const records = [this.#record()];
    const envelope = this.#envelope('session.accepted', payload as unknown as JsonObject, replyTo(to));
    this.outbox.pushFirst(link, this.#entry(envelope, 1), envelope, records, (position) => {
      if (this.#link !== link) return;
      this.outbox.attach(link);
      this.#attachedAt = position;
      if (isResumed)
        this.#cancelHold = this.runtime.clock.setTimer(
          () => this.release(link),
          this.runtime.limits.handshakeTimeoutMs,
        );
      else this.release(link);
    });
  }

  /** Goes on with a connection that stood while the runtime did not. @param after Position up to which it has everything. */
  goOn(link: SessionLink, after: number): void {
    this.#link = link;
    this.outbox.goOn(link, after, this.recoveredThrough);
  }

  /** Where the log stood when the connection came. */
  #attachedAt = 0;
  #cancelHold: (() => void) | undefined;

  /** Asks the client for fresh credentials. @returns Whether there is one to ask. */
  askAgain(request: RefreshRequest): boolean {
    this.#link?.askAgain(request);
    return this.#link !== undefined;
  }

  /** A client took the session up again: it may be another program by now. */
  renegotiate(client: ClientIdentity, capabilities: Negotiated): void {
    this.client = client;
    this.capabilities = capabilities;
    this.isRustCrate = isRustCrate(client);
  }

  /** Lets a resumed connection have what is said from now on: it does not ask for what it missed. */
  release(link: SessionLink): void {
    if (this.#link !== link) return;
    this.#cancelHold?.();
    this.#cancelHold = undefined;
    this.outbox.goLive(this.#attachedAt);
  }

  /** Resumes on this connection: each may send all of the log again. */
  #resumes = 0;

  /** Whether a connection may resume once more. */
  takeResume(): boolean {
    return ++this.#resumes <= MAX_RESUMES;
  }

  /** A resumed connection says what it wants: it gets that, or {@link release}, however long it takes to look up. */
  heardResume(link: SessionLink): void {
    if (this.#link !== link) return;
    this.#cancelHold?.();
    this.#cancelHold = undefined;
  }

  /** Acknowledges a resume and repeats what was missed. */
  replay(link: SessionLink, to: EnvelopeFields, replay: Omit<Replay, 'through' | 'answer'>, onBegun: () => void): void {
    // A newer connection took over while this one's place in the log was looked up.
    if (this.#link !== link) return;
    this.#cancelHold?.();
    this.#cancelHold = undefined;
    const envelope = this.#envelope('ack', {}, replyTo(to));
    this.outbox.pushFirst(link, this.#entry(envelope, 1), envelope, undefined, (answer) => {
      this.outbox.replay(link, { ...replay, through: this.#attachedAt, answer }).catch((error: unknown) => {
        this.runtime.report(error, 'replay');
        link.close(1011, 'the log failed');
      });
      onBegun();
    });
  }

  /** A connection has ended. Does nothing where a newer one took over. */
  detach(link: SessionLink): void {
    if (this.#link !== link) return;
    this.#link = undefined;
    this.#cancelHold?.();
    this.#cancelHold = undefined;
    this.outbox.detach();
    if (this.#hasEnded || this.#isEnding) return;
    // A stranger without credentials cannot come back.
    if (this.anonymous) return this.close('the connection ended', 0, () => {});
    this.retain();
    this.#events.onDetached(this);
  }

  /** When it ends for want of a connection, as Unix time in milliseconds. */
  get awayUntilMs(): number | undefined {
    return this.#awayUntilMs;
  }

  /**
   * Starts the time a session without a connection has left. It is kept, so that restarts of the runtime do not prolong it.
   *
   * @param sinceMs Since when there is none, where that is kept already.
   */
  retain(sinceMs?: number): void {
    const { limits, now } = this.runtime;
    const awaySinceMs = sinceMs ?? now();
    if (sinceMs === undefined) this.runtime.write([this.#record(awaySinceMs)]);
    this.#awayUntilMs = awaySinceMs + limits.sessionRetentionMs;
    this.#awaitReturn(this.#awayUntilMs);
  }

  #awaitReturn(untilMs: number): void {
    const { clock, now } = this.runtime;
    this.#cancelRetention?.();
    this.#cancelRetention = clock.setTimer(
      () => {
        // Timers may be shorter than asked, and the clock of the wall may have been set.
        if (now() < untilMs) this.#awaitReturn(untilMs);
        else this.close('nobody came back', 0, () => {});
      },
      Math.max(0, untilMs - now()),
    );
  }

  #stopRetention(): void {
    this.#cancelRetention?.();
    this.#cancelRetention = undefined;
    this.#awayUntilMs = undefined;
  }

  #record(awaySinceMs?: number): RecordWrite {
    const record: SessionRecord = {
      principal: this.principal,
      client: this.client,
      capabilities: this.capabilities,
      anonymous: this.anonymous,
      ...(awaySinceMs !== undefined && { awaySinceMs }),
    };
    return { kind: SESSION, key: this.id, value: record as unknown as JsonValue };
  }

  /** Commands of before a restart that were taken up since. */
  readonly #takenOver = new Set<string>();

  /** Whether a command of before a restart is to be carried out now: once. */
  takeOver(id: string): boolean {
    if (this.#takenOver.has(id)) return false;
    this.#takenOver.add(id);
    return true;
  }

  /** Lets go of timers and tells tools to stop; the records stay, for the next runtime, which says how the jobs ended. */
  suspend(): void {
    this.#cancelRetention?.();
    this.#cancelHold?.();
    const link = this.#link;
    this.#link = undefined;
    this.outbox.detach();
    this.#hasEnded = true;
    for (const job of this.jobs.all()) job.askToStop('the runtime closes');
    link?.close(1001, 'the runtime closes');
  }

  #say(
    type: string,
    payload: JsonObject,
    fields: EmitFields | undefined,
    records: readonly RecordWrite[] | undefined,
  ): MessageId {
    return this.#push(this.#envelope(type, payload, fields), undefined, records);
  }

  #push(envelope: RawEnvelope, text: string | undefined, records: readonly RecordWrite[] | undefined): MessageId {
    if (this.#hasEnded) return envelope.id;
    const rank = priorityRank(envelope.priority);
    const lane = envelope.job_id ?? envelope.stream_id ?? envelope.subscription_id ?? '';
    this.outbox.push(this.#entry(envelope, rank, text), envelope, rank, lane, records);
    return envelope.id;
  }

  #envelope(type: string, payload: JsonObject, fields: EmitFields | undefined): RawEnvelope {
    return {
      arcp: ARCP_VERSION,
      id: this.runtime.ids.message(),
      timestamp: this.runtime.timestamp(),
      session_id: this.id,
      ...fields,
      type,
      payload,
    };
  }

  #entry(envelope: RawEnvelope, rank: number, text = encodeMessage(envelope)): LogEntry {
    assertFits(text, Math.max(this.runtime.limits.maxMessageBytes, DEFAULT_LIMITS.maxMessageBytes));
    return {
      sessionId: this.id,
      principal: this.principal,
      direction: 'out',
      id: envelope.id,
      type: envelope.type,
      jobId: envelope.job_id,
      streamId: envelope.stream_id,
      traceId: envelope.trace_id,
      correlationId: envelope.correlation_id,
      rank,
      atMs: this.runtime.now(),
      text,
    };
  }
}

/** @throws {RangeError} The client would not take it, and wait for it for ever. */
function assertFits(text: string, maxBytes: number): void {
  if (text.length * 3 > maxBytes && encodeUtf8(text).length > maxBytes) {
    throw new RangeError(`a message must be at most ${maxBytes} bytes long`);
  }
}

/** What an answer takes over from what it answers. */
export function replyTo(to: EnvelopeFields): EmitFields {
  return { correlation_id: to.id, trace_id: to.trace_id };
}
