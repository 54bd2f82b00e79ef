// The Trust Context Token: what one agent grants another, for a while (sections 5.1 to 5.3). Verified in this order:
//
// | step | check                                                        | code of the failure        |
// |------|--------------------------------------------------------------|----------------------------|
// | 1    | three segments, header, strict JSON                          | TCT_SIGNATURE_INVALID      |
// | 2    | `typ`                                                        | TOKEN_TYP_MISMATCH         |
// | 3    | no claim outside the set                                     | UNKNOWN_FIELD              |
// | 4    | `alg` is that of the issuer's key                            | TOKEN_ALG_MISMATCH         |
// | 5    | `iss` is the issuer wanted; signature                        | TCT_SIGNATURE_INVALID      |
// | 6    | `ver`                                                        | UNKNOWN_VERSION            |
// | 7    | every claim is there and well formed                         | TCT_SIGNATURE_INVALID      |
// | 8    | `aud` is the audience wanted, and `sub`                      | AUDIENCE_MISMATCH          |
// | 9    | `exp` in the future, `iat` not                               | TCT_EXPIRED                |
// | 10   | `cnf.jkt` is the thumbprint of `sub`                         | TCT_SIGNATURE_INVALID      |
// | 11   | `exp` not after the end of the issuer's Manifest             | TCT_EXPIRES_AFTER_MANIFEST |
// | 12   | revocation                                                   | TCT_REVOKED                |

import { assertSignal, assertString } from '../bytes/assert.js';
import type { JsonObject } from '../codec/json-value.js';
import { type Verified, verified } from '../documents/verified.js';
import { type Aid, parseAid } from './aid.js';
import {
  assertGrants,
  checkConfirmation,
  confirmationClaim,
  expiryClaim,
  expiryWithin,
  extensionClaim,
  extMember,
  grantList,
  issuedAtClaim,
  narrow,
  versionClaim,
} from './claims.js';
import { aidText, closedObject, readClosed, text, uuidText } from './closed.js';
import { AITP_VERSION, DEFAULT_TCT_TTL_SEC, TCT_TYP } from './constants.js';
import { AitpError } from './errors.js';
import { type ParsedJws, signJws, verifyJws } from './jws-profile.js';
import type { RandomSource } from './random.js';
import { askRevocation, assertRevocationDecision, type RevocationDecision } from './revocation.js';
import type { AitpSigner } from './signer.js';
import { type AitpClock, readClock } from './timestamps.js';
import { isUuid, newUuid } from './uuid.js';
import { signVoucher } from './voucher.js';

/** A TCT, read. */
export interface Tct {
  /** The token as received: what is presented and embedded, never written anew. */
  readonly token: string;
  readonly jti: string;
  /** Who grants. */
  readonly issuer: Aid;
  /** Who holds it, and whom it is for: `sub` and `aud` are one. */
  readonly subject: Aid;
  /** What may be used: `claimedGrants`, or less where revocation could not be looked up. Opaque, compared exactly. */
  readonly grants: readonly string[];
  /** What the token says. */
  readonly claimedGrants: readonly string[];
  /** Unix seconds. */
  readonly issuedAtSec: number;
  /** Unix seconds: the first at which it no longer holds. */
  readonly expiresAtSec: number;
  /** Thumbprint of the holder's key. */
  readonly jkt: string;
  /** `ext`: kept, and never a reason for anything. */
  readonly extensions?: JsonObject;
}

/** How long the issuer's Manifest holds, or the words that nobody looks. A {@link Manifest} will do. */
export type ManifestBound =
  | {
      /** Unix seconds. */
      readonly expiresAtSec: number;
      /** Whose Manifest it is, where that is known. */
      readonly aid?: string;
      readonly dangerouslyIgnoreIssuerManifest?: undefined;
    }
  | { readonly dangerouslyIgnoreIssuerManifest: true; readonly expiresAtSec?: undefined };

/** How a TCT is verified. Every decision has to be taken; none has a default. */
export interface VerifyTctOptions {
  /** AID of the agent whose word is wanted, or leave to take anybody's and to look at `issuer` afterwards. */
  readonly issuer: string | { readonly dangerouslyAcceptAnyIssuer: true };
  /** AID of the agent the token has to be for: oneself for a token received, the caller for a token presented. */
  readonly audience: string | { readonly dangerouslyAcceptAnyHolder: true };
  readonly now: AitpClock;
  readonly issuerManifest: ManifestBound;
  /** Asked only after the signature holds and everything else is in order. */
  readonly revocation: RevocationDecision;
  readonly signal?: AbortSignal;
}

