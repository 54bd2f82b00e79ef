// The life of a task: waiting for it or not, going on with it, cancelling it, and what becomes of it when time runs out or
// the server closes.

import { describe, expect, it } from 'vitest';
import type { AgentEvent, ExecutionContext, Executor } from '../../../src/a2a/server/index.js';
import { memoryTaskStore } from '../../../src/a2a/server/memory-task-store.js';
import { A2aRemoteError } from '../../../src/a2a/wire/errors.js';
import { fakeClock } from '../../../src/testing/fake-clock.js';
import { eventsOf, gate, type Json, message, rest, rpc, rpcStream, serverOf, streamOf, turn } from './support.js';

/** An agent that works until it is let go on, or aborted. */
function patient() {
  const { promise: released, open: release } = gate();
  const { promise: finished, open: finish } = gate<unknown>();
  const executor: Executor = async function* ({ working, completed, signal }) {
    try {
      yield working();
      await Promise.race([
        released,
        new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
      ]);
      yield completed('done');
    } finally {
      finish(signal.aborted ? signal.reason : 'by itself');
    }
  };
  return { executor, release, finished };
}

describe('waiting for a task', () => {
  it('SendMessage waits until the task is over', async () => {
    const { executor, release } = patient();
    const server = serverOf({ executor });
    const answer = rpc(server, 'SendMessage', { message: message('x') });
    await turn();
    expect((await rpc(server, 'ListTasks', {})).tasks[0].status.state).toBe('TASK_STATE_WORKING');
    release();
    expect((await answer).task.status.state).toBe('TASK_STATE_COMPLETED');
  });

  it('or until it waits for its client', async () => {
    const { task } = await rpc(serverOf(), 'SendMessage', { message: message('ask') });
    expect(task.status.state).toBe('TASK_STATE_INPUT_REQUIRED');
  });

  it('or not at all, when told to return immediately', async () => {
    const { executor, release } = patient();
    const server = serverOf({ executor });
    const configuration = { returnImmediately: true };
    const { task } = await rpc(server, 'SendMessage', { message: message('x'), configuration });
    expect(task.status.state).toBe('TASK_STATE_SUBMITTED');
    release();
    await turn();
    expect((await rpc(server, 'GetTask', { id: task.id })).status.state).toBe('TASK_STATE_COMPLETED');
  });

  it('a direct message comes whatever it was told', async () => {
    const configuration = { returnImmediately: true };
    const answer = await rpc(serverOf(), 'SendMessage', { message: message('direct'), configuration });
    expect(answer.message.parts[0].text).toBe('direct reply');
  });

  it('a caller that goes away ends its wait, and not the task', async () => {
    const { executor, release } = patient();
    const told: unknown[] = [];
    const server = serverOf({ executor, onError: (error) => told.push(error) });
    const abort = new AbortController();
    const answer = rpc(server, 'SendMessage', { message: message('x') }, { signal: abort.signal });
    await turn();
    abort.abort();
    await answer;
    release();
    await turn();
    expect((await rpc(server, 'ListTasks', {})).tasks[0].status.state).toBe('TASK_STATE_COMPLETED');
    expect(told).toEqual([]);
  });

  it.each(['SendMessage', 'SendStreamingMessage'])(
    'an executor that never yields has a task all the same: %s',
    async (method) => {
      const clock = fakeClock();
      const { promise: aborted, open } = gate<unknown>();
      const server = serverOf({
        clock,
        async *executor({ signal }) {
          await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
          open(signal.reason);
        },
      });
      const configuration = { returnImmediately: true };
      const asked = rpcStream(server, method, { message: message('x'), configuration });
      await turn();
      clock.advance(9_999);
      await turn();
      expect((await rpc(server, 'ListTasks', {})).totalSize).toBe(0);
      clock.advance(1);
      const answer = await asked;
      const { tasks } = await rpc(server, 'ListTasks', {});
      expect(tasks).toMatchObject([{ status: { state: 'TASK_STATE_SUBMITTED' } }]);
      expect((await rpc(server, 'CancelTask', { id: tasks[0].id })).status.state).toBe('TASK_STATE_CANCELED');
      await aborted;
      if (method === 'SendStreamingMessage') expect(await eventsOf(answer)).toHaveLength(2);
    },
  );

  it('a run that takes longer than it may fails, and its executor is told', async () => {
    const clock = fakeClock();
    const { executor, finished } = patient();
    const told: Json[] = [];
    const server = serverOf({ executor, clock, limits: { maxRunMs: 1_000 }, onError: (error) => told.push(error) });
    const answer = rpc(server, 'SendMessage', { message: message('x') });
    await turn();
    clock.advance(999);
    await turn();
    expect((await rpc(server, 'ListTasks', {})).tasks[0].status.state).toBe('TASK_STATE_WORKING');
    clock.advance(1);
    expect((await answer).task.status.state).toBe('TASK_STATE_FAILED');
    expect(await finished).toMatchObject({ code: 'ERR_LIMIT_EXCEEDED', limit: 'maxRunMs' });
    expect(told).toMatchObject([{ limit: 'maxRunMs' }]);
    expect(clock.pendingTimers).toBe(0);
  });
});

