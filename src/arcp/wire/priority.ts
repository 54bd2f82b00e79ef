// Priorities of ARCP v1.0, lowest first.

/** The priorities in rising order: the index of one is its rank. */
export const PRIORITIES = ['low', 'normal', 'high', 'critical'] as const;

/** How urgent a message is. Default `normal`. */
export type Priority = (typeof PRIORITIES)[number];

/** Rank of a priority. */
export type PriorityRank = 0 | 1 | 2 | 3;

/** Rank of a priority, that of `normal` where there is none. */
export function priorityRank(priority: Priority | undefined): PriorityRank {
  return (priority === undefined ? 1 : PRIORITIES.indexOf(priority)) as PriorityRank;
}
