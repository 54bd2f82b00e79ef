// Row S1, findings F4 to F6: nothing a peer sends and nothing a handler throws may end the process or the session.

import { expect, test } from 'vitest';
import { RpcError } from '../../../src/errors.js';
import type { Handlers } from '../../../src/phone/handlers.js';
import { rpcError } from '../../../src/phone/wire-errors.js';
import { sessionAgainst, sessionPair, settle } from '../../support/frame-peer.js';
import { unhandledDuring } from '../../support/unhandled.js';

const boom = () => {
  throw new Error('boom');
};

/** An object that throws whatever one does with it. */
const spiteful = (): object =>
  new Proxy(
    {},
    {
      get: boom,
      has: boom,
      getPrototypeOf: boom,
      ownKeys: boom,
      getOwnPropertyDescriptor: boom,
    },
  );

const withThrowing = (name: string, on: object = {}): object => Object.defineProperty(on, name, { get: boom });

/** An object with a method, of a name the linter does not like to see. */
const withMethod = (name: string, method: (...args: never[]) => unknown): object =>
  Object.fromEntries([[name, method]]);

const THROWN: Record<string, () => unknown> = {
  null: () => null,
  undefined: () => undefined,
  'a string': () => 'text',
  'a symbol': () => Symbol('s'),
  'a function': () => () => {},
  'an object without prototype': () => Object.create(null),
  'an object with throwing getters': () => withThrowing('message', withThrowing('code')),
  'a proxy that throws at everything': spiteful,
  'an Error with a throwing message': () => withThrowing('message', new Error('x')),
  'an Error with a throwing cause': () => withThrowing('cause', new Error('x')),
  'an RpcError with a throwing message': () => withThrowing('message', rpcError(-32050, 'x')),
  'an RpcError with a throwing wireCode': () => withThrowing('wireCode', rpcError(-32050, 'x')),
  'an RpcError whose message is no text': () => Object.defineProperty(rpcError(-32050, 'x'), 'message', { value: {} }),
  'an RpcError with a wire code that is no integer': () => new RpcError('ERR_RPC_REMOTE', 0.5, 'x'),
  'a revoked proxy': () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    return proxy;
  },
};

const throwing = (make: () => unknown): Handlers => ({
  sync: () => {
    throw make();
  },
  async: async () => {
    throw make();
  },
  async *stream() {
    yield 1;
    throw make();
  },
  *generator() {
    yield 1;
    throw make();
  },
});

async function collect(items: AsyncIterable<unknown>): Promise<unknown[]> {
  const all: unknown[] = [];
  for await (const item of items) all.push(item);
  return all;
}

test.each(Object.entries(THROWN))('S1: a handler throws %s', async (_, make) => {
  const unhandled = await unhandledDuring(async () => {
    const { caller, callee } = sessionPair({ handlers: { ...throwing(make), echo: (value) => value } });
    for (const method of ['sync', 'async']) {
      await expect(caller.call(method)).rejects.toMatchObject({ code: 'ERR_RPC_REMOTE' });
    }
    for (const method of ['stream', 'generator']) {
      await expect(collect(caller.stream(method))).rejects.toMatchObject({ code: 'ERR_RPC_REMOTE' });
    }
    // No slot is lost on the way: as many again as may run at once.
    const many = Array.from({ length: 65 }, () => caller.call('async').catch(() => 'failed'));
    expect(new Set(await Promise.all(many))).toEqual(new Set(['failed']));
    expect(await caller.call('echo', 'alive')).toBe('alive');
    await callee.close();
  });
  expect(unhandled).toEqual([]);
});

