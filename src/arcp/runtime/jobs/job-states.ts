// The states of a job (ARCP v1.0, section 10.2) as one table: what may follow what.
//
// Nothing here enters `paused`. No message of the protocol pauses a job or says that one was paused: `interrupt`, which comes
// nearest, makes it `blocked` until a human has answered (section 10.4), and so does every other wait of a tool. The state
// stands for peers that have such jobs: it is understood in a `job.heartbeat`, and the table says what may follow it.

import type { JobState } from '../../wire/execution.js';

const NEXT: { readonly [State in JobState]: readonly JobState[] } = {
  accepted: ['queued', 'running', 'failed', 'cancelled'],
  queued: ['running', 'failed', 'cancelled'],
  running: ['blocked', 'paused', 'completed', 'failed', 'cancelled'],
  blocked: ['running', 'failed', 'cancelled'],
  paused: ['running', 'failed', 'cancelled'],
  completed: [],
  failed: [],
  cancelled: [],
};

/** Whether a job may go from one state to another. */
export function mayFollow(from: JobState, to: JobState): boolean {
  return NEXT[from].includes(to);
}

/** Whether a job in this state has ended. */
export function isTerminal(state: JobState): boolean {
  return NEXT[state].length === 0;
}

/** Types of the events that end a job. */
export const TERMINAL_TYPES = ['job.completed', 'job.failed', 'job.cancelled'] as const;
