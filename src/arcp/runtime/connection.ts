// One connection: from the first byte through the handshake to the end. Straight down the diagram of ARCP v1.0, section
// 8.1; the machine is handshake.ts, what follows acceptance inbound.ts.

import type { Transport } from '../../transport/contract.js';
import { receiveText } from '../acceptor.js';
import { ArcpError, toWireError } from '../errors.js';
import type { LogEntry } from '../log/contract.js';
import { type Capabilities, missingRequired, negotiate } from '../wire/capabilities.js';
import {
  ARCP_VERSION,
  type Message as ArcpMessage,
  type Decoded,
  decodeEnvelope,
  decodePayload,
  type EnvelopeFields,
  encodeMessage,
  isSpokenVersion,
  type RawEnvelope,
} from '../wire/envelope.js';
import type { CoreType, Payloads } from '../wire/payloads.js';
import { priorityRank } from '../wire/priority.js';
import type { AuthBlock, AuthScheme, SessionOpen } from '../wire/session.js';
import { timestampOf } from '../wire/timestamp.js';
import type {
  Accepted,
  Authenticator,
  AuthOutcome,
  AuthRequest,
  Challenged,
  Peer,
  RefreshRequest,
} from './authenticator.js';
import type { Core } from './core.js';
import type { DispatchLink } from './dispatch.js';
import { Handshake } from './handshake.js';
import { receive, receiveAgain } from './inbound.js';
import type { JournalItem } from './journal.js';
import { hasCredentials, withoutCredentials } from './redact.js';
import { Refresh } from './refresh.js';
import type { ConnectionState } from './rest.js';
import { replyTo, type Session } from './session.js';

/** What a connection asks of the runtime. */
export interface Sessions {
  readonly authenticators: ReadonlyMap<string, Authenticator>;
  /** The session a client may take up again. */
  resumable(id: string, principal: string): Session | undefined;
  /** @param principal Empty: a stranger, named by its session. @throws {ArcpError} RESOURCE_EXHAUSTED */
  create(principal: string, open: SessionOpen, capabilities: Session['capabilities']): Session;
}

/** A connection. */
export class Connection implements DispatchLink {
  readonly #core: Core;
  readonly #sessions: Sessions;
  readonly #transport: Transport;
  readonly #peer: Peer;
  readonly #handshake: Handshake;
  readonly #abort = new AbortController();
  readonly #onAccepted: () => void;
  #session: Session | undefined;
  #isResumed = false;
  /** Whether the client of a resumed session has yet to say what it wants. */
  #isHeld = false;
  /** What the client opened with, and the challenge it was given. */
  #open: ArcpMessage<'session.open'> | undefined;
  #openText: RawEnvelope | undefined;
  #challenge: Challenged | undefined;
  #refresh: Refresh | undefined;
  #scheme: AuthScheme = 'none';
  /** Messages that came before the runtime was ready for them. */
  #early: string[] | undefined;
  #badMessages = 0;
  #waitingMessages = 0;
  #waitingChars = 0;
  #isClosed = false;

  /** @param onAccepted Called when it counts as half-open no more. */
  constructor(core: Core, sessions: Sessions, transport: Transport, peer: Peer, onAccepted: () => void) {
    this.#core = core;
    this.#sessions = sessions;
    this.#transport = transport;
    this.#peer = peer;
    this.#onAccepted = onAccepted;
    this.#handshake = new Handshake(core.limits.maxFailedOpens, core.limits.maxChallengeTries);
  }

