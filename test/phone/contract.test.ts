// Contracts, with valibot and with a schema made by hand: checked at both ends, and trusting neither.

import * as v from 'valibot';
import { describe, expect, test, vi } from 'vitest';
import { type Contract, defineContract, type MethodSpecs, type Schema } from '../../src/phone/contract.js';
import type { Handlers } from '../../src/phone/handlers.js';
import { sessionAgainst, sessionPair, settle } from '../support/frame-peer.js';
import { allTextOf } from '../support/text-of.js';

const SECRET = 'zqzqzqzqzqzqzqzqzqzqzq';

/** A Standard Schema made by hand: a number, given as text, that is even; asynchronous on request. */
function even(later = false): Schema<string, number> {
  const validate = (value: unknown) => {
    if (typeof value !== 'string') return { issues: [{ message: `no text but ${value}` }] };
    const number = Number(value);
    if (number % 2 !== 0) return { issues: [{ message: `odd: ${value}`, path: ['half', { key: 0 }] }] };
    return { value: number };
  };
  return {
    '~standard': {
      version: 1,
      vendor: 'by hand',
      validate: (value) => (later ? settle(1).then(() => validate(value)) : validate(value)),
    },
  };
}

const library = defineContract({
  find: {
    params: v.object({ title: v.pipe(v.string(), v.maxLength(80)), page: v.optional(v.number(), 1) }),
    result: v.object({ titles: v.array(v.string()), page: v.number() }),
  },
  read: { params: v.object({ id: v.number() }), item: v.object({ page: v.number() }) },
  halve: { params: even(), result: even(true) },
  halves: { params: even(true), item: even() },
  ping: {},
});

/** A caller with the contract, and a callee with these handlers: the contract's own, unless they are raw. */
function between<Specs extends MethodSpecs>(contract: Contract<Specs>, handlers: Handlers) {
  const onFault = vi.fn();
  const pair = sessionPair({ handlers, onFault });
  return { ...pair, onFault, client: pair.caller.use(contract) };
}

const served = library.handlers({
  find: ({ title, page }) => ({ titles: [title], page }),
  async *read({ id }) {
    for (let page = 1; page <= id; page++) yield { page };
  },
  halve: (number) => String(number / 2),
  *halves(number) {
    for (let half = number; half >= 2; half /= 2) yield String(half);
  },
  ping: () => 'pong',
});

async function collect<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
}

describe('what fits', () => {
  test('calls and streams pass, with what the schemas make of them', async () => {
    const { client } = between(library, served);
    // The handler's side fills in the default; the caller sees the result as its own schema reads it.
    expect(await client.find({ title: 'Blue' })).toEqual({ titles: ['Blue'], page: 1 });
    expect(await client.find({ title: 'Blue', page: 7 })).toEqual({ titles: ['Blue'], page: 7 });
    expect(await collect(client.read({ id: 3 }))).toEqual([{ page: 1 }, { page: 2 }, { page: 3 }]);
    expect(await client.halve('8')).toBe(4);
    expect(await collect(client.halves('8'))).toEqual([8, 4, 2]);
    expect(await client.ping()).toBe('pong');
  });

  test('what is sent is what was written, not what a schema made of it', async () => {
    const { session, peer } = sessionAgainst('initiator');
    const call = session.use(library).halve('8');
    expect(await peer.until(1)).toMatchObject([{ method: 'halve', params: '8' }]);
    peer.send({ type: 'res', stream_id: 1, seq: 0, result: '4' });
    expect(await call).toBe(4);
    await session.close();
  });

  test('a signal and credits reach the session', async () => {
    const { session, peer } = sessionAgainst('initiator');
    const client = session.use(library);
    const controller = new AbortController();
    const call = client.find({ title: 'Blue' }, { signal: controller.signal });
    const items = client.read({ id: 1 }, { signal: controller.signal, credits: 3 });
    const step = items.next();
    expect((await peer.until(2))[1]).toMatchObject({ method: 'read', credits: 3 });
    controller.abort('enough');
    await expect(call).rejects.toBe('enough');
    await expect(step).rejects.toBe('enough');
    await session.close();
  });

  test('leaving a typed stream early cancels it at the peer', async () => {
    const done = vi.fn();
    const { client } = between(
      library,
      library.handlers({
        ...(served as never as Parameters<typeof library.handlers>[0]),
        async *read() {
          try {
            for (let page = 1; ; page++) yield { page };
          } finally {
            done();
          }
        },
      }),
    );
    for await (const { page } of client.read({ id: 1 })) if (page === 20) break;
    await settle();
    expect(done).toHaveBeenCalledTimes(1);
  });

  test('a typed stream nobody iterates sends nothing', async () => {
    const { session, peer } = sessionAgainst('initiator');
    session.use(library).read({ id: 1 });
    await settle();
    expect(peer.frames).toEqual([]);
    await session.close();
  });
});