/** What a TCT is made of. */
export interface IssueTctOptions {
  /** AID of the holder. */
  readonly subject: string;
  /** One capability or more. Copied. */
  readonly grants: readonly string[];
  readonly now: AitpClock;
  /** The issuer's own Manifest, which the token must not outlive. */
  readonly issuerManifest: ManifestBound;
  /** Lifetime in seconds: 1 or more. Default 3,600; cut at the end of the Manifest, and at `notAfterSec`. */
  readonly ttlSec?: number;
  /** Unix second the token must not outlive, such as the end of the delegation it is issued for. */
  readonly notAfterSec?: number;
  /** Whether the holder gets a voucher, with which it can delegate. Default true. */
  readonly voucher?: boolean;
  /** Default: a fresh one. */
  readonly jti?: string;
  /** `ext` of the token. */
  readonly extensions?: JsonObject;
  /** For tests. */
  readonly random?: RandomSource;
}

/** A TCT and what goes with it. */
export interface IssuedTct {
  readonly tct: Verified<Tct>;
  /** The voucher of the same grants, as a token; absent where it was not wanted. */
  readonly voucher?: string;
}

const CODE = 'TCT_SIGNATURE_INVALID';

const CLAIM_NAMES = ['ver', 'jti', 'iss', 'sub', 'aud', 'iat', 'exp', 'grants', 'cnf', 'ext'];

/**
 * Verifies a TCT, in the order of the table above.
 *
 * No network and no memory that grows with tokens is touched before the signature holds.
 *
 * @param token From anywhere.
 * @throws {AitpError} see the table; and what {@link RevocationDecision} throws: POLICY_VIOLATION,
 *   REVOCATION_SNAPSHOT_INVALID, REVOCATION_SNAPSHOT_SIGNATURE_INVALID.
 * @throws {TypeError | RangeError} a decision that was not taken, before anything else.
 * @throws `signal.reason`, untouched.
 * @see section 5.2
 *
 * @example
 * ```ts
 * const tct = await verifyTct(token, { issuer: peer.aid, audience: own.aid, now, issuerManifest: peer, revocation });
 * if (tct.grants.includes('calendar.read')) await answer();
 * ```
 */
export async function verifyTct(token: unknown, options: VerifyTctOptions): Promise<Verified<Tct>> {
  const { issuer, audience, issuerManifest, revocation, nowSec, signal } = assertOptions(options);
  signal?.throwIfAborted();
  const jws = await verifyJws(token, {
    typ: TCT_TYP,
    code: CODE,
    claimNames: CLAIM_NAMES,
    claimsFirst: true,
    ...(typeof issuer === 'string' ? { issuer } : {}),
  });
  const tct = readTct(jws, audience);
  await checkTct(tct, nowSec, issuerManifest);
  const { jti, grants } = tct;
  const left = await askRevocation(revocation, { issuer: tct.issuer, jti, grants, nowSec, signal });
  // Whatever a check answers: a token never grants more than it says.
  return verified(left === grants ? tct : { ...tct, grants: narrow(grants, left) });
}

/**
 * Issues a TCT, and the voucher that goes with it.
 *
 * What may be granted is decided before: this signs what it is told to.
 *
 * @throws {AitpError} POLICY_VIOLATION: no grants. MANIFEST_EXPIRED: the issuer's own Manifest, or whatever else caps the
 *   lifetime, has expired. IDENTITY_FAILED: the subject is no AID.
 * @throws {TypeError | RangeError} an option of the wrong kind or range.
 * @see section 5.3
 */
export async function issueTct(signer: AitpSigner, options: IssueTctOptions): Promise<IssuedTct> {
  const { subject, ttlSec = DEFAULT_TCT_TTL_SEC, issuerManifest, notAfterSec, extensions, voucher = true } = options;
  assertManifestBound(issuerManifest);
  if (((issuerManifest as { readonly aid?: string }).aid ?? signer.aid) !== signer.aid) {
    throw new TypeError('issuerManifest must be the Manifest of the signer');
  }
  const issuedAtSec = readClock(options.now);
  if (options.grants.length === 0) throw new AitpError('POLICY_VIOLATION', 'nothing is granted');
  const grants = assertGrants(options.grants, 'grants');
  const jti = options.jti ?? newUuid(options.random);
  if (!isUuid(jti)) throw new TypeError('jti must be a UUID of version 4 in lower case');
  const cap = Math.min(issuerManifest.expiresAtSec ?? Number.MAX_SAFE_INTEGER, notAfterSec ?? Number.MAX_SAFE_INTEGER);
  const expiresAtSec = expiryWithin(issuedAtSec, ttlSec, cap);
  if (expiresAtSec <= issuedAtSec) {
    throw new AitpError('MANIFEST_EXPIRED', 'the token would outlive what it rests on: it has expired');
  }
  const holder = parseAid(subject);
  const jkt = await holder.jkt();
  const claims = {
    ver: AITP_VERSION,
    jti,
    iss: signer.aid,
    sub: holder.aid,
    aud: holder.aid,
    iat: issuedAtSec,
    exp: expiresAtSec,
    grants,
    cnf: { jkt },
    ...extMember(extensions),
  };
  const tct = verified<Tct>({
    token: await signJws(claims, TCT_TYP, signer),
    jti,
    issuer: signer.aid,
    subject: holder.aid,
    grants,
    claimedGrants: grants,
    issuedAtSec,
    expiresAtSec,
    jkt,
    ...(extensions === undefined ? {} : { extensions }),
  });
  return voucher ? { tct, voucher: await signVoucher(signer, tct) } : { tct };
}

