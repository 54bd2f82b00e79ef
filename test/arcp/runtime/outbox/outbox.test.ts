// What a session says, through the log and over connections of every speed: the order of the log is the order on the wire.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { EventLog, LogEntry } from '../../../../src/arcp/log/contract.js';
import { memoryLog } from '../../../../src/arcp/log/memory.js';
import { Journal } from '../../../../src/arcp/runtime/outbox/journal.js';
import type { Link } from '../../../../src/arcp/runtime/outbox/link.js';
import { Outbox } from '../../../../src/arcp/runtime/outbox/outbox.js';
import type { RawEnvelope } from '../../../../src/arcp/wire/envelope.js';
import type { PriorityRank } from '../../../../src/arcp/wire/priority.js';
import { fakeClock } from '../../../../src/testing/fake-clock.js';
import { settle } from '../../support/raw-peer.js';
import { slowLog } from '../../support/slow-log.js';

const SESSION = 'sess_1';

/** A connection that takes as many messages as the test says. */
class TestLink implements Link {
  readonly sent: string[] = [];
  room: number;
  #waiting: (() => void)[] = [];

  constructor(room: number) {
    this.room = room;
  }

  send(text: string): void {
    this.sent.push(text);
    this.room -= text.length;
  }

  whenRoom(callback: () => void): void {
    this.#waiting.push(callback);
  }

  async open(room: number): Promise<void> {
    this.room = room;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const callback of waiting) callback();
    await settle(1);
  }
}

function bench(log: EventLog = memoryLog(), maxPending = 4) {
  const faults: unknown[] = [];
  const journal = new Journal(log, fakeClock(), {
    onFailure: (error) => faults.push(error),
    onFault: (error) => faults.push(error),
  });
  let gaps = 0;
  const outbox = new Outbox(journal, log, SESSION, {
    principal: 'alice',
    maxPending,
    maxPendingChars: Number.MAX_SAFE_INTEGER,
    onGap: () => gaps++,
    onLost: () => faults.push('lost'),
  });
  let number = 0;
  return {
    log,
    outbox,
    faults,
    gaps: () => gaps,
    /** Says something of ten characters. */
    say(lane = '', rank: PriorityRank = 1): string {
      const id = `msg_${String(++number).padStart(6, '0')}`;
      outbox.push(entryOf(id, rank), { id } as RawEnvelope, rank, lane, undefined);
      return id;
    },
    async kept(): Promise<readonly string[]> {
      await settle(1);
      return (await log.read({ after: 0, limit: 100_000 })).map(({ text }) => text);
    },
  };
}

function entryOf(id: string, rank: number): LogEntry {
  return { sessionId: SESSION, principal: 'alice', direction: 'out', id, type: 'log', rank, atMs: 0, text: id };
}

describe('a connection that keeps up', () => {
  test('gets messages as they are said', async () => {
    const { outbox, say, kept } = bench();
    const link = new TestLink(1_000);
    outbox.attach(link);
    outbox.goLive(0);
    const said = [say(), say(), say()];
    expect(await kept()).toEqual(said);
    expect(link.sent).toEqual(said);
  });

  test('gets the urgent ones of a turn first, but none before what was said earlier in its job', async () => {
    const { outbox, say } = bench();
    const link = new TestLink(1_000);
    outbox.attach(link);
    outbox.goLive(0);
    const a1 = say('job_a', 1);
    const b1 = say('job_b', 0);
    const c1 = say('job_c', 1);
    const b2 = say('job_b', 3);
    const c2 = say('job_c', 0);
    await settle(1);
    expect(link.sent).toEqual([b1, b2, a1, c1, c2]);
  });
});