describe("the caller's own mistakes", () => {
  test.each([
    ['nothing', undefined],
    ['another kind', SECRET],
    ['a member of another kind', { title: 1 }],
    ['a member too long', { title: SECRET.repeat(10) }],
    ['a member missing', { page: 1 }],
  ])('params with %s are a TypeError, and nothing is sent', async (_, params) => {
    const { session, peer } = sessionAgainst('initiator');
    const client = session.use(library);
    const error = await client.find(params as never).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(TypeError);
    expect(allTextOf(error)).not.toContain('zqz');
    await expect(client.read(params as never).next()).rejects.toBeInstanceOf(TypeError);
    await settle();
    expect(peer.frames).toEqual([]);
    await session.close();
  });

  test('wrong credits are a RangeError, and nothing is sent', async () => {
    const { session, peer } = sessionAgainst('initiator');
    await expect(session.use(library).read({ id: 1 }, { credits: 0 }).next()).rejects.toBeInstanceOf(RangeError);
    expect(peer.frames).toEqual([]);
    await session.close();
  });

  test.each([
    ['a result and an item', { m: { result: v.string(), item: v.string() } }],
    ['params that are no schema', { m: { params: {} } }],
    ['a result that is no schema', { m: { result: () => true } }],
    ['an item that is no schema', { m: { item: { '~standard': {} } } }],
    ['params that are null', { m: { params: null } }],
  ])('a contract with %s is a TypeError', (_, methods) => {
    expect(() => defineContract(methods as never)).toThrow(TypeError);
  });

  test.each([
    ['missing', {}],
    ['no function', { toString: 'text' }],
    ['only inherited', Object.create({ toString: () => 'inherited' })],
  ])('a handler that is %s is a TypeError, also under the name of a method every object has', (_, handlers) => {
    const contract = defineContract({ toString: {} });
    expect(() => contract.handlers(handlers as never)).toThrow(TypeError);
  });
});

describe("the peer's params", () => {
  test.each([
    ['another kind', SECRET, '$'],
    ['a member of another kind', { title: 1, page: SECRET }, '$.title'],
    ['a member missing', { page: 1 }, '$.title'],
    ['a member too long', { title: SECRET.repeat(10) }, '$.title'],
    ['none', undefined, '$'],
  ])('%s: -32602 names the place and repeats nothing, the handler does not run', async (_, params, place) => {
    const find = vi.fn();
    const handlers = library.handlers({ ...(served as never as Parameters<typeof library.handlers>[0]), find });
    const { caller, onFault } = between(library, handlers);
    const error = await caller.call('find', params).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'ERR_RPC_INVALID_PARAMS', wireCode: -32602 });
    expect((error as Error).message.endsWith(` ${place}`)).toBe(true);
    expect((error as Error).message).not.toContain('zqz');
    expect(find).not.toHaveBeenCalled();
    expect(onFault).not.toHaveBeenCalled();
  });

  test('a stream is refused the same way', async () => {
    const { caller } = between(library, served);
    const error = await collect(caller.stream('read', { id: SECRET })).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'ERR_RPC_INVALID_PARAMS' });
    expect((error as Error).message).not.toContain('zqz');
  });

  test("names that may be the peer's own are not repeated, and a place never fills the frame", async () => {
    const contract = defineContract({
      put: {
        params: v.record(
          v.string(),
          v.lazy(() => v.record(v.string(), v.number())),
        ),
      },
    });
    const { caller } = between(contract, contract.handlers({ put: () => 1 }));
    for (const key of [`${SECRET} `, 'a\n[info] all is well', '<script>', 'x'.repeat(33), '\u202e', '']) {
      const error = (await caller.call('put', { [key]: { [key]: 'no' } }).catch((reason: unknown) => reason)) as Error;
      expect(error).toMatchObject({ code: 'ERR_RPC_INVALID_PARAMS' });
      expect(error.message.endsWith(' $.*.*')).toBe(true);
    }
    const deep: Schema = {
      '~standard': {
        version: 1,
        vendor: 'by hand',
        validate: () => ({ issues: [{ message: '', path: Array(10_000).fill('a') }] }),
      },
    };
    const pit = defineContract({ put: { params: deep } });
    const error = (await between(pit, pit.handlers({ put: () => 1 }))
      .caller.call('put')
      .catch((reason: unknown) => reason)) as Error;
    expect(error.message.length).toBeLessThan(100);
  });

  test('a place through symbols and arrays is still a place', async () => {
    const odd: Schema = {
      '~standard': {
        version: 1,
        vendor: 'by hand',
        validate: () => ({
          issues: [{ message: SECRET, path: [{ key: Symbol('s') }, 3, 'name'] }, { message: SECRET }],
        }),
      },
    };
    const contract = defineContract({ put: { params: odd } });
    const error = (await between(contract, contract.handlers({ put: () => 1 }))
      .caller.call('put')
      .catch((reason: unknown) => reason)) as Error;
    expect(error.message.endsWith(' $.*.3.name')).toBe(true);
  });

  test('prototype members arrive cleaned by the schema, into a fresh object', async () => {
    const seen: object[] = [];
    const contract = defineContract({ put: { params: v.object({ a: v.number() }) } });
    const { session, peer } = sessionAgainst('responder', {
      handlers: contract.handlers({
        put: (params) => {
          seen.push(params);
          return Object.keys(params);
        },
      }),
    });
    peer.send('{"method":"put","params":{"__proto__":{"isAdmin":true},"a":1},"seq":0,"stream_id":1,"type":"req"}');
    expect(await peer.until(1)).toMatchObject([{ result: ['a'] }]);
    expect((seen[0] as { isAdmin?: boolean }).isAdmin).toBeUndefined();
    await session.close();
  });
});

