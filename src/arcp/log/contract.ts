// What the runtime asks of an event log: an append-only list of envelopes with positions, and a few named records that
// change in the same atomic step. `test/contracts/event-log.ts` holds every adapter to it. ARCP v1.0, sections 6.4 and 19.

import type { JsonValue } from '../../codec/json-value.js';

/** A value, or a promise of it: logs that answer at once are not waited for. */
export type MaybePromise<T> = T | Promise<T>;

/** What answers at once where the contract lets it take its time. */
export type Immediate<Contract> = {
  readonly [Name in keyof Contract]: Contract[Name] extends (...parameters: infer Parameters) => infer Result
    ? (...parameters: Parameters) => Awaited<Result>
    : Contract[Name];
};

/** Which way a message went, as the runtime sees it. */
export type LogDirection = 'in' | 'out';

/** One envelope to keep. The fields beside `text` are what queries look at; `text` is the truth. */
export interface LogEntry {
  /** Session it passed in; empty where there was none yet. */
  readonly sessionId: string;
  /** Who the session belongs to. */
  readonly principal: string;
  readonly direction: LogDirection;
  /** Message id. Unique within a session and direction. */
  readonly id: string;
  readonly type: string;
  readonly jobId?: string | undefined;
  readonly streamId?: string | undefined;
  readonly traceId?: string | undefined;
  readonly correlationId?: string | undefined;
  /** Priority: 0 low, 1 normal, 2 high, 3 critical. */
  readonly rank: number;
  /** Unix time in milliseconds at which it was kept, by the runtime's clock. */
  readonly atMs: number;
  /** The envelope's JSON, as it came or went. */
  readonly text: string;
}

/** An envelope that is kept. */
export interface LoggedEntry extends LogEntry {
  /** From 1, rising over the whole log, never used again, also not after pruning. */
  readonly position: number;
}

/** Sets a record, or removes it where the value is `undefined`. */
export interface RecordWrite {
  /** Such as `session` or `job`. */
  readonly kind: string;
  readonly key: string;
  readonly value: JsonValue | undefined;
}

/** What one {@link EventLog.commit} keeps: all of it or nothing. */
export interface LogBatch {
  readonly entries: readonly LogEntry[];
  readonly records?: readonly RecordWrite[] | undefined;
}

/** What became of a batch. */
export interface CommitResult {
  /**
   * Position of each entry, in order, without gaps. `undefined`: an entry with the same session, direction and id is or
   * was there, and this one was left out. Entries without a session are never taken for the same. What was pruned is
   * remembered for a while only: see {@link EventLog}.
   */
  readonly positions: readonly (number | undefined)[];
}

/** Which entries to read. Clauses are ANDed, members of a list ORed: an empty list matches nothing. */
export interface LogQuery {
  /** Only positions beyond this one; 0 for all. */
  readonly after: number;
  /** Only positions up to this one, itself included. */
  readonly upTo?: number | undefined;
  /** At most so many entries: 1 or more. */
  readonly limit: number;
  readonly sessionIds?: readonly string[] | undefined;
  readonly principal?: string | undefined;
  readonly direction?: LogDirection | undefined;
  readonly jobIds?: readonly string[] | undefined;
  readonly streamIds?: readonly string[] | undefined;
  readonly traceIds?: readonly string[] | undefined;
  readonly types?: readonly string[] | undefined;
  readonly correlationId?: string | undefined;
}

/** Where a message stands. */
export type Whereabouts =
  | { readonly kind: 'kept'; readonly entry: LoggedEntry }
  /** It was kept once and has been pruned since. */
  | { readonly kind: 'pruned' }
  | { readonly kind: 'unknown' };

/**
 * What to let go of: entries from the oldest on, up to the first that neither bound says should go. So what stays is
 * always everything beyond one position, also where the clock was set back; less what has gone before, to make room.
 */
export interface PruneOptions {
  /** Entries kept before this Unix time in milliseconds go. */
  readonly beforeMs?: number | undefined;
  /** At most so many entries stay. */
  readonly keepEntries?: number | undefined;
}

/**
 * An append-only log with records beside it.
 *
 * Adapters reject or throw {@link StorageError} (ERR_STORAGE_FAILED, or ERR_STORAGE_UNAVAILABLE where the runtime has no
 * such storage), with the runtime's error as `cause`, and leave what was there untouched. A query or a prune that asks for
 * nonsense, such as a limit of 0, is a RangeError or a TypeError. Entries and records are handed over and must not be
 * changed afterwards, in either direction.
 *
 * A log has bounds of its own, in entries and in bytes of text, and keeps them at each commit: where there is no room, the
 * oldest entry goes, unless another principal has clearly more than its own, whose oldest goes then. So who says much pushes
 * out nothing of those who keep a third of it or less; and of each principal what stays is everything beyond one position,
 * which is what {@link prunedThrough} says. The newest entry stays. Records are not counted, and never go by themselves.
 *
 * The ids of pruned entries are remembered for a bounded number of positions, so that a repeated message is still left out
 * and a resume point that is gone is told from one that never was. Of older ones only the highest id of our own is
 * remembered: ids that the runtime mints rise, so that an outbound id up to that one counts as pruned.
 */
export interface EventLog {
  /** Keeps entries, in order, and writes records, in one atomic step. */
  commit(batch: LogBatch): MaybePromise<CommitResult>;

  /** Reads entries by rising position. An answer shorter than `limit` says that there are no more. */
  read(query: LogQuery): MaybePromise<readonly LoggedEntry[]>;

  /**
   * Finds a message of a session by its id, in either direction; the later where there are two. Entries without a session
   * are not found.
   */
  locate(sessionId: string, id: string): MaybePromise<Whereabouts>;

  /** As {@link locate}, in any session of a principal. */
  find(principal: string, id: string): MaybePromise<Whereabouts>;

  /** Position of the newest entry ever kept; 0 for none. */
  last(): MaybePromise<number>;

  /**
   * Position up to which entries are gone, those beyond it being kept; 0 where nothing was pruned.
   *
   * @param principal Of its entries alone. Where nothing is kept of it any more, this may be a later position, at most the
   *   one without it: that beyond which everything of everybody is kept.
   */
  prunedThrough(principal?: string): MaybePromise<number>;

  /**
   * Lets go of old entries, in several steps where there are many: another call may come in between. Records stay.
   *
   * @returns How many went.
   */
  prune(options: PruneOptions): MaybePromise<number>;

  /** Reads a record. */
  record(kind: string, key: string): MaybePromise<JsonValue | undefined>;

  /** Reads records of a kind by rising key (UTF-16 order), at most `limit`, those beyond `after`. */
  records(
    kind: string,
    options: { readonly after?: string | undefined; readonly limit: number },
  ): MaybePromise<readonly { readonly key: string; readonly value: JsonValue }[]>;

  /** Lets go of what the adapter holds open; again does nothing. What is asked afterwards is a StorageError. */
  close(): MaybePromise<void>;
}

/** A log that answers at once: those in memory and in SQL. Only pruning much at a time is done bit by bit. */
export interface ImmediateEventLog extends Omit<Immediate<EventLog>, 'prune'>, Pick<EventLog, 'prune'> {}
