// The second round, commit and commit_ack, the same in both directions (AITP 0.2, sections 5.3 and 8.3): making the part
// that grants, and judging what the peer grants. After the steps of receive.ts:
//
//   1  `pop_nonce_echo` is our nonce                     NONCE_MISMATCH
//   2  `pop_signature` of the peer over our nonce        POP_VERIFICATION_FAILED
//   3  the TCT: from the peer, for us, within its        codes of section 5.2
//      Manifest, not revoked
//   4  every grant is among what its issuer offers       GRANT_OVERFLOW
//   5  what we require is granted                        INSUFFICIENT_GRANTS
//   6  the voucher, if any, mirrors the TCT              TCT_SIGNATURE_INVALID

import type { Verified } from '../../documents/verified.js';
import { unlessAborted } from '../../unless-aborted.js';
import { isWithin } from '../claims.js';
import { AitpError } from '../errors.js';
import { decideGrants, type GrantRequester } from '../policy.js';
import { signPop, verifyPop } from '../pop.js';
import { issueTct, type Tct, verifyTct } from '../tct.js';
import { verifyVoucherMirror } from '../voucher.js';
import type { Moment, ProvedPeer } from './first-round.js';
import type { CommitPayload } from './messages.js';
import type { HandshakeSettings } from './options.js';

/** What we granted the peer; the token itself is the peer's. */
export interface IssuedGrant {
  /** To revoke it by. */
  readonly jti: string;
  readonly grants: readonly string[];
  /** Unix seconds. */
  readonly expiresAtSec: number;
}

/** What a finished handshake leaves. */
export interface HandshakeResult {
  /** Who the peer has proved to be. */
  readonly peer: Omit<ProvedPeer, 'popNonce' | 'requestedGrants'>;
  /** The peer's token for us, as received: what is presented to the peer. */
  readonly tct: string;
  /** What that token says. */
  readonly claims: Verified<Tct>;
  /** The peer's voucher, to delegate with, as received. Absent: the peer permits no delegation. */
  readonly grantVoucher?: string;
  /** What we granted the peer. */
  readonly issued: IssuedGrant;
}

/** What the peer granted us. */
interface ReceivedGrant {
  readonly claims: Verified<Tct>;
  readonly grantVoucher?: string;
}

/** Our part of the second round. */
export interface OwnCommit {
  readonly commit: CommitPayload;
  readonly issued: IssuedGrant;
}

/**
 * Makes our part of the second round: decides what the peer is granted, and proves our key over its nonce.
 *
 * @param peerTimeSec Time of the peer's last message. The token counts from then, or from now, whichever is earlier: a
 *   peer whose clock is behind ours would otherwise refuse it as one from the future, which no tolerance covers.
 * @throws {AitpError} POLICY_VIOLATION: nothing may be granted; nothing was issued. MANIFEST_EXPIRED: our own Manifest
 *   has.
 * @throws What the policy or the signer throws, and `signal.reason`, untouched.
 */
export async function makeCommit(
  peer: ProvedPeer,
  peerTimeSec: number,
  settings: HandshakeSettings,
  { nowSec, signal }: Moment,
): Promise<OwnCommit> {
  const { signer, manifest, grantPolicy, tctTtlSec, withoutVoucher = false, random } = settings;
  if (manifest.expiresAtSec <= nowSec) throw new AitpError('MANIFEST_EXPIRED', 'our own Manifest has expired');
  const decision = decideGrants({
    requested: peer.requestedGrants,
    offered: manifest.offeredCapabilities,
    peer: requesterOf(peer),
    policy: grantPolicy,
    allowedCapabilities: peer.allowedCapabilities,
  });
  const { tct, voucher } = await issueTct(signer, {
    subject: peer.aid,
    grants: await unlessAborted(signal, decision),
    now: () => Math.min(nowSec, peerTimeSec),
    issuerManifest: manifest,
    ttlSec: tctTtlSec,
    voucher: !withoutVoucher,
    ...(random === undefined ? {} : { random }),
  });
  const { token, jti, grants, expiresAtSec } = tct;
  const commit = {
    tct: token,
    ...(voucher === undefined ? {} : { grantVoucher: voucher }),
    popSignature: await signPop(peer.popNonce, signer),
    popNonceEcho: peer.popNonce,
  };
  return { commit, issued: { jti, grants, expiresAtSec } };
}

/** Step 1, and the same question in the first round. @throws {AitpError} NONCE_MISMATCH. */
export function checkEcho(popNonceEcho: string, ownNonce: string): void {
  if (popNonceEcho !== ownNonce) throw new AitpError('NONCE_MISMATCH', 'the echo is not the nonce we sent');
}

/**
 * Judges what a peer grants: steps 1 to 6.
 *
 * @param ownNonce The nonce we sent in the first round.
 * @throws {AitpError} see the table above.
 * @throws `signal.reason`, untouched.
 */
export async function judgeCommit(
  commit: CommitPayload,
  peer: ProvedPeer,
  ownNonce: string,
  settings: HandshakeSettings,
  moment: Moment,
): Promise<ReceivedGrant> {
  const { manifest, acceptSingleHashP256 = false } = settings;
  checkEcho(commit.popNonceEcho, ownNonce);
  await verifyPop(ownNonce, commit.popSignature, peer.aid, 'POP_VERIFICATION_FAILED', { acceptSingleHashP256 });
  const claims = await verifyTct(commit.tct, {
    issuer: peer.aid,
    audience: settings.signer.aid,
    now: () => moment.nowSec,
    issuerManifest: peer.manifest,
    revocation: settings.revocation,
    ...(moment.signal === undefined ? {} : { signal: moment.signal }),
  });
  // What the token says, not what is left of it where revocation could not be looked up.
  if (!isWithin(claims.claimedGrants, peer.manifest.offeredCapabilities)) {
    throw new AitpError('GRANT_OVERFLOW', 'the peer grants more than it offers');
  }
  if (!isWithin(manifest.requiredPeerCapabilities, claims.grants)) {
    throw new AitpError('INSUFFICIENT_GRANTS', 'the peer does not grant what we require');
  }
  if (commit.grantVoucher === undefined) return { claims };
  return { claims, grantVoucher: (await verifyVoucherMirror(commit.grantVoucher, claims)).token };
}

/** What is handed out at the end. The nonce stays behind. */
export function handshakeResult(
  peer: ProvedPeer,
  { claims, ...voucher }: ReceivedGrant,
  issued: IssuedGrant,
): HandshakeResult {
  const { popNonce: _nonce, requestedGrants: _requested, ...proved } = peer;
  return { peer: proved, tct: claims.token, claims, ...voucher, issued };
}

/** Who a peer has proved to be, without what it said on the way. */
export function requesterOf({ aid, identityType, subject, issuer }: GrantRequester): GrantRequester {
  return { aid, identityType, subject, ...(issuer === undefined ? {} : { issuer }) };
}
