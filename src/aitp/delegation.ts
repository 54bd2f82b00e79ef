// Delegation, single hop (sections 6.1 and 6.2). A granted something to B; B passes a part of it on to C; C presents the
// token to A, who alone can judge it, and who may then issue C a TCT of its own. The token itself is no credential.
// Verified in this order:
//
// | step | check                                                    | code of the failure                           |
// |------|----------------------------------------------------------|-----------------------------------------------|
// | 0    | no `chain`, whatever the rest is worth                   | DELEGATION_MULTIHOP_NOT_SUPPORTED             |
// | 1a   | three segments, header, strict JSON; `typ`               | DELEGATION_INVALID_SIGNATURE; TOKEN_TYP_MISMATCH |
// | 0b   | no `jti` and no `chain_hash`                             | UNKNOWN_FIELD                                 |
// | 1b   | `alg`; signature under `iss`                             | TOKEN_ALG_MISMATCH; DELEGATION_INVALID_SIGNATURE |
// | 1c   | no claim outside the set; `ver`                          | UNKNOWN_FIELD; UNKNOWN_VERSION                |
// | 1d   | every claim is there and well formed                     | DELEGATION_INVALID_SIGNATURE                  |
// | 2    | `aud` is the verifier; `exp` in the future               | DELEGATION_AUDIENCE_MISMATCH; DELEGATION_EXPIRED |
// | 3    | voucher: `typ`, issuer and signature are the verifier's  | TOKEN_TYP_MISMATCH; DELEGATION_INVALID_VOUCHER |
// | 4    | voucher: `sub` is `iss`                                  | DELEGATION_INVALID_VOUCHER                    |
// | 5    | voucher: `exp` in the future, and not before our `exp`   | DELEGATION_EXPIRED                            |
// | 6    | `scope` within the voucher's grants                      | DELEGATION_SCOPE_EXCEEDED                     |
// | 7    | voucher: `src_jti` not revoked                           | DELEGATION_SOURCE_TCT_REVOKED                 |
// | 8    | `iss` and `sub` are two keys; `cnf.jkt` is that of `sub` | DELEGATION_INVALID_SIGNATURE                  |
// | 9    | proof of possession by `sub`                             | DELEGATION_POP_FAILED                         |

import { assertSignal, assertString } from '../bytes/assert.js';
import type { JsonObject } from '../codec/json-value.js';
import { type Verified, verified } from '../documents/verified.js';
import { type Aid, parseAid, sameKey } from './aid.js';
import { assertGrants, expiryWithin, extMember, isWithin, narrow } from './claims.js';
import { AITP_VERSION, DEFAULT_DELEGATION_TTL_SEC, DELEGATION_TYP } from './constants.js';
import {
  checkAddressee,
  checkHolder,
  checkSource,
  checkVoucher,
  checkVoucherSubject,
  exceeded,
  expired,
  notForUs,
  selfDelegation,
} from './delegation-checks.js';
import {
  checkDelegationSignature,
  type DelegationClaims,
  hasChain,
  parseDelegation,
  readDelegation,
} from './delegation-token.js';
import { AitpError } from './errors.js';
import type { JcsOptions } from './jcs-profile.js';
import { signJws } from './jws-profile.js';
import { verifyPop } from './pop.js';
import { withRenewalNote } from './renewal-note.js';
import { assertRevocationDecision, type RevocationDecision } from './revocation.js';
import type { AitpSigner } from './signer.js';
import { type IssuedTct, type IssueTctOptions, issueTct } from './tct.js';
import { type AitpClock, readClock } from './timestamps.js';
import { isUuid } from './uuid.js';
import { type GrantVoucher, openVoucher } from './voucher.js';

/** A delegation that was verified by the agent whose grants it passes on. */
export interface Delegation {
  /** The token as received. */
  readonly token: string;
  /** Who delegates: B. With several hops, the last of them. */
  readonly delegator: Aid;
  /** To whom: C. */
  readonly delegatee: Aid;
  /** Who granted in the first place, and verifies: A. */
  readonly issuedBy: Aid;
  /** What is delegated: `scope`. Opaque, compared exactly. */
  readonly grants: readonly string[];
  /** Unix seconds: the first at which it no longer holds. */
  readonly expiresAtSec: number;
  /** Thumbprint of the delegatee's key. */
  readonly jkt: string;
  /** `jti` of the TCT that everything rests on. */
  readonly sourceJti: string;
  /** Hops of authority: 2 for one delegation. */
  readonly hops: number;
}

