// The sending end of a stream as a pure machine.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { OutboundOrder } from '../../../src/arcp/streams/outbound.js';

const LIMITS = { maxItems: 4, maxWeight: 100 };

function order(...items: readonly string[]): OutboundOrder<string> {
  const machine = new OutboundOrder<string>(LIMITS);
  for (const item of items) expect(machine.push(item, 1)).toBe('taken');
  return machine;
}

describe('a stream that is written', () => {
  test('numbers chunks from 0 and closes after the last of them', () => {
    const machine = order('a', 'b');
    machine.finish();
    expect([machine.step(0), machine.step(0), machine.step(0), machine.step(0)]).toEqual([
      { kind: 'chunk', sequence: 0, item: 'a' },
      { kind: 'chunk', sequence: 1, item: 'b' },
      { kind: 'close', finalSequence: 1 },
      { kind: 'idle' },
    ]);
    expect(machine.state).toBe('closed');
  });

  test('closes without a final sequence where there was no chunk', () => {
    const machine = order();
    expect(machine.step(0)).toEqual({ kind: 'idle' });
    machine.finish();
    expect(machine.step(0)).toEqual({ kind: 'close', finalSequence: undefined });
  });

  test('takes nothing after it was finished, closed or ended', () => {
    const machine = order('a');
    machine.finish();
    expect(machine.push('b', 1)).toBe('over');
    expect(machine.isOpen).toBe(true);
    machine.step(0);
    machine.step(0);
    expect([machine.push('c', 1), machine.state]).toEqual(['over', 'closed']);
    expect([machine.end(), machine.state]).toEqual([[], 'closed']);
  });

  test('is full with its limit of chunks, and takes one again once one has left', () => {
    const machine = order('a', 'b', 'c', 'd');
    expect(machine.push('e', 1)).toBe('overflow');
    machine.step(0);
    expect(machine.push('e', 1)).toBe('taken');
  });

  test('is full by weight, except for one chunk alone', () => {
    const machine = order();
    expect(machine.push('huge', 101)).toBe('taken');
    expect(machine.push('tiny', 0)).toBe('overflow');
    machine.step(0);
    expect([machine.push('a', 60), machine.push('b', 40), machine.push('c', 1)]).toEqual([
      'taken',
      'taken',
      'overflow',
    ]);
  });

  test('weighs the last one anew, and gives the whole weight back when it leaves', () => {
    const machine = order();
    machine.push('a', 60);
    machine.push('b', 0);
    expect([machine.reweigh(40), machine.push('c', 1)]).toEqual([true, 'overflow']);
    expect(machine.reweigh(41)).toBe(false);
    machine.step(0);
    machine.step(0);
    expect(machine.push('d', 0)).toBe('taken');
    // One alone may pass the limit.
    expect([machine.reweigh(101), machine.push('e', 0)]).toEqual([true, 'overflow']);
    machine.step(0);
    expect([machine.reweigh(1_000), machine.push('f', 100)]).toEqual([true, 'taken']);
  });

  test('gives back what waited when it ends with an error, once', () => {
    const machine = order('a', 'b', 'c');
    machine.step(0);
    expect(machine.end()).toEqual(['b', 'c']);
    expect([machine.end(), machine.state, machine.length]).toEqual([[], 'errored', 0]);
    machine.limit(1, 0);
    expect(machine.state).toBe('errored');
    expect(machine.step(0)).toEqual({ kind: 'idle' });
  });

  test('is backpressured while a rate holds, and waits for it', () => {
    const machine = order('a', 'b');
    machine.limit(4, 0);
    expect(machine.state).toBe('backpressured');
    expect(machine.step(0)).toEqual({ kind: 'wait', delayMs: 250 });
    expect(machine.step(250)).toMatchObject({ kind: 'chunk', item: 'a' });
    expect(machine.step(250)).toEqual({ kind: 'wait', delayMs: 250 });
    machine.limit(0, 250);
    expect(machine.step(1e9)).toEqual({ kind: 'wait', delayMs: Number.POSITIVE_INFINITY });
    machine.limit(2 ** 32 - 1, 300);
    expect(machine.state).toBe('open');
    expect(machine.step(300)).toMatchObject({ kind: 'chunk', item: 'b', sequence: 1 });
  });

  test('leaves no hole in the sequence where a chunk is taken back', () => {
    const machine = order('a', 'b', 'c');
    expect([machine.remove('b'), machine.remove('b')]).toEqual([true, false]);
    expect([machine.step(0), machine.step(0)]).toMatchObject([
      { sequence: 0, item: 'a' },
      { sequence: 1, item: 'c' },
    ]);
    expect(machine.remove('a')).toBe(false);
  });

  test('sends what it took once and in order, whatever is done to it', () => {
    const action = fc.oneof(
      { weight: 5, arbitrary: fc.constant('push' as const) },
      { weight: 4, arbitrary: fc.constant('step' as const) },
      fc.constant('remove' as const),
      fc.constant('limit' as const),
      fc.constant('finish' as const),
      fc.constant('end' as const),
    );
    fc.assert(
      fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
        const machine = new OutboundOrder<number>(LIMITS);
        const waiting: number[] = [];
        let nowMs = 0;
        let next = 0;
        let sequence = 0;
        let ends = 0;
        for (const name of actions) {
          nowMs += 300;
          if (name === 'push' && machine.push(next, 1) === 'taken') waiting.push(next++);
          if (name === 'remove' && waiting.length > 0) {
            expect(machine.remove(waiting.pop() as number)).toBe(true);
          }
          if (name === 'limit') machine.limit(nowMs % 7, nowMs);
          if (name === 'finish') machine.finish();
          if (name === 'end' && machine.isOpen) {
            expect(machine.end()).toEqual(waiting.splice(0));
            ends++;
          }
          if (name !== 'step') continue;
          const step = machine.step(nowMs);
          if (step.kind === 'chunk') {
            expect(step).toEqual({ kind: 'chunk', sequence: sequence++, item: waiting.shift() });
          } else if (step.kind === 'close') {
            expect(step.finalSequence).toBe(sequence === 0 ? undefined : sequence - 1);
            expect(waiting).toEqual([]);
            ends++;
          }
          expect(machine.length).toBe(waiting.length);
        }
        expect(ends).toBeLessThanOrEqual(1);
      }),
    );
  });
});
