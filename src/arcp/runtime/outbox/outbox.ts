// What a session has to say, on its way through the log to its connection. The order of the log is the order on the wire:
// a message gets its position when it leaves the queue, is committed, then sent. A slow connection lets at most a few
// messages wait in memory; the others go through the log and are read back from it. So does everything said while no
// connection stands, which `resume` asks for. ARCP v1.0, sections 6.4, 6.5 and 19.

import type { EventLog, LogEntry } from '../../log/contract.js';
import type { RawEnvelope } from '../../wire/envelope.js';
import type { PriorityRank } from '../../wire/priority.js';
import type { Flow } from '../service.js';
import { CatchUp, type Replay } from './catch-up.js';
import { FlowWatch } from './flow-watch.js';
import type { Journal, JournalSource } from './journal.js';
import type { Link } from './link.js';
import { type Keeping, OutItem, type OutItemEvents } from './out-item.js';
import { OutQueue, type OutQueueLimits } from './out-queue.js';

/** How much waits, and what happens beyond. */
export interface OutboxOptions extends OutQueueLimits {
  /** Who the session belongs to. */
  readonly principal: string;
  /** What a slow connection had still to get is gone from the log: it cannot be served any more. */
  readonly onGap: () => void;
  /** The log failed for good with messages of this session. */
  readonly onLost: () => void;
}

/** The outbox of a session. */
export class Outbox implements JournalSource, OutItemEvents {
  readonly #journal: Journal;
  readonly #onLost: () => void;
  readonly #queue: OutQueue;
  readonly #catchUp: CatchUp;
  readonly #flow: FlowWatch;
  #link: Link | undefined;
  /** `away`: no connection, or one that has not said what it wants; `behind`: it gets what it lacks from the log. */
  #mode: 'away' | 'live' | 'behind' = 'away';
  /** Bytes handed to the journal and not yet to the connection. */
  #owedBytes = 0;
  /** Messages handed to the journal and not yet kept. */
  #uncommitted = 0;
  /** Position of the last message that was kept. */
  #lastKept = 0;
  #onEmpty: (() => void) | undefined;

