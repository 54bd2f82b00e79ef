// Row S8: opening and cancelling as fast as it goes (the HTTP/2 rapid-reset class), and how much runs at once.

import { expect, test, vi } from 'vitest';
import type { HandlerContext } from '../../../src/phone/handlers.js';
import { type FramePeer, sessionAgainst, settle } from '../../support/frame-peer.js';

// Two hundred thousand frames take a while on a busy machine.
vi.setConfig({ testTimeout: 120_000 });

/** Counts the handlers that run, and the most there ever were. */
class Gauge {
  now = 0;
  most = 0;
  started = 0;

  enter(): void {
    this.started++;
    this.most = Math.max(this.most, ++this.now);
  }

  leave(): void {
    this.now--;
  }

  /** Runs until the caller cancels. */
  readonly heeds = async (_: unknown, { signal }: HandlerContext) => {
    this.enter();
    await new Promise((resolve) => signal.addEventListener('abort', resolve));
    this.leave();
  };
}

function openAndCancel(peer: FramePeer, n: number, method: string, extra: Record<string, unknown> = {}): void {
  peer.req(2 * n + 1, method, extra);
  peer.send({ type: 'cancel', stream_id: 2 * n + 1, seq: 0 });
}

test('S8: 100,000 opened and cancelled while no handler settles: 64 run, the session lives', async () => {
  const gauge = new Gauge();
  const { session, peer } = sessionAgainst('responder', {
    handlers: {
      deaf: () => {
        gauge.enter();
        return new Promise(() => {});
      },
      echo: (value) => value,
    },
  });
  for (let n = 0; n < 100_000; n++) {
    openAndCancel(peer, n, 'deaf');
    if (n % 1_000 === 0) await settle(1);
  }
  await settle();
  expect(gauge.most).toBe(64);
  expect(peer.frames).toEqual([]);
  // All slots are taken for good: one more request waits, and is not refused.
  peer.req(200_001, 'echo');
  await settle();
  expect(peer.frames).toEqual([]);
  expect(await Promise.race([session.closed, settle()])).toBeUndefined();
  await session.close();
});

const LONG = process.env.RINGLINE_LONG === '1';

test('S8: opened and cancelled at the rate that is allowed, without end: never more than 64 run, the session lives', async () => {
  const requests = LONG ? 100_000 : 20_000;
  const gauge = new Gauge();
  const { session, peer, clock } = sessionAgainst('responder', {
    handlers: { heeds: gauge.heeds },
    limits: { maxCancelBurst: 100 },
  });
  for (let n = 0; n < requests; n += 50) {
    for (let i = 0; i < 50; i++) openAndCancel(peer, n + i, 'heeds');
    // 50 cancels at 100 a second.
    clock.advance(500);
    await settle(1);
  }
  await settle();
  expect(gauge).toMatchObject({ now: 0, started: requests });
  expect(gauge.most).toBeLessThanOrEqual(64);
  expect(await Promise.race([session.closed, settle()])).toBeUndefined();
  await session.close();
});

test('S8: opened and cancelled faster than that: the session ends at the 1,001st handler', async () => {
  const gauge = new Gauge();
  const { session, peer } = sessionAgainst('responder', { handlers: { heeds: gauge.heeds } });
  for (let n = 0; n < 2_000 && !peer.channel.ended; n++) {
    openAndCancel(peer, n, 'heeds', { credits: 8 });
    if (n % 32 === 0) await settle(1);
  }
  expect(await session.closed).toMatchObject({ code: 1008, error: { limit: 'maxCancelBurst' } });
  await settle();
  expect(gauge).toMatchObject({ now: 0, started: 1_001 });
});

test('S8: a slot is free when the handler has settled, not when its caller has gone', async () => {
  const finish: (() => void)[] = [];
  const { session, peer } = sessionAgainst('responder', {
    handlers: { deaf: () => new Promise<void>((resolve) => finish.push(resolve)), echo: (value) => value },
  });
  for (let n = 0; n < 64; n++) openAndCancel(peer, n, 'deaf');
  peer.req(129, 'echo', { params: 'at last' });
  await settle();
  expect(finish).toHaveLength(64);
  expect(peer.frames).toEqual([]);
  finish[17]?.();
  expect(await peer.until(1)).toMatchObject([{ type: 'res', stream_id: 129, result: 'at last' }]);
  await session.close();
});

