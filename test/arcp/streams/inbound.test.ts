import { describe, expect, it } from 'vitest';
import { InboundOrder } from '../../../src/arcp/streams/inbound.js';

describe('the order of a stream', () => {
  it('[10.55] takes chunks one after the other, a repeat for nothing, a jump for a loss', () => {
    const order = new InboundOrder();
    expect([0, 1, 2, 1, 0, 3].map((sequence) => order.chunk(sequence))).toEqual([
      'next',
      'next',
      'next',
      'repeat',
      'repeat',
      'next',
    ]);
    expect([order.chunk(5), order.isOpen, order.chunk(4), order.close(), order.end()]).toEqual([
      'gap',
      false,
      'over',
      'over',
      'over',
    ]);
  });

  it('[10.55] ends with the last chunk said, or with none said, and is lost where that has not come', () => {
    for (const [chunks, final, verdict] of [
      [0, undefined, 'next'],
      [0, 0, 'gap'],
      [3, 2, 'next'],
      [3, 3, 'gap'],
      [3, undefined, 'next'],
      // Said to end before what has come: nothing is missing.
      [3, 1, 'next'],
    ] as const) {
      const order = new InboundOrder();
      for (let i = 0; i < chunks; i++) order.chunk(i);
      expect([order.close(final), order.isOpen, order.close(final)]).toEqual([verdict, false, 'over']);
    }
  });
});
