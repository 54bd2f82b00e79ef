import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { addCredit, CreditWindow, INITIAL_CREDITS, MAX_CREDITS } from '../../src/phone/credits.js';
import { runs } from '../support/wire-arbitraries.js';

const MIB = 1_048_576;

/** A window with so many chunks received and taken. */
function used(options: { initial: number; max: number; maxBytes: number }, chunks: number, bytes = 10): CreditWindow {
  const window = new CreditWindow(options);
  for (let n = 0; n < chunks; n++) {
    expect(window.receive(bytes)).toBe(true);
    window.consume();
  }
  return window;
}

describe('a fixed window', () => {
  const fixed = (initial: number) => ({ initial, max: initial, maxBytes: MIB });

  test('covers exactly what was granted', () => {
    const window = new CreditWindow(fixed(8));
    for (let n = 0; n < 8; n++) expect(window.receive(10)).toBe(true);
    expect(window.receive(10)).toBe(false);
  });

  test('grants when half of it was taken, and as much as was taken', () => {
    expect(used(fixed(8), 3).takeGrant()).toBe(0);
    expect(used(fixed(8), 4).takeGrant()).toBe(4);
    expect(used(fixed(8), 8).takeGrant()).toBe(8);
    // Odd ones: more than half.
    expect(used(fixed(3), 1).takeGrant()).toBe(0);
    expect(used(fixed(3), 2).takeGrant()).toBe(2);
    expect(used(fixed(1), 0).takeGrant()).toBe(0);
    expect(used(fixed(1), 1).takeGrant()).toBe(1);
  });

  test('a grant is booked once', () => {
    const window = used(fixed(8), 4);
    expect([window.takeGrant(), window.takeGrant()]).toEqual([4, 0]);
  });

  test('does not grow, however small the chunks', () => {
    const window = new CreditWindow(fixed(8));
    for (let n = 0; n < 1_000; n++) {
      window.receive(0);
      window.consume();
      expect(window.takeGrant()).toBeLessThanOrEqual(8);
    }
  });
});

describe('a growing window', () => {
  const growing = { initial: INITIAL_CREDITS, max: MAX_CREDITS, maxBytes: MIB };

  test('doubles with each grant, up to 256', () => {
    const window = new CreditWindow(growing);
    const windows: number[] = [];
    let outstanding = INITIAL_CREDITS;
    for (let grants = 0; grants < 8; ) {
      window.receive(10);
      window.consume();
      outstanding--;
      const grant = window.takeGrant();
      if (grant === 0) continue;
      grants++;
      outstanding += grant;
      windows.push(outstanding);
    }
    expect(windows).toEqual([16, 32, 64, 128, 256, 256, 256, 256]);
  });

  test.each([
    [1_024, 4_096, 4],
    [1_025, 4_096, 2],
    [1_023, 4_096, 4],
  ])('with chunks of %i bytes and %i allowed it stands at %i', (bytes, maxBytes, stands) => {
    const window = new CreditWindow({ initial: 2, max: 4, maxBytes });
    for (let n = 0; n < 2; n++) {
      window.receive(bytes);
      window.consume();
    }
    expect(window.takeGrant()).toBe(stands);
  });

  test('is held by the largest chunk ever, also when they are small again', () => {
    const window = new CreditWindow({ initial: 2, max: 64, maxBytes: 1_000 });
    window.receive(600);
    window.consume();
    for (let n = 0; n < 100; n++) {
      expect(window.takeGrant()).toBeLessThanOrEqual(2);
      window.receive(1);
      window.consume();
    }
  });
});

test('credit is added without ever losing precision', () => {
  const max = Number.MAX_SAFE_INTEGER;
  expect(addCredit(0, 0)).toBe(0);
  expect(addCredit(5, 3)).toBe(8);
  expect(addCredit(max - 1, 1)).toBe(max);
  expect(addCredit(max, 1)).toBe(max);
  expect(addCredit(max, max)).toBe(max);
});

test('any history keeps the books: what is out never exceeds the window, and a window taken in full is granted anew', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 64 }),
      fc.integer({ min: 0, max: 4 }),
      fc.integer({ min: 1, max: 10_000 }),
      fc.array(fc.tuple(fc.constantFrom('receive', 'take', 'grant'), fc.nat(2_000)), { maxLength: 300 }),
      (initial, doublings, maxBytes, history) => {
        const max = initial * 2 ** doublings;
        const window = new CreditWindow({ initial, max, maxBytes });
        let granted = initial;
        let received = 0;
        let taken = 0;
        let largest = 0;
        let widest = initial;
        for (const [what, bytes] of history) {
          if (what === 'receive') {
            largest = Math.max(largest, bytes);
            expect(window.receive(bytes)).toBe(++received <= granted);
            if (received > granted) return;
          } else if (what === 'take' && taken < received) {
            taken++;
            window.consume();
          } else if (what === 'grant') {
            const out = granted - taken;
            const grant = window.takeGrant();
            granted += grant;
            expect(grant).toBeGreaterThanOrEqual(0);
            expect(granted - taken).toBeLessThanOrEqual(max);
            if (granted - taken > widest) {
              // Only growth is bound to the bytes: what was granted once stays granted.
              widest = granted - taken;
              expect(widest * largest).toBeLessThanOrEqual(maxBytes);
            }
            if (out === 0) expect(grant).toBeGreaterThan(0);
          }
        }
      },
    ),
    runs(1_000, 100_000),
  );
});