describe('a connection that is slow', () => {
  test('lets a few messages wait, where an urgent one overtakes them', async () => {
    const { outbox, say, kept } = bench();
    const link = new TestLink(10);
    outbox.attach(link);
    outbox.goLive(0);
    const first = say('a');
    await settle(1);
    const waiting = [say('a'), say('b')];
    expect(await kept()).toEqual([first]);
    const urgent = say('c', 3);
    await link.open(1_000);
    expect(link.sent).toEqual([first, urgent, ...waiting]);
    expect(await kept()).toEqual(link.sent);
  });

  test('beyond a few gets the rest from the log', async () => {
    const { outbox, say, kept } = bench();
    const link = new TestLink(10);
    outbox.attach(link);
    outbox.goLive(0);
    const said = Array.from({ length: 50 }, () => say('a'));
    expect(await kept()).toEqual(said);
    expect(link.sent).toHaveLength(1);
    for (let i = 0; i < 25; i++) await link.open(25);
    expect(link.sent).toEqual(said);
    const live = say();
    await link.open(100);
    expect(link.sent.at(-1)).toBe(live);
  });

  test('R4: for which the log has not kept enough is told so, and memory stays bounded', async () => {
    const log = memoryLog({ maxEntries: 20 });
    const { outbox, say, gaps } = bench(log);
    const link = new TestLink(10);
    outbox.attach(link);
    outbox.goLive(0);
    for (let i = 0; i < 100; i++) {
      say();
      await settle(1);
    }
    expect(gaps()).toBe(0);
    await link.open(1_000);
    expect(gaps()).toBe(1);
    expect(link.sent).toHaveLength(1);
  });

  test('that resumes while it stands gets the past before what is said meanwhile', async () => {
    const { outbox, say, kept } = bench();
    const link = new TestLink(1_000);
    outbox.attach(link);
    outbox.goLive(0);
    const said = [say(), say(), say()];
    await settle(1);
    link.sent.length = 0;
    link.room = 0;
    const ack = 'msg_ack';
    const onKept = () => {
      link.room = 0;
      void outbox.replay(link, { after: 1, through: outbox.lastKept, answer: 0, first: [] });
    };
    outbox.pushFirst(link, { ...entryOf(ack, 1), type: 'ack' }, { id: ack } as RawEnvelope, { onKept });
    link.room = 1_000;
    const meanwhile = say();
    await kept();
    expect(link.sent).toEqual([ack]);
    await link.open(1_000);
    expect(link.sent).toEqual([ack, ...said.slice(1), meanwhile]);
  });

  test('that goes away loses nothing: what it missed is repeated to the next', async () => {
    const { outbox, say, kept } = bench();
    const slow = new TestLink(15);
    outbox.attach(slow);
    outbox.goLive(0);
    const said = Array.from({ length: 30 }, () => say());
    await settle(1);
    outbox.detach();
    said.push(say());
    expect(await kept()).toEqual(said);
    const next = new TestLink(100_000);
    outbox.attach(next);
    await outbox.replay(next, { after: slow.sent.length, through: outbox.lastKept, answer: 0, first: [] });
    await settle(1);
    expect([...slow.sent, ...next.sent]).toEqual(said);
  });
});

describe.each([
  ['a log that answers at once', () => memoryLog()],
  ['a log that answers later', () => slowLog().log],
])('over %s', (_title, makeLog) => {
  test('whatever the speed: every message once, in the order of the log, jobs in their own order', async () => {
    const step = fc.oneof(
      { weight: 5, arbitrary: fc.record({ say: fc.nat(3), rank: fc.integer({ min: 0, max: 3 }) }) },
      { weight: 2, arbitrary: fc.record({ room: fc.integer({ min: 1, max: 80 }) }) },
      { weight: 2, arbitrary: fc.constant('turn' as const) },
      { weight: 1, arbitrary: fc.record({ lose: fc.nat(3) }) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 60 }), async (steps) => {
        const { log, outbox, say, kept, faults, gaps } = bench(makeLog());
        let link = new TestLink(20);
        const sent: string[] = [];
        outbox.attach(link);
        outbox.goLive(0);
        const lanes = new Map<string, string[]>();
        const reconnect = async (lose: number) => {
          await settle(2);
          outbox.detach();
          sent.push(...link.sent.slice(0, Math.max(0, link.sent.length - lose)));
          await settle(2);
          link = new TestLink(20);
          outbox.attach(link);
          const last = await log.locate(SESSION, sent.at(-1) ?? '');
          const after = last.kind === 'kept' ? last.entry.position : 0;
          await outbox.replay(link, { after, through: outbox.lastKept, answer: 0, first: [] });
        };
        for (const one of steps) {
          if (one === 'turn') await settle(1);
          else if ('lose' in one) await reconnect(one.lose);
          else if ('room' in one) await link.open(one.room);
          else {
            const lane = `job_${one.say}`;
            lanes.set(lane, [...(lanes.get(lane) ?? []), say(lane, one.rank as PriorityRank)]);
          }
        }
        for (let i = 0; i < 4; i++) {
          await link.open(1_000_000);
          await settle(2);
        }
        sent.push(...link.sent);
        expect(sent).toEqual(await kept());
        for (const own of lanes.values()) expect(sent.filter((id) => own.includes(id))).toEqual(own);
        expect(sent).toHaveLength([...lanes.values()].flat().length);
        expect([faults, gaps()]).toEqual([[], 0]);
      }),
      { numRuns: 60 },
    );
  });
});
