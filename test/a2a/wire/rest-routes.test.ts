import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { OPERATIONS, type Operation, type OperationName, operationOf } from '../../../src/a2a/wire/operations.js';
import { parseParams } from '../../../src/a2a/wire/parse.js';
import { buildRestRequest, matchRestRoute, requestOfBody, requestOfQuery } from '../../../src/a2a/wire/rest-routes.js';
import { runs } from '../../codec/helpers.js';

const all = Object.values(OPERATIONS) as unknown as Operation[];
/** What a path leads to, in a few words. */
function led(verb: string, path: string): unknown {
  const routing = matchRestRoute(verb, path);
  if (routing === undefined) return 404;
  if ('allow' in routing) return routing.allow.join(' ');
  const { operation, params, tenant } = routing.match;
  return [operation.name, { ...params, ...(tenant !== undefined && { tenant }) }];
}

describe('where a path leads', () => {
  test.each<[string, string, unknown]>([
    ['POST', '/message:send', ['SendMessage', {}]],
    ['POST', '/message:stream', ['SendStreamingMessage', {}]],
    ['GET', '/tasks', ['ListTasks', {}]],
    ['GET', '/tasks/t', ['GetTask', { id: 't' }]],
    ['POST', '/tasks/t:cancel', ['CancelTask', { id: 't' }]],
    ['POST', '/tasks/t:subscribe', ['SubscribeToTask', { id: 't' }]],
    ['GET', '/tasks/t:subscribe', ['SubscribeToTask', { id: 't' }]],
    ['POST', '/tasks/t/pushNotificationConfigs', ['CreateTaskPushNotificationConfig', { taskId: 't' }]],
    ['GET', '/tasks/t/pushNotificationConfigs', ['ListTaskPushNotificationConfigs', { taskId: 't' }]],
    ['GET', '/tasks/t/pushNotificationConfigs/c', ['GetTaskPushNotificationConfig', { taskId: 't', id: 'c' }]],
    ['DELETE', '/tasks/t/pushNotificationConfigs/c', ['DeleteTaskPushNotificationConfig', { taskId: 't', id: 'c' }]],
    ['GET', '/extendedAgentCard', ['GetExtendedAgentCard', {}]],
  ])('%s %s', (verb, path, expected) => {
    expect(led(verb, path)).toEqual(expected);
    const [name, params] = expected as [string, object];
    expect(led(verb, `/a%2Fb${path}`)).toEqual([name, { ...params, tenant: 'a/b' }]);
  });

  test.each<[string, string, unknown]>([
    // Only an action written with a bare colon is one.
    ['GET', '/tasks/a%3Acancel', ['GetTask', { id: 'a:cancel' }]],
    ['POST', '/tasks/a%3Acancel:cancel', ['CancelTask', { id: 'a:cancel' }]],
    ['POST', '/tasks/a:b:cancel', ['CancelTask', { id: 'a:b' }]],
    ['POST', '/tasks/a:cancel:cancel', ['CancelTask', { id: 'a:cancel' }]],
    ['GET', '/tasks/a:b', ['GetTask', { id: 'a:b' }]],
    ['GET', '/tasks/a:Cancel', ['GetTask', { id: 'a:Cancel' }]],
    ['GET', '/tasks/a%2Fb%20%F0%9F%98%80%25', ['GetTask', { id: 'a/b \u{1F600}%' }]],
    [
      'GET',
      '/tasks/t/pushNotificationConfigs/c:cancel',
      ['GetTaskPushNotificationConfig', { taskId: 't', id: 'c:cancel' }],
    ],
    ['GET', '/tasks/t:cancel/pushNotificationConfigs', ['ListTaskPushNotificationConfigs', { taskId: 't:cancel' }]],
    // A literal wins over a tenant.
    ['GET', '/tasks/tasks', ['GetTask', { id: 'tasks' }]],
    ['GET', '/tasks/extendedAgentCard', ['GetTask', { id: 'extendedAgentCard' }]],
    ['GET', '/x/tasks/tasks', ['GetTask', { id: 'tasks', tenant: 'x' }]],
    // Other verbs.
    ['POST', '/tasks', 'GET'],
    ['GET', '/message:send', 'POST'],
    ['GET', '/tasks/t:cancel', 'POST'],
    ['PUT', '/tasks/t:subscribe', 'POST GET'],
    ['PATCH', '/tasks/t/pushNotificationConfigs', 'POST GET'],
    ['get', '/tasks', 'GET'],
    // Nothing there.
    ['GET', '/', 404],
    ['GET', '', 404],
    ['GET', '/tasks/', 404],
    ['GET', '/tasks/t/', 404],
    ['GET', '//tasks', 404],
    ['POST', '/tasks/:cancel', 404],
    ['GET', '/tasks/%', 404],
    ['GET', '/tasks/%FF', 404],
    ['GET', '/%FF/tasks', 404],
    ['GET', '/a/b/tasks', 404],
    ['POST', '/message%3Asend', 404],
    ['POST', '/v1/message:send/x', 404],
    ['GET', '/Tasks', 404],
  ])('%s %s leads to %j', (verb, path, expected) => {
    expect(led(verb, path)).toEqual(expected);
  });
});

