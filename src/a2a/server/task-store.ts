// Where tasks are kept: what the server asks of such a place. `test/contracts/task-store.ts` holds every store to it.

import type { Task } from '../wire/objects.js';

/** A task as it is kept. Never changed once handed over, in either direction: a later state is another record. */
export interface TaskRecord {
  /** Whose task it is: the id of the user, empty where nobody authenticates. */
  readonly owner: string;
  /** The tenant it was sent to, where that was one; under no other is it there. */
  readonly tenant?: string;
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
  /** As in the record. */
  readonly tenant?: string;
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
  /** Heads of all tasks of the owner, in no particular order. Asked for with each message, too, to make room for it. */
  heads(owner: string): Promise<readonly TaskHead[]>;
}

/** The head of a record. */
export function headOf({ task, tenant, bytes }: TaskRecord): TaskHead {
  const { id, contextId = '', status } = task;
  const statusAtMs = timeOf(status.timestamp);
  return { id, contextId, ...(tenant !== undefined && { tenant }), state: status.state, statusAtMs, bytes };
}

/** Milliseconds since 1970 of a timestamp, and half of one more where it has further digits; 0 where there is none. */
export function timeOf(timestamp: string | undefined): number {
  if (timestamp === undefined) return 0;
  // `Date` is only asked for three digits: engines disagree on the rest, and a double has no room for nanoseconds.
  const [, further = '0'] = /\.\d{3}(\d+)/.exec(timestamp) ?? [];
  const ms = Date.parse(timestamp.replace(/(\.\d{3})\d+/, '$1'));
  return Number.isNaN(ms) ? 0 : ms + (Number(further) > 0 ? 0.5 : 0);
}
