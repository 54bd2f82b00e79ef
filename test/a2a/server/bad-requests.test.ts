// Requests that are none, in both bindings.

import { describe, expect, it } from 'vitest';
import { HEADERS, type Json, message, ORIGIN, rest, rpc, serverOf } from './support.js';

const server = serverOf();

async function post(path: string, body: string | Uint8Array, headers: Record<string, string> = {}): Promise<Json> {
  const request = new Request(`${ORIGIN}${path}`, {
    method: 'POST',
    headers: { ...HEADERS, ...headers },
    body: body as BodyInit,
  });
  const response = await server.fetch(request);
  return { status: response.status, body: await response.json(), headers: response.headers };
}

describe('[7.70] JSON-RPC', () => {
  it.each([
    ['malformed JSON', '{"jsonrpc":', -32700],
    ['nothing', '', -32700],
    ['two values', '{} {}', -32700],
    ['a byte order mark', '\ufeff{"jsonrpc":"2.0","id":1,"method":"GetTask"}', -32700],
    ['a member twice', '{"jsonrpc":"2.0","id":1,"id":2,"method":"GetTask"}', -32700],
    ['a member twice, once escaped', '{"jsonrpc":"2.0","id":1,"\\u0069d":2,"method":"GetTask"}', -32700],
    ['a member twice, deep inside', '{"jsonrpc":"2.0","id":1,"method":"GetTask","params":{"id":"a","id":"b"}}', -32700],
    ['nesting beyond 64 levels', `{"a":${'['.repeat(64)}${']'.repeat(64)}}`, -32700],
    ['a batch', '[{"jsonrpc":"2.0","id":1,"method":"GetTask","params":{"id":"x"}}]', -32600],
    ['an empty batch', '[]', -32600],
    ['a string', '"GetTask"', -32600],
    ['null', 'null', -32600],
    ['no request object', '{"hello":1}', -32600],
    ['another JSON-RPC', '{"jsonrpc":"1.0","id":1,"method":"GetTask"}', -32600],
    ['a notification', '{"jsonrpc":"2.0","method":"GetTask","params":{"id":"x"}}', -32600],
    ['the id null', '{"jsonrpc":"2.0","id":null,"method":"GetTask"}', -32600],
    ['an object as id', '{"jsonrpc":"2.0","id":{},"method":"GetTask"}', -32600],
    ['a number as method', '{"jsonrpc":"2.0","id":1,"method":7}', -32600],
  ])('refuses %s', async (_, body, code) => {
    const answer = await post('/rpc', body);
    expect([answer.status, answer.body.id, answer.body.error.code]).toEqual([200, null, code]);
  });

  it.each([
    ['an unknown method', 'NoSuch', {}, -32601],
    ['a method of 0.3', 'message/send', {}, -32601],
    ['a method named like a member of objects', 'constructor', {}, -32601],
    ['__proto__ as method', '__proto__', {}, -32601],
    ['no message', 'SendMessage', {}, -32602],
    ['a message without parts', 'SendMessage', { message: { messageId: 'm', role: 'ROLE_USER', parts: [] } }, -32602],
    ['a message of the agent', 'SendMessage', { message: { ...message('hi'), role: 'ROLE_AGENT' } }, -32602],
    ['params of another kind', 'GetTask', [], -32602],
    ['no id', 'GetTask', {}, -32602],
    ['both spellings of a name', 'GetTask', { id: 'x', historyLength: 1, history_length: 1 }, -32602],
  ])('refuses %s', async (_, method, params, code) => {
    expect((await rpc(server, method, params)).code).toBe(code);
  });

  it('names the member at fault', async () => {
    const error = await rpc(server, 'SendMessage', { message: { messageId: 'm', role: 'ROLE_USER', parts: [{}] } });
    const [, violation] = error.data;
    expect(violation.fieldViolations[0].field).toBe('message.parts[0]');
  });

  it('answers with the id of the request, be it 0 or an empty string', async () => {
    for (const id of [0, '', 'a', 1.5]) {
      const answer = await post('/rpc', JSON.stringify({ jsonrpc: '2.0', id, method: 'NoSuch' }));
      expect(answer.body.id).toBe(id);
    }
  });

  it('takes params that are null for none', async () => {
    expect((await rpc(server, 'ListTasks', null)).totalSize).toBe(0);
  });

  it.each(['text/plain', 'application/xml', 'application/json-patch+json', '', 'application/json; charset=utf-16'])(
    'refuses the content type "%s"',
    async (type) => {
      const answer = await post('/rpc', '{}', { 'Content-Type': type });
      expect([answer.status, answer.body.error.code]).toEqual([415, -32005]);
    },
  );

  it.each(['application/json', 'APPLICATION/JSON', 'application/a2a+json', 'application/json; charset="UTF-8"'])(
    'takes the content type "%s"',
    async (type) => {
      expect((await post('/rpc', '{}', { 'Content-Type': type })).body.error.code).toBe(-32600);
    },
  );
});

describe('[7.70] versions', () => {
  it.each(['9.9', '0.3', '', '1', '1.0.x', '2.0', '1.00'])(
    'refuses "%s", and names those it speaks',
    async (version) => {
      const error = await rpc(server, 'ListTasks', {}, { headers: { 'A2A-Version': version } });
      expect(error.code).toBe(-32009);
      expect(error.data[0].metadata).toEqual({ supportedVersions: '1.0' });
      const { status, body } = await rest(server, 'GET', '/tasks', undefined, { headers: { 'A2A-Version': version } });
      expect([status, body.error.details[0].reason]).toEqual([400, 'VERSION_NOT_SUPPORTED']);
    },
  );

  it('refuses a request that says nothing', async () => {
    const response = await server.fetch(new Request(`${ORIGIN}/rest/tasks`));
    expect(response.status).toBe(400);
  });

  it('does not mind a patch version', async () => {
    expect(await rpc(server, 'ListTasks', {}, { headers: { 'A2A-Version': '1.0.1' } })).toHaveProperty('tasks');
  });

  it('takes the version from the query as well, and the header before it', async () => {
    const url = `${ORIGIN}/rest/tasks?A2A-Version=1.0`;
    expect((await server.fetch(new Request(url))).status).toBe(200);
    expect((await server.fetch(new Request(url, { headers: { 'A2A-Version': '9.9' } }))).status).toBe(400);
  });
});

describe('[7.70] HTTP+JSON', () => {
  it.each([
    ['malformed JSON', '{'],
    ['an array', '[]'],
    ['a string', '"x"'],
    ['a member twice', '{"message":{},"message":{}}'],
    ['nothing', ''],
    ['null', 'null'],
  ])('refuses %s', async (_, body) => {
    expect((await post('/rest/message:send', body)).status).toBe(400);
  });

  it.each(['', 'null', '{}'])('takes the body "%s" where there is nothing to say', async (body) => {
    const { status, body: answer } = await post('/rest/tasks/none:cancel', body);
    expect([status, answer.error.details[0].reason]).toEqual([404, 'TASK_NOT_FOUND']);
  });

  it('takes a request without a body and a content type', async () => {
    const headers = { 'A2A-Version': '1.0' };
    const response = await server.fetch(new Request(`${ORIGIN}/rest/tasks/none:cancel`, { method: 'POST', headers }));
    expect(response.status).toBe(404);
  });

  it('refuses a parameter that is no number, and one that is no flag', async () => {
    expect((await rest(server, 'GET', '/tasks?pageSize=many')).status).toBe(400);
    expect((await rest(server, 'GET', '/tasks?includeArtifacts=yes')).status).toBe(400);
  });
});
