// Callers that want more than their share: of tasks, places, memory, traffic, and of what goes out in their name.

import { describe, expect, it } from 'vitest';
import type { Executor } from '../../../src/a2a/server/index.js';
import { memoryTaskStore } from '../../../src/a2a/server/memory-task-store.js';
import { memoryPushConfigStore, storedPushConfigStore } from '../../../src/a2a/server/push-config-store.js';
import type { Store } from '../../../src/storage/contract.js';
import { memoryStore } from '../../../src/storage/memory.js';
import { fakeClock } from '../../../src/testing/fake-clock.js';
import { gate, HEADERS, type Json, message, ORIGIN, rpc, rpcStream, serverOf, turn } from './support.js';

const authenticate = ({ request }: { request: Request }) => ({ id: request.headers.get('X-User') ?? '' });
const as = (user: string) => ({ headers: { 'X-User': user } });
const configuration = { returnImmediately: true };

const untilAborted: Executor = async function* ({ working, signal }) {
  yield working();
  await new Promise((resolve) => signal.addEventListener('abort', resolve));
};

describe('a caller with a thousand tenants', () => {
  it('takes no more places than with one, so that others find theirs', async () => {
    const limits = { maxRunningTasks: 4, maxRunningPerOwner: 2 };
    const server = serverOf({ authenticate, limits, executor: untilAborted });
    const start = (user: string, tenant: string) =>
      rpcStream(server, 'SendMessage', { tenant, message: message('x'), configuration }, as(user));
    const statuses: number[] = [];
    for (const tenant of ['', 'a', 'b', 'c']) statuses.push((await start('mallory', tenant)).status);
    expect(statuses).toEqual([200, 200, 429, 429]);
    expect((await start('alice', '')).status).toBe(200);
    await server.close();
  });

  it('keeps no more tasks than with one, and sees each only where it was sent', async () => {
    const server = serverOf({ limits: { maxTasksPerOwner: 3 } });
    const ids: string[] = [];
    for (let i = 0; i < 10; i++) {
      const { task } = await rpc(server, 'SendMessage', { tenant: `t${i}`, message: message('hi') });
      ids.push(task.id);
      await turn();
    }
    const sizes: number[] = [];
    for (let i = 0; i < 10; i++) sizes.push((await rpc(server, 'ListTasks', { tenant: `t${i}` })).totalSize);
    expect(sizes).toEqual([0, 0, 0, 0, 0, 0, 0, 1, 1, 1]);
    for (const tenant of ['t8', '', 'T9', '__proto__']) {
      for (const method of ['GetTask', 'CancelTask', 'SubscribeToTask']) {
        expect((await rpc(server, method, { tenant, id: ids[9] })).code).toBe(-32001);
      }
      const again = message('hi', { taskId: ids[9] });
      expect((await rpc(server, 'SendMessage', { tenant, message: again })).code).toBe(-32001);
    }
    expect(await rpc(server, 'GetTask', { tenant: 't9', id: ids[9] })).toHaveProperty('id');
  });
});

describe('a caller that feeds one task after another', () => {
  it('does not grow beyond its bytes by going on with tasks instead of starting some', async () => {
    const tasks = memoryTaskStore();
    const server = serverOf({ tasks, limits: { maxBytesPerOwner: 10_000 } });
    const parts = [{ text: 'ask' }, { text: 'x'.repeat(3_000) }];
    const feed = (taskId: string) => rpc(server, 'SendMessage', { message: { ...message('ask', { taskId }), parts } });
    const kept = async () => (await tasks.heads('')).reduce((sum, { bytes }) => sum + bytes, 0);
    let last = '';
    for (let i = 0; i < 3; i++) {
      last = (await rpc(server, 'SendMessage', { message: message('ask') })).task.id;
      await turn();
      expect(await feed(last)).toHaveProperty('task');
      await turn();
      expect(await kept()).toBeLessThan(11_000);
    }
    expect(await tasks.heads('')).toHaveLength(2);
    // Alone with its bytes it makes room for nothing any more, and waits as before.
    expect(await feed(last)).toHaveProperty('task');
    await turn();
    expect((await feed(last)).data[0].reason).toBe('RATE_LIMITED');
    expect((await rpc(server, 'GetTask', { id: last })).status.state).toBe('TASK_STATE_INPUT_REQUIRED');
    expect(await kept()).toBeLessThan(11_000);
  });
});

