// Permissions and leases over the wire, as a raw client sees them.

import { describe, expect, test } from 'vitest';
import type { ArcpError } from '../../../../src/arcp/errors.js';
import type { EventLog } from '../../../../src/arcp/log/contract.js';
import { memoryLog } from '../../../../src/arcp/log/memory.js';
import type { Lease } from '../../../../src/arcp/runtime/human/lease-book.js';
import { permissionService } from '../../../../src/arcp/runtime/human/permissions.js';
import type { RuntimeOptions } from '../../../../src/arcp/runtime/runtime.js';
import type { ToolContext } from '../../../../src/arcp/runtime/tool-context.js';
import type { Tool } from '../../../../src/arcp/runtime/tools.js';
import type { TrustLevel } from '../../../../src/arcp/wire/session.js';
import type { JsonObject, JsonValue } from '../../../../src/codec/json-value.js';
import { EPOCH_MS, type RawPeer, type Received, settle, testRuntime } from '../../support/raw-peer.js';

const scope = { permission: 'filesystem.read', resource: '/srv/a', operation: 'read' };

function acting(handler: Tool['handler'], options: RuntimeOptions = {}) {
  const permissions = permissionService();
  const tools = [{ name: 'act', handler, restartable: true }];
  return { ...testRuntime({ tools, services: [permissions], ...options }), permissions };
}

async function asked(peer: RawPeer, args: JsonValue = null) {
  const invokeId = peer.send('tool.invoke', { tool: 'act', arguments: args });
  const request = await peer.until('permission.request');
  return { invokeId, request };
}

const grant = (peer: RawPeer, request: Received, seconds = 300, more: JsonObject = {}) =>
  peer.send('permission.grant', { ...scope, lease_seconds: seconds, ...more }, { correlation_id: request.id });
const deny = (peer: RawPeer, request: Received, more: JsonObject = {}) =>
  peer.send('permission.deny', { permission: scope.permission, reason: 'no', ...more }, { correlation_id: request.id });

const codeOf = (error: unknown): JsonValue => (error as ArcpError).code ?? (error as Error).name;

/** A tool that asks for the scope, then hands lease and context to the test and waits. */
function holder() {
  const held: { readonly lease: Lease; readonly context: ToolContext; end(value: JsonValue): void }[] = [];
  const handler: Tool['handler'] = async (_args, context) => {
    const lease = await context.requestPermission(scope);
    return new Promise((resolve) => held.push({ lease, context, end: resolve }));
  };
  return { held, handler };
}

async function holding(options: RuntimeOptions = {}, seconds = 300) {
  const { held, handler } = holder();
  const bench = acting(handler, options);
  const peer = await bench.session();
  const { request } = await asked(peer);
  grant(peer, request, seconds);
  const granted = await peer.until('lease.granted');
  await settle();
  const { lease, context, end } = held[0] as (typeof held)[number];
  return { ...bench, peer, request, granted, lease, context, end, held, leaseId: granted.payload.lease_id as string };
}

