// Which tasks a list shows, in which order, and what stands on which page (A2A v1.0, section 3.1.4).

import type { ListTasksRequest } from '../wire/requests.js';
import { decodePageToken, encodePageToken } from './page-token.js';
import { type TaskHead, timeOf } from './task-store.js';

const DEFAULT_PAGE_SIZE = 50;

/** A page of heads. */
export interface HeadPage {
  readonly heads: readonly TaskHead[];
  /** Empty on the last page. */
  readonly nextPageToken: string;
  readonly pageSize: number;
  /** Tasks on all pages together. */
  readonly totalSize: number;
}

/**
 * Picks one page out of all tasks of an owner: newest status first, then by id.
 *
 * A page begins behind the last task of the page before, wherever that stands by now: a task whose status changes
 * between two pages may be seen twice or not at all, others are not.
 *
 * @param maxBytes Bytes of JSON after which the page ends early; one task is always on it.
 * @returns `undefined`: the page token is none of ours.
 */
export function pageOf(heads: readonly TaskHead[], request: ListTasksRequest, maxBytes: number): HeadPage | undefined {
  const { contextId, status, statusTimestampAfter, pageSize = DEFAULT_PAGE_SIZE, pageToken } = request;
  const sinceMs = statusTimestampAfter === undefined ? undefined : timeOf(statusTimestampAfter);
  const matching = heads
    .filter(
      (head) =>
        (contextId === undefined || head.contextId === contextId) &&
        (status === undefined || head.state === status) &&
        (sinceMs === undefined || head.statusAtMs >= sinceMs),
    )
    .sort(newestFirst);
  let rest = matching;
  if (pageToken !== undefined) {
    const mark = decodeMark(pageToken);
    if (mark === undefined) return undefined;
    rest = matching.filter((head) => newestFirst(mark, head) < 0);
  }
  const page: TaskHead[] = [];
  let bytes = 0;
  for (const head of rest) {
    bytes += head.bytes;
    if (page.length === pageSize || (page.length > 0 && bytes > maxBytes)) break;
    page.push(head);
  }
  const last = page.at(-1);
  const nextPageToken =
    last === undefined || rest.length === page.length ? '' : encodePageToken([last.statusAtMs, last.id]);
  return { heads: page, nextPageToken, pageSize, totalSize: matching.length };
}

type Mark = Pick<TaskHead, 'id' | 'statusAtMs'>;

function newestFirst(a: Mark, b: Mark): number {
  if (a.statusAtMs !== b.statusAtMs) return b.statusAtMs - a.statusAtMs;
  if (a.id === b.id) return 0;
  return a.id < b.id ? -1 : 1;
}

function decodeMark(token: string): Mark | undefined {
  const place = decodePageToken(token);
  if (!Array.isArray(place) || place.length !== 2) return undefined;
  const [statusAtMs, id]: unknown[] = place;
  return typeof statusAtMs === 'number' && typeof id === 'string' ? { statusAtMs, id } : undefined;
}
