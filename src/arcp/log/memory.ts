// An event log in memory: for runtimes whose work does not outlive them, for pages and for tests. Bounded by itself, in
// entries and in bytes; where room is short, whoever has most of it makes room. ARCP v1.0, section 6.4.

import type { JsonValue } from '../../codec/json-value.js';
import { StorageError } from '../../errors.js';
import { boundsOf, bytesOf, isSpared, type LogBounds, type Measure, shortageOf } from './bounds.js';
import type { EventLog, ImmediateEventLog, LogEntry, LoggedEntry, LogQuery, Whereabouts } from './contract.js';
import { MessageIds } from './memory-ids.js';
import { EntryOrder } from './memory-order.js';
import { amountOf, Parties } from './memory-parties.js';
import type { Party } from './memory-party.js';
import { MemoryRecords } from './memory-records.js';
import { assertPrune, assertQuery, clausesOf, DEFAULT_MAX_REMEMBERED, leadOf, matcherOf } from './selection.js';

/** Options of {@link memoryLog}. */
export interface MemoryLogOptions {
  /** Entries kept; beyond it the oldest go, but those of principals that keep much less than another stay. Default 100,000, at least 1. */
  readonly maxEntries?: number;
  /**
   * Bytes of text kept, two for each UTF-16 unit, as much as an engine may need; beyond it the oldest go likewise. The newest
   * entry stays whatever its size. Default 64 MiB.
   */
  readonly maxBytes?: number;
  /** Positions whose pruned ids are remembered. Their ids count towards `maxBytes`. Default 100,000. */
  readonly maxRemembered?: number;
}

const DEFAULTS: LogBounds = {
  maxEntries: 100_000,
  maxBytes: 67_108_864,
  maxRemembered: DEFAULT_MAX_REMEMBERED,
};

/**
 * Makes an empty log in memory. It answers at once, prunes by itself, and its records are bounded by nothing but what the
 * runtime keeps in them.
 *
 * @throws {TypeError | RangeError} an option out of range.
 *
 * @example
 * ```ts
 * const runtime = createRuntime({ tools, log: memoryLog({ maxEntries: 10_000 }) });
 * ```
 */
export function memoryLog(options: MemoryLogOptions = {}): ImmediateEventLog {
  return new MemoryLog(boundsOf(options, DEFAULTS));
}

class MemoryLog implements ImmediateEventLog {
  readonly #bounds: LogBounds;
  readonly #entries = new EntryOrder();
  readonly #parties = new Parties();
  readonly #ids: MessageIds;
  readonly #records = new MemoryRecords();
  #bytes = 0;
  /** The highest position of all that went. */
  #prunedThrough = 0;
  #closed = false;

  constructor(bounds: LogBounds) {
    this.#bounds = bounds;
    this.#ids = new MessageIds(bounds.maxRemembered);
  }