const RESULTS: Record<string, () => unknown> = {
  'a throwing then': () => withThrowing('then'),
  'a then that throws when called': () => withMethod('then', boom),
  'a then that answers a proxy': () => withMethod('then', (resolve: (value: unknown) => void) => resolve(spiteful())),
  'a throwing toJSON': () => ({ toJSON: boom }),
  'a throwing getter': () => Object.defineProperty({}, 'a', { get: boom, enumerable: true }),
  'a throwing getter deep inside': () => [{ a: [Object.defineProperty({}, 'b', { get: boom, enumerable: true })] }],
  'a proxy that throws at everything': spiteful,
  'an iterator method that throws': () => ({ [Symbol.asyncIterator]: boom }),
  'an iterator method that gives null': () => ({ [Symbol.asyncIterator]: () => null }),
  'an iterator without next': () => ({ [Symbol.asyncIterator]: () => ({}) }),
  'an iterator whose next throws': () => ({ [Symbol.asyncIterator]: () => ({ next: boom }) }),
  'an iterator whose next gives null': () => ({ [Symbol.asyncIterator]: () => ({ next: () => null }) }),
  'an iterator whose step throws': () => ({ [Symbol.asyncIterator]: () => ({ next: () => withThrowing('done') }) }),
  'an iterator whose item throws': () => ({ [Symbol.asyncIterator]: () => ({ next: () => withThrowing('value') }) }),
  'an iterator whose return throws': () => ({
    [Symbol.asyncIterator]: () => ({ next: boom, return: boom }),
  }),
  'an iterator whose return is none': () => ({ [Symbol.asyncIterator]: () => ({ next: boom, return: 1 }) }),
  'a cycle': () => {
    const cycle: { self?: unknown } = {};
    cycle.self = cycle;
    return cycle;
  },
  'depth of 20,000': () => {
    let deep: unknown = 0;
    for (let depth = 0; depth < 20_000; depth++) deep = [deep];
    return deep;
  },
  'a BigInt': () => 1n,
};

test.each(Object.entries(RESULTS))('S1: a handler returns %s', async (_, make) => {
  const unhandled = await unhandledDuring(async () => {
    const { caller, callee } = sessionPair({
      limits: { maxRunningHandlers: 1 },
      handlers: {
        sync: make,
        async: async () => make(),
        async *item() {
          yield make();
        },
        echo: (value) => value,
      },
    });
    for (const method of ['sync', 'async']) {
      await expect(caller.call(method)).rejects.toBeInstanceOf(RpcError);
      await expect(collect(caller.stream(method))).rejects.toBeInstanceOf(RpcError);
    }
    // As an item some of these are an empty object; what matters is that the stream ends.
    await collect(caller.stream('item')).catch((error) => expect(error).toBeInstanceOf(RpcError));
    expect(await caller.call('echo', 'alive')).toBe('alive');
    await callee.close();
  });
  expect(unhandled).toEqual([]);
});

test('S1: a handler returns something hostile while others wait in line for its slot', async () => {
  const { caller } = sessionPair({
    limits: { maxRunningHandlers: 1 },
    handlers: { first: () => new Promise((resolve) => setImmediate(resolve, 1)), hostile: () => withThrowing('then') },
  });
  const calls = [caller.call('first'), caller.call('hostile'), caller.call('hostile'), caller.call('first')];
  expect((await Promise.allSettled(calls)).map(({ status }) => status)).toEqual([
    'fulfilled',
    'rejected',
    'rejected',
    'fulfilled',
  ]);
});

test.each([
  ['throws', boom],
  [
    'throws null',
    () => {
      throw null;
    },
  ],
  ['rejects', () => Promise.reject(new Error('later')) as never],
  ['returns a throwing then', () => withThrowing('then') as never],
])('S1: onFault %s', async (_, onFault) => {
  const unhandled = await unhandledDuring(async () => {
    const { caller } = sessionPair({
      onFault,
      handlers: { ...throwing(() => new Error('x')), echo: (value) => value },
    });
    for (const method of ['sync', 'async']) await expect(caller.call(method)).rejects.toBeInstanceOf(RpcError);
    await expect(collect(caller.stream('stream'))).rejects.toBeInstanceOf(RpcError);
    expect(await caller.call('echo', 'alive')).toBe('alive');
  });
  expect(unhandled).toEqual([]);
});

