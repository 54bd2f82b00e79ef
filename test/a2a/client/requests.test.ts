import { describe, expect, test } from 'vitest';
import { type A2aClient, createA2aClient } from '../../../src/a2a/client/client.js';
import type { A2aClientOptions } from '../../../src/a2a/client/options.js';
import { cardOf, collect, fakeAgent, json, result, task } from './fake-agent.js';

const message = { messageId: 'm-1', role: 'ROLE_USER', parts: [{ text: 'hi' }] };
const config = { taskId: 't-1', id: 'c/1', url: 'https://hooks.example/a2a' };

interface Case {
  readonly method: string;
  readonly call: (client: A2aClient) => unknown;
  readonly params: object;
  readonly rest: readonly [verb: string, path: string, body?: object];
  readonly streaming?: boolean;
}

const CASES: readonly Case[] = [
  {
    method: 'SendMessage',
    call: (client) => client.sendMessage({ message, configuration: { historyLength: 0, returnImmediately: true } }),
    params: { message, configuration: { historyLength: 0, returnImmediately: true } },
    rest: ['POST', '/message:send', { message, configuration: { historyLength: 0, returnImmediately: true } }],
  },
  {
    method: 'SendStreamingMessage',
    call: (client) => collect(client.sendStreamingMessage({ message })),
    params: { message },
    rest: ['POST', '/message:stream', { message }],
    streaming: true,
  },
  {
    method: 'GetTask',
    call: (client) => client.getTask({ id: 't-1', historyLength: 0 }),
    params: { id: 't-1', historyLength: 0 },
    rest: ['GET', '/tasks/t-1?historyLength=0'],
  },
  {
    method: 'ListTasks',
    call: (client) =>
      client.listTasks({
        contextId: 'c 1&x',
        status: 'TASK_STATE_WORKING',
        pageSize: 2,
        pageToken: 'p+/=',
        statusTimestampAfter: '2026-01-01T00:00:00Z',
        includeArtifacts: false,
      }),
    params: {
      contextId: 'c 1&x',
      status: 'TASK_STATE_WORKING',
      pageSize: 2,
      pageToken: 'p+/=',
      statusTimestampAfter: '2026-01-01T00:00:00Z',
      includeArtifacts: false,
    },
    rest: [
      'GET',
      '/tasks?contextId=c+1%26x&status=TASK_STATE_WORKING&pageSize=2&pageToken=p%2B%2F%3D' +
        '&statusTimestampAfter=2026-01-01T00%3A00%3A00Z&includeArtifacts=false',
    ],
  },
  {
    method: 'CancelTask',
    call: (client) => client.cancelTask({ id: 't-1' }),
    params: { id: 't-1' },
    rest: ['POST', '/tasks/t-1:cancel', {}],
  },
  {
    method: 'SubscribeToTask',
    call: (client) => collect(client.subscribeToTask({ id: 't-1' })),
    params: { id: 't-1' },
    rest: ['POST', '/tasks/t-1:subscribe', {}],
    streaming: true,
  },
  {
    method: 'CreateTaskPushNotificationConfig',
    call: (client) => client.createTaskPushNotificationConfig(config),
    params: config,
    rest: ['POST', '/tasks/t-1/pushNotificationConfigs', config],
  },
  {
    method: 'GetTaskPushNotificationConfig',
    call: (client) => client.getTaskPushNotificationConfig({ taskId: 't-1', id: 'c/1' }),
    params: { taskId: 't-1', id: 'c/1' },
    rest: ['GET', '/tasks/t-1/pushNotificationConfigs/c%2F1'],
  },
  {
    method: 'ListTaskPushNotificationConfigs',
    call: (client) => client.listTaskPushNotificationConfigs({ taskId: 't-1', pageSize: 3 }),
    params: { taskId: 't-1', pageSize: 3 },
    rest: ['GET', '/tasks/t-1/pushNotificationConfigs?pageSize=3'],
  },
  {
    method: 'DeleteTaskPushNotificationConfig',
    call: (client) => client.deleteTaskPushNotificationConfig({ taskId: 't-1', id: 'c/1' }),
    params: { taskId: 't-1', id: 'c/1' },
    rest: ['DELETE', '/tasks/t-1/pushNotificationConfigs/c%2F1'],
  },
  {
    method: 'GetExtendedAgentCard',
    call: (client) => client.getExtendedAgentCard(),
    params: {},
    rest: ['GET', '/extendedAgentCard'],
  },
];

