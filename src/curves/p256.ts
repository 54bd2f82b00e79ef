// ECDSA over P-256 with SHA-256 (FIPS 186-5, section 6), WebCrypto first, noble where there is none. Signatures are
// `r | s`, as JOSE has them, never DER.

import { assertBytes } from '../bytes/assert.js';
import { wipe } from '../bytes/wipe.js';
import { IdentityError } from '../errors.js';
import type { CurveBackend } from './backend.js';
import { assertP256PublicKey, P256_POINT_BYTES } from './field-p256.js';
import { encodeP256Pkcs8 } from './pkcs8-p256.js';
import { chooseP256, loadNobleP256, P256_KEY, P256_SIGNATURE } from './signature-backends.js';
import { p256Verifier, type VerifySignatureOptions } from './verifier.js';

/** A P-256 key pair whose secret may be out of our reach. */
export interface P256KeyPair {
  /** 65 bytes, `04 | x | y`. Owned by the pair: read, never write. */
  readonly publicKey: Uint8Array;

  /**
   * Signs the SHA-256 of a message.
   *
   * @param message Any length. Borrowed until the promise settles.
   * @returns 64 bytes, `r | s`, fresh. Random in WebCrypto: never compare signatures. s may be high.
   * @throws {TypeError} not a `Uint8Array`.
   */
  sign(message: Uint8Array): Promise<Uint8Array>;
}

/**
 * Makes a fresh pair, in WebCrypto not extractable.
 *
 * @param backend For tests and benchmarks; the best the runtime has when left out.
 */
export async function generateP256(backend?: CurveBackend): Promise<P256KeyPair> {
  if ((await chooseP256(backend)) === 'noble') {
    const { p256Secret } = await loadNobleP256();
    const secret = p256Secret();
    try {
      return await noblePair(secret);
    } finally {
      wipe(secret);
    }
  }
  const { privateKey, publicKey } = await crypto.subtle.generateKey(P256_KEY, false, ['sign', 'verify']);
  return pairOf(new Uint8Array(await crypto.subtle.exportKey('raw', publicKey)), privateKey);
}

/**
 * Makes the pair of a known secret, in WebCrypto not extractable.
 *
 * WebCrypto does not say which public key belongs to a secret, so that noble is asked in any case. Where the public key
 * is known, {@link p256FromPair} loads nothing.
 *
 * @param secret 32 bytes, big-endian, from 1 to n - 1. Copied; the caller wipes its own.
 * @param backend For tests and benchmarks; the best the runtime has when left out.
 * @throws {IdentityError} ERR_IDENTITY_KEY: outside that range.
 * @throws {TypeError | RangeError} not 32 bytes.
 */
export async function p256FromSecret(secret: Uint8Array, backend?: CurveBackend): Promise<P256KeyPair> {
  assertBytes(secret, 'secret', 32);
  const own = new Uint8Array(secret);
  try {
    const pair = await noblePair(own);
    return (await chooseP256(backend)) === 'noble' ? pair : await webCryptoPair(own, pair.publicKey);
  } finally {
    wipe(own);
  }
}

/**
 * Makes the pair of a known secret and its public key, and proves that they belong together.
 *
 * @param secret 32 bytes, as for {@link p256FromSecret}. Copied; the caller wipes its own.
 * @param publicKey 65 bytes, `04 | x | y`. Copied.
 * @param backend For tests and benchmarks; the best the runtime has when left out.
 * @throws {IdentityError} ERR_IDENTITY_KEY: one of them is no key, or they do not belong together.
 * @throws {TypeError | RangeError} another length.
 */
export async function p256FromPair(
  secret: Uint8Array,
  publicKey: Uint8Array,
  backend?: CurveBackend,
): Promise<P256KeyPair> {
  assertBytes(secret, 'secret', 32);
  assertBytes(publicKey, 'publicKey', P256_POINT_BYTES);
  assertP256PublicKey(publicKey);
  const [own, point] = [new Uint8Array(secret), new Uint8Array(publicKey)];
  try {
    const native = (await chooseP256(backend)) === 'webcrypto';
    const pair = native ? await webCryptoPair(own, point) : { ...(await noblePair(own)), publicKey: point };
    // A runtime may take a secret and a public key that have nothing to do with each other.
    const message = new Uint8Array(32);
    if (await verifyP256(point, message, await pair.sign(message), { backend })) return pair;
  } finally {
    wipe(own);
  }
  throw badPair();
}

/**
 * Signs inside WebCrypto.
 *
 * @param key Private ECDSA key over P-256 with usage `sign`.
 * @param message Any length. Borrowed until the promise settles.
 * @returns 64 bytes, `r | s`, fresh.
 */
export async function signP256(key: CryptoKey, message: Uint8Array): Promise<Uint8Array> {
  assertBytes(message, 'message');
  return new Uint8Array(await crypto.subtle.sign(P256_SIGNATURE, key, message as Uint8Array<ArrayBuffer>));
}

/**
 * Verifies one signature: false for anything but 64 bytes, for r and s outside 1 to n - 1, and for a key that is not
 * `04 | x | y` on the curve. For several signatures under one key, `p256Verifier` is faster.
 *
 * @param publicKey 65 bytes. Borrowed.
 * @param message Any length. Borrowed until the promise settles.
 * @param signature Borrowed until the promise settles.
 * @param options `requireLowS`: refuse the twin. `backend`: for tests and benchmarks.
 * @see FIPS 186-5, section 6.4.2
 */
export function verifyP256(
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
  { backend, ...options }: VerifySignatureOptions & { readonly backend?: CurveBackend | undefined } = {},
): Promise<boolean> {
  return p256Verifier(publicKey, backend).verify(message, signature, options);
}

/** @param secret Copied. @throws {IdentityError} ERR_IDENTITY_KEY. */
async function noblePair(secret: Uint8Array): Promise<P256KeyPair> {
  const own = new Uint8Array(secret);
  const { p256Public, p256Sign } = await loadNobleP256();
  let publicKey: Uint8Array;
  try {
    publicKey = p256Public(own);
  } catch (cause) {
    wipe(own);
    throw new IdentityError('ERR_IDENTITY_KEY', 'not a secret of P-256', { cause });
  }
  return {
    publicKey,
    async sign(message) {
      assertBytes(message, 'message');
      return p256Sign(own, message);
    },
  };
}

/** @throws {IdentityError} ERR_IDENTITY_KEY: the runtime takes no such pair. */
async function webCryptoPair(secret: Uint8Array, publicKey: Uint8Array): Promise<P256KeyPair> {
  const der = encodeP256Pkcs8(secret, publicKey);
  try {
    return pairOf(publicKey, await crypto.subtle.importKey('pkcs8', der, P256_KEY, false, ['sign']));
  } catch (cause) {
    throw badPair({ cause });
  } finally {
    wipe(der);
  }
}

function pairOf(publicKey: Uint8Array, key: CryptoKey): P256KeyPair {
  return { publicKey, sign: (message) => signP256(key, message) };
}

function badPair(options?: ErrorOptions): IdentityError {
  return new IdentityError('ERR_IDENTITY_KEY', 'not a secret of P-256 and its public key', options);
}
