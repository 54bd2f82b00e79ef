import { poly1305 as noblePoly1305 } from '@noble/ciphers/_poly1305.js';
import { describe, expect, it } from 'vitest';
import { poly1305 } from '../../../src/noise/fast/poly1305.js';
import rfc from '../../../vectors/rfc8439/chacha-poly.json' with { type: 'json' };
import { hex, unhex } from '../../support/hex.js';
import { pseudoRandom } from '../support.js';

function tagOf(key: Uint8Array, message: Uint8Array): string {
  const words = new Int32Array(new Uint8Array(message).buffer);
  const tag = new Int32Array(4);
  poly1305(new Int32Array(new Uint8Array(key).buffer), words, 0, words.length, tag);
  return hex(new Uint8Array(tag.buffer));
}

const filled = (bytes: number, byte: number) => new Uint8Array(bytes).fill(byte);

/** A number below 2^128 as 16 little-endian bytes. */
function littleEndian(value: bigint): Uint8Array {
  return Uint8Array.from({ length: 16 }, (_, i) => Number((value >> BigInt(8 * i)) & 0xffn));
}

describe('Poly1305', () => {
  it.each(rfc.poly1305)('RFC 8439 $name', ({ key, message, tag }) => {
    expect(tagOf(unhex(key), unhex(message))).toBe(tag);
  });

  it('agrees with noble on keys and messages of extreme bytes', () => {
    const bytes = [0x00, 0x01, 0x7f, 0x80, 0xfe, 0xff];
    let cases = 0;
    for (const k of bytes) {
      for (const s of bytes) {
        for (const m of bytes) {
          for (const blocks of [1, 2, 3, 5, 17]) {
            const key = new Uint8Array([...filled(16, k), ...filled(16, s)]);
            const message = filled(16 * blocks, m);
            expect(tagOf(key, message)).toBe(hex(noblePoly1305(message, key)));
            cases++;
          }
        }
      }
    }
    expect(cases).toBe(1080);
  });

  it.each([
    [1, 3],
    [2, 6],
  ])('agrees with noble where the sum is next to %i times p', (multiple, blocks) => {
    // With r = 1 the sum is that of the blocks, each with its bit above: p is 2^130 - 5.
    const key = new Uint8Array(32).with(0, 1);
    const top = 2n ** 128n;
    for (let delta = -20n; delta <= 20n; delta++) {
      let rest = BigInt(multiple) * (2n ** 130n - 5n) + delta - BigInt(blocks) * top;
      const message = new Uint8Array(16 * blocks);
      for (let i = 0; i < blocks; i++) {
        const block = rest < top ? rest : top - 1n;
        message.set(littleEndian(block), 16 * i);
        rest -= block;
      }
      expect(rest).toBe(0n);
      expect(tagOf(key, message)).toBe(hex(noblePoly1305(message, key)));
    }
  });

  it('agrees with noble on limbs at their bounds: single bits and single zero bits everywhere', () => {
    for (let bit = 0; bit < 256; bit++) {
      for (const fill of [0x00, 0xff]) {
        const flip = (bytes: Uint8Array, at: number) =>
          bytes.with(at >> 3, (bytes[at >> 3] as number) ^ (1 << (at & 7)));
        const key = flip(filled(32, fill), bit);
        const message = flip(filled(64, 0xff ^ fill), (bit * 2) % 512);
        expect(tagOf(key, message)).toBe(hex(noblePoly1305(message, key)));
        expect(tagOf(key, filled(64, fill))).toBe(hex(noblePoly1305(filled(64, fill), key)));
      }
    }
  });

  it('agrees with noble on pseudo-random messages of up to 4 KiB', () => {
    for (let round = 0; round < 300; round++) {
      const key = pseudoRandom(32, round);
      const message = pseudoRandom(16 * (round % 257), round + 5000);
      expect(tagOf(key, message)).toBe(hex(noblePoly1305(message, key)));
    }
  });
});
