// What the card promises is what callers get, and nothing that it does not.

import { describe, expect, it } from 'vitest';
import type { AgentCard } from '../../../src/a2a/card/agent-card.js';
import { type ExecutionContext, memoryPushConfigStore, unauthenticated } from '../../../src/a2a/server/index.js';
import { A2aOperationError } from '../../../src/a2a/wire/errors.js';
import { CARD, type Json, message, rest, restRequest, rpc, rpcStream, serverOf } from './support.js';

const none: AgentCard = { ...CARD, capabilities: {} };
const CONFIG = { url: 'https://hooks.example/', taskId: 'x' };

const GATED: [string, Json, string, string, number, string][] = [
  ['SendStreamingMessage', { message: message('hi') }, 'POST', '/message:stream', -32004, 'UNSUPPORTED_OPERATION'],
  ['SubscribeToTask', { id: 'x' }, 'POST', '/tasks/x:subscribe', -32004, 'UNSUPPORTED_OPERATION'],
  ['GetExtendedAgentCard', {}, 'GET', '/extendedAgentCard', -32004, 'UNSUPPORTED_OPERATION'],
  [
    'CreateTaskPushNotificationConfig',
    CONFIG,
    'POST',
    '/tasks/x/pushNotificationConfigs',
    -32003,
    'PUSH_NOTIFICATION_NOT_SUPPORTED',
  ],
  [
    'GetTaskPushNotificationConfig',
    { taskId: 'x', id: 'c' },
    'GET',
    '/tasks/x/pushNotificationConfigs/c',
    -32003,
    'PUSH_NOTIFICATION_NOT_SUPPORTED',
  ],
  [
    'ListTaskPushNotificationConfigs',
    { taskId: 'x' },
    'GET',
    '/tasks/x/pushNotificationConfigs',
    -32003,
    'PUSH_NOTIFICATION_NOT_SUPPORTED',
  ],
  [
    'DeleteTaskPushNotificationConfig',
    { taskId: 'x', id: 'c' },
    'DELETE',
    '/tasks/x/pushNotificationConfigs/c',
    -32003,
    'PUSH_NOTIFICATION_NOT_SUPPORTED',
  ],
];

describe('[7.76] capabilities', () => {
  it.each(GATED)('%s is refused where the card does not offer it', async (method, params, verb, path, code, reason) => {
    for (const capabilities of [{}, { streaming: false, pushNotifications: false, extendedAgentCard: false }]) {
      const server = serverOf({ card: { ...CARD, capabilities } });
      const error = await rpc(server, method, params);
      expect([error.code, error.data[0].reason]).toEqual([code, reason]);
      const { status, body } = await rest(server, verb, path, verb === 'POST' ? params : undefined);
      expect([status, body.error.details[0].reason]).toEqual([400, reason]);
    }
  });

  it('so is a message that wants notifications', async () => {
    const configuration = { taskPushNotificationConfig: { url: 'https://hooks.example/' } };
    const server = serverOf({ card: none, push: { store: memoryPushConfigStore() } });
    expect((await rpc(server, 'SendMessage', { message: message('hi'), configuration })).code).toBe(-32003);
    expect((await rpc(server, 'ListTasks', {})).totalSize).toBe(0);
  });

  it('an extended card that is promised and not there has its own error', async () => {
    expect((await rpc(serverOf(), 'GetExtendedAgentCard', undefined)).code).toBe(-32007);
  });

  it('the extended card is the caller’s', async () => {
    const server = serverOf({
      authenticate: ({ request }) => ({ id: request.headers.get('X-User') ?? '' }),
      extendedCard: async ({ id }) => ({ ...CARD, name: `card for ${id}` }),
    });
    const asked = { headers: { 'X-User': 'alice' } };
    expect((await rpc(server, 'GetExtendedAgentCard', undefined, asked)).name).toBe('card for alice');
    const { body, headers } = await rest(server, 'GET', '/extendedAgentCard', undefined, asked);
    expect(body.name).toBe('card for alice');
    expect(headers.get('Cache-Control')).toBe('no-store');
  });
});

describe('[7.76] extensions', () => {
  const [needed, offered] = ['https://example.com/needed', 'https://example.com/offered'];
  const card: AgentCard = {
    ...CARD,
    capabilities: { streaming: true, extensions: [{ uri: needed, required: true }, { uri: offered }] },
  };
  const contexts: ExecutionContext[] = [];
  const server = serverOf({
    card,
    executor(context) {
      contexts.push(context);
      return context.completed();
    },
  });

  it.each([undefined, '', offered, `${needed}/x`, needed.toUpperCase()])(
    'a required one that is not asked for: %s',
    async (said) => {
      const headers = said === undefined ? {} : { 'A2A-Extensions': said };
      const error = await rpc(server, 'SendMessage', { message: message('hi') }, { headers });
      expect([error.code, error.data[0].metadata]).toEqual([-32008, { extension: needed }]);
      expect((await rest(server, 'GET', '/tasks', undefined, { headers })).body.error.details[0].reason).toBe(
        'EXTENSION_SUPPORT_REQUIRED',
      );
    },
  );

  it('those in use are told back, and to the executor; unknown ones are ignored', async () => {
    const headers = { 'A2A-Extensions': ` ${offered} ,, https://example.com/other,${needed}, ${needed}` };
    const params = { message: message('hi') };
    for (const response of [
      await rpcStream(server, 'SendMessage', params, { headers }),
      await rpcStream(server, 'SendStreamingMessage', params, { headers }),
      await server.fetch(restRequest('POST', '/message:send', params, { headers })),
    ]) {
      expect(response.headers.get('A2A-Extensions')).toBe(`${needed}, ${offered}`);
      await response.body?.cancel();
    }
    expect(contexts.map(({ extensions }) => extensions)).toEqual([1, 2, 3].map(() => [needed, offered]));
  });
});

