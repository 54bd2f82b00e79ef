// Our client of A2A and our server, without a network between them: requests go into the fetch handler itself.

import { cardOf, tideExecutor } from '../calls/a2a-agent.mjs';
import { BINDINGS, talkAbort, talkCancel, talkErrors, talkStream, talkUnary } from '../calls/a2a-check.mjs';
import { equal, failure, ok, refuses } from './assert.mjs';
import { endlessBody } from './fake-web.mjs';

const ORIGIN = 'https://tide.example';

/** @param {any} library */
export function exchangeCases(library) {
  const talks = {
    'send, get, list, push configurations, a question back': talkUnary,
    'streams, and a task taken up in the middle': talkStream,
    'cancelling reaches the executor and whoever follows': talkCancel,
    'errors keep their codes and nothing else': talkErrors,
    'whoever aborts or leaves is let go of': talkAbort,
  };
  return [
    ...BINDINGS.flatMap((binding) => [
      ...Object.entries(talks).map(([name, talk]) => ({
        name: `${binding}: ${name}`,
        run: () => converse(library, binding, talk),
      })),
      {
        name: `${binding}: users, whose tasks are their own, and the card for them`,
        run: () => users(library, binding),
      },
      { name: `${binding}: notifications go out and prove themselves`, run: () => notifications(library, binding) },
      { name: `${binding}: a server that closes ends its streams`, run: () => closing(library, binding) },
      { name: `${binding}: a stream that is lost is taken up again, or said to be`, run: () => lost(library, binding) },
      { name: `${binding}: answers that are none are refused and let go of`, run: () => badAnswers(library, binding) },
    ]),
    { name: 'requests that are none: their statuses, and CORS on each answer', run: () => badRequests(library) },
    { name: 'what the card does not offer is refused on both sides', run: () => capabilities(library) },
    { name: 'tasks in a store of records outlive their server', run: () => outliving(library) },
  ];
}

/** A server over the agent of the tests, and what makes clients of it. */
function serverOf(library, options = {}) {
  const { a2aClient, a2aServer } = library;
  const card = options.card ?? cardOf(library, ORIGIN);
  const push = { store: a2aServer.memoryPushConfigStore() };
  const server = a2aServer.createA2aServer({ card, executor: tideExecutor(library), push, ...options });
  // Taken off, as hosts do.
  const { fetch: answer } = server;
  const clientOver = (binding, more = {}) =>
    a2aClient.createA2aClient({
      card,
      bindings: [binding],
      fetch: (url, init) => answer(new Request(url, init)),
      ...more,
    });
  return { server, answer, clientOver };
}

async function converse(library, binding, talk) {
  const faults = [];
  const options = { limits: { maxSubscribersPerTask: 1 }, onError: (error) => faults.push(error) };
  const { server, clientOver } = serverOf(library, options);
  await talk(clientOver(binding), library.a2aClient);
  await server.close();
  // Told of what callers are not told, and of nothing else.
  for (const { message } of faults) ok(/swordfish/.test(message), message);
}

