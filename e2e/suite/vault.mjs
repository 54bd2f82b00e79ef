// Identities that stay: the vault over a store, and the contract of the store itself.

import backups from '../../vectors/backup/backup-v1.json' with { type: 'json' };
import { storeCases } from '../contracts/store.mjs';
import { equal, failure, ok, refuses } from './assert.mjs';

/**
 * The contract of stores, over one adapter.
 *
 * @param {string} name @param {() => any} create A store on empty data. @param {(store: any) => any} again
 */
export function storeContract(name, create, again) {
  return storeCases.map((demand) => ({
    name: `${name}: ${demand.name}`,
    run: () => demand.run({ create, again }),
  }));
}

/** @param {any} library */
export function memoryStoreCases({ storage }) {
  return storeContract('memory store', storage.memoryStore, (store) => store);
}

/**
 * The vault over one store.
 *
 * @param {any} library @param {string} name @param {() => any} create A store on empty data.
 */
export function vaultCases({ vault, identity: names }, name, create) {
  const { identityFromBackup, openIdentity, restoreIdentity } = vault;
  return [
    {
      name: `${name}: an identity is made once and found again`,
      async run() {
        const store = create();
        const first = await openIdentity(store);
        const second = await openIdentity(store);
        equal([first.created, second.created], [true, false]);
        equal(second.identity.did, first.identity.did);
        await names.proveIdentity(second.identity);
        equal(await store.keys(), ['ringline.identity']);
      },
    },
    {
      name: `${name}: eight that open at once get the same one`,
      async run() {
        const store = create();
        const opened = await Promise.all(Array.from({ length: 8 }, () => openIdentity(store)));
        equal(new Set(opened.map(({ identity }) => identity.did)).size, 1);
        equal(opened.filter(({ created }) => created).length, 1);
        equal(await store.keys(), ['ringline.identity']);
      },
    },
    {
      name: `${name}: nothing that is stored can be exported`,
      async run() {
        const store = create();
        await openIdentity(store);
        await nothingToExport(await store.get('ringline.identity'));
      },
    },
    {
      name: `${name}: backed up as words and as a file, it comes back elsewhere under its own name`,
      async run() {
        let words;
        let file;
        const { identity } = await openIdentity(create(), {
          async onCreate(backup) {
            const phrase = await backup.recoveryPhrase();
            words = phrase.words.join(' ');
            phrase.dispose();
            file = await backup.encryptedFile('correct horse');
            await refuses(() => backup.recoveryPhrase(), 'ERR_VAULT_BACKUP');
          },
        });
        equal(words.split(' ').length, 24);
        const elsewhere = await restoreIdentity(create(), { phrase: words });
        equal([elsewhere.identity.did, elsewhere.created], [identity.did, true]);
        const fromFile = await restoreIdentity(create(), { file, passphrase: 'correct horse' });
        equal(fromFile.identity.did, identity.did);
        await refuses(() => restoreIdentity(create(), { file, passphrase: 'wrong horse' }), 'ERR_VAULT_PASSPHRASE');
      },
    },
    {
      name: `${name}: a damaged record is an error and is left as it is; another identity is not overwritten`,
      async run() {
        const store = create();
        const damaged = { format: 'ringline-identity', version: 1, kind: 'keys', did: 'did:key:z6Mk' };
        await store.set('ringline.identity', damaged);
        await refuses(() => openIdentity(store), 'ERR_VAULT_DAMAGED');
        equal(await store.get('ringline.identity'), damaged);
        const taken = create();
        const { identity } = await openIdentity(taken);
        const { did, file, passphrase } = knownBackup();
        await refuses(() => restoreIdentity(taken, { file, passphrase }), 'ERR_VAULT_OCCUPIED');
        equal((await openIdentity(taken)).identity.did, identity.did);
        const replaced = await restoreIdentity(taken, { file, passphrase }, { dangerouslyReplace: true });
        equal(replaced.identity.did, did);
      },
    },
    {
      name: `${name}: a known backup file opens to the known identity`,
      async run() {
        const { did, file, passphrase } = knownBackup();
        equal((await identityFromBackup(file, passphrase)).did, did);
      },
    },
  ];
}

/** Every key in a record is beyond reach, and there is nothing else in it that is long enough to be a seed. */
export async function nothingToExport(record) {
  const keys = Object.values(record).filter((value) => value instanceof CryptoKey);
  ok(keys.length > 0, 'there are keys');
  for (const key of keys) {
    ok(!key.extractable, 'extractable');
    for (const format of ['pkcs8', 'raw', 'jwk']) await failure(() => crypto.subtle.exportKey(format, key));
    const wrapping = await crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, ['wrapKey', 'encrypt']);
    const iv = new Uint8Array(12);
    await failure(() => crypto.subtle.wrapKey('pkcs8', key, wrapping, { name: 'AES-GCM', iv }));
  }
  // Sealed under a key of the same record, or no bytes at all.
  const bytes = Object.entries(record).filter(([, value]) => value instanceof Uint8Array);
  equal(bytes.map(([name]) => name).sort(), record.kind === 'sealed' ? ['iv', 'sealed'] : []);
}

function knownBackup() {
  const [{ passphrase, text }] = backups.backups;
  return { did: backups.did, file: text, passphrase };
}
