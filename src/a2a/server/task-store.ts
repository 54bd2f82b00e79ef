// Where tasks are kept: what the server asks of such a place. `test/contracts/task-store.ts` holds every store to it.

import type { Task } from '../wire/objects.js';

/** A task as it is kept. Never changed once handed over, in either direction: a later state is another record. */
export interface TaskRecord {
  /** Whose task it is: an opaque text, made of the tenant and the id of the user. */
  readonly owner: string;
  readonly task: Task;
  /** Messages and events that went into the task. */
  readonly events: number;
  /** Bytes of JSON of those. */
  readonly bytes: number;
}

/** What has to be known of a task to list it, or to choose one to delete. */
export interface TaskHead {
  readonly id: string;
  readonly contextId: string;
  readonly state: string;
  /** Time of the last change of status, in milliseconds since 1970. */
  readonly statusAtMs: number;
  /** As in the record. */
  readonly bytes: number;
}

/**
 * A place for tasks, by owner: no method ever tells one owner anything about the tasks of another.
 *
 * Writes of one task come one after another, never two at once. What a method rejects with reaches `onError` only.
 */
export interface TaskStore {
  /** Reads a task. @returns `undefined` when the owner has none of that id, whoever else may have. */
  get(owner: string, taskId: string): Promise<TaskRecord | undefined>;
  /** Writes a task, replacing what was there. Settles when it would be found again. */
  put(record: TaskRecord): Promise<void>;
  /** Removes a task; removing nothing is no error. */
  delete(owner: string, taskId: string): Promise<void>;
  /** Heads of all tasks of the owner, in no particular order. Asked for with each new task, too, to make room for it. */
  heads(owner: string): Promise<readonly TaskHead[]>;
}

/** The head of a record. */
export function headOf({ task, bytes }: TaskRecord): TaskHead {
  const { id, contextId = '', status } = task;
  return { id, contextId, state: status.state, statusAtMs: timeOf(status.timestamp), bytes };
}

/** Milliseconds since 1970 of a timestamp, and half of one more where it has further digits; 0 where there is none. */
export function timeOf(timestamp: string | undefined): number {
  if (timestamp === undefined) return 0;
  // `Date` is only asked for three digits: engines disagree on the rest, and a double has no room for nanoseconds.
  const [, further = '0'] = /\.\d{3}(\d+)/.exec(timestamp) ?? [];
  const ms = Date.parse(timestamp.replace(/(\.\d{3})\d+/, '$1'));
  return Number.isNaN(ms) ? 0 : ms + (Number(further) > 0 ? 0.5 : 0);
}
