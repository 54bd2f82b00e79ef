// The parts of a recurrence rule (RFC 5545, section 3.3.10): which there are, which numbers each takes, and which may not
// stand together.

import { refused } from './recurrence-refusal.js';

/** How often a rule repeats, from the finest on. */
export const FREQUENCIES = ['SECONDLY', 'MINUTELY', 'HOURLY', 'DAILY', 'WEEKLY', 'MONTHLY', 'YEARLY'] as const;

/** How often a rule repeats. */
export type Frequency = (typeof FREQUENCIES)[number];

/** The lists of numbers of a rule, by name: those it has. */
export type NumberLists = ReadonlyMap<string, readonly number[]>;

interface ListFacts {
  readonly min: number;
  readonly max: number;
  /** Whether the negative counts, too, from the end. */
  readonly signed?: true;
  /** Frequencies it may not stand with. */
  readonly never?: readonly Frequency[];
}

const LISTS: Readonly<Record<string, ListFacts>> = {
  BYSECOND: { min: 0, max: 59 },
  BYMINUTE: { min: 0, max: 59 },
  BYHOUR: { min: 0, max: 23 },
  BYMONTHDAY: { min: 1, max: 31, signed: true, never: ['WEEKLY'] },
  BYYEARDAY: { min: 1, max: 366, signed: true, never: ['DAILY', 'WEEKLY', 'MONTHLY'] },
  BYWEEKNO: {
    min: 1,
    max: 53,
    signed: true,
    never: ['SECONDLY', 'MINUTELY', 'HOURLY', 'DAILY', 'WEEKLY', 'MONTHLY'],
  },
  BYMONTH: { min: 1, max: 12 },
  BYSETPOS: { min: 1, max: 366, signed: true },
};

const WEEKDAYS = ['SU', 'MO', 'TU', 'WE', 'TH', 'FR', 'SA'] as const;
const BYDAY = /^([+-]?\d{1,2})?(SU|MO|TU|WE|TH|FR|SA)$/;

/**
 * Takes a rule apart.
 *
 * @returns Values by name, in capitals: each name once, and only those of RFC 5545.
 * @throws {ArcpError} ERR_ARCP_INVALID_ARGUMENT
 */
export function readParts(text: string): Map<string, string> {
  const parts = new Map<string, string>();
  for (const part of text.toUpperCase().replace(/;$/, '').split(';')) {
    const at = part.indexOf('=');
    const name = part.slice(0, Math.max(at, 0));
    if (!Object.hasOwn(LISTS, name) && !/^(?:FREQ|INTERVAL|COUNT|UNTIL|WKST|BYDAY)$/.test(name)) {
      throw refused('must be parts of RFC 5545, NAME=value, with semicolons between them');
    }
    if (parts.has(name)) throw refused(`${name} must stand once`);
    parts.set(name, part.slice(at + 1));
  }
  return parts;
}

/**
 * Reads a number.
 *
 * @throws {ArcpError} ERR_ARCP_INVALID_ARGUMENT: none, or none from `min` to `max`.
 */
export function readInteger(name: string, text: string, min: number, max: number): number {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  if (text !== String(value) || value < min || value > max) throw refused(`${name} must be from ${min} to ${max}`);
  return value;
}

/**
 * Reads the lists of numbers.
 *
 * @throws {ArcpError} ERR_ARCP_INVALID_ARGUMENT: a number that is none, or a list that must not stand with the frequency.
 */
export function readLists(parts: ReadonlyMap<string, string>, frequency: Frequency): NumberLists {
  const lists = new Map<string, readonly number[]>();
  for (const name of Object.keys(LISTS)) {
    const list = parts.get(name);
    if (list !== undefined) lists.set(name, readList(name, list, frequency));
  }
  return lists;
}

/**
 * Reads the weekdays of BYDAY, without what counts them.
 *
 * @returns 0 Sunday, to 6; `undefined` where there is no BYDAY.
 * @throws {ArcpError} ERR_ARCP_INVALID_ARGUMENT
 */
export function readWeekdays(
  parts: ReadonlyMap<string, string>,
  frequency: Frequency,
): ReadonlySet<number> | undefined {
  const text = parts.get('BYDAY');
  if (text === undefined) return undefined;
  const days = new Set<number>();
  for (const one of text.split(',')) {
    const [, ordinal, day] = BYDAY.exec(one) ?? [];
    if (day === undefined) throw refused('BYDAY must be weekdays, such as MO or -1FR');
    days.add(WEEKDAYS.indexOf(day as (typeof WEEKDAYS)[number]));
    if (ordinal === undefined) continue;
    const size = Math.abs(Number(ordinal));
    const most = frequency === 'MONTHLY' || parts.has('BYMONTH') ? 5 : 53;
    if ((frequency !== 'MONTHLY' && frequency !== 'YEARLY') || parts.has('BYWEEKNO') || size < 1 || size > most) {
      throw refused('BYDAY must count weekdays of months or years only, and no more than those have');
    }
  }
  return days;
}

/** @throws {ArcpError} ERR_ARCP_INVALID_ARGUMENT: not one of `MO` to `SU`. */
export function checkWeekday(text: string, name: string): void {
  if (!WEEKDAYS.some((day) => day === text)) throw refused(`${name} must be a weekday`);
}

function readList(name: string, text: string, frequency: Frequency): readonly number[] {
  const { min, max, signed, never } = LISTS[name] as ListFacts;
  if (never?.includes(frequency)) throw refused(`${name} must not stand with FREQ=${frequency}`);
  return text.split(',').map((one) => {
    const value = /^[+-]?\d{1,3}$/.test(one) ? Number(one) : Number.NaN;
    const size = signed === true ? Math.abs(value) : value;
    if (!(size >= min && size <= max) || (signed !== true && /^[+-]/.test(one))) {
      throw refused(`${name} must be numbers from ${min} to ${max}${signed === true ? ', or negative' : ''}`);
    }
    return value;
  });
}
