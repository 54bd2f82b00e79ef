// One peer as it is kept in a store, and the way back: what was kept is verified anew, since time has passed.

import type { JsonObject } from '../codec/json-value.js';
import type { Verified } from '../documents/verified.js';
import type { Aid } from './aid.js';
import type { HandshakeResult, IssuedGrant } from './handshake/second-round.js';
import { type IdentityType, type Manifest, verifyManifestBody } from './manifest.js';
import type { RevocationDecision } from './revocation.js';
import { type Tct, verifyTct } from './tct.js';
import { type AitpClock, readClock } from './timestamps.js';

/** Most grants of ours that are remembered for one peer; the oldest goes first. */
const MAX_ISSUED = 64;

/** An agent we know, with a token of its that still holds. */
export interface KnownPeer {
  readonly aid: Aid;
  readonly identityType: IdentityType;
  readonly subject: string;
  readonly issuer?: string;
  readonly manifest: Verified<Manifest>;
  /** Its token for us. */
  readonly claims: Verified<Tct>;
  /** Its voucher, to delegate with, as received. */
  readonly grantVoucher?: string;
  /** What we granted it and has not ended, oldest first: revoking the peer means revoking each by its `jti`. */
  readonly issued: readonly IssuedGrant[];
}

/** What the store holds. Plain data. */
export interface PeerRecord {
  readonly identityType: IdentityType;
  readonly subject: string;
  readonly issuer?: string;
  /** Inner object of the Manifest. */
  readonly manifest: JsonObject;
  readonly tct: string;
  /** End of the token. */
  readonly expiresAtSec: number;
  readonly grantVoucher?: string;
  readonly issued: readonly IssuedGrant[];
}

/** How a record is verified. */
export interface OpenRecordOptions {
  /** AID of the holder: us. */
  readonly holder: Aid;
  readonly now: AitpClock;
  readonly revocation: RevocationDecision;
  readonly allowHttpLoopback: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** Whether a value of the store is a record of ours; what it says is verified when it is opened. */
export function isPeerRecord(value: unknown): value is PeerRecord {
  const { manifest, tct, expiresAtSec, issued, subject } = (value ?? {}) as Record<string, unknown>;
  return (
    typeof manifest === 'object' &&
    typeof tct === 'string' &&
    typeof expiresAtSec === 'number' &&
    typeof subject === 'string' &&
    Array.isArray(issued)
  );
}

/**
 * The record of what a handshake left.
 *
 * @param before What the store held about the peer. What we granted it earlier is still to be remembered.
 */
export function recordOf(
  { peer, claims, grantVoucher, issued }: HandshakeResult,
  before: unknown,
  nowSec: number,
): PeerRecord {
  const { identityType, subject, issuer, manifest } = peer;
  const earlier = isPeerRecord(before) ? before.issued : [];
  return {
    identityType,
    subject,
    ...(issuer === undefined ? {} : { issuer }),
    manifest: manifest.body,
    tct: claims.token,
    expiresAtSec: claims.expiresAtSec,
    ...(grantVoucher === undefined ? {} : { grantVoucher }),
    issued: stillHolding([...earlier, issued], nowSec).slice(-MAX_ISSUED),
  };
}

/**
 * Verifies what was kept.
 *
 * @returns `undefined`: the token has ended, or the value is no record.
 * @throws {AitpError} the Manifest or the token no longer hold, such as MANIFEST_EXPIRED and TCT_REVOKED.
 */
export async function openRecord(
  aid: string,
  record: unknown,
  { holder, now, revocation, allowHttpLoopback, signal }: OpenRecordOptions,
): Promise<KnownPeer | undefined> {
  if (!isPeerRecord(record) || record.expiresAtSec <= readClock(now)) return undefined;
  const manifest = await verifyManifestBody(record.manifest, { now, expectedAid: aid, allowHttpLoopback });
  const claims = await verifyTct(record.tct, {
    issuer: aid,
    audience: holder,
    now,
    issuerManifest: manifest,
    revocation,
    ...(signal === undefined ? {} : { signal }),
  });
  const { identityType, subject, issuer, grantVoucher } = record;
  return {
    aid: manifest.aid,
    identityType,
    subject,
    ...(issuer === undefined ? {} : { issuer }),
    manifest,
    claims,
    ...(grantVoucher === undefined ? {} : { grantVoucher }),
    issued: stillHolding(record.issued, readClock(now)),
  };
}

function stillHolding(issued: readonly IssuedGrant[], nowSec: number): readonly IssuedGrant[] {
  return issued.filter(({ expiresAtSec }) => expiresAtSec > nowSec);
}
