// Attacks on a server, by callers and by what an executor may do wrong.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { memoryPushConfigStore } from '../../../src/a2a/server/index.js';
import { memoryTaskStore } from '../../../src/a2a/server/memory-task-store.js';
import { fakeClock } from '../../../src/testing/fake-clock.js';
import {
  eventsOf,
  gate,
  HEADERS,
  type Json,
  message,
  ORIGIN,
  rest,
  rpc,
  rpcRequest,
  rpcStream,
  serverOf,
  streamOf,
  turn,
} from './support.js';

const SECRETS = ['hunter2', '/etc/shadow', 'at Object.<anonymous>'];

let unhandled: unknown[] = [];
const listener = (reason: unknown) => unhandled.push(reason);

beforeEach(() => {
  unhandled = [];
  process.on('unhandledRejection', listener);
});

afterEach(async () => {
  await turn();
  process.off('unhandledRejection', listener);
  expect(unhandled).toEqual([]);
});

describe('a caller', () => {
  it('floods a task with subscribers: a few are served, the rest refused, the task goes on', async () => {
    const { promise, open } = gate();
    const server = serverOf({
      async *executor({ working, completed }) {
        yield working();
        await promise;
        yield completed();
      },
    });
    const configuration = { returnImmediately: true };
    const { task } = await rpc(server, 'SendMessage', { message: message('x'), configuration });
    const streams = await Promise.all(
      Array.from({ length: 500 }, () => rpcStream(server, 'SubscribeToTask', { id: task.id })),
    );
    const served = streams.filter(({ status }) => status === 200);
    expect(served).toHaveLength(32);
    expect(streams.filter(({ status }) => status === 429)).toHaveLength(468);
    open();
    for (const stream of served)
      expect((await eventsOf(stream)).at(-1).statusUpdate.status.state).toContain('COMPLETED');
    expect((await rpc(server, 'GetTask', { id: task.id })).status.state).toBe('TASK_STATE_COMPLETED');
  });

  it('goes without its host cancelling the stream: its place among the subscribers is free all the same', async () => {
    const server = serverOf({
      limits: { maxSubscribersPerTask: 1 },
      async *executor({ working, signal }) {
        yield working();
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
      },
    });
    const configuration = { returnImmediately: true };
    const { task } = await rpc(server, 'SendMessage', { message: message('x'), configuration });
    const abort = new AbortController();
    const left = await rpcStream(server, 'SubscribeToTask', { id: task.id }, { signal: abort.signal });
    abort.abort();
    const stream = await rpcStream(server, 'SubscribeToTask', { id: task.id });
    expect(stream.status).toBe(200);
    expect(await eventsOf(left)).toHaveLength(1);
    await server.close();
    expect((await eventsOf(stream)).at(-1).statusUpdate.status.state).toBe('TASK_STATE_FAILED');
  });

  it('sends a body without end: reading stops at the limit, and the sender is let go', async () => {
    let sent = 0;
    const { promise: canceled, open } = gate();
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        sent += 65_536;
        controller.enqueue(new Uint8Array(65_536).fill(0x20));
      },
      cancel: () => open(),
    });
    const request = new Request(`${ORIGIN}/rpc`, {
      method: 'POST',
      headers: HEADERS,
      body,
      duplex: 'half',
    } as RequestInit);
    expect((await serverOf().fetch(request)).status).toBe(413);
    await canceled;
    expect(sent).toBeLessThan(4_194_304 + 4 * 65_536);
  });

  it('announces a giant body: it is not even read', async () => {
    const request = new Request(`${ORIGIN}/rest/message:send`, {
      method: 'POST',
      headers: { ...HEADERS, 'Content-Length': '1000000000' },
      body: '{}',
    });
    expect((await serverOf().fetch(request)).status).toBe(413);
  });

  it('nests 100,000 levels: that is a parse error and no stack overflow', async () => {
    const body = `{"jsonrpc":"2.0","id":1,"method":"SendMessage","params":${'['.repeat(100_000)}${']'.repeat(100_000)}}`;
    const request = new Request(`${ORIGIN}/rpc`, { method: 'POST', headers: HEADERS, body });
    expect(((await (await serverOf().fetch(request)).json()) as Json).error.code).toBe(-32700);
  });

  it('sends a batch of a thousand requests: it is refused as one', async () => {
    let ran = 0;
    const server = serverOf({
      executor({ completed }) {
        ran++;
        return completed();
      },
    });
    const one = { jsonrpc: '2.0', id: 1, method: 'SendMessage', params: { message: message('x') } };
    const body = JSON.stringify(Array.from({ length: 1_000 }, () => one));
    const answer = await server.fetch(new Request(`${ORIGIN}/rpc`, { method: 'POST', headers: HEADERS, body }));
    expect(await answer.json()).toMatchObject({ id: null, error: { code: -32600 } });
    expect(ran).toBe(0);
  });

  it('names members like those of every object: they are data, kept and told as they came', async () => {
    const metadata = JSON.parse('{"__proto__":{"isAdmin":true},"constructor":{"prototype":{"x":1}},"toString":"y"}');
    let seen: Json;
    const server = serverOf({
      executor({ message: asked, metadata: given, artifact }) {
        seen = given;
        return artifact([{ data: asked.metadata ?? null }]);
      },
    });
    const { task } = await rpc(server, 'SendMessage', { message: message('x', { metadata }), metadata });
    expect(JSON.stringify(task.artifacts[0].parts[0].data)).toBe(JSON.stringify(metadata));
    expect(JSON.stringify(task.history[0].metadata)).toBe(JSON.stringify(metadata));
    expect(Object.hasOwn(seen, '__proto__')).toBe(true);
    expect(seen.isAdmin).toBeUndefined();
    expect(({} as Json).isAdmin).toBeUndefined();
    const query = '/tasks?__proto__=x&constructor=y&toString=z';
    expect((await rest(server, 'GET', query)).body.totalSize).toBe(1);
    const body = JSON.parse('{"__proto__":{"message":{}}}');
    expect((await rest(server, 'POST', '/message:send', body)).status).toBe(400);
  });

  it('guesses at the tasks of others: every operation says that there is none, in the same words', async () => {
    const server = serverOf({ authenticate: ({ request }) => ({ id: request.headers.get('X-User') ?? '' }) });
    const as = (user: string) => ({ headers: { 'X-User': user } });
    const { task } = await rpc(server, 'SendMessage', { message: message('ask') }, as('alice'));
    for (const [method, paramsOf] of [
      ['GetTask', (id: string) => ({ id })],
      ['CancelTask', (id: string) => ({ id })],
      ['SubscribeToTask', (id: string) => ({ id })],
      ['SendMessage', (id: string) => ({ message: { ...message('x', { taskId: id }), messageId: 'm' } })],
      ['SendStreamingMessage', (id: string) => ({ message: { ...message('x', { taskId: id }), messageId: 'm' } })],
      ['CreateTaskPushNotificationConfig', (id: string) => ({ taskId: id, url: 'https://hooks.example/' })],
      ['ListTaskPushNotificationConfigs', (id: string) => ({ taskId: id })],
      ['DeleteTaskPushNotificationConfig', (id: string) => ({ taskId: id, id: 'c' })],
    ] as const) {
      const foreign = await rpc(server, method, paramsOf(task.id), as('bob'));
      const none = await rpc(server, method, paramsOf('00000000-0000-4000-8000-000000000000'), as('bob'));
      expect(foreign).toEqual(none);
      expect(foreign.code).toBe(-32001);
    }
    expect(await rpc(server, 'GetTask', { id: task.id }, as('alice'))).toEqual(task);
  });

  it('takes a name that looks like another owner and tenant together: it is still another owner', async () => {
    const server = serverOf({ authenticate: ({ request }) => ({ id: request.headers.get('X-User') ?? '' }) });
    const as = (user: string) => ({ headers: { 'X-User': user } });
    const { task } = await rpc(server, 'SendMessage', { tenant: 'a', message: message('ask') }, as('b'));
    for (const [tenant, user] of [
      ['', 'a,b'],
      ['', '"a","b"'],
      ['a","b', ''],
      ['["a"', 'b"]'],
      ['b', 'a'],
    ] as const) {
      expect((await rpc(server, 'GetTask', { tenant, id: task.id }, as(user))).code).toBe(-32001);
    }
  });

  it('starts and cancels without pause: the places of executors bound what runs', async () => {
    let running = 0;
    let most = 0;
    const server = serverOf({
      limits: { maxRunningTasks: 8 },
      async *executor({ working, signal }) {
        most = Math.max(most, ++running);
        try {
          yield working();
          await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
          await turn();
        } finally {
          running--;
        }
      },
    });
    const configuration = { returnImmediately: true };
    await Promise.all(
      Array.from({ length: 200 }, async () => {
        const { task } = await rpc(server, 'SendMessage', { message: message('x'), configuration });
        if (task !== undefined) await rpc(server, 'CancelTask', { id: task.id });
      }),
    );
    expect(most).toBeLessThanOrEqual(8);
    await turn();
    await turn();
    expect(running).toBe(0);
  });

  it('has notifications sent to a cloud’s metadata: neither at once nor later', async () => {
    const asked: string[] = [];
    const server = serverOf({
      push: {
        store: memoryPushConfigStore(),
        async fetch(url) {
          asked.push(url);
          return new Response(null, { status: 204 });
        },
        allow: () => true,
      },
    });
    const configuration = { taskPushNotificationConfig: { url: 'http://169.254.169.254/latest/meta-data/' } };
    expect((await rpc(server, 'SendMessage', { message: message('hi'), configuration })).code).toBe(-32602);
    await turn();
    expect(asked).toEqual([]);
  });

  it('splits the stream with line ends in its content: an event stays one event', async () => {
    const server = serverOf({
      executor: ({ message: asked, artifact }) => artifact(asked.parts[0]?.text ?? ''),
    });
    const text = 'a\n\nevent: error\ndata: {"error":{}}\n\n\r\u2028b';
    const events = await eventsOf(await rpcStream(server, 'SendStreamingMessage', { message: message(text) }));
    expect(events).toHaveLength(3);
    expect(events[1].artifactUpdate.artifact.parts[0].text).toBe(text);
    const id = 'x\n\nevent: error\n\n';
    const request = new Request(`${ORIGIN}/rpc`, {
      method: 'POST',
      headers: HEADERS,
      body: JSON.stringify({ jsonrpc: '2.0', id, method: 'SendStreamingMessage', params: { message: message('x') } }),
    });
    expect(await eventsOf(await server.fetch(request))).toHaveLength(3);
  });

  it('asks with lone surrogates in every name: nothing breaks', async () => {
    const server = serverOf({ tasks: memoryTaskStore() });
    const odd = '\ud800';
    expect((await rpc(server, 'GetTask', { id: odd, tenant: odd })).code).toBe(-32001);
    const { task } = await rpc(server, 'SendMessage', { tenant: odd, message: message('hi', { contextId: odd }) });
    expect(await rpc(server, 'ListTasks', { tenant: odd, contextId: odd })).toMatchObject({ totalSize: 1 });
    expect((await rpc(server, 'GetTask', { id: task.id })).code).toBe(-32001);
  });
});

