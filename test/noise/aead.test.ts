// Both AEADs of the suites, in place, against noble's own wrapper, Wycheproof and hostile use.

import { chacha20poly1305 } from '@noble/ciphers/chacha.js';
import { describe, expect, it, vi } from 'vitest';
import * as fast from '../../src/noise/fast/aead.js';
import * as noble from '../../src/noise/noble-aead.js';
import { HEADROOM_BYTES, TAG_BYTES, TAILROOM_BYTES } from '../../src/noise/suite.js';
import wycheproof from '../../vectors/wycheproof/chacha20_poly1305_test.json' with { type: 'json' };
import { hex, unhex } from '../support/hex.js';
import {
  dataIn,
  EMPTY,
  expectSame,
  faultOf,
  laidOut,
  laidOutSealed,
  nonceOf,
  pseudoRandom,
  SUITES,
} from './support.js';

vi.setConfig({ testTimeout: 120_000 }); // for the long runs

const LONG = process.env.RINGLINE_LONG === '1';

/** Sealing and opening under any nonce, beneath the counters. */
const ANY_NONCE = [
  {
    name: 'noble',
    seal: noble.sealInPlace,
    open: noble.openInPlace,
  },
  {
    name: 'fast',
    seal: (key: Uint8Array, nonce: Uint8Array, ad: Uint8Array, buffer: Uint8Array, dataBytes: number) =>
      fast.sealInPlace(wordsOf(key), wordsOf(nonce), ad, buffer, viewOf(buffer), dataBytes),
    open: (key: Uint8Array, nonce: Uint8Array, ad: Uint8Array, buffer: Uint8Array, dataBytes: number) =>
      fast.openInPlace(wordsOf(key), wordsOf(nonce), ad, buffer, viewOf(buffer), dataBytes),
  },
];

function wordsOf(bytes: Uint8Array): Int32Array {
  return new Int32Array(new Uint8Array(bytes).buffer);
}

function viewOf(buffer: Uint8Array): Int32Array {
  return new Int32Array(buffer.buffer, buffer.byteOffset, buffer.length >> 2);
}

describe.each(ANY_NONCE)('Wycheproof, $name', ({ seal, open }) => {
  const tests = wycheproof.testGroups.flatMap((group) => (group.ivSize === 96 ? group.tests : []));

  it('has the vectors', () => {
    expect(tests.length).toBeGreaterThan(300);
  });

  it.each(tests)('$tcId $comment', ({ key, iv, aad, msg, ct, tag, result }) => {
    const sealed = laidOutSealed(unhex(ct + tag));
    const bytes = ct.length / 2;
    const genuine = open(unhex(key), unhex(iv), unhex(aad), sealed, bytes);
    expect(genuine).toBe(result === 'valid');
    if (genuine) {
      expect(hex(dataIn(sealed, bytes))).toBe(msg);
      const buffer = laidOut(unhex(msg));
      seal(unhex(key), unhex(iv), unhex(aad), buffer, bytes);
      expect(hex(dataIn(buffer, bytes + TAG_BYTES))).toBe(ct + tag);
    } else {
      expect(sealed.every((byte) => byte === 0)).toBe(true);
    }
  });
});

