// Proof of the exact DID: a signature of each side over this session's handshake hash. Noise proves the X25519 key,
// which a DID shares with its twin; this proves the Ed25519 key (agent-phone v1, section 7). Negotiated inside the
// channel by a call that an older peer answers with -32601.

import { concatBytes } from '../bytes/concat.js';
import { encodeUtf8 } from '../bytes/utf8.js';
import type { Channel } from '../channel/contract.js';
import { decodeBase64url, encodeBase64url } from '../codec/base64url.js';
import { ChannelError, RpcError } from '../errors.js';
import type { Identity } from '../identity/identity.js';
import { verifyWithDid } from '../identity/verify.js';
import type { Handler } from './handlers.js';
import type { PeerRecord, Session } from './session.js';
import { rpcError, WIRE_CODES } from './wire-errors.js';

/** Name of the method. */
export const PROOF_METHOD = 'ringline.proof.v1';

/** What each side signs: a label of its role, so that no proof can be sent back, then the handshake hash. */
function statement(signer: 'initiator' | 'responder', channel: Channel): Uint8Array {
  return concatBytes(encodeUtf8(`${PROOF_METHOD} ${signer}\n`), channel.handshakeHash);
}

async function prove(identity: Identity, channel: Channel): Promise<{ signature: string }> {
  return { signature: encodeBase64url(await identity.sign(statement(channel.role, channel))) };
}

async function check(channel: Channel, record: PeerRecord, proof: unknown): Promise<void> {
  const text = (proof as { signature?: unknown } | null | undefined)?.signature;
  if (typeof text !== 'string' || text.length > 128) throw rpcError(WIRE_CODES.invalidParams, 'no signature');
  const signer = channel.role === 'initiator' ? 'responder' : 'initiator';
  await verifyWithDid(channel.remoteDid, statement(signer, channel), decodeBase64url(text));
  record.peer = { ...record.peer, proof: 'ed25519' };
}

/** The answering side's handler: checks the caller's proof and gives its own. */
export function proofHandler(identity: Identity, channel: Channel, record: PeerRecord): Handler {
  return async (params: unknown) => {
    try {
      await check(channel, record, params);
    } catch (cause) {
      throw rpcError(WIRE_CODES.denied, 'the proof does not hold', { cause });
    }
    return prove(identity, channel);
  };
}

/** What an exchange of proofs needs. */
export interface ProofExchange {
  readonly session: Session;
  readonly identity: Identity;
  readonly channel: Channel;
  readonly record: PeerRecord;
  /** Whether a peer that does not know the extension is refused. One that fails it always is. */
  readonly required: boolean;
  /** Ends the exchange. */
  readonly signal: AbortSignal;
}

/**
 * The calling side: gives its proof and checks the peer's.
 *
 * @throws {ChannelError} ERR_CHANNEL_EXTENSION: the peer answered without a proof, or with one that does not hold.
 * @throws as `session.call`, and what the identity rejects with.
 */
export async function exchangeProofs(exchange: ProofExchange): Promise<void> {
  const { session, channel, record, required, signal } = exchange;
  const ours = await prove(exchange.identity, channel);
  try {
    await check(channel, record, await session.call(PROOF_METHOD, ours, { signal }));
  } catch (cause) {
    // The connection, and not what the peer said.
    if (signal.aborted || cause instanceof ChannelError) throw cause;
    const unknownToPeer = cause instanceof RpcError && cause.code === 'ERR_RPC_METHOD_NOT_FOUND';
    if (unknownToPeer && !required) return;
    throw new ChannelError('ERR_CHANNEL_EXTENSION', 'the peer did not prove its Ed25519 key', { cause });
  }
}
