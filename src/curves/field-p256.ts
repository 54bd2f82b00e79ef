// Arithmetic of P-256 on PUBLIC data only: which bytes are a point or a scalar, and the point behind a compressed one
// (SEC 1, sections 2.3.3 and 2.3.4; SP 800-186, section 3.2.1.3). Our own, so that both backends refuse alike, and
// because WebCrypto takes compressed points in some runtimes only. Takes time that depends on the values. Never give it a
// secret.

import { assertBytes } from '../bytes/assert.js';
import { IdentityError } from '../errors.js';

/** The prime 2^256 - 2^224 + 2^192 + 2^96 - 1. */
const P = 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn;

/** Order of the group. */
const N = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

/** Constant of the curve y^2 = x^3 - 3 x + b. */
const B = 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn;

/** Length of a point as `04 | x | y`. */
export const P256_POINT_BYTES = 65;

/**
 * Whether two coordinates are a point of the curve. The point at infinity has none, and so is none.
 *
 * @param x 32 bytes, big-endian. Borrowed. Public data.
 * @param y 32 bytes, big-endian. Borrowed. Public data.
 */
export function isOnP256(x: Uint8Array, y: Uint8Array): boolean {
  if (x.length !== 32 || y.length !== 32) return false;
  const [u, v] = [readInteger(x), readInteger(y)];
  return u < P && v < P && (v * v) % P === rightSide(u);
}

/**
 * Whether bytes are a public key in the one form we take: `04 | x | y`, on the curve.
 *
 * Every such point has the order of the group: P-256 has no points of small order.
 *
 * @param publicKey Borrowed. Public data.
 */
export function isP256PublicKey(publicKey: Uint8Array): boolean {
  const [form] = publicKey;
  if (publicKey.length !== P256_POINT_BYTES || form !== 4) return false;
  return isOnP256(publicKey.subarray(1, 33), publicKey.subarray(33));
}

/**
 * Asserts {@link isP256PublicKey}.
 *
 * @throws {IdentityError} ERR_IDENTITY_KEY.
 */
export function assertP256PublicKey(publicKey: Uint8Array): void {
  if (!isP256PublicKey(publicKey)) throw badKey();
}

/**
 * Finds the whole of a compressed point.
 *
 * @param compressed 33 bytes: `02` for an even y, `03` for an odd one, then x. Borrowed. Public data.
 * @returns 65 bytes, `04 | x | y`, fresh.
 * @throws {IdentityError} ERR_IDENTITY_KEY: another first byte, x >= p, or no point has this x.
 * @throws {TypeError | RangeError} not 33 bytes.
 * @see SEC 1, section 2.3.4
 */
export function decompressP256(compressed: Uint8Array): Uint8Array<ArrayBuffer> {
  assertBytes(compressed, 'compressed', 33);
  const parity = (compressed[0] as number) - 2;
  if (parity !== 0 && parity !== 1) throw badKey();
  const x = readInteger(compressed.subarray(1));
  if (x >= P) throw badKey();
  const square = rightSide(x);
  // p is 3 modulo 4, so that this power is a root of every square. No root is zero: the curve has no point of order 2.
  const root = power(square, (P + 1n) / 4n);
  if ((root * root) % P !== square) throw badKey();
  const point = new Uint8Array(P256_POINT_BYTES);
  point[0] = 4;
  point.set(compressed.subarray(1), 1);
  writeInteger(Number(root & 1n) === parity ? root : P - root, point, 33);
  return point;
}

/**
 * Whether the two halves of a signature are scalars from 1 to n - 1, as ECDSA has it.
 *
 * @param signature 64 bytes, `r | s`. Borrowed. Public data.
 * @param requireLowS Also ask for s <= n / 2: (r, n - s) verifies wherever (r, s) does, and this takes one of the two.
 * @see SP 800-186; FIPS 186-5, section 6.4.2, step 1
 */
export function isP256Signature(signature: Uint8Array, requireLowS = false): boolean {
  if (signature.length !== 64) return false;
  const [r, s] = [readInteger(signature), readInteger(signature.subarray(32))];
  return r > 0n && r < N && s > 0n && s <= (requireLowS ? N >> 1n : N - 1n);
}

/** x^3 - 3 x + b. */
function rightSide(x: bigint): bigint {
  return ((((x * x) % P) + P - 3n) * x + B) % P;
}

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  for (let square = base, rest = exponent; rest > 0n; rest >>= 1n) {
    if ((rest & 1n) === 1n) result = (result * square) % P;
    square = (square * square) % P;
  }
  return result;
}

function readInteger(bytes: Uint8Array): bigint {
  const view = new DataView(bytes.buffer, bytes.byteOffset, 32);
  let value = 0n;
  for (let offset = 0; offset < 32; offset += 8) value = (value << 64n) | view.getBigUint64(offset);
  return value;
}

function writeInteger(value: bigint, target: Uint8Array, at: number): void {
  const view = new DataView(target.buffer, target.byteOffset + at, 32);
  for (let offset = 24, rest = value; offset >= 0; offset -= 8, rest >>= 64n) {
    view.setBigUint64(offset, BigInt.asUintN(64, rest));
  }
}

function badKey(): IdentityError {
  return new IdentityError('ERR_IDENTITY_KEY', 'not a usable P-256 public key');
}
