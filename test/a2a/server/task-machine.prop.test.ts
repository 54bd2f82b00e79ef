// Whatever an executor says and whenever its task is cancelled: one end, one order, and nothing after the end.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Executor } from '../../../src/a2a/server/index.js';
import { nextTask, resumedTask, submittedTask } from '../../../src/a2a/server/task-machine.js';
import { applyEvent, EMPTY_VIEW } from '../../../src/a2a/wire/apply-update.js';
import type { Task, TaskStatusUpdateEvent } from '../../../src/a2a/wire/objects.js';
import { TASK_STATES } from '../../../src/a2a/wire/readers.js';
import { isInterrupted, isTerminal } from '../../../src/a2a/wire/states.js';
import { runs } from '../../codec/helpers.js';
import { eventsOf, type Json, message, rpc, rpcStream, serverOf, turn } from './support.js';

const RUNS = runs(60, 2_000);
const LONG_MS = 120_000;

type Step =
  | { readonly does: 'work' | 'ask' | 'auth' | 'complete' | 'fail' | 'reject' | 'throw' | 'pause' }
  | { readonly does: 'artifact'; readonly id: string; readonly append: boolean };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ does: fc.constantFrom('work', 'pause') }) as fc.Arbitrary<Step> },
  {
    weight: 4,
    arbitrary: fc.record({
      does: fc.constant('artifact' as const),
      id: fc.constantFrom('a', 'b'),
      append: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      does: fc.constantFrom('ask', 'auth', 'complete', 'fail', 'reject', 'throw'),
    }) as fc.Arbitrary<Step>,
  },
);

const scripted = (script: readonly Step[]): Executor =>
  async function* (make) {
    yield make.working('first');
    for (const [n, next] of script.entries()) {
      const text = `${n}`;
      if (next.does === 'pause') await turn();
      else if (next.does === 'throw') throw new Error('x');
      else if (next.does === 'artifact') yield make.artifact(text, { artifactId: next.id, append: next.append });
      else if (next.does === 'work') yield make.working(text);
      else if (next.does === 'ask') yield make.inputRequired(text);
      else if (next.does === 'auth') yield make.authRequired(text);
      else if (next.does === 'complete') yield make.completed(text);
      else if (next.does === 'fail') yield make.failed(text);
      else yield make.rejected(text);
    }
  };

/** What the script has said when it is over: its own events, and the state its task ends in. */
function predict(script: readonly Step[]): { said: string[]; state: string; firstStop: number } {
  const states: Record<string, string> = {
    work: 'TASK_STATE_WORKING',
    ask: 'TASK_STATE_INPUT_REQUIRED',
    auth: 'TASK_STATE_AUTH_REQUIRED',
    complete: 'TASK_STATE_COMPLETED',
    fail: 'TASK_STATE_FAILED',
    reject: 'TASK_STATE_REJECTED',
  };
  const said = ['first'];
  let state = 'TASK_STATE_WORKING';
  let firstStop = Number.POSITIVE_INFINITY;
  for (const [n, { does }] of script.entries()) {
    if (does === 'pause') continue;
    if (does === 'throw') return { said, state: 'TASK_STATE_FAILED', firstStop };
    said.push(`${n}`);
    state = states[does] ?? state;
    if (does === 'ask' || does === 'auth') firstStop = Math.min(firstStop, said.length);
    if (isTerminal(state)) return { said, state, firstStop };
  }
  return { said, state: isInterrupted(state) ? state : 'TASK_STATE_COMPLETED', firstStop };
}

const wordsOf = (event: Json): string | undefined =>
  event.statusUpdate?.status.message?.parts[0].text ?? event.artifactUpdate?.artifact.parts[0].text;

const terminalEvents = (events: Json[]) =>
  events.filter(({ statusUpdate }) => statusUpdate !== undefined && isTerminal(statusUpdate.status.state));

