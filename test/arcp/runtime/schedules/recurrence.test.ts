// Recurrence rules of strangers: what is taken, what is refused, and how long a search may take.

import { describe, expect, test } from 'vitest';
import { loadRecurrences } from '../../../../src/arcp/runtime/schedules/recurrence.js';

const NOW = '2026-03-02T08:15:42.500Z';
const BERLIN = 'DTSTART;TZID=Europe/Berlin:20260101T023000';

async function compile(text: string, leastGapSeconds = 60) {
  return (await loadRecurrences())(text, { anchorMs: Date.parse(NOW), leastGapSeconds });
}

/** The first runs after the moment of acceptance. */
async function runs(text: string, count: number, afterText = NOW): Promise<readonly string[]> {
  const rule = await compile(text);
  const found: string[] = [];
  let after: number | undefined = Date.parse(afterText);
  while (found.length < count) {
    after = rule.next(after);
    if (after === undefined) break;
    found.push(new Date(after).toISOString().replace('.000', ''));
  }
  return found;
}

/** Processor time of a piece of work, in milliseconds. */
async function cpuMs(work: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}

describe('a rule', () => {
  test.each([
    ['FREQ=HOURLY', ['2026-03-02T09:15:42Z', '2026-03-02T10:15:42Z']],
    ['RRULE:FREQ=DAILY;INTERVAL=2', ['2026-03-04T08:15:42Z', '2026-03-06T08:15:42Z']],
    ['freq=weekly;byday=mo,we;byhour=6;byminute=0;bysecond=0;', ['2026-03-04T06:00:00Z', '2026-03-09T06:00:00Z']],
    ['FREQ=MONTHLY;BYDAY=-1FR;BYHOUR=9;BYMINUTE=0;BYSECOND=0', ['2026-03-27T09:00:00Z', '2026-04-24T09:00:00Z']],
    ['FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1', ['2026-03-31T08:15:42Z', '2026-04-30T08:15:42Z']],
    ['FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29', ['2028-02-29T08:15:42Z', '2032-02-29T08:15:42Z']],
    ['FREQ=SECONDLY;INTERVAL=90', ['2026-03-02T08:17:12Z', '2026-03-02T08:18:42Z']],
    ['FREQ=SECONDLY;BYSECOND=0', ['2026-03-02T08:16:00Z', '2026-03-02T08:17:00Z']],
    ['FREQ=DAILY;UNTIL=20260303T081542Z', ['2026-03-03T08:15:42Z']],
    ['DTSTART:20260401T120000Z\r\nRRULE:FREQ=DAILY', ['2026-04-01T12:00:00Z', '2026-04-02T12:00:00Z']],
    ['DTSTART:00010101T000000Z\nFREQ=MINUTELY', ['2026-03-02T08:16:00Z', '2026-03-02T08:17:00Z']],
  ])('%j comes due as RFC 5545 says, the moment of acceptance not among it', async (rule, expected) => {
    expect(await runs(rule, 2)).toEqual(expected);
  });

  test('of a zone keeps to its wall clock over both changes of the hour', async () => {
    const rule = `${BERLIN}\nFREQ=DAILY`;
    // 02:30 is not there on the 29th of March, and twice there on the 25th of October.
    expect(await runs(rule, 2, '2026-03-28T12:00:00Z')).toEqual(['2026-03-30T00:30:00Z', '2026-03-31T00:30:00Z']);
    expect(await runs(rule, 2, '2026-10-24T12:00:00Z')).toEqual(['2026-10-25T00:30:00Z', '2026-10-26T01:30:00Z']);
  });

  test('says how many runs it has', async () => {
    expect((await compile('FREQ=DAILY;COUNT=3')).count).toBe(3);
    expect((await compile('FREQ=DAILY')).count).toBeUndefined();
  });

  test('of less than the least gap is taken where the host allows it', async () => {
    await expect(compile('FREQ=SECONDLY;INTERVAL=10')).rejects.toMatchObject({ code: 'ERR_ARCP_INVALID_ARGUMENT' });
    expect((await compile('FREQ=SECONDLY;INTERVAL=10', 10)).next(Date.parse(NOW))).toBe(
      Date.parse('2026-03-02T08:15:52Z'),
    );
    await expect(compile('FREQ=MINUTELY;BYSECOND=0,55', 10)).rejects.toMatchObject({
      code: 'ERR_ARCP_INVALID_ARGUMENT',
    });
  });
});