describe.each(SUITES)('$name AEAD', (suite) => {
  /** Seals and opens in place, and compares with noble's wrapper. */
  function check(key: Uint8Array, counter: number, ad: Uint8Array, data: Uint8Array, offset = 0): void {
    const expected = chacha20poly1305(key, nonceOf(counter), ad).encrypt(data);
    const aead = suite.aead(key);
    const buffer = laidOut(data, offset);
    aead.seal(counter, ad, buffer, data.length);
    expectSame(dataIn(buffer, data.length + TAG_BYTES), expected);
    expect(aead.open(counter, ad, buffer, data.length)).toBe(true);
    expectSame(dataIn(buffer, data.length), data);
  }

  it('agrees with noble on every length from 0 to 399', () => {
    for (let bytes = 0; bytes < 400; bytes++) {
      check(pseudoRandom(32, bytes), bytes, EMPTY, pseudoRandom(bytes, bytes + 1), bytes % 4);
    }
  });

  it('agrees with noble on long frames', () => {
    const lengths = [1000, 4095, 4096, 16_384, 32_769, 65_518, 65_519];
    if (LONG) for (let bytes = 400; bytes < 65_519; bytes += 61) lengths.push(bytes);
    for (const bytes of lengths) check(pseudoRandom(32, bytes), 7, EMPTY, pseudoRandom(bytes, bytes + 1));
  });

  it('agrees with noble under associated data of any length', () => {
    for (let bytes = 0; bytes < 100; bytes++) {
      check(pseudoRandom(32, bytes), 3, pseudoRandom(bytes, bytes + 1), pseudoRandom((bytes * 7) % 90, bytes + 2));
    }
  });

  it('agrees with noble on extreme keys and data', () => {
    for (const k of [0x00, 0x7f, 0x80, 0xfe, 0xff]) {
      for (const d of [0x00, 0x7f, 0x80, 0xfe, 0xff]) {
        for (const bytes of [0, 1, 15, 16, 17, 64, 100, 256]) {
          check(new Uint8Array(32).fill(k), 0, EMPTY, new Uint8Array(bytes).fill(d));
        }
      }
    }
  });

  it('puts the counter into the nonce, 64-bit little-endian', () => {
    const counters = [0, 1, 255, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 32 + 1, 2 ** 48 - 1];
    for (const counter of [...counters, Number.MAX_SAFE_INTEGER]) {
      check(pseudoRandom(32, 1), counter, EMPTY, pseudoRandom(50, 2));
    }
  });

  it('goes on with another buffer, the same memory at another place, and a Node Buffer', () => {
    const key = pseudoRandom(32, 9);
    const data = pseudoRandom(77, 10);
    const expected = chacha20poly1305(key, nonceOf(4)).encrypt(data);
    const aead = suite.aead(Buffer.from(key));
    const room = HEADROOM_BYTES + data.length + TAILROOM_BYTES;
    const memory = new Uint8Array(3 * room);
    const pooled = Buffer.allocUnsafe(room + 8);
    for (const buffer of [
      memory,
      memory.subarray(4, 4 + room),
      memory.subarray(8),
      memory.subarray(5),
      memory,
      pooled,
      pooled.subarray(1),
      pooled.subarray(2, 2 + room),
    ]) {
      buffer.set(data, HEADROOM_BYTES);
      aead.seal(4, EMPTY, buffer, data.length);
      expectSame(dataIn(buffer, expected.length), expected);
      expect(aead.open(4, EMPTY, buffer, data.length)).toBe(true);
      expectSame(dataIn(buffer, data.length), data);
    }
  });

  it('leaves what lies beyond the layout alone', () => {
    for (let bytes = 0; bytes < 140; bytes++) {
      const room = HEADROOM_BYTES + bytes + TAILROOM_BYTES;
      const memory = new Uint8Array(room + 200).fill(0xa5);
      const buffer = memory.subarray(100, 100 + room);
      const aead = suite.aead(pseudoRandom(32, bytes));
      aead.seal(0, EMPTY, buffer, bytes);
      aead.open(0, EMPTY, buffer, bytes);
      expect(memory.subarray(0, 100).every((byte) => byte === 0xa5)).toBe(true);
      expect(memory.subarray(100 + room).every((byte) => byte === 0xa5)).toBe(true);
    }
  });

  it('leaves no key material in the headroom', () => {
    const buffer = laidOut(pseudoRandom(100, 1));
    const aead = suite.aead(pseudoRandom(32, 2));
    aead.seal(0, EMPTY, buffer, 100);
    expect(buffer.subarray(0, HEADROOM_BYTES).every((byte) => byte === 0)).toBe(true);
    aead.open(0, EMPTY, buffer, 100);
    expect(buffer.subarray(0, HEADROOM_BYTES).every((byte) => byte === 0)).toBe(true);
  });

  it.each([0, 1, 16, 63, 64, 100])('refuses every flipped bit of a message of %i bytes and wipes it', (bytes) => {
    const key = pseudoRandom(32, bytes);
    const ad = pseudoRandom(20, 1);
    const sealed = chacha20poly1305(key, nonceOf(5), ad).encrypt(pseudoRandom(bytes, 3));
    const aead = suite.aead(key);
    for (let bit = 0; bit < 8 * sealed.length; bit++) {
      const buffer = laidOutSealed(sealed);
      (buffer[HEADROOM_BYTES + (bit >> 3)] as number) ^= 1 << (bit & 7);
      expect(aead.open(5, ad, buffer, bytes)).toBe(false);
      expect(buffer.every((byte) => byte === 0)).toBe(true);
    }
    expect(aead.open(5, ad, laidOutSealed(sealed), bytes)).toBe(true);
  });

  it('refuses another key, counter, length or associated data', () => {
    const key = pseudoRandom(32, 1);
    const ad = pseudoRandom(32, 2);
    const sealed = chacha20poly1305(key, nonceOf(5), ad).encrypt(pseudoRandom(40, 3));
    const refused = (open: () => boolean) => expect(open()).toBe(false);
    refused(() => suite.aead(pseudoRandom(32, 9)).open(5, ad, laidOutSealed(sealed), 40));
    const aead = suite.aead(key);
    for (const counter of [4, 6, 5 + 2 ** 32, 5 * 2 ** 32]) {
      refused(() => aead.open(counter, ad, laidOutSealed(sealed), 40));
    }
    for (const bytes of [39, 24]) refused(() => aead.open(5, ad, laidOutSealed(sealed), bytes));
    refused(() => aead.open(5, ad, laidOutSealed(new Uint8Array([...sealed, 0])), 41));
    for (const other of [EMPTY, ad.subarray(1), new Uint8Array([...ad, 0]), ad.with(31, 0)]) {
      refused(() => aead.open(5, other, laidOutSealed(sealed), 40));
    }
  });

  it('wants 32 bytes of key, copies them, and forgets them', async () => {
    for (const bytes of [0, 31, 33]) expect(await faultOf(() => suite.aead(new Uint8Array(bytes)))).toBe('RangeError');
    expect(await faultOf(() => suite.aead('k' as never))).toBe('TypeError');
    const key = pseudoRandom(32, 1);
    const aead = suite.aead(key);
    const before = new Uint8Array(key);
    key.fill(0);
    const buffer = laidOut(pseudoRandom(10, 2));
    aead.seal(0, EMPTY, buffer, 10);
    expect(suite.aead(before).open(0, EMPTY, buffer, 10)).toBe(true);
    aead.wipe();
    aead.wipe();
    expect(await faultOf(() => aead.seal(0, EMPTY, buffer, 10))).toBe('ERR_NOISE_DEAD');
    expect(await faultOf(() => aead.open(0, EMPTY, buffer, 10))).toBe('ERR_NOISE_DEAD');
  });

  it('checks the layout before it touches anything', async () => {
    const aead = suite.aead(pseudoRandom(32, 1));
    const buffer = laidOut(new Uint8Array(10));
    for (const dataBytes of [-1, 0.5, 11, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(await faultOf(() => aead.seal(0, EMPTY, buffer, dataBytes))).toBe('RangeError');
      expect(await faultOf(() => aead.open(0, EMPTY, buffer, dataBytes))).toBe('RangeError');
    }
    for (const other of [undefined, [], new ArrayBuffer(200), new Int32Array(200)]) {
      expect(await faultOf(() => aead.seal(0, EMPTY, other as never, 1))).toBe('TypeError');
    }
    expect(buffer.every((byte) => byte === 0)).toBe(true);
  });
});