  // Nothing in here throws after the first change: all or nothing.
  commit({ entries, records = [] }: Parameters<EventLog['commit']>[0]) {
    this.#assertOpen();
    const positions: (number | undefined)[] = [];
    for (const entry of entries) positions.push(this.#append(entry));
    for (const write of records) this.#records.write(write);
    this.#shrink();
    return { positions };
  }

  read(query: LogQuery): readonly LoggedEntry[] {
    this.#assertOpen();
    assertQuery(query);
    const party = this.#partyOf(query);
    if (party !== undefined) return party === 'none' ? [] : party.read(query);
    // Those that name a few jobs or the like are looked up, principal by principal.
    if (leadOf(clausesOf(query), ['jobId', 'traceId', 'streamId', 'correlationId']) !== undefined) {
      const found = [...this.#parties.all()].flatMap((one) => one.read(query));
      return found.sort((one, other) => one.position - other.position).slice(0, query.limit);
    }
    const { after, upTo = this.last(), limit } = query;
    const matches = matcherOf(query, clausesOf(query));
    const found: LoggedEntry[] = [];
    for (const entry of this.#entries.after(after)) {
      if (entry.position > upTo || found.length === limit) break;
      if (matches(entry)) found.push(entry);
    }
    return found;
  }

  /** Whose entries alone a query asks for. */
  #partyOf({ principal, sessionIds }: LogQuery): Party | 'none' | undefined {
    const [sessionId = ''] = sessionIds?.length === 1 ? sessionIds : [];
    const name = sessionId === '' ? principal : this.#ids.principalOf(sessionId);
    if (name !== undefined) return this.#parties.get(name) ?? 'none';
    return sessionId === '' ? undefined : 'none';
  }

  locate(sessionId: string, id: string): Whereabouts {
    this.#assertOpen();
    return this.#ids.locate(sessionId, id);
  }

  find(principal: string, id: string): Whereabouts {
    this.#assertOpen();
    return this.#ids.find(principal, id);
  }

  last(): number {
    this.#assertOpen();
    return this.#entries.last;
  }

  prunedThrough(principal?: string): number {
    this.#assertOpen();
    if (principal === undefined) return this.#prunedThrough;
    return this.#parties.prunedThrough(principal, this.#entries.base);
  }

  prune(options: Parameters<EventLog['prune']>[0]): number {
    this.#assertOpen();
    assertPrune(options);
    const { beforeMs = Number.NEGATIVE_INFINITY, keepEntries = Number.POSITIVE_INFINITY } = options;
    let removed = 0;
    for (let oldest = this.#entries.first; oldest !== undefined; oldest = this.#entries.first) {
      if (oldest.atMs >= beforeMs && this.#entries.count <= keepEntries) break;
      this.#drop(this.#parties.get(oldest.principal) as Party);
      removed++;
    }
    return removed;
  }

  record(kind: string, key: string): JsonValue | undefined {
    this.#assertOpen();
    return this.#records.get(kind, key);
  }

  records(kind: string, options: Parameters<EventLog['records']>[1]) {
    this.#assertOpen();
    return this.#records.list(kind, options);
  }

  close(): void {
    this.#closed = true;
    this.#ids.clear();
    this.#parties.clear();
    this.#records.clear();
    this.#entries.clear();
  }

  #assertOpen(): void {
    if (this.#closed) throw new StorageError('ERR_STORAGE_FAILED', 'the log was closed');
  }

  #append(entry: LogEntry): number | undefined {
    const position = this.#entries.last + 1;
    const kept = keptOf(entry, position);
    if (!this.#ids.keep(kept)) return undefined;
    this.#entries.push(kept);
    this.#bytes += bytesOf(kept);
    this.#parties.add(kept, this.#entries.base);
    return position;
  }

  /** Keeps the bounds. */
  #shrink(): void {
    for (;;) {
      const totals = { entries: this.#entries.count, bytes: this.#bytes, remembered: this.#ids.remembered };
      const shortage = shortageOf(totals, this.#bounds);
      if (shortage === undefined) return;
      if (shortage === 'remembered') this.#ids.forget();
      else this.#drop(this.#makesRoom(shortage));
    }
  }

  /** Whose oldest entry goes. There are two entries at least, of which the newest stays. */
  #makesRoom(measure: Measure): Party {
    const oldest = this.#parties.get(this.#entries.first?.principal ?? '') as Party;
    const heaviest = this.#parties.heaviest(measure, this.#entries.last);
    return heaviest !== undefined && isSpared(amountOf(oldest, measure), amountOf(heaviest, measure))
      ? heaviest
      : oldest;
  }

  /** Prunes the oldest entry of a principal. */
  #drop(party: Party): void {
    const entry = this.#parties.shift(party);
    this.#prunedThrough = Math.max(this.#prunedThrough, entry.position);
    this.#bytes -= bytesOf(entry);
    this.#ids.drop(entry);
    this.#entries.remove(entry);
    this.#parties.tidy(this.#entries.base);
  }
}

/** A copy that is made alike for every entry, whoever made that. */
function keptOf(entry: LogEntry, position: number): LoggedEntry {
  return {
    position,
    sessionId: entry.sessionId,
    principal: entry.principal,
    direction: entry.direction,
    id: entry.id,
    type: entry.type,
    jobId: entry.jobId,
    streamId: entry.streamId,
    traceId: entry.traceId,
    correlationId: entry.correlationId,
    rank: entry.rank,
    atMs: entry.atMs,
    text: entry.text,
  };
}
