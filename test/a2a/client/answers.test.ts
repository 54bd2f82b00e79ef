import { describe, expect, test } from 'vitest';
import { createA2aClient } from '../../../src/a2a/client/client.js';
import type { A2aClientOptions, A2aWarning } from '../../../src/a2a/client/options.js';
import { writeRestError, writeRpcError } from '../../../src/a2a/wire/error-json.js';
import { A2aOperationError, A2aRemoteError, ERROR_SPELLINGS } from '../../../src/a2a/wire/errors.js';
import { nestedArrays } from '../../codec/helpers.js';
import { cardOf, fakeAgent, json, result, type Seen, task } from './fake-agent.js';

const BINDINGS = ['JSONRPC', 'HTTP+JSON'] as const;
const message = { messageId: 'm-1', role: 'ROLE_USER', parts: [{ text: 'hi' }] };
const reply = { messageId: 'm-2', role: 'ROLE_AGENT', parts: [{ text: 'ho' }] };

function setUp(answer: (request: Seen) => Response | Promise<Response>, options: Partial<A2aClientOptions> = {}) {
  const warnings: A2aWarning[] = [];
  const agent = fakeAgent(answer);
  const onWarning = (warning: A2aWarning) => void warnings.push(warning);
  const client = createA2aClient({ card: cardOf(), fetch: agent.fetch, onWarning, ...options });
  return { agent, client, warnings };
}

const INVALID = { name: 'A2aOperationError', code: 'ERR_A2A_INVALID_AGENT_RESPONSE' };

