// The form of a session bundle (section 12): read here, and written by whoever coordinates. Verifying is session-bundle.ts.

import { isObject } from '../codec/is-object.js';
import { canonicalize } from '../codec/jcs.js';
import type { JsonObject } from '../codec/json-value.js';
import { hasAidForm } from './aid.js';
import {
  aidText,
  anyObject,
  closedObject,
  listOf,
  optional,
  parseSigned,
  type Read,
  readClosed,
  seconds,
  text,
  that,
  uuidText,
} from './closed.js';
import { AITP_VERSION, MAX_BUNDLE_BYTES } from './constants.js';
import { AitpError } from './errors.js';
import { assertReadable, assertSignable, signJcs } from './jcs-profile.js';
import type { RandomSource } from './random.js';
import type { AitpSigner } from './signer.js';
import type { Tct } from './tct.js';
import { type AitpClock, readClock } from './timestamps.js';
import { isUuid, newUuid } from './uuid.js';

/** What a bundle is made of. */
export interface BuildSessionBundleOptions {
  /** Tokens the coordinator issued, one for each participant. */
  readonly tcts: readonly Pick<Tct, 'token' | 'issuer' | 'subject' | 'expiresAtSec'>[];
  readonly now: AitpClock;
  /** UUID. Default: a fresh one. */
  readonly sessionId?: string;
  /** Signed with the rest. */
  readonly extensions?: JsonObject;
  /** For tests. */
  readonly random?: RandomSource;
}

const CODE = 'SESSION_BUNDLE_INVALID';

/**
 * A text of the form of an AID. Whether its key can be used is part of the verdict on its token, once the bundle's signature
 * holds: thousands of points of P-256 are half a second of work, which nobody gets from us for nothing.
 */
const memberAid = /* @__PURE__ */ that<string>('an AID', (value) => typeof value === 'string' && hasAidForm(value));

const BUNDLE = /* @__PURE__ */ (() =>
  closedObject({
    // Another version is step 1, and has a code of its own.
    version: text,
    session_id: uuidText,
    coordinator: aidText,
    issued_at: seconds(0),
    expires_at: seconds(1),
    // None at all is step 4.
    participants: listOf(closedObject({ aid: memberAid, tct: text })),
    extensions: optional(anyObject),
    // Its form is part of the verdict on it.
    signature: text,
  }))();

/** The inner object, its shape checked. */
export type ReadBundle = Read<typeof BUNDLE>;

/**
 * Makes and signs a bundle. It ends with the first of its tokens.
 *
 * @param signer The coordinator.
 * @returns The text that is handed to every participant.
 * @throws {AitpError} BUNDLE_EMPTY_PARTICIPANTS. BUNDLE_COORDINATOR_ISSUER_MISMATCH: a token of another issuer.
 *   BUNDLE_EXPIRED: a token has expired.
 * @throws {TypeError | RangeError} an option of the wrong kind or range, or more tokens than the 524,288 bytes that are read
 *   can hold.
 */
export async function buildSessionBundle(signer: AitpSigner, options: BuildSessionBundleOptions): Promise<string> {
  const { tcts, sessionId = newUuid(options.random), extensions } = options;
  const nowSec = readClock(options.now);
  if (!isUuid(sessionId)) throw new TypeError('sessionId must be a UUID of version 4 in lower case');
  if (tcts.length === 0) throw new AitpError('BUNDLE_EMPTY_PARTICIPANTS', 'a bundle without participants');
  if (tcts.some(({ issuer }) => issuer !== signer.aid)) {
    throw new AitpError('BUNDLE_COORDINATOR_ISSUER_MISMATCH', 'a token that the coordinator did not issue');
  }
  const expiresAtSec = tcts.reduce((end, tct) => Math.min(end, tct.expiresAtSec), Number.MAX_SAFE_INTEGER);
  if (expiresAtSec <= nowSec) throw new AitpError('BUNDLE_EXPIRED', 'the token of a participant has expired');
  const body: JsonObject = {
    version: AITP_VERSION,
    session_id: sessionId,
    coordinator: signer.aid,
    issued_at: nowSec,
    expires_at: expiresAtSec,
    participants: tcts.map(({ subject, token }) => ({ aid: subject, tct: token })),
    ...(extensions === undefined ? {} : { extensions }),
  };
  if (extensions !== undefined) assertSignable(extensions, 'extensions');
  const written = canonicalize({ session_bundle: { ...body, signature: await signJcs(body, signer) } });
  assertReadable(written, MAX_BUNDLE_BYTES, 'the bundle');
  return written;
}

/**
 * Reads a bundle: step 0. Nothing is verified.
 *
 * @returns The members, and the inner object as received.
 * @throws {AitpError} SESSION_BUNDLE_INVALID: also a body without its wrapper, and a signature beside it. UNKNOWN_FIELD.
 */
export function readBundle(
  input: string | Uint8Array,
  maxBytes: number,
): { readonly read: ReadBundle; readonly body: JsonObject } {
  const value = parseSigned(input, CODE, maxBytes);
  // Where older peers put it: more than an unknown member.
  if (isObject(value) && Object.hasOwn(value, 'signature')) {
    throw new AitpError(CODE, 'the signature of a bundle must be inside');
  }
  const { session_bundle: read } = readClosed(WRAPPED, value, CODE, 'session bundle');
  return { read, body: (value as { readonly session_bundle: JsonObject }).session_bundle };
}

const WRAPPED = /* @__PURE__ */ (() => closedObject({ session_bundle: BUNDLE }))();
