import { chacha20 } from '@noble/ciphers/chacha.js';
import { describe, expect, it } from 'vitest';
import { xorKeyStream } from '../../../src/noise/fast/chacha20.js';
import rfc from '../../../vectors/rfc8439/chacha-poly.json' with { type: 'json' };
import { hex, unhex } from '../../support/hex.js';
import { pseudoRandom } from '../support.js';

function wordsOf(bytes: Uint8Array): Int32Array<ArrayBuffer> {
  return new Int32Array(new Uint8Array(bytes).buffer);
}

describe('ChaCha20 key stream', () => {
  it.each(rfc.chacha20)('RFC 8439 $name', ({ key, nonce, block, stream }) => {
    const words = new Int32Array(16);
    xorKeyStream(wordsOf(unhex(key)), wordsOf(unhex(nonce)), block, words, 0, 16);
    expect(hex(new Uint8Array(words.buffer))).toBe(stream);
  });

  it('agrees with noble over many blocks, from any block on, and touches nothing else', () => {
    for (let round = 0; round < 50; round++) {
      const key = pseudoRandom(32, round);
      const nonce = pseudoRandom(12, round + 1000);
      const data = pseudoRandom(64 * (round + 2), round + 2000);
      const first = [0, 1, 2 ** 31 - 2, 2 ** 31, 2 ** 32 - 100][round % 5] as number;
      const words = wordsOf(data);
      xorKeyStream(wordsOf(key), wordsOf(nonce), first, words, 16, words.length - 16);
      const expected = new Uint8Array(data);
      const inside = expected.subarray(64, expected.length - 64);
      chacha20(key, nonce, inside, inside, first);
      expect(hex(new Uint8Array(words.buffer))).toBe(hex(expected));
    }
  });
});
