// AITP inside phone sessions, for whoever answers (agent-phone v1, section 8): the handshake, tokens that are presented, and
// the hook that lets a method be called only under one.

import type { Authorize, Handlers } from '../../phone/handlers.js';
import type { Session } from '../../phone/session.js';
import { rpcError, WIRE_CODES } from '../../phone/wire-errors.js';
import type { AitpAgent } from '../agent.js';
import { parseEnvelope } from '../envelope.js';
import { AitpError } from '../errors.js';
import type { HandshakeResponder, HandshakeResponderOptions } from '../handshake/responder.js';
import type { HandshakeResult } from '../handshake/second-round.js';
import { AitpPeerError } from '../peer-error.js';
import { assertRevocationDecision, type RevocationDecision } from '../revocation.js';
import { type ManifestBound, verifyTct } from '../tct.js';
import { type AitpClock, readClock, systemClockSec } from '../timestamps.js';
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
  /** Handshakes one session may begin in 60 seconds: 1 or more. Default 10. */
  readonly maxHellos?: number;
  /** The clock of the agent, in Unix seconds. Default: the host's. */
  readonly now?: AitpClock;
}

/** AITP for `serve` or `connect`. */
export interface AitpPhone {
  /** To be spread into `handlers`. */
  readonly handlers: Handlers;

  /**
   * Makes an `authorize` hook: every method may be called only by a peer that has presented a token which grants this, and
   * still does. The methods of AITP themselves, and the proof of the session, are let through.
   *
   * @param next Asked afterwards, where there is more to decide.
   */
  require(capability: string, next?: Authorize): Authorize;

  /**
   * As {@link require}, by method. A method that is not listed is refused; `null` lets everybody call it.
   */
  requireEach(capabilities: Readonly<Record<string, string | null>>, next?: Authorize): Authorize;
}

interface Talk {
  responder: HandshakeResponder | undefined;
  hellos: number[];
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
  const { agent, revocation, responder: own, onHandshake, maxHellos = 10, now = systemClockSec } = options;
  if (typeof agent?.newResponder !== 'function') throw new TypeError('agent must be an AitpAgent');
  assertRevocationDecision(revocation);
  if (!Number.isSafeInteger(maxHellos) || maxHellos < 1) throw new RangeError('maxHellos must be 1 or more');
  readClock(now);
  const issuer = options.issuer ?? agent.aid;
  if (issuer !== agent.aid && options.issuerManifest === undefined) throw new TypeError('issuerManifest must be given');
  const talks = new WeakMap<Session, Talk>();
  const tokens = presentedTokens(now, revocation);

  function talkOf(session: Session): Talk {
    const talk = talks.get(session) ?? { responder: undefined, hellos: [] };
    talks.set(session, talk);
    return talk;
  }

  async function hello(params: unknown, session: Session, signal: AbortSignal): Promise<string> {
    const text = fromPeer(params, session);
    const talk = talkOf(session);
    const nowSec = readClock(now);
    talk.hellos = talk.hellos.filter((atSec) => Math.abs(nowSec - atSec) < WINDOW_SEC);
    if (talk.hellos.length >= maxHellos) throw rpcError(WIRE_CODES.busy, 'too many handshakes');
    talk.hellos.push(nowSec);
    const waiting = talk.responder;
    const isWaiting = waiting?.state === 'awaiting-commit' && (waiting.expiresAtSec ?? 0) > nowSec;
    // A second hello inside a handshake ends it; after one that is over, it begins the next.
    if (isWaiting) return (await waiting.processHello(text, { signal })).ackJson;
    const responder = agent.newResponder({ ...own, maxBytes: MAX_PHONE_MESSAGE_BYTES });
    talk.responder = responder;
    return (await responder.processHello(text, { signal })).ackJson;
  }

  async function commit(params: unknown, session: Session, signal: AbortSignal): Promise<string> {
    const text = fromPeer(params, session);
    const { responder } = talkOf(session);
    if (responder === undefined) throw new AitpError('INVALID_ENVELOPE', 'no commit is due');
    const { ackJson, completed } = await responder.processCommit(text, { signal });
    try {
      await onHandshake?.(completed, session);
    } catch (cause) {
      // Whatever the application threw, it is no answer to a peer.
      throw new Error('onHandshake failed', { cause });
    }
    return ackJson;
  }

  async function present(params: unknown, session: Session, signal: AbortSignal): Promise<null> {
    const token = (params as { readonly tct?: unknown } | null | undefined)?.tct;
    const issuerManifest = options.issuerManifest ?? agent.manifest;
    if (issuerManifest === undefined) throw new TypeError('the agent has no Manifest yet: call buildManifest');
    const audience = { dangerouslyAcceptAnyHolder: true } as const;
    try {
      const text = readMessageText(token);
      const tct = await verifyTct(text, { issuer, audience, issuerManifest, revocation, now, signal });
      // Whoever holds it has to be whoever is calling, and nobody else.
      checkSamePeer(tct.subject, session.peer, 'AUDIENCE_MISMATCH');
      tokens.add(session.peer, tct);
      return null;
    } catch (error) {
      throw asDenied(error);
    }
  }

  /** An answer, or where something of the peer's does not hold, the signed message that says so. */
  async function answered(work: Promise<string>): Promise<string> {
    try {
      return await work;
    } catch (error) {
      if (error instanceof AitpPeerError) throw rpcError(WIRE_CODES.failed, 'the handshake has ended');
      if (error instanceof AitpError) return agent.buildError(error.wireCode);
      throw error;
    }
  }

  function guard(capabilityOf: (method: string) => string | null | undefined, next: Authorize | undefined): Authorize {
    return async (request) => {
      const { method, peer } = request;
      if (OWN_METHODS.includes(method)) return true;
      const capability = capabilityOf(method);
      if (capability === undefined) return false;
      if (capability !== null) {
        try {
          await tokens.use(peer, capability);
        } catch (error) {
          throw asDenied(error);
        }
      }
      return next === undefined || next(request);
    };
  }

  return {
    handlers: {
      [HELLO_METHOD]: (params, { session, signal }) => answered(hello(params, session, signal)),
      [COMMIT_METHOD]: (params, { session, signal }) => answered(commit(params, session, signal)),
      [PRESENT_METHOD]: (params, { session, signal }) => present(params, session, signal),
    },
    require(capability, next) {
      assertCapability(capability);
      return guard(() => capability, next);
    },
    requireEach(capabilities, next) {
      const wanted = new Map(Object.entries(capabilities));
      for (const capability of wanted.values()) if (capability !== null) assertCapability(capability);
      return guard((method) => wanted.get(method), next);
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

/** What a caller is told: the code, which says no more than that. */
function asDenied(error: unknown): unknown {
  return error instanceof AitpError ? rpcError(WIRE_CODES.denied, error.wireCode, { cause: error }) : error;
}

function assertCapability(capability: unknown): void {
  if (typeof capability === 'string' && /^\S+$/.test(capability)) return;
  throw new TypeError('capability must be a string with content and without whitespace');
}
