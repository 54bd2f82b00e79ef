// did:key of Ed25519, strict both ways (did:key method, section 2; agent-phone v1, section 1): one text per key, and no
// key that cannot be used.

import { assertBytes, assertString } from '../bytes/assert.js';
import { decodeBase58btc, encodeBase58btc } from '../codec/base58btc.js';
import { assertEd25519PublicKey, edwardsToMontgomery } from '../curves/field25519.js';
import { IdentityError } from '../errors.js';
import type { Did } from './identity.js';

/** What a did:key says. */
export interface DidKey {
  /** The text it was decoded from. */
  readonly did: Did;
  /** Ed25519 public key, 32 bytes, fresh: on the curve, canonical, not of small order. */
  readonly publicKey: Uint8Array;
}

const PREFIX = 'did:key:z';
const MAX_CHARACTERS = 128;

/** Multicodec `ed25519-pub`, 0xed, as a varint. */
const MULTICODEC = [0xed, 0x01] as const;

/**
 * Names an Ed25519 public key.
 *
 * @param publicKey 32 bytes. Borrowed.
 * @returns `did:key:z6Mk...`, 56 characters.
 * @throws {IdentityError} ERR_IDENTITY_KEY: not canonical, not on the curve, or of small order.
 * @throws {TypeError | RangeError} not 32 bytes.
 */
export function encodeDidKey(publicKey: Uint8Array): Did {
  assertBytes(publicKey, 'publicKey', 32);
  assertEd25519PublicKey(publicKey);
  const bytes = new Uint8Array(34);
  bytes.set(MULTICODEC);
  bytes.set(publicKey, 2);
  return PREFIX + encodeBase58btc(bytes);
}

/**
 * Reads a did:key of an Ed25519 key, and nothing that merely resembles one.
 *
 * Refused: another prefix or multicodec, more or fewer than 34 bytes, a fragment, path or query, more than 128
 * characters. base58btc has one text for each sequence of bytes, so what is accepted encodes to the same text again.
 *
 * @param did The text, from anywhere.
 * @throws {IdentityError} ERR_IDENTITY_DID: not such a text. ERR_IDENTITY_KEY: such a text of a key that cannot be used.
 * @throws {TypeError} not a string.
 */
export function decodeDidKey(did: string): DidKey {
  assertString(did, 'did');
  // Length first: the work of base58 grows with its square.
  if (did.length > MAX_CHARACTERS || !did.startsWith(PREFIX)) throw badDid();
  let bytes: Uint8Array;
  try {
    bytes = decodeBase58btc(did.slice(PREFIX.length));
  } catch (cause) {
    throw badDid({ cause });
  }
  if (bytes.length !== 34 || bytes[0] !== MULTICODEC[0] || bytes[1] !== MULTICODEC[1]) throw badDid();
  const publicKey = bytes.slice(2);
  assertEd25519PublicKey(publicKey);
  return { did, publicKey };
}

/**
 * The X25519 key of a DID: its Ed25519 key on Curve25519. Two DIDs, twins in the sign bit, share each.
 *
 * @param did The text, from anywhere.
 * @returns 32 bytes, fresh.
 * @throws {IdentityError} as {@link decodeDidKey}.
 * @throws {TypeError} not a string.
 * @see agent-phone v1, section 1
 */
export function didToX25519(did: string): Uint8Array {
  return edwardsToMontgomery(decodeDidKey(did).publicKey);
}

function badDid(options?: ErrorOptions): IdentityError {
  return new IdentityError('ERR_IDENTITY_DID', 'not a did:key of an Ed25519 key', options);
}