describe('a permission', () => {
  test('[10.52] is asked for, granted as a lease, and not asked for again', async () => {
    const { session } = acting(async (_args, { requestPermission }) => {
      const first = await requestPermission({ ...scope, reason: 'to count', leaseSeconds: 600 });
      const second = await requestPermission(scope);
      return first.id === second.id;
    });
    const peer = await session();
    const { request, invokeId } = await asked(peer);
    expect(request).toMatchObject({
      priority: 'critical',
      correlation_id: invokeId,
      source: 'ringline/act',
      payload: { ...scope, reason: 'to count', requested_lease_seconds: 600 },
    });
    const id = grant(peer, request, 300);
    const granted = await peer.until('lease.granted');
    expect(granted).toMatchObject({ correlation_id: id, job_id: request.job_id, payload: scope });
    expect(granted.payload.lease_id).toMatch(/^lease_/);
    expect(Date.parse(granted.payload.expires_at) - EPOCH_MS).toBe(300_000);
    expect((await peer.until('job.completed')).payload).toEqual({ value: true });
    // Nor is another job of the session.
    peer.forget();
    peer.send('tool.invoke', { tool: 'act', arguments: null });
    await peer.until('job.completed');
    expect(peer.types()).not.toContain('permission.request');
  });

  test('blocks the job until somebody decides', async () => {
    const { held, handler } = holder();
    const bench = acting(handler, { capabilities: { heartbeat_interval_seconds: 1 } });
    const peer = await bench.session();
    const { request } = await asked(peer);
    bench.clock.advance(1_000);
    expect((await peer.until('job.heartbeat')).payload.state).toBe('blocked');
    grant(peer, request);
    await peer.until('lease.granted');
    await settle();
    bench.clock.advance(1_000);
    expect((await peer.until('job.heartbeat')).payload.state).toBe('running');
    held[0]?.end(1);
    await peer.until('job.completed');
  });

  test('[10.53] that is denied fails the job, unless the tool goes on without', async () => {
    const peer = await acting(async (args, { requestPermission }) => {
      if (args === null) return (await requestPermission(scope)).id;
      return requestPermission(scope).catch(codeOf) as Promise<JsonValue>;
    }).session();
    deny(peer, (await asked(peer)).request, { reason: 'not today\u001b[2J' });
    const failed = await peer.until('job.failed');
    expect(failed.payload).toMatchObject({ code: 'PERMISSION_DENIED', retryable: false });
    expect(failed.payload.message).not.toContain('\u001b');
    deny(peer, (await asked(peer, 'go on')).request);
    expect((await peer.until('job.completed')).payload).toEqual({ value: 'ERR_ARCP_PERMISSION_DENIED' });
  });

  test.each([
    ['requested', { leaseSeconds: 60 }, {}, 300, 60_000],
    ['the limit', {}, { maxLeaseMs: 30_000 }, 300, 30_000],
    ['the limit, however long was requested', { leaseSeconds: 1e9 }, { maxLeaseMs: 30_000 }, 2 ** 53 - 1, 30_000],
  ])('R3: is granted for no longer than %s', async (_what, more, limits, seconds, lifeMs) => {
    const peer = await acting(
      async (_args, { requestPermission }) => (await requestPermission({ ...scope, ...more })).expiresAtMs,
      { limits },
    ).session();
    grant(peer, (await asked(peer)).request, seconds);
    const granted = await peer.until('lease.granted');
    expect(Date.parse(granted.payload.expires_at) - EPOCH_MS).toBe(lifeMs);
    expect((await peer.until('job.completed')).payload.value - EPOCH_MS).toBe(lifeMs);
  });

  test.each<[string, JsonObject]>([
    ['another permission', { permission: 'filesystem.write' }],
    ['another case', { resource: '/srv/A' }],
    ['a parent', { resource: '/srv' }],
    ['a way around', { resource: '/srv/b/../a' }],
    ['an escaped way around', { resource: '/srv/b/%2e%2e/a' }],
    ['another operation', { operation: 'write' }],
    ['no time', { lease_seconds: 0 }],
  ])('R3: is not granted by a grant of %s, and stays open', async (_what, more) => {
    const peer = await acting(
      async (_args, { requestPermission }) => (await requestPermission(scope)).resource,
    ).session();
    const { request } = await asked(peer);
    const refused = await peer.answerTo(grant(peer, request, 300, more));
    expect(refused).toMatchObject({ type: 'nack', payload: { code: 'INVALID_ARGUMENT' } });
    grant(peer, request);
    expect((await peer.until('job.completed')).payload).toEqual({ value: '/srv/a' });
  });

  test.each<[string, JsonObject]>([
    ['another resource', { resource: '/srv/A' }],
    ['a child', { resource: '/srv/a/b' }],
    ['a way around', { resource: '/srv/b/../a' }],
    ['an escape', { resource: '/srv/%61' }],
    ['another operation', { operation: 'write' }],
    ['another permission', { permission: 'filesystem.Read' }],
  ])('R3: over one thing does not cover %s', async (_what, more) => {
    const { context, lease, peer } = await holding();
    expect((await context.requireLease(scope)).id).toBe(lease.id);
    await expect(context.requireLease({ ...scope, ...more })).rejects.toMatchObject({
      code: 'ERR_ARCP_PERMISSION_DENIED',
    });
    peer.forget();
    context.requestPermission({ ...scope, ...more }).catch(() => {});
    expect((await peer.until('permission.request')).payload).toEqual({ ...scope, ...more });
  });

  test('R3: is decided only by the session that was asked, and once', async () => {
    const bench = acting(async (_args, { requestPermission }) => (await requestPermission(scope)).id);
    const peer = await bench.session();
    const { request } = await asked(peer);
    const twin = await bench.session();
    const bob = await bench.session({ auth: { scheme: 'bearer', token: 'tok-bob' } });
    for (const other of [twin, bob]) {
      expect((await other.answerTo(grant(other, request))).payload.code).toBe('NOT_FOUND');
      expect((await other.answerTo(deny(other, request))).payload.code).toBe('NOT_FOUND');
    }
    const unnamed = peer.send('permission.grant', { ...scope, lease_seconds: 1 });
    expect((await peer.answerTo(unnamed)).payload.code).toBe('INVALID_ARGUMENT');
    expect((await peer.answerTo(deny(peer, request, { permission: 'x' }))).payload.code).toBe('INVALID_ARGUMENT');
    grant(peer, request);
    await peer.until('job.completed');
    // Whoever denies too late hears it.
    expect((await peer.answerTo(deny(peer, request))).payload.code).toBe('NOT_FOUND');
    expect((await peer.answerTo(grant(peer, request))).payload.code).toBe('NOT_FOUND');
    expect(peer.types().filter((type) => type === 'lease.granted')).toHaveLength(1);
    // A lease is its session's: the same principal elsewhere has none of it.
    twin.send('tool.invoke', { tool: 'act', arguments: null });
    await twin.until('permission.request');
  });

  test('nobody decides about ends as DEADLINE_EXCEEDED', async () => {
    const bench = acting(
      async (_args, { requestPermission }) => (await requestPermission({ ...scope, expiresInMs: 5_000 })).id,
    );
    const peer = await bench.session();
    const { request } = await asked(peer);
    bench.clock.advance(5_000);
    expect((await peer.until('job.failed')).payload.code).toBe('DEADLINE_EXCEEDED');
    expect((await peer.answerTo(grant(peer, request))).payload.code).toBe('NOT_FOUND');
  });

  test('of a job that is cancelled needs no decision any more', async () => {
    const peer = await acting(async (_args, { requestPermission }) => (await requestPermission(scope)).id).session();
    const { request } = await asked(peer);
    peer.send('cancel', { target: 'job', target_id: request.job_id as string });
    await peer.until('job.cancelled');
    expect((await peer.answerTo(grant(peer, request))).payload.code).toBe('NOT_FOUND');
    expect(peer.types()).not.toContain('lease.granted');
  });

  test('counts among the open questions of its job', async () => {
    const peer = await acting(
      async (_args, { requestPermission }) => {
        const other = { ...scope, resource: '/srv/b' };
        const both = [requestPermission(scope), requestPermission(other)];
        return Promise.all(both.map((one) => one.then(({ resource }) => resource, codeOf)));
      },
      { limits: { maxOpenPrompts: 1 } },
    ).session();
    grant(peer, (await asked(peer)).request);
    expect((await peer.until('job.completed')).payload.value).toEqual(['/srv/a', 'ERR_ARCP_RESOURCE_EXHAUSTED']);
  });

  test('is not asked for where the session has as many leases as it may', async () => {
    const peer = await acting(
      async (_args, { requestPermission }) => {
        await requestPermission(scope);
        return requestPermission({ ...scope, resource: '/srv/b' }).catch(codeOf) as Promise<JsonValue>;
      },
      { limits: { maxLeases: 1 } },
    ).session();
    grant(peer, (await asked(peer)).request);
    expect((await peer.until('job.completed')).payload.value).toBe('ERR_ARCP_RESOURCE_EXHAUSTED');
  });

  test.each<[string, Partial<Parameters<ToolContext['requestPermission']>[0]>, string]>([
    ['a resource that is no text', { resource: 1 as never }, 'TypeError'],
    ['no time', { leaseSeconds: 0 }, 'RangeError'],
    ['a fraction of time', { leaseSeconds: 1.5 }, 'RangeError'],
    ['no patience', { expiresInMs: -1 }, 'RangeError'],
    ['a trust level that is none', { permission: 'trust.elevate.root' }, 'TypeError'],
  ])('asked for with %s is a mistake of the tool', async (_what, more, code) => {
    const peer = await acting(async (_args, { requestPermission }) =>
      requestPermission({ ...scope, ...more }).then(() => '', codeOf),
    ).session();
    peer.send('tool.invoke', { tool: 'act', arguments: null });
    expect((await peer.until('job.completed')).payload.value).toBe(code);
    expect(peer.types()).not.toContain('permission.request');
  });
});

