// An identity in a file, in one of two forms, both JSON:
//
//   {"format":"ringline-identity","version":1,"did":"did:key:z6Mk...","seed":"<32 bytes, base64url>"}
//
// in plain, protected by the file's mode alone; or the vault's backup file, encrypted under a passphrase.

import { wipe } from '../bytes/wipe.js';
import { decodeBase64url, encodeBase64url } from '../codec/base64url.js';
import { isSdkError, VaultError } from '../errors.js';
import { identityFromSeed } from '../identity/seed-identity.js';
import { type RestoredSeed, readBackupFile, writeBackupFile } from '../vault/backup-file.js';
import type { Io } from './io.js';
import { existingPassphrase } from './passphrase.js';
import { readPrivateFile, writePrivateFile } from './private-file.js';

const FORMAT = 'ringline-identity';
const VERSION = 1;

/**
 * Writes a new identity file.
 *
 * @param seed 32 bytes. Borrowed.
 * @param passphrase Encrypts it; without one, the seed stands there in plain.
 * @throws {VaultError} ERR_VAULT_OCCUPIED: the file is there already. @throws {Error} Node's own.
 */
export async function writeIdentityFile(
  path: string,
  seed: Uint8Array,
  did: string,
  passphrase: string | undefined,
): Promise<void> {
  const plain = { format: FORMAT, version: VERSION, did, seed: encodeBase64url(seed) };
  const text =
    passphrase === undefined ? `${JSON.stringify(plain, null, 2)}\n` : await writeBackupFile(seed, did, passphrase);
  await writePrivateFile(path, text);
}

/**
 * Reads an identity file of either form; asks for the passphrase where it takes one.
 *
 * @returns The seed, which the caller wipes, and its identity.
 * @throws {VaultError} ERR_VAULT_DAMAGED: neither form, or the DID is not that of the seed. ERR_VAULT_PASSPHRASE.
 * @throws {UsageError} nobody can type the passphrase. @throws {Error} Node's own, such as ENOENT.
 */
export async function readIdentityFile(path: string, io: Io): Promise<RestoredSeed> {
  const { text, exposed } = await readPrivateFile(path);
  const value = parse(text);
  if (value.format !== FORMAT) return readEncrypted(path, text, io);
  if (exposed) io.err(`ringline: others can read ${path}; keep them out: chmod 600 ${path}\n`);
  const seed = value.version === VERSION ? decodeSeed(value.seed) : undefined;
  if (seed === undefined) throw damaged(path);
  const identity = await identityFromSeed(seed);
  if (identity.did === value.did) return { seed, identity };
  wipe(seed);
  throw damaged(path);
}

async function readEncrypted(path: string, text: string, io: Io): Promise<RestoredSeed> {
  const passphrase = await existingPassphrase(io, path);
  try {
    return await readBackupFile(text, passphrase);
  } catch (error) {
    if (isSdkError(error) && error.code === 'ERR_VAULT_BACKUP') throw damaged(path);
    throw error;
  }
}

function parse(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  } catch {
    // Reported by whoever looks at the value, without the text: it may hold a seed.
  }
  return {};
}

function decodeSeed(text: unknown): Uint8Array | undefined {
  if (typeof text !== 'string') return undefined;
  try {
    const seed = decodeBase64url(text);
    return seed.length === 32 ? seed : undefined;
  } catch {
    return undefined;
  }
}

function damaged(path: string): VaultError {
  return new VaultError('ERR_VAULT_DAMAGED', `${path} is no identity file, or was damaged; it is left as it is`);
}
