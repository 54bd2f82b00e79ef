// How the log in IndexedDB keeps its bounds: at each commit, in small steps, and never much more at once than was added.
// What it costs does not depend on how much is kept.

import {
  bytesOf,
  type Candidate,
  countOfHeaviest,
  countOldest,
  excessOf,
  isEnoughGone,
  type LogBounds,
  type Measure,
  type Share,
  shortageOf,
} from './bounds.js';
import type { LoggedEntry } from './contract.js';
import type { Writing } from './indexeddb-database.js';
import { forgetSome, removeEntries } from './indexeddb-removal.js';
import { type LogSchema, type State, type StoredParty, totalsOf } from './indexeddb-schema.js';

/** Entries that go in one step. They are loaded for it, texts and all. */
const STEP = 64;
/** Entries that may go in one commit, whatever was added: where bounds were lowered it takes several. */
const MIN_WORK = 256;

/**
 * Lets go of what is too much.
 *
 * @param added What the commit has added: at least twice as much may go, so that the log always comes back to its bounds.
 */
export async function shrink(
  transaction: Writing<LogSchema>,
  state: State,
  bounds: LogBounds,
  added: Share,
): Promise<State> {
  const before = totalsOf(state);
  let left = state;
  for (;;) {
    const totals = totalsOf(left);
    const shortage = isEnoughGone(before, totals, added, MIN_WORK) ? undefined : shortageOf(totals, bounds);
    if (shortage === undefined) return left;
    if (shortage === 'remembered') left = await forgetSome(transaction, left, STEP);
    else {
      const going = await makesRoom(transaction, left, bounds, shortage);
      // Nothing there although the sums say so: somebody has been at the stores.
      if (going.length === 0) return left;
      left = await removeEntries(transaction, left, bounds.maxRemembered, going);
    }
  }
}

/** The entries that go in one step. */
async function makesRoom(
  transaction: Writing<LogSchema>,
  state: State,
  bounds: LogBounds,
  measure: Measure,
): Promise<readonly LoggedEntry[]> {
  const [entries, parties] = [transaction.objectStore('entries'), transaction.objectStore('parties')];
  const excess = excessOf(totalsOf(state), measure, bounds);
  const limit = measure === 'entries' ? Math.min(STEP, excess) : STEP;
  // The newest stays.
  const oldest = await entries.getAll(IDBKeyRange.upperBound(state.last, true), limit);
  const principals = [...new Set(oldest.map(({ principal }) => principal))];
  const shares = await Promise.all(principals.map((principal) => parties.get(principal)));
  const heaviest = await heaviestOf(transaction, measure, state.last);
  const most = heaviest?.[measure] ?? 0;
  const known = shares.filter((party) => party !== undefined).map((party): [string, Share] => [party.principal, party]);
  const count = countOldest(oldest.map(candidateOf), new Map(known), most, measure, excess);
  if (count > 0 || heaviest === undefined) return oldest.slice(0, count);
  const { principal } = heaviest;
  const range = IDBKeyRange.bound([principal], [principal, state.last], true, true);
  const own = await entries.index('by-principal').getAll(range, limit);
  // Nothing of it there although the sums say so: see above.
  if (own.length === 0) return oldest.slice(0, 1);
  return own.slice(0, countOfHeaviest(own.map(candidateOf), most, measure, excess));
}

/** The heaviest of those that have another entry than the newest, which stays. @param newest Its position. */
async function heaviestOf(
  transaction: Writing<LogSchema>,
  measure: Measure,
  newest: number,
): Promise<StoredParty | undefined> {
  const parties = transaction.objectStore('parties');
  const index = measure === 'entries' ? parties.index('by-entries') : parties.index('by-bytes');
  const first = await index.openCursor(null, 'prev');
  if (first === null || first.value.entries > 1) return first?.value;
  const { value } = first;
  const own = transaction.objectStore('entries').index('by-principal');
  const [position] = await own.getAllKeys(IDBKeyRange.bound([value.principal], [value.principal, []]), 1);
  return position === newest ? (await first.continue())?.value : value;
}

function candidateOf(entry: LoggedEntry): Candidate {
  return { position: entry.position, principal: entry.principal, bytes: bytesOf(entry) };
}
