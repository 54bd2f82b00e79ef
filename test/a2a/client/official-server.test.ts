import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { type A2aClient, createA2aClient } from '../../../src/a2a/client/client.js';
import type { A2aClientOptions } from '../../../src/a2a/client/options.js';
import { applyEvent, EMPTY_VIEW } from '../../../src/a2a/wire/apply-update.js';
import type { StreamResponse, Task } from '../../../src/a2a/wire/objects.js';
import { parseStreamResponse } from '../../../src/a2a/wire/parse.js';
import { bytesOfPart, rawPart, textOf, userMessage } from '../../../src/a2a/wire/parts.js';
import { BESIDE_OPERATIONS, InteropMatrix } from '../interop/matrix.js';
import { type OfficialServer, startOfficialServer, TOKEN } from '../interop/official-server.js';

const matrix = new InteropMatrix();
const text = (say: string, more = {}) => ({ message: userMessage(say, more) });

async function collect(events: AsyncIterable<StreamResponse>): Promise<StreamResponse[]> {
  const all: StreamResponse[] = [];
  for await (const event of events) all.push(event);
  return all;
}

const viewOf = (events: readonly StreamResponse[]) => events.reduce(applyEvent, EMPTY_VIEW);
const until = (condition: () => unknown) => vi.waitFor(() => expect(condition()).toBeTruthy(), { interval: 2 });

