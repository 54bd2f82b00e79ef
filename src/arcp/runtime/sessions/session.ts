// A session: authenticated, with its jobs and what it has to say; it outlives its connection. ARCP v1.0, sections 8 and 9.

import type { JsonObject } from '../../../codec/json-value.js';
import { ArcpError } from '../../errors.js';
import type { Negotiated } from '../../wire/capabilities.js';
import type { EnvelopeFields } from '../../wire/envelope.js';
import type { MessageId, SessionId } from '../../wire/ids.js';
import type { CoreType, Payloads } from '../../wire/payloads.js';
import type { ClientIdentity } from '../../wire/session.js';
import { toWireError } from '../../wire-error.js';
import type { RefreshRequest } from '../authenticator.js';
import type { Core, ExtensionPort } from '../core.js';
import type { Job } from '../jobs/job.js';
import { closeJobs } from '../jobs/job-closing.js';
import { SessionJobs } from '../jobs/jobs.js';
import type { JobsSession } from '../jobs/jobs-session.js';
import type { PrincipalUse } from '../jobs/principal-use.js';
import type { Replay } from '../outbox/catch-up.js';
import type { SessionLink } from '../outbox/link.js';
import type { Keeping } from '../outbox/out-item.js';
import { Outbox } from '../outbox/outbox.js';
import { Outgoing } from '../outbox/outgoing.js';
import { RateLimiter } from '../rate.js';
import { isRustCrate } from '../rust-crate.js';
import type { EmitFields, Flow } from '../service.js';
import { Attachment } from './attachment.js';
import { Retention } from './retention.js';
import { forgetSession, keepSession, type SessionRecord } from './session-record.js';
import { Unheard } from './unheard.js';

/** How long a connection gets to take the last words, in milliseconds. */
const LAST_WORDS_MS = 5_000;

/** A session. */
export class Session implements JobsSession, ExtensionPort {
  readonly id: SessionId;
  readonly principal: string;
  readonly anonymous: boolean;
  readonly runtime: Core;
  readonly jobs: SessionJobs;
  readonly outbox: Outbox;
  readonly attachment: Attachment;
  readonly rate: RateLimiter;
  capabilities: Negotiated;
  client: ClientIdentity;
  isRustCrate: boolean;
  /** Position of the log up to which messages are of before a restart of the runtime. */
  recoveredThrough = 0;
  /** Messages of the client that work still goes on for, beside jobs. */
  judging = 0;
  readonly unheard: Unheard;
  readonly #onEnded: (session: Session) => void;
  readonly #abort = new AbortController();
  readonly #outgoing: Outgoing;
  readonly #retention: Retention;
  /** Commands of before a restart that were taken up since. */
  readonly #takenOver = new Set<string>();
  #hasEnded = false;
  #isEnding = false;