describe('what is no rule, or asks for more than is given, is refused', () => {
  test.each([
    ['SECONDLY without end', 'FREQ=SECONDLY'],
    ['59 s apart', 'FREQ=SECONDLY;INTERVAL=59'],
    ['several seconds of every minute', 'FREQ=MINUTELY;BYSECOND=0,30'],
    ['seconds that are near over the minute', 'FREQ=DAILY;BYSECOND=1,59'],
    ['hour 25', 'FREQ=DAILY;BYHOUR=25'],
    ['hour -1', 'FREQ=DAILY;BYHOUR=-1'],
    ['second 60', 'FREQ=DAILY;BYSECOND=60'],
    ['an empty list', 'FREQ=DAILY;BYHOUR='],
    ['a list with a hole', 'FREQ=DAILY;BYHOUR=1,,2'],
    ['month 13', 'FREQ=YEARLY;BYMONTH=13'],
    ['day 32', 'FREQ=MONTHLY;BYMONTHDAY=32'],
    ['day 0', 'FREQ=MONTHLY;BYMONTHDAY=0'],
    ['year day 367', 'FREQ=YEARLY;BYYEARDAY=367'],
    ['position 0', 'FREQ=MONTHLY;BYDAY=MO;BYSETPOS=0'],
    ['a position of nothing', 'FREQ=MONTHLY;BYSETPOS=1'],
    ['the 366th Monday of a week', 'FREQ=WEEKLY;BYSETPOS=366;BYDAY=MO'],
    ['the 30th time of a day that has four', 'FREQ=DAILY;BYHOUR=3,16,20,21;BYSETPOS=-30,-173'],
    ['the 3rd second of a minute that has one', 'FREQ=MINUTELY;BYSECOND=5;BYSETPOS=3'],
    ['the 2nd hour of an hour', 'FREQ=HOURLY;BYHOUR=1,2;BYSETPOS=2'],
    ['the 6th Monday of a month', 'FREQ=MONTHLY;BYDAY=6MO'],
    ['the 54th Monday of a year', 'FREQ=YEARLY;BYDAY=54MO'],
    ['the 2nd Monday of a week', 'FREQ=WEEKLY;BYDAY=2MO'],
    ['no weekday', 'FREQ=WEEKLY;BYDAY=XX'],
    ['a week start that is none', 'FREQ=WEEKLY;WKST=XX'],
    ['week numbers of months', 'FREQ=MONTHLY;BYWEEKNO=20'],
    ['year days of months', 'FREQ=MONTHLY;BYYEARDAY=20'],
    ['month days of weeks', 'FREQ=WEEKLY;BYMONTHDAY=20'],
    ['interval 0', 'FREQ=DAILY;INTERVAL=0'],
    ['interval -1', 'FREQ=DAILY;INTERVAL=-1'],
    ['interval 1e9', 'FREQ=DAILY;INTERVAL=1000000000'],
    ['interval 1e9 in letters', 'FREQ=DAILY;INTERVAL=1e9'],
    ['interval 1.5', 'FREQ=DAILY;INTERVAL=1.5'],
    ['interval of nothing', 'FREQ=DAILY;INTERVAL='],
    ['count 0', 'FREQ=DAILY;COUNT=0'],
    ['count 1e9', 'FREQ=DAILY;COUNT=1000000000'],
    ['count and until', 'FREQ=DAILY;COUNT=1;UNTIL=20270101T000000Z'],
    ['a count that began in the past', 'DTSTART:20200101T000000Z\nFREQ=DAILY;COUNT=3'],
    ['the year 275760', 'FREQ=DAILY;UNTIL=2757600913T000000Z'],
    ['a start in the year 275760', 'DTSTART:2757600913T000000Z\nFREQ=DAILY'],
    ['an end on the 30th of February', 'FREQ=DAILY;UNTIL=20270230T000000Z'],
    ["an end at 24 o'clock", 'FREQ=DAILY;UNTIL=20270101T240000Z'],
    ['an end in no zone', 'FREQ=DAILY;UNTIL=20270101T000000'],
    ['a start in no zone', 'DTSTART:20270101T000000\nFREQ=DAILY'],
    ['a start in two zones', 'DTSTART;TZID=Europe/Berlin:20270101T000000Z\nFREQ=DAILY'],
    ['an unknown zone', 'DTSTART;TZID=Nowhere/Land:20260302T091542\nFREQ=DAILY'],
    ['a zone that is a path', 'DTSTART;TZID=../../etc/passwd:20260302T091542\nFREQ=DAILY'],
    ['a zone that is a member of every object', 'DTSTART;TZID=__proto__:20260302T091542\nFREQ=DAILY'],
    ['two rules', 'FREQ=DAILY\nFREQ=DAILY'],
    ['dates beside the rule', 'DTSTART:20260302T091542Z\nRRULE:FREQ=DAILY\nRDATE:20260303T091542Z'],
    ['the same part twice', 'FREQ=DAILY;FREQ=HOURLY'],
    ['an unknown part', 'FREQ=DAILY;FOO=1'],
    ['a part that is a member of every object', 'FREQ=DAILY;__PROTO__=1;constructor=1'],
    ['another calendar', 'RSCALE=CHINESE;FREQ=DAILY'],
    ['an unknown frequency', 'FREQ=NEVER'],
    ['no frequency', 'INTERVAL=1'],
    ['nothing', ''],
    ['no rule', 'every day'],
    ['1 MB of hours', `FREQ=DAILY;BYHOUR=${'1,'.repeat(524_288)}1`],
    ['1 MB of lines', '\n'.repeat(1_048_576)],
  ])('%s', async (_what, rule) => {
    const spentMs = await cpuMs(() =>
      expect(compile(rule)).rejects.toMatchObject({
        code: 'ERR_ARCP_INVALID_ARGUMENT',
        details: { path: 'payload.when.every' },
      }),
    );
    expect(spentMs).toBeLessThan(1_000);
  });
});

