// A connection before acceptance: drives the handshake (ARCP v1.0, section 8.1) with authenticators and a way to answer. The
// machine is handshake.ts. Strangers are at work here: few messages, short ones, and nothing of theirs is kept.

import { withoutSidecar } from '../../sidecar/negotiated.js';
import { type Capabilities, missingRequired, negotiate } from '../../wire/capabilities.js';
import {
  ARCP_VERSION,
  type Message as ArcpMessage,
  decodePayload,
  type EnvelopeFields,
  encodeMessage,
  isSpokenVersion,
  type RawEnvelope,
} from '../../wire/envelope.js';
import type { CoreType, Payloads } from '../../wire/payloads.js';
import type { AuthScheme, SessionOpen } from '../../wire/session.js';
import { toWireError } from '../../wire-error.js';
import {
  type Accepted,
  type Authenticator,
  type AuthOutcome,
  type AuthRequest,
  assertOutcome,
  type Challenged,
  type Peer,
} from '../authenticator.js';
import type { Core } from '../core.js';
import { isRustCrate } from '../rust-crate.js';
import { replyTo, type Session } from '../sessions/session.js';
import { Handshake } from './handshake.js';

/** What a connection asks of the runtime. */
export interface Sessions {
  readonly authenticators: ReadonlyMap<string, Authenticator>;
  /** The session a client may take up again. */
  resumable(id: string, principal: string): Session | undefined;
  /** @param principal Empty: a stranger, named by its session. @throws {ArcpError} RESOURCE_EXHAUSTED */
  create(principal: string, open: SessionOpen, capabilities: Session['capabilities'], peer: Peer): Session;
}

/** A client that was let in. */
export interface Acceptance {
  readonly session: Session;
  /** Whether it was there before. */
  readonly isResumed: boolean;
  readonly open: SessionOpen;
  /** What the client said on the way: the last one is answered. */
  readonly said: readonly [RawEnvelope, ...RawEnvelope[]];
  readonly expiresAtMs: number | undefined;
}

/** What it needs of its connection. */
export interface GreetingPort {
  readonly isClosed: boolean;
  readonly signal: AbortSignal;
  /** What the runtime offers on it. */
  readonly offered: Capabilities;
  send(text: string): void;
  close(code: number, reason: string): void;
  /** The handshake is over, and this with it. */
  accepted(acceptance: Acceptance): void;
}

/** Messages of a handshake, with all its tries; what goes beyond is no handshake. */
const MAX_MESSAGES = 64;

/** The greeting of one connection. */
export class Greeting {
  readonly #core: Core;
  readonly #sessions: Sessions;
  readonly #peer: Peer;
  readonly #port: GreetingPort;
  readonly #handshake: Handshake;
  #messages = 0;
  #badOpens = 0;
  /** What the client opened with, and the challenge it was given. */
  #open: ArcpMessage<'session.open'> | undefined;
  #openText: RawEnvelope | undefined;
  #challenge: Challenged | undefined;

  constructor(core: Core, sessions: Sessions, peer: Peer, port: GreetingPort) {
    this.#core = core;
    this.#sessions = sessions;
    this.#peer = peer;
    this.#port = port;
    this.#handshake = new Handshake(core.limits.maxFailedOpens, core.limits.maxChallengeTries);
  }

