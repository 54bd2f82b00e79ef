// ListTasks: whose, which, in what order, and page by page.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pageOf } from '../../../src/a2a/server/list-tasks.js';
import { memoryTaskStore } from '../../../src/a2a/server/memory-task-store.js';
import { type TaskHead, timeOf } from '../../../src/a2a/server/task-store.js';
import { eventsOf, type Json, message, rest, rpc, rpcStream, serverOf } from './support.js';

const OWNER = '';

/** A server with tasks t0 to t(n-1), each a millisecond younger than the one before. */
async function serverWith(count: number) {
  const tasks = memoryTaskStore();
  for (let i = 0; i < count; i++) {
    const state = i % 2 === 0 ? 'TASK_STATE_COMPLETED' : 'TASK_STATE_INPUT_REQUIRED';
    const timestamp = `2026-01-01T00:00:00.${String(i).padStart(3, '0')}Z`;
    const history = [1, 2, 3].map((n) => ({ messageId: `${n}`, role: 'ROLE_USER', parts: [{ text: `${n}` }] }));
    const artifacts = [{ artifactId: 'a', parts: [{ text: 'x' }] }];
    const task = { id: `t${i}`, contextId: i < 3 ? 'early' : 'late', status: { state, timestamp }, history, artifacts };
    await tasks.put({ owner: OWNER, task, events: 1, bytes: 1 });
  }
  return serverOf({ tasks });
}

const idsOf = (page: Json): string[] => page.tasks.map(({ id }: Json) => id);

describe('[7.74] ListTasks', () => {
  it('shows the newest status first, 50 a page unless told otherwise', async () => {
    const server = await serverWith(60);
    const page = await rpc(server, 'ListTasks', {});
    expect(idsOf(page)).toEqual(Array.from({ length: 50 }, (_, i) => `t${59 - i}`));
    expect(page).toMatchObject({ pageSize: 50, totalSize: 60 });
    expect(page.nextPageToken).toMatch(/^[\w-]+$/);
    const last = await rpc(server, 'ListTasks', { pageToken: page.nextPageToken });
    expect(idsOf(last)).toEqual(Array.from({ length: 10 }, (_, i) => `t${9 - i}`));
    expect(last).toMatchObject({ nextPageToken: '', totalSize: 60 });
  });

  it.each([1, 2, 9, 10, 11, 100])('pages of %i add up to the whole', async (pageSize) => {
    const server = await serverWith(10);
    const ids: string[] = [];
    let pageToken = '';
    do {
      const page = await rpc(server, 'ListTasks', { pageSize, pageToken });
      ids.push(...idsOf(page));
      expect(page.tasks.length).toBeLessThanOrEqual(pageSize);
      pageToken = page.nextPageToken;
    } while (pageToken !== '');
    expect(ids).toEqual(Array.from({ length: 10 }, (_, i) => `t${9 - i}`));
  });

  it('an empty list has every member it has to have', async () => {
    const empty = { tasks: [], nextPageToken: '', pageSize: 50, totalSize: 0 };
    expect(await rpc(serverOf(), 'ListTasks', {})).toEqual(empty);
    expect((await rest(serverOf(), 'GET', '/tasks')).body).toEqual(empty);
  });

  it('filters by context, by state, and by time', async () => {
    const server = await serverWith(6);
    expect(idsOf(await rpc(server, 'ListTasks', { contextId: 'early' }))).toEqual(['t2', 't1', 't0']);
    const waiting = { status: 'TASK_STATE_INPUT_REQUIRED' };
    expect(idsOf(await rpc(server, 'ListTasks', waiting))).toEqual(['t5', 't3', 't1']);
    expect(idsOf(await rpc(server, 'ListTasks', { status: 6 }))).toEqual(['t5', 't3', 't1']);
    const since = { statusTimestampAfter: '2026-01-01T00:00:00.004Z' };
    expect(idsOf(await rpc(server, 'ListTasks', since))).toEqual(['t5', 't4']);
    const both = { ...waiting, ...since };
    expect(await rpc(server, 'ListTasks', both)).toMatchObject({ totalSize: 1, tasks: [{ id: 't5' }] });
    const query = new URLSearchParams({ ...both, contextId: 'late' });
    expect(idsOf((await rest(server, 'GET', `/tasks?${query}`)).body)).toEqual(['t5']);
  });

  it('takes times with other offsets and more digits', async () => {
    const server = await serverWith(6);
    const ask = async (statusTimestampAfter: string) => idsOf(await rpc(server, 'ListTasks', { statusTimestampAfter }));
    expect(await ask('2026-01-01T01:00:00.005+01:00')).toEqual(['t5']);
    expect(await ask('2026-01-01T00:00:00.004000001Z')).toEqual(['t5']);
    expect(await ask('2026-01-01T00:00:01Z')).toEqual([]);
    expect(timeOf('2026-01-01T00:00:00.000000500Z') - timeOf('2026-01-01T00:00:00Z')).toBe(0.5);
    expect([timeOf(undefined), timeOf('yesterday')]).toEqual([0, 0]);
  });

  it('leaves artifacts out unless they are wanted, and history to its length', async () => {
    const server = await serverWith(2);
    const [plain] = (await rpc(server, 'ListTasks', {})).tasks;
    expect(plain).not.toHaveProperty('artifacts');
    expect(plain.history).toHaveLength(3);
    const [whole] = (await rpc(server, 'ListTasks', { includeArtifacts: true, historyLength: 1 })).tasks;
    expect(whole.artifacts).toHaveLength(1);
    expect(whole.history).toMatchObject([{ messageId: '3' }]);
  });

  it.each([
    { pageSize: 0 },
    { pageSize: 101 },
    { pageSize: -1 },
    { pageSize: 1.5 },
    { status: 'TASK_STATE_TIRED' },
    { status: 9 },
    { statusTimestampAfter: 'yesterday' },
    { historyLength: -1 },
    { pageToken: 'x' },
    { pageToken: 'e30' },
    { pageToken: 'WyIxIiwxXQ' },
    { pageToken: 'WzEsMl0' },
    { pageToken: '\u{1f600}' },
    { includeArtifacts: 'yes' },
  ])('refuses %o', async (params) => {
    expect((await rpc(await serverWith(1), 'ListTasks', params)).code).toBe(-32602);
  });

  it('a page goes on where the one before ended, whatever came or changed meanwhile', async () => {
    const server = await serverWith(4);
    const first = await rpc(server, 'ListTasks', { pageSize: 2 });
    await rpc(server, 'SendMessage', { message: message('hi') });
    await rpc(server, 'CancelTask', { id: 't3' });
    const second = await rpc(server, 'ListTasks', { pageSize: 2, pageToken: first.nextPageToken });
    expect(idsOf(second)).toEqual(['t1', 't0']);
  });

  it('shows a caller its own tasks only, and a page token of another changes nothing about that', async () => {
    const server = serverOf({ authenticate: ({ request }) => ({ id: request.headers.get('X-User') ?? '' }) });
    const as = (user: string) => ({ headers: { 'X-User': user } });
    for (const user of ['alice', 'alice', 'bob'])
      await rpc(server, 'SendMessage', { message: message('hi') }, as(user));
    const alices = await rpc(server, 'ListTasks', { pageSize: 1 }, as('alice'));
    expect(alices.totalSize).toBe(2);
    const bobs = await rpc(server, 'ListTasks', { pageToken: alices.nextPageToken }, as('bob'));
    expect(bobs.totalSize).toBe(1);
    expect(idsOf(bobs)).not.toContain(alices.tasks[0].id);
    expect((await rpc(server, 'ListTasks', {}, as('eve'))).totalSize).toBe(0);
  });

  it('pages hold every task once and in order, for any tasks', () => {
    const head: fc.Arbitrary<TaskHead> = fc.record({
      id: fc.uuid(),
      contextId: fc.constantFrom('a', 'b'),
      state: fc.constantFrom('TASK_STATE_WORKING', 'TASK_STATE_COMPLETED'),
      statusAtMs: fc.integer({ min: 0, max: 5 }),
      bytes: fc.integer({ min: 0, max: 10 }),
    });
    const heads = fc.uniqueArray(head, { selector: ({ id }) => id, maxLength: 30 });
    fc.assert(
      fc.property(
        heads,
        fc.integer({ min: 1, max: 7 }),
        fc.constantFrom(undefined, 'a'),
        (all, pageSize, contextId) => {
          const seen: TaskHead[] = [];
          let pageToken: string | undefined;
          do {
            const request = { pageSize, ...(contextId && { contextId }), ...(pageToken && { pageToken }) };
            const page = pageOf(all, request, 20);
            if (page === undefined) throw new Error('a token of our own was refused');
            seen.push(...page.heads);
            pageToken = page.nextPageToken;
          } while (pageToken !== '');
          const wanted = all.filter((head) => contextId === undefined || head.contextId === contextId);
          expect(new Set(seen)).toEqual(new Set(wanted));
          expect(seen).toHaveLength(wanted.length);
          const times = seen.map(({ statusAtMs }) => statusAtMs);
          expect(times).toEqual([...times].sort((a, b) => b - a));
        },
      ),
    );
  });
});