/** An answer to a nonce the verifier chose, or leave to go without. */
export type DelegationProof =
  | {
      /** The verifier's own, fresh, and used for nothing else; 22 characters. */
      readonly nonce: string;
      /** What the delegatee answered. */
      readonly signature: string;
      readonly dangerouslySkipPop?: undefined;
    }
  | { readonly dangerouslySkipPop: true };

/** How a delegation is verified. */
export interface VerifyDelegationOptions extends JcsOptions {
  /** AID of the verifier: it granted in the first place. */
  readonly verifier: string;
  readonly now: AitpClock;
  /** The verifier's own list, asked for the TCT that everything rests on, once all signatures hold. */
  readonly revocation: RevocationDecision;
  readonly pop: DelegationProof;
  readonly signal?: AbortSignal;
}

/** What a delegation is made of. */
export interface IssueDelegationOptions {
  /** The delegator's voucher, as it came with its TCT. */
  readonly voucher: string;
  /** AID of the delegatee. */
  readonly delegatee: string;
  /** One capability or more, all within the voucher. Copied. */
  readonly scope: readonly string[];
  readonly now: AitpClock;
  /** Lifetime in seconds: 1 or more. Default 1,800; cut at the end of the voucher. */
  readonly ttlSec?: number;
  /** Draft: names the hop, for a delegatee that delegates further. A verifier without that draft refuses it. */
  readonly jti?: string;
  /** `ext` of the token. */
  readonly extensions?: JsonObject;
}

const CODE = 'DELEGATION_INVALID_SIGNATURE';

/**
 * Verifies a delegation, in the order of the table above.
 *
 * @param token From anywhere. A delegation of the old version, an object, is refused as well.
 * @throws {AitpError} see the table; and what {@link RevocationDecision} throws other than TCT_REVOKED.
 * @throws {TypeError | RangeError} a decision that was not taken, before anything else.
 * @throws `signal.reason`, untouched.
 * @see section 6.2
 */
export async function verifyDelegation(
  token: unknown,
  options: VerifyDelegationOptions,
): Promise<Verified<Delegation>> {
  // A copy: what was checked is what counts, whoever changes the object meanwhile.
  const decided = { ...options };
  const nowSec = assertDelegationOptions(decided);
  const { verifier } = decided;
  if (hasChain(token)) {
    throw new AitpError('DELEGATION_MULTIHOP_NOT_SUPPORTED', 'a delegation of several hops');
  }
  const jws = parseDelegation(token);
  if (Object.hasOwn(jws.claims, 'jti') || Object.hasOwn(jws.claims, 'chain_hash')) {
    throw new AitpError('UNKNOWN_FIELD', 'a claim of delegations of several hops');
  }
  await checkDelegationSignature(jws);
  const claims = readDelegation(jws);
  checkAddressee(claims, verifier, nowSec);
  const voucher = await checkVoucher(claims, verifier, nowSec);
  await checkSource(voucher, claims, nowSec, decided);
  await checkHolder(claims);
  return proveDelegation(asDelegation(claims, voucher, 2), decided);
}

/**
 * Delegates a part of what a voucher says.
 *
 * @param signer The subject of the voucher.
 * @returns The token.
 * @throws {AitpError} DELEGATION_INVALID_VOUCHER, TOKEN_TYP_MISMATCH, TOKEN_ALG_MISMATCH, UNKNOWN_FIELD,
 *   UNKNOWN_VERSION: the voucher, or it is somebody else's. DELEGATION_EXPIRED: the voucher has expired.
 *   DELEGATION_SCOPE_EXCEEDED. DELEGATION_INVALID_SIGNATURE: the delegatee is no AID, or the delegator itself.
 * @throws {TypeError | RangeError} an option of the wrong kind or range.
 */
