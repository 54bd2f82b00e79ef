// The small parts of a session that count something: cancels, silence, limits; and what an error says on the wire.

import { describe, expect, test, vi } from 'vitest';
import { RpcError } from '../../src/errors.js';
import { CancelBudget } from '../../src/phone/cancel-budget.js';
import { KeepAlive } from '../../src/phone/keep-alive.js';
import { DEFAULT_LIMITS, resolveLimits, type SessionLimits } from '../../src/phone/limits.js';
import { MAX_ERROR_TEXT_BYTES, reportFault } from '../../src/phone/report-fault.js';
import { rpcError, WIRE_CODES } from '../../src/phone/wire-errors.js';
import { fakeClock } from '../../src/testing/fake-clock.js';

describe('cancel budget', () => {
  const takes = (budget: CancelBudget, count: number) =>
    Array.from({ length: count }, () => budget.take()).filter((covered) => covered).length;

  test('covers a burst, then what time brings back', () => {
    const clock = fakeClock();
    const budget = new CancelBudget({ maxCancelBurst: 10, maxCancelsPerSecond: 4 }, clock);
    expect(takes(budget, 12)).toBe(10);
    clock.advance(249);
    expect(budget.take()).toBe(false);
    clock.advance(1);
    expect([budget.take(), budget.take()]).toEqual([true, false]);
    clock.advance(1_000);
    expect(takes(budget, 10)).toBe(4);
  });

  test('never holds more than a burst, however long nothing happened', () => {
    const clock = fakeClock();
    const budget = new CancelBudget({ maxCancelBurst: 3, maxCancelsPerSecond: 100 }, clock);
    clock.advance(86_400_000);
    expect(takes(budget, 10)).toBe(3);
  });

  test('asking too early and too often costs nothing', () => {
    const clock = fakeClock();
    const budget = new CancelBudget({ maxCancelBurst: 1, maxCancelsPerSecond: 1 }, clock);
    expect(budget.take()).toBe(true);
    for (let ms = 0; ms < 999; ms++) {
      clock.advance(1);
      expect(budget.take()).toBe(false);
    }
    clock.advance(2);
    expect(budget.take()).toBe(true);
  });
});

describe('keep-alive', () => {
  function watched(limits: Partial<SessionLimits> = {}) {
    const clock = fakeClock();
    const log: string[] = [];
    const note = (what: string) => () => void log.push(`${what} ${clock.now()}`);
    const actions = { probe: note('probe'), lost: note('lost'), tooOld: note('old') };
    const all = { ...DEFAULT_LIMITS, probeAfterMs: 60, probeTimeoutMs: 20, maxSessionAgeMs: 10_000, ...limits };
    return { clock, log, keepAlive: new KeepAlive(clock, all, actions) };
  }

  test('asks after the silence, again after the timeout, then gives up for good', () => {
    const { clock, log } = watched();
    clock.advance(100_000);
    expect(log).toEqual(['probe 60', 'probe 80', 'lost 100']);
    expect(clock.pendingTimers).toBe(0);
  });

  test('whatever is heard starts the silence anew', () => {
    const { clock, log, keepAlive } = watched();
    clock.advance(59);
    keepAlive.heard();
    clock.advance(59);
    expect(log).toEqual([]);
    clock.advance(1 + 20 + 19);
    keepAlive.heard();
    expect(log).toEqual(['probe 119', 'probe 139']);
    clock.advance(59);
    expect(log).toHaveLength(2);
    clock.advance(1);
    expect(log.at(-1)).toBe('probe 218');
  });

  test('reaches its age once, and goes on watching', () => {
    const { clock, log } = watched({ maxSessionAgeMs: 70 });
    clock.advance(1_000);
    expect(log).toEqual(['probe 60', 'old 70', 'probe 80', 'lost 100']);
  });

  test('with age and probe due at once, both happen', () => {
    const { clock, log } = watched({ maxSessionAgeMs: 60 });
    clock.advance(60);
    expect(log).toEqual(['old 60', 'probe 60']);
  });

  test('stops, twice if told so, and from inside its own actions', () => {
    const { clock, log, keepAlive } = watched();
    keepAlive.stop();
    keepAlive.stop();
    clock.advance(100_000);
    expect(log).toEqual([]);
    expect(clock.pendingTimers).toBe(0);

    const inner = fakeClock();
    const stop = vi.fn(() => own.stop());
    const own = new KeepAlive(inner, DEFAULT_LIMITS, { probe: stop, lost: stop, tooOld: stop });
    inner.advance(1_000_000);
    expect(stop).toHaveBeenCalledTimes(1);
    expect(inner.pendingTimers).toBe(0);
  });

  test('keeps one timer only, however much is heard', () => {
    const { clock, keepAlive } = watched();
    for (let n = 0; n < 1_000; n++) {
      keepAlive.heard();
      clock.advance(10);
      expect(clock.pendingTimers).toBe(1);
      if (clock.now() >= 9_000) break;
    }
  });
});

