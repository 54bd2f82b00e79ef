// Our client against our server through the fetch handler alone, over both bindings: no network, no timers.

import { describe, expect, it } from 'vitest';
import { createA2aClient } from '../../../src/a2a/client/client.js';
import { applyEvent, EMPTY_VIEW, type TaskView } from '../../../src/a2a/wire/apply-update.js';
import type { StreamResponse, Task } from '../../../src/a2a/wire/objects.js';
import { textOf, userMessage } from '../../../src/a2a/wire/parts.js';
import { CARD, gate, serverOf, turn, wireExecutor } from './support.js';

describe.each(['JSONRPC', 'HTTP+JSON'])('our client over %s', (binding) => {
  function pair(options: Parameters<typeof serverOf>[0] = {}) {
    const server = serverOf(options);
    const client = createA2aClient({
      card: CARD,
      bindings: [binding],
      fetch: (url, init) => server.fetch(new Request(url, init)),
    });
    return { server, client };
  }

  const fold = async (events: AsyncIterable<StreamResponse>): Promise<TaskView> => {
    let view = EMPTY_VIEW;
    for await (const event of events) view = applyEvent(view, event);
    return view;
  };

  it('puts together from a stream what it is given as a whole', async () => {
    const { client } = pair();
    const { task, complete } = await fold(client.sendStreamingMessage({ message: userMessage('hi') }));
    expect(await client.getTask({ id: (task as Task).id })).toEqual(task);
    expect([...complete]).toEqual(['a-1']);
    const { tasks } = await client.listTasks({ includeArtifacts: true });
    expect(tasks).toEqual([task]);
  });

  it('holds a conversation', async () => {
    const { client } = pair();
    const { task } = await client.sendMessage({ message: userMessage('ask') });
    expect(textOf(task?.status.message)).toBe('which account?');
    const answer = userMessage('hi', { taskId: task?.id as string });
    const view = await fold(client.sendStreamingMessage({ message: answer }));
    expect(view.task?.status.state).toBe('TASK_STATE_COMPLETED');
    expect(view.task?.history?.map((message) => textOf(message))).toEqual([
      'ask',
      'working on it',
      'which account?',
      'hi',
      'working on it',
    ]);
  });

  it('follows, leaves and cancels a task', async () => {
    const { promise, open } = gate();
    const { client } = pair({
      async *executor(context) {
        yield context.working();
        await promise;
        yield* wireExecutor(context) as AsyncGenerator<never>;
      },
    });
    const configuration = { returnImmediately: true };
    const { task } = await client.sendMessage({ message: userMessage('hi'), configuration });
    const { id } = task as Task;
    for await (const event of client.subscribeToTask({ id })) {
      expect(event.task?.id).toBe(id);
      break;
    }
    await turn();
    expect((await client.cancelTask({ id })).status.state).toBe('TASK_STATE_CANCELED');
    await expect(fold(client.subscribeToTask({ id }))).rejects.toMatchObject({ code: 'ERR_A2A_UNSUPPORTED_OPERATION' });
    open();
  });

  it('keeps configurations of push notifications', async () => {
    const { client } = pair();
    const { task } = await client.sendMessage({ message: userMessage('ask') });
    const { id: taskId } = task as Task;
    const config = { taskId, url: 'https://hooks.example/', token: 't' };
    const { id = '' } = await client.createTaskPushNotificationConfig(config);
    expect(await client.getTaskPushNotificationConfig({ taskId, id })).toEqual({ ...config, id });
    expect((await client.listTaskPushNotificationConfigs({ taskId })).configs).toHaveLength(1);
    await client.deleteTaskPushNotificationConfig({ taskId, id });
    expect((await client.listTaskPushNotificationConfigs({ taskId })).configs).toHaveLength(0);
  });

  it('is told what went wrong by the same codes', async () => {
    const { client } = pair();
    const { task } = await client.sendMessage({ message: userMessage('hi') });
    await expect(client.getTask({ id: 'none' })).rejects.toMatchObject({ code: 'ERR_A2A_TASK_NOT_FOUND' });
    await expect(client.cancelTask({ id: (task as Task).id })).rejects.toMatchObject({
      code: 'ERR_A2A_TASK_NOT_CANCELABLE',
    });
    await expect(client.getExtendedAgentCard()).rejects.toMatchObject({
      code: 'ERR_A2A_EXTENDED_AGENT_CARD_NOT_CONFIGURED',
    });
    await expect(client.listTasks({ pageToken: 'x' })).rejects.toMatchObject({ code: 'ERR_A2A_INVALID_PARAMS' });
  });

  it('closed servers say so', async () => {
    const { client, server } = pair();
    await server.close();
    await expect(client.listTasks()).rejects.toMatchObject({ code: 'ERR_A2A_UNAVAILABLE', httpStatus: 503 });
  });
});
