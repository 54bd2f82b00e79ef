// Deno, Bun and Workers: each adapter against a stand-in for what it uses of its runtime. The runtimes themselves run
// the built package elsewhere.

import { afterEach, describe, expect, it, vi } from 'vitest';
import { bunHost } from '../../src/host/bun.js';
import { denoHandler } from '../../src/host/deno.js';
import { createIdentity } from '../../src/identity/seed-identity.js';
import { connect } from '../../src/phone/connect.js';
import { type PhoneServer, serve } from '../../src/phone/serve.js';
import type { WebSocketLike } from '../../src/transport/socket-transport.js';
import { dialerOf, upgradeRequest } from './socket-pair.js';
import { bun, deno, workers } from './stand-ins.js';

const [alice, bob] = await Promise.all([createIdentity(), createIdentity()]);

afterEach(() => {
  vi.unstubAllGlobals();
});

function server(): PhoneServer {
  return serve({
    identity: bob,
    handlers: {
      echo: (params: unknown) => params,
      address: (_params, { peer }) => peer.remoteAddress ?? null,
      *count({ n }: { n: number }) {
        for (let i = 1; i <= n; i++) yield i;
      },
    },
  });
}

describe.each([deno, bun, workers])('the $name host', (runtime) => {
  it('carries a call, and both sides see its end', async () => {
    const phone = server();
    const ask = runtime.phone(phone);
    const { status, protocol, socket } = ask({ request: upgradeRequest(alice.did) });
    expect([status, protocol]).toEqual([101, 'agent-phone.v1']);

    const session = await connect({
      identity: alice,
      remoteDid: bob.did,
      transport: dialerOf(socket as WebSocketLike),
    });
    expect(await session.call('echo', { a: 1 })).toEqual({ a: 1 });
    expect(await session.call('address')).toBe(runtime.knowsAddress ? '203.0.113.9' : null);
    const seen: unknown[] = [];
    for await (const n of session.stream('count', { n: 300 })) seen.push(n);
    expect(seen).toHaveLength(300);

    const [callee] = phone.sessions;
    await session.close();
    expect(await callee?.closed).toMatchObject({ code: 1000, clean: true });
    expect(phone.sessions.size).toBe(0);
  });

  it('F19: refuses another subprotocol', () => {
    const ask = runtime.phone(server());
    expect(ask({ request: upgradeRequest(alice.did, { 'sec-websocket-protocol': 'evil.v9' }) })).toMatchObject({
      status: 426,
    });
  });

  it('F2: refuses a caller that is no DID', () => {
    expect(runtime.phone(server())({ request: upgradeRequest('not-a-did-at-all') })).toMatchObject({ status: 400 });
  });

  it('N11: refuses a foreign page on a loopback name', () => {
    const ask = runtime.phone(server());
    const request = upgradeRequest(alice.did, { origin: 'https://attacker.example' }, 'http://127.0.0.1:8080/');
    expect(ask({ request, remoteAddress: '127.0.0.1' })).toMatchObject({ status: 403 });
  });

  it('takes the address from a header only when asked', async () => {
    const ask = runtime.phone(server(), { addressHeader: 'cf-connecting-ip' });
    const { socket } = ask({ request: upgradeRequest(alice.did, { 'cf-connecting-ip': '198.51.100.7' }) });
    const session = await connect({
      identity: alice,
      remoteDid: bob.did,
      transport: dialerOf(socket as WebSocketLike),
    });
    expect(await session.call('address')).toBe('198.51.100.7');
    await session.close();
  });

  it('N6: answers 503 past the cap, until a connection has ended', async () => {
    const ask = runtime.phone(server(), { maxConnections: 1 });
    const { socket } = ask({ request: upgradeRequest(alice.did) });
    expect(ask({ request: upgradeRequest(alice.did) })).toMatchObject({ status: 503 });
    socket?.close(1000, '');
    await new Promise((resolve) => setImmediate(resolve));
    expect(ask({ request: upgradeRequest(alice.did) })).toMatchObject({ status: 101 });
  });

  it('checks its arguments', () => {
    expect(() => runtime.phone(server(), { maxConnections: 0 })).toThrow(RangeError);
    expect(() => runtime.phone({} as never)).toThrow(TypeError);
  });
});

describe.each([deno, bun])('the $name host, which knows addresses', (runtime) => {
  it('N11: refuses DNS rebinding', () => {
    const ask = runtime.phone(server());
    const request = upgradeRequest(alice.did, {}, 'http://attacker.example:8080/');
    expect(ask({ request, remoteAddress: '127.0.0.1' })).toMatchObject({ status: 403 });
    expect(ask({ request })).toMatchObject({ status: 101 });
  });
});

describe('the Bun host', () => {
  it('answers 400 when the runtime sees no WebSocket handshake', () => {
    const { fetch } = bunHost(server());
    const response = fetch(upgradeRequest(alice.did), { requestIP: () => null, upgrade: () => false });
    expect(response?.status).toBe(400);
  });
});

describe('the Deno host', () => {
  it('does without the second argument', () => {
    expect(denoHandler(server())(upgradeRequest('no')).status).toBe(400);
  });
});
