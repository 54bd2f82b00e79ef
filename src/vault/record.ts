// What the vault keeps, and how it is opened again: two keys that nobody can read, or, where such keys do not survive
// storage, the seed under one. WebKit stores X25519 keys as null, Bun and workerd store no key at all.

import { randomBytes } from '../bytes/random.js';
import { encodeUtf8 } from '../bytes/utf8.js';
import { wipe } from '../bytes/wipe.js';
import { encodeBase64url } from '../codec/base64url.js';
import { IdentityError, StorageError, VaultError } from '../errors.js';
import type { Did, Identity } from '../identity/identity.js';
import { type IdentityKeys, identityFromKeys, importIdentityKeys } from '../identity/key-identity.js';
import { proveIdentity } from '../identity/prove.js';
import { identityFromSeed } from '../identity/seed-identity.js';
import type { Store } from '../storage/contract.js';
import { generateSealingKey, openSeed, type Sealed, sealSeed } from './sealing.js';

/** Where the identity of a store is kept. */
export const IDENTITY_KEY = 'ringline.identity';

const FORMAT = 'ringline-identity';
const VERSION = 1;

interface Header {
  readonly format: typeof FORMAT;
  readonly version: typeof VERSION;
  readonly did: Did;
}

interface KeysRecord extends Header, IdentityKeys {
  readonly kind: 'keys';
}

interface SealedRecord extends Header, Sealed {
  readonly kind: 'sealed';
  /** AES-256-GCM, not extractable. */
  readonly key: CryptoKey;
}

/** A stored identity. */
export type IdentityRecord = KeysRecord | SealedRecord;

/**
 * Makes the record of a seed that this runtime and this store can keep, and proves that they do by reading one back.
 *
 * @param seed 32 bytes. Borrowed until the promise settles.
 * @param did The DID of the seed.
 * @throws {IdentityError} ERR_IDENTITY_UNSUPPORTED: no key survives here.
 * @throws {StorageError} the store failed for another reason.
 */
export async function makeRecord(store: Store, seed: Uint8Array, did: Did): Promise<IdentityRecord> {
  for (const make of [makeKeysRecord, makeSealedRecord]) {
    // A runtime that lacks a curve, or has no WebCrypto at all, makes none.
    const record = await make(seed, did).catch(() => undefined);
    if (record !== undefined && (await survives(store, record))) return record;
  }
  throw new IdentityError(
    'ERR_IDENTITY_UNSUPPORTED',
    'keys cannot be kept here: use identityFromSeed or identityFromBackup, or a page of a secure origin',
  );
}

/**
 * Opens a record, and proves that what is in it answers for its DID.
 *
 * @param value As read from a store.
 * @throws {VaultError} ERR_VAULT_DAMAGED: not a record of a known version, a key is missing, or keys and DID differ.
 */
export async function openRecord(value: unknown): Promise<Identity> {
  if (!isRecord(value)) throw damaged();
  try {
    const identity = value.kind === 'keys' ? identityFromKeys(value.did, value) : await openSealed(value);
    if (identity.did !== value.did) throw damaged();
    await proveIdentity(identity);
    return identity;
  } catch (cause) {
    // Cryptography says no. Anything else, such as code that did not load, says nothing about the record.
    if (cause instanceof IdentityError || cause instanceof DOMException) throw damaged({ cause });
    throw cause;
  }
}

async function makeKeysRecord(seed: Uint8Array, did: Did): Promise<KeysRecord> {
  return { format: FORMAT, version: VERSION, kind: 'keys', did, ...(await importIdentityKeys(seed)) };
}

async function makeSealedRecord(seed: Uint8Array, did: Did): Promise<SealedRecord> {
  const key = await generateSealingKey();
  const sealed = await sealSeed(key, seed, () => covered(did));
  return { format: FORMAT, version: VERSION, kind: 'sealed', did, key, ...sealed };
}

async function openSealed(record: SealedRecord): Promise<Identity> {
  const seed = await openSeed(record.key, record, covered(record.did));
  try {
    return await identityFromSeed(seed);
  } finally {
    wipe(seed);
  }
}

/** Writes a record under a name of its own, reads it back and opens it: some stores lose keys without a word. */
async function survives(store: Store, record: IdentityRecord): Promise<boolean> {
  const probe = `${IDENTITY_KEY}.probe.${encodeBase64url(randomBytes(9))}`;
  try {
    await store.set(probe, record);
    await openRecord(await store.get(probe));
    return true;
  } catch (error) {
    const refusal = error instanceof StorageError ? (error.cause as Error | undefined)?.name : undefined;
    if (error instanceof VaultError || refusal === 'DataCloneError') return false;
    throw error;
  } finally {
    // The verdict stands even if the probe stays behind: it holds nothing that the record does not.
    await store.delete(probe).catch(() => {});
  }
}

/** What a seal covers. */
function covered(did: Did): Uint8Array<ArrayBuffer> {
  return encodeUtf8(JSON.stringify([FORMAT, VERSION, did]));
}

function isRecord(value: unknown): value is IdentityRecord {
  if (typeof value !== 'object' || value === null) return false;
  const record = value as Partial<Record<keyof KeysRecord | keyof SealedRecord, unknown>>;
  if (record.format !== FORMAT || record.version !== VERSION || typeof record.did !== 'string') return false;
  if (record.kind === 'keys') return isKey(record.signing) && isKey(record.agreement);
  const bytes = record.iv instanceof Uint8Array && record.sealed instanceof Uint8Array;
  return record.kind === 'sealed' && bytes && isKey(record.key);
}

function isKey(value: unknown): boolean {
  // Pages of an insecure origin do not even have the class.
  return typeof CryptoKey === 'function' && value instanceof CryptoKey;
}

function damaged(options?: ErrorOptions): VaultError {
  return new VaultError(
    'ERR_VAULT_DAMAGED',
    'the stored identity is damaged or of a newer version; nothing was changed. Restore it from a backup',
    options,
  );
}
