// Where a server answers, and what the paths of HTTP+JSON mean.

import { describe, expect, it } from 'vitest';
import type { AgentCard } from '../../../src/a2a/card/agent-card.js';
import { createA2aServer } from '../../../src/a2a/server/index.js';
import type { TaskRecord, TaskStore } from '../../../src/a2a/server/task-store.js';
import { CARD, type Json, message, ORIGIN, rest, rpc, serverOf, wireExecutor } from './support.js';

/** A store that tells which task it was asked for. */
function askedFor(): { tasks: TaskStore; asked: string[] } {
  const asked: string[] = [];
  const tasks: TaskStore = {
    async get(_, taskId): Promise<TaskRecord | undefined> {
      asked.push(taskId);
      return undefined;
    },
    put: async () => {},
    delete: async () => {},
    heads: async () => [],
  };
  return { tasks, asked };
}

describe('[7.71] paths of HTTP+JSON', () => {
  it.each([
    ['GET', '/tasks/a', 'a'],
    ['GET', '/tasks/a%2Fb', 'a/b'],
    ['GET', '/tasks/a%3Acancel', 'a:cancel'],
    ['GET', '/tasks/a:b', 'a:b'],
    ['POST', '/tasks/a:cancel', 'a'],
    ['POST', '/tasks/a%3Acancel:cancel', 'a:cancel'],
    ['POST', '/tasks/a:b:cancel', 'a:b'],
    ['GET', '/tasks/a:subscribe', 'a'],
    ['POST', '/tasks/a:subscribe', 'a'],
    ['POST', '/tasks/%F0%9F%98%80%20%25:subscribe', '\u{1f600} %'],
    ['GET', '/tenant/tasks/a', 'a'],
    ['POST', '/te%2Fnant/tasks/a:cancel', 'a'],
    ['GET', '/tasks/tasks', 'tasks'],
    ['GET', '/tasks/a/pushNotificationConfigs', 'a'],
    ['GET', '/tasks/a:b/pushNotificationConfigs/c', 'a:b'],
  ])('%s %s asks for the task %s', async (verb, path, taskId) => {
    const { tasks, asked } = askedFor();
    const server = serverOf({ tasks });
    const { status } = await rest(server, verb, path, verb === 'POST' ? {} : undefined);
    expect([status, asked]).toEqual([404, [taskId]]);
  });

  it.each([
    ['PUT', '/message:send', 405],
    ['GET', '/message:send', 405],
    ['DELETE', '/tasks/a', 405],
    ['GET', '/tasks/a:cancel', 405],
    ['POST', '/tasks/a', 405],
    ['HEAD', '/tasks', 405],
    ['GET', '/', 404],
    ['GET', '/nothing', 404],
    ['GET', '/tasks/', 404],
    ['GET', '/tasks/%', 404],
    ['GET', '/tasks/a/b/c', 404],
    ['POST', '/message:send/more/and/more', 404],
  ])('%s %s is answered %i', async (verb, path, status) => {
    const request = new Request(`${ORIGIN}/rest${path}`, { method: verb, headers: { 'A2A-Version': '1.0' } });
    const response = await serverOf().fetch(request);
    expect(response.status).toBe(status);
    expect(response.headers.has('Allow')).toBe(status === 405);
  });

  it('a task of one tenant is not there for another, nor without one', async () => {
    const server = serverOf();
    const { body } = await rest(server, 'POST', '/blue/message:send', { message: message('hi') });
    const { id } = body.task;
    expect((await rest(server, 'GET', `/blue/tasks/${id}`)).status).toBe(200);
    expect((await rest(server, 'GET', `/green/tasks/${id}`)).status).toBe(404);
    expect((await rest(server, 'GET', `/tasks/${id}`)).status).toBe(404);
    expect((await rpc(server, 'GetTask', { id, tenant: 'blue' })).id).toBe(id);
    expect((await rpc(server, 'GetTask', { id, tenant: 'green' })).code).toBe(-32001);
  });

  it('the tenant of the path wins over that of the body', async () => {
    const server = serverOf();
    const { body } = await rest(server, 'POST', '/blue/message:send', { tenant: 'green', message: message('hi') });
    expect((await rest(server, 'GET', `/blue/tasks/${body.task.id}`)).status).toBe(200);
  });
});

describe('where a server answers', () => {
  const ask = (server: { fetch: (request: Request) => Promise<Response> }, path: string) =>
    server.fetch(
      new Request(`${ORIGIN}${path}`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', 'A2A-Version': '1.0' },
        body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'ListTasks' }),
      }),
    );

  it('takes the paths from the interfaces of the card', async () => {
    const card: AgentCard = {
      ...CARD,
      capabilities: {},
      supportedInterfaces: [
        { url: `${ORIGIN}/old`, protocolBinding: 'JSONRPC', protocolVersion: '0.3' },
        { url: `${ORIGIN}/agents/a`, protocolBinding: 'jsonrpc', protocolVersion: '1.0' },
      ],
    };
    const server = createA2aServer({ card, executor: wireExecutor });
    expect((await ask(server, '/agents/a')).status).toBe(200);
    expect((await ask(server, '/old')).status).toBe(404);
    expect((await ask(server, '/agents/a/')).status).toBe(404);
  });

  it('answers both bindings at one address', async () => {
    const server = serverOf({ rpcPath: '/', restBase: '/' });
    expect((await ask(server, '/')).status).toBe(200);
    const headers = { 'A2A-Version': '1.0' };
    expect((await server.fetch(new Request(`${ORIGIN}/tasks`, { headers }))).status).toBe(200);
  });

  it('answers only one binding, when told so', async () => {
    const server = serverOf({ rpcPath: false });
    expect((await ask(server, '/rpc')).status).toBe(404);
    expect((await rest(server, 'GET', '/tasks')).status).toBe(200);
  });

  it('answers 405 to other verbs at the address of JSON-RPC', async () => {
    const response = await serverOf().fetch(new Request(`${ORIGIN}/rpc`));
    expect(response.status).toBe(405);
    expect(response.headers.get('Allow')).toContain('POST');
  });

  it('refuses to be made without an address, or with a path that is none', () => {
    const card: Json = { ...CARD, capabilities: {}, supportedInterfaces: [] };
    expect(() => createA2aServer({ card, executor: wireExecutor })).toThrow(TypeError);
    expect(() => serverOf({ rpcPath: 'rpc' })).toThrow(TypeError);
  });

  it('refuses options that do not fit the card', () => {
    expect(() => createA2aServer({ card: CARD, executor: wireExecutor })).toThrow(TypeError);
    expect(() => serverOf({ extendedCard: CARD })).toThrow(TypeError);
    for (const name of [
      'executor',
      'card',
      'tasks',
      'push',
      'authenticate',
      'authorize',
      'onError',
      'waitUntil',
      'now',
    ]) {
      expect(() => serverOf({ [name]: 'x' as Json }), name).toThrow(TypeError);
    }
    expect(() => serverOf({ allowedOrigins: 'https://app.example' as Json })).toThrow(TypeError);
    expect(() => serverOf({ limits: { maxParts: 0 } })).toThrow(RangeError);
    expect(() => serverOf({ limits: { maxPart: 1 } as Json })).toThrow(TypeError);
  });
});
