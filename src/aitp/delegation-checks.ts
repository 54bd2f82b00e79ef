// The single checks of a delegation: steps 2 to 8 of the table in delegation.ts, which several hops (multihop.ts) take
// one by one. Pure but for the question about revocation.

import type { Verified } from '../documents/verified.js';
import { type Aid, sameKey } from './aid.js';
import { checkConfirmation, isWithin } from './claims.js';
import type { DelegationClaims } from './delegation-token.js';
import { AitpError } from './errors.js';
import { askRevocation, type RevocationDecision, type RevocationQuery } from './revocation.js';
import { type GrantVoucher, openVoucher } from './voucher.js';

/** Step 2. @throws {AitpError} DELEGATION_AUDIENCE_MISMATCH, DELEGATION_EXPIRED. */
export function checkAddressee(claims: DelegationClaims, verifier: string, nowSec: number): void {
  if (claims.audience !== verifier) throw notForUs();
  if (claims.expiresAtSec <= nowSec) throw expired('the delegation');
}

/**
 * Steps 3 to 6: the voucher that a first hop carries.
 *
 * @throws {AitpError} see the table.
 */
export async function checkVoucher(
  claims: DelegationClaims,
  verifier: string,
  nowSec: number,
): Promise<Verified<GrantVoucher>> {
  const voucher = await openVoucher(claims.voucher, verifier);
  checkVoucherSubject(voucher, claims.issuer);
  if (voucher.expiresAtSec <= nowSec) throw expired('the voucher');
  if (claims.expiresAtSec > voucher.expiresAtSec) throw outlives();
  if (!isWithin(claims.scope, voucher.grants)) throw exceeded();
  return voucher;
}

/**
 * Step 7: the TCT that everything rests on.
 *
 * @throws {AitpError} DELEGATION_SOURCE_TCT_REVOKED, and what else the check throws.
 */
export async function checkSource(
  voucher: Verified<GrantVoucher>,
  claims: DelegationClaims,
  nowSec: number,
  { revocation, signal }: { readonly revocation: RevocationDecision; readonly signal?: AbortSignal },
): Promise<void> {
  const { issuer, sourceJti: jti } = voucher;
  await checkRevocation(revocation, { issuer, jti, grants: claims.scope, nowSec, signal });
}

/** Asks about one token of a delegation. @throws {AitpError} DELEGATION_SOURCE_TCT_REVOKED, and what else the check throws. */
export async function checkRevocation(revocation: RevocationDecision, query: RevocationQuery): Promise<void> {
  const refused = (cause?: unknown) =>
    new AitpError('DELEGATION_SOURCE_TCT_REVOKED', 'what the delegation rests on has been revoked', { cause });
  let left: readonly string[];
  try {
    left = await askRevocation(revocation, query);
  } catch (cause) {
    if (cause instanceof AitpError && cause.wireCode === 'TCT_REVOKED') throw refused(cause);
    throw cause;
  }
  // A delegation is all or nothing: there is no token that would say what is left of it.
  if (!isWithin(query.grants, left)) throw refused();
}

/** Step 8. @throws {AitpError} DELEGATION_INVALID_SIGNATURE. */
export async function checkHolder(claims: DelegationClaims): Promise<void> {
  // One key under its two names would be a delegation to oneself all the same.
  if (sameKey(claims.issuer, claims.subject)) throw selfDelegation();
  await checkConfirmation(claims.jkt, claims.subject, 'DELEGATION_INVALID_SIGNATURE');
}

/** Step 4. @throws {AitpError} DELEGATION_INVALID_VOUCHER. */
export function checkVoucherSubject(voucher: GrantVoucher, delegator: Aid): void {
  if (voucher.subject === delegator) return;
  throw new AitpError('DELEGATION_INVALID_VOUCHER', 'the voucher is for another agent than the delegator');
}

/** The refusal of what has expired. */
export function expired(what: string): AitpError {
  return new AitpError('DELEGATION_EXPIRED', `${what} has expired`);
}

/** The refusal of a hop that lives longer than the one before. */
export function outlives(): AitpError {
  return new AitpError('DELEGATION_EXPIRED', 'the delegation outlives what it rests on');
}

/** The refusal of a hop that says more than the one before. */
export function exceeded(): AitpError {
  return new AitpError('DELEGATION_SCOPE_EXCEEDED', 'the scope is wider than what it rests on');
}

/** The refusal of a delegation to oneself. */
export function selfDelegation(): AitpError {
  return new AitpError('DELEGATION_INVALID_SIGNATURE', 'a delegation to the delegator itself');
}

/** The refusal of a delegation that somebody else has to judge. */
export function notForUs(): AitpError {
  return new AitpError('DELEGATION_AUDIENCE_MISMATCH', 'the delegation is for another agent');
}