/** An answer that every operation can read: each takes the members it knows. */
const ANSWER = { task: task('COMPLETED'), ...task('COMPLETED'), url: 'https://hooks.example/a2a' };

function setUp(options: Partial<A2aClientOptions> = {}) {
  const agent = fakeAgent((request) => result(request, ANSWER));
  const acceptExtendedCard = () => cardOf();
  const client = createA2aClient({ card: cardOf(), fetch: agent.fetch, acceptExtendedCard, ...options });
  return { agent, client };
}

describe('[7.56] each operation as it goes out', () => {
  test.each(CASES)('$method over JSON-RPC', async ({ method, call, params, streaming = false }) => {
    const { agent, client } = setUp({ bindings: ['JSONRPC'] });
    await call(client);
    expect(agent.seen).toHaveLength(1);
    const { init, ...request } = agent.last;
    expect(request).toEqual({
      method: 'POST',
      url: 'https://agent.example/rpc',
      headers: {
        accept: streaming ? 'text/event-stream' : 'application/json',
        'content-type': 'application/json',
        'a2a-version': '1.0',
      },
      body: { jsonrpc: '2.0', id: 1, method, params },
    });
    expect(init).toMatchObject({ redirect: 'manual', credentials: 'omit', referrerPolicy: 'no-referrer' });
    expect(init).not.toHaveProperty('cache');
  });

  test.each(CASES)('$method over HTTP+JSON', async ({ call, rest: [verb, path, body], streaming = false }) => {
    const { agent, client } = setUp({ bindings: ['http+json'] });
    await call(client);
    expect(agent.seen).toHaveLength(1);
    const { init, ...request } = agent.last;
    expect(request).toEqual({
      method: verb,
      url: `https://agent.example/rest${path}`,
      headers: {
        accept: streaming ? 'text/event-stream' : 'application/a2a+json, application/json',
        'a2a-version': '1.0',
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body }),
    });
    expect(init).toMatchObject({ redirect: 'manual', credentials: 'omit', referrerPolicy: 'no-referrer' });
  });

  test('ids of JSON-RPC count up', async () => {
    const { agent, client } = setUp();
    await client.getTask({ id: 't-1' });
    await client.getTask({ id: 't-1' });
    expect(agent.seen.map(({ body }) => body.id)).toEqual([1, 2]);
  });

  test('what says nothing is not sent: undefined, null, defaults', async () => {
    const { agent, client } = setUp();
    const sloppy = {
      message: { ...message, contextId: undefined, extensions: [], metadata: null },
      metadata: undefined,
    };
    await client.sendMessage(sloppy as never);
    expect(agent.last.body.params).toEqual({ message });
  });
});