describe.each(BINDINGS)('[7.57] answers over %s', (binding) => {
  const bindings = [binding];
  const asking = (answer: (request: Seen) => Response) => setUp(answer, { bindings }).client.sendMessage({ message });

  test('a task and a message', async () => {
    expect(await asking((request) => result(request, { task: task('WORKING') }))).toEqual({ task: task('WORKING') });
    expect(await asking((request) => result(request, { message: reply }))).toEqual({ message: reply });
  });

  test('bare ones are taken, with a warning', async () => {
    const { client, warnings } = setUp((request) => result(request, task('WORKING')), { bindings });
    expect(await client.sendMessage({ message })).toEqual({ task: task('WORKING') });
    expect(await asking((request) => result(request, reply))).toEqual({ message: reply });
    expect(warnings.map(({ code }) => code)).toEqual(['unwrapped']);
  });

  test('snake_case, numbers for names, null for nothing, and members nobody knows', async () => {
    const odd = {
      id: 't-1',
      context_id: 'c-1',
      status: { state: 2, message: { message_id: 'm', role: 2, parts: null, task_id: null }, timestamp: null },
      artifacts: null,
      history: [],
      extra: { kept: false },
    };
    expect(await asking((request) => result(request, { task: odd, message: null }))).toEqual({
      task: {
        id: 't-1',
        contextId: 'c-1',
        status: { state: 'TASK_STATE_WORKING', message: { messageId: 'm', role: 'ROLE_AGENT', parts: [] } },
      },
    });
  });

  test.each([
    ['neither task nor message', {}, ''],
    ['both', { task: task('WORKING'), message: reply }, ''],
    ['no object', 'hello', ''],
    ['an array', [], ''],
    ['a member of another kind', { task: { ...task('WORKING'), id: 7 } }, 'task.id'],
    ['a member that is missing', { task: { id: 't-1' } }, 'task.status'],
    ['two spellings', { task: { ...task('WORKING'), context_id: 'c' } }, 'task.contextId'],
    ['a broken part', { message: { ...reply, parts: [{ text: 'a' }, {}] } }, 'message.parts[1]'],
    ['bytes that are none', { message: { ...reply, parts: [{ raw: '$' }] } }, 'message.parts[0].raw'],
    [
      'a time that is none',
      { task: { ...task('X'), status: { state: 'X', timestamp: 'noon' } } },
      'task.status.timestamp',
    ],
  ])('%s is refused, naming where', async (_, value, path) => {
    const error = await asking((request) => result(request, value)).catch((reason: unknown) => reason);
    expect(error).toMatchObject(INVALID);
    expect(error).toHaveProperty('message', expect.stringContaining(path));
    expect(error).not.toBeInstanceOf(A2aRemoteError);
  });

  test.each([
    ['no JSON', () => new Response('<h1>Welcome</h1>')],
    ['nothing', () => new Response(null, { status: 200 })],
    ['204', () => new Response(null, { status: 204 })],
    ['broken JSON', () => new Response('{"task":')],
    ['ill-formed UTF-8', () => new Response(Uint8Array.of(0x22, 0xff, 0x22))],
  ])('a yes with %s is refused', async (_, answer) => {
    await expect(asking(answer)).rejects.toMatchObject(INVALID);
  });

  test('a byte order mark is no fault, and neither is another content type', async () => {
    const text = async (request: Seen) => `\uFEFF${await result(request, { message: reply }).text()}`;
    const { client } = setUp(async (request) => new Response(await text(request)), { bindings });
    expect(await client.sendMessage({ message })).toEqual({ message: reply });
  });

  test('a deletion takes every kind of nothing', async () => {
    const answers = [
      (request: Seen) => result(request, null),
      (request: Seen) => result(request, {}),
      () => new Response(null, { status: 204 }),
      () => new Response('', { status: 200 }),
    ];
    for (const answer of answers) {
      const { client } = setUp(answer, { bindings });
      expect(await client.deleteTaskPushNotificationConfig({ taskId: 't', id: 'c' })).toBeUndefined();
    }
  });

  test('a list with its defaults left out, as some writers do', async () => {
    const { client } = setUp((request) => result(request, { tasks: null }), { bindings });
    expect(await client.listTasks()).toEqual({ tasks: [], nextPageToken: '', pageSize: 0, totalSize: 0 });
  });

  test('[7.58] every error of the table, as our own server writes it', async () => {
    for (const { code, rpcCode, httpStatus, reason } of ERROR_SPELLINGS) {
      const details = [{ '@type': 'x', a: 1 }];
      const error = new A2aOperationError(code, 'sorry', { details, metadata: { k: 'v' } });
      const rest = writeRestError(error);
      const answer = (request: Seen) =>
        binding === 'JSONRPC'
          ? json({ jsonrpc: '2.0', id: request.body.id, error: writeRpcError(error) })
          : json(rest.body, rest.httpStatus);
      const caught = await asking(answer).catch((thrown: A2aRemoteError) => thrown);
      expect(caught).toBeInstanceOf(A2aRemoteError);
      // Without a reason, HTTP+JSON cannot tell the errors of JSON-RPC from others with their status.
      if (binding === 'JSONRPC' || reason !== undefined) expect(caught).toMatchObject({ code, rpcCode });
      expect(caught).toMatchObject({ message: 'sorry', details });
      if (binding === 'HTTP+JSON') expect(caught).toMatchObject({ httpStatus });
      if (reason !== undefined) expect(caught).toMatchObject({ reason, metadata: { k: 'v' } });
    }
  });

  test.each([
    [401, 'ERR_A2A_UNAUTHENTICATED'],
    [403, 'ERR_A2A_PERMISSION_DENIED'],
    [404, 'ERR_A2A_METHOD_NOT_FOUND'],
    [413, 'ERR_A2A_TOO_LARGE'],
    [415, 'ERR_A2A_CONTENT_TYPE_NOT_SUPPORTED'],
    [418, 'ERR_A2A_REMOTE'],
    [429, 'ERR_A2A_RATE_LIMITED'],
    [500, 'ERR_A2A_INTERNAL'],
    [502, 'ERR_A2A_UNAVAILABLE'],
  ])('[7.57] a bare %i, in HTML or empty', async (httpStatus, code) => {
    for (const content of ['<h1>proxy</h1>', '', '"text"', '{"detail":"no"}']) {
      await expect(asking(() => new Response(content, { status: httpStatus }))).rejects.toMatchObject({
        name: 'A2aRemoteError',
        code,
        httpStatus,
      });
    }
  });

  test('[7.59] problem documents', async () => {
    const problem = {
      type: 'https://a2a-protocol.org/errors/version-not-supported',
      title: 'Protocol Version Not Supported',
      status: 400,
      detail: 'only 1.0 here',
      supportedVersions: ['1.0'],
    };
    await expect(asking(() => json(problem, 400))).rejects.toMatchObject({
      code: 'ERR_A2A_VERSION_NOT_SUPPORTED',
      message: 'only 1.0 here',
      httpStatus: 400,
      data: problem,
    });
    const missing = { type: 'about:blank', title: 'Not Found', status: 404 };
    await expect(asking(() => json(missing, 404))).rejects.toMatchObject({
      code: 'ERR_A2A_TASK_NOT_FOUND',
      message: 'Not Found',
    });
  });

  test('an answer that is a redirect is not followed', async () => {
    const answer = () => new Response(null, { status: 307, headers: { location: 'https://elsewhere.example/' } });
    const { agent, client } = setUp(answer, { bindings });
    await expect(client.sendMessage({ message })).rejects.toMatchObject({ code: 'ERR_HTTP_REDIRECT', status: 307 });
    expect(agent.seen).toHaveLength(1);
  });

  test('an answer of 8 MiB is read, and one byte more is not', async () => {
    const sized = (bytes: number) => (request: Seen) => {
      const empty = JSON.stringify(
        binding === 'JSONRPC'
          ? { jsonrpc: '2.0', id: request.body.id, result: { message: reply } }
          : { message: reply },
      );
      return new Response(empty + ' '.repeat(bytes - empty.length));
    };
    expect(await asking(sized(8_388_608))).toEqual({ message: reply });
    await expect(asking(sized(8_388_609))).rejects.toMatchObject({ code: 'ERR_HTTP_TOO_LARGE', status: 200 });
    const { client } = setUp(sized(1001), { bindings, maxBodyBytes: 1000 });
    await expect(client.sendMessage({ message })).rejects.toMatchObject({ code: 'ERR_HTTP_TOO_LARGE' });
  });

  test('an answer nested too deep for those who walk it is refused', async () => {
    const deep = (levels: number) => (request: Seen) =>
      result(request, { message: { ...reply, parts: [{ data: nestedArrays(levels) }] } });
    // Message, parts and part stand around it, and JSON-RPC adds the response.
    const around = binding === 'JSONRPC' ? 5 : 4;
    expect(await asking(deep(128 - around))).toHaveProperty('message');
    await expect(asking(deep(129 - around))).rejects.toMatchObject({ limit: 'maxJsonDepth' });
  });
});

