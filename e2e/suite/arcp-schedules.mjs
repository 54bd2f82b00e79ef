// Scheduled jobs, and recurrence rules of strangers. The library that searches them comes with the first rule, and has to
// work without code made of text.

import { all, codeOf, withBench } from './arcp-bench.mjs';
import { equal, failure, ok, refuses } from './assert.mjs';

const NOW = '2026-03-02T08:15:42.500Z';
const BERLIN = 'DTSTART;TZID=Europe/Berlin:20260101T023000\n';

/** Rules, and their first two runs after a moment. */
const RULES = [
  ['FREQ=HOURLY', '2026-03-02T09:15:42Z', '2026-03-02T10:15:42Z'],
  ['RRULE:FREQ=DAILY;INTERVAL=2', '2026-03-04T08:15:42Z', '2026-03-06T08:15:42Z'],
  ['freq=weekly;byday=mo,we;byhour=6;byminute=0;bysecond=0;', '2026-03-04T06:00:00Z', '2026-03-09T06:00:00Z'],
  ['FREQ=MONTHLY;BYDAY=-1FR;BYHOUR=9;BYMINUTE=0;BYSECOND=0', '2026-03-27T09:00:00Z', '2026-04-24T09:00:00Z'],
  ['FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1', '2026-03-31T08:15:42Z', '2026-04-30T08:15:42Z'],
  ['FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29', '2028-02-29T08:15:42Z', '2032-02-29T08:15:42Z'],
  ['FREQ=SECONDLY;INTERVAL=90', '2026-03-02T08:17:12Z', '2026-03-02T08:18:42Z'],
  ['FREQ=DAILY;UNTIL=20260303T081542Z', '2026-03-03T08:15:42Z', undefined],
  ['DTSTART:20260401T120000Z\r\nRRULE:FREQ=DAILY', '2026-04-01T12:00:00Z', '2026-04-02T12:00:00Z'],
];

/** Rules without a run: how long they may be searched is bounded. */
const ENDLESS = [
  'FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30',
  'FREQ=DAILY;BYMONTH=4;BYMONTHDAY=31',
  'FREQ=MONTHLY;BYMONTHDAY=31;BYMONTH=2,4,6,9,11',
  'FREQ=YEARLY;INTERVAL=1000000',
  'DTSTART:99990101T000000Z\nFREQ=YEARLY',
];

const REFUSED = [
  'FREQ=SECONDLY',
  'FREQ=MINUTELY;BYSECOND=0,30',
  'FREQ=DAILY;BYHOUR=25',
  'FREQ=DAILY;BYHOUR=',
  'FREQ=MONTHLY;BYDAY=6MO',
  'FREQ=MONTHLY;BYSETPOS=1',
  'FREQ=DAILY;INTERVAL=0',
  'FREQ=DAILY;INTERVAL=1000000000',
  'FREQ=DAILY;COUNT=1;UNTIL=20270101T000000Z',
  'FREQ=DAILY;UNTIL=20270230T000000Z',
  'FREQ=FORTNIGHTLY',
  'DTSTART;TZID=Nowhere/Land:20260302T091542\nFREQ=DAILY',
  'DTSTART;TZID=__proto__:20260302T091542\nFREQ=DAILY',
  'FREQ=DAILY\nFREQ=DAILY',
  'RDATE:20260303T091542Z',
  '',
  'a'.repeat(3_000),
];

