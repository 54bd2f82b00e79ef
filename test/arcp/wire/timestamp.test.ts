import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isTimestamp, timestampMs, timestampOf } from '../../../src/arcp/wire/timestamp.js';

describe('a timestamp', () => {
  it.each([
    ['2026-03-02T08:15:42Z', '2026-03-02T08:15:42.000Z'],
    ['2026-03-02T08:15:42.1Z', '2026-03-02T08:15:42.100Z'],
    ['2026-03-02T08:15:42.120Z', '2026-03-02T08:15:42.120Z'],
    ['2026-03-02T08:15:42.123456789Z', '2026-03-02T08:15:42.123Z'],
    ['2026-03-02T08:15:42.434537002999999Z', '2026-03-02T08:15:42.434Z'],
    ['2026-03-02T08:15:42.999999Z', '2026-03-02T08:15:42.999Z'],
    ['2026-03-02T08:15:42+02:00', '2026-03-02T06:15:42.000Z'],
    ['2026-03-02T08:15:42+0200', '2026-03-02T06:15:42.000Z'],
    ['2026-03-02T08:15:42.5-09:30', '2026-03-02T17:45:42.500Z'],
    ['2026-03-02T08:15:42-00:00', '2026-03-02T08:15:42.000Z'],
    ['2026-03-02t08:15:42z', '2026-03-02T08:15:42.000Z'],
    ['2026-03-02 08:15:42Z', '2026-03-02T08:15:42.000Z'],
    ['2026-12-31T23:59:60Z', '2027-01-01T00:00:00.000Z'],
    ['2024-02-29T00:00:00Z', '2024-02-29T00:00:00.000Z'],
    ['2000-02-29T23:59:59+23:59', '2000-02-29T00:00:59.000Z'],
    ['0001-01-01T00:00:00Z', '0001-01-01T00:00:00.000Z'],
    ['0000-02-29T00:00:00Z', '0000-02-29T00:00:00.000Z'],
  ])('[10.9] %s is the moment %s', (text, moment) => {
    expect(isTimestamp(text)).toBe(true);
    expect(new Date(timestampMs(text)).toISOString()).toBe(moment);
  });

  it.each([
    '2026-03-02T08:15:42',
    '2026-03-02',
    '2026-03-02T08:15Z',
    '2026-03-02T24:00:00Z',
    '2026-03-02T08:60:00Z',
    '2026-03-02T08:15:61Z',
    '2026-13-02T08:15:42Z',
    '2026-00-02T08:15:42Z',
    '2026-03-00T08:15:42Z',
    '2026-03-32T08:15:42Z',
    '2026-04-31T08:15:42Z',
    '2026-02-29T08:15:42Z',
    '1900-02-29T08:15:42Z',
    '2026-03-02T08:15:42+24:00',
    '2026-03-02T08:15:42+01:60',
    '2026-03-02T08:15:42+1:00',
    '2026-03-02T08:15:42.Z',
    '2026-03-02T08:15:42,5Z',
    '2026-03-02_08:15:42Z',
    '+002026-03-02T08:15:42Z',
    ' 2026-03-02T08:15:42Z',
    '2026-03-02T08:15:42Z\n',
    '\u0662026-03-02T08:15:42Z',
    `2026-03-02T08:15:42.${'0'.repeat(64)}Z`,
    '',
    1772439342,
    null,
    undefined,
  ])('[10.9] %j is none', (value) => {
    expect(isTimestamp(value)).toBe(false);
    if (typeof value === 'string') expect(() => timestampMs(value)).toThrow(RangeError);
  });

  it('agrees with Date on every moment it can write', () => {
    const moments = fc.date({ min: new Date('0000-01-01T00:00:00Z'), max: new Date('9999-12-31T23:59:59.999Z') });
    fc.assert(
      fc.property(
        moments.filter((moment) => !Number.isNaN(moment.getTime())),
        (moment) => {
          const text = timestampOf(moment.getTime());
          expect(text).toBe(moment.toISOString());
          expect(timestampMs(text)).toBe(moment.getTime());
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it('agrees with Date on whether a day exists', () => {
    const two = (value: number) => String(value).padStart(2, '0');
    for (const year of ['1900', '2000', '2023', '2024', '2100']) {
      for (let month = 0; month <= 13; month++) {
        for (let day = 0; day <= 32; day++) {
          const date = new Date(Date.UTC(Number(year), month - 1, day));
          const exists = month >= 1 && month <= 12 && date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
          expect(isTimestamp(`${year}-${two(month)}-${two(day)}T00:00:00Z`)).toBe(exists);
        }
      }
    }
  });

  it('is written for any number of milliseconds, the far ones as the first and last there is text for', () => {
    expect(timestampOf(0)).toBe('1970-01-01T00:00:00.000Z');
    expect(timestampOf(Number.MAX_SAFE_INTEGER * 1_000)).toBe('9999-12-31T23:59:59.999Z');
    expect(timestampOf(Number.POSITIVE_INFINITY)).toBe('9999-12-31T23:59:59.999Z');
    expect(timestampOf(-1e18)).toBe('0000-01-01T00:00:00.000Z');
    expect(() => timestampOf(Number.NaN)).toThrow(RangeError);
  });
});
