import { describe, expect, test, vi } from 'vitest';
import { ChannelError, RpcError } from '../../src/errors.js';
import { rpcError } from '../../src/phone/wire-errors.js';
import { sessionAgainst, sessionPair, settle } from '../support/frame-peer.js';

const code = (value: string) => expect.objectContaining({ code: value });

async function collect<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
}

describe('calls', () => {
  test('a call is answered, in both directions', async () => {
    const { caller, callee } = sessionPair(
      { handlers: { double: (n: number) => n * 2 } },
      { handlers: { triple: async (n: number) => n * 3 } },
    );
    expect(await caller.call('double', 21)).toBe(42);
    expect(await callee.call('triple', 14)).toBe(42);
  });

  test('absent params and an absent result stay absent', async () => {
    const seen: unknown[] = [];
    const { caller } = sessionPair({ handlers: { quiet: (params) => void seen.push(params) } });
    expect(await caller.call('quiet')).toBeUndefined();
    expect(seen).toEqual([undefined]);
  });

  test('a handler gets the verified peer, its own name and a signal', async () => {
    const { caller, callee } = sessionPair({
      handlers: { who: (_, context) => [context.peer.did, context.peer.proof, context.method, context.signal.aborted] },
    });
    expect(await caller.call('who')).toEqual([callee.peer.did, 'x25519', 'who', false]);
  });

  test('an unknown method, and one that only Object.prototype has, is method not found', async () => {
    const { caller } = sessionPair({ handlers: {} });
    for (const method of ['nope', 'toString', '__proto__', 'constructor']) {
      await expect(caller.call(method)).rejects.toMatchObject({ code: 'ERR_RPC_METHOD_NOT_FOUND', wireCode: -32601 });
    }
  });

  test('the error of an unknown method does not repeat the name, so that it always fits', async () => {
    const { peer } = sessionAgainst('responder');
    peer.req(1, 'x'.repeat(60_000));
    const [frame] = await peer.until(1);
    expect(JSON.stringify(frame).length).toBeLessThan(200);
  });

  test('an RpcError thrown on purpose crosses, any other error stays at home', async () => {
    const onFault = vi.fn();
    const { caller } = sessionPair({
      onFault,
      handlers: {
        told: () => {
          throw rpcError(-32050, 'out of stock');
        },
        untold: async () => {
          throw new Error('password hunter2 in /etc/secret');
        },
        nothing: () => {
          throw null;
        },
      },
    });
    await expect(caller.call('told')).rejects.toMatchObject({ wireCode: -32050, message: 'out of stock' });
    const failure = await caller.call('untold').catch((error: RpcError) => error);
    expect(failure).toMatchObject({ code: 'ERR_RPC_REMOTE', wireCode: -32000 });
    expect((failure as RpcError).message).not.toContain('hunter2');
    const [fault, context] = onFault.mock.calls[0] as [Error, { correlationId: string }];
    expect(fault.message).toContain('hunter2');
    expect((failure as RpcError).message).toContain(context.correlationId);
    await expect(caller.call('nothing')).rejects.toMatchObject({ wireCode: -32000 });
  });

  test('an error text is cut to 512 bytes of whole characters', async () => {
    const { caller } = sessionPair({
      handlers: {
        long: () => {
          throw rpcError(-1, 'é'.repeat(400));
        },
      },
    });
    const error = (await caller.call('long').catch((reason: unknown) => reason)) as RpcError;
    expect(error.message).toBe('é'.repeat(256));
  });

  test('a result that JSON cannot say, or that does not fit one frame, is the handler’s fault', async () => {
    const onFault = vi.fn();
    const { caller } = sessionPair({
      onFault,
      handlers: { map: () => new Map(), huge: () => 'x'.repeat(70_000), fits: () => 'x'.repeat(65_000) },
    });
    await expect(caller.call('map')).rejects.toMatchObject({ wireCode: -32000 });
    await expect(caller.call('huge')).rejects.toMatchObject({ wireCode: -32000 });
    expect(onFault).toHaveBeenCalledTimes(2);
    expect(await caller.call('fits')).toHaveLength(65_000);
  });

  test('wrong arguments are TypeErrors and RangeErrors before anything is sent', async () => {
    const { session, peer } = sessionAgainst('initiator');
    await expect(session.call(1 as never)).rejects.toThrow(TypeError);
    await expect(session.call('m', { a: undefined })).rejects.toThrow(TypeError);
    await expect(session.call('m', 1n)).rejects.toThrow(TypeError);
    await expect(session.call('m', '\ud800')).rejects.toThrow(TypeError);
    await expect(session.call('m', {}, { signal: {} as never })).rejects.toThrow(TypeError);
    expect(() => session.stream('m', {}, { credits: 0 })).toThrow(RangeError);
    expect(() => session.stream('m', {}, { credits: 1.5 })).toThrow(RangeError);
    await expect(session.call('m', 'x'.repeat(70_000))).rejects.toMatchObject({ limit: 'maxFrameBytes' });
    await settle();
    expect(peer.frames).toEqual([]);
  });

  test('after a request that did not fit, the session goes on', async () => {
    const { caller } = sessionPair({ handlers: { echo: (value) => value } });
    await expect(caller.call('echo', 'x'.repeat(70_000))).rejects.toMatchObject({ limit: 'maxFrameBytes' });
    expect(await caller.call('echo', 1)).toBe(1);
  });

  test('a signal that has aborted, or aborts later, rejects with its own reason and cancels at the peer', async () => {
    const aborted = vi.fn();
    const { caller } = sessionPair({
      handlers: {
        wait: (_, { signal }) =>
          new Promise((resolve) => {
            signal.addEventListener('abort', () => {
              aborted();
              resolve('late');
            });
          }),
      },
    });
    const reason = { why: 'because' };
    await expect(caller.call('wait', null, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    const controller = new AbortController();
    const call = caller.call('wait', null, { signal: controller.signal });
    await settle();
    controller.abort(reason);
    await expect(call).rejects.toBe(reason);
    await settle();
    expect(aborted).toHaveBeenCalledTimes(1);
  });

  test('more calls than may be open at once wait their turn', async () => {
    let most = 0;
    let open = 0;
    const { caller } = sessionPair({
      handlers: {
        slow: async (n: number) => {
          most = Math.max(most, ++open);
          await settle(1);
          open--;
          return n;
        },
      },
    });
    const results = await Promise.all(Array.from({ length: 600 }, (_, n) => caller.call('slow', n)));
    expect(results).toEqual(Array.from({ length: 600 }, (_, n) => n));
    expect(most).toBe(64);
  });
});

describe('authorisation', () => {
  const handlers = { open: () => 'yes', shut: () => 'never' };

  test('the hook sees peer, method, params and kind, and decides before the handler runs', async () => {
    const shut = vi.fn();
    const authorize = vi.fn(({ method }: { method: string }) => method === 'open');
    const { caller, callee } = sessionPair({ authorize, handlers: { open: () => 'yes', shut } });
    expect(await caller.call('open', 1)).toBe('yes');
    await expect(caller.call('shut', 2)).rejects.toMatchObject({ code: 'ERR_RPC_DENIED' });
    expect(shut).not.toHaveBeenCalled();
    expect(authorize).toHaveBeenLastCalledWith({ peer: callee.peer, method: 'shut', params: 2, stream: false });
  });

  test('a hook that throws, or says anything but true, refuses', async () => {
    for (const authorize of [() => 'yes' as never, () => Promise.reject(new Error('broken')), () => 1 as never]) {
      const { caller } = sessionPair({ authorize, handlers });
      await expect(caller.call('open')).rejects.toBeInstanceOf(RpcError);
    }
  });

  test('a refused stream ends for the consumer', async () => {
    const { caller } = sessionPair({ authorize: () => false, handlers });
    await expect(collect(caller.stream('open'))).rejects.toMatchObject({ code: 'ERR_RPC_DENIED' });
  });
});

describe('streams', () => {
  async function* count(to: number) {
    for (let n = 0; n < to; n++) yield n;
  }

  test('C2: 10,000 chunks at 8 credits arrive in order with never more than 8 outstanding', async () => {
    let produced = 0;
    let consumed = 0;
    let most = 0;
    const { caller } = sessionPair({
      handlers: {
        async *count() {
          for (; produced < 10_000; produced++) {
            most = Math.max(most, produced - consumed);
            yield produced;
          }
        },
      },
    });
    for await (const n of caller.stream('count', {}, { credits: 8 })) expect(n).toBe(consumed++);
    expect(consumed).toBe(10_000);
    expect(most).toBeLessThanOrEqual(8);
  });

  test('a growing window reaches 256 and never more', async () => {
    const { session, peer } = sessionAgainst('initiator');
    const items = session.stream('count');
    const first = items.next();
    const [request] = await peer.until(1);
    expect(request).toMatchObject({ type: 'req', credits: 8 });
    let granted = 8;
    let sent = 0;
    let consumed = 0;
    let most = 0;
    const pump = () => {
      for (const frame of peer.frames.splice(0)) if (frame.type === 'res') granted += frame.credits as number;
      most = Math.max(most, granted - consumed - 1);
      while (sent < granted) peer.send({ type: 'stream_chunk', stream_id: 1, seq: sent, result: sent++ });
    };
    peer.frames.shift();
    pump();
    await first;
    for (consumed = 1; consumed < 2_000; consumed++) {
      await items.next();
      await settle(1);
      pump();
    }
    expect(most).toBe(256);
    await session.close();
  });

  test('the window stops growing where it would stand for more than its bytes', async () => {
    const { session, peer } = sessionAgainst('initiator', { limits: { maxStreamBytes: 16_000 } });
    const items = session.stream('blob');
    const first = items.next();
    await peer.until(1);
    peer.frames.length = 0;
    let granted = 8;
    let sent = 0;
    const push = () => peer.send({ type: 'stream_chunk', stream_id: 1, seq: sent++, result: 'x'.repeat(1_000) });
    push();
    await first;
    for (let consumed = 1; consumed < 100; consumed++) {
      push();
      await items.next();
      for (const frame of peer.frames.splice(0)) granted += frame.credits as number;
      expect(granted - consumed - 1).toBeLessThanOrEqual(8);
    }
    await session.close();
  });

  test('leaving early cancels, and the generator runs its finally', async () => {
    const done = vi.fn();
    const { caller } = sessionPair({
      handlers: {
        async *endless(_, { signal }) {
          try {
            for (let n = 0; ; n++) yield n;
          } finally {
            done(signal.aborted);
          }
        },
        echo: (value) => value,
      },
    });
    for await (const n of caller.stream('endless')) if (n === 100) break;
    await settle();
    expect(done).toHaveBeenCalledExactlyOnceWith(true);
    expect(await caller.call('echo', 'alive')).toBe('alive');
  });

  test('C3: after cancel at most one more chunk, then stream_end cancelled, and the session lives', async () => {
    const { session, peer } = sessionAgainst('responder', {
      handlers: {
        async *endless() {
          for (let n = 0; ; n++) yield n;
        },
        echo: (value) => value,
      },
    });
    peer.req(1, 'endless', { credits: 5 });
    await peer.until(5);
    peer.send({ type: 'res', stream_id: 1, seq: 0, credits: 1_000_000 });
    await peer.until(50);
    peer.send({ type: 'cancel', stream_id: 1, seq: 0 });
    await settle(10);
    const end = peer.frames.findIndex((frame) => frame.type === 'stream_end');
    expect(peer.frames[end]).toMatchObject({ reason: 'cancelled', stream_id: 1 });
    expect(peer.frames.length).toBe(end + 1);
    peer.req(3, 'echo', { params: 'alive' });
    await settle();
    expect(peer.frames.at(-1)).toMatchObject({ type: 'res', stream_id: 3, result: 'alive' });
    await session.close();
  });

  test('cancel reaches a generator that waits for something which heeds the signal', async () => {
    const done = vi.fn();
    const { caller } = sessionPair({
      handlers: {
        async *waits(_, { signal }) {
          try {
            yield 1;
            await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
          } finally {
            done();
          }
        },
      },
    });
    for await (const n of caller.stream('waits')) if (n === 1) break;
    await settle();
    expect(done).toHaveBeenCalledTimes(1);
  });

  test('a producer that throws ends the stream with an error, after what it sent before', async () => {
    const { session, peer } = sessionAgainst('responder', {
      handlers: {
        async *breaks() {
          yield 1;
          throw rpcError(-32050, 'broken');
        },
      },
    });
    peer.req(1, 'breaks', { credits: 8 });
    const frames = await peer.until(3);
    expect(frames).toMatchObject([
      { type: 'stream_chunk', seq: 0, result: 1 },
      { type: 'error', error: { code: -32050, message: 'broken' } },
      { type: 'stream_end', seq: 1, reason: 'error' },
    ]);
    await session.close();

    const pair = sessionPair({
      handlers: {
        async *breaks() {
          yield 1;
          throw rpcError(-32050, 'broken');
        },
      },
    });
    const seen: unknown[] = [];
    const run = async () => {
      for await (const n of pair.caller.stream('breaks')) seen.push(n);
    };
    await expect(run()).rejects.toMatchObject({ wireCode: -32050 });
    expect(seen).toEqual([1]);
  });

  test('sync generators and plain arrays stream too', async () => {
    const { caller } = sessionPair({
      handlers: {
        *numbers() {
          yield* [1, 2, 3];
        },
        list: () => ['a', 'b'],
        late: async () => count(3),
      },
    });
    expect(await collect(caller.stream('numbers'))).toEqual([1, 2, 3]);
    expect(await collect(caller.stream('list'))).toEqual(['a', 'b']);
    expect(await collect(caller.stream('late'))).toEqual([0, 1, 2]);
    expect(await caller.call('list')).toEqual(['a', 'b']);
  });

  test('a stream asked as a call, and a call asked as a stream, fail on both sides at once', async () => {
    const done = vi.fn();
    const { caller } = sessionPair({
      handlers: {
        async *count() {
          try {
            yield 1;
          } finally {
            done();
          }
        },
        echo: () => 1,
      },
    });
    await expect(caller.call('count')).rejects.toMatchObject({ wireCode: -32600 });
    await expect(collect(caller.stream('echo'))).rejects.toMatchObject({ wireCode: -32600 });
  });

  test('several consumers of one iterator each get items, and the end comes to all', async () => {
    const { caller } = sessionPair({ handlers: { count: () => count(2) } });
    const items = caller.stream('count');
    const steps = await Promise.all([items.next(), items.next(), items.next(), items.next()]);
    expect(steps.map((step) => step.done)).toEqual([false, false, true, true]);
  });

  test('a stream nobody iterates sends nothing', async () => {
    const { session, peer } = sessionAgainst('initiator');
    session.stream('count');
    await settle();
    expect(peer.frames).toEqual([]);
    await session.close();
  });

  test('the signal ends the iteration with its reason and cancels at the peer', async () => {
    const { session, peer } = sessionAgainst('initiator');
    const controller = new AbortController();
    const items = session.stream('count', {}, { signal: controller.signal });
    const step = items.next();
    await peer.until(1);
    controller.abort('enough');
    await expect(step).rejects.toBe('enough');
    await peer.until(2);
    expect(peer.frames[1]).toMatchObject({ type: 'cancel', stream_id: 1 });
    expect(await items.next()).toEqual({ done: true, value: undefined });
    await session.close();
  });
});

describe('the end', () => {
  test('closing settles calls, streams and handlers on both sides, with delivery told', async () => {
    const aborted = vi.fn();
    const { caller, callee } = sessionPair({
      handlers: {
        hang: (_, { signal }) => new Promise(() => signal.addEventListener('abort', aborted)),
        async *hangs() {
          yield 1;
          await new Promise(() => {});
        },
      },
    });
    const call = caller.call('hang');
    const items = caller.stream('hangs');
    await items.next();
    const step = items.next();
    const rejected = Promise.all([
      expect(call).rejects.toMatchObject({ code: 'ERR_CHANNEL_CLOSED', delivery: 'sent' }),
      expect(step).rejects.toMatchObject({ code: 'ERR_CHANNEL_CLOSED', delivery: 'sent' }),
    ]);
    await settle();
    await callee.close();
    await rejected;
    expect(aborted).toHaveBeenCalledTimes(1);
    await expect(caller.call('hang')).rejects.toMatchObject({ delivery: 'unsent' });
    await expect(items.next()).resolves.toMatchObject({ done: true });
    expect((await caller.closed).code).toBe(1000);
  });

  test('a lost connection is told from a polite end', async () => {
    const { caller, responder } = sessionPair({ handlers: { hang: () => new Promise(() => {}) } });
    const call = caller.call('hang');
    await settle();
    responder.abort();
    await expect(call).rejects.toEqual(code('ERR_CHANNEL_LOST'));
    await expect(call).rejects.toBeInstanceOf(ChannelError);
  });

  test('drain takes nothing new, lets what runs finish, then closes', async () => {
    let finish: (value: string) => void = () => {};
    const { caller, callee } = sessionPair({
      handlers: { slow: () => new Promise((resolve) => (finish = resolve)), echo: (value) => value },
    });
    const call = caller.call('slow');
    await settle();
    const drained = callee.drain();
    await expect(caller.call('echo')).rejects.toEqual(code('ERR_RPC_BUSY'));
    await expect(callee.call('echo')).rejects.toMatchObject({ code: 'ERR_CHANNEL_CLOSED', delivery: 'unsent' });
    finish('done');
    expect(await call).toBe('done');
    expect(await drained).toMatchObject({ code: 1000 });
  });

  test('close is idempotent and disposal is close', async () => {
    const { caller } = sessionPair({});
    const first = caller.close();
    await caller[Symbol.asyncDispose]();
    expect(await caller.close()).toEqual(await first);
  });
});
