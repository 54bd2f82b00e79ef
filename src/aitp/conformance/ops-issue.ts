// Tier B of the ops (section 13.3): issuing. Keys stay here, behind handles.

import { wipe } from '../../bytes/wipe.js';
import { isObject } from '../../codec/is-object.js';
import { parseJsonStrict } from '../../codec/json.js';
import type { JsonObject } from '../../codec/json-value.js';
import { parseAid } from '../aid.js';
import { DEFAULT_DELEGATION_TTL_SEC, DEFAULT_TCT_TTL_SEC } from '../constants.js';
import { issueDelegation } from '../delegation.js';
import { buildEnvelope, encodeEnvelope } from '../envelope.js';
import { buildManifest, type ManifestContent } from '../manifest-build.js';
import { extendDelegation } from '../multihop.js';
import { buildSessionBundle } from '../session-bundle-shape.js';
import { type AitpSigner, aitpSignerFromSeed, generateAitpSigner } from '../signer.js';
import { issueTct, verifyTct } from '../tct.js';
import { clockOf, invalid, type Op, type OpContext, peekClaims } from './context.js';
import { Params } from './params.js';

/** Lifetime of a Manifest where a request names none, in seconds. */
const MANIFEST_TTL_SEC = 3_600;

/** `generate_keypair`. `suite` `p256` is ours. */
export const generateKeypairOp: Op = async ({ params, state }) => {
  const seed = params.optionalText('seed');
  const suite = params.optionalText('suite') ?? 'ed25519';
  if (suite !== 'ed25519' && suite !== 'p256') throw invalid('suite must be ed25519 or p256');
  const signer = seed === undefined ? await generateAitpSigner({ suite }) : await fromHex(seed, suite);
  const { aid, identifier } = parseAid(signer.aid);
  return { handle: state.keepSigner(signer), aid, public_key: identifier };
};

async function fromHex(hex: string, suite: 'ed25519' | 'p256'): Promise<AitpSigner> {
  if (!/^[0-9a-f]{64}$/i.test(hex)) throw invalid('seed must be 32 bytes in hex');
  const seed = Uint8Array.from({ length: 32 }, (_, at) => Number.parseInt(hex.slice(2 * at, 2 * at + 2), 16));
  try {
    return await aitpSignerFromSeed(seed, { suite });
  } finally {
    wipe(seed);
  }
}

/** The signer behind a handle. */
export function signerOf({ params, state }: OpContext, ...names: readonly string[]): AitpSigner {
  return state.signer(params.text(...names));
}

/** `issue_manifest`. */
export const issueManifestOp: Op = async (context) => {
  const { params } = context;
  const displayName = params.optionalText('display_name');
  const hint = new Params(params.object('identity_hint'));
  const identity = identityOf(hint);
  const required = params.optionalTexts('required_peer_capabilities');
  const accepted = params.optionalTexts('accepted_identity_types');
  const content: ManifestContent = {
    now: clockOf(context),
    ttlSec: params.optionalInteger('ttl_secs') ?? MANIFEST_TTL_SEC,
    identity,
    handshakeEndpoint: params.text('handshake_endpoint'),
    acceptedTrustAnchors: params.optionalTexts('accepted_trust_anchors') ?? [],
    offeredCapabilities: params.optionalTexts('offered_capabilities') ?? [],
    ...(displayName === undefined ? {} : { displayName }),
    ...(required === undefined ? {} : { requiredPeerCapabilities: required }),
    ...(accepted === undefined ? {} : { acceptedIdentityTypes: accepted.map(identityType) }),
  };
  const { body } = await buildManifest(content, signerOf(context, 'keypair'));
  return { manifest_envelope: { manifest: body } };
};

function identityOf(hint: Params): ManifestContent['identity'] {
  const subject = hint.text('subject');
  const type = identityType(hint.text('type'));
  return type === 'oidc' ? { type, subject, issuer: hint.text('issuer') } : { type, subject };
}

