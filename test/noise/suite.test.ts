// What the suites have besides the AEAD, against noble: hash, HKDF, key pairs.

import { blake2s } from '@noble/hashes/blake2.js';
import { expand, extract } from '@noble/hashes/hkdf.js';
import { describe, expect, it } from 'vitest';
import { hex } from '../support/hex.js';
import { EMPTY, faultOf, pseudoRandom, SUITES } from './support.js';

describe.each(SUITES)('$name suite', (suite) => {
  it('hashes the parts as if joined, into fresh bytes', () => {
    const parts = [0, 1, 33, 64, 100, 0, 65].map((bytes) => pseudoRandom(bytes, bytes));
    for (let count = 0; count <= parts.length; count++) {
      const some = parts.slice(0, count);
      const digest = suite.hash(...some);
      expect(hex(digest)).toBe(hex(blake2s(Uint8Array.from(some.flatMap((part) => [...part])))));
      digest.fill(0);
    }
    expect(hex(suite.hash())).toBe(hex(blake2s(EMPTY)));
  });

  it.each([0, 32])('derives two keys from %i bytes of key material as RFC 5869 without info does', (bytes) => {
    for (let round = 0; round < 50; round++) {
      const fill = [0x00, 0x36, 0x5c, 0xff][round];
      const chainingKey = fill === undefined ? pseudoRandom(32, round) : new Uint8Array(32).fill(fill);
      const material = bytes === 0 ? EMPTY : pseudoRandom(bytes, round + 100);
      const [chain, inputs] = [hex(chainingKey), hex(material)];
      const keys = suite.hkdf(chainingKey, material);
      const expected = expand(blake2s, extract(blake2s, material, chainingKey), EMPTY, 64);
      expect(keys.map(hex).join('')).toBe(hex(expected));
      expect([hex(chainingKey), hex(material)]).toEqual([chain, inputs]);
    }
  });

  it('makes a new key pair every time, which agrees until it is wiped', async () => {
    const [a, b] = await Promise.all([suite.generateKeyPair(), suite.generateKeyPair()]);
    expect(a.publicKey).toHaveLength(32);
    expect(a.publicKey).not.toEqual(b.publicKey);
    expect(await a.agree(b.publicKey)).toEqual(await b.agree(a.publicKey));
    a.wipe();
    expect(await faultOf(() => a.agree(b.publicKey))).toBe('ERR_IDENTITY_KEY');
  });
});
