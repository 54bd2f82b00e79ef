import { IDBFactory, IDBKeyRange } from 'fake-indexeddb';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { StorageError } from '../../src/errors.js';
import { didToX25519 } from '../../src/identity/did-key.js';
import type { Identity } from '../../src/identity/identity.js';
import { createIdentity } from '../../src/identity/seed-identity.js';
import { verifyWithDid } from '../../src/identity/verify.js';
import type { Store } from '../../src/storage/contract.js';
import { indexedDb } from '../../src/storage/indexeddb.js';
import { memoryStore } from '../../src/storage/memory.js';
import type { Backup } from '../../src/vault/backup.js';
import { identityOfBackup } from '../../src/vault/backup-file.js';
import { openIdentity, openIdentityOver } from '../../src/vault/open-identity.js';
import { IDENTITY_KEY } from '../../src/vault/record.js';
import { readRecoveryPhrase } from '../../src/vault/recovery-phrase.js';
import { hex } from '../support/hex.js';
import { changingStore, jsonStore, keylessStore, webKitStore } from './stores.js';

const DAMAGED = { name: 'VaultError', code: 'ERR_VAULT_DAMAGED' };
const FEW = 10;

beforeEach(() => {
  vi.stubGlobal('indexedDB', new IDBFactory());
  vi.stubGlobal('IDBKeyRange', IDBKeyRange);
});