/** Steps 7 and 8. */
function readTct({ token, claims }: ParsedJws, audience: VerifyTctOptions['audience']): Tct {
  const read = readClosed(CLAIMS, claims, CODE, 'TCT');
  const { jti, iss, sub, aud, iat, exp, grants, cnf, ext } = read;
  if (aud !== sub || (typeof audience === 'string' && aud !== audience)) {
    throw new AitpError('AUDIENCE_MISMATCH', 'the token is for somebody else');
  }
  return {
    token,
    jti,
    issuer: iss,
    subject: sub,
    grants,
    claimedGrants: grants,
    issuedAtSec: iat,
    expiresAtSec: exp,
    jkt: cnf.jkt,
    ...(ext === undefined ? {} : { extensions: ext }),
  };
}

/** Steps 9 to 11. */
async function checkTct(tct: Tct, nowSec: number, issuerManifest: ManifestBound): Promise<void> {
  if (tct.expiresAtSec <= nowSec) throw new AitpError('TCT_EXPIRED', 'the token has expired');
  if (tct.issuedAtSec > nowSec) throw new AitpError('TCT_EXPIRED', 'the token is from the future');
  await checkConfirmation(tct.jkt, tct.subject, CODE);
  if (tct.expiresAtSec > (issuerManifest.expiresAtSec ?? Number.POSITIVE_INFINITY)) {
    throw new AitpError('TCT_EXPIRES_AFTER_MANIFEST', 'the token outlives the Manifest of its issuer');
  }
}

const CLAIMS = /* @__PURE__ */ (() =>
  closedObject({
    ver: versionClaim,
    jti: uuidText,
    iss: aidText,
    sub: aidText,
    // Whether it is the right one is the next question.
    aud: text,
    iat: issuedAtClaim,
    exp: expiryClaim,
    grants: grantList,
    cnf: confirmationClaim,
    ext: extensionClaim,
  }))();

/** Reads each option once, so that what was checked is what counts, whoever changes the object meanwhile. */
function assertOptions(options: VerifyTctOptions): Omit<VerifyTctOptions, 'now'> & { readonly nowSec: number } {
  const { issuer, audience, issuerManifest, revocation, now, signal } = (options ?? {}) as VerifyTctOptions;
  assertDecided(issuer, 'issuer', 'dangerouslyAcceptAnyIssuer');
  assertDecided(audience, 'audience', 'dangerouslyAcceptAnyHolder');
  assertManifestBound(issuerManifest);
  assertRevocationDecision(revocation);
  assertSignal(signal);
  const manifestOf = (issuerManifest as { readonly aid?: string }).aid;
  // The end of one agent's Manifest says nothing of the tokens of any other.
  if (manifestOf !== undefined && manifestOf !== issuer) {
    throw new TypeError('issuerManifest must be the Manifest of the issuer');
  }
  return { issuer, audience, issuerManifest, revocation, nowSec: readClock(now), ...(signal && { signal }) };
}

/** @throws {TypeError} neither a text nor the waiver of that name. */
function assertDecided(value: unknown, name: string, waiver: string): void {
  if (typeof value === 'object' && value !== null && (value as Record<string, unknown>)[waiver] === true) return;
  assertString(value, name);
}

/** @throws {TypeError | RangeError} neither a bound nor the words that there is none. */
function assertManifestBound(bound: unknown): asserts bound is ManifestBound {
  const { expiresAtSec, dangerouslyIgnoreIssuerManifest } = (bound ?? {}) as Record<string, unknown>;
  if (dangerouslyIgnoreIssuerManifest === true) return;
  if (typeof expiresAtSec !== 'number') {
    throw new TypeError('issuerManifest must hold expiresAtSec, or { dangerouslyIgnoreIssuerManifest: true }');
  }
  if (!Number.isSafeInteger(expiresAtSec)) throw new RangeError('expiresAtSec must be whole Unix seconds');
}
