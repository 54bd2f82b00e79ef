// The one form of a P-256 signature AITP takes (section 2.7): s at most half the order. Public data only; takes time that
// depends on the values.

import { isP256Signature } from '../curves/field-p256.js';

/** Order of the group. */
const N = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

/**
 * Turns a signature into its twin where s is above half the order: both verify, and one of them is ours.
 *
 * @param signature 64 bytes, `r | s`. Borrowed.
 * @returns Fresh bytes; as they came where they are no signature at all.
 */
export function normalizeLowS(signature: Uint8Array): Uint8Array {
  const low = new Uint8Array(signature);
  if (!isP256Signature(low) || isP256Signature(low, true)) return low;
  const view = new DataView(low.buffer);
  let s = 0n;
  for (let at = 32; at < 64; at += 8) s = (s << 64n) | view.getBigUint64(at);
  s = N - s;
  for (let at = 56; at >= 32; at -= 8, s >>= 64n) view.setBigUint64(at, BigInt.asUintN(64, s));
  return low;
}
