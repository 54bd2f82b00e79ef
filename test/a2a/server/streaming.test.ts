// Streams: what comes first, what comes last, who sees what, and what happens when somebody goes away or lags behind.

import { describe, expect, it } from 'vitest';
import type { Executor } from '../../../src/a2a/server/index.js';
import { applyEvent, EMPTY_VIEW } from '../../../src/a2a/wire/apply-update.js';
import { A2aOperationError } from '../../../src/a2a/wire/errors.js';
import { fakeClock } from '../../../src/testing/fake-clock.js';
import {
  eventsOf,
  gate,
  type Json,
  message,
  rest,
  restRequest,
  rpc,
  rpcStream,
  serverOf,
  streamOf,
  turn,
} from './support.js';

const kinds = (events: Json[]) => events.map((event) => Object.keys(event)[0]);

/** An agent that is told what to yield next. */
function steered(): { executor: Executor; say: (...events: string[]) => void; ended: Promise<void> } {
  const queue: string[] = [];
  let wake = gate();
  const { promise: ended, open: end } = gate();
  return {
    ended,
    say(...events) {
      queue.push(...events);
      wake.open();
    },
    async *executor({ working, artifact, inputRequired, authRequired, signal }) {
      signal.addEventListener('abort', () => wake.open());
      try {
        for (;;) {
          while (queue.length === 0 && !signal.aborted) {
            wake = gate();
            await wake.promise;
          }
          const next = queue.shift();
          if (next === undefined || next === 'end') return;
          if (next === 'throw') throw new Error('secret');
          if (next === 'ask') yield inputRequired('more?');
          else if (next === 'auth') yield authRequired('log in');
          else yield next === 'work' ? working() : artifact(next, { artifactId: 'a', append: true });
        }
      } finally {
        end();
      }
    },
  };
}

describe('[7.72] the first event decides what kind of answer it is', () => {
  it('a failure before any event is a plain error, over both bindings', async () => {
    const told: unknown[] = [];
    const server = serverOf({
      onError: (error) => told.push(error),
      // biome-ignore lint/correctness/useYield: it fails before it can.
      async *executor() {
        throw new Error('secret');
      },
    });
    const response = await rpcStream(server, 'SendStreamingMessage', { message: message('x') });
    expect(response.headers.get('Content-Type')).toBe('application/json');
    const text = await response.text();
    expect(JSON.parse(text).error.code).toBe(-32603);
    expect(text).not.toContain('secret');
    const { status, body } = await rest(server, 'POST', '/message:stream', { message: message('x') });
    expect([status, body.error.status]).toEqual([500, 'INTERNAL']);
    expect(told).toHaveLength(2);
    expect(String(told[0])).toContain('secret');
  });

  it('an error the executor means for its caller arrives as it is', async () => {
    const server = serverOf({
      executor() {
        throw new A2aOperationError('ERR_A2A_UNSUPPORTED_OPERATION', 'not on Sundays');
      },
    });
    const error = await rpc(server, 'SendStreamingMessage', { message: message('x') });
    expect(error).toMatchObject({ code: -32004, message: 'not on Sundays' });
  });

  it('a failure of the executor after that is the end of its task', async () => {
    const events = await eventsOf(await rpcStream(serverOf(), 'SendStreamingMessage', { message: message('boom') }));
    expect(kinds(events)).toEqual(['task', 'statusUpdate', 'statusUpdate']);
    expect(events.at(-1).statusUpdate.status.state).toBe('TASK_STATE_FAILED');
    expect(JSON.stringify(events)).not.toContain('exploded');
  });

  it.each(['rpc', 'rest'])('a failure of the server after that is one last event named error: %s', async (binding) => {
    let puts = 0;
    const told: unknown[] = [];
    const server = serverOf({
      onError: (error) => told.push(error),
      tasks: {
        get: async () => undefined,
        delete: async () => {},
        heads: async () => [],
        async put() {
          if (++puts > 1) throw new Error('disk full, password hunter2');
        },
      },
    });
    const response =
      binding === 'rpc'
        ? await rpcStream(server, 'SendStreamingMessage', { message: message('hi') })
        : await server.fetch(restRequest('POST', '/message:stream', { message: message('hi') }));
    const text = await response.text();
    const blocks = text.trim().split('\n\n');
    expect(blocks).toHaveLength(2);
    expect(blocks[1]).toMatch(/^event: error\ndata: /);
    const { error } = JSON.parse((blocks[1] as string).replace(/^.*\ndata: /, ''));
    expect(error.code).toBe(binding === 'rpc' ? -32603 : 500);
    expect(text).not.toContain('hunter2');
    expect(told.map(String).join()).toContain('hunter2');
  });

  it('a message is the only event of its stream', async () => {
    const events = await eventsOf(await rpcStream(serverOf(), 'SendStreamingMessage', { message: message('direct') }));
    expect(kinds(events)).toEqual(['message']);
  });

  it('carries the headers that keep proxies from holding it back', async () => {
    const response = await rpcStream(serverOf(), 'SendStreamingMessage', { message: message('hi') });
    expect(response.headers.get('Content-Type')).toBe('text/event-stream');
    expect(response.headers.get('Cache-Control')).toBe('no-cache');
    expect(response.headers.get('X-Accel-Buffering')).toBe('no');
    await response.body?.cancel();
  });

  it('ends in a task that is just what its events add up to', async () => {
    const server = serverOf();
    const events = await eventsOf(await rpcStream(server, 'SendStreamingMessage', { message: message('hi') }));
    const { task } = events.reduce(applyEvent, EMPTY_VIEW);
    expect(await rpc(server, 'GetTask', { id: task.id })).toEqual(task);
  });
});

