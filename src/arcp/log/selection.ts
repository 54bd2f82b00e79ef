// What the adapters share about queries: whether they make sense, which entries they take, and which index serves them.

import { assertInteger } from '../../bytes/assert.js';
import type { LogEntry, LogQuery, PruneOptions } from './contract.js';

/** Positions whose pruned ids are remembered, where the adapter says nothing else. */
export const DEFAULT_MAX_REMEMBERED = 100_000;

/** @throws {TypeError | RangeError} a query that asks for nonsense. */
export function assertQuery({ after, upTo, limit }: LogQuery): void {
  assertInteger(after, 'after', 0);
  if (upTo !== undefined) assertInteger(upTo, 'upTo', 0);
  assertInteger(limit, 'limit', 1);
}

/** @throws {TypeError | RangeError} bounds that make no sense. */
export function assertPrune({ beforeMs, keepEntries }: PruneOptions): void {
  if (beforeMs !== undefined && typeof beforeMs !== 'number') throw new TypeError('beforeMs must be a number');
  if (Number.isNaN(beforeMs)) throw new RangeError('beforeMs must be a time');
  if (keepEntries !== undefined) assertInteger(keepEntries, 'keepEntries', 0);
}

/** The fields a query may ask about, and an adapter may keep in order. */
export type Field = 'correlationId' | 'streamId' | 'jobId' | 'traceId' | 'sessionId' | 'principal' | 'type';

/** A clause of a query: what a field may be. */
export interface Clause {
  readonly field: Field;
  /** No two the same. */
  readonly values: readonly string[];
}

/** The clauses of a query about texts, the more selective first. */
export function clausesOf(query: LogQuery): readonly Clause[] {
  const clauses: Clause[] = [];
  const add = (field: Field, values: readonly string[] | undefined): void => {
    if (values !== undefined) clauses.push({ field, values: values.length < 2 ? values : [...new Set(values)] });
  };
  add('correlationId', query.correlationId === undefined ? undefined : [query.correlationId]);
  add('streamId', query.streamIds);
  add('jobId', query.jobIds);
  add('traceId', query.traceIds);
  add('sessionId', query.sessionIds);
  add('principal', query.principal === undefined ? undefined : [query.principal]);
  add('type', query.types);
  return clauses;
}

/** Values of one clause that are looked up one by one. Beyond it a coarser clause, or none, is the cheaper way. */
const MAX_LOOKUPS = 8;

/** The clause whose index serves a query best. `undefined`: all entries have to be looked at. */
export function leadOf(clauses: readonly Clause[], indexed: readonly Field[]): Clause | undefined {
  return clauses.find(({ field, values }) => values.length <= MAX_LOOKUPS && indexed.includes(field));
}

/** By name, each in a function of its own: engines are slow at members whose names they do not know beforehand. */
const READ: Readonly<Record<Field, (entry: LogEntry) => string | undefined>> = {
  correlationId: (entry) => entry.correlationId,
  streamId: (entry) => entry.streamId,
  jobId: (entry) => entry.jobId,
  traceId: (entry) => entry.traceId,
  sessionId: (entry) => entry.sessionId,
  principal: (entry) => entry.principal,
  type: (entry) => entry.type,
};

/** Makes the test whether an entry is one that the query asks for; positions aside. Logs are looked through with it. */
export function matcherOf(query: LogQuery, clauses: readonly Clause[]): (entry: LogEntry) => boolean {
  const { direction } = query;
  const tests = clauses.map(({ field, values }): ((entry: LogEntry) => boolean) => {
    const [only] = values;
    const read = READ[field];
    if (values.length === 1) return (entry) => read(entry) === only;
    const all = new Set<string | undefined>(values);
    return (entry) => all.has(read(entry));
  });
  if (direction !== undefined) tests.push((entry) => entry.direction === direction);
  return (entry) => {
    for (const test of tests) if (!test(entry)) return false;
    return true;
  };
}

/** Message ids that a runtime of ours mints: they rise, so that one below another is the older. */
const OWN_ID = /^msg_[0-9A-HJKMNP-TV-Z]{26}$/;

/** Whether an id is one that the runtime may have minted. */
export function isOwnId(id: string): boolean {
  return OWN_ID.test(id);
}

/** The higher of two ids, of which only own ones count; empty for none. */
export function higherOwnId(highest: string, id: string): string {
  return id > highest && isOwnId(id) ? id : highest;
}

/** Whether an id that is nowhere to be found is one of ours from before the time that is remembered. */
export function isForgotten(id: string, highestForgotten: string): boolean {
  return id <= highestForgotten && isOwnId(id);
}