describe('authentication', () => {
  const server = serverOf({
    authenticate({ request }) {
      const said = request.headers.get('Authorization');
      if (said === null) return unauthenticated('Bearer realm="agents"');
      if (said === 'Bearer barred') throw new A2aOperationError('ERR_A2A_PERMISSION_DENIED');
      if (said === 'Bearer broken') throw new Error('database at 10.0.0.7 is down');
      if (said === 'Bearer odd') return {} as Json;
      return { id: said };
    },
  });
  const as = (said: string) => ({ headers: { Authorization: said } });

  it('a caller that says nothing is challenged', async () => {
    for (const { status, headers, body } of [
      await rest(server, 'GET', '/tasks'),
      await rest(server, 'POST', '/message:send', { message: message('hi') }),
    ]) {
      expect([status, body.error.status]).toEqual([401, 'UNAUTHENTICATED']);
      expect(headers.get('WWW-Authenticate')).toBe('Bearer realm="agents"');
    }
    const response = await rpcStream(server, 'ListTasks', {});
    expect(response.status).toBe(401);
    expect(response.headers.get('WWW-Authenticate')).toBe('Bearer realm="agents"');
    expect(((await response.json()) as Json).error.code).toBe(-32000);
  });

  it('one that is known and barred is told so', async () => {
    expect((await rest(server, 'GET', '/tasks', undefined, as('Bearer barred'))).status).toBe(403);
    expect((await rpcStream(server, 'ListTasks', {}, as('Bearer barred'))).status).toBe(403);
  });

  it('a hook that breaks is a fault of the server, of which nobody hears the detail', async () => {
    for (const said of ['Bearer broken', 'Bearer odd']) {
      const { status, body } = await rest(server, 'GET', '/tasks', undefined, as(said));
      expect(status).toBe(500);
      expect(JSON.stringify(body)).not.toContain('10.0.0.7');
    }
  });

  it('the public card needs none', async () => {
    const response = await server.fetch(new Request('https://agent.example/.well-known/agent-card.json'));
    expect(response.status).toBe(200);
  });

  it('the hook is given the body, for schemes that sign it', async () => {
    let seen = '';
    const signing = serverOf({
      authenticate({ body }) {
        seen = new TextDecoder().decode(body);
        return { id: 'a' };
      },
    });
    await rest(signing, 'POST', '/message:send', { message: message('signed') });
    expect(JSON.parse(seen).message.parts[0].text).toBe('signed');
  });

  it('a challenge that fits no header is refused when it is made', () => {
    expect(() => unauthenticated('Bearer\r\nX: y')).toThrow(TypeError);
  });
});

describe('authorisation', () => {
  it('is asked about each operation, with the task it is about', async () => {
    const asked: Json[] = [];
    const server = serverOf({
      authenticate: () => ({ id: 'alice' }),
      authorize(request) {
        asked.push(request);
        return true;
      },
      extendedCard: CARD,
    });
    const { task } = await rpc(server, 'SendMessage', { tenant: 't', message: message('ask') });
    const { id } = task;
    const rest: [string, Json][] = [
      ['SendStreamingMessage', { message: message('ask', { taskId: id }) }],
      ['GetTask', { id }],
      ['ListTasks', {}],
      ['SubscribeToTask', { id }],
      ['CreateTaskPushNotificationConfig', { ...CONFIG, taskId: id }],
      ['GetTaskPushNotificationConfig', { taskId: id, id: 'c' }],
      ['ListTaskPushNotificationConfigs', { taskId: id }],
      ['DeleteTaskPushNotificationConfig', { taskId: id, id: 'c' }],
      ['GetExtendedAgentCard', {}],
      ['CancelTask', { id }],
    ];
    for (const [method, params] of rest) {
      const response = await rpcStream(server, method, { ...params, tenant: 't' });
      await response.text();
    }
    expect(asked.map(({ operation }) => operation)).toEqual(['SendMessage', ...rest.map(([method]) => method)]);
    for (const { user, tenant } of asked) expect([user.id, tenant]).toEqual(['alice', 't']);
    for (const { operation, task: about } of asked) {
      const aboutNone = ['SendMessage', 'ListTasks', 'GetExtendedAgentCard'].includes(operation);
      expect(about?.id).toBe(aboutNone ? undefined : id);
    }
  });

  it('what it refuses of a task looks like a task that is not there', async () => {
    let open = true;
    const server = serverOf({ authorize: () => open });
    const { task } = await rpc(server, 'SendMessage', { message: message('ask') });
    open = false;
    for (const [method, params] of [
      ['GetTask', { id: task.id }],
      ['CancelTask', { id: task.id }],
      ['SubscribeToTask', { id: task.id }],
      ['SendMessage', { message: message('x', { taskId: task.id }) }],
      ['ListTaskPushNotificationConfigs', { taskId: task.id }],
    ] as [string, Json][]) {
      const refused = await rpc(server, method, params);
      const missing = await rpc(server, method, JSON.parse(JSON.stringify(params).replaceAll(task.id, 'none')));
      expect(refused).toEqual(missing);
      expect(refused.code).toBe(-32001);
    }
  });

  it.each([false, undefined, 1, 'yes', null])('anything but true refuses: %s', async (answer) => {
    const server = serverOf({ authorize: () => answer as boolean });
    const { status, body } = await rest(server, 'POST', '/message:send', { message: message('hi') });
    expect([status, body.error.status]).toEqual([403, 'PERMISSION_DENIED']);
    expect((await rest(server, 'GET', '/tasks')).status).toBe(403);
  });
});
