// The handshake over the wire: who gets in, who does not, and what is said of it.

import { describe, expect, test } from 'vitest';
import { type Authenticator, bearerTokens, noAuthentication } from '../../../../src/arcp/runtime/authenticator.js';
import { createRuntime } from '../../../../src/arcp/runtime/runtime.js';
import type { Service } from '../../../../src/arcp/runtime/service.js';
import type { JsonObject } from '../../../../src/codec/json-value.js';
import { memoryTransports } from '../../../../src/transport/memory.js';
import { EPOCH_MS, settle, TOKENS, testRuntime } from '../../support/raw-peer.js';

const CLIENT = { kind: 'raw-peer', version: '1.2.3', fingerprint: 'sha256:00' };

function opening(auth: JsonObject, more: JsonObject = {}): JsonObject {
  return { auth, client: CLIENT, ...more };
}

/** A service that offers flags and does nothing. */
function offering(...offers: NonNullable<Service['offers']>): Service {
  return { handles: {}, offers };
}

describe('session.open', () => {
  test('[10.13] with a good bearer token is accepted, first of all messages, with ids and lease', async () => {
    const peer = testRuntime().connect();
    const id = peer.send('session.open', opening({ scheme: 'bearer', token: 'tok-alice' }));
    const accepted = await peer.until('session.accepted');
    expect(peer.received[0]).toBe(accepted);
    expect(accepted.correlation_id).toBe(id);
    expect(accepted.session_id).toBe(accepted.payload.session_id);
    expect(accepted.session_id).toMatch(/^sess_[0-9A-HJKMNP-TV-Z]{26}$/);
    expect(accepted.payload.lease.expires_at).toBe(new Date(EPOCH_MS + 3_600_000).toISOString());
    expect(accepted.payload.runtime).toMatchObject({ kind: 'ringline' });
  });

  test.each([
    ['[10.14] with an unknown token', { scheme: 'bearer', token: 'bad' }],
    ['[10.14] with a token that only begins like a good one', { scheme: 'bearer', token: 'tok-alic' }],
    ['[10.15] without a token', { scheme: 'bearer' }],
    ['[10.15] with an empty token', { scheme: 'bearer', token: '' }],
    ['[10.16] by a scheme nobody configured', { scheme: 'oauth2', token: 'tok-alice' }],
    ['[10.17] without credentials where strangers are not let in', { scheme: 'none' }],
  ])('%s is rejected as UNAUTHENTICATED, without a session id', async (_title, auth) => {
    const peer = testRuntime().connect();
    const id = peer.send('session.open', opening(auth, { capabilities: { anonymous: true } }));
    const rejected = await peer.until('session.rejected');
    expect(rejected).toMatchObject({ correlation_id: id, payload: { code: 'UNAUTHENTICATED' } });
    expect(rejected).not.toHaveProperty('session_id');
    if (auth.scheme === 'oauth2') expect(rejected.payload.message).toContain('not configured');
  });

  test('[10.17] of a stranger needs anonymous on both sides, and makes a principal of its own', async () => {
    const { connect, runtime } = testRuntime({ authenticators: [noAuthentication()] });
    const peer = connect();
    peer.send('session.open', opening({ scheme: 'none' }));
    expect((await peer.until('session.rejected')).payload.code).toBe('UNAUTHENTICATED');
    peer.send('session.open', opening({ scheme: 'none' }, { capabilities: { anonymous: true } }));
    const accepted = await peer.until('session.accepted');
    expect(accepted.payload.capabilities.anonymous).toBe(true);
    expect(runtime.sessions()).toMatchObject([{ principal: `anonymous:${accepted.session_id}` }]);
  });

  test('takes the principal from the credential, never from what the client calls itself', async () => {
    const { session, runtime } = testRuntime();
    await session({ client: { ...CLIENT, principal: 'bob' } });
    expect(runtime.sessions()).toMatchObject([{ principal: 'alice' }]);
  });

  test('needs no credential where the transport says who the peer is', async () => {
    const { session, runtime } = testRuntime();
    await session({ auth: { scheme: 'none' } }, { principal: 'did:key:z6Mk' });
    expect(runtime.sessions()).toMatchObject([{ principal: 'did:key:z6Mk' }]);
  });

  test('[10.19] comes first: a ping before it has no answer, then or later', async () => {
    const peer = testRuntime().connect();
    const early = peer.send('ping', { nonce: 'early' });
    await peer.open();
    const late = peer.send('ping', { nonce: 'late' });
    await peer.until('pong');
    expect(peer.received.filter(({ type }) => type === 'pong')).toMatchObject([
      { correlation_id: late, payload: { nonce: 'late' } },
    ]);
    expect(peer.received.some(({ correlation_id }) => correlation_id === early)).toBe(false);
  });

  test('[10.20] negotiates flags: on where both say so, off where one mentions it, absent where neither', async () => {
    const services = [offering('streaming', 'human_input', 'artifacts')];
    const peer = testRuntime({ services, capabilities: { durable_jobs: false } }).connect();
    const { payload } = await peer.open({ capabilities: { streaming: true, durable_jobs: true } });
    expect(payload.capabilities).toMatchObject({
      streaming: true,
      durable_jobs: false,
      human_input: false,
      artifacts: false,
    });
    expect(payload.capabilities).not.toHaveProperty('subscriptions');
    expect(payload.capabilities).not.toHaveProperty('agent_handoff');
  });

  test('[10.21] negotiates extensions in the order of the runtime', async () => {
    const extensions = { 'arcpx.b.v1': () => {}, 'arcpx.a.v1': () => {} };
    const peer = testRuntime({ extensions }).connect();
    const { payload } = await peer.open({ capabilities: { extensions: ['arcpx.a.v1', 'arcpx.z.v1'] } });
    expect(payload.capabilities.extensions).toEqual(['arcpx.a.v1']);
  });

  test('[10.22] that requires what no service offers is rejected as UNIMPLEMENTED', async () => {
    const peer = testRuntime().connect();
    const auth = { scheme: 'bearer', token: 'tok-alice' };
    const capabilities = { scheduled_jobs: true, required: ['scheduled_jobs'] };
    peer.send('session.open', opening(auth, { capabilities }));
    expect((await peer.until('session.rejected')).payload.code).toBe('UNIMPLEMENTED');
    const { payload } = await peer.open();
    expect(payload.capabilities.scheduled_jobs).toBe(false);
  });

  test('[10.24] again is refused as FAILED_PRECONDITION, and the session goes on', async () => {
    const { session, runtime } = testRuntime();
    const peer = await session();
    const id = peer.send('session.open', opening({ scheme: 'bearer', token: 'tok-bob' }));
    expect(await peer.until('nack')).toMatchObject({ correlation_id: id, payload: { code: 'FAILED_PRECONDITION' } });
    peer.send('ping');
    await peer.until('pong');
    expect(runtime.sessions()).toMatchObject([{ id: peer.sessionId, principal: 'alice' }]);
  });

  test.each([
    ['capabilities that are null', { capabilities: null }],
    ['a flag that is a text', { capabilities: { streaming: 'true' } }],
    ['a scheme nobody knows', { auth: { scheme: 'password' } }],
    ['no client', { client: undefined }],
  ])('[10.25] with %s is refused as INVALID_ARGUMENT, and may be tried again', async (_title, fault) => {
    const peer = testRuntime().connect();
    const id = peer.send('session.open', { ...opening({ scheme: 'bearer', token: 'tok-alice' }), ...fault } as never);
    expect(await peer.until('nack')).toMatchObject({ correlation_id: id, payload: { code: 'INVALID_ARGUMENT' } });
    await peer.open();
  });

  test('of a version nobody speaks is rejected as UNIMPLEMENTED', async () => {
    const peer = testRuntime().connect();
    peer.send('session.open', opening({ scheme: 'bearer', token: 'tok-alice' }), { arcp: '2.0' });
    expect((await peer.until('session.rejected')).payload.code).toBe('UNIMPLEMENTED');
  });

  test('may fail three times, then the connection ends', async () => {
    const peer = testRuntime().connect();
    for (let i = 0; i < 3; i++) peer.send('session.open', opening({ scheme: 'bearer', token: `guess-${i}` }));
    peer.send('session.open', opening({ scheme: 'bearer', token: 'tok-alice' }));
    expect((await peer.closed).code).toBe(1008);
    expect(peer.received.map(({ type }) => type)).toEqual(Array(3).fill('session.rejected'));
  });

  test('must come within ten seconds', async () => {
    const { connect, clock } = testRuntime();
    const peer = connect();
    clock.advance(9_999);
    await settle();
    peer.send('session.open', opening({ scheme: 'bearer', token: 'bad' }));
    await peer.until('session.rejected');
    clock.advance(1);
    expect((await peer.closed).code).toBe(1008);
  });

  test('waits for no more than 64 strangers at once', async () => {
    const { connect } = testRuntime({ limits: { maxHalfOpen: 2 } });
    const first = connect();
    const second = connect();
    expect((await connect().closed).code).toBe(1013);
    await first.open();
    await connect().open();
    await second.open();
  });

  test('is not kept in the log where it fails, and without its token where it does not', async () => {
    const { connect, log } = testRuntime();
    const peer = connect();
    peer.send('session.open', opening({ scheme: 'bearer', token: 'bad' }));
    await peer.until('session.rejected');
    expect(await log.last()).toBe(0);
    await peer.open();
    const entries = await log.read({ after: 0, limit: 10 });
    expect(entries.map(({ type, direction }) => [type, direction])).toEqual([
      ['session.open', 'in'],
      ['session.accepted', 'out'],
    ]);
    for (const { text } of entries) expect(text).not.toContain('tok-alice');
  });
});

