// AITP inside phone sessions, for whoever asks (agent-phone v1, section 8).

import type { Verified } from '../../documents/verified.js';
import { RpcError } from '../../errors.js';
import type { CallOptions } from '../../phone/outgoing.js';
import type { Session } from '../../phone/session.js';
import type { AitpAgent } from '../agent.js';
import { AitpError, isAitpWireCode, isRetryable } from '../errors.js';
import type { HandshakeOptions } from '../handshake/options.js';
import type { HandshakeResult } from '../handshake/second-round.js';
import { encodeManifest, type Manifest } from '../manifest.js';
import { AitpPeerError } from '../peer-error.js';
import { COMMIT_METHOD, checkSamePeer, HELLO_METHOD, PRESENT_METHOD, readMessageText } from './names.js';

/** How a handshake in a session is done. */
export interface HandshakeOverPhoneOptions extends CallOptions {
  /** What we want to be granted, at least one for the handshake to succeed. */
  readonly requestedGrants: readonly string[];
  /** What is to be different in this handshake from the options of the agent. */
  readonly session?: Partial<HandshakeOptions>;
}

/**
 * Shakes hands with the agent on the other end.
 *
 * @param manifest Manifest of that agent: `fetchManifest`. Its key has to be that of the session's peer, and ours that of
 *   the identity the session was opened with: on both sides one Ed25519 key.
 * @throws {AitpError} codes of sections 4.2 and 8.3; INVALID_ENVELOPE: the Manifest is of another agent than the peer.
 *   {@link AitpPeerError}: the peer has given up. @throws as `session.call`.
 */
export async function handshakeOverPhone(
  session: Session,
  agent: AitpAgent,
  manifest: Verified<Manifest>,
  options: HandshakeOverPhoneOptions,
): Promise<HandshakeResult> {
  const { signal, requestedGrants } = options;
  const step = signal === undefined ? {} : { signal };
  checkSamePeer(manifest.aid, session.peer, 'INVALID_ENVELOPE');
  const handshake = agent.newSession(options.session);
  try {
    const hello = await handshake.buildHello(encodeManifest(manifest), requestedGrants, step);
    const ack = readMessageText(await session.call(HELLO_METHOD, hello, step));
    const commit = await handshake.processHelloAck(ack, step);
    const answer = readMessageText(await session.call(COMMIT_METHOD, commit, step));
    return await handshake.complete(answer, step);
  } catch (error) {
    if (error instanceof AitpError && handshake.state === 'failed') {
      // So that the peer need not wait for what will not come. Whether it hears of it changes nothing here.
      await session.call(COMMIT_METHOD, await agent.buildError(error.wireCode), step).catch(() => {});
    }
    throw error;
  } finally {
    if (handshake.state !== 'done') handshake.abandon();
  }
}

/**
 * Presents a token, under which methods may be called from then on, in this session and no other.
 *
 * @param tct A token the peer granted us, as received: `tct` of a finished handshake.
 * @throws {AitpPeerError} the peer does not take it. @throws as `session.call`.
 */
export async function presentTct(session: Session, tct: string, options: CallOptions = {}): Promise<void> {
  try {
    await session.call(PRESENT_METHOD, { tct: readMessageText(tct) }, options);
  } catch (error) {
    if (!(error instanceof RpcError) || error.code !== 'ERR_RPC_DENIED' || !isAitpWireCode(error.message)) throw error;
    const code = error.message;
    throw new AitpPeerError({ code, reason: 'the token was not taken', retryable: isRetryable(code) });
  }
}