describe('[7.73] those who follow a task', () => {
  it('a reader that goes away stops its stream, and not the task', async () => {
    const { executor, say } = steered();
    const server = serverOf({ executor });
    say('work');
    const response = await rpcStream(server, 'SendStreamingMessage', { message: message('x') });
    const stream = streamOf(response);
    const { id } = (await stream.next()).value.task;
    await stream.return(undefined);
    say('a', 'end');
    await turn();
    expect((await rpc(server, 'GetTask', { id })).status.state).toBe('TASK_STATE_COMPLETED');
  });

  it('all see the same events in the same order', async () => {
    const { executor, say } = steered();
    const server = serverOf({ executor });
    say('work');
    const first = streamOf(await rpcStream(server, 'SendStreamingMessage', { message: message('x') }));
    const { id } = (await first.next()).value.task;
    await first.next();
    const others = await Promise.all([
      rpcStream(server, 'SubscribeToTask', { id }),
      server.fetch(restRequest('GET', `/tasks/${id}:subscribe`)),
      server.fetch(restRequest('POST', `/tasks/${id}:subscribe`, {})),
    ]);
    say('a', 'b', 'work', 'c', 'end');
    const seen: Json[] = [];
    for await (const event of first) seen.push(event);
    expect(seen).toHaveLength(5);
    for (const other of others) {
      const [current, ...rest] = await eventsOf(other);
      expect(current.task).toMatchObject({ id, status: { state: 'TASK_STATE_WORKING' } });
      expect(rest).toEqual(seen);
    }
  });

  it('a stream ends where the task asks for input', async () => {
    const { executor, say } = steered();
    const server = serverOf({ executor });
    say('work', 'ask');
    const events = await eventsOf(await rpcStream(server, 'SendStreamingMessage', { message: message('x') }));
    expect(events.at(-1).statusUpdate.status.state).toBe('TASK_STATE_INPUT_REQUIRED');
    const { id } = events[0].task;
    const again = await eventsOf(await rpcStream(server, 'SubscribeToTask', { id }));
    expect(again).toEqual([{ task: expect.objectContaining({ id }) }]);
    await server.close();
  });

  it('a stream ends where the task waits for credentials, unless it is to stay', async () => {
    for (const keepOpenOnAuthRequired of [false, true]) {
      const { executor, say } = steered();
      const server = serverOf({ executor, keepOpenOnAuthRequired });
      say('work', 'auth');
      const stream = streamOf(await rpcStream(server, 'SendStreamingMessage', { message: message('x') }));
      const { id } = (await stream.next()).value.task;
      await stream.next();
      expect((await stream.next()).value.statusUpdate.status.state).toBe('TASK_STATE_AUTH_REQUIRED');
      const again = streamOf(await rpcStream(server, 'SubscribeToTask', { id }));
      expect((await again.next()).value.task.status.state).toBe('TASK_STATE_AUTH_REQUIRED');
      say('work', 'end');
      const rest: Json[] = [];
      for await (const event of stream) rest.push(event);
      expect(rest).toHaveLength(keepOpenOnAuthRequired ? 2 : 0);
      for await (const event of again) rest.push(event);
      expect(rest).toHaveLength(keepOpenOnAuthRequired ? 4 : 0);
    }
  });

  it('a stream that is silent for 15 seconds says so, and only while somebody listens', async () => {
    const clock = fakeClock();
    const { executor, say } = steered();
    const server = serverOf({ executor, clock });
    say('work');
    const response = await rpcStream(server, 'SendStreamingMessage', { message: message('x') });
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    const read = async () => new TextDecoder().decode((await reader.read()).value);
    expect(await read()).toContain('"task"');
    expect(await read()).toContain('WORKING');
    const silence = read();
    await turn();
    clock.advance(14_999);
    await turn();
    clock.advance(1);
    expect(await silence).toMatch(/^:.*\n\n$/);
    await reader.cancel();
    say('end');
    await turn();
    expect(clock.pendingTimers).toBe(0);
  });

  it('a subscriber that reads too slowly is dropped with an error; the task and the others go on', async () => {
    const { executor, say } = steered();
    const server = serverOf({ executor, limits: { maxQueuedEvents: 4 } });
    say('work');
    const fast = streamOf(await rpcStream(server, 'SendStreamingMessage', { message: message('x') }));
    const { id } = (await fast.next()).value.task;
    await fast.next();
    const slow = await rpcStream(server, 'SubscribeToTask', { id });
    for (const piece of ['1', '2', '3', '4', '5', '6', '7', '8']) {
      say(piece);
      expect((await fast.next()).value.artifactUpdate.artifact.parts[0].text).toBe(piece);
    }
    const late = await eventsOf(slow);
    expect(late.at(-1).error).toMatchObject({ code: -32000 });
    // What it had missed is not passed off as the whole.
    expect(late.length).toBeLessThan(9);
    expect(late.slice(1, -1).map((event) => event.artifactUpdate.artifact.parts[0].text)).toEqual(
      ['1', '2', '3', '4', '5', '6', '7', '8'].slice(0, late.length - 2),
    );
    say('end');
    await fast.next();
    expect((await rpc(server, 'GetTask', { id })).status.state).toBe('TASK_STATE_COMPLETED');
  });

  it('a slow subscriber is judged by bytes as well', async () => {
    const { executor, say } = steered();
    const server = serverOf({ executor, limits: { maxQueuedBytes: 1_000 } });
    say('work');
    const fast = streamOf(await rpcStream(server, 'SendStreamingMessage', { message: message('x') }));
    const { id } = (await fast.next()).value.task;
    await fast.next();
    const slow = await rpcStream(server, 'SubscribeToTask', { id });
    for (let i = 0; i < 4; i++) {
      say('x'.repeat(600));
      await fast.next();
    }
    expect((await eventsOf(slow)).at(-1).error).toBeDefined();
    say('end');
  });

  it('one that keeps up is not judged by what it has read already', async () => {
    const { executor, say } = steered();
    const server = serverOf({ executor, limits: { maxQueuedBytes: 1_000 } });
    say('work');
    const stream = streamOf(await rpcStream(server, 'SendStreamingMessage', { message: message('x') }));
    await stream.next();
    await stream.next();
    for (let i = 0; i < 10; i++) {
      say('x', 'y'.repeat(100), 'z'.repeat(100));
      await turn();
      for (let j = 0; j < 3; j++) expect((await stream.next()).value).toHaveProperty('artifactUpdate');
    }
    say('end');
    expect((await stream.next()).value.statusUpdate.status.state).toBe('TASK_STATE_COMPLETED');
  });

  it('following a task that nothing works on any more shows it, and ends', async () => {
    const { tasks, id } = await abandonedTask();
    const server = serverOf({ tasks });
    const events = await eventsOf(await rpcStream(server, 'SubscribeToTask', { id }));
    expect(events).toEqual([{ task: expect.objectContaining({ id, status: { state: 'TASK_STATE_WORKING' } }) }]);
    // Its client can go on with it.
    const again = { message: message('ask', { taskId: id }) };
    expect((await rpc(server, 'SendMessage', again)).task.status.state).toBe('TASK_STATE_INPUT_REQUIRED');
    // Or end it, which nobody else will.
    expect((await rpc(server, 'CancelTask', { id })).status.state).toBe('TASK_STATE_CANCELED');
  });
});

/** A task whose program ended while it was at work. */
async function abandonedTask() {
  const { memoryTaskStore } = await import('../../../src/a2a/server/memory-task-store.js');
  const tasks = memoryTaskStore();
  const task = { id: 'old', contextId: 'c', status: { state: 'TASK_STATE_WORKING' } };
  await tasks.put({ owner: '', task, events: 1, bytes: 1 });
  return { tasks, id: 'old' };
}
