// What a session has to say, on its way through the log to its connection. The order of the log is the order on the wire:
// a message gets its position when it leaves the queue, is committed, then sent. A slow connection lets at most a few
// messages wait in memory; the others go through the log and are read back from it. So does everything said while no
// connection stands, which `resume` asks for. ARCP v1.0, sections 6.4, 6.5 and 19.

import type { EventLog, LogEntry, LoggedEntry, RecordWrite } from '../log/contract.js';
import type { RawEnvelope } from '../wire/envelope.js';
import type { MessageId } from '../wire/ids.js';
import type { PriorityRank } from '../wire/priority.js';
import { isCoreType, REGISTRY } from '../wire/registry.js';
import { SendQueue } from './band-queue.js';
import type { Journal, JournalItem, JournalSource } from './journal.js';
import type { Flow } from './service.js';

/** The sending end of a connection. Does not throw. */
export interface Link {
  send(text: string): void;
  /** Bytes it takes before it counts as slow; 0 or less where it is. */
  readonly room: number;
  /** Calls back once when there is room again, or the connection ended. */
  whenRoom(callback: () => void): void;
}

/** How much waits, and what happens beyond. */
export interface OutboxOptions {
  /** Who the session belongs to. */
  readonly principal: string;
  readonly maxPending: number;
  /** Characters of those that are pending. */
  readonly maxPendingChars: number;
  /** What a slow connection had still to get is gone from the log: it cannot be served any more. */
  readonly onGap: () => void;
  /** The log failed for good with messages of this session. */
  readonly onLost: () => void;
}

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

/** Entries read from the log at once: few where they are large, many where a long replay is of small ones. */
const MIN_READ = 32;
const MAX_READ = 512;
const SMALL_READ_CHARS = 65_536;

/** One message on its way out. */
class OutItem implements JournalItem {
  /** Set when the message is to be sent as soon as it is kept. */
  link: Link | undefined;
  readonly entry: LogEntry;
  readonly envelope: RawEnvelope;
  readonly records: readonly RecordWrite[] | undefined;
  readonly #outbox: Outbox;
  /** Called with its position, before anything that comes after it is. */
  readonly onKept: ((position: number) => void) | undefined;

  constructor(
    outbox: Outbox,
    entry: LogEntry,
    envelope: RawEnvelope,
    records: readonly RecordWrite[] | undefined,
    onKept?: (position: number) => void,
  ) {
    this.#outbox = outbox;
    this.entry = entry;
    this.envelope = envelope;
    this.records = records;
    this.onKept = onKept;
  }

  committed(position: number | undefined): void {
    this.#outbox.kept(this, position);
  }

  lost(): void {
    this.#outbox.lost();
  }
}

/** The outbox of a session. */
export class Outbox implements JournalSource {
  readonly #journal: Journal;
  readonly #log: EventLog;
  readonly #sessionId: string;
  readonly #options: OutboxOptions;
  readonly #queue = new SendQueue<OutItem>();
  #link: Link | undefined;
  /** `away`: no connection, or one that has not said what it wants; `behind`: it gets what it lacks from the log. */
  #mode: 'away' | 'live' | 'behind' = 'away';
  #queuedChars = 0;
  /** Bytes handed to the journal and not yet to the connection. */
  #owedBytes = 0;
  /** Messages handed to the journal and not yet kept. */
  #uncommitted = 0;
  /** Position of the last message that was kept, of the last one sent, and of the first one that was not. */
  #lastKept = 0;
  #lastSent = 0;
  #firstOwed = 0;
  #isWaiting = false;
  #isReading = false;
  /** Counts the beginnings of sending from the log. */
  #turn = 0;
  /** Up to this position only what `resume` repeats, and of one job where it says so. */
  #replayThrough = 0;
  #replayJob: string | undefined;
  /** Position of a message that was sent past the queue. */
  #answer = 0;
  #readLimit = MIN_READ;
  #onEmpty: (() => void) | undefined;
  readonly #flowListeners = new Set<() => void>();

  constructor(journal: Journal, log: EventLog, sessionId: string, options: OutboxOptions) {
    this.#journal = journal;
    this.#log = log;
    this.#sessionId = sessionId;
    this.#options = options;
  }

  /** Position of the last message that was kept. */
  get lastKept(): number {
    return this.#lastKept;
  }

