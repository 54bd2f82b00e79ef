// Proof of the exact DID: a signature of each side over this session's handshake hash. Noise proves the X25519 key,
// which a DID shares with its twin; this proves the Ed25519 key (agent-phone v1, section 7). Negotiated inside the
// channel by a call that an older peer answers with -32601.

import { concatBytes } from '../bytes/concat.js';
import { encodeUtf8 } from '../bytes/utf8.js';
import type { Channel } from '../channel/contract.js';
import { decodeBase64url, encodeBase64url } from '../codec/base64url.js';
import type { Identity } from '../identity/identity.js';
import { verifyWithDid } from '../identity/verify.js';
import type { Handler } from './handlers.js';
import type { PeerRecord } from './session.js';
import { rpcError, WIRE_CODES } from './wire-errors.js';

/** Name of the method. */
export const PROOF_METHOD = 'ringline.proof.v1';

/** What each side signs: a label of its role, so that no proof can be sent back, then the handshake hash. */
function statement(signer: 'initiator' | 'responder', channel: Channel): Uint8Array {
  return concatBytes(encodeUtf8(`${PROOF_METHOD} ${signer}\n`), channel.handshakeHash);
}

/** Our side's proof, for this channel. @throws what the identity rejects with. */
export async function prove(identity: Identity, channel: Channel): Promise<{ signature: string }> {
  return { signature: encodeBase64url(await identity.sign(statement(channel.role, channel))) };
}

/**
 * Checks the peer's proof, and notes in the record that it holds.
 *
 * @param proof As it came.
 * @throws {SdkError} it does not hold.
 */
export async function check(channel: Channel, record: PeerRecord, proof: unknown): Promise<void> {
  const text = (proof as { signature?: unknown } | null | undefined)?.signature;
  if (typeof text !== 'string' || text.length > 128) throw rpcError(WIRE_CODES.invalidParams, 'no signature');
  const signer = channel.role === 'initiator' ? 'responder' : 'initiator';
  await verifyWithDid(channel.remoteDid, statement(signer, channel), decodeBase64url(text));
  record.peer = { ...record.peer, proof: 'ed25519' };
}

/** The answering side's handler: checks the caller's proof and gives its own. The calling side: proven-session.ts. */
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
