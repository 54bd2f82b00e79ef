// The one way into the log: everything of one turn of the event loop in one commit, in order, inbound and outbound alike.
// What was committed is published, then handed to whoever waits for it. ARCP v1.0, section 6.4.

import type { Clock } from '../../../clock.js';
import type { CommitResult, EventLog, LogEntry, LoggedEntry, RecordWrite } from '../../log/contract.js';
import type { RawEnvelope } from '../../wire/envelope.js';
import type { Bus } from '../service.js';

/** A message on its way into the log. */
export interface JournalItem {
  readonly entry: LogEntry;
  readonly envelope: RawEnvelope;
  /** Records that must be kept with it or not at all. */
  readonly records?: readonly RecordWrite[] | undefined;
  /** Whether it must not be kept any more: then it is {@link lost} instead. Looked at when its commit begins. */
  readonly isVoid?: boolean;
  /** @param position `undefined`: the log had it already. */
  committed(position: number | undefined): void;
  /** It is not kept: the log failed for good, or it was void. */
  lost(): void;
}

/** Records to write, with a message or without one. */
type RecordGroup = Pick<JournalItem, 'records' | 'isVoid'>;

/** Whoever waits for records to be kept. */
export interface RecordsWait {
  kept(): void;
  /** The log failed for good; they are not kept. */
  lost(): void;
}

/** Where messages wait until the journal takes them. */
export interface JournalSource {
  /** Adds what may go to the journal now. */
  take(): void;
}

/** What the journal tells the runtime. */
export interface JournalEvents {
  /** The log failed; the commit is tried again. */
  onFailure(error: unknown): void;
  onFault(error: unknown): void;
}

/** What waits for the next commit. */
interface Waiting {
  readonly items: JournalItem[];
  /** In the order in which they came: the last word on a record counts. */
  readonly groups: RecordGroup[];
  readonly waits: RecordsWait[];
}

/** What goes into one commit, and who is told. */
interface Batch {
  readonly items: readonly JournalItem[];
  readonly records: readonly RecordWrite[];
  readonly waits: readonly RecordsWait[];
}

const NOTHING: CommitResult = { positions: [] };

const MAX_TRIES = 6;
const FIRST_RETRY_MS = 50;

/** The journal of a runtime. */
export class Journal implements Bus {
  readonly #log: EventLog;
  readonly #clock: Clock;
  readonly #events: JournalEvents;
  readonly #listeners = new Set<(entry: LoggedEntry, envelope: RawEnvelope) => void>();
  readonly #sources = new Set<JournalSource>();
  readonly #flush = (): void => this.#run();
  #next: Waiting = { items: [], groups: [], waits: [] };
  #hasLost = false;
  #isScheduled = false;
  #isCommitting = false;
  #idle: (() => void)[] = [];

  constructor(log: EventLog, clock: Clock, events: JournalEvents) {
    this.#log = log;
    this.#clock = clock;
    this.#events = events;
  }

  subscribe(listener: (entry: LoggedEntry, envelope: RawEnvelope) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  add(item: JournalItem): void {
    this.#next.items.push(item);
    if (item.records !== undefined) this.#next.groups.push(item);
    this.#schedule();
  }

  /** @param wait Told once they are kept. */
  write(records: readonly RecordWrite[], wait?: RecordsWait): void {
    this.#next.groups.push({ records });
    if (wait !== undefined) this.#next.waits.push(wait);
    this.#schedule();
  }

  /** Says that a source has something. */
  wake(source: JournalSource): void {
    this.#sources.add(source);
    this.#schedule();
  }

  /** Whether nothing waits to be committed. */
  get isSettled(): boolean {
    return !this.#isScheduled && !this.#isCommitting;
  }

  /** Resolves when nothing waits to be committed. */
  settled(): Promise<void> {
    if (this.isSettled) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  #schedule(): void {
    if (this.#isScheduled || this.#isCommitting) return;
    this.#isScheduled = true;
    queueMicrotask(this.#flush);
  }

  #run(): void {
    this.#isScheduled = false;
    this.#isCommitting = true;
    for (const source of this.#sources) {
      this.#sources.delete(source);
      try {
        source.take();
      } catch (error) {
        this.#events.onFault(error);
      }
    }
    const batch = this.#nextBatch();
    if (batch.items.length === 0 && batch.records.length === 0) this.#publish(batch, NOTHING);
    else this.#commit(batch, 1);
  }

  /** All that waits, less what is void. */
  #nextBatch(): Batch {
    const { items, groups, waits } = this.#next;
    this.#next = { items: [], groups: [], waits: [] };
    const records: RecordWrite[] = [];
    for (const group of groups) {
      if (group.records === undefined || (this.#hasLost && group.isVoid === true)) continue;
      for (const record of group.records) records.push(record);
    }
    // Nothing is void before something was lost.
    if (!this.#hasLost || !items.some((item) => item.isVoid === true)) return { items, records, waits };
    for (const item of items) if (item.isVoid === true) this.#guard(() => item.lost());
    return { items: items.filter((item) => item.isVoid !== true), records, waits };
  }

  #commit(batch: Batch, tries: number): void {
    const { items, records } = batch;
    let result: ReturnType<EventLog['commit']>;
    try {
      result = this.#log.commit({ entries: items.map((item) => item.entry), records });
    } catch (error) {
      return this.#failed(batch, tries, error);
    }
    if (!(result instanceof Promise)) return this.#publish(batch, result);
    result.then(
      (kept) => this.#publish(batch, kept),
      (error: unknown) => this.#failed(batch, tries, error),
    );
  }

  #publish({ items, waits }: Batch, { positions }: CommitResult): void {
    for (let i = 0; i < items.length; i++) {
      const item = items[i] as JournalItem;
      const position = positions[i];
      try {
        if (position !== undefined && this.#listeners.size > 0) this.#tell({ ...item.entry, position }, item.envelope);
        item.committed(position);
      } catch (error) {
        this.#events.onFault(error);
      }
    }
    for (const wait of waits) this.#guard(() => wait.kept());
    this.#done();
  }

  #guard(call: () => void): void {
    try {
      call();
    } catch (error) {
      this.#events.onFault(error);
    }
  }

  /** Listeners are other people's code: what one throws must cost nobody a message. */
  #tell(entry: LoggedEntry, envelope: RawEnvelope): void {
    for (const listener of this.#listeners) {
      try {
        listener(entry, envelope);
      } catch (error) {
        this.#events.onFault(error);
      }
    }
  }

  #failed(batch: Batch, tries: number, error: unknown): void {
    this.#events.onFailure(error);
    if (tries < MAX_TRIES) {
      this.#clock.setTimer(() => this.#commit(batch, tries + 1), FIRST_RETRY_MS * 2 ** (tries - 1));
      return;
    }
    this.#hasLost = true;
    for (const item of batch.items) this.#guard(() => item.lost());
    for (const wait of batch.waits) this.#guard(() => wait.lost());
    this.#done();
  }

  #done(): void {
    this.#isCommitting = false;
    const { items, groups } = this.#next;
    if (items.length > 0 || groups.length > 0 || this.#sources.size > 0) return this.#schedule();
    const idle = this.#idle;
    this.#idle = [];
    for (const resolve of idle) resolve();
  }
}