afterEach(() => {
  vi.doUnmock('../../src/curves/noble.js');
  vi.doUnmock('../../src/vault/words.js');
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

async function works(identity: Identity): Promise<void> {
  const message = Uint8Array.of(1, 2, 3);
  await verifyWithDid(identity.did, message, await identity.sign(message));
  const other = await createIdentity();
  expect(await identity.agree(didToX25519(other.did))).toEqual(await other.agree(didToX25519(identity.did)));
}

/** The vault as a program finds it that starts now: what the runtime can do is asked once and remembered. */
async function freshModules(): Promise<{ openIdentity: typeof openIdentity }> {
  vi.resetModules();
  return import('../../src/vault/open-identity.js');
}

/** A runtime whose WebCrypto does not know a curve. */
function lackCurve(curve: string): void {
  for (const method of ['importKey', 'generateKey'] as const) {
    const native = crypto.subtle[method].bind(crypto.subtle) as (...all: unknown[]) => Promise<never>;
    const refuse = async (...all: unknown[]) => {
      if (all.includes(curve)) throw new DOMException('no such curve', 'NotSupportedError');
      return native(...all);
    };
    vi.spyOn(crypto.subtle, method).mockImplementation(refuse as never);
  }
}

type Record = { [field: string]: unknown };

const stores: { [name: string]: () => { first: Store; later: Store; kind: string } } = {
  memory() {
    const store = memoryStore();
    return { first: store, later: store, kind: 'keys' };
  },
  IndexedDB: () => ({ first: indexedDb('vault'), later: indexedDb('vault'), kind: 'keys' }),
  'IndexedDB of WebKit, which stores X25519 keys as null': () => ({
    first: webKitStore(indexedDb('vault')),
    later: webKitStore(indexedDb('vault')),
    kind: 'sealed',
  }),
};

describe.each(Object.entries(stores))('openIdentity in %s', (name, make) => {
  const rounds = name === 'IndexedDB' ? 50 : 5;

  it('creates on first use and reopens afterwards', async () => {
    const { first, later, kind } = make();
    const created = await openIdentity(first);
    expect(created.created).toBe(true);
    expect(created.persistence).toBe('best-effort');
    await works(created.identity);

    const reopened = await openIdentity(later);
    expect(reopened.created).toBe(false);
    expect(reopened.identity.did).toBe(created.identity.did);
    await works(reopened.identity);
    expect(await later.keys()).toEqual([IDENTITY_KEY]);
    expect(await later.get(IDENTITY_KEY)).toMatchObject({ kind, version: 1, did: created.identity.did });
  });

  it('stores nothing that can be exported', async () => {
    const { first, later } = make();
    await openIdentity(first);
    const keys = Object.values((await later.get(IDENTITY_KEY)) as Record).filter((value) => value instanceof CryptoKey);
    expect(keys.length).toBeGreaterThan(0);
    for (const key of keys) {
      expect(key.extractable).toBe(false);
      for (const format of ['raw', 'pkcs8', 'jwk'] as const) {
        await expect(crypto.subtle.exportKey(format, key)).rejects.toThrow();
      }
    }
  });

  it('the seed is nowhere in what is stored', async () => {
    const { first, later } = make();
    let seed = '';
    await openIdentity(first, {
      async onCreate(backup) {
        const phrase = await backup.recoveryPhrase();
        seed = hex(await readRecoveryPhrase(phrase.words.join(' ')));
      },
    });
    expect(seed).toHaveLength(64);
    for (const value of Object.values((await later.get(IDENTITY_KEY)) as Record)) {
      if (value instanceof Uint8Array) expect(hex(value)).not.toContain(seed);
    }
  });

  it('of two that open at once, both get the same identity', async () => {
    for (let round = 0; round < rounds; round++) {
      vi.stubGlobal('indexedDB', new IDBFactory());
      const { first, later } = make();
      const onCreate = vi.fn();
      const opened = await Promise.all([first, later].map((store) => openIdentity(store, { onCreate })));
      const [one, two] = opened;
      expect(one?.identity.did).toBe(two?.identity.did);
      expect(opened.filter(({ created }) => created)).toHaveLength(1);
      expect(onCreate).toHaveBeenCalledTimes(1);
      expect(await first.keys()).toEqual([IDENTITY_KEY]);
    }
  }, 60_000);
});

describe('openIdentity where keys do not survive', () => {
  it.each([
    ['a store that cannot clone keys, as in Bun and workerd', keylessStore],
    ['a store of text', jsonStore],
  ])('says so and stores nothing: %s', async (_, make) => {
    const store = make();
    await expect(openIdentity(store)).rejects.toMatchObject({
      name: 'IdentityError',
      code: 'ERR_IDENTITY_UNSUPPORTED',
      message: expect.stringMatching(/identityFromSeed.*identityFromBackup/),
    });
    expect(await store.keys()).toEqual([]);
  });

  it('says so where there is no WebCrypto, as on a page of an insecure origin', async () => {
    vi.stubGlobal('crypto', { getRandomValues: crypto.getRandomValues.bind(crypto) });
    vi.stubGlobal('CryptoKey', undefined);
    const fresh = await freshModules();
    const store = memoryStore();
    await expect(fresh.openIdentity(store)).rejects.toMatchObject({ code: 'ERR_IDENTITY_UNSUPPORTED' });
    expect(await store.keys()).toEqual([]);
    const record = { format: 'ringline-identity', version: 1, kind: 'keys', did: 'did:key:z' };
    await store.set(IDENTITY_KEY, record);
    await expect(fresh.openIdentity(store)).rejects.toMatchObject(DAMAGED);
  });

  it.each(['X25519', 'Ed25519'])('keeps the seed sealed where WebCrypto lacks %s', async (curve) => {
    lackCurve(curve);
    const fresh = await freshModules();
    const store = memoryStore();
    const { identity } = await fresh.openIdentity(store);
    expect(await store.get(IDENTITY_KEY)).toMatchObject({ kind: 'sealed', did: identity.did });
    expect(await fresh.openIdentity(store)).toMatchObject({ created: false, identity: { did: identity.did } });
    vi.restoreAllMocks();
    await works(identity);
    // The same record in a runtime that has grown the curve.
    expect((await openIdentity(store)).identity.did).toBe(identity.did);
  });

  it('passes on what the store fails with, and leaves nothing behind', async () => {
    const failure = new StorageError('ERR_STORAGE_FAILED', 'full', {
      cause: new DOMException('', 'QuotaExceededError'),
    });
    const under = memoryStore();
    const full: Store = { ...under, set: async () => Promise.reject(failure) };
    await expect(openIdentity(full)).rejects.toBe(failure);
    const closed: Store = { ...under, get: async () => Promise.reject(failure) };
    await expect(openIdentity(closed)).rejects.toBe(failure);
    const readOnly: Store = { ...under, putIfAbsent: async () => Promise.reject(failure) };
    await expect(openIdentity(readOnly)).rejects.toBe(failure);
    expect(await under.keys()).toEqual([]);
  });

  it('a probe that cannot be deleted is no failure', async () => {
    const store: Store = { ...memoryStore(), delete: async () => Promise.reject(new Error('no')) };
    expect((await openIdentity(store)).created).toBe(true);
  });
});

describe('openIdentity and damage', () => {
  async function expectRefusalAndNoChange(store: Store, value: unknown): Promise<void> {
    await store.set(IDENTITY_KEY, value);
    const onCreate = vi.fn();
    await expect(openIdentity(store, { onCreate })).rejects.toMatchObject(DAMAGED);
    expect(onCreate).not.toHaveBeenCalled();
    expect(await store.get(IDENTITY_KEY)).toBe(value);
    expect(await store.keys()).toEqual([IDENTITY_KEY]);
  }

  async function recordOf(store: Store): Promise<Record> {
    await openIdentity(store);
    return (await store.get(IDENTITY_KEY)) as Record;
  }

  it('a damaged record is an error and is never overwritten', async () => {
    const store = memoryStore();
    const record = await recordOf(store);
    for (const value of [null, 0, 'text', [], {}, new Uint8Array(32)]) await expectRefusalAndNoChange(store, value);
    for (const field of ['format', 'version', 'kind', 'did', 'signing', 'agreement']) {
      for (const value of [undefined, null, 0, 'x', {}]) {
        await expectRefusalAndNoChange(store, { ...record, [field]: value });
      }
    }
    await expectRefusalAndNoChange(store, { ...record, version: 2 });
  });

  it('keys that answer for another DID are damage', async () => {
    const [store, other] = [memoryStore(), memoryStore()];
    const [record, foreign] = [await recordOf(store), await recordOf(other)];
    for (const field of ['did', 'signing', 'agreement']) {
      await expectRefusalAndNoChange(store, { ...record, [field]: foreign[field] });
    }
    await expectRefusalAndNoChange(store, { ...record, signing: record.agreement, agreement: record.signing });
  });

  it('a sealed record is damaged by any change', async () => {
    const [store, other] = [webKitStore(), webKitStore()];
    const [record, foreign] = [await recordOf(store), await recordOf(other)];
    expect(record.kind).toBe('sealed');
    const plain = memoryStore();
    for (const field of ['did', 'key', 'iv', 'sealed']) {
      for (const value of [foreign[field], undefined, null, new Uint8Array(0), new Uint8Array(60)]) {
        await expectRefusalAndNoChange(plain, { ...record, [field]: value });
      }
    }
    const sealed = (record.sealed as Uint8Array).slice();
    sealed[5] = (sealed[5] as number) ^ 1;
    await expectRefusalAndNoChange(plain, { ...record, sealed });
    await plain.set(IDENTITY_KEY, record);
    expect((await openIdentity(plain)).identity.did).toBe(record.did);
  });

  it('code that does not load is not damage', async () => {
    const store = webKitStore();
    const { identity } = await openIdentity(store);
    lackCurve('X25519');
    const offline = new Error('offline');
    vi.doMock('../../src/curves/noble.js', () => Promise.reject(offline));
    const fresh = await freshModules();
    const error = await fresh.openIdentity(store).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(Error);
    expect(error.code).toBeUndefined();
    vi.restoreAllMocks();
    expect((await openIdentity(store)).identity.did).toBe(identity.did);
  });

  it('keys lost after they were stored are damage', async () => {
    const under = memoryStore();
    await openIdentity(under);
    await expect(openIdentity(webKitStore(under))).rejects.toMatchObject(DAMAGED);
    await openIdentity(under);
  });
});

describe('openIdentity and its backup', () => {
  it('offers it once, while the identity is made', async () => {
    const store = memoryStore();
    const onCreate = vi.fn();
    const { identity } = await openIdentity(store, { onCreate });
    await openIdentity(store, { onCreate });
    expect(onCreate).toHaveBeenCalledTimes(1);
    expect(onCreate.mock.calls[0]?.[0].did).toBe(identity.did);
  });

  it('file and phrase both hold the identity', async () => {
    let file = '';
    let words = '';
    const { identity } = await openIdentityOver(
      memoryStore(),
      {
        async onCreate(backup) {
          file = await backup.encryptedFile('correct horse');
          words = (await backup.recoveryPhrase()).words.join(' ');
        },
      },
      FEW,
    );
    expect((await identityOfBackup(file, 'correct horse', FEW)).did).toBe(identity.did);
    expect(hex(await readRecoveryPhrase(words))).toHaveLength(64);
  });

  it('gives the phrase once', async () => {
    await openIdentity(memoryStore(), {
      async onCreate(backup) {
        await backup.recoveryPhrase();
        await expect(backup.recoveryPhrase()).rejects.toMatchObject({ code: 'ERR_VAULT_BACKUP' });
      },
    });
  });

  it('words that do not load are not the only chance', async () => {
    vi.doMock('../../src/vault/words.js', () => Promise.reject(new Error('offline')));
    const fresh = await freshModules();
    await fresh.openIdentity(memoryStore(), {
      async onCreate(backup) {
        await expect(backup.recoveryPhrase()).rejects.toThrow();
        vi.doUnmock('../../src/vault/words.js');
        expect((await backup.recoveryPhrase()).words).toHaveLength(24);
      },
    });
  });

  it('is over when onCreate has returned, but finishes what was asked for before', async () => {
    let kept: Backup | undefined;
    let late: Promise<string> | undefined;
    const { identity } = await openIdentityOver(
      memoryStore(),
      {
        onCreate(backup) {
          kept = backup;
          late = backup.encryptedFile('correct horse');
        },
      },
      FEW,
    );
    const over = { name: 'VaultError', code: 'ERR_VAULT_BACKUP' };
    await expect(kept?.encryptedFile('correct horse')).rejects.toMatchObject(over);
    await expect(kept?.recoveryPhrase()).rejects.toMatchObject(over);
    expect((await identityOfBackup((await late) ?? '', 'correct horse', FEW)).did).toBe(identity.did);
  });

  it('an error in onCreate is passed on, and the identity stays', async () => {
    const store = memoryStore();
    const failure = new Error('disk full');
    let did = '';
    await expect(
      openIdentity(store, {
        onCreate(backup) {
          did = backup.did;
          throw failure;
        },
      }),
    ).rejects.toBe(failure);
    expect(await openIdentity(store)).toMatchObject({ created: false, identity: { did } });
  });
});

describe('openIdentity', () => {
  it('tells whether the store is kept for good', async () => {
    const store: Store = { ...memoryStore(), persist: async () => 'persisted' };
    expect((await openIdentity(store)).persistence).toBe('persisted');
    expect((await openIdentity(store)).persistence).toBe('persisted');
  });

  it('uses what another tab made while it was busy', async () => {
    const winner = await openIdentityRecord();
    const store: Store = { ...memoryStore(), putIfAbsent: async () => ({ value: winner, written: false }) };
    const onCreate = vi.fn();
    expect(await openIdentity(store, { onCreate })).toMatchObject({ created: false, identity: { did: winner.did } });
    expect(onCreate).not.toHaveBeenCalled();
  });

  it('refuses the damaged record of another tab as well', async () => {
    const store = changingStore((record) => record);
    const late: Store = { ...store, putIfAbsent: async () => ({ value: {}, written: false }) };
    await expect(openIdentity(late)).rejects.toMatchObject(DAMAGED);
  });

  it('names the argument that is wrong', async () => {
    await expect(openIdentity(undefined as never)).rejects.toThrow(TypeError);
    await expect(openIdentity({} as never)).rejects.toThrow(TypeError);
    await expect(openIdentity(memoryStore(), { onCreate: 'x' as never })).rejects.toThrow(TypeError);
  });

  async function openIdentityRecord(): Promise<Record> {
    const store = memoryStore();
    await openIdentity(store);
    return (await store.get(IDENTITY_KEY)) as Record;
  }
});