describe('what an executor may be', () => {
  const outcomes: [string, Executor, string][] = [
    ['a generator that just ends', async function* () {}, 'TASK_STATE_COMPLETED'],
    ['a function that returns one event', ({ rejected }) => rejected('no'), 'TASK_STATE_REJECTED'],
    ['one that returns a promise of one', async ({ failed }) => failed('no'), 'TASK_STATE_FAILED'],
    ['one that returns an artifact and is done', ({ artifact }) => artifact([{ data: null }]), 'TASK_STATE_COMPLETED'],
    ['one that waits for credentials', ({ authRequired }) => authRequired(), 'TASK_STATE_AUTH_REQUIRED'],
    [
      'one that fills in nothing',
      () => ({ statusUpdate: { status: { state: 'TASK_STATE_REJECTED' } } }),
      'TASK_STATE_REJECTED',
    ],
  ];
  it.each(outcomes)('%s', async (_, executor, state) => {
    const { task } = await rpc(serverOf({ executor }), 'SendMessage', { message: message('x') });
    expect(task.status.state).toBe(state);
    expect(Date.parse(task.status.timestamp)).not.toBeNaN();
  });

  it('one that returns a message', async () => {
    const executor: Executor = () => ({ messageId: 'm', role: 'ROLE_AGENT', parts: [{ text: 'hi' }] });
    const { message: reply } = await rpc(serverOf({ executor }), 'SendMessage', {
      message: message('x', { contextId: 'c' }),
    });
    expect(reply).toEqual({ messageId: 'm', contextId: 'c', role: 'ROLE_AGENT', parts: [{ text: 'hi' }] });
  });

  it('an iterable that is no generator, and has no return', async () => {
    const executor: Executor = ({ working, completed }) => {
      const events: AgentEvent[] = [working(), completed()];
      return {
        [Symbol.asyncIterator]: () => ({
          async next() {
            const value = events.shift();
            return value === undefined ? { done: true, value } : { done: false, value };
          },
        }),
      };
    };
    const { task } = await rpc(serverOf({ executor }), 'SendMessage', { message: message('x') });
    expect(task.status.state).toBe('TASK_STATE_COMPLETED');
  });

  it('it is told who asks, how, and about what', async () => {
    const { promise, open } = gate<ExecutionContext>();
    const server = serverOf({
      authenticate: () => ({ id: 'alice', role: 'admin' }),
      executor(context) {
        open(context);
        return context.completed();
      },
    });
    await rpc(server, 'SendMessage', {
      tenant: 't',
      message: message('x'),
      metadata: { m: 1 },
      configuration: { acceptedOutputModes: ['text/plain'] },
    });
    const context = await promise;
    expect(context).toMatchObject({
      user: { id: 'alice', role: 'admin' },
      tenant: 't',
      metadata: { m: 1 },
      configuration: { acceptedOutputModes: ['text/plain'] },
      extensions: [],
      message: { taskId: context.taskId, contextId: context.contextId },
    });
    expect(context.task).toBeUndefined();
  });

  const wrong: [string, Executor][] = [
    [
      'an event of another task',
      () => ({ statusUpdate: { taskId: 'other', status: { state: 'TASK_STATE_WORKING' } } }),
    ],
    [
      'an event of another context',
      () => ({ statusUpdate: { contextId: 'other', status: { state: 'TASK_STATE_WORKING' } } }),
    ],
    ['a message of another task', ({ reply }) => ({ message: { ...reply('x').message, taskId: 'other' } })],
    ['a state there is none of', () => ({ statusUpdate: { status: { state: 'TASK_STATE_TIRED' } } })],
    ['no state', () => ({ statusUpdate: { status: { state: 'TASK_STATE_UNSPECIFIED' } } })],
    ['nothing', (() => undefined) as unknown as Executor],
    ['a text', (() => 'hi') as unknown as Executor],
    ['an empty object', (() => ({})) as unknown as Executor],
    ['two events in one', ({ working, artifact }) => ({ ...working(), ...artifact('x') })],
    [
      'a status message without a role',
      () => ({ statusUpdate: { status: { state: 'TASK_STATE_WORKING', message: {} as Json } } }),
    ],
    ['a number that JSON has no word for', ({ artifact }) => artifact([{ data: 1n as Json }])],
  ];
  it.each(wrong)('an executor that yields %s gave no valid answer', async (what, executor) => {
    const told: unknown[] = [];
    const server = serverOf({ executor, onError: (error) => told.push(error) });
    const answer = await rpc(server, 'SendMessage', { message: message('x') });
    // Only what JSON cannot say shows when the task is there already.
    if (answer.code === undefined) expect(answer.task.status.state).toBe('TASK_STATE_FAILED');
    else expect(answer.code).toBe(-32006);
    expect(answer.code === undefined).toBe(what.startsWith('a number'));
    expect(told).toMatchObject([expect.any(TypeError)]);
  });

  it('a message behind an event is refused, and the task fails', async () => {
    const executor: Executor = async function* ({ working, reply }) {
      yield working();
      yield reply('too late');
    };
    const { task } = await rpc(serverOf({ executor }), 'SendMessage', { message: message('x') });
    expect(task.status.state).toBe('TASK_STATE_FAILED');
  });

  it.each([false, true])('what another agent said to the executor is told at home only: %s', async (begun) => {
    const told: unknown[] = [];
    const executor: Executor = async function* ({ working }) {
      if (begun) yield working();
      throw new A2aRemoteError('ERR_A2A_TASK_NOT_FOUND', 'internal agent 10.0.0.7 says no');
    };
    const server = serverOf({ executor, onError: (error) => told.push(error) });
    const answer = await rpc(server, 'SendMessage', { message: message('x') });
    expect(told).toMatchObject([{ code: 'ERR_A2A_TASK_NOT_FOUND' }]);
    expect(begun ? answer.task.status.state : answer.code).toBe(begun ? 'TASK_STATE_FAILED' : -32603);
    expect(JSON.stringify(answer)).not.toContain('10.0.0.7');
  });
});

