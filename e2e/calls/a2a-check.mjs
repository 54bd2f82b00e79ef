// One cell of the table of A2A: a client against an agent over HTTP, in both bindings. The same code in every runtime that
// calls, and, where a server needs no network, in the portable suite.

import { equal, failure, ok } from '../suite/assert.mjs';
import { verdictOf } from '../suite/verdict.mjs';

export const BINDINGS = ['JSONRPC', 'HTTP+JSON'];

/** Longest until an agent has noticed that a client is gone. */
const NOTICE_MS = 10_000;

/**
 * Runs every check against one agent.
 *
 * @param {any} library @param {{ a2aUrl: string, did: string }} target Origin of the agent, and who it is.
 * @returns {Promise<{ name: string, error?: string }[]>}
 */
export async function checkA2a(library, { a2aUrl, did }) {
  const checks = { card, phone, unary, stream, cancel, error: errors, abort };
  const verdicts = [];
  let found;
  for (const [name, check] of Object.entries(checks)) {
    const run = async () => {
      found ??= await find(library, a2aUrl, did);
      await check(library, found, { a2aUrl, did });
    };
    verdicts.push({ name, ...(await verdictOf(run)) });
  }
  return verdicts;
}

/** The agent's card, verified. */
function find({ a2a }, a2aUrl, did) {
  return a2a.fetchAgentCard(a2aUrl, { allowHttpLoopback: true, verify: { keys: did } });
}

async function card(library, { verified, url }, { a2aUrl, did }) {
  equal([verified.kid, verified.key.did, verified.uncovered], [did, did, []]);
  equal(url, `${a2aUrl}/.well-known/agent-card.json`);
  const somebody = await library.front.createIdentity();
  const error = await failure(() => find(library, a2aUrl, somebody.did));
  equal(error.code, 'ERR_A2A_KEY_NOT_FOUND');
}

/** From the card alone to a call, end to end encrypted, with whoever signed it; here that is somebody on this machine. */
async function phone({ a2a, front }, { verified }) {
  const identity = await front.createIdentity();
  const session = await front.connect({ identity, ...a2a.phoneTarget(verified, { allowLoopback: true }) });
  equal(await session.call('echo', { from: 'a card' }), { from: 'a card' });
  equal(session.peer.did, verified.key.did);
  equal((await session.close()).clean, true);
}

/** @param {(client: any, a2aClient: any) => Promise<void>} talk */
async function overBoth({ a2aClient }, { verified }, talk) {
  for (const binding of BINDINGS) {
    const options = { card: verified.card, bindings: [binding], allowHttpLoopback: true };
    const client = a2aClient.createA2aClient(options);
    equal(client.interface.protocolBinding, binding);
    await talk(client, a2aClient).catch((cause) => {
      throw new Error(`over ${binding}`, { cause });
    });
  }
}

const unary = (library, found) => overBoth(library, found, talkUnary);
const stream = (library, found) => overBoth(library, found, talkStream);
const cancel = (library, found) => overBoth(library, found, talkCancel);
const errors = (library, found) => overBoth(library, found, talkErrors);
const abort = (library, found) => overBoth(library, found, talkAbort);

