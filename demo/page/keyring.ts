// The identity of this browser: looked for, made, restored, forgotten. It lives in IndexedDB under keys that the page
// can use and not read.

import { type Backup, type Identity, indexedDb, type OpenedIdentity, openIdentity, restoreIdentity } from 'ringline';
import type { BackupSource } from 'ringline/vault';
import { DATABASE } from './database.js';
import { Value } from './value.js';

/** Where the identity came from: just made, brought back from a backup, or found in this browser. */
export type Origin = 'made' | 'restored' | 'found';

/** What is known about the identity. */
export type Keys =
  | { readonly name: 'looking' }
  | { readonly name: 'none' }
  | { readonly name: 'broken'; readonly error: unknown }
  | {
      readonly name: 'open';
      readonly identity: Identity;
      readonly origin: Origin;
      readonly tookMs: number;
      /** Whether the browser promised to keep it. */
      readonly persisted: boolean;
    };

/** Keeps the one identity of the page. */
export class Keyring {
  readonly keys = new Value<Keys>({ name: 'looking' });
  /** The one chance to back up, right after an identity was made; gone with {@link endBackup} or a reload. */
  readonly backup = new Value<Backup | undefined>(undefined);
  readonly #store = indexedDb(DATABASE);
  #endBackup: () => void = () => {};

  /** Opens what is stored, if anything is. */
  async look(): Promise<void> {
    await this.#attempt(async () => {
      if ((await this.#store.keys()).length === 0) return this.keys.set({ name: 'none' });
      const startedAt = performance.now();
      const opened = await openIdentity(this.#store);
      this.#show(opened, 'found', performance.now() - startedAt);
    });
  }

  /** Makes an identity. Its secret stays within reach of {@link backup} until {@link endBackup}. */
  async make(): Promise<void> {
    await this.#attempt(
      () =>
        new Promise((shown, failed) => {
          const startedAt = performance.now();
          const ended = new Promise<void>((end) => {
            this.#endBackup = end;
          });
          const onCreate = async (backup: Backup) => {
            const tookMs = performance.now() - startedAt;
            // It is stored already, and opens a second time while the first opening waits for the backup.
            this.#show(await openIdentity(this.#store), 'made', tookMs);
            this.backup.set(backup);
            shown();
            await ended;
          };
          openIdentity(this.#store, { onCreate })
            .then((opened) => {
              // Another tab was quicker, so nobody called `onCreate`.
              if (!opened.created) this.#show(opened, 'found', performance.now() - startedAt);
            })
            .then(shown, failed)
            .finally(() => this.backup.set(undefined));
        }),
    );
  }

  /** Gives up the chance to back up. */
  endBackup(): void {
    this.#endBackup();
  }

  /**
   * Restores an identity from its words or its file, in the place of a damaged one if need be.
   *
   * @throws {VaultError} the backup cannot be read; nothing is changed.
   */
  async restore(source: BackupSource): Promise<void> {
    const startedAt = performance.now();
    const dangerouslyReplace = this.keys.current.name === 'broken';
    const opened = await restoreIdentity(this.#store, source, { dangerouslyReplace });
    this.#show(opened, 'restored', performance.now() - startedAt);
  }

  /** Removes the identity from this browser. */
  async forget(): Promise<void> {
    this.endBackup();
    await this.#attempt(async () => {
      for (const key of await this.#store.keys()) await this.#store.delete(key);
      this.keys.set({ name: 'none' });
    });
  }

  #show({ identity, persistence }: OpenedIdentity, origin: Origin, tookMs: number): void {
    this.keys.set({ name: 'open', identity, origin, tookMs, persisted: persistence === 'persisted' });
  }

  async #attempt(action: () => Promise<void>): Promise<void> {
    try {
      await action();
    } catch (error) {
      this.keys.set({ name: 'broken', error });
    }
  }
}