describe('going on with a task', () => {
  it('the executor runs again with the task so far', async () => {
    const runs: (Json | undefined)[] = [];
    const server = serverOf({
      async *executor({ task, inputRequired, completed }) {
        runs.push(task);
        yield task === undefined ? inputRequired('more?') : completed('thanks');
      },
    });
    const { task } = await rpc(server, 'SendMessage', { message: message('one') });
    const again = await rpc(server, 'SendMessage', { message: message('two', { taskId: task.id }) });
    expect(again.task).toMatchObject({ id: task.id, contextId: task.contextId });
    expect(again.task.history.map(({ parts }: Json) => parts[0].text)).toEqual(['one', 'more?', 'two']);
    expect(runs[0]).toBeUndefined();
    expect(runs[1].status.state).toBe('TASK_STATE_INPUT_REQUIRED');
  });

  it('a stream of a further turn begins with the task at work', async () => {
    const server = serverOf();
    const { task } = await rpc(server, 'SendMessage', { message: message('ask') });
    const params = { message: message('hi', { taskId: task.id }) };
    const events = await eventsOf(await rpcStream(server, 'SendStreamingMessage', params));
    expect(events[0].task).toMatchObject({ id: task.id, status: { state: 'TASK_STATE_WORKING' } });
    expect(events.at(-1).statusUpdate.status.state).toBe('TASK_STATE_COMPLETED');
  });

  it('a further turn that fails before its first event leaves the task as it was', async () => {
    const server = serverOf({
      executor({ task, inputRequired }) {
        if (task !== undefined) throw new Error('not today');
        return inputRequired('more?');
      },
    });
    const { task } = await rpc(server, 'SendMessage', { message: message('one') });
    expect((await rpc(server, 'SendMessage', { message: message('two', { taskId: task.id }) })).code).toBe(-32603);
    expect(await rpc(server, 'GetTask', { id: task.id })).toEqual(task);
  });

  it('a further turn may be answered by a message, which leaves the task as it was', async () => {
    const server = serverOf({
      executor: ({ task, inputRequired, reply }) => (task === undefined ? inputRequired('more?') : reply('try again')),
    });
    const { task } = await rpc(server, 'SendMessage', { message: message('one') });
    const { message: reply } = await rpc(server, 'SendMessage', { message: message('two', { taskId: task.id }) });
    expect(reply).toMatchObject({ contextId: task.contextId, parts: [{ text: 'try again' }] });
    expect(await rpc(server, 'GetTask', { id: task.id })).toEqual(task);
  });

  it('a client may not make up a task, nor move one to another context', async () => {
    const server = serverOf();
    expect((await rpc(server, 'SendMessage', { message: message('hi', { taskId: 'mine' }) })).code).toBe(-32001);
    const { task } = await rpc(server, 'SendMessage', { message: message('ask') });
    const moved = message('hi', { taskId: task.id, contextId: 'elsewhere' });
    expect((await rpc(server, 'SendMessage', { message: moved })).code).toBe(-32602);
  });

  it('a context may be made up', async () => {
    const { task } = await rpc(serverOf(), 'SendMessage', { message: message('hi', { contextId: 'mine' }) });
    expect(task.contextId).toBe('mine');
  });

  it('a finished task takes no more messages', async () => {
    const server = serverOf();
    const { task } = await rpc(server, 'SendMessage', { message: message('hi') });
    for (const method of ['SendMessage', 'SendStreamingMessage']) {
      expect((await rpc(server, method, { message: message('hi', { taskId: task.id }) })).code).toBe(-32004);
    }
  });

  it('a task at work takes none either', async () => {
    const { executor, release } = patient();
    const server = serverOf({ executor });
    const configuration = { returnImmediately: true };
    const { task } = await rpc(server, 'SendMessage', { message: message('x'), configuration });
    expect((await rpc(server, 'SendMessage', { message: message('y', { taskId: task.id }) })).code).toBe(-32004);
    release();
  });

  it('an executor that lingers after asking is let go of when the answer comes', async () => {
    let runs = 0;
    const { promise: reason, open } = gate<unknown>();
    const { promise: later, open: goOn } = gate();
    const server = serverOf({
      async *executor({ inputRequired, working, completed, signal }) {
        if (++runs > 1) {
          yield completed();
          return;
        }
        yield inputRequired('more?');
        await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
        open(signal.reason);
        await later;
        yield working('too late to say anything');
      },
    });
    const { task } = await rpc(server, 'SendMessage', { message: message('one') });
    const again = await rpc(server, 'SendMessage', { message: message('two', { taskId: task.id }) });
    expect(again.task.status.state).toBe('TASK_STATE_COMPLETED');
    expect(await reason).toMatchObject({ name: 'AbortError' });
    goOn();
    await turn();
    expect(JSON.stringify(await rpc(server, 'GetTask', { id: task.id }))).not.toContain('too late');
  });

  it('of two answers that both find it lingering, one is refused', async () => {
    let runs = 0;
    const server = serverOf({
      async *executor({ task, inputRequired, completed }) {
        if (task === undefined) {
          yield inputRequired();
          await new Promise(() => {});
        }
        runs++;
        await turn();
        yield completed();
      },
    });
    const { task } = await rpc(server, 'SendMessage', { message: message('one') });
    const answers = await Promise.all(
      ['two', 'three'].map((text) => rpc(server, 'SendMessage', { message: message(text, { taskId: task.id }) })),
    );
    expect(answers.filter(({ code }) => code === -32004)).toHaveLength(1);
    expect(runs).toBe(1);
  });

  it('what a run left to be stored is stored before the next one begins', async () => {
    const tasks = memoryTaskStore();
    const { promise: slow, open } = gate();
    const stored: string[] = [];
    const server = serverOf({
      tasks: {
        ...tasks,
        async put(record) {
          const { state } = record.task.status;
          if (record.task.artifacts?.length === 1 && state === 'TASK_STATE_INPUT_REQUIRED') await slow;
          await tasks.put(record);
          stored.push(state);
        },
      },
      async *executor({ task, inputRequired, artifact, completed }) {
        if (task !== undefined) return yield completed();
        yield inputRequired();
        yield artifact('by the way');
        await new Promise(() => {});
      },
    });
    const { task } = await rpc(server, 'SendMessage', { message: message('one') });
    const answer = rpc(server, 'SendMessage', { message: message('two', { taskId: task.id }) });
    await turn();
    open();
    expect((await answer).task).toMatchObject({ status: { state: 'TASK_STATE_COMPLETED' }, artifacts: [{}] });
    await turn();
    expect(stored.slice(-3)).toEqual(['TASK_STATE_INPUT_REQUIRED', 'TASK_STATE_WORKING', 'TASK_STATE_COMPLETED']);
  });

  it('one that lingers on does not end the run that came after it', async () => {
    const { promise: first, open: endFirst } = gate();
    const { promise: second, open: endSecond } = gate();
    const server = serverOf({
      async *executor({ task, inputRequired, working }) {
        yield task === undefined ? inputRequired() : working();
        await (task === undefined ? first : second);
      },
    });
    const { task } = await rpc(server, 'SendMessage', { message: message('one') });
    const again = { message: message('two', { taskId: task.id }), configuration: { returnImmediately: true } };
    await rpc(server, 'SendMessage', again);
    endFirst();
    await turn();
    expect((await rpc(server, 'SendMessage', again)).code).toBe(-32004);
    endSecond();
    await turn();
    expect((await rpc(server, 'GetTask', { id: task.id })).status.state).toBe('TASK_STATE_COMPLETED');
  });

  it('who follows a task whose next run has not begun hears how it begins', async () => {
    const { promise, open } = gate();
    const server = serverOf({
      async *executor({ task, inputRequired, completed }) {
        if (task !== undefined) await promise;
        yield task === undefined ? inputRequired() : completed();
      },
    });
    const { task } = await rpc(server, 'SendMessage', { message: message('one') });
    const answer = rpc(server, 'SendMessage', { message: message('two', { taskId: task.id }) });
    await turn();
    const asked = rpcStream(server, 'SubscribeToTask', { id: task.id });
    await turn();
    open();
    const events = await eventsOf(await asked);
    expect(events.map((event) => (event.task ?? event.statusUpdate).status.state)).toEqual([
      'TASK_STATE_WORKING',
      'TASK_STATE_COMPLETED',
    ]);
    await answer;
  });

  it('of two answers to one question at once, one is refused', async () => {
    let runs = 0;
    const server = serverOf({
      async *executor({ task, inputRequired, completed }) {
        if (task === undefined) yield inputRequired();
        else {
          runs++;
          await turn();
          yield completed();
        }
      },
    });
    const { task } = await rpc(server, 'SendMessage', { message: message('one') });
    const answers = await Promise.all(
      ['two', 'three'].map((text) => rpc(server, 'SendMessage', { message: message(text, { taskId: task.id }) })),
    );
    expect(answers.filter(({ code }) => code === -32004)).toHaveLength(1);
    expect(runs).toBe(1);
  });
});

