// Poly1305 (RFC 8439, section 2.5) in floating point. Part of the fast suite: not audited, held to noble by differential
// tests. Little-endian words, padding and the one-time key are the caller's matter.

/**
 * A number modulo p = 2^130 - 5 is six limbs of 22 bits, h = sum of h[i] * 2^(22 i). Limbs are doubles, so that products
 * need no splitting: with |h| below 2^22.6 and r below 2^22, a column of six products, five of them times 20, stays below
 * 2^51.4, and every step is exact. Limbs of h are balanced: a carry rounds to the nearest, so they may be negative. No
 * branch and no index depends on a secret.
 */
const LIMB = 0x3fffff;

/** Added and subtracted again, this rounds to a multiple of 2^22: doubles from 2^74 to 2^75 are 2^22 apart. */
const ROUNDER = 1.5 * 2 ** 74;

const DOWN = 2 ** -22;

/** 2^132 = 4 * 2^130 = 4 * 5 modulo p: what is carried out of the top limb comes back into the bottom one as 20. */
const WRAP = 20;

/**
 * The tag of whole blocks.
 *
 * @param key 8 words: r, not clamped yet, and s. For this one tag. Borrowed.
 * @param words The message. Borrowed.
 * @param from Its first word.
 * @param to The word behind its last; a multiple of 4 words from `from`.
 * @param tag Receives 4 words.
 */
