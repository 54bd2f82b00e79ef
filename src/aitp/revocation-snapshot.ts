// Revocation snapshots: an issuer's signed list of tokens that no longer hold (sections 7.1 and 7.2). An empty list is a
// statement, too: nothing is revoked. One that is malformed or badly signed is an error; one that is merely old, or of
// another issuer, is as good as none.

import { assertString } from '../bytes/assert.js';
import { canonicalize } from '../codec/jcs.js';
import type { JsonObject } from '../codec/json-value.js';
import { type Verified, verified } from '../documents/verified.js';
import type { Aid } from './aid.js';
import {
  aidText,
  anyObject,
  closedObject,
  listOf,
  oneOf,
  optional,
  parseSigned,
  readClosed,
  seconds,
  text,
  uuidText,
} from './closed.js';
import { AITP_VERSION, DEFAULT_MAX_STALENESS_SEC, MAX_SNAPSHOT_BYTES, TIMESTAMP_TOLERANCE_SEC } from './constants.js';
import { AitpError } from './errors.js';
import { assertReadable, type JcsOptions, signJcs, verifyJcs } from './jcs-profile.js';
import type { AitpSigner } from './signer.js';
import { isUuid } from './uuid.js';

/** One token that no longer holds. */
export interface RevocationEntry {
  readonly jti: string;
  /** Unix seconds. */
  readonly revokedAtSec: number;
  /** For people's eyes. */
  readonly reason?: string;
}

/** A snapshot, read. */
export interface RevocationSnapshot {
  /** Whose tokens are listed. */
  readonly issuer: Aid;
  /** Unix seconds. */
  readonly publishedAtSec: number;
  /** Unix seconds: the first at which it no longer holds. */
  readonly expiresAtSec: number;
  /** As listed. */
  readonly entries: readonly RevocationEntry[];
  /** The `jti` of every entry. Read, never write. */
  readonly revokedJtis: ReadonlySet<string>;
}

/** How a snapshot is verified. */
export interface VerifySnapshotOptions extends JcsOptions {
  /** Also take signatures over the wrapped object, which were made up to the summer of 2026: for reading old data. */
  readonly acceptWrappedSigningInput?: boolean;
  /** Longest snapshot, in bytes. Default 262,144, some 2,500 entries. */
  readonly maxBytes?: number;
}

/** What a snapshot is made of. */
export interface SnapshotContent {
  /** Unix seconds. */
  readonly publishedAtSec: number;
  /** Unix seconds, after `publishedAtSec`. */
  readonly expiresAtSec: number;
  /** In the order in which they are to be listed. */
  readonly entries: readonly RevocationEntry[];
  /** Longest list that is signed, in bytes. Default 262,144, the most that readers take unless they were told otherwise. */
  readonly maxBytes?: number;
}

const CODE = 'REVOCATION_SNAPSHOT_INVALID';
const SIGNATURE_CODE = 'REVOCATION_SNAPSHOT_SIGNATURE_INVALID';

/**
 * Makes and signs a snapshot.
 *
 * @returns The text that is published.
 * @throws {TypeError} a `jti` that is no UUID, or a reason that is no text.
 * @throws {RangeError} times that are no whole seconds, or out of order; a list longer than `maxBytes`. Entries whose
 *   tokens have expired can be left out.
 */
export async function buildSnapshot(content: SnapshotContent, signer: AitpSigner): Promise<string> {
  const { publishedAtSec, expiresAtSec, entries, maxBytes = MAX_SNAPSHOT_BYTES } = content;
  for (const seconds of [publishedAtSec, expiresAtSec, ...entries.map((entry) => entry.revokedAtSec)]) {
    if (!Number.isSafeInteger(seconds) || seconds < 0) throw new RangeError('times must be whole Unix seconds');
  }
  if (expiresAtSec <= publishedAtSec) throw new RangeError('expiresAtSec must be after publishedAtSec');
  if (!entries.every(({ jti }) => isUuid(jti))) throw new TypeError('jti must be a UUID of version 4 in lower case');
  for (const { reason = '' } of entries) assertString(reason, 'reason');
  const body: JsonObject = {
    version: AITP_VERSION,
    issuer: signer.aid,
    published_at: publishedAtSec,
    expires_at: expiresAtSec,
    entries: entries.map(({ jti, revokedAtSec, reason }) => ({
      jti,
      revoked_at: revokedAtSec,
      ...(reason === undefined ? {} : { reason }),
    })),
  };
  const written = canonicalize({ revocation_list: body, signature: await signJcs(body, signer) });
  assertReadable(written, maxBytes, 'the revocation list');
  return written;
}

/**
 * Verifies a snapshot: form and signature. Whether it says anything about an issuer now is {@link isUsable}.
 *
 * @param input Text, or its UTF-8 bytes, from anywhere.
 * @throws {AitpError} REVOCATION_SNAPSHOT_INVALID: form, version, wrapper. UNKNOWN_FIELD: a member nobody knows as the
 *   one defect. REVOCATION_SNAPSHOT_SIGNATURE_INVALID.
 * @throws {TypeError} neither text nor bytes.
 */
export async function verifySnapshot(
  input: string | Uint8Array,
  options: VerifySnapshotOptions = {},
): Promise<Verified<RevocationSnapshot>> {
  const value = parseSigned(input, CODE, options.maxBytes ?? MAX_SNAPSHOT_BYTES);
  const { revocation_list: list, signature } = readClosed(SNAPSHOT, value, CODE, 'revocation snapshot');
  // The object received, not the one read: what was left out of the latter is signed as well.
  const body = (value as { readonly revocation_list: JsonObject }).revocation_list;
  try {
    await verifyJcs(body, signature, list.issuer, SIGNATURE_CODE, options);
  } catch (error) {
    if (options.acceptWrappedSigningInput !== true || !(error instanceof AitpError)) throw error;
    await verifyJcs({ revocation_list: body }, signature, list.issuer, SIGNATURE_CODE, options);
  }
  return verified({
    issuer: list.issuer,
    publishedAtSec: list.published_at,
    expiresAtSec: list.expires_at,
    entries: list.entries.map(({ jti, revoked_at: revokedAtSec, reason }) => ({
      jti,
      revokedAtSec,
      ...(reason === undefined ? {} : { reason }),
    })),
    revokedJtis: new Set(list.entries.map(({ jti }) => jti)),
  });
}

/**
 * Whether a snapshot says anything about an issuer now: it is that issuer's, has not expired, is not too old, and not from
 * further in the future than clocks may differ.
 *
 * @param maxStalenessSec How old it may be, in seconds. Default 300.
 */
export function isUsable(
  snapshot: Verified<RevocationSnapshot>,
  issuer: string,
  nowSec: number,
  maxStalenessSec: number = DEFAULT_MAX_STALENESS_SEC,
): boolean {
  if (snapshot.issuer !== issuer || snapshot.expiresAtSec <= nowSec) return false;
  const ageSec = nowSec - snapshot.publishedAtSec;
  return ageSec <= maxStalenessSec && ageSec >= -TIMESTAMP_TOLERANCE_SEC;
}

const SNAPSHOT = /* @__PURE__ */ (() =>
  closedObject({
    revocation_list: closedObject({
      version: oneOf(AITP_VERSION),
      issuer: aidText,
      published_at: seconds(0),
      expires_at: seconds(1),
      entries: listOf(closedObject({ jti: uuidText, revoked_at: seconds(0), reason: optional(text) })),
      extensions: optional(anyObject),
    }),
    // Its form is part of the verdict on it.
    signature: text,
  }))();
