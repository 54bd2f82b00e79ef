// The official JavaScript client against our server, on a port of this machine, over both bindings.

import * as sdk from '@a2a-js/sdk';
import type { Client } from '@a2a-js/sdk/client';
import {
  ClientFactory,
  DefaultAgentCardResolver,
  JsonRpcTransportFactory,
  RestTransportFactory,
} from '@a2a-js/sdk/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AgentCard } from '../../../src/a2a/card/agent-card.js';
import {
  type A2aServer,
  createA2aServer,
  memoryPushConfigStore,
  pushReceiver,
  unauthenticated,
} from '../../../src/a2a/server/index.js';
import { BESIDE_OPERATIONS, InteropMatrix } from '../interop/matrix.js';
import { type Listening, listen } from './node-listen.js';
import { CARD, gate, type Json, message, wireExecutor } from './support.js';

const DIRECTION = '@a2a-js/sdk to ours';
const matrix = new InteropMatrix();

const TOKEN = 'the-right-token';
const EXTENDED: AgentCard = { ...CARD, name: 'Wire Agent, extended' };

let agent: A2aServer;
let host: Listening;
let hooks: Listening;
let released = gate();
let finallyRan = gate();
const notified: Json[] = [];
let onNotified: () => void = () => {};
const handler = { fetch: (_: Request): Promise<Response> => Promise.reject(new Error('not yet')) };

beforeAll(async () => {
  hooks = await listen({
    fetch: pushReceiver({
      verify: () => ({ token: 'tok', authentication: { scheme: 'Bearer', credentials: 's3cret' } }),
      onEvent(event) {
        notified.push(event);
        onNotified();
      },
    }),
  });
  host = await listen({ fetch: (request) => handler.fetch(request) });
  const card: AgentCard = {
    ...CARD,
    supportedInterfaces: CARD.supportedInterfaces.map((entry) => ({
      ...entry,
      url: entry.url.replace('https://agent.example', host.origin),
    })),
    securitySchemes: { bearer: { httpAuthSecurityScheme: { scheme: 'Bearer' } } },
    securityRequirements: [{ schemes: { bearer: { list: [] } } }],
  };
  agent = createA2aServer({
    card,
    push: { store: memoryPushConfigStore(), allow: ({ hostname }) => hostname === '127.0.0.1' },
    extendedCard: EXTENDED,
    authenticate({ request }) {
      if (request.headers.get('Authorization') !== `Bearer ${TOKEN}`) throw unauthenticated();
      return { id: 'alice' };
    },
    async *executor(context) {
      if (context.message.parts[0]?.text !== 'slow') {
        yield* wireExecutor(context) as AsyncGenerator<never>;
        return;
      }
      try {
        yield context.working();
        await Promise.race([
          released.promise,
          new Promise((_, reject) => context.signal.addEventListener('abort', reject)),
        ]);
        yield context.artifact('done');
      } finally {
        finallyRan.open();
      }
    },
  });
  handler.fetch = agent.fetch;
});

afterAll(async () => {
  await agent.close();
  await host.close();
  await hooks.close();
});

