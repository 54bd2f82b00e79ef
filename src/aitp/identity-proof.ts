// Who a peer is, beyond its key (AITP 0.2, sections 8.5 and 8.6): the identity descriptor of a hello, whether it is the
// one its Manifest announces, and the pinned-key proof. The OIDC proof is in oidc.ts.

import { concatBytes } from '../bytes/concat.js';
import { encodeUtf8 } from '../bytes/utf8.js';
import { decodeBase64url, encodeBase64url } from '../codec/base64url.js';
import type { JsonObject, JsonValue } from '../codec/json-value.js';
import { sha256 } from '../curves/sha256.js';
import { type Aid, parseAid } from './aid.js';
import {
  anyObject,
  closedObject,
  Defect,
  oneOf,
  optional,
  type Read,
  readClosed,
  type Shape,
  someText,
  that,
  uriText,
} from './closed.js';
import { AitpError } from './errors.js';
import type { IdentityType } from './manifest.js';
import { decodeNonce } from './nonce.js';
import { isPublicKeyText, type PinnedKey, type PinnedKeys } from './pinned-keys.js';
import type { AitpSigner } from './signer.js';

/** What a Manifest announces about an identity, and a descriptor repeats. */
export interface IdentityClaim {
  readonly type: IdentityType;
  readonly subject: string;
  /** OIDC only. */
  readonly issuer?: string;
  /** Pinned keys only: 43 characters. */
  readonly publicKey?: string;
}

/** The identity descriptor of a hello or its answer. */
export interface IdentityDescriptor extends IdentityClaim {
  /** A JWT, or a signature in base64url. */
  readonly proof: string;
  /** Ignored. */
  readonly extensions?: JsonObject;
}

/** What a proof is bound to: one message, from one sender to one receiver. */
export interface ProofContext {
  readonly sender: Aid;
  readonly receiver: Aid;
  /** Of the envelope that carries the proof. */
  readonly messageId: string;
  /** Of the same envelope, in Unix seconds. */
  readonly timestampSec: number;
  /** `pop_nonce` of the same message, 22 characters. */
  readonly popNonce: string;
}

const MEMBERS = /* @__PURE__ */ (() =>
  closedObject({
    type: oneOf('oidc', 'pinned_key'),
    subject: someText,
    proof: someText,
    issuer: optional(uriText),
    public_key: optional(that<string>('a public key', isPublicKeyText)),
    extensions: optional(anyObject),
  }))();

const PINNED_KEY_CONTEXT = 'aitp-pinned-key-v1';
const SEPARATOR = '\0';
const SIGNATURE_CHARACTERS = 86;

/**
 * Reads an identity descriptor.
 *
 * @param value From a strict parse.
 * @throws {AitpError} IDENTITY_FAILED: a defect, or a type we do not know. UNKNOWN_FIELD: an unknown member only.
 * @see AITP 0.2, section 8.5
 */
export function readIdentityDescriptor(value: JsonValue): IdentityDescriptor {
  const read = readClosed(DESCRIPTOR, value, 'IDENTITY_FAILED', 'identity descriptor');
  const { type, subject, proof, issuer, public_key: publicKey, extensions } = read;
  return {
    type,
    subject,
    proof,
    ...(issuer === undefined ? {} : { issuer }),
    ...(publicKey === undefined ? {} : { publicKey }),
    ...(extensions === undefined ? {} : { extensions }),
  };
}

/** Writes an identity descriptor as it travels. */
export function writeIdentityDescriptor(descriptor: IdentityDescriptor): JsonObject {
  const { type, subject, proof, issuer, publicKey, extensions } = descriptor;
  return {
    type,
    subject,
    proof,
    ...(issuer === undefined ? {} : { issuer }),
    ...(publicKey === undefined ? {} : { public_key: publicKey }),
    ...(extensions === undefined ? {} : { extensions }),
  };
}

/**
 * Checks that a descriptor is the identity its Manifest announces. Everything is compared as exact text.
 *
 * @param hint `identity_hint` of the Manifest that came with it.
 * @throws {AitpError} IDENTITY_FAILED.
 */
