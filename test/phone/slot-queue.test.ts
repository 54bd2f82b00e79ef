import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { SlotQueue } from '../../src/phone/slot-queue.js';
import { runs } from '../support/wire-arbitraries.js';

/** Enters under a name, and notes what became of it. */
function entrant(queue: SlotQueue, log: string[], name: string): object {
  const ticket = { name };
  queue.enter(
    ticket,
    () => log.push(name),
    (error) => log.push(`${name} refused: ${error}`),
  );
  return ticket;
}

describe('slots', () => {
  test('so many enter at once, the others in the order they came', () => {
    const queue = new SlotQueue(2);
    const log: string[] = [];
    for (const name of 'abcde') entrant(queue, log, name);
    expect(log).toEqual(['a', 'b']);
    expect([queue.busy, queue.waiting]).toEqual([2, 3]);
    queue.leave();
    expect(log).toEqual(['a', 'b', 'c']);
    queue.leave();
    queue.leave();
    expect(log).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect([queue.busy, queue.waiting]).toEqual([2, 0]);
  });

  test('a place in line can be given up, once; one inside can not', () => {
    const queue = new SlotQueue(1);
    const log: string[] = [];
    const a = entrant(queue, log, 'a');
    const b = entrant(queue, log, 'b');
    entrant(queue, log, 'c');
    expect(queue.withdraw(a)).toBe(false);
    expect(queue.withdraw(b)).toBe(true);
    expect(queue.withdraw(b)).toBe(false);
    queue.leave();
    expect(log).toEqual(['a', 'c']);
  });

  test('tryEnter takes a free slot or says no', () => {
    const queue = new SlotQueue(1);
    expect([queue.tryEnter(), queue.tryEnter()]).toEqual([true, false]);
    queue.leave();
    expect(queue.tryEnter()).toBe(true);
  });

  test('whoever forces a way in holds the others back', () => {
    const queue = new SlotQueue(1);
    const log: string[] = [];
    entrant(queue, log, 'a');
    queue.forceEnter();
    entrant(queue, log, 'b');
    expect(queue.busy).toBe(2);
    queue.leave();
    expect(log).toEqual(['a']);
    queue.leave();
    expect(log).toEqual(['a', 'b']);
  });

  test('one let in may leave at once, a hundred thousand times in a row, without a deeper stack', () => {
    const queue = new SlotQueue(1);
    let entered = 0;
    queue.tryEnter();
    for (let n = 0; n < 100_000; n++) {
      queue.enter(
        {},
        () => {
          entered++;
          queue.leave();
        },
        () => {},
      );
    }
    queue.leave();
    expect(entered).toBe(100_000);
    expect([queue.busy, queue.waiting]).toEqual([0, 0]);
  });

  test('closing refuses those in line and those to come; those inside stay', () => {
    const queue = new SlotQueue(1);
    const log: string[] = [];
    for (const name of 'ab') entrant(queue, log, name);
    queue.close('shut');
    queue.close('again');
    entrant(queue, log, 'c');
    expect(log).toEqual(['a', 'b refused: shut', 'c refused: shut']);
    expect(queue.tryEnter()).toBe(false);
    queue.leave();
    expect([queue.busy, queue.waiting]).toEqual([0, 0]);
    entrant(queue, log, 'd');
    expect(log.at(-1)).toBe('d refused: shut');
  });
});

describe('whenEntered', () => {
  test('waits for a slot, and lets go of the signal', async () => {
    const queue = new SlotQueue(1);
    const controller = new AbortController();
    const remove = vi.spyOn(controller.signal, 'removeEventListener');
    await queue.whenEntered(controller.signal);
    const second = queue.whenEntered(controller.signal);
    queue.leave();
    await second;
    expect(remove).toHaveBeenCalledTimes(2);
    controller.abort();
    expect(queue.busy).toBe(1);
  });

  test('gives up the place when the signal aborts, with its reason', async () => {
    const queue = new SlotQueue(1);
    queue.tryEnter();
    const controller = new AbortController();
    const waiting = queue.whenEntered(controller.signal);
    expect(queue.waiting).toBe(1);
    controller.abort('why');
    await expect(waiting).rejects.toBe('why');
    expect(queue.waiting).toBe(0);
    await expect(queue.whenEntered(AbortSignal.abort('before'))).rejects.toBe('before');
  });

  test('rejects when the queue closes', async () => {
    const queue = new SlotQueue(1);
    queue.tryEnter();
    const waiting = queue.whenEntered(new AbortController().signal);
    queue.close('shut');
    await expect(waiting).rejects.toBe('shut');
  });
});

test('any history: never more inside than slots, nobody overtakes, nobody is lost', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 4 }),
      fc.array(fc.tuple(fc.constantFrom('enter', 'leave', 'withdraw'), fc.nat(20)), { maxLength: 100 }),
      (slots, history) => {
        const queue = new SlotQueue(slots);
        const entered: number[] = [];
        const line: { number: number; ticket: object }[] = [];
        let came = 0;
        let inside = 0;
        for (const [what, which] of history) {
          if (what === 'enter') {
            const number = came++;
            const ticket = {};
            line.push({ number, ticket });
            queue.enter(
              ticket,
              () => {
                inside++;
                entered.push(number);
                expect(line.shift()?.number).toBe(number);
              },
              () => expect.unreachable(),
            );
          } else if (what === 'leave' && inside > 0) {
            inside--;
            queue.leave();
          } else if (what === 'withdraw' && line.length > 0) {
            const [gone] = line.splice(which % line.length, 1);
            expect(queue.withdraw((gone as { ticket: object }).ticket)).toBe(true);
          }
          expect(queue.busy).toBe(inside);
          expect(queue.waiting).toBe(line.length);
          expect(inside).toBeLessThanOrEqual(slots);
          if (line.length > 0) expect(inside).toBe(slots);
        }
        expect(entered).toEqual([...entered].sort((a, b) => a - b));
      },
    ),
    runs(500, 50_000),
  );
});
