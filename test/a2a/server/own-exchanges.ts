// Exchanges written by hand from the protocol, in the form of recorded ones. Ids that the server makes up are numbered
// placeholders, as are those that a request takes from an earlier answer.

import type { Exchange } from './exchange.js';
import { HEADERS, type Json, ORIGIN } from './support.js';

const id = (number: number): string => `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;
const text = (words: string) => ({ text: words, mediaType: 'text/plain' });
const lower = Object.fromEntries(Object.entries(HEADERS).map(([name, value]) => [name.toLowerCase(), value]));

function rpc(step: string, method: string, params: Json, answer: Json): Exchange {
  return {
    step: `JSON-RPC ${step}`,
    request: {
      method: 'POST',
      url: `${ORIGIN}/rpc`,
      headers: lower,
      body: { jsonrpc: '2.0', method, params, id: 'request' },
    },
    response: {
      status: 200,
      headers: { 'content-type': 'application/json' },
      bodyText: JSON.stringify({ jsonrpc: '2.0', id: 'request', ...answer }),
    },
  };
}

function rest(step: string, method: string, path: string, body: Json, status: number, answer?: Json): Exchange {
  return {
    step: `HTTP+JSON ${step}`,
    request: { method, url: `${ORIGIN}/rest${path}`, headers: lower, ...(body !== undefined && { body }) },
    response: {
      status,
      headers: { 'content-type': 'application/a2a+json' },
      bodyText: answer === undefined ? '' : JSON.stringify(answer),
    },
  };
}

/** A client's message, and as it is in the history of its task. */
function asked(messageId: string, words: string): { message: Json; kept: (taskId: string, contextId: string) => Json } {
  const message = { messageId, role: 'ROLE_USER', parts: [text(words)] };
  return { message, kept: (taskId, contextId) => ({ ...message, taskId, contextId }) };
}

const said = (messageId: string, taskId: string, contextId: string, words: string): Json => ({
  messageId,
  taskId,
  contextId,
  role: 'ROLE_AGENT',
  parts: [text(words)],
});

const WORLD = 'world \u2014 \u00fcn\u00ef \u{1f600}';
const ARTIFACT = { artifactId: 'a-1', name: 'reply', parts: [text('Hello, '), text(WORLD)] };
const CONFIG = {
  id: 'c',
  url: 'https://hooks.example/',
  token: 't',
  authentication: { scheme: 'Bearer', credentials: 'x' },
};

const info = (reason: string) => [
  { '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason, domain: 'a2a-protocol.org' },
];
const rpcError = (code: number, reason?: string): Json => ({
  error: { code, message: '', ...(reason && { data: info(reason) }) },
});
const restError = (code: number, status: string, reason?: string): Json => ({
  error: { code, status, message: '', ...(reason && { details: info(reason) }) },
});

function lifecycle(first: number): Json {
  const [taskId, contextId] = [id(first), id(first + 1)];
  const { message, kept } = asked(`m-${first}`, 'hi');
  const history = [kept(taskId, contextId), said(id(first + 2), taskId, contextId, 'working on it')];
  const status = { state: 'TASK_STATE_COMPLETED', timestamp: '' };
  return {
    taskId,
    contextId,
    message,
    task: { id: taskId, contextId, status, artifacts: [ARTIFACT], history },
    history,
  };
}

const a = lifecycle(1);
const b = lifecycle(10);
const direct = asked('m-direct', 'direct');
const reply = (first: number): Json => ({
  message: { messageId: id(first), contextId: id(first + 1), role: 'ROLE_AGENT', parts: [text('direct reply')] },
});

/** In this order: later ones speak of tasks that earlier ones made. */
export const OWN_EXCHANGES: readonly Exchange[] = [
  rpc('SendMessage', 'SendMessage', { message: a.message }, { result: { task: a.task } }),
  rpc('SendMessage, answered by a message', 'SendMessage', { message: direct.message }, { result: reply(20) }),
  rpc('GetTask', 'GetTask', { id: a.taskId }, { result: a.task }),
  rpc(
    'GetTask with one message of history',
    'GetTask',
    { id: a.taskId, historyLength: 1 },
    { result: { ...a.task, history: [a.history[1]] } },
  ),
  rpc('GetTask of nothing', 'GetTask', { id: 'none' }, rpcError(-32001, 'TASK_NOT_FOUND')),
  rpc(
    'ListTasks',
    'ListTasks',
    { contextId: a.contextId },
    { result: { tasks: [{ ...a.task, artifacts: [] }], nextPageToken: '', pageSize: 50, totalSize: 1 } },
  ),
  rpc('CancelTask, too late', 'CancelTask', { id: a.taskId }, rpcError(-32002, 'TASK_NOT_CANCELABLE')),
  rpc('SubscribeToTask, too late', 'SubscribeToTask', { id: a.taskId }, rpcError(-32004, 'UNSUPPORTED_OPERATION')),
  rpc(
    'CreateTaskPushNotificationConfig',
    'CreateTaskPushNotificationConfig',
    { ...CONFIG, taskId: a.taskId },
    { result: { ...CONFIG, taskId: a.taskId } },
  ),
  rpc(
    'GetTaskPushNotificationConfig',
    'GetTaskPushNotificationConfig',
    { taskId: a.taskId, id: 'c' },
    { result: { ...CONFIG, taskId: a.taskId } },
  ),
  rpc(
    'ListTaskPushNotificationConfigs',
    'ListTaskPushNotificationConfigs',
    { taskId: a.taskId },
    { result: { configs: [{ ...CONFIG, taskId: a.taskId }] } },
  ),
  rpc(
    'DeleteTaskPushNotificationConfig',
    'DeleteTaskPushNotificationConfig',
    { taskId: a.taskId, id: 'c' },
    { result: null },
  ),
  rpc('GetExtendedAgentCard', 'GetExtendedAgentCard', {}, rpcError(-32007, 'EXTENDED_AGENT_CARD_NOT_CONFIGURED')),
  rpc('of no method', 'NoSuch', {}, rpcError(-32601)),
  rpc('without a message', 'SendMessage', {}, rpcError(-32602, 'INVALID_PARAMS')),
  rest('SendMessage', 'POST', '/message:send', { message: b.message }, 200, { task: b.task }),
  rest('SendMessage, answered by a message', 'POST', '/message:send', { message: direct.message }, 200, reply(30)),
  rest('GetTask', 'GET', `/tasks/${b.taskId}?historyLength=0`, undefined, 200, { ...b.task, history: [] }),
  rest('GetTask of nothing', 'GET', '/tasks/none', undefined, 404, restError(404, 'NOT_FOUND', 'TASK_NOT_FOUND')),
  rest('ListTasks', 'GET', `/tasks?contextId=${b.contextId}&includeArtifacts=true&pageSize=1`, undefined, 200, {
    tasks: [b.task],
    nextPageToken: '',
    pageSize: 1,
    totalSize: 1,
  }),
  rest(
    'CancelTask, too late',
    'POST',
    `/tasks/${b.taskId}:cancel`,
    {},
    400,
    restError(400, 'FAILED_PRECONDITION', 'TASK_NOT_CANCELABLE'),
  ),
  rest(
    'SubscribeToTask by GET, too late',
    'GET',
    `/tasks/${b.taskId}:subscribe`,
    undefined,
    400,
    restError(400, 'FAILED_PRECONDITION', 'UNSUPPORTED_OPERATION'),
  ),
  rest('CreateTaskPushNotificationConfig', 'POST', `/tasks/${b.taskId}/pushNotificationConfigs`, CONFIG, 201, {
    ...CONFIG,
    taskId: b.taskId,
  }),
  rest('DeleteTaskPushNotificationConfig', 'DELETE', `/tasks/${b.taskId}/pushNotificationConfigs/c`, undefined, 204),
];
