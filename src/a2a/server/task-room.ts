// Room for the tasks of one owner: how many it may keep, and which go when there is one too many.

import { A2aOperationError } from '../wire/errors.js';
import { isTerminal } from '../wire/states.js';
import type { A2aServerLimits } from './limits.js';
import type { TaskHead, TaskStore } from './task-store.js';

/** Where the tasks are. */
export interface RoomHost {
  readonly limits: A2aServerLimits;
  readonly store: TaskStore;
  /** Told of a task that was deleted to make room. */
  readonly onDeleted?: (owner: string, taskId: string) => Promise<void>;
}

/** A task that is to be written: a new one, or one that has grown. */
export interface Newcomer {
  readonly owner: string;
  readonly taskId: string;
  /** All of it. */
  readonly bytes: number;
}

/**
 * Deletes tasks until there is room for one, those that matter least first. Not to be called twice at once for one owner.
 *
 * @param isAtWork Asked by id about tasks of the owner: those are never deleted.
 * @throws {A2aOperationError} ERR_A2A_RATE_LIMITED: all that may be deleted is not enough; then nothing is.
 */
export async function makeRoom(
  { store, limits, onDeleted }: RoomHost,
  { owner, taskId, bytes }: Newcomer,
  isAtWork: (taskId: string) => boolean,
): Promise<void> {
  const others = (await store.heads(owner)).filter(({ id }) => id !== taskId);
  let tooMany = others.length + 1 - limits.maxTasksPerOwner;
  let tooLarge = others.reduce((sum, head) => sum + head.bytes, bytes) - limits.maxBytesPerOwner;
  if (tooMany <= 0 && tooLarge <= 0) return;
  const victims: TaskHead[] = [];
  for (const head of others.filter(({ id }) => !isAtWork(id)).sort(expendableFirst)) {
    if (tooMany <= 0 && tooLarge <= 0) break;
    victims.push(head);
    tooMany--;
    tooLarge -= head.bytes;
  }
  if (tooMany > 0 || tooLarge > 0) throw new A2aOperationError('ERR_A2A_RATE_LIMITED', 'your tasks leave no room');
  for (const { id } of victims) {
    // A message for it may have come while the others were deleted.
    if (isAtWork(id)) continue;
    await store.delete(owner, id);
    await onDeleted?.(owner, id);
  }
}

/** Finished tasks before those that wait, and of each the oldest first. */
function expendableFirst(a: TaskHead, b: TaskHead): number {
  const finished = Number(isTerminal(b.state)) - Number(isTerminal(a.state));
  return finished === 0 ? a.statusAtMs - b.statusAtMs : finished;
}
