// When a recurrence rule of RFC 5545 comes due next: a search by `rrule-temporal`, which is loaded with the first rule, and
// which is let search only what its date allows, ten years ahead and 10,000 steps at most.

import { refused } from './recurrence-refusal.js';
import { type RecurrenceRule, readRule } from './recurrence-rule.js';
import type { CalendarDay } from './recurrence-shape.js';

/** How far ahead a next run may be, in milliseconds: 3,653 days. One that is further away counts as none. */
export const MAX_HORIZON_MS = 3_653 * 86_400_000;

/** Steps of one search, of periods and of candidates within one. */
export const MAX_STEPS = 10_000;

/** What a search costs that finds at once, in steps, and what reading a rule costs: its zone has to be looked up. */
export const LEAST_STEPS = 50;

const DAY_MS = 86_400_000;

/** A rule, ready to search. */
export interface Recurrence {
  /** How many runs there are; `undefined`: no end. The searching is not bounded by it. */
  readonly count: number | undefined;
  /**
   * Searches the first time after a moment. Takes tenths of a second at the very worst.
   *
   * @param afterMs Unix time in milliseconds.
   * @returns Unix time in milliseconds; `undefined`: none, none within ten years, or none that the steps reached.
   */
  next(afterMs: number): number | undefined;
  /**
   * What a search costs, or more, in steps of which ten thousand take tenths of a second: by what the rule says alone, so
   * that it is the same on hosts whose clocks stand while they work.
   *
   * @param foundMs What {@link next} said.
   * @returns 50 to 10,000.
   */
  stepsOf(afterMs: number, foundMs: number | undefined): number;
}

/** What a rule must keep to. */
export interface RecurrenceOptions {
  /** Where a rule without `DTSTART` begins, as Unix time in milliseconds. Not a run itself. */
  readonly anchorMs: number;
  /** Refuses rules whose runs may be closer than this, in seconds: 1 or more. */
  readonly leastGapSeconds: number;
}

type Library = typeof import('rrule-temporal');

let library: Promise<Library> | undefined;

/** Loads the library, once; a failure is not kept. */
function loadLibrary(): Promise<Library> {
  library ??= import('rrule-temporal').catch((error: unknown) => {
    library = undefined;
    throw error;
  });
  return library;
}

/**
 * Loads what reads rules.
 *
 * @returns Reads a rule, and throws ERR_ARCP_INVALID_ARGUMENT where it is none, or asks for more than is given.
 */
export async function loadRecurrences(): Promise<(text: string, options: RecurrenceOptions) => Recurrence> {
  const { RRuleTemporal } = await loadLibrary();
  return (text, { anchorMs, leastGapSeconds }) => {
    const rule = readRule(text);
    if (rule.leastGapSeconds < leastGapSeconds) throw refused(`must leave ${leastGapSeconds} s between two runs`);
    if (rule.count !== undefined && rule.start !== undefined && rule.start.utcMs < anchorMs - DAY_MS) {
      throw refused('COUNT must not stand with a DTSTART in the past');
    }
    const start = startOf(rule, anchorMs);
    return {
      count: rule.count,
      next: (afterMs) => search(RRuleTemporal, rule, start, afterMs),
      stepsOf: (afterMs, foundMs) => stepsOf(rule, afterMs, foundMs),
    };
  };
}

function stepsOf(
  { periodSeconds, mostInPeriod }: RecurrenceRule,
  afterMs: number,
  foundMs: number | undefined,
): number {
  if (foundMs === undefined) return MAX_STEPS;
  const periods = 1 + Math.floor((foundMs - afterMs) / (periodSeconds * 1_000));
  return Math.min(LEAST_STEPS + periods * mostInPeriod, MAX_STEPS);
}

function search(
  RRuleTemporal: Library['RRuleTemporal'],
  rule: RecurrenceRule,
  start: string,
  afterMs: number,
): number | undefined {
  const untilMs = Math.min(rule.untilMs ?? Number.POSITIVE_INFINITY, afterMs + MAX_HORIZON_MS);
  const fromMs = firstPossible(rule, afterMs, untilMs);
  if (fromMs === undefined) return undefined;
  let nextMs: number | undefined;
  try {
    const searched = new RRuleTemporal({
      rruleString: `${start}\nRRULE:${[...rule.parts, `UNTIL=${digitsOf(untilMs)}Z`].join(';')}`,
      maxIterations: MAX_STEPS,
      maxCandidateEvaluations: MAX_STEPS,
      cache: false,
    });
    nextMs = searched.next(new Date(fromMs))?.epochMilliseconds;
  } catch {
    // Too many steps, or beyond what its calendar knows.
    return undefined;
  }
  // A time that is past would come due again at once, for ever.
  return nextMs !== undefined && nextMs > afterMs && nextMs <= untilMs ? nextMs : undefined;
}

/** From where on there may be a run: days that the rule's dates leave out are not worth the library's while. */
function firstPossible(rule: RecurrenceRule, afterMs: number, untilMs: number): number | undefined {
  // Wherever on Earth: its date is within a day of that of UTC.
  const earliestMs = Math.max(afterMs, (rule.start?.utcMs ?? afterMs) - DAY_MS);
  for (let dayMs = Math.floor(earliestMs / DAY_MS - 1) * DAY_MS; dayMs <= untilMs + DAY_MS; dayMs += DAY_MS) {
    if (rule.mayFallOn(calendarDay(dayMs))) return Math.max(afterMs, dayMs - DAY_MS);
  }
  return undefined;
}

function calendarDay(dayMs: number): CalendarDay {
  const date = new Date(dayMs);
  const year = date.getUTCFullYear();
  const month = date.getUTCMonth();
  const firstMs = Date.UTC(year, 0, 1);
  return {
    month: month + 1,
    day: date.getUTCDate(),
    weekday: date.getUTCDay(),
    dayOfYear: (dayMs - firstMs) / DAY_MS + 1,
    daysInMonth: new Date(Date.UTC(year, month + 1, 0)).getUTCDate(),
    daysInYear: (Date.UTC(year + 1, 0, 1) - firstMs) / DAY_MS,
  };
}

function startOf({ start }: RecurrenceRule, anchorMs: number): string {
  if (start === undefined) return `DTSTART:${digitsOf(anchorMs)}Z`;
  return start.zone === undefined ? `DTSTART:${start.local}Z` : `DTSTART;TZID=${start.zone}:${start.local}`;
}

/** A moment as RFC 5545 writes it in UTC, but for the Z; what is finer than a second is cut off. */
function digitsOf(ms: number): string {
  return new Date(ms).toISOString().replace(/[-:]|\..*/g, '');
}
