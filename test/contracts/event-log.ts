// What every event log has to do, as plain functions that throw: a runner in Node, a page or a worker lends its own `test`.

import type { EventLog, LogBatch, LogEntry, LoggedEntry, LogQuery } from '../../src/arcp/log/contract.js';
import { refuses, same, seededNumbers } from './check.js';

/** Options that all adapters have. */
export interface EventLogBounds {
  readonly maxEntries?: number;
  readonly maxBytes?: number;
  readonly maxRemembered?: number;
}

/** How the suite gets at an adapter. */
export interface EventLogSetup {
  /** A log on empty data of its own, at every call, within such bounds; the adapter's own where there are none. */
  create(bounds?: EventLogBounds): EventLog | Promise<EventLog>;
  /** A second handle on the data of a log, within the same bounds, as another tab or connection has; the same one where there can be no other. */
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
      const log = await create({ maxRemembered: 2 });
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
    name: 'R4: it keeps no more entries than it may, the newest of them, also when it is opened anew',
    async run({ create, again }) {
      const log = await create({ maxEntries: 10 });
      for (let n = 1; n <= 21; n += 3) await log.commit(batch(entry(n), entry(n + 1), entry(n + 2)));
      const positions = async (handle: EventLog) => (await everything(handle)).map(({ position }) => position);
      same(await positions(log), [12, 13, 14, 15, 16, 17, 18, 19, 20, 21]);
      same([await log.last(), await log.prunedThrough(), await log.prunedThrough('alice')], [21, 11, 11]);
      same((await log.locate('sess_a', entry(11).id)).kind, 'pruned');
      same((await log.find('alice', entry(12).id)).kind, 'kept');
      const other = await again(log);
      same(await other.commit(batch(entry(22), entry(11), entry(21))), { positions: [22, undefined, undefined] });
      same((await positions(other)).length, 10);
      const many = Array.from({ length: 40 }, (_, n) => entry(100 + n));
      same((await other.commit({ entries: many })).positions[39], 62);
      same(await positions(log), [53, 54, 55, 56, 57, 58, 59, 60, 61, 62]);
    },
  },
  {
    name: 'R4: it keeps no more text than it may, two bytes a unit, long texts and short ones',
    async run({ create, again }) {
      const log = await create({ maxBytes: 6_000_000, maxRemembered: 0 });
      const handles = [log, await again(log)];
      for (let n = 1; n <= 30; n++) {
        await (handles[n % 2] as EventLog).commit(batch(entry(n, { text: 'x'.repeat(300_000) })));
      }
      const kept = await everything(log);
      // Ten have room; an adapter may make a little more of it than is needed.
      same(kept.length >= 8 && kept.length <= 10, true);
      same(kept.at(-1)?.position, 30);
      same(kept[0]?.position, 31 - kept.length);
      await log.commit(batch(entry(40, { text: '\u{1f600}'.repeat(1_450_000) })));
      same(
        (await everything(log)).map(({ position }) => position),
        [31],
      );
      // What is gone is no longer counted, pieces of long texts included.
      for (let n = 50; n < 60; n++) await log.commit(batch(entry(n, { text: 'x'.repeat(30_000) })));
      same((await everything(log)).length, 10);
      await log.commit(batch(entry(60, { text: 'x'.repeat(2_500_000) })));
      same((await everything(log)).length, 11);
    },
  },
  {
    name: 'R4: the newest entry stays whatever its size, and goes for the next',
    async run({ create }) {
      const log = await create({ maxBytes: 100 });
      const positions = async () => (await everything(log)).map(({ position }) => position);
      await log.commit(batch(entry(1), entry(2, { text: 'x'.repeat(1_000) })));
      same(await positions(), [2]);
      await log.commit(batch(entry(3, { sessionId: 'sess_b', principal: 'bob', text: 'y'.repeat(2_000) })));
      same(await positions(), [3]);
      await log.commit(batch(entry(4)));
      same(await positions(), [4]);
    },
  },
  {
    name: 'R4: who says much pushes out nothing of those who say little, by entries',
    async run({ create, again }) {
      const log = await create({ maxEntries: 60 });
      await log.commit(batch(...Array.from({ length: 5 }, (_, n) => entry(n))));
      // Principals that keep next to nothing make nobody's share smaller.
      for (let n = 10; n < 40; n++) {
        await log.commit(batch(entry(n, { sessionId: `sess_${n}`, principal: `stranger ${n}` })));
      }
      const flood = (n: number) => entry(n, { sessionId: 'sess_m', principal: 'mallory' });
      for (let n = 1_000; n < 1_300; n += 5) {
        await log.commit({ entries: Array.from({ length: 5 }, (_, i) => flood(n + i)) });
      }
      same(
        await ids(log, { principal: 'alice' }),
        [0, 1, 2, 3, 4].map((n) => entry(n).id),
      );
      same((await everything(log)).length <= 60, true);
      const other = await again(log);
      const [all, own, mallorys] = [
        await other.prunedThrough(),
        await other.prunedThrough('alice'),
        await other.prunedThrough('mallory'),
      ];
      // Alice is told that nothing of hers is missing; Mallory, from where on all of Mallory's is there.
      same([own, all === mallorys], [0, true]);
      const left = (await everything(other, { principal: 'mallory' })).map(({ position }) => position);
      same(
        left,
        Array.from({ length: 335 - mallorys }, (_, n) => mallorys + 1 + n),
      );
      same(left.length >= 20, true);
      same((await other.locate('sess_m', flood(1_000).id)).kind, 'pruned');
    },
  },
  {
    name: 'R4: who says much pushes out nothing of those who say little, by bytes',
    async run({ create }) {
      const log = await create({ maxBytes: 60_000, maxRemembered: 0 });
      await log.commit(batch(...Array.from({ length: 20 }, (_, n) => entry(n, { text: 'x'.repeat(100) }))));
      for (let n = 100; n < 160; n++) {
        await log.commit(batch(entry(n, { sessionId: 'sess_m', principal: 'mallory', text: 'x'.repeat(5_000) })));
      }
      same((await ids(log, { principal: 'alice' })).length, 20);
      const bytes = (await everything(log)).reduce((sum, { text }) => sum + 2 * text.length, 0);
      same(bytes <= 60_000, true);
      same((await everything(log, { principal: 'mallory' })).length >= 4, true);
    },
  },
  {
    name: 'R4: who keeps less stays also beside one that keeps not even twice as much',
    async run({ create }) {
      const log = await create({ maxEntries: 10 });
      for (let n = 1; n <= 4; n++) await log.commit(batch(entry(n)));
      for (let n = 5; n <= 40; n++) await log.commit(batch(entry(n, { sessionId: 'sess_b', principal: 'bob' })));
      same(
        (await everything(log)).map(({ position }) => position),
        [1, 2, 3, 4, 35, 36, 37, 38, 39, 40],
      );
      same([await log.prunedThrough('alice'), await log.prunedThrough('bob'), await log.prunedThrough()], [0, 34, 34]);
    },
  },
  {
    name: 'R4: strangers with one great message each push each other out, and not those who keep little',
    async run({ create }) {
      // Whoever says the newest has nothing else: what makes room for it is another's.
      for (const name of ['a', 'n', 'z']) {
        const log = await create({ maxBytes: 50_000, maxRemembered: 10 });
        await log.commit(batch(...Array.from({ length: 5 }, (_, n) => entry(n, { principal: 'l', text: 'x' }))));
        for (let n = 10; n < 40; n++) {
          const principal = `${name}${name === 'z' ? n : 99 - n}`;
          await log.commit(batch(entry(n, { sessionId: '', principal, text: 'y'.repeat(4_000) })));
        }
        const kept = await everything(log);
        same(
          kept.slice(0, 5).map(({ position }) => position),
          [1, 2, 3, 4, 5],
        );
        same(kept.at(-1)?.position, 35);
        same(kept.length > 8 && kept.length < 12, true);
      }
    },
  },
  {
    name: 'R4: where all keep about the same, the oldest goes, whosever it is',
    async run({ create }) {
      const log = await create({ maxEntries: 20 });
      for (let n = 0; n < 60; n++) {
        await log.commit(batch(entry(n, { sessionId: `sess_${n % 3}`, principal: `p${n % 3}` })));
      }
      same(
        (await everything(log)).map(({ position }) => position),
        Array.from({ length: 20 }, (_, n) => 41 + n),
      );
    },
  },
  {
    name: 'R4: remembered ids make room before entries do, beyond an eighth of what there is',
    async run({ create }) {
      const log = await create({ maxBytes: 16_000 });
      const long = (n: number) => entry(n, { direction: 'in', id: `msg_${'x'.repeat(246)}${n + 1_000}`, text: '' });
      await log.commit(batch(...Array.from({ length: 50 }, (_, n) => long(n))));
      await log.prune({ keepEntries: 0 });
      const filling = Array.from({ length: 8 }, (_, n) => entry(2_000 + n, { text: 'x'.repeat(900) }));
      for (const one of filling) await log.commit(batch(one));
      // Of 16,000 bytes 14,400 are text: three ids of 508 bytes have room at most.
      same((await everything(log)).length >= 7, true);
      const kinds = new Set<string>();
      for (let n = 0; n < 50; n++) kinds.add((await log.locate('sess_a', long(n).id)).kind);
      same(kinds.has('kept'), false);
      same((await log.locate('sess_a', long(0).id)).kind, 'unknown');
    },
  },
  {
    name: 'where nothing of a principal is left, it is told that what it had is gone, and so is one that comes back',
    async run({ create, again }) {
      const log = await create({ maxEntries: 8 });
      await log.commit(batch(entry(1), entry(2), entry(3, { sessionId: 'sess_b', principal: 'bob' })));
      await log.prune({ keepEntries: 1 });
      same((await log.prunedThrough('alice')) >= 2, true);
      for (let n = 10; n < 40; n++) await log.commit(batch(entry(n, { sessionId: 'sess_b', principal: 'bob' })));
      const other = await again(log);
      same((await other.prunedThrough('alice')) >= 2, true);
      await other.commit(batch(entry(50)));
      same((await other.prunedThrough('alice')) >= 2, true);
      same((await other.prunedThrough('alice')) < 34, true);
      same(await ids(other, { principal: 'alice', after: await other.prunedThrough('alice') }), [entry(50).id]);
    },
  },
  {
    name: 'R4: thousands of principals with one message each are let go one after the other',
    async run({ create }) {
      const log = await create({ maxEntries: 200, maxRemembered: 10 });
      for (let n = 0; n < 1_500; n += 100) {
        await log.commit({
          entries: Array.from({ length: 100 }, (_, i) =>
            entry(n + i, { sessionId: `sess_${n + i}`, principal: `anonymous:sess_${n + i}` }),
          ),
        });
      }
      const kept = await log.read({ after: 0, limit: 1_000 });
      same(kept.length <= 200 && kept.length >= 190, true);
      same(kept.at(-1)?.position, 1_500);
      same(await log.prunedThrough(), 1_500 - kept.length);
      same(await log.prunedThrough('anonymous:sess_0'), 1_500 - kept.length);
    },
  },
  ...[1, 2].map((seed) => ({
    name: `R4: within its bounds after 200 random steps, and its sums still true (seed ${seed})`,
    run: ({ create, again }: EventLogSetup) => boundedSteps(seed, create, again),
  })),
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

