// Bun's server sockets, scripted: what `send` returns, when there is room again, how they end.

import { describe, expect, it } from 'vitest';
import { BunTransport } from '../../src/host/bun-transport.js';
import type { Message } from '../../src/transport/contract.js';

function open(options = {}) {
  const calls: unknown[][] = [];
  const socket = {
    binaryType: 'nodebuffer',
    buffered: 0,
    sends: 1,
    send(message: Message) {
      calls.push(['send', message]);
      return socket.sends;
    },
    close: (...args: unknown[]) => void calls.push(['close', ...args]),
    terminate: () => void calls.push(['terminate']),
    getBufferedAmount: () => socket.buffered,
  };
  return { socket, calls, transport: new BunTransport(socket, options) };
}

describe('Bun transport', () => {
  it('asks for plain bytes and hands them over', () => {
    const { socket, transport } = open();
    const got: Message[] = [];
    transport.receive((message) => got.push(message));
    transport.onMessage(Uint8Array.of(1));
    transport.onMessage('text');
    expect(socket.binaryType).toBe('uint8array');
    expect(got).toEqual([Uint8Array.of(1), 'text']);
  });

  it('goes on when the socket only keeps a message for later, and waits for room', async () => {
    const { socket, transport } = open();
    socket.sends = -1;
    socket.buffered = 100;
    transport.send(new Uint8Array(100));
    let drained = false;
    const wait = transport.drained({ belowBytes: 10 }).then(() => {
      drained = true;
    });
    socket.buffered = 11;
    transport.onDrain();
    await Promise.resolve();
    expect(drained).toBe(false);
    socket.buffered = 10;
    transport.onDrain();
    await wait;
    expect(transport.bufferedBytes).toBe(10);
  });

  it('is lost when the socket drops a message', async () => {
    const { socket, calls, transport } = open();
    socket.sends = 0;
    transport.send('x');
    expect(await transport.closed).toMatchObject({ code: 1006, clean: false });
    expect(calls).toEqual([['send', 'x'], ['terminate']]);
  });

  it('S14: is cut when more waits than may', async () => {
    const { socket, calls, transport } = open({ maxBufferedBytes: 99 });
    socket.buffered = 100;
    transport.send('x');
    expect(await transport.closed).toMatchObject({ clean: false, cause: { limit: 'maxBufferedBytes' } });
    expect(calls.at(-1)).toEqual(['terminate']);
  });

  it('closes with code and reason, and ends when the socket has', async () => {
    const { calls, transport } = open();
    transport.close(1008, 'no');
    expect(calls).toEqual([['close', 1008, 'no']]);
    transport.onClose(1008, 'no');
    expect(await transport.closed).toEqual({ code: 1008, reason: 'no', clean: true });
  });

  it('knows a loss from an end', async () => {
    const { transport } = open();
    transport.onClose(1006, '');
    expect(await transport.closed).toEqual({ code: 1006, reason: '', clean: false });
  });
});
