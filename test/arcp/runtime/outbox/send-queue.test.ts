// The queue of messages to send: what it costs, and what it keeps.

import { expect, test } from 'vitest';
import { SendQueue } from '../../../../src/arcp/runtime/outbox/send-queue.js';

test('an urgent message behind very many of its job does not have all of them looked through for each', () => {
  const queue = new SendQueue<number>();
  const count = 100_000;
  for (let i = 0; i < count; i++) queue.push(i, 1, 'job');
  queue.push(count, 3, 'job');
  const startMs = performance.now();
  const taken = Array.from({ length: count + 1 }, () => queue.shift());
  // Looked through, it would be many seconds.
  expect(performance.now() - startMs).toBeLessThan(2_000);
  expect(taken.every((item, i) => item === i)).toBe(true);
});

test('an emptied queue is as a fresh one: turns that became void are not kept', () => {
  const order = (queue: SendQueue<string>) => {
    for (let i = 0; i < 20; i++) queue.push(`urgent ${i}`, 3, `urgent ${i}`);
    for (let i = 0; i < 3; i++) queue.push(`calm ${i}`, 0, `calm ${i}`);
    return Array.from({ length: 23 }, () => queue.shift());
  };
  const used = new SendQueue<string>();
  for (let i = 0; i < 1_000; i++) {
    // The lane gets a turn among the calm, then one among the urgent, which makes the first void.
    used.push('calm', 0, 'job');
    used.push('urgent', 3, 'job');
    expect([used.shift(), used.shift(), used.shift()]).toEqual(['calm', 'urgent', undefined]);
  }
  expect(order(used)).toEqual(order(new SendQueue()));
});
