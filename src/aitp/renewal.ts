// Renewal of a TCT before it ends (section 5.6): opt-in, since the protocol has only planned it. The holder proves its key
// over a nonce of its own; the issuer looks at everything anew. Issuer, in this order:
//
// | step | check                                                       | code of the failure            |
// |------|-------------------------------------------------------------|--------------------------------|
// | 1    | JSON and shape of the request                               | INVALID_ENVELOPE; UNKNOWN_FIELD |
// | 2    | the issuer's own Manifest holds                             | MANIFEST_EXPIRED               |
// | 3    | the token: everything, its issuer is the one asked          | codes of tct.ts                |
// | 4    | proof of possession under `sub`, made for this              | POP_VERIFICATION_FAILED        |
// | 5    | the nonce was not seen before                               | REPLAY_DETECTED                |
// | 6    | no more than 8 renewals, and 24 hours                       | POLICY_VIOLATION               |
// | 7    | policy leaves some of the grants                            | POLICY_VIOLATION               |

import { canonicalize } from '../codec/jcs.js';
import type { Verified } from '../documents/verified.js';
import { unlessAborted } from '../unless-aborted.js';
import type { Aid } from './aid.js';
import { isWithin, narrow } from './claims.js';
import { closedObject, nonceText, optional, parseSigned, readClosed, text } from './closed.js';
import { DEFAULT_TCT_TTL_SEC } from './constants.js';
import { AitpError } from './errors.js';
import type { Manifest } from './manifest.js';
import { newNonce } from './nonce.js';
import { signPop, verifyPop } from './pop.js';
import type { RandomSource } from './random.js';
import { readRenewalNote, withRenewalNote } from './renewal-note.js';
import type { ReplayStore } from './replay-store.js';
import type { RevocationDecision } from './revocation.js';
import type { AitpSigner } from './signer.js';
import { type IssuedTct, issueTct, type ManifestBound, type Tct, verifyTct } from './tct.js';
import { type AitpClock, readClock } from './timestamps.js';
import { verifyVoucherMirror } from './voucher.js';

/** Most renewals in a row, after which agents shake hands again. */
export const MAX_RENEWALS = 8;

/** Longest time a first token may be renewed for, in seconds. */
export const MAX_RENEWAL_AGE_SEC = 86_400;

const MAX_REQUEST_BYTES = 65_536;

/**
 * Finds the Manifest the holder of a token publishes: what a book of peers knows (`manifestOf`), or for holders that make
 * theirs anew between handshakes the one at its address (`fetchManifest`).
 *
 * Whoever reads that Manifest has the holder's signature over its challenge, which is of the very form of the proof of a
 * request for renewal: a request over that nonce proves nothing, and is refused. So is one of a holder whose Manifest is not
 * found.
 */
export type FindHolderManifest = (holder: Aid) => Promise<Pick<Manifest, 'body'> | undefined>;

/** How a request for renewal is answered. */
export interface RenewTctOptions {
  readonly now: AitpClock;
  /** The issuer's own Manifest, as it is published now. */
  readonly ownManifest: { readonly expiresAtSec: number };
  /** The issuer's own list. */
  readonly revocation: RevocationDecision;
  /** Remembers nonces for as long as the tokens they came with hold. */
  readonly replay: ReplayStore;
  /** What policy leaves of the grants now. Anything it adds is left out. Default: all of them. */
  readonly policy?: (tct: Verified<Tct>) => readonly string[] | Promise<readonly string[]>;
  /**
   * Without it a stolen token can be renewed by whoever knows the holder's Manifest; it stays bound to the holder's key.
   * Default: no Manifest is looked at.
   */
  readonly findManifest?: FindHolderManifest;
  /** Lifetime in seconds: 1 or more. Default 3,600; cut at the end of the Manifest. */
  readonly ttlSec?: number;
  /** Whether a voucher goes with the new token. Default true. */
  readonly voucher?: boolean;
  readonly signal?: AbortSignal;
  /** For tests. */
  readonly random?: RandomSource;
}

/** A renewed token, and the text that carries it to the holder. */
export interface RenewedTct extends IssuedTct {
  /** Body of the response, as JSON. */
  readonly message: string;
}

/** How the answer to a request for renewal is read. */
export interface ReadRenewalOptions {
  /** The token that was to be renewed. */
  readonly current: Verified<Tct>;
  readonly now: AitpClock;
  readonly issuerManifest: ManifestBound;
  readonly revocation: RevocationDecision;
  readonly signal?: AbortSignal;
}

/**
 * Asks for renewal. Where to send it, the issuer's Manifest says; where it does not, there is no renewal.
 *
 * @param signer The holder.
 * @returns Body of the request, as JSON.
 * @throws {TypeError} a token of another holder.
 */
export async function buildRenewalRequest(
  signer: AitpSigner,
  current: Pick<Tct, 'token' | 'subject'>,
  options: { readonly random?: RandomSource } = {},
): Promise<string> {
  if (current.subject !== signer.aid) throw new TypeError('the signer must be the holder of the token');
  const nonce = newNonce(options.random);
  return canonicalize({
    current_tct: current.token,
    pop_nonce: nonce,
    pop_signature: await signPop(nonce, signer),
  });
}