describe('a caller whose request has a giant id', () => {
  const ask = (id: unknown) =>
    serverOf().fetch(
      new Request(`${ORIGIN}/rpc`, {
        method: 'POST',
        headers: HEADERS,
        body: `{"jsonrpc":"2.0","id":${id},"method":"GetTask","params":{"id":"x"}}`,
      }),
    );

  it.each([1_023, 1_024, 1_025])('has it repeated in every event up to 1,024 letters only: %i', async (length) => {
    const id = 'i'.repeat(length);
    const body = (await (await ask(JSON.stringify(id))).json()) as Json;
    expect([body.id, body.error.code]).toEqual(length > 1_024 ? [null, -32600] : [id, -32001]);
  });

  it('or one that is no number any more, is told so', async () => {
    expect(await (await ask('1e400')).json()).toMatchObject({ id: null, error: { code: -32600 } });
  });
});

describe('a caller whose receiver never answers', () => {
  /** An agent whose notifications are never taken. */
  function tarpit(limits: object) {
    const told: Json[] = [];
    let posts = 0;
    const server = serverOf({
      limits,
      clock: fakeClock(),
      onError: (error) => told.push(error),
      push: {
        store: memoryPushConfigStore(),
        fetch: () => {
          posts++;
          return new Promise<Response>(() => {});
        },
      },
    });
    return { server, told, posts: () => posts };
  }
  const wanted = { taskPushNotificationConfig: { url: 'https://hooks.example/' } };

  it('has no more bytes wait for it than one who reads too slowly', async () => {
    const { server, told } = tarpit({ maxQueuedBytes: 50_000 });
    const parts = [{ text: 'ask' }, { text: 'x'.repeat(20_000) }];
    const first = { ...message('ask'), parts };
    const { task } = await rpc(server, 'SendMessage', { message: first, configuration: wanted });
    for (let i = 0; i < 10; i++) {
      await rpc(server, 'SendMessage', { message: message('ask', { taskId: task.id }) });
      await turn();
    }
    expect(told.length).toBeGreaterThan(5);
    for (const { limit } of told) expect(limit).toBe('maxQueuedBytes');
  });

  it('has no more requests open than it may have tasks, however many it starts', async () => {
    const { server, told, posts } = tarpit({ maxTasksPerOwner: 3 });
    for (let i = 0; i < 20; i++) {
      await rpc(server, 'SendMessage', { message: message('hi'), configuration: wanted });
      await turn();
    }
    expect(posts()).toBe(3);
    expect(new Set(told.map(({ limit }) => limit))).toEqual(new Set(['maxTasksPerOwner']));
  });

  it('has no more bytes wait over all its tasks than it may keep', async () => {
    const { server, told } = tarpit({ maxBytesPerOwner: 30_000 });
    const parts = [{ text: 'ask' }, { text: 'x'.repeat(4_000) }];
    for (let i = 0; i < 5; i++) {
      const first = { ...message('ask'), parts };
      const { task } = await rpc(server, 'SendMessage', { message: first, configuration: wanted });
      await turn();
      for (let turns = 0; turns < 3; turns++) {
        await rpc(server, 'SendMessage', { message: message('ask', { taskId: task.id }) });
        await turn();
      }
    }
    expect(told.some(({ limit }) => limit === 'maxBytesPerOwner')).toBe(true);
  });
});

it('a store full of other records is not gone through with each event that might be pushed', async () => {
  const inner = memoryStore();
  let listings = 0;
  const store: Store = {
    ...inner,
    keys() {
      listings++;
      return inner.keys();
    },
  };
  const { promise, open } = gate();
  const server = serverOf({
    push: { store: storedPushConfigStore(store) },
    async *executor({ artifact }) {
      for (let i = 0; i < 50; i++) yield artifact('x', { artifactId: 'a' });
    },
  });
  await rpc(
    server,
    'SendMessage',
    { message: message('x') },
    { context: { waitUntil: (work: Json) => work.then(open) } },
  );
  await promise;
  expect(listings).toBe(0);
});

it('two configurations that are kept, or let go of, at once do not undo one another', async () => {
  const store = storedPushConfigStore(memoryStore());
  const config = (id: string) => ({ id, taskId: 't', url: 'https://hooks.example/' });
  await Promise.all(['a', 'b', 'c'].map((id) => store.put('o', config(id))));
  await Promise.all([store.delete('o', 't', 'a'), store.put('o', config('d')), store.delete('o', 't', 'x')]);
  expect((await store.list('o', 't')).map(({ id }) => id)).toEqual(['b', 'c', 'd']);
});