  constructor(journal: Journal, log: EventLog, sessionId: string, options: OutboxOptions) {
    this.#journal = journal;
    this.#onLost = options.onLost;
    this.#queue = new OutQueue(options);
    this.#flow = new FlowWatch({
      onRoom: () => (this.#mode === 'behind' ? this.#catchUp.run() : journal.wake(this)),
      isStuck: () => this.#mode === 'live' && (this.#link?.room ?? 1) <= 0,
    });
    this.#catchUp = new CatchUp({
      log,
      sessionId,
      principal: options.principal,
      lastKept: () => this.#lastKept,
      onFull: () => this.#flow.awaitRoom(),
      onLevel: () => this.#goLive(),
      onGap: options.onGap,
    });
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
    return this.#flow.on(callback);
  }

  /** Queues a message. */
  push(entry: LogEntry, envelope: RawEnvelope, rank: PriorityRank, lane: string, keeping: Keeping | undefined): void {
    this.#queue.push(new OutItem(this, entry, envelope, keeping), rank, lane);
    this.#journal.wake(this);
  }

  /** Sends a message past the queue to one connection: the answer that begins or resumes a session. */
  pushFirst(link: Link, entry: LogEntry, envelope: RawEnvelope, keeping: Keeping): void {
    const item = new OutItem(this, entry, envelope, keeping, true);
    item.link = link;
    this.#hand(item);
  }

  /** A connection stands; nothing is sent before {@link goLive} or {@link replay}. */
  attach(link: Link): void {
    this.#spill();
    this.#link = link;
    this.#mode = 'away';
    this.#catchUp.stop();
    this.#flow.turnTo(link);
  }

  /** The connection is gone. */
  detach(): void {
    this.#link = undefined;
    this.#mode = 'away';
    this.#catchUp.stop();
    this.#finish();
    this.#journal.wake(this);
    this.#flow.turnTo(undefined);
  }

  /** Position up to which everything is sent, where nothing waits; else `undefined`. */
  get restsAt(): number | undefined {
    if (this.#mode !== 'live' || this.#queue.length > 0 || this.#uncommitted > 0) return undefined;
    return Math.max(this.#catchUp.lastSent, this.#lastKept);
  }

  /** Goes on with a connection that has everything up to a position, of a log that reaches to another. */
  goOn(link: Link, after: number, through: number): void {
    this.#lastKept = Math.max(this.#lastKept, through);
    this.attach(link);
    this.goLive(after);
  }

  /** Sends what was kept beyond a position, then what comes. */
  goLive(after: number): void {
    if (this.#mode !== 'away' || this.#link === undefined) return;
    this.#mode = 'behind';
    this.#catchUp.begin(this.#link, after);
    this.#spill();
    this.#catchUp.run();
  }

  /** Repeats, then sends what comes. */
  async replay(link: Link, replay: Replay): Promise<void> {
    if (this.#link !== link) return;
    this.#mode = 'behind';
    const repeated = this.#catchUp.replay(link, replay);
    this.#spill();
    this.#catchUp.run();
    await repeated;
  }

  /** Calls back when everything is sent, or cannot be. */
  whenEmpty(callback: () => void): void {
    this.#onEmpty = callback;
    this.#journal.wake(this);
    this.#checkEmpty();
  }

  take(): void {
    const link = this.#link;
    if (this.#mode !== 'live' || link === undefined) {
      this.#spill();
    } else {
      this.#fill(link);
      if (this.#queue.length > 0) {
        if (this.#queue.isOverfull) {
          // The rest goes through the log, and so does what follows until the connection has caught up.
          this.#mode = 'behind';
          this.#catchUp.goOn(link);
          this.#spill();
        }
        this.#flow.awaitRoom();
      }
    }
    this.#checkEmpty();
  }

  /** @internal */
  kept(item: OutItem, position: number | undefined): void {
    this.#uncommitted--;
    if (position !== undefined) this.#lastKept = position;
    const { link, onKept } = item;
    if (item.isFirst) {
      link?.send(item.entry.text);
      onKept?.(position ?? this.#lastKept);
    } else {
      if (link !== undefined) this.#owedBytes -= item.entry.text.length;
      if (link !== undefined && link === this.#link && this.#mode === 'live') {
        link.send(item.entry.text);
        if (position !== undefined) this.#catchUp.sent(position);
      } else if (position !== undefined) {
        this.#catchUp.owe(position);
      }
    }
    if (this.#mode === 'behind') this.#catchUp.run();
    this.#checkEmpty();
    this.#flow.tell();
    // Last, for whoever waits may have much to do.
    if (!item.isFirst) onKept?.(position ?? this.#lastKept);
  }

  /** @internal */
  lost({ onLost }: OutItem): void {
    this.#uncommitted--;
    onLost?.();
    this.#onLost();
  }

  /** Hands over what the connection has room for. */
  #fill(link: Link): void {
    let room = link.room - this.#owedBytes;
    while (this.#queue.length > 0 && room > 0) {
      const item = this.#queue.shift() as OutItem;
      item.link = link;
      const { length } = item.entry.text;
      room -= length;
      this.#owedBytes += length;
      this.#hand(item);
    }
  }

  /** Hands all that waits to the journal, to be kept and not sent. */
  #spill(): void {
    for (let item = this.#queue.shift(); item !== undefined; item = this.#queue.shift()) this.#hand(item);
  }

  #hand(item: OutItem): void {
    this.#uncommitted++;
    this.#journal.add(item);
  }

  /** The connection has all that is kept. What the journal still has comes by {@link kept}, which leads back here. */
  #goLive(): void {
    if (this.#uncommitted > 0 || this.#queue.length > 0) return;
    this.#mode = 'live';
    this.#catchUp.stop();
    this.#checkEmpty();
    this.#flow.tell();
  }

  #checkEmpty(): void {
    if (this.#onEmpty === undefined || this.#queue.length > 0 || this.#uncommitted > 0) return;
    if (this.#mode === 'behind' && this.#catchUp.lastSent < this.#lastKept) return;
    this.#finish();
  }

  #finish(): void {
    const callback = this.#onEmpty;
    this.#onEmpty = undefined;
    callback?.();
  }
}