describe('limits', () => {
  const names = Object.keys(DEFAULT_LIMITS) as (keyof SessionLimits)[];

  test('nothing given is the default, which nobody can change', () => {
    expect(resolveLimits()).toEqual(DEFAULT_LIMITS);
    expect(resolveLimits({})).toEqual(DEFAULT_LIMITS);
    expect(Object.isFrozen(DEFAULT_LIMITS)).toBe(true);
  });

  test.each(names)('%s: from 1 to its default', (name) => {
    const limit = DEFAULT_LIMITS[name];
    for (const value of [1, limit - 1, limit]) expect(resolveLimits({ [name]: value })[name]).toBe(value);
    for (const value of [0, -1, limit + 1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => resolveLimits({ [name]: value })).toThrow(RangeError);
    }
    for (const value of ['1', null, {}, 1n]) expect(() => resolveLimits({ [name]: value as never })).toThrow(TypeError);
    // As an option somebody leaves out on purpose.
    expect(resolveLimits({ [name]: undefined as never })[name]).toBe(limit);
  });

  test.each(['maxOpenStream', 'toString', 'constructor', '__proto__', ''])('%j is no limit', (name) => {
    expect(() => resolveLimits(Object.fromEntries([[name, 1]]))).toThrow(TypeError);
  });
});

describe('errors on the wire', () => {
  test.each([
    [WIRE_CODES.failed, 'ERR_RPC_REMOTE'],
    [WIRE_CODES.busy, 'ERR_RPC_BUSY'],
    [WIRE_CODES.denied, 'ERR_RPC_DENIED'],
    [WIRE_CODES.invalidRequest, 'ERR_RPC_REMOTE'],
    [WIRE_CODES.methodNotFound, 'ERR_RPC_METHOD_NOT_FOUND'],
    [WIRE_CODES.invalidParams, 'ERR_RPC_INVALID_PARAMS'],
    [WIRE_CODES.internal, 'ERR_RPC_INTERNAL'],
    [0, 'ERR_RPC_REMOTE'],
    [-1, 'ERR_RPC_REMOTE'],
    [Number.MAX_SAFE_INTEGER, 'ERR_RPC_REMOTE'],
  ])('%i is %s', (wireCode, code) => {
    const error = rpcError(wireCode, 'text');
    expect(error).toMatchObject({ code, wireCode, message: 'text', name: 'RpcError' });
    expect(reportFault(error)).toEqual({ wire: { code: wireCode, message: 'text' } });
  });

  test.each([
    ['ASCII', 'x', 512],
    ['two bytes', '\u00e9', 256],
    ['three bytes', '\u20ac', 170],
    ['four bytes', '\u{1f600}', 128],
  ])('text is cut at whole characters: %s', (_, character, count) => {
    const { wire } = reportFault(rpcError(1, character.repeat(600)));
    expect(wire.message).toBe(character.repeat(count));
    expect(new TextEncoder().encode(wire.message).length).toBeLessThanOrEqual(MAX_ERROR_TEXT_BYTES);
  });

  test('text that stands at the limit stays as it is', () => {
    for (const length of [0, 1, 511, 512]) {
      expect(reportFault(rpcError(1, 'x'.repeat(length))).wire.message).toHaveLength(length);
    }
    const straddling = `${'x'.repeat(511)}\u20ac`;
    expect(reportFault(rpcError(1, straddling)).wire.message).toBe('x'.repeat(511));
  });

  test('of anything else only a number crosses, another each time', () => {
    const faults = [
      new Error('secret'),
      'secret',
      null,
      undefined,
      { message: 'secret', wireCode: 1 },
      Symbol('secret'),
    ];
    const reports = faults.map(reportFault);
    expect(new Set(reports.map(({ correlationId }) => correlationId)).size).toBe(faults.length);
    for (const { wire, correlationId } of reports) {
      expect(wire.code).toBe(WIRE_CODES.failed);
      expect(correlationId).toMatch(/^[0-9a-f]{12}$/);
      expect(wire.message).toContain(correlationId);
      expect(wire.message).not.toContain('secret');
    }
  });

  test('an RpcError whose number the wire cannot carry is a fault like any other', () => {
    for (const wireCode of [0.5, Number.NaN, 2 ** 53, '1' as never]) {
      expect(reportFault(new RpcError('ERR_RPC_REMOTE', wireCode, 'secret'))).toHaveProperty('correlationId');
    }
  });
});
