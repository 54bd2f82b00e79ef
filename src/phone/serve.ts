// Being called: admission, handshake, a session per caller.

import { assertInteger } from '../bytes/assert.js';
import { type Attempt, startDeadline } from '../channel/deadline.js';
import { DEFAULT_TIMEOUT_MS, MAX_TIMEOUT_MS } from '../channel/initiate.js';
import { loadSuite, SUBPROTOCOL } from '../channel/parties.js';
import { type RespondOptions, respond } from '../channel/respond.js';
import type { SecureChannel } from '../channel/secure-channel.js';
import { systemClock } from '../clock.js';
import { asyncDispose } from '../dispose.js';
import { ChannelError } from '../errors.js';
import { didToX25519 } from '../identity/did-key.js';
import type { Identity } from '../identity/identity.js';
import { assertIdentity, proveIdentity } from '../identity/prove.js';
import { defaultSuite } from '../noise/default-suite.js';
import { type PreparedSuite, withSpareKeys } from '../noise/spare-keys.js';
import type { NoiseSuite } from '../noise/suite.js';
import type { Acceptor, IncomingCall } from '../transport/contract.js';
import { unlessAborted } from '../unless-aborted.js';
import { type AdmissionLimits, Admissions, resolveAdmission } from './admission.js';
import { type Authorize, handlersWith } from './handlers.js';
import { PROOF_METHOD, proofHandler } from './proof.js';
import { type PeerRecord, Session } from './session.js';
import { assertSessionOptions, type SessionOptions } from './session-options.js';
import { rpcError, WIRE_CODES } from './wire-errors.js';

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
  /**
   * Whether callers must sign their session with the Ed25519 key of exactly their DID before they call anything; one
   * that does not is told so, and the session ends. Until then `peer.proof` is `x25519`. Default: no.
   */
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
   * Puts the identity to the test now, and not when the first caller comes: before you say where you listen.
   *
   * @throws {IdentityError} ERR_IDENTITY_MISMATCH: it does not answer for its DID, and every `accept` will say the same.
   * @throws what the identity itself rejects with.
   */
  ready(): Promise<void>;
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
  assertServeOptions(options);
  didToX25519(identity.did);
  const admissions = new Admissions(resolveAdmission(options.admission));
  const sessions = new Set<Session>();
  // Ended one by one when the server closes: a signal they all listened to would gather a listener for each.
  const attempts = new Set<Attempt>();
  let closed: ChannelError | undefined;
  let prepared: PreparedSuite | undefined;

  /** The suite, with a key pair in the making while the caller's first message is on its way. */
  async function prepareSuite(): Promise<PreparedSuite> {
    prepared ??= withSpareKeys(await loadSuite(suite));
    prepared.prepare();
    return prepared;
  }

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
      const channel = await unlessAborted(
        signal,
        shakeHands({ identity, incoming, suite: prepareSuite, signal, admit }),
      );
      // The server may have been closed in this very moment, or be full: no session is born after that.
      signal.throwIfAborted();
      admissions.assertRoom(sessions.size);
      return keep(begin(channel, claim.remoteAddress));
    } finally {
      admission.leave();
    }
  }

  function begin(channel: SecureChannel, remoteAddress: string | undefined): Session {
    const { remoteDid: did, remoteStaticKey: agreementKey } = channel;
    const address = remoteAddress === undefined ? {} : { remoteAddress };
    const record: PeerRecord = { peer: { did, proof: 'x25519', agreementKey, ...address } };
    const handlers = handlersWith(options.handlers, PROOF_METHOD, proofHandler(identity, channel, record));
    const authorize = authorizeBehindProof(options, () => void session.drain());
    const sessionOptions = { ...options, handlers, ...(authorize && { authorize }) };
    const session = new Session(channel, record, sessionOptions);
    return session;
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
    async ready() {
      await proveIdentity(identity);
    },
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

/** The handshake, and beside it the proof of our own identity, which must not delay message 2. */
async function shakeHands(options: RespondOptions): Promise<SecureChannel> {
  const proven = proveIdentity(options.identity);
  try {
    const [channel] = await Promise.all([respond(options), proven]);
    return channel;
  } catch (error) {
    // An identity that does not answer for its DID is at fault before any caller is.
    await proven;
    throw error;
  }
}

/**
 * The application's own hook, behind the proof where one is required.
 *
 * @param onMissing The caller asks for something else first. It is told why it is refused, and then is to go.
 */
function authorizeBehindProof({ authorize, requireProof }: ServeOptions, onMissing: () => void): Authorize | undefined {
  if (authorize === undefined && requireProof !== true) return undefined;
  return (request) => {
    if (request.method === PROOF_METHOD) return true;
    if (requireProof === true && request.peer.proof !== 'ed25519') {
      onMissing();
      throw rpcError(WIRE_CODES.denied, `sign this session first: ${PROOF_METHOD}`);
    }
    return authorize === undefined || authorize(request);
  };
}

/** @throws {TypeError | RangeError} naming the option. */
function assertServeOptions(options: ServeOptions): void {
  const { identity, transport, handshakeTimeoutMs, requireProof, admit, onSession, onRefused } = options;
  assertIdentity(identity);
  if (transport !== undefined && typeof transport?.accept !== 'function') {
    throw new TypeError('transport must be an Acceptor');
  }
  if (handshakeTimeoutMs !== undefined) assertInteger(handshakeTimeoutMs, 'handshakeTimeoutMs', 1, MAX_TIMEOUT_MS);
  if (requireProof !== undefined && typeof requireProof !== 'boolean') {
    throw new TypeError('requireProof must be true or false');
  }
  for (const [name, hook] of Object.entries({ admit, onSession, onRefused })) {
    if (hook !== undefined && typeof hook !== 'function') throw new TypeError(`${name} must be a function`);
  }
  assertSessionOptions(options);
}
