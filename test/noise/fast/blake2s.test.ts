import { blake2s as nobleBlake2s } from '@noble/hashes/blake2.js';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { blake2s } from '../../../src/noise/fast/blake2s.js';
import { hex } from '../../support/hex.js';
import { pseudoRandom } from '../support.js';

vi.setConfig({ testTimeout: 120_000 }); // for the long runs

describe('BLAKE2s', () => {
  it('RFC 7693, appendix B', () => {
    expect(hex(blake2s(new TextEncoder().encode('abc')))).toBe(
      '508c5e8c327c14e2e1a72ba34eeb452f37458b209ed63a294d999b4c86675982',
    );
  });

  it('agrees with noble on every length from 0 to 200, and some beyond', () => {
    for (const bytes of [...Array(201).keys(), 1023, 1024, 1025, 65_536]) {
      const data = pseudoRandom(bytes, bytes);
      expect(hex(blake2s(data))).toBe(hex(nobleBlake2s(data)));
    }
  });

  it('agrees with noble on extreme bytes', () => {
    for (const byte of [0x00, 0x7f, 0x80, 0xfe, 0xff]) {
      for (const bytes of [1, 32, 63, 64, 65, 128, 192]) {
        const data = new Uint8Array(bytes).fill(byte);
        expect(hex(blake2s(data))).toBe(hex(nobleBlake2s(data)));
      }
    }
  });

  it('does not care how the data is parted', () => {
    const parts = fc.array(fc.uint8Array({ maxLength: 150 }), { maxLength: 6 });
    fc.assert(
      fc.property(parts, (arrays) => {
        expect(hex(blake2s(...arrays))).toBe(hex(nobleBlake2s(Uint8Array.from(arrays.flatMap((a) => [...a])))));
      }),
      { numRuns: process.env.RINGLINE_LONG === '1' ? 20_000 : 300 },
    );
  });
});
