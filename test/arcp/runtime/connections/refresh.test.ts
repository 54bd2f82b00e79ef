// Authenticating again within a session.

import { describe, expect, test } from 'vitest';
import type { Authenticator } from '../../../../src/arcp/runtime/authenticator.js';
import type { Tool } from '../../../../src/arcp/runtime/tools.js';
import { EPOCH_MS, settle, testRuntime } from '../../support/raw-peer.js';

/** Tokens `<principal>:<expiry in seconds from the epoch of the tests>`. */
const expiring: Authenticator = {
  scheme: 'oauth2',
  authenticate({ auth: { token = '' }, nowMs }) {
    const [principal = '', seconds] = token.split(':');
    const expiresAtMs = EPOCH_MS + Number(seconds) * 1_000;
    return expiresAtMs > nowMs ? { kind: 'accepted', principal, expiresAtMs } : { kind: 'refused', message: 'expired' };
  },
};

const auth = { scheme: 'oauth2', token: 'alice:600' };
const authenticators = [expiring];

describe('credentials that expire', () => {
  test('are asked for a minute before, and fresh ones keep the session', async () => {
    const { session, clock, runtime } = testRuntime({ authenticators });
    const peer = await session({ auth });
    expect(peer.received[0]?.payload.lease.expires_at).toBe(new Date(EPOCH_MS + 600_000).toISOString());
    clock.advance(539_999);
    await settle();
    expect(peer.types()).toEqual([]);
    clock.advance(1);
    expect((await peer.until('session.refresh')).payload).toEqual({
      deadline: new Date(EPOCH_MS + 600_000).toISOString(),
    });
    const id = peer.send('session.authenticate', { response: 'alice:1200' });
    expect(await peer.until('session.accepted')).toMatchObject({
      correlation_id: id,
      payload: { session_id: peer.sessionId, lease: { expires_at: new Date(EPOCH_MS + 1_200_000).toISOString() } },
    });
    clock.advance(500_000);
    await settle();
    expect(runtime.sessions()).toHaveLength(1);
    clock.advance(100_000);
    await peer.until('session.refresh');
  });

  test('that do not come in time evict the session with UNAUTHENTICATED', async () => {
    const { session, clock, runtime } = testRuntime({ authenticators });
    const peer = await session({ auth });
    clock.advance(540_000);
    await peer.until('session.refresh');
    clock.advance(60_000);
    expect((await peer.until('session.evicted')).payload.code).toBe('UNAUTHENTICATED');
    expect((await peer.closed).code).toBe(1000);
    expect(runtime.sessions()).toEqual([]);
  });

  test('that are not good may be tried three times', async () => {
    const { session, clock } = testRuntime({ authenticators });
    const peer = await session({ auth });
    clock.advance(540_000);
    await peer.until('session.refresh');
    for (let i = 0; i < 2; i++) {
      const id = peer.send('session.authenticate', { response: 'alice:1' });
      expect((await peer.until('session.unauthenticated')).correlation_id).toBe(id);
    }
    peer.send('session.authenticate', { response: 'alice:1' });
    expect((await peer.until('session.evicted')).payload.code).toBe('UNAUTHENTICATED');
  });

  test('R1: of another principal are not good, however valid', async () => {
    const { session, clock, runtime } = testRuntime({ authenticators });
    const peer = await session({ auth });
    clock.advance(540_000);
    await peer.until('session.refresh');
    peer.send('session.authenticate', { response: 'bob:1200' });
    await peer.until('session.unauthenticated');
    expect(runtime.sessions()).toMatchObject([{ principal: 'alice' }]);
  });

  test('that nobody asked for change nothing', async () => {
    const { session, log } = testRuntime({ authenticators });
    const peer = await session({ auth });
    const id = peer.send('session.authenticate', { response: 'alice:1200' });
    peer.send('ping');
    await peer.until('pong');
    expect(peer.types()).toEqual(['pong']);
    const found = await log.locate(peer.sessionId, id);
    expect(found.kind === 'kept' && found.entry.text).not.toContain('alice:1200');
  });
});

