// Two things at once, at the worst moment: what a caller is told stays true, and nothing is lost for a message that is
// refused.

import { describe, expect, it } from 'vitest';
import { memoryTaskStore } from '../../../src/a2a/server/memory-task-store.js';
import { fakeClock } from '../../../src/testing/fake-clock.js';
import { eventsOf, gate, message, rpc, rpcStream, serverOf, turn } from './support.js';

const configuration = { returnImmediately: true };

describe('a message for a task that waits', () => {
  it('comes while the last word of its run is being stored: the task is over, and nothing runs', async () => {
    const tasks = memoryTaskStore();
    const [stored, goOn] = [gate(), gate()];
    let runs = 0;
    const server = serverOf({
      tasks: {
        ...tasks,
        async put(record) {
          if (record.task.status.state === 'TASK_STATE_COMPLETED') await stored.promise;
          await tasks.put(record);
        },
      },
      async *executor({ authRequired, completed }) {
        runs++;
        yield authRequired();
        await goOn.promise;
        yield completed();
      },
    });
    const { task } = await rpc(server, 'SendMessage', { message: message('x') });
    goOn.open();
    await turn();
    const answer = rpc(server, 'SendMessage', { message: message('y', { taskId: task.id }) });
    await turn();
    stored.open();
    expect((await answer).code).toBe(-32004);
    expect(runs).toBe(1);
    await turn();
    // The place it had taken is free again.
    expect((await rpc(server, 'SendMessage', { message: message('z') })).task.status.state).toContain('AUTH_REQUIRED');
  });

  it('finds no place: the run that goes on by itself is left alone', async () => {
    const authenticated = gate();
    const server = serverOf({
      limits: { maxRunningTasks: 1 },
      async *executor({ authRequired, completed, signal }) {
        yield authRequired();
        await authenticated.promise;
        if (!signal.aborted) yield completed();
      },
    });
    const { task } = await rpc(server, 'SendMessage', { message: message('x') });
    const refused = await rpc(server, 'SendMessage', { message: message('y', { taskId: task.id }) });
    expect(refused.data[0].reason).toBe('RATE_LIMITED');
    authenticated.open();
    await turn();
    expect((await rpc(server, 'GetTask', { id: task.id })).status.state).toBe('TASK_STATE_COMPLETED');
  });

  it('comes while its task is about to be deleted for another: it is not deleted', async () => {
    const tasks = memoryTaskStore();
    const deleting = gate();
    const server = serverOf({
      limits: { maxTasksPerOwner: 3, maxBytesPerOwner: 20_000 },
      tasks: {
        ...tasks,
        async delete(owner, id) {
          await deleting.promise;
          await tasks.delete(owner, id);
        },
      },
    });
    const ids: string[] = [];
    for (let i = 0; i < 3; i++) {
      ids.push((await rpc(server, 'SendMessage', { message: message('ask') })).task.id);
      await turn();
    }
    // Takes the place of all of them.
    const large = { ...message('ask'), parts: [{ text: 'ask' }, { text: 'x'.repeat(19_500) }] };
    const first = rpc(server, 'SendMessage', { message: large });
    await turn();
    const second = rpc(server, 'SendMessage', { message: message('hi', { taskId: ids[2] }) });
    await turn();
    deleting.open();
    await first;
    await second;
    const found = await Promise.all(ids.map((id) => rpc(server, 'GetTask', { id })));
    expect(found.slice(0, 2).map(({ code }) => code)).toEqual([-32001, -32001]);
    expect(found[2].id).toBe(ids[2]);
  });
});

describe('a cancellation', () => {
  it('of a task that is in the store and not yet told of is not undone by its run', async () => {
    const tasks = memoryTaskStore();
    const settled = gate();
    const server = serverOf({
      tasks: {
        ...tasks,
        async put(record) {
          await tasks.put(record);
          if (record.task.status.state === 'TASK_STATE_SUBMITTED') await settled.promise;
        },
      },
      async *executor({ working, signal }) {
        yield working();
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
      },
    });
    const sent = rpc(server, 'SendMessage', { message: message('x'), configuration });
    await turn();
    const { id } = (await rpc(server, 'ListTasks', {})).tasks[0];
    const cancelled = rpc(server, 'CancelTask', { id });
    await turn();
    settled.open();
    await sent;
    const outcome = await cancelled;
    await turn();
    const now = await rpc(server, 'GetTask', { id });
    expect([outcome.status.state, now.status.state]).toEqual(['TASK_STATE_CANCELED', 'TASK_STATE_CANCELED']);
  });
});

describe('a reply that comes after the server had to make the task', () => {
  it.each(['SendMessage', 'SendStreamingMessage'])('is its last word, and no failure: %s', async (method) => {
    const clock = fakeClock();
    const { promise, open } = gate();
    const server = serverOf({
      clock,
      async executor({ reply }) {
        await promise;
        return reply('the answer');
      },
    });
    const asked = rpcStream(server, method, { message: message('x') });
    await turn();
    clock.advance(10_000);
    await turn();
    open();
    const answer = await asked;
    const { status } =
      method === 'SendMessage' ? (await answer.json()).result.task : (await eventsOf(answer)).at(-1).statusUpdate;
    expect(status).toMatchObject({ state: 'TASK_STATE_COMPLETED', message: { parts: [{ text: 'the answer' }] } });
  });
});

it('a host that refuses to wait for the work does not fail the request', async () => {
  const told: unknown[] = [];
  const refusal = new Error('too late');
  const server = serverOf({
    onError: (error) => told.push(error),
    waitUntil() {
      throw refusal;
    },
  });
  const { task } = await rpc(server, 'SendMessage', { message: message('hi') });
  expect(task.status.state).toBe('TASK_STATE_COMPLETED');
  expect(told).toEqual([refusal]);
});
