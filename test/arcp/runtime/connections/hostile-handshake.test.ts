// Strangers at the door: floods, long and endless greetings, authenticators that lie, names that look like others.

import { describe, expect, test } from 'vitest';
import { type Authenticator, noAuthentication } from '../../../../src/arcp/runtime/authenticator.js';
import { jwtAuthenticator } from '../../../../src/arcp/runtime/jwt.js';
import type { JsonObject } from '../../../../src/codec/json-value.js';
import { keySet } from '../../../../src/documents/jwks.js';
import { signCompact } from '../../../../src/documents/sign.js';
import { signerFromIdentity } from '../../../../src/documents/signer.js';
import { keyFromDid } from '../../../../src/documents/verification-key.js';
import { createIdentity } from '../../../../src/identity/seed-identity.js';
import { unhandledDuring } from '../../../support/unhandled.js';
import { EPOCH_MS, settle, testRuntime } from '../../support/raw-peer.js';

const at = (remoteAddress: string) => ({ remoteAddress });
const isOpen = async (closed: Promise<unknown>) => {
  await settle();
  return Promise.race([closed.then(() => false), Promise.resolve(true)]);
};

describe('a flood of silent connections', () => {
  test('from one address does not keep another address out', async () => {
    const { connect } = testRuntime();
    for (let i = 0; i < 200; i++) connect(at('203.0.113.7'));
    await connect(at('198.51.100.1')).open();
  });

  test('of one address is cut at sixteen, an IPv6 one by its first 64 bits', async () => {
    const { connect } = testRuntime();
    const own = Array.from({ length: 17 }, (_, i) => connect(at(`2001:db8::${i + 1}`)));
    expect(await isOpen(own[15]?.closed as Promise<unknown>)).toBe(true);
    expect((await own[16]?.closed)?.code).toBe(1013);
    await own[0]?.open();
    await connect(at('2001:db8::ffff')).open();
  });

  test('from many addresses makes room for a newcomer, at the cost of who holds most', async () => {
    const { connect } = testRuntime();
    const flood = Array.from({ length: 64 }, (_, i) => connect(at(`203.0.113.${i % 8}`)));
    await connect(at('198.51.100.1')).open();
    expect((await flood[0]?.closed)?.code).toBe(1013);
  });

  test('does not keep out who the transport has authenticated', async () => {
    const { connect } = testRuntime();
    for (let i = 0; i < 64; i++) connect();
    await connect({ principal: 'did:key:z6Mk' }).open();
  });

  test('gives its places back when it goes', async () => {
    const { connect } = testRuntime({ limits: { maxHalfOpen: 2, maxHalfOpenPerAddress: 2 } });
    for (let i = 0; i < 3; i++) {
      const pair = [connect(at('203.0.113.7')), connect(at('203.0.113.7'))];
      for (const one of pair) await one.drop();
    }
    await connect(at('203.0.113.7')).open();
  });
});

describe('before acceptance', () => {
  test('a message of 65,536 bytes is read, one more byte ends the connection', async () => {
    const { connect } = testRuntime();
    const pad = (bytes: number) => {
      const text = (nonce: string) =>
        JSON.stringify({
          arcp: '1.0',
          id: 'msg_1',
          type: 'ping',
          timestamp: '2026-03-02T08:15:42Z',
          payload: { nonce },
        });
      return text('x'.repeat(bytes - text('').length));
    };
    const fits = connect();
    fits.sendText(pad(65_536));
    await fits.open();
    const over = connect();
    over.sendText(pad(65_537));
    expect((await over.closed).code).toBe(1009);
  });

  test('messages without end close the connection', async () => {
    const { connect } = testRuntime();
    const peer = connect();
    for (let i = 0; i < 65; i++) peer.send('ping');
    expect((await peer.closed).code).toBe(1008);
  });

  test('a client whose name is megabytes long is not kept', async () => {
    const { connect, runtime } = testRuntime();
    const peer = connect();
    peer.send('session.open', {
      auth: { scheme: 'bearer', token: 'tok-alice' },
      client: { kind: 'x'.repeat(4_000_000), version: '1' },
    });
    expect((await peer.closed).code).toBe(1009);
    expect(runtime.sessions()).toEqual([]);
  });
});