describe('[7.57][7.58] JSON-RPC of its own', () => {
  const asking = (answer: (id: number) => Response) =>
    setUp((request) => answer(request.body.id)).client.sendMessage({ message });
  const error = { code: -32001, message: 'gone' };

  test.each([200, 400, 404, 500])('an error counts whatever the status: %i', async (httpStatus) => {
    await expect(asking((id) => json({ jsonrpc: '2.0', id, error }, httpStatus))).rejects.toMatchObject({
      code: 'ERR_A2A_TASK_NOT_FOUND',
      message: 'gone',
      httpStatus: httpStatus === 200 ? 404 : httpStatus,
    });
  });

  test('an answer to another request is refused; an error that names none is not', async () => {
    const value = { message: reply };
    for (const id of [2, '1', null, undefined]) {
      await expect(asking(() => json({ jsonrpc: '2.0', id, result: value }))).rejects.toMatchObject(INVALID);
    }
    await expect(asking(() => json({ jsonrpc: '2.0', id: 2, error }))).rejects.toMatchObject(INVALID);
    for (const id of [null, undefined]) {
      await expect(asking(() => json({ jsonrpc: '2.0', id, error }))).rejects.toMatchObject({ rpcCode: -32001 });
    }
  });

  test('a result beside a status that says no is no result', async () => {
    await expect(asking((id) => json({ jsonrpc: '2.0', id, result: { message: reply } }, 503))).rejects.toMatchObject({
      code: 'ERR_A2A_UNAVAILABLE',
    });
  });

  test('a code nobody knows keeps code, text and data', async () => {
    const odd = { code: 4711, message: 'odd', data: { any: ['thing'] } };
    await expect(asking((id) => json({ jsonrpc: '2.0', id, error: odd }))).rejects.toMatchObject({
      code: 'ERR_A2A_REMOTE',
      rpcCode: 4711,
      message: 'odd',
      data: { any: ['thing'] },
    });
  });

  test('[7.59] data that is an object', async () => {
    const data = { reason: 'TASK_NOT_CANCELABLE', why: 'done' };
    await expect(
      asking((id) => json({ jsonrpc: '2.0', id, error: { code: -1, message: 'x', data } })),
    ).rejects.toMatchObject({ code: 'ERR_A2A_TASK_NOT_CANCELABLE', rpcCode: -1, data });
  });

  test('an error without anything in it is still one', async () => {
    await expect(asking((id) => json({ jsonrpc: '2.0', id, error: {} }))).rejects.toMatchObject({
      code: 'ERR_A2A_REMOTE',
    });
  });
});

