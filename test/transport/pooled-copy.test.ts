import { expect, it } from 'vitest';
import { pooledCopy } from '../../src/transport/pooled-copy.js';

it('copies, whatever the length', () => {
  for (const length of [0, 1, 2_047, 2_048, 2_049, 16_384, 65_535]) {
    const bytes = Uint8Array.from({ length }, (_, i) => i);
    const copy = pooledCopy(bytes);
    expect(copy).toEqual(bytes);
    bytes.fill(255);
    if (length > 1) expect(copy[1]).toBe(1);
  }
});

it('never hands out the same place twice', () => {
  const copies = Array.from({ length: 1_000 }, (_, i) => pooledCopy(new Uint8Array(100).fill(i)));
  copies.forEach((copy, i) => {
    expect(copy.every((byte) => byte === (i & 255))).toBe(true);
  });
});

it('shares a slab among short ones, and gives long ones a buffer of their own', () => {
  expect(pooledCopy(new Uint8Array(2_048)).buffer.byteLength).toBe(16_384);
  expect(pooledCopy(new Uint8Array(2_049)).buffer.byteLength).toBe(2_049);
});