/**
 * Answers a request for renewal, in the order of the table above.
 *
 * @param input Text, or its UTF-8 bytes, from anywhere.
 * @param signer The issuer.
 * @returns The new token: another `jti`, the same holder and key, its grants or fewer. One that was issued for a delegation
 *   ends with it.
 * @throws {AitpError} see the table.
 * @throws {LimitError} ERR_LIMIT_EXCEEDED: the memory of nonces is full.
 * @throws {TypeError | RangeError} an option of the wrong kind or range.
 * @throws `signal.reason`, untouched.
 */
export async function renewTct(
  input: string | Uint8Array,
  signer: AitpSigner,
  options: RenewTctOptions,
): Promise<RenewedTct> {
  const {
    now,
    ownManifest,
    revocation,
    replay,
    policy,
    findManifest,
    ttlSec = DEFAULT_TCT_TTL_SEC,
    voucher,
    signal,
    random,
  } = options;
  if (typeof replay?.addIfAbsent !== 'function') throw new TypeError('replay must be a ReplayStore');
  const nowSec = readClock(now);
  const request = readClosed(REQUEST, parseSigned(input, CODE, MAX_REQUEST_BYTES), CODE, 'request for renewal');
  if (ownManifest.expiresAtSec <= nowSec) throw new AitpError('MANIFEST_EXPIRED', 'the own Manifest has expired');
  const current = await verifyTct(request.current_tct, {
    issuer: signer.aid,
    // The proof below is by the key of the subject, whoever sent the request.
    audience: { dangerouslyAcceptAnyHolder: true },
    now,
    issuerManifest: { expiresAtSec: ownManifest.expiresAtSec },
    revocation,
    ...(signal === undefined ? {} : { signal }),
  });
  const { pop_nonce: nonce, pop_signature: signature } = request;
  await verifyPop(nonce, signature, current.subject, 'POP_VERIFICATION_FAILED');
  if (findManifest !== undefined) {
    checkOwnProof(nonce, await unlessAborted(signal, findManifest(current.subject)));
  }
  if (!(await unlessAborted(signal, replay.addIfAbsent(`renew ${current.jti} ${nonce}`, current.expiresAtSec)))) {
    throw new AitpError('REPLAY_DETECTED', 'the request was seen before');
  }
  const { count, ...row } = readRenewalNote(current);
  if (count >= MAX_RENEWALS || nowSec - row.sinceSec >= MAX_RENEWAL_AGE_SEC) {
    throw new AitpError('POLICY_VIOLATION', 'renewed often or long enough: a handshake is due');
  }
  const left = policy === undefined ? current.grants : await unlessAborted(signal, Promise.resolve(policy(current)));
  const issued = await issueTct(signer, {
    subject: current.subject,
    grants: narrow(current.grants, left),
    now,
    issuerManifest: { expiresAtSec: ownManifest.expiresAtSec },
    ttlSec,
    extensions: withRenewalNote(current.extensions, { count: count + 1, ...row }),
    // What was issued for a delegation is renewed within it.
    ...(row.untilSec === undefined ? {} : { notAfterSec: row.untilSec }),
    ...(voucher === undefined ? {} : { voucher }),
    ...(random === undefined ? {} : { random }),
  });
  const grantVoucher = issued.voucher === undefined ? {} : { grant_voucher: issued.voucher };
  return { ...issued, message: canonicalize({ tct: issued.tct.token, ...grantVoucher }) };
}

/**
 * Reads the answer to a request for renewal.
 *
 * @param input Text, or its UTF-8 bytes, from the issuer.
 * @throws {AitpError} INVALID_ENVELOPE, UNKNOWN_FIELD: its shape. Codes of tct.ts. TCT_SIGNATURE_INVALID: also the old
 *   token once more, or a voucher that does not mirror the new one. GRANT_OVERFLOW: more than the old token granted.
 * @throws {TypeError | RangeError} an option of the wrong kind or range.
 * @throws `signal.reason`, untouched.
 */
export async function readRenewal(input: string | Uint8Array, options: ReadRenewalOptions): Promise<IssuedTct> {
  const { current, ...rest } = options;
  const answer = readClosed(RESPONSE, parseSigned(input, CODE, MAX_REQUEST_BYTES), CODE, 'answer about renewal');
  const tct = await verifyTct(answer.tct, { ...rest, issuer: current.issuer, audience: current.subject });
  if (tct.jti === current.jti) throw new AitpError('TCT_SIGNATURE_INVALID', 'the token was not renewed');
  if (!isWithin(tct.claimedGrants, current.claimedGrants)) {
    throw new AitpError('GRANT_OVERFLOW', 'the renewed token grants more than the old one');
  }
  if (answer.grant_voucher === undefined) return { tct };
  const { token: voucher } = await verifyVoucherMirror(answer.grant_voucher, tct);
  return { tct, voucher };
}

/** @throws {AitpError} POP_VERIFICATION_FAILED: the proof is one that everybody has, or it is not known whether it is. */
function checkOwnProof(nonce: string, manifest: Pick<Manifest, 'body'> | undefined): void {
  const { challenge } = (manifest?.body.proof_of_possession ?? {}) as { readonly challenge?: unknown };
  if (typeof challenge === 'string' && challenge !== nonce) return;
  throw new AitpError('POP_VERIFICATION_FAILED', 'the proof may be the one in the Manifest of the holder');
}

const CODE = 'INVALID_ENVELOPE';

const REQUEST = /* @__PURE__ */ (() =>
  closedObject({ current_tct: text, pop_nonce: nonceText, pop_signature: text }))();

const RESPONSE = /* @__PURE__ */ (() => closedObject({ tct: text, grant_voucher: optional(text) }))();
