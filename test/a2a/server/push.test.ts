// Push notifications: configurations, their way out, and the receiver at the other end.

import { describe, expect, it } from 'vitest';
import {
  memoryPushConfigStore,
  type PushConfigStore,
  type PushOptions,
  pushReceiver,
  storedPushConfigStore,
} from '../../../src/a2a/server/index.js';
import { memoryStore } from '../../../src/storage/memory.js';
import { fakeClock } from '../../../src/testing/fake-clock.js';
import { eventsOf, type Json, message, rest, rpc, rpcStream, serverOf, turn } from './support.js';

const HOOK = 'https://hooks.example/a2a';
const AUTHENTICATION = { scheme: 'Bearer', credentials: 's3cret' };

interface Sent {
  readonly url: string;
  readonly headers: Headers;
  readonly body: Json;
  readonly init: RequestInit;
}

/** A receiver that answers as it is told, and then with 204. */
function receiver(...answers: (number | Response | Error)[]) {
  const sent: Sent[] = [];
  const fetch: NonNullable<PushOptions['fetch']> = async (url, init) => {
    sent.push({ url, headers: new Headers(init.headers), body: JSON.parse(String(init.body)), init });
    const answer = answers.shift() ?? 204;
    if (answer instanceof Error) throw answer;
    return answer instanceof Response ? answer : new Response(null, { status: answer });
  };
  return { sent, fetch };
}

function pushing(push: Partial<PushOptions> = {}, more: Json = {}) {
  const told: Json[] = [];
  const server = serverOf({
    push: { store: memoryPushConfigStore(), ...push },
    onError: (error) => told.push(error),
    ...more,
  });
  return { server, told };
}

const send = (server: Json, text: string, config: Json) =>
  rpc(server, 'SendMessage', { message: message(text), configuration: { taskPushNotificationConfig: config } });

/** Waits for a condition that promises alone bring about. */
async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 100 && !condition(); i++) await turn();
  expect(condition()).toBe(true);
}

