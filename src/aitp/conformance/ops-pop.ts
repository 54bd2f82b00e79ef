// Downstream proof of possession and the use of grants (sections 13.3 and 13.4). What one step leaves, the next finds.

import { parseJsonStrict } from '../../codec/json.js';
import type { Verified } from '../../documents/verified.js';
import { aidJkt, parseAid } from '../aid.js';
import { closedObject, nonceText, readClosed, text, uuidText } from '../closed.js';
import { answerPopChallenge, issuePopChallenge, type PopChallenge, verifyPopResponse } from '../downstream-pop.js';
import { parseEnvelope } from '../envelope.js';
import { openEnvelope } from '../envelope-later.js';
import { AitpError } from '../errors.js';
import { authorizeInvocation, needsProof, verifyInvocation } from '../invocation.js';
import type { AitpSigner } from '../signer.js';
import { type Tct, verifyTct } from '../tct.js';
import { asText, clockOf, invalid, type Op, type OpContext, peekClaims } from './context.js';
import { signerOf } from './ops-issue.js';
import { Params } from './params.js';
import { scenarioRevocations } from './revocation-params.js';
import { testSignerOf } from './test-keys.js';

/** How long an answer may take where a request does not say, in seconds. */
const TTL_SEC = 300;

/** `issue_pop_challenge`: takes the one that is given, signed by the issuer of the token, or makes one. */
export const issuePopChallengeOp: Op = async (context) => {
  const { params, state } = context;
  const tct = await presentedTct(context);
  const ttlSec = params.optionalInteger('ttl_secs') ?? TTL_SEC;
  const given = params.optionalObject('envelope');
  if (given === undefined) {
    const signer = await verifierOf(context, tct);
    const { challenge, message } = await issuePopChallenge(signer, tct, { now: clockOf(context), ttlSec });
    state.pop = { ...state.pop, challenge };
    return { challenge: parseJsonStrict(message) };
  }
  const now = clockOf(context);
  const { envelope, remember } = await openEnvelope(asText(given), 'pop_challenge', { now, replay: state.replay });
  const { tct_jti: jti, nonce } = readClosed(CHALLENGE, envelope.payload, 'POP_CHALLENGE_INVALID', 'challenge');
  if (jti !== tct.jti) throw new AitpError('POP_CHALLENGE_INVALID', 'a challenge to another token');
  await remember();
  const { subject, jkt } = tct;
  state.pop = { ...state.pop, challenge: { jti, subject, jkt, nonce, freshUntilSec: now() + ttlSec } };
  return { challenge: given };
};

/** `produce_pop_response`: takes the one that is given, or answers a challenge. */
export const producePopResponseOp: Op = async (context) => {
  const { params, state } = context;
  const now = clockOf(context);
  const given = params.optionalObject('envelope');
  if (given !== undefined && !params.has('holder_keypair')) {
    const response = asText(given);
    // Not remembered: it is, and may be only once, when it is verified.
    const { envelope } = await openEnvelope(response, 'pop_response', { now, replay: state.replay });
    const { nonce_echo: echo } = readClosed(RESPONSE, envelope.payload, 'POP_RESPONSE_INVALID', 'answer');
    state.pop = { ...state.pop, response };
    return { verified: true, nonce_echo: echo };
  }
  const signer = signerOf(context, 'holder_keypair');
  const message = asText(params.object('challenge', 'envelope'));
  const { sender, payload } = parseEnvelope(message, { messageTypes: ['pop_challenge'] });
  const { tct_jti: challenged } = readClosed(CHALLENGE, payload, 'POP_CHALLENGE_INVALID', 'challenge');
  const jti = params.optionalText('tct_jti') ?? challenged;
  const response = await answerPopChallenge(message, signer, {
    now,
    replay: state.replay,
    verifier: params.optionalText('verifier_aid') ?? sender,
    tct: { jti, subject: signer.aid },
  });
  state.pop = { ...state.pop, response };
  return { response: parseJsonStrict(response) };
};

/** `verify_pop_response`. */
export const verifyPopResponseOp: Op = async (context) => {
  const { params, state } = context;
  const given = params.optionalObject('response');
  const response = given === undefined ? state.pop.response : asText(given);
  if (response === undefined) throw new AitpError('POP_RESPONSE_INVALID', 'no answer came');
  const challenge = await challengeOf(context, response);
  await verifyPopResponse(response, { challenge, replay: state.replay, now: clockOf(context) });
  return { verified: true };
};

