// Using what a TCT grants (section 9.3). The protocol has no signature for a request; a bare token would be worth as much
// as the key it is bound to. So a request comes with an envelope signed by the holder, which names the token and the
// capability. The resource server, mostly the issuer, looks at it in this order:
//
// | step | check                                                   | code of the failure               |
// |------|---------------------------------------------------------|-----------------------------------|
// | 1    | the envelope, its type included; remembered after 4     | codes of envelope.ts              |
// | 2    | shape of the payload                                    | INVALID_ENVELOPE; UNKNOWN_FIELD   |
// | 3    | the token, presented by the sender                      | codes of tct.ts                   |
// | 4    | `tct_jti` is that of the token                          | INVALID_ENVELOPE                  |
// | 5    | the capability is granted                               | POLICY_VIOLATION                  |
// | 6    | a proof of possession, where policy marks the grant     | POP_RESPONSE_INVALID              |

import { assertSignal } from '../bytes/assert.js';
import type { JsonObject } from '../codec/json-value.js';
import { type Verified, verified } from '../documents/verified.js';
import { unlessAborted } from '../unless-aborted.js';
import type { Aid } from './aid.js';
import { assertGrants } from './claims.js';
import { anyObject, capability, closedObject, optional, readClosed, uuidText } from './closed.js';
import type { PopProof } from './downstream-pop.js';
import { buildEnvelope, encodeEnvelope } from './envelope.js';
import { openEnvelope } from './envelope-later.js';
import type { VerifyEnvelopeOptions } from './envelope-verify.js';
import { AitpError } from './errors.js';
import { assertSignable } from './jcs-profile.js';
import type { RandomSource } from './random.js';
import type { AitpSigner } from './signer.js';
import { type Tct, type VerifyTctOptions, verifyTct } from './tct.js';
import { type AitpClock, readClock } from './timestamps.js';

/** Type of the envelope. Not a registered one: only this handler takes it. */
export const INVOCATION_TYPE = 'capability_invocation';

/** What an invocation is made of. */
export interface BuildInvocationOptions {
  /** The token under which it is made. */
  readonly tct: Pick<Tct, 'jti'>;
  /** Which of its grants is used. */
  readonly capability: string;
  /** What is asked for, so that the signature covers it: plain data, numbers are safe integers. Borrowed. */
  readonly arguments?: JsonObject;
  readonly now: AitpClock;
  /** For tests. */
  readonly random?: RandomSource;
}

/** How an invocation is verified. */
export interface VerifyInvocationOptions
  extends Omit<VerifyTctOptions, 'audience'>,
    Omit<VerifyEnvelopeOptions, 'messageTypes'> {
  /** The token that came with it. */
  readonly token: unknown;
}

/** A request by the holder of a token. Whether it is allowed is {@link authorizeInvocation}'s to say. */
export interface Invocation {
  /** The holder. */
  readonly sender: Aid;
  readonly messageId: string;
  readonly capability: string;
  readonly arguments?: JsonObject;
  readonly tct: Verified<Tct>;
}

/** What policy asks for beyond the token. */
export interface AuthorizePolicy {
  /** Grants that are marked: each use asks for a proof of possession. Compared exactly. Default none. */
  readonly popRequiredGrants?: readonly string[];
  /** The proof, where there is one. */
  readonly proof?: Verified<PopProof>;
}

/** A use of a grant that is allowed. */
export interface Authorization {
  /** The holder. */
  readonly holder: Aid;
  readonly capability: string;
  readonly tct: Verified<Tct>;
}

const CODE = 'INVALID_ENVELOPE';

/**
 * Makes and signs an invocation.
 *
 * @param signer The holder of the token.
 * @returns An envelope, as JSON, to be sent beside the token.
 * @throws {TypeError} a capability no token could grant, or arguments that are no object.
 * @throws {RangeError} a number in the arguments is not a safe integer, or they are longer than an envelope can be.
 * @throws {CodecError} ERR_CODEC_JCS_VALUE: they are not plain JSON data.
 */
