// How much a log keeps, and who makes room where it is full: shared by all adapters, so that they answer alike. Threat: one
// that says much must not make the others lose what they have yet to read. ARCP v1.0, section 6.4.

import { assertInteger } from '../../bytes/assert.js';
import type { LogEntry } from './contract.js';

/** Bounds of a log, which it keeps by itself at each commit. */
export interface LogBounds {
  /** Entries kept, at least 1. */
  readonly maxEntries: number;
  /** Bytes of text kept, as {@link bytesOf} counts them, together with the ids of pruned entries; at least 1. */
  readonly maxBytes: number;
  /** Positions whose pruned ids are remembered, 0 or more. */
  readonly maxRemembered: number;
}

/** @throws {TypeError | RangeError} a bound out of range. */
export function boundsOf(options: Partial<LogBounds>, defaults: LogBounds): LogBounds {
  const { maxEntries, maxBytes, maxRemembered } = { ...defaults, ...definedOf(options) };
  assertInteger(maxEntries, 'maxEntries', 1);
  assertInteger(maxBytes, 'maxBytes', 1);
  assertInteger(maxRemembered, 'maxRemembered', 0);
  return { maxEntries, maxBytes, maxRemembered };
}

function definedOf<T extends object>(options: T): Partial<T> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Partial<T>;
}

/** Bytes of an entry's text: two for each UTF-16 unit, as much as an engine may need. */
export function bytesOf({ text }: Pick<LogEntry, 'text'>): number {
  return 2 * text.length;
}

/** Bytes of a remembered id, counted likewise. */
export function bytesOfId(id: string): number {
  return 2 * id.length;
}

/** Amounts in steps of doubling: 0 for nothing, 1 for 1, 2 from 2 on, 3 from 4 on. */
export function tierOf(amount: number): number {
  return amount < 2 ** 30 ? 32 - Math.clz32(amount) : 62 - Math.clz32(amount / 2 ** 30);
}

/** What room is measured in. */
export type Measure = 'entries' | 'bytes';

/** What somebody keeps. */
export type Share = { readonly [Name in Measure]: number };

/** What a log keeps in all. */
export interface Totals extends Share {
  /** Bytes of the ids of pruned entries. */
  readonly remembered: number;
}

/**
 * Principals without entries of which it is remembered how far theirs are gone. Beyond it half of them go: of whoever is not
 * known the highest position of those counts as gone, at which others may still keep something.
 */
export const MAX_EMPTIED = 4_096;

/**
 * Whether a commit has let enough go for once: so many entries at least, and twice what it added, so that the log always comes
 * back to its bounds.
 */
export function isEnoughGone(before: Share, now: Share, added: Share, minEntries: number): boolean {
  const entries = before.entries - now.entries;
  return entries >= Math.max(minEntries, 2 * added.entries) && before.bytes - now.bytes >= 2 * added.bytes;
}

/** Part of `maxBytes` that remembered ids have for themselves: beyond it they go before entries do. */
const REMEMBERED_PART = 8;

/** What a log has too much of. `undefined`: nothing. The newest entry stays, whatever its size. */
export function shortageOf(
  { entries, bytes, remembered }: Totals,
  { maxEntries, maxBytes }: LogBounds,
): Measure | 'remembered' | undefined {
  if (entries > maxEntries) return 'entries';
  if (bytes + remembered <= maxBytes) return undefined;
  if (remembered * REMEMBERED_PART > maxBytes) return 'remembered';
  if (entries > 1) return 'bytes';
  return remembered > 0 ? 'remembered' : undefined;
}

/** Part of a bound that is made free at once where making room has a cost of its own. */
const SLACK_PART = 64;

/** How much has to go: as much as is too much, and a little more, so that the next commits need not make room again. */
export function excessOf({ entries, bytes, remembered }: Totals, measure: Measure, bounds: LogBounds): number {
  const [all, max] = measure === 'entries' ? [entries, bounds.maxEntries] : [bytes + remembered, bounds.maxBytes];
  return all - max + Math.floor(max / SLACK_PART);
}

/**
 * Whether the oldest entry stays although there is no room: its principal has less than three quarters of what a heavy one
 * has. Adapters know one that has more than half of what anybody has; so a principal loses nothing to one that keeps three
 * times as much, however many others there are.
 *
 * @param amount What its principal has. @param most What the heavy one has.
 */
export function isSpared(amount: number, most: number): boolean {
  return amount * 4 < most * 3;
}

/** An entry that may have to go. */
export interface Candidate {
  readonly position: number;
  readonly principal: string;
  readonly bytes: number;
}

/**
 * How many of the oldest entries go, up to the first that is spared.
 *
 * @param oldest By rising position, all there are up to the last of them.
 * @param shares Of each of their principals.
 * @param most What a heavy one has.
 */
export function countOldest(
  oldest: readonly Candidate[],
  shares: ReadonlyMap<string, Share>,
  most: number,
  measure: Measure,
  excess: number,
): number {
  const left = new Map<string, number>();
  let [count, done] = [0, 0];
  for (const { principal, bytes } of oldest) {
    const amount = left.get(principal) ?? shares.get(principal)?.[measure] ?? 0;
    if (done >= excess || isSpared(amount, most)) break;
    const part = measure === 'entries' ? 1 : bytes;
    left.set(principal, amount - part);
    done += part;
    count++;
  }
  return count;
}

/**
 * How many entries go of the heavy one: no great part of them at once, for then another may have most.
 *
 * @param own Its oldest, by rising position. @param most What it has.
 */
export function countOfHeaviest(own: readonly Candidate[], most: number, measure: Measure, excess: number): number {
  const enough = Math.min(excess, most / 8);
  let [count, done] = [0, 0];
  for (const { bytes } of own) {
    if (count > 0 && done >= enough) break;
    done += measure === 'entries' ? 1 : bytes;
    count++;
  }
  return count;
}
