// Being called: admission, handshake, a session per caller.

import { assertInteger } from '../bytes/assert.js';
import { type Attempt, startDeadline, unlessAborted } from '../channel/deadline.js';
import { DEFAULT_TIMEOUT_MS } from '../channel/initiate.js';
import { SUBPROTOCOL } from '../channel/parties.js';
import { respond } from '../channel/respond.js';
import { systemClock } from '../clock.js';
import { asyncDispose } from '../dispose.js';
import { ChannelError } from '../errors.js';
import { didToX25519 } from '../identity/did-key.js';
import type { Identity } from '../identity/identity.js';
import { proveIdentity } from '../identity/prove.js';
import { defaultSuite } from '../noise/default-suite.js';
import type { NoiseSuite } from '../noise/suite.js';
import type { Acceptor, IncomingCall } from '../transport/contract.js';
import { type AdmissionLimits, Admissions, resolveAdmission } from './admission.js';
import { startAnswering } from './answerer.js';
import { type Authorize, handlersWith } from './handlers.js';
import { PROOF_METHOD, proofHandler } from './proof.js';
import { assertSessionOptions, type PeerRecord, Session, type SessionOptions } from './session.js';

/** What is known of a caller before its handshake: only what it claims. */
export interface Claim {
  readonly callerDid: string;
  readonly remoteAddress?: string;
}

/** What {@link serve} needs. */
export interface ServeOptions extends SessionOptions {
  readonly identity: Identity;
  /** One connection to answer at once, such as the far end of a memory pair. Hosts hand over theirs by `accept`. */
  readonly transport?: Acceptor;
  /** Cryptography of the sessions. Default: noble's primitives. */
  readonly suite?: NoiseSuite;
  /** See {@link AdmissionLimits}; each can be lowered. */
  readonly admission?: Partial<AdmissionLimits>;
  /** Time for a caller's whole handshake, in milliseconds, 1 to 600,000. Default 10,000. */
  readonly handshakeTimeoutMs?: number;
  /** Asked when the caller's first message has come, before any key is touched; anything but `true` refuses it. */
  readonly admit?: (claim: Claim) => boolean | Promise<boolean>;
  /** Whether callers must sign their session with the Ed25519 key of exactly their DID. Default: no. */
  readonly requireProof?: boolean;
  /** Told of every session that stands. Must not throw. */
  readonly onSession?: (session: Session) => void;
  /** Told why a connection did not become a session. Must not throw. */
  readonly onRefused?: (error: unknown, claim: Claim) => void;
}

/** An agent that answers. */
export interface PhoneServer {
  /** DID that callers must name. */
  readonly did: string;
  /** Sessions that stand. */
  readonly sessions: ReadonlySet<Session>;
  /**
   * Answers one connection.
   *
   * @returns The session, once the caller is authenticated.
   * @throws as `onRefused` is told; the connection has been closed. Nothing else has to be done about it.
   */
  accept(connection: IncomingCall | Acceptor): Promise<Session>;
  /** Refuses new connections and closes every session. Idempotent. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Answers calls in the name of an identity.
 *
 * @example
 * ```ts
 * serve({ identity, transport: far, handlers: { greet: ({ name }) => ({ hello: name }) } })
 * ```
 * @throws {TypeError | RangeError} options of the wrong kind or out of range.
 */
export function serve(options: ServeOptions): PhoneServer {
  const { identity, suite = defaultSuite, clock = systemClock, handshakeTimeoutMs = DEFAULT_TIMEOUT_MS } = options;
  assertInteger(handshakeTimeoutMs, 'handshakeTimeoutMs', 1, 600_000);
  assertSessionOptions(options);
  didToX25519(identity.did);
  const admissions = new Admissions(resolveAdmission(options.admission));
  const sessions = new Set<Session>();
  // Ended one by one when the server closes: a signal they all listened to would gather a listener for each.
  const attempts = new Set<Attempt>();
  let closed: ChannelError | undefined;

  async function establish(connection: IncomingCall | Acceptor, signal: AbortSignal): Promise<Session> {
    const incoming =
      'accept' in connection ? await connection.accept({ subprotocol: SUBPROTOCOL, signal }) : connection;
    const { callerDid, remoteAddress } = incoming;
    const claim: Claim = { callerDid, ...(remoteAddress === undefined ? {} : { remoteAddress }) };
    try {
      return await authenticate(incoming, claim, signal);
    } catch (error) {
      incoming.transport.close(1008, '');
      options.onRefused?.(error, claim);
      throw error;
    }
  }

  async function authenticate(incoming: IncomingCall, claim: Claim, signal: AbortSignal): Promise<Session> {
    admissions.assertRoom(sessions.size);
    const admission = admissions.begin(claim.remoteAddress);
    try {
      const admit = async (ended: AbortSignal) => {
        if (options.admit !== undefined && (await options.admit(claim)) !== true) {
          throw new ChannelError('ERR_CHANNEL_REFUSED', 'the admission hook refused the caller');
        }
        await admission.enter(ended);
      };
      const work = Promise.all([respond({ identity, incoming, suite, signal, admit }), proveIdentity(identity)]);
      const [channel] = await unlessAborted(signal, work);
      // The server may have been closed in this very moment, or be full: no session is born after that.
      signal.throwIfAborted();
      admissions.assertRoom(sessions.size);
      const agreementKey = didToX25519(channel.remoteDid);
      const record: PeerRecord = { peer: { ...claim, did: channel.remoteDid, proof: 'x25519', agreementKey } };
      const sessionOptions = {
        ...options,
        handlers: handlersWith(options.handlers, PROOF_METHOD, proofHandler(identity, channel, record)),
        ...authorizeOption(options),
      };
      return keep(new Session(channel, record, sessionOptions, startAnswering));
    } finally {
      admission.leave();
    }
  }

  function keep(session: Session): Session {
    sessions.add(session);
    void session.closed.then(() => sessions.delete(session));
    options.onSession?.(session);
    return session;
  }

  const server: PhoneServer = {
    did: identity.did,
    sessions,
    async accept(connection) {
      const attempt = startDeadline(clock, 'the handshake', handshakeTimeoutMs);
      attempts.add(attempt);
      if (closed !== undefined) attempt.end(closed);
      try {
        return await establish(connection, attempt.signal);
      } finally {
        attempts.delete(attempt);
        attempt.release();
      }
    },
    async close() {
      closed ??= new ChannelError('ERR_CHANNEL_CLOSED', 'the server was closed');
      for (const attempt of attempts) attempt.end(closed);
      await Promise.all(Array.from(sessions, (session) => session.close()));
    },
    [asyncDispose]() {
      return server.close();
    },
  };
  if (options.transport !== undefined) server.accept(options.transport).catch(() => {});
  return server;
}

/** The application's own hook, behind the proof where one is required. */
function authorizeOption(options: ServeOptions): { authorize?: Authorize } {
  const { authorize, requireProof } = options;
  if (requireProof !== true) {
    if (authorize === undefined) return {};
    return { authorize: (request) => request.method === PROOF_METHOD || authorize(request) };
  }
  return {
    authorize: (request) => {
      if (request.method === PROOF_METHOD) return true;
      return request.peer.proof === 'ed25519' && (authorize === undefined || authorize(request));
    },
  };
}
