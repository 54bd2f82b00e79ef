// How a task changes: pure functions from one state of it to the next (A2A v1.0, sections 4.1 and 4.2).
//
//   state          input                 next
//   (none)         message of a client   submitted
//   interrupted    message of a client   working
//   not terminal   status of the agent   that status; what the one before it said goes into the history
//   not terminal   artifact              the same, with the artifact
//   not terminal   cancel                canceled
//   terminal       anything              refused: a finished task never starts again

import { applyUpdate } from '../wire/apply-update.js';
import type { Message, Task, TaskArtifactUpdateEvent, TaskStatusUpdateEvent } from '../wire/objects.js';
import { isTerminal } from '../wire/states.js';

/** The task that a client's first message makes. */
export function submittedTask(message: Message, taskId: string, contextId: string, timestamp: string): Task {
  return { id: taskId, contextId, status: { state: 'TASK_STATE_SUBMITTED', timestamp }, history: [message] };
}

/** The task with a further message of its client's: it no longer waits. @throws as {@link nextTask}. */
export function resumedTask(task: Task, message: Message, timestamp: string): Task {
  const status = { state: 'TASK_STATE_WORKING', timestamp };
  const { history = [], ...resumed } = nextTask(task, { taskId: task.id, contextId: task.contextId ?? '', status });
  return { ...resumed, history: [...history, message] };
}

/** The task after an event of its own. @returns Fresh task. @throws {TypeError} the task is over. */
export function nextTask(task: Task, update: TaskStatusUpdateEvent | TaskArtifactUpdateEvent): Task {
  if (isTerminal(task.status.state)) throw new TypeError('no event may follow the end of its task');
  return applyUpdate(task, update);
}
