// Each limit one below, at, and one above.

import { describe, expect, it } from 'vitest';
import { type A2aServerLimits, type Executor, memoryPushConfigStore } from '../../../src/a2a/server/index.js';
import { DEFAULT_A2A_SERVER_LIMITS, resolveServerLimits } from '../../../src/a2a/server/limits.js';
import { memoryTaskStore } from '../../../src/a2a/server/memory-task-store.js';
import {
  eventsOf,
  gate,
  HEADERS,
  type Json,
  message,
  ORIGIN,
  rest,
  rpc,
  rpcStream,
  serverOf,
  turn,
} from './support.js';

/** An agent whose tasks stay at work until they are let go. */
function holding() {
  const { promise, open } = gate();
  const executor: Executor = async function* ({ working }) {
    yield working();
    await promise;
  };
  return { executor, open };
}

const start = (server: Json, asked: Json = {}, extra: object = {}) =>
  rpc(server, 'SendMessage', { message: message('x', extra), configuration: { returnImmediately: true } }, asked);

const OWNER = '';

describe('limits', () => {
  it.each([-1, 0, 1])('maxBodyBytes %i', async (excess) => {
    const empty = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'ListTasks', params: { contextId: '' } });
    const maxBodyBytes = 200;
    const server = serverOf({ limits: { maxBodyBytes } });
    const body = empty.replace('""', `"${'x'.repeat(maxBodyBytes + excess - empty.length)}"`);
    expect(body).toHaveLength(maxBodyBytes + excess);
    for (const streamed of [false, true]) {
      const bytes = new TextEncoder().encode(body);
      const stream = new ReadableStream({
        start(controller) {
          for (const byte of bytes) controller.enqueue(Uint8Array.of(byte));
          controller.close();
        },
      });
      const request = new Request(`${ORIGIN}/rpc`, {
        method: 'POST',
        headers: { ...HEADERS, ...(!streamed && { 'Content-Length': String(bytes.length) }) },
        body: streamed ? stream : body,
        duplex: 'half',
      } as RequestInit);
      const response = await serverOf({ limits: { maxBodyBytes } }).fetch(request);
      expect(response.status).toBe(excess > 0 ? 413 : 200);
      if (excess > 0) expect(((await response.json()) as Json).error.data[0].reason).toBe('REQUEST_TOO_LARGE');
    }
    await server.close();
  });

  it.each([-1, 0, 1])('maxJsonDepth %i', async (excess) => {
    const server = serverOf({ limits: { maxJsonDepth: 10 } });
    // The envelope, its params and the metadata are three levels.
    const nested = JSON.parse('['.repeat(7 + excess) + ']'.repeat(7 + excess));
    const answer = await rpc(server, 'SendMessage', { message: message('hi'), metadata: { nested } });
    expect(answer.code).toBe(excess > 0 ? -32700 : undefined);
  });

  it.each([-1, 0, 1])('maxParts %i', async (excess) => {
    const server = serverOf({ limits: { maxParts: 3 } });
    const parts = Array.from({ length: 3 + excess }, () => ({ text: 'hi' }));
    const answer = await rpc(server, 'SendMessage', { message: { ...message(''), parts } });
    expect(answer.code).toBe(excess > 0 ? -32602 : undefined);
  });

  it.each([-1, 0, 1])('maxTasksPerOwner %i: the oldest that is finished makes room', async (excess) => {
    let at = 0;
    const server = serverOf({ limits: { maxTasksPerOwner: 4 }, now: () => at++ });
    const { task: waiting } = await rpc(server, 'SendMessage', { message: message('ask') });
    const ids: string[] = [waiting.id];
    for (let i = 1; i < 4 + excess; i++) {
      const { task } = await rpc(server, 'SendMessage', { message: message('hi') });
      ids.push(task.id);
      await turn();
    }
    const { tasks, totalSize } = await rpc(server, 'ListTasks', {});
    const gone = excess > 0 ? ids.splice(1, 1) : [];
    expect(tasks.map(({ id }: Json) => id).sort()).toEqual([...ids].sort());
    expect(totalSize).toBe(ids.length);
    for (const id of gone) expect((await rpc(server, 'GetTask', { id })).code).toBe(-32001);
  });

  it.each([-1, 0, 1])('maxBytesPerOwner %i: the oldest make room, and nothing is deleted in vain', async (excess) => {
    const tasks = memoryTaskStore();
    const put = (id: string, bytes: number, ms: number) => {
      const status = { state: 'TASK_STATE_COMPLETED', timestamp: new Date(ms).toISOString() };
      return tasks.put({ owner: OWNER, task: { id, contextId: 'c', status }, events: 1, bytes });
    };
    const words = message('hi', { contextId: 'c' });
    // As the server measures it: with ids filled in.
    const id = '0'.repeat(36);
    const own = JSON.stringify({ message: { ...words, taskId: id } }).length;
    await put('old', 400, 1);
    await put('young', 600 + excess, 2);
    const server = serverOf({ tasks, limits: { maxBytesPerOwner: 1_000 + own } });
    expect(await rpc(server, 'SendMessage', { message: words })).toHaveProperty('task');
    expect('id' in (await rpc(server, 'GetTask', { id: 'old' }))).toBe(excess <= 0);
    expect(await rpc(server, 'GetTask', { id: 'young' })).toHaveProperty('id');
    const small = serverOf({ tasks, limits: { maxBytesPerOwner: own + excess } });
    const answer = await rpc(small, 'SendMessage', { message: words });
    if (excess >= 0) expect(answer).toHaveProperty('task');
    else {
      expect(answer.data[0].reason).toBe('RATE_LIMITED');
      expect(await rpc(small, 'GetTask', { id: 'young' })).toHaveProperty('id');
    }
  });

  it.each([-1, 0, 1])('maxPageBytes %i: a page ends early, and has always one task', async (excess) => {
    const tasks = memoryTaskStore();
    for (const [n, bytes] of [500, 500 + excess, 5_000, 1].entries()) {
      const status = { state: 'TASK_STATE_COMPLETED', timestamp: new Date(10 - n).toISOString() };
      await tasks.put({ owner: OWNER, task: { id: `t${n}`, contextId: 'c', status }, events: 1, bytes });
    }
    const server = serverOf({ tasks, limits: { maxPageBytes: 1_000 } });
    const pages: string[][] = [];
    for (let pageToken = ''; ; ) {
      const page = await rpc(server, 'ListTasks', { pageToken });
      pages.push(page.tasks.map(({ id }: Json) => id));
      expect(page.totalSize).toBe(4);
      pageToken = page.nextPageToken;
      if (pageToken === '') break;
    }
    expect(pages).toEqual(excess > 0 ? [['t0'], ['t1'], ['t2'], ['t3']] : [['t0', 't1'], ['t2'], ['t3']]);
  });

  it('maxTasksPerOwner: a task that waits goes when none is finished, one at work never', async () => {
    const { executor, open } = holding();
    const server = serverOf({
      limits: { maxTasksPerOwner: 2 },
      executor: (context) => (context.message.parts[0]?.text === 'ask' ? context.inputRequired() : executor(context)),
    });
    const { task: waiting } = await rpc(server, 'SendMessage', { message: message('ask') });
    await turn();
    for (let i = 0; i < 2; i++) await start(server);
    expect((await rpc(server, 'GetTask', { id: waiting.id })).code).toBe(-32001);
    expect((await start(server)).data[0].reason).toBe('RATE_LIMITED');
    expect((await rpc(server, 'ListTasks', {})).totalSize).toBe(2);
    open();
    await turn();
    expect(await start(server)).toHaveProperty('task');
  });

  it('maxTasksPerOwner holds against many messages at once', async () => {
    const server = serverOf({ limits: { maxTasksPerOwner: 5 } });
    await Promise.all(Array.from({ length: 20 }, () => rpc(server, 'SendMessage', { message: message('hi') })));
    expect((await rpc(server, 'ListTasks', {})).totalSize).toBe(5);
  });

  it('maxTasksPerOwner is each owner’s own, and configurations go with their task', async () => {
    const tasks = memoryTaskStore();
    const store = memoryPushConfigStore();
    const authenticate = ({ request }: { request: Request }) => ({ id: request.headers.get('X-User') ?? '' });
    const server = serverOf({ tasks, authenticate, push: { store }, limits: { maxTasksPerOwner: 1 } });
    const [anna, ben] = [{ headers: { 'X-User': 'anna' } }, { headers: { 'X-User': 'ben' } }];
    const { task } = await rpc(server, 'SendMessage', { message: message('ask') }, anna);
    const config = { taskId: task.id, url: 'https://hooks.example/' };
    await rpc(server, 'CreateTaskPushNotificationConfig', config, anna);
    await rpc(server, 'SendMessage', { message: message('hi') }, ben);
    expect(await rpc(server, 'GetTask', { id: task.id }, anna)).toHaveProperty('id');
    await turn();
    await rpc(server, 'SendMessage', { message: message('hi') }, anna);
    expect(await tasks.heads('anna')).toHaveLength(1);
    expect(await store.list('anna', task.id)).toEqual([]);
  });

  it.each([-1, 0, 1])('maxRunningTasks %i', async (excess) => {
    const { executor, open } = holding();
    const server = serverOf({ executor, limits: { maxRunningTasks: 3 } });
    for (let i = 0; i < 2 + excess; i++) await start(server, {}, { contextId: 'c' });
    const response = await rpcStream(server, 'SendMessage', {
      message: message('x'),
      configuration: { returnImmediately: true },
    });
    expect(response.status).toBe(excess > 0 ? 429 : 200);
    if (excess > 0) expect(response.headers.get('Retry-After')).toBe('1');
    open();
    await turn();
    expect(await start(server)).toHaveProperty('task');
  });

  it('maxRunningPerOwner: one owner does not take every place', async () => {
    const { executor, open } = holding();
    const server = serverOf({
      executor,
      limits: { maxRunningTasks: 3, maxRunningPerOwner: 2 },
      authenticate: ({ request }) => ({ id: request.headers.get('X-User') ?? '' }),
    });
    const as = (user: string) => ({ headers: { 'X-User': user } });
    for (const [user, fine] of [
      ['alice', true],
      ['alice', true],
      ['alice', false],
      ['bob', true],
      ['carol', false],
    ] as const) {
      expect('task' in (await start(server, as(user)))).toBe(fine);
    }
    open();
  });

  it('a place is free when the executor has settled, not when its task is over', async () => {
    const { promise, open } = gate();
    const server = serverOf({
      limits: { maxRunningTasks: 1 },
      async *executor({ working }) {
        try {
          yield working();
          await promise;
        } finally {
          await promise;
        }
      },
    });
    const { task } = await start(server);
    await rpc(server, 'CancelTask', { id: task.id });
    expect((await start(server)).data[0].reason).toBe('RATE_LIMITED');
    open();
    await turn();
    expect(await start(server)).toHaveProperty('task');
  });

  it.each([-1, 0, 1])('maxSubscribersPerTask %i', async (excess) => {
    const { executor, open } = holding();
    const server = serverOf({ executor, limits: { maxSubscribersPerTask: 3 } });
    const { task } = await start(server);
    const streams = [];
    for (let i = 0; i < 2 + excess; i++) streams.push(await rpcStream(server, 'SubscribeToTask', { id: task.id }));
    const last = await server.fetch(
      new Request(`${ORIGIN}/rest/tasks/${task.id}:subscribe`, { headers: { 'A2A-Version': '1.0' } }),
    );
    expect(last.status).toBe(excess > 0 ? 429 : 200);
    // Who leaves makes room.
    if (excess > 0) {
      await streams[0]?.body?.cancel();
      expect((await rpcStream(server, 'SubscribeToTask', { id: task.id })).headers.get('Content-Type')).toBe(
        'text/event-stream',
      );
    }
    open();
  });

  it.each([-1, 0, 1])('maxQueuedEvents %i', async (excess) => {
    const { promise, open } = gate();
    const server = serverOf({
      limits: { maxQueuedEvents: 5 },
      async *executor({ working, artifact, completed }) {
        yield working();
        await promise;
        for (let i = 0; i < 4 + excess; i++) yield artifact('x');
        yield completed();
      },
    });
    const { task } = await start(server);
    const stream = await rpcStream(server, 'SubscribeToTask', { id: task.id });
    // The stream itself holds the task; what comes after it waits in the queue.
    await turn();
    open();
    await turn();
    const events = await eventsOf(stream);
    expect('error' in events.at(-1)).toBe(excess > 0);
  });

  it.each([-1, 0, 1])('maxEventsPerTask %i', async (excess) => {
    const server = serverOf({
      limits: { maxEventsPerTask: 10 },
      async *executor({ artifact }) {
        // The message is the first, and the end has always room.
        for (let i = 0; i < 9 + excess; i++) yield artifact('x');
      },
    });
    const { task } = await rpc(server, 'SendMessage', { message: message('x') });
    expect(task.status.state).toBe(excess > 0 ? 'TASK_STATE_FAILED' : 'TASK_STATE_COMPLETED');
    expect(task.artifacts).toHaveLength(Math.min(9, 9 + excess));
  });

  it.each([
    // There is no room for the message: the task stays as it is.
    [4, ['TASK_STATE_INPUT_REQUIRED', -32004, -32004], 'TASK_STATE_INPUT_REQUIRED'],
    // There is room for the message, and none for what the executor says to it.
    [5, ['TASK_STATE_INPUT_REQUIRED', 'TASK_STATE_FAILED', -32004], 'TASK_STATE_FAILED'],
  ])('maxEventsPerTask %i: a task that is full takes no further message', async (maxEventsPerTask, said, state) => {
    const server = serverOf({ limits: { maxEventsPerTask }, executor: ({ inputRequired }) => inputRequired() });
    const { task } = await rpc(server, 'SendMessage', { message: message('x') });
    const answers: Json[] = [];
    for (let i = 0; i < 3; i++) {
      answers.push(await rpc(server, 'SendMessage', { message: message('x', { taskId: task.id }) }));
    }
    expect(answers.map((answer) => answer.task?.status.state ?? answer.code)).toEqual(said);
    expect((await rpc(server, 'GetTask', { id: task.id })).status.state).toBe(state);
  });

  it.each([-1, 0, 1])('maxTaskBytes %i', async (excess) => {
    const words = message('x');
    const executorOf =
      (text: string): Executor =>
      ({ taskId, contextId }) => ({
        artifactUpdate: { taskId, contextId, artifact: { artifactId: 'a', parts: [{ text }] } },
      });
    const sizeAfter = async (text: string) => {
      const tasks = memoryTaskStore();
      let size = 0;
      const put: typeof tasks.put = async (record) => {
        if (record.task.artifacts !== undefined) size ||= record.bytes;
        await tasks.put(record);
      };
      await rpc(serverOf({ tasks: { ...tasks, put }, executor: executorOf(text) }), 'SendMessage', { message: words });
      return size;
    };
    const maxTaskBytes = await sizeAfter('x'.repeat(100));
    // As many bytes as characters, and not as many: it is bytes that count.
    for (const text of ['x'.repeat(100 + excess), `${'x'.repeat(98 + excess)}\u00e9`]) {
      const server = serverOf({ limits: { maxTaskBytes }, executor: executorOf(text) });
      const { task } = await rpc(server, 'SendMessage', { message: words });
      expect(task.status.state).toBe(excess > 0 ? 'TASK_STATE_FAILED' : 'TASK_STATE_COMPLETED');
    }
  });

  it.each([-1, 0, 1])('maxPushConfigsPerTask %i', async (excess) => {
    const server = serverOf({ limits: { maxPushConfigsPerTask: 3 } });
    const { task } = await rpc(server, 'SendMessage', { message: message('ask') });
    const create = (id: string) =>
      rest(server, 'POST', `/tasks/${task.id}/pushNotificationConfigs`, { id, url: 'https://hooks.example/' });
    for (let i = 0; i < 2 + excess; i++) await create(`${i}`);
    expect((await create('last')).status).toBe(excess > 0 ? 429 : 201);
    // One that is there may be replaced.
    expect((await create('0')).status).toBe(201);
  });

  it('have defaults, ceilings, and a floor', () => {
    expect(resolveServerLimits()).toEqual(DEFAULT_A2A_SERVER_LIMITS);
    expect(resolveServerLimits({ maxParts: undefined } as unknown as Partial<A2aServerLimits>)).toEqual(
      DEFAULT_A2A_SERVER_LIMITS,
    );
    for (const name of Object.keys(DEFAULT_A2A_SERVER_LIMITS)) {
      expect(resolveServerLimits({ [name]: 1 })).toMatchObject({ [name]: 1 });
      for (const value of [0, -1, 1.5, Number.NaN, 2 ** 50]) {
        expect(() => resolveServerLimits({ [name]: value }), `${name} ${value}`).toThrow(RangeError);
      }
      expect(() => resolveServerLimits({ [name]: '1' as unknown as number })).toThrow(TypeError);
    }
    for (const name of ['toString', '__proto__', 'maxNothing']) {
      expect(() => resolveServerLimits(Object.fromEntries([[name, 1]]))).toThrow(TypeError);
    }
  });
});
