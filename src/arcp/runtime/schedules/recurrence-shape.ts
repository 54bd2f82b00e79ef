// What the parts of a recurrence rule say before anything is searched: how close its runs may come, how many a period may
// have, which days it leaves out.

import type { Frequency, NumberLists } from './recurrence-parts.js';

/** A day of the Gregorian calendar. */
export interface CalendarDay {
  readonly month: number;
  readonly day: number;
  /** 0 Sunday, to 6. */
  readonly weekday: number;
  /** From 1. */
  readonly dayOfYear: number;
  readonly daysInMonth: number;
  readonly daysInYear: number;
}

const HOUR = 3_600;
const DAY = 86_400;

/** Least length of a period of each frequency, in seconds. */
const PERIOD_SECONDS: Readonly<Record<Frequency, number>> = {
  SECONDLY: 1,
  MINUTELY: 60,
  HOURLY: HOUR,
  DAILY: DAY,
  WEEKLY: 7 * DAY,
  MONTHLY: 28 * DAY,
  YEARLY: 365 * DAY,
};

/** The least length of what a rule repeats by, in seconds. */
export function periodSeconds(frequency: Frequency, interval: number): number {
  return PERIOD_SECONDS[frequency] * interval;
}

/**
 * No two runs are closer than this, in seconds: at most a day. By the clock of the rule's zone: where that is set, two runs
 * may come closer.
 */
export function leastGapSeconds(frequency: Frequency, interval: number, lists: NumberLists): number {
  // How many times one period may have decides whether it keeps its runs apart, or the times within it do.
  const isOneEach =
    frequency === 'SECONDLY' ||
    (sizeOf(lists, 'BYSECOND') === 1 &&
      (frequency === 'MINUTELY' || (frequency === 'HOURLY' && sizeOf(lists, 'BYMINUTE') === 1)));
  const ofPeriod = isOneEach ? Math.min(periodSeconds(frequency, interval), DAY) : 1;
  return Math.max(ofPeriod, gapOfTimes(frequency, lists));
}

/** The least gap between the times of a day that the lists leave. */
function gapOfTimes(frequency: Frequency, lists: NumberLists): number {
  const seconds = lists.get('BYSECOND');
  if (seconds === undefined && frequency === 'SECONDLY') return 1;
  if (sizeOf(lists, 'BYSECOND') > 1) return roundGap(seconds ?? [], 60);
  const minutes = lists.get('BYMINUTE');
  if (minutes === undefined && (frequency === 'SECONDLY' || frequency === 'MINUTELY')) return 60;
  if (sizeOf(lists, 'BYMINUTE') > 1) return roundGap(minutes ?? [], 60) * 60;
  const hours = lists.get('BYHOUR');
  if (hours === undefined && (frequency === 'SECONDLY' || frequency === 'MINUTELY' || frequency === 'HOURLY'))
    return HOUR;
  return sizeOf(lists, 'BYHOUR') > 1 ? roundGap(hours ?? [], 24) * HOUR : DAY;
}

/** The least gap between numbers on a dial that goes round. */
function roundGap(numbers: readonly number[], round: number): number {
  const sorted = [...new Set(numbers)].sort((a, b) => a - b);
  return Math.min(...sorted.map((number, i) => (sorted[i + 1] ?? (sorted[0] as number) + round) - number));
}

/** How many runs one period can have before BYSETPOS picks, or more. */
export function mostInPeriod(
  frequency: Frequency,
  lists: NumberLists,
  weekdays: ReadonlySet<number> | undefined,
): number {
  const days = { WEEKLY: weekdays?.size ?? 1, MONTHLY: 31, YEARLY: 366 };
  if (frequency === 'SECONDLY') return 1;
  if (frequency === 'MINUTELY') return sizeOf(lists, 'BYSECOND');
  if (frequency === 'HOURLY') return sizeOf(lists, 'BYSECOND') * sizeOf(lists, 'BYMINUTE');
  const times = sizeOf(lists, 'BYSECOND') * sizeOf(lists, 'BYMINUTE') * sizeOf(lists, 'BYHOUR');
  return frequency === 'DAILY' ? times : times * days[frequency];
}

/** Different numbers of a list; one where there is none. */
function sizeOf(lists: NumberLists, name: string): number {
  return new Set(lists.get(name) ?? [0]).size;
}

/** Makes the test whether a day can have a run, as far as its date tells: the parts that widen a rule are not looked at. */
export function dayTest(lists: NumberLists, weekdays: ReadonlySet<number> | undefined): (day: CalendarDay) => boolean {
  const months = lists.get('BYMONTH');
  const monthDays = lists.get('BYMONTHDAY');
  const yearDays = lists.get('BYYEARDAY');
  return ({ month, day, weekday, dayOfYear, daysInMonth, daysInYear }) =>
    months?.includes(month) !== false &&
    weekdays?.has(weekday) !== false &&
    (monthDays === undefined || monthDays.includes(day) || monthDays.includes(day - daysInMonth - 1)) &&
    (yearDays === undefined || yearDays.includes(dayOfYear) || yearDays.includes(dayOfYear - daysInYear - 1));
}