/** Messages answered by messages and by tasks, tasks found again, a question back. */
export async function talkUnary(client, { textOf, userMessage }) {
  const text = 'Gr\u00fc\u00dfe \u{1f44b}';
  const { message } = await client.sendMessage({ message: userMessage(`say ${text}`) });
  equal([textOf(message), message.role], [text, 'ROLE_AGENT']);

  const { task } = await client.sendMessage({ message: userMessage('count 3') });
  equal([task.status.state, textOf(task.artifacts[0])], ['TASK_STATE_COMPLETED', '0 1 2 ']);
  equal(await client.getTask({ id: task.id }), task);
  equal((await client.getTask({ id: task.id, historyLength: 0 })).history ?? [], []);

  const asked = await client.sendMessage({ message: userMessage('ask', { contextId: task.contextId }) });
  equal([asked.task.status.state, asked.task.contextId], ['TASK_STATE_INPUT_REQUIRED', task.contextId]);
  equal(textOf(asked.task.status.message), 'which port?');
  const answered = await client.sendMessage({ message: userMessage('Bergen', { taskId: asked.task.id }) });
  equal([answered.task.id, answered.task.status.state], [asked.task.id, 'TASK_STATE_COMPLETED']);
  equal(textOf(answered.task.artifacts[0]), 'High water at Bergen: noon');

  const { contextId } = task;
  const ids = [];
  for await (const listed of client.listAllTasks({ contextId, pageSize: 1 })) ids.push(listed.id);
  equal(ids.sort(), [task.id, asked.task.id].sort(), 'two pages of one');
  const page = await client.listTasks({ contextId, status: 'TASK_STATE_COMPLETED', includeArtifacts: true });
  equal([page.totalSize, page.nextPageToken], [2, '']);
  const url = 'https://hooks.example/tide';
  const config = await client.createTaskPushNotificationConfig({ taskId: task.id, url, token: 't', id: 'c' });
  equal(config, { taskId: task.id, url, token: 't', id: 'c' });
  equal(await client.getTaskPushNotificationConfig({ taskId: task.id, id: 'c' }), config);
  equal((await client.listTaskPushNotificationConfigs({ taskId: task.id })).configs, [config]);
  await client.deleteTaskPushNotificationConfig({ taskId: task.id, id: 'c' });
  equal((await client.listTaskPushNotificationConfigs({ taskId: task.id })).configs, []);
}

/** Events one by one, which add up to the task; a task taken up in the middle. */
export async function talkStream(client, { applyEvent, EMPTY_VIEW, textOf, userMessage }) {
  let view = EMPTY_VIEW;
  const kinds = [];
  for await (const event of client.sendStreamingMessage({ message: userMessage('count 100') })) {
    view = applyEvent(view, event);
    kinds.push(Object.keys(event)[0]);
  }
  equal([kinds[0], kinds.length, view.task.status.state], ['task', 103, 'TASK_STATE_COMPLETED']);
  equal(textOf(view.task.artifacts[0]), Array.from({ length: 100 }, (_, i) => `${i} `).join(''));
  equal([...view.complete], ['numbers']);
  equal((await client.getTask({ id: view.task.id })).artifacts, view.task.artifacts, 'what events add up to');

  const said = [];
  for await (const { message } of client.sendStreamingMessage({ message: userMessage('say hello') })) {
    said.push(textOf(message));
  }
  equal(said, ['hello']);

  const { task } = await start(client, userMessage);
  const followed = client.subscribeToTask({ id: task.id });
  const { value } = await followed.next();
  equal([value.task.id, value.task.status.state], [task.id, 'TASK_STATE_WORKING']);
  await client.sendMessage({ message: userMessage(`release ${task.id}`) });
  const rest = [];
  for await (const event of followed) rest.push(event);
  equal(rest.map((event) => textOf(event.artifactUpdate?.artifact)).join(''), 'released');
  equal(rest.at(-1).statusUpdate.status.state, 'TASK_STATE_COMPLETED');
}

/** A task that is at work, once it says so. */
async function start(client, userMessage) {
  const sent = { message: userMessage('hold'), configuration: { returnImmediately: true } };
  const { task } = await client.sendMessage(sent);
  for (let tries = 0; tries < 1_000; tries++) {
    const now = await client.getTask({ id: task.id });
    if (now.status.state === 'TASK_STATE_WORKING') return { task: now };
    equal(now.status.state, 'TASK_STATE_SUBMITTED');
    await pause(1);
  }
  throw new Error('the task does not begin');
}

/** A task given up: its executor hears of it, whoever follows it sees the end. */
export async function talkCancel(client, { textOf, userMessage }) {
  const events = [];
  for await (const event of client.sendStreamingMessage({ message: userMessage('hold') })) {
    events.push(event);
    if (event.statusUpdate?.status.state !== 'TASK_STATE_WORKING') continue;
    const canceled = await client.cancelTask({ id: event.statusUpdate.taskId });
    equal(canceled.status.state, 'TASK_STATE_CANCELED');
  }
  const [{ task }] = events;
  equal(events.at(-1).statusUpdate.status.state, 'TASK_STATE_CANCELED');
  const { message } = await client.sendMessage({ message: userMessage(`left ${task.id}`) });
  equal(textOf(message), 'left');
  equal((await client.cancelTask({ id: task.id })).status.state, 'TASK_STATE_CANCELED', 'once more');
}

