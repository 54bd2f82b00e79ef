// The client's side of the handshake (ARCP v1.0, section 8.1) over one open transport, as types: what is not authenticated
// has no way to invoke anything.
//
// | state | sent | answer | next state |
// |---|---|---|---|
// | unauthenticated | `session.open` | `session.accepted` | authenticated |
// | unauthenticated | `session.open` | `session.challenge` | challenged |
// | unauthenticated | `session.open` | `session.rejected`, `nack` | unauthenticated; the call rejects |
// | challenged | `session.authenticate` | `session.accepted` | authenticated |
// | challenged | `session.authenticate` | `session.unauthenticated`, `session.challenge` | challenged, another try |
// | challenged | `session.authenticate` | `session.rejected`, `nack` | unauthenticated; the call rejects |
//
// Whatever else comes before `session.accepted` is dropped, as is an answer to something else.

import { assertSignal } from '../../bytes/assert.js';
import type { Transport, Message as WireMessage } from '../../transport/contract.js';
import { type ArcpError, arcpError, fromWireError } from '../errors.js';
import type { Capabilities, Negotiated } from '../wire/capabilities.js';
import { decodeEnvelope, decodePayload, encodeMessage, type Message } from '../wire/envelope.js';
import type { MessageId, SessionId } from '../wire/ids.js';
import type { CoreType, Payloads } from '../wire/payloads.js';
import type { AuthBlock, ClientIdentity, RuntimeIdentity } from '../wire/session.js';
import { Calls } from './calls.js';
import { compose } from './compose.js';
import { later } from './load-later.js';
import { type ResolvedOptions, resolveSession, type SessionOptions } from './options.js';

