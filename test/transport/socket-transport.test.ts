// The WebSocket adapter against a socket that does exactly what a test says: what runtimes differ in.

import { describe, expect, expectTypeOf, it } from 'vitest';
import type { WebSocket as NodeWebSocket } from 'ws';
import { fakeClock } from '../../src/testing/fake-clock.js';
import type { Message } from '../../src/transport/contract.js';
import { socketTransport, type WebSocketEvent, type WebSocketLike } from '../../src/transport/socket-transport.js';

class ScriptedSocket implements WebSocketLike {
  readyState = 1;
  bufferedAmount: number | undefined = 0;
  binaryType = 'blob';
  /** Codes this runtime lets a program send. */
  allows: (code: number) => boolean = () => true;
  readonly sent: (string | Uint8Array)[] = [];
  readonly closes: [code?: number, reason?: string][] = [];
  readonly #listeners = new Map<string, (event: WebSocketEvent) => void>();

  addEventListener(type: string, listener: (event: WebSocketEvent) => void): void {
    this.#listeners.set(type, listener);
  }

  emit(type: string, event: WebSocketEvent = {}): void {
    this.#listeners.get(type)?.(event);
  }

  send(data: string | Uint8Array): void {
    this.sent.push(data);
  }

  close(...args: [code?: number, reason?: string]): void {
    if (args[0] !== undefined && !this.allows(args[0])) throw new Error('InvalidAccessError');
    this.closes.push(args);
  }
}

const asInBrowsers = (code: number) => code === 1000 || (code >= 3000 && code <= 4999);

function open(options = {}) {
  const socket = new ScriptedSocket();
  const clock = fakeClock();
  return { socket, clock, transport: socketTransport(socket, { clock, ...options }) };
}

