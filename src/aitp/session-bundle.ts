// Session bundles: a draft (section 12). A coordinator that shook hands with several agents hands each of them one signed
// list of all, with the TCT it issued to each. It proves membership, and grants nothing beyond those tokens. Verified in
// this order:
//
// | step | check                                                    | code of the failure                 |
// |------|----------------------------------------------------------|-------------------------------------|
// | 0    | wrapper, shape, signature inside; unknown member alone   | SESSION_BUNDLE_INVALID; UNKNOWN_FIELD |
// | 1    | `version`                                                | BUNDLE_VERSION_MISMATCH             |
// | 2    | `expires_at` in the future                               | BUNDLE_EXPIRED                      |
// | 3    | `expires_at` is the first `exp` of the tokens            | BUNDLE_EXPIRY_WINDOW_INVARIANT      |
// | 4    | there are participants                                   | BUNDLE_EMPTY_PARTICIPANTS           |
// | 5a   | the coordinator is the one wanted                        | BUNDLE_INVALID_SIGNATURE            |
// | 5b   | the coordinator's Manifest, where one is asked for       | KEY_RESOLUTION_FAILED               |
// | 6    | signature of the coordinator                             | BUNDLE_INVALID_SIGNATURE            |
// | 7    | each token: `iss`; `aud`; everything else                | BUNDLE_COORDINATOR_ISSUER_MISMATCH; BUNDLE_AUDIENCE_MISMATCH; BUNDLE_PARTICIPANT_TCT_INVALID |
// | 8    | the verifier is a participant                            | BUNDLE_NOT_MEMBER                   |
//
// A member whose token was revoked is dropped, unless it is the verifier itself (step 7).

import { assertSignal, assertString } from '../bytes/assert.js';
import type { JsonObject } from '../codec/json-value.js';
import { type Verified, verified } from '../documents/verified.js';
import { unlessAborted } from '../unless-aborted.js';
import type { Aid } from './aid.js';
import { AITP_VERSION, MAX_BUNDLE_BYTES, TCT_TYP } from './constants.js';
import { AitpError, type AitpWireCode } from './errors.js';
import { type JcsOptions, verifyJcs, withoutMember } from './jcs-profile.js';
import { type ParsedJws, parseJws } from './jws-profile.js';
import { assertRevocationDecision, type RevocationDecision } from './revocation.js';
import { type ReadBundle, readBundle } from './session-bundle-shape.js';
import { type ManifestBound, type Tct, verifyTct } from './tct.js';
import { type AitpClock, readClock } from './timestamps.js';

/** A member of a session. */
export interface SessionMember {
  readonly aid: Aid;
  /** Issued by the coordinator to this member. */
  readonly tct: Verified<Tct>;
}

/** A bundle that holds. */
export interface SessionBundle {
  /** `degraded` where members were dropped. */
  readonly kind: 'clear' | 'degraded';
  readonly sessionId: string;
  /** Whose word this is. Whether it counts is the verifier's to say. */
  readonly coordinator: Aid;
  /** Unix seconds. */
  readonly issuedAtSec: number;
  /** Unix seconds: the first at which it no longer holds. */
  readonly expiresAtSec: number;
  /** Members whose tokens hold, in the order listed. */
  readonly members: readonly SessionMember[];
  readonly activeAids: readonly Aid[];
  /** Members whose tokens were revoked. */
  readonly droppedAids: readonly Aid[];
  /** Text of the coordinator's signature: two bundles of one session with different ones are a fraud. */
  readonly signature: string;
}

/** How a bundle is verified. */
export interface VerifySessionBundleOptions extends JcsOptions {
  /** AID of the verifier. */
  readonly verifier: string;
  readonly now: AitpClock;
  /** Asked for the token of every member, once the coordinator's signature holds. */
  readonly revocation: RevocationDecision;
  /** AID of the coordinator wanted. Default: whoever signed, to be looked at afterwards. */
  readonly coordinator?: string;
  /** Looks up the coordinator's Manifest. Without it the key in the AID is enough. */
  readonly findManifest?: (
    coordinator: Aid,
  ) => Promise<{ readonly aid: string; readonly expiresAtSec: number } | undefined>;
  /** Longest bundle, in bytes. Default 524,288. */
  readonly maxBytes?: number;
  readonly signal?: AbortSignal;
}

/**
 * Verifies a session bundle, in the order of the table above.
 *
 * @param input Text, or its UTF-8 bytes, from anywhere.
 * @throws {AitpError} see the table.
 * @throws {TypeError | RangeError} a decision that was not taken, or an input of another kind.
 * @throws `signal.reason`, untouched.
 */
