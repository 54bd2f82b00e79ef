// An event log in memory: for runtimes whose work does not outlive them, for pages and for tests. Bounded by itself, in
// entries and in bytes; where room is short, whoever has most of it makes room. ARCP v1.0, section 6.4.

import { assertInteger } from '../../bytes/assert.js';
import type { JsonValue } from '../../codec/json-value.js';
import { StorageError } from '../../errors.js';
import type {
  EventLog,
  ImmediateEventLog,
  LogEntry,
  LoggedEntry,
  LogQuery,
  RecordWrite,
  Whereabouts,
} from './contract.js';
import { Deque } from './deque.js';
import { bytesOf, Party, search } from './memory-party.js';
import {
  assertPrune,
  assertQuery,
  clausesOf,
  DEFAULT_MAX_REMEMBERED,
  higherOwnId,
  isForgotten,
  leadOf,
  matcherOf,
} from './selection.js';

/** Options of {@link memoryLog}. */
export interface MemoryLogOptions {
  /** Entries kept; beyond it the oldest of the principal that has most go. Default 100,000, at least 1. */
  readonly maxEntries?: number;
  /**
   * Bytes of text kept, two for each UTF-16 unit, as much as an engine may need; beyond it the oldest of the principal
   * that has most go. The newest entry stays whatever its size. Default 64 MiB.
   */
  readonly maxBytes?: number;
  /** Positions whose pruned ids are remembered. Their ids count towards `maxBytes`. Default 100,000. */
  readonly maxRemembered?: number;
}

const DEFAULT_MAX_ENTRIES = 100_000;
const DEFAULT_MAX_BYTES = 67_108_864;

/** The messages of one id in a session: at most one a direction. */
interface Twins {
  in?: LoggedEntry | undefined;
  out?: LoggedEntry | undefined;
  /** Pruned, and remembered. */
  goneIn?: boolean;
  goneOut?: boolean;
}

/** What is known of a session. */
interface SessionIndex {
  readonly id: string;
  readonly principal: string;
  readonly byId: Map<string, Twins>;
}

/** A pruned entry that is remembered. */
interface Gone {
  readonly session: SessionIndex | undefined;
  readonly direction: LogEntry['direction'];
  readonly id: string;
}

/** Records of one kind. */
interface Kind {
  readonly values: Map<string, JsonValue>;
  /** Keys in order; `undefined` where they changed since. */
  keys: readonly string[] | undefined;
}

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
  const { maxEntries = DEFAULT_MAX_ENTRIES, maxBytes = DEFAULT_MAX_BYTES } = options;
  const { maxRemembered = DEFAULT_MAX_REMEMBERED } = options;
  assertInteger(maxEntries, 'maxEntries', 1);
  assertInteger(maxBytes, 'maxBytes', 1);
  assertInteger(maxRemembered, 'maxRemembered', 0);
  return new MemoryLog(maxEntries, maxBytes, maxRemembered);
}

class MemoryLog implements ImmediateEventLog {
  readonly #maxEntries: number;
  readonly #maxBytes: number;
  readonly #maxRemembered: number;
  /** A position says the place in here: where an entry went before older ones of others, nothing stands there. */
  readonly #entries = new Deque<LoggedEntry | undefined>();
  readonly #parties = new Map<string, Party>();
  #count = 0;
  /** Position before the first place of `#entries`, and the highest of all that went. */
  #base = 0;
  readonly #sessions = new Map<string, SessionIndex>();
  readonly #gone = new Deque<Gone>();
  readonly #kinds = new Map<string, Kind>();
  #highestForgotten = '';
  #prunedThrough = 0;
  #bytes = 0;
  #closed = false;

  constructor(maxEntries: number, maxBytes: number, maxRemembered: number) {
    this.#maxEntries = maxEntries;
    this.#maxBytes = maxBytes;
    this.#maxRemembered = maxRemembered;
  }

