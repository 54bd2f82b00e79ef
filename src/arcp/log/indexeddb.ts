// An event log in IndexedDB, for runtimes in pages and workers: survives reloads, shared by every tab of the origin. One
// transaction for each operation; the browser lets only one of those that write run at a time. ARCP v1.0, section 6.4.

import { assertInteger } from '../../bytes/assert.js';
import type { JsonValue } from '../../codec/json-value.js';
import { boundsOf, bytesOf, type LogBounds, type Share } from './bounds.js';
import type { EventLog, LogEntry, LoggedEntry, LogQuery, PruneOptions, Whereabouts } from './contract.js';
import { shrink } from './indexeddb-bounds.js';
import { allOf, type Connection, connection, type Writing } from './indexeddb-database.js';
import { isPresent, positionAfter, readEntries, whereabouts } from './indexeddb-query.js';
import { PRUNE_STEP, pruneStep } from './indexeddb-removal.js';
import { type LogSchema, type State, stateOf, unknownThroughOf, upgrade, VERSION } from './indexeddb-schema.js';
import { assertPrune, assertQuery } from './selection.js';

/** Options of {@link indexedDbLog}. */
export interface IndexedDbLogOptions {
  /**
   * Entries kept; beyond it the oldest go, but those of principals that keep much less than another stay. Default 100,000, at
   * least 1. Where it is lower than what a database holds already, the rest goes with the commits that follow.
   */
  readonly maxEntries?: number;
  /**
   * Bytes of text kept, two for each UTF-16 unit, together with the ids of pruned entries; beyond it the oldest go likewise.
   * The newest entry stays whatever its size. Indices and records come on top. Default 128 MiB: an origin has 1 GB or more
   * in most browsers, for all that it keeps.
   */
  readonly maxBytes?: number;
  /** Positions whose pruned ids are remembered, as long as they take no more than an eighth of `maxBytes`. Default 10,000. */
  readonly maxRemembered?: number;
}

const DEFAULTS: LogBounds = { maxEntries: 100_000, maxBytes: 134_217_728, maxRemembered: 10_000 };

/**
 * Opens an event log in an IndexedDB database of its own, at the first operation and not before. It keeps its bounds by
 * itself.
 *
 * Where the browser has no room left, a commit rejects with ERR_STORAGE_FAILED and a `QuotaExceededError` as its cause; what
 * was committed before stays.
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
  const bounds = boundsOf(options, DEFAULTS);
  return new IndexedDbLog(connection<LogSchema>(name, 'log', VERSION, upgrade), bounds);
}

class IndexedDbLog implements EventLog {
  readonly #connection: Connection<LogSchema>;
  readonly #bounds: LogBounds;

  constructor(opened: Connection<LogSchema>, bounds: LogBounds) {
    this.#connection = opened;
    this.#bounds = bounds;
  }

  async commit({ entries, records = [] }: Parameters<EventLog['commit']>[0]) {
    return this.#connection.write(async (transaction) => {
      const state = await stateOf(transaction);
      const present = await Promise.all(entries.map((entry) => isPresent(transaction, entry)));
      const fresh: LoggedEntry[] = [];
      const names = new Set<string>();
      let { last } = state;
      const positions = entries.map((entry, i) => {
        const name = nameOf(entry);
        if (entry.sessionId !== '' && (present[i] || names.has(name))) return undefined;
        names.add(name);
        last = positionAfter(last);
        fresh.push(storable(entry, last));
        return last;
      });
      const [store, kept] = [transaction.objectStore('entries'), transaction.objectStore('records')];
      await allOf([
        ...fresh.map((entry) => () => store.add(entry)),
        ...records.map(
          ({ kind, key, value }) =>
            () =>
              value === undefined ? kept.delete([kind, key]) : kept.put(value, [kind, key]),
        ),
      ]);
      if (fresh.length > 0) await this.#settle(transaction, { ...state, last }, fresh);
      return { positions };
    });
  }

  /** Counts what was added, and makes room for it. */
  async #settle(transaction: Writing<LogSchema>, state: State, fresh: readonly LoggedEntry[]): Promise<void> {
    const added = new Map<string, Share>();
    let bytes = 0;
    for (const entry of fresh) {
      const share = added.get(entry.principal) ?? { entries: 0, bytes: 0 };
      added.set(entry.principal, { entries: share.entries + 1, bytes: share.bytes + bytesOf(entry) });
      bytes += bytesOf(entry);
    }
    const parties = transaction.objectStore('parties');
    const before = await Promise.all([...added.keys()].map((principal) => parties.get(principal)));
    // Of one that is not known: what it may have had before is gone, and nobody knows any more how far.
    const base = before.includes(undefined) ? await unknownThroughOf(transaction, state) : 0;
    await allOf(
      [...added].map(([principal, share], i) => {
        const { entries, bytes: size, prunedThrough } = before[i] ?? { entries: 0, bytes: 0, prunedThrough: base };
        const all = { entries: entries + share.entries, bytes: size + share.bytes };
        return () => parties.put({ principal, ...all, prunedThrough });
      }),
    );
    const counted = { ...state, bytes: state.bytes + bytes };
    const left = await shrink(transaction, counted, this.#bounds, { entries: fresh.length, bytes });
    await transaction.objectStore('state').put(left, '');
  }

  async read(query: LogQuery): Promise<readonly LoggedEntry[]> {
    assertQuery(query);
    return this.#connection.read((transaction) => readEntries(transaction, query));
  }

  async locate(sessionId: string, id: string): Promise<Whereabouts> {
    return this.#connection.read((transaction) =>
      whereabouts(transaction, id, IDBKeyRange.only([id, sessionId]), () => true),
    );
  }

  async find(principal: string, id: string): Promise<Whereabouts> {
    return this.#connection.read((transaction) =>
      whereabouts(transaction, id, IDBKeyRange.bound([id], [id, []]), (entry) => entry.principal === principal),
    );
  }

  async last(): Promise<number> {
    return this.#connection.read(async (transaction) => (await stateOf(transaction)).last);
  }

  async prunedThrough(principal?: string): Promise<number> {
    return this.#connection.read(async (transaction) => {
      const state = await stateOf(transaction);
      if (principal === undefined) return state.prunedThrough;
      const party = await transaction.objectStore('parties').get(principal);
      return party?.prunedThrough ?? unknownThroughOf(transaction, state);
    });
  }

  async prune(options: PruneOptions): Promise<number> {
    assertPrune(options);
    const { maxRemembered } = this.#bounds;
    let removed = 0;
    for (let step = PRUNE_STEP; step === PRUNE_STEP; removed += step) {
      step = await this.#connection.write((transaction) => pruneStep(transaction, options, maxRemembered));
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
}

function nameOf({ sessionId, direction, id }: LogEntry): string {
  return JSON.stringify([sessionId, direction, id]);
}

/** A copy without members that are `undefined`, which no index would take for absent in every browser. */
function storable(entry: LogEntry, position: number): LoggedEntry {
  const kept: Record<string, unknown> = { position };
  for (const [name, value] of Object.entries(entry)) if (value !== undefined) kept[name] = value;
  return kept as unknown as LoggedEntry;
}
