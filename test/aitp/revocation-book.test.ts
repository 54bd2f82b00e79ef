import { describe, expect, it } from 'vitest';
import { type RevocationBookOptions, revocationBook } from '../../src/aitp/revocation-book.js';
import { durableObjectStore } from '../../src/storage/durable-object.js';
import { memoryStore } from '../../src/storage/memory.js';
import { fakeDurableStorage } from '../support/durable-storage.js';
import { codeOf, NOW } from './parties.js';

const jti = (number: number) => `550e8400-e29b-41d4-a716-${String(446655440000 + number)}`;

function open(options: Partial<RevocationBookOptions> = {}, store = memoryStore()) {
  const clock = { sec: NOW };
  const book = revocationBook(store, { now: () => clock.sec, ...options });
  const check = (number: number, of = book) =>
    codeOf(of.check({ issuer: 'aid:x', jti: jti(number), grants: ['read'], nowSec: clock.sec }));
  return { clock, book, store, check };
}

describe('a book of revocations', () => {
  it('[16.46] knows a token that was taken back, at once, and again after a restart', async () => {
    const { book, store, check, clock } = open({}, durableObjectStore(fakeDurableStorage()));
    expect(await check(1)).toBe('accepted');
    await book.revoke([{ jti: jti(1), expiresAtSec: NOW + 100 }], 'stolen');
    expect([await check(1), await check(2)]).toEqual(['TCT_REVOKED', 'accepted']);
    const again = revocationBook(store, { now: () => clock.sec });
    expect(await check(1, again)).toBe('TCT_REVOKED');
    expect(await again.entries()).toEqual([{ jti: jti(1), revokedAtSec: NOW, reason: 'stolen' }]);
  });

  it('lists a token until it ends, and then no longer', async () => {
    const { book, store, clock } = open();
    await book.revoke([{ jti: jti(1), expiresAtSec: NOW + 100 }]);
    clock.sec = NOW + 50;
    await book.revoke([
      { jti: jti(1), expiresAtSec: NOW + 900 },
      { jti: jti(2), expiresAtSec: NOW + 50 },
    ]);
    expect(await book.entries()).toEqual([{ jti: jti(1), revokedAtSec: NOW }]);
    clock.sec = NOW + 100;
    expect(await book.entries()).toEqual([]);
    expect(await store.keys()).toEqual([]);
  });

  it('says when it has no room, rather than publish a list that nobody would read', async () => {
    const { book, check, clock } = open({ maxEntries: 2 });
    const three = [1, 2, 3].map((number) => ({ jti: jti(number), expiresAtSec: NOW + 100 }));
    expect(await codeOf(book.revoke(three))).toBe('ERR_LIMIT_EXCEEDED');
    expect([await check(1), await check(2), await check(3)]).toEqual(['TCT_REVOKED', 'TCT_REVOKED', 'accepted']);
    clock.sec = NOW + 100;
    expect(await codeOf(book.revoke([{ jti: jti(3), expiresAtSec: NOW + 200 }]))).toBe('accepted');
  });

  it('a record that somebody wrote over still counts', async () => {
    const { book, store, check } = open();
    await book.revoke([{ jti: jti(1), expiresAtSec: NOW + 100 }]);
    for (const garbage of [0, null, 'x', { expiresAtSec: -1 }, { revokedAtSec: 1.5, expiresAtSec: NOW }]) {
      await store.set(`aitp/revoked/${jti(1)}`, garbage);
      expect(await check(1)).toBe('TCT_REVOKED');
      expect(await book.entries()).toEqual([{ jti: jti(1), revokedAtSec: 0 }]);
    }
  });

  it('lets go of a check that nobody waits for, and refuses what is no token', async () => {
    const { book } = open();
    const reason = new Error('enough');
    const query = { issuer: 'aid:x', jti: jti(1), grants: ['read'], nowSec: NOW };
    await expect(book.check({ ...query, signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    await expect(book.revoke([{ jti: 'x', expiresAtSec: NOW }])).rejects.toThrow(TypeError);
    await expect(book.revoke([{ jti: jti(1), expiresAtSec: 1.5 }])).rejects.toThrow(RangeError);
    expect(() => open({ maxEntries: 0 })).toThrow(RangeError);
    expect(() => open({ prefix: '' })).toThrow(TypeError);
  });
});