async function users(library, binding) {
  const { a2a, a2aServer } = library;
  const extendedCard = ({ id }) => ({ ...cardOf(library, ORIGIN), name: `Tide Table for ${id}` });
  const authenticate = ({ request }) => {
    const [, id] = /^Bearer (alice|bob)$/.exec(request.headers.get('authorization') ?? '') ?? [];
    return id === undefined ? a2aServer.unauthenticated('Bearer realm="tide"') : { id };
  };
  const authorize = ({ operation, user }) => operation !== 'ListTasks' || user.id === 'alice';
  const { server, clientOver } = serverOf(library, { authenticate, authorize, extendedCard });
  const as = (id) => clientOver(binding, { headers: { authorization: `Bearer ${id}` } });
  const [alice, bob] = [as('alice'), as('bob')];
  const { message } = await alice.sendMessage({ message: a2a.userMessage('who') });
  equal(a2a.textOf(message), 'alice');
  const { task } = await alice.sendMessage({ message: a2a.userMessage('count 1') });
  equal(
    (await alice.listTasks()).tasks.map(({ id }) => id),
    [task.id],
  );
  for (const peek of [
    bob.getTask({ id: task.id }),
    bob.cancelTask({ id: task.id }),
    bob.subscribeToTask({ id: task.id }).next(),
  ]) {
    equal((await failure(() => peek)).code, 'ERR_A2A_TASK_NOT_FOUND');
  }
  await refuses(() => bob.listTasks(), 'ERR_A2A_PERMISSION_DENIED');
  await refuses(() => clientOver(binding).listTasks(), 'ERR_A2A_UNAUTHENTICATED');

  equal([(await bob.getExtendedAgentCard()).name, bob.card.name], ['Tide Table for bob', 'Tide Table for bob']);
  bob.dropExtendedCard();
  equal(bob.card.name, 'Tide Table');
  // Asked for credentials once, and again when they are no longer taken.
  const given = [];
  const forgetful = clientOver(binding, {
    authenticate({ failed }) {
      given.push(failed?.status ?? 0);
      return { authorization: failed === undefined ? 'Bearer nobody' : 'Bearer alice' };
    },
  });
  equal((await forgetful.getTask({ id: task.id })).id, task.id);
  equal((await forgetful.getTask({ id: task.id })).id, task.id);
  equal(given, [0, 401]);
  await server.close();
}

async function notifications(library, binding) {
  const { a2a, a2aServer } = library;
  const url = 'https://hooks.example/tide';
  const received = [];
  const statuses = [];
  const receive = a2aServer.pushReceiver({
    verify: () => ({ token: 'right', authentication: { scheme: 'Bearer', credentials: 'secret' } }),
    onEvent: (event) => void received.push(event),
  });
  const fetch = async (address, init) => {
    equal([address, init.redirect, init.credentials], [url, 'manual', 'omit']);
    const response = await receive(new Request(address, init));
    statuses.push(response.status);
    return response;
  };
  const { server, clientOver } = serverOf(library, { push: { store: a2aServer.memoryPushConfigStore(), fetch } });
  const client = clientOver(binding);
  const config = (token) => ({ url, token, authentication: { scheme: 'Bearer', credentials: 'secret' } });
  const sending = (token) =>
    client.sendMessage({
      message: a2a.userMessage('count 2'),
      configuration: { taskPushNotificationConfig: config(token) },
    });
  const { task } = await sending('right');
  for (let tries = 0; tries < 200 && received.length < 5; tries++) await pause(1);
  equal(
    received.map((event) => Object.keys(event)[0]),
    ['task', 'statusUpdate', 'artifactUpdate', 'artifactUpdate', 'statusUpdate'],
  );
  equal([received[0].task.id, received.at(-1).statusUpdate.status.state], [task.id, 'TASK_STATE_COMPLETED']);
  equal([...new Set(statuses)], [204]);
  statuses.length = 0;
  await sending('wrong');
  for (let tries = 0; tries < 200 && statuses.length < 5; tries++) await pause(1);
  equal([[...new Set(statuses)], received.length], [[401], 5]);
  await server.close();
}

async function closing(library, binding) {
  const { a2a } = library;
  const { server, clientOver } = serverOf(library);
  const client = clientOver(binding);
  const events = client.sendStreamingMessage({ message: a2a.userMessage('hold') });
  const { value } = await events.next();
  await events.next();
  const [last] = await Promise.all([events.next(), server.close()]);
  equal([last.value.statusUpdate.taskId, last.value.statusUpdate.status.state], [value.task.id, 'TASK_STATE_FAILED']);
  equal((await events.next()).done, true);
  await refuses(() => client.getTask({ id: value.task.id }), 'ERR_A2A_UNAVAILABLE');
}

