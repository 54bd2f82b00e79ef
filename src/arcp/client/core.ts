// A session over as many connections as it takes: sending, receiving, resuming, ending. What the messages mean is for the
// router.

import type { JsonValue } from '../../codec/json-value.js';
import { deferred } from '../../deferred.js';
import type { Transport } from '../../transport/contract.js';
import { type ArcpError, arcpError } from '../errors.js';
import { missingRequired } from '../wire/capabilities.js';
import {
  decodeEnvelope,
  decodePayload,
  encodeMessage,
  isSpokenVersion,
  type Message,
  type RawEnvelope,
} from '../wire/envelope.js';
import type { MessageId, SessionId } from '../wire/ids.js';
import { type CoreType, PAYLOAD_SCHEMAS, type Payloads } from '../wire/payloads.js';
import { timestampMs } from '../wire/timestamp.js';
import { pause } from './backoff.js';
import { type CallOptions, Calls } from './calls.js';
import { type CallFields, compose } from './compose.js';
import type { Authenticated } from './handshake.js';
import type { ResolvedConnect, ResolvedOptions } from './options.js';
import { Queue } from './queue.js';
import { reconnect } from './reconnect.js';
import { Router } from './router.js';
import { isKnownTo } from './rust-crate.js';
import { SeenIds } from './seen-ids.js';
import { Silence } from './silence.js';

/**
 * What becomes of a session:
 * - `connected`: it stands, on its first connection or as a new session after the old one was `lost`;
 * - `reconnecting`: the connection is gone, another is being opened;
 * - `resumed`: it is connected again and nothing was lost;
 * - `lost`: messages of before are gone: `error` says ERR_ARCP_DATA_LOSS, or ERR_ARCP_UNAVAILABLE where the runtime began
 *   another session. `connected` follows;
 * - `closed`: it is over, for `error`.
 */
export interface SessionEvent {
  readonly state: 'connected' | 'reconnecting' | 'resumed' | 'lost' | 'closed';
  readonly sessionId: SessionId;
  readonly error?: unknown;
}

/** Messages that are not replayed: they come before what was missed, so that nothing is resumed after them. */
const NOT_REPLAYED = /^(?:session\.(?:accepted|challenge|unauthenticated|rejected)|pong|ack|nack)$/;

/** After so much that the connection has not taken, a stranger's faults are not answered any more. */
const MAX_BUFFERED_BYTES = 1_048_576;

/** A connection that lasted so long counts as a good one: after it the waits between tries begin anew. */
const STEADY_MS = 30_000;

/** Longest wait for the runtime to end a closing connection, or to show that it is there. */
const SHORT_WAIT_MS = 5_000;

/** One session. */
export class Core {
  readonly options: ResolvedOptions;
  readonly calls: Calls;
  readonly states = new Queue<SessionEvent>({ maxItems: 64 });
  readonly router: Router;
  readonly closed = deferred<void>();
  /** Absent where a lost connection cannot be replaced. */
  readonly connect: ResolvedConnect | undefined;
  readonly #ended = new AbortController();
  readonly #seen: SeenIds;
  /** What the runtime said when it accepted us, the last time. */
  accepted!: Authenticated;
  /** Our clock less the runtime's, in milliseconds. */
  clockOffsetMs = 0;
  /** Last message that a resumed session would not get again. */
  cursor: MessageId | undefined;
  #transport: Transport | undefined;
  #silence: Silence | undefined;
  #wake: (() => void) | undefined;
  #resumeId: MessageId | undefined;
  /** What came before the answer to our `resume`; `undefined` where none is awaited. */
  #early: string[] | undefined;
  #earlyChars = 0;
  /** Connections in a row that did not last, and since when there is this one. */
  #flaps = 0;
  #sinceMs = 0;
  #badMessages = 0;
  #isClosing = false;