describe('[7.65] tenants and odd ids', () => {
  const tenant = 'a/b c';
  const withTenant = (protocolBinding: string) =>
    setUp({
      card: cardOf({
        supportedInterfaces: [{ url: 'https://agent.example/x/', protocolBinding, protocolVersion: '1.0', tenant }],
      }),
    });

  test.each(CASES)('$method carries the tenant in its JSON-RPC parameters', async ({ call, params }) => {
    const { agent, client } = withTenant('JSONRPC');
    await call(client);
    expect(agent.last.url).toBe('https://agent.example/x/');
    expect(agent.last.body.params).toEqual({ ...params, tenant });
  });

  test.each(CASES)('$method carries the tenant in its path and its body', async ({ call, rest: [, path, body] }) => {
    const { agent, client } = withTenant('HTTP+JSON');
    await call(client);
    expect(agent.last.url).toBe(`https://agent.example/x/a%2Fb%20c${path}`);
    expect(agent.last.body).toEqual(body && { ...body, tenant });
  });

  test('an empty tenant is none, and a tenant of the request wins', async () => {
    const card = cardOf({
      supportedInterfaces: [
        { url: 'https://agent.example/x', protocolBinding: 'HTTP+JSON', protocolVersion: '1.0', tenant: '' },
      ],
    });
    const { agent, client } = setUp({ card });
    await client.cancelTask({ id: 't-1' });
    expect(agent.last).toMatchObject({ url: 'https://agent.example/x/tasks/t-1:cancel', body: {} });
    const { agent: other, client: second } = withTenant('HTTP+JSON');
    await second.cancelTask({ id: 't-1', tenant: 'mine' });
    expect(other.last).toMatchObject({
      url: 'https://agent.example/x/mine/tasks/t-1:cancel',
      body: { tenant: 'mine' },
    });
  });

  test.each([
    ['a/b', 'a%2Fb'],
    ['a:cancel', 'a%3Acancel'],
    ['50%', '50%25'],
    ['two words', 'two%20words'],
    ['\u{1F600}', '%F0%9F%98%80'],
    ['a?b#c', 'a%3Fb%23c'],
    ['../x', '..%2Fx'],
    ['..:x', '..%3Ax'],
  ])('the id %j is the segment %s', async (id, segment) => {
    const { agent, client } = setUp({ bindings: ['HTTP+JSON'] });
    await client.getTask({ id });
    expect(agent.last.url).toBe(`https://agent.example/rest/tasks/${segment}`);
    await client.cancelTask({ id });
    expect(agent.last.url).toBe(`https://agent.example/rest/tasks/${segment}:cancel`);
  });

  test.each(['.', '..', '\uD800'])('the id %j cannot be asked for by path, and nothing is sent', async (id) => {
    const { agent, client } = setUp({ bindings: ['HTTP+JSON'] });
    await expect(client.getTask({ id })).rejects.toThrow(RangeError);
    expect(agent.seen).toEqual([]);
  });

  test('a query of the interface stays behind every route', async () => {
    const url = 'https://agent.example/rest/?key=a%20b';
    const { agent, client } = setUp({ interface: { url, protocolBinding: 'HTTP+JSON', protocolVersion: '1.0' } });
    await client.getTask({ id: 't-1', historyLength: 1 });
    expect(agent.last.url).toBe('https://agent.example/rest/tasks/t-1?key=a%20b&historyLength=1');
  });
});

describe('[7.66] headers', () => {
  test('extensions are named on every request, joined with those of the caller', async () => {
    const { agent, client } = setUp({ extensions: ['https://e.example/1', 'https://e.example/2'] });
    await client.getTask({ id: 't-1' }, { headers: { 'A2A-Extensions': 'https://e.example/3,https://e.example/1' } });
    await collect(client.subscribeToTask({ id: 't-1' }));
    expect(agent.seen.map(({ headers }) => headers['a2a-extensions'])).toEqual([
      'https://e.example/1, https://e.example/2, https://e.example/3',
      'https://e.example/1, https://e.example/2',
    ]);
  });

  test('none of the caller’s are lost, whatever shape they come in; a call’s stand over the client’s', async () => {
    const { agent, client } = setUp({
      headers: new Headers({ 'X-Client': '1', 'X-Both': 'client', Accept: 'application/custom+json' }),
      authenticate: () => [['Authorization', 'Bearer t']],
    });
    await client.sendMessage({ message }, { headers: { 'x-call': '2', 'X-BOTH': 'call' } });
    expect(agent.last.headers).toEqual({
      accept: 'application/custom+json',
      'content-type': 'application/json',
      'a2a-version': '1.0',
      'x-client': '1',
      'x-both': 'call',
      'x-call': '2',
      authorization: 'Bearer t',
    });
  });

  test('the version can stand in the query instead', async () => {
    const rpc = setUp({ versionIn: 'query' });
    await rpc.client.getTask({ id: 't-1' });
    expect(rpc.agent.last.url).toBe('https://agent.example/rpc?A2A-Version=1.0');
    expect(rpc.agent.last.headers).not.toHaveProperty('a2a-version');
    const rest = setUp({ versionIn: 'query', bindings: ['HTTP+JSON'] });
    await rest.client.getTask({ id: 't-1', historyLength: 1 });
    expect(rest.agent.last.url).toBe('https://agent.example/rest/tasks/t-1?historyLength=1&A2A-Version=1.0');
  });
});

