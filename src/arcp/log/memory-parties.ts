// The principals of a log in memory, and which of them has most: found at once, also where there are very many.

import { MAX_EMPTIED, type Measure, tierOf } from './bounds.js';
import type { LoggedEntry } from './contract.js';
import { Party } from './memory-party.js';

/** Principals of about the same amount that are compared. */
const MAX_LOOKS = 8;

/** Principals in steps of doubling amounts, so that most entries that come or go move nobody. */
class Ranking {
  readonly #tiers: Set<Party>[] = [];
  readonly #tierOf = new Map<Party, number>();

  /** Tells what a principal has now. */
  set(party: Party, amount: number): void {
    const tier = tierOf(amount);
    const before = this.#tierOf.get(party);
    if (tier === before) return;
    if (before !== undefined) this.#tiers[before]?.delete(party);
    if (tier === 0) {
      this.#tierOf.delete(party);
      return;
    }
    this.#tierOf.set(party, tier);
    while (this.#tiers.length <= tier) this.#tiers.push(new Set());
    this.#tiers[tier]?.add(party);
  }

  /** The heaviest of a few of those that have most, none of which has twice as much; passing over some. */
  heaviest(measure: Measure, newest: number): Party | undefined {
    let found: Party | undefined;
    let looks = 0;
    for (let tier = this.#tiers.length - 1; tier >= 0 && found === undefined; tier--) {
      for (const party of this.#tiers[tier] as Set<Party>) {
        // One that has nothing but the newest has nothing that could go.
        if (party.entries.at(0)?.position === newest) continue;
        if (found === undefined || amountOf(party, measure) > amountOf(found, measure)) found = party;
        if (++looks === MAX_LOOKS) break;
      }
    }
    return found;
  }
}

/** What a principal has. */
export function amountOf(party: Party, measure: Measure): number {
  return measure === 'entries' ? party.entries.length : party.bytes;
}

/** Emptied principals that are looked through for such as may be let go, at least. */
const MIN_EMPTIED = 16;

/** The principals of a log. */
export class Parties {
  readonly #byName = new Map<string, Party>();
  readonly #rankings = { entries: new Ranking(), bytes: new Ranking() };
  /** Those without entries, of which the log still has to say how far theirs are gone. */
  readonly #emptied = new Map<string, Party>();
  #maxEmptied = MIN_EMPTIED;
  /** Position up to which entries of such are gone as were let go before their time. */
  #floor = 0;

  get(principal: string): Party | undefined {
    return this.#byName.get(principal);
  }

  all(): Iterable<Party> {
    return this.#byName.values();
  }

  /** As `EventLog.prunedThrough`, of a principal. @param base As below. */
  prunedThrough(principal: string, base: number): number {
    // What one may have had that is not known is gone, and nobody knows any more how far.
    return this.#byName.get(principal)?.prunedThrough ?? Math.max(base, this.#floor);
  }

  /** Adds an entry. @param base Position up to which everything of everybody is gone. */
  add(entry: LoggedEntry, base: number): void {
    let party = this.#byName.get(entry.principal);
    if (party === undefined) {
      party = new Party(this.prunedThrough(entry.principal, base));
      this.#byName.set(entry.principal, party);
    }
    party.add(entry);
    this.#rank(party);
  }

  /** Takes the oldest entry of a principal, of which there must be one. */
  shift(party: Party): LoggedEntry {
    const entry = party.shift();
    this.#rank(party);
    if (party.entries.length === 0) this.#emptied.set(entry.principal, party);
    return entry;
  }

  /** Lets go of principals of which there is nothing left to say. @param base As above. */
  tidy(base: number): void {
    if (this.#emptied.size <= this.#maxEmptied) return;
    for (const [principal, party] of this.#emptied) {
      if (party.entries.length > 0) this.#emptied.delete(principal);
      else if (party.prunedThrough <= base) this.#forget(principal);
    }
    // Older entries of others are still there, which may be so for ever.
    if (this.#emptied.size >= MAX_EMPTIED) this.#forgetSome(this.#emptied.size - MAX_EMPTIED / 2);
    // Only when they have doubled again, so that looking through them costs each but little.
    this.#maxEmptied = Math.min(MAX_EMPTIED - 1, Math.max(MIN_EMPTIED, 2 * this.#emptied.size));
  }

  /** Lets go of those that were emptied first. */
  #forgetSome(count: number): void {
    for (const [principal, party] of [...this.#emptied].slice(0, count)) {
      this.#floor = Math.max(this.#floor, party.prunedThrough);
      this.#forget(principal);
    }
  }

  #forget(principal: string): void {
    this.#emptied.delete(principal);
    this.#byName.delete(principal);
  }

  /**
   * The heaviest, or one that has more than half of what that has; of those that have another entry than the newest, which
   * stays.
   *
   * @param newest Position of the newest.
   */
  heaviest(measure: Measure, newest: number): Party | undefined {
    return this.#rankings[measure].heaviest(measure, newest);
  }

  clear(): void {
    this.#byName.clear();
    this.#emptied.clear();
  }

  #rank(party: Party): void {
    this.#rankings.entries.set(party, party.entries.length);
    this.#rankings.bytes.set(party, party.bytes);
  }
}
