// Recurrence rules of RFC 5545, section 3.3.10, as peers write them: read strictly and judged before anything searches
// them. What the library would pass over in silence, such as BYHOUR=25, is refused here.

import { ArcpError } from '../errors.js';

/** Longest text of a rule, in UTF-16 units. */
const MAX_CHARS = 2_048;
/** Largest INTERVAL and COUNT. */
const MAX_INTERVAL = 1_000_000;
const MAX_COUNT = 1_000_000;

const FREQUENCIES = ['SECONDLY', 'MINUTELY', 'HOURLY', 'DAILY', 'WEEKLY', 'MONTHLY', 'YEARLY'] as const;

/** How often a rule repeats. */
export type Frequency = (typeof FREQUENCIES)[number];

/** Where a rule begins. */
export interface RuleStart {
  /** Such as `20260302T081542`. */
  readonly local: string;
  /** Zone it is local to; `undefined`: UTC. */
  readonly zone: string | undefined;
  /** What {@link RuleStart.local} would be in UTC, as Unix time in milliseconds: the true moment is within a day of it. */
  readonly utcMs: number;
}

/** A rule that was read. */
export interface RecurrenceRule {
  /** Its parts but for those that end it, checked and in capitals. */
  readonly parts: readonly string[];
  readonly frequency: Frequency;
  /** How many runs there are; `undefined`: no end. */
  readonly count: number | undefined;
  /** Unix time in milliseconds after which there are none. */
  readonly untilMs: number | undefined;
  /** Where it begins, where the text says. */
  readonly start: RuleStart | undefined;
  /** No two runs are closer than this, in seconds, whatever the rule's other parts. */
  readonly leastGapSeconds: number;
  /** Whether a day can have a run, as far as its date tells: the parts that widen a rule are not looked at. */
  mayFallOn(day: CalendarDay): boolean;
}

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
const DTSTART = /^DTSTART(?:;TZID=([a-z][a-z0-9_+/-]{0,63}))?:(\d{8}T\d{6})(Z)?$/i;

/**
 * Reads a rule: `FREQ=...`, perhaps behind `RRULE:`, perhaps behind a line `DTSTART:19700101T090000Z` or
 * `DTSTART;TZID=Europe/Berlin:19700101T090000`.
 *
 * @throws {ArcpError} ERR_ARCP_INVALID_ARGUMENT: it is none, or asks for more than is given; `details` say what.
 */
export function readRule(text: string): RecurrenceRule {
  if (text.length > MAX_CHARS) throw refused(`must have at most ${MAX_CHARS} characters`);
  const lines = text.trim().split(/\r?\n/);
  const start = lines.length > 1 ? readStart(lines.shift() as string) : undefined;
  if (lines.length !== 1) throw refused('must be one rule, behind one DTSTART at most');
  const parts = readParts((lines[0] as string).replace(/^RRULE:/i, ''));
  const frequency = FREQUENCIES.find((one) => one === parts.get('FREQ'));
  if (frequency === undefined)
    throw refused('FREQ must be SECONDLY, MINUTELY, HOURLY, DAILY, WEEKLY, MONTHLY or YEARLY');
  const interval = readInteger('INTERVAL', parts.get('INTERVAL') ?? '1', 1, MAX_INTERVAL);
  const count = parts.has('COUNT') ? readInteger('COUNT', parts.get('COUNT') as string, 1, MAX_COUNT) : undefined;
  const untilMs = parts.has('UNTIL') ? readUntil(parts.get('UNTIL') as string) : undefined;
  if (count !== undefined && untilMs !== undefined) throw refused('COUNT and UNTIL must not stand together');
  const weekStart = parts.get('WKST');
  if (weekStart !== undefined && !WEEKDAYS.some((day) => day === weekStart)) throw refused('WKST must be a weekday');
  const lists = new Map<string, readonly number[]>();
  for (const name of Object.keys(LISTS)) {
    const list = parts.get(name);
    if (list !== undefined) lists.set(name, readList(name, list, frequency));
  }
  const weekdays = readWeekdays(parts, frequency);
  if (parts.has('BYSETPOS') && ![...parts.keys()].some((name) => /^BY(?!SETPOS)/.test(name))) {
    throw refused('BYSETPOS must stand with another BY part');
  }
  const positions = lists.get('BYSETPOS')?.map(Math.abs) ?? [];
  if (positions.length > 0 && Math.min(...positions) > mostInPeriod(frequency, lists, weekdays)) {
    throw refused('BYSETPOS must be a position there is');
  }
  return {
    parts: [...parts]
      .filter(([name]) => name !== 'COUNT' && name !== 'UNTIL')
      .map(([name, value]) => `${name}=${value}`),
    frequency,
    count,
    untilMs,
    start,
    leastGapSeconds: leastGapSeconds(frequency, interval, lists.get('BYSECOND')),
    mayFallOn: dayTest(lists, weekdays),
  };
}

