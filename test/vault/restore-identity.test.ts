import { describe, expect, it } from 'vitest';
import type { Store } from '../../src/storage/contract.js';
import { memoryStore } from '../../src/storage/memory.js';
import { openIdentity, openIdentityOver } from '../../src/vault/open-identity.js';
import { IDENTITY_KEY } from '../../src/vault/record.js';
import { restoreIdentity, restoreIdentityOver } from '../../src/vault/restore-identity.js';
import { keylessStore, webKitStore } from './stores.js';

const FEW = 10;
const passphrase = 'correct horse';

async function backedUp() {
  let file = '';
  let phrase = '';
  const store = memoryStore();
  const { identity } = await openIdentityOver(
    store,
    {
      async onCreate(backup) {
        file = await backup.encryptedFile(passphrase);
        phrase = (await backup.recoveryPhrase()).words.join(' ');
      },
    },
    FEW,
  );
  return { store, did: identity.did, file, phrase };
}

describe('restoreIdentity', () => {
  it('gives the same DID on another device: from the phrase, from the file', async () => {
    const { did, file, phrase } = await backedUp();
    for (const source of [{ phrase }, { file, passphrase }]) {
      for (const store of [memoryStore(), webKitStore()]) {
        const restored = await restoreIdentityOver(store, source, {}, FEW);
        expect(restored).toMatchObject({ created: true, persistence: 'best-effort', identity: { did } });
        expect(await openIdentity(store)).toMatchObject({ created: false, identity: { did } });
        expect(await store.keys()).toEqual([IDENTITY_KEY]);
      }
    }
  });

  it('gives the same DID after the storage was evicted', async () => {
    const { store, did, phrase } = await backedUp();
    for (const key of await store.keys()) await store.delete(key);
    expect((await restoreIdentity(store, { phrase })).identity.did).toBe(did);
  });

  it('leaves a store that has the identity already as it is', async () => {
    const { store, did, phrase } = await backedUp();
    const record = await store.get(IDENTITY_KEY);
    expect(await restoreIdentity(store, { phrase })).toMatchObject({ created: false, identity: { did } });
    expect(await store.get(IDENTITY_KEY)).toBe(record);
  });

  it('refuses to overwrite another identity, unless told so dangerously', async () => {
    const { did, phrase } = await backedUp();
    const store = memoryStore();
    const other = await openIdentity(store);
    const occupied = { name: 'VaultError', code: 'ERR_VAULT_OCCUPIED' };
    await expect(restoreIdentity(store, { phrase })).rejects.toMatchObject(occupied);
    await expect(restoreIdentity(store, { phrase }, { dangerouslyReplace: false })).rejects.toMatchObject(occupied);
    expect((await openIdentity(store)).identity.did).toBe(other.identity.did);

    const replaced = await restoreIdentity(store, { phrase }, { dangerouslyReplace: true });
    expect(replaced).toMatchObject({ created: true, identity: { did } });
    expect((await openIdentity(store)).identity.did).toBe(did);
  });

  it('loses the race to another tab without harm', async () => {
    const { did, phrase, store: same } = await backedUp();
    const other = memoryStore();
    await openIdentity(other);
    const racing = (winner: Store): Store => ({
      ...winner,
      get: async (key) => (key === IDENTITY_KEY ? undefined : winner.get(key)),
    });
    expect(await restoreIdentity(racing(same), { phrase })).toMatchObject({ created: false, identity: { did } });
    await expect(restoreIdentity(racing(other), { phrase })).rejects.toMatchObject({ code: 'ERR_VAULT_OCCUPIED' });
  });

  it('refuses to overwrite a damaged record, unless told so dangerously', async () => {
    const { did, phrase } = await backedUp();
    const store = memoryStore();
    const damaged = { format: 'ringline-identity', version: 1, did };
    await store.set(IDENTITY_KEY, damaged);
    await expect(restoreIdentity(store, { phrase })).rejects.toMatchObject({ code: 'ERR_VAULT_DAMAGED' });
    expect(await store.get(IDENTITY_KEY)).toBe(damaged);
    expect((await restoreIdentity(store, { phrase }, { dangerouslyReplace: true })).identity.did).toBe(did);
  });

  it('stores nothing from a backup that does not open', async () => {
    const { file, phrase } = await backedUp();
    const store = memoryStore();
    const attempts = [
      [{ phrase: phrase.split(' ').reverse().join(' ') }, 'ERR_VAULT_PHRASE'],
      [{ file, passphrase: 'wrong' }, 'ERR_VAULT_PASSPHRASE'],
      [{ file: '{}', passphrase }, 'ERR_VAULT_BACKUP'],
    ] as const;
    for (const [source, code] of attempts) {
      await expect(restoreIdentityOver(store, source, {}, FEW)).rejects.toMatchObject({ name: 'VaultError', code });
      const replace = { dangerouslyReplace: true };
      await expect(restoreIdentityOver(store, source, replace, FEW)).rejects.toMatchObject({
        name: 'VaultError',
        code,
      });
    }
    expect(await store.keys()).toEqual([]);
  });

  it('says so where keys do not survive', async () => {
    const { phrase } = await backedUp();
    const store = keylessStore();
    await expect(restoreIdentity(store, { phrase })).rejects.toMatchObject({ code: 'ERR_IDENTITY_UNSUPPORTED' });
    expect(await store.keys()).toEqual([]);
  });

  it('names the argument that is wrong', async () => {
    await expect(restoreIdentity({} as never, { phrase: '' })).rejects.toThrow(TypeError);
    for (const source of [undefined, null, 'words', {}, { phrase: 7 }, { file: 'x' }, { file: 7, passphrase }]) {
      await expect(restoreIdentity(memoryStore(), source as never)).rejects.toThrow(TypeError);
    }
    await expect(restoreIdentity(memoryStore(), { file: '{}', passphrase: '' })).rejects.toThrow(RangeError);
  });
});
