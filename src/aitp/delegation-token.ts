// The delegation token as text: taken apart, its signature checked, its claims read (sections 6.1 and 6.3). What the claims
// are worth is judged in delegation.ts and, for several hops, in multihop.ts.

import { decodeUtf8 } from '../bytes/utf8.js';
import { decodeBase64url } from '../codec/base64url.js';
import type { JsonObject } from '../codec/json-value.js';
import type { Aid } from './aid.js';
import { confirmationClaim, expiryClaim, extensionClaim, grantList, versionClaim } from './claims.js';
import { aidText, closedObject, listOf, optional, readClosed, text, uuidText } from './closed.js';
import { DELEGATION_TYP, MAX_TOKEN_CHARACTERS } from './constants.js';
import { checkClaimNames, checkJwsSignature, checkJwsVersion, type ParsedJws, parseJws } from './jws-profile.js';

/** Claims of a delegation. Of the optional ones, the draft of several hops knows all, the core `voucher` alone. */
export interface DelegationClaims {
  /** The token as received. */
  readonly token: string;
  readonly issuer: Aid;
  readonly subject: Aid;
  readonly audience: string;
  readonly scope: readonly string[];
  /** Unix seconds. */
  readonly expiresAtSec: number;
  /** Thumbprint of the subject's key. */
  readonly jkt: string;
  readonly voucher?: string;
  readonly jti?: string;
  readonly chain?: readonly string[];
  readonly chainHash?: string;
  readonly extensions?: JsonObject;
}

const CODE = 'DELEGATION_INVALID_SIGNATURE';

const CLAIM_NAMES = ['ver', 'iss', 'sub', 'aud', 'scope', 'exp', 'cnf', 'voucher', 'ext', 'jti', 'chain', 'chain_hash'];

/**
 * Whether something that may or may not be a delegation claims to have several hops. Nothing else about it is looked at:
 * not even whether it is well formed, and an object of the old version counts.
 */
export function hasChain(token: unknown): boolean {
  let claims: unknown = token;
  if (typeof token === 'string') {
    if (token.length > MAX_TOKEN_CHARACTERS) return false;
    try {
      claims = JSON.parse(decodeUtf8(decodeBase64url(token.split('.', 2)[1] ?? '')));
    } catch {
      return false;
    }
  }
  return typeof claims === 'object' && claims !== null && Object.hasOwn(claims, 'chain');
}

/** Takes a token apart: step 1a. @throws {AitpError} DELEGATION_INVALID_SIGNATURE, TOKEN_TYP_MISMATCH. */
export function parseDelegation(token: unknown): ParsedJws {
  return parseJws(token, { typ: DELEGATION_TYP, code: CODE });
}

/** Steps 1b and 1c. @throws {AitpError} TOKEN_ALG_MISMATCH, UNKNOWN_FIELD, UNKNOWN_VERSION, DELEGATION_INVALID_SIGNATURE. */
export async function checkDelegationSignature(jws: ParsedJws): Promise<void> {
  await checkJwsSignature(jws, jws.claims.iss, CODE);
  checkClaimNames(jws, CLAIM_NAMES);
  checkJwsVersion(jws);
}

/** Step 1d. @throws {AitpError} DELEGATION_INVALID_SIGNATURE. */
export function readDelegation(jws: ParsedJws): DelegationClaims {
  const read = readClosed(CLAIMS, jws.claims, CODE, 'delegation');
  const { iss, sub, aud, scope, exp, cnf, voucher, jti, chain, chain_hash: chainHash, ext } = read;
  return {
    token: jws.token,
    issuer: iss,
    subject: sub,
    audience: aud,
    scope,
    expiresAtSec: exp,
    jkt: cnf.jkt,
    ...(voucher === undefined ? {} : { voucher }),
    ...(jti === undefined ? {} : { jti }),
    ...(chain === undefined ? {} : { chain }),
    ...(chainHash === undefined ? {} : { chainHash }),
    ...(ext === undefined ? {} : { extensions: ext }),
  };
}

const CLAIMS = /* @__PURE__ */ (() =>
  closedObject({
    ver: versionClaim,
    iss: aidText,
    sub: aidText,
    aud: text,
    scope: grantList,
    exp: expiryClaim,
    cnf: confirmationClaim,
    voucher: optional(text),
    jti: optional(uuidText),
    chain: optional(listOf(text, { min: 1 })),
    chain_hash: optional(text),
    ext: extensionClaim,
  }))();
