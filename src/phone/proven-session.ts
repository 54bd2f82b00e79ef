// A caller's session with a peer that is asked for the proof of its exact DID. Loaded by `connect` only where it is.

import type { Channel } from '../channel/contract.js';
import { startDeadline } from '../channel/deadline.js';
import { DEFAULT_TIMEOUT_MS } from '../channel/initiate.js';
import { systemClock } from '../clock.js';
import { ChannelError, RpcError } from '../errors.js';
import type { Identity } from '../identity/identity.js';
import { unlessAborted } from '../unless-aborted.js';
import type { Authorize } from './handlers.js';
import { check, PROOF_METHOD, prove } from './proof.js';
import { type PeerRecord, Session } from './session.js';
import type { SessionOptions } from './session-options.js';

/** What the exchange of proofs needs; see ConnectOptions. */
export interface ProvenSessionOptions extends SessionOptions {
  readonly identity: Identity;
  readonly proof?: 'request' | 'require';
  readonly handshakeTimeoutMs?: number;
  readonly signal?: AbortSignal;
}

/**
 * Starts a session, gives our proof and checks the peer's. What the peer calls meanwhile waits until it is known who it
 * is. When this rejects the session has been closed.
 *
 * @throws {ChannelError} ERR_CHANNEL_EXTENSION: the peer answered without a proof, or with one that does not hold.
 *   ERR_CHANNEL_TIMEOUT. @throws as `session.call`, what the identity rejects with, the signal's reason.
 */
export async function startProvenSession(
  channel: Channel,
  record: PeerRecord,
  options: ProvenSessionOptions,
): Promise<Session> {
  const { authorize, clock = systemClock, handshakeTimeoutMs = DEFAULT_TIMEOUT_MS } = options;
  const proving = startDeadline(clock, 'the proof', handshakeTimeoutMs, options.signal);
  const afterProof: Authorize = async (request) => {
    if (!(await proven)) return false;
    return authorize === undefined || authorize({ ...request, peer: session.peer });
  };
  const session = new Session(channel, record, { ...options, authorize: afterProof });
  const exchanging = unlessAborted(proving.signal, exchange(session, channel, record, options, proving.signal));
  const proven = exchanging.then(
    () => true,
    () => false,
  );
  try {
    await exchanging;
    return session;
  } catch (error) {
    void session.close();
    throw error;
  } finally {
    proving.release();
  }
}

async function exchange(
  session: Session,
  channel: Channel,
  record: PeerRecord,
  { identity, proof }: ProvenSessionOptions,
  signal: AbortSignal,
): Promise<void> {
  const ours = await prove(identity, channel);
  try {
    await check(channel, record, await session.call(PROOF_METHOD, ours, { signal }));
  } catch (cause) {
    // The connection, and not what the peer said.
    if (signal.aborted || cause instanceof ChannelError) throw cause;
    const unknownToPeer = cause instanceof RpcError && cause.code === 'ERR_RPC_METHOD_NOT_FOUND';
    if (unknownToPeer && proof !== 'require') return;
    throw new ChannelError('ERR_CHANNEL_EXTENSION', 'the peer did not prove its Ed25519 key', { cause });
  }
}
