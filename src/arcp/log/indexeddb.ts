// An event log in IndexedDB, for runtimes in pages and workers: survives reloads, shared by every tab of the origin. One
// transaction for each operation; the browser lets only one of those that write run at a time. ARCP v1.0, section 6.4.

import type { DBSchema } from 'idb';
import { assertInteger } from '../../bytes/assert.js';
import type { JsonValue } from '../../codec/json-value.js';
import { StorageError } from '../../errors.js';
import type { EventLog, LogEntry, LoggedEntry, LogQuery, PruneOptions, Whereabouts } from './contract.js';
import { allOf, type Connection, connection, type Reading, type Writing } from './indexeddb-database.js';
import { assertPrune, assertQuery, clausesOf, higherOwnId, isForgotten, leadOf, matcherOf } from './selection.js';

/** Options of {@link indexedDbLog}. */
export interface IndexedDbLogOptions {
  /** Positions whose pruned ids are remembered. Default 10,000. */
  readonly maxRemembered?: number;
}

const DEFAULT_MAX_REMEMBERED = 10_000;

/** What is remembered of a pruned entry. */
type Gone = Pick<LoggedEntry, 'position' | 'sessionId' | 'principal' | 'direction' | 'id'>;

interface State {
  readonly last: number;
  readonly prunedThrough: number;
  readonly highestForgotten: string;
}

const EMPTY: State = { last: 0, prunedThrough: 0, highestForgotten: '' };

/** Indices by a field and, in it, by position. */
const BY_FIELD = {
  correlationId: 'by-correlation',
  jobId: 'by-job',
  sessionId: 'by-session',
  principal: 'by-principal',
} as const;
const INDEXED = Object.keys(BY_FIELD) as (keyof typeof BY_FIELD)[];

interface LogSchema extends DBSchema {
  entries: {
    key: number;
    value: LoggedEntry;
    indexes: { 'by-id': [string, string] } & { [Name in (typeof BY_FIELD)[keyof typeof BY_FIELD]]: [string, number] };
  };
  gone: { key: number; value: Gone; indexes: { 'by-id': [string, string] } };
  records: { key: [string, string]; value: JsonValue };
  state: { key: string; value: State };
}

const VERSION = 1;
/** Entries looked through at a time where no more are asked for, and entries that go in one step of pruning. */
const STEP = 500;

/**
 * Opens an event log in an IndexedDB database of its own, at the first operation and not before.
 *
 * @param name Names the database, together with what it holds. Not empty.
 * @throws {TypeError | RangeError} the name is not a string, or empty; or an option out of range.
 *
 * @example
 * ```ts
 * const runtime = createRuntime({ tools, log: indexedDbLog('my-agent') });
 * ```
 */
export function indexedDbLog(name: string, options: IndexedDbLogOptions = {}): EventLog {
  const { maxRemembered = DEFAULT_MAX_REMEMBERED } = options;
  assertInteger(maxRemembered, 'maxRemembered', 0);
  const opened = connection<LogSchema>(name, 'log', VERSION, (database) => {
    const entries = database.createObjectStore('entries', { keyPath: 'position' });
    entries.createIndex('by-id', ['id', 'sessionId']);
    for (const field of INDEXED) entries.createIndex(BY_FIELD[field], [field, 'position']);
    database.createObjectStore('gone', { keyPath: 'position' }).createIndex('by-id', ['id', 'sessionId']);
    database.createObjectStore('records');
    database.createObjectStore('state');
  });
  return new IndexedDbLog(opened, maxRemembered);
}

class IndexedDbLog implements EventLog {
  readonly #connection: Connection<LogSchema>;
  readonly #maxRemembered: number;

  constructor(opened: Connection<LogSchema>, maxRemembered: number) {
    this.#connection = opened;
    this.#maxRemembered = maxRemembered;
  }