describe('sending', () => {
  it('delivers every event of the task in its order, in the form of HTTP+JSON, with both credentials', async () => {
    const { sent, fetch } = receiver();
    const { server } = pushing({ fetch });
    const config = { url: HOOK, token: 'tok', authentication: AUTHENTICATION };
    const { task } = await send(server, 'hi', config);
    await until(() => sent.length === 5);
    expect(sent.map(({ body }) => Object.keys(body)[0])).toEqual([
      'task',
      'statusUpdate',
      'artifactUpdate',
      'artifactUpdate',
      'statusUpdate',
    ]);
    for (const { url, headers, init } of sent) {
      expect(url).toBe(HOOK);
      expect(init).toMatchObject({ method: 'POST', redirect: 'manual', credentials: 'omit' });
      expect(headers.get('Content-Type')).toBe('application/a2a+json');
      expect(headers.get('Authorization')).toBe('Bearer s3cret');
      expect(headers.get('X-A2A-Notification-Token')).toBe('tok');
    }
    expect(sent.at(-1)?.body.statusUpdate).toMatchObject({
      taskId: task.id,
      status: { state: 'TASK_STATE_COMPLETED' },
    });
  });

  it('sends no credentials where there are none', async () => {
    const { sent, fetch } = receiver();
    const { server } = pushing({ fetch });
    await send(server, 'hi', { url: HOOK, authentication: { scheme: 'Bearer' } });
    await until(() => sent.length === 5);
    expect(sent[0]?.headers.has('Authorization')).toBe(false);
    expect(sent[0]?.headers.has('X-A2A-Notification-Token')).toBe(false);
  });

  it('nothing is sent for a message that answers without a task', async () => {
    const { sent, fetch } = receiver();
    const { server } = pushing({ fetch });
    await send(server, 'direct', { url: HOOK });
    await turn();
    expect(sent).toEqual([]);
  });

  it('a configuration that comes while the task is at rest is heard of what happens next', async () => {
    const { sent, fetch } = receiver();
    const { server } = pushing({ fetch });
    const { task } = await rpc(server, 'SendMessage', { message: message('ask') });
    await rpc(server, 'CreateTaskPushNotificationConfig', { taskId: task.id, url: HOOK });
    await rpc(server, 'CancelTask', { id: task.id });
    await until(() => sent.length === 1);
    expect(sent[0]?.body.statusUpdate.status.state).toBe('TASK_STATE_CANCELED');
  });

  it('tries again after 1 second and after 4 more, and then gives up and says so', async () => {
    const clock = fakeClock();
    const { sent, fetch } = receiver(new Error('connection refused'), 503, 500);
    const { server, told } = pushing({ fetch }, { clock, executor: ({ completed }: Json) => completed() });
    await send(server, 'x', { url: HOOK });
    await until(() => sent.length === 1);
    await turn();
    clock.advance(999);
    await turn();
    expect(sent).toHaveLength(1);
    clock.advance(1);
    await until(() => sent.length === 2);
    await turn();
    clock.advance(3_999);
    await turn();
    expect(sent).toHaveLength(2);
    clock.advance(1);
    await until(() => sent.length === 4);
    expect(told).toMatchObject([{ code: 'ERR_HTTP_STATUS', status: 500 }]);
    // The next event starts afresh, in its turn.
    expect(sent.map(({ body }) => Object.keys(body)[0])).toEqual(['task', 'task', 'task', 'statusUpdate']);
    await turn();
    expect(clock.pendingTimers).toBe(0);
  });

  it.each([400, 401, 404, 410])('a receiver that says %i is not asked again', async (status) => {
    const { sent, fetch } = receiver(status);
    const { server, told } = pushing({ fetch }, { clock: fakeClock(), executor: ({ completed }: Json) => completed() });
    await send(server, 'x', { url: HOOK });
    await until(() => sent.length === 2);
    expect(told).toMatchObject([{ code: 'ERR_HTTP_STATUS', status }]);
  });

  it('an attempt has its time, whatever the fetch does with its signal', async () => {
    const clock = fakeClock();
    let asked = 0;
    const fetch = () => {
      asked++;
      return new Promise<Response>(() => {});
    };
    const { server, told } = pushing({ fetch, timeoutMs: 500, maxAttempts: 2 }, { clock });
    await send(server, 'ask', { url: HOOK });
    await until(() => asked === 1);
    clock.advance(500);
    await turn();
    clock.advance(1_000);
    await until(() => asked === 2);
    clock.advance(500);
    await until(() => told.length === 1);
    expect(told).toMatchObject([{ code: 'ERR_HTTP_TIMEOUT' }]);
    await server.close();
  });

  it('a receiver that fails does not hold the task up, nor its other receivers’ first try', async () => {
    const { sent, fetch } = receiver();
    const broken: NonNullable<PushOptions['fetch']> = (url, init) =>
      url.includes('broken') ? Promise.reject(new Error('no')) : fetch(url, init);
    const { server } = pushing({ fetch: broken, maxAttempts: 1 });
    const { task } = await rpc(server, 'SendMessage', { message: message('ask') });
    for (const url of ['https://broken.example/', HOOK]) {
      await rpc(server, 'CreateTaskPushNotificationConfig', { taskId: task.id, url });
    }
    const done = await rpc(server, 'SendMessage', { message: message('hi', { taskId: task.id }) });
    expect(done.task.status.state).toBe('TASK_STATE_COMPLETED');
    await until(() => sent.length === 5);
  });

  it('two runs of one task are told of one after the other', async () => {
    const clock = fakeClock();
    const { sent, fetch } = receiver(new Error('slow'));
    const { server } = pushing({ fetch }, { clock });
    const { task } = await send(server, 'ask', { url: HOOK });
    await until(() => sent.length === 1);
    await turn();
    await rpc(server, 'SendMessage', { message: message('hi', { taskId: task.id }) });
    await turn();
    expect(sent).toHaveLength(1);
    clock.advance(1_000);
    await until(() => sent.length === 9);
    const states = sent.map(({ body }) => body.task?.status.state ?? body.statusUpdate?.status.state);
    expect(states.filter((state) => state !== undefined)).toEqual([
      'TASK_STATE_SUBMITTED',
      'TASK_STATE_SUBMITTED',
      'TASK_STATE_WORKING',
      'TASK_STATE_INPUT_REQUIRED',
      'TASK_STATE_WORKING',
      'TASK_STATE_WORKING',
      'TASK_STATE_COMPLETED',
    ]);
  });

  it('a receiver far behind misses pieces, and never the end', async () => {
    const clock = fakeClock();
    const { sent, fetch } = receiver(new Error('slow'));
    const { server, told } = pushing(
      { fetch },
      {
        clock,
        limits: { maxQueuedEvents: 2 },
        async *executor({ working, artifact }: Json) {
          yield working();
          for (let i = 0; i < 10; i++) yield artifact(`${i}`);
        },
      },
    );
    await send(server, 'x', { url: HOOK });
    await until(() => sent.length === 1);
    await turn();
    clock.advance(1_000);
    await until(() => sent.at(-1)?.body.statusUpdate?.status.state === 'TASK_STATE_COMPLETED');
    expect(sent.length).toBeLessThan(10);
    expect(told[0]).toMatchObject({ limit: 'maxQueuedEvents' });
  });

  it('the host is kept at work until the last attempt', async () => {
    const clock = fakeClock();
    const { sent, fetch } = receiver(new Error('slow'));
    const work: Promise<unknown>[] = [];
    const { server } = pushing({ fetch }, { clock, waitUntil: (promise: Promise<unknown>) => work.push(promise) });
    await send(server, 'ask', { url: HOOK });
    let settled = false;
    void work[0]?.then(() => {
      settled = true;
    });
    await until(() => sent.length === 1);
    await turn();
    expect(settled).toBe(false);
    clock.advance(1_000);
    await until(() => settled);
    expect(sent).toHaveLength(4);
  });

  it('closing the server ends all attempts', async () => {
    const clock = fakeClock();
    const { sent, fetch } = receiver(new Error('slow'), new Error('slow'), new Error('slow'));
    const { server } = pushing({ fetch }, { clock });
    await send(server, 'ask', { url: HOOK });
    await until(() => sent.length === 1);
    await turn();
    await server.close();
    await turn();
    expect(clock.pendingTimers).toBe(0);
  });
});

