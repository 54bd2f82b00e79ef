import { expect, it, vi } from 'vitest';
import { withSpareKeys } from '../../src/noise/spare-keys.js';
import type { EphemeralKeyPair } from '../../src/noise/suite.js';
import { nobleSuite } from '../../src/noise/suite-noble.js';

const settled = () => new Promise((resolve) => setImmediate(resolve));

/** A suite whose key pairs are numbered, and made when the test says so. */
function counting() {
  const waiting: (() => void)[] = [];
  const generateKeyPair = vi.fn(async (): Promise<EphemeralKeyPair> => {
    const publicKey = new Uint8Array(32).fill(generateKeyPair.mock.calls.length);
    await new Promise<void>((resolve) => waiting.push(resolve));
    return { publicKey, agree: async () => new Uint8Array(32), wipe() {} };
  });
  const finish = async () => {
    for (const resolve of waiting.splice(0)) resolve();
    await settled();
  };
  return { suite: withSpareKeys({ ...nobleSuite, generateKeyPair }), generateKeyPair, finish };
}

it('gives out each pair once, and makes one where none is ready', async () => {
  const { suite, generateKeyPair, finish } = counting();
  suite.prepare();
  await finish();
  const first = await suite.generateKeyPair();
  expect(generateKeyPair).toHaveBeenCalledTimes(1);
  const second = suite.generateKeyPair();
  await settled();
  await finish();
  expect((await second).publicKey).not.toEqual(first.publicKey);
  expect(generateKeyPair).toHaveBeenCalledTimes(2);
});

it('never makes more than four that nobody uses, however many come and go', async () => {
  const { suite, generateKeyPair, finish } = counting();
  for (let i = 0; i < 1_000; i++) suite.prepare();
  expect(generateKeyPair).toHaveBeenCalledTimes(4);
  await finish();
  for (let i = 0; i < 1_000; i++) suite.prepare();
  expect(generateKeyPair).toHaveBeenCalledTimes(4);
  await suite.generateKeyPair();
  suite.prepare();
  expect(generateKeyPair).toHaveBeenCalledTimes(5);
});

it('waits for no pair that is still in the making', async () => {
  const { suite, generateKeyPair, finish } = counting();
  suite.prepare();
  const needed = suite.generateKeyPair();
  await settled();
  expect(generateKeyPair).toHaveBeenCalledTimes(2);
  await finish();
  await needed;
});

it('forgets a failure: whoever needs a pair hears it, and the next one works', async () => {
  const broken = new Error('no randomness');
  let fail = true;
  const generateKeyPair = async () => {
    if (fail) throw broken;
    return nobleSuite.generateKeyPair();
  };
  const suite = withSpareKeys({ ...nobleSuite, generateKeyPair });
  suite.prepare();
  await settled();
  await expect(suite.generateKeyPair()).rejects.toBe(broken);
  fail = false;
  suite.prepare();
  await settled();
  expect((await suite.generateKeyPair()).publicKey).toHaveLength(32);
});

it('leaves the rest of the suite as it is', () => {
  const suite = withSpareKeys(nobleSuite);
  const [a, b] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)];
  expect(suite.name).toBe('noble');
  expect(suite.hash(a, b)).toEqual(nobleSuite.hash(a, b));
  expect(suite.hkdf(a, b)).toEqual(nobleSuite.hkdf(a, b));
  const buffer = new Uint8Array(64 + 10 + 32).fill(7);
  const sealed = buffer.slice();
  suite.aead(a).seal(3, b, sealed, 10);
  nobleSuite.aead(a).seal(3, b, buffer, 10);
  expect(sealed).toEqual(buffer);
});
