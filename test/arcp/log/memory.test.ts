// What only the log in memory has to stand: its bounds, kept by itself.

import { describe, expect, it } from 'vitest';
import type { LogEntry } from '../../../src/arcp/log/contract.js';
import { Deque } from '../../../src/arcp/log/deque.js';
import { memoryLog } from '../../../src/arcp/log/memory.js';
import { EntryOrder } from '../../../src/arcp/log/memory-order.js';
import { idFactory } from '../../../src/arcp/wire/ids.js';
import { seededNumbers } from '../../contracts/check.js';

const ids = idFactory({ now: () => 1_772_439_342_000 });

function entry(n: number, more: Partial<LogEntry> = {}): LogEntry {
  return {
    sessionId: 'sess_a',
    principal: 'alice',
    direction: 'out',
    id: ids.message(),
    type: 'log',
    rank: 1,
    atMs: n,
    text: `{"n":${n}}`,
    ...more,
  };
}

const positions = (log: ReturnType<typeof memoryLog>) =>
  log.read({ after: 0, limit: 1_000 }).map(({ position }) => position);

describe('memoryLog', () => {
  it('R4: keeps no more entries than it may, the newest of them', () => {
    const log = memoryLog({ maxEntries: 3 });
    for (let n = 1; n <= 10; n++) log.commit({ entries: [entry(n)] });
    expect(positions(log)).toEqual([8, 9, 10]);
    expect(log.prunedThrough()).toBe(7);
    expect(log.last()).toBe(10);
    expect(log.commit({ entries: [1, 2, 3, 4, 5].map((n) => entry(n)) })).toEqual({ positions: [11, 12, 13, 14, 15] });
    expect(positions(log)).toEqual([13, 14, 15]);
  });

  it('R4: keeps no more text than it may, two bytes a unit', () => {
    const log = memoryLog({ maxBytes: 2_000, maxRemembered: 0 });
    for (let n = 1; n <= 10; n++) log.commit({ entries: [entry(n, { text: 'x'.repeat(300) })] });
    expect(positions(log)).toEqual([8, 9, 10]);
    log.commit({ entries: [entry(11, { text: 'x'.repeat(700) })] });
    expect(positions(log)).toEqual([10, 11]);
  });

  it('R4: keeps the newest entry whatever its size, and lets it go for the next', () => {
    const log = memoryLog({ maxBytes: 100 });
    log.commit({ entries: [entry(1), entry(2, { text: 'x'.repeat(1_000) })] });
    expect(positions(log)).toEqual([2]);
    log.commit({ entries: [entry(3)] });
    expect(positions(log)).toEqual([3]);
  });

  it('R4: ids that are remembered count too, and go before entries do', () => {
    const log = memoryLog({ maxEntries: 2, maxBytes: 2_000 });
    const long = (n: number) => entry(n, { direction: 'in', id: `msg_${'x'.repeat(400)}${n}`, text: '' });
    const sent = [1, 2, 3, 4, 5].map(long);
    log.commit({ entries: sent });
    // Three are pruned; there is room for the ids of two.
    expect(positions(log)).toEqual([4, 5]);
    expect(sent.map(({ id }) => log.locate('sess_a', id).kind)).toEqual([
      'unknown',
      'pruned',
      'pruned',
      'kept',
      'kept',
    ]);
  });

  it('R4: knows nothing more of sessions whose messages are all forgotten', () => {
    const log = memoryLog({ maxEntries: 2, maxRemembered: 2 });
    const strangers = Array.from({ length: 50 }, (_, n) => entry(n, { sessionId: `sess_${n}`, id: 'msg_same' }));
    for (const one of strangers) log.commit({ entries: [one] });
    expect(strangers.map(({ sessionId }) => log.locate(sessionId, 'msg_same').kind)).toEqual([
      ...Array(46).fill('unknown'),
      ...Array(2).fill('pruned'),
      ...Array(2).fill('kept'),
    ]);
    // A forgotten session begins anew, for whomever.
    const anew = { ...(strangers[0] as LogEntry), principal: 'bob' };
    expect(log.commit({ entries: [anew] })).toEqual({ positions: [51] });
    expect(log.find('bob', 'msg_same').kind).toBe('kept');
  });

  it('tells an id of its own that it has forgotten from one that never was', () => {
    const log = memoryLog({ maxEntries: 1, maxRemembered: 0 });
    const [first, second, third] = [entry(1), entry(2), entry(3)];
    const never = ids.message();
    log.commit({ entries: [first, second, third] });
    expect([first, second, third].map(({ id }) => log.locate('sess_a', id).kind)).toEqual(['pruned', 'pruned', 'kept']);
    expect(log.locate('sess_a', never).kind).toBe('unknown');
    expect(log.locate('sess_a', 'msg_0').kind).toBe('unknown');
  });

  it('leaves out a repeated command also when its entry is gone', () => {
    const log = memoryLog({ maxEntries: 1 });
    const command = entry(1, { direction: 'in', id: 'msg_1' });
    log.commit({ entries: [command, entry(2)] });
    expect(log.commit({ entries: [command] })).toEqual({ positions: [undefined] });
  });

  it('hands out entries that its own bookkeeping does not change', () => {
    const log = memoryLog({ maxEntries: 1 });
    log.commit({ entries: [entry(1)] });
    const [kept] = log.read({ after: 0, limit: 1 });
    const copy = { ...kept };
    log.commit({ entries: [entry(2)] });
    expect(kept).toEqual(copy);
  });

  it('R4: lets go of principals of which nothing is left, however many come and go before older ones of others', () => {
    const log = memoryLog({ maxEntries: 1_000, maxBytes: 20_000, maxRemembered: 0 });
    log.commit({ entries: [entry(1, { text: 'x'.repeat(100) })] });
    const stranger = (n: number) => entry(n, { sessionId: `sess_${n}`, principal: `p${n}`, text: 'y'.repeat(4_000) });
    for (let n = 0; n < 200; n++) log.commit({ entries: [stranger(n)] });
    // Alice keeps hers, as the lightest; each stranger has one large text, and only two have room.
    expect(positions(log)).toEqual([1, 200, 201]);
    expect([log.prunedThrough('alice'), log.prunedThrough('p0'), log.prunedThrough('p197')]).toEqual([0, 2, 199]);
    void log.prune({ keepEntries: 0 });
    for (let n = 200; n < 300; n++) log.commit({ entries: [stranger(n)] });
    // Forgotten by now, so that only what holds for everybody can be said.
    expect(log.prunedThrough('p0')).toBe(299);
    expect(log.prunedThrough('alice')).toBe(299);
    // One that comes back is not told that nothing of it is missing.
    log.commit({ entries: [{ ...stranger(0), id: 'msg_again', text: '' }] });
    expect(log.prunedThrough('p0')).toBe(299);
  });

  it('R4: remembers of a bounded number of principals how far theirs are gone, while an older entry of another stays', () => {
    const log = memoryLog({ maxBytes: 20_000, maxRemembered: 0 });
    log.commit({ entries: [entry(0)] });
    const stranger = (n: number) => entry(n, { sessionId: '', principal: `p${n}`, text: 'y'.repeat(4_000) });
    for (let n = 2; n <= 5_000; n++) log.commit({ entries: [stranger(n)] });
    // Alice keeps hers, as the lightest; of the strangers, the nth of which is at position n, two have room.
    expect(positions(log)).toEqual([1, 4_999, 5_000]);
    expect(log.prunedThrough('alice')).toBe(0);
    // How far is forgotten of the first of them: more is said than went of them, but not more than went at all.
    const unknown = log.prunedThrough('nobody');
    expect(unknown).toBeGreaterThan(5_000 - 4_097);
    expect(unknown).toBeLessThan(5_000 - 2_047);
    expect([2, 3, unknown].map((n) => log.prunedThrough(`p${n}`))).toEqual([unknown, unknown, unknown]);
    expect([unknown + 1, 4_998].map((n) => log.prunedThrough(`p${n}`))).toEqual([unknown + 1, 4_998]);
    // One that comes back is not told that nothing of it is missing.
    log.commit({ entries: [{ ...stranger(2), text: '' }] });
    expect(log.prunedThrough('p2')).toBe(unknown);
  });

  it.each([
    [{ maxEntries: 0 }],
    [{ maxEntries: 1.5 }],
    [{ maxBytes: 0 }],
    [{ maxBytes: Number.NaN }],
    [{ maxRemembered: -1 }],
  ])('refuses %o', (options) => {
    expect(() => memoryLog(options)).toThrow(RangeError);
  });
});

