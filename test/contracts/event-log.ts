// What every event log has to do, as plain functions that throw: a runner in Node, a page or a worker lends its own `test`.

import type { EventLog, LogBatch, LogEntry, LoggedEntry, LogQuery } from '../../src/arcp/log/contract.js';
import { refuses, same, seededNumbers } from './check.js';

/** How the suite gets at an adapter. */
export interface EventLogSetup {
  /** A log on empty data of its own, at every call, that remembers so many positions of pruned ids; 100,000 by default. */
  create(maxRemembered?: number): EventLog | Promise<EventLog>;
  /** A second handle on the data of a log, as another tab or connection has; the same one where there can be no other. */
  again(log: EventLog): EventLog | Promise<EventLog>;
  /** There is one place for data, as in a Durable Object: `create` empties it, and what was made before is of no use. */
  readonly single?: boolean;
}

/** One demand on a log; rejects when it is not met. */
export interface EventLogCase {
  readonly name: string;
  run(setup: EventLogSetup): Promise<void>;
}

/** A ULID that sorts by a number. */
function ulid(n: number): string {
  return `01KDMX${n
    .toString(32)
    .toUpperCase()
    .replace(/[ILOU]/g, (digit) => ({ I: 'W', L: 'X', O: 'Y', U: 'Z' })[digit] as string)
    .padStart(20, '0')}`;
}

const WORST = [
  "'; DROP TABLE arcp_log; --",
  '" OR 1=1 --',
  "it's",
  '%_*?[a]',
  '`position`',
  '__proto__',
  'constructor',
  '\u0000',
  'a\u0000b',
  'a\u0001b',
  'a\u0001\u0001',
  '\ud800',
  'x\udc00y',
  '\ud7ff\u0fff',
  '\ud7ff',
  '\u{1f511}',
  '\ue000',
  '\uffff',
  ' ',
  '\n',
  'x'.repeat(1_024),
];

function entry(n: number, more: Partial<LogEntry> = {}): LogEntry {
  const id = `msg_${ulid(n)}`;
  return {
    sessionId: 'sess_a',
    principal: 'alice',
    direction: 'out',
    id,
    type: 'log',
    rank: 1,
    atMs: 1_772_439_342_000 + n,
    text: JSON.stringify({ id, type: 'log', payload: { n } }),
    ...more,
  };
}

const batch = (...entries: LogEntry[]): LogBatch => ({ entries });

/** Everything, over pages of three. */
async function everything(log: EventLog, query: Partial<LogQuery> = {}): Promise<LoggedEntry[]> {
  const found: LoggedEntry[] = [];
  for (let after = query.after ?? 0; ; ) {
    const page = await log.read({ limit: 3, ...query, after });
    found.push(...page);
    const last = page.at(-1);
    if (last === undefined) return found;
    after = last.position;
  }
}

async function ids(log: EventLog, query: Partial<LogQuery>): Promise<string[]> {
  return (await everything(log, query)).map(({ id }) => id);
}