  /** How what is said now fares. */
  get flow(): Flow {
    if (this.#link === undefined) return 'away';
    return this.#mode === 'live' && this.#link.room > this.#owedBytes ? 'open' : 'slow';
  }

  /** Calls back whenever {@link flow} may have changed. @returns Takes the call back. */
  onFlow(callback: () => void): () => void {
    this.#flowListeners.add(callback);
    this.#watchFlow();
    return () => this.#flowListeners.delete(callback);
  }

  /** Queues a message. */
  push(
    entry: LogEntry,
    envelope: RawEnvelope,
    rank: PriorityRank,
    lane: string,
    records: readonly RecordWrite[] | undefined,
  ): void {
    this.#queue.push(new OutItem(this, entry, envelope, records), rank, lane);
    this.#queuedChars += entry.text.length;
    this.#journal.wake(this);
  }

  /** Sends a message past the queue to one connection: the answer that begins or resumes a session. */
  pushFirst(
    link: Link,
    entry: LogEntry,
    envelope: RawEnvelope,
    records: readonly RecordWrite[] | undefined,
    onKept: (position: number) => void,
  ): void {
    const item = new OutItem(this, entry, envelope, records, onKept);
    item.link = link;
    this.#hand(item);
  }

  /** A connection stands; nothing is sent before {@link goLive} or {@link replay}. */
  attach(link: Link): void {
    this.#spill();
    this.#link = link;
    this.#mode = 'away';
    this.#firstOwed = 0;
    this.#isWaiting = false;
    this.#tellFlow();
  }

  /** The connection is gone. */
  detach(): void {
    this.#link = undefined;
    this.#mode = 'away';
    this.#finish();
    this.#journal.wake(this);
    this.#tellFlow();
  }

  /** Position up to which everything is sent, where nothing waits; else `undefined`. */
  get restsAt(): number | undefined {
    if (this.#mode !== 'live' || this.#queue.length > 0 || this.#uncommitted > 0) return undefined;
    return Math.max(this.#lastSent, this.#lastKept);
  }

  /** Goes on with a connection that has everything up to a position, of a log that reaches to another. */
  goOn(link: Link, after: number, through: number): void {
    this.#lastKept = Math.max(this.#lastKept, through);
    this.attach(link);
    this.goLive(after);
  }

  /** Sends what was kept beyond a position, then what comes. */
  goLive(after: number): void {
    if (this.#mode === 'away' && this.#link !== undefined) this.#begin(after, after, undefined);
  }

  /** Repeats, then sends what comes. */
  async replay(link: Link, { after, through, answer, jobId, first }: Replay): Promise<void> {
    if (this.#link !== link) return;
    this.#firstOwed = after + 1;
    this.#answer = answer;
    this.#begin(after, through, jobId, first.length > 0);
    if (first.length === 0) return;
    const turn = this.#turn;
    try {
      for (const id of first) {
        const found = await this.#log.locate(this.#sessionId, id);
        if (this.#link !== link || turn !== this.#turn) return;
        if (found.kind === 'kept') link.send(found.entry.text);
      }
    } finally {
      if (turn === this.#turn) {
        this.#isReading = false;
        this.#catchUp();
      }
    }
  }

  /** Calls back when everything is sent, or cannot be. */
  whenEmpty(callback: () => void): void {
    this.#onEmpty = callback;
    this.#journal.wake(this);
    this.#checkEmpty();
  }

  take(): void {
    if (this.#mode === 'live' && this.#link !== undefined) {
      let room = this.#link.room - this.#owedBytes;
      while (this.#queue.length > 0 && room > 0) {
        const item = this.#next() as OutItem;
        item.link = this.#link;
        const { length } = item.entry.text;
        room -= length;
        this.#owedBytes += length;
        this.#hand(item);
      }
      if (this.#queue.length > 0) {
        const { maxPending, maxPendingChars } = this.#options;
        if (this.#queue.length > maxPending || this.#queuedChars > maxPendingChars) {
          // The rest goes through the log, and so does what follows until the connection has caught up.
          this.#mode = 'behind';
          this.#replayThrough = 0;
          this.#spill();
        }
        this.#await();
      }
    } else {
      this.#spill();
    }
    this.#checkEmpty();
  }

  /** @internal */
  kept(item: OutItem, position: number | undefined): void {
    this.#uncommitted--;
    if (position !== undefined) this.#lastKept = position;
    const { link } = item;
    if (link !== undefined && item.onKept === undefined) this.#owedBytes -= item.entry.text.length;
    if (item.onKept !== undefined) {
      link?.send(item.entry.text);
      item.onKept(position ?? this.#lastKept);
    } else if (link !== undefined && link === this.#link && this.#mode === 'live') {
      link.send(item.entry.text);
      if (position !== undefined) this.#lastSent = position;
    } else if (this.#firstOwed === 0 && position !== undefined) {
      this.#firstOwed = position;
    }
    if (this.#mode === 'behind') this.#catchUp();
    this.#checkEmpty();
    this.#tellFlow();
  }

  /** @internal */
  lost(): void {
    this.#uncommitted--;
    this.#options.onLost();
  }

  #begin(after: number, replayThrough: number, jobId: string | undefined, isReading = false): void {
    this.#mode = 'behind';
    // What is still being read for whatever went on before is not wanted any more.
    this.#turn++;
    this.#isReading = isReading;
    this.#lastSent = after;
    this.#replayThrough = replayThrough;
    this.#replayJob = jobId;
    this.#spill();
    this.#catchUp();
  }

  /** Hands all that waits to the journal, to be kept and not sent. */
  #spill(): void {
    for (let item = this.#next(); item !== undefined; item = this.#next()) this.#hand(item);
  }

  #next(): OutItem | undefined {
    const item = this.#queue.shift();
    if (item !== undefined) this.#queuedChars -= item.entry.text.length;
    return item;
  }

  #hand(item: OutItem): void {
    this.#uncommitted++;
    this.#journal.add(item);
  }

  /** Tells those who wait, and keeps watching for those who still do. */
  #tellFlow(): void {
    if (this.#flowListeners.size === 0) return;
    // A copy: who still waits listens again at once.
    for (const callback of [...this.#flowListeners]) callback();
    this.#watchFlow();
  }

  /** A slow connection that nothing waits for tells nobody by itself. */
  #watchFlow(): void {
    if (this.#flowListeners.size > 0 && this.#mode === 'live' && (this.#link?.room ?? 1) <= 0) this.#await();
  }

  #await(): void {
    if (this.#isWaiting || this.#link === undefined) return;
    this.#isWaiting = true;
    const link = this.#link;
    link.whenRoom(() => {
      if (this.#link !== link) return;
      this.#isWaiting = false;
      if (this.#mode === 'behind') this.#catchUp();
      else this.#journal.wake(this);
      this.#tellFlow();
    });
  }

  /** Sends from the log while there is room, until nothing is missing. */
  #catchUp(): void {
    const link = this.#link;
    if (this.#mode !== 'behind' || link === undefined || this.#isReading) return;
    while (this.#mode === 'behind' && this.#link === link) {
      if (this.#lastSent >= this.#lastKept) {
        // What the journal still has comes by `kept`, which leads back here.
        if (this.#uncommitted > 0 || this.#queue.length > 0) return;
        this.#mode = 'live';
        this.#firstOwed = 0;
        this.#checkEmpty();
        this.#tellFlow();
        return;
      }
      if (link.room <= 0) return this.#await();
      const upTo = this.#lastKept;
      let entries: ReturnType<EventLog['read']>;
      let pruned: ReturnType<EventLog['prunedThrough']>;
      try {
        entries = this.#log.read({
          after: this.#lastSent,
          upTo,
          limit: this.#readLimit,
          sessionIds: [this.#sessionId],
          direction: 'out',
        });
        pruned = this.#log.prunedThrough(this.#options.principal);
      } catch {
        // A log that answers at once fails at once. Nobody above could go on without what it has.
        return this.#options.onGap();
      }
      if (entries instanceof Promise || pruned instanceof Promise) {
        this.#readLater(link, upTo, Promise.all([entries, pruned]));
        return;
      }
      if (!this.#sendRead(link, upTo, entries, pruned)) return;
    }
  }

  #readLater(link: Link, upTo: number, answer: Promise<readonly [readonly LoggedEntry[], number]>): void {
    const turn = this.#turn;
    this.#isReading = true;
    answer.then(
      ([entries, pruned]) => {
        if (turn !== this.#turn) return;
        this.#isReading = false;
        if (this.#link !== link || this.#mode !== 'behind') return;
        if (this.#sendRead(link, upTo, entries, pruned)) this.#catchUp();
      },
      () => {
        if (turn !== this.#turn) return;
        this.#isReading = false;
        if (this.#link === link) this.#options.onGap();
      },
    );
  }

  /** @returns Whether to go on. */
  #sendRead(link: Link, upTo: number, entries: readonly LoggedEntry[], pruned: number): boolean {
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
    this.#firstOwed = this.#lastSent >= this.#lastKept ? 0 : this.#lastSent + 1;
    return true;
  }

  #isWanted({ position, type, jobId }: LoggedEntry): boolean {
    if (position > this.#replayThrough) return position !== this.#answer;
    if (this.#replayJob !== undefined && jobId !== this.#replayJob) return false;
    return !isCoreType(type) || REGISTRY[type].replayable;
  }

  #checkEmpty(): void {
    if (this.#onEmpty === undefined || this.#queue.length > 0 || this.#uncommitted > 0) return;
    if (this.#mode === 'behind' && this.#lastSent < this.#lastKept) return;
    this.#finish();
  }

  #finish(): void {
    const callback = this.#onEmpty;
    this.#onEmpty = undefined;
    callback?.();
  }
}