describe('a challenge', () => {
  const authenticators: readonly Authenticator[] = [
    {
      scheme: 'mtls',
      authenticate: () => ({
        kind: 'challenged',
        challenge: 'what is 6 times 7?',
        verify: (response) =>
          response === '42' ? { kind: 'accepted', principal: 'alice' } : { kind: 'refused', message: 'no' },
      }),
    },
  ];

  test('[10.23] is answered right: accepted, correlated to the answer', async () => {
    const peer = testRuntime({ authenticators }).connect();
    const open = peer.send('session.open', opening({ scheme: 'mtls' }));
    expect(await peer.until('session.challenge')).toMatchObject({
      correlation_id: open,
      payload: { challenge: 'what is 6 times 7?' },
    });
    const answer = peer.send('session.authenticate', { response: '42' });
    expect((await peer.until('session.accepted')).correlation_id).toBe(answer);
  });

  test('[10.23] is answered wrong: twice unauthenticated, the third time rejected', async () => {
    const peer = testRuntime({ authenticators }).connect();
    peer.send('session.open', opening({ scheme: 'mtls' }));
    await peer.until('session.challenge');
    for (const type of ['session.unauthenticated', 'session.unauthenticated', 'session.rejected']) {
      const id = peer.send('session.authenticate', { response: '41' });
      expect(await peer.until(type)).toMatchObject({ correlation_id: id, payload: { code: 'UNAUTHENTICATED' } });
    }
    peer.send('session.authenticate', { response: '42' });
    await settle();
    expect(peer.received.some(({ type }) => type === 'session.accepted')).toBe(false);
  });

  test('cannot be had as often as one likes: opening anew counts as a failure', async () => {
    const peer = testRuntime({ authenticators }).connect();
    for (let i = 0; i < 4; i++) peer.send('session.open', opening({ scheme: 'mtls' }));
    expect((await peer.closed).code).toBe(1008);
    expect(peer.received.filter(({ type }) => type === 'session.challenge')).toHaveLength(3);
  });

  test('by mtls is not even asked where the client does not say its fingerprint', async () => {
    const peer = testRuntime({ authenticators }).connect();
    peer.send('session.open', { auth: { scheme: 'mtls' }, client: { kind: 'x', version: '1' } });
    expect((await peer.until('session.rejected')).payload.code).toBe('UNAUTHENTICATED');
  });

  test('answered without having been asked is dropped', async () => {
    const peer = testRuntime({ authenticators }).connect();
    peer.send('session.authenticate', { response: '42' });
    await settle();
    expect(peer.received).toEqual([]);
  });
});

