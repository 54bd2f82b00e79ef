// One subscription at work (ARCP v1.0, section 13.3): first from the log, up to where that ends, then as messages are
// committed. It knows the position up to which it has judged the log, so that nothing is missed or told twice, whatever is
// written meanwhile.

import { encodeUtf8 } from '../../bytes/utf8.js';
import { yieldToEventLoop } from '../../yield.js';
import { compileFilter } from '../filter.js';
import type { LoggedEntry } from '../log/contract.js';
import { Deque } from '../log/deque.js';
import { ARCP_VERSION, encodeMessage, type RawEnvelope, readEnvelope } from '../wire/envelope.js';
import type { SubscriptionId } from '../wire/ids.js';
import { PRIORITIES } from '../wire/priority.js';
import { isCoreType, REGISTRY } from '../wire/registry.js';
import type { Filter } from '../wire/subscription.js';
import { timestampOf } from '../wire/timestamp.js';
import type { RuntimePort, SessionPort } from './service.js';
import { eventText } from './verbatim.js';

/** Name of the event that says that the backfill is over. Nobody else's event of that name is delivered. */
export const BACKFILL_COMPLETE = 'subscription.backfill_complete';

/** Characters that wait at most; one message alone may pass it. */
const MAX_QUEUED_CHARS = 8_388_608;

/** What a message grows by inside another one, in bytes: ids, a timestamp, names. */
const AROUND_BYTES = 2_048;

/** Entries read at once: few where they are large, many where a long backfill is of small ones. */
const MIN_PAGE = 16;
const MAX_PAGE = 512;
const SMALL_PAGE_CHARS = 65_536;

/** What a subscription is made of. */
export interface ObservationTerms {
  readonly id: SubscriptionId;
  readonly filter: Filter;
  /** Whether it hears of everybody. */
  readonly isGlobal: boolean;
  /** Position after which it begins. */
  readonly after: number;
  /** Position at which the backfill is over; `undefined` where none was asked for, or that was said. */
  readonly backfillThrough: number | undefined;
  /** Messages beyond `after` that were delivered before a restart of the runtime, by id. */
  readonly delivered?: ReadonlySet<string> | undefined;
}

/** What it needs of its service. */
export interface ObservationPort {
  readonly runtime: RuntimePort;
  readonly session: SessionPort;
  /** Position of the last message that was published. */
  published(): number;
  /** Whether a global one may still hear of everybody. */
  mayObserveAll(): boolean;
  /** Everything up to a position was delivered, and that is kept. */
  onKept(through: number, isBackfilled: boolean): void;
  /** It is over. */
  onEnd(): void;
}

interface Waiting {
  readonly text: string;
  readonly position: number;
}

/** A subscription of a session. */
export class Observation {
  readonly terms: ObservationTerms;
  readonly #port: ObservationPort;
  readonly #matches: (envelope: RawEnvelope) => boolean;
  /** `reading` from the log, at the client's pace; `live`, as messages are published. */
  #mode: 'reading' | 'live' | 'over' = 'reading';
  /** Position up to which messages were judged. */
  #judged: number;
  #backfillThrough: number | undefined;
  /** Matches that wait for a slow connection. */
  readonly #waiting = new Deque<Waiting>();
  #waitingChars = 0;
  /** What was said and is not kept yet. */
  readonly #unkept = new Deque<{ readonly position: number; readonly isMarker: boolean }>();
  #isBackfillKept: boolean;
  #page = MIN_PAGE;
  #unwatch: (() => void) | undefined;
  #wake: (() => void) | undefined;

  constructor(port: ObservationPort, terms: ObservationTerms) {
    this.#port = port;
    this.terms = terms;
    this.#matches = compileFilter(terms.filter);
    this.#judged = terms.after;
    this.#backfillThrough = terms.backfillThrough;
    this.#isBackfillKept = terms.backfillThrough === undefined;
  }

