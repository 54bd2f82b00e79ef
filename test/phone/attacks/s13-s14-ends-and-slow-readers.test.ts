// Rows S13 and S14: what comes after the end, and peers that do not read. Over the real channel, since both are about
// what still waits below it.

import { setMaxListeners } from 'node:events';
import { describe, expect, test, vi } from 'vitest';
import { encodeUtf8 } from '../../../src/bytes/utf8.js';
import { DEFAULT_LIMITS } from '../../../src/phone/limits.js';
import type { Session } from '../../../src/phone/session.js';
import { sessionAgainst, settle } from '../../support/frame-peer.js';
import { securePair } from '../../support/secure-pair.js';
import { unhandledDuring } from '../../support/unhandled.js';

// Megabytes are sealed and opened here, which takes a while on a busy machine.
vi.setConfig({ testTimeout: 120_000 });

const isPending = async (promise: Promise<unknown>) => (await Promise.race([promise, settle()])) === undefined;

describe('S13: the end', () => {
  test('requests that were on their way when we closed reach no handler', async () => {
    const handler = vi.fn(() => 1);
    const { caller, callee, fromCaller } = await securePair({ handlers: { m: handler } });
    fromCaller.stop();
    const call = caller.call('m').catch((error: unknown) => error);
    await settle();
    void callee.close();
    fromCaller.go();
    expect(await call).toMatchObject({ code: 'ERR_CHANNEL_CLOSED', delivery: 'sent' });
    expect(handler).not.toHaveBeenCalled();
    expect(await callee.closed).toMatchObject({ code: 1000, clean: true });
  });

  test('answers that were on their way when we closed settle nothing twice', async () => {
    const { caller, fromCallee } = await securePair({ handlers: { echo: (value) => value } });
    fromCallee.stop();
    const settled = vi.fn();
    const call = caller.call('echo', 1).then(settled, settled);
    await settle();
    void caller.close();
    await call;
    fromCallee.go();
    await settle();
    expect(settled).toHaveBeenCalledTimes(1);
    expect(settled.mock.calls[0]?.[0]).toMatchObject({ delivery: 'sent' });
  });

  test('what stands behind a violation in the same breath is ignored', async () => {
    const handler = vi.fn(() => 1);
    const { session, peer } = sessionAgainst('responder', { handlers: { m: handler } });
    peer.req(1, 'm');
    peer.send('no JSON');
    for (let n = 0; n < 100; n++) peer.req(2 * n + 3, 'm');
    expect(await session.closed).toMatchObject({ code: 1002 });
    await settle();
    expect(handler).toHaveBeenCalledTimes(1);
  });

  test('a channel that goes on delivering after the end is not listened to', async () => {
    const handler = vi.fn();
    const { session, peer, channel } = sessionAgainst('responder', { handlers: { m: handler } });
    const call = session.call('m').catch((error: unknown) => error);
    await peer.until(1);
    channel.close = () => {};
    void session.close();
    peer.req(1, 'm');
    peer.send({ type: 'res', stream_id: 2, seq: 0, result: 'late' });
    peer.send('no JSON');
    await settle();
    expect(handler).not.toHaveBeenCalled();
    expect(await call).toMatchObject({ code: 'ERR_CHANNEL_CLOSED', delivery: 'sent' });
    expect(peer.frames).toHaveLength(1);
    channel.abort();
  });

  test('sending after the end rejects, on either side and in every way', async () => {
    const { caller, callee } = await securePair({ handlers: { echo: (value) => value } });
    await caller.close();
    await callee.closed;
    for (const session of [caller, callee]) {
      await expect(session.call('echo', 1)).rejects.toMatchObject({ code: 'ERR_CHANNEL_CLOSED', delivery: 'unsent' });
      const items = session.stream('echo');
      await expect(items.next()).rejects.toMatchObject({ code: 'ERR_CHANNEL_CLOSED', delivery: 'unsent' });
      expect(await items.next()).toEqual({ done: true, value: undefined });
      // The caller's own mistakes are still its own.
      await expect(session.call('echo', () => {})).rejects.toBeInstanceOf(TypeError);
    }
  });

  const STEPS: Record<string, (session: Session) => unknown> = {
    close: (session) => session.close(),
    abort: (session) => session.abort(),
    drain: (session) => session.drain(),
    dispose: (session) => session[Symbol.asyncDispose](),
  };
  const names = Object.keys(STEPS);
  const orders = names.flatMap((a) => names.flatMap((b) => names.map((c) => [a, b, c])));

  test.each(orders)(
    '%s, then %s, then %s, with calls open both ways: one end, and everything settles',
    async (...steps) => {
      const hang = (_: unknown, { signal }: { signal: AbortSignal }) =>
        new Promise((resolve) => signal.addEventListener('abort', resolve));
      const unhandled = await unhandledDuring(async () => {
        const { caller, callee } = await securePair({ handlers: { hang } }, { handlers: { hang } });
        const calls = [caller.call('hang'), callee.call('hang'), caller.stream('hang').next()];
        const outcomes = Promise.allSettled(calls);
        await settle(1);
        const given: unknown[] = [];
        for (const step of steps) given.push(STEPS[step]?.(caller));
        if (steps.every((step) => step === 'drain')) {
          // Nothing ends by itself here: draining waits for it.
          expect(await isPending(caller.closed)).toBe(true);
          void callee.close();
        }
        const info = await caller.closed;
        for (const result of await Promise.all(given)) expect([info, undefined]).toContain(result);
        await callee.closed;
        for (const outcome of await outcomes) expect(outcome.status).toBe('rejected');
      });
      expect(unhandled).toEqual([]);
    },
  );

  test('a peer that does not answer the close is given up after 3 s, not before', async () => {
    const { caller, fromCallee, fromCaller, clock } = await securePair();
    fromCaller.stop();
    fromCallee.stop();
    const call = expect(caller.call('m')).rejects.toMatchObject({ delivery: 'sent' });
    const closed = caller.close();
    // Calls do not wait for that.
    await call;
    clock.advance(2_999);
    expect(await isPending(closed)).toBe(true);
    clock.advance(1);
    expect(await closed).toMatchObject({ code: 1006, clean: false });
    // The other side's keep-alive.
    expect(clock.pendingTimers).toBe(1);
  });

  test('draining answers busy, finishes what runs, streams included, and ends by itself', async () => {
    let finish: (value: number) => void = () => {};
    const { caller, callee } = await securePair({
      handlers: {
        slow: () => new Promise<number>((resolve) => (finish = resolve)),
        async *three() {
          yield* [1, 2, 3];
        },
      },
    });
    const call = caller.call('slow');
    const items = caller.stream('three', {}, { credits: 1 });
    expect(await items.next()).toEqual({ done: false, value: 1 });
    const drained = callee.drain();
    await expect(caller.call('slow')).rejects.toMatchObject({ code: 'ERR_RPC_BUSY' });
    await expect(caller.stream('three').next()).rejects.toMatchObject({ code: 'ERR_RPC_BUSY' });
    expect([await items.next(), await items.next()].map(({ value }) => value)).toEqual([2, 3]);
    expect(await items.next()).toEqual({ done: true, value: undefined });
    expect(await isPending(drained)).toBe(true);
    finish(7);
    expect(await call).toBe(7);
    expect(await drained).toMatchObject({ code: 1000, clean: true });
  });
});