describe('socket transport', () => {
  it('takes the WebSockets of browsers and of ws as they are', () => {
    expectTypeOf<WebSocket>().toExtend<WebSocketLike>();
    expectTypeOf<NodeWebSocket>().toExtend<WebSocketLike>();
    for (const value of [undefined, null, {}, 'ws://x', new EventTarget()]) {
      expect(() => socketTransport(value as never)).toThrow(TypeError);
    }
  });

  it('asks for ArrayBuffers and hands them over as bytes', () => {
    const { socket, transport } = open();
    const got: Message[] = [];
    transport.receive((message) => got.push(message));
    expect(socket.binaryType).toBe('arraybuffer');
    socket.emit('message', { data: Uint8Array.of(1, 2).buffer });
    socket.emit('message', { data: 'text' });
    expect(got).toEqual([Uint8Array.of(1, 2), 'text']);
  });

  it.each([
    ['a Blob', new Blob(['x'])],
    ['a view', Uint8Array.of(1)],
    ['nothing', undefined],
    ['a number', 1],
  ])('refuses a message that is %s', (_name, data) => {
    const { socket, transport } = open();
    transport.receive(() => expect.unreachable());
    socket.emit('message', { data });
    expect(socket.closes).toEqual([[1003, 'message kind']]);
  });

  it.each([
    [1000, 1000],
    [1002, 4002],
    [1008, 4008],
    [1014, 4014],
    [3000, 3000],
    [4002, 4002],
  ])('says %i as %i where the runtime keeps codes to itself', (code, sent) => {
    const { socket, transport } = open();
    socket.allows = asInBrowsers;
    transport.close(code, 'why');
    expect(socket.closes).toEqual([[sent, 'why']]);
  });

  it('reports the code of the other side as it came', async () => {
    const { socket, transport } = open();
    socket.emit('close', { code: 4002, reason: 'protocol', wasClean: true });
    expect(await transport.closed).toEqual({ code: 4002, reason: 'protocol', clean: true });
  });

  it('keeps its own reason when the answer has none, and only then', async () => {
    for (const [code, reason, expected] of [
      [4002, '', 'ours'],
      [4002, 'theirs', 'theirs'],
      [4001, '', ''],
    ] as const) {
      const { socket, transport } = open();
      socket.allows = asInBrowsers;
      transport.close(1002, 'ours');
      socket.emit('close', { code, reason, wasClean: true });
      expect(await transport.closed).toEqual({ code, reason: expected, clean: true });
    }
  });

  it('takes an abort of the other side for one, though it had to be sent as a close', async () => {
    const one = open();
    one.socket.allows = asInBrowsers;
    one.transport.abort();
    expect(one.socket.closes).toEqual([[4006, '']]);
    const other = open();
    other.socket.emit('close', { code: 4006, reason: '', wasClean: true });
    expect(await other.transport.closed).toEqual({ code: 4006, reason: '', clean: false });
  });

  it.each([
    [4001, [[4001, 'bye']]],
    [1005, [[]]],
    [1006, [[]]],
  ])('closes back on %i, since some runtimes leave that to the program', (code, closes) => {
    const { socket } = open();
    socket.emit('close', { code, reason: 'bye', wasClean: true });
    expect(socket.closes).toEqual(closes);
  });

  it('terminates where it can, when aborted or unanswered', async () => {
    for (const end of ['abort', 'close'] as const) {
      const { socket, clock, transport } = open();
      let terminated = 0;
      Object.assign(socket, { terminate: () => terminated++ });
      transport[end]();
      clock.advance(3000);
      expect(terminated).toBe(1);
      expect((await transport.closed).clean).toBe(false);
    }
  });

  it('leaves no timer behind when the peer answers', async () => {
    const { socket, clock, transport } = open();
    transport.close(4001, 'x');
    expect(clock.pendingTimers).toBe(1);
    socket.emit('close', { code: 4001, reason: 'x', wasClean: true });
    expect(await transport.closed).toEqual({ code: 4001, reason: 'x', clean: true });
    expect(clock.pendingTimers).toBe(0);
  });

  it('ends on an error without a close, after a moment, keeping it as the cause', async () => {
    const { socket, clock, transport } = open();
    const error = new Error('reset');
    socket.emit('error', { error });
    socket.emit('error', { error: new Error('after') });
    clock.advance(100);
    expect(await transport.closed).toEqual({ code: 1006, reason: '', clean: false, cause: error });
    expect(socket.closes).toEqual([[4006, '']]);
  });

  it('goes by the close after an error: a polite end stays one, a loss gets its cause', async () => {
    const error = new Error('Network connection lost.');
    for (const clean of [true, false]) {
      for (const closeFirst of [true, false]) {
        const { socket, clock, transport } = open();
        if (closeFirst) transport.close();
        socket.emit('error', { error });
        socket.emit('close', { code: clean ? 1000 : 1006, reason: '', wasClean: clean });
        const expected = clean
          ? { code: 1000, reason: '', clean: true }
          : { code: 1006, reason: '', clean: false, cause: error };
        expect(await transport.closed).toEqual(expected);
        expect(clock.pendingTimers).toBe(0);
      }
    }
  });

  it('ends when send throws, and throws nothing itself', async () => {
    const { socket, transport } = open();
    const error = new Error('InvalidStateError');
    socket.send = () => {
      throw error;
    };
    transport.send('x');
    expect(await transport.closed).toMatchObject({ clean: false, cause: error });
    expect(() => transport.send('y')).toThrow(expect.objectContaining({ code: 'ERR_CHANNEL_CLOSED' }));
  });

  it('ends at once over a socket that has ended before', async () => {
    const socket = new ScriptedSocket();
    socket.readyState = 3;
    expect((await socketTransport(socket).closed).clean).toBe(false);
  });

  it('holds back what is sent while connecting, as it was then', () => {
    const { socket, transport } = open();
    socket.readyState = 0;
    const bytes = Uint8Array.of(1, 2, 3);
    transport.send(bytes);
    bytes.fill(9);
    transport.send('text');
    expect(socket.sent).toEqual([]);
    expect(transport.bufferedBytes).toBe(3 + 8);
    socket.readyState = 1;
    socket.emit('open');
    expect(socket.sent).toEqual([Uint8Array.of(1, 2, 3), 'text']);
  });

  it('bounds what is held back', async () => {
    const { socket, transport } = open({ maxBufferedBytes: 1000 });
    socket.readyState = 0;
    transport.send(new Uint8Array(1000));
    transport.send(new Uint8Array(1));
    expect(await transport.closed).toMatchObject({ clean: false, cause: { code: 'ERR_LIMIT_EXCEEDED', seen: 1001 } });
  });

  it('copies bytes for sockets that keep a reference, and only then', () => {
    const bytes = Uint8Array.of(1);
    const careful = open();
    careful.transport.send(bytes);
    expect(careful.socket.sent[0]).not.toBe(bytes);
    expect(careful.socket.sent[0]).toEqual(bytes);
    const direct = open({ copyOnSend: false });
    direct.transport.send(bytes);
    expect(direct.socket.sent[0]).toBe(bytes);
  });

  it('takes the bytes of a Node Buffer, and not the Buffer', () => {
    const { socket, transport } = open({ binaryType: 'nodebuffer' });
    expect(socket.binaryType).toBe('nodebuffer');
    const received: unknown[] = [];
    transport.receive((message) => received.push(message));
    const chunk = Buffer.from([9, 1, 2, 3, 9]);
    socket.emit('message', { data: chunk.subarray(1, 4) });
    expect(received).toEqual([Uint8Array.of(1, 2, 3)]);
    expect(Buffer.isBuffer(received[0])).toBe(false);
  });

  it('keeps a message that waits without the chunk it came in', () => {
    const { socket, transport } = open({ binaryType: 'nodebuffer' });
    socket.emit('message', { data: new Uint8Array(65_536).subarray(0, 2) });
    transport.receive((message) => expect((message as Uint8Array).buffer.byteLength).toBe(2));
    expect.assertions(1);
  });

  it('tells the host before each message', () => {
    const log: number[] = [];
    const { socket, transport } = open({ onBeforeSend: () => log.push(socket.sent.length) });
    transport.send('a');
    transport.send('b');
    expect(log).toEqual([0, 1]);
  });

  it.each([[undefined], [0]])('counts a turn by itself where the runtime reports %s', async (reported) => {
    const { socket, clock, transport } = open();
    socket.bufferedAmount = reported;
    transport.send(new Uint8Array(1000));
    transport.send('ab');
    expect(transport.bufferedBytes).toBe(1004);
    const drained = transport.drained({ belowBytes: 1000 });
    clock.advance(0);
    await drained;
    expect(transport.bufferedBytes).toBe(0);
  });

  it('believes a runtime that has once counted', () => {
    const { socket, clock, transport } = open();
    socket.bufferedAmount = 10;
    transport.send(new Uint8Array(10));
    expect(clock.pendingTimers).toBe(0);
    socket.bufferedAmount = 0;
    transport.send(new Uint8Array(1000));
    expect(transport.bufferedBytes).toBe(0);
  });

  it('looks for room ever more seldom, and not at all when nobody waits', async () => {
    const { socket, clock, transport } = open();
    socket.bufferedAmount = 5000;
    let looks = 0;
    Object.defineProperty(socket, 'bufferedAmount', {
      get() {
        looks++;
        return looks > 20 ? 0 : 5000;
      },
    });
    const waits = [transport.drained({ belowBytes: 0 }), transport.drained({ belowBytes: 0 })];
    expect(clock.pendingTimers).toBe(1);
    looks = 0;
    clock.advance(15);
    expect(looks).toBe(4);
    clock.advance(160);
    expect(looks).toBe(14);
    looks = 20;
    clock.advance(16);
    await Promise.all(waits);
    expect(clock.pendingTimers).toBe(0);
  });

  it('stops looking for room when it has ended', async () => {
    const { socket, clock, transport } = open();
    socket.bufferedAmount = 5000;
    const wait = transport.drained({ belowBytes: 0 });
    transport.abort();
    await wait;
    clock.advance(16);
    expect(clock.pendingTimers).toBe(0);
  });

  it('gives messages that came before the end to a listener that comes after, and settles then', async () => {
    const { socket, transport } = open();
    socket.emit('message', { data: 'last words' });
    socket.emit('close', { code: 4001, reason: '', wasClean: true });
    let settled = false;
    void transport.closed.then(() => {
      settled = true;
    });
    await Promise.resolve();
    expect(settled).toBe(false);
    expect(() => transport.send('x')).toThrow(expect.objectContaining({ code: 'ERR_CHANNEL_CLOSED' }));
    const got: Message[] = [];
    transport.receive((message) => got.push(message));
    expect(got).toEqual(['last words']);
    expect((await transport.closed).code).toBe(4001);
  });

  it('does not wait longer than 3 s for that listener', async () => {
    const { socket, clock, transport } = open();
    socket.emit('message', { data: 'last words' });
    socket.emit('close', { code: 4001, reason: '', wasClean: true });
    clock.advance(3000);
    expect((await transport.closed).code).toBe(4001);
    transport.receive(() => expect.unreachable());
  });
});
