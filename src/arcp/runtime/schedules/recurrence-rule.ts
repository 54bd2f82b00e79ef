// Recurrence rules of RFC 5545, section 3.3.10, as peers write them: read strictly and judged before anything searches
// them. What the library would pass over in silence, such as BYHOUR=25, is refused here.

import {
  checkWeekday,
  FREQUENCIES,
  type Frequency,
  readInteger,
  readLists,
  readParts,
  readWeekdays,
} from './recurrence-parts.js';
import { refused } from './recurrence-refusal.js';
import { type CalendarDay, dayTest, leastGapSeconds, mostInPeriod, periodSeconds } from './recurrence-shape.js';
import { type RuleStart, readStart, readUntil } from './recurrence-start.js';

/** Longest text of a rule, in UTF-16 units. */
const MAX_CHARS = 2_048;
/** Largest INTERVAL and COUNT. */
const MAX_INTERVAL = 1_000_000;
const MAX_COUNT = 1_000_000;

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
  /** No two runs are closer than this, in seconds, by the clock of its zone; at most 86,400. */
  readonly leastGapSeconds: number;
  /** Least length of what it repeats by, in seconds, and the most runs one such period has before BYSETPOS picks. */
  readonly periodSeconds: number;
  readonly mostInPeriod: number;
  /** Whether a day can have a run, as far as its date tells: the parts that widen a rule are not looked at. */
  mayFallOn(day: CalendarDay): boolean;
}

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
  if (weekStart !== undefined) checkWeekday(weekStart, 'WKST');
  const lists = readLists(parts, frequency);
  const weekdays = readWeekdays(parts, frequency);
  if (parts.has('BYSETPOS') && ![...parts.keys()].some((name) => /^BY(?!SETPOS)/.test(name))) {
    throw refused('BYSETPOS must stand with another BY part');
  }
  const positions = lists.get('BYSETPOS')?.map(Math.abs) ?? [];
  const most = mostInPeriod(frequency, lists, weekdays);
  // Positions beyond are searched for in vain, and long.
  if (positions.length > 0 && Math.min(...positions) > most) {
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
    leastGapSeconds: leastGapSeconds(frequency, interval, lists),
    periodSeconds: periodSeconds(frequency, interval),
    mostInPeriod: most,
    mayFallOn: dayTest(lists, weekdays),
  };
}