describe('[7.67] credentials', () => {
  const unauthorized = () => new Response('{"error":"who are you?"}', { status: 401, headers: { 'x-hint': 'h' } });

  test('a 401 leads to one refresh and one more try', async () => {
    const agent = fakeAgent((request) =>
      request.headers.authorization === 'Bearer new' ? result(request, task('WORKING')) : unauthorized(),
    );
    const asked: (string | undefined)[] = [];
    const client = createA2aClient({
      card: cardOf(),
      fetch: agent.fetch,
      async authenticate({ url, failed }) {
        expect(url).toBe('https://agent.example/rpc');
        asked.push(failed && `${failed.status} ${failed.headers.get('x-hint')} ${await failed.text()}`);
        return { authorization: failed ? 'Bearer new' : 'Bearer old' };
      },
    });
    expect(await client.getTask({ id: 't-1' })).toMatchObject({ id: 't-1' });
    expect(asked).toEqual([undefined, '401 h {"error":"who are you?"}']);
    // What came of it is kept.
    await client.getTask({ id: 't-1' });
    expect(asked).toHaveLength(2);
    expect(agent.seen).toHaveLength(3);
  });

  test('a second 401 is the answer', async () => {
    const agent = fakeAgent(unauthorized);
    let asked = 0;
    const authenticate = () => ({ authorization: `Bearer ${++asked}` });
    const client = createA2aClient({ card: cardOf(), fetch: agent.fetch, authenticate });
    await expect(client.getTask({ id: 't-1' })).rejects.toMatchObject({
      name: 'A2aRemoteError',
      code: 'ERR_A2A_UNAUTHENTICATED',
      httpStatus: 401,
    });
    expect(asked).toBe(2);
    expect(agent.seen).toHaveLength(2);
  });

  test('where there are no other credentials to be had, the first 401 is', async () => {
    const agent = fakeAgent(unauthorized);
    const authenticate = () => undefined;
    const client = createA2aClient({ card: cardOf(), fetch: agent.fetch, authenticate });
    await expect(client.getTask({ id: 't-1' })).rejects.toMatchObject({ code: 'ERR_A2A_UNAUTHENTICATED' });
    expect(agent.seen).toHaveLength(1);
  });

  test('without the hook, it is too; 403 asks nobody', async () => {
    const agent = fakeAgent(unauthorized);
    const client = createA2aClient({ card: cardOf(), fetch: agent.fetch });
    await expect(client.getTask({ id: 't-1' })).rejects.toMatchObject({ code: 'ERR_A2A_UNAUTHENTICATED' });
    const denying = fakeAgent(() => new Response(null, { status: 403 }));
    let asked = 0;
    const authenticate = () => ({ authorization: `Bearer ${++asked}` });
    const other = createA2aClient({ card: cardOf(), fetch: denying.fetch, authenticate });
    await expect(other.getTask({ id: 't-1' })).rejects.toMatchObject({ code: 'ERR_A2A_PERMISSION_DENIED' });
    expect(asked).toBe(1);
  });

  test('calls that fail together share one refresh', async () => {
    const agent = fakeAgent((request) =>
      request.headers.authorization === 'Bearer 2' ? result(request, task('WORKING')) : unauthorized(),
    );
    let asked = 0;
    const client = createA2aClient({
      card: cardOf(),
      fetch: agent.fetch,
      authenticate: async () => ({ authorization: `Bearer ${++asked}` }),
    });
    const calls = Array.from({ length: 5 }, () => client.getTask({ id: 't-1' }));
    expect(await Promise.all(calls)).toHaveLength(5);
    expect(asked).toBe(2);
  });

  test('what the hook throws is what the call throws, and the next call asks again', async () => {
    const agent = fakeAgent((request) => result(request, task('WORKING')));
    let asked = 0;
    const client = createA2aClient({
      card: cardOf(),
      fetch: agent.fetch,
      authenticate() {
        if (++asked === 1) throw new Error('no keychain');
        return {};
      },
    });
    await expect(client.getTask({ id: 't-1' })).rejects.toThrow('no keychain');
    await client.getTask({ id: 't-1' });
    expect(agent.seen).toHaveLength(1);
  });

  test('credentials for one origin do not go to another', async () => {
    const agent = fakeAgent((request) => {
      if (request.url.startsWith('https://one.example')) throw new TypeError('unreachable');
      return result(request, task('WORKING'));
    });
    const supportedInterfaces = ['https://one.example/rpc', 'https://two.example/rpc'].map((url) => ({
      url,
      protocolBinding: 'JSONRPC',
      protocolVersion: '1.0',
    }));
    const authenticate = ({ url }: { url: string }) => ({ authorization: new URL(url).host });
    const client = createA2aClient({ card: cardOf({ supportedInterfaces }), fetch: agent.fetch, authenticate });
    await client.getTask({ id: 't-1' });
    expect(agent.seen.map(({ headers }) => headers.authorization)).toEqual(['one.example', 'two.example']);
  });
});

