// Authenticating again within a session (ARCP v1.0, section 8.4): a request, a deadline, a few tries, else eviction.

import type { Message } from '../../wire/envelope.js';
import type { AuthScheme } from '../../wire/session.js';
import { timestampOf } from '../../wire/timestamp.js';
import {
  type Authenticator,
  type AuthOutcome,
  type AuthRequest,
  assertOutcome,
  type RefreshRequest,
} from '../authenticator.js';
import type { Core } from '../core.js';
import { replyTo, type Session } from '../sessions/session.js';

/** Time a client gets to come with fresh credentials before its own expire. */
const AHEAD_MS = 60_000;

/** Asking one connection's client again. */
export class Refresh {
  readonly #core: Core;
  readonly #session: Session;
  readonly #scheme: AuthScheme;
  readonly #authenticator: Authenticator | undefined;
  readonly #request: () => AuthRequest;
  #pending: RefreshRequest | undefined;
  #tries = 0;
  #isJudging = false;
  #cancelTimer: (() => void) | undefined;
  #expiresAtMs: number | undefined;

  /** @param scheme Of the credentials the connection came with. */
  constructor(
    core: Core,
    session: Session,
    scheme: AuthScheme,
    authenticator: Authenticator | undefined,
    request: () => AuthRequest,
  ) {
    this.#core = core;
    this.#session = session;
    this.#scheme = scheme;
    this.#authenticator = authenticator;
    this.#request = request;
  }

  /** When the credentials expire, where they do, as Unix time in milliseconds. */
  get expiresAtMs(): number | undefined {
    return this.#expiresAtMs;
  }

  /** When to ask by itself, as Unix time in milliseconds. */
  get dueMs(): number | undefined {
    return this.#expiresAtMs === undefined ? undefined : this.#expiresAtMs - AHEAD_MS;
  }

  /** Whether an answer is awaited. */
  get isPending(): boolean {
    return this.#pending !== undefined;
  }

  /** Asks in time before the credentials expire. */
  before(expiresAtMs: number): void {
    const { clock, now } = this.#core;
    this.stop();
    this.#expiresAtMs = expiresAtMs;
    const delayMs = Math.max(0, expiresAtMs - AHEAD_MS - now());
    this.#cancelTimer = clock.setTimer(() => {
      // Timers may be shorter than asked.
      if (now() < expiresAtMs - AHEAD_MS) this.before(expiresAtMs);
      else this.ask({ deadlineMs: expiresAtMs });
    }, delayMs);
  }

  ask(request: RefreshRequest): void {
    if (this.#session.isEnding) return;
    const { clock, now } = this.#core;
    this.stop();
    this.#pending = request;
    this.#tries = 0;
    const deadline = timestampOf(request.deadlineMs);
    this.#session.emit('session.refresh', { deadline, challenge: request.challenge?.challenge });
    const late = () => this.#session.evict('UNAUTHENTICATED', 'no fresh credentials came in time');
    this.#cancelTimer = clock.setTimer(late, Math.max(0, request.deadlineMs - now()));
  }

  /** Judges an answer. Without a question before it, it is dropped. */
  async answer(message: Message<'session.authenticate'>): Promise<void> {
    const pending = this.#pending;
    if (pending === undefined || this.#isJudging) return;
    this.#isJudging = true;
    let outcome: AuthOutcome;
    try {
      outcome = await this.#judge(pending, message.payload.response);
      assertOutcome(outcome, this.#scheme, this.#session.principal);
    } catch (error) {
      this.#core.report(error, 'authenticator');
      outcome = { kind: 'refused', message: 'authentication failed' };
    } finally {
      this.#isJudging = false;
    }
    if (this.#session.isEnding || this.#pending !== pending) return;
    // The session is somebody's, and stays theirs.
    if (outcome.kind === 'accepted' && outcome.principal === this.#session.principal) {
      // Who has answered a question of the host has shown no fresh credentials: those of before hold as long as they did.
      const ownMs = pending.challenge === undefined ? undefined : this.#expiresAtMs;
      return this.#renew(message, outcome.expiresAtMs ?? ownMs);
    }
    if (++this.#tries >= this.#core.limits.maxChallengeTries) {
      this.stop();
      return this.#session.evict('UNAUTHENTICATED', 'the fresh credentials are not good');
    }
    const text = outcome.kind === 'refused' ? outcome.message : 'authentication failed';
    this.#session.emit('session.unauthenticated', { code: 'UNAUTHENTICATED', message: text }, replyTo(message));
  }

  stop(): void {
    this.#pending = undefined;
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }

  async #judge({ challenge }: RefreshRequest, response: string): Promise<AuthOutcome> {
    const request = this.#request();
    if (challenge !== undefined) return challenge.verify(response, request);
    if (this.#authenticator === undefined) return { kind: 'refused', message: 'authentication failed' };
    const auth = { scheme: this.#authenticator.scheme, token: response };
    return this.#authenticator.authenticate({ ...request, auth });
  }

  #renew(message: Message<'session.authenticate'>, expiresAtMs: number | undefined): void {
    const { identity, limits, now } = this.#core;
    this.stop();
    const leaseMs = now() + limits.sessionLeaseMs;
    const payload = {
      session_id: this.#session.id,
      runtime: identity,
      capabilities: this.#session.capabilities,
      lease: { expires_at: timestampOf(Math.min(leaseMs, expiresAtMs ?? leaseMs)) },
    };
    this.#session.emit('session.accepted', payload, replyTo(message));
    this.#expiresAtMs = undefined;
    if (expiresAtMs !== undefined) this.before(expiresAtMs);
  }
}
