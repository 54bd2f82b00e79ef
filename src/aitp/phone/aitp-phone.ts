// AITP inside phone sessions, for whoever answers (agent-phone v1, section 8): the handshake, tokens that are presented, and
// the hook that lets a method be called only under one.

import { onAbort } from '../../abort.js';
import { assertInteger } from '../../bytes/assert.js';
import { type Clock, systemClock } from '../../clock.js';
import { encodeBase64url } from '../../codec/base64url.js';
import type { Verified } from '../../documents/verified.js';
import { LimitError } from '../../errors.js';
import type { Authorize, Handler, Handlers } from '../../phone/handlers.js';
import type { Peer } from '../../phone/peer.js';
import type { Session } from '../../phone/session.js';
import { rpcError, WIRE_CODES } from '../../phone/wire-errors.js';
import { unlessAborted } from '../../unless-aborted.js';
import type { AitpAgent } from '../agent.js';
import { parseEnvelope } from '../envelope.js';
import { AitpError } from '../errors.js';
import type { HandshakeResponder, HandshakeResponderOptions } from '../handshake/responder.js';
import type { HandshakeResult } from '../handshake/second-round.js';
import { AitpPeerError } from '../peer-error.js';
import { type RateWindow, rateWindow } from '../rate-window.js';
import { assertRevocationDecision, type RevocationDecision } from '../revocation.js';
import { type ManifestBound, type Tct, verifyTct } from '../tct.js';
import { type AitpClock, readClock } from '../timestamps.js';
import { DEFAULT_RECHECK_SEC, MAX_RECHECK_SEC } from '../watch-tct.js';
import { guardedHandler } from './guarded.js';
import {
  COMMIT_METHOD,
  checkSamePeer,
  HELLO_METHOD,
  MAX_PHONE_MESSAGE_BYTES,
  PRESENT_METHOD,
  readMessageText,
} from './names.js';
import { presentedTokens } from './presented.js';

/** What {@link aitpPhone} needs. `revocation` has no default: it is a decision. */
export interface AitpPhoneOptions {
  /** Us. Its Manifest has to be made before the first call. */
  readonly agent: AitpAgent;
  /** About tokens that are presented, asked on every call. For tokens we granted, our own list: `ownRevocations`. */
  readonly revocation: RevocationDecision;
  /** AID of the one whose tokens count. Default: the agent itself. */
  readonly issuer?: string;
  /** How long its Manifest holds. Default for our own: the agent's Manifest. */
  readonly issuerManifest?: ManifestBound;
  /** What is to be different in handshakes from the options of the agent. */
  readonly responder?: Partial<HandshakeResponderOptions>;
  /**
   * Told of each finished handshake before its last message goes out: what was granted is to be remembered, so that it can
   * be revoked. Where it throws, the peer gets nothing.
   */
  readonly onHandshake?: (result: HandshakeResult, session: Session) => void | Promise<void>;
  /** Handshakes one caller may begin in 60 seconds, in all its sessions: 1 or more. Default 10. */
  readonly maxHellos?: number;
  /** Other messages of AITP one caller may send in 60 seconds, in all its sessions: 1 or more. Default 60. */
  readonly maxMessages?: number;
  /** Seconds between two looks at the token of a stream that goes on: 1 to 300. Default 60. */
  readonly recheckSec?: number;
  /** Unix seconds. Default: the clock of the agent. */
  readonly now?: AitpClock;
  /** Timers. Default: the host's. */
  readonly clock?: Clock;
}

/** AITP for `serve` or `connect`. */
export interface AitpPhone {
  /** To be spread into `handlers`. */
  readonly handlers: Handlers;

  /**
   * Makes an `authorize` hook: every method may be called only by a peer that has presented a token which grants this, and
   * still does. The methods of AITP themselves, and the proof of the session, are let through.
   *
   * The hook is asked when a call begins. Streams that may go on for long want {@link guard}.
   *
   * @param next Asked afterwards, where there is more to decide.
   */
  require(capability: string, next?: Authorize): Authorize;

  /**
   * As {@link require}, by method. A method that is not listed is refused; `null` lets everybody call it.
   */
  requireEach(capabilities: Readonly<Record<string, string | null>>, next?: Authorize): Authorize;

