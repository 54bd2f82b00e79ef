// The one chance to back an identity up: while it is made, its seed is still here.

import { VaultError } from '../errors.js';
import type { Did } from '../identity/identity.js';
import { writeBackupFile } from './backup-file.js';
import { type RecoveryPhrase, writeRecoveryPhrase } from './recovery-phrase.js';

/** What `onCreate` is given. Of no use after it has returned. */
export interface Backup {
  /** The DID of the identity that was made. */
  readonly did: Did;

  /**
   * Encrypts the identity under a passphrase (PBKDF2-SHA256, 600,000 iterations; AES-256-GCM).
   *
   * @param passphrase Not empty; its strength is all that protects the file. Normalised to NFKD.
   * @returns JSON text to keep anywhere; {@link restoreIdentity} and {@link identityFromBackup} read it.
   * @throws {VaultError} ERR_VAULT_BACKUP: `onCreate` has returned.
   * @throws {TypeError | RangeError} the passphrase.
   */
  encryptedFile(passphrase: string): Promise<string>;

  /**
   * Writes the identity as 24 words, once.
   *
   * @throws {VaultError} ERR_VAULT_BACKUP: asked for before, or `onCreate` has returned.
   */
  recoveryPhrase(): Promise<RecoveryPhrase>;
}

/** A {@link Backup} that its maker can end. */
export interface OpenBackup extends Backup {
  /** Later calls are refused. The seed is the maker's to wipe. */
  end(): void;
}

/**
 * Makes a backup of a seed.
 *
 * @param seed 32 bytes. Borrowed until `end`; every call copies it before it waits for anything.
 * @param iterations Fewer than the default for tests only.
 */
export function createBackup(seed: Uint8Array, did: Did, iterations?: number): OpenBackup {
  let ended = false;
  let phraseGiven = false;
  return {
    did,
    async encryptedFile(passphrase) {
      if (ended) throw over();
      return writeBackupFile(seed, did, passphrase, iterations);
    },
    async recoveryPhrase() {
      if (ended) throw over();
      if (phraseGiven) throw new VaultError('ERR_VAULT_BACKUP', 'the recovery phrase is given once');
      phraseGiven = true;
      try {
        return await writeRecoveryPhrase(seed);
      } catch (error) {
        // The words did not load: that must not cost the only chance.
        phraseGiven = false;
        throw error;
      }
    },
    end() {
      ended = true;
    },
  };
}

function over(): VaultError {
  return new VaultError('ERR_VAULT_BACKUP', 'an identity can be backed up only while onCreate runs');
}
