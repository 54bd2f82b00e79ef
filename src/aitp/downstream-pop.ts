// Downstream proof of possession (section 5.5): whoever presents a TCT signs a nonce of the verifier's with the key the
// token is bound to. Two envelopes; the verifier speaks first. The verifier looks at the answer in this order:
//
// | step | check                                                | code of the failure                  |
// |------|------------------------------------------------------|--------------------------------------|
// | 1    | the envelope, its type included; remembered after 5  | codes of envelope.ts                 |
// | 2    | shape of the payload; sender is the holder           | POP_RESPONSE_INVALID; UNKNOWN_FIELD  |
// | 3    | `tct_jti` is the one challenged; `nonce_echo`        | POP_RESPONSE_INVALID                 |
// | 4    | `pop_signature` under `sub`, whose key is `cnf.jkt`  | POP_RESPONSE_INVALID                 |
// | 5    | the challenge is fresh, and was not answered before  | POP_RESPONSE_INVALID                 |

import { assertInteger } from '../bytes/assert.js';
import type { JsonObject } from '../codec/json-value.js';
import { type Verified, verified } from '../documents/verified.js';
import type { Aid } from './aid.js';
import { checkConfirmation } from './claims.js';
import { closedObject, nonceText, readClosed, text, uuidText } from './closed.js';
import { TIMESTAMP_TOLERANCE_SEC } from './constants.js';
import { buildEnvelope, encodeEnvelope } from './envelope.js';
import { openEnvelope } from './envelope-later.js';
import type { VerifyEnvelopeOptions } from './envelope-verify.js';
import { AitpError } from './errors.js';
import { newNonce } from './nonce.js';
import { signPop, verifyPop } from './pop.js';
import type { RandomSource } from './random.js';
import type { ReplayStore } from './replay-store.js';
import type { AitpSigner } from './signer.js';
import type { Tct } from './tct.js';
import { type AitpClock, readClock } from './timestamps.js';

/** A challenge, as the verifier remembers it. Plain data: it may be stored. */
export interface PopChallenge {
  /** The token in question. */
  readonly jti: string;
  /** Who has to answer. */
  readonly subject: Aid;
  /** Thumbprint of the key to answer with. */
  readonly jkt: string;
  readonly nonce: string;
  /** Last Unix second at which an answer counts. */
  readonly freshUntilSec: number;
}

/** What a challenge is made with. */
export interface IssuePopChallengeOptions {
  readonly now: AitpClock;
  /** How long an answer may take, in seconds: 1 to 300. Default 300. */
  readonly ttlSec?: number;
  /** For tests. */
  readonly random?: RandomSource;
}

/** A challenge, and the text that carries it to the holder. */
export interface IssuedPopChallenge {
  readonly challenge: PopChallenge;
  /** Envelope, as JSON. */
  readonly message: string;
}

/** How a challenge is answered. */
export interface AnswerPopChallengeOptions extends Omit<VerifyEnvelopeOptions, 'messageTypes'> {
  /** AID of the agent the token was presented to: nobody else gets an answer. */
  readonly verifier: string;
  /** The token that was presented. */
  readonly tct: Pick<Tct, 'jti' | 'subject'>;
  /** For tests. */
  readonly random?: RandomSource;
}

/** How an answer is verified. */
export interface VerifyPopResponseOptions extends Omit<VerifyEnvelopeOptions, 'messageTypes' | 'replay'> {
  readonly challenge: PopChallenge;
  /** Remembers envelopes, and challenges that were answered. */
  readonly replay: ReplayStore;
}

/** The holder of a token proved its key. */
export interface PopProof {
  readonly jti: string;
  readonly subject: Aid;
  /** Unix seconds. */
  readonly provedAtSec: number;
}

const RESPONSE_CODE = 'POP_RESPONSE_INVALID';
const CHALLENGE_CODE = 'POP_CHALLENGE_INVALID';

/**
 * Challenges the holder of a token that was presented.
 *
 * @param signer The verifier.
 * @throws {TypeError | RangeError} an option of the wrong kind or range.
 */
export async function issuePopChallenge(
  signer: AitpSigner,
  tct: Verified<Tct>,
  { now, ttlSec = TIMESTAMP_TOLERANCE_SEC, random }: IssuePopChallengeOptions,
): Promise<IssuedPopChallenge> {
  assertInteger(ttlSec, 'ttlSec', 1, TIMESTAMP_TOLERANCE_SEC);
  const nowSec = readClock(now);
  const { jti, subject, jkt } = tct;
  const challenge = { jti, subject, jkt, nonce: newNonce(random), freshUntilSec: nowSec + ttlSec };
  const payload = { tct_jti: jti, nonce: challenge.nonce };
  const message = await write('pop_challenge', payload, nowSec, signer, random);
  return { challenge, message };
}

