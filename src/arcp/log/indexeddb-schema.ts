// The stores of the IndexedDB log, version by version.

import type { DBSchema, IDBPDatabase } from 'idb';
import type { JsonValue } from '../../codec/json-value.js';
import { bytesOf, bytesOfId, type Share, type Totals } from './bounds.js';
import type { LoggedEntry } from './contract.js';
import type { Reading, Upgrading, Writing } from './indexeddb-database.js';

/** What is remembered of a pruned entry. */
export interface Gone extends Pick<LoggedEntry, 'sessionId' | 'principal' | 'direction' | 'id'> {
  /** Its turn among all that ever went, from 1. In version 1 they went by position, without gaps, so that it was the same. */
  readonly position: number;
}

/** What the log knows of itself as a whole. */
export interface State {
  /** Position of the newest entry ever kept. */
  readonly last: number;
  /** Highest position that ever went. */
  readonly prunedThrough: number;
  /** Position up to which entries are gone of principals that were let go before their time. */
  readonly unknownThrough: number;
  readonly highestForgotten: string;
  /** Entries that ever went. What is beyond them, up to `last`, is how many there are. */
  readonly gone: number;
  /** Bytes of texts kept. */
  readonly bytes: number;
  /** Bytes of ids that are remembered. */
  readonly remembered: number;
}

const EMPTY: State = {
  last: 0,
  prunedThrough: 0,
  unknownThrough: 0,
  highestForgotten: '',
  gone: 0,
  bytes: 0,
  remembered: 0,
};

/** What a principal keeps, and how far its entries are gone. */
export interface StoredParty extends Share {
  readonly principal: string;
  readonly prunedThrough: number;
}

/** Indices by a field and, in it, by position. */
export const BY_FIELD = {
  correlationId: 'by-correlation',
  jobId: 'by-job',
  sessionId: 'by-session',
  principal: 'by-principal',
} as const;
/** Fields with an index. */
export const INDEXED = Object.keys(BY_FIELD) as (keyof typeof BY_FIELD)[];

/** The database. */
export interface LogSchema extends DBSchema {
  entries: {
    key: number;
    value: LoggedEntry;
    indexes: { 'by-id': [string, string] } & { [Name in (typeof BY_FIELD)[keyof typeof BY_FIELD]]: [string, number] };
  };
  gone: { key: number; value: Gone; indexes: { 'by-id': [string, string] } };
  records: { key: [string, string]; value: JsonValue };
  state: { key: string; value: State };
  parties: { key: string; value: StoredParty; indexes: { 'by-entries': [number, number]; 'by-bytes': number } };
}

/** Version of the stores. */
export const VERSION = 2;

/** Makes the stores, or brings them to {@link VERSION}, all in the one transaction of the change. */
export function upgrade(
  database: IDBPDatabase<LogSchema>,
  from: number,
  transaction: Upgrading<LogSchema>,
): Promise<void> | undefined {
  if (from < 1) {
    const entries = database.createObjectStore('entries', { keyPath: 'position' });
    entries.createIndex('by-id', ['id', 'sessionId']);
    for (const field of INDEXED) entries.createIndex(BY_FIELD[field], [field, 'position']);
    database.createObjectStore('gone', { keyPath: 'position' }).createIndex('by-id', ['id', 'sessionId']);
    database.createObjectStore('records');
    database.createObjectStore('state');
  }
  const parties = database.createObjectStore('parties', { keyPath: 'principal' });
  // Who has most; and who has nothing any more.
  parties.createIndex('by-entries', ['entries', 'prunedThrough']);
  parties.createIndex('by-bytes', 'bytes');
  return from < 1 ? undefined : countAll(transaction);
}

/** Counts what version 1 did not, an entry at a time: there may be more of them than memory holds. */
async function countAll(transaction: Upgrading<LogSchema>) {
  const [states, parties] = [transaction.objectStore('state'), transaction.objectStore('parties')];
  const { last, prunedThrough, highestForgotten } = (await states.get('')) ?? EMPTY;
  const shares = new Map<string, { entries: number; bytes: number }>();
  let [bytes, remembered] = [0, 0];
  for (let at = await transaction.objectStore('entries').openCursor(); at !== null; at = await at.continue()) {
    const share = shares.get(at.value.principal) ?? { entries: 0, bytes: 0 };
    share.entries++;
    share.bytes += bytesOf(at.value);
    bytes += bytesOf(at.value);
    shares.set(at.value.principal, share);
  }
  for (let at = await transaction.objectStore('gone').openCursor(); at !== null; at = await at.continue()) {
    remembered += bytesOfId(at.value.id);
  }
  for (const [principal, share] of shares) await parties.put({ principal, ...share, prunedThrough });
  const counted = { last, prunedThrough, unknownThrough: 0, highestForgotten, gone: prunedThrough, bytes, remembered };
  await states.put(counted, '');
}

/** Reads the state. */
export async function stateOf(transaction: Reading<LogSchema> | Writing<LogSchema>): Promise<State> {
  return { ...EMPTY, ...(await (transaction as Reading<LogSchema>).objectStore('state').get('')) };
}

/** How much is kept in all. */
export function totalsOf({ last, gone, bytes, remembered }: State): Totals {
  return { entries: last - gone, bytes, remembered };
}

/** Position up to which everything of everybody is gone. */
export async function baseOf(transaction: Reading<LogSchema> | Writing<LogSchema>, { last }: State): Promise<number> {
  const [oldest] = await (transaction as Reading<LogSchema>).objectStore('entries').getAllKeys(null, 1);
  return oldest === undefined ? last : oldest - 1;
}

/** Position up to which everything is gone of whoever is not known. */
export async function unknownThroughOf(
  transaction: Reading<LogSchema> | Writing<LogSchema>,
  state: State,
): Promise<number> {
  return Math.max(state.unknownThrough, await baseOf(transaction, state));
}