describe('an authenticator', () => {
  test('that answers later: what comes meanwhile is dropped, also a second open', async () => {
    let decide: ((principal: string) => void) | undefined;
    const slow: Authenticator = {
      scheme: 'oauth2',
      authenticate: () =>
        new Promise((resolve) => {
          decide = (principal) => resolve({ kind: 'accepted', principal });
        }),
    };
    const { connect, runtime } = testRuntime({ authenticators: [slow, bearerTokens(TOKENS)] });
    const peer = connect();
    peer.send('session.open', opening({ scheme: 'oauth2', token: 'x' }));
    await settle();
    peer.send('ping');
    peer.send('session.open', opening({ scheme: 'bearer', token: 'tok-bob' }));
    await settle();
    decide?.('carol');
    await peer.until('session.accepted');
    await settle();
    expect(peer.received).toHaveLength(1);
    expect(runtime.sessions()).toMatchObject([{ principal: 'carol' }]);
  });

  test('that answers at once lets what was sent behind the open be served', async () => {
    const peer = testRuntime({ tools: [{ name: 'echo', handler: (args) => args }] }).connect();
    peer.send('session.open', opening({ scheme: 'bearer', token: 'tok-alice' }));
    peer.send('tool.invoke', { tool: 'echo', arguments: 1 });
    await peer.until('job.completed');
    expect(peer.received[0]?.type).toBe('session.accepted');
  });

  test('is told when the connection ends before it has answered', async () => {
    let aborted = false;
    const slow: Authenticator = {
      scheme: 'oauth2',
      authenticate: ({ signal }) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => {
            aborted = true;
            reject(signal.reason);
          });
        }),
    };
    const { connect, runtime } = testRuntime({ authenticators: [slow] });
    const peer = connect();
    peer.send('session.open', opening({ scheme: 'oauth2', token: 'x' }));
    await settle();
    await peer.drop();
    expect(aborted).toBe(true);
    expect(runtime.sessions()).toEqual([]);
  });

  test('that throws refuses, and its text stays at home', async () => {
    const broken: Authenticator = {
      scheme: 'oauth2',
      authenticate: () => Promise.reject(new Error('db-password')),
    };
    const { connect, faults } = testRuntime({ authenticators: [broken] });
    const peer = connect();
    peer.send('session.open', opening({ scheme: 'oauth2', token: 'x' }));
    expect((await peer.until('session.rejected')).payload.code).toBe('UNAUTHENTICATED');
    expect(peer.texts.join()).not.toContain('db-password');
    expect(faults).toHaveLength(1);
  });

  test('is the only one of its scheme', () => {
    expect(() => createRuntime({ authenticators: [bearerTokens(TOKENS), bearerTokens(TOKENS)] })).toThrow(TypeError);
  });

  test.each(['', 'anonymous:sess_1'])('cannot name the principal %j', (principal) => {
    expect(() => bearerTokens({ token: principal })).toThrow(TypeError);
  });

  test('that the transport stands in for cannot name a stranger either', async () => {
    const [, far] = memoryTransports();
    await expect(createRuntime().accept(far, { principal: 'anonymous:sess_1' })).rejects.toThrow(TypeError);
  });
});

describe('capabilities', () => {
  test('cannot be claimed where nothing stands behind them', () => {
    expect(() => createRuntime({ capabilities: { streaming: true } })).toThrow(TypeError);
    expect(() => createRuntime({ services: [offering('streaming')], capabilities: { streaming: true } })).not.toThrow();
  });
});