describe('[7.75] historyLength', () => {
  it.each([
    [undefined, ['one', 'more?', 'two']],
    [0, undefined],
    [1, ['two']],
    [2, ['more?', 'two']],
    [3, ['one', 'more?', 'two']],
    [99, ['one', 'more?', 'two']],
    ['2', ['more?', 'two']],
  ])('%s gives the newest messages', async (historyLength, texts) => {
    const server = serverOf({
      executor: ({ task, inputRequired, completed }) => (task === undefined ? inputRequired('more?') : completed()),
    });
    const first = await rpc(server, 'SendMessage', { message: message('one') });
    const { id } = first.task;
    const configuration = { historyLength };
    const streamed = await eventsOf(
      await rpcStream(server, 'SendStreamingMessage', { message: message('two', { taskId: id }), configuration }),
    );
    const textsOf = (shown: Json) => shown.history?.map(({ parts }: Json) => parts[0].text);
    expect(textsOf(streamed[0].task)).toEqual(texts);
    const again = { message: message('one'), configuration: { historyLength } };
    expect(textsOf((await rpc(server, 'SendMessage', again)).task)).toEqual(texts === undefined ? undefined : ['one']);
    expect(textsOf(await rpc(server, 'GetTask', { id, historyLength }))).toEqual(texts);
    const query = historyLength === undefined ? '' : `?historyLength=${historyLength}`;
    const { body } = await rest(server, 'GET', `/tasks/${id}${query}`);
    expect(textsOf(body)).toEqual(texts);
    if (texts === undefined) expect(body).not.toHaveProperty('history');
  });

  it.each([-1, 1.5, 'x', 2 ** 31, null])('%s', async (historyLength) => {
    const server = serverOf();
    const { task } = await rpc(server, 'SendMessage', { message: message('hi') });
    const answer = await rpc(server, 'GetTask', { id: task.id, historyLength });
    if (historyLength === null) expect(answer.history).toHaveLength(2);
    else expect(answer.code).toBe(-32602);
  });
});