describe('[7.78] addresses that are refused', () => {
  it.each([
    'http://hooks.example/',
    'http://169.254.169.254/latest/meta-data/',
    'https://169.254.169.254/latest/meta-data/',
    'https://0xa9fea9fe/',
    'https://2852039166/',
    'https://[::ffff:169.254.169.254]/',
    'https://metadata.google.internal/',
    'https://localhost/',
    'https://127.0.0.1/',
    'https://127.1/',
    'https://[::1]/',
    'https://10.0.0.1/',
    'https://192.168.1.1/',
    'https://[fd00::1]/',
    'https://printer.local/',
    'https://intranet/',
    'https://user:password@hooks.example/',
    'ftp://hooks.example/',
    'file:///etc/passwd',
    'javascript:alert(1)',
    'hooks.example',
    '',
  ])('%s', async (url) => {
    const { sent, fetch } = receiver();
    const { server } = pushing({ fetch });
    const { task } = await rpc(server, 'SendMessage', { message: message('ask') });
    const created = await rpc(server, 'CreateTaskPushNotificationConfig', { taskId: task.id, url });
    expect(created.code).toBe(-32602);
    expect((await send(server, 'hi', { url })).code).toBe(-32602);
    expect(sent).toEqual([]);
  });

  it('are refused again when it comes to sending: the store may hold anything', async () => {
    const { sent, fetch } = receiver();
    const store = memoryPushConfigStore();
    const { server, told } = pushing({ fetch, store });
    const { task } = await rpc(server, 'SendMessage', { message: message('ask') });
    for (const [n, host] of ['169.254.169.254', '10.0.0.1', 'localhost'].entries()) {
      await store.put('', { id: `${n}`, taskId: task.id, url: `https://${host}/` });
    }
    await rpc(server, 'CancelTask', { id: task.id });
    await until(() => told.length === 3);
    expect(told.map(({ code }) => code)).toEqual(['ERR_HTTP_URL', 'ERR_HTTP_URL', 'ERR_HTTP_URL']);
    expect(sent).toEqual([]);
  });

  it('a private one is let through when the application says so, a link-local one never is', async () => {
    const asked: string[] = [];
    const { sent, fetch } = receiver();
    const { server } = pushing({
      fetch,
      allow(url) {
        asked.push(url.host);
        return true;
      },
    });
    const { task } = await rpc(server, 'SendMessage', { message: message('ask') });
    const create = (url: string) => rpc(server, 'CreateTaskPushNotificationConfig', { taskId: task.id, url });
    expect(await create('https://10.0.0.1/')).toHaveProperty('id');
    expect(await create('http://localhost:8080/')).toHaveProperty('id');
    expect((await create('http://10.0.0.1/')).code).toBe(-32602);
    expect((await create('https://169.254.169.254/')).code).toBe(-32602);
    expect(asked).toEqual(['10.0.0.1', 'localhost:8080']);
    await rpc(server, 'CancelTask', { id: task.id });
    await until(() => sent.length === 2);
  });

  it('a redirect is not followed, wherever it leads', async () => {
    const location = 'https://169.254.169.254/';
    const { sent, fetch } = receiver(new Response(null, { status: 307, headers: { location } }));
    const { server, told } = pushing({ fetch }, { executor: ({ completed }: Json) => completed() });
    await send(server, 'x', { url: HOOK });
    await until(() => sent.length === 2);
    expect(sent.map(({ url }) => url)).toEqual([HOOK, HOOK]);
    expect(told).toMatchObject([{ code: 'ERR_HTTP_REDIRECT' }]);
  });

  it('credentials that fit no header are refused', async () => {
    const { server } = pushing();
    const injected = { scheme: 'Bearer', credentials: 'x\r\nHost: evil.example' };
    expect((await send(server, 'hi', { url: HOOK, authentication: injected })).code).toBe(-32602);
    expect((await send(server, 'hi', { url: HOOK, token: 'a\nb' })).code).toBe(-32602);
  });
});

