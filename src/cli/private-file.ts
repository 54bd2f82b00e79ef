// Files that hold secrets: made for their owner alone, and never written over.

import { access, open, rm } from 'node:fs/promises';
import { VaultError } from '../errors.js';
import { readBoundedFile } from './bounded-file.js';
import { missingFile } from './missing-file.js';

/** Longest file looked at. */
const MAX_BYTES = 65_536;

/**
 * Writes a new file that only its owner can read (mode 0600; Windows keeps its own rules).
 *
 * @throws {VaultError} ERR_VAULT_OCCUPIED: there is a file of that name; it is left as it is.
 * @throws {Error} Node's own, when the file cannot be written; none is left behind.
 */
export async function writePrivateFile(path: string, text: string): Promise<void> {
  const file = await open(path, 'wx', 0o600).catch((error) => {
    throw error.code === 'EEXIST' ? occupied(path) : error;
  });
  try {
    await file.writeFile(text);
    // A power cut must not leave an empty file where the only copy of a key is believed to be.
    await file.sync();
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  } finally {
    await file.close();
  }
}

/**
 * Looks whether a new file could have this name, before a person is asked for anything. What counts is
 * {@link writePrivateFile}.
 *
 * @throws {VaultError} ERR_VAULT_OCCUPIED.
 */
export async function assertFree(path: string): Promise<void> {
  const there = await access(path).then(
    () => true,
    () => false,
  );
  if (there) throw occupied(path);
}

/** What was read, and who else can. */
export interface PrivateFile {
  readonly text: string;
  /** Whether other users of the machine can read it. */
  readonly exposed: boolean;
}

/**
 * Reads a file, or a pipe such as the shell's `<(...)`, of 64 KiB at most.
 *
 * @throws {VaultError} ERR_VAULT_DAMAGED: longer, or neither. @throws {Error} Node's own, such as EACCES; ENOENT says
 *   what to do.
 */
export async function readPrivateFile(path: string): Promise<PrivateFile> {
  const { bytes, exposed } = await readBoundedFile(path, MAX_BYTES).catch((cause) => {
    throw missingFile(path, '"ringline id new" makes one', cause);
  });
  if (bytes === undefined) throw new VaultError('ERR_VAULT_DAMAGED', `${path} is no identity file`);
  return { text: bytes.toString('utf8'), exposed };
}

function occupied(path: string): VaultError {
  return new VaultError('ERR_VAULT_OCCUPIED', `${path} is there already, and is never written over`);
}
