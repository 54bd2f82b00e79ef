// How much of a task an answer shows.

import type { Task } from '../wire/objects.js';

/** What an answer may leave out. */
export interface TaskViewOptions {
  /** Messages of the history, the newest ones: 0 for none. Default: all that are kept. */
  readonly historyLength?: number | undefined;
  /** Default: yes. */
  readonly artifacts?: boolean;
}

/** A task as an answer shows it. @returns Fresh object; its parts are shared. */
export function viewOf(task: Task, { historyLength, artifacts = true }: TaskViewOptions = {}): Task {
  const { history, artifacts: results, ...rest } = task;
  const shown = historyLength === undefined ? history : historyLength === 0 ? [] : history?.slice(-historyLength);
  return {
    ...rest,
    ...(artifacts && results !== undefined && { artifacts: results }),
    ...(shown !== undefined && shown.length > 0 && { history: shown }),
  };
}