function readParts(text: string): Map<string, string> {
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

function readInteger(name: string, text: string, min: number, max: number): number {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  if (text !== String(value) || value < min || value > max) throw refused(`${name} must be from ${min} to ${max}`);
  return value;
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

/** The weekdays of BYDAY, without what counts them. */
function readWeekdays(parts: ReadonlyMap<string, string>, frequency: Frequency): ReadonlySet<number> | undefined {
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

function readStart(line: string): RuleStart {
  const [, zone, local, utc] = DTSTART.exec(line) ?? [];
  if (local === undefined || (zone === undefined) === (utc === undefined)) {
    throw refused('DTSTART must be a date and time, in UTC or of the zone that TZID names');
  }
  if (zone !== undefined && !isZone(zone)) throw refused('TZID must be a time zone that is known here');
  return { local: local.toUpperCase(), zone, utcMs: utcMs(local.toUpperCase(), 'DTSTART') };
}

function readUntil(text: string): number {
  if (!/^\d{8}T\d{6}Z$/.test(text)) throw refused('UNTIL must be a date and time in UTC');
  return utcMs(text.slice(0, -1), 'UNTIL');
}

/** The moment that digits such as `20260302T081542` name in UTC. */
function utcMs(local: string, name: string): number {
  const [, year, month, day, hour, minute, second] = (/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)$/.exec(local) ?? []).map(
    Number,
  );
  const iso = `${local.slice(0, 4)}-${local.slice(4, 6)}-${local.slice(6, 8)}`;
  const date = new Date(`${iso}T00:00:00Z`);
  const isDay = !Number.isNaN(date.getTime()) && date.getUTCDate() === day && date.getUTCMonth() + 1 === month;
  if (year === undefined || !isDay || !((hour ?? 24) < 24 && (minute ?? 60) < 60 && (second ?? 60) < 60)) {
    throw refused(`${name} must be a date and time of the calendar`);
  }
  return date.getTime() + (((hour as number) * 60 + (minute as number)) * 60 + (second as number)) * 1_000;
}

function isZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}

function leastGapSeconds(frequency: Frequency, interval: number, seconds: readonly number[] | undefined): number {
  const unitGap = frequency === 'SECONDLY' ? interval : 0;
  if (seconds === undefined) return frequency === 'SECONDLY' ? unitGap : 60;
  const sorted = [...new Set(seconds)].sort((a, b) => a - b);
  const gaps = sorted.map((second, i) => (sorted[i + 1] ?? (sorted[0] as number) + 60) - second);
  return Math.max(unitGap, Math.min(...gaps));
}

/** How many runs one period can have before BYSETPOS picks, or more: positions beyond are searched for in vain, and long. */
function mostInPeriod(
  frequency: Frequency,
  lists: ReadonlyMap<string, readonly number[]>,
  weekdays: ReadonlySet<number> | undefined,
): number {
  const size = (name: string) => new Set(lists.get(name) ?? [0]).size;
  const days = { WEEKLY: weekdays?.size ?? 1, MONTHLY: 31, YEARLY: 366 };
  if (frequency === 'SECONDLY') return 1;
  if (frequency === 'MINUTELY') return size('BYSECOND');
  if (frequency === 'HOURLY') return size('BYSECOND') * size('BYMINUTE');
  const times = size('BYSECOND') * size('BYMINUTE') * size('BYHOUR');
  return frequency === 'DAILY' ? times : times * days[frequency];
}

function dayTest(
  lists: ReadonlyMap<string, readonly number[]>,
  weekdays: ReadonlySet<number> | undefined,
): (day: CalendarDay) => boolean {
  const months = lists.get('BYMONTH');
  const monthDays = lists.get('BYMONTHDAY');
  const yearDays = lists.get('BYYEARDAY');
  return ({ month, day, weekday, dayOfYear, daysInMonth, daysInYear }) =>
    months?.includes(month) !== false &&
    weekdays?.has(weekday) !== false &&
    (monthDays === undefined || monthDays.includes(day) || monthDays.includes(day - daysInMonth - 1)) &&
    (yearDays === undefined || yearDays.includes(dayOfYear) || yearDays.includes(dayOfYear - daysInYear - 1));
}

/** A rule that is not taken. */
export function refused(issue: string): ArcpError {
  const path = 'payload.when.every';
  return new ArcpError('INVALID_ARGUMENT', `${path}: ${issue}`, { details: { path, issue } });
}
