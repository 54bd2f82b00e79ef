// What a connection lacks of its session's messages, from the log: read bit by bit and sent while there is room, until
// nothing that is kept is missing. ARCP v1.0, sections 6.4 and 19.

import type { EventLog, LoggedEntry } from '../../log/contract.js';
import type { MessageId } from '../../wire/ids.js';
import { isCoreType, REGISTRY } from '../../wire/registry.js';
import type { Link } from './link.js';

/** Which of what was said before a resume is said again. */
export interface Replay {
  /** Position of the last message the client has. */
  readonly after: number;
  /** Position up to which messages are of before this connection: those behind it are new to the client, whatever they are. */
  readonly through: number;
  /** Position of the answer to the resume, which is sent already. */
  readonly answer: number;
  readonly jobId?: string | undefined;
  /** Messages said first of all, by id. */
  readonly first: readonly MessageId[];
}

/** What is read, and who is told. */
export interface CatchUpOptions {
  readonly log: EventLog;
  readonly sessionId: string;
  readonly principal: string;
  /** Position of the last message that was kept. */
  readonly lastKept: () => number;
  /** The connection has no room: {@link CatchUp.run} is called again when it has. */
  readonly onFull: () => void;
  /** Nothing that is kept is missing. */
  readonly onLevel: () => void;
  /** What the connection had still to get is gone from the log, or the log failed: it cannot be served any more. */
  readonly onGap: () => void;
}

/** Entries read at once: few where they are large, many where a long replay is of small ones. */
const MIN_READ = 32;
const MAX_READ = 512;
const SMALL_READ_CHARS = 65_536;

/** The place of a connection in the log. */
export class CatchUp {
  readonly #options: CatchUpOptions;
  /** There while it has something to catch up with. */
  #link: Link | undefined;
  /** Position of the last message sent, and of the first one that is not; 0 where none is missing. */
  #lastSent = 0;
  #firstOwed = 0;
  #isReading = false;
  /** Counts the beginnings: what is still being read for one before is not wanted any more. */
  #turn = 0;
  /** Up to this position only what `resume` repeats, and of one job where it says so. */
  #replayThrough = 0;
  #replayJob: string | undefined;
  /** Position of a message that was sent past the queue. */
  #answer = 0;
  #readLimit = MIN_READ;

  constructor(options: CatchUpOptions) {
    this.#options = options;
  }

  get lastSent(): number {
    return this.#lastSent;
  }

  /** A message was sent without it. */
  sent(position: number): void {
    this.#lastSent = position;
  }

  /** A message was kept and not sent. */
  owe(position: number): void {
    if (this.#firstOwed === 0) this.#firstOwed = position;
  }

  /** The connection lacks nothing, or there is none. */
  stop(): void {
    this.#link = undefined;
    this.#firstOwed = 0;
  }

  /** Sends what follows the last message sent. */
  goOn(link: Link): void {
    this.#link = link;
    this.#replayThrough = 0;
  }

  /** Sends what was kept beyond a position. {@link run} begins. */
  begin(link: Link, after: number): void {
    this.#begin(link, after, after, undefined, false);
  }

  /** Repeats what a resume asks for, then sends what was kept since. {@link run} begins, unless something comes first. */
  async replay(link: Link, { after, through, answer, jobId, first }: Replay): Promise<void> {
    this.#firstOwed = after + 1;
    this.#answer = answer;
    this.#begin(link, after, through, jobId, first.length > 0);
    if (first.length === 0) return;
    const turn = this.#turn;
    const { log, sessionId } = this.#options;
    try {
      for (const id of first) {
        const found = await log.locate(sessionId, id);
        if (this.#link !== link || turn !== this.#turn) return;
        if (found.kind === 'kept') link.send(found.entry.text);
      }
    } finally {
      if (turn === this.#turn) {
        this.#isReading = false;
        this.run();
      }
    }
  }

  /** Sends from the log while there is room, until nothing is missing. */
  run(): void {
    const link = this.#link;
    if (link === undefined || this.#isReading) return;
    const { log, sessionId, principal, lastKept } = this.#options;
    while (this.#link === link) {
      if (this.#lastSent >= lastKept()) return this.#options.onLevel();
      if (link.room <= 0) return this.#options.onFull();
      const upTo = lastKept();
      let entries: ReturnType<EventLog['read']>;
      let pruned: ReturnType<EventLog['prunedThrough']>;
      try {
        entries = log.read({
          after: this.#lastSent,
          upTo,
          limit: this.#readLimit,
          sessionIds: [sessionId],
          direction: 'out',
        });
        pruned = log.prunedThrough(principal);
      } catch {
        // A log that answers at once fails at once. Nobody above could go on without what it has.
        return this.#options.onGap();
      }
      if (entries instanceof Promise || pruned instanceof Promise) {
        this.#readLater(link, upTo, Promise.all([entries, pruned]));
        return;
      }
      if (!this.#send(link, upTo, entries, pruned)) return;
    }
  }

  #begin(link: Link, after: number, through: number, jobId: string | undefined, isReading: boolean): void {
    this.#link = link;
    this.#turn++;
    this.#isReading = isReading;
    this.#lastSent = after;
    this.#replayThrough = through;
    this.#replayJob = jobId;
  }

  #readLater(link: Link, upTo: number, answer: Promise<readonly [readonly LoggedEntry[], number]>): void {
    const turn = this.#turn;
    this.#isReading = true;
    answer.then(
      ([entries, pruned]) => {
        if (turn !== this.#turn) return;
        this.#isReading = false;
        if (this.#link !== link) return;
        if (this.#send(link, upTo, entries, pruned)) this.run();
      },
      () => {
        if (turn !== this.#turn) return;
        this.#isReading = false;
        if (this.#link === link) this.#options.onGap();
      },
    );
  }

  /** @returns Whether to go on. */
  #send(link: Link, upTo: number, entries: readonly LoggedEntry[], pruned: number): boolean {
    if (this.#firstOwed > 0 && pruned >= this.#firstOwed) {
      this.#options.onGap();
      return false;
    }
    let chars = 0;
    for (const entry of entries) {
      if (link.room <= 0) {
        this.#firstOwed = entry.position;
        return true;
      }
      this.#lastSent = entry.position;
      chars += entry.text.length;
      if (this.#isWanted(entry)) link.send(entry.text);
    }
    if (entries.length < this.#readLimit) this.#lastSent = upTo;
    this.#readLimit = chars < SMALL_READ_CHARS ? Math.min(this.#readLimit * 2, MAX_READ) : MIN_READ;
    this.#firstOwed = this.#lastSent >= this.#options.lastKept() ? 0 : this.#lastSent + 1;
    return true;
  }

  #isWanted({ position, type, jobId }: LoggedEntry): boolean {
    if (position > this.#replayThrough) return position !== this.#answer;
    if (this.#replayJob !== undefined && jobId !== this.#replayJob) return false;
    return !isCoreType(type) || REGISTRY[type].replayable;
  }
}