describe('[7.58] HTTP+JSON of its own', () => {
  const asking = (error: object, status: number) =>
    setUp(() => json({ error }, status), { bindings: ['HTTP+JSON'] }).client.getTask({ id: 't-1' });

  test.each([
    [{ code: 404, status: 'NOT_FOUND' }, 404, 'ERR_A2A_TASK_NOT_FOUND'],
    [{ code: 400, status: 'INVALID_ARGUMENT' }, 400, 'ERR_A2A_INVALID_PARAMS'],
    [{ code: 400 }, 400, 'ERR_A2A_INVALID_REQUEST'],
    [{ code: 403, status: 'PERMISSION_DENIED' }, 403, 'ERR_A2A_PERMISSION_DENIED'],
    [{ code: 501, status: 'UNIMPLEMENTED' }, 501, 'ERR_A2A_UNSUPPORTED_OPERATION'],
    [{ status: 'SOMETHING_NEW' }, 418, 'ERR_A2A_REMOTE'],
    [{ code: -32001, message: 'of the other binding' }, 404, 'ERR_A2A_TASK_NOT_FOUND'],
  ])('without a reason, the status decides: %j', async (error, httpStatus, code) => {
    await expect(asking(error, httpStatus)).rejects.toMatchObject({ code, httpStatus });
  });

  test('a reason nobody knows is kept, with all that came', async () => {
    const details = [{ '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: 'MOON_PHASE', domain: 'x' }];
    const error = { code: 400, status: 'FAILED_PRECONDITION', message: 'wait', details };
    await expect(asking(error, 400)).rejects.toMatchObject({ reason: 'MOON_PHASE', message: 'wait', data: error });
  });

  test('an error inside a yes is one', async () => {
    await expect(asking({ code: 404, status: 'NOT_FOUND', message: 'gone' }, 200)).rejects.toMatchObject({
      code: 'ERR_A2A_TASK_NOT_FOUND',
    });
  });
});

describe('addresses and networks', () => {
  test('an address that is none to ask is refused before anything is sent', async () => {
    for (const url of [
      'http://agent.example/',
      'https://127.0.0.1/',
      'https://a:b@agent.example/',
      'ftp://a.example/',
    ]) {
      const { agent, client } = setUp(() => json({}), { card: undefined as never, url });
      await expect(client.getTask({ id: 't-1' })).rejects.toMatchObject({ code: 'ERR_HTTP_URL' });
      expect(agent.seen).toEqual([]);
    }
  });

  test('an interface that cannot be reached is left for the next one, which is kept', async () => {
    const { agent, client, warnings } = setUp((request) => {
      if (request.url.endsWith('/rpc')) throw new TypeError('unreachable');
      return json({ message: reply });
    });
    expect(await client.sendMessage({ message })).toEqual({ message: reply });
    expect(client.interface.protocolBinding).toBe('HTTP+JSON');
    expect(await client.sendMessage({ message })).toEqual({ message: reply });
    expect(agent.seen.map(({ url }) => new URL(url).pathname)).toEqual([
      '/rpc',
      '/rest/message:send',
      '/rest/message:send',
    ]);
    expect(warnings.map(({ code }) => code)).toEqual(['fallback']);
  });

  test('where none can be reached, the last failure tells', async () => {
    const { agent, client } = setUp(() => {
      throw new TypeError('unreachable');
    });
    await expect(client.sendMessage({ message })).rejects.toMatchObject({ code: 'ERR_HTTP_NETWORK' });
    expect(agent.seen).toHaveLength(2);
  });

  test('an answer of any kind is never left for another interface', async () => {
    for (const answer of [() => new Response('', { status: 503 }), () => new Response('<h1>'), () => json({}, 401)]) {
      const { agent, client } = setUp(answer);
      await expect(client.sendMessage({ message })).rejects.toThrow();
      expect(agent.seen).toHaveLength(1);
    }
  });

  test('a message that may have arrived is not sent a second time', async () => {
    let down = false;
    const { agent, client } = setUp((request) => {
      if (down && request.url.endsWith('/rpc')) throw new TypeError('connection reset');
      return result(request, request.url.includes('message') ? { message: reply } : task('WORKING'));
    });
    await client.getTask({ id: 't-1' });
    down = true;
    await expect(client.sendMessage({ message })).rejects.toMatchObject({ code: 'ERR_HTTP_NETWORK' });
    expect(agent.seen).toHaveLength(2);
    // What does nothing twice is asked elsewhere.
    expect(await client.getTask({ id: 't-1' })).toMatchObject({ id: 't-1' });
    expect(agent.last.url).toBe('https://agent.example/rest/tasks/t-1');
  });

  test('an answer that breaks off is a network failure, and not asked for again', async () => {
    const broken = () =>
      new Response(
        new ReadableStream({
          pull(controller) {
            controller.error(new TypeError('reset'));
          },
        }),
      );
    const { agent, client } = setUp(broken);
    await expect(client.getTask({ id: 't-1' })).rejects.toMatchObject({ code: 'ERR_HTTP_NETWORK', status: 200 });
    expect(agent.seen).toHaveLength(1);
  });
});

describe('signals', () => {
  test('one that has aborted before: nothing is sent', async () => {
    const { agent, client } = setUp(() => json({}));
    const signal = AbortSignal.abort('before');
    await expect(client.getTask({ id: 't-1' }, { signal })).rejects.toBe('before');
    expect(agent.seen).toEqual([]);
  });

  test('one that aborts while the agent is silent, though the fetch does not listen', async () => {
    const abort = new AbortController();
    const { agent, client } = setUp(() => new Promise(() => {}));
    const call = client.getTask({ id: 't-1' }, { signal: abort.signal });
    await Promise.resolve();
    const reason = { because: 1 };
    abort.abort(reason);
    await expect(call).rejects.toBe(reason);
    expect(agent.last.init.signal).toBe(abort.signal);
  });

  test('one that aborts while the answer is read', async () => {
    const abort = new AbortController();
    const cancelled: unknown[] = [];
    const content = new ReadableStream({ cancel: (reason) => void cancelled.push(reason) });
    const { client } = setUp(() => new Response(content));
    const call = client.getTask({ id: 't-1' }, { signal: abort.signal });
    await new Promise((resolve) => setTimeout(resolve));
    abort.abort('enough');
    await expect(call).rejects.toBe('enough');
    expect(cancelled).toEqual(['enough']);
  });

  test('something that is no signal is misuse', async () => {
    const { client } = setUp(() => json({}));
    await expect(client.getTask({ id: 't-1' }, { signal: {} as never })).rejects.toThrow(TypeError);
  });
});

describe('pages of tasks', () => {
  const paged = (pages: Record<string, unknown>) =>
    setUp((request) => result(request, pages[request.body.params.pageToken ?? '']));

  test('all of them, each fetched when it is reached', async () => {
    const { agent, client } = paged({
      '': { tasks: [task('WORKING'), task('FAILED')], nextPageToken: 'b' },
      b: { tasks: [], nextPageToken: 'c' },
      c: { tasks: [task('COMPLETED')], nextPageToken: '' },
    });
    const states: string[] = [];
    for await (const { status } of client.listAllTasks({ pageSize: 2 })) {
      states.push(status.state);
      if (states.length === 1) expect(agent.seen).toHaveLength(1);
    }
    expect(states).toEqual(['TASK_STATE_WORKING', 'TASK_STATE_FAILED', 'TASK_STATE_COMPLETED']);
    expect(agent.seen.map(({ body }) => body.params)).toEqual([
      { pageSize: 2 },
      { pageSize: 2, pageToken: 'b' },
      { pageSize: 2, pageToken: 'c' },
    ]);
  });

  test('leaving early fetches no more', async () => {
    const { agent, client } = paged({ '': { tasks: [task('WORKING')], nextPageToken: 'b' } });
    for await (const _ of client.listAllTasks()) break;
    expect(agent.seen).toHaveLength(1);
  });

  test('a page that names itself as the next one ends the iteration', async () => {
    const { agent, client } = paged({
      '': { tasks: [], nextPageToken: 'b' },
      b: { tasks: [], nextPageToken: 'b' },
    });
    const all = async () => {
      for await (const _ of client.listAllTasks());
    };
    await expect(all()).rejects.toMatchObject(INVALID);
    expect(agent.seen).toHaveLength(2);
  });
});

describe('the extended card', () => {
  const extended = { ...cardOf({ description: 'more' }), signatures: [], futureMember: 1 };

  test('is read leniently by default, and used from then on', async () => {
    const { client } = setUp((request) => result(request, { ...extended, security_schemes: null }));
    const card = await client.getExtendedAgentCard();
    expect(card).toMatchObject({ description: 'more' });
    expect(card).not.toHaveProperty('futureMember');
    expect(client.card).toBe(card);
    expect(client.interface.url).toBe('https://agent.example/rpc');
  });

  test('goes through the hook as it came, and what the hook refuses is not used', async () => {
    const given: unknown[] = [];
    const refusal = new Error('not signed');
    const { client } = setUp((request) => result(request, extended), {
      acceptExtendedCard(received) {
        given.push(received);
        throw refusal;
      },
    });
    await expect(client.getExtendedAgentCard()).rejects.toBe(refusal);
    expect(given).toEqual([extended]);
    expect(client.card).toEqual(cardOf());
  });

  test('that is no card is refused', async () => {
    const { client } = setUp((request) => result(request, { name: 7 }));
    await expect(client.getExtendedAgentCard()).rejects.toMatchObject({ code: 'ERR_A2A_INVALID_CARD' });
  });
});