describe('S14: a peer that does not read', () => {
  const frameBytes = (chunk: string) =>
    encodeUtf8(`{"result":"${chunk}","seq":9999,"stream_id":999,"type":"stream_chunk"}`).length + 16;

  test.each([1, 10, 64])('%i producers pause at 1 MiB unsent, and go on when it reads', async (streams) => {
    const chunk = 'x'.repeat(5_000);
    let produced = 0;
    const { caller, transports, fromCallee } = await securePair({
      handlers: {
        async *endless() {
          for (; ; produced++) yield chunk;
        },
      },
    });
    fromCallee.stop();
    const all = Array.from({ length: streams }, () => caller.stream('endless', {}, { credits: 65_536 }));
    for (const items of all) items.next().catch(() => {});
    await settle(50);
    const { bufferedBytes } = transports.callee;
    expect(bufferedBytes).toBeGreaterThan(DEFAULT_LIMITS.highWaterBytes);
    // Each looks before it sends, so at most one chunk of each goes past the mark.
    expect(bufferedBytes).toBeLessThanOrEqual(DEFAULT_LIMITS.highWaterBytes + streams * frameBytes(chunk));
    const before = produced;
    await settle(50);
    expect(produced).toBe(before);
    fromCallee.go();
    await settle(1);
    expect(produced).toBeGreaterThan(before);
    caller.abort();
  });

  test('answers cannot pause: past 8 MiB unsent the session ends, and no more than that is held', async () => {
    const { caller, callee, transports, fromCallee, clock } = await securePair({
      handlers: { blob: () => 'x'.repeat(60_000) },
    });
    fromCallee.stop();
    const calls = Promise.allSettled(Array.from({ length: 200 }, () => caller.call('blob')));
    await settle(20);
    expect(transports.callee.bufferedBytes).toBeGreaterThan(DEFAULT_LIMITS.maxBufferedBytes);
    expect(transports.callee.bufferedBytes).toBeLessThan(DEFAULT_LIMITS.maxBufferedBytes + 65_536);
    // It is told politely, behind what it has not read; three seconds later it is dropped.
    clock.advance(3_000);
    expect(await callee.closed).toMatchObject({ code: 1006, error: { limit: 'maxBufferedBytes' } });
    expect(transports.callee.bufferedBytes).toBe(0);
    fromCallee.go();
    expect((await caller.closed).clean).toBe(false);
    for (const { status } of await calls) expect(status).toBe('rejected');
  });

  test('calls of ours into a full connection are refused at half of that, and the session lives', async () => {
    const { caller, fromCaller, transports } = await securePair({
      handlers: { length: (text: string) => text.length },
    });
    fromCaller.stop();
    const blob = 'x'.repeat(60_000);
    const calls = Array.from({ length: 150 }, () => caller.call('length', blob).catch((error: unknown) => error));
    await settle();
    expect(transports.caller.bufferedBytes).toBeLessThan(DEFAULT_LIMITS.maxBufferedBytes / 2 + 65_536);
    fromCaller.go();
    const outcomes = await Promise.all(calls);
    const taken = outcomes.filter((outcome) => outcome === 60_000);
    expect(taken.length).toBeGreaterThan(65);
    for (const refused of outcomes.slice(taken.length)) expect(refused).toMatchObject({ limit: 'maxBufferedBytes' });
    expect(await caller.call('length', 'abc')).toBe(3);
    await caller.close();
  });

  test('what is owed on a connection that our own calls have filled does not end the session', async () => {
    const { caller, callee, fromCaller, clock } = await securePair({
      handlers: {
        length: (text: string) => text.length,
        async *count() {
          for (let n = 0; ; n++) yield n;
        },
      },
    });
    const items = caller.stream('count');
    expect(await items.next()).toMatchObject({ value: 0 });
    fromCaller.stop();
    const giveUp = new AbortController();
    setMaxListeners(150, giveUp.signal);
    const blob = 'x'.repeat(60_000);
    const calls = Array.from({ length: 150 }, () =>
      caller.call('length', blob, { signal: giveUp.signal }).catch((error: unknown) => error),
    );
    await settle();
    // A grant for what still comes, a question to the silent peer and the answer to its own, a cancel of every call.
    for (let n = 1; n < 8; n++) await items.next();
    clock.advance(60_000);
    await settle();
    giveUp.abort('enough');
    await Promise.all(calls);
    await settle();
    fromCaller.go();
    expect(await items.next()).toMatchObject({ value: 8 });
    expect(await caller.call('length', 'abc')).toBe(3);
    await callee.close();
  });

  test('a producer that waits for room wakes when its consumer cancels', async () => {
    let done = 0;
    const { caller, fromCallee } = await securePair({
      handlers: {
        async *endless() {
          try {
            for (;;) yield 'x'.repeat(50_000);
          } finally {
            done++;
          }
        },
      },
    });
    fromCallee.stop();
    const items = caller.stream('endless', {}, { credits: 1_000 });
    items.next().catch(() => {});
    await settle(20);
    await items.return?.();
    await settle();
    expect(done).toBe(1);
    caller.abort();
  });

  test('a bound of a transport below ours ends the session as lost, not the process', async () => {
    const unhandled = await unhandledDuring(async () => {
      const { callee, transports, caller } = await securePair({ handlers: { echo: (value) => value } });
      transports.callee.abort();
      expect((await callee.closed).clean).toBe(false);
      await expect(callee.call('m')).rejects.toMatchObject({ code: 'ERR_CHANNEL_LOST', delivery: 'unsent' });
      await expect(caller.call('echo')).rejects.toMatchObject({ code: 'ERR_CHANNEL_LOST' });
    });
    expect(unhandled).toEqual([]);
  });
});
