import { describe, expect, it } from 'vitest';
import { delayMs, pause } from '../../../src/arcp/client/backoff.js';
import { Queue } from '../../../src/arcp/client/queue.js';
import { SeenIds } from '../../../src/arcp/client/seen-ids.js';
import { Silence } from '../../../src/arcp/client/silence.js';
import { fakeClock } from '../../../src/testing/fake-clock.js';
import { countedSignal } from '../../support/counted-signal.js';

describe('a queue', () => {
  it('hands items to whoever waits, then ends with the error for everyone', async () => {
    const queue = new Queue<number>({ maxItems: 2 });
    const first = queue.next();
    const second = queue.next();
    queue.push(1);
    queue.end(new Error('over'));
    queue.push(2);
    queue.end();
    expect(await first).toEqual({ value: 1, done: false });
    await expect(second).rejects.toThrow('over');
    await expect(queue.next()).rejects.toThrow('over');
  });

  it('keeps one item that is heavier than all may be, and no other beside it', async () => {
    const queue = new Queue<string>({ maxItems: 10, maxWeight: 5 });
    queue.push('a', 3);
    queue.push('b', 9);
    expect([queue.length, queue.dropped]).toEqual([1, 1]);
    expect((await queue.next()).value).toBe('b');
    queue.push('c', 3);
    queue.push('d', 2);
    queue.push('e', 1);
    expect([queue.length, queue.dropped]).toEqual([2, 2]);
    queue.clear();
    queue.push('f', 5);
    expect(queue.dropped).toBe(2);
  });

  it('is bounded at its limit, not before and not after', () => {
    for (const [pushed, dropped] of [
      [2, 0],
      [3, 0],
      [4, 1],
    ] as const) {
      const queue = new Queue<number>({ maxItems: 3 });
      for (let i = 0; i < pushed; i++) queue.push(i);
      expect(queue.dropped).toBe(dropped);
    }
  });
});

describe('ids that were seen', () => {
  it('are known until newer ones take their place', () => {
    const seen = new SeenIds(2);
    expect(['a', 'a', 'b', 'c', 'b', 'a'].map((id) => seen.note(id))).toEqual([true, false, true, true, false, true]);
    expect([seen.delete('a'), seen.delete('a')]).toEqual([true, false]);
  });
});

describe('silence', () => {
  it('is told after each interval in which nothing came, from when something last did', () => {
    const clock = fakeClock();
    const told: number[] = [];
    const silence = new Silence(clock, 100, (times) => told.push(times));
    clock.advance(99);
    silence.heard();
    clock.advance(99);
    expect(told).toEqual([]);
    clock.advance(1);
    clock.advance(100);
    expect(told).toEqual([1, 2]);
    silence.heard(1_000);
    clock.advance(999);
    expect(told).toEqual([1, 2]);
    clock.advance(1);
    expect(told).toEqual([1, 2, 1]);
    silence.stop();
    expect(clock.pendingTimers).toBe(0);
  });
});

describe('backoff', () => {
  it('doubles up to the longest wait and spreads between half of it and all of it', () => {
    const backoff = { initialDelayMs: 500, maxDelayMs: 30_000 };
    expect([0, 1, 5, 6, 2_000].map((attempt) => delayMs(backoff, attempt, 0))).toEqual([
      250, 500, 8_000, 15_000, 15_000,
    ]);
    expect(delayMs(backoff, 0, 0.999_999)).toBeCloseTo(500, 2);
  });

  it('waits no longer than a signal lets it, and leaves neither timer nor listener', async () => {
    const clock = fakeClock();
    const { signal, abort, ...counted } = countedSignal();
    void counted;
    const waiting = pause(clock, 1_000, signal);
    abort();
    await waiting;
    await pause(clock, 1_000, signal);
    expect(clock.pendingTimers).toBe(0);
  });
});