/** The challenge of the request, or else of the scenario. */
async function challengeOf(context: OpContext, response: string): Promise<PopChallenge> {
  const { params, state } = context;
  const given = params.optionalObject('challenge');
  if (given === undefined) {
    if (state.pop.challenge !== undefined) return state.pop.challenge;
    throw new AitpError('POP_CHALLENGE_INVALID', 'no challenge was issued');
  }
  const { payload, timestampSec } = parseEnvelope(asText(given), { messageTypes: ['pop_challenge'] });
  const { tct_jti: jti, nonce } = readClosed(CHALLENGE, payload, 'POP_CHALLENGE_INVALID', 'challenge');
  const freshUntilSec = timestampSec + TTL_SEC;
  if (params.has('tct_token', 'tct')) {
    const { subject, jkt } = await presentedTct(context);
    return { jti, subject, jkt, nonce, freshUntilSec };
  }
  const { sender } = parseEnvelope(response, { messageTypes: ['pop_response'] });
  return { jti, subject: sender, jkt: await aidJkt(sender), nonce, freshUntilSec };
}

/** `authorize_capability_invocation`. A marked grant begins with a challenge, and is not authorised before the proof. */
export const authorizeCapabilityInvocationOp: Op = async (context) => {
  const { params, state, effects } = context;
  const envelope = params.object('envelope');
  const token = params.required('tct_token', 'tct');
  const policy = new Params(params.optionalObject('issuer_policy') ?? {});
  const popRequiredGrants = policy.optionalTexts('pop_required_grants') ?? [];
  const invocation = await verifyInvocation(asText(envelope), {
    token,
    issuer: parseAid(peekClaims(token).iss, 'TCT_SIGNATURE_INVALID').aid,
    now: clockOf(context),
    replay: state.replay,
    issuerManifest: { dangerouslyIgnoreIssuerManifest: true },
    revocation: scenarioRevocations(context),
  });
  const marked = needsProof(invocation.capability, { popRequiredGrants });
  if (marked && !invocation.tct.grants.includes(invocation.capability)) {
    throw new AitpError('POLICY_VIOLATION', 'the capability is not granted');
  }
  if (!marked) authorizeInvocation(invocation);
  state.pop = { ...state.pop, marked };
  effects.pop_challenge_issued = marked;
  effects.capability_authorized = !marked;
  return { pop_challenge_issued: marked, capability_authorized: !marked };
};

/** `expect_pop_challenge_issued`. */
export const expectPopChallengeIssuedOp: Op = async ({ state, effects }) => {
  effects.pop_challenge_issued = state.pop.marked === true || state.pop.challenge !== undefined;
  if (effects.pop_challenge_issued) return {};
  throw new AitpError('POP_CHALLENGE_INVALID', 'no challenge was issued');
};

/** `withhold_pop_response`. */
export const withholdPopResponseOp: Op = async ({ state, effects }) => {
  const marked = state.pop.marked === true;
  effects.capability_authorized = !marked;
  if (!marked) return { capability_authorized: true };
  throw new AitpError('POP_RESPONSE_INVALID', 'a marked grant, and no answer came');
};

/** The token of a request, whoever presents it. */
async function presentedTct(context: OpContext): Promise<Verified<Tct>> {
  const { params } = context;
  const token = params.required('tct_token', 'tct');
  return verifyTct(token, {
    issuer: { dangerouslyAcceptAnyIssuer: true },
    audience: { dangerouslyAcceptAnyHolder: true },
    now: clockOf(context),
    issuerManifest: { dangerouslyIgnoreIssuerManifest: true },
    revocation: scenarioRevocations(context),
  });
}

/** Who challenges: the handle given, or the test key of the issuer. */
async function verifierOf(context: OpContext, tct: Tct): Promise<AitpSigner> {
  const names = ['verifier_keypair', 'issuer_keypair', 'keypair'];
  if (context.params.has(...names)) return signerOf(context, ...names);
  const signer = await testSignerOf(tct.issuer);
  if (signer === undefined) throw invalid('issuer_keypair is missing');
  return signer;
}

const CHALLENGE = /* @__PURE__ */ (() => closedObject({ tct_jti: uuidText, nonce: nonceText }))();

const RESPONSE = /* @__PURE__ */ (() =>
  closedObject({ tct_jti: uuidText, nonce_echo: nonceText, pop_signature: text }))();