  async commit({ entries, records = [] }: Parameters<EventLog['commit']>[0]) {
    return this.#connection.write(async (transaction) => {
      const state = await stateOf(transaction);
      const present = await Promise.all(entries.map((entry) => isPresent(transaction, entry)));
      const writes: (() => Promise<unknown>)[] = [];
      const added = new Set<string>();
      let { last } = state;
      const positions = entries.map((entry, i) => {
        const name = nameOf(entry);
        if (entry.sessionId !== '' && (present[i] || added.has(name))) return undefined;
        added.add(name);
        const position = ++last;
        if (!Number.isSafeInteger(position))
          throw new StorageError('ERR_STORAGE_FAILED', 'the log has no positions left');
        writes.push(() => transaction.objectStore('entries').add(storable(entry, position)));
        return position;
      });
      const kept = transaction.objectStore('records');
      for (const { kind, key, value } of records) {
        writes.push(() => (value === undefined ? kept.delete([kind, key]) : kept.put(value, [kind, key])));
      }
      if (last !== state.last) writes.push(() => transaction.objectStore('state').put({ ...state, last }, ''));
      await allOf(writes);
      return { positions };
    });
  }

  async read(query: LogQuery): Promise<readonly LoggedEntry[]> {
    assertQuery(query);
    const clauses = clausesOf(query);
    const matches = matcherOf(query, clauses);
    const lead = leadOf(clauses, INDEXED);
    return this.#connection.read(async (transaction) => {
      if (lead === undefined) return collect(transaction, query, matches);
      const field = lead.field as keyof typeof BY_FIELD;
      const found = await Promise.all(
        lead.values.map((value) => collect(transaction, query, matches, { index: BY_FIELD[field], value })),
      );
      return found
        .flat()
        .sort((a, b) => a.position - b.position)
        .slice(0, query.limit);
    });
  }

  async locate(sessionId: string, id: string): Promise<Whereabouts> {
    return this.#whereabouts(
      id,
      () => IDBKeyRange.only([id, sessionId]),
      () => true,
    );
  }

  async find(principal: string, id: string): Promise<Whereabouts> {
    return this.#whereabouts(
      id,
      () => IDBKeyRange.bound([id], [id, []]),
      (entry) => entry.principal === principal,
    );
  }

  async last(): Promise<number> {
    return this.#connection.read(async (transaction) => (await stateOf(transaction)).last);
  }

  async prunedThrough(): Promise<number> {
    return this.#connection.read(async (transaction) => (await stateOf(transaction)).prunedThrough);
  }

  async prune(options: PruneOptions): Promise<number> {
    assertPrune(options);
    let removed = 0;
    for (let step = STEP; step === STEP; removed += step) {
      step = await this.#connection.write((transaction) => pruneStep(transaction, options, this.#maxRemembered));
    }
    return removed;
  }

  async record(kind: string, key: string): Promise<JsonValue | undefined> {
    return this.#connection.read((transaction) => transaction.objectStore('records').get([kind, key]));
  }

  async records(kind: string, { after, limit }: Parameters<EventLog['records']>[1]) {
    assertInteger(limit, 'limit', 1);
    return this.#connection.read(async (transaction) => {
      const store = transaction.objectStore('records');
      // Arrays sort after texts, and after their own beginnings.
      const range = IDBKeyRange.bound(after === undefined ? [kind] : [kind, after], [kind, []], true, true);
      const [keys, values] = await Promise.all([store.getAllKeys(range, limit), store.getAll(range, limit)]);
      return keys.map(([, key], i) => ({ key, value: values[i] as JsonValue }));
    });
  }

  close(): void {
    this.#connection.close();
  }

  async #whereabouts(id: string, rangeOf: () => IDBKeyRange, matches: (entry: Gone) => boolean): Promise<Whereabouts> {
    return this.#connection.read(async (transaction) => {
      const range = rangeOf();
      const inSession = (entry: Gone): boolean => entry.sessionId !== '' && matches(entry);
      const kept = await transaction.objectStore('entries').index('by-id').getAll(range);
      const entry = kept.filter(inSession).sort((a, b) => b.position - a.position)[0];
      if (entry !== undefined) return { kind: 'kept', entry };
      const gone = await transaction.objectStore('gone').index('by-id').getAll(range);
      if (gone.some(inSession)) return { kind: 'pruned' };
      const { highestForgotten } = await stateOf(transaction);
      return { kind: isForgotten(id, highestForgotten) ? 'pruned' : 'unknown' };
    });
  }
}