const identifier = fc.oneof(fc.string({ minLength: 1 }), fc.string({ minLength: 1, unit: 'grapheme' })).filter((id) => {
  return !['.', '..'].includes(id) && !/\p{Surrogate}/u.test(id);
});

test('[7.65] what is built leads back to what was asked, whatever the ids and the tenant', () => {
  const asked = fc.record({ id: identifier, taskId: identifier, tenant: fc.option(identifier, { nil: undefined }) });
  const reserved = ['message:send', 'message:stream', 'tasks', 'extendedAgentCard'];
  fc.assert(
    fc.property(fc.constantFrom(...all), asked, (operation, { tenant, ...ids }) => {
      fc.pre(tenant === undefined || !reserved.includes(tenant));
      const message = { messageId: 'm', role: 'ROLE_USER', parts: [{ text: 'x' }] };
      const request = parseParams(operation.request as never, { ...ids, tenant, message, url: 'https://h/' }) as object;
      for (const verb of operation.verbs) {
        const { path, query, body } = buildRestRequest(operation, request, verb);
        expect(new URL(`https://h/base${path}`).pathname).toBe(`/base${path}`);
        const routing = matchRestRoute(verb, path);
        if (routing === undefined || !('match' in routing)) throw new Error(`no route: ${verb} ${path}`);
        expect(routing.match.operation.name).toBe(operation.name);
        const read =
          body === undefined
            ? requestOfQuery(routing.match, new URLSearchParams(query))
            : requestOfBody(routing.match, body);
        expect(parseParams(operation.request as never, read)).toEqual(request);
      }
    }),
    runs(200),
  );
});

describe('what a path and the rest of a request come to', () => {
  const matchOf = (verb: string, path: string) => {
    const routing = matchRestRoute(verb, path);
    if (routing === undefined || !('match' in routing)) throw new Error('no match');
    return routing.match;
  };

  test('a query is text, but for the flag; snake_case, repetitions and strange names do no harm', () => {
    const query = new URLSearchParams(
      'page_size=2&includeArtifacts=true&context_id=c&context_id=d&__proto__=x&tenant=q',
    );
    const request = requestOfQuery(matchOf('GET', '/x/tasks'), query);
    expect(request).toEqual({ page_size: '2', includeArtifacts: true, context_id: 'c', tenant: 'x' });
    expect(parseParams(OPERATIONS.ListTasks.request, request)).toEqual({
      pageSize: 2,
      includeArtifacts: true,
      contextId: 'c',
      tenant: 'x',
    });
    const flagged = (value: string) =>
      requestOfQuery(matchOf('GET', '/tasks'), new URLSearchParams({ includeArtifacts: value }));
    expect(flagged('false')).toEqual({ includeArtifacts: false });
    expect(() => parseParams(OPERATIONS.ListTasks.request, flagged('yes'))).toThrow();
  });

  test('the path wins over the body, in either spelling', () => {
    const body = Object.freeze({ task_id: 'other', taskId: 'other', tenant: 'other', url: 'u' });
    expect(requestOfBody(matchOf('POST', '/x/tasks/t/pushNotificationConfigs'), body)).toEqual({
      taskId: 't',
      tenant: 'x',
      url: 'u',
    });
    expect(requestOfBody(matchOf('POST', '/tasks/t:cancel'), { tenant: 'body' })).toEqual({ id: 't', tenant: 'body' });
  });
});

test('the operations by name, and no others', () => {
  for (const name of Object.keys(OPERATIONS)) expect(operationOf(name)?.name).toBe(name as OperationName);
  for (const name of ['toString', '__proto__', 'sendMessage', '']) expect(operationOf(name)).toBeUndefined();
});
