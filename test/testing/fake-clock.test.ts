import { describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../src/clock.js';
import { fakeClock } from '../../src/testing/fake-clock.js';

describe('fake clock', () => {
  it('fires what falls due in order of time, then of setting, at the time it was set for', () => {
    const clock = fakeClock();
    const log: string[] = [];
    for (const [name, delayMs] of [
      ['c', 20],
      ['a', 10],
      ['b', 10],
      ['late', 31],
    ] as const) {
      clock.setTimer(() => log.push(`${name}@${clock.now()}`), delayMs);
    }
    clock.advance(30);
    expect(log).toEqual(['a@10', 'b@10', 'c@20']);
    expect([clock.now(), clock.pendingTimers]).toEqual([30, 1]);
  });

  it('fires timers that timers set, within the same advance', () => {
    const clock = fakeClock();
    const log: number[] = [];
    const again = () => {
      log.push(clock.now());
      clock.setTimer(again, 10);
    };
    clock.setTimer(again, 10);
    clock.advance(35);
    expect(log).toEqual([10, 20, 30]);
  });

  it('forgets a cancelled timer, also one that is due in the same advance', () => {
    const clock = fakeClock();
    const cancel = clock.setTimer(() => expect.unreachable(), 10);
    clock.setTimer(cancel, 5);
    clock.advance(10);
    cancel();
    expect(clock.pendingTimers).toBe(0);
  });

  it('does not go backwards', () => {
    expect(() => fakeClock().advance(-1)).toThrow(RangeError);
  });
});

describe('system clock', () => {
  it('calls back later, and not at all when cancelled', async () => {
    const log: string[] = [];
    const cancel = systemClock.setTimer(() => log.push('cancelled'), 0);
    const before = systemClock.now();
    await new Promise<void>((resolve) => {
      systemClock.setTimer(() => {
        log.push('called');
        resolve();
      }, 0);
      cancel();
      log.push('set');
    });
    expect(log).toEqual(['set', 'called']);
    expect(systemClock.now()).toBeGreaterThanOrEqual(before);
  });

  it('does not ask the host for more than it can wait, since hosts fire such timers at once', () => {
    const setTimeout = vi.spyOn(globalThis, 'setTimeout');
    const cancel = systemClock.setTimer(() => expect.unreachable(), 1e12);
    cancel();
    expect(setTimeout).toHaveBeenCalledWith(expect.any(Function), 2_147_483_647);
    setTimeout.mockRestore();
  });
});