/** What a log says of itself holds for what it has, whatever came and went. */
async function boundedSteps(
  seed: number,
  create: EventLogSetup['create'],
  again: EventLogSetup['again'],
): Promise<void> {
  const below = seededNumbers(seed);
  const bounds = { maxEntries: 60, maxBytes: 40_000, maxRemembered: 30 };
  const log = await create(bounds);
  let handle = log;
  /** All that was ever kept, by principal. */
  const ever = new Map<string, number[]>();
  let last = 0;
  for (let step = 0; step < 200; step++) {
    const principal = `p${Math.min(below(6), below(6))}`;
    switch (below(8)) {
      case 0:
        handle = await again(log);
        break;
      case 1:
        await handle.prune({ keepEntries: 20 + below(60) });
        break;
      default: {
        const entries = Array.from({ length: 1 + below(6) }, () =>
          entry(below(3_000), {
            sessionId: below(9) === 0 ? '' : `sess_${principal}`,
            principal,
            direction: below(2) === 0 ? 'in' : 'out',
            text: 'x'.repeat(below(4) === 0 ? below(4_000) : below(200)),
          }),
        );
        for (const position of (await handle.commit({ entries })).positions) {
          if (position === undefined) continue;
          same(position, ++last);
          ever.set(principal, [...(ever.get(principal) ?? []), position]);
        }
      }
    }
    const kept = await handle.read({ after: 0, limit: 1_000 });
    same(kept.length <= bounds.maxEntries, true);
    same(kept.length === 1 || kept.reduce((sum, { text }) => sum + 2 * text.length, 0) <= bounds.maxBytes, true);
    for (const [name, positions] of ever) {
      const through = await handle.prunedThrough(name);
      const left = kept.filter((one) => one.principal === name).map(({ position }) => position);
      // All of it beyond that position, and none of it up to there.
      same(
        left,
        positions.filter((position) => position > through),
      );
      same((await handle.prunedThrough()) >= (left.length < positions.length ? 1 : 0), true);
    }
  }
  // Sums that had gone astray would now keep too many, or too few.
  await handle.prune({ keepEntries: 0 });
  const plain = (n: number, text: string) => entry(10_000 + n, { text });
  for (let n = 0; n < 120; n++) await handle.commit(batch(plain(n, 'x')));
  same((await handle.read({ after: 0, limit: 1_000 })).length, bounds.maxEntries);
  await handle.prune({ keepEntries: 0 });
  for (let n = 200; n < 260; n++) await handle.commit(batch(plain(n, 'x'.repeat(1_000))));
  const heavy = (await handle.read({ after: 0, limit: 1_000 })).length;
  // 20 of them less what ids and an adapter's slack take: an eighth, and a little.
  same(heavy >= 16 && heavy <= 20, true);
}