export async function buildInvocation(signer: AitpSigner, options: BuildInvocationOptions): Promise<string> {
  const { tct, capability: named, arguments: args, now, random } = options;
  assertGrants([named], 'capability');
  if (args !== undefined) assertSignable(args, 'arguments');
  const payload = { tct_jti: tct.jti, capability: named, ...(args === undefined ? {} : { arguments: args }) };
  const content = {
    messageType: INVOCATION_TYPE,
    payload,
    timestampSec: readClock(now),
    ...(random === undefined ? {} : { random }),
  };
  return encodeEnvelope(await buildEnvelope(content, signer));
}

/**
 * Verifies an invocation and the token it is made under: steps 1 to 4.
 *
 * @param input The envelope: text or its UTF-8 bytes, from anywhere.
 * @throws {AitpError} see the table.
 * @throws {LimitError} ERR_LIMIT_EXCEEDED: the memory of identifiers is full.
 * @throws {TypeError | RangeError} a decision that was not taken.
 * @throws `signal.reason`, untouched.
 */
export async function verifyInvocation(
  input: string | Uint8Array,
  options: VerifyInvocationOptions,
): Promise<Verified<Invocation>> {
  // A copy: the token that came with this envelope, whoever changes the object meanwhile.
  const decided = { ...options };
  const { signal } = decided;
  assertSignal(signal);
  const { envelope, remember } = await unlessAborted(signal, openEnvelope(input, INVOCATION_TYPE, decided));
  const { sender, messageId, payload } = envelope;
  const read = readClosed(PAYLOAD, payload, CODE, 'invocation');
  const tct = await verifyTct(decided.token, { ...decided, audience: sender });
  if (read.tct_jti !== tct.jti) throw new AitpError(CODE, 'the invocation is made under another token');
  await unlessAborted(signal, remember());
  return verified({
    sender,
    messageId,
    capability: read.capability,
    ...(read.arguments === undefined ? {} : { arguments: read.arguments }),
    tct,
  });
}

/**
 * Decides about an invocation: steps 5 and 6.
 *
 * @throws {AitpError} POLICY_VIOLATION: not granted. POP_RESPONSE_INVALID: the grant is marked, and there is no proof, or
 *   one of another token.
 */
export function authorizeInvocation(
  invocation: Verified<Invocation>,
  policy: AuthorizePolicy = {},
): Verified<Authorization> {
  return authorize(invocation.tct, invocation.capability, policy);
}

/**
 * Decides about a token that was presented without an invocation: steps 5 and 6.
 *
 * @param policy `proof`: that the presenter holds the key. Without one a bare token is taken from whoever has it, which
 *   has to be said.
 * @throws {AitpError} as {@link authorizeInvocation}; POP_RESPONSE_INVALID also where there is no proof at all.
 */
export function authorizePresented(
  tct: Verified<Tct>,
  named: string,
  policy: AuthorizePolicy & { readonly dangerouslyAcceptBearer?: true },
): Verified<Authorization> {
  const authorization = authorize(tct, named, policy);
  if (policy.proof !== undefined || policy.dangerouslyAcceptBearer === true) return authorization;
  throw missingProof();
}

/** Whether policy marks a grant, so that its use begins with a challenge. */
export function needsProof(named: string, { popRequiredGrants = [] }: AuthorizePolicy): boolean {
  return popRequiredGrants.includes(named);
}

function authorize(tct: Verified<Tct>, named: string, policy: AuthorizePolicy): Verified<Authorization> {
  if (!tct.grants.includes(named)) throw new AitpError('POLICY_VIOLATION', 'the capability is not granted');
  const { proof } = policy;
  const fits = proof !== undefined && proof.jti === tct.jti && proof.subject === tct.subject;
  if (proof === undefined ? needsProof(named, policy) : !fits) throw missingProof();
  return verified({ holder: tct.subject, capability: named, tct });
}

const PAYLOAD = /* @__PURE__ */ (() =>
  closedObject({ tct_jti: uuidText, capability, arguments: optional(anyObject) }))();

function missingProof(): AitpError {
  return new AitpError('POP_RESPONSE_INVALID', 'no proof of possession for this token');
}
