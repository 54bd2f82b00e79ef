// Artifacts in IndexedDB, for runtimes in pages and workers: facts in one store, bytes in another, so that counting and
// sweeping load no bytes. ARCP v1.0, section 16.

import type { DBSchema } from 'idb';
import { StorageError } from '../../errors.js';
import { allOf, connection } from '../log/indexeddb-database.js';
import type { ArtifactStore, StoredArtifact } from './contract.js';

type Facts = Omit<StoredArtifact, 'bytes'> & { readonly size: number };

interface ArtifactSchema extends DBSchema {
  facts: { key: string; value: Facts; indexes: { 'by-principal': string; 'by-expiry': number } };
  bytes: { key: string; value: Uint8Array<ArrayBuffer> };
}

const VERSION = 1;
/** Artifacts that a sweep removes in one transaction. */
const SWEEP_STEP = 256;

/**
 * Opens a store of artifacts in an IndexedDB database of its own, at the first operation and not before.
 *
 * @param name Names the database, together with what it holds. Not empty. May be that of a log.
 * @throws {TypeError | RangeError} the name is not a string, or empty.
 */
export function indexedDbArtifacts(name: string): ArtifactStore {
  const { read, write } = connection<ArtifactSchema>(name, 'artifacts', VERSION, (database) => {
    const facts = database.createObjectStore('facts', { keyPath: 'artifactId' });
    facts.createIndex('by-principal', 'principal');
    facts.createIndex('by-expiry', 'expiresAtMs');
    database.createObjectStore('bytes');
  });
  return {
    put: (artifact) =>
      write(async (transaction) => {
        const { bytes, ...facts } = artifact;
        const present = await transaction.objectStore('facts').get(artifact.artifactId);
        if (present !== undefined && present.principal !== artifact.principal) {
          throw new StorageError('ERR_STORAGE_FAILED', 'another principal has an artifact of that id');
        }
        // A view would bring all of its buffer along.
        const own = bytes.byteLength === bytes.buffer.byteLength ? bytes : bytes.slice();
        await allOf([
          () => transaction.objectStore('facts').put({ ...facts, size: bytes.length }),
          () => transaction.objectStore('bytes').put(own, artifact.artifactId),
        ]);
      }),
    get: (artifactId) =>
      read(async (transaction) => {
        const [facts, bytes] = await Promise.all([
          transaction.objectStore('facts').get(artifactId),
          transaction.objectStore('bytes').get(artifactId),
        ]);
        if (facts === undefined) return undefined;
        const { size, ...rest } = facts;
        if (bytes?.length !== size) {
          throw new StorageError('ERR_STORAGE_FAILED', 'the database does not hold all of the artifact');
        }
        return { ...rest, bytes };
      }),
    delete: (artifactId) =>
      write(async (transaction) => {
        await allOf([
          () => transaction.objectStore('facts').delete(artifactId),
          () => transaction.objectStore('bytes').delete(artifactId),
        ]);
      }),
    async sweep(nowMs) {
      let removed = 0;
      for (let step = SWEEP_STEP; step === SWEEP_STEP; removed += step) {
        step = await write(async (transaction) => {
          const facts = transaction.objectStore('facts');
          const range = IDBKeyRange.upperBound(nowMs, true);
          const expired = await facts.index('by-expiry').getAllKeys(range, SWEEP_STEP);
          await allOf(
            expired.flatMap((artifactId) => [
              () => facts.delete(artifactId),
              () => transaction.objectStore('bytes').delete(artifactId),
            ]),
          );
          return expired.length;
        });
      }
      return removed;
    },
    usage: (principal) =>
      read(async (transaction) => {
        const all = await transaction.objectStore('facts').index('by-principal').getAll(principal);
        return { count: all.length, bytes: all.reduce((sum, { size }) => sum + size, 0) };
      }),
  };
}