describe('cancelling', () => {
  it('ends the task at once, tells the executor, and runs its finally', async () => {
    const { executor, finished } = patient();
    const server = serverOf({ executor });
    const stream = streamOf(await rpcStream(server, 'SendStreamingMessage', { message: message('x') }));
    const { id } = (await stream.next()).value.task;
    const canceled = await rpc(server, 'CancelTask', { id });
    expect(canceled.status.state).toBe('TASK_STATE_CANCELED');
    expect(await finished).toMatchObject({ name: 'AbortError' });
    const events: Json[] = [];
    for await (const event of stream) events.push(event);
    expect(events.at(-1).statusUpdate.status.state).toBe('TASK_STATE_CANCELED');
  });

  it('lets go at once of an iterable that does not listen to its signal', async () => {
    let returned = 0;
    const { promise, open } = gate<Json>();
    const server = serverOf({
      executor: ({ working }) => {
        const steps: Promise<Json>[] = [Promise.resolve({ done: false, value: working() }), promise];
        return {
          [Symbol.asyncIterator]: () => ({
            next: () => steps.shift() as Promise<Json>,
            async return() {
              returned++;
              return { done: true, value: undefined };
            },
          }),
        };
      },
    });
    const configuration = { returnImmediately: true };
    const { task } = await rpc(server, 'SendMessage', { message: message('x'), configuration });
    await turn();
    await rpc(server, 'CancelTask', { id: task.id });
    expect(returned).toBe(1);
    open({ done: true, value: undefined });
    await turn();
    expect(returned).toBe(1);
  });

  it('twice is the same as once', async () => {
    const { executor } = patient();
    const server = serverOf({ executor });
    const configuration = { returnImmediately: true };
    const { task } = await rpc(server, 'SendMessage', { message: message('x'), configuration });
    const [one, two] = await Promise.all([1, 2].map(() => rpc(server, 'CancelTask', { id: task.id })));
    expect(two).toEqual(one);
    await turn();
    expect(await rpc(server, 'CancelTask', { id: task.id })).toEqual(one);
  });

  it('a task that waits for its client can be cancelled though nothing runs for it', async () => {
    const server = serverOf();
    const { task } = await rpc(server, 'SendMessage', { message: message('ask') });
    await turn();
    expect((await rest(server, 'POST', `/tasks/${task.id}:cancel`, {})).body.status.state).toBe('TASK_STATE_CANCELED');
  });

  it.each(['hi', 'boom'])('a task that ended by itself cannot: %s', async (text) => {
    const server = serverOf();
    const { task } = await rpc(server, 'SendMessage', { message: message(text) });
    expect((await rpc(server, 'CancelTask', { id: task.id })).code).toBe(-32002);
    await turn();
    expect((await rpc(server, 'CancelTask', { id: task.id })).code).toBe(-32002);
  });

  it('what the executor says afterwards changes nothing', async () => {
    const { promise, open } = gate();
    const server = serverOf({
      async *executor({ working, artifact, completed }) {
        yield working();
        await promise;
        yield artifact('late');
        yield completed();
      },
    });
    const configuration = { returnImmediately: true };
    const { task } = await rpc(server, 'SendMessage', { message: message('x'), configuration });
    const canceled = await rpc(server, 'CancelTask', { id: task.id });
    open();
    await turn();
    expect(await rpc(server, 'GetTask', { id: task.id })).toEqual(canceled);
  });
});

