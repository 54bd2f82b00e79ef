// The log, read page by page at the pace of whoever is told of it: large pages where entries are small, small ones where they
// are not, so that neither a long backfill nor one of long messages holds much at once.

import type { EventLog, LoggedEntry, LogQuery } from '../../log/contract.js';

/** Entries read at once. */
const MIN_PAGE = 16;
const MAX_PAGE = 512;
const SMALL_PAGE_CHARS = 65_536;

/** One page. */
export interface LogPage {
  readonly entries: readonly LoggedEntry[];
  /** Whether nothing more stands up to the position that was asked for. */
  readonly isLast: boolean;
  /** Position up to which entries of those asked for may be gone. */
  readonly prunedThrough: number;
}

/** Reads what a query asks for. */
export class LogPages {
  readonly #log: EventLog;
  readonly #query: Omit<LogQuery, 'after' | 'upTo' | 'limit'>;
  #limit = MIN_PAGE;

  constructor(log: EventLog, query: Omit<LogQuery, 'after' | 'upTo' | 'limit'>) {
    this.#log = log;
    this.#query = query;
  }

  /** The next entries after a position, up to another. */
  async read(after: number, upTo: number): Promise<LogPage> {
    const limit = this.#limit;
    const entries = await this.#log.read({ ...this.#query, after, upTo, limit });
    // Asked afterwards: what was pruned while the log was read is missing too.
    const prunedThrough = await this.#log.prunedThrough(this.#query.principal);
    const chars = entries.reduce((sum, { text }) => sum + text.length, 0);
    this.#limit = chars < SMALL_PAGE_CHARS ? Math.min(limit * 2, MAX_PAGE) : MIN_PAGE;
    return { entries, isLast: entries.length < limit, prunedThrough };
  }
}
