// The Manifest: an agent's signed word about itself (section 4). Read and verified in this order:
//
// | step | check                                          | code of the failure          |
// |------|------------------------------------------------|------------------------------|
// | 1    | `version`                                      | MANIFEST_VERSION_UNKNOWN     |
// | 2    | shape; unknown member as the one defect        | MANIFEST_INVALID; UNKNOWN_FIELD |
// | 3    | `expires_at` is in the future                  | MANIFEST_EXPIRED             |
// | 4    | proof of possession                            | MANIFEST_POP_FAILED          |
// | 5    | signature under `aid`; `aid` is the one wanted | MANIFEST_SIGNATURE_INVALID   |
// | 6a   | our identity type is accepted                  | INCOMPATIBLE_IDENTITY_TYPE   |
// | 6b   | our issuer is accepted                         | INCOMPATIBLE_TRUST_ANCHORS   |

import { canonicalize } from '../codec/jcs.js';
import type { JsonObject, JsonValue } from '../codec/json-value.js';
import { type Verified, verified } from '../documents/verified.js';
import type { Aid, AitpSuite } from './aid.js';
import { parseSigned, readClosed } from './closed.js';
import { MAX_MANIFEST_BYTES } from './constants.js';
import { AitpError, type AitpWireCode } from './errors.js';
import { type ManifestAddresses, readManifestAddresses } from './extensions.js';
import { type JcsOptions, verifyJcs, withoutMember } from './jcs-profile.js';
import { type ManifestMembers, manifestBody, wrappedManifest } from './manifest-shape.js';
import { verifyPop } from './pop.js';
import { type AitpClock, readClock } from './timestamps.js';
import { checkVersion } from './version.js';

/** The two ways an agent may prove who it is. */
export type IdentityType = 'oidc' | 'pinned_key';

/** How an agent will prove who it is. */
export type IdentityHint =
  | { readonly type: 'oidc'; readonly subject: string; readonly issuer: string }
  | {
      readonly type: 'pinned_key';
      readonly subject: string;
      /** The key of the AID itself, in base64url. */
      readonly publicKey: string;
      readonly issuer?: string;
    };

/** A Manifest, read. All texts are exactly those received. */
export interface Manifest {
  readonly aid: Aid;
  /** For people's eyes. Never a reason to trust. */
  readonly displayName?: string;
  readonly identityHint: IdentityHint;
  /** `https` URL of the handshake. */
  readonly handshakeEndpoint: string;
  /** Issuers whose word the agent takes. */
  readonly acceptedTrustAnchors: readonly string[];
  /** What the agent may grant. Opaque, compared exactly. */
  readonly offeredCapabilities: readonly string[];
  /** What a peer has to grant. */
  readonly requiredPeerCapabilities: readonly string[];
  /** `oidc` alone where the Manifest does not say; empty means nobody. */
  readonly acceptedIdentityTypes: readonly IdentityType[];
  /** Both where the Manifest does not say; empty means nobody. */
  readonly acceptedSuites: readonly AitpSuite[];
  /** Unix seconds. */
  readonly publishedAtSec: number;
  /** Unix seconds: the first at which it no longer holds. */
  readonly expiresAtSec: number;
  /** Addresses it names in its extensions. */
  readonly addresses: ManifestAddresses;
  /** The inner object as received: what is passed on, and what the signature covers. Read, never write. */
  readonly body: JsonObject;
}

/** Who asks: the identity with which the reader of a Manifest would introduce itself. */
export type FetcherIdentity =
  | { readonly type: 'oidc'; readonly issuer: string }
  | { readonly type: 'pinned_key'; readonly issuer?: undefined };

/** How a Manifest is verified. */
export interface VerifyManifestOptions extends JcsOptions {
  readonly now: AitpClock;
  /** Whose Manifest it has to be, compared as an exact string. */
  readonly expectedAid?: string;
  /** Code of a Manifest of somebody else. Default MANIFEST_SIGNATURE_INVALID; a handshake says INVALID_ENVELOPE. */
  readonly mismatchCode?: AitpWireCode;
  /** Identity of whoever reads it, for step 6. Without it, step 6 is left out. */
  readonly fetcher?: FetcherIdentity;
  /** Take `http://localhost` and `http://127.0.0.1` as endpoints, for development. Default false. */
  readonly allowHttpLoopback?: boolean | undefined;
  /** Longest Manifest, in bytes. Default 65,536. */
  readonly maxBytes?: number;
}

const CODE = 'MANIFEST_INVALID';

/**
 * Verifies a Manifest in the form in which it is published: `{"manifest": {...}}`.
 *
 * @param input Text, or its UTF-8 bytes, from anywhere, a cache included: nothing is taken for granted the second time.
 * @throws {AitpError} see the table above.
 * @throws {TypeError | RangeError} no clock, or an input of another kind.
 */