describe('what the card rules out is not asked', () => {
  const refused = async (call: (client: A2aClient) => unknown, capabilities: object, code: string) => {
    const { agent, client } = setUp({ card: cardOf({ capabilities }) });
    await expect(call(client)).rejects.toMatchObject({ name: 'A2aOperationError', code });
    expect(agent.seen).toEqual([]);
  };

  test.each(CASES)('$method', async ({ method, call }) => {
    if (method.includes('Push')) {
      await refused(call, { streaming: true }, 'ERR_A2A_PUSH_NOTIFICATION_NOT_SUPPORTED');
    } else if (/Stream|Subscribe|Extended/.test(method)) {
      await refused(call, {}, 'ERR_A2A_UNSUPPORTED_OPERATION');
      await refused(call, { streaming: false, extendedAgentCard: false }, 'ERR_A2A_UNSUPPORTED_OPERATION');
    } else {
      const { agent, client } = setUp({ card: cardOf({ capabilities: {} }) });
      await call(client);
      expect(agent.seen).toHaveLength(1);
    }
  });

  test('without a card, everything is asked', async () => {
    const agent = fakeAgent((request) => result(request, ANSWER));
    const acceptExtendedCard = () => cardOf({ capabilities: { streaming: true } });
    const client = createA2aClient({ url: 'https://agent.example/rpc', fetch: agent.fetch, acceptExtendedCard });
    for (const { call } of CASES) await call(client);
    expect(agent.seen).toHaveLength(CASES.length);
    // The extended card counts from then on.
    await expect(client.listTaskPushNotificationConfigs({ taskId: 't-1' })).rejects.toMatchObject({
      code: 'ERR_A2A_PUSH_NOTIFICATION_NOT_SUPPORTED',
    });
  });
});

