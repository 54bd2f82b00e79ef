// The port adapter against a port that says anything: the other side may be a page we do not trust.

import { describe, expect, expectTypeOf, it } from 'vitest';
import { fakeClock } from '../../src/testing/fake-clock.js';
import type { Message } from '../../src/transport/contract.js';
import { messagePort, type PortEvent, type PortLike } from '../../src/transport/message-port.js';

const OFFER = { subprotocol: 'agent-phone.v1', callerDid: 'did:key:z6Mk' };

class ScriptedPort implements PortLike {
  started = 0;
  closed = 0;
  readonly posted: unknown[] = [];
  readonly listeners = new Map<string, (event: PortEvent) => void>();
  start? = () => {
    this.started++;
  };
  close = () => {
    this.closed++;
  };

  postMessage(message: unknown, _transfer: unknown[]): void {
    this.posted.push(message);
  }

  addEventListener(type: string, listener: (event: PortEvent) => void): void {
    this.listeners.set(type, listener);
  }

  removeEventListener(type: string): void {
    this.listeners.delete(type);
  }

  emit(type: string, data?: unknown): void {
    this.listeners.get(type)?.({ data });
  }
}

async function dialled() {
  const port = new ScriptedPort();
  const clock = fakeClock();
  const transport = await messagePort(port, { clock }).dial(OFFER);
  // The preamble has been posted, and acknowledged.
  port.emit('message', { type: 'ack', bytes: transport.bufferedBytes });
  port.posted.length = 0;
  return { port, clock, transport };
}