describe('a rule that never comes due ends its search in bounded time', () => {
  test.each([
    ['the 31st of February', 'FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=31'],
    ['every minute of the 30th of February', 'FREQ=MINUTELY;BYMONTH=2;BYMONTHDAY=30'],
    ['every hour of day 366 in January', 'FREQ=HOURLY;BYYEARDAY=366;BYMONTH=1'],
    ['the same in a zone', `${BERLIN}\nFREQ=HOURLY;BYYEARDAY=366;BYMONTH=1`],
    ['week 53 in June', 'FREQ=YEARLY;BYWEEKNO=53;BYDAY=MO;BYMONTH=6'],
    ['an hour that the interval always misses', 'FREQ=HOURLY;INTERVAL=24;BYHOUR=3'],
    ['a minute that the interval always misses', 'FREQ=MINUTELY;INTERVAL=1440;BYHOUR=3'],
    ['a second that the interval always misses', 'FREQ=SECONDLY;INTERVAL=86400;BYHOUR=3'],
    ['a weekday that the interval always misses', 'FREQ=DAILY;INTERVAL=7;BYDAY=SU'],
    ['the 200th time of a month', 'FREQ=MONTHLY;BYHOUR=1,2,3,4,5,6,7;BYDAY=-1FR;BYSETPOS=200'],
    ['the same in a zone', `${BERLIN}\nFREQ=MONTHLY;BYHOUR=1,2,3,4,5,6,7;BYDAY=-1FR;BYSETPOS=200`],
    ['the 366th day of a year that has twelve', `${BERLIN}\nFREQ=YEARLY;BYMONTHDAY=9;BYSETPOS=-366`],
    ['the 300th of some nights', `${BERLIN}\nFREQ=YEARLY;BYDAY=MO,TU;BYHOUR=2,3;BYMINUTE=0,30;BYMONTH=3;BYSETPOS=300`],
    ['more than ten years ahead', 'FREQ=YEARLY;INTERVAL=11'],
    ['a thousand years ahead', 'FREQ=YEARLY;INTERVAL=1000;BYMONTH=2;BYMONTHDAY=29'],
    ['a million days ahead', 'FREQ=DAILY;INTERVAL=1000000'],
    ['the end of time', 'DTSTART:99991231T235959Z\nFREQ=DAILY'],
    ['an end in the past', 'FREQ=DAILY;UNTIL=20200101T000000Z'],
  ])('%s', async (_what, rule) => {
    const { next } = await compile(rule);
    const spentMs = await cpuMs(async () => expect(next(Date.parse(NOW))).toBeUndefined());
    expect(spentMs).toBeLessThan(3_000);
  });
});