/** The demands, in the order of the contract. */
export const eventLogCases: readonly EventLogCase[] = [
  {
    name: 'an empty log has nothing',
    async run({ create }) {
      const log = await create();
      same(await log.read({ after: 0, limit: 10 }), []);
      same(await log.last(), 0);
      same(await log.prunedThrough(), 0);
      same(await log.prune({ keepEntries: 0 }), 0);
      same(await log.locate('sess_a', 'msg_1'), { kind: 'unknown' });
      same(await log.find('alice', 'msg_1'), { kind: 'unknown' });
      same(await log.record('job', 'a'), undefined);
      same(await log.records('job', { limit: 10 }), []);
      same(await log.commit({ entries: [] }), { positions: [] });
    },
  },
  {
    name: 'an entry reads back as it was, position beside it',
    async run({ create, again }) {
      const log = await create();
      const full = entry(1, {
        direction: 'in',
        jobId: 'job_1',
        streamId: 'str_1',
        traceId: 'trace',
        correlationId: 'msg_0',
        rank: 3,
      });
      const bare = entry(2, { sessionId: '', principal: '', rank: 0, text: '{}' });
      same(await log.commit(batch(full, bare)), { positions: [1, 2] });
      const other = await again(log);
      same(await other.read({ after: 0, limit: 10 }), [
        { ...full, position: 1 },
        { ...bare, position: 2 },
      ]);
    },
  },
  {
    name: 'the text is kept to the last unit, lone surrogates, zeros and byte-order marks included',
    async run({ create, again }) {
      const log = await create();
      const texts = [
        '',
        '{"a":"\u{1f600}\u00e9"}',
        '{"a":"\ud800"}',
        '\udc00\ud800',
        'a\u0000b',
        '\ufeff{"first":"a mark, which is no text of JSON, and long enough to be decoded by other means"}',
        '123',
        '1e3',
        'null',
        '\u2028\u2029\u007f',
      ];
      await log.commit(batch(...texts.map((text, n) => entry(n, { text }))));
      same(
        (await everything(await again(log))).map(({ text }) => text),
        texts,
      );
    },
  },
  {
    name: 'a text of 8 MiB is kept, pairs of surrogates at whatever place in it',
    async run({ create, again }) {
      const log = await create();
      // Beyond the row of a Durable Object; odd, so that pieces of an even length would end between halves.
      const long = `x${'\u{1f600}'.repeat(1_500_000)}`;
      const plain = 'y'.repeat(8_388_608);
      await log.commit(batch(entry(1, { text: long }), entry(2), entry(3, { text: plain })));
      const [first, , third] = await (await again(log)).read({ after: 0, limit: 10 });
      same(first?.text === long, true);
      same(third?.text === plain, true);
      same(await log.prune({ keepEntries: 0 }), 3);
      same(await log.commit(batch(entry(4, { text: 'after' }))), { positions: [4] });
      same((await log.read({ after: 0, limit: 10 }))[0]?.text, 'after');
    },
  },
  {
    name: 'positions rise by one from 1, over all sessions and commits',
    async run({ create, again }) {
      const log = await create();
      same(await log.commit(batch(entry(1))), { positions: [1] });
      same(await log.commit(batch(entry(2, { sessionId: 'sess_b' }), entry(3))), { positions: [2, 3] });
      same(await (await again(log)).commit(batch(entry(4))), { positions: [4] });
      same(await log.last(), 4);
    },
  },
  {
    name: 'a message that is there is left out, and takes no position [10.34]',
    async run({ create }) {
      const log = await create();
      await log.commit(batch(entry(1, { direction: 'in', text: 'first' })));
      same(await log.commit(batch(entry(1, { direction: 'in', text: 'again' }), entry(2), entry(2))), {
        positions: [undefined, 2, undefined],
      });
      same(
        (await everything(log)).map(({ text }) => text),
        ['first', entry(2).text],
      );
    },
  },
  {
    name: 'the same id in another session, or the other direction, is another message',
    async run({ create }) {
      const log = await create();
      const result = await log.commit(
        batch(entry(1), entry(1, { sessionId: 'sess_b' }), entry(1, { direction: 'in' }), entry(1)),
      );
      same(result, { positions: [1, 2, 3, undefined] });
    },
  },
  {
    name: 'entries without a session are never taken for the same, and not found by id',
    async run({ create }) {
      const log = await create();
      const stray = entry(1, { sessionId: '', principal: '' });
      same(await log.commit(batch(stray, stray)), { positions: [1, 2] });
      same(await log.commit(batch(stray)), { positions: [3] });
      same(await log.locate('', stray.id), { kind: 'unknown' });
      same(await log.find('', stray.id), { kind: 'unknown' });
      await log.prune({ keepEntries: 0 });
      same(await log.locate('', stray.id), { kind: 'unknown' });
      same(await log.commit(batch(stray)), { positions: [4] });
    },
  },
  {
    name: 'reading goes on from a position, up to another, in pages',
    async run({ create }) {
      const log = await create();
      await log.commit(batch(...Array.from({ length: 10 }, (_, n) => entry(n + 1))));
      const positions = async (query: LogQuery) => (await log.read(query)).map(({ position }) => position);
      same(await positions({ after: 0, limit: 3 }), [1, 2, 3]);
      same(await positions({ after: 3, limit: 3 }), [4, 5, 6]);
      same(await positions({ after: 3, upTo: 5, limit: 10 }), [4, 5]);
      same(await positions({ after: 9, limit: 10 }), [10]);
      same(await positions({ after: 10, limit: 10 }), []);
      same(await positions({ after: 5, upTo: 3, limit: 10 }), []);
      same(await positions({ after: Number.MAX_SAFE_INTEGER, limit: 10 }), []);
      same((await everything(log)).length, 10);
    },
  },
  {
    name: 'each clause of a query takes its entries, and no others',
    async run({ create }) {
      const log = await create();
      await log.commit(
        batch(
          entry(1, { jobId: 'job_1', correlationId: 'msg_x' }),
          entry(2, { sessionId: 'sess_b', principal: 'bob', type: 'metric', jobId: 'job_2' }),
          entry(3, { direction: 'in', type: 'ping', traceId: 't' }),
          entry(4, { sessionId: 'sess_c', streamId: 'str_1', type: 'metric' }),
          entry(5, { jobId: 'job_1', streamId: 'str_1', traceId: 't', correlationId: 'msg_y' }),
        ),
      );
      const numbers = async (query: Partial<LogQuery>) =>
        (await everything(log, query)).map(({ position }) => position);
      same(await numbers({ sessionIds: ['sess_a'] }), [1, 3, 5]);
      same(await numbers({ sessionIds: ['sess_b', 'sess_c'] }), [2, 4]);
      same(await numbers({ sessionIds: ['sess_c', 'sess_c', 'sess_a'] }), [1, 3, 4, 5]);
      same(await numbers({ principal: 'alice' }), [1, 3, 4, 5]);
      same(await numbers({ principal: 'bob' }), [2]);
      same(await numbers({ direction: 'in' }), [3]);
      same(await numbers({ direction: 'out' }), [1, 2, 4, 5]);
      same(await numbers({ jobIds: ['job_1'] }), [1, 5]);
      same(await numbers({ jobIds: ['job_2', 'job_1', 'job_3'] }), [1, 2, 5]);
      same(await numbers({ streamIds: ['str_1'] }), [4, 5]);
      same(await numbers({ traceIds: ['t'] }), [3, 5]);
      same(await numbers({ types: ['metric'] }), [2, 4]);
      same(await numbers({ types: ['metric', 'ping'] }), [2, 3, 4]);
      same(await numbers({ correlationId: 'msg_x' }), [1]);
      same(await numbers({ principal: 'alice', types: ['metric'] }), [4]);
      same(await numbers({ principal: 'bob', jobIds: ['job_1'] }), []);
      same(await numbers({ sessionIds: ['sess_a'], direction: 'out', types: ['log'], after: 1 }), [5]);
      same(await numbers({ sessionIds: ['sess_a', 'sess_c'], streamIds: ['str_1'], traceIds: ['t', 'u'] }), [5]);
      same(await numbers({ principal: 'ALICE' }), []);
    },
  },
  {
    name: 'an empty list matches nothing, whatever stands beside it',
    async run({ create }) {
      const log = await create();
      await log.commit(batch(entry(1)));
      for (const list of ['sessionIds', 'jobIds', 'streamIds', 'traceIds', 'types']) {
        same(await log.read({ after: 0, limit: 5, [list]: [] }), []);
        same(await log.read({ after: 0, limit: 5, principal: 'alice', [list]: [] }), []);
      }
    },
  },
  {
    name: 'what few match is found behind many that do not',
    async run({ create }) {
      const log = await create();
      for (let n = 0; n < 1_200; n += 400) {
        const entries = Array.from({ length: 400 }, (_, i) => entry(n + i, { jobId: 'job_1' }));
        await log.commit({ entries });
      }
      const rare = entry(5_000, { type: 'metric', jobId: 'job_1', direction: 'in' });
      await log.commit(batch(rare, entry(5_001)));
      const kept = [{ ...rare, position: 1_201 }];
      same(await log.read({ after: 0, limit: 2, types: ['metric'] }), kept);
      same(await log.read({ after: 0, limit: 2, principal: 'alice', direction: 'in' }), kept);
      same(await log.read({ after: 0, limit: 2, jobIds: ['job_1', 'job_2'], types: ['metric'] }), kept);
      same(await log.read({ after: 0, upTo: 1_200, limit: 2, types: ['metric'] }), []);
    },
  },
  {
    name: 'lists of hundreds are fine',
    async run({ create }) {
      const log = await create();
      const sessions = Array.from({ length: 300 }, (_, n) => `sess_${n}`);
      await log.commit({ entries: sessions.map((sessionId, n) => entry(n, { sessionId, jobId: `job_${n}` })) });
      const even = sessions.filter((_, n) => n % 2 === 0);
      const expected = even.map((_, n) => entry(2 * n).id);
      same(await ids(log, { sessionIds: even }), expected);
      same(await ids(log, { sessionIds: even, principal: 'alice' }), expected);
      same(await ids(log, { sessionIds: even, types: ['log', 'x'], jobIds: ['job_2', 'job_3'] }), [entry(2).id]);
      same(await ids(log, { sessionIds: even, types: Array.from({ length: 200 }, (_, n) => `${n}`) }), []);
    },
  },
  {
    name: 'a message is found by session and id, or by principal and id',
    async run({ create }) {
      const log = await create();
      await log.commit(
        batch(
          entry(1),
          entry(2, { sessionId: 'sess_b' }),
          entry(3, { sessionId: 'sess_m', principal: 'mallory' }),
          entry(1, { sessionId: 'sess_b', direction: 'in' }),
          entry(1, { direction: 'in' }),
        ),
      );
      const position = async (found: ReturnType<EventLog['locate']>) => {
        const where = await found;
        return where.kind === 'kept' ? where.entry.position : where.kind;
      };
      same(await position(log.locate('sess_a', entry(1).id)), 5);
      same(await position(log.locate('sess_b', entry(1).id)), 4);
      same(await position(log.locate('sess_a', entry(2).id)), 'unknown');
      same(await position(log.locate('sess_a', entry(3).id)), 'unknown');
      same(await position(log.find('alice', entry(1).id)), 5);
      same(await position(log.find('alice', entry(2).id)), 2);
      same(await position(log.find('alice', entry(3).id)), 'unknown');
      same(await position(log.find('mallory', entry(3).id)), 3);
      same(await position(log.find('nobody', entry(3).id)), 'unknown');
      same(await log.locate('sess_a', entry(1).id), {
        kind: 'kept',
        entry: { ...entry(1, { direction: 'in' }), position: 5 },
      });
    },
  },
  {
    name: 'pruning takes the oldest, by count or by time, and says how many',
    async run({ create, again }) {
      const log = await create();
      await log.commit(batch(...Array.from({ length: 10 }, (_, n) => entry(n + 1))));
      same(await log.prune({ keepEntries: 20 }), 0);
      same(await log.prune({}), 0);
      same(await log.prune({ beforeMs: entry(1).atMs }), 0);
      same(await log.prune({ keepEntries: 8 }), 2);
      same(await log.prune({ beforeMs: entry(5).atMs }), 2);
      same(await log.prune({ beforeMs: entry(5).atMs, keepEntries: 4 }), 2);
      same(await log.prune({ beforeMs: entry(8).atMs, keepEntries: 4 }), 1);
      const other = await again(log);
      same(
        (await everything(other)).map(({ position }) => position),
        [8, 9, 10],
      );
      same(await other.prunedThrough(), 7);
      same(await other.last(), 10);
      same(await other.read({ after: 0, limit: 5, sessionIds: ['sess_a'] }), await other.read({ after: 7, limit: 5 }));
    },
  },
  {
    name: 'what is kept is always all beyond one position, also where the clock went back and forth',
    async run({ create }) {
      const log = await create();
      const at = (n: number, atMs: number) => entry(n, { atMs });
      await log.commit(batch(at(1, 10), at(2, 50), at(3, 20), at(4, 60)));
      same(await log.prune({ beforeMs: 40 }), 1);
      same(
        (await everything(log)).map(({ position }) => position),
        [2, 3, 4],
      );
      same(await log.prune({ beforeMs: 55 }), 2);
      same(await log.prunedThrough(), 3);
    },
  },
  {
    name: 'positions are never used again, also after everything was pruned and the log was opened anew',
    async run({ create, again }) {
      const log = await create();
      await log.commit(batch(entry(1), entry(2)));
      same(await log.prune({ keepEntries: 0 }), 2);
      same(await log.last(), 2);
      same(await log.prunedThrough(), 2);
      const other = await again(log);
      same(await other.last(), 2);
      same(await other.commit(batch(entry(3))), { positions: [3] });
      same(await other.prunedThrough(), 2);
    },
  },
  {
    name: 'a pruned message is told from one that never was, and from those of others [10.69]',
    async run({ create, again }) {
      const log = await create();
      await log.commit(batch(entry(1), entry(5), entry(9), entry(2, { sessionId: 'sess_m', principal: 'mallory' })));
      await log.prune({ keepEntries: 2 });
      const other = await again(log);
      same(await other.locate('sess_a', entry(1).id), { kind: 'pruned' });
      same(await other.locate('sess_a', entry(5).id), { kind: 'pruned' });
      same((await other.locate('sess_a', entry(9).id)).kind, 'kept');
      // Between two that were: ids are looked up, not guessed by their order.
      same(await other.locate('sess_a', entry(3).id), { kind: 'unknown' });
      same(await other.locate('sess_a', entry(10).id), { kind: 'unknown' });
      same(await other.locate('sess_m', entry(1).id), { kind: 'unknown' });
      same(await other.find('alice', entry(1).id), { kind: 'pruned' });
      same(await other.find('mallory', entry(1).id), { kind: 'unknown' });
      same(await other.find('alice', entry(2).id), { kind: 'unknown' });
    },
  },
  {
    name: 'a message that was pruned is still left out when it comes again',
    async run({ create }) {
      const log = await create();
      await log.commit(batch(entry(1, { direction: 'in' }), entry(2)));
      await log.prune({ keepEntries: 0 });
      same(await log.commit(batch(entry(1, { direction: 'in' }), entry(2), entry(1))), {
        positions: [undefined, undefined, 3],
      });
    },
  },
  {
    name: "beyond what is remembered, an id of our own from that time still counts as pruned; a peer's is unknown",
    async run({ create, again }) {
      const log = await create(2);
      const odd = { direction: 'in', id: 'msg_odd' } as const;
      // A peer may choose an id that looks like ours, and far ahead: it says nothing of ours.
      const ahead = entry(9_000, { direction: 'in' });
      await log.commit(batch(entry(1), ahead, entry(2, odd), entry(3), entry(4), entry(5), entry(6)));
      await log.prune({ keepEntries: 1 });
      const other = await again(log);
      // Remembered: positions 5 and 6. Forgotten: 1 to 4.
      for (const n of [1, 3, 4, 5]) same([n, (await other.locate('sess_a', entry(n).id)).kind], [n, 'pruned']);
      same(await other.locate('sess_a', 'msg_odd'), { kind: 'unknown' });
      same(await other.locate('sess_a', entry(7).id), { kind: 'unknown' });
      same(await other.locate('sess_a', 'msg_0'), { kind: 'unknown' });
      same(await other.locate('sess_a', ahead.id), { kind: 'unknown' });
      same(await other.commit(batch(entry(2, odd), entry(5))), { positions: [8, undefined] });
    },
  },
  {
    name: 'thousands are pruned while more come in',
    async run({ create }) {
      const log = await create();
      for (let n = 0; n < 2_500; n += 500) {
        await log.commit({ entries: Array.from({ length: 500 }, (_, i) => entry(n + i)) });
      }
      const pruning = log.prune({ keepEntries: 100 });
      const committing = log.commit(batch(entry(9_000)));
      const removed = await pruning;
      same(await committing, { positions: [2_501] });
      same(removed === 2_400 || removed === 2_401, true);
      same(await log.prunedThrough(), removed);
      same((await log.read({ after: 0, limit: 1_000 })).length, 2_501 - removed);
    },
  },
  {
    name: 'records are written, replaced and removed, each kind by itself',
    async run({ create, again }) {
      const log = await create();
      await log.commit({
        entries: [],
        records: [
          { kind: 'job', key: 'a', value: { one: 1, two: [null, true, 'x', 1.5] } },
          { kind: 'session', key: 'a', value: 'text' },
          { kind: 'job', key: 'b', value: null },
        ],
      });
      const other = await again(log);
      same(await other.record('job', 'a'), { one: 1, two: [null, true, 'x', 1.5] });
      same(await other.record('session', 'a'), 'text');
      same(await other.record('job', 'b'), null);
      same(await other.record('job', 'c'), undefined);
      await other.commit({
        entries: [],
        records: [
          { kind: 'job', key: 'a', value: { two: 3 } },
          { kind: 'job', key: 'b', value: undefined },
          { kind: 'job', key: 'never', value: undefined },
        ],
      });
      same(await log.record('job', 'a'), { two: 3 });
      same(await log.records('job', { limit: 10 }), [{ key: 'a', value: { two: 3 } }]);
      same(await log.records('session', { limit: 10 }), [{ key: 'a', value: 'text' }]);
    },
  },
  {
    name: 'of several writes of one record in a batch, the last one stands',
    async run({ create }) {
      const log = await create();
      const write = (key: string, value: number | undefined) => ({ kind: 'k', key, value });
      await log.commit({
        entries: [],
        records: [
          write('a', 1),
          write('a', 2),
          write('b', 1),
          write('b', undefined),
          write('c', undefined),
          write('c', 3),
        ],
      });
      same(await log.records('k', { limit: 9 }), [
        { key: 'a', value: 2 },
        { key: 'c', value: 3 },
      ]);
    },
  },
  {
    name: 'any JSON is a record, whatever it looks like',
    async run({ create, again }) {
      const log = await create();
      const values = [
        0,
        -1.5,
        1e300,
        '',
        '1',
        '1e3',
        'null',
        true,
        [],
        {},
        { '': '' },
        'a\u0000b',
        '\u{1f600}',
        2 ** 53 - 1,
        JSON.parse('{"__proto__":{"admin":true},"constructor":1}'),
        { long: '\u{1f600}'.repeat(700_000) },
      ];
      await log.commit({ entries: [], records: values.map((value, n) => ({ kind: 'k', key: `${n}`, value })) });
      const other = await again(log);
      for (const [n, value] of values.entries()) same(await other.record('k', `${n}`), value);
      same(((await other.record('k', '14')) as { admin?: unknown }).admin, undefined);
      same((await other.records('k', { limit: 99 })).length, values.length);
      await log.commit({ entries: [], records: [{ kind: 'k', key: '15', value: 'short' }] });
      same(await other.record('k', '15'), 'short');
    },
  },
  {
    name: 'records are listed by key, in UTF-16 order, in pages',
    async run({ create }) {
      const log = await create();
      const keys = ['', 'a', 'b', 'B', 'aa', '10', '9', ...WORST].filter((key, i, all) => all.indexOf(key) === i);
      const shuffled = [...keys].reverse();
      await log.commit({ entries: [], records: shuffled.map((key) => ({ kind: 'k', key, value: key.length })) });
      await log.commit({ entries: [], records: [{ kind: 'kk', key: 'c', value: 1 }] });
      const found: string[] = [];
      for (let after: string | undefined; ; after = found.at(-1)) {
        const page = await log.records('k', { after, limit: 2 });
        found.push(...page.map(({ key }) => key));
        if (page.length < 2) break;
      }
      same(found, [...keys].sort());
      same(await log.records('k', { after: 'aaa', limit: 1 }), [{ key: 'b', value: 1 }]);
      same(await log.records('none', { limit: 1 }), []);
    },
  },
  {
    name: 'hostile text is text, wherever it stands',
    async run({ create, again }) {
      const log = await create();
      const entries = WORST.map((text, n) =>
        entry(n, {
          sessionId: `sess_${text}`,
          principal: text,
          id: `msg_${text}`,
          type: text,
          jobId: text,
          streamId: text,
          traceId: text,
          correlationId: text,
          text: `text ${text}`,
        }),
      );
      await log.commit({ entries, records: WORST.map((text) => ({ kind: text, key: text, value: text.length })) });
      const other = await again(log);
      same(
        await other.read({ after: 0, limit: 100 }),
        entries.map((kept, n) => ({ ...kept, position: n + 1 })),
      );
      for (const [n, text] of WORST.entries()) {
        const mine = [n + 1];
        const numbers = async (query: Partial<LogQuery>) =>
          (await everything(other, query)).map((kept) => kept.position);
        same(await numbers({ principal: text }), mine);
        same(await numbers({ sessionIds: [`sess_${text}`] }), mine);
        same(await numbers({ jobIds: [text, 'other'] }), mine);
        same(await numbers({ streamIds: [text] }), mine);
        same(await numbers({ traceIds: [text, 'other'] }), mine);
        same(await numbers({ types: [text, 'other'], jobIds: [text] }), mine);
        same(await numbers({ correlationId: text }), mine);
        same((await other.locate(`sess_${text}`, `msg_${text}`)).kind, 'kept');
        same((await other.find(text, `msg_${text}`)).kind, 'kept');
        same(await other.record(text, text), text.length);
      }
      same(await log.commit({ entries }), { positions: WORST.map(() => undefined) });
      await log.prune({ keepEntries: 0 });
      for (const text of WORST) same(await other.locate(`sess_${text}`, `msg_${text}`), { kind: 'pruned' });
      same(await log.commit({ entries }), { positions: WORST.map(() => undefined) });
    },
  },
  {
    name: 'nonsense is refused and changes nothing',
    async run({ create }) {
      const log = await create();
      await log.commit(batch(entry(1)));
      for (const limit of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
        await refuses(() => log.read({ after: 0, limit }), 'RangeError');
        await refuses(() => log.records('k', { limit }), 'RangeError');
      }
      for (const after of [-1, 0.5, Number.NaN, 2 ** 53]) {
        await refuses(() => log.read({ after, limit: 1 }), 'RangeError');
        await refuses(() => log.read({ after: 0, upTo: after, limit: 1 }), 'RangeError');
        await refuses(() => log.prune({ keepEntries: after }), 'RangeError');
      }
      await refuses(() => log.read({ after: '0; DROP' as never, limit: 1 }), 'TypeError');
      await refuses(() => log.prune({ beforeMs: Number.NaN }), 'RangeError');
      same(await log.last(), 1);
      same((await log.read({ after: 0, limit: 1 })).length, 1);
    },
  },
  {
    name: 'commits over two handles at once get positions of their own, and one message is kept once',
    async run({ create, again }) {
      const log = await create();
      const handles = [log, await again(log)];
      const results = await Promise.all(
        Array.from({ length: 24 }, (_, n) =>
          (handles[n % 2] as EventLog).commit(batch(entry(n), entry(1_000, { direction: 'in' }), entry(100 + n))),
        ),
      );
      const positions = results.flatMap((result) => result.positions).filter((position) => position !== undefined);
      same(
        [...positions].sort((a, b) => a - b),
        Array.from({ length: 49 }, (_, n) => n + 1),
      );
      same((await everything(log)).length, 49);
      for (const { positions: given } of results) same((given[0] as number) < (given[2] as number), true);
    },
  },
  {
    name: 'two logs share nothing',
    async run({ create, single }) {
      const one = await create();
      await one.commit({ entries: [entry(1)], records: [{ kind: 'k', key: 'a', value: 1 }] });
      const two = await create();
      same(await two.last(), 0);
      same(await two.record('k', 'a'), undefined);
      same(await two.locate('sess_a', entry(1).id), { kind: 'unknown' });
      if (single) return;
      same(await two.commit(batch(entry(2))), { positions: [1] });
      same(await one.commit(batch(entry(3))), { positions: [2] });
      same(await ids(one, {}), [entry(1).id, entry(3).id]);
    },
  },
  {
    name: 'a closed log answers nothing any more; closing again does nothing',
    async run({ create }) {
      const log = await create();
      await log.commit(batch(entry(1)));
      await log.close();
      await log.close();
      const closed = (operation: () => unknown) => refuses(operation, 'StorageError', 'ERR_STORAGE_FAILED');
      await closed(() => log.commit(batch(entry(2))));
      await closed(() => log.commit({ entries: [] }));
      await closed(() => log.read({ after: 0, limit: 1 }));
      await closed(() => log.locate('sess_a', entry(1).id));
      await closed(() => log.find('alice', entry(1).id));
      await closed(() => log.last());
      await closed(() => log.prunedThrough());
      await closed(() => log.prune({ keepEntries: 0 }));
      await closed(() => log.record('k', 'a'));
      await closed(() => log.records('k', { limit: 1 }));
    },
  },
  ...[1, 2, 3].map((seed) => ({
    name: `after 150 random steps it holds what a plain list would (seed ${seed})`,
    run: ({ create, again }: EventLogSetup) => randomSteps(seed, create, again),
  })),
];

