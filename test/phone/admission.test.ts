// N6 by itself: places, slots and addresses, each number at its edge.

import { describe, expect, test } from 'vitest';
import { LimitError } from '../../src/errors.js';
import { isLoopback } from '../../src/http/party.js';
import {
  type Admission,
  type AdmissionLimits,
  Admissions,
  DEFAULT_ADMISSION,
  resolveAdmission,
} from '../../src/phone/admission.js';
import { settle } from '../support/frame-peer.js';

const open = new AbortController().signal;

/** So many bookings, all of which must succeed. */
const book = (admissions: Admissions, count: number, address?: string) =>
  Array.from({ length: count }, () => admissions.begin(address));

/** How many of these are inside once everything has come to rest. */
async function inside(admissions: readonly Admission[], signal = open): Promise<number> {
  let count = 0;
  for (const admission of admissions) {
    admission.enter(signal).then(
      () => count++,
      () => {},
    );
  }
  await settle(1);
  return count;
}

const over = (limit: keyof AdmissionLimits, allowed: number) =>
  expect.objectContaining({ code: 'ERR_LIMIT_EXCEEDED', limit, allowed, seen: allowed + 1 });

describe('N6: the defaults', () => {
  test('are what the documents say', () => {
    expect(DEFAULT_ADMISSION).toEqual({
      maxHalfOpen: 64,
      maxHalfOpenPerAddress: 16,
      maxPending: 1_024,
      maxPendingPerAddress: 128,
      maxSessions: 10_000,
    });
    expect(Object.isFrozen(DEFAULT_ADMISSION)).toBe(true);
    expect(resolveAdmission()).toEqual(DEFAULT_ADMISSION);
  });

  test.each(Object.entries(DEFAULT_ADMISSION))('%s can be lowered from %i, not raised', (name, ceiling) => {
    for (const value of [1, ceiling - 1, ceiling]) {
      expect(resolveAdmission({ [name]: value })).toEqual({ ...DEFAULT_ADMISSION, [name]: value });
    }
    for (const value of [0, -1, 1.5, ceiling + 1, Number.NaN]) {
      expect(() => resolveAdmission({ [name]: value })).toThrow(RangeError);
    }
    expect(() => resolveAdmission({ [name]: '1' } as never)).toThrow(TypeError);
    expect(resolveAdmission({ [name]: undefined } as never)).toEqual(DEFAULT_ADMISSION);
  });

  test('a name that is no limit is a mistake, also one that every object has', () => {
    for (const name of ['maxHalfopen', 'toString', '__proto__x']) {
      expect(() => resolveAdmission({ [name]: 1 })).toThrow(TypeError);
    }
  });
});

describe('N6: places', () => {
  test.each([1, 7, DEFAULT_ADMISSION.maxPending])('%i pending, and not one more', (maxPending) => {
    const admissions = new Admissions(resolveAdmission({ maxPending }));
    const booked = book(admissions, maxPending);
    expect(() => admissions.begin(undefined)).toThrow(over('maxPending', maxPending));
    booked[0]?.leave();
    booked[0]?.leave();
    book(admissions, 1);
    expect(() => admissions.begin(undefined)).toThrow(LimitError);
  });

  test.each([1, 7, DEFAULT_ADMISSION.maxPendingPerAddress])('%i pending from one address', (maxPendingPerAddress) => {
    const admissions = new Admissions(resolveAdmission({ maxPendingPerAddress }));
    const booked = book(admissions, maxPendingPerAddress, '192.0.2.1');
    for (let again = 0; again < 3; again++) {
      expect(() => admissions.begin('192.0.2.1')).toThrow(over('maxPendingPerAddress', maxPendingPerAddress));
    }
    book(admissions, 1, '192.0.2.2');
    book(admissions, 1);
    booked[0]?.leave();
    book(admissions, 1, '192.0.2.1');
    expect(() => admissions.begin('192.0.2.1')).toThrow(LimitError);
  });

  test('who was refused for its address takes no common place', () => {
    const admissions = new Admissions(resolveAdmission({ maxPendingPerAddress: 1, maxPending: 2 }));
    book(admissions, 1, '192.0.2.1');
    for (let again = 0; again < 10; again++) expect(() => admissions.begin('192.0.2.1')).toThrow(LimitError);
    book(admissions, 1, '192.0.2.2');
  });

  test.each([1, 7, DEFAULT_ADMISSION.maxSessions])('%i sessions', (maxSessions) => {
    const admissions = new Admissions(resolveAdmission({ maxSessions }));
    expect(() => admissions.assertRoom(maxSessions - 1)).not.toThrow();
    expect(() => admissions.assertRoom(maxSessions)).toThrow(over('maxSessions', maxSessions));
  });
});