describe('Deque', () => {
  it('holds what a plain list would, whatever the order of pushes and shifts', () => {
    const [deque, list] = [new Deque<number>(), [] as number[]];
    expect(deque.shift()).toBe(undefined);
    for (let n = 0; n < 5_000; n++) {
      deque.push(n);
      list.push(n);
      // Grows, then shrinks to nothing, then grows again.
      for (let taken = 0; taken < [0, 3, 1][Math.floor(n / 100) % 3]!; taken++)
        expect(deque.shift()).toBe(list.shift());
      expect(deque.length).toBe(list.length);
      expect([deque.at(0), deque.at(deque.length - 1)]).toEqual([list[0], list.at(-1)]);
    }
  });
});

describe('the order of entries in memory', () => {
  const at = (position: number) => ({ ...entry(position), position });

  it('R4: takes no room for what came and went behind an entry that stays', () => {
    const order = new EntryOrder();
    order.push(at(1));
    for (let n = 2; n <= 20_000; n++) {
      order.push(at(n));
      if (n > 11) order.remove(at(n - 10));
      expect(order.places).toBeLessThanOrEqual(2 * order.count + 64);
    }
    expect([order.count, order.base, order.last]).toEqual([11, 0, 20_000]);
    expect([...order.after(0)].map(({ position }) => position)).toEqual([
      1,
      ...Array.from({ length: 10 }, (_, i) => 19_991 + i),
    ]);
    order.remove(at(1));
    expect([order.base, order.first?.position]).toEqual([19_990, 19_991]);
  });

  it('holds what a plain list would, whichever are taken out', () => {
    const below = seededNumbers(7);
    const order = new EntryOrder();
    let plain: number[] = [];
    let last = 0;
    for (let step = 0; step < 4_000; step++) {
      if (plain.length === 0 || below(100) < 48 + 4 * Number(step < 2_000)) {
        order.push(at(++last));
        plain.push(last);
      } else {
        const position = plain[below(plain.length)] as number;
        order.remove(at(position));
        plain = plain.filter((one) => one !== position);
      }
      const after = below(last + 2);
      expect([...order.after(after)].map(({ position }) => position)).toEqual(plain.filter((one) => one > after));
      expect([order.count, order.last, order.base]).toEqual([plain.length, last, (plain[0] ?? last + 1) - 1]);
    }
  });
});
