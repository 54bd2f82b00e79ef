// Delegation over several hops: a draft (section 6.3), spoken only by whoever calls these functions. The last token of a
// chain carries the texts of all before it and a hash of them; the voucher stands in the first. Verified in this order:
//
// | step | check                                                        | code of the failure                |
// |------|--------------------------------------------------------------|------------------------------------|
// | 0    | three segments, header, strict JSON; `typ`                   | DELEGATION_INVALID_SIGNATURE; TOKEN_TYP_MISMATCH |
// | 1    | `chain.length + 2` hops at most the limit                    | DELEGATION_HOP_LIMIT_EXCEEDED      |
// | 2    | `chain_hash`                                                 | DELEGATION_CHAIN_HASH_MISMATCH     |
// | 3    | each hop: steps 1 to 2 and 8 of a single one (delegation.ts) | as there                           |
// |      | each hop: `jti` is there, and not twice                      | DELEGATION_INVALID_VOUCHER         |
// | 4    | first hop: voucher, as a single one                          | as there                           |
// |      | later ones: no voucher, `iss` is the `sub` before            | DELEGATION_INVALID_VOUCHER         |
// |      | later ones: `exp` and `scope` within those before            | DELEGATION_EXPIRED, DELEGATION_SCOPE_EXCEEDED |
// | 5    | the first TCT and every hop not revoked                      | DELEGATION_SOURCE_TCT_REVOKED      |
// | 6    | proof of possession by the last `sub`                        | DELEGATION_POP_FAILED              |

import { assertInteger } from '../bytes/assert.js';
import { encodeUtf8 } from '../bytes/utf8.js';
import { encodeBase64url } from '../codec/base64url.js';
import type { JsonObject } from '../codec/json-value.js';
import { sha256 } from '../curves/sha256.js';
import type { Verified } from '../documents/verified.js';
import { parseAid, sameKey } from './aid.js';
import { assertGrants, expiryWithin, extMember, isWithin } from './claims.js';
import { AITP_VERSION, DEFAULT_DELEGATION_TTL_SEC, DELEGATION_TYP } from './constants.js';
import {
  asDelegation,
  assertDelegationOptions,
  type Delegation,
  type IssueDelegationOptions,
  proveDelegation,
  type VerifyDelegationOptions,
} from './delegation.js';
import {
  checkAddressee,
  checkHolder,
  checkRevocation,
  checkSource,
  checkVoucher,
  exceeded,
  expired,
  outlives,
  selfDelegation,
} from './delegation-checks.js';
import {
  checkDelegationSignature,
  type DelegationClaims,
  parseDelegation,
  readDelegation,
} from './delegation-token.js';
import { AitpError } from './errors.js';
import { canonicalBytes } from './jcs-profile.js';
import { type ParsedJws, signJws } from './jws-profile.js';
import type { RandomSource } from './random.js';
import { assertRevocationDecision, type RevocationDecision } from './revocation.js';
import type { AitpSigner } from './signer.js';
import { readClock } from './timestamps.js';
import { isUuid, newUuid } from './uuid.js';

/** Most hops of authority that are accepted unless told otherwise: A to B, B to C, C to D. */
export const DEFAULT_MAX_DELEGATION_HOPS = 3;

/** How a delegation over several hops is verified. */
export interface VerifyMultihopOptions extends VerifyDelegationOptions {
  /** Asked for the `jti` of every hop, with the delegator of that hop as issuer. */
  readonly hopRevocation: RevocationDecision;
  /** Most hops of authority, the first grant counted: 2 to 16. Default 3. */
  readonly maxDelegationHops?: number;
}

/** What a further hop is made of. */
export interface ExtendDelegationOptions extends Omit<IssueDelegationOptions, 'voucher'> {
  /** The delegation to the signer, as received. It has a `jti`. */
  readonly prior: string;
  /** For tests. */
  readonly random?: RandomSource;
}

const CODE = 'DELEGATION_INVALID_SIGNATURE';

/**
 * Verifies a delegation of one hop or several, in the order of the table above.
 *
 * @param token From anywhere.
 * @throws {AitpError} see the tables here and in delegation.ts.
 * @throws {TypeError | RangeError} a decision that was not taken, before anything else.
 * @throws `signal.reason`, untouched.
 */
export async function verifyDelegationMultihop(
  token: unknown,
  options: VerifyMultihopOptions,
): Promise<Verified<Delegation>> {
  // A copy: what was checked is what counts, whoever changes the object meanwhile.
  const decided = { ...options };
  const nowSec = assertDelegationOptions(decided);
  const { verifier, maxDelegationHops = DEFAULT_MAX_DELEGATION_HOPS, hopRevocation, signal } = decided;
  assertRevocationDecision(hopRevocation);
  assertInteger(maxDelegationHops, 'maxDelegationHops', 2, 16);

  const last = parseDelegation(token);
  const chain = claimedChain(last);
  const hops = chain.length + 2;
  if (hops > maxDelegationHops) {
    throw new AitpError(
      'DELEGATION_HOP_LIMIT_EXCEEDED',
      `${hops} hops, where at most ${maxDelegationHops} are accepted`,
    );
  }
  await checkChainHash(last, chain);

  const links: DelegationClaims[] = [];
  for (const [at, jws] of [...chain, last].entries()) {
    const link = await readLink(jws, verifier, nowSec);
    // Of the last one, chain and hash are what everything is measured by.
    if (at < chain.length) await checkPrefix(link, chain.slice(0, at));
    links.push(link);
  }
  checkIdentifiers(links);

  const [first, ...later] = links as [DelegationClaims, ...DelegationClaims[]];
  const voucher = await checkVoucher(first, verifier, nowSec);
  let previous = first;
  for (const link of later) {
    checkContinuity(previous, link);
    previous = link;
  }

  await checkSource(voucher, first, nowSec, decided);
  for (const { issuer, jti, scope: grants } of links) {
    if (jti !== undefined) await checkRevocation(hopRevocation, { issuer, jti, grants, nowSec, signal });
  }
  return proveDelegation(asDelegation(previous, voucher, hops), decided);
}