describe('message port', () => {
  it('takes ports and workers, not windows or anything else', () => {
    expectTypeOf<MessagePort>().toExtend<PortLike>();
    expectTypeOf<Worker>().toExtend<PortLike>();
    for (const value of [undefined, null, {}, 'port', new EventTarget()]) {
      expect(() => messagePort(value as never)).toThrow(TypeError);
    }
    const window: Record<string, unknown> = { postMessage() {}, addEventListener() {} };
    window.window = window;
    expect(() => messagePort(window as never)).toThrow(TypeError);
  });

  it.each([
    ['a number', 1],
    ['null', null],
    ['undefined', undefined],
    ['a boolean', true],
    ['a bigint', 1n],
    ['bytes as a view', Uint8Array.of(1)],
    ['shared memory', new SharedArrayBuffer(1)],
    ['a Blob', new Blob(['x'])],
    ['an array', ['ack']],
    ['an empty object', {}],
    ['an unknown control', { type: 'open' }],
    ['an ack of nothing', { type: 'ack', bytes: 0 }],
    ['an ack of what was never sent', { type: 'ack', bytes: 11 }],
    ['an ack of a part of a byte', { type: 'ack', bytes: 0.5 }],
    ['an ack below nothing', { type: 'ack', bytes: -1 }],
    ['an ack of no number', { type: 'ack', bytes: Number.NaN }],
    ['an ack without a number', { type: 'ack' }],
    ['an ack in text', { type: 'ack', bytes: '1' }],
    ['a close without a code', { type: 'close', reason: '' }],
    ['a close with another code', { type: 'close', code: 999, reason: '' }],
    ['a close with half a code', { type: 'close', code: 1000.5, reason: '' }],
    ['a close without a reason', { type: 'close', code: 1000 }],
    ['a close with a long reason', { type: 'close', code: 1000, reason: 'x'.repeat(124) }],
  ])('ends when the other side posts %s', async (_name, data) => {
    const { port, transport } = await dialled();
    transport.receive(() => expect.unreachable());
    transport.send(new Uint8Array(10));
    port.posted.length = 0;
    port.emit('message', data);
    expect(await transport.closed).toMatchObject({ code: 1006, clean: false, cause: { code: 'ERR_CHANNEL_PROTOCOL' } });
    expect(port.posted).toEqual([{ type: 'abort' }]);
    expect(port.closed).toBe(1);
    expect(port.listeners.size).toBe(0);
  });

  it('ends on a message that cannot be read', async () => {
    const { port, transport } = await dialled();
    port.emit('messageerror');
    expect((await transport.closed).clean).toBe(false);
  });

  it('ends when the runtime says that the port has closed', async () => {
    const { port, transport } = await dialled();
    port.emit('close');
    expect(await transport.closed).toEqual({ code: 1006, reason: '', clean: false });
  });

  it('ends when posting fails', async () => {
    const { port, transport } = await dialled();
    port.postMessage = () => {
      throw new Error('DataCloneError');
    };
    transport.send('x');
    expect(await transport.closed).toMatchObject({ clean: false, cause: { message: 'DataCloneError' } });
  });

  it('ends when an acknowledgement or an answer cannot be posted, without throwing into the host', async () => {
    const { port, clock, transport } = await dialled();
    port.emit('message', 'x');
    port.postMessage = () => {
      throw new Error('gone');
    };
    clock.advance(5);
    transport.receive(() => {});
    expect((await transport.closed).clean).toBe(false);
  });

  it('posts text as a string and bytes as a fresh ArrayBuffer of their own', async () => {
    const { port, transport } = await dialled();
    const backing = Uint8Array.of(0, 1, 2, 3);
    transport.send(backing.subarray(1, 3));
    transport.send('text');
    expect(port.posted).toEqual([Uint8Array.of(1, 2).buffer, 'text']);
    expect(backing).toEqual(Uint8Array.of(0, 1, 2, 3));
  });

  it('copies where the runtime cannot transfer', async () => {
    const { port, transport } = await dialled();
    const posted: unknown[] = [];
    let refusals = 0;
    port.postMessage = (message: unknown, transfer?: unknown[]) => {
      if (transfer?.length !== 0) {
        refusals++;
        throw new Error('DataCloneError');
      }
      posted.push(message);
    };
    transport.send(Uint8Array.of(1));
    transport.send(Uint8Array.of(2));
    expect(posted).toEqual([Uint8Array.of(1).buffer, Uint8Array.of(2).buffer]);
    expect(refusals).toBe(1);
    expect(transport.bufferedBytes).toBe(2);
  });

  it('counts what is not acknowledged', async () => {
    const { port, transport } = await dialled();
    transport.send(new Uint8Array(1000));
    transport.send('abc');
    expect(transport.bufferedBytes).toBe(1006);
    const drained = transport.drained({ belowBytes: 6 });
    port.emit('message', { type: 'ack', bytes: 1000 });
    await drained;
    expect(transport.bufferedBytes).toBe(6);
  });

  it('acknowledges 64 KiB at once, less after 5 ms, nothing never', async () => {
    const { port, clock, transport } = await dialled();
    transport.receive(() => {});
    port.emit('message', '');
    expect(clock.pendingTimers).toBe(0);
    port.emit('message', new ArrayBuffer(60_000));
    port.emit('message', 'abc');
    clock.advance(4);
    expect(port.posted).toEqual([]);
    clock.advance(1);
    expect(port.posted).toEqual([{ type: 'ack', bytes: 60_006 }]);
    port.emit('message', new ArrayBuffer(65_535));
    port.emit('message', new ArrayBuffer(1));
    expect(port.posted.slice(1)).toEqual([{ type: 'ack', bytes: 65_536 }]);
    expect(clock.pendingTimers).toBe(0);
  });

  it('answers a close with the same, once, and lets go of the port', async () => {
    const { port, clock, transport } = await dialled();
    port.emit('message', 'unacknowledged');
    transport.receive(() => {});
    port.emit('message', { type: 'close', code: 4001, reason: 'bye' });
    port.emit('message', { type: 'close', code: 4002, reason: '' });
    expect(await transport.closed).toEqual({ code: 4001, reason: 'bye', clean: true });
    expect(port.posted).toEqual([{ type: 'close', code: 4001, reason: 'bye' }]);
    expect([port.started, port.closed, port.listeners.size]).toEqual([1, 0, 0]);
    clock.advance(100);
    expect([port.closed, clock.pendingTimers]).toEqual([1, 0]);
  });

  it('lets go of the port when its own close is answered', async () => {
    const { port, clock, transport } = await dialled();
    transport.close(4001);
    expect(port.posted).toEqual([{ type: 'close', code: 4001, reason: '' }]);
    port.emit('message', { type: 'close', code: 4001, reason: '' });
    expect((await transport.closed).clean).toBe(true);
    clock.advance(100);
    expect([port.posted.length, port.closed, clock.pendingTimers]).toEqual([1, 1, 0]);
  });

  it('leaves a worker running: only the connection ends', async () => {
    const worker = new ScriptedPort();
    delete worker.start;
    const transport = await messagePort(worker).dial(OFFER);
    transport.abort();
    expect([worker.closed, worker.listeners.size]).toEqual([0, 0]);
  });

  it('hands over what came before the end', async () => {
    const { port, transport } = await dialled();
    port.emit('message', 'last words');
    port.emit('message', { type: 'close', code: 1000, reason: '' });
    const got: Message[] = [];
    transport.receive((message) => got.push(message));
    expect(got).toEqual(['last words']);
    expect((await transport.closed).clean).toBe(true);
  });

  it('tells an acceptor whose caller left without a word', async () => {
    const { port1, port2 } = new MessageChannel();
    const wait = messagePort(port1).accept(OFFER);
    port2.close();
    await expect(wait).rejects.toMatchObject({ code: 'ERR_CHANNEL_LOST' });
  });

  it('ends both sides when one port is closed under it', async () => {
    const { port1, port2 } = new MessageChannel();
    const [near, far] = [messagePort(port1), messagePort(port2)];
    const [transport, call] = await Promise.all([near.dial(OFFER), far.accept(OFFER)]);
    port1.close();
    expect((await call.transport.closed).clean).toBe(false);
    expect((await transport.closed).clean).toBe(false);
  });
});