/** Options of {@link openHandshake}. */
export interface HandshakeOptions
  extends Pick<SessionOptions, 'requestTimeoutMs' | 'limits' | 'clock' | 'now' | 'ids'> {
  /** Ends a wait; it rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** What a client says of itself. */
export interface OpenRequest {
  readonly auth: AuthBlock;
  readonly client: ClientIdentity;
  /**
   * What it proposes. `required`: without which it wants no session. `sidecar` among the `binary_encoding`s: that binary
   * data goes in binary messages, beside the JSON; not over a transport that carries text alone.
   */
  readonly capabilities?: Capabilities | undefined;
  /** A session of before that it would like to have back. */
  readonly sessionId?: SessionId | undefined;
}

/** Nobody has been authenticated yet. */
export interface Unauthenticated {
  readonly state: 'unauthenticated';
  /**
   * Says who we are. After a rejection it may be tried again.
   *
   * @throws {ArcpError} the runtime's refusal; ERR_ARCP_UNAVAILABLE: no answer, or the connection ended.
   * @throws {TypeError} a request that cannot be written.
   */
  open(request: OpenRequest): Promise<Challenged | Authenticated>;
}

/** The runtime wants proof. */
export interface Challenged {
  readonly state: 'challenged';
  readonly challenge: string;
  /** Why the response before was not good enough. */
  readonly refusal?: ArcpError;
  /** Answers the challenge. Throws as {@link Unauthenticated.open}. */
  authenticate(response: string): Promise<Challenged | Authenticated>;
}

/** A session stands: `startSession` makes something of it. */
export interface Authenticated {
  readonly state: 'authenticated';
  readonly transport: Transport;
  readonly sessionId: SessionId;
  readonly runtime: RuntimeIdentity;
  readonly capabilities: Negotiated;
  /** When the session's lease ends, as text, where the runtime says. */
  readonly leaseExpiresAt: string | undefined;
  /** Id of the `session.accepted`, and the runtime's time in it. */
  readonly acceptedId: MessageId;
  readonly acceptedAt: string;
  /** Starts delivery of what came since, and of all that comes. Once. */
  deliver(listener: (text: string) => void): void;
}

/** Messages, and characters of them, that may wait between acceptance and the start of the session. */
const MAX_BACKLOG = 1_024;
const MAX_BACKLOG_CHARS = 33_554_432;

/**
 * Begins a handshake.
 *
 * @param transport Open. Its messages are the handshake's from now on, then the session's. It is not closed here, whatever
 *   comes.
 */
export function openHandshake(transport: Transport, options: HandshakeOptions = {}): Unauthenticated {
  assertSignal(options.signal);
  const handshake = new Handshake(transport, options);
  return { state: 'unauthenticated', open: (request) => handshake.open(request) };
}

type Step = Challenged | Authenticated;

const ANSWERS = ['session.accepted', 'session.challenge', 'session.unauthenticated', 'session.rejected'] as const;

class Handshake {
  readonly options: ResolvedOptions;
  /** The connection, or what stands around it. */
  transport: Transport;
  /** What was negotiated, once it was. */
  accepted: Negotiated | undefined;
  readonly #signal: AbortSignal | undefined;
  readonly #calls = new Calls(this);
  readonly #backlog: string[] = [];
  #backlogChars = 0;
  #listener: ((text: string) => void) | undefined;
  #waiting: MessageId | undefined;
  #isLost = false;
  #challenge = '';

  constructor(transport: Transport, options: HandshakeOptions) {
    this.options = resolveSession(options, '');
    this.transport = transport;
    this.#signal = options.signal;
    void transport.closed.then(() => {
      this.#isLost = true;
      this.#calls.fail(lost());
    });
    transport.receive((message) => this.take(message));
  }

  /** Takes what comes. Where sidecar frames are offered, they take it first. */
  take(message: WireMessage): void {
    if (typeof message === 'string') this.onText(message);
  }

  async open({ auth, client, capabilities, sessionId }: OpenRequest): Promise<Step> {
    if (capabilities?.binary_encoding) capabilities = (await later()).offerSidecar(this, capabilities);
    return this.#ask('session.open', { auth, client, capabilities }, sessionId);
  }

  /** For the calls. */
  transmit(text: string): boolean {
    try {
      this.transport.send(text);
      return true;
    } catch {
      // It has ended, and will say so.
      return false;
    }
  }

  #ask<T extends CoreType>(type: T, payload: Payloads[T], sessionId?: SessionId): Promise<Step> {
    return new Promise((resolve, reject) => {
      if (this.#waiting !== undefined || this.accepted) throw new TypeError('not now');
      if (this.#isLost) throw lost();
      const { requestTimeoutMs: timeoutMs } = this.options;
      const envelope = compose(this.options, sessionId, type, payload);
      const { id } = envelope;
      const text = encodeMessage(envelope);
      const settle = (reply: Message | undefined, error?: unknown) => {
        this.#waiting = undefined;
        try {
          if (reply === undefined) throw error;
          resolve(this.#step(reply as Message<(typeof ANSWERS)[number]>));
        } catch (fault) {
          reject(fault);
        }
      };
      this.#waiting = id;
      this.#calls.add(envelope, text, { replies: ANSWERS, timeoutMs, signal: this.#signal, settle });
    });
  }

  onText(text: string): void {
    if (this.#listener !== undefined) return this.#listener(text);
    if (this.accepted) {
      this.#backlogChars += text.length;
      if (this.#backlog.push(text) > MAX_BACKLOG || this.#backlogChars > MAX_BACKLOG_CHARS) this.transport.abort();
      return;
    }
    const decoded = decodeEnvelope(text);
    const waiting = this.#waiting;
    if (decoded.kind !== 'envelope' || waiting === undefined) return;
    const { envelope } = decoded;
    // A refusal must say of what; an answer need not.
    const isNack = envelope.type === 'nack';
    const type = ANSWERS.find((answer) => answer === envelope.type) ?? (isNack ? 'nack' : undefined);
    if (type === undefined || (envelope.correlation_id ?? (isNack ? undefined : waiting)) !== waiting) return;
    try {
      this.#calls.answer(decodePayload({ ...envelope, correlation_id: waiting }, type));
    } catch (error) {
      this.#calls.settle(waiting, undefined, error);
    }
  }

  #step(message: Message<(typeof ANSWERS)[number]>): Step {
    switch (message.type) {
      case 'session.accepted':
        return this.#accept(message);
      case 'session.challenge':
        this.#challenge = message.payload.challenge;
        return this.#challenged();
      case 'session.unauthenticated':
        return this.#challenged(fromWireError(message.payload));
      case 'session.rejected':
        throw fromWireError(message.payload);
    }
  }

  #challenged(refusal?: ArcpError): Challenged {
    return {
      state: 'challenged',
      challenge: this.#challenge,
      ...(refusal === undefined ? undefined : { refusal }),
      authenticate: (response) => this.#ask('session.authenticate', { response }),
    };
  }

  #accept({ payload, session_id, id, timestamp }: Message<'session.accepted'>): Authenticated {
    const { session_id: sessionId, runtime, capabilities, lease } = payload;
    if (session_id !== undefined && session_id !== sessionId) throw arcpError('INVALID_ARGUMENT', 'two session ids');
    this.accepted = capabilities;
    return {
      state: 'authenticated',
      transport: this.transport,
      sessionId,
      runtime,
      capabilities,
      leaseExpiresAt: lease?.expires_at,
      acceptedId: id,
      acceptedAt: timestamp,
      deliver: (listener) => {
        if (this.#listener !== undefined) throw new TypeError('started already');
        this.#listener = listener;
        for (const text of this.#backlog.splice(0)) listener(text);
      },
    };
  }
}

function lost(): ArcpError {
  return arcpError('UNAVAILABLE', 'the connection was lost');
}