/** The contract over a list, as plain as can be. */
class PlainLog {
  all: LoggedEntry[] = [];
  pruned = 0;
  seen = new Set<string>();

  commit(entries: readonly LogEntry[]): (number | undefined)[] {
    return entries.map((added) => {
      const name = JSON.stringify([added.sessionId, added.direction, added.id]);
      if (added.sessionId !== '' && this.seen.has(name)) return undefined;
      this.seen.add(name);
      return this.all.push({ ...added, position: this.all.length + 1 });
    });
  }

  read(query: LogQuery): LoggedEntry[] {
    const has = (list: readonly string[] | undefined, value: string | undefined) =>
      list === undefined || (value !== undefined && list.includes(value));
    return this.all
      .filter(
        (kept) =>
          kept.position > Math.max(query.after, this.pruned) &&
          kept.position <= (query.upTo ?? kept.position) &&
          has(query.sessionIds, kept.sessionId) &&
          has(query.jobIds, kept.jobId) &&
          has(query.streamIds, kept.streamId) &&
          has(query.traceIds, kept.traceId) &&
          has(query.types, kept.type) &&
          (query.principal ?? kept.principal) === kept.principal &&
          (query.direction ?? kept.direction) === kept.direction &&
          (query.correlationId === undefined || query.correlationId === kept.correlationId),
      )
      .slice(0, query.limit);
  }