describe.each<[string, () => PushConfigStore]>([
  ['memoryPushConfigStore', memoryPushConfigStore],
  ['storedPushConfigStore', () => storedPushConfigStore(memoryStore())],
])('configurations in %s', (_, create) => {
  it('are made, found, replaced, listed page by page, and deleted', async () => {
    const { server } = pushing({ store: create() });
    const { task } = await rpc(server, 'SendMessage', { message: message('ask') });
    const { id: taskId } = task;
    const made = await rpc(server, 'CreateTaskPushNotificationConfig', { taskId, url: HOOK, tenant: '' });
    expect(made).toEqual({ taskId, url: HOOK, id: expect.stringMatching(/^[\da-f-]{36}$/) });
    for (const id of ['b', 'a', '__proto__', 'x/y']) {
      await rpc(server, 'CreateTaskPushNotificationConfig', { taskId, id, url: HOOK });
    }
    await rpc(server, 'CreateTaskPushNotificationConfig', { taskId, id: 'a', url: `${HOOK}/again` });
    expect((await rpc(server, 'GetTaskPushNotificationConfig', { taskId, id: 'a' })).url).toBe(`${HOOK}/again`);
    const { body } = await rest(server, 'GET', `/tasks/${taskId}/pushNotificationConfigs/x%2Fy`);
    expect(body.id).toBe('x/y');
    const ids: string[] = [];
    for (let pageToken = ''; ; ) {
      const page = await rpc(server, 'ListTaskPushNotificationConfigs', { taskId, pageSize: 2, pageToken });
      ids.push(...page.configs.map(({ id }: Json) => id));
      if (page.nextPageToken === undefined) break;
      pageToken = page.nextPageToken;
    }
    expect(ids).toEqual(['__proto__', 'a', 'b', 'x/y', made.id].sort());
    for (const time of [1, 2]) {
      expect(await rpc(server, 'DeleteTaskPushNotificationConfig', { taskId, id: 'a' }), `time ${time}`).toBeNull();
    }
    expect((await rpc(server, 'GetTaskPushNotificationConfig', { taskId, id: 'a' })).code).toBe(-32001);
    expect((await rpc(server, 'ListTaskPushNotificationConfigs', { taskId, pageToken: '?' })).code).toBe(-32602);
  });

  it('of somebody else’s task are not there', async () => {
    const { server } = pushing(
      { store: create() },
      { authenticate: ({ request }: Json) => ({ id: request.headers.get('X-User') ?? '' }) },
    );
    const as = (user: string) => ({ headers: { 'X-User': user } });
    const { task } = await rpc(server, 'SendMessage', { message: message('ask') }, as('alice'));
    const { id: taskId } = task;
    const { id } = await rpc(server, 'CreateTaskPushNotificationConfig', { taskId, url: HOOK }, as('alice'));
    for (const [method, params] of [
      ['CreateTaskPushNotificationConfig', { taskId, url: HOOK }],
      ['GetTaskPushNotificationConfig', { taskId, id }],
      ['ListTaskPushNotificationConfigs', { taskId }],
      ['DeleteTaskPushNotificationConfig', { taskId, id }],
    ] as const) {
      expect((await rpc(server, method, params, as('bob'))).code).toBe(-32001);
    }
    expect(await rpc(server, 'GetTaskPushNotificationConfig', { taskId, id }, as('alice'))).toHaveProperty('url', HOOK);
  });
});