type Transaction = Reading<LogSchema> | Writing<LogSchema>;

async function stateOf(transaction: Transaction): Promise<State> {
  return (await (transaction as Reading<LogSchema>).objectStore('state').get('')) ?? EMPTY;
}

function nameOf({ sessionId, direction, id }: LogEntry): string {
  return JSON.stringify([sessionId, direction, id]);
}

/** Whether a message is or was there, as far as is remembered. */
async function isPresent(transaction: Writing<LogSchema>, entry: LogEntry): Promise<boolean> {
  if (entry.sessionId === '') return false;
  const range = IDBKeyRange.only([entry.id, entry.sessionId]);
  const found: readonly Gone[][] = await Promise.all([
    transaction.objectStore('entries').index('by-id').getAll(range),
    transaction.objectStore('gone').index('by-id').getAll(range),
  ]);
  return found.flat().some(({ direction }) => direction === entry.direction);
}

/** A copy without members that are `undefined`, which no index would take for absent in every browser. */
function storable(entry: LogEntry, position: number): LoggedEntry {
  const kept: Record<string, unknown> = { position };
  for (const [name, value] of Object.entries(entry)) if (value !== undefined) kept[name] = value;
  return kept as unknown as LoggedEntry;
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
  const step = Math.max(STEP, limit);
  for (let from = after; from < upTo; ) {
    const page =
      lead === undefined
        ? await store.getAll(IDBKeyRange.bound(from, upTo, true), step)
        : await store.index(lead.index).getAll(IDBKeyRange.bound([lead.value, from], [lead.value, upTo], true), step);
    for (const entry of page) if (found.length < limit && matches(entry)) found.push(entry);
    if (page.length < step || found.length === limit) break;
    from = (page.at(-1) as LoggedEntry).position;
  }
  return found;
}

/** Removes up to {@link STEP} of the oldest entries. @returns How many. */
async function pruneStep(
  transaction: Writing<LogSchema>,
  { beforeMs = Number.NEGATIVE_INFINITY, keepEntries = Number.POSITIVE_INFINITY }: PruneOptions,
  maxRemembered: number,
): Promise<number> {
  const { last, prunedThrough, highestForgotten } = await stateOf(transaction);
  const entries = transaction.objectStore('entries');
  const oldest = await entries.getAll(null, STEP);
  const going: LoggedEntry[] = [];
  for (const entry of oldest) {
    if (entry.atMs >= beforeMs && last - entry.position < keepEntries) break;
    going.push(entry);
  }
  const through = going.at(-1)?.position;
  if (through === undefined) return 0;
  const gone = transaction.objectStore('gone');
  await allOf(
    going
      .filter(({ sessionId }) => sessionId !== '')
      .map(
        ({ position, sessionId, principal, direction, id }) =>
          () =>
            gone.put({ position, sessionId, principal, direction, id }),
      ),
  );
  const horizon = IDBKeyRange.upperBound(through - maxRemembered);
  const forgotten = await gone.getAll(horizon);
  const highest = forgotten
    .filter(({ direction }) => direction === 'out')
    .reduce((highestId, { id }) => higherOwnId(highestId, id), highestForgotten);
  await allOf([
    () => entries.delete(IDBKeyRange.bound(prunedThrough, through)),
    () => gone.delete(horizon),
    () => transaction.objectStore('state').put({ last, prunedThrough: through, highestForgotten: highest }, ''),
  ]);
  return going.length;
}