  /** Whether a text is taken at all: it has not been looked at. Else the connection is closed. */
  mayTake(text: string): boolean {
    if (++this.#messages > MAX_MESSAGES) this.#port.close(1008, 'too many messages before acceptance');
    // Its length as UTF-8 is judged when it is decoded.
    else if (text.length > this.#core.limits.maxHandshakeBytes) this.#port.close(1009, 'too long before acceptance');
    else return true;
    return false;
  }

  /** Takes a message: only the handshake is answered. */
  take(envelope: RawEnvelope): void {
    if (envelope.type === 'session.open') return this.#receiveOpen(envelope);
    if (envelope.type === 'session.authenticate') return this.#receiveAuthenticate(envelope);
  }

  #receiveOpen(envelope: RawEnvelope): void {
    if (this.#handshake.state === 'judging' || this.#handshake.state === 'verifying') return;
    let open: ArcpMessage<'session.open'>;
    try {
      open = decodePayload(envelope, 'session.open');
    } catch (error) {
      if (++this.#badOpens >= this.#core.limits.maxBadMessages) {
        return this.#port.close(1008, 'too many bad messages');
      }
      return this.#say('nack', toWireError(error), envelope);
    }
    if (!this.#handshake.open()) {
      if (this.#handshake.state === 'closed') this.#port.close(1008, 'too many tries');
      return;
    }
    this.#open = open;
    this.#openText = envelope;
    this.#challenge = undefined;
    if (!isSpokenVersion(envelope.arcp)) {
      return this.#reject('UNIMPLEMENTED', 'this runtime speaks version 1 of ARCP', envelope);
    }
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
    if (scheme === 'none' && negotiate(this.#port.offered, open.capabilities ?? {}).anonymous !== true) {
      return { kind: 'refused', message: 'anonymous auth requires capabilities.anonymous: true' };
    }
    if (authenticator === undefined) return { kind: 'refused', message: `auth scheme ${scheme} not configured` };
    if (scheme === 'mtls' && open.client.fingerprint === undefined) {
      return { kind: 'refused', message: 'mtls scheme requires client.fingerprint' };
    }
    return authenticator.authenticate(this.#requestOf(open));
  }

  #requestOf({ auth, client }: SessionOpen): AuthRequest {
    return { auth, client, peer: this.#peer, nowMs: this.#core.now(), signal: this.#port.signal };
  }

  /** Waits for an outcome where it is not there at once. */
  #settle(work: () => AuthOutcome | Promise<AuthOutcome>, answered: RawEnvelope): void {
    let outcome: AuthOutcome | Promise<AuthOutcome>;
    try {
      outcome = work();
    } catch (error) {
      return this.#blame(error, answered);
    }
    if (!(outcome instanceof Promise)) return this.#judge(outcome, answered);
    outcome
      .then(
        (settled) => this.#judge(settled, answered),
        (error: unknown) => this.#blame(error, answered),
      )
      .catch((error: unknown) => {
        this.#core.report(error, 'connection');
        this.#port.close(1011, 'internal error');
      });
  }

  /** An authenticator failed: the client is refused, without a word of why. */
  #blame(error: unknown, answered: RawEnvelope): void {
    this.#core.report(error, 'authenticator');
    if (!this.#port.isClosed) this.#refuse('authentication failed', answered);
  }

  #judge(outcome: AuthOutcome, answered: RawEnvelope): void {
    if (this.#port.isClosed) return;
    try {
      assertOutcome(outcome, this.#scheme);
      if (outcome.kind === 'challenged' && this.#handshake.state !== 'judging') {
        throw new TypeError('an answer to a challenge is accepted or refused');
      }
    } catch (error) {
      return this.#blame(error, answered);
    }
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

  get #scheme(): AuthScheme {
    return this.#open?.payload.auth.scheme ?? 'none';
  }

  #refuse(message: string, answered: RawEnvelope): void {
    const next = this.#handshake.refuse();
    const type = next === 'retry' ? 'session.unauthenticated' : 'session.rejected';
    this.#say(type, { code: 'UNAUTHENTICATED', message }, answered);
    if (next === 'closed') this.#port.close(1008, 'too many tries');
  }

  #reject(code: string, message: string, answered: RawEnvelope): void {
    const next = this.#handshake.reject();
    this.#say('session.rejected', { code, message }, answered);
    if (next === 'closed') this.#port.close(1008, 'too many tries');
  }

  #accept({ principal, expiresAtMs }: Accepted, answered: RawEnvelope): void {
    const { payload: open, session_id: hint } = this.#open as ArcpMessage<'session.open'>;
    const opened = this.#openText as RawEnvelope;
    const proposed: Capabilities = open.capabilities ?? {};
    // The Rust crate takes no chunk without `data`, whatever its clients propose.
    const offered = isRustCrate(open.client) ? withoutSidecar(this.#port.offered) : this.#port.offered;
    const capabilities = negotiate(offered, proposed);
    if (missingRequired(proposed.required, capabilities).length > 0) {
      return this.#reject('UNIMPLEMENTED', 'a required capability is not supported', answered);
    }
    let session = hint === undefined || principal === '' ? undefined : this.#sessions.resumable(hint, principal);
    const isResumed = session !== undefined;
    if (session === undefined) {
      try {
        session = this.#sessions.create(principal, open, capabilities, this.#peer);
      } catch (error) {
        const { code, message } = toWireError(error);
        return this.#reject(code, message, answered);
      }
    } else {
      session.renegotiate(open.client, capabilities);
    }
    this.#handshake.accept();
    const said = opened === answered ? ([opened] as const) : ([opened, answered] as const);
    this.#port.accepted({ session, isResumed, open, said, expiresAtMs });
  }

  /** Answers before acceptance: to the connection alone. */
  #say<T extends CoreType>(type: T, payload: Payloads[T], to: EnvelopeFields): void {
    const id = this.#core.ids.message();
    const message = { arcp: ARCP_VERSION, id, timestamp: this.#core.timestamp(), ...replyTo(to), type, payload };
    this.#port.send(encodeMessage(message as unknown as RawEnvelope));
  }
}
