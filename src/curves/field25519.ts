// Arithmetic modulo 2^255 - 19 on PUBLIC data only: which bytes are an Ed25519 public key, and its twin on Curve25519
// (RFC 7748, section 4.1). Our own, because WebCrypto cannot do it and noble's curves would weigh 13 KB at start.
// Takes time that depends on the values. Never give it a secret.

import { IdentityError } from '../errors.js';

/** The prime 2^255 - 19. */
const P = 0x7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffedn;

/** Order of the prime subgroup (RFC 8032, section 5.1). */
const L = 0x1000000000000000000000000000000014def9dea2f79cd65812631a5cf5d3edn;

/** Constant of the curve -x^2 + y^2 = 1 + d x^2 y^2 (RFC 8032, section 5.1). */
const D = 37095705934669439343138083508754565189542113879843219016388785533085940283555n;

/** The y of two of the four points of order 8; its negative is that of the other two. */
const Y_ORDER_8 = 2707385501144840649318225287225658788936804267575313519463743609750303402022n;

/**
 * Checks that 32 bytes are a usable Ed25519 public key, as strictly as a did:key has to be.
 *
 * Refused: y >= p, no point of the curve, and the points of order 1, 2, 4 and 8 whatever their sign bit.
 *
 * @param publicKey 32 bytes. Borrowed. Public data.
 * @throws {IdentityError} ERR_IDENTITY_KEY.
 * @see RFC 8032, section 5.1.3
 */
export function assertEd25519PublicKey(publicKey: Uint8Array): void {
  const y = readY(publicKey);
  if (!isStrictY(y)) throw badKey();
  // x^2 = (y^2 - 1) / (d y^2 + 1) must be a square. A quotient is one exactly when the product is, and the divisor is
  // never zero, since -1/d is no square. x = 0 only where y = 1 or -1, refused above.
  const ySquared = (y * y) % P;
  if (jacobi(((ySquared - 1n) * (D * ySquared + 1n)) % P) !== 1) throw badKey();
}

/**
 * Whether bytes may stand for a point where a signature is checked: y < p, and not of small order. Whether the curve has
 * such a point is left to whoever computes with it.
 *
 * @param encoded 32 bytes or more, of which the first 32 are read. Borrowed. Public data.
 */
export function isStrictEncoding(encoded: Uint8Array): boolean {
  return isStrictY(readY(encoded));
}

/**
 * Whether 32 bytes are a scalar below the order of the group, as S of a signature must be.
 *
 * @param encoded 32 bytes, little-endian. Borrowed. Public data.
 * @see RFC 8032, section 5.1.7
 */
export function isCanonicalScalar(encoded: Uint8Array): boolean {
  // The highest byte of the order is 0x10: nearly every scalar shows with its own that it is below.
  return (encoded[31] as number) < 0x10 || readInteger(encoded) < L;
}

/**
 * Maps an Ed25519 public key to X25519: u = (1 + y) / (1 - y). The sign bit is lost, so two keys share one u.
 *
 * @param publicKey 32 bytes that passed {@link assertEd25519PublicKey}. Borrowed. Public data.
 * @returns 32 bytes, fresh.
 * @see RFC 7748, section 4.1
 */
export function edwardsToMontgomery(publicKey: Uint8Array): Uint8Array<ArrayBuffer> {
  const y = readY(publicKey);
  return writeInteger(divide(1n + y, 1n - y));
}

/**
 * Maps an X25519 public key to Ed25519: y = (u - 1) / (u + 1), with the sign bit clear. The true key may have it set.
 *
 * @param publicKey 32 bytes. Borrowed. Public data.
 * @returns 32 bytes, fresh.
 * @see RFC 7748, section 4.1
 */
export function montgomeryToEdwards(publicKey: Uint8Array): Uint8Array<ArrayBuffer> {
  const u = readY(publicKey);
  return writeInteger(divide(u - 1n, u + 1n));
}

function isStrictY(y: bigint): boolean {
  return y > 1n && y < P - 1n && y !== Y_ORDER_8 && y !== P - Y_ORDER_8;
}

/** The 255-bit coordinate, without the bit above it. */
function readY(encoded: Uint8Array): bigint {
  return BigInt.asUintN(255, readInteger(encoded));
}

function readInteger(bytes: Uint8Array): bigint {
  const view = new DataView(bytes.buffer, bytes.byteOffset, 32);
  let value = 0n;
  for (let offset = 24; offset >= 0; offset -= 8) value = (value << 64n) | view.getBigUint64(offset, true);
  return value;
}

function writeInteger(value: bigint): Uint8Array<ArrayBuffer> {
  const view = new DataView(new ArrayBuffer(32));
  for (let offset = 0; offset < 32; offset += 8) view.setBigUint64(offset, value >> BigInt(8 * offset), true);
  return new Uint8Array(view.buffer);
}

/** Quotient modulo p, by the extended Euclidean algorithm: a third of the time of an exponentiation. 0 for a / 0. */
function divide(a: bigint, b: bigint): bigint {
  let [r0, r1] = [P, positive(b % P)];
  let [t0, t1] = [0n, 1n];
  while (r1 !== 0n) {
    const quotient = r0 / r1;
    [r0, r1] = [r1, r0 - quotient * r1];
    [t0, t1] = [t1, t0 - quotient * t1];
  }
  return r0 === 1n ? positive((a * t0) % P) : 0n;
}

/** Jacobi symbol (a / p): 1 for a square, -1 for none, 0 for zero; by quadratic reciprocity. */
function jacobi(a: bigint): number {
  let [top, bottom] = [positive(a), P];
  let symbol = 1;
  while (top !== 0n) {
    // (2 / n) is -1 for n = 3 and 5 modulo 8.
    while ((top & 1n) === 0n) {
      top >>= 1n;
      const residue = Number(bottom & 7n);
      if (residue === 3 || residue === 5) symbol = -symbol;
    }
    if ((top & bottom & 3n) === 3n) symbol = -symbol;
    [top, bottom] = [bottom % top, top];
  }
  return bottom === 1n ? symbol : 0;
}

function positive(a: bigint): bigint {
  return a < 0n ? a + P : a;
}

function badKey(): IdentityError {
  return new IdentityError('ERR_IDENTITY_KEY', 'not a usable Ed25519 public key');
}