describe.each(['JSONRPC', 'HTTP+JSON'] as const)('[7.69] official client over %s', (binding) => {
  let client: Client;

  beforeAll(async () => {
    client = await clientOf(binding, TOKEN);
  });

  function seen(operation: string): void {
    matrix.add({ operation, binding, direction: DIRECTION });
  }

  const ask = (text: string, extra: object = {}, configuration: object = {}) =>
    sdk.SendMessageRequest.fromJSON({ message: message(text, extra), configuration });

  async function send(text: string, extra: object = {}, configuration: object = {}): Promise<Json> {
    const result = await client.sendMessage(ask(text, extra, configuration));
    return 'status' in result ? sdk.Task.toJSON(result) : sdk.Message.toJSON(result);
  }

  const plain = (event: sdk.StreamResponse): Json => sdk.StreamResponse.toJSON(event);

  it('sends a message and gets a finished task', async () => {
    const task = await send('hi');
    expect(task.status.state).toBe('TASK_STATE_COMPLETED');
    expect(task.artifacts[0].parts.map(({ text }: Json) => text)).toEqual(['Hello, ', 'world']);
    expect(task.history).toHaveLength(2);
    seen('SendMessage');
  });

  it('sends a message and gets one back', async () => {
    expect((await send('direct')).parts[0].text).toBe('direct reply');
    seen('SendMessage, answered by a message');
  });

  it('goes on with a task that asks', async () => {
    const asked = await send('ask');
    expect(asked.status.state).toBe('TASK_STATE_INPUT_REQUIRED');
    const { id: taskId, contextId } = asked;
    const done = await send('hi', { taskId, contextId });
    expect(done).toMatchObject({ id: taskId, status: { state: 'TASK_STATE_COMPLETED' } });
    seen('SendMessage, second turn');
  });

  it('streams a task', async () => {
    const events: Json[] = [];
    for await (const event of client.sendMessageStream(ask('hi'))) events.push(plain(event));
    expect(events.map((event) => Object.keys(event)[0])).toEqual([
      'task',
      'statusUpdate',
      'artifactUpdate',
      'artifactUpdate',
      'statusUpdate',
    ]);
    expect(events.at(-1).statusUpdate.status.state).toBe('TASK_STATE_COMPLETED');
    seen('SendStreamingMessage');
  });

  it('streams a failure as the end of its task, without a word of what was thrown', async () => {
    const events: Json[] = [];
    for await (const event of client.sendMessageStream(ask('boom'))) events.push(plain(event));
    expect(events.at(-1).statusUpdate.status.state).toBe('TASK_STATE_FAILED');
    expect(JSON.stringify(events)).not.toContain('exploded');
    seen('SendStreamingMessage, failing');
  });

  it('gets, lists and cannot cancel a finished task', async () => {
    const { id, contextId } = await send('hi');
    const task: Json = sdk.Task.toJSON(await client.getTask({ id, tenant: '', historyLength: 1 }));
    expect(task).toMatchObject({ id, contextId });
    expect(task.history).toHaveLength(1);
    seen('GetTask');
    const request = sdk.ListTasksRequest.fromJSON({ contextId, status: 'TASK_STATE_COMPLETED', pageSize: 2 });
    const page = await client.listTasks(request);
    expect(page).toMatchObject({ totalSize: 1, nextPageToken: '', pageSize: 2 });
    expect(page.tasks[0]?.id).toBe(id);
    seen('ListTasks');
    await expect(client.cancelTask(sdk.CancelTaskRequest.fromJSON({ id }))).rejects.toMatchObject({
      name: expect.stringContaining('TaskNotCancelable'),
    });
    const subscription = client.resubscribeTask({ id, tenant: '' });
    await expect(subscription.next()).rejects.toMatchObject({ name: expect.stringContaining('UnsupportedOperation') });
  });

  it('is told of a task it cannot see as of one that is not there', async () => {
    const missing = { id: 'no-such-task', tenant: '', historyLength: undefined };
    await expect(client.getTask(missing)).rejects.toMatchObject({ name: expect.stringContaining('TaskNotFound') });
  });

  it('cancels a task at work, whose executor is let go', async () => {
    released = gate();
    finallyRan = gate();
    const { id } = await send('slow', {}, { returnImmediately: true });
    const task: Json = sdk.Task.toJSON(await client.cancelTask(sdk.CancelTaskRequest.fromJSON({ id })));
    expect(task.status.state).toBe('TASK_STATE_CANCELED');
    await finallyRan.promise;
    seen('CancelTask');
  });

  it('aborts a stream, which the task survives, and subscribes to it again', async () => {
    released = gate();
    const abort = new AbortController();
    const stream = client.sendMessageStream(ask('slow'), { signal: abort.signal });
    const first: Json = plain((await stream.next()).value as sdk.StreamResponse);
    const { id } = first.task;
    await stream.next();
    abort.abort();
    await expect(stream.next()).rejects.toThrow();
    seen('a stream aborted');
    const again = client.resubscribeTask({ id, tenant: '' });
    const current: Json = plain((await again.next()).value as sdk.StreamResponse);
    expect(current.task).toMatchObject({ id, status: { state: 'TASK_STATE_WORKING' } });
    released.open();
    const rest: Json[] = [];
    for await (const event of again) rest.push(plain(event));
    expect(rest.at(-1).statusUpdate.status.state).toBe('TASK_STATE_COMPLETED');
    seen('SubscribeToTask');
    seen('subscribed again');
  });

  it('makes, gets, lists and deletes a push notification configuration', async () => {
    const { id: taskId } = await send('ask');
    const config = sdk.TaskPushNotificationConfig.fromJSON({
      id: 'cfg-1',
      taskId,
      url: 'https://hooks.example/a2a',
      token: 'tok',
      authentication: { scheme: 'Bearer', credentials: 's3cret' },
    });
    expect(await client.createTaskPushNotificationConfig(config)).toMatchObject({ id: 'cfg-1', taskId });
    seen('CreateTaskPushNotificationConfig');
    const named = { taskId, id: 'cfg-1', tenant: '' };
    expect(await client.getTaskPushNotificationConfig(named)).toMatchObject({ url: 'https://hooks.example/a2a' });
    seen('GetTaskPushNotificationConfig');
    const all = sdk.ListTaskPushNotificationConfigsRequest.fromJSON({ taskId });
    expect((await client.listTaskPushNotificationConfig(all)).configs).toHaveLength(1);
    seen('ListTaskPushNotificationConfigs');
    await client.deleteTaskPushNotificationConfig(named);
    expect((await client.listTaskPushNotificationConfig(all)).configs).toHaveLength(0);
    seen('DeleteTaskPushNotificationConfig');
  });

  it('has a task pushed to its own receiver', async () => {
    notified.length = 0;
    const ended = gate();
    onNotified = () => {
      if (notified.at(-1).statusUpdate?.status.state === 'TASK_STATE_COMPLETED') ended.open();
    };
    const authentication = { scheme: 'Bearer', credentials: 's3cret' };
    const taskPushNotificationConfig = { url: `${hooks.origin}/a2a`, token: 'tok', authentication };
    const { id } = await send('hi', {}, { taskPushNotificationConfig });
    await ended.promise;
    expect(notified[0].task).toMatchObject({ id, status: { state: 'TASK_STATE_SUBMITTED' } });
    seen('push notification');
  });

  it('reads the extended card', async () => {
    expect((await (await clientOf(binding, TOKEN)).getAgentCard()).name).toBe(EXTENDED.name);
    seen('GetExtendedAgentCard');
  });

  it('is refused without credentials', async () => {
    const stranger = await clientOf(binding, 'wrong');
    await expect(stranger.sendMessage(ask('hi'))).rejects.toThrow();
    seen('refusal without credentials');
  });
});

it('has seen all eleven operations over both bindings', () => {
  const operations = new Set(matrix.rows.map(({ operation }) => operation));
  expect([...operations].filter((name) => /^[A-Z]\w+$/.test(name))).toHaveLength(11);
  for (const other of BESIDE_OPERATIONS) expect(operations).toContain(other);
  expect(matrix.rows).toHaveLength(operations.size * 2);
  matrix.report();
});

async function clientOf(binding: 'JSONRPC' | 'HTTP+JSON', token: string): Promise<Client> {
  const fetchImpl: typeof fetch = (input, init) => {
    const headers = new Headers(init?.headers);
    headers.set('Authorization', `Bearer ${token}`);
    return fetch(input, { ...init, headers });
  };
  const factory = new ClientFactory({
    transports: [new JsonRpcTransportFactory({ fetchImpl }), new RestTransportFactory({ fetchImpl })],
    preferredTransports: [binding],
    cardResolver: new DefaultAgentCardResolver({ fetchImpl }),
  });
  return factory.createFromUrl(host.origin);
}
