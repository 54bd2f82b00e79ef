// How the SQL log keeps its bounds: at each commit, in small steps, and never much more at once than was added. What it
// costs does not depend on how much is kept.

import {
  countOfHeaviest,
  countOldest,
  excessOf,
  isEnoughGone,
  type LogBounds,
  type Measure,
  type Share,
  shortageOf,
} from './bounds.js';
import type { SqlDriver } from './sql-driver.js';
import { heaviestOf, sharesUpTo } from './sql-parties.js';
import { forgetSome, oldestEntries, oldestEntriesOf, removeEntries } from './sql-removal.js';
import { type State, totalsOf } from './sql-state.js';

/** Entries that go in one step: a few milliseconds. */
const STEP = 256;
/** Entries that may go in one commit, whatever was added: where bounds were lowered it takes several. */
const MIN_WORK = 1_024;

/**
 * Lets go of what is too much.
 *
 * @param added What the commit has added: at least twice as much may go, so that the log always comes back to its bounds.
 */
export function shrink(driver: SqlDriver, state: State, bounds: LogBounds, added: Share): void {
  const before = totalsOf(state);
  for (;;) {
    const totals = totalsOf(state);
    const shortage = isEnoughGone(before, totals, added, MIN_WORK) ? undefined : shortageOf(totals, bounds);
    if (shortage === undefined) return;
    if (shortage === 'remembered') forgetSome(driver, state, STEP);
    // Nothing there although the sums say so: somebody has been at the tables.
    else if (!makeRoom(driver, state, bounds, shortage)) return;
  }
}

/** Takes one step. @returns Whether anything went. */
function makeRoom(driver: SqlDriver, state: State, bounds: LogBounds, measure: Measure): boolean {
  const excess = excessOf(totalsOf(state), measure, bounds);
  const limit = measure === 'entries' ? Math.min(STEP, excess) : STEP;
  const oldest = oldestEntries(driver, state.newest - 1, limit);
  const last = oldest.at(-1);
  if (last === undefined) return false;
  const heaviest = heaviestOf(driver, measure, state.newest);
  const count = countOldest(oldest, sharesUpTo(driver, last.position), heaviest.amount, measure, excess);
  if (count > 0) {
    removeEntries(driver, state, bounds.maxRemembered, oldest.slice(0, count));
    return true;
  }
  const own = oldestEntriesOf(driver, heaviest.principal, state.newest - 1, limit);
  const going = own.slice(0, countOfHeaviest(own, heaviest.amount, measure, excess));
  // Nothing of it there although the sums say so: see above.
  if (going.length === 0) removeEntries(driver, state, bounds.maxRemembered, oldest.slice(0, 1));
  else removeEntries(driver, state, bounds.maxRemembered, going, heaviest.principal);
  return true;
}
