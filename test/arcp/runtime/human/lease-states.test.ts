import { describe, expect, test } from 'vitest';
import {
  checkLease,
  extendLease,
  grantLease,
  isLive,
  isSameScope,
  type LeaseFacts,
  leaseAt,
  revokeLease,
} from '../../../../src/arcp/runtime/human/lease-states.js';
import type { LeaseId } from '../../../../src/arcp/wire/ids.js';

const scope = { permission: 'filesystem.read', resource: '/srv/a', operation: 'read' };
const terms = { grantedSeconds: 10, requestedSeconds: undefined, maxLeaseMs: 60_000 };
const lease = (more: Partial<typeof terms> | { requestedSeconds: number } = {}, nowMs = 1_000): LeaseFacts =>
  grantLease('lease_1' as LeaseId, scope, { ...terms, ...more }, nowMs);

const codeOf = (call: () => unknown): string | undefined => {
  try {
    call();
    return undefined;
  } catch (error) {
    return (error as { code?: string }).code;
  }
};

describe('a lease', () => {
  test.each([
    ['what was granted', {}, 10_000],
    ['what was requested, where that is less', { requestedSeconds: 3 }, 3_000],
    ['what was granted, where more was requested', { requestedSeconds: 30 }, 10_000],
    ['the limit', { grantedSeconds: 3_600 }, 60_000],
    ['the limit, where 2^53 - 1 seconds are granted', { grantedSeconds: Number.MAX_SAFE_INTEGER }, 60_000],
  ])('lives for %s', (_what, more, lifeMs) => {
    expect(lease(more)).toEqual({ ...scope, leaseId: 'lease_1', state: 'granted', expiresAtMs: 1_000 + lifeMs });
  });

  test('[10.54] covers until just before its time, and never after', () => {
    expect(codeOf(() => checkLease(lease(), 10_999))).toBeUndefined();
    expect(codeOf(() => checkLease(lease(), 11_000))).toBe('ERR_ARCP_LEASE_EXPIRED');
    expect(codeOf(() => checkLease(lease(), Number.MAX_SAFE_INTEGER))).toBe('ERR_ARCP_LEASE_EXPIRED');
  });

  test('that was seen expired stays so, though the clock be set back', () => {
    const expired = leaseAt(lease(), 11_000);
    expect(expired.state).toBe('expired');
    expect(leaseAt(expired, 0)).toBe(expired);
    expect(codeOf(() => checkLease(expired, 0))).toBe('ERR_ARCP_LEASE_EXPIRED');
  });

  test('[10.54] is extended any number of times, up to the limit from now', () => {
    const once = extendLease(lease(), 5, 60_000, 2_000);
    expect(once).toMatchObject({ state: 'extended', expiresAtMs: 16_000 });
    const twice = extendLease(once, 5, 60_000, 15_999);
    expect(twice).toMatchObject({ state: 'extended', expiresAtMs: 21_000 });
    expect(extendLease(twice, Number.MAX_SAFE_INTEGER, 60_000, 20_000).expiresAtMs).toBe(80_000);
    // A limit that was lowered meanwhile takes nothing away.
    expect(extendLease(twice, 1, 10, 20_000).expiresAtMs).toBe(21_000);
  });

  test('is not changed by what becomes of it', () => {
    const first = Object.freeze(lease());
    extendLease(first, 5, 60_000, 2_000);
    revokeLease(first, 2_000);
    leaseAt(first, 11_000);
    expect(first.state).toBe('granted');
  });

  // Every state against every step.
  const states: readonly (readonly [string, LeaseFacts])[] = [
    ['granted', lease()],
    ['extended', extendLease(lease(), 1, 60_000, 2_000)],
    ['expired', leaseAt(lease(), 11_000)],
    ['revoked', revokeLease(lease(), 2_000)],
  ];
  test.each(states)('that is %s goes only where it may', (state, facts) => {
    const isDead = state === 'expired' || state === 'revoked';
    const deathCode = isDead ? `ERR_ARCP_LEASE_${state.toUpperCase()}` : undefined;
    expect(isLive(facts)).toBe(!isDead);
    expect(codeOf(() => extendLease(facts, 1, 60_000, 3_000))).toBe(deathCode);
    expect(codeOf(() => checkLease(facts, 3_000))).toBe(deathCode);
    expect(revokeLease(facts, 3_000).state).toBe(isDead ? state : 'revoked');
    // Its time had come before anybody looked: it was not revoked, it had expired.
    expect(revokeLease(facts, 99_000).state).toBe(isDead ? state : 'expired');
    expect(codeOf(() => extendLease(facts, 1, 60_000, 99_000))).toBe(deathCode ?? 'ERR_ARCP_LEASE_EXPIRED');
  });

  test.each([
    ['another case', { resource: '/srv/A' }],
    ['another case of the permission', { permission: 'Filesystem.read' }],
    ['another operation', { operation: 'write' }],
    ['a parent', { resource: '/srv' }],
    ['a child', { resource: '/srv/a/b' }],
    ['a slash more', { resource: '/srv/a/' }],
    ['a double slash', { resource: '/srv//a' }],
    ['a dot', { resource: '/srv/./a' }],
    ['dots', { resource: '/srv/b/../a' }],
    ['an escape', { resource: '/srv/%61' }],
    ['escaped dots', { resource: '/srv/b/%2e%2e/a' }],
    ['a star', { resource: '/srv/*' }],
    ['a star of permissions', { permission: 'filesystem.*' }],
    ['a prefix of the permission', { permission: 'filesystem' }],
    ['nothing', { resource: '' }],
    ['a space', { resource: '/srv/a ' }],
    ['a null character', { resource: '/srv/a\u0000' }],
    ['a look-alike', { resource: '/srv/\u0430' }],
    ['another composition', { resource: '/srv/a\u0301' }],
    ['a backslash', { resource: '\\srv\\a' }],
    ['a scheme', { resource: 'file:///srv/a' }],
  ])('R3: covers exactly what it names, not %s', (_what, other) => {
    expect(isSameScope(scope, { ...scope })).toBe(true);
    expect(isSameScope(scope, { ...scope, ...other })).toBe(false);
    // Nor the other way round: a lease over the odd spelling does not cover the plain one.
    expect(isSameScope({ ...scope, ...other }, scope)).toBe(false);
  });
});
