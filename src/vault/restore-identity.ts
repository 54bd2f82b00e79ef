// An identity from its backup, on another device or after the storage was lost: the same DID again.

import { wipe } from '../bytes/wipe.js';
import { VaultError } from '../errors.js';
import { identityFromSeed } from '../identity/seed-identity.js';
import type { Store } from '../storage/contract.js';
import { readBackupFile } from './backup-file.js';
import { assertStore, type OpenedIdentity, opened } from './open-identity.js';
import { IDENTITY_KEY, makeRecord, openRecord } from './record.js';
import { readRecoveryPhrase } from './recovery-phrase.js';

/** A backup: the words, or the file and its passphrase. */
export type BackupSource =
  | { readonly phrase: string }
  | {
      /** Text of the file that `encryptedFile` made. */
      readonly file: string;
      readonly passphrase: string;
    };

/** Options of {@link restoreIdentity}. */
export interface RestoreIdentityOptions {
  /**
   * Overwrites what is stored, even another identity: without a backup of its own that one is lost for good. Also the
   * way past a damaged record. Default false.
   */
  readonly dangerouslyReplace?: boolean;
}

/**
 * Restores an identity into a store. A store that has it already is left as it is.
 *
 * @throws {VaultError} ERR_VAULT_OCCUPIED: the store holds another identity. ERR_VAULT_DAMAGED: it holds one that cannot
 *   be opened. ERR_VAULT_PHRASE, ERR_VAULT_BACKUP, ERR_VAULT_PASSPHRASE: the backup. Nothing is stored in any case.
 * @throws {IdentityError} ERR_IDENTITY_UNSUPPORTED: no key survives in this runtime or store.
 * @throws {StorageError} the store.
 * @throws {TypeError | RangeError} an argument.
 */
export function restoreIdentity(
  store: Store,
  source: BackupSource,
  options: RestoreIdentityOptions = {},
): Promise<OpenedIdentity> {
  return restoreIdentityOver(store, source, options);
}

/** {@link restoreIdentity} with a seam for tests: the fewest iterations accepted. */
export async function restoreIdentityOver(
  store: Store,
  source: BackupSource,
  { dangerouslyReplace = false }: RestoreIdentityOptions,
  minIterations?: number,
): Promise<OpenedIdentity> {
  assertStore(store);
  const seed = await readSource(source, minIterations);
  try {
    const { did } = await identityFromSeed(seed);
    if (dangerouslyReplace) {
      const record = await makeRecord(store, seed, did);
      await store.set(IDENTITY_KEY, record);
      return await opened(store, await openRecord(record), true);
    }
    // Looked at before anything is written, then once more as it is written.
    const present = await store.get(IDENTITY_KEY);
    const { value, written } =
      present === undefined
        ? await store.putIfAbsent(IDENTITY_KEY, await makeRecord(store, seed, did))
        : { value: present, written: false };
    const identity = await openRecord(value);
    if (identity.did !== did) {
      throw new VaultError(
        'ERR_VAULT_OCCUPIED',
        `the store holds another identity, ${identity.did}; nothing was changed`,
      );
    }
    return await opened(store, identity, written);
  } finally {
    wipe(seed);
  }
}

async function readSource(source: BackupSource, minIterations?: number): Promise<Uint8Array> {
  if (typeof source !== 'object' || source === null || !('phrase' in source || 'file' in source)) {
    throw new TypeError('source must have a phrase, or a file and its passphrase');
  }
  if ('phrase' in source) return readRecoveryPhrase(source.phrase);
  const { seed } = await readBackupFile(source.file, source.passphrase, minIterations);
  return seed;
}
