// Accepted connections that mean harm: what goes past the limits of commands, and past the room of a connection.

import { describe, expect, test } from 'vitest';
import { noAuthentication } from '../../../../src/arcp/runtime/authenticator.js';
import { memoryTransports } from '../../../../src/transport/memory.js';
import { RawPeer, settle, type TestRuntime, testRuntime } from '../../support/raw-peer.js';
import { slowTransport } from '../../support/slow-transport.js';

/** How often something was said, whether it arrived or not. */
async function said({ log }: TestRuntime, type: string): Promise<number> {
  return (await log.read({ after: 0, limit: 10_000, direction: 'out', types: [type] })).length;
}

describe('messages that are none', () => {
  test('count as commands do, also where a good one comes in between', async () => {
    const bench = testRuntime({ limits: { maxCommandsPerSecond: 2 } });
    const peer = await bench.session();
    for (let i = 0; i < 60; i++) {
      if (i % 10 === 0) peer.send('ping');
      else peer.sendText(JSON.stringify({ id: `msg_bad${i}`, arcp: 1 }));
    }
    await settle();
    expect(await said(bench, 'nack')).toBeLessThanOrEqual(20);
    expect((await peer.closed).code).toBe(1008);
  });
});

describe('refusals', () => {
  test('of one principal are as many as its commands, however many sessions it opens', async () => {
    const bench = testRuntime({ limits: { maxCommandsPerSecond: 2 } });
    for (let i = 0; i < 30; i++) {
      const peer = await bench.session();
      for (let n = 0; n < 30; n++) peer.send('ping');
      await peer.closed;
      await settle();
    }
    expect(await said(bench, 'nack')).toBeLessThanOrEqual(20);
    expect(await said(bench, 'nack')).toBeGreaterThan(0);
  });
});

describe('a command that was answered', () => {
  test('and is said again and again does not fill the memory of a connection that takes nothing', async () => {
    const bench = testRuntime({ limits: { maxBufferedBytes: 10_000 } });
    const first = await bench.session();
    const id = first.send('ping', { nonce: 'x'.repeat(5_000) });
    await first.until('pong');
    await first.drop();
    const slow = slowTransport();
    void bench.runtime.accept(slow.transport);
    const say = (message: object) =>
      slow.receive(JSON.stringify({ arcp: '1.0', timestamp: '2026-03-02T08:15:42Z', ...message }));
    say({
      id: 'msg_open',
      type: 'session.open',
      session_id: first.sessionId,
      payload: { auth: { scheme: 'bearer', token: 'tok-alice' }, client: { kind: 'slow', version: '1' } },
    });
    await settle();
    say({ id: 'msg_resume', type: 'resume', payload: {} });
    await settle();
    slow.pause();
    for (let i = 0; i < 100; i++) say({ id, type: 'ping', payload: {} });
    await settle();
    expect(slow.transport.bufferedBytes).toBeLessThan(20_000);
    slow.resume();
    const before = slow.sent.length;
    say({ id, type: 'ping', payload: {} });
    await settle();
    expect(slow.sent.slice(before).map((text) => JSON.parse(text).type)).toEqual(['pong']);
  });
});

describe('a connection', () => {
  test('whose transport refuses a message ends, and its session can be taken up again', async () => {
    const bench = testRuntime();
    const [near, far] = memoryTransports();
    let isPicky = false;
    const picky = new Proxy(far, {
      get(target, name) {
        const member: unknown = Reflect.get(target, name, target);
        if (typeof member !== 'function') return member;
        if (name !== 'send') return member.bind(target);
        return (message: string) => {
          if (isPicky) throw new RangeError('message is too long');
          target.send(message);
        };
      },
    });
    void bench.runtime.accept(picky);
    const peer = new RawPeer(near);
    await peer.open();
    isPicky = true;
    peer.send('ping');
    await peer.closed;
    await settle();
    expect(bench.runtime.sessions()).toMatchObject([{ isConnected: false }]);
    const again = await bench.session({ session_id: peer.sessionId });
    expect(again.sessionId).toBe(peer.sessionId);
  });

  test('that has taken a session up and not spoken is told that the session ends', async () => {
    const bench = testRuntime();
    const peer = await bench.session();
    await peer.drop();
    const again = await bench.session({ session_id: peer.sessionId });
    bench.runtime.evict(peer.sessionId, 'PERMISSION_DENIED', 'not today');
    expect((await again.until('session.evicted')).payload.code).toBe('PERMISSION_DENIED');
  });
});

describe('strangers that stood while the runtime did not', () => {
  const open = { auth: { scheme: 'none' }, capabilities: { anonymous: true } };
  const at = (remoteAddress: string) => ({ remoteAddress });

  test('still count, in all and by their address', async () => {
    const limits = { maxAnonymousSessions: 3, maxSessionsPerPrincipal: 2, maxCommandsPerSecond: 1 };
    const authenticators = [noAuthentication()];
    const bench = testRuntime({ authenticators, limits });
    for (const address of ['203.0.113.1', '203.0.113.1']) await bench.session(open, at(address));
    await settle();
    const states = [...(bench.runtime.rest()?.connections.values() ?? [])];
    expect(states).toHaveLength(2);
    await bench.crash();
    const next = testRuntime({ authenticators, limits, clock: bench.clock, log: bench.log });
    const peers: RawPeer[] = [];
    await next.runtime.recover(
      states.map((state) => {
        const [near, far] = memoryTransports();
        peers.push(new RawPeer(near));
        return { transport: far, state, peer: at('203.0.113.1') };
      }),
    );
    const rejected = async (address: string) => {
      const peer = next.connect(at(address));
      peer.send('session.open', { ...open, client: { kind: 'raw', version: '1' } });
      return (await peer.until('session.rejected')).payload.code;
    };
    expect(await rejected('203.0.113.1')).toBe('RESOURCE_EXHAUSTED');
    await next.session(open, at('203.0.113.2'));
    expect(await rejected('203.0.113.3')).toBe('RESOURCE_EXHAUSTED');
    // They draw from one bucket.
    for (let i = 0; i < 10; i++) peers[0]?.send('ping');
    await settle();
    peers[1]?.send('ping');
    expect((await peers[1]?.until('nack'))?.payload.code).toBe('RESOURCE_EXHAUSTED');
    await peers[0]?.drop();
    await next.session(open, at('203.0.113.1'));
  });
});
