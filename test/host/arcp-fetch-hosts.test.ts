// ARCP on Deno, Bun and Workers: each adapter against a stand-in for what it uses of its runtime.

import { afterEach, describe, expect, it, vi } from 'vitest';
import { arcpBunHost } from '../../src/host/bun.js';
import { socketTransport, type WebSocketLike } from '../../src/transport/socket-transport.js';
import { echoRuntime, nextTexts } from './echo-runtime.js';
import { upgradeRequest } from './socket-pair.js';
import { bun, deno, workers } from './stand-ins.js';

afterEach(() => {
  vi.unstubAllGlobals();
});

/** A request that offers no subprotocol, on any path. */
const plain = (headers: Record<string, string> = {}, base = 'http://agent.example/any/path') =>
  upgradeRequest('', { 'sec-websocket-protocol': '', ...headers }, base);

describe.each([deno, bun, workers])('ARCP on the $name host', (standIn) => {
  it('carries messages both ways without a subprotocol, and both sides see the end', async () => {
    const runtime = echoRuntime();
    const { status, protocol, socket } = standIn.arcp(runtime)({ request: plain() });
    expect([status, protocol]).toEqual([101, null]);
    const transport = socketTransport(socket as WebSocketLike);
    const answers = nextTexts(transport, 2);
    transport.send('{"a":1}');
    transport.send('{"b":2}');
    expect(await answers).toEqual(['{"a":1}', '{"b":2}']);
    expect(runtime.peers).toEqual([standIn.knowsAddress ? { remoteAddress: '203.0.113.9' } : {}]);
    transport.close();
    expect(await runtime.transports[0]?.closed).toMatchObject({ code: 1000, clean: true });
  });

  it('[10.75] a binary frame is ignored, and the next text frame works', async () => {
    const { socket } = standIn.arcp(echoRuntime())({ request: plain() });
    const transport = socketTransport(socket as WebSocketLike);
    const answers = nextTexts(transport, 1);
    transport.send(new TextEncoder().encode('{"binary":1}'));
    transport.send('{"text":1}');
    expect(await answers).toEqual(['{"text":1}']);
  });

  it('tells a client that offers a subprotocol the first, though it is not asked for', () => {
    const { status, protocol } = standIn.arcp(echoRuntime())({
      request: plain({ 'sec-websocket-protocol': 'arcp.v1, other' }),
    });
    expect([status, protocol]).toEqual([101, 'arcp.v1']);
  });

  it.each([
    ['what is no token is not echoed', 'a b, "c", \u00e9, (d)', [101, null]],
    ['a token beside it is', 'a b, arcp.v1', [101, 'arcp.v1']],
    ['nor a name without end', 'x'.repeat(129), [101, null]],
    ['nor the phone, which this is not', 'agent-phone.v1', [426, null]],
  ])('F19: of the subprotocols offered, %s', (_name, offer, expected) => {
    const { status, protocol } = standIn.arcp(echoRuntime())({ request: plain({ 'sec-websocket-protocol': offer }) });
    expect([status, protocol ?? null]).toEqual(expected);
  });

  it('N11: refuses a foreign page on a loopback name', () => {
    const ask = standIn.arcp(echoRuntime());
    const request = plain({ origin: 'https://attacker.example' }, 'http://127.0.0.1:7777/');
    expect(ask({ request, remoteAddress: '127.0.0.1' })).toMatchObject({ status: 403 });
  });

  it('answers 503 past the cap, until a connection has ended', async () => {
    const ask = standIn.arcp(echoRuntime(), { maxConnections: 1 });
    const { socket } = ask({ request: plain() });
    expect(ask({ request: plain() })).toMatchObject({ status: 503 });
    socket?.close(1000, '');
    await new Promise((resolve) => setImmediate(resolve));
    expect(ask({ request: plain() })).toMatchObject({ status: 101 });
  });

  it('ends a connection at a message over the limit, with 1009', async () => {
    const runtime = echoRuntime();
    const { socket } = standIn.arcp(runtime, { maxMessageBytes: 1_000 })({ request: plain() });
    const transport = socketTransport(socket as WebSocketLike);
    const answers = nextTexts(transport, 9);
    transport.send('x'.repeat(1_000));
    transport.send('y'.repeat(1_001));
    transport.send('z');
    expect(await answers).toEqual(['x'.repeat(1_000)]);
    expect(await transport.closed).toMatchObject({ code: 1009 });
    expect(await runtime.transports[0]?.closed).toMatchObject({ cause: { limit: 'maxMessageBytes' } });
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('no');
      },
    ],
    ['rejects', () => Promise.reject(new Error('no'))],
  ])('cuts a connection on which the runtime %s', async (_name, accept) => {
    const { socket } = standIn.arcp({ accept })({ request: plain() });
    // An abort, as each runtime can say it.
    expect([1006, 4006]).toContain((await socketTransport(socket as WebSocketLike).closed).code);
  });

  it('checks its arguments', () => {
    expect(() => standIn.arcp({} as never)).toThrow(TypeError);
    expect(() => standIn.arcp(echoRuntime(), { maxConnections: 0 })).toThrow(RangeError);
    expect(() => standIn.arcp(echoRuntime(), { maxMessageBytes: 0 })).toThrow(RangeError);
    expect(() => standIn.arcp(echoRuntime(), { allowedOrigins: [1] as never })).toThrow(TypeError);
  });
});

describe('ARCP on the Bun host', () => {
  it('tells Bun the limits, which is the one that cuts off', () => {
    expect(arcpBunHost(echoRuntime()).websocket).toMatchObject({
      maxPayloadLength: 8_388_608,
      backpressureLimit: 33_554_432,
    });
    const limits = { maxMessageBytes: 1_000, maxBufferedBytes: 2_000 };
    expect(arcpBunHost(echoRuntime(), limits).websocket).toMatchObject({
      maxPayloadLength: 1_000,
      backpressureLimit: 2_000,
    });
  });
});
