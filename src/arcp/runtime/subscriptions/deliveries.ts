// What one subscription has said (ARCP v1.0, section 13.3): its events, the marker after its backfill, and how far of both is
// kept in the log, so that a restart of the runtime repeats nothing.

import { encodeUtf8 } from '../../../bytes/utf8.js';
import { Deque } from '../../log/deque.js';
import { ARCP_VERSION, encodeMessage, type RawEnvelope } from '../../wire/envelope.js';
import type { SubscriptionId } from '../../wire/ids.js';
import { timestampOf } from '../../wire/timestamp.js';
import type { SessionPort } from '../service.js';
import { BACKFILL_COMPLETE } from './observed-entries.js';

/** What a message grows by inside another one, in bytes: ids, a timestamp, names. */
const AROUND_BYTES = 2_048;

/** What became of an event: `long`, a message may not be as long as it; `refused`, the client takes none any more. */
export type Delivery = 'said' | 'long' | 'refused';

/** The events of a subscription. */
export class Deliveries {
  readonly #session: SessionPort;
  readonly #id: SubscriptionId;
  readonly #onKept: (through: number, isBackfilled: boolean) => void;
  /** What was said and is not kept yet. */
  readonly #unkept = new Deque<{ readonly position: number; readonly isMarker: boolean }>();
  #isBackfillKept: boolean;

  /** @param onKept Everything up to a position was said, and that is kept. */
  constructor(
    session: SessionPort,
    id: SubscriptionId,
    isBackfilled: boolean,
    onKept: (through: number, isBackfilled: boolean) => void,
  ) {
    this.#session = session;
    this.#id = id;
    this.#isBackfillKept = isBackfilled;
    this.#onKept = onKept;
  }

  /** Tells of a message. @param text As `eventText` gives it. @param position Its place in the log. */
  say(text: string, position: number, isMarker = false): Delivery {
    const room = this.#session.runtime.limits.maxMessageBytes - AROUND_BYTES;
    if (text.length * 3 > room && encodeUtf8(text).length > room) return 'long';
    try {
      this.#unkept.push({ position, isMarker });
      this.#session.emitEvent(text, { subscription_id: this.#id });
      return 'said';
    } catch {
      // The client came back without the capability.
      return 'refused';
    }
  }

  /** Says that the backfill is over. @param position Up to which it went. */
  sayBackfilled(position: number): Delivery {
    const { runtime, id } = this.#session;
    const marker: RawEnvelope = {
      arcp: ARCP_VERSION,
      id: runtime.ids.message(),
      timestamp: timestampOf(runtime.now()),
      session_id: id,
      type: 'event.emit',
      payload: { name: BACKFILL_COMPLETE },
    };
    return this.say(encodeMessage(marker), position, true);
  }

  /** One of its events is kept. They are, in the order in which they were said. */
  kept(): void {
    if (this.#unkept.length === 0) return;
    const said = this.#unkept.shift() as { readonly position: number; readonly isMarker: boolean };
    if (said.isMarker) this.#isBackfillKept = true;
    this.#onKept(said.position, this.#isBackfillKept);
  }
}
