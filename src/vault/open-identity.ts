// The identity of a store: made on first use, opened ever after, one for all tabs and workers that share the store.

import { randomBytes } from '../bytes/random.js';
import { wipe } from '../bytes/wipe.js';
import type { Identity } from '../identity/identity.js';
import { identityFromSeed, SEED_BYTES } from '../identity/seed-identity.js';
import type { Persistence, Store } from '../storage/contract.js';
import { type Backup, createBackup } from './backup.js';
import { IDENTITY_KEY, makeRecord, openRecord } from './record.js';

/** Options of {@link openIdentity}. */
export interface OpenIdentityOptions {
  /**
   * Called once in the life of the identity, right after it was made and stored, and awaited: the only time it can be
   * backed up. Not called where another tab made it. What it throws, `openIdentity` rejects with; the identity stays.
   */
  readonly onCreate?: (backup: Backup) => void | Promise<void>;
}

/** An identity from a store. */
export interface OpenedIdentity {
  readonly identity: Identity;
  /** Whether this call put it there. */
  readonly created: boolean;
  /** Whether the runtime promised to keep it, or may evict it: then a backup is the only safety. */
  readonly persistence: Persistence;
}

/**
 * Opens the identity of a store, and makes one where there is none.
 *
 * Its keys cannot be read by anyone, us included: code that runs in the page can use them, but not take them away.
 * Calls at the same time, in any number of tabs, get the same identity.
 *
 * @throws {VaultError} ERR_VAULT_DAMAGED: what is stored cannot be opened. It is left as it is.
 * @throws {IdentityError} ERR_IDENTITY_UNSUPPORTED: no key survives in this runtime or store.
 * @throws {StorageError} the store.
 * @throws {TypeError} an argument of the wrong kind.
 *
 * @example
 * ```ts
 * const { identity, created } = await openIdentity(indexedDb('my-agent'), {
 *   onCreate: async (backup) => save(await backup.encryptedFile(passphrase)),
 * });
 * ```
 */
export function openIdentity(store: Store, options: OpenIdentityOptions = {}): Promise<OpenedIdentity> {
  return openIdentityOver(store, options);
}

/** {@link openIdentity} with a seam for tests: fewer iterations for its backups. */
export async function openIdentityOver(
  store: Store,
  { onCreate }: OpenIdentityOptions,
  iterations?: number,
): Promise<OpenedIdentity> {
  assertStore(store);
  if (onCreate !== undefined && typeof onCreate !== 'function') throw new TypeError('onCreate must be a function');
  const present = await store.get(IDENTITY_KEY);
  if (present !== undefined) return opened(store, await openRecord(present), false);

  const seed = randomBytes(SEED_BYTES);
  try {
    const { did } = await identityFromSeed(seed);
    const { value, written } = await store.putIfAbsent(IDENTITY_KEY, await makeRecord(store, seed, did));
    // Another tab may have been quicker: then its identity is ours too, and this seed never was.
    const identity = await openRecord(value);
    if (written && onCreate !== undefined) {
      const backup = createBackup(seed, did, iterations);
      try {
        await onCreate(backup);
      } finally {
        backup.end();
      }
    }
    return await opened(store, identity, written);
  } finally {
    wipe(seed);
  }
}

/** Completes the result with what the runtime says about keeping the store. */
export async function opened(store: Store, identity: Identity, created: boolean): Promise<OpenedIdentity> {
  return { identity, created, persistence: await store.persist() };
}

/** @throws {TypeError} not a store. */
export function assertStore(value: unknown): asserts value is Store {
  if (typeof (value as Store | null | undefined)?.putIfAbsent !== 'function') {
    throw new TypeError('store must be a Store, such as indexedDb(name)');
  }
}