  /** Begins. */
  start(): void {
    this.#mode = 'reading';
    this.#read().catch((error: unknown) => {
      this.#port.runtime.report(error, 'subscription');
      this.close('INTERNAL', 'the log failed');
    });
  }

  /** Judges a message that was published. @param textOf Gives its text, fit for an event. Does not throw. */
  offer(entry: LoggedEntry, envelope: RawEnvelope, textOf: (entry: LoggedEntry) => string): void {
    const { position } = entry;
    if (this.#mode !== 'live' || position <= this.#judged) return;
    const { flow } = this.#port.session;
    // Nobody is there to be slow: what comes now is read from the log when somebody is.
    if (flow === 'away') return this.#readAgain();
    this.#judged = position;
    if (!this.#matches(envelope) || this.#isForbidden()) return;
    const text = textOf(entry);
    if (flow === 'open' && this.#waiting.length === 0) return this.#deliver(text, position);
    const { maxSubscriptionQueue } = this.#port.runtime.limits;
    const { length } = this.#waiting;
    if (length >= maxSubscriptionQueue || (length > 0 && this.#waitingChars + text.length > MAX_QUEUED_CHARS)) {
      return this.close('BACKPRESSURE_OVERFLOW', 'messages came faster than they were taken');
    }
    this.#waiting.push({ text, position });
    this.#waitingChars += text.length;
    this.#watch();
  }

  /** One of its events is kept. */
  kept(): void {
    const said = this.#unkept.shift();
    if (said === undefined) return;
    if (said.isMarker) this.#isBackfillKept = true;
    this.#port.onKept(said.position, this.#isBackfillKept);
  }

  /** Ends it from the runtime's side. */
  close(code: string, reason: string): void {
    if (this.#mode === 'over') return;
    this.end();
    const { id } = this.terms;
    try {
      this.#port.session.emit('subscribe.closed', { subscription_id: id, code, reason }, { subscription_id: id });
    } catch {
      // The client no longer takes subscriptions.
    }
  }

  /** Ends it without a word. */
  end(): void {
    if (this.#mode === 'over') return;
    this.#mode = 'over';
    this.#clear();
    this.#unwatch?.();
    this.#unwatch = undefined;
    this.#wake?.();
    this.#port.onEnd();
  }

  get #isReading(): boolean {
    return this.#mode === 'reading';
  }

  /** Reads from the log until nothing is left there that was published. */
  async #read(): Promise<void> {
    const { runtime, session } = this.#port;
    const { log } = runtime;
    while (this.#isReading) {
      if (session.flow !== 'open') {
        await this.#untilFlow();
        continue;
      }
      const published = this.#port.published();
      if (this.#backfillThrough !== undefined && this.#judged >= this.#backfillThrough) this.#sayBackfilled();
      if (this.#judged >= published) {
        if (this.#isReading) this.#mode = 'live';
        return;
      }
      // Up to the end of the backfill first: what says so stands between.
      const upTo = Math.min(published, this.#backfillThrough ?? published);
      const entries = await log.read({ ...this.#query(), after: this.#judged, upTo, limit: this.#page });
      const pruned = await log.prunedThrough(this.#query().principal);
      if (!this.#isReading) return;
      if (pruned > this.#judged) return this.close('DATA_LOSS', 'the log does not reach back that far');
      this.#tell(entries);
      if (entries.length < this.#page) this.#judged = upTo;
      const chars = entries.reduce((sum, { text }) => sum + text.length, 0);
      this.#page = chars < SMALL_PAGE_CHARS ? Math.min(this.#page * 2, MAX_PAGE) : MIN_PAGE;
      // What was said goes to the connection, or shows that it is slow.
      await yieldToEventLoop();
    }
  }

  /** Judges entries of the log. */
  #tell(entries: readonly LoggedEntry[]): void {
    for (const entry of entries) {
      if (!this.#isReading) return;
      this.#judged = entry.position;
      if (this.terms.delivered?.has(entry.id) || isOutside(entry)) continue;
      const envelope = envelopeOf(entry);
      if (isForeign(entry, envelope) || (this.terms.isGlobal && isForged(entry))) continue;
      if (!this.#matches(envelope)) continue;
      if (this.#isForbidden()) return;
      this.#deliver(eventText(entry), entry.position);
    }
  }

  /** What of a filter the log can look up. Of the rest each entry is judged. */
  #query() {
    const { filter, isGlobal } = this.terms;
    const list = (entries: readonly string[] | undefined) => (entries?.length ? entries : undefined);
    return {
      principal: isGlobal ? undefined : this.#port.session.principal,
      sessionIds: list(filter.session_id),
      jobIds: list(filter.job_id),
      streamIds: list(filter.stream_id),
      traceIds: list(filter.trace_id),
      types: list(filter.types),
    };
  }

  #sayBackfilled(): void {
    const { runtime, session } = this.#port;
    this.#backfillThrough = undefined;
    const marker: RawEnvelope = {
      arcp: ARCP_VERSION,
      id: runtime.ids.message(),
      timestamp: timestampOf(runtime.now()),
      session_id: session.id,
      type: 'event.emit',
      payload: { name: BACKFILL_COMPLETE },
    };
    this.#deliver(encodeMessage(marker), this.#judged, true);
  }

  #deliver(text: string, position: number, isMarker = false): void {
    const { runtime, session } = this.#port;
    const room = runtime.limits.maxMessageBytes - AROUND_BYTES;
    if (text.length * 3 > room && encodeUtf8(text).length > room) {
      return this.close('BACKPRESSURE_OVERFLOW', 'a message is too long to be told of');
    }
    try {
      this.#unkept.push({ position, isMarker });
      session.emitEvent(text, { subscription_id: this.terms.id });
    } catch {
      // The client came back without the capability.
      this.end();
    }
  }

  /** Delivers what waits, while the connection takes it. */
  #drain(): void {
    const { session } = this.#port;
    if (session.flow === 'away') return this.#readAgain();
    while (this.#waiting.length > 0 && session.flow === 'open' && this.#mode === 'live') {
      const { text, position } = this.#waiting.shift() as Waiting;
      this.#waitingChars -= text.length;
      this.#deliver(text, position);
    }
    if (this.#waiting.length > 0) return;
    this.#unwatch?.();
    this.#unwatch = undefined;
  }

  #readAgain(): void {
    const first = this.#waiting.at(0);
    if (first !== undefined) this.#judged = first.position - 1;
    this.#clear();
    this.#unwatch?.();
    this.#unwatch = undefined;
    this.start();
  }

  /** Whether a global one may no longer be so, which ends it. */
  #isForbidden(): boolean {
    if (!this.terms.isGlobal || this.#port.mayObserveAll()) return false;
    this.close('PERMISSION_DENIED', 'the permission to observe all has ended');
    return true;
  }

  #watch(): void {
    this.#unwatch ??= this.#port.session.onFlow(() => this.#drain());
  }

  #untilFlow(): Promise<void> {
    return new Promise((resolve) => {
      const unwatch = this.#port.session.onFlow(() => this.#wake?.());
      this.#wake = () => {
        this.#wake = undefined;
        unwatch();
        resolve();
      };
    });
  }

  #clear(): void {
    while (this.#waiting.length > 0) this.#waiting.shift();
    this.#waitingChars = 0;
  }
}

/** Whether a message is about subscriptions themselves: telling of them would never end. */
export function isOutside({ type, text }: LoggedEntry): boolean {
  if (type === 'unsubscribe' || type === 'subscribe' || type.startsWith('subscribe.')) return true;
  return type === 'event.emit' && text.includes(BACKFILL_COMPLETE) && nameOf(text) === BACKFILL_COMPLETE;
}

/**
 * Whether a client says something in the name of another session. It is refused, and observers must not take it for the word
 * of that one.
 */
export function isForeign({ direction, sessionId }: LoggedEntry, { session_id }: RawEnvelope): boolean {
  return direction === 'in' && session_id !== undefined && session_id !== sessionId;
}

/** Whether a client says what only a runtime says: who observes everybody must not take it for the runtime's word. */
export function isForged({ direction, type }: LoggedEntry): boolean {
  return direction === 'in' && isCoreType(type) && REGISTRY[type].direction === 'R';
}

function nameOf(text: string): unknown {
  const decoded = readEnvelope(JSON.parse(text));
  return decoded.kind === 'envelope' ? decoded.envelope.payload.name : undefined;
}

/** What filters look at. Of our own messages all of it stands beside the text; what a client left out, only there. */
function envelopeOf(entry: LoggedEntry): RawEnvelope {
  if (entry.direction === 'in') {
    const decoded = readEnvelope(JSON.parse(entry.text), { maxKeys: Number.MAX_SAFE_INTEGER });
    if (decoded.kind !== 'envelope') throw new TypeError('the log has a message that is none');
    return decoded.envelope;
  }
  return {
    type: entry.type,
    session_id: entry.sessionId === '' ? undefined : entry.sessionId,
    trace_id: entry.traceId,
    job_id: entry.jobId,
    stream_id: entry.streamId,
    priority: PRIORITIES[entry.rank],
  } as RawEnvelope;
}
