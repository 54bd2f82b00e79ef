// The side of a handshake that is called, over HTTP (AITP 0.2, sections 8.4, 9.1 and 9.2): which session a message is of,
// and what is refused before anything is judged.
//
// | step | check                                        | answer                          |
// |------|----------------------------------------------|---------------------------------|
// | 1    | not too many at once, in all and of this address | 429, empty                  |
// | 2    | kind of content, size, time of the body      | 400 INVALID_ENVELOPE            |
// | 3    | JSON, version, shape, kind of message        | 400, code                       |
// | 4    | hello: not too many of this address and AID  | 429, empty                      |
// | 5    | commit: the session                          | 400 INVALID_ENVELOPE, TIMESTAMP_EXPIRED |
// | 6    | the message itself                           | 400, codes of section 8.3       |

import { systemClock } from '../../clock.js';
import { LimitError } from '../../errors.js';
import { type Envelope, parseEnvelope } from '../envelope.js';
import { AitpError } from '../errors.js';
import type { HandshakeResponder } from '../handshake/responder.js';
import type { HandshakeResult } from '../handshake/second-round.js';
import { AitpPeerError } from '../peer-error.js';
import { rateWindow } from '../rate-window.js';
import type { AitpClock } from '../timestamps.js';
import { addressName } from './address-name.js';
import { SESSION_HEADER } from './cors.js';
import { errorBody } from './error-body.js';
import { inFlight } from './in-flight.js';
import { readMessage } from './read-request.js';
import type { AitpServerLimits, ServeAitpOptions } from './serve-options.js';
import { sessionTable } from './session-table.js';

/** Which messages a path takes. */
export type HandshakeForm = 'hello' | 'commit' | 'either';

const WINDOW_SEC = 60;

/** Somebody asks too often; it is told nothing but that. */
class TooMany extends Error {}

/** What the application threw: whatever it is, it is no answer to a peer. */
class OwnFault extends Error {}

/** The peer says that something went wrong, about no session we know. To an error there is no answer that says more. */
class StrayError extends Error {}

/**
 * Makes the handler of handshakes.
 *
 * @returns Rejects with faults of our own only.
 */
export function handshakeHandler(
  options: ServeAitpOptions,
  limits: AitpServerLimits,
  now: AitpClock,
): (request: Request, form: HandshakeForm) => Promise<Response> {
  const { agent, responder: own, onHandshake, signedErrors = false, addressOf, clock = systemClock } = options;
  const { maxBodyBytes, bodyTimeoutMs: timeoutMs } = limits;
  const sessions = sessionTable(limits, now);
  const byAddress = rateWindow({ max: limits.maxHellosPerAddress, windowSec: WINDOW_SEC }, now);
  const byAid = rateWindow({ max: limits.maxHellosPerAid, windowSec: WINDOW_SEC }, now);
  const room = inFlight({ max: limits.maxConcurrent, maxPerAddress: limits.maxConcurrentPerAddress });

  async function take(request: Request, form: HandshakeForm, address: string | undefined): Promise<Response> {
    const message = await readMessage(request, { maxBodyBytes, timeoutMs, clock });
    const envelope = parseEnvelope(message, { maxBytes: maxBodyBytes }) as Envelope;
    const { messageType } = envelope;
    const wanted = messageType === 'mutual_hello' ? 'hello' : 'commit';
    if (form !== 'either' && form !== wanted && messageType !== 'error') throw misplaced('at this path');
    const named = request.headers.get(SESSION_HEADER) ?? undefined;
    // A hello that names a session is a second one, and ends it.
    if (messageType === 'mutual_hello' && named === undefined) return hello(address, message, envelope);
    return inSession(named, message, envelope);
  }

  async function hello(address: string | undefined, message: Uint8Array, { sender }: Envelope): Promise<Response> {
    if (address !== undefined && !byAddress.take(address)) throw new TooMany();
    if (byAid.isFull(sender)) throw new TooMany();
    const responder = agent.newResponder({ maxBytes: maxBodyBytes, ...own });
    try {
      const { ackJson, sessionId } = await responder.processHello(message);
      byAid.take(sender);
      sessions.add(responder);
      return reply(ackJson, 200, sessionId);
    } catch (error) {
      // It has failed only where the signature held: nobody else can use up what an agent is allowed.
      if (responder.state === 'failed') byAid.take(sender);
      responder.abandon();
      throw error;
    }
  }

  async function inSession(named: string | undefined, message: Uint8Array, envelope: Envelope): Promise<Response> {
    const responder = find(named, envelope);
    if (envelope.messageType === 'error' && typeof responder !== 'object') throw new StrayError();
    if (responder === undefined) throw misplaced('outside a session');
    if (responder === 'expired') throw new AitpError('TIMESTAMP_EXPIRED', 'the session has run out of time');
    try {
      if (envelope.messageType === 'mutual_hello') await responder.processHello(message);
      const { ackJson, completed } = await responder.processCommit(message);
      await told(completed);
      return reply(ackJson, 200, responder.sessionId);
    } finally {
      // Refused without ending, where it was not the peer's: the peer may still come.
      if (responder.state === 'done' || responder.state === 'failed') sessions.delete(responder);
    }
  }

  async function told(completed: HandshakeResult): Promise<void> {
    try {
      await onHandshake?.(completed);
    } catch (cause) {
      // What was granted cannot be remembered, for there is too much of it: the peer asks too often, or too many do.
      if (cause instanceof LimitError) throw cause;
      throw new OwnFault('onHandshake failed', { cause });
    }
  }

  function find(named: string | undefined, { sender, payload }: Envelope): HandshakeResponder | 'expired' | undefined {
    if (named !== undefined) return sessions.find(named);
    const { pop_nonce_echo: echo } = payload;
    return typeof echo === 'string' ? sessions.findByEcho(sender, echo) : undefined;
  }

  async function refusal(error: unknown): Promise<Response> {
    if (error instanceof TooMany || error instanceof LimitError) {
      const headers = { 'cache-control': 'no-store', 'retry-after': String(WINDOW_SEC) };
      return new Response(null, { status: 429, headers });
    }
    if (error instanceof OwnFault) throw error.cause;
    // The peer has given up, and there is nothing to say to that.
    if (error instanceof AitpPeerError) return new Response(null, { status: 204, headers: UNKEPT });
    if (error instanceof StrayError) return new Response(null, { status: 400, headers: UNKEPT });
    if (!(error instanceof AitpError)) throw error;
    return reply(signedErrors ? await agent.buildError(error.wireCode) : errorBody(error.wireCode), 400);
  }

  return async (request, form) => {
    const address = addressOf?.(request);
    const name = address === undefined ? undefined : addressName(address);
    const leave = room.enter(name);
    if (leave === undefined) return refusal(new TooMany());
    try {
      return await take(request, form, name);
    } catch (error) {
      // Signing a refusal is work, too.
      return await refusal(error);
    } finally {
      leave();
    }
  };
}

const UNKEPT = { 'cache-control': 'no-store' };

/** An answer nobody may keep. */
function reply(text: string, status: number, sessionId?: string): Response {
  const headers = new Headers({ 'content-type': 'application/json', 'cache-control': 'no-store' });
  if (sessionId !== undefined) headers.set(SESSION_HEADER, sessionId);
  return new Response(text, { status, headers });
}

function misplaced(where: string): AitpError {
  return new AitpError('INVALID_ENVELOPE', `no such message is due ${where}`);
}