export function poly1305(key: Int32Array, words: Int32Array, from: number, to: number, tag: Int32Array): void {
  const k0 = (key[0] as number) & 0x0fffffff; // clamped (2.5.1)
  const k1 = (key[1] as number) & 0x0ffffffc;
  const k2 = (key[2] as number) & 0x0ffffffc;
  const k3 = (key[3] as number) & 0x0ffffffc;
  const r0 = k0 & LIMB;
  const r1 = ((k0 >>> 22) | (k1 << 10)) & LIMB;
  const r2 = ((k1 >>> 12) | (k2 << 20)) & LIMB;
  const r3 = (k2 >>> 2) & LIMB;
  const r4 = ((k2 >>> 24) | (k3 << 8)) & LIMB;
  const r5 = k3 >>> 14;
  let h0 = 0;
  let h1 = 0;
  let h2 = 0;
  let h3 = 0;
  let h4 = 0;
  let h5 = 0;
  for (let at = from; at < to; at += 4) {
    const w0 = words[at] as number;
    const w1 = words[at + 1] as number;
    const w2 = words[at + 2] as number;
    const w3 = words[at + 3] as number;
    h0 += w0 & LIMB;
    h1 += ((w0 >>> 22) | (w1 << 10)) & LIMB;
    h2 += ((w1 >>> 12) | (w2 << 20)) & LIMB;
    h3 += (w2 >>> 2) & LIMB;
    h4 += ((w2 >>> 24) | (w3 << 8)) & LIMB;
    h5 += (w3 >>> 14) | 0x40000; // the bit above the block, 2^128
    // d = h * r, a limb of h after the other; columns past the top come back in at the bottom.
    // biome-ignore format: a limb a line
    let d0 = h0 * r0, d1 = h0 * r1, d2 = h0 * r2, d3 = h0 * r3, d4 = h0 * r4, d5 = h0 * r5;
    d1 += h1 * r0;
    d2 += h1 * r1;
    d3 += h1 * r2;
    d4 += h1 * r3;
    d5 += h1 * r4;
    h1 *= WRAP;
    d0 += h1 * r5;
    d2 += h2 * r0;
    d3 += h2 * r1;
    d4 += h2 * r2;
    d5 += h2 * r3;
    h2 *= WRAP;
    d0 += h2 * r4;
    d1 += h2 * r5;
    d3 += h3 * r0;
    d4 += h3 * r1;
    d5 += h3 * r2;
    h3 *= WRAP;
    d0 += h3 * r3;
    d1 += h3 * r4;
    d2 += h3 * r5;
    d4 += h4 * r0;
    d5 += h4 * r1;
    h4 *= WRAP;
    d0 += h4 * r2;
    d1 += h4 * r3;
    d2 += h4 * r4;
    d3 += h4 * r5;
    d5 += h5 * r0;
    h5 *= WRAP;
    d0 += h5 * r1;
    d1 += h5 * r2;
    d2 += h5 * r3;
    d3 += h5 * r4;
    d4 += h5 * r5;
    // Two chains of carries side by side, from 0 up and from 3 around.
    let c = d0 + ROUNDER - ROUNDER;
    let e = d3 + ROUNDER - ROUNDER;
    d0 -= c;
    d3 -= e;
    d1 += c * DOWN;
    d4 += e * DOWN;
    c = d1 + ROUNDER - ROUNDER;
    e = d4 + ROUNDER - ROUNDER;
    d1 -= c;
    d4 -= e;
    d2 += c * DOWN;
    d5 += e * DOWN;
    c = d2 + ROUNDER - ROUNDER;
    e = d5 + ROUNDER - ROUNDER;
    d2 -= c;
    d5 -= e;
    d3 += c * DOWN;
    d0 += e * (WRAP * DOWN);
    c = d3 + ROUNDER - ROUNDER;
    e = d0 + ROUNDER - ROUNDER;
    h0 = d0 - e;
    h1 = d1 + e * DOWN;
    h2 = d2;
    h3 = d3 - c;
    h4 = d4 + c * DOWN;
    h5 = d5;
  }
  // To limbs from 0 to 2^22 - 1, the top one of 20 bits; `>>` carries the sign along. The first round leaves a number
  // from -10 to 2^130 + 20, the second one from 0 to 2^130 - 1.
  for (let round = 0; round < 2; round++) {
    h1 += h0 >> 22;
    h2 += h1 >> 22;
    h3 += h2 >> 22;
    h4 += h3 >> 22;
    h5 += h4 >> 22;
    h0 = (h0 & LIMB) + 5 * (h5 >> 20);
    h1 &= LIMB;
    h2 &= LIMB;
    h3 &= LIMB;
    h4 &= LIMB;
    h5 &= 0xfffff;
  }
  // h - p = h + 5 - 2^130; negative means that h was below p already.
  const g0 = h0 + 5;
  const g1 = h1 + (g0 >> 22);
  const g2 = h2 + (g1 >> 22);
  const g3 = h3 + (g2 >> 22);
  const g4 = h4 + (g3 >> 22);
  const g5 = h5 + (g4 >> 22) - 0x100000;
  const keep = g5 >> 31;
  const take = LIMB & ~keep;
  h0 = (h0 & keep) | (g0 & take);
  h1 = (h1 & keep) | (g1 & take);
  h2 = (h2 & keep) | (g2 & take);
  h3 = (h3 & keep) | (g3 & take);
  h4 = (h4 & keep) | (g4 & take);
  h5 = (h5 & keep) | (g5 & take);
  // h + s modulo 2^128. A sum of two words is below 2^33, and storing it keeps the low 32 bits.
  let sum = unsigned(h0 | (h1 << 22)) + unsigned(key[4]);
  tag[0] = sum;
  sum = Math.floor(sum / 2 ** 32) + unsigned((h1 >>> 10) | (h2 << 12)) + unsigned(key[5]);
  tag[1] = sum;
  sum = Math.floor(sum / 2 ** 32) + unsigned((h2 >>> 20) | (h3 << 2) | (h4 << 24)) + unsigned(key[6]);
  tag[2] = sum;
  sum = Math.floor(sum / 2 ** 32) + unsigned((h4 >>> 8) | (h5 << 14)) + unsigned(key[7]);
  tag[3] = sum;
}

function unsigned(word: number | undefined): number {
  return (word as number) >>> 0;
}