  locate(sessionId: string, id: string): unknown {
    const found = this.all.filter((kept) => kept.sessionId === sessionId && kept.id === id && sessionId !== '').at(-1);
    if (found === undefined) return { kind: 'unknown' };
    return found.position > this.pruned ? { kind: 'kept', entry: found } : { kind: 'pruned' };
  }

  prune(keepEntries: number): number {
    const before = this.pruned;
    this.pruned = Math.max(before, this.all.length - keepEntries);
    return this.pruned - before;
  }
}

async function randomSteps(
  seed: number,
  create: EventLogSetup['create'],
  again: EventLogSetup['again'],
): Promise<void> {
  const below = seededNumbers(seed);
  const pick = <T>(choices: readonly T[]): T => choices[below(choices.length)] as T;
  const some = <T>(choices: readonly T[]): T[] | undefined =>
    below(3) > 0 ? undefined : Array.from({ length: below(choices.length + 2) }, () => pick(choices));
  const maybe = <T>(value: T): T | undefined => (below(2) === 0 ? value : undefined);
  const [sessions, jobs, streams, traces] = [
    ['', 'sess_a', 'sess_b', 'sess_c'],
    Array.from({ length: 12 }, (_, n) => `job_${n}`),
    ['str_1', 'str_2'],
    ['t', '\u{1f600}'],
  ];
  const types = ['log', 'metric', 'ping'];
  const random = (): LogEntry => {
    const sessionId = pick(sessions);
    return entry(below(200), {
      sessionId,
      principal: sessionId === 'sess_c' ? 'carol' : 'alice',
      direction: pick(['in', 'out'] as const),
      type: pick(types),
      jobId: maybe(pick(jobs)),
      streamId: maybe(pick(streams)),
      traceId: maybe(pick(traces)),
      correlationId: maybe(`msg_${below(5)}`),
      rank: below(4),
    });
  };
  const [log, plain] = [await create(), new PlainLog()];
  let handle = log;
  for (let step = 0; step < 150; step++) {
    switch (below(6)) {
      case 0:
      case 1: {
        const entries = Array.from({ length: below(8) }, random);
        same((await handle.commit({ entries })).positions, plain.commit(entries));
        break;
      }
      case 2:
        handle = await again(log);
        break;
      case 3: {
        const [sessionId, { id }] = [pick(sessions), entry(below(200))];
        same(await handle.locate(sessionId, id), plain.locate(sessionId, id));
        break;
      }
      case 4: {
        const keepEntries = 20 + below(60);
        same(await handle.prune({ keepEntries }), plain.prune(keepEntries));
        break;
      }
      default: {
        const query: LogQuery = {
          after: below(plain.all.length + 2),
          upTo: maybe(below(plain.all.length + 5)),
          limit: 1 + below(20),
          sessionIds: some(sessions),
          principal: maybe(pick(['alice', 'carol'])),
          direction: maybe(pick(['in', 'out'] as const)),
          jobIds: some(jobs),
          streamIds: some(streams),
          traceIds: some(traces),
          types: some(types),
          correlationId: maybe(`msg_${below(5)}`),
        };
        same(await handle.read(query), plain.read(query));
      }
    }
  }
  same(await handle.last(), plain.all.length);
  same(await handle.prunedThrough(), plain.pruned);
}