  // Nothing in here throws after the first change: all or nothing.
  commit({ entries, records = [] }: Parameters<EventLog['commit']>[0]) {
    this.#assertOpen();
    const positions: (number | undefined)[] = [];
    for (const entry of entries) positions.push(this.#append(entry));
    for (const write of records) this.#write(write);
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
      const found = [...this.#parties.values()].flatMap((one) => one.read(query));
      return found.sort((one, other) => one.position - other.position).slice(0, query.limit);
    }
    const { after, upTo = this.last(), limit } = query;
    const matches = matcherOf(query, clausesOf(query));
    const found: LoggedEntry[] = [];
    for (let i = Math.max(0, after - this.#base); i < this.#entries.length && found.length < limit; i++) {
      if (this.#base + i + 1 > upTo) break;
      const entry = this.#entries.at(i);
      if (entry !== undefined && matches(entry)) found.push(entry);
    }
    return found;
  }

  /** Whose entries alone a query asks for. */
  #partyOf({ principal, sessionIds }: LogQuery): Party | 'none' | undefined {
    const session = sessionIds?.length === 1 ? (this.#sessions.get(sessionIds[0] as string) ?? 'none') : undefined;
    if (session === 'none') return sessionIds?.[0] === '' ? undefined : 'none';
    const name = session?.principal ?? principal;
    return name === undefined ? undefined : (this.#parties.get(name) ?? 'none');
  }

  locate(sessionId: string, id: string): Whereabouts {
    this.#assertOpen();
    const session = this.#sessions.get(sessionId);
    return this.#whereabouts(session === undefined ? [] : [session], id);
  }

  find(principal: string, id: string): Whereabouts {
    this.#assertOpen();
    return this.#whereabouts(
      [...this.#sessions.values()].filter((session) => session.principal === principal),
      id,
    );
  }

  last(): number {
    this.#assertOpen();
    return this.#base + this.#entries.length;
  }

  prunedThrough(principal?: string): number {
    this.#assertOpen();
    if (principal === undefined) return this.#prunedThrough;
    return Math.max(this.#base, this.#parties.get(principal)?.prunedThrough ?? 0);
  }

  prune(options: Parameters<EventLog['prune']>[0]): number {
    this.#assertOpen();
    assertPrune(options);
    const { beforeMs = Number.NEGATIVE_INFINITY, keepEntries = Number.POSITIVE_INFINITY } = options;
    let removed = 0;
    for (let oldest = this.#entries.at(0); oldest !== undefined; oldest = this.#entries.at(0)) {
      if (oldest.atMs >= beforeMs && this.#count <= keepEntries) break;
      this.#drop(this.#parties.get(oldest.principal) as Party);
      removed++;
    }
    return removed;
  }

  record(kind: string, key: string): JsonValue | undefined {
    this.#assertOpen();
    return this.#kinds.get(kind)?.values.get(key);
  }

  records(kind: string, { after, limit }: Parameters<EventLog['records']>[1]) {
    this.#assertOpen();
    assertInteger(limit, 'limit', 1);
    const found = this.#kinds.get(kind);
    if (found === undefined) return [];
    found.keys ??= [...found.values.keys()].sort();
    const { keys, values } = found;
    const start = after === undefined ? 0 : search(keys.length, (i) => (keys[i] as string) > after);
    return keys.slice(start, start + limit).map((key) => ({ key, value: values.get(key) as JsonValue }));
  }

  close(): void {
    this.#closed = true;
    this.#sessions.clear();
    this.#parties.clear();
    this.#kinds.clear();
    while (this.#entries.length > 0) this.#entries.shift();
    while (this.#gone.length > 0) this.#gone.shift();
  }

  #assertOpen(): void {
    if (this.#closed) throw new StorageError('ERR_STORAGE_FAILED', 'the log was closed');
  }

  #append(entry: LogEntry): number | undefined {
    const { sessionId, direction, id } = entry;
    let twins: Twins | undefined;
    let session: SessionIndex | undefined;
    if (sessionId !== '') {
      session = this.#sessionOf(entry);
      twins = session.byId.get(id);
      if (twins === undefined) {
        twins = {};
        session.byId.set(id, twins);
      } else if (twins[direction] !== undefined || twins[direction === 'in' ? 'goneIn' : 'goneOut']) return undefined;
    }
    const position = this.#base + this.#entries.length + 1;
    const kept = keptOf(entry, position);
    this.#entries.push(kept);
    this.#count++;
    this.#bytes += bytesOf(kept);
    if (twins !== undefined) twins[direction] = kept;
    const party = this.#parties.get(kept.principal) ?? new Party();
    if (party.entries.length === 0) this.#parties.set(kept.principal, party);
    party.add(kept);
    return position;
  }

  #sessionOf({ sessionId, principal }: LogEntry): SessionIndex {
    let session = this.#sessions.get(sessionId);
    if (session === undefined) {
      session = { id: sessionId, principal, byId: new Map() };
      this.#sessions.set(sessionId, session);
    }
    return session;
  }

  /** Keeps the bounds. Remembered ids go before entries do, except for the count of those; the newest entry stays. */
  #shrink(): void {
    for (;;) {
      if (this.#count > this.#maxEntries) this.#drop(this.#heaviest());
      else if (this.#bytes <= this.#maxBytes) return;
      else if (this.#gone.length > 0) this.#forget();
      else if (this.#count > 1) this.#drop(this.#heaviest());
      else return;
    }
  }

  /** Who is to make room: else one that says much would make everybody lose what they have yet to read. */
  #heaviest(): Party {
    const newest = this.#entries.at(this.#entries.length - 1);
    const weightOf = (party: Party) => Math.max(party.entries.length / this.#maxEntries, party.bytes / this.#maxBytes);
    const oldest = this.#parties.get(this.#entries.at(0)?.principal ?? '');
    // As long as all have about the same, the oldest goes.
    if (oldest !== undefined && this.#count > 1 && weightOf(oldest) * this.#parties.size >= 1) return oldest;
    // Who has just said something, and has more than its share already, mostly is.
    const speaker = newest === undefined ? undefined : this.#parties.get(newest.principal);
    if (speaker !== undefined && speaker.entries.length > 1 && weightOf(speaker) * 2 > 1) return speaker;
    let heaviest: Party | undefined;
    for (const [principal, party] of this.#parties) {
      if (party.entries.length === 0 && party.prunedThrough <= this.#base) this.#parties.delete(principal);
      // The newest entry stays.
      const only = party.entries.length === 1 ? party.entries.at(0) : undefined;
      if (party.entries.length === 0 || (only !== undefined && only === newest)) continue;
      if (heaviest === undefined || weightOf(party) > weightOf(heaviest)) heaviest = party;
    }
    return heaviest as Party;
  }

  /** Prunes the oldest entry of a principal, and remembers its id. */
  #drop(party: Party): void {
    const entry = party.shift();
    const { sessionId, direction, id, position } = entry;
    this.#prunedThrough = Math.max(this.#prunedThrough, position);
    this.#count--;
    this.#bytes -= bytesOf(entry);
    this.#entries.set(position - this.#base - 1, undefined);
    while (this.#entries.length > 0 && this.#entries.at(0) === undefined) {
      this.#entries.shift();
      this.#base++;
    }
    const session = this.#sessions.get(sessionId);
    if (session !== undefined) {
      const twins = session.byId.get(id) as Twins;
      twins[direction] = undefined;
      twins[direction === 'in' ? 'goneIn' : 'goneOut'] = true;
    }
    this.#gone.push({ session, direction, id });
    this.#bytes += 2 * id.length;
    while (this.#gone.length > this.#maxRemembered) this.#forget();
  }

  /** Forgets the oldest of the pruned ids. */
  #forget(): void {
    const { session, direction, id } = this.#gone.shift() as Gone;
    this.#bytes -= 2 * id.length;
    if (session === undefined) return;
    if (direction === 'out') this.#highestForgotten = higherOwnId(this.#highestForgotten, id);
    const twins = session.byId.get(id) as Twins;
    twins[direction === 'in' ? 'goneIn' : 'goneOut'] = false;
    if (twins.in !== undefined || twins.out !== undefined || twins.goneIn || twins.goneOut) return;
    session.byId.delete(id);
    if (session.byId.size === 0) this.#sessions.delete(session.id);
  }

  #whereabouts(sessions: readonly SessionIndex[], id: string): Whereabouts {
    let entry: LoggedEntry | undefined;
    let gone = false;
    for (const { byId } of sessions) {
      const twins = byId.get(id);
      for (const candidate of [twins?.in, twins?.out]) {
        if (candidate !== undefined && candidate.position > (entry?.position ?? 0)) entry = candidate;
      }
      gone ||= twins?.goneIn === true || twins?.goneOut === true;
    }
    if (entry !== undefined) return { kind: 'kept', entry };
    return { kind: gone || isForgotten(id, this.#highestForgotten) ? 'pruned' : 'unknown' };
  }

  #write({ kind, key, value }: RecordWrite): void {
    let found = this.#kinds.get(kind);
    if (value === undefined) {
      if (found?.values.delete(key)) found.keys = undefined;
      if (found?.values.size === 0) this.#kinds.delete(kind);
      return;
    }
    if (found === undefined) {
      found = { values: new Map(), keys: undefined };
      this.#kinds.set(kind, found);
    }
    if (!found.values.has(key)) found.keys = undefined;
    found.values.set(key, value);
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
