// One connection: from the first byte to the end. How it is greeted is in greeting.ts, how messages enter the log after
// acceptance in intake.ts, what becomes of them in inbound.ts. ARCP v1.0, section 8.1.

import { ChannelError } from '../../../errors.js';
import type { Transport } from '../../../transport/contract.js';
import { receiveText } from '../../acceptor.js';
import { ArcpError } from '../../errors.js';
import { withoutSidecar } from '../../sidecar/negotiated.js';
import { SidecarTransport } from '../../sidecar/sidecar-transport.js';
import { type Message as ArcpMessage, type Decoded, decodeEnvelope, type RawEnvelope } from '../../wire/envelope.js';
import type { AuthBlock, AuthScheme, ClientIdentity } from '../../wire/session.js';
import { timestampOf } from '../../wire/timestamp.js';
import { toWireError } from '../../wire-error.js';
import type { AuthRequest, Peer, RefreshRequest } from '../authenticator.js';
import type { Core } from '../core.js';
import type { ConnectionState } from '../rest.js';
import type { Session } from '../sessions/session.js';
import type { DispatchLink } from './dispatch.js';
import { type Acceptance, Greeting, type Sessions } from './greeting.js';
import { receive, receiveAgain } from './inbound.js';
import { Intake } from './intake.js';
import { Refresh } from './refresh.js';

/** A connection. */
export class Connection implements DispatchLink {
  readonly #core: Core;
  readonly #sessions: Sessions;
  readonly #transport: Transport;
  /** The transport, where it can carry bytes. */
  readonly #sidecar: SidecarTransport | undefined;
  readonly #peer: Peer;
  readonly #intake: Intake;
  /** There until acceptance. */
  #greeting: Greeting | undefined;
  readonly #abort = new AbortController();
  readonly #onAccepted: () => void;
  #session: Session | undefined;
  #isResumed = false;
  /** Whether the client of a resumed session has yet to say what it wants. */
  #isHeld = false;
  #refresh: Refresh | undefined;
  #scheme: AuthScheme = 'none';
  /** Messages that came before the runtime was ready for them. */
  #early: string[] | undefined;
  #badMessages = 0;
  #isClosed = false;