/**
 * Answers the challenge to a token one presented.
 *
 * @param input The challenge: text or its UTF-8 bytes, from anywhere.
 * @param signer The holder.
 * @returns The answer: an envelope, as JSON.
 * @throws {AitpError} what `verifyEnvelope` throws, but for TIMESTAMP_EXPIRED. POP_CHALLENGE_INVALID: malformed, stale, of another agent than the
 *   token was presented to, or for another token or holder. UNKNOWN_FIELD.
 * @throws {TypeError | RangeError} an option of the wrong kind or range.
 */
export async function answerPopChallenge(
  input: string | Uint8Array,
  signer: AitpSigner,
  options: AnswerPopChallengeOptions,
): Promise<string> {
  const { verifier, tct, now, random } = options;
  const { envelope, remember } = await asChallengeFault(openEnvelope(input, 'pop_challenge', options));
  const { tct_jti: jti, nonce } = readClosed(CHALLENGE, envelope.payload, CHALLENGE_CODE, 'challenge');
  if (envelope.sender !== verifier) throw new AitpError(CHALLENGE_CODE, 'a challenge by another agent');
  if (jti !== tct.jti || signer.aid !== tct.subject) {
    throw new AitpError(CHALLENGE_CODE, 'a challenge to a token that is not held');
  }
  await remember();
  const payload = { tct_jti: jti, nonce_echo: nonce, pop_signature: await signPop(nonce, signer) };
  return write('pop_response', payload, readClock(now), signer, random);
}

/**
 * Verifies the answer to a challenge, in the order of the table above.
 *
 * @param input Text or its UTF-8 bytes, from anywhere; `undefined` where none came in time.
 * @throws {AitpError} see the table.
 * @throws {LimitError} ERR_LIMIT_EXCEEDED: the memory of challenges is full.
 * @throws {TypeError | RangeError} an option of the wrong kind or range.
 */
export async function verifyPopResponse(
  input: string | Uint8Array | undefined,
  options: VerifyPopResponseOptions,
): Promise<Verified<PopProof>> {
  const { challenge, replay, now } = options;
  if (typeof replay?.addIfAbsent !== 'function') throw new TypeError('replay must be a ReplayStore');
  if (input === undefined) throw invalid('no answer came');
  const { envelope, remember } = await openEnvelope(input, 'pop_response', options);
  const { sender, payload } = envelope;
  const read = readClosed(RESPONSE, payload, RESPONSE_CODE, 'answer');
  const { jti, subject, jkt, nonce, freshUntilSec } = challenge;
  if (sender !== subject) throw invalid('an answer by another agent');
  if (read.tct_jti !== jti || read.nonce_echo !== nonce) throw invalid('an answer to another challenge');
  await verifyPop(nonce, read.pop_signature, subject, RESPONSE_CODE, options);
  await checkConfirmation(jkt, subject, RESPONSE_CODE);
  const provedAtSec = readClock(now);
  if (provedAtSec > freshUntilSec) throw invalid('an answer that is late');
  // Last, so that only the holder can use a challenge up.
  await remember();
  if (!(await replay.addIfAbsent(`pop ${jti} ${nonce}`, freshUntilSec + 1))) throw invalid('answered before');
  return verified({ jti, subject, provedAtSec });
}

/** A challenge that is not of its time is a bad challenge; other faults of an envelope stay what they are. */
async function asChallengeFault<T>(verdict: Promise<T>): Promise<T> {
  try {
    return await verdict;
  } catch (cause) {
    if (!(cause instanceof AitpError && cause.wireCode === 'TIMESTAMP_EXPIRED')) throw cause;
    throw new AitpError(CHALLENGE_CODE, 'a challenge that is stale', { cause });
  }
}

async function write(
  messageType: 'pop_challenge' | 'pop_response',
  payload: JsonObject,
  timestampSec: number,
  signer: AitpSigner,
  random: RandomSource | undefined,
): Promise<string> {
  const content = { messageType, payload, timestampSec, ...(random === undefined ? {} : { random }) };
  return encodeEnvelope(await buildEnvelope(content, signer));
}

const CHALLENGE = /* @__PURE__ */ (() => closedObject({ tct_jti: uuidText, nonce: nonceText }))();

const RESPONSE = /* @__PURE__ */ (() =>
  // The form of the signature is part of the verdict on it.
  closedObject({ tct_jti: uuidText, nonce_echo: nonceText, pop_signature: text }))();

function invalid(what: string): AitpError {
  return new AitpError(RESPONSE_CODE, `no valid proof of possession: ${what}`);
}