describe('a lease', () => {
  test('[10.54] that has expired refuses use and refresh with LEASE_EXPIRED, and is asked for again', async () => {
    const { lease, context, peer, clock, leaseId } = await holding({}, 10);
    clock.advance(9_999);
    lease.check();
    expect(lease.state).toBe('granted');
    clock.advance(1);
    expect(() => lease.check()).toThrow(expect.objectContaining({ code: 'ERR_ARCP_LEASE_EXPIRED' }));
    expect(lease).toMatchObject({ state: 'expired', isLive: false });
    await expect(context.requireLease(scope)).rejects.toMatchObject({ code: 'ERR_ARCP_LEASE_EXPIRED' });
    const refresh = peer.send('lease.refresh', { lease_id: leaseId, additional_seconds: 5 });
    expect((await peer.answerTo(refresh)).payload.code).toBe('LEASE_EXPIRED');
    const again = context.requestPermission(scope);
    grant(peer, await peer.until('permission.request'));
    expect((await again).id).not.toBe(leaseId);
  });

  test('[10.54] is extended by a refresh in time', async () => {
    const { lease, peer, clock, leaseId } = await holding({}, 10);
    clock.advance(9_000);
    const id = peer.send('lease.refresh', { lease_id: leaseId, additional_seconds: 5 });
    expect(await peer.answerTo(id)).toMatchObject({
      type: 'lease.extended',
      payload: { lease_id: leaseId, expires_at: '2026-03-02T08:15:57.000Z' },
    });
    clock.advance(5_999);
    lease.check();
    expect(lease).toMatchObject({ state: 'extended', isLive: true, expiresAtMs: EPOCH_MS + 15_000 });
    clock.advance(1);
    expect(() => lease.check()).toThrow(expect.objectContaining({ code: 'ERR_ARCP_LEASE_EXPIRED' }));
  });

  test('R3: is extended no further than the limit, nor by nothing', async () => {
    const { peer, leaseId } = await holding({ limits: { maxLeaseMs: 60_000 } }, 10);
    const far = peer.send('lease.refresh', { lease_id: leaseId, additional_seconds: 2 ** 53 - 1 });
    expect((await peer.answerTo(far)).payload.expires_at).toBe('2026-03-02T08:16:42.000Z');
    const none = peer.send('lease.refresh', { lease_id: leaseId, additional_seconds: 0 });
    expect((await peer.answerTo(none)).payload.code).toBe('INVALID_ARGUMENT');
  });

  test('[10.54] that the client revokes refuses use and refresh with LEASE_REVOKED', async () => {
    const { lease, context, peer, leaseId } = await holding();
    const id = peer.send('lease.revoked', { lease_id: leaseId, reason: 'changed my mind' });
    expect((await peer.answerTo(id)).type).toBe('ack');
    expect(() => lease.check()).toThrow(expect.objectContaining({ code: 'ERR_ARCP_LEASE_REVOKED' }));
    await expect(context.requireLease(scope)).rejects.toMatchObject({ code: 'ERR_ARCP_LEASE_REVOKED' });
    const refresh = peer.send('lease.refresh', { lease_id: leaseId, additional_seconds: 5 });
    expect((await peer.answerTo(refresh)).payload.code).toBe('LEASE_REVOKED');
  });

  test('that the host revokes is announced, once', async () => {
    const { lease, permissions, peer, leaseId } = await holding();
    expect(await permissions.revoke(peer.sessionId, leaseId, 'policy')).toBe(true);
    expect((await peer.until('lease.revoked')).payload).toEqual({ lease_id: leaseId, reason: 'policy' });
    expect(lease.state).toBe('revoked');
    expect(await permissions.revoke(peer.sessionId, leaseId, 'policy')).toBe(false);
    expect(await permissions.revoke(peer.sessionId, 'lease_unknown', 'policy')).toBe(false);
    expect(await permissions.revoke('sess_unknown', leaseId, 'policy')).toBe(false);
  });

  test('R3: of another session is NOT_FOUND, whatever is tried with it', async () => {
    const { lease, session, leaseId } = await holding();
    const twin = await session();
    const bob = await session({ auth: { scheme: 'bearer', token: 'tok-bob' } });
    for (const other of [twin, bob]) {
      const refresh = other.send('lease.refresh', { lease_id: leaseId, additional_seconds: 5 });
      expect((await other.answerTo(refresh)).payload.code).toBe('NOT_FOUND');
      const revoke = other.send('lease.revoked', { lease_id: leaseId, reason: '' });
      expect((await other.answerTo(revoke)).payload.code).toBe('NOT_FOUND');
    }
    lease.check();
  });

  test.each<[string, (bench: Awaited<ReturnType<typeof holding>>) => unknown]>([
    ['is closed', ({ peer }) => peer.send('session.close')],
    ['is evicted', ({ runtime, peer }) => runtime.evict(peer.sessionId, 'UNAUTHENTICATED', 'the credentials expired')],
  ])('ends with its session, where that %s', async (_how, end) => {
    const bench = await holding();
    end(bench);
    await settle();
    bench.clock.advance(120_000);
    await settle();
    expect(bench.runtime.sessions()).toEqual([]);
    expect(() => bench.lease.check()).toThrow(expect.objectContaining({ code: 'ERR_ARCP_LEASE_REVOKED' }));
    expect(await bench.log.records('lease', { limit: 10 })).toEqual([]);
  });

  test.each<[string, () => EventLog]>([
    ['that answers at once', memoryLog],
    ['that takes its time', slowLog],
  ])('survives a restart of the runtime, over a log %s', async (_which, log) => {
    const first = await holding({ log: log() }, 60);
    const dead = first.peer.send('lease.refresh', { lease_id: first.leaseId, additional_seconds: 60 });
    await first.peer.answerTo(dead);
    first.clock.advance(10_000);
    const { held, handler } = holder();
    const next = await first.restart({
      tools: [{ name: 'act', handler, restartable: true }],
      services: [permissionService()],
    });
    await settle();
    // The job runs again, and asks nothing.
    expect(held[0]?.lease).toMatchObject({ id: first.leaseId, state: 'extended', expiresAtMs: EPOCH_MS + 120_000 });
    const again = next.connect();
    await again.open({ session_id: first.peer.sessionId });
    again.send('resume', { after_message_id: first.granted.id });
    held[0]?.end('done');
    await again.until('job.completed');
    expect(again.types()).not.toContain('permission.request');
    const revoke = again.send('lease.revoked', { lease_id: first.leaseId, reason: '' });
    expect((await again.answerTo(revoke)).type).toBe('ack');
    // What was revoked is still so after another restart.
    const third = await next.restart({ services: [permissionService()] });
    const late = third.connect();
    await late.open({ session_id: first.peer.sessionId });
    const refresh = late.send('lease.refresh', { lease_id: first.leaseId, additional_seconds: 5 });
    expect((await late.answerTo(refresh)).payload.code).toBe('LEASE_REVOKED');
  });

  test('of a session that did not come back is forgotten', async () => {
    const log = memoryLog();
    await log.commit({
      entries: [],
      records: [{ kind: 'lease', key: 'sess_gone/lease_1', value: { leaseId: 'lease_1' } }],
    });
    const bench = acting(() => null, { log });
    await bench.runtime.recover();
    expect(await log.records('lease', { limit: 10 })).toEqual([]);
  });

  test('that died is remembered for a while only', async () => {
    const { peer, context, leaseId, log, session } = await holding({ limits: { maxLeases: 1 } });
    const lastRevoked = async (id: string) => peer.answerTo(peer.send('lease.revoked', { lease_id: id, reason: '' }));
    await lastRevoked(leaseId);
    for (let i = 0; i < 64; i++) {
      const next = context.requestPermission({ ...scope, resource: `/srv/${i}` });
      const request = await peer.until('permission.request');
      grant(peer, request, 300, { resource: `/srv/${i}` });
      await lastRevoked((await next).id);
    }
    expect((await lastRevoked(leaseId)).payload.code).toBe('NOT_FOUND');
    expect(await log.records('lease', { limit: 100 })).toHaveLength(64);
    expect((await session()).sessionId).not.toBe(peer.sessionId);
  });
});