describe('strangers without credentials', () => {
  const anonymous = {
    auth: { scheme: 'none' },
    capabilities: { anonymous: true },
  };
  const authenticators = [noAuthentication(), bearer()];

  test('of one address do not take all sessions', async () => {
    const { session, connect } = testRuntime({ authenticators, limits: { maxSessionsPerPrincipal: 2 } });
    await session(anonymous, at('203.0.113.7'));
    const second = await session(anonymous, at('203.0.113.7'));
    const third = connect(at('203.0.113.7'));
    third.send('session.open', { ...anonymous, client: { kind: 'raw', version: '1' } });
    expect((await third.until('session.rejected')).payload.code).toBe('RESOURCE_EXHAUSTED');
    await session(anonymous, at('203.0.113.8'));
    await second.drop();
    await session(anonymous, at('203.0.113.7'));
  });

  test('leave places for who has credentials', async () => {
    const limits = { maxSessions: 3, maxAnonymousSessions: 2 };
    const { session, connect } = testRuntime({ authenticators, limits });
    await session(anonymous);
    await session(anonymous);
    const third = connect();
    third.send('session.open', { ...anonymous, client: { kind: 'raw', version: '1' } });
    expect((await third.until('session.rejected')).payload.code).toBe('RESOURCE_EXHAUSTED');
    await session();
  });
});

function bearer(): Authenticator {
  return { scheme: 'bearer', authenticate: () => ({ kind: 'accepted', principal: 'alice' }) };
}

describe('an authenticator that', () => {
  const outcomes: readonly (readonly [string, unknown])[] = [
    ['answers nothing', undefined],
    ['answers null', null],
    ['answers a thing of another kind', { kind: 'maybe' }],
    ['names no principal', { kind: 'accepted' }],
    ['lets a stranger in by a credential', { kind: 'accepted', principal: '' }],
    ['names the principal of a stranger', { kind: 'accepted', principal: 'anonymous:sess_1' }],
    ['names a principal with a zero', { kind: 'accepted', principal: 'alice\u0000' }],
    ['names a principal that reads backwards', { kind: 'accepted', principal: '\u202eecila' }],
    ['names a principal with a lone surrogate', { kind: 'accepted', principal: 'alice\ud800' }],
    ['names a principal without end', { kind: 'accepted', principal: 'a'.repeat(1_025) }],
    ['says a time that is none', { kind: 'accepted', principal: 'alice', expiresAtMs: Number.NaN }],
    ['challenges with bytes', { kind: 'challenged', challenge: new Uint8Array(4), verify: () => ({}) }],
    ['challenges and cannot judge', { kind: 'challenged', challenge: 'who?' }],
    ['refuses without a word', { kind: 'refused' }],
  ];

  describe.each(['at once', 'later'] as const)('%s', (when) => {
    test.each(outcomes)('%s refuses, lets nobody in and ends nothing', async (_title, outcome) => {
      const answer = outcome as never;
      const lying: Authenticator = {
        scheme: 'bearer',
        authenticate: () => (when === 'at once' ? answer : Promise.resolve(answer)),
      };
      const { connect, runtime, faults } = testRuntime({ authenticators: [lying] });
      const peer = connect();
      const unhandled = await unhandledDuring(async () => {
        peer.send('session.open', {
          auth: { scheme: 'bearer', token: 't' },
          client: { kind: 'raw', version: '1' },
        });
        expect((await peer.until('session.rejected')).payload).toMatchObject({ code: 'UNAUTHENTICATED' });
      });
      expect(unhandled).toEqual([]);
      expect(runtime.sessions()).toEqual([]);
      expect(faults.map(({ where }) => where)).toEqual(['authenticator']);
    });
  });

  test('challenges in answer to an answer refuses', async () => {
    const again = { kind: 'challenged', challenge: 'and now?', verify: () => again as never } as const;
    const { connect } = testRuntime({ authenticators: [{ scheme: 'bearer', authenticate: () => again }] });
    const peer = connect();
    peer.send('session.open', { auth: { scheme: 'bearer', token: 't' }, client: { kind: 'raw', version: '1' } });
    await peer.until('session.challenge');
    const unhandled = await unhandledDuring(async () => {
      peer.send('session.authenticate', { response: 'x' });
      await peer.until('session.unauthenticated');
    });
    expect(unhandled).toEqual([]);
  });

  test('never settles loses its connection after ten seconds, and its place', async () => {
    const hanging: Authenticator = { scheme: 'bearer', authenticate: () => new Promise(() => {}) };
    const { connect, clock } = testRuntime({ authenticators: [hanging], limits: { maxHalfOpen: 1 } });
    const peer = connect();
    peer.send('session.open', { auth: { scheme: 'bearer', token: 't' }, client: { kind: 'raw', version: '1' } });
    await settle();
    clock.advance(10_000);
    expect((await peer.closed).code).toBe(1008);
    await settle();
    expect(await isOpen(connect().closed)).toBe(true);
  });
});

