import { describe, expect, it } from 'vitest';
import { CipherState, MAX_MESSAGES, unsafeFirstCounter } from '../../src/noise/cipher-state.js';
import type { AeadKey } from '../../src/noise/suite.js';
import { dataIn, EMPTY, faultOf, laidOut, laidOutSealed, pseudoRandom, SUITES } from './support.js';

const KEY = pseudoRandom(32, 1);

/** An AEAD that writes down the counters it is given and whether it has been wiped. */
function recording(aead: AeadKey) {
  const log = { counters: [] as number[], wiped: false };
  const spy: AeadKey = {
    seal(counter, ...rest) {
      log.counters.push(counter);
      aead.seal(counter, ...rest);
    },
    open(counter, ...rest) {
      log.counters.push(counter);
      return aead.open(counter, ...rest);
    },
    wipe() {
      log.wiped = true;
      aead.wipe();
    },
  };
  return { spy, log };
}

describe.each(SUITES)('CipherState, $name suite', (suite) => {
  const fresh = (first = 0) => {
    const { spy, log } = recording(suite.aead(KEY));
    return { state: new CipherState(spy, { [unsafeFirstCounter]: first }), log };
  };

  /** `count` messages sealed under KEY, each its number repeated. */
  const sealedMessages = (count: number, first = 0) => {
    const { state } = fresh(first);
    return Array.from({ length: count }, (_, i) => state.encryptWithAd(EMPTY, new Uint8Array(40).fill(i)));
  };

  it('seals and opens in place, in order, and counts', () => {
    const { state: send, log } = fresh();
    const { state: receive } = fresh();
    for (let i = 0; i < 20; i++) {
      const buffer = laidOut(pseudoRandom(3 * i, i));
      expect(send.seal(buffer, 3 * i)).toBe(3 * i + 16);
      expect(receive.open(buffer, 3 * i + 16)).toBe(3 * i);
      expect(dataIn(buffer, 3 * i)).toEqual(pseudoRandom(3 * i, i));
      expect([send.messages, receive.messages]).toEqual([i + 1, i + 1]);
    }
    expect(log.counters).toEqual([...Array(20).keys()]);
  });

  it('cannot be told its count', () => {
    const { state } = fresh();
    expect(() => {
      (state as { messages: number }).messages = 5;
    }).toThrow(TypeError);
    expect(Object.keys(state)).toEqual([]);
  });

  it('encryptWithAd and decryptWithAd borrow and return fresh bytes', () => {
    const ad = pseudoRandom(32, 5);
    const plaintext = pseudoRandom(33, 6);
    const sealed = fresh().state.encryptWithAd(ad, plaintext);
    expect(plaintext).toEqual(pseudoRandom(33, 6));
    const copy = new Uint8Array(sealed);
    expect(fresh().state.decryptWithAd(ad, sealed)).toEqual(plaintext);
    expect(sealed).toEqual(copy);
  });

  it('frame with any byte flipped: wiped, refused, and nothing is opened again', async () => {
    const [first, second] = sealedMessages(2) as [Uint8Array, Uint8Array];
    for (let i = 0; i < first.length; i++) {
      const { state, log } = fresh();
      const buffer = laidOutSealed(first.with(i, (first[i] as number) ^ 0x40));
      expect(await faultOf(() => state.open(buffer, first.length))).toBe('ERR_NOISE_DECRYPT');
      expect(buffer.every((byte) => byte === 0)).toBe(true);
      expect(log).toEqual({ counters: [0], wiped: true });
      // Neither the genuine message under the same counter, nor the next one.
      expect(await faultOf(() => state.open(laidOutSealed(first), first.length))).toBe('ERR_NOISE_DEAD');
      expect(await faultOf(() => state.open(laidOutSealed(second), second.length))).toBe('ERR_NOISE_DEAD');
      expect(log.counters).toEqual([0]);
    }
  });

  it.each([
    ['dropped', [0, 2], [undefined, 'ERR_NOISE_DECRYPT']],
    ['duplicated', [0, 0, 1], [undefined, 'ERR_NOISE_DECRYPT', 'ERR_NOISE_DEAD']],
    ['reordered', [1, 0], ['ERR_NOISE_DECRYPT', 'ERR_NOISE_DEAD']],
    ['replayed later', [0, 1, 2, 0], [undefined, undefined, undefined, 'ERR_NOISE_DECRYPT']],
  ])('frame %s ends the state', async (_, order, expected) => {
    const messages = sealedMessages(3);
    const { state } = fresh();
    const faults: (string | undefined)[] = [];
    for (const number of order) {
      const message = messages[number] as Uint8Array;
      faults.push(await faultOf(() => state.open(laidOutSealed(message), message.length)));
    }
    expect(faults).toEqual(expected);
  });

  it.each([0, 1, 15, 65_536])('frame of %i bytes cannot be genuine', async (bytes) => {
    const { state, log } = fresh();
    expect(await faultOf(() => state.open(laidOutSealed(new Uint8Array(bytes)), bytes))).toBe('ERR_NOISE_DECRYPT');
    expect(log).toEqual({ counters: [], wiped: true });
  });

  it('takes the longest message there is, and not one byte more', async () => {
    const { state: send } = fresh();
    const buffer = laidOut(pseudoRandom(65_520, 1));
    expect(await faultOf(() => send.seal(buffer, 65_520))).toBe('RangeError');
    expect(send.seal(buffer, 65_519)).toBe(65_535);
    expect(fresh().state.open(buffer, 65_535)).toBe(65_519);
  });

  it('a rejected argument changes nothing', async () => {
    const { state, log } = fresh();
    const buffer = laidOut(new Uint8Array(10));
    expect(await faultOf(() => state.seal(buffer, 11))).toBe('RangeError');
    expect(await faultOf(() => state.seal(buffer, -1))).toBe('RangeError');
    expect(await faultOf(() => state.seal(buffer, '1' as never))).toBe('TypeError');
    expect(await faultOf(() => state.seal('x' as never, 1))).toBe('TypeError');
    expect(await faultOf(() => state.open(buffer, 11 + 16))).toBe('RangeError');
    expect(await faultOf(() => state.open(buffer, 16.5))).toBe('RangeError');
    expect(await faultOf(() => state.open(undefined as never, 20))).toBe('TypeError');
    expect(state.messages).toBe(0);
    expect(log.wiped).toBe(false);
    expect(state.seal(buffer, 10)).toBe(26);
  });

  it('nonce exhaustion: the ceiling is reached before it is used', async () => {
    const { state, log } = fresh(MAX_MESSAGES - 2);
    const buffer = laidOut(new Uint8Array(10));
    state.seal(buffer, 10);
    state.seal(buffer, 10);
    const before = new Uint8Array(buffer);
    expect(await faultOf(() => state.seal(buffer, 10))).toBe('ERR_NOISE_EXHAUSTED');
    expect(buffer).toEqual(before);
    expect(log).toEqual({ counters: [MAX_MESSAGES - 2, MAX_MESSAGES - 1], wiped: true });
    expect(await faultOf(() => state.seal(buffer, 10))).toBe('ERR_NOISE_DEAD');
    expect(MAX_MESSAGES).toBe(2 ** 48);
  });

  it('nonce exhaustion while receiving', async () => {
    const [last, beyond] = sealedMessages(1, MAX_MESSAGES - 1);
    const { state } = fresh(MAX_MESSAGES - 1);
    expect(state.decryptWithAd(EMPTY, last as Uint8Array)).toHaveLength(40);
    expect(await faultOf(() => state.decryptWithAd(EMPTY, beyond ?? EMPTY))).toBe('ERR_NOISE_EXHAUSTED');
    expect(await faultOf(() => state.decryptWithAd(EMPTY, EMPTY))).toBe('ERR_NOISE_DEAD');
  });

  it('counters cross 2^32 without repeating', () => {
    const { state: send, log } = fresh(2 ** 32 - 3);
    const { state: receive } = fresh(2 ** 32 - 3);
    const seen = new Set<string>();
    for (let i = 0; i < 6; i++) {
      const sealed = send.encryptWithAd(EMPTY, new Uint8Array(32));
      seen.add(sealed.join());
      expect(receive.decryptWithAd(EMPTY, sealed)).toEqual(new Uint8Array(32));
    }
    expect(seen.size).toBe(6);
    expect(new Set(log.counters).size).toBe(6);
  });

  it('is dead after it was wiped', async () => {
    const { state, log } = fresh();
    state.wipe();
    state.wipe();
    expect(log.wiped).toBe(true);
    expect(await faultOf(() => state.seal(laidOut(EMPTY), 0))).toBe('ERR_NOISE_DEAD');
    expect(await faultOf(() => state.open(laidOut(EMPTY), 16))).toBe('ERR_NOISE_DEAD');
  });
});