describe('trust elevation', () => {
  const elevating = (level: TrustLevel = 'privileged') =>
    acting(
      async (_args, { elevateTrust }) => (await elevateTrust(level, { reason: 'to repair', leaseSeconds: 60 })).id,
    );
  const audit = (peer: RawPeer) =>
    peer
      .since()
      .filter(({ type }) => type === 'log' || type === 'metric')
      .map(({ type, payload }) => [type, type === 'log' ? payload.attributes : payload]);

  test('is a permission of its own name, for its session, and is written down', async () => {
    const peer = await elevating().session();
    const { request } = await asked(peer);
    const wanted = { permission: 'trust.elevate.privileged', resource: peer.sessionId, operation: 'elevate' };
    expect(request.payload).toEqual({ ...wanted, reason: 'to repair', requested_lease_seconds: 60 });
    grant(peer, request, 300, wanted);
    const { value: leaseId } = (await peer.until('job.completed')).payload;
    expect(audit(peer)).toEqual([
      [
        'log',
        {
          level: 'privileged',
          outcome: 'granted',
          principal: 'alice',
          resource: peer.sessionId,
          operation: 'elevate',
          lease_id: leaseId,
          expires_at_ms: EPOCH_MS + 60_000,
        },
      ],
      [
        'metric',
        {
          name: 'arcpx.ringline.trust_elevations',
          value: 1,
          unit: 'count',
          dims: { level: 'privileged', outcome: 'granted' },
        },
      ],
    ]);
    peer.forget();
    peer.send('lease.revoked', { lease_id: leaseId, reason: 'done' });
    await peer.until('metric');
    expect(audit(peer)[1]).toMatchObject(['metric', { dims: { outcome: 'revoked' } }]);
  });

  test('that is denied, or that nobody decides about, is written down as well', async () => {
    const bench = elevating('trusted');
    const peer = await bench.session();
    deny(peer, (await asked(peer)).request, { permission: 'trust.elevate.trusted' });
    expect((await peer.until('job.failed')).payload.code).toBe('PERMISSION_DENIED');
    expect(audit(peer)[1]).toMatchObject(['metric', { dims: { level: 'trusted', outcome: 'denied' } }]);
    peer.forget();
    await asked(peer);
    bench.clock.advance(600_000);
    await peer.until('job.failed');
    expect(audit(peer)[1]).toMatchObject(['metric', { dims: { level: 'trusted', outcome: 'unanswered' } }]);
  });

  test('to a level that does not exist is a mistake of the tool', async () => {
    const bench = elevating('root' as TrustLevel);
    const peer = await bench.session();
    peer.send('tool.invoke', { tool: 'act', arguments: null });
    expect((await peer.until('job.failed')).payload.code).toBe('INTERNAL');
    expect(bench.faults).toMatchObject([{ error: expect.any(TypeError) }]);
    expect(peer.types()).not.toContain('permission.request');
  });

  test('R3: is what its name says, letter for letter: another case is an ordinary permission', async () => {
    const peer = await acting(async (_args, { requestPermission }) => {
      await requestPermission({ ...scope, permission: 'Trust.Elevate.privileged' });
      return null;
    }).session();
    const { request } = await asked(peer);
    grant(peer, request, 300, { permission: 'Trust.Elevate.privileged' });
    await peer.until('job.completed');
    expect(audit(peer)).toEqual([]);
  });
});

test('one service belongs to one runtime', () => {
  const permissions = permissionService();
  testRuntime({ services: [permissions] });
  expect(() => testRuntime({ services: [permissions] })).toThrow(TypeError);
});

/** A log in memory whose every answer is a promise. */
function slowLog(): EventLog {
  return new Proxy(memoryLog(), {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== 'function') return member;
      return async (...args: unknown[]) => Reflect.apply(member, target, args);
    },
  });
}
