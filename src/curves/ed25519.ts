// Ed25519 over WebCrypto or noble (RFC 8032), with one verdict from both: what is not strictly encoded is refused before
// either sees it, and both compute the check without the cofactor.

import { assertBytes } from '../bytes/assert.js';
import { wipe } from '../bytes/wipe.js';
import { backendChooser, type CurveBackend, loadNoble } from './backend.js';
import { isCanonicalScalar, isStrictEncoding, montgomeryToEdwards } from './field25519.js';
import { encodePkcs8, OID_ED25519 } from './pkcs8.js';
import { x25519FromSecret } from './x25519.js';

/** An Ed25519 key pair whose secret may be out of our reach. */
export interface Ed25519KeyPair {
  /** 32 bytes. Owned by the pair: read, never write. */
  readonly publicKey: Uint8Array;

  /**
   * @param message Any length. Borrowed until the promise settles.
   * @returns 64 bytes, fresh. Some runtimes randomise: never compare signatures.
   * @throws {TypeError} not a `Uint8Array`.
   */
  sign(message: Uint8Array): Promise<Uint8Array>;
}

const ALGORITHM = 'Ed25519';

const chooseBackend = /* @__PURE__ */ backendChooser(async () => {
  const seed = new Uint8Array(32).fill(1);
  await webCryptoPublicKey(seed, await importEd25519(seed));
});

/**
 * Makes the pair of a known seed, in WebCrypto not extractable.
 *
 * @param seed 32 bytes. Copied; the caller wipes its own.
 * @param backend For tests and benchmarks; the best the runtime has when left out.
 * @throws {TypeError | RangeError} not 32 bytes.
 */
export async function ed25519FromSeed(seed: Uint8Array, backend?: CurveBackend): Promise<Ed25519KeyPair> {
  assertBytes(seed, 'seed', 32);
  const own = new Uint8Array(seed);
  if ((await chooseBackend(backend)) === 'noble') {
    const noble = await loadNoble();
    // Kept for the life of the pair: noble signs with the seed itself.
    return {
      publicKey: noble.ed25519Public(own),
      async sign(message) {
        assertBytes(message, 'message');
        return noble.ed25519Sign(own, message);
      },
    };
  }
  try {
    const key = await importEd25519(own);
    return { publicKey: await webCryptoPublicKey(own, key), sign: (message) => signEd25519(key, message) };
  } finally {
    wipe(own);
  }
}

/**
 * Imports a seed into WebCrypto for good: nobody can read it back.
 *
 * @param seed 32 bytes. Borrowed until the promise settles; the caller wipes it then.
 * @throws {DOMException} the runtime does not know the curve.
 */
export async function importEd25519(seed: Uint8Array): Promise<CryptoKey> {
  const der = encodePkcs8(OID_ED25519, seed);
  try {
    return await crypto.subtle.importKey('pkcs8', der, ALGORITHM, false, ['sign']);
  } finally {
    wipe(der);
  }
}

/**
 * Signs inside WebCrypto.
 *
 * @param key Private Ed25519 key with usage `sign`.
 * @param message Any length. Borrowed until the promise settles.
 * @returns 64 bytes, fresh.
 */
export async function signEd25519(key: CryptoKey, message: Uint8Array): Promise<Uint8Array> {
  assertBytes(message, 'message');
  return new Uint8Array(await crypto.subtle.sign(ALGORITHM, key, message as Uint8Array<ArrayBuffer>));
}

/**
 * Verifies strictly: false for small-order or non-canonical A and R, for S >= L, and for anything but 64 bytes.
 *
 * @param publicKey 32 bytes. Borrowed.
 * @param message Any length. Borrowed until the promise settles.
 * @param signature Borrowed until the promise settles.
 * @param backend For tests and benchmarks; the best the runtime has when left out.
 * @see RFC 8032, section 5.1.7
 */
export async function verifyEd25519(
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
  backend?: CurveBackend,
): Promise<boolean> {
  if (publicKey.length !== 32 || signature.length !== 64) return false;
  if (!isStrictEncoding(publicKey) || !isStrictEncoding(signature)) return false;
  if (!isCanonicalScalar(signature.subarray(32))) return false;
  if ((await chooseBackend(backend)) === 'webcrypto') return webCryptoVerify(publicKey, message, signature);
  const noble = await loadNoble();
  return noble.ed25519Verify(publicKey, message, signature);
}

/**
 * The X25519 secret that belongs to an Ed25519 seed: the first half of its SHA-512. X25519 itself does the clamping.
 *
 * @param seed 32 bytes. Borrowed until the promise settles.
 * @returns 32 bytes, fresh; the caller wipes it.
 * @see agent-phone v1, section 1
 */
export async function x25519SecretOfSeed(seed: Uint8Array, backend?: CurveBackend): Promise<Uint8Array> {
  if ((await chooseBackend(backend)) === 'noble') return (await loadNoble()).x25519SecretOf(seed);
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-512', seed as Uint8Array<ArrayBuffer>));
  const secret = digest.slice(0, 32);
  wipe(digest);
  return secret;
}

/**
 * Public key of a seed whose private key WebCrypto holds.
 *
 * WebCrypto derives no public key, and would give it only along with the secret, in text that cannot be wiped. So we
 * take the key's twin on Curve25519, which fixes all but the sign bit, and ask a signature which sign it is.
 */
async function webCryptoPublicKey(seed: Uint8Array, key: CryptoKey): Promise<Uint8Array> {
  const publicKey = montgomeryToEdwards(await x25519PublicKeyOfSeed(seed));
  const message = new Uint8Array(32);
  const signature = await signEd25519(key, message);
  if (await webCryptoVerify(publicKey, message, signature)) return publicKey;
  publicKey[31] = (publicKey[31] as number) | 0x80;
  if (await webCryptoVerify(publicKey, message, signature)) return publicKey;
  throw new Error('WebCrypto contradicts itself about Ed25519');
}

async function x25519PublicKeyOfSeed(seed: Uint8Array): Promise<Uint8Array> {
  const secret = await x25519SecretOfSeed(seed, 'webcrypto');
  try {
    const pair = await x25519FromSecret(secret);
    pair.wipe();
    return pair.publicKey;
  } finally {
    wipe(secret);
  }
}

async function webCryptoVerify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): Promise<boolean> {
  const { subtle } = crypto;
  try {
    const key = await subtle.importKey('raw', new Uint8Array(publicKey), ALGORITHM, true, ['verify']);
    const [signed, claimed] = [message as Uint8Array<ArrayBuffer>, signature as Uint8Array<ArrayBuffer>];
    return await subtle.verify(ALGORITHM, key, claimed, signed);
  } catch {
    // Not a point of the curve: some runtimes say so at import, some at the check.
    return false;
  }
}
