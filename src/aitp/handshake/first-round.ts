// The first round, hello and hello_ack, the same in both directions (AITP 0.2, sections 8.2 and 8.3): making the part
// that says who we are, and judging who the peer is. After the steps of receive.ts:
//
//   1  `manifest.aid` is the sender             INVALID_ENVELOPE, before the envelope signature
//   2  Manifest: version, shape, time, proof    codes of section 4.2
//   3  Manifest signature                       MANIFEST_SIGNATURE_INVALID
//   4  descriptor, and it is the Manifest's     IDENTITY_FAILED, UNKNOWN_FIELD
//   5  type, kind of key and issuer accepted    INCOMPATIBLE_IDENTITY_TYPE, INCOMPATIBLE_TRUST_ANCHORS
//   6  proof of identity                        IDENTITY_FAILED, KEY_RESOLUTION_FAILED
//
// The table of section 8.3 has 5 last. It stands before 6 so that an unknown issuer makes nobody look up its keys.

import type { Verified } from '../../documents/verified.js';
import { unlessAborted } from '../../unless-aborted.js';
import { type Aid, type AitpSuite, parseAid } from '../aid.js';
import type { Envelope } from '../envelope.js';
import { AitpError } from '../errors.js';
import {
  checkIdentityHint,
  type IdentityDescriptor,
  makePinnedProof,
  type ProofContext,
  readIdentityDescriptor,
  verifyPinnedProof,
  writeIdentityDescriptor,
} from '../identity-proof.js';
import { checkCompatible, type FetcherIdentity, type Manifest, verifyManifestBody } from '../manifest.js';
import { newNonce } from '../nonce.js';
import { verifyOidcProof } from '../oidc.js';
import { pinnedKeys } from '../pinned-keys.js';
import type { GrantRequester } from '../policy.js';
import { newUuid } from '../uuid.js';
import type { HelloPayload } from './messages.js';
import type { HandshakeSettings, MintJwt } from './options.js';

/** Who a peer has proved to be, and what it asked for. */
export interface ProvedPeer extends GrantRequester {
  readonly manifest: Verified<Manifest>;
  /** What it wants us to grant. */
  readonly requestedGrants: readonly string[];
  /** The nonce it wants us to sign. */
  readonly popNonce: string;
  /** What its pinned key may be granted at most. Absent: no such limit. */
  readonly allowedCapabilities?: readonly string[];
}

/** Our part of the first round, and the envelope it has to travel in: the proof covers both. */
export interface OwnHello {
  readonly messageId: string;
  readonly timestampSec: number;
  readonly hello: HelloPayload;
}

/** When something is done, and who may call it off. */
export interface Moment {
  /** Unix seconds. */
  readonly nowSec: number;
  readonly signal: AbortSignal | undefined;
}

/**
 * Makes our part of the first round.
 *
 * @param receiver AID of the peer, the only one that will believe the proof.
 * @throws {AitpError} MANIFEST_EXPIRED: our own Manifest has.
 * @throws What the signer or the identity provider throws, untouched.
 */
export async function makeHello(
  receiver: Aid,
  requestedGrants: readonly string[],
  settings: HandshakeSettings,
  { nowSec, signal }: Moment,
): Promise<OwnHello> {
  const { signer, manifest, random, mintJwt } = settings;
  if (manifest.expiresAtSec <= nowSec) throw new AitpError('MANIFEST_EXPIRED', 'our own Manifest has expired');
  const popNonce = newNonce(random);
  const context = { sender: signer.aid, receiver, messageId: newUuid(random), timestampSec: nowSec, popNonce };
  const { identityHint } = manifest;
  const made = identityHint.type === 'oidc' ? askProvider(context, mintJwt, signal) : makePinnedProof(context, signer);
  const proof = await unlessAborted(signal, made);
  const identity = writeIdentityDescriptor({ ...identityHint, proof });
  const { messageId, timestampSec } = context;
  return { messageId, timestampSec, hello: { identity, manifest: manifest.body, requestedGrants, popNonce } };
}

