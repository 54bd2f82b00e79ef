import { describe, expect, it } from 'vitest';
import { memoryStore } from '../../src/storage/memory.js';
import { storeCases } from '../contracts/store.js';

describe('memoryStore', () => {
  it.each(storeCases)('$name', ({ run }) => run({ create: memoryStore, again: (store) => store }));

  it('keeps records by reference', async () => {
    const store = memoryStore();
    const record = { call: () => 1 };
    await store.set('a', record);
    expect(await store.get('a')).toBe(record);
  });
});
