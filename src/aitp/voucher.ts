// The grant voucher: what lets the holder of a TCT delegate (section 5.4). It mirrors the TCT it was issued with, says
// nothing by itself, and means something only inside a delegation that its own issuer checks. Verified in this order:
//
// | step | check                                        | code of the failure                           |
// |------|----------------------------------------------|-----------------------------------------------|
// | 1    | three segments, header, strict JSON; `typ`   | DELEGATION_INVALID_VOUCHER; TOKEN_TYP_MISMATCH |
// | 2    | `iss` is the verifier                        | DELEGATION_INVALID_VOUCHER                    |
// | 3    | `alg`; signature                             | TOKEN_ALG_MISMATCH; DELEGATION_INVALID_VOUCHER |
// | 4    | no claim outside the set; `ver`              | UNKNOWN_FIELD; UNKNOWN_VERSION                |
// | 5    | every claim is there and well formed         | DELEGATION_INVALID_VOUCHER                    |
// | 6    | `exp` in the future                          | DELEGATION_EXPIRED                            |

import { assertString } from '../bytes/assert.js';
import type { JsonObject } from '../codec/json-value.js';
import { type Verified, verified } from '../documents/verified.js';
import type { Aid } from './aid.js';
import { expiryClaim, extensionClaim, grantList, issuedAtClaim, isWithin, versionClaim } from './claims.js';
import { aidText, closedObject, readClosed, uuidText } from './closed.js';
import { AITP_VERSION, VOUCHER_TYP } from './constants.js';
import { AitpError } from './errors.js';
import { checkClaimNames, checkJwsSignature, checkJwsVersion, parseJws, signJws } from './jws-profile.js';
import type { AitpSigner } from './signer.js';
import type { Tct } from './tct.js';
import { type AitpClock, readClock } from './timestamps.js';

/** A voucher, read. */
export interface GrantVoucher {
  /** The token as received: embedded as it is, never written anew. */
  readonly token: string;
  /** Who granted, and who will check delegations. */
  readonly issuer: Aid;
  /** Who may delegate. */
  readonly subject: Aid;
  /** What may be delegated. */
  readonly grants: readonly string[];
  /** Unix seconds. */
  readonly issuedAtSec: number;
  /** Unix seconds: the first at which it no longer holds. */
  readonly expiresAtSec: number;
  /** `jti` of the TCT it mirrors. */
  readonly sourceJti: string;
  /** `ext`: kept, and never a reason for anything. */
  readonly extensions?: JsonObject;
}

/** How a voucher is verified. */
export interface VerifyVoucherOptions {
  /** AID of the verifier, which has to be the issuer. */
  readonly verifier: string;
  readonly now: AitpClock;
}

const CODE = 'DELEGATION_INVALID_VOUCHER';

const CLAIM_NAMES = ['ver', 'iss', 'sub', 'grants', 'iat', 'exp', 'src_jti', 'ext'];

/**
 * Verifies a voucher by itself, in the order of the table above.
 *
 * @param token From anywhere.
 * @throws {AitpError} see the table.
 * @throws {TypeError | RangeError} no verifier or no clock.
 */
export async function verifyVoucher(token: unknown, options: VerifyVoucherOptions): Promise<Verified<GrantVoucher>> {
  const { verifier, now } = options;
  assertString(verifier, 'verifier');
  const nowSec = readClock(now);
  const voucher = await openVoucher(token, verifier);
  if (voucher.expiresAtSec <= nowSec) throw new AitpError('DELEGATION_EXPIRED', 'the voucher has expired');
  return voucher;
}

/**
 * Steps 1 to 5: everything but the time, which a delegation looks at later.
 *
 * @param issuer AID of the issuer wanted. Default: whoever it says it is of.
 * @throws {AitpError} see the table.
 */
export async function openVoucher(token: unknown, issuer?: string): Promise<Verified<GrantVoucher>> {
  const jws = parseJws(token, { typ: VOUCHER_TYP, code: CODE });
  // Before `alg`: a voucher of somebody else is that, and not one with the wrong algorithm.
  if (issuer !== undefined && jws.claims.iss !== issuer) throw new AitpError(CODE, 'the voucher is of another issuer');
  await checkJwsSignature(jws, jws.claims.iss, CODE);
  checkClaimNames(jws, CLAIM_NAMES);
  checkJwsVersion(jws);
  const { iss, sub, grants, iat, exp, src_jti, ext } = readClosed(CLAIMS, jws.claims, CODE, 'voucher');
  return verified({
    token: jws.token,
    issuer: iss,
    subject: sub,
    grants,
    issuedAtSec: iat,
    expiresAtSec: exp,
    sourceJti: src_jti,
    ...(ext === undefined ? {} : { extensions: ext }),
  });
}

/**
 * Signs the voucher that mirrors a TCT.
 *
 * @param tct One that the signer issued.
 * @returns The token.
 * @throws {TypeError} a TCT of another issuer.
 */
export function signVoucher(signer: AitpSigner, tct: Verified<Tct>): Promise<string> {
  const { issuer, subject, claimedGrants: grants, issuedAtSec, expiresAtSec, jti } = tct;
  const claims = {
    ver: AITP_VERSION,
    iss: issuer,
    sub: subject,
    grants,
    iat: issuedAtSec,
    exp: expiresAtSec,
    src_jti: jti,
  };
  return signJws(claims, VOUCHER_TYP, signer);
}

/**
 * Checks that a voucher mirrors the TCT it came with: same issuer, holder, grants and times.
 *
 * @param token The voucher, from the peer that issued the TCT.
 * @throws {AitpError} TCT_SIGNATURE_INVALID: it differs, or is no valid voucher of that issuer (`cause`).
 */
export async function verifyVoucherMirror(token: unknown, tct: Verified<Tct>): Promise<Verified<GrantVoucher>> {
  let voucher: Verified<GrantVoucher>;
  try {
    voucher = await openVoucher(token, tct.issuer);
  } catch (cause) {
    if (!(cause instanceof AitpError)) throw cause;
    throw new AitpError('TCT_SIGNATURE_INVALID', 'no valid voucher came with the token', { cause });
  }
  const same =
    voucher.subject === tct.subject &&
    voucher.sourceJti === tct.jti &&
    voucher.issuedAtSec === tct.issuedAtSec &&
    voucher.expiresAtSec === tct.expiresAtSec &&
    voucher.grants.length === tct.claimedGrants.length &&
    isWithin(voucher.grants, tct.claimedGrants);
  if (same) return voucher;
  throw new AitpError('TCT_SIGNATURE_INVALID', 'the voucher does not mirror the token it came with');
}

const CLAIMS = /* @__PURE__ */ (() =>
  closedObject({
    ver: versionClaim,
    iss: aidText,
    sub: aidText,
    grants: grantList,
    iat: issuedAtClaim,
    exp: expiryClaim,
    src_jti: uuidText,
    ext: extensionClaim,
  }))();