describe.each(['JSONRPC', 'HTTP+JSON'] as const)('our client and the official server, over %s', (binding) => {
  let server: OfficialServer;
  let client: A2aClient;
  const works = (operation: string) => matrix.add({ operation, binding, direction: 'ours to @a2a-js/sdk' });
  const make = (options: Partial<A2aClientOptions> = {}) =>
    createA2aClient({ card: server.card, bindings: [binding], allowHttpLoopback: true, ...options });

  beforeAll(async () => {
    for (const method of ['log', 'info', 'warn', 'error'] as const)
      vi.spyOn(console, method).mockImplementation(() => {});
    server = await startOfficialServer();
    client = make();
  });
  afterEach(() => server.release());
  afterAll(async () => {
    await server.close();
    vi.restoreAllMocks();
  });

  async function finished(): Promise<Task> {
    const { task } = await client.sendMessage(text('hi'));
    return task as Task;
  }

  test('[7.57] SendMessage: a task, a message, a question and its answer', async () => {
    const task = await finished();
    expect(task.status.state).toBe('TASK_STATE_COMPLETED');
    expect(textOf(task.artifacts?.[0])).toBe('Hello, world \u{1F600}');
    const { message } = await client.sendMessage(text('direct'));
    expect(message).toMatchObject({ role: 'ROLE_AGENT', parts: [{ text: 'direct reply' }] });
    const { task: asked } = await client.sendMessage(text('ask'));
    expect(asked?.status).toMatchObject({ state: 'TASK_STATE_INPUT_REQUIRED' });
    expect(textOf(asked?.status.message)).toBe('which account?');
    const { task: answered } = await client.sendMessage(text('hi', { taskId: asked?.id, contextId: asked?.contextId }));
    expect(answered).toMatchObject({ id: asked?.id, status: { state: 'TASK_STATE_COMPLETED' } });
    works('SendMessage');
  });

  test('[7.63][7.64] SendMessage: parts of every kind come back as they went', async () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
    const parts = [
      { text: 'echo' },
      rawPart(bytes, { filename: 'all.bin', mediaType: 'application/octet-stream' }),
      { url: 'https://example.com/a', mediaType: 'text/html' },
      { data: { nested: [1, null, { a: 'b' }] } },
      { data: 0 },
      { data: '' },
      { data: false },
    ];
    const { task } = await client.sendMessage({ message: userMessage(parts) });
    const echoed = task?.artifacts?.[0]?.parts ?? [];
    expect(echoed).toEqual(parts.slice(1));
    expect(bytesOfPart(echoed[0]!)).toEqual(bytes);
  });

  test('[7.57] SendMessage: a task in progress where that is asked for', async () => {
    const { task } = await client.sendMessage({ ...text('slow'), configuration: { returnImmediately: true } });
    expect(task?.status.state).toMatch(/SUBMITTED|WORKING/);
    await until(() => server.waiting);
  });

  test('[7.61][7.62] SendStreamingMessage: the whole life of a task, its artifact in pieces', async () => {
    const events = await collect(client.sendStreamingMessage(text('hi')));
    expect(events.map((event) => Object.keys(event)[0])).toEqual([
      'task',
      'statusUpdate',
      'artifactUpdate',
      'artifactUpdate',
      'statusUpdate',
    ]);
    const { task, complete, headless } = viewOf(events);
    expect(task?.status.state).toBe('TASK_STATE_COMPLETED');
    expect(textOf(task?.artifacts?.[0])).toBe('Hello, world \u{1F600}');
    expect([...complete]).toEqual(['a-1']);
    expect(headless.size).toBe(0);
    works('SendStreamingMessage');
  });

  test('[7.61] SendStreamingMessage: a message alone, a question, an executor that throws', async () => {
    const direct = await collect(client.sendStreamingMessage(text('direct')));
    expect(direct).toMatchObject([{ message: { parts: [{ text: 'direct reply' }] } }]);
    const ask = await collect(client.sendStreamingMessage(text('ask')));
    expect(viewOf(ask).task?.status.state).toBe('TASK_STATE_INPUT_REQUIRED');
    const boom = await collect(client.sendStreamingMessage(text('boom')));
    expect(viewOf(boom).task?.status.state).toBe('TASK_STATE_FAILED');
  });

  test('[7.61] leaving a stream lets go of its connection, and the task goes on', async () => {
    let taskId = '';
    const before = await server.connections();
    for await (const event of client.sendStreamingMessage(text('slow'))) {
      taskId = event.task?.id ?? taskId;
      if (event.statusUpdate !== undefined) break;
    }
    await vi.waitFor(async () => expect(await server.connections()).toBeLessThanOrEqual(before));
    server.release();
    await vi.waitFor(async () => {
      expect((await client.getTask({ id: taskId })).status.state).toBe('TASK_STATE_COMPLETED');
    });
  });

  test('[7.61] a signal ends a stream with its reason', async () => {
    const abort = new AbortController();
    const events = client.sendStreamingMessage(text('slow'), { signal: abort.signal });
    await events.next();
    await events.next();
    const next = events.next();
    abort.abort('enough');
    await expect(next).rejects.toBe('enough');
    works('a stream aborted');
  });

  test('GetTask: with and without history; one that is not there', async () => {
    const { id } = await finished();
    expect((await client.getTask({ id, historyLength: 0 })).history).toBeUndefined();
    expect((await client.getTask({ id, historyLength: 1 })).history).toHaveLength(1);
    await expect(client.getTask({ id: 'no/such:task %' })).rejects.toMatchObject({
      name: 'A2aRemoteError',
      code: 'ERR_A2A_TASK_NOT_FOUND',
      rpcCode: -32001,
      httpStatus: 404,
      reason: 'TASK_NOT_FOUND',
    });
    works('GetTask');
  });

  test('ListTasks: by page and as a whole', async () => {
    const { contextId } = await finished();
    const more = await client.sendMessage(text('hi', { contextId }));
    const request = { contextId: contextId as string, status: 'TASK_STATE_COMPLETED', pageSize: 1 };
    const page = await client.listTasks(request);
    expect(page).toMatchObject({ pageSize: 1, totalSize: 2, tasks: [{ contextId }] });
    expect(page.tasks[0]?.artifacts).toBeUndefined();
    const ids = [];
    for await (const task of client.listAllTasks({ ...request, includeArtifacts: true })) {
      expect(task.artifacts).toHaveLength(1);
      ids.push(task.id);
    }
    expect(ids).toHaveLength(2);
    expect(ids).toContain(more.task?.id);
    works('ListTasks');
  });

  test('CancelTask: one under way, and one that is over', async () => {
    const events = client.sendStreamingMessage(text('slow'));
    const { id } = (await events.next()).value.task;
    await until(() => server.waiting);
    expect((await client.cancelTask({ id })).status.state).toBe('TASK_STATE_CANCELED');
    await collect(events);
    await expect(client.cancelTask({ id: (await finished()).id })).rejects.toMatchObject({
      code: 'ERR_A2A_TASK_NOT_CANCELABLE',
      rpcCode: -32002,
    });
    works('CancelTask');
  });

  test('[7.61] SubscribeToTask: from where the task stands to its end; one that is over', async () => {
    const started = client.sendStreamingMessage(text('slow'));
    const { id } = (await started.next()).value.task;
    await started.return?.();
    await until(() => server.waiting);
    const events = client.subscribeToTask({ id });
    expect((await events.next()).value.task).toMatchObject({ id });
    server.release();
    const rest = await collect(events);
    expect(rest.at(-1)?.statusUpdate?.status.state).toBe('TASK_STATE_COMPLETED');
    await expect(collect(client.subscribeToTask({ id }))).rejects.toMatchObject({
      code: 'ERR_A2A_UNSUPPORTED_OPERATION',
      rpcCode: -32004,
    });
    works('SubscribeToTask');
  });

  test('[7.61] a stream whose connection breaks is taken up again, and ends as the task does', async () => {
    const events = client.sendStreamingMessage(text('slow'), { resubscribe: { initialDelayMs: 1 } });
    const { id } = (await events.next()).value.task;
    await until(() => server.waiting);
    await events.next();
    server.cut();
    expect((await events.next()).value.task).toMatchObject({ id, status: { state: 'TASK_STATE_WORKING' } });
    server.release();
    const rest = await collect(events);
    expect(rest.map((event) => Object.keys(event)[0])).toEqual(['artifactUpdate', 'artifactUpdate', 'statusUpdate']);
    expect(rest.at(-1)?.statusUpdate?.status.state).toBe('TASK_STATE_COMPLETED');
    works('subscribed again');
  });

  test('[7.61] without that, a broken connection is an error that names the task', async () => {
    const events = client.sendStreamingMessage(text('slow'));
    const { id } = (await events.next()).value.task;
    await until(() => server.waiting);
    server.cut();
    await expect(collect(events)).rejects.toMatchObject({ code: 'ERR_A2A_STREAM_ENDED_EARLY', taskId: id });
  });

  test('the four operations of push notifications, and a notification', async () => {
    const received: { body: unknown; authorization: string | undefined; type: string | undefined }[] = [];
    const hook = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk) => {
        body += chunk;
      });
      request.on('end', () => {
        const { authorization, 'content-type': type } = request.headers;
        received.push({ body: JSON.parse(body), authorization, type });
        response.end();
      });
    });
    await new Promise<void>((resolve) => hook.listen(0, '127.0.0.1', resolve));
    try {
      const url = `http://127.0.0.1:${(hook.address() as AddressInfo).port}/hook`;
      const started = client.sendStreamingMessage(text('slow'));
      const { id: taskId } = (await started.next()).value.task;
      await until(() => server.waiting);
      const config = {
        id: 'cfg/1',
        taskId,
        url,
        token: 'tok',
        authentication: { scheme: 'Bearer', credentials: 's3cret' },
      };
      expect(await client.createTaskPushNotificationConfig(config)).toEqual(config);
      works('CreateTaskPushNotificationConfig');
      expect(await client.getTaskPushNotificationConfig({ taskId, id: config.id })).toEqual(config);
      works('GetTaskPushNotificationConfig');
      expect(await client.listTaskPushNotificationConfigs({ taskId })).toEqual({ configs: [config] });
      works('ListTaskPushNotificationConfigs');
      server.release();
      await collect(started);
      await until(() => JSON.stringify(received).includes('TASK_STATE_COMPLETED'));
      works('push notification');
      expect(received[0]).toMatchObject({ authorization: 'Bearer s3cret', type: 'application/a2a+json' });
      expect(Object.keys(parseStreamResponse(received[0]?.body))).toHaveLength(1);
      expect(await client.deleteTaskPushNotificationConfig({ taskId, id: config.id })).toBeUndefined();
      await expect(client.getTaskPushNotificationConfig({ taskId, id: config.id })).rejects.toMatchObject({
        name: 'A2aRemoteError',
      });
      works('DeleteTaskPushNotificationConfig');
    } finally {
      hook.closeAllConnections();
      hook.close();
    }
  });

  test('[7.65] a tenant has tasks of its own', async () => {
    const [offered] = client.card?.supportedInterfaces.filter((entry) => entry.protocolBinding === binding) ?? [];
    const of = (tenant: string) => make({ interface: { ...offered!, tenant } });
    const { task } = await of('acme/eu 1').sendMessage(text('hi'));
    expect(await of('acme/eu 1').getTask({ id: task!.id })).toMatchObject({ id: task?.id });
    for (const other of [client, of('other')]) {
      await expect(other.getTask({ id: task!.id })).rejects.toMatchObject({ code: 'ERR_A2A_TASK_NOT_FOUND' });
    }
  });

  test('GetExtendedAgentCard: replaces the public card until it is dropped', async () => {
    const own = make();
    const extended = await own.getExtendedAgentCard();
    expect(extended.description).toBe('Does what it is told, and more');
    expect(own.card).toBe(extended);
    own.dropExtendedCard();
    expect(own.card).toBe(server.card);
    works('GetExtendedAgentCard');
  });

  test('[7.67] a server that wants a token gets it after its 401', async () => {
    const guarded = await startOfficialServer({ authenticated: true });
    try {
      const seen: (number | undefined)[] = [];
      const authenticate = ({ failed }: { failed?: Response }) => {
        seen.push(failed?.status);
        expect(failed?.headers.get('www-authenticate') ?? 'Bearer realm="agent"').toBe('Bearer realm="agent"');
        return { authorization: `Bearer ${failed === undefined ? 'stale' : TOKEN}` };
      };
      const own = make({ card: guarded.card, authenticate });
      expect((await own.sendMessage(text('direct'))).message).toBeDefined();
      expect(seen).toEqual([undefined, 401]);
      expect(await collect(own.sendStreamingMessage(text('direct')))).toHaveLength(1);
      expect(seen).toHaveLength(2);
      await expect(make({ card: guarded.card }).sendMessage(text('hi'))).rejects.toMatchObject({
        code: 'ERR_A2A_UNAUTHENTICATED',
        httpStatus: 401,
      });
    } finally {
      await guarded.close();
    }
  });
});

test('every operation was seen to work over both bindings', () => {
  const operations = new Set(matrix.rows.map(({ operation }) => operation));
  expect([...operations].filter((name) => /^[A-Z]\w+$/.test(name))).toHaveLength(11);
  for (const other of BESIDE_OPERATIONS) expect(operations).toContain(other);
  expect(matrix.rows).toHaveLength(operations.size * 2);
  matrix.report();
});