test.each([
  ['throws a hostile proxy', () => Promise.reject(spiteful())],
  ['throws at once', boom],
  ['answers a throwing then', () => withThrowing('then') as never],
])('S1: the authorisation hook %s', async (_, authorize) => {
  const unhandled = await unhandledDuring(async () => {
    const { caller } = sessionPair({ authorize, handlers: { echo: (value) => value } });
    await expect(caller.call('echo')).rejects.toBeInstanceOf(RpcError);
    await expect(collect(caller.stream('echo'))).rejects.toBeInstanceOf(RpcError);
  });
  expect(unhandled).toEqual([]);
});

test('S1, F4: an unknown method of 60,000 characters is answered without repeating it', async () => {
  const unhandled = await unhandledDuring(async () => {
    const { session, peer } = sessionAgainst('responder');
    peer.req(1, 'x'.repeat(60_000));
    peer.req(3, '"'.repeat(30_000));
    peer.req(5, '\u2028'.repeat(20_000), { credits: 1 });
    const frames = await peer.until(4);
    expect(frames.map(({ type }) => type)).toEqual(['error', 'error', 'error', 'stream_end']);
    for (const frame of frames) expect(JSON.stringify(frame).length).toBeLessThan(200);
    await session.close();
  });
  expect(unhandled).toEqual([]);
});

test('S1: an error text of 511, 512 and 513 bytes', async () => {
  const { caller } = sessionPair({
    handlers: {
      long: (bytes: number) => {
        throw rpcError(-32050, 'x'.repeat(bytes));
      },
      // Twelve bytes on the wire for each: still one frame.
      escaped: () => {
        throw rpcError(-32050, '\u0001'.repeat(100_000));
      },
      lone: () => {
        throw rpcError(-32050, '\ud800');
      },
    },
  });
  const textOf = async (method: string, params?: unknown) =>
    ((await caller.call(method, params).catch((error: unknown) => error)) as Error).message;
  expect((await textOf('long', 511)).length).toBe(511);
  expect((await textOf('long', 512)).length).toBe(512);
  expect((await textOf('long', 513)).length).toBe(512);
  expect((await textOf('escaped')).length).toBe(512);
  expect(await textOf('lone')).toBe('\ufffd');
});

test('S1, F5: a generator that throws after cancel troubles nobody', async () => {
  const unhandled = await unhandledDuring(async () => {
    const { caller } = sessionPair({
      handlers: {
        async *spoilsport() {
          try {
            for (;;) yield 1;
          } finally {
            // biome-ignore lint/correctness/noUnsafeFinally: that is the point.
            throw new Error('in finally');
          }
        },
        echo: (value) => value,
      },
    });
    for await (const _ of caller.stream('spoilsport')) break;
    await settle();
    expect(await caller.call('echo', 'alive')).toBe('alive');
  });
  expect(unhandled).toEqual([]);
});

test('S1: a handler that fails after its session has ended troubles nobody', async () => {
  const unhandled = await unhandledDuring(async () => {
    const { caller, callee } = sessionPair({
      handlers: {
        late: (_, { signal }) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(spiteful()))),
        async *later(_, { signal }) {
          yield 1;
          await new Promise((_, reject) => signal.addEventListener('abort', () => reject(spiteful())));
        },
      },
    });
    const call = expect(caller.call('late')).rejects.toMatchObject({ code: 'ERR_CHANNEL_CLOSED' });
    const items = caller.stream('later');
    await items.next();
    const step = expect(items.next()).rejects.toMatchObject({ code: 'ERR_CHANNEL_CLOSED' });
    await settle();
    await callee.close();
    await Promise.all([call, step]);
  });
  expect(unhandled).toEqual([]);
});