  /**
   * Runs until the connection ends.
   *
   * @param ready What messages wait for, where that is not there yet.
   */
  async run(ready: Promise<void> | undefined): Promise<void> {
    const { clock, limits } = this.#core;
    const cancelTimer =
      this.#session === undefined
        ? clock.setTimer(() => {
            if (this.#session === undefined) this.close(1008, 'handshake timeout');
          }, limits.handshakeTimeoutMs)
        : () => {};
    if (ready !== undefined) this.#holdBack(ready);
    receiveText(this.#transport, (text) => {
      if (this.#early === undefined) this.#take(text);
      else if (this.#early.length < limits.maxBadMessages) this.#early.push(text);
      else this.close(1013, 'too many messages wait');
    });
    await this.#transport.closed;
    cancelTimer();
    this.#isClosed = true;
    this.#refresh?.stop();
    this.#abort.abort(new ArcpError('UNAVAILABLE', 'the connection ended'));
    this.#session?.detach(this);
  }

  /** Goes on with a session, as a connection that stood while the runtime did not. Call it before {@link run}. */
  goOn(session: Session, { through, isResumed, scheme, expiresAtMs }: ConnectionState): void {
    this.#session = session;
    this.#isResumed = isResumed;
    session.goOn(this, through);
    this.#watchCredentials(session, { scheme }, expiresAtMs);
  }

  /** What to keep of it for {@link goOn}; `undefined` while it has something to do. */
  get state(): ConnectionState | undefined {
    const session = this.#session;
    const through = session?.outbox.restsAt;
    if (session === undefined || through === undefined || !session.isOn(this)) return undefined;
    if (this.#isClosed || this.#waitingMessages > 0 || this.#transport.bufferedBytes > 0) return undefined;
    if (this.#refresh?.isPending === true) return undefined;
    const expiresAtMs = this.#refresh?.expiresAtMs;
    const state = { sessionId: session.id, through, isResumed: this.#isResumed, scheme: this.#scheme };
    return expiresAtMs === undefined ? state : { ...state, expiresAtMs };
  }

  /** When it has something to do by itself, as Unix time in milliseconds. */
  get nextDueMs(): number | undefined {
    return this.#refresh?.dueMs;
  }

  /** Lets a few messages wait until the runtime knows its sessions again. */
  #holdBack(ready: Promise<void>): void {
    this.#early = [];
    const go = () => {
      const early = this.#early ?? [];
      this.#early = undefined;
      for (const text of early) this.#take(text);
    };
    ready.then(go, () => this.close(1011, 'the log failed'));
  }

  send(text: string): void {
    if (this.#isClosed) return;
    try {
      this.#transport.send(text);
    } catch {
      // It is ending: what was not sent is in the log.
      this.#isClosed = true;
    }
  }

  get room(): number {
    return this.#isClosed ? 0 : this.#core.limits.maxBufferedBytes - this.#transport.bufferedBytes;
  }

  whenRoom(callback: () => void): void {
    // There will be none; what waits is told by the end of the connection.
    if (this.#isClosed) return;
    const belowBytes = this.#core.limits.maxBufferedBytes >> 1;
    this.#transport.drained({ belowBytes }).then(callback, (error: unknown) => this.#core.report(error, 'drained'));
  }

  close(code: number, reason: string): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#transport.close(code, reason);
  }

  /** Asks the client for fresh credentials. */
  askAgain(request: RefreshRequest): void {
    this.#refresh?.ask(request);
  }

  reauthenticate(message: ArcpMessage<'session.authenticate'>): void | Promise<void> {
    return this.#refresh?.answer(message);
  }

  #take(text: string): void {
    try {
      this.#receive(text);
    } catch (error) {
      // A fault of ours: this connection pays for it, nobody else.
      this.#core.report(error, 'connection');
      this.close(1011, 'internal error');
    }
  }

  #receive(text: string): void {
    if (this.#isClosed) return;
    const decoded = decodeEnvelope(text, { maxBytes: this.#core.limits.maxMessageBytes });
    if (decoded.kind !== 'envelope') return this.#receiveBad(decoded);
    this.#badMessages = 0;
    const { envelope } = decoded;
    if (this.#session === undefined) return this.#receiveEarly(envelope);
    this.#enqueue(this.#session, envelope, text);
  }

  #receiveBad(decoded: Exclude<Decoded, { kind: 'envelope' }>): void {
    if (++this.#badMessages >= this.#core.limits.maxBadMessages) return this.close(1008, 'too many bad messages');
    if (decoded.kind === 'garbage' || this.#session === undefined || this.#session.isEnding) return;
    const { path, issue, id } = decoded;
    const error = new ArcpError('INVALID_ARGUMENT', `${path} ${issue}`, { details: { path, issue } });
    this.#session.emit('nack', toWireError(error), { correlation_id: id });
  }

  /** Keeps a message, which also says whether it was there before; it is judged afterwards. */
  #enqueue(session: Session, envelope: RawEnvelope, text: string): void {
    const { limits, journal } = this.#core;
    // Chunks are bounded by their streams.
    if (envelope.type !== 'stream.chunk' && !session.rate.take()) return this.#refuseFlood(session, envelope);
    this.#waitingMessages++;
    this.#waitingChars += text.length;
    if (this.#waitingMessages > limits.maxInboundMessages || this.#waitingChars > limits.maxInboundBytes) {
      return this.close(1013, 'too many messages wait');
    }
    const kept = hasCredentials(envelope.type) ? encodeMessage(withoutCredentials(envelope)) : text;
    journal.add(new InItem(this, session, envelope, entryOf(session, envelope, kept, this.#core.now()), text.length));
  }

  #refuseFlood(session: Session, envelope: RawEnvelope): void {
    const { maxCommandsPerSecond } = this.#core.limits;
    if (session.rate.refused > maxCommandsPerSecond) return this.close(1008, 'too many commands');
    if (session.isEnding || envelope.type === 'nack') return;
    const error = new ArcpError('RESOURCE_EXHAUSTED', 'too many commands', { details: { retry_after_seconds: 1 } });
    if (envelope.type === 'tool.invoke') session.jobs.refuse(envelope, error);
    else session.nack(envelope, error);
  }

  /** @internal */
  kept(item: InItem, position: number | undefined): void {
    this.#waitingMessages--;
    this.#waitingChars -= item.chars;
    const { session, envelope } = item;
    if (this.#isHeld) {
      this.#isHeld = false;
      if (envelope.type !== 'resume') session.release(this);
    }
    if (position !== undefined) {
      receive(this.#core, session, this, envelope);
    } else if (this.#isResumed) {
      receiveAgain(this.#core, session, this, envelope).catch((error: unknown) => this.#core.report(error, 'resume'));
    }
  }

  /** A message before acceptance: only the handshake is answered. */
  #receiveEarly(envelope: RawEnvelope): void {
    if (envelope.type === 'session.open') return this.#receiveOpen(envelope);
    if (envelope.type === 'session.authenticate') return this.#receiveAuthenticate(envelope);
  }

  #receiveOpen(envelope: RawEnvelope): void {
    if (this.#handshake.state === 'judging' || this.#handshake.state === 'verifying') return;
    let open: ArcpMessage<'session.open'>;
    try {
      open = decodePayload(envelope, 'session.open');
    } catch (error) {
      if (++this.#badMessages >= this.#core.limits.maxBadMessages) return this.close(1008, 'too many bad messages');
      return this.#say('nack', toWireError(error), envelope);
    }
    if (!this.#handshake.open()) {
      if (this.#handshake.state === 'closed') this.close(1008, 'too many tries');
      return;
    }
    this.#open = open;
    this.#openText = envelope;
    this.#challenge = undefined;
    if (!isSpokenVersion(envelope.arcp)) return this.#reject('UNIMPLEMENTED', 'this runtime speaks version 1 of ARCP');
    this.#settle(() => this.#authenticate(open.payload), envelope);
  }

  #receiveAuthenticate(envelope: RawEnvelope): void {
    const challenge = this.#challenge;
    if (challenge === undefined || this.#handshake.state !== 'challenged') return;
    let response: string;
    try {
      response = decodePayload(envelope, 'session.authenticate').payload.response;
    } catch (error) {
      return this.#say('nack', toWireError(error), envelope);
    }
    if (!this.#handshake.authenticate()) return;
    this.#settle(() => challenge.verify(response, this.#requestOf(this.#open?.payload as SessionOpen)), envelope);
  }

  #authenticate(open: SessionOpen): AuthOutcome | Promise<AuthOutcome> {
    const { principal } = this.#peer;
    if (principal !== undefined) return { kind: 'accepted', principal };
    const { scheme } = open.auth;
    const authenticator = this.#sessions.authenticators.get(scheme);
    if (scheme === 'none' && negotiate(this.#core.offered, open.capabilities ?? {}).anonymous !== true) {
      return { kind: 'refused', message: 'anonymous auth requires capabilities.anonymous: true' };
    }
    if (authenticator === undefined) return { kind: 'refused', message: `auth scheme ${scheme} not configured` };
    if (scheme === 'mtls' && open.client.fingerprint === undefined) {
      return { kind: 'refused', message: 'mtls scheme requires client.fingerprint' };
    }
    return authenticator.authenticate(this.#requestOf(open));
  }

  #requestOf({ auth, client }: SessionOpen): AuthRequest {
    return { auth, client, peer: this.#peer, nowMs: this.#core.now(), signal: this.#abort.signal };
  }

  /** Waits for an outcome where it is not there at once. */
  #settle(work: () => AuthOutcome | Promise<AuthOutcome>, answered: RawEnvelope): void {
    const onFault = (error: unknown) => {
      this.#core.report(error, 'authenticator');
      if (!this.#isClosed) this.#conclude({ kind: 'refused', message: 'authentication failed' }, answered);
    };
    let outcome: AuthOutcome | Promise<AuthOutcome>;
    try {
      outcome = work();
    } catch (error) {
      return onFault(error);
    }
    if (!(outcome instanceof Promise)) return this.#conclude(outcome, answered);
    outcome
      .then((settled) => {
        if (!this.#isClosed) this.#conclude(settled, answered);
      })
      .catch(onFault);
  }

  #conclude(outcome: AuthOutcome, answered: RawEnvelope): void {
    switch (outcome.kind) {
      case 'challenged':
        this.#handshake.challenge();
        this.#challenge = outcome;
        return this.#say('session.challenge', { challenge: outcome.challenge }, answered);
      case 'refused':
        return this.#refuse(outcome.message, answered);
      case 'accepted':
        return this.#accept(outcome, answered);
    }
  }

  #refuse(message: string, answered: RawEnvelope): void {
    const next = this.#handshake.refuse();
    const type = next === 'retry' ? 'session.unauthenticated' : 'session.rejected';
    this.#say(type, { code: 'UNAUTHENTICATED', message }, answered);
    if (next === 'closed') this.close(1008, 'too many tries');
  }

  #reject(code: string, message: string, answered = this.#openText as RawEnvelope): void {
    const next = this.#handshake.reject();
    this.#say('session.rejected', { code, message }, answered);
    if (next === 'closed') this.close(1008, 'too many tries');
  }

  #accept({ principal, expiresAtMs }: Accepted, answered: RawEnvelope): void {
    const core = this.#core;
    const open = this.#open as ArcpMessage<'session.open'>;
    const proposed: Capabilities = open.payload.capabilities ?? {};
    const capabilities = negotiate(core.offered, proposed);
    const missing = missingRequired(proposed.required, capabilities);
    if (missing.length > 0) {
      return this.#reject('UNIMPLEMENTED', 'a required capability is not supported', answered);
    }
    const hint = open.session_id;
    let session = hint === undefined || principal === '' ? undefined : this.#sessions.resumable(hint, principal);
    this.#isResumed = session !== undefined;
    this.#isHeld = this.#isResumed;
    if (session === undefined) {
      try {
        session = this.#sessions.create(principal, open.payload, capabilities);
      } catch (error) {
        const { code, message } = toWireError(error);
        return this.#reject(code, message, answered);
      }
    } else {
      session.renegotiate(open.payload.client, capabilities);
    }
    this.#handshake.accept();
    this.#session = session;
    this.#onAccepted();
    const leaseMs = core.now() + core.limits.sessionLeaseMs;
    this.#keepHandshake(session, answered);
    session.accept(
      this,
      {
        session_id: session.id,
        runtime: core.identity,
        capabilities,
        lease: { expires_at: timestampOf(Math.min(leaseMs, expiresAtMs ?? leaseMs)) },
      },
      answered,
      this.#isResumed,
    );
    this.#watchCredentials(session, open.payload.auth, expiresAtMs);
  }

  #watchCredentials(session: Session, auth: AuthBlock, expiresAtMs: number | undefined): void {
    const { scheme } = auth;
    this.#scheme = scheme;
    const authenticator = this.#peer.principal === undefined ? this.#sessions.authenticators.get(scheme) : undefined;
    const request = () => this.#requestOf({ auth, client: session.client });
    this.#refresh = new Refresh(this.#core, session, authenticator, request);
    if (expiresAtMs !== undefined) this.#refresh.before(expiresAtMs);
  }

  /** The handshake enters the log once there is a session it belongs to: strangers write nothing. */
  #keepHandshake(session: Session, answered: RawEnvelope): void {
    const { journal, now } = this.#core;
    const opened = this.#openText as RawEnvelope;
    for (const envelope of opened === answered ? [opened] : [opened, answered]) {
      const safe = withoutCredentials(envelope);
      const entry = entryOf(session, envelope, encodeMessage(safe), now());
      journal.add({ entry, envelope: safe, committed() {}, lost() {} });
    }
    this.#openText = undefined;
  }

  /** Answers before acceptance: to the connection alone. */
  #say<T extends CoreType>(type: T, payload: Payloads[T], to: EnvelopeFields): void {
    const id = this.#core.ids.message();
    const message = { arcp: ARCP_VERSION, id, timestamp: this.#core.timestamp(), ...replyTo(to), type, payload };
    this.send(encodeMessage(message as unknown as RawEnvelope));
  }
}

/** A message on its way in. */
class InItem implements JournalItem {
  readonly session: Session;
  readonly envelope: RawEnvelope;
  readonly entry: LogEntry;
  readonly chars: number;
  readonly #connection: Connection;

  constructor(connection: Connection, session: Session, envelope: RawEnvelope, entry: LogEntry, chars: number) {
    this.#connection = connection;
    this.session = session;
    this.envelope = envelope;
    this.entry = entry;
    this.chars = chars;
  }

  committed(position: number | undefined): void {
    this.#connection.kept(this, position);
  }

  // The client sends it again: its answer never came.
  lost(): void {}
}

function entryOf(session: Session, envelope: RawEnvelope, text: string, atMs: number): LogEntry {
  return {
    sessionId: session.id,
    principal: session.principal,
    direction: 'in',
    id: envelope.id,
    type: envelope.type,
    jobId: envelope.job_id,
    streamId: envelope.stream_id,
    traceId: envelope.trace_id,
    correlationId: envelope.correlation_id,
    rank: priorityRank(envelope.priority),
    atMs,
    text,
  };
}