export async function verifySessionBundle(
  input: string | Uint8Array,
  options: VerifySessionBundleOptions,
): Promise<Verified<SessionBundle>> {
  // A copy: what was checked is what counts, whoever changes the object meanwhile.
  const decided = { ...options };
  const { verifier, revocation, coordinator, now, signal } = decided;
  assertString(verifier, 'verifier');
  assertRevocationDecision(revocation);
  assertSignal(signal);
  const nowSec = readClock(now);
  signal?.throwIfAborted();
  const { read, body } = readBundle(input, decided.maxBytes ?? MAX_BUNDLE_BYTES);
  const tokens = checkWindow(read, nowSec);
  // Before anything is looked up for somebody nobody asked about.
  if (coordinator !== undefined && coordinator !== read.coordinator) {
    throw new AitpError('BUNDLE_INVALID_SIGNATURE', 'the bundle is of another coordinator');
  }
  const issuerManifest = await findManifest(read.coordinator, decided);
  await checkSignature(read, body, decided);

  const members: SessionMember[] = [];
  const droppedAids: Aid[] = [];
  for (const [at, { aid, tct: text }] of read.participants.entries()) {
    const tct = await verifyMember(tokens[at], text, aid as Aid, read.coordinator, { ...decided, issuerManifest });
    if (tct === undefined) droppedAids.push(aid as Aid);
    else members.push({ aid: tct.subject, tct });
  }
  if (!members.some(({ aid }) => aid === verifier)) {
    throw new AitpError('BUNDLE_NOT_MEMBER', 'the verifier is not a member of the session');
  }
  return verified({
    kind: droppedAids.length === 0 ? 'clear' : 'degraded',
    sessionId: read.session_id,
    coordinator: read.coordinator,
    issuedAtSec: read.issued_at,
    expiresAtSec: read.expires_at,
    members,
    activeAids: members.map(({ aid }) => aid),
    droppedAids,
    signature: read.signature,
  });
}

/** Steps 1 to 4. @returns The tokens, taken apart; `undefined` for one that cannot be, which step 7 says. */
function checkWindow(read: ReadBundle, nowSec: number): readonly (ParsedJws | undefined)[] {
  const { version, expires_at: expiresAtSec, participants } = read;
  if (version !== AITP_VERSION) throw new AitpError('BUNDLE_VERSION_MISMATCH', 'a bundle of another version');
  if (expiresAtSec <= nowSec) throw new AitpError('BUNDLE_EXPIRED', 'the bundle has expired');
  const tokens = participants.map(({ tct }) => tryParse(tct));
  const ends = tokens.map((jws) => jws?.claims.exp);
  // A token without a readable end is refused later, for what it is.
  const known = ends.every((end): end is number => typeof end === 'number');
  if (known && ends.length > 0 && ends.reduce((a, b) => Math.min(a, b)) !== expiresAtSec) {
    throw new AitpError('BUNDLE_EXPIRY_WINDOW_INVARIANT', 'the bundle does not end with the first of its tokens');
  }
  if (participants.length === 0) throw new AitpError('BUNDLE_EMPTY_PARTICIPANTS', 'a bundle without participants');
  return tokens;
}

/** Step 5b. */
async function findManifest(coordinator: Aid, options: VerifySessionBundleOptions): Promise<ManifestBound> {
  const { findManifest: find, signal } = options;
  if (find === undefined) return { dangerouslyIgnoreIssuerManifest: true };
  const unresolved = (cause?: unknown) =>
    new AitpError('KEY_RESOLUTION_FAILED', 'no Manifest of the coordinator', { cause });
  const search = (async () => find(coordinator))().catch((cause: unknown) => {
    throw unresolved(cause);
  });
  const manifest = await unlessAborted(signal, search);
  if (manifest?.aid !== coordinator) throw unresolved();
  return { aid: coordinator, expiresAtSec: manifest.expiresAtSec };
}

/** Step 6. */
async function checkSignature(read: ReadBundle, body: JsonObject, options: VerifySessionBundleOptions): Promise<void> {
  const code: AitpWireCode = 'BUNDLE_INVALID_SIGNATURE';
  const { coordinator, signature } = read;
  await verifyJcs(withoutMember(body, 'signature'), signature, coordinator, code, options);
}

/** Step 7, for one member. @returns `undefined`: its token was revoked, and it is not the verifier's. */
async function verifyMember(
  jws: ParsedJws | undefined,
  token: string,
  aid: Aid,
  coordinator: Aid,
  options: VerifySessionBundleOptions & { readonly issuerManifest: ManifestBound },
): Promise<Verified<Tct> | undefined> {
  const { now, revocation, issuerManifest, signal, verifier } = options;
  if (jws !== undefined && jws.claims.iss !== coordinator) {
    throw new AitpError('BUNDLE_COORDINATOR_ISSUER_MISMATCH', 'a token that the coordinator did not issue');
  }
  if (jws !== undefined && jws.claims.aud !== aid) {
    throw new AitpError('BUNDLE_AUDIENCE_MISMATCH', 'a token for somebody else than the participant');
  }
  try {
    const pinned = { issuer: coordinator, audience: aid, now, issuerManifest, revocation };
    return await verifyTct(token, { ...pinned, ...(signal === undefined ? {} : { signal }) });
  } catch (cause) {
    if (!(cause instanceof AitpError)) throw cause;
    if (cause.wireCode === 'TCT_REVOKED' && aid !== verifier) return undefined;
    throw new AitpError('BUNDLE_PARTICIPANT_TCT_INVALID', 'the token of a participant does not hold', { cause });
  }
}

function tryParse(token: string): ParsedJws | undefined {
  try {
    return parseJws(token, { typ: TCT_TYP, code: 'BUNDLE_PARTICIPANT_TCT_INVALID' });
  } catch {
    return undefined;
  }
}