describe('a task as its executor drives it', () => {
  it(
    'has the events of its executor in their order, up to where it ends or waits',
    async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (script) => {
          const server = serverOf({ executor: scripted(script) });
          const events = await eventsOf(await rpcStream(server, 'SendStreamingMessage', { message: message('x') }));
          const { said, state, firstStop } = predict(script);
          const words = events.map(wordsOf).filter((word) => word !== undefined && word !== 'The agent failed.');
          expect(words).toEqual(said.slice(0, firstStop));
          expect(terminalEvents(events).length).toBeLessThanOrEqual(1);
          if (terminalEvents(events).length === 1) expect(terminalEvents(events)[0]).toBe(events.at(-1));
          const { id } = events[0].task;
          for (let i = 0; i <= script.length; i++) await turn();
          const task: Json = await rpc(server, 'GetTask', { id });
          expect(task.status.state).toBe(state);
          // Nobody who followed all of it could tell it from the task itself.
          if (firstStop > said.length) expect(events.reduce(applyEvent, EMPTY_VIEW).task).toEqual(task);
        }),
        RUNS,
      );
    },
    LONG_MS,
  );

  it(
    'ends once, cancelled or not, and all who follow see the same',
    async () => {
      const quiet = fc.array(
        step.filter(({ does }) => does !== 'ask' && does !== 'auth'),
        { maxLength: 12 },
      );
      await fc.assert(
        fc.asyncProperty(quiet, fc.nat({ max: 6 }), fc.nat({ max: 6 }), async (script, cancelAfter, followAfter) => {
          const server = serverOf({ executor: scripted([...script, { does: 'pause' }, { does: 'pause' }]) });
          const stream = await rpcStream(server, 'SendStreamingMessage', { message: message('x') });
          const all = eventsOf(stream);
          const [{ id }] = (await rpc(server, 'ListTasks', {})).tasks;
          const later = async (turns: number, work: () => Promise<Json>) => {
            for (let i = 0; i < turns; i++) await turn();
            return work();
          };
          const [canceled, followed] = await Promise.all([
            later(cancelAfter, () => rpc(server, 'CancelTask', { id })),
            later(followAfter, async () => {
              const response = await rpcStream(server, 'SubscribeToTask', { id });
              return response.headers.get('Content-Type') === 'text/event-stream' ? eventsOf(response) : [];
            }),
          ]);
          const events = await all;
          const ends = terminalEvents(events);
          expect(ends).toHaveLength(1);
          expect(events.at(-1)).toBe(ends[0]);
          const { state } = ends[0].statusUpdate.status;
          expect(state === 'TASK_STATE_CANCELED').toBe(canceled.code === undefined);
          if (canceled.code !== undefined) expect(canceled.code).toBe(-32002);
          const tail = followed.slice(1);
          if (tail.length > 0) expect(events.slice(-tail.length)).toEqual(tail);
          await turn();
          expect((await rpc(server, 'GetTask', { id })).status.state).toBe(state);
        }),
        RUNS,
      );
    },
    LONG_MS,
  );
});

describe('the machine alone', () => {
  const user = { messageId: 'm', role: 'ROLE_USER', parts: [{ text: 'x' }] };
  const status = (task: Task, state: string): TaskStatusUpdateEvent => ({
    taskId: task.id,
    contextId: 'c',
    status: { state },
  });

  it('takes nothing once its task is over, and changes no task it was given', () => {
    const states = fc.array(fc.constantFrom(...TASK_STATES.slice(1)), { maxLength: 8 });
    fc.assert(
      fc.property(states, (sequence) => {
        let task: Task = Object.freeze(submittedTask(user, 't', 'c', '2026-01-01T00:00:00Z'));
        for (const state of sequence) {
          const over = isTerminal(task.status.state);
          const next = () => nextTask(task, status(task, state));
          if (over) {
            expect(next).toThrow(TypeError);
            expect(() => resumedTask(task, user, '')).toThrow(TypeError);
            return;
          }
          task = Object.freeze(next());
          expect(task.status.state).toBe(state);
        }
      }),
    );
  });

  it('a further message puts what was asked before it into the history', () => {
    const asked: TaskStatusUpdateEvent = {
      taskId: 't',
      contextId: 'c',
      status: { state: 'TASK_STATE_INPUT_REQUIRED', message: { ...user, messageId: 'q', role: 'ROLE_AGENT' } },
    };
    const task = nextTask(submittedTask(user, 't', 'c', ''), asked);
    const resumed = resumedTask(task, { ...user, messageId: 'a' }, 'now');
    expect(resumed.history?.map(({ messageId }) => messageId)).toEqual(['m', 'q', 'a']);
    expect(resumed.status).toEqual({ state: 'TASK_STATE_WORKING', timestamp: 'now' });
  });
});
