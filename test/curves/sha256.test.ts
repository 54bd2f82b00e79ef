import { createHash } from 'node:crypto';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { sha256 } from '../../src/curves/sha256.js';

afterEach(() => vi.unstubAllGlobals());

describe.each(['with', 'without'])('SHA-256 %s WebCrypto', (how) => {
  it('is that of node:crypto', async () => {
    const { getRandomValues } = crypto;
    if (how === 'without') vi.stubGlobal('crypto', { getRandomValues: getRandomValues.bind(crypto) });
    for (const length of [0, 1, 55, 56, 63, 64, 65, 1000]) {
      const bytes = new Uint8Array(length).fill(length);
      expect(await sha256(bytes)).toEqual(new Uint8Array(createHash('sha256').update(bytes).digest()));
    }
  });
});