/** The first stream breaks off once the task is at work. */
async function lost(library, binding) {
  const { a2a } = library;
  for (const how of ['end', 'error']) {
    const { answer, clientOver } = serverOf(library);
    let cut = 0;
    const fetch = async (url, init) => {
      const response = await answer(new Request(url, init));
      if (!response.headers.get('content-type').startsWith('text/event-stream') || cut++ > 0) return response;
      return new Response(cutOff(response.body, 2, how), response);
    };
    const follow = async (options) => {
      cut = 0;
      const client = clientOver(binding, { fetch, ...options });
      const events = [];
      for await (const event of client.sendStreamingMessage({ message: a2a.userMessage('hold') })) {
        events.push(event);
        const { state } = (event.task ?? event.statusUpdate)?.status ?? {};
        // Told of a task at work for the second time, which is the first thing a new stream says.
        if (state !== 'TASK_STATE_WORKING' || event.task === undefined) continue;
        await client.sendMessage({ message: a2a.userMessage(`release ${event.task.id}`) });
      }
      return events;
    };
    const events = await follow({ resubscribe: { initialDelayMs: 0 } });
    equal(
      events.map((event) => Object.keys(event)[0]),
      ['task', 'statusUpdate', 'task', 'artifactUpdate', 'statusUpdate'],
    );
    equal(events.at(-1).statusUpdate.status.state, 'TASK_STATE_COMPLETED');
    const error = await failure(() => follow({}));
    ok(error instanceof library.a2aClient.A2aStreamError, `${error}`);
    ok(error.taskId.length > 0, 'of some task');
  }
}

/** So many pieces of a body, and then its end. */
function cutOff(body, pieces, how) {
  const reader = body.getReader();
  let left = pieces;
  return new ReadableStream({
    async pull(controller) {
      if (left-- > 0) return controller.enqueue((await reader.read()).value);
      reader.cancel().catch(() => {});
      if (how === 'error') controller.error(new TypeError('the network is gone'));
      else controller.close();
    },
  });
}

async function badAnswers(library, binding) {
  const { a2a, a2aClient } = library;
  const asked = [];
  const clientOf = (respond, options) =>
    a2aClient.createA2aClient({
      card: cardOf(library, ORIGIN),
      bindings: [binding],
      fetch: async (url, init) => {
        asked.push(init);
        return respond(url, init);
      },
      ...options,
    });
  const endless = endlessBody();
  const stream = endlessBody();
  const events = { headers: { 'content-type': 'text/event-stream' } };
  /** @type {[string, () => any, any?][]} */
  const cases = [
    ['ERR_HTTP_REDIRECT', () => new Response(null, { status: 307, headers: { location: 'https://evil.example/' } })],
    ['ERR_HTTP_NETWORK', () => Promise.reject(new TypeError('no route'))],
    ['ERR_HTTP_TOO_LARGE', () => new Response(endless.stream), { maxBodyBytes: 10_000 }],
    ['ERR_A2A_INVALID_AGENT_RESPONSE', () => new Response('<!doctype html>')],
    ['ERR_A2A_INVALID_AGENT_RESPONSE', () => Response.json({ jsonrpc: '2.0', id: 'other', result: {}, task: 7 })],
  ];
  for (const [code, respond, options] of cases) {
    asked.length = 0;
    const client = clientOf(respond, options);
    await refuses(() => client.sendMessage({ message: a2a.userMessage('say hello') }), code);
    equal([asked.length, asked[0].redirect, asked[0].credentials], [1, 'manual', 'omit'], code);
  }
  await endless.cancelled;
  const long = clientOf(() => new Response(stream.stream, events), { maxEventBytes: 5_000 });
  await refuses(() => long.sendStreamingMessage({ message: a2a.userMessage('hold') }).next(), 'ERR_LIMIT_EXCEEDED');
  await stream.cancelled;
  asked.length = 0;
  for (const url of ['http://tide.example/', 'https://127.0.0.1/', 'https://[::1]/']) {
    const client = clientOf(() => new Response(), { card: undefined, url });
    await refuses(() => client.getTask({ id: 'x' }), 'ERR_HTTP_URL', url);
  }
  await refuses(() => clientOf(() => new Response()).sendMessage({ message: {} }), TypeError);
  equal(asked.length, 0, 'asked all the same');
}