describe('a signed token', () => {
  test.each([
    ['with a zero in its sub', { sub: 'alice\u0000' }],
    ['with a line break in its sub', { sub: 'alice\nbob' }],
    ['whose sub is a stranger', { sub: 'anonymous:sess_1' }],
    ['whose sub is a list', { sub: ['alice'] }],
    ['whose exp is text', { exp: '9999999999' }],
    ['whose aud is an object', { aud: { 0: 'urn:runtime' } }],
    ['without aud', { aud: undefined }],
  ])('%s lets nobody in', async (_title, odd) => {
    const issuer = await createIdentity();
    const authenticator = jwtAuthenticator({ audience: 'urn:runtime', keys: keySet([keyFromDid(issuer.did)]) });
    const claims = { aud: 'urn:runtime', sub: 'alice', exp: EPOCH_MS / 1_000 + 60, ...odd };
    const tokenOf = (body: object) =>
      signCompact(new TextEncoder().encode(JSON.stringify(body)), signerFromIdentity(issuer));
    const judge = async (token: string) =>
      authenticator.authenticate({
        auth: { scheme: 'signed_jwt', token },
        client: { kind: 'raw', version: '1' },
        peer: {},
        nowMs: EPOCH_MS,
        signal: new AbortController().signal,
      });
    expect((await judge(await tokenOf(claims))).kind).toBe('refused');
    expect((await judge(await tokenOf({ ...claims, aud: ['x', 'urn:runtime'], sub: 'alice', exp: 1e300 }))).kind).toBe(
      'accepted',
    );
  });
});

describe('credentials that come in the middle of a session', () => {
  test.each([
    ['session.authenticate', { response: 'hunter2' }],
    ['session.authenticate', { response: { token: 'hunter2' } }],
    ['session.open', { auth: { scheme: 'bearer', token: 'hunter2' }, client: { kind: 'raw', version: '1' } }],
    ['session.open', { auth: { scheme: 'bearer', token: 'x', password: 'hunter2' } }],
    ['session.open', { auth: 'hunter2' }],
  ] as readonly (readonly [string, JsonObject])[])('as %s reach neither the bus nor the log', async (type, payload) => {
    const { session, runtime, log } = testRuntime();
    const heard: string[] = [];
    runtime.bus.subscribe((entry, envelope) => heard.push(entry.text, JSON.stringify(envelope)));
    const peer = await session();
    peer.send(type, payload);
    const id = peer.send('ping');
    expect((await peer.answerTo(id)).type).toBe('pong');
    const kept = await log.read({ after: 0, limit: 100 });
    for (const text of [...heard, ...kept.map((entry) => entry.text)]) expect(text).not.toContain('hunter2');
  });

  test('as a session.open that is none are refused, and the session goes on', async () => {
    const peer = await testRuntime().session();
    const id = peer.send('session.open', {});
    expect(await peer.answerTo(id)).toMatchObject({ type: 'nack', payload: { code: 'INVALID_ARGUMENT' } });
    expect((await peer.answerTo(peer.send('ping'))).type).toBe('pong');
  });
});
