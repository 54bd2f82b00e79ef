// The states of a job (ARCP v1.0, section 10.2) as one table: what may follow what.

import type { JobState } from '../wire/execution.js';

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