describe('N6: slots', () => {
  test.each([1, 7, DEFAULT_ADMISSION.maxHalfOpen])(
    '%i at once, and the others when one leaves',
    async (maxHalfOpen) => {
      const admissions = new Admissions(resolveAdmission({ maxHalfOpen }));
      expect(await inside(book(admissions, maxHalfOpen - 1))).toBe(maxHalfOpen - 1);
      const last = admissions.begin(undefined);
      expect(await inside([last])).toBe(1);
      let entered = false;
      const waiting = admissions.begin(undefined);
      void waiting.enter(open).then(() => {
        entered = true;
      });
      await settle(1);
      expect(entered).toBe(false);
      last.leave();
      await settle(1);
      expect(entered).toBe(true);
    },
  );

  test.each([1, 3, DEFAULT_ADMISSION.maxHalfOpenPerAddress])('%i from one address', async (maxHalfOpenPerAddress) => {
    const admissions = new Admissions(resolveAdmission({ maxHalfOpenPerAddress }));
    const flood = book(admissions, maxHalfOpenPerAddress + 20, '192.0.2.1');
    expect(await inside(flood)).toBe(maxHalfOpenPerAddress);
    // Those who wait for their own address take no common slot: all the others are free.
    const left = DEFAULT_ADMISSION.maxHalfOpen - maxHalfOpenPerAddress;
    expect(await inside(book(admissions, left + 1))).toBe(left);
  });

  test('loopback is not counted', async () => {
    const admissions = new Admissions(resolveAdmission({ maxHalfOpenPerAddress: 1, maxPendingPerAddress: 1 }));
    for (const address of ['127.0.0.1', '127.8.9.10', '::1', '[::1]', '::ffff:127.0.0.1', 'localhost']) {
      expect(isLoopback(address)).toBe(true);
      expect(await inside(book(admissions, 3, address))).toBe(3);
    }
    for (const address of [
      '192.0.2.1',
      '::',
      '::2',
      '1::1',
      '127.0.0.1.example',
      '128.0.0.1',
      '::ffff:192.0.2.1',
      '',
    ]) {
      expect(isLoopback(address)).toBe(false);
    }
  });

  test.each<[string, string, string]>([
    ['an address and itself inside IPv6', '192.0.2.1', '::ffff:192.0.2.1'],
    ['two spellings', '2001:db8::1', '2001:0DB8:0:0:0:0:0:1'],
    ['with brackets and without', '2001:db8::1', '[2001:db8::1]'],
    ['the same first 64 bits', '2001:db8:1:2::1', '2001:db8:1:2:ffff:ffff:ffff:ffff'],
    ['the same first 64 bits, one of them short', '2001:db8::', '2001:db8::a:b:c:d'],
    ['with a zone', 'fe80::1%eth0', 'fe80::2%eth1'],
  ])('one party: %s', (_, one, other) => {
    const admissions = new Admissions(resolveAdmission({ maxPendingPerAddress: 1 }));
    admissions.begin(one);
    expect(() => admissions.begin(other)).toThrow(LimitError);
  });

  test.each<[string, string, string]>([
    ['neighbours', '192.0.2.1', '192.0.2.2'],
    ['other first 64 bits', '2001:db8:1:2::1', '2001:db8:1:3::1'],
    ['zeros in another place', '2001:db8::1:0:0:0:0', '2001:db8:1::'],
    ['something that is no address', 'unix', 'unknown'],
  ])('two parties: %s', (_, one, other) => {
    const admissions = new Admissions(resolveAdmission({ maxPendingPerAddress: 1 }));
    admissions.begin(one);
    admissions.begin(other);
  });

  test('a wait ends with its signal, and the place in line is free for others', async () => {
    const admissions = new Admissions(resolveAdmission({ maxHalfOpen: 1 }));
    const first = admissions.begin(undefined);
    await first.enter(open);
    const deadline = new AbortController();
    const second = admissions.begin(undefined);
    const waiting = second.enter(deadline.signal);
    deadline.abort('too late');
    await expect(waiting).rejects.toBe('too late');
    second.leave();
    const third = admissions.begin(undefined);
    first.leave();
    await third.enter(open);
  });

  test('an attempt that ended is not let in', async () => {
    const admissions = new Admissions(resolveAdmission());
    await expect(admissions.begin(undefined).enter(AbortSignal.abort('gone'))).rejects.toBe('gone');
  });

  test.each(['192.0.2.1', undefined])(
    'a slot granted in the moment its handshake ends is not lost (%s)',
    async (address) => {
      const admissions = new Admissions(resolveAdmission({ maxHalfOpen: 1, maxHalfOpenPerAddress: 1 }));
      for (let round = 0; round < 20; round++) {
        const holder = admissions.begin(address);
        await holder.enter(open);
        const ended = new AbortController();
        const next = admissions.begin(address);
        next.enter(ended.signal).catch(() => {});
        await settle(1);
        // Granted, and before anybody has heard of it, over: after each number of microtasks once.
        holder.leave();
        for (let tick = 0; tick < round; tick++) await null;
        ended.abort('gone');
        next.leave();
        await settle(1);
      }
      const last = admissions.begin(address);
      await last.enter(open);
    },
  );
});