function identityType(type: string): 'oidc' | 'pinned_key' {
  if (type === 'oidc' || type === 'pinned_key') return type;
  throw invalid('no such type of identity');
}

/** `issue_tct`. */
export const issueTctOp: Op = async (context) => {
  const { params } = context;
  const subject = params.text('subject');
  // A token is for its holder; anything else would be a token no verifier takes.
  if ((params.optionalText('audience') ?? subject) !== subject) throw invalid('audience must be the subject');
  const key = params.optionalText('subject_public_key');
  if (key !== undefined && key !== parseAid(subject).identifier) {
    throw invalid('subject_public_key must be the key of the subject');
  }
  const issuedAtSec = params.optionalInteger('issued_at');
  const jti = params.optionalText('jti');
  const { tct, voucher } = await issueTct(signerOf(context, 'issuer_keypair', 'keypair'), {
    subject,
    grants: params.optionalTexts('grants') ?? [],
    now: issuedAtSec === undefined ? clockOf(context) : () => issuedAtSec,
    issuerManifest: { dangerouslyIgnoreIssuerManifest: true },
    ttlSec: params.optionalInteger('ttl_secs') ?? DEFAULT_TCT_TTL_SEC,
    voucher: params.any('without_voucher') !== true,
    ...(jti === undefined ? {} : { jti }),
  });
  return {
    tct_token: tct.token,
    tct_claims: peekClaims(tct.token),
    ...(voucher === undefined ? {} : { grant_voucher: voucher }),
  };
};

/** `issue_delegation_token`. */
export const issueDelegationTokenOp: Op = async (context) => {
  const { params } = context;
  const signer = signerOf(context, 'delegator_keypair', 'keypair');
  const jti = params.optionalText('jti');
  const options = {
    delegatee: params.text('delegatee'),
    scope: params.optionalTexts('scope') ?? [],
    now: clockOf(context),
    ttlSec: params.optionalInteger('ttl_secs') ?? DEFAULT_DELEGATION_TTL_SEC,
    ...(jti === undefined ? {} : { jti }),
  };
  const prior = params.optionalText('prior_token');
  const token =
    prior === undefined
      ? await issueDelegation(signer, { ...options, voucher: params.text('voucher', 'grant_voucher', 'voucher_token') })
      : await extendDelegation(signer, { ...options, prior });
  return { delegation_token: token };
};

/** `sign_envelope`. */
export const signEnvelopeOp: Op = async (context) => {
  const { params } = context;
  const messageId = params.optionalText('message_id');
  const envelope = await buildEnvelope(
    {
      messageType: params.text('message_type'),
      payload: params.object('payload'),
      timestampSec: params.optionalInteger('timestamp') ?? clockOf(context)(),
      ...(messageId === undefined ? {} : { messageId }),
    },
    signerOf(context, 'keypair'),
  );
  return { envelope: parseJsonStrict(encodeEnvelope(envelope)) };
};

/** `issue_session_bundle`. */
export const issueSessionBundleOp: Op = async (context) => {
  const { params } = context;
  const signer = signerOf(context, 'coordinator_keypair', 'keypair');
  const issuedAtSec = params.optionalInteger('issued_at');
  const now = issuedAtSec === undefined ? clockOf(context) : () => issuedAtSec;
  const tcts = [];
  for (const entry of params.optionalList('participants') ?? []) {
    if (!isObject(entry)) throw invalid('participants must hold objects');
    const participant = new Params(entry);
    tcts.push(
      await verifyTct(participant.required('tct', 'tct_token'), {
        issuer: signer.aid,
        audience: participant.text('aid'),
        now,
        issuerManifest: { dangerouslyIgnoreIssuerManifest: true },
        revocation: { dangerouslyIgnoreRevocation: true },
      }),
    );
  }
  const sessionId = params.optionalText('session_id');
  const text = await buildSessionBundle(signer, { tcts, now, ...(sessionId === undefined ? {} : { sessionId }) });
  return { session_bundle: parseJsonStrict(text) as JsonObject };
};