describe('an executor', () => {
  it.each(['before', 'after'])('throws secrets %s its first event: none is told', async (when) => {
    const told: unknown[] = [];
    const server = serverOf({
      onError: (error) => told.push(error),
      async *executor({ working }) {
        if (when === 'after') yield working();
        throw Object.assign(new Error(`cannot open ${SECRETS[1]}`), { password: SECRETS[0] });
      },
    });
    for (const method of ['SendMessage', 'SendStreamingMessage']) {
      const text = await (await rpcStream(server, method, { message: message('x') })).text();
      for (const secret of SECRETS) expect(text).not.toContain(secret);
      expect(text).not.toContain(process.cwd());
    }
    expect(told).toHaveLength(2);
    expect(told[0]).toMatchObject({ password: SECRETS[0] });
    expect(JSON.stringify(await rpc(server, 'ListTasks', {}))).not.toContain('cannot open');
  });

  it.each([undefined, null, 'text', 0, Symbol('s'), { toString: null }])(
    'throws %s: that is a failure like any other',
    async (fault) => {
      const server = serverOf({
        async *executor({ working }) {
          yield working();
          throw fault;
        },
      });
      const { task } = await rpc(server, 'SendMessage', { message: message('x') });
      expect(task.status.state).toBe('TASK_STATE_FAILED');
    },
  );

  it('rejects long after its task was cancelled: nobody is bothered', async () => {
    const { promise, open } = gate();
    const server = serverOf({
      async *executor({ working }) {
        try {
          yield working();
          await promise;
          throw new Error('late');
        } finally {
          // biome-ignore lint/correctness/noUnsafeFinally: an executor may do even this.
          throw new Error('later still');
        }
      },
    });
    const configuration = { returnImmediately: true };
    const { task } = await rpc(server, 'SendMessage', { message: message('x'), configuration });
    await rpc(server, 'CancelTask', { id: task.id });
    open();
    await turn();
    expect((await rpc(server, 'GetTask', { id: task.id })).status.state).toBe('TASK_STATE_CANCELED');
  });

  it('never yields: the caller has a task to cancel, and the run an end', async () => {
    const clock = fakeClock();
    const server = serverOf({
      clock,
      limits: { maxRunMs: 20_000 },
      executor: () => ({ [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => {}) }) }),
    });
    const answer = rpcStream(server, 'SendStreamingMessage', { message: message('x') });
    await turn();
    clock.advance(10_000);
    const stream = streamOf(await answer);
    expect((await stream.next()).value.task.status.state).toBe('TASK_STATE_SUBMITTED');
    clock.advance(10_000);
    expect((await stream.next()).value.statusUpdate.status.state).toBe('TASK_STATE_FAILED');
    expect((await stream.next()).done).toBe(true);
  });

  it('yields for another task: that task is not touched', async () => {
    const server = serverOf();
    const { task: other } = await rpc(server, 'SendMessage', { message: message('ask') });
    const tasks = memoryTaskStore();
    const evil = serverOf({
      tasks,
      async *executor({ working }) {
        yield working();
        yield { statusUpdate: { taskId: other.id, status: { state: 'TASK_STATE_COMPLETED' } } };
      },
    });
    const { task } = await rpc(evil, 'SendMessage', { message: message('x') });
    expect(task.status.state).toBe('TASK_STATE_FAILED');
    expect(await rpc(server, 'GetTask', { id: other.id })).toEqual(other);
  });

  it('yields without end and without pause: others get their turn, and it is stopped', async () => {
    const server = serverOf({
      limits: { maxEventsPerTask: 2_000 },
      async *executor({ message: asked, artifact, completed }) {
        if (asked.parts[0]?.text === 'quick') yield completed();
        else for (;;) yield artifact('x', { artifactId: 'a' });
      },
    });
    let flooded = false;
    const flood = rpc(server, 'SendMessage', { message: message('flood') }).then((answer) => {
      flooded = true;
      return answer;
    });
    expect((await rpc(server, 'SendMessage', { message: message('quick') })).task.status.state).toContain('COMPLETED');
    // Also the host gets its turn: its timers and its sockets.
    await turn();
    expect(flooded).toBe(false);
    expect((await flood).task.status.state).toBe('TASK_STATE_FAILED');
  });

  it('changes what it was given and what it gave: what is kept stays', async () => {
    const parts: Json[] = [{ text: 'mine' }];
    const server = serverOf({
      async *executor({ artifact, message: asked }) {
        (asked.parts as Json[]).length = 0;
        const event = artifact(parts);
        yield event;
        parts[0].text = 'changed';
        parts.push({ text: 'added' });
        (event.artifactUpdate.artifact as Json).name = 'renamed';
      },
    });
    const { task } = await rpc(server, 'SendMessage', { message: message('x') });
    expect(task.artifacts[0]).toMatchObject({ parts: [{ text: 'mine' }] });
    expect(task.artifacts[0]).not.toHaveProperty('name');
  });
});

