// A seed in a text file under a passphrase: what a person keeps elsewhere, or a server is handed. Versioned; the seal
// covers every field, so that a changed one is the same failure as a wrong passphrase.

import { assertString } from '../bytes/assert.js';
import { randomBytes } from '../bytes/random.js';
import { encodeUtf8 } from '../bytes/utf8.js';
import { wipe } from '../bytes/wipe.js';
import { decodeBase64url, encodeBase64url } from '../codec/base64url.js';
import { VaultError } from '../errors.js';
import type { Did, Identity } from '../identity/identity.js';
import { identityFromSeed } from '../identity/seed-identity.js';
import { assertPassphrase, derivePassphraseKey, MAX_ITERATIONS, MIN_ITERATIONS, SALT_BYTES } from './passphrase-key.js';
import { IV_BYTES, importSealingKey, openSeed, SEALED_BYTES, sealSeed } from './sealing.js';

const FORMAT = 'ringline-backup';
const VERSION = 1;
const KDF = 'PBKDF2-SHA256';
const CIPHER = 'A256GCM';
const MAX_CHARACTERS = 4_096;

/** The file, field by field, in the order in which the seal covers them. Bytes are base64url. */
interface BackupFile {
  readonly format: typeof FORMAT;
  readonly version: typeof VERSION;
  readonly did: Did;
  readonly kdf: typeof KDF;
  readonly iterations: number;
  readonly salt: string;
  readonly cipher: typeof CIPHER;
  readonly iv: string;
  readonly sealed: string;
}

/** What came out of a backup. */
export interface RestoredSeed {
  /** 32 bytes; the caller wipes them. */
  readonly seed: Uint8Array;
  /** The identity of that seed. */
  readonly identity: Identity;
}

/**
 * Writes a backup file.
 *
 * @param seed 32 bytes. Copied at once.
 * @param did The DID of the seed. Not checked.
 * @param passphrase Not empty; NFKD-normalised.
 * @param iterations Fewer than the default for tests only.
 * @returns JSON text, about 400 characters.
 * @throws {TypeError | RangeError} the passphrase.
 */
export async function writeBackupFile(
  seed: Uint8Array,
  did: Did,
  passphrase: string,
  iterations = MIN_ITERATIONS,
): Promise<string> {
  assertPassphrase(passphrase);
  const own = new Uint8Array(seed);
  try {
    const salt = randomBytes(SALT_BYTES);
    const key = await passphraseKey(passphrase, salt, iterations);
    const [format, version, kdf, cipher] = [FORMAT, VERSION, KDF, CIPHER] as const;
    const fields = { format, version, did, kdf, iterations, salt: encodeBase64url(salt), cipher } as const;
    const { iv, sealed } = await sealSeed(key, own, (nonce) => covered({ ...fields, iv: encodeBase64url(nonce) }));
    const file: BackupFile = { ...fields, iv: encodeBase64url(iv), sealed: encodeBase64url(sealed) };
    return `${JSON.stringify(file, null, 2)}\n`;
  } finally {
    wipe(own);
  }
}

/**
 * Reads a backup file.
 *
 * @param text The file. Hostile until it opens.
 * @param passphrase The one it was written with.
 * @param minIterations Fewer than the default for tests only.
 * @throws {VaultError} ERR_VAULT_BACKUP: no backup of this format and version. ERR_VAULT_PASSPHRASE: another
 *   passphrase, or a field was changed; one error for all of these.
 * @throws {TypeError | RangeError} an argument.
 */
export async function readBackupFile(
  text: string,
  passphrase: string,
  minIterations = MIN_ITERATIONS,
): Promise<RestoredSeed> {
  assertString(text, 'file');
  assertPassphrase(passphrase);
  const file = parse(text);
  // Before any work is done at a stranger's bidding.
  if (file.iterations < minIterations || file.iterations > MAX_ITERATIONS) throw refused();
  const salt = decode(file.salt, SALT_BYTES);
  const [iv, sealed] = [decode(file.iv, IV_BYTES), decode(file.sealed, SEALED_BYTES)];
  const key = await passphraseKey(passphrase, salt, file.iterations);
  const seed = await openSeed(key, { iv, sealed }, covered(file)).catch(() => {
    throw refused();
  });
  const identity = await identityFromSeed(seed);
  if (identity.did === file.did) return { seed, identity };
  // The seal holds the two together, but whoever wrote the file may have been wrong about them.
  wipe(seed);
  throw refused();
}

/**
 * Opens the identity in a backup file without storing it, for servers that are handed file and passphrase.
 *
 * @param file Text of the file that `encryptedFile` made.
 * @param passphrase The one it was made with.
 * @throws {VaultError} ERR_VAULT_BACKUP: not a backup file. ERR_VAULT_PASSPHRASE: another passphrase, or a changed file.
 * @throws {TypeError | RangeError} an argument.
 *
 * @example
 * ```ts
 * const agent = await identityFromBackup(await readFile('agent.backup', 'utf8'), env.AGENT_PASSPHRASE);
 * ```
 */
export async function identityFromBackup(file: string, passphrase: string): Promise<Identity> {
  return identityOfBackup(file, passphrase);
}

/** {@link identityFromBackup} with a seam for tests: the fewest iterations accepted. */
export async function identityOfBackup(file: string, passphrase: string, minIterations?: number): Promise<Identity> {
  const { seed, identity } = await readBackupFile(file, passphrase, minIterations);
  wipe(seed);
  return identity;
}

async function passphraseKey(
  passphrase: string,
  salt: Uint8Array<ArrayBuffer>,
  iterations: number,
): Promise<CryptoKey> {
  const raw = await derivePassphraseKey(passphrase, salt, iterations);
  try {
    return await importSealingKey(raw);
  } finally {
    wipe(raw);
  }
}

/** The bytes the seal covers: every field but the seal itself, as a JSON array. */
function covered(file: Omit<BackupFile, 'sealed'>): Uint8Array<ArrayBuffer> {
  const { format, version, did, kdf, iterations, salt, cipher, iv } = file;
  return encodeUtf8(JSON.stringify([format, version, did, kdf, iterations, salt, cipher, iv]));
}

function parse(text: string): BackupFile {
  let value: unknown;
  try {
    value = text.length <= MAX_CHARACTERS && JSON.parse(text);
  } catch {
    // Reported below, without the text.
  }
  if (!isBackupFile(value)) throw new VaultError('ERR_VAULT_BACKUP', 'not a backup file of a version known here');
  return value;
}

function isBackupFile(value: unknown): value is BackupFile {
  if (typeof value !== 'object' || value === null) return false;
  const file = value as Partial<Record<keyof BackupFile, unknown>>;
  const { format, version, kdf, cipher, did, iterations, salt, iv, sealed } = file;
  return (
    format === FORMAT &&
    version === VERSION &&
    kdf === KDF &&
    cipher === CIPHER &&
    Number.isSafeInteger(iterations) &&
    [did, salt, iv, sealed].every((field) => typeof field === 'string')
  );
}

function decode(text: string, bytes: number): Uint8Array<ArrayBuffer> {
  try {
    const decoded = new Uint8Array(decodeBase64url(text));
    if (decoded.length === bytes) return decoded;
  } catch {
    // The same failure as any other changed field.
  }
  throw refused();
}

function refused(): VaultError {
  return new VaultError('ERR_VAULT_PASSPHRASE', 'wrong passphrase, or the backup file was changed');
}