  /**
   * Makes handlers that answer under a token only, with or without a hook before them, and whose streams end with an error
   * when no presented token grants the capability any more. For `handlers`, in place of the originals.
   *
   * @param capabilities By method, one for each handler; `null` lets everybody call it.
   * @throws {TypeError} a handler without a capability, or a capability without a handler.
   */
  guard(handlers: Handlers, capabilities: Readonly<Record<string, string | null>>): Handlers;
}

const WINDOW_SEC = 60;
const OWN_METHODS: readonly string[] = [HELLO_METHOD, COMMIT_METHOD, PRESENT_METHOD];

/**
 * Makes the answering side of AITP in phone sessions.
 *
 * @throws {TypeError | RangeError} options of the wrong kind or range.
 * @example
 * ```ts
 * const aitp = aitpPhone({ agent, revocation: ownRevocations(revoked) })
 * serve({ identity, handlers: { ...aitp.handlers, list }, authorize: aitp.require('calendar.read') })
 * ```
 */
export function aitpPhone(options: AitpPhoneOptions): AitpPhone {
  const { agent, revocation, responder: own, onHandshake, maxHellos = 10, maxMessages = 60 } = options;
  const { recheckSec = DEFAULT_RECHECK_SEC, clock = systemClock } = options;
  if (typeof agent?.newResponder !== 'function') throw new TypeError('agent must be an AitpAgent');
  const { now = agent.now } = options;
  assertRevocationDecision(revocation);
  assertInteger(maxHellos, 'maxHellos', 1);
  assertInteger(maxMessages, 'maxMessages', 1);
  assertInteger(recheckSec, 'recheckSec', 1, MAX_RECHECK_SEC);
  readClock(now);
  const issuer = options.issuer ?? agent.aid;
  if (issuer !== agent.aid && options.issuerManifest === undefined) throw new TypeError('issuerManifest must be given');
  const responders = new WeakMap<Session, HandshakeResponder>();
  const tokens = presentedTokens(now, revocation);
  // By key and not by session: sessions are cheap.
  const hellos = rateWindow({ max: maxHellos, windowSec: WINDOW_SEC }, now);
  const messages = rateWindow({ max: maxMessages, windowSec: WINDOW_SEC }, now);

  function count(window: RateWindow, { peer }: Session): void {
    if (!window.take(encodeBase64url(peer.agreementKey))) throw rpcError(WIRE_CODES.busy, 'too many messages');
  }

  /** The handshake of a session from now on. What was before it, and what the session leaves, comes to an end. */
  function begun(session: Session, responder: HandshakeResponder): void {
    const before = responders.get(session);
    responders.set(session, responder);
    if (before !== undefined) before.abandon();
    else void session.closed.then(() => responders.get(session)?.abandon());
  }

  /**
   * A hello begins a handshake, whatever became of the one before: whether the caller has given that up is not always told
   * here. One that is refused, such as a replay, ends nothing.
   */
  async function hello(params: unknown, session: Session, signal: AbortSignal): Promise<string> {
    count(hellos, session);
    const text = fromPeer(params, session);
    const responder = agent.newResponder({ ...own, maxBytes: MAX_PHONE_MESSAGE_BYTES });
    const { ackJson } = await responder.processHello(text, { signal });
    signal.throwIfAborted();
    begun(session, responder);
    return ackJson;
  }

  async function commit(params: unknown, session: Session, signal: AbortSignal): Promise<string> {
    count(messages, session);
    const text = fromPeer(params, session);
    const responder = responders.get(session);
    if (responder === undefined) throw new AitpError('INVALID_ENVELOPE', 'no commit is due');
    const { ackJson, completed } = await responder.processCommit(text, { signal });
    try {
      await onHandshake?.(completed, session);
    } catch (cause) {
      if (cause instanceof LimitError) throw rpcError(WIRE_CODES.busy, 'too much is granted already', { cause });
      // Whatever the application threw, it is no answer to a peer.
      throw new Error('onHandshake failed', { cause });
    }
    return ackJson;
  }

  async function present(params: unknown, session: Session, signal: AbortSignal): Promise<null> {
    count(messages, session);
    const token = (params as { readonly tct?: unknown } | null | undefined)?.tct;
    const issuerManifest = options.issuerManifest ?? agent.manifest;
    if (issuerManifest === undefined) throw new TypeError('the agent has no Manifest yet: call buildManifest');
    const audience = { dangerouslyAcceptAnyHolder: true } as const;
    try {
      const text = readMessageText(token);
      const work = verifyTct(text, { issuer, audience, issuerManifest, revocation, now, signal });
      const tct = await unlessAborted(signal, work);
      // Whoever holds it has to be whoever is calling, and nobody else.
      checkSamePeer(tct.subject, session.peer, 'AUDIENCE_MISMATCH');
      tokens.add(session.peer, tct);
      return null;
    } catch (error) {
      throw asDenied(error);
    }
  }

  /** An answer, or where something of the peer's does not hold, the signed message that says so: to an error, never. */
  async function answered(params: unknown, work: Promise<string>): Promise<string> {
    try {
      return await work;
    } catch (error) {
      const isStray = error instanceof AitpError && isErrorMessage(params);
      if (error instanceof AitpPeerError || isStray) throw rpcError(WIRE_CODES.failed, 'the handshake has ended');
      if (error instanceof AitpError) return agent.buildError(error.wireCode);
      throw error;
    }
  }

  /** A look at the tokens of a peer, which comes to an end: a call that waits for it holds a place. */
  async function use(peer: Peer, capability: string, signal?: AbortSignal): Promise<Verified<Tct>> {
    const controller = new AbortController();
    const removeAbort = onAbort(signal, (reason) => controller.abort(reason));
    const cancelTimer = clock.setTimer(() => {
      controller.abort(new AitpError('TCT_REVOKED', 'whether the token was revoked could not be found out in time'));
    }, recheckSec * 1_000);
    try {
      signal?.throwIfAborted();
      return await tokens.use(peer, capability, controller.signal);
    } catch (error) {
      throw asDenied(error);
    } finally {
      cancelTimer();
      removeAbort();
    }
  }

  function hook(capabilityOf: (method: string) => string | null | undefined, next: Authorize | undefined): Authorize {
    return async (request) => {
      const { method, peer } = request;
      if (OWN_METHODS.includes(method)) return true;
      const capability = capabilityOf(method);
      if (capability === undefined) return false;
      if (capability !== null) await use(peer, capability);
      return next === undefined || next(request);
    };
  }

  return {
    handlers: {
      [HELLO_METHOD]: (params, { session, signal }) => answered(params, hello(params, session, signal)),
      [COMMIT_METHOD]: (params, { session, signal }) => answered(params, commit(params, session, signal)),
      [PRESENT_METHOD]: (params, { session, signal }) => present(params, session, signal),
    },
    require(capability, next) {
      assertCapability(capability);
      return hook(() => capability, next);
    },
    requireEach(capabilities, next) {
      const wanted = new Map(Object.entries(capabilities));
      for (const capability of wanted.values()) if (capability !== null) assertCapability(capability);
      return hook((method) => wanted.get(method), next);
    },
    guard(handlers, capabilities) {
      const wanted = new Map(Object.entries(capabilities));
      for (const method of wanted.keys()) {
        if (!Object.hasOwn(handlers, method)) throw new TypeError(`handlers has no ${method}`);
      }
      const guarded = Object.entries(handlers).map(([method, handler]): [string, Handler] => {
        const capability = wanted.get(method);
        if (capability === undefined) throw new TypeError(`capabilities has no ${method}`);
        if (capability === null) return [method, handler];
        assertCapability(capability);
        const timing = { now, clock, recheckSec };
        return [method, guardedHandler(handler, { use: (peer, signal) => use(peer, capability, signal), timing })];
      });
      return Object.fromEntries(guarded);
    },
  };
}

/** A message of the handshake whose sender is the one this session was opened with. @throws {AitpError} otherwise. */
function fromPeer(params: unknown, { peer }: Session): string {
  const text = readMessageText(params);
  const { sender } = parseEnvelope(text, { maxBytes: MAX_PHONE_MESSAGE_BYTES });
  checkSamePeer(sender, peer, 'INVALID_ENVELOPE');
  return text;
}

/** Whether a message says that something went wrong. Whether it is anybody's is not looked at. */
function isErrorMessage(params: unknown): boolean {
  try {
    return parseEnvelope(readMessageText(params), { maxBytes: MAX_PHONE_MESSAGE_BYTES }).messageType === 'error';
  } catch {
    return false;
  }
}

/** What a caller is told: the code, which says no more than that. */
function asDenied(error: unknown): unknown {
  return error instanceof AitpError ? rpcError(WIRE_CODES.denied, error.wireCode, { cause: error }) : error;
}

function assertCapability(capability: unknown): void {
  if (typeof capability === 'string' && /^\S+$/.test(capability)) return;
  throw new TypeError('capability must be a string with content and without whitespace');
}