describe('the choice of an interface', () => {
  const at = (protocolBinding: string, protocolVersion: string, url = 'https://agent.example/x') => ({
    url,
    protocolBinding,
    protocolVersion,
  });
  const choose = (supportedInterfaces: ReturnType<typeof at>[], options: Partial<A2aClientOptions> = {}) =>
    createA2aClient({ card: cardOf({ supportedInterfaces }), ...options }).interface;

  test('[7.54] the first that is known, whatever its case and patch version', () => {
    expect(choose([at('GRPC', '1.0'), at('JSONRPC', '0.3'), at('http+json', '1.0.1'), at('JSONRPC', '1.0')])).toEqual(
      at('http+json', '1.0.1'),
    );
  });

  test('[7.54] the caller’s preference stands over the card’s', () => {
    const offered = [at('HTTP+JSON', '1.0'), at('JSONRPC', '1.0')];
    expect(choose(offered, { bindings: ['JSONRPC', 'HTTP+JSON'] })).toEqual(offered[1]);
    expect(choose(offered, { interface: at('JSONRPC', '1.0', 'https://other.example/') }).url).toBe(
      'https://other.example/',
    );
  });

  test('[7.54] none that is known: an error with what was offered', () => {
    const offered = [at('GRPC', '1.0'), at('https://custom.example/binding', '1.0'), at('JSONRPC', '10.0')];
    expect(() => choose(offered)).toThrow(
      expect.objectContaining({ code: 'ERR_A2A_NO_COMPATIBLE_INTERFACE', offered }),
    );
  });

  test('misuse is told at once', () => {
    expect(() => createA2aClient({})).toThrow(TypeError);
    expect(() => createA2aClient({ card: cardOf(), url: 'https://agent.example/' })).toThrow(TypeError);
    for (const option of [
      { maxBodyBytes: 0 },
      { maxEventBytes: 0 },
      { idleTimeoutMs: -1 },
      { resubscribe: { maxAttempts: 0 } },
      { resubscribe: { initialDelayMs: 60_001 } },
      { resubscribe: { maxDelayMs: -1 } },
    ]) {
      expect(() => createA2aClient({ card: cardOf(), ...option })).toThrow(RangeError);
    }
    for (const option of [{ versionIn: 'body' }, { fetch: 'x' }, { authenticate: {} }]) {
      expect(() => createA2aClient({ card: cardOf(), ...option } as never)).toThrow(TypeError);
    }
  });

  test.each([
    [{ message: { ...message, parts: [] } }],
    [{ message: { ...message, messageId: '' } }],
    [{ message: { ...message, parts: [{ text: 'a', url: 'b' }] } }],
    [{ message: { ...message, metadata: [] } }],
    [{}],
  ])('a request that is none is told before anything is sent: %j', async (request) => {
    const { agent, client } = setUp();
    await expect(client.sendMessage(request as never)).rejects.toThrow(TypeError);
    expect(() => client.sendStreamingMessage(request as never)).toThrow(TypeError);
    expect(agent.seen).toEqual([]);
  });
});

describe('[7.68] SubscribeToTask by POST or GET', () => {
  const agentWith = (post: () => Response) =>
    fakeAgent((request) => (request.method === 'POST' ? post() : result(request, { task: task('COMPLETED') })));

  test.each([404, 405])('a %i leads to GET, which is remembered', async (code) => {
    const agent = agentWith(() => json({ detail: 'no such route' }, code));
    const client = createA2aClient({ card: cardOf(), bindings: ['HTTP+JSON'], fetch: agent.fetch });
    await collect(client.subscribeToTask({ id: 't-1' }));
    await collect(client.subscribeToTask({ id: 't-1' }));
    expect(agent.seen.map(({ method }) => method)).toEqual(['POST', 'GET', 'GET']);
    expect(agent.last.url).toBe('https://agent.example/rest/tasks/t-1:subscribe');
    expect(agent.last.body).toBeUndefined();
  });

  test('a task that is not there is not asked for twice', async () => {
    const details = [{ '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: 'TASK_NOT_FOUND' }];
    const agent = agentWith(() => json({ error: { code: 404, status: 'NOT_FOUND', message: 'gone', details } }, 404));
    const client = createA2aClient({ card: cardOf(), bindings: ['HTTP+JSON'], fetch: agent.fetch });
    await expect(collect(client.subscribeToTask({ id: 't-1' }))).rejects.toMatchObject({
      code: 'ERR_A2A_TASK_NOT_FOUND',
    });
    expect(agent.seen).toHaveLength(1);
  });

  test('where neither is there, nothing is remembered', async () => {
    const agent = fakeAgent(() => new Response('<h1>no</h1>', { status: 404 }));
    const client = createA2aClient({ card: cardOf(), bindings: ['HTTP+JSON'], fetch: agent.fetch });
    for (let i = 0; i < 2; i++) {
      await expect(collect(client.subscribeToTask({ id: 't-1' }))).rejects.toMatchObject({
        code: 'ERR_A2A_METHOD_NOT_FOUND',
      });
    }
    expect(agent.seen.map(({ method }) => method)).toEqual(['POST', 'GET', 'POST', 'GET']);
  });

  test('JSON-RPC has no GET', async () => {
    const agent = agentWith(() => json({ detail: 'no such route' }, 404));
    const client = createA2aClient({ card: cardOf(), fetch: agent.fetch });
    await expect(collect(client.subscribeToTask({ id: 't-1' }))).rejects.toMatchObject({ httpStatus: 404 });
    expect(agent.seen).toHaveLength(1);
  });
});
