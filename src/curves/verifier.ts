// One public key, many signatures: the key is judged and imported once. For the paths on which strangers' signatures
// arrive; a single check of Ed25519 is `verifyEd25519`, of P-256 `verifyP256`. Same verdicts from both backends.

import { assertBytes } from '../bytes/assert.js';
import type { CurveBackend } from './backend.js';
import { verifyEd25519 } from './ed25519.js';
import { isP256PublicKey, isP256Signature } from './field-p256.js';
import { isCanonicalScalar, isStrictEncoding } from './field25519.js';
import { chooseEd25519, chooseP256, ED25519, loadNobleP256, P256_KEY, P256_SIGNATURE } from './signature-backends.js';

/** What a single check may ask for. */
export interface VerifySignatureOptions {
  /**
   * P-256: refuse a signature whose s is above half the order. The default takes both, as WebCrypto makes both; then
   * anybody can turn a signature into a second one of the same message. Ed25519 has one s only.
   */
  readonly requireLowS?: boolean;
}

/** A public key, ready to verify. */
export interface CurveVerifier {
  /**
   * @param message Any length. Borrowed until the promise settles.
   * @param signature Anything but 64 bytes is no signature. Borrowed until the promise settles.
   * @returns Whether the signature holds.
   * @throws {TypeError} not bytes; or code that is loaded on demand did not load, and will be asked for again.
   */
  verify(message: Uint8Array, signature: Uint8Array, options?: VerifySignatureOptions): Promise<boolean>;
}

/**
 * Holds an Ed25519 key, with the verdicts of `verifyEd25519`: strict, and without the cofactor.
 *
 * @param publicKey 32 bytes. Copied. One that cannot be used verifies nothing.
 * @param backend For tests and benchmarks; the best the runtime has when left out.
 */
export function ed25519Verifier(publicKey: Uint8Array, backend?: CurveBackend): CurveVerifier {
  const own = new Uint8Array(publicKey);
  const usable = own.length === 32 && isStrictEncoding(own);
  const isSignature = (signature: Uint8Array) =>
    signature.length === 64 && isStrictEncoding(signature) && isCanonicalScalar(signature.subarray(32));
  return verifierOf(usable, isSignature, async () => {
    if ((await chooseEd25519(backend)) === 'webcrypto') return webCryptoCheck(own, ED25519, ED25519);
    return (message, signature) => verifyEd25519(own, message, signature, 'noble');
  });
}

/**
 * Holds a P-256 key, for ECDSA with SHA-256 over `r | s`.
 *
 * @param publicKey 65 bytes, `04 | x | y`. Copied. Anything else, a compressed point too, verifies nothing.
 * @param backend For tests and benchmarks; the best the runtime has when left out.
 * @see FIPS 186-5, section 6.4.2; RFC 7518, section 3.4
 */
export function p256Verifier(publicKey: Uint8Array, backend?: CurveBackend): CurveVerifier {
  const own = new Uint8Array(publicKey);
  return verifierOf(isP256PublicKey(own), isP256Signature, async () => {
    if ((await chooseP256(backend)) === 'webcrypto') return webCryptoCheck(own, P256_KEY, P256_SIGNATURE);
    const { p256Verify } = await loadNobleP256();
    return (message, signature) => p256Verify(own, message, signature);
  });
}

/** What a backend makes of a key: well-formed signatures in, verdicts out. */
type Check = (message: Uint8Array, signature: Uint8Array) => boolean | Promise<boolean>;

/** A verifier that asks its backend about well-formed signatures only, and makes it ready once. */
function verifierOf(
  usable: boolean,
  isSignature: (signature: Uint8Array, requireLowS?: boolean) => boolean,
  makeCheck: () => Promise<Check>,
): CurveVerifier {
  let ready: Promise<Check> | undefined;
  return {
    async verify(message, signature, options) {
      assertBytes(message, 'message');
      assertBytes(signature, 'signature');
      if (!usable || !isSignature(signature, options?.requireLowS)) return false;
      if (ready === undefined) {
        ready = makeCheck();
        // A chunk that did not load may load the next time.
        ready.catch(() => {
          ready = undefined;
        });
      }
      return (await ready)(message, signature);
    },
  };
}

async function webCryptoCheck(
  publicKey: Uint8Array<ArrayBuffer>,
  keyAlgorithm: AlgorithmIdentifier | EcKeyImportParams,
  algorithm: AlgorithmIdentifier | EcdsaParams,
): Promise<Check> {
  const { subtle } = crypto;
  let key: CryptoKey;
  try {
    key = await subtle.importKey('raw', publicKey, keyAlgorithm, true, ['verify']);
  } catch {
    // Not a point of the curve: some runtimes say so at import, some at the check.
    return () => false;
  }
  return async (message, signature) => {
    try {
      const [signed, claimed] = [message as Uint8Array<ArrayBuffer>, signature as Uint8Array<ArrayBuffer>];
      return await subtle.verify(algorithm, key, claimed, signed);
    } catch {
      return false;
    }
  };
}
