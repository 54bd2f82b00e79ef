// What a log in memory knows of one principal: its entries, found by what queries ask for most. A principal's entries go
// from its oldest on, so that each list here loses its first.

import { bytesOf } from './bounds.js';
import type { LoggedEntry, LogQuery } from './contract.js';
import { Deque } from './deque.js';
import { type Clause, clausesOf, type Field, leadOf, matcherOf } from './selection.js';

/** Fields that are looked up rather than looked through. */
const INDEXED = ['correlationId', 'streamId', 'jobId', 'traceId', 'sessionId'] as const satisfies readonly Field[];

/** Entries by one of their fields. Of most values there is one alone, which stands for itself. */
class Index {
  readonly #lists = new Map<string, LoggedEntry | Deque<LoggedEntry>>();

  add(value: string | undefined, entry: LoggedEntry): void {
    if (value === undefined) return;
    const found = this.#lists.get(value);
    if (found === undefined) this.#lists.set(value, entry);
    else if (found instanceof Deque) found.push(entry);
    else {
      const list = new Deque<LoggedEntry>();
      list.push(found);
      list.push(entry);
      this.#lists.set(value, list);
    }
  }

  /** Takes the oldest of a value. */
  shift(value: string | undefined): void {
    if (value === undefined) return;
    const found = this.#lists.get(value);
    if (found instanceof Deque) {
      found.shift();
      if (found.length > 0) return;
    }
    this.#lists.delete(value);
  }

  of(value: string): Deque<LoggedEntry> {
    const found = this.#lists.get(value);
    if (found instanceof Deque) return found;
    const list = new Deque<LoggedEntry>();
    if (found !== undefined) list.push(found);
    return list;
  }
}

/** The entries of one principal. */
export class Party {
  readonly entries = new Deque<LoggedEntry>();
  /** Bytes of their texts. */
  bytes = 0;
  /** Position up to which its entries are gone. */
  prunedThrough: number;
  readonly #by: { readonly [Name in (typeof INDEXED)[number]]: Index } = {
    correlationId: new Index(),
    streamId: new Index(),
    jobId: new Index(),
    traceId: new Index(),
    sessionId: new Index(),
  };

  constructor(prunedThrough: number) {
    this.prunedThrough = prunedThrough;
  }

  add(entry: LoggedEntry): void {
    this.entries.push(entry);
    this.bytes += bytesOf(entry);
    const by = this.#by;
    // One by one, for speed: every message passes here.
    by.correlationId.add(entry.correlationId, entry);
    by.streamId.add(entry.streamId, entry);
    by.jobId.add(entry.jobId, entry);
    by.traceId.add(entry.traceId, entry);
    by.sessionId.add(entry.sessionId, entry);
  }

  /** Takes its oldest entry, of which there must be one. */
  shift(): LoggedEntry {
    const entry = this.entries.shift() as LoggedEntry;
    this.bytes -= bytesOf(entry);
    this.prunedThrough = entry.position;
    const by = this.#by;
    by.correlationId.shift(entry.correlationId);
    by.streamId.shift(entry.streamId);
    by.jobId.shift(entry.jobId);
    by.traceId.shift(entry.traceId);
    by.sessionId.shift(entry.sessionId);
    return entry;
  }

  /** As `EventLog.read`, of its entries. */
  read(query: LogQuery): readonly LoggedEntry[] {
    const clauses = clausesOf(query);
    const matches = matcherOf(query, clauses);
    const lead: Clause | undefined = leadOf(clauses, INDEXED);
    if (lead === undefined) return scan(this.entries, query, matches);
    const index = this.#by[lead.field as (typeof INDEXED)[number]];
    if (lead.values.length === 1) return scan(index.of(lead.values[0] as string), query, matches);
    // One list for each value, each in order and with as many as could be needed.
    const found = lead.values.flatMap((value) => scan(index.of(value), query, matches));
    return found.sort((a, b) => a.position - b.position).slice(0, query.limit);
  }
}

function scan(
  list: Deque<LoggedEntry>,
  { after, upTo = Number.POSITIVE_INFINITY, limit }: LogQuery,
  matches: (entry: LoggedEntry) => boolean,
): LoggedEntry[] {
  const found: LoggedEntry[] = [];
  const start = search(list.length, (i) => (list.at(i) as LoggedEntry).position > after);
  for (let i = start; i < list.length && found.length < limit; i++) {
    const entry = list.at(i) as LoggedEntry;
    if (entry.position > upTo) break;
    if (matches(entry)) found.push(entry);
  }
  return found;
}

/** The lowest index for which a test holds that, once it holds, holds for all beyond. */
export function search(length: number, holds: (index: number) => boolean): number {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}
