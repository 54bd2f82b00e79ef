// The ChaCha20 key stream (RFC 8439, sections 2.1 to 2.4), XORed in place over 32-bit words. Part of the fast suite: not
// audited, held to noble by differential tests. Little-endian words are the caller's matter.

// "expand 32-byte k" (2.3).
const S0 = 0x61707865;
const S1 = 0x3320646e;
const S2 = 0x79622d32;
const S3 = 0x6b206574;

/**
 * XORs whole blocks of key stream into words.
 *
 * @param key 8 words.
 * @param nonce 3 words.
 * @param block Number of the first block.
 * @param words Where to XOR.
 * @param from First word.
 * @param to Word behind the last; a multiple of 16 words from `from`.
 */
export function xorKeyStream(
  key: Int32Array,
  nonce: Int32Array,
  block: number,
  words: Int32Array,
  from: number,
  to: number,
): void {
  const k0 = key[0] as number;
  const k1 = key[1] as number;
  const k2 = key[2] as number;
  const k3 = key[3] as number;
  const k4 = key[4] as number;
  const k5 = key[5] as number;
  const k6 = key[6] as number;
  const k7 = key[7] as number;
  const n0 = nonce[0] as number;
  const n1 = nonce[1] as number;
  const n2 = nonce[2] as number;
  let n = block | 0;
  for (let at = from; at < to; at += 16) {
    // The state as a 4x4 matrix: rows a, b, c, d.
    // biome-ignore format: a row a line
    let a0 = S0, a1 = S1, a2 = S2, a3 = S3,
        b0 = k0, b1 = k1, b2 = k2, b3 = k3,
        c0 = k4, c1 = k5, c2 = k6, c3 = k7,
        d0 = n, d1 = n0, d2 = n1, d3 = n2;
    for (let round = 0; round < 20; round += 2) {
      a0 = (a0 + b0) | 0;
      d0 ^= a0;
      d0 = (d0 << 16) | (d0 >>> 16);
      a1 = (a1 + b1) | 0;
      d1 ^= a1;
      d1 = (d1 << 16) | (d1 >>> 16);
      a2 = (a2 + b2) | 0;
      d2 ^= a2;
      d2 = (d2 << 16) | (d2 >>> 16);
      a3 = (a3 + b3) | 0;
      d3 ^= a3;
      d3 = (d3 << 16) | (d3 >>> 16);
      c0 = (c0 + d0) | 0;
      b0 ^= c0;
      b0 = (b0 << 12) | (b0 >>> 20);
      c1 = (c1 + d1) | 0;
      b1 ^= c1;
      b1 = (b1 << 12) | (b1 >>> 20);
      c2 = (c2 + d2) | 0;
      b2 ^= c2;
      b2 = (b2 << 12) | (b2 >>> 20);
      c3 = (c3 + d3) | 0;
      b3 ^= c3;
      b3 = (b3 << 12) | (b3 >>> 20);
      a0 = (a0 + b0) | 0;
      d0 ^= a0;
      d0 = (d0 << 8) | (d0 >>> 24);
      a1 = (a1 + b1) | 0;
      d1 ^= a1;
      d1 = (d1 << 8) | (d1 >>> 24);
      a2 = (a2 + b2) | 0;
      d2 ^= a2;
      d2 = (d2 << 8) | (d2 >>> 24);
      a3 = (a3 + b3) | 0;
      d3 ^= a3;
      d3 = (d3 << 8) | (d3 >>> 24);
      c0 = (c0 + d0) | 0;
      b0 ^= c0;
      b0 = (b0 << 7) | (b0 >>> 25);
      c1 = (c1 + d1) | 0;
      b1 ^= c1;
      b1 = (b1 << 7) | (b1 >>> 25);
      c2 = (c2 + d2) | 0;
      b2 ^= c2;
      b2 = (b2 << 7) | (b2 >>> 25);
      c3 = (c3 + d3) | 0;
      b3 ^= c3;
      b3 = (b3 << 7) | (b3 >>> 25);
      a0 = (a0 + b1) | 0;
      d3 ^= a0;
      d3 = (d3 << 16) | (d3 >>> 16);
      a1 = (a1 + b2) | 0;
      d0 ^= a1;
      d0 = (d0 << 16) | (d0 >>> 16);
      a2 = (a2 + b3) | 0;
      d1 ^= a2;
      d1 = (d1 << 16) | (d1 >>> 16);
      a3 = (a3 + b0) | 0;
      d2 ^= a3;
      d2 = (d2 << 16) | (d2 >>> 16);
      c2 = (c2 + d3) | 0;
      b1 ^= c2;
      b1 = (b1 << 12) | (b1 >>> 20);
      c3 = (c3 + d0) | 0;
      b2 ^= c3;
      b2 = (b2 << 12) | (b2 >>> 20);
      c0 = (c0 + d1) | 0;
      b3 ^= c0;
      b3 = (b3 << 12) | (b3 >>> 20);
      c1 = (c1 + d2) | 0;
      b0 ^= c1;
      b0 = (b0 << 12) | (b0 >>> 20);
      a0 = (a0 + b1) | 0;
      d3 ^= a0;
      d3 = (d3 << 8) | (d3 >>> 24);
      a1 = (a1 + b2) | 0;
      d0 ^= a1;
      d0 = (d0 << 8) | (d0 >>> 24);
      a2 = (a2 + b3) | 0;
      d1 ^= a2;
      d1 = (d1 << 8) | (d1 >>> 24);
      a3 = (a3 + b0) | 0;
      d2 ^= a3;
      d2 = (d2 << 8) | (d2 >>> 24);
      c2 = (c2 + d3) | 0;
      b1 ^= c2;
      b1 = (b1 << 7) | (b1 >>> 25);
      c3 = (c3 + d0) | 0;
      b2 ^= c3;
      b2 = (b2 << 7) | (b2 >>> 25);
      c0 = (c0 + d1) | 0;
      b3 ^= c0;
      b3 = (b3 << 7) | (b3 >>> 25);
      c1 = (c1 + d2) | 0;
      b0 ^= c1;
      b0 = (b0 << 7) | (b0 >>> 25);
    }
    (words[at] as number) ^= a0 + S0;
    (words[at + 1] as number) ^= a1 + S1;
    (words[at + 2] as number) ^= a2 + S2;
    (words[at + 3] as number) ^= a3 + S3;
    (words[at + 4] as number) ^= b0 + k0;
    (words[at + 5] as number) ^= b1 + k1;
    (words[at + 6] as number) ^= b2 + k2;
    (words[at + 7] as number) ^= b3 + k3;
    (words[at + 8] as number) ^= c0 + k4;
    (words[at + 9] as number) ^= c1 + k5;
    (words[at + 10] as number) ^= c2 + k6;
    (words[at + 11] as number) ^= c3 + k7;
    (words[at + 12] as number) ^= d0 + n;
    (words[at + 13] as number) ^= d1 + n0;
    (words[at + 14] as number) ^= d2 + n1;
    (words[at + 15] as number) ^= d3 + n2;
    n = (n + 1) | 0;
  }
}