/**
 * Passes on a part of what was delegated to the signer.
 *
 * @param signer The delegatee of `prior`.
 * @returns The token.
 * @throws {AitpError} DELEGATION_INVALID_VOUCHER: `prior` is for somebody else, or has no `jti`. DELEGATION_EXPIRED,
 *   DELEGATION_SCOPE_EXCEEDED. DELEGATION_INVALID_SIGNATURE: `prior`, or the delegatee is no AID or the signer itself.
 * @throws {TypeError | RangeError} an option of the wrong kind or range.
 */
export async function extendDelegation(signer: AitpSigner, options: ExtendDelegationOptions): Promise<string> {
  const { prior: priorToken, ttlSec = DEFAULT_DELEGATION_TTL_SEC, extensions, random } = options;
  const { jti = newUuid(random) } = options;
  const nowSec = readClock(options.now);
  const scope = assertGrants(options.scope, 'scope');
  if (!isUuid(jti)) throw new TypeError('jti must be a UUID of version 4 in lower case');
  const jws = parseDelegation(priorToken);
  await checkDelegationSignature(jws);
  const prior = readDelegation(jws);
  if (prior.subject !== signer.aid || prior.jti === undefined) {
    throw new AitpError('DELEGATION_INVALID_VOUCHER', 'not a delegation to the signer that may be extended');
  }
  if (prior.expiresAtSec <= nowSec) throw expired('the delegation');
  if (!isWithin(scope, prior.scope)) throw exceeded();
  const delegatee = parseAid(options.delegatee, CODE);
  if (sameKey(delegatee.aid, signer.aid)) throw selfDelegation();
  const chain = [...(prior.chain ?? []), prior.token];
  const claims: JsonObject = {
    ver: AITP_VERSION,
    iss: signer.aid,
    sub: delegatee.aid,
    aud: prior.audience,
    scope,
    exp: expiryWithin(nowSec, ttlSec, prior.expiresAtSec),
    cnf: { jkt: await delegatee.jkt() },
    jti,
    chain,
    chain_hash: await chainHash(chain),
    ...extMember(extensions),
  };
  return signJws(claims, DELEGATION_TYP, signer);
}

/**
 * The hash that binds a token to the hops before it.
 *
 * @param chain Tokens as received, oldest first.
 * @returns 43 characters of base64url.
 */
export async function chainHash(chain: readonly string[]): Promise<string> {
  const digests = await Promise.all(chain.map(async (token) => encodeBase64url(await sha256(encodeUtf8(token)))));
  return encodeBase64url(await sha256(canonicalBytes(digests)));
}

/** The hops a token says are before it, taken from claims nobody has verified; empty for a single hop. */
function claimedChain({ claims }: ParsedJws): readonly string[] {
  if (!Object.hasOwn(claims, 'chain')) return [];
  const { chain } = claims;
  if (!Array.isArray(chain) || !chain.every((token) => typeof token === 'string')) {
    throw new AitpError(CODE, 'not a valid delegation: chain must be a list of tokens');
  }
  if (chain.length === 0) throw chainMismatch();
  return chain as readonly string[];
}

/** Step 2. */
async function checkChainHash({ claims }: ParsedJws, chain: readonly string[]): Promise<void> {
  const expected = chain.length === 0 ? undefined : await chainHash(chain);
  if (claims.chain_hash !== expected) throw chainMismatch();
}

/** Step 3, but for what hops have to do with one another. */
async function readLink(token: string | ParsedJws, verifier: string, nowSec: number): Promise<DelegationClaims> {
  const jws = typeof token === 'string' ? parseDelegation(token) : token;
  await checkDelegationSignature(jws);
  const link = readDelegation(jws);
  checkAddressee(link, verifier, nowSec);
  await checkHolder(link);
  return link;
}

/** What a hop in the middle says of those before it has to be what the last one says. It may say nothing. */
async function checkPrefix(link: DelegationClaims, before: readonly string[]): Promise<void> {
  const { chain, chainHash: hash } = link;
  if (chain === undefined && hash === undefined) return;
  const same = chain?.length === before.length && before.every((token, at) => chain[at] === token);
  if (!same || hash !== (await chainHash(before))) throw discontinuous('a hop says something else of those before it');
}

/** Step 3: names of hops. A single one needs none. */
function checkIdentifiers(links: readonly DelegationClaims[]): void {
  if (links.length === 1) return;
  const names = new Set(links.map(({ jti }) => jti));
  if (names.has(undefined) || names.size < links.length)
    throw discontinuous('a hop without a jti, or with that of another');
}

/** Step 4, for a hop that is not the first. */
function checkContinuity(previous: DelegationClaims, link: DelegationClaims): void {
  if (link.voucher !== undefined) throw discontinuous('a voucher in a later hop');
  if (link.issuer !== previous.subject) throw discontinuous('a hop by somebody the one before was not for');
  if (link.expiresAtSec > previous.expiresAtSec) throw outlives();
  if (!isWithin(link.scope, previous.scope)) throw exceeded();
}

function discontinuous(what: string): AitpError {
  return new AitpError('DELEGATION_INVALID_VOUCHER', `not a chain: ${what}`);
}

function chainMismatch(): AitpError {
  return new AitpError('DELEGATION_CHAIN_HASH_MISMATCH', 'chain_hash is not the hash of the chain');
}
