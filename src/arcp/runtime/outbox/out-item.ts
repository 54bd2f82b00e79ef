// A message on its way out: from the queue through the journal to the connection.

import type { LogEntry, RecordWrite } from '../../log/contract.js';
import type { RawEnvelope } from '../../wire/envelope.js';
import type { JournalItem } from './journal.js';
import type { Link } from './link.js';

/** What goes into the log with a message, and who waits for that. */
export interface Keeping {
  /** Records that are kept with it or not at all. */
  readonly records?: readonly RecordWrite[] | undefined;
  /**
   * Called once the message is kept, with its position, and sent where its connection takes it at once. It does not wait for
   * a slow connection.
   */
  readonly onKept?: ((position: number) => void) | undefined;
  /** Called where the log failed for good with it; the session ends then. */
  readonly onLost?: (() => void) | undefined;
  /** Where that was lost the message is not kept either: nothing is said of what never was. */
  readonly unless?: { readonly isLost: boolean } | undefined;
}

/** Whoever sends the message on. */
export interface OutItemEvents {
  /** @param position `undefined`: the log had it already. */
  kept(item: OutItem, position: number | undefined): void;
  /** The log failed for good. */
  lost(item: OutItem): void;
}

/** One message on its way out. */
export class OutItem implements JournalItem {
  /** Where it goes as soon as it is kept; `undefined` where it is only kept. */
  link: Link | undefined;
  readonly entry: LogEntry;
  readonly envelope: RawEnvelope;
  readonly records: readonly RecordWrite[] | undefined;
  readonly onKept: ((position: number) => void) | undefined;
  readonly onLost: (() => void) | undefined;
  /** Whether it is sent past the queue, whatever the connection lacks. */
  readonly isFirst: boolean;
  readonly #events: OutItemEvents;
  readonly #unless: { readonly isLost: boolean } | undefined;

  constructor(
    events: OutItemEvents,
    entry: LogEntry,
    envelope: RawEnvelope,
    keeping: Keeping | undefined,
    isFirst = false,
  ) {
    this.#events = events;
    this.entry = entry;
    this.envelope = envelope;
    this.records = keeping?.records;
    this.onKept = keeping?.onKept;
    this.onLost = keeping?.onLost;
    this.#unless = keeping?.unless;
    this.isFirst = isFirst;
  }

  get isVoid(): boolean {
    return this.#unless?.isLost === true;
  }

  committed(position: number | undefined): void {
    this.#events.kept(this, position);
  }

  lost(): void {
    this.#events.lost(this);
  }
}
