// Placeholders that stand for proofs of identity (section 13.7): what a hello says about who sends it.

import { encodeUtf8 } from '../../bytes/utf8.js';
import { isObject } from '../../codec/is-object.js';
import type { JsonObject, JsonValue } from '../../codec/json-value.js';
import { aidJkt, parseAid } from '../aid.js';
import { makePinnedProof, type ProofContext } from '../identity-proof.js';
import { signHashed } from '../jcs-profile.js';
import type { AitpSigner } from '../signer.js';
import { JWT_TTL_SEC, mintJwt } from './oidc-mint.js';
import { Params } from './params.js';
import { DEFAULT_VERIFIER, testSignerOf } from './test-keys.js';

/** A nonce that no fixture has. */
export const OTHER_NONCE = 'AQEBAQEBAQEBAQEBAQEBAQ';

/**
 * Makes the proof a placeholder stands for.
 *
 * @param envelope The one around it.
 * @param input All of the fixture's input.
 * @returns The proof, or the placeholder where it is none of these.
 */
export async function mintProof(
  placeholder: string,
  identity: JsonObject,
  envelope: JsonObject,
  input: JsonObject,
): Promise<string> {
  const message = new Params(envelope);
  const payload = new Params(message.object('payload'));
  const sender = new Params(message.object('sender')).text('agent_id');
  const signer = await signerOf(sender);
  const receiver = new Params(input).optionalText('self_aid') ?? DEFAULT_VERIFIER;
  const context: ProofContext = {
    sender: signer.aid,
    receiver: parseAid(receiver).aid,
    messageId: message.text('message_id'),
    timestampSec: message.optionalInteger('timestamp') ?? 0,
    popNonce: payload.text('pop_nonce'),
  };
  switch (placeholder) {
    case '__VALID_PINNED_PROOF__':
      return makePinnedProof(context, signer);
    case '__INVALID_POP_SIG__':
    case '__INVALID_POP_SIG_OVER_WRONG_NONCE__':
      return makePinnedProof({ ...context, popNonce: OTHER_NONCE }, signer);
    case '__LEGACY_PINNED_PROOF__':
      return signHashed(encodeUtf8(`${context.messageId}|${context.timestampSec}`), signer);
    case '__CAPTURED_PROOF_FROM_ORIGINAL_HANDSHAKE__':
      return captured(new Params(new Params(input).object('captured_proof_context')));
    default:
      return mintOidc(placeholder, new Params(identity), context, input);
  }
}

async function captured(original: Params): Promise<string> {
  const sender = await signerOf(original.text('original_sender_aid'));
  const context: ProofContext = {
    sender: sender.aid,
    receiver: parseAid(original.text('original_receiver_aid')).aid,
    messageId: original.text('original_message_id'),
    timestampSec: original.optionalInteger('original_timestamp') ?? 0,
    popNonce: original.text('original_pop_nonce'),
  };
  return makePinnedProof(context, sender);
}

/** Another agent than any verifier of a fixture; the fixture may name one. */
const ELSEWHERE = 'aid:pubkey:JIrL26-eBQGW3nBL6i1odw5RkVDRA7WH2uLZytU92TA';

async function mintOidc(
  placeholder: string,
  identity: Params,
  { sender, receiver, timestampSec, popNonce }: ProofContext,
  input: JsonObject,
): Promise<string> {
  const issuer = identity.optionalText('issuer');
  if (issuer === undefined) return placeholder;
  const claims: Record<string, JsonValue> = {
    iss: issuer,
    sub: identity.text('subject'),
    aud: receiver,
    iat: timestampSec,
    exp: timestampSec + JWT_TTL_SEC,
    nonce: popNonce,
    cnf: { jkt: await aidJkt(sender) },
  };
  switch (placeholder) {
    case '__VALID_JWT__':
    case '__VALID_JWT_FROM_UNKNOWN_ISSUER__':
      break;
    case '__JWT_MISSING_AUD_CLAIM__':
      delete claims.aud;
      break;
    case '__JWT_MISSING_CNF_JKT_CLAIM__':
      delete claims.cnf;
      break;
    case '__JWT_AUD_TARGETS_DIFFERENT_PEER__':
      claims.aud = new Params(input).optionalText('jwt_aud_claim') ?? ELSEWHERE;
      break;
    default:
      return placeholder;
  }
  return mintJwt(issuer, claims);
}

/** @throws {TypeError} no test key. */
export async function signerOf(aid: JsonValue | undefined): Promise<AitpSigner> {
  const signer = await testSignerOf(aid);
  if (signer === undefined) throw new TypeError('an agent that is no test key');
  return signer;
}

/** Issuers whose tokens stand somewhere in a value. */
export function oidcIssuers(value: JsonValue): readonly string[] {
  if (Array.isArray(value)) return value.flatMap(oidcIssuers);
  if (!isObject(value)) return [];
  const { type, issuer, proof } = value;
  const own = type === 'oidc' && typeof issuer === 'string' && typeof proof === 'string' ? [issuer] : [];
  return [...own, ...Object.values(value).flatMap(oidcIssuers)];
}
