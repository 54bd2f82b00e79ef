import { describe, expect, it } from 'vitest';
import type { Message } from '../../src/transport/contract.js';
import { Fifo } from '../../src/transport/fifo.js';
import { memoryPair, memoryTransports } from '../../src/transport/memory.js';

const OFFER = { subprotocol: 'agent-phone.v1', callerDid: 'did:key:z6Mk' };

describe('memory pair', () => {
  it('delivers later, never inside send', async () => {
    const [near, far] = memoryTransports();
    const got: Message[] = [];
    far.receive((message) => got.push(message));
    near.send('a');
    expect(got).toEqual([]);
    expect(near.bufferedBytes).toBe(2);
    await near.drained({ belowBytes: 0 });
    expect(got).toEqual(['a']);
  });

  it('copies what a Node Buffer holds, whose own slice would not', async () => {
    const [near, far] = memoryTransports();
    const buffer = Buffer.from('abc');
    const arrived = new Promise<Message>((resolve) => {
      far.receive(resolve);
    });
    near.send(buffer);
    buffer.fill(0);
    expect(await arrived).toEqual(Uint8Array.of(97, 98, 99));
  });

  it('lets timers fire while two ends echo without end', async () => {
    const [near, far] = memoryTransports();
    let echoing = true;
    far.receive((message) => far.send(message));
    near.receive((message) => {
      if (echoing) near.send(message);
    });
    near.send('x');
    await new Promise((resolve) => {
      setTimeout(resolve);
    });
    echoing = false;
    near.abort();
  });

  it('drops what was queued when aborted', async () => {
    const [near, far] = memoryTransports();
    const got: Message[] = [];
    far.receive((message) => got.push(message));
    near.send('a');
    near.abort();
    expect(await far.closed).toEqual({ code: 1006, reason: '', clean: false });
    expect(got).toEqual([]);
  });

  it('refuses to dial an end whose other end is gone', async () => {
    const [near, far] = memoryPair();
    const signal = AbortSignal.abort('no');
    await expect(far.accept({ ...OFFER, signal })).rejects.toBe('no');
    const controller = new AbortController();
    const wait = far.accept({ ...OFFER, signal: controller.signal });
    controller.abort('enough');
    await expect(wait).rejects.toBe('enough');
    await expect(near.dial(OFFER)).rejects.toMatchObject({ code: 'ERR_CHANNEL_REFUSED' });
  });

  it('hands over a call whose caller has left already, ended', async () => {
    const [near, far] = memoryPair();
    const transport = await near.dial(OFFER);
    transport.close(4001);
    await transport.closed;
    const call = await far.accept(OFFER);
    expect(call.callerDid).toBe(OFFER.callerDid);
    expect((await call.transport.closed).code).toBe(4001);
  });

  it('tells both when both dial', async () => {
    const [near, far] = memoryPair();
    const [a, b] = await Promise.all([near.dial(OFFER), far.dial(OFFER)]);
    const first = await new Promise<Message>((resolve) => {
      a.receive(resolve);
    });
    expect(first).toBe('agent-phone.v1 did:key:z6Mk');
    b.close();
    expect((await a.closed).clean).toBe(true);
  });

  it('checks its limits', () => {
    expect(() => memoryPair({ maxEarlyBytes: -1 })).toThrow(RangeError);
    expect(() => memoryPair({ maxBufferedBytes: 0 })).toThrow(RangeError);
    expect(() => memoryPair({ maxBufferedBytes: '1' as never })).toThrow(TypeError);
  });
});

describe('fifo', () => {
  it('gives back in order what went in, across turns of its arrays', () => {
    const fifo = new Fifo<number>();
    expect(fifo.shift()).toBeUndefined();
    expect(fifo.length).toBe(0);
    const out: (number | undefined)[] = [];
    let next = 0;
    for (const [pushes, shifts] of [
      [3, 1],
      [2, 3],
      [0, 1],
      [4, 2],
    ] as const) {
      for (let i = 0; i < pushes; i++) fifo.push(next++);
      for (let i = 0; i < shifts; i++) out.push(fifo.shift());
    }
    expect(out).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(fifo.length).toBe(2);
    fifo.clear();
    expect([fifo.length, fifo.shift()]).toEqual([0, undefined]);
  });
});