/** @param {any} library */
export function scheduleCases(library) {
  const { loadRecurrences } = library.arcpRecurrence;
  const compile = async (text) => (await loadRecurrences())(text, { anchorMs: Date.parse(NOW), leastGapSeconds: 60 });
  const on = (use) => () => withBench(library, use);
  return [
    { name: 'ARCP: rules come due as RFC 5545 says', run: () => due(compile) },
    { name: 'ARCP: a rule of a zone keeps to its wall clock over both changes of the hour', run: () => zones(compile) },
    {
      name: 'ARCP: R6: a rule that never comes due is searched for no longer than a moment',
      run: () => endless(compile),
    },
    {
      name: `ARCP: R6: ${REFUSED.length} texts that are no rule, or ask for too much, are refused`,
      run: async () => {
        for (const rule of REFUSED) await refuses(() => compile(rule), 'ERR_ARCP_INVALID_ARGUMENT', rule.slice(0, 60));
      },
    },
    { name: 'ARCP: a job that was scheduled waits, runs, and can be called off', run: on(scheduled) },
    { name: 'ARCP: a job that recurs is called off by cancelling its next run', run: on(recurring) },
    { name: 'ARCP: a schedule of nothing, or of an endless rule, is refused', run: on(refusedSchedules) },
  ];
}

async function runs(compile, text, after = NOW, count = 2) {
  const rule = await compile(text);
  const found = [];
  let last = Date.parse(after);
  for (let i = 0; i < count && last !== undefined; i++) {
    last = rule.next(last);
    found.push(last === undefined ? undefined : new Date(last).toISOString().replace('.000', ''));
  }
  return found;
}

async function due(compile) {
  for (const [text, ...expected] of RULES) equal(await runs(compile, text), expected, text);
}

async function zones(compile) {
  const rule = `${BERLIN}FREQ=DAILY`;
  // 02:30 is not there on the 29th of March, and twice there on the 25th of October.
  equal(await runs(compile, rule, '2026-03-28T12:00:00Z'), ['2026-03-30T00:30:00Z', '2026-03-31T00:30:00Z']);
  equal(await runs(compile, rule, '2026-10-24T12:00:00Z'), ['2026-10-25T00:30:00Z', '2026-10-26T01:30:00Z']);
}

async function endless(compile) {
  const since = performance.now();
  for (const text of ENDLESS) equal((await runs(compile, text, NOW, 1))[0], undefined, text);
  const took = performance.now() - since;
  ok(took < 10_000, `${took} ms`);
}

const command = (tool, args = null) => ({ type: 'tool.invoke', payload: { tool, arguments: args } });

async function scheduled({ connect }) {
  const session = await connect();
  const past = session.schedule(command('echo', 'late'), { at: '2020-01-01T00:00:00Z' });
  equal((await past.result).value, 'late');
  equal((await session.schedule(command('echo', 'now'), { after: 0 }).result).value, 'now');
  const later = session.schedule(command('echo', 'never'), { after: 3_600 });
  const jobId = await later.id;
  equal(await session.cancel('job', jobId, { reason: 'called off' }), { accepted: true });
  equal(await codeOf(later), 'CANCELLED');
  equal((await all(later.events)).map(({ type }) => type).includes('job.started'), false);
}

async function recurring({ open }) {
  const peer = await open();
  const id = peer.send('job.schedule', { job: command('echo', 'again'), when: { every: 'FREQ=HOURLY;COUNT=3' } });
  const first = await peer.until('job.accepted');
  equal(first.correlation_id, id);
  const cancelled = await peer.answerTo(peer.send('cancel', { target: 'job', target_id: first.payload.job_id }));
  equal(cancelled.type, 'cancel.accepted');
  await peer.until('job.cancelled');
  await peer.demandAlive();
  equal(
    peer.types().filter((type) => type.startsWith('job.')),
    ['job.accepted', 'job.cancelled'],
  );
}

async function refusedSchedules({ connect }) {
  const session = await connect();
  const codeOfSchedule = async (job, when) => (await failure(() => session.schedule(job, when).result)).wireCode;
  equal(await codeOfSchedule(command('echo'), { every: 'FREQ=SECONDLY' }), 'INVALID_ARGUMENT');
  equal(await codeOfSchedule(command('echo'), { every: ENDLESS[0] }), 'INVALID_ARGUMENT');
  equal(await codeOfSchedule({ type: 'session.close', payload: {} }, { after: 0 }), 'UNIMPLEMENTED');
  equal(await codeOfSchedule(command('echo'), { after: 10 ** 12 }), 'INVALID_ARGUMENT');
}
