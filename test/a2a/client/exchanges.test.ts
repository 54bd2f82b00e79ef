// Exchanges recorded between the official client and the official server, where the shared vectors are: our client asks
// the same, and reads what came.

import { describe, expect, test } from 'vitest';
import { type A2aClient, createA2aClient } from '../../../src/a2a/client/client.js';
import { sharedVectors } from '../../support/shared-vectors.js';
import { cardOf, collect, fakeAgent } from './fake-agent.js';

interface Exchange {
  readonly step: string;
  readonly request: {
    readonly method: string;
    readonly url: string;
    readonly headers: Readonly<Record<string, string>>;
    // biome-ignore lint/suspicious/noExplicitAny: whatever was recorded.
    readonly body?: any;
    readonly bodyText?: string;
  };
  readonly response: { readonly status: number; readonly headers: Record<string, string>; readonly bodyText: string };
}

/** The call of our client that has to come to a recorded request; `undefined` for what no client sends. */
function callOf({ step, request }: Exchange): ((client: A2aClient) => Promise<unknown>) | undefined {
  if (request.bodyText !== undefined) return undefined;
  const url = new URL(request.url);
  const query = Object.fromEntries(url.searchParams);
  const [, , , taskId = '', , id = ''] = url.pathname.split(/[/:]/);
  const params = request.body?.params ?? request.body;
  // What HTTP+JSON has in path and query.
  const asked = params ?? { id: taskId, ...query, historyLength: query.historyLength && Number(query.historyLength) };
  switch (/: (\w+)/.exec(step)?.[1]) {
    case 'SendMessage':
      return (client) => client.sendMessage(params);
    case 'SendStreamingMessage':
      return (client) => collect(client.sendStreamingMessage(params));
    case 'GetTask':
      return (client) => client.getTask(asked);
    case 'ListTasks':
      return (client) =>
        client.listTasks(params ?? { ...query, pageSize: Number(query.pageSize), includeArtifacts: true });
    case 'CancelTask':
      return (client) => client.cancelTask(asked);
    case 'SubscribeToTask':
      return (client) => collect(client.subscribeToTask(asked));
    case 'CreateTaskPushNotificationConfig':
      return (client) => client.createTaskPushNotificationConfig(params);
    case 'GetTaskPushNotificationConfig':
      return (client) => client.getTaskPushNotificationConfig(params ?? { taskId, id });
    case 'ListTaskPushNotificationConfigs':
      return (client) => client.listTaskPushNotificationConfigs(params ?? { taskId });
    case 'DeleteTaskPushNotificationConfig':
      return (client) => client.deleteTaskPushNotificationConfig(params ?? { taskId, id });
    case 'GetExtendedAgentCard':
      return (client) => client.getExtendedAgentCard();
    default:
      return undefined;
  }
}

const recorded = sharedVectors<readonly Exchange[]>('a2a/http-exchanges.json') ?? [];
const askable = recorded.filter((exchange) => callOf(exchange) !== undefined);

describe.skipIf(recorded.length === 0)('[7.56][7.57] recorded exchanges', () => {
  test('all operations are among them, over both bindings', () => {
    expect(askable.length).toBeGreaterThanOrEqual(30);
  });

  test.each(askable)('$step', async (exchange) => {
    const { step, request, response } = exchange;
    const isRpc = step.startsWith('jsonrpc');
    const agent = fakeAgent((asked) => {
      const { status, headers, bodyText } = response;
      // Ids count up from 1 in each client.
      const text = isRpc ? bodyText.replaceAll(`"id":${request.body.id},`, `"id":${asked.body.id},`) : bodyText;
      return new Response(status === 204 ? null : text, { status, headers });
    });
    const client = createA2aClient({
      card: cardOf(),
      bindings: [isRpc ? 'JSONRPC' : 'HTTP+JSON'],
      fetch: agent.fetch,
    });
    const outcome = await callOf(exchange)!(client).catch((error: unknown) => ({ error }));

    const { method, url, headers, body } = agent.last;
    expect({ method, url }).toEqual({ method: request.method, url: request.url });
    // The official client says what a body would be where there is none, and sends none with an action.
    const expected = { ...request.headers };
    if (body === undefined) delete expected['content-type'];
    expect(headers).toEqual(expected);
    const sent = isRpc ? { ...request.body, id: 1 } : (request.body ?? (request.method === 'POST' ? {} : undefined));
    expect(body).toEqual(sent);
    if (request.body?.params?.message !== undefined) expect(body.params.message).toEqual(request.body.params.message);

    check(response.bodyText, outcome, isRpc);
  });
});

/** What came out says what came in. */
function check(bodyText: string, outcome: unknown, isRpc: boolean): void {
  if (bodyText.startsWith('data:')) {
    const datas = bodyText
      .split('\n\n')
      .filter(Boolean)
      .map((event) => JSON.parse(event.slice(6)));
    expect(outcome).toEqual(datas.map((data) => (isRpc ? data.result : data)));
    return;
  }
  const parsed = bodyText === '' ? null : JSON.parse(bodyText);
  if (parsed?.error !== undefined) {
    const { message, code } = parsed.error;
    const [{ reason }] = parsed.error.data ?? parsed.error.details;
    expect(outcome).toMatchObject({ error: { name: 'A2aRemoteError', code: `ERR_A2A_${reason}`, message, reason } });
    expect(outcome).toMatchObject({ error: isRpc ? { rpcCode: code } : { httpStatus: code } });
    return;
  }
  const value = isRpc ? parsed.result : parsed;
  expect(outcome).toEqual(value ?? undefined);
}

test.skipIf(recorded.length === 0)('[7.58] answers to broken requests are errors of the table', async () => {
  const broken = recorded.filter(({ request, response }) => {
    return request.bodyText !== undefined && response.bodyText.includes('"error"');
  });
  expect(broken.length).toBeGreaterThanOrEqual(10);
  for (const { step, response } of broken) {
    const { status, headers, bodyText } = response;
    const isRpc = step.startsWith('jsonrpc');
    // Ids of the recorded requests are no concern here.
    const agent = fakeAgent(() => new Response(bodyText.replace(/"id":("a"|\d+)/, '"id":1'), { status, headers }));
    const bindings = [isRpc ? 'JSONRPC' : 'HTTP+JSON'];
    const client = createA2aClient({ card: cardOf(), bindings, fetch: agent.fetch });
    const { error } = JSON.parse(bodyText);
    const [info] = error.data ?? error.details ?? [];
    await expect(client.getTask({ id: 'x' })).rejects.toMatchObject({
      name: 'A2aRemoteError',
      message: error.message,
      ...(info !== undefined && { code: `ERR_A2A_${info.reason}` }),
      ...(isRpc ? { rpcCode: error.code } : { httpStatus: error.code }),
    });
  }
});