describe('answers that do not fit', () => {
  test('a handler that breaks its own contract is a fault at home, and the peer learns nothing of it', async () => {
    const { client, onFault } = between(
      library,
      library.handlers({
        ...(served as never as Parameters<typeof library.handlers>[0]),
        find: () => ({ titles: SECRET }) as never,
        async *read() {
          yield { page: 1 };
          yield { page: SECRET } as never;
        },
        halve: () => '3',
      }),
    );
    for (const failing of [
      () => client.find({ title: 'x' }),
      () => collect(client.read({ id: 1 })),
      () => client.halve('8'),
    ]) {
      const error = await failing().catch((reason: unknown) => reason);
      expect(error).toMatchObject({ code: 'ERR_RPC_REMOTE', wireCode: -32000 });
      expect((error as Error).message).not.toContain('zqz');
    }
    expect(onFault).toHaveBeenCalledTimes(3);
    for (const [fault] of onFault.mock.calls) {
      expect(fault).toBeInstanceOf(TypeError);
      expect(allTextOf(fault)).not.toContain('zqz');
    }
  });

  test("a peer that breaks the contract is told apart from one that says no, and its content isn't repeated", async () => {
    const { client } = between(library, {
      find: () => ({ titles: [SECRET, 5], page: 1 }),
      async *read() {
        yield { page: 1 };
        yield { page: SECRET };
      },
      halve: () => SECRET,
      *halves() {
        yield '3';
      },
    });
    const seen: unknown[] = [];
    const reading = async () => {
      for await (const item of client.read({ id: 1 })) seen.push(item);
    };
    for (const failing of [
      () => client.find({ title: 'x' }),
      reading,
      () => client.halve('8'),
      () => collect(client.halves('8')),
    ]) {
      const error = await failing().catch((reason: unknown) => reason);
      expect(error).toMatchObject({ code: 'ERR_RPC_INVALID_RESULT' });
      expect(allTextOf(error)).not.toContain('zqz');
    }
    expect(seen).toEqual([{ page: 1 }]);
  });

  test('an item that does not fit ends the stream at the peer too', async () => {
    const done = vi.fn();
    const { client } = between(library, {
      async *read() {
        try {
          for (;;) yield { page: 'no number' };
        } finally {
          done();
        }
      },
    });
    await expect(collect(client.read({ id: 1 }))).rejects.toMatchObject({ code: 'ERR_RPC_INVALID_RESULT' });
    await settle();
    expect(done).toHaveBeenCalledTimes(1);
  });

  test('a method of the other kind: a stream where a result was due, and the other way round', async () => {
    const { client } = between(library, { find: served.read, read: served.find } as Handlers);
    await expect(client.find({ title: 'x' })).rejects.toMatchObject({ code: 'ERR_RPC_INVALID_PARAMS' });
    const swapped = between(library, {
      async *find() {
        yield 1;
      },
      read: () => ({ page: 1 }),
    });
    await expect(swapped.client.find({ title: 'x' })).rejects.toMatchObject({ wireCode: -32600 });
    await expect(collect(swapped.client.read({ id: 1 }))).rejects.toMatchObject({ wireCode: -32600 });
  });

  test.each([
    [
      'throws',
      () => {
        throw new Error(SECRET);
      },
    ],
    ['rejects', () => Promise.reject(new Error(SECRET))],
    ['returns nonsense', () => undefined as never],
  ])('a schema that %s is a fault of the side that runs it', async (_, validate) => {
    const schema: Schema = { '~standard': { version: 1, vendor: 'by hand', validate } };
    const contract = defineContract({ put: { params: schema } });
    const { caller, onFault } = between(contract, contract.handlers({ put: () => 1 }));
    const error = (await caller.call('put', 1).catch((reason: unknown) => reason)) as Error;
    expect(error).toMatchObject({ code: 'ERR_RPC_REMOTE', wireCode: -32000 });
    expect(error.message).not.toContain('zqz');
    expect(onFault).toHaveBeenCalledTimes(1);
  });
});
