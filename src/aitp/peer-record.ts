// One peer as it is kept in a store, and the way back. What was kept is verified anew, since time has passed; and it is
// signed by us, since nothing else says that the identity in it was ever proved, or what we granted: whoever can write to the
// store could otherwise make anybody anyone, or hide a grant from its revocation.

import { isObject } from '../codec/is-object.js';
import type { JsonObject } from '../codec/json-value.js';
import type { Verified } from '../documents/verified.js';
import { LimitError } from '../errors.js';
import type { Aid } from './aid.js';
import { AitpError } from './errors.js';
import type { HandshakeResult, IssuedGrant } from './handshake/second-round.js';
import { signJcs, verifyJcs } from './jcs-profile.js';
import { type IdentityType, type Manifest, verifyManifestBody } from './manifest.js';
import type { RevocationDecision } from './revocation.js';
import type { AitpSigner } from './signer.js';
import { type Tct, verifyTct } from './tct.js';
import { type AitpClock, readClock } from './timestamps.js';

/** Most grants of ours to one peer that hold at once. None is forgotten to make room: it could not be revoked then. */
const MAX_ISSUED = 256;

/** What is signed is an object with this one member, which no object of the protocol has. */
const SEALED = 'dev.ringline.peer_record';

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

/** What we keep of a peer. Plain data. */
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

/** What the store holds. */
export type SealedRecord = PeerRecord & {
  /** Our signature over the record and the AID it is about. */
  readonly seal: string;
};

/** How a record is verified. */
export interface OpenRecordOptions {
  /** AID of the holder: us. */
  readonly holder: Aid;
  readonly now: AitpClock;
  readonly revocation: RevocationDecision;
  readonly allowHttpLoopback: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** Signs a record, to be kept under the AID of its peer. */
export async function sealRecord(aid: string, record: PeerRecord, signer: AitpSigner): Promise<SealedRecord> {
  return { ...record, seal: await signJcs(sealedBody(aid, record), signer) };
}

/**
 * Takes a value out of the store.
 *
 * An older record of ours in place of the newest one is not noticed; what it says of time is.
 *
 * @param holder Our own AID.
 * @returns `undefined`: no record, or not as we wrote it.
 */
export async function unsealRecord(aid: string, value: unknown, holder: Aid): Promise<PeerRecord | undefined> {
  if (!isSealedRecord(value)) return undefined;
  const { seal, ...record } = value;
  try {
    await verifyJcs(sealedBody(aid, record), seal, holder, 'INVALID_SIGNATURE');
  } catch (error) {
    if (error instanceof AitpError) return undefined;
    throw error;
  }
  return record;
}

function sealedBody(aid: string, record: PeerRecord): JsonObject {
  return { [SEALED]: { aid, record: record as unknown as JsonObject } };
}

function isSealedRecord(value: unknown): value is SealedRecord {
  if (!isObject(value as never)) return false;
  const { manifest, tct, expiresAtSec, issued, subject, seal } = value as unknown as Record<string, unknown>;
  return (
    typeof manifest === 'object' &&
    typeof tct === 'string' &&
    typeof expiresAtSec === 'number' &&
    typeof subject === 'string' &&
    typeof seal === 'string' &&
    Array.isArray(issued)
  );
}

/**
 * The record of what a handshake left.
 *
 * @param before What was kept about the peer. What we granted it earlier is still to be remembered.
 * @param manifest The newest Manifest of the peer that is known.
 * @throws {LimitError} ERR_LIMIT_EXCEEDED: more grants of ours to this peer hold than are remembered.
 */
export function recordOf(
  { peer, claims, grantVoucher, issued }: HandshakeResult,
  before: PeerRecord | undefined,
  manifest: Verified<Manifest>,
  nowSec: number,
): PeerRecord {
  const { identityType, subject, issuer } = peer;
  return {
    identityType,
    subject,
    ...(issuer === undefined ? {} : { issuer }),
    manifest: manifest.body,
    tct: claims.token,
    expiresAtSec: claims.expiresAtSec,
    ...(grantVoucher === undefined ? {} : { grantVoucher }),
    issued: withGrant(before?.issued ?? [], issued, nowSec),
  };
}

/** Grants of ours that hold, and one more. @throws {LimitError} ERR_LIMIT_EXCEEDED: too many. */
export function withGrant(
  earlier: readonly IssuedGrant[],
  { jti, grants, expiresAtSec }: IssuedGrant,
  nowSec: number,
): readonly IssuedGrant[] {
  const others = earlier.filter((grant) => grant.jti !== jti);
  const all = stillHolding([...others, { jti, grants: [...grants], expiresAtSec }], nowSec);
  if (all.length > MAX_ISSUED) throw new LimitError('issued', MAX_ISSUED, all.length);
  return all;
}

/**
 * Verifies what was kept.
 *
 * @returns `undefined`: the token has ended, or there is no record.
 * @throws {AitpError} the Manifest or the token no longer hold, such as MANIFEST_EXPIRED and TCT_REVOKED.
 */
export async function openRecord(
  aid: string,
  record: PeerRecord | undefined,
  { holder, now, revocation, allowHttpLoopback, signal }: OpenRecordOptions,
): Promise<KnownPeer | undefined> {
  if (record === undefined || record.expiresAtSec <= readClock(now)) return undefined;
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

/** Grants that have not ended. */
export function stillHolding(issued: readonly IssuedGrant[], nowSec: number): readonly IssuedGrant[] {
  return issued.filter(({ expiresAtSec }) => expiresAtSec > nowSec);
}