async function askProvider(
  { sender, receiver, popNonce }: ProofContext,
  mintJwt: MintJwt | undefined,
  signal: AbortSignal | undefined,
): Promise<string> {
  const jkt = await parseAid(sender).jkt();
  const token = await mintJwt?.({ nonce: popNonce, audience: receiver, jkt, signal });
  if (typeof token === 'string' && token !== '') return token;
  throw new TypeError('mintJwt must return a token');
}

/** Step 1. @throws {AitpError} INVALID_ENVELOPE. What is no text at all is left to the shape of the Manifest. */
export function checkManifestSender({ manifest }: HelloPayload, { sender }: Envelope): void {
  if (typeof manifest.aid !== 'string' || manifest.aid === sender) return;
  throw new AitpError('INVALID_ENVELOPE', 'the Manifest is not that of the sender');
}

/**
 * Judges who sent a hello: steps 2 to 6.
 *
 * @throws {AitpError} see the table above.
 * @throws What a list of pinned keys throws, and `signal.reason`, untouched.
 */
export async function judgeHello(
  hello: HelloPayload,
  envelope: Envelope,
  settings: HandshakeSettings,
  moment: Moment,
): Promise<ProvedPeer> {
  const { sender, messageId, timestampSec } = envelope;
  const { signer, allowHttpLoopback = false, acceptSingleHashP256 = false } = settings;
  const options = { now: () => moment.nowSec, allowHttpLoopback, acceptSingleHashP256 };
  const mismatchCode = 'INVALID_ENVELOPE';
  const manifest = await verifyManifestBody(hello.manifest, { ...options, expectedAid: sender, mismatchCode });
  const descriptor = readIdentityDescriptor(hello.identity);
  checkIdentityHint(descriptor, manifest.identityHint);
  checkAccepted(descriptor, parseAid(sender).suite, settings);
  const { requestedGrants, popNonce } = hello;
  const context = { sender, receiver: signer.aid, messageId, timestampSec, popNonce };
  const limit = await verifyProof(descriptor, context, settings, moment);
  const { type: identityType, subject, issuer } = descriptor;
  return {
    aid: sender,
    identityType,
    subject,
    ...(issuer === undefined ? {} : { issuer }),
    manifest,
    requestedGrants,
    popNonce,
    ...(limit === undefined ? {} : { allowedCapabilities: limit }),
  };
}

/** Step 5: what we said ourselves that we accept. A kind of key has no code of its own; it counts as an identity type. */
function checkAccepted(descriptor: IdentityDescriptor, suite: AitpSuite, settings: HandshakeSettings): void {
  const { acceptedIdentityTypes, acceptedSuites } = settings.manifest;
  if (!acceptedSuites.includes(suite)) {
    throw new AitpError('INCOMPATIBLE_IDENTITY_TYPE', 'we do not accept this kind of key');
  }
  const accepted = { acceptedIdentityTypes, acceptedTrustAnchors: settings.trustAnchors };
  checkCompatible(accepted, descriptor as FetcherIdentity);
}

/** Step 6. @returns What a pinned key may be granted at most, where it is limited. */
async function verifyProof(
  descriptor: IdentityDescriptor,
  context: ProofContext,
  settings: HandshakeSettings,
  { nowSec: now, signal }: Moment,
): Promise<readonly string[] | undefined> {
  const { trustAnchors, issuerKeys, pinnedKeys: pinned = pinnedKeys([]) } = settings;
  if (descriptor.type === 'pinned_key') {
    return (await unlessAborted(signal, verifyPinnedProof(descriptor, context, pinned))).allowedCapabilities;
  }
  const { issuer = '', subject, proof } = descriptor;
  const { sender, receiver: audience, popNonce: nonce } = context;
  // Without a source there is none that could be reached.
  const source = issuerKeys ?? { find: async () => undefined };
  const options = { trustAnchors, issuerKeys: source, now, signal };
  await verifyOidcProof(proof, { issuer, subject, audience, nonce, sender }, options);
  return undefined;
}