  constructor(options: ResolvedOptions, connect?: ResolvedConnect) {
    this.options = options;
    this.connect = connect;
    this.#seen = new SeenIds(options.limits.maxSeenIds);
    this.calls = new Calls(this);
    this.router = new Router(this);
  }

  /** Aborts when the session is over, with the error it ended for. */
  get signal(): AbortSignal {
    return this.#ended.signal;
  }

  get id(): SessionId {
    return this.accepted.sessionId;
  }

  /** The connection, where there is one. */
  get transport(): Transport | undefined {
    return this.#transport;
  }

  /** Whether the connection takes less than is said on it: what a stranger brings about is not said then. */
  get isChoked(): boolean {
    return (this.#transport?.bufferedBytes ?? 0) > MAX_BUFFERED_BYTES;
  }

  /** Takes over a connection: the first one, or one that replaces a lost one. */
  attach(next: Authenticated): void {
    const { transport, sessionId, acceptedId } = next;
    // It ended while the last answer was on its way here.
    if (this.signal.aborted) return transport.abort();
    // Read here: nothing was accepted before the first one.
    const wanted = this.accepted?.sessionId ?? this.connect?.resume?.sessionId;
    this.accepted = next;
    this.clockOffsetMs = this.options.now() - timestampMs(next.acceptedAt);
    this.#transport = transport;
    this.#sinceMs = this.options.clock.now();
    // A runtime may not know that some are required.
    const missing = missingRequired(this.connect?.required, next.capabilities);
    if (missing.length > 0) {
      this.post('session.close', {});
      return this.end(arcpError('UNIMPLEMENTED', 'a capability is missing', { details: { missing } }));
    }
    void transport.closed.then(() => this.#onClosed(transport));
    this.#watch(transport);
    this.router.connected(true);
    if (wanted === sessionId) this.#resume(transport, acceptedId);
    else {
      this.cursor = acceptedId;
      if (wanted !== undefined) {
        const error = arcpError('UNAVAILABLE', 'the session was lost');
        this.#state('lost', error);
        this.calls.move(sessionId, error);
        this.router.lose(error, true);
      }
      this.#state('connected');
    }
    next.deliver((text) => {
      if (this.#transport === transport) this.#onText(text);
    });
  }

  /**
   * Sends a message that nothing answers.
   *
   * @returns Whether there was a connection to send it on.
   * @throws {TypeError} @throws {RangeError} a payload that cannot be written.
   */
  post<T extends CoreType>(type: T, payload: Payloads[T], fields?: CallFields): boolean {
    const text = encodeMessage(compose(this.options, this.id, type, payload, fields));
    return isKnownTo(this.accepted.runtime, type) && this.transmit(text);
  }

  /** Refuses a message of the runtime's. */
  nack(to: MessageId | undefined, code: string, message: string, details?: JsonValue, fields?: CallFields): void {
    if (!this.isChoked) this.post('nack', { code, message, details }, { ...fields, correlation_id: to });
  }

  /**
   * Sends a command.
   *
   * @returns Its id. `settle` may have been called by then.
   * @throws {TypeError} @throws {RangeError} a payload that cannot be written.
   */
  call<T extends CoreType>(type: T, payload: Payloads[T], options: CallOptions, fields?: CallFields): MessageId {
    const envelope = compose(this.options, this.id, type, payload, fields);
    const text = encodeMessage(envelope);
    if (this.signal.aborted) options.settle(undefined, this.signal.reason);
    else if (isKnownTo(this.accepted.runtime, type)) this.calls.add(envelope, text, options);
    else options.settle(undefined, arcpError('UNIMPLEMENTED', `${type} is unknown to this runtime`));
    return envelope.id;
  }

  /** Sends a command and waits for its answer. */
  request<T extends CoreType, R extends CoreType>(
    type: T,
    payload: Payloads[T],
    replies: readonly R[],
    options: { readonly signal?: AbortSignal | undefined; readonly timeoutMs?: number } = {},
    fields?: CallFields,
  ): Promise<Message<R>> {
    const { signal, timeoutMs = this.options.requestTimeoutMs } = options;
    return new Promise((resolve, reject) => {
      const settle = (reply: Message | undefined, error?: unknown) =>
        reply === undefined ? reject(error) : resolve(reply as Message<R>);
      this.call(type, payload, { replies, timeoutMs, signal, settle }, fields);
    });
  }

  /** Tries to connect now rather than later; where it is connected, sees whether that still holds. */
  reconnectNow(): void {
    this.#wake?.();
    const transport = this.#transport;
    if (transport === undefined || this.signal.aborted) return;
    const settle = (_pong: unknown, error?: unknown) => {
      // The very silence, and no refusal.
      if ((error as ArcpError | undefined)?.wireCode === 'UNAVAILABLE' && this.#transport === transport)
        transport.abort();
    };
    this.call('ping', {}, { replies: ['pong'], timeoutMs: SHORT_WAIT_MS, settle });
  }

  /** Ends the session politely. Resolves when it is over. */
  close(reason?: string, jobs?: 'cancel' | 'detach'): Promise<void> {
    const transport = this.#transport;
    if (transport === undefined) this.end(closedByUs());
    else if (!this.#isClosing && !this.signal.aborted) {
      this.#isClosing = true;
      this.post('session.close', { reason, jobs });
      // The runtime ends the connection when it has said how its jobs ended.
      void pause(this.options.clock, SHORT_WAIT_MS, this.signal).then(() => this.end(closedByUs()));
    }
    return this.closed.promise;
  }

  /** Ends the session. Everything that waits rejects with the error. */
  end(error: ArcpError): void {
    if (this.signal.aborted) return;
    const transport = this.#transport;
    this.#transport = undefined;
    this.#silence?.stop();
    transport?.close();
    this.#ended.abort(error);
    this.#wake?.();
    this.calls.fail(error);
    this.router.end(error);
    this.#state('closed', error);
    this.states.end();
    this.closed.resolve();
  }

  #state(state: SessionEvent['state'], error?: unknown): void {
    this.states.push({ state, sessionId: this.id, ...(error === undefined ? undefined : { error }) });
  }

  /** Sends a text where there is a connection. @returns Whether there is. */
  transmit(text: string): boolean {
    try {
      this.#transport?.send(text);
      return this.#transport !== undefined;
    } catch {
      // It is closing: what is to be answered is sent again on the next connection.
      return false;
    }
  }

  #watch(transport: Transport): void {
    const { clock, keepAliveMs } = this.options;
    if (keepAliveMs === 0) return;
    this.#silence = new Silence(clock, keepAliveMs, (times) => {
      if (times === 1) this.post('ping', {});
      else transport.abort();
    });
  }

