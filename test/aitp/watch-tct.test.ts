import { expect, it, vi } from 'vitest';
import type { AitpError } from '../../src/aitp/errors.js';
import { ownRevocations, type RevocationDecision } from '../../src/aitp/revocation.js';
import type { Tct } from '../../src/aitp/tct.js';
import { type WatchTctOptions, watchTct } from '../../src/aitp/watch-tct.js';
import type { Verified } from '../../src/documents/verified.js';
import { fakeClock } from '../../src/testing/fake-clock.js';
import { NOW } from './parties.js';

const GRANTS = ['read'];
const tct = {
  issuer: 'aid:i',
  jti: 'j',
  grants: GRANTS,
  claimedGrants: GRANTS,
  expiresAtSec: NOW + 600,
} as unknown as Verified<Tct>;

function watching(revocation: RevocationDecision, options: Partial<WatchTctOptions> = {}) {
  const clock = fakeClock();
  let sec = NOW;
  const watch = watchTct(tct, 'read', { revocation, now: () => sec, clock, ...options });
  const pass = async (seconds: number) => {
    sec += seconds;
    clock.advance(seconds * 1_000);
    for (let i = 0; i < 20; i++) await Promise.resolve();
  };
  return { watch, clock, pass, code: () => (watch.signal.reason as AitpError | undefined)?.wireCode };
}

it('a token that is taken back ends what goes on under it, within a minute', async () => {
  const revoked = new Set<string>();
  const { watch, pass, code, clock } = watching(ownRevocations(revoked));
  await pass(60);
  await pass(60);
  expect(watch.signal.aborted).toBe(false);
  revoked.add('j');
  await pass(59);
  expect(watch.signal.aborted).toBe(false);
  await pass(1);
  expect(code()).toBe('TCT_REVOKED');
  expect(clock.pendingTimers).toBe(0);
});

it('a token that ends does so to the second, whatever the time between two looks', async () => {
  const { watch, pass, code } = watching({ dangerouslyIgnoreRevocation: true }, { recheckSec: 300 });
  await pass(300);
  await pass(299);
  expect(watch.signal.aborted).toBe(false);
  await pass(1);
  expect(code()).toBe('TCT_EXPIRED');
});

it('a list that never answers counts as a revocation, and nothing is asked twice at once', async () => {
  const check = vi.fn(() => new Promise<never>(() => {}));
  const { pass, code, clock } = watching({ check }, { recheckSec: 10 });
  await pass(10);
  expect(code()).toBeUndefined();
  await pass(10);
  expect(code()).toBe('TCT_REVOKED');
  expect(check).toHaveBeenCalledTimes(1);
  expect(clock.pendingTimers).toBe(0);
});

it('a grant that is left out while revocation cannot be looked up ends it, and so does a fault of the check', async () => {
  const narrowed = watching({ check: async () => ({ grants: [], basis: 'soft_fail' }) });
  await narrowed.pass(60);
  expect(narrowed.code()).toBe('POLICY_VIOLATION');
  const fault = new Error('down');
  const throwing: () => never = () => {
    throw fault;
  };
  for (const check of [() => Promise.reject(fault), throwing]) {
    const broken = watching({ check });
    await broken.pass(60);
    expect(broken.watch.signal.reason).toBe(fault);
  }
});

it('nothing is looked at after the end, nor left behind', async () => {
  const check = vi.fn(async () => ({ grants: GRANTS, basis: 'list' as const }));
  const { watch, pass, clock } = watching({ check });
  await pass(60);
  watch.release();
  watch.release();
  await pass(600);
  expect(check).toHaveBeenCalledTimes(1);
  expect([watch.signal.aborted, clock.pendingTimers]).toEqual([false, 0]);
});

it('options that cannot be are refused', () => {
  const options = { revocation: { dangerouslyIgnoreRevocation: true }, now: () => NOW } as const;
  for (const recheckSec of [0, 301, 1.5])
    expect(() => watchTct(tct, 'read', { ...options, recheckSec })).toThrow(RangeError);
  expect(() => watchTct(tct, 'read', { now: () => NOW } as never)).toThrow(TypeError);
});