describe('hosts that stop with the answer', () => {
  it.each(['of the request', 'of the server'])(
    'are kept at work by the waitUntil %s until the executor has settled',
    async (whose) => {
      const { executor, release } = patient();
      const work: Promise<unknown>[] = [];
      const host = {
        waitUntil(promise: Promise<unknown>) {
          // Called as a method of the host, as hosts want it.
          expect(whose === 'of the server' || this === host).toBe(true);
          work.push(promise);
        },
      };
      const server = serverOf({
        executor,
        ...(whose === 'of the server' && { waitUntil: (promise) => work.push(promise) }),
      });
      const configuration = { returnImmediately: true };
      await rpc(
        server,
        'SendMessage',
        { message: message('x'), configuration },
        whose === 'of the request' ? { context: host } : {},
      );
      expect(work).toHaveLength(1);
      let settled = false;
      void work[0]?.then(() => {
        settled = true;
      });
      await turn();
      expect(settled).toBe(false);
      release();
      await turn();
      expect(settled).toBe(true);
    },
  );

  it.each([undefined, null, {}, 7, { waitUntil: 'later' }])('a context without one is fine: %s', async (context) => {
    expect(await rpc(serverOf(), 'SendMessage', { message: message('hi') }, { context })).toHaveProperty('task');
  });

  it('no timer is left when nothing is at work', async () => {
    const clock = fakeClock();
    const server = serverOf({ clock });
    for (const text of ['hi', 'direct', 'ask', 'boom']) {
      await rpc(server, 'SendMessage', { message: message(text) });
      await eventsOf(await rpcStream(server, 'SendStreamingMessage', { message: message(text) }));
    }
    await turn();
    expect(clock.pendingTimers).toBe(0);
  });
});

