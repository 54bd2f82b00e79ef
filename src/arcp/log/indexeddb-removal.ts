// How entries leave the log in IndexedDB: their ids are remembered for a while, and all sums follow. Each function is part of
// a transaction, and answers with the state that is to be written at its end.

import { bytesOf, bytesOfId, MAX_EMPTIED } from './bounds.js';
import type { LoggedEntry, PruneOptions } from './contract.js';
import { allOf, type Writing } from './indexeddb-database.js';
import {
  baseOf,
  type Gone,
  type LogSchema,
  type State,
  type StoredParty,
  stateOf,
  totalsOf,
} from './indexeddb-schema.js';
import { higherOwnId } from './selection.js';

/** Entries that go in one step of pruning. */
export const PRUNE_STEP = 500;

/** Removes entries: the oldest of all, or the oldest of a principal, by rising position; one at least. */
export async function removeEntries(
  transaction: Writing<LogSchema>,
  state: State,
  maxRemembered: number,
  going: readonly LoggedEntry[],
): Promise<State> {
  const [entries, gone] = [transaction.objectStore('entries'), transaction.objectStore('gone')];
  const writes: (() => Promise<unknown>)[] = [];
  let [turn, bytes, remembered] = [state.gone, state.bytes, state.remembered];
  for (const entry of going) {
    const { position, sessionId, principal, direction, id } = entry;
    const kept: Gone = { position: ++turn, sessionId, principal, direction, id };
    bytes -= bytesOf(entry);
    writes.push(() => entries.delete(position));
    if (sessionId === '') continue;
    remembered += bytesOfId(id);
    writes.push(() => gone.put(kept));
  }
  await allOf(writes);
  await takeShares(transaction, going);
  const prunedThrough = Math.max(state.prunedThrough, (going.at(-1) as LoggedEntry).position);
  const left = { ...state, gone: turn, bytes, remembered, prunedThrough };
  const tidied = await tidyParties(transaction, left);
  return forgetThrough(transaction, tidied, turn - maxRemembered);
}

async function takeShares(transaction: Writing<LogSchema>, going: readonly LoggedEntry[]): Promise<void> {
  const parties = transaction.objectStore('parties');
  const principals = [...new Set(going.map(({ principal }) => principal))];
  const before = await Promise.all(principals.map((principal) => parties.get(principal)));
  const after = new Map<string, StoredParty>();
  for (const party of before) if (party !== undefined) after.set(party.principal, party);
  for (const entry of going) {
    const party = after.get(entry.principal);
    if (party === undefined) continue;
    const { principal, entries, bytes } = party;
    const share = { entries: entries - 1, bytes: bytes - bytesOf(entry), prunedThrough: entry.position };
    after.set(principal, { principal, ...share });
  }
  await allOf([...after.values()].map((party) => () => parties.put(party)));
}

/** Lets go of principals of which there is nothing left to say, and of some others where there are too many. */
async function tidyParties(transaction: Writing<LogSchema>, state: State): Promise<State> {
  const parties = transaction.objectStore('parties');
  const index = parties.index('by-entries');
  const base = await baseOf(transaction, state);
  const past = await index.getAllKeys(IDBKeyRange.bound([0], [0, base]));
  await allOf(past.map((principal) => () => parties.delete(principal)));
  const emptied = IDBKeyRange.bound([0], [0, []]);
  const count = await index.count(emptied);
  if (count < MAX_EMPTIED) return state;
  // Older entries of others are still there, which may be so for ever.
  const first = await index.getAll(emptied, count - MAX_EMPTIED / 2);
  await allOf(
    first.map(
      ({ principal }) =>
        () =>
          parties.delete(principal),
    ),
  );
  const through = first.at(-1)?.prunedThrough ?? 0;
  return { ...state, unknownThrough: Math.max(state.unknownThrough, through) };
}

/** Forgets some of the ids that went first. */
export async function forgetSome(transaction: Writing<LogSchema>, state: State, count: number): Promise<State> {
  const [first] = await transaction.objectStore('gone').getAllKeys(null, 1);
  return first === undefined ? { ...state, remembered: 0 } : forgetThrough(transaction, state, first + count - 1);
}

/** Forgets the ids up to a turn. The highest own one is remembered for good. */
async function forgetThrough(transaction: Writing<LogSchema>, state: State, turn: number): Promise<State> {
  const gone = transaction.objectStore('gone');
  const horizon = IDBKeyRange.upperBound(turn);
  const forgotten = await gone.getAll(horizon);
  if (forgotten.length === 0) return state;
  await gone.delete(horizon);
  let { remembered, highestForgotten } = state;
  for (const { direction, id } of forgotten) {
    remembered -= bytesOfId(id);
    if (direction === 'out') highestForgotten = higherOwnId(highestForgotten, id);
  }
  return { ...state, remembered, highestForgotten };
}

/** As `EventLog.prune`, up to {@link PRUNE_STEP} entries. @returns How many went. */
export async function pruneStep(
  transaction: Writing<LogSchema>,
  { beforeMs = Number.NEGATIVE_INFINITY, keepEntries = Number.POSITIVE_INFINITY }: PruneOptions,
  maxRemembered: number,
): Promise<number> {
  const state = await stateOf(transaction);
  const { entries } = totalsOf(state);
  const store = transaction.objectStore('entries');
  const goes = ({ atMs }: LoggedEntry, before: number) => atMs < beforeMs || entries - before > keepEntries;
  // Mostly the first stays, and so do all others.
  const [first] = await store.getAll(null, 1);
  if (first === undefined || !goes(first, 0)) return 0;
  const oldest = await store.getAll(null, PRUNE_STEP);
  const stays = oldest.findIndex((entry, i) => !goes(entry, i));
  const going = stays < 0 ? oldest : oldest.slice(0, stays);
  const left = await removeEntries(transaction, state, maxRemembered, going);
  await transaction.objectStore('state').put(left, '');
  return going.length;
}