export function checkIdentityHint(descriptor: IdentityDescriptor, hint: IdentityClaim): void {
  for (const name of ['type', 'subject', 'issuer', 'publicKey'] as const) {
    if (descriptor[name] !== hint[name]) throw failed(`its ${name} is not the one of the Manifest`);
  }
}

/**
 * The bytes a pinned-key proof is made over, before they are hashed.
 *
 * @returns Fresh bytes.
 * @throws {TypeError} `popNonce` is no nonce.
 * @see AITP 0.2, section 8.6
 */
export function pinnedProofInput(context: ProofContext): Uint8Array {
  const { sender, receiver, messageId, timestampSec, popNonce } = context;
  const nonce = decodeNonce(popNonce);
  if (nonce === undefined) throw new TypeError('popNonce must be 16 bytes in base64url');
  // Decimal digits: versions of the reference before 0.11 wrote eight bytes here, which no longer verifies.
  const fields = [PINNED_KEY_CONTEXT, sender, receiver, messageId, String(timestampSec), ''];
  return concatBytes(encodeUtf8(fields.join(SEPARATOR)), nonce);
}

/**
 * Proves a pinned-key identity to one receiver, in one message.
 *
 * @returns 86 characters.
 * @throws {TypeError} the signer is of another suite than Ed25519, or not the sender.
 */
export async function makePinnedProof(context: ProofContext, signer: AitpSigner): Promise<string> {
  if (signer.suite !== 'ed25519') throw new TypeError('a pinned-key identity needs an Ed25519 key');
  if (signer.aid !== context.sender) throw new TypeError('signer must be the sender');
  return encodeBase64url(await signer.sign(await sha256(pinnedProofInput(context))));
}

/**
 * Verifies a pinned-key proof.
 *
 * @param context `receiver` is our own AID; the rest as the envelope says.
 * @param keys Where the identity has to be listed.
 * @returns The entry of the list.
 * @throws {AitpError} IDENTITY_FAILED: whatever the reason.
 * @throws What the list throws, untouched.
 */
export async function verifyPinnedProof(
  descriptor: IdentityDescriptor,
  context: ProofContext,
  keys: PinnedKeys,
): Promise<PinnedKey> {
  const { subject, publicKey, proof } = descriptor;
  const sender = parseAid(context.sender, 'IDENTITY_FAILED');
  if (sender.suite !== 'ed25519') throw failed('a pinned key has to be an Ed25519 key');
  if (publicKey !== sender.identifier) throw failed('its public key is not that of the sender');
  const entry = await keys.find(subject, publicKey);
  if (entry === undefined) throw failed('its subject and key are not pinned here');
  const signature = decodeProof(proof);
  const digest = await sha256(pinnedProofInput(context));
  if (!(await sender.key.verify(digest, signature))) throw failed('its signature does not hold');
  return entry;
}

function decodeProof(proof: string): Uint8Array {
  if (proof.length !== SIGNATURE_CHARACTERS) throw failed('its proof is no signature');
  try {
    return decodeBase64url(proof);
  } catch (cause) {
    throw failed('its proof is no signature', cause);
  }
}

const DESCRIPTOR: Shape<Read<typeof MEMBERS>> = /* @__PURE__ */ (() => ({
  read(value, path, found) {
    const read = MEMBERS.read(value, path, found);
    // Defects of shape like any other: they come before a member nobody knows.
    if (read.type === 'oidc' && read.issuer === undefined) throw new Defect(`${path}.issuer is missing`);
    if (read.type === 'oidc' && read.public_key !== undefined) throw new Defect(`${path} must not have a public_key`);
    if (read.type === 'pinned_key' && read.public_key === undefined) throw new Defect(`${path}.public_key is missing`);
    return read;
  },
}))();

function failed(what: string, cause?: unknown): AitpError {
  return new AitpError('IDENTITY_FAILED', `the identity does not hold: ${what}`, cause === undefined ? {} : { cause });
}