async function badRequests(library) {
  const { answer } = serverOf(library, { limits: { maxBodyBytes: 1_000 } });
  const good = { 'content-type': 'application/json', 'a2a-version': '1.0' };
  const call = (method, params = {}) => JSON.stringify({ jsonrpc: '2.0', id: 1, method, params });
  const rpc = (body, headers = good) => ['POST', '/a2a/rpc', body, headers];
  /** @type {[number, number | string | undefined, any[]][]} Status, code of JSON-RPC or status of HTTP+JSON, request. */
  const cases = [
    [200, -32001, rpc(call('GetTask', { id: 'none' }))],
    [200, -32700, rpc('{"jsonrpc":')],
    [200, -32600, rpc('[]')],
    [200, -32601, rpc(call('tasks/get'))],
    [200, -32602, rpc(call('SendMessage'))],
    [200, -32009, rpc(call('GetTask', { id: 'none' }), { 'content-type': 'application/json', 'a2a-version': '0.3' })],
    [404, 'NOT_FOUND', ['GET', '/a2a/rest/tasks/none', undefined, good]],
    [404, 'NOT_FOUND', ['GET', '/elsewhere', undefined, good]],
    [400, 'INVALID_ARGUMENT', ['POST', '/a2a/rest/message:send', '{"message":', good]],
    [413, 'OUT_OF_RANGE', ['POST', '/a2a/rest/message:send', `{"message":"${'x'.repeat(1_000)}"}`, good]],
  ];
  for (const [status, code, [method, path, body, headers]] of cases) {
    const response = await answer(new Request(`${ORIGIN}${path}`, { method, headers, body }));
    const { error } = await response.json();
    equal(
      [response.status, typeof code === 'number' ? error.code : error.status],
      [status, code],
      `${method} ${path} ${body}`,
    );
    equal(response.headers.get('access-control-allow-origin'), '*');
    equal(response.headers.get('cache-control'), 'no-store');
  }
  const preflight = await answer(new Request(`${ORIGIN}/a2a/rpc`, { method: 'OPTIONS' }));
  equal(preflight.status, 204);
  const wrongVerb = await answer(new Request(`${ORIGIN}/a2a/rpc`));
  equal([wrongVerb.status, wrongVerb.headers.get('allow')], [405, 'POST, OPTIONS']);
  const card = await answer(new Request(`${ORIGIN}/.well-known/agent-card.json`));
  equal([card.status, (await card.json()).name], [200, 'Tide Table']);
}

async function capabilities(library) {
  const { a2a, a2aClient } = library;
  const card = { ...cardOf(library, ORIGIN), capabilities: {} };
  const { clientOver, answer } = serverOf(library, { card, push: undefined });
  for (const binding of BINDINGS) {
    const told = clientOver(binding);
    // Without a card, nothing is known to be refused.
    const { url } = card.supportedInterfaces[BINDINGS.indexOf(binding)];
    const untold = a2aClient.createA2aClient({
      url,
      bindings: [binding],
      fetch: (address, init) => answer(new Request(address, init)),
    });
    for (const client of [told, untold]) {
      const stream = () => client.sendStreamingMessage({ message: a2a.userMessage('count 1') }).next();
      await refuses(stream, 'ERR_A2A_UNSUPPORTED_OPERATION');
      await refuses(() => client.getExtendedAgentCard(), 'ERR_A2A_UNSUPPORTED_OPERATION');
      const config = { taskId: 'any', url: 'https://hooks.example/' };
      await refuses(() => client.createTaskPushNotificationConfig(config), 'ERR_A2A_PUSH_NOTIFICATION_NOT_SUPPORTED');
      const { task } = await client.sendMessage({ message: a2a.userMessage('count 1') });
      equal(task.status.state, 'TASK_STATE_COMPLETED');
    }
    await refuses(() => told.getTask({}), TypeError);
  }
}

async function outliving(library) {
  const { a2a, a2aServer, storage } = library;
  const store = storage.memoryStore();
  const [JSONRPC] = BINDINGS;
  const first = serverOf(library, { tasks: a2aServer.storedTaskStore(store) });
  const { task } = await first.clientOver(JSONRPC).sendMessage({ message: a2a.userMessage('ask') });
  await first.server.close();
  const second = serverOf(library, { tasks: a2aServer.storedTaskStore(store) });
  const client = second.clientOver(JSONRPC);
  equal(await client.getTask({ id: task.id }), task);
  const answered = await client.sendMessage({ message: a2a.userMessage('Bergen', { taskId: task.id }) });
  equal([answered.task.id, answered.task.status.state], [task.id, 'TASK_STATE_COMPLETED']);
}

function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
