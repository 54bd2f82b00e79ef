// A log that answers by promises, as IndexedDB does, and fails when it is told to.

import type { EventLog } from '../../../src/arcp/log/contract.js';
import { type MemoryLogOptions, memoryLog } from '../../../src/arcp/log/memory.js';
import { StorageError } from '../../../src/errors.js';

/** The log, and how to make it fail. */
export interface SlowLog {
  readonly log: EventLog;
  /** The next commits fail, so many. */
  failCommits(count: number): void;
  /** Number of commits that were tried. */
  readonly commits: number;
}

/** Makes a log in memory that answers two microtasks later. */
export function slowLog(options: MemoryLogOptions = {}): SlowLog {
  const inner = memoryLog(options);
  let failures = 0;
  let commits = 0;
  const later = async <T>(work: () => T): Promise<Awaited<T>> => {
    await null;
    return await work();
  };
  return {
    log: {
      commit: (batch) =>
        later(() => {
          commits++;
          if (failures === 0) return inner.commit(batch);
          failures--;
          throw new StorageError('ERR_STORAGE_FAILED', 'the disk is full');
        }),
      read: (query) => later(() => inner.read(query)),
      locate: (sessionId, id) => later(() => inner.locate(sessionId, id)),
      find: (principal, id) => later(() => inner.find(principal, id)),
      last: () => later(() => inner.last()),
      prunedThrough: (principal) => later(() => inner.prunedThrough(principal)),
      prune: (bounds) => later(() => inner.prune(bounds)),
      record: (kind, key) => later(() => inner.record(kind, key)),
      records: (kind, page) => later(() => inner.records(kind, page)),
      close: () => later(() => inner.close()),
    },
    failCommits(count) {
      failures = count;
    },
    get commits() {
      return commits;
    },
  };
}