describe('a hook or a store', () => {
  it.each(['authenticate', 'authorize', 'extendedCard', 'onError', 'now'])(
    'that throws is answered as a fault without detail: %s',
    async (name) => {
      const broken = () => {
        throw new Error(SECRETS[0]);
      };
      const server = serverOf({ authenticate: () => ({ id: 'a' }), extendedCard: () => ({}) as Json, [name]: broken });
      const params = { message: message(name === 'onError' ? 'boom' : 'hi') };
      const response = await rpcStream(
        server,
        name === 'extendedCard' ? 'GetExtendedAgentCard' : 'SendMessage',
        params,
      );
      const text = await response.text();
      expect(text).not.toContain(SECRETS[0]);
      if (name === 'onError') expect(text).toContain('TASK_STATE_FAILED');
      else expect(JSON.parse(text).error.code).toBe(-32603);
    },
  );

  it.each(['get', 'put', 'heads', 'delete'])(
    'a store whose %s rejects: callers hear of a fault, and no more',
    async (method) => {
      const tasks = memoryTaskStore();
      const told: unknown[] = [];
      const server = serverOf({
        limits: { maxTasksPerOwner: 1 },
        tasks: { ...tasks, [method]: () => Promise.reject(new Error(SECRETS[0])) },
        onError: (error) => told.push(error),
      });
      const answers = [
        await rpc(server, 'SendMessage', { message: message('hi') }),
        await rpc(server, 'SendMessage', { message: message('hi') }),
        await rpc(server, 'GetTask', { id: 'x' }),
        await rpc(server, 'ListTasks', {}),
      ];
      expect(JSON.stringify(answers)).not.toContain(SECRETS[0]);
      expect(answers.filter(({ code }) => code === -32603).length).toBeGreaterThan(0);
      expect(told.length).toBeGreaterThan(0);
      expect(String(told[0])).toContain(SECRETS[0]);
    },
  );

  it.each(['authenticate', 'authorize', 'get', 'heads', 'put'])(
    'that never answers holds no request whose caller has gone: %s',
    async (name) => {
      const never = () => new Promise<never>(() => {});
      const isHook = name.startsWith('auth');
      const server = serverOf(isHook ? { [name]: never } : { tasks: { ...memoryTaskStore(), [name]: never } });
      const abort = new AbortController();
      const asked = [
        rpcStream(server, 'ListTasks', {}, abort),
        rpcStream(server, 'GetTask', { id: 'x' }, abort),
        rpcStream(server, 'SendMessage', { message: message('hi') }, abort),
        rpcStream(server, 'SendStreamingMessage', { message: message('hi') }, abort),
      ];
      await turn();
      abort.abort();
      for (const answer of await Promise.all(asked)) expect(answer.bodyUsed).toBe(false);
    },
  );

  it('a piece that was not stored is made up for by the next write, and told of at home', async () => {
    const tasks = memoryTaskStore();
    const told: unknown[] = [];
    let puts = 0;
    const server = serverOf({
      onError: (error) => told.push(error),
      tasks: { ...tasks, put: (record) => (++puts === 3 ? Promise.reject(new Error('busy')) : tasks.put(record)) },
    });
    const { task } = await rpc(server, 'SendMessage', { message: message('hi') });
    expect(task.status.state).toBe('TASK_STATE_COMPLETED');
    expect(await rpc(server, 'GetTask', { id: task.id })).toEqual(task);
    expect(told.map(String)).toEqual(['Error: busy']);
  });

  it('a store that throws instead of rejecting is the same', async () => {
    const tasks = memoryTaskStore();
    const server = serverOf({
      tasks: {
        ...tasks,
        put() {
          throw new Error(SECRETS[0]);
        },
      },
    });
    expect((await rpc(server, 'SendMessage', { message: message('hi') })).code).toBe(-32603);
  });

  it('a request that breaks while it is read is answered', async () => {
    const body = new ReadableStream({ start: (controller) => controller.error(new Error(SECRETS[0])) });
    const request = new Request(`${ORIGIN}/rpc`, {
      method: 'POST',
      headers: HEADERS,
      body,
      duplex: 'half',
    } as RequestInit);
    const response = await serverOf().fetch(request);
    expect(await response.text()).not.toContain(SECRETS[0]);
    const used = rpcRequest('ListTasks', {});
    await used.text();
    expect(((await (await serverOf().fetch(used)).json()) as Json).error.code).toBeLessThan(-32000);
  });
});