describe('closing', () => {
  it('fails the tasks at work, ends their streams, and refuses what comes after', async () => {
    const { executor, finished } = patient();
    const tasks = memoryTaskStore();
    const server = serverOf({ executor, tasks });
    const stream = await rpcStream(server, 'SendStreamingMessage', { message: message('x') });
    await Promise.all([server.close(), server.close()]);
    const events = await eventsOf(stream);
    expect(events.at(-1).statusUpdate.status.state).toBe('TASK_STATE_FAILED');
    expect(await finished).toMatchObject({ code: 'ERR_A2A_UNAVAILABLE' });
    const { status, headers } = await rest(server, 'GET', '/tasks');
    expect([status, headers.get('Retry-After')]).toEqual([503, '1']);
    const [head] = await tasks.heads('');
    expect(head?.state).toBe('TASK_STATE_FAILED');
  });

  it('a message that was on its way when it closed starts nothing', async () => {
    let ran = 0;
    const { promise, open } = gate();
    const server = serverOf({
      async authenticate() {
        await promise;
        return { id: 'a' };
      },
      executor({ completed }) {
        ran++;
        return completed();
      },
    });
    const answer = rpc(server, 'SendMessage', { message: message('x') });
    await turn();
    await server.close();
    open();
    expect((await answer).data[0].reason).toBe('UNAVAILABLE');
    expect(ran).toBe(0);
  });

  it('leaves a task that waits for its client as it is', async () => {
    const tasks = memoryTaskStore();
    const server = serverOf({
      tasks,
      async *executor({ inputRequired, signal }) {
        yield inputRequired();
        await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
      },
    });
    const { task } = await rpc(server, 'SendMessage', { message: message('x') });
    await server.close();
    const next = serverOf({ tasks });
    expect((await rpc(next, 'SendMessage', { message: message('hi', { taskId: task.id }) })).task.status.state).toBe(
      'TASK_STATE_COMPLETED',
    );
  });

  it('does not wait for an executor that does not let go', async () => {
    const server = serverOf({
      async *executor({ working }) {
        yield working();
        await new Promise(() => {});
      },
    });
    const configuration = { returnImmediately: true };
    await rpc(server, 'SendMessage', { message: message('x'), configuration });
    await server.close();
  });
});