  /** @param onAccepted Called when it counts as half-open no more. */
  constructor(core: Core, sessions: Sessions, transport: Transport, peer: Peer, onAccepted: () => void) {
    this.#core = core;
    this.#sessions = sessions;
    const { clock, limits, offered } = core;
    const { maxMessageBytes } = limits;
    this.#sidecar = transport.textOnly ? undefined : new SidecarTransport(transport, { maxMessageBytes, clock });
    this.#transport = this.#sidecar ?? transport;
    this.#peer = peer;
    this.#onAccepted = onAccepted;
    this.#intake = new Intake(core, this);
    const connection = this;
    this.#greeting = new Greeting(core, sessions, peer, {
      get isClosed() {
        return connection.#isClosed;
      },
      signal: this.#abort.signal,
      offered: this.#sidecar === undefined ? withoutSidecar(offered) : offered,
      send: (text) => this.send(text),
      close: (code, reason) => this.close(code, reason),
      accepted: (acceptance) => this.#begin(acceptance),
    });
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
      if (this.#isClosed || this.#greeting?.mayTake(text) === false) return;
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
  goOn(session: Session, { through, isResumed, scheme, expiresAtMs, isSidecar }: ConnectionState): void {
    this.#session = session;
    this.#greeting = undefined;
    this.#isResumed = isResumed;
    if (isSidecar) this.#sidecar?.turnOn();
    session.goOn(this, through);
    this.#watchCredentials(session, { scheme }, expiresAtMs);
  }

  /** What to keep of it for {@link goOn}; `undefined` while it has something to do. */
  get state(): ConnectionState | undefined {
    const session = this.#session;
    const through = session?.outbox.restsAt;
    if (session === undefined || through === undefined || !session.isOn(this)) return undefined;
    if (this.#isClosed || !this.#intake.isEmpty || this.#transport.bufferedBytes > 0) return undefined;
    if (this.#refresh?.isPending === true || this.#sidecar?.isPending === true) return undefined;
    const expiresAtMs = this.#refresh?.expiresAtMs;
    return {
      sessionId: session.id,
      through,
      isResumed: this.#isResumed,
      scheme: this.#scheme,
      ...(expiresAtMs === undefined ? undefined : { expiresAtMs }),
      ...(this.#sidecar?.isOn ? { isSidecar: true } : undefined),
    };
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
    } catch (error) {
      // It is ending, or ends now: what was not sent is in the log.
      if (!(error instanceof ChannelError)) this.#core.report(error, 'transport');
      this.close(1011, 'a message was not sent');
    }
  }

  get room(): number {
    return this.#isClosed ? 0 : this.#core.limits.maxBufferedBytes - this.#transport.bufferedBytes;
  }

  whenRoom(callback: () => void): void {
    // There will be none; what waits is told by the end of the connection.
    if (this.#isClosed) return;
    const belowBytes = this.#core.limits.maxBufferedBytes >> 1;
    this.#transport
      .drained({ belowBytes })
      .then(callback)
      .catch((error: unknown) => {
        // A fault of ours: this connection pays for it, nobody else.
        this.#core.report(error, 'drained');
        this.close(1011, 'internal error');
      });
  }

  close(code: number, reason: string): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#refresh?.stop();
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
    const { maxMessageBytes, maxHandshakeBytes } = this.#core.limits;
    const session = this.#session;
    const maxBytes = session === undefined ? Math.min(maxHandshakeBytes, maxMessageBytes) : maxMessageBytes;
    const decoded = decodeEnvelope(text, { maxBytes });
    if (decoded.kind !== 'envelope') return this.#receiveBad(decoded);
    if (session === undefined) return this.#greeting?.take(decoded.envelope);
    this.#badMessages = 0;
    this.#intake.take(session, decoded.envelope, text);
  }

  #receiveBad(decoded: Exclude<Decoded, { kind: 'envelope' }>): void {
    if (++this.#badMessages >= this.#core.limits.maxBadMessages) return this.close(1008, 'too many bad messages');
    const session = this.#session;
    if (session === undefined || !this.#intake.takeBad(session)) return;
    if (decoded.kind === 'garbage' || session.isEnding) return;
    const { path, issue, id } = decoded;
    const error = new ArcpError('INVALID_ARGUMENT', `${path} ${issue}`, { details: { path, issue } });
    session.emit('nack', toWireError(error), { correlation_id: id });
  }

  /** @internal */
  kept(session: Session, envelope: RawEnvelope, position: number | undefined): void {
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

  /** Goes on with the session of a client that was let in. */
  #begin({ session, isResumed, open, said, expiresAtMs }: Acceptance): void {
    const { limits, identity, now } = this.#core;
    this.#isResumed = isResumed;
    this.#isHeld = isResumed;
    this.#session = session;
    this.#greeting = undefined;
    this.#badMessages = 0;
    this.#onAccepted();
    this.#intake.keepHandshake(session, said);
    const leaseMs = now() + limits.sessionLeaseMs;
    const payload = {
      session_id: session.id,
      runtime: identity,
      capabilities: session.capabilities,
      lease: { expires_at: timestampOf(Math.min(leaseMs, expiresAtMs ?? leaseMs)) },
    };
    // The client hears of it first, and speaks of it afterwards.
    this.#sidecar?.accepted(session.capabilities);
    session.accept(this, payload, said.at(-1) ?? said[0], isResumed);
    this.#watchCredentials(session, open.auth, expiresAtMs);
  }

  #watchCredentials(session: Session, auth: AuthBlock, expiresAtMs: number | undefined): void {
    const { scheme } = auth;
    this.#scheme = scheme;
    const authenticator = this.#peer.principal === undefined ? this.#sessions.authenticators.get(scheme) : undefined;
    const request = () => this.#requestOf(auth, session.client);
    this.#refresh = new Refresh(this.#core, session, scheme, authenticator, request);
    if (expiresAtMs !== undefined) this.#refresh.before(expiresAtMs);
  }

  #requestOf(auth: AuthBlock, client: ClientIdentity): AuthRequest {
    return { auth, client, peer: this.#peer, nowMs: this.#core.now(), signal: this.#abort.signal };
  }
}
