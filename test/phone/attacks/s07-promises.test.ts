// Row S7, finding F10: whenever and however a session ends, every promise settles within one tick, with `delivery`
// telling the truth; every handler's signal aborts; every generator runs its `finally`.

import { expect, test, vi } from 'vitest';
import { decodeUtf8 } from '../../../src/bytes/utf8.js';
import { ChannelError, RpcError } from '../../../src/errors.js';
import type { Handlers } from '../../../src/phone/handlers.js';
import { sessionAgainst, sessionPair, settle } from '../../support/frame-peer.js';
import { unhandledDuring } from '../../support/unhandled.js';

vi.setConfig({ testTimeout: 120_000 });

/** What became of one promise. */
interface Outcome {
  readonly name: string;
  readonly state: 'pending' | 'fulfilled' | 'rejected';
  readonly reason?: unknown;
}

class Watched {
  readonly #outcomes = new Map<string, Outcome>();

  add<T>(name: string, promise: Promise<T>): Promise<T> {
    this.#outcomes.set(name, { name, state: 'pending' });
    promise.then(
      () => this.#outcomes.set(name, { name, state: 'fulfilled' }),
      (reason: unknown) => this.#outcomes.set(name, { name, state: 'rejected', reason }),
    );
    return promise;
  }

  get all(): Outcome[] {
    return [...this.#outcomes.values()];
  }
}

type Ending = 'caller aborts' | 'callee aborts' | 'caller closes' | 'callee closes';
const ENDINGS: readonly Ending[] = ['caller aborts', 'callee aborts', 'caller closes', 'callee closes'];

/**
 * Runs a scripted scenario of calls and streams in both directions and ends it just before delivery `killAt`.
 *
 * @returns How many frames were delivered in all.
 */
async function scenario(ending: Ending, killAt: number): Promise<number> {
  const watched = new Watched();
  let waiting = 0;
  let generatorsOpen = 0;
  const handlers: Handlers = {
    echo: (value) => value,
    // Reads its signal, heeds it, and is watched.
    waits: (_, { signal }) => {
      return watched.add(
        `handler ${++waiting}`,
        new Promise((resolve) => signal.addEventListener('abort', () => resolve('aborted'))),
      );
    },
    async *count() {
      generatorsOpen++;
      try {
        for (let n = 0; ; n++) yield n;
      } finally {
        generatorsOpen--;
      }
    },
    async *stalls(_, { signal }) {
      generatorsOpen++;
      try {
        yield 1;
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
      } finally {
        generatorsOpen--;
      }
    },
    fails: async () => {
      throw new Error('x');
    },
  };
  const limits = { maxOpenStreams: 8 };
  const { caller, callee, initiator, responder } = sessionPair({ handlers, limits }, { handlers, limits });

  const requested = new Set<string>();
  let delivered = 0;
  let endNow = () => {};
  const ended = new Promise<void>((resolve) => {
    endNow = resolve;
  });
  const end = () => {
    if (ending === 'caller aborts') caller.abort();
    else if (ending === 'callee aborts') callee.abort();
    else if (ending === 'caller closes') void caller.close();
    else void callee.close();
    endNow();
  };
  for (const channel of [initiator, responder]) {
    const write = channel.write.bind(channel);
    channel.write = (encode) =>
      write((target) => {
        const bytes = encode(target);
        const frame = JSON.parse(decodeUtf8(target.subarray(0, bytes))) as { type: string; params?: { id?: string } };
        if (frame.type === 'req' && frame.params?.id !== undefined) requested.add(frame.params.id);
        return bytes;
      });
    channel.onDelivery = () => {
      if (delivered++ === killAt) end();
    };
  }

  const call = (id: string, from: typeof caller, method: string, signal?: AbortSignal) =>
    watched.add(id, from.call(method, { id }, signal === undefined ? {} : { signal })).catch(() => {});
  const drink = async (id: string, from: typeof caller, method: string, most: number) => {
    const items = from.stream(method, { id }, { credits: 4 });
    for (let n = 0; n < most; n++) {
      const step = await watched.add(`${id} ${n}`, items.next()).catch(() => ({ done: true }) as const);
      if (step.done === true) return;
    }
    await watched.add(`${id} return`, Promise.resolve<unknown>(items.return?.()));
  };
  const unread = caller.stream('count', { id: 'unread' });
  const controller = new AbortController();
  const reason = new Error('the application gave up');

  const script = [
    call('echo', caller, 'echo'),
    call('echo back', callee, 'echo'),
    call('hang', caller, 'waits'),
    call('hang back', callee, 'waits'),
    call('given up', caller, 'waits', controller.signal),
    call('fails', caller, 'fails'),
    call('unknown', callee, 'nope'),
    drink('left early', caller, 'stalls', 1),
    drink('stalled', caller, 'stalls', 3),
    drink('back', callee, 'stalls', 3),
    watched.add('unread', unread.next()).catch(() => {}),
    // More than may be open at once: some of these wait in line.
    ...Array.from({ length: 12 }, (_, n) => call(`line ${n}`, caller, 'waits')),
  ];
  // Not all of the script ends by itself: the kill ends it.
  void Promise.all(script);
  await settle(2);
  controller.abort(reason);
  await settle(2);
  const total = delivered;
  if (killAt >= total) end();
  await ended;
  // One turn of the event loop: neither a timer nor a second chance.
  await settle(1);

  const late = watched.all.filter(({ state }) => state === 'pending');
  expect(late, `${ending} at ${killAt}`).toEqual([]);
  for (const { name, reason: error } of watched.all) {
    if (error === undefined || error === reason || error instanceof RpcError) continue;
    expect(error).toBeInstanceOf(ChannelError);
    const { code, delivery } = error as ChannelError;
    expect(['ERR_CHANNEL_CLOSED', 'ERR_CHANNEL_LOST']).toContain(code);
    // Was there a request on the wire? A step of a stream bears the stream's name and a number.
    const sent = requested.has(name) || requested.has(name.replace(/ \d+$/, ''));
    expect(delivery, `${name}: ${ending} at ${killAt}`).toBe(sent ? 'sent' : 'unsent');
  }
  expect(generatorsOpen).toBe(0);
  // Both sides know, and what comes after is refused.
  for (const session of [caller, callee]) {
    await session.closed;
    await expect(session.call('echo')).rejects.toMatchObject({ delivery: 'unsent' });
    await expect(session.stream('count').next()).rejects.toMatchObject({ delivery: 'unsent' });
  }
  return total;
}

test.each(ENDINGS)('S7: %s at every step of a scenario', async (ending) => {
  const unhandled = await unhandledDuring(async () => {
    const steps = await scenario(ending, Number.POSITIVE_INFINITY);
    expect(steps).toBeGreaterThan(30);
    for (let killAt = 0; killAt <= steps; killAt++) await scenario(ending, killAt);
  });
  expect(unhandled).toEqual([]);
});

test('S7: a call made on a channel that has just ended is told as unsent', async () => {
  const { session, channel } = sessionAgainst('initiator');
  channel.abort();
  // The session learns of it by a promise: not yet.
  const call = session.call('m');
  const step = session.stream('s').next();
  for (const promise of [call, step]) await expect(promise).rejects.toMatchObject({ delivery: 'unsent' });
  await expect(session.call('m')).rejects.toMatchObject({ code: 'ERR_CHANNEL_LOST', delivery: 'unsent' });
});

test('S7: a call whose frame the channel will not take any more is told as unsent', async () => {
  const { session, channel } = sessionAgainst('initiator');
  const cause = new ChannelError('ERR_CHANNEL_PROTOCOL', 'the key is used up');
  channel.write = () => {
    throw cause;
  };
  await expect(session.call('m')).rejects.toMatchObject({ code: 'ERR_CHANNEL_PROTOCOL', delivery: 'unsent', cause });
  await expect(session.stream('s').next()).rejects.toMatchObject({ delivery: 'unsent', cause });
  await session.close();
});

test('S7, F11: an error frame on a stream ends it', async () => {
  const { session, peer } = sessionAgainst('initiator');
  const items = session.stream('nope');
  const step = items.next();
  await peer.until(1);
  peer.send({ type: 'error', stream_id: 1, seq: 0, error: { code: -32601, message: 'method not found' } });
  await expect(step).rejects.toMatchObject({ code: 'ERR_RPC_METHOD_NOT_FOUND' });
  expect(await items.next()).toEqual({ done: true, value: undefined });
  await session.close();
});

test('S7: return() on a stream that has failed leaves nothing to come', async () => {
  const { session, peer } = sessionAgainst('initiator');
  const items = session.stream('s');
  const first = items.next();
  await peer.until(1);
  peer.send({ type: 'stream_chunk', stream_id: 1, seq: 0, result: 1 });
  await first;
  peer.send({ type: 'error', stream_id: 1, seq: 0, error: { code: -32000, message: 'x' } });
  await settle();
  expect(await items.return?.()).toEqual({ done: true, value: undefined });
  expect(await items.next()).toEqual({ done: true, value: undefined });
  await session.close();
});

test('S7: return() with steps pending ends them all', async () => {
  const { session, peer } = sessionAgainst('initiator');
  const items = session.stream('s');
  const steps = [items.next(), items.next(), items.next()];
  await peer.until(1);
  await items.return?.();
  expect(await Promise.all(steps)).toEqual(Array(3).fill({ done: true, value: undefined }));
  expect(await peer.until(2)).toMatchObject([{ type: 'req' }, { type: 'cancel', stream_id: 1 }]);
  await session.close();
});

test('S7, F9: cancel reaches a generator whose next() waits, and its finally once that heeds the signal', async () => {
  let done = 0;
  const { session, peer } = sessionAgainst('responder', {
    handlers: {
      async *waits(_, { signal }) {
        try {
          await new Promise((resolve) => signal.addEventListener('abort', resolve));
          yield 1;
        } finally {
          done++;
        }
      },
    },
  });
  peer.req(1, 'waits', { credits: 8 });
  await settle();
  peer.send({ type: 'cancel', stream_id: 1, seq: 0 });
  expect(await peer.until(1)).toMatchObject([{ type: 'stream_end', reason: 'cancelled', seq: 0 }]);
  await settle();
  expect(done).toBe(1);
  expect(peer.frames).toHaveLength(1);
  await session.close();
});

test('S7: a producer that waits for credit, and one that waits for room, are let go at the end', async () => {
  let open = 0;
  const { session, peer, channel } = sessionAgainst('responder', {
    handlers: {
      async *endless() {
        open++;
        try {
          for (;;) yield 1;
        } finally {
          open--;
        }
      },
    },
  });
  peer.req(1, 'endless', { credits: 0 });
  peer.req(3, 'endless', { credits: 1 });
  peer.req(5, 'endless', { credits: 1000 });
  await peer.until(2);
  channel.bufferedBytes = 2 ** 20 + 1;
  await settle();
  // The first has not begun: a generator that never ran has no finally.
  expect(open).toBe(2);
  session.abort();
  await settle(1);
  expect(open).toBe(0);
});

test('S7: no listener stays on a signal that outlives its calls', async () => {
  const { signal } = new AbortController();
  const added = vi.spyOn(signal, 'addEventListener');
  const removed = vi.spyOn(signal, 'removeEventListener');
  const { caller, callee } = sessionPair({
    handlers: {
      echo: (value) => value,
      async *three() {
        yield* [1, 2, 3];
      },
      hang: () => new Promise(() => {}),
      fails: () => {
        throw new Error('x');
      },
    },
  });
  await caller.call('echo', 1, { signal });
  await caller.call('fails', 1, { signal }).catch(() => {});
  await caller.call('echo', 'x'.repeat(70_000), { signal }).catch(() => {});
  for await (const _ of caller.stream('three', {}, { signal }));
  for await (const _ of caller.stream('three', {}, { signal })) break;
  await caller
    .stream('fails', {}, { signal })
    .next()
    .catch(() => {});
  const left = Promise.allSettled([caller.call('hang', 1, { signal }), caller.stream('hang', 1, { signal }).next()]);
  await callee.close();
  await left;
  expect(added).toHaveBeenCalledTimes(8);
  expect(removed).toHaveBeenCalledTimes(8);
});

test('S7: a call given up while it waits in line is never sent', async () => {
  const { session, peer } = sessionAgainst('initiator', { limits: { maxOpenStreams: 1 } });
  const first = session.call('first');
  const controller = new AbortController();
  const given = [
    session.call('given up', {}, { signal: controller.signal }),
    session.stream('given up', {}, { signal: controller.signal }).next(),
  ];
  const left = session.stream('left');
  const step = left.next();
  const last = session.call('last');
  await settle();
  controller.abort('enough');
  for (const promise of given) await expect(promise).rejects.toBe('enough');
  await left.return?.();
  expect(await step).toEqual({ done: true, value: undefined });
  peer.send({ type: 'res', stream_id: 1, seq: 0, result: 1 });
  expect(await first).toBe(1);
  await settle();
  expect(peer.frames).toMatchObject([{ method: 'first' }, { method: 'last', stream_id: 3 }]);
  await Promise.all([session.close(), expect(last).rejects.toMatchObject({ delivery: 'sent' })]);
});

test('S7: a call cancelled while its authorisation is awaited never reaches the handler', async () => {
  let decide: (allowed: boolean) => void = () => {};
  const handler = vi.fn();
  const { session, peer } = sessionAgainst('responder', {
    authorize: () => new Promise<boolean>((resolve) => (decide = resolve)),
    handlers: { m: handler },
  });
  for (const credits of [undefined, 8]) {
    const streamId = credits === undefined ? 1 : 3;
    peer.req(streamId, 'm', credits === undefined ? {} : { credits });
    await settle(1);
    peer.send({ type: 'cancel', stream_id: streamId, seq: 0 });
    await settle(1);
    decide(true);
    await settle();
  }
  expect(handler).not.toHaveBeenCalled();
  expect(peer.frames).toMatchObject([{ type: 'stream_end', stream_id: 3, reason: 'cancelled' }]);
  await session.close();
});

test('S7, F9: an iterator of any making hears of the cancel while its next() is still awaited', async () => {
  const returned = vi.fn(async () => ({ done: true, value: undefined }) as const);
  const { session, peer } = sessionAgainst('responder', {
    handlers: {
      deaf: () => ({ [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => {}), return: returned }) }),
    },
  });
  peer.req(1, 'deaf', { credits: 8 });
  await settle();
  peer.send({ type: 'cancel', stream_id: 1, seq: 0 });
  await settle();
  expect(returned).toHaveBeenCalledTimes(1);
  peer.req(3, 'deaf', { credits: 8 });
  await settle();
  await session.close();
  await settle();
  expect(returned).toHaveBeenCalledTimes(2);
});