describe('fresh credentials', () => {
  /** As `expiring`, and a token of `alice` alone does not expire. */
  const lasting: Authenticator = {
    scheme: 'oauth2',
    authenticate: (request) =>
      request.auth.token === 'alice' ? { kind: 'accepted', principal: 'alice' } : expiring.authenticate(request),
  };

  test('that do not expire are not asked for again, and nothing is due', async () => {
    const { session, clock, runtime } = testRuntime({ authenticators: [lasting] });
    const peer = await session({ auth });
    clock.advance(540_000);
    await peer.until('session.refresh');
    peer.send('session.authenticate', { response: 'alice' });
    await peer.until('session.accepted');
    await settle();
    expect(runtime.rest()?.nextDueMs).toBeUndefined();
    expect([...(runtime.rest()?.connections.values() ?? [])]).toMatchObject([{ scheme: 'oauth2' }]);
    expect(Object.keys([...(runtime.rest()?.connections.values() ?? [])][0] ?? {})).not.toContain('expiresAtMs');
    clock.advance(600_000);
    await settle();
    expect(runtime.sessions()).toHaveLength(1);
  });

  test('are still asked for in time where the host has put a question of its own before', async () => {
    const { session, clock, runtime } = testRuntime({ authenticators });
    const peer = await session({ auth });
    runtime.refresh(peer.sessionId, {
      deadlineMs: EPOCH_MS + 10_000,
      challenge: { challenge: 'who?', verify: () => ({ kind: 'accepted', principal: 'alice' }) },
    });
    await peer.until('session.refresh');
    peer.send('session.authenticate', { response: 'me' });
    await peer.until('session.accepted');
    clock.advance(540_000);
    await peer.until('session.refresh');
    clock.advance(60_000);
    expect((await peer.until('session.evicted')).payload.code).toBe('UNAUTHENTICATED');
  });

  test.each([
    ['a time that is none', { kind: 'accepted', principal: 'alice', expiresAtMs: Number.NaN }],
    ['nothing', undefined],
    ['a question in answer to an answer', { kind: 'challenged', challenge: 'again', verify: () => undefined }],
  ])(
    'that somebody else\u2019s code judges with %s are refused, three times, and nothing throws',
    async (_what, answer) => {
      let opens = 0;
      const lying: Authenticator = {
        scheme: 'oauth2',
        authenticate: (request) => (opens++ === 0 ? expiring.authenticate(request) : (answer as never)),
      };
      const { session, clock } = testRuntime({ authenticators: [lying] });
      const peer = await session({ auth });
      clock.advance(540_000);
      await peer.until('session.refresh');
      for (let i = 0; i < 2; i++) {
        peer.send('session.authenticate', { response: 'alice:1200' });
        await peer.until('session.unauthenticated');
      }
      peer.send('session.authenticate', { response: 'alice:1200' });
      await peer.until('session.evicted');
      expect(() => clock.advance(60_000)).not.toThrow();
    },
  );
});

describe('a host', () => {
  test('asks with a challenge of its own', async () => {
    const { session, runtime } = testRuntime();
    const peer = await session();
    const asked = runtime.refresh(peer.sessionId, {
      deadlineMs: EPOCH_MS + 10_000,
      challenge: {
        challenge: 'prove it',
        verify: (response) =>
          response === 'so' ? { kind: 'accepted', principal: 'alice' } : { kind: 'refused', message: 'no' },
      },
    });
    expect(asked).toBe(true);
    expect((await peer.until('session.refresh')).payload.challenge).toBe('prove it');
    peer.send('session.authenticate', { response: 'so' });
    await peer.until('session.accepted');
    expect(runtime.refresh('sess_nobody', { deadlineMs: 0 })).toBe(false);
  });

  test('evicts a session', async () => {
    const { session, runtime } = testRuntime();
    const peer = await session();
    expect(runtime.evict(peer.sessionId, 'PERMISSION_DENIED', 'not today')).toBe(true);
    expect((await peer.until('session.evicted')).payload).toEqual({ code: 'PERMISSION_DENIED', reason: 'not today' });
    await peer.closed;
    expect(runtime.evict(peer.sessionId, 'PERMISSION_DENIED', 'again')).toBe(false);
  });

  test('closes the runtime: connections end, nothing keeps a timer', async () => {
    const signals: AbortSignal[] = [];
    const sleep: Tool = { name: 'sleep', handler: (_args, { signal }) => new Promise(() => signals.push(signal)) };
    const { session, runtime, clock, connect, log } = testRuntime({ tools: [sleep] });
    const peer = await session();
    peer.send('tool.invoke', { tool: 'sleep', arguments: {} });
    await peer.until('job.started');
    await runtime.close();
    expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
    // How the job ended is for the next runtime to say.
    expect(await log.records('job', { limit: 10 })).toHaveLength(1);
    expect(peer.types()).toEqual(['job.accepted', 'job.started']);
    expect((await peer.closed).code).toBe(1001);
    await runtime.close();
    expect(clock.pendingTimers).toBe(0);
    expect((await connect().closed).code).toBe(1013);
  });
});