/** What goes wrong has the same code in both bindings, and nothing of the agent's own in it. */
export async function talkErrors(client, { A2aRemoteError, textOf, userMessage }) {
  const done = await client.sendMessage({ message: userMessage('count 1') });
  const { id } = done.task;
  const send = (text, options) => client.sendMessage({ message: userMessage(text) }, options);
  const first = (events) => events.next();
  const remote = {
    ERR_A2A_TASK_NOT_FOUND: () => client.getTask({ id: 'none' }),
    ERR_A2A_TASK_NOT_CANCELABLE: () => client.cancelTask({ id }),
    ERR_A2A_UNSUPPORTED_OPERATION: () => first(client.subscribeToTask({ id })),
    ERR_A2A_INVALID_PARAMS: () => client.listTasks({ pageToken: 'not one of yours' }),
    ERR_A2A_VERSION_NOT_SUPPORTED: () => send('say hello', { headers: { 'A2A-Version': '0.3' } }),
    ERR_A2A_EXTENDED_AGENT_CARD_NOT_CONFIGURED: () => client.getExtendedAgentCard(),
    ERR_A2A_RATE_LIMITED: () => send('refuse'),
    ERR_A2A_INTERNAL: () => send('something else'),
  };
  for (const [code, call] of Object.entries(remote)) {
    const error = await failure(call);
    equal(error.code, code);
    ok(error instanceof A2aRemoteError, code);
    ok(!`${error.message}${JSON.stringify(error.data ?? '')}`.includes('swordfish'), 'the detail got out');
  }
  equal((await failure(() => first(client.subscribeToTask({ id: 'none' })))).code, 'ERR_A2A_TASK_NOT_FOUND');
  const { task } = await send('fail');
  equal(task.status.state, 'TASK_STATE_FAILED');
  ok(!textOf(task.status.message).includes('swordfish'), 'the detail got out');
  // Where notifications go is the client's word, so not just anywhere.
  const config = { taskId: id, url: 'https://127.0.0.1/' };
  equal((await failure(() => client.createTaskPushNotificationConfig(config))).code, 'ERR_A2A_INVALID_PARAMS');
}

/** Whoever goes away is let go of: of one place on a task, the next one gets it. */
export async function talkAbort(client, { userMessage }) {
  const reason = new Error('enough');
  const leaving = new AbortController();
  const events = client.sendStreamingMessage({ message: userMessage('hold') }, { signal: leaving.signal });
  const { value: begun } = await events.next();
  await events.next();
  const waiting = events.next();
  leaving.abort(reason);
  ok((await failure(() => waiting)) === reason, 'a stream ends with the reason');
  const { id } = begun.task;
  // The first of these leaves its loop, the second aborts: both give the place back.
  equal((await follow(client, id, {})).task.id, id);
  const again = new AbortController();
  await follow(client, id, { signal: again.signal });
  again.abort(reason);
  equal((await follow(client, id, {})).task.status.state, 'TASK_STATE_WORKING');

  const unary = new AbortController();
  const sending = client.sendMessage({ message: userMessage('hold') }, { signal: unary.signal });
  setTimeout(() => unary.abort(reason), 20);
  ok((await failure(() => sending)) === reason, 'a call ends with the reason');
  await client.sendMessage({ message: userMessage(`release ${id}`) });
}

/** The first event of a task, from the one place there is on it: taken as soon as it is free. */
async function follow(client, id, options) {
  for (const since = Date.now(); ; await pause(10)) {
    try {
      for await (const event of client.subscribeToTask({ id }, options)) return event;
    } catch (error) {
      if (error.code !== 'ERR_A2A_RATE_LIMITED' || Date.now() - since > NOTICE_MS) throw error;
    }
  }
}

function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