test('rules at random come due later than asked, or not at all, in bounded time', async () => {
  let state = 20_260_302;
  const random = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
  const within = (min: number, max: number) => min + Math.floor(random() * (max - min + 1));
  const pick = <T>(from: readonly T[]): T => from[within(0, from.length - 1)] as T;
  const list = (min: number, max: number, signed: boolean) =>
    Array.from({ length: within(1, 4) }, () => within(min, max) * (signed && random() < 0.3 ? -1 : 1)).join(',');
  const now = Date.parse(NOW);
  let taken = 0;
  for (let i = 0; i < 300; i++) {
    const parts = [`FREQ=${pick(['SECONDLY', 'MINUTELY', 'HOURLY', 'DAILY', 'WEEKLY', 'MONTHLY', 'YEARLY'])}`];
    const sometimes = (chance: number, part: () => string) => random() < chance && parts.push(part());
    sometimes(0.6, () => `INTERVAL=${pick([1, 2, 7, 24, 61, 1_440, 86_400, 999_983])}`);
    sometimes(0.3, () => `BYSECOND=${within(0, 59)}`);
    sometimes(0.3, () => `BYMINUTE=${list(0, 59, false)}`);
    sometimes(0.4, () => `BYHOUR=${list(0, 23, false)}`);
    sometimes(0.3, () => `BYMONTHDAY=${list(1, 31, true)}`);
    sometimes(0.2, () => `BYYEARDAY=${list(1, 366, true)}`);
    sometimes(0.1, () => `BYWEEKNO=${list(1, 53, true)}`);
    sometimes(0.4, () => `BYMONTH=${list(1, 12, false)}`);
    sometimes(0.3, () => `BYDAY=${pick(['MO', '-1FR', '2TU', 'SA,SU'])}`);
    sometimes(0.2, () => `BYSETPOS=${list(1, 366, true)}`);
    const rule = pick(['', '', `${BERLIN}\n`, 'DTSTART:00010101T000000Z\n']) + parts.join(';');
    const compiled = await compile(rule).catch((error: { readonly code: string }) => error);
    if ('code' in compiled) {
      expect(compiled.code, rule).toBe('ERR_ARCP_INVALID_ARGUMENT');
      continue;
    }
    taken++;
    let found: number | undefined;
    expect(await cpuMs(async () => (found = compiled.next(now))), rule).toBeLessThan(3_000);
    if (found !== undefined) {
      expect(found, rule).toBeGreaterThan(now);
      const then = compiled.next(found);
      if (then !== undefined) expect(then - found, rule).toBeGreaterThanOrEqual(60_000);
    }
  }
  expect(taken).toBeGreaterThan(100);
}, 60_000);
