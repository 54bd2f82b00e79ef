// What the states of a task mean (A2A v1.0, section 4.1.3).

import type { TaskState } from './objects.js';

/** Whether a task in this state is over for good. A state this version does not know is not. */
export function isTerminal(state: TaskState): boolean {
  switch (state) {
    case 'TASK_STATE_COMPLETED':
    case 'TASK_STATE_FAILED':
    case 'TASK_STATE_CANCELED':
    case 'TASK_STATE_REJECTED':
      return true;
    default:
      return false;
  }
}

/** Whether a task in this state waits for its client: for more input, or for credentials. */
export function isInterrupted(state: TaskState): boolean {
  return state === 'TASK_STATE_INPUT_REQUIRED' || state === 'TASK_STATE_AUTH_REQUIRED';
}