test('S8: a generator holds its slot until its finally has run', async () => {
  let finish = () => {};
  const { session, peer } = sessionAgainst('responder', {
    limits: { maxRunningHandlers: 1 },
    handlers: {
      async *slow() {
        try {
          yield 1;
        } finally {
          await new Promise<void>((resolve) => {
            finish = resolve;
          });
        }
      },
      echo: (value) => value,
    },
  });
  peer.req(1, 'slow', { credits: 1 });
  await peer.until(1);
  peer.send({ type: 'cancel', stream_id: 1, seq: 0 });
  peer.req(3, 'echo', { params: 1 });
  await settle();
  expect(peer.frames.map(({ type }) => type)).toEqual(['stream_chunk', 'stream_end']);
  finish();
  expect((await peer.until(3))[2]).toMatchObject({ type: 'res', stream_id: 3 });
  await session.close();
});

test('S8: an authorisation that takes its time holds a slot too', async () => {
  let asked = 0;
  const { session, peer } = sessionAgainst('responder', {
    authorize: () => {
      asked++;
      return new Promise(() => {});
    },
    handlers: { echo: (value) => value },
  });
  for (let n = 0; n < 200; n++) openAndCancel(peer, n, 'echo');
  await settle();
  expect(asked).toBe(64);
  await session.close();
});

test('S8: the 65th waits, in order, and the 257th is told busy; neither is a close', async () => {
  const finish: (() => void)[] = [];
  const order: unknown[] = [];
  const { session, peer } = sessionAgainst('responder', {
    handlers: {
      slow: (value) => {
        order.push(value);
        return new Promise<void>((resolve) => finish.push(resolve));
      },
    },
  });
  for (let n = 0; n < 258; n++) peer.req(2 * n + 1, 'slow', { params: n, ...(n === 257 ? { credits: 8 } : {}) });
  await settle();
  expect(order).toEqual(Array.from({ length: 64 }, (_, n) => n));
  // A call is told once, a stream is ended too.
  expect(peer.frames).toMatchObject([
    { type: 'error', stream_id: 513, error: { code: -32001 } },
    { type: 'error', stream_id: 515, error: { code: -32001 } },
    { type: 'stream_end', stream_id: 515, reason: 'error' },
  ]);
  for (let n = 0; n < 256; n++) {
    finish[n]?.();
    await Promise.resolve();
    if (n % 16 === 0) await settle(1);
  }
  await settle();
  expect(order).toEqual(Array.from({ length: 256 }, (_, n) => n));
  expect(peer.frames.filter(({ type }) => type === 'res')).toHaveLength(256);
  // With the others done there is room again.
  peer.req(1_001, 'slow', { params: 'again' });
  await settle();
  expect(order.at(-1)).toBe('again');
  await session.close();
});

test('S8: those that still wait when the session ends never run, whatever becomes of those that do', async () => {
  const finish: (() => void)[] = [];
  const { session, peer } = sessionAgainst('responder', {
    limits: { maxRunningHandlers: 2 },
    handlers: { slow: () => new Promise<void>((resolve) => finish.push(resolve)) },
  });
  for (let n = 0; n < 10; n++) peer.req(2 * n + 1, 'slow');
  await settle();
  await session.close();
  for (let n = 0; n < 10; n++) {
    finish[n]?.();
    await settle(1);
  }
  expect(finish).toHaveLength(2);
});

test('S8: a cancel of one that waits takes it out of the line, and costs no budget', async () => {
  const { session, peer } = sessionAgainst('responder', {
    limits: { maxRunningHandlers: 1, maxCancelBurst: 1 },
    handlers: { deaf: () => new Promise(() => {}) },
  });
  peer.req(1, 'deaf');
  for (let n = 1; n < 1_000; n++) openAndCancel(peer, n, 'deaf', { credits: 8 });
  await settle();
  expect(peer.frames).toHaveLength(999);
  for (const frame of peer.frames) expect(frame).toMatchObject({ type: 'stream_end', reason: 'cancelled', seq: 0 });
  expect(await Promise.race([session.closed, settle()])).toBeUndefined();
  await session.close();
});

test('S8: answers nobody takes, of methods nobody has, end in the bound on unsent bytes', async () => {
  const { session, peer, channel } = sessionAgainst('responder', { limits: { maxBufferedBytes: 10_000 } });
  const write = channel.write.bind(channel);
  channel.write = (encode) =>
    write((target) => {
      const bytes = encode(target);
      channel.bufferedBytes += bytes;
      return bytes;
    });
  for (let n = 0; n < 1_000; n++) peer.req(2 * n + 1, 'nope');
  expect(await session.closed).toMatchObject({ code: 1008, error: { limit: 'maxBufferedBytes' } });
  expect(channel.bufferedBytes).toBeLessThan(10_200);
});
