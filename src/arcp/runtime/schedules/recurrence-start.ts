// The moments that a recurrence rule names: where it begins and where it ends (RFC 5545, section 3.3.5).

import { refused } from './recurrence-refusal.js';

/** Where a rule begins. */
export interface RuleStart {
  /** Such as `20260302T081542`. */
  readonly local: string;
  /** Zone it is local to; `undefined`: UTC. */
  readonly zone: string | undefined;
  /** What {@link RuleStart.local} would be in UTC, as Unix time in milliseconds: the true moment is within a day of it. */
  readonly utcMs: number;
}

const DTSTART = /^DTSTART(?:;TZID=([a-z][a-z0-9_+/-]{0,63}))?:(\d{8}T\d{6})(Z)?$/i;

/**
 * Reads a line `DTSTART:19700101T090000Z` or `DTSTART;TZID=Europe/Berlin:19700101T090000`.
 *
 * @throws {ArcpError} ERR_ARCP_INVALID_ARGUMENT
 */
export function readStart(line: string): RuleStart {
  const [, zone, local, utc] = DTSTART.exec(line) ?? [];
  if (local === undefined || (zone === undefined) === (utc === undefined)) {
    throw refused('DTSTART must be a date and time, in UTC or of the zone that TZID names');
  }
  if (zone !== undefined && !isZone(zone)) throw refused('TZID must be a time zone that is known here');
  return { local: local.toUpperCase(), zone, utcMs: utcMs(local.toUpperCase(), 'DTSTART') };
}

/**
 * Reads the moment of UNTIL.
 *
 * @returns Unix time in milliseconds.
 * @throws {ArcpError} ERR_ARCP_INVALID_ARGUMENT: none, or not in UTC.
 */
export function readUntil(text: string): number {
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