  /** Asks for what was missed, then sends again what was not answered. */
  #resume(transport: Transport, acceptedId: MessageId): void {
    const { unanswered } = this.calls;
    const after = this.cursor ?? this.connect?.resume?.afterMessageId;
    if (after === undefined) {
      this.cursor = acceptedId;
      this.#state('resumed');
    } else {
      this.cursor = after;
      const settle = (reply: Message | undefined, error?: unknown) => {
        // The connection went before the answer came: the next one asks again.
        if (this.#transport !== transport) return;
        const early = this.#early ?? [];
        this.#early = undefined;
        if (reply !== undefined) return this.#state('resumed');
        this.#missed(error, acceptedId);
        for (const text of early) this.#onText(text);
      };
      const options = { replies: ['ack'], timeoutMs: this.options.requestTimeoutMs, settle } as const;
      this.#early = [];
      this.#earlyChars = 0;
      this.#resumeId = this.call('resume', { after_message_id: after }, options);
    }
    this.calls.resend(unanswered);
  }

  /** The runtime does not say what was missed. What can still be waited for goes on; the rest is lost. */
  #missed(cause: unknown, acceptedId: MessageId): void {
    const error = arcpError('DATA_LOSS', 'messages are lost', { cause });
    this.cursor = acceptedId;
    this.#state('lost', error);
    this.router.lose(error, false);
    this.#state('connected');
  }

  #onClosed(transport: Transport): void {
    if (this.#transport !== transport) return;
    const { loading } = this.router;
    if (loading !== undefined) return void loading.then(() => this.#onClosed(transport));
    this.#transport = undefined;
    this.#silence?.stop();
    if (this.#resumeId !== undefined) this.calls.settle(this.#resumeId, undefined);
    this.#early = undefined;
    const backoff = this.connect?.backoff;
    if (this.options.clock.now() - this.#sinceMs > STEADY_MS) this.#flaps = 0;
    if (this.#isClosing) this.end(closedByUs());
    else if (backoff === undefined) this.end(arcpError('UNAVAILABLE', 'the connection was lost'));
    else {
      this.router.connected(false);
      this.#state('reconnecting');
      // The connection is gone and no other is there, so that what follows is the only one to replace it.
      reconnect(this.connect as ResolvedConnect, backoff, this.id, this.signal, this.#flaps++, (wake) => {
        this.#wake = wake;
      }).then(
        (next) => this.attach(next),
        (error) => this.end(error),
      );
    }
  }

  #onText(text: string): void {
    // Behind what ended the session, in what waited.
    if (this.signal.aborted) return;
    const { maxBadMessages, maxMessageBytes } = this.options.limits;
    this.#silence?.heard();
    const decoded = decodeEnvelope(text, { maxBytes: maxMessageBytes });
    if (decoded.kind === 'garbage') {
      if (++this.#badMessages >= maxBadMessages) this.#transport?.abort();
      return;
    }
    this.#badMessages = 0;
    if (decoded.kind === 'malformed') {
      const { id, path, issue } = decoded;
      return this.nack(id, 'INVALID_ARGUMENT', `${path} ${issue}`, { path, issue });
    }
    const { envelope } = decoded;
    const { id, type, session_id = this.id } = envelope;
    if (!isSpokenVersion(envelope.arcp)) return this.nack(id, 'UNIMPLEMENTED', 'unknown version');
    if (session_id !== this.id) return;
    const isReplayed = !NOT_REPLAYED.test(type);
    if (isReplayed && this.#early !== undefined) return this.#wait(this.#early, text);
    if (!this.#seen.note(id)) return;
    if (isReplayed) this.cursor = id;
    if (Object.hasOwn(PAYLOAD_SCHEMAS, type)) this.#onCore(envelope, type as CoreType, text.length);
    else if (this.accepted.capabilities.extensions?.includes(type)) this.router.takeExtension(envelope, text.length);
    else if (envelope.extensions?.optional !== true && !type.startsWith('x-')) {
      this.nack(id, 'UNIMPLEMENTED', 'unknown type');
    }
  }

  /** Keeps what a runtime says that did not wait for our `resume`: it says it again, in its place behind what was missed. */
  #wait(early: string[], text: string): void {
    early.push(text);
    this.#earlyChars += text.length;
    const { maxObservedEvents, maxCallChars } = this.options.limits;
    if (early.length > maxObservedEvents || this.#earlyChars > maxCallChars) this.#transport?.abort();
  }

  #onCore(envelope: RawEnvelope, type: CoreType, chars: number): void {
    let message: Message;
    try {
      message = decodePayload(envelope, type);
    } catch (caught) {
      const error = caught as ArcpError;
      this.calls.spoil(envelope, error);
      this.router.spoil(envelope, error);
      if (!/^n?ack$/.test(type)) this.nack(envelope.id, error.wireCode, error.message, error.details);
      return;
    }
    this.router.take(message, envelope, chars);
  }
}

function closedByUs(): ArcpError {
  return arcpError('CANCELLED', 'the session was closed');
}