describe('[7.78] receiving', () => {
  const STATUS = { taskId: 't', contextId: 'c', status: { state: 'TASK_STATE_COMPLETED' } };

  function listening(credentials: Json = { token: 'tok', authentication: AUTHENTICATION }) {
    const events: Json[] = [];
    const errors: unknown[] = [];
    const receive = pushReceiver({
      verify: (taskId) => (taskId === 't' ? credentials : undefined),
      onEvent(event, taskId) {
        if (event.statusUpdate?.metadata?.fail === true) throw new Error('disk full');
        events.push([taskId, event]);
      },
      onError: (error) => errors.push(error),
    });
    const post = (body: unknown, headers: Record<string, string> = {}, method = 'POST') =>
      receive(
        new Request('https://client.example/hook', {
          method,
          headers: {
            'Content-Type': 'application/a2a+json',
            Authorization: 'Bearer s3cret',
            'X-A2A-Notification-Token': 'tok',
            ...headers,
          },
          ...(method === 'POST' && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
        }),
      );
    return { events, errors, post };
  }

  it('takes what proves itself, each kind of event, and duplicates', async () => {
    const { events, post } = listening();
    const all = [
      { statusUpdate: STATUS },
      { statusUpdate: STATUS },
      { artifactUpdate: { taskId: 't', contextId: 'c', artifact: { artifactId: 'a', parts: [] } } },
      { task: { id: 't', status: { state: 'TASK_STATE_WORKING' } } },
      { message: { messageId: 'm', role: 'ROLE_AGENT', taskId: 't', parts: [] } },
    ];
    for (const event of all) expect((await post(event)).status).toBe(204);
    expect(events.map(([taskId]) => taskId)).toEqual(all.map(() => 't'));
    expect((await post({ statusUpdate: STATUS }, { Authorization: 'bearer s3cret' })).status).toBe(204);
  });

  it.each([
    ['a wrong token', { 'X-A2A-Notification-Token': 'tol' }],
    ['a token that goes on', { 'X-A2A-Notification-Token': 'token' }],
    ['no token', { 'X-A2A-Notification-Token': '' }],
    ['wrong credentials', { Authorization: 'Bearer s3creT' }],
    ['another scheme', { Authorization: 'Basic s3cret' }],
    ['credentials without a scheme', { Authorization: 's3cret' }],
    ['no credentials', { Authorization: '' }],
  ])('refuses %s', async (_, headers) => {
    const { events, post } = listening();
    expect((await post({ statusUpdate: STATUS }, headers)).status).toBe(401);
    expect(events).toEqual([]);
  });

  it('refuses a task it did not start just as it refuses wrong credentials', async () => {
    const { events, post } = listening();
    const unknown = await post({ statusUpdate: { ...STATUS, taskId: 'u' } });
    const wrong = await post({ statusUpdate: STATUS }, { Authorization: 'Bearer x' });
    expect([unknown.status, await unknown.text()]).toEqual([wrong.status, await wrong.text()]);
    expect((await post({ message: { messageId: 'm', role: 'ROLE_AGENT', parts: [] } })).status).toBe(401);
    expect(events).toEqual([]);
  });

  it('never takes what anybody could send', async () => {
    for (const credentials of [{}, { authentication: { scheme: 'Bearer' } }]) {
      const { post } = listening(credentials);
      expect((await post({ statusUpdate: STATUS })).status).toBe(401);
    }
  });

  it('nor what proves itself with nothing, where what was configured is empty', async () => {
    for (const credentials of [{ token: '' }, { authentication: { scheme: 'Bearer', credentials: '' } }]) {
      const { post } = listening(credentials);
      const empty = { 'X-A2A-Notification-Token': '', Authorization: 'Bearer ' };
      expect((await post({ statusUpdate: STATUS }, empty)).status).toBe(401);
    }
    const { post } = listening({ token: '', authentication: AUTHENTICATION });
    expect((await post({ statusUpdate: STATUS }, { 'X-A2A-Notification-Token': '' })).status).toBe(204);
  });

  it('refuses one that is nested without end, as a server does', async () => {
    const { events, post } = listening();
    const nested = (levels: number) =>
      `{"artifactUpdate":{"taskId":"t","contextId":"c","artifact":{"artifactId":"a","parts":[{"data":${'['.repeat(levels)}${']'.repeat(levels)}}]}}}`;
    expect((await post(nested(100_000))).status).toBe(400);
    expect((await post(nested(20))).status).toBe(204);
    expect((await post('{"statusUpdate":{},"statusUpdate":{}}')).status).toBe(400);
    expect(events).toHaveLength(1);
  });

  it('one credential is enough where only one was configured', async () => {
    const { post } = listening({ token: 'tok' });
    expect((await post({ statusUpdate: STATUS }, { Authorization: 'Basic other' })).status).toBe(204);
  });

  it('refuses what is no notification', async () => {
    const { post } = listening();
    expect((await post('{')).status).toBe(400);
    expect((await post({})).status).toBe(400);
    expect((await post({ statusUpdate: STATUS, task: { id: 't' } })).status).toBe(400);
    expect((await post('x', { 'Content-Type': 'text/plain' })).status).toBe(415);
    const get = await post(undefined, {}, 'GET');
    expect([get.status, get.headers.get('Allow')]).toEqual([405, 'POST']);
  });

  it('stops reading what is too large', async () => {
    const receive = pushReceiver({ verify: () => ({ token: 't' }), onEvent: () => {}, maxBodyBytes: 10 });
    const ask = (body: string) =>
      receive(
        new Request('https://client.example/', {
          method: 'POST',
          body,
          headers: { 'Content-Type': 'application/json' },
        }),
      );
    expect((await ask('x'.repeat(10))).status).toBe(400);
    expect((await ask('x'.repeat(11))).status).toBe(413);
  });

  it('has the sender try again when the hook fails, and tells nobody why', async () => {
    const { errors, post } = listening();
    const response = await post({ statusUpdate: { ...STATUS, metadata: { fail: true } } });
    expect([response.status, await response.text()]).toEqual([500, '']);
    expect(String(errors[0])).toContain('disk full');
  });

  it('works with a sender of ours', async () => {
    const { events, post } = listening();
    const { server } = pushing({
      fetch: (_, init) => post(String(init.body), Object.fromEntries(new Headers(init.headers))),
    });
    const stream = await rpcStream(server, 'SendStreamingMessage', {
      message: message('hi'),
      configuration: { taskPushNotificationConfig: { url: HOOK, token: 'tok', authentication: AUTHENTICATION } },
    });
    await eventsOf(stream);
    // It knows of another task only.
    expect(events).toEqual([]);
  });
});