export async function issueDelegation(signer: AitpSigner, options: IssueDelegationOptions): Promise<string> {
  const { voucher: voucherToken, ttlSec = DEFAULT_DELEGATION_TTL_SEC, jti, extensions } = options;
  const nowSec = readClock(options.now);
  const scope = assertGrants(options.scope, 'scope');
  if (jti !== undefined && !isUuid(jti)) throw new TypeError('jti must be a UUID of version 4 in lower case');
  const voucher = await openVoucher(voucherToken);
  checkVoucherSubject(voucher, signer.aid);
  if (voucher.expiresAtSec <= nowSec) throw expired('the voucher');
  if (!isWithin(scope, voucher.grants)) throw exceeded();
  const delegatee = parseAid(options.delegatee, CODE);
  if (sameKey(delegatee.aid, signer.aid)) throw selfDelegation();
  const claims = {
    ver: AITP_VERSION,
    iss: signer.aid,
    sub: delegatee.aid,
    aud: voucher.issuer,
    scope,
    exp: expiryWithin(nowSec, ttlSec, voucher.expiresAtSec),
    cnf: { jkt: await delegatee.jkt() },
    voucher: voucherToken,
    ...(jti === undefined ? {} : { jti }),
    ...extMember(extensions),
  };
  return signJws(claims, DELEGATION_TYP, signer);
}

/** What a TCT for a delegatee is made of. */
export interface RedeemDelegationOptions extends Omit<IssueTctOptions, 'subject' | 'grants' | 'notAfterSec'> {
  /** What policy leaves of the scope. Default: all of it. Anything beyond the scope is left out. */
  readonly grants?: readonly string[];
}

/**
 * Issues a delegatee the TCT its delegation earns it: within the scope, and not for longer.
 *
 * @param signer The agent that verified the delegation.
 * @param delegation Verified, and the delegatee's key proved.
 * @throws {AitpError} DELEGATION_EXPIRED: meanwhile. DELEGATION_AUDIENCE_MISMATCH: another agent verified it.
 *   POLICY_VIOLATION: nothing is left of the grants. MANIFEST_EXPIRED: see {@link issueTct}.
 * @throws {TypeError | RangeError} an option of the wrong kind or range.
 */
export async function issueTctForDelegatee(
  signer: AitpSigner,
  delegation: Verified<Delegation>,
  options: RedeemDelegationOptions,
): Promise<IssuedTct> {
  const { issuedBy, delegatee, expiresAtSec } = delegation;
  const nowSec = readClock(options.now);
  if (issuedBy !== signer.aid) throw notForUs();
  if (expiresAtSec <= nowSec) throw expired('the delegation');
  const { grants = delegation.grants } = options;
  return issueTct(signer, {
    ...options,
    subject: delegatee,
    grants: narrow(delegation.grants, grants),
    notAfterSec: expiresAtSec,
    // No renewal outlives the delegation either.
    extensions: withRenewalNote(options.extensions, { count: 0, sinceSec: nowSec, untilSec: expiresAtSec }),
  });
}

/**
 * Step 9, for a delegation that was verified before the delegatee was asked for a proof.
 *
 * @throws {AitpError} DELEGATION_POP_FAILED.
 */
export async function proveDelegation(
  delegation: Verified<Delegation>,
  options: JcsOptions & { readonly pop: DelegationProof },
): Promise<Verified<Delegation>> {
  const { pop } = options;
  // By what is there: an answer that carries the waiver as well is still looked at.
  if ('nonce' in pop) await verifyPop(pop.nonce, pop.signature, delegation.delegatee, 'DELEGATION_POP_FAILED', options);
  return delegation;
}

/** A verified delegation, from the claims of its last hop and the voucher of its first. */
export function asDelegation(claims: DelegationClaims, voucher: GrantVoucher, hops: number): Verified<Delegation> {
  return verified({
    token: claims.token,
    delegator: claims.issuer,
    delegatee: claims.subject,
    issuedBy: voucher.issuer,
    grants: claims.scope,
    expiresAtSec: claims.expiresAtSec,
    jkt: claims.jkt,
    sourceJti: voucher.sourceJti,
    hops,
  });
}

/** @returns Now. @throws {TypeError | RangeError} a decision that was not taken. */
export function assertDelegationOptions(options: VerifyDelegationOptions): number {
  const { verifier, now, revocation, pop, signal } = (options ?? {}) as VerifyDelegationOptions;
  assertString(verifier, 'verifier');
  assertRevocationDecision(revocation);
  assertSignal(signal);
  const { nonce, signature, dangerouslySkipPop } = (pop ?? {}) as Record<string, unknown>;
  if (dangerouslySkipPop !== true && (typeof nonce !== 'string' || typeof signature !== 'string')) {
    throw new TypeError('pop must hold nonce and signature, or { dangerouslySkipPop: true }');
  }
  signal?.throwIfAborted();
  return readClock(now);
}
