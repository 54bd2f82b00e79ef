// Queries of the log in IndexedDB: along an index, or along all entries.

import { StorageError } from '../../errors.js';
import type { LogEntry, LoggedEntry, LogQuery, Whereabouts } from './contract.js';
import type { Reading, Writing } from './indexeddb-database.js';
import { BY_FIELD, type Gone, INDEXED, type LogSchema, stateOf } from './indexeddb-schema.js';
import { clausesOf, isForgotten, leadOf, matcherOf } from './selection.js';

/** Entries looked through at a time at most, where no more are asked for: they are loaded, texts and all. */
const MAX_STEP = 500;

/** As `EventLog.read`. */
export async function readEntries(transaction: Reading<LogSchema>, query: LogQuery): Promise<readonly LoggedEntry[]> {
  const clauses = clausesOf(query);
  const matches = matcherOf(query, clauses);
  const lead = leadOf(clauses, INDEXED);
  if (lead === undefined) return collect(transaction, query, matches);
  const index = BY_FIELD[lead.field as keyof typeof BY_FIELD];
  const found = await Promise.all(lead.values.map((value) => collect(transaction, query, matches, { index, value })));
  return found
    .flat()
    .sort((a, b) => a.position - b.position)
    .slice(0, query.limit);
}

/** Reads entries of an index, or all, by rising position, until there are as many as asked for. */
async function collect(
  transaction: Reading<LogSchema>,
  { after, upTo = Number.MAX_SAFE_INTEGER, limit }: LogQuery,
  matches: (entry: LogEntry) => boolean,
  lead?: { readonly index: (typeof BY_FIELD)[keyof typeof BY_FIELD]; readonly value: string },
): Promise<LoggedEntry[]> {
  const store = transaction.objectStore('entries');
  const found: LoggedEntry[] = [];
  // Mostly nearly all match; where few do, fewer and longer steps are the quicker way.
  let step = limit;
  for (let from = after; from < upTo; ) {
    const page =
      lead === undefined
        ? await store.getAll(IDBKeyRange.bound(from, upTo, true), step)
        : await store.index(lead.index).getAll(IDBKeyRange.bound([lead.value, from], [lead.value, upTo], true), step);
    for (const entry of page) if (found.length < limit && matches(entry)) found.push(entry);
    if (page.length < step || found.length === limit) break;
    from = (page.at(-1) as LoggedEntry).position;
    step = Math.min(2 * step, Math.max(MAX_STEP, limit));
  }
  return found;
}

/** Where a message stands, of those under an id that match. */
export async function whereabouts(
  transaction: Reading<LogSchema>,
  id: string,
  range: IDBKeyRange,
  matches: (entry: Gone) => boolean,
): Promise<Whereabouts> {
  const inSession = (entry: Gone): boolean => entry.sessionId !== '' && matches(entry);
  const kept = await transaction.objectStore('entries').index('by-id').getAll(range);
  const entry = kept.filter(inSession).sort((a, b) => b.position - a.position)[0];
  if (entry !== undefined) return { kind: 'kept', entry };
  const gone = await transaction.objectStore('gone').index('by-id').getAll(range);
  if (gone.some(inSession)) return { kind: 'pruned' };
  const { highestForgotten } = await stateOf(transaction);
  return { kind: isForgotten(id, highestForgotten) ? 'pruned' : 'unknown' };
}

/** Whether a message is or was there, as far as is remembered. */
export async function isPresent(transaction: Writing<LogSchema>, entry: LogEntry): Promise<boolean> {
  if (entry.sessionId === '') return false;
  const range = IDBKeyRange.only([entry.id, entry.sessionId]);
  const found: readonly Gone[][] = await Promise.all([
    transaction.objectStore('entries').index('by-id').getAll(range),
    transaction.objectStore('gone').index('by-id').getAll(range),
  ]);
  return found.flat().some(({ direction }) => direction === entry.direction);
}

/** A position that follows another. @throws {StorageError} ERR_STORAGE_FAILED: a double could not tell them apart. */
export function positionAfter(position: number): number {
  if (!Number.isSafeInteger(position + 1)) {
    throw new StorageError('ERR_STORAGE_FAILED', 'the log has no positions left');
  }
  return position + 1;
}