export async function verifyManifest(
  input: string | Uint8Array,
  options: VerifyManifestOptions,
): Promise<Verified<Manifest>> {
  const nowSec = readClock(options.now);
  const value = parseSigned(input, CODE, options.maxBytes ?? MAX_MANIFEST_BYTES);
  checkVersion((value as { readonly manifest?: JsonValue } | null)?.manifest, 'MANIFEST_VERSION_UNKNOWN', 'a Manifest');
  const { manifest } = readClosed(wrappedManifest(options.allowHttpLoopback === true), value, CODE, 'Manifest');
  // The object received, not the one read: the signature covers whatever is in its extensions.
  const body = (value as { readonly manifest: JsonObject }).manifest;
  return verifyRead(toManifest(manifest, body), options, nowSec);
}

/**
 * Verifies a Manifest that came inside a message: the inner object alone.
 *
 * @param value As it came out of a strict parse of the message. Copied.
 * @throws as {@link verifyManifest}.
 */
export async function verifyManifestBody(
  value: JsonValue,
  options: VerifyManifestOptions,
): Promise<Verified<Manifest>> {
  const nowSec = readClock(options.now);
  // Verifying takes several steps, and whoever else holds the object could change it between two of them.
  const body = copyOf(value);
  checkVersion(body, 'MANIFEST_VERSION_UNKNOWN', 'a Manifest');
  const read = readClosed(manifestBody(options.allowHttpLoopback === true), body, CODE, 'Manifest');
  return verifyRead(toManifest(read, body as JsonObject), options, nowSec);
}

function copyOf(value: JsonValue): JsonValue {
  try {
    return JSON.parse(canonicalize(value)) as JsonValue;
  } catch (cause) {
    throw new AitpError(CODE, 'a Manifest without a canonical form', { cause });
  }
}

/** The text in which a Manifest is published. */
export function encodeManifest(manifest: Manifest): string {
  return canonicalize({ manifest: manifest.body });
}

/**
 * Step 6: whether an agent would talk to somebody with this identity.
 *
 * @throws {AitpError} INCOMPATIBLE_IDENTITY_TYPE, INCOMPATIBLE_TRUST_ANCHORS.
 */
export function checkCompatible(
  manifest: Pick<Manifest, 'acceptedIdentityTypes' | 'acceptedTrustAnchors'>,
  fetcher: FetcherIdentity,
): void {
  if (!manifest.acceptedIdentityTypes.includes(fetcher.type)) {
    throw new AitpError('INCOMPATIBLE_IDENTITY_TYPE', 'the agent does not accept this type of identity');
  }
  // Exact: a slash more or less is another issuer.
  if (fetcher.type === 'oidc' && !manifest.acceptedTrustAnchors.includes(fetcher.issuer)) {
    throw new AitpError('INCOMPATIBLE_TRUST_ANCHORS', 'the agent does not accept the issuer of this identity');
  }
}

/** Of two Manifests of one agent the one that stands: that published last; the first of two published at once. */
export function newerManifest(held: Verified<Manifest>, offered: Verified<Manifest>): Verified<Manifest> {
  return offered.publishedAtSec > held.publishedAtSec ? offered : held;
}

function toManifest(read: ManifestMembers, body: JsonObject): Manifest {
  const { type, subject, issuer, public_key: publicKey } = read.identity_hint;
  const named = issuer === undefined ? {} : { issuer };
  return {
    aid: read.aid,
    ...(read.display_name === undefined ? {} : { displayName: read.display_name }),
    identityHint: (type === 'oidc'
      ? { type, subject, ...named }
      : { type, subject, publicKey, ...named }) as IdentityHint,
    handshakeEndpoint: read.handshake_endpoint,
    acceptedTrustAnchors: read.accepted_trust_anchors,
    offeredCapabilities: read.offered_capabilities,
    requiredPeerCapabilities: read.required_peer_capabilities ?? [],
    acceptedIdentityTypes: read.accepted_identity_types ?? ['oidc'],
    acceptedSuites: read.accepted_signature_algorithms ?? ['ed25519', 'p256'],
    publishedAtSec: read.published_at,
    expiresAtSec: read.expires_at,
    addresses: readManifestAddresses(read.extensions),
    body,
  };
}

/** Steps 3 to 6. */
async function verifyRead(
  manifest: Manifest,
  options: VerifyManifestOptions,
  nowSec: number,
): Promise<Verified<Manifest>> {
  const { aid, body, expiresAtSec } = manifest;
  const { expectedAid, mismatchCode = 'MANIFEST_SIGNATURE_INVALID', fetcher } = options;
  if (expiresAtSec <= nowSec) throw new AitpError('MANIFEST_EXPIRED', 'the Manifest has expired');
  const proof = body.proof_of_possession as { readonly challenge: string; readonly signature: string };
  await verifyPop(proof.challenge, proof.signature, aid, 'MANIFEST_POP_FAILED', options);
  const signed = withoutMember(body, 'signature');
  await verifyJcs(signed, body.signature, aid, 'MANIFEST_SIGNATURE_INVALID', options);
  if (expectedAid !== undefined && expectedAid !== aid) {
    throw new AitpError(mismatchCode, 'the Manifest is of another agent');
  }
  if (fetcher !== undefined) checkCompatible(manifest, fetcher);
  return verified(manifest);
}