  /**
   * @param use What it shares with the other sessions of its principal.
   * @param onEnded Called once, when it has ended for good.
   */
  constructor(
    core: Core,
    id: SessionId,
    record: SessionRecord,
    use: PrincipalUse,
    onEnded: (session: Session) => void,
  ) {
    this.runtime = core;
    this.id = id;
    this.principal = record.principal;
    this.anonymous = record.anonymous;
    this.capabilities = record.capabilities;
    this.client = record.client;
    this.isRustCrate = isRustCrate(record.client);
    this.#onEnded = onEnded;
    this.jobs = new SessionJobs(core, this, use);
    this.rate = new RateLimiter(use);
    this.unheard = new Unheard(core.clock);
    this.outbox = new Outbox(core.journal, core.log, id, {
      principal: record.principal,
      maxPending: core.limits.maxPendingMessages,
      maxPendingChars: core.limits.maxBufferedBytes,
      onGap: () => this.attachment.link?.close(1013, 'too slow'),
      onLost: () => this.end('the log failed'),
    });
    this.attachment = new Attachment(core, this.outbox);
    this.#outgoing = new Outgoing(this, this.outbox);
    this.#retention = new Retention(core, () => this.close('nobody came back', 0, () => {}));
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  get isConnected(): boolean {
    return this.attachment.link !== undefined;
  }

  /** Whether this is its connection. */
  isOn(link: SessionLink): boolean {
    return this.attachment.link === link;
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
    return this.#outgoing.say(type, payload, fields, undefined);
  }

  emitWith<T extends CoreType>(
    type: T,
    payload: Payloads[T],
    fields: EmitFields | undefined,
    keeping: Keeping | undefined,
  ): MessageId {
    return this.#outgoing.say(type, payload, fields, keeping);
  }

  emitEvent(event: string, fields: EmitFields): MessageId {
    return this.#outgoing.sayEvent(event, fields);
  }

  get flow(): Flow {
    return this.outbox.flow;
  }

  onFlow(callback: () => void): () => void {
    return this.outbox.onFlow(callback);
  }

  emitExtension(type: string, payload: JsonObject, fields?: EmitFields): MessageId {
    return this.#outgoing.sayExtension(type, payload, fields);
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
    closeJobs(this.runtime.stopDeadlines, this.jobs, reason, graceMs, () => {
      if (this.#hasEnded) return;
      lastWords();
      // A client that has not said yet what it missed hears of the end all the same.
      const { link } = this.attachment;
      if (link !== undefined) this.release(link);
      const finish = () => {
        cancelTimer();
        this.end(reason);
      };
      const cancelTimer = this.runtime.clock.setTimer(finish, LAST_WORDS_MS);
      this.outbox.whenEmpty(finish);
    });
  }

  /** Ends now, without words. */
  end(reason: string): void {
    if (this.#hasEnded) return;
    this.#isEnding = true;
    for (const job of this.jobs.all()) job.cancel(reason);
    this.#hasEnded = true;
    this.#retention.stop();
    this.runtime.write([forgetSession(this.id)]);
    const link = this.attachment.drop();
    this.#abort.abort(new ArcpError('CANCELLED', 'the session has ended'));
    this.runtime.mounted.sessionEnded(this);
    this.#onEnded(this);
    link?.close(1000, '');
  }

  /** Begins on a connection, with `session.accepted`. The one of before, where there is one, is closed: the newer wins. */
  accept(link: SessionLink, payload: Payloads['session.accepted'], to: EnvelopeFields, isResumed: boolean): void {
    this.#retention.stop();
    this.attachment.replace(link);
    this.#outgoing.answerFirst(link, 'session.accepted', payload as unknown as JsonObject, replyTo(to), {
      records: [keepSession(this.id, this, undefined)],
      onKept: (position) => this.attachment.begin(link, position, isResumed && !this.#isEnding),
    });
  }

  /** Goes on with a connection that stood while the runtime did not. @param after Position up to which it has everything. */
  goOn(link: SessionLink, after: number): void {
    this.attachment.goOn(link, after, this.recoveredThrough);
  }

  /** Asks the client for fresh credentials. @returns Whether there is one to ask. */
  askAgain(request: RefreshRequest): boolean {
    this.attachment.link?.askAgain(request);
    return this.isConnected;
  }

  /** A client took the session up again: it may be another program by now. */
  renegotiate(client: ClientIdentity, capabilities: Negotiated): void {
    this.client = client;
    this.capabilities = capabilities;
    this.isRustCrate = isRustCrate(client);
  }

  /** Lets a resumed connection have what is said from now on: it does not ask for what it missed. */
  release(link: SessionLink): void {
    this.attachment.release(link);
  }

  /** Acknowledges a resume and repeats what was missed. */
  replay(link: SessionLink, to: EnvelopeFields, replay: Omit<Replay, 'through' | 'answer'>, onBegun: () => void): void {
    // A newer connection took over while this one's place in the log was looked up.
    if (!this.isOn(link)) return;
    this.attachment.heardResume(link);
    this.#outgoing.answerFirst(link, 'ack', {}, replyTo(to), {
      onKept: (position) => {
        this.attachment.replay(link, replay, position);
        onBegun();
      },
    });
  }

  /** A connection has ended. Does nothing where a newer one took over. */
  detach(link: SessionLink): void {
    if (!this.isOn(link)) return;
    this.attachment.drop();
    if (this.#hasEnded || this.#isEnding) return;
    // A stranger without credentials cannot come back.
    if (this.anonymous) return this.close('the connection ended', 0, () => {});
    this.retain();
  }

  /** When it ends for want of a connection, as Unix time in milliseconds. */
  get awayUntilMs(): number | undefined {
    return this.#retention.untilMs;
  }

  /**
   * Starts the time a session without a connection has left. It is kept, so that restarts of the runtime do not prolong it.
   *
   * @param sinceMs Since when there is none, where that is kept already.
   */
  retain(sinceMs?: number): void {
    const { limits, now } = this.runtime;
    const awaySinceMs = sinceMs ?? now();
    if (sinceMs === undefined) this.runtime.write([keepSession(this.id, this, awaySinceMs)]);
    this.#retention.start(awaySinceMs + limits.sessionRetentionMs);
  }

  /** Whether a command of before a restart is to be carried out now: once. */
  takeOver(id: string): boolean {
    if (this.#takenOver.has(id)) return false;
    this.#takenOver.add(id);
    return true;
  }

  /** Lets go of timers and tells tools to stop; the records stay, for the next runtime, which says how the jobs ended. */
  suspend(): void {
    this.#retention.stop();
    const link = this.attachment.drop();
    this.#hasEnded = true;
    for (const job of this.jobs.all()) job.askToStop('the runtime closes');
    link?.close(1001, 'the runtime closes');
  }
}

/** What an answer takes over from what it answers. */
export function replyTo(to: EnvelopeFields): EmitFields {
  return { correlation_id: to.id, trace_id: to.trace_id };
}
