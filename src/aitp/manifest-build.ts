// Making a Manifest (section 4.1). What is made is verified before it leaves.

import { canonicalize } from '../codec/jcs.js';
import type { JsonObject } from '../codec/json-value.js';
import type { Verified } from '../documents/verified.js';
import { type AitpSuite, parseAid } from './aid.js';
import { AITP_VERSION, DEFAULT_MANIFEST_TTL_SEC, MAX_MANIFEST_BYTES } from './constants.js';
import { type ManifestAddresses, writeManifestAddresses } from './extensions.js';
import { assertReadable, signJcs } from './jcs-profile.js';
import { type IdentityType, type Manifest, verifyManifestBody } from './manifest.js';
import { newNonce } from './nonce.js';
import { signPop } from './pop.js';
import type { RandomSource } from './random.js';
import type { AitpSigner } from './signer.js';
import { type AitpClock, readClock } from './timestamps.js';

/** What a Manifest is made of. */
export interface ManifestContent {
  readonly now: AitpClock;
  /** Lifetime in seconds. Default 86,400. */
  readonly ttlSec?: number;
  readonly displayName?: string;
  /** How the agent proves who it is. The key of `pinned_key` is the signer's. */
  readonly identity:
    | { readonly type: 'oidc'; readonly subject: string; readonly issuer: string }
    | { readonly type: 'pinned_key'; readonly subject: string };
  /** `https` URL. End it in a slash: peers resolve `hello` and `commit` against it. */
  readonly handshakeEndpoint: string;
  /** Issuers accepted. Default: the own issuer, or none. */
  readonly acceptedTrustAnchors?: readonly string[];
  readonly offeredCapabilities: readonly string[];
  readonly requiredPeerCapabilities?: readonly string[];
  /** Default: left out, which peers read as `oidc` alone; the own type where that is `pinned_key`. */
  readonly acceptedIdentityTypes?: readonly IdentityType[];
  /** Default: left out, which peers read as both. */
  readonly acceptedSuites?: readonly AitpSuite[];
  readonly addresses?: ManifestAddresses;
  /** Further extensions. Left out where there are none. */
  readonly extensions?: JsonObject;
  /** Take `http://localhost` and `http://127.0.0.1` as endpoints, for development. Default false. */
  readonly allowHttpLoopback?: boolean;
  /** For tests: where the challenge comes from. */
  readonly random?: RandomSource;
}

/**
 * Makes and signs a Manifest.
 *
 * @throws {AitpError} MANIFEST_INVALID: content no reader would take, such as an endpoint that is not `https`.
 * @throws {RangeError} it would accept `oidc` identities and no issuer of any; a lifetime that is no number of seconds;
 *   longer than the 65,536 bytes that are read.
 * @throws {TypeError} no clock, or an address that is no `https` URL.
 */
export async function buildManifest(content: ManifestContent, signer: AitpSigner): Promise<Verified<Manifest>> {
  const { identity, ttlSec = DEFAULT_MANIFEST_TTL_SEC, addresses = {}, displayName } = content;
  const publishedAtSec = readClock(content.now);
  const acceptedIdentityTypes =
    content.acceptedIdentityTypes ?? (identity.type === 'pinned_key' ? [identity.type] : undefined);
  const anchors = content.acceptedTrustAnchors ?? (identity.type === 'oidc' ? [identity.issuer] : []);
  if (anchors.length === 0 && (acceptedIdentityTypes ?? ['oidc']).includes('oidc')) {
    throw new RangeError('acceptedTrustAnchors must name an issuer where oidc identities are accepted');
  }
  const extensions = writeManifestAddresses(addresses, content.extensions);
  const challenge = newNonce(content.random);
  const body: JsonObject = definedMembers({
    version: AITP_VERSION,
    aid: signer.aid,
    display_name: displayName,
    identity_hint:
      identity.type === 'oidc'
        ? { type: identity.type, subject: identity.subject, issuer: identity.issuer }
        : { type: identity.type, subject: identity.subject, public_key: parseAid(signer.aid).identifier },
    handshake_endpoint: content.handshakeEndpoint,
    accepted_trust_anchors: anchors,
    offered_capabilities: content.offeredCapabilities,
    required_peer_capabilities: content.requiredPeerCapabilities,
    accepted_identity_types: acceptedIdentityTypes,
    accepted_signature_algorithms: content.acceptedSuites,
    proof_of_possession: { challenge, signature: await signPop(challenge, signer) },
    published_at: publishedAtSec,
    expires_at: publishedAtSec + ttlSec,
    extensions: Object.keys(extensions).length === 0 ? undefined : extensions,
  });
  const signed = { ...body, signature: await signJcs(body, signer) };
  assertReadable(canonicalize({ manifest: signed }), MAX_MANIFEST_BYTES, 'the Manifest');
  const { allowHttpLoopback = false } = content;
  return verifyManifestBody(signed, { now: () => publishedAtSec, expectedAid: signer.aid, allowHttpLoopback });
}

/** Absent and empty are two signing inputs: what is not given is not a member. */
function definedMembers(members: Readonly<Record<string, JsonObject[string] | undefined>>): JsonObject {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as JsonObject;
}
