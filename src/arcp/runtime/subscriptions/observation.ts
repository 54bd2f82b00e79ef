// One subscription at work (ARCP v1.0, section 13.3): first from the log, up to where that ends, then as messages are
// committed. It knows the position up to which it has judged the log, so that nothing is missed or told twice, whatever is
// written meanwhile.

import { yieldToEventLoop } from '../../../yield.js';
import { compileFilter } from '../../filter.js';
import type { LoggedEntry, LogQuery } from '../../log/contract.js';
import type { RawEnvelope } from '../../wire/envelope.js';
import type { SessionPort } from '../service.js';
import { Deliveries } from './deliveries.js';
import { LogPages } from './log-pages.js';
import { MatchQueue } from './match-queue.js';
import type { ObservationPort, ObservationTerms } from './observation-port.js';
import { envelopeOf, isForeign, isForged, isOutside } from './observed-entries.js';
import type { Observed } from './observed-messages.js';

/** A subscription of a session. */
export class Observation {
  readonly terms: ObservationTerms;
  readonly #port: ObservationPort;
  readonly #matches: (envelope: RawEnvelope) => boolean;
  readonly #pages: LogPages;
  readonly #deliveries: Deliveries;
  /** Matches that wait for a slow connection. */
  readonly #waiting = new MatchQueue();
  /** `reading` from the log, at the client's pace; `live`, as messages are published. */
  #mode: 'reading' | 'live' | 'over' = 'reading';
  /** Position up to which messages were judged. */
  #judged: number;
  #backfillThrough: number | undefined;
  #unwatch: (() => void) | undefined;
  #wake: (() => void) | undefined;

  constructor(port: ObservationPort, terms: ObservationTerms) {
    const { runtime, session } = port;
    this.#port = port;
    this.terms = terms;
    this.#matches = compileFilter(terms.filter);
    this.#pages = new LogPages(runtime.log, queryOf(terms, session));
    const isBackfilled = terms.backfillThrough === undefined;
    this.#deliveries = new Deliveries(session, terms.id, isBackfilled, (...kept) => port.onKept(...kept));
    this.#judged = terms.after;
    this.#backfillThrough = terms.backfillThrough;
  }

  /** Begins. */
  start(): void {
    this.#mode = 'reading';
    this.#read().catch((error: unknown) => {
      this.#port.runtime.report(error, 'subscription');
      this.close('INTERNAL', 'the log failed');
    });
  }

  /**
   * Judges a message that was published. Does not throw.
   *
   * @param observed `undefined` where it takes a while to find out how to tell of it.
   */
  offer({ position }: LoggedEntry, observed: Observed | undefined): void {
    if (this.#mode !== 'live' || position <= this.#judged) return;
    const { flow } = this.#port.session;
    // Nobody is there to be slow: what comes now is read from the log when somebody is.
    if (flow === 'away' || observed === undefined) return this.#readAgain();
    this.#judged = position;
    if (!this.#matches(observed.envelope) || this.#isForbidden()) return;
    const text = observed.text();
    if (flow === 'open' && this.#waiting.length === 0) return this.#deliver(text, position);
    if (!this.#waiting.push({ text, position }, this.#port.runtime.limits.maxSubscriptionQueue)) {
      return this.close('BACKPRESSURE_OVERFLOW', 'messages came faster than they were taken');
    }
    this.#unwatch ??= this.#port.session.onFlow(() => this.#drain());
  }

  /** One of its events is kept. */
  kept(): void {
    this.#deliveries.kept();
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
    this.#waiting.clear();
    this.#stopWatching();
    this.#wake?.();
    this.#port.onEnd();
  }

  get #isReading(): boolean {
    return this.#mode === 'reading';
  }

  /** Reads from the log until nothing is left there that was published. */
  async #read(): Promise<void> {
    const { session } = this.#port;
    while (this.#isReading) {
      if (session.flow !== 'open') {
        await this.#untilFlow();
        continue;
      }
      const published = this.#port.published();
      if (this.#backfillThrough !== undefined && this.#judged >= this.#backfillThrough) {
        this.#backfillThrough = undefined;
        this.#settle(this.#deliveries.sayBackfilled(this.#judged));
      }
      if (this.#judged >= published) {
        if (this.#isReading) this.#mode = 'live';
        return;
      }
      // Up to the end of the backfill first: what says so stands between.
      const upTo = Math.min(published, this.#backfillThrough ?? published);
      const { entries, isLast, prunedThrough } = await this.#pages.read(this.#judged, upTo);
      if (!this.#isReading) return;
      if (prunedThrough > this.#judged) return this.close('DATA_LOSS', 'the log does not reach back that far');
      await this.#tell(entries);
      if (isLast) this.#judged = upTo;
      // What was said goes to the connection, or shows that it is slow.
      await yieldToEventLoop();
    }
  }

  /** Judges entries of the log. */
  async #tell(entries: readonly LoggedEntry[]): Promise<void> {
    for (const entry of entries) {
      if (!this.#isReading) return;
      this.#judged = entry.position;
      if (this.terms.delivered?.has(entry.id) || isOutside(entry)) continue;
      const envelope = envelopeOf(entry);
      if (isForeign(entry, envelope) || (this.terms.isGlobal && isForged(entry))) continue;
      const found = this.#port.observe(entry, envelope);
      const observed = found instanceof Promise ? await found : found;
      if (!this.#isReading) return;
      if (!this.#matches(observed.envelope)) continue;
      if (this.#isForbidden()) return;
      this.#deliver(observed.text(), entry.position);
    }
  }

  #deliver(text: string, position: number): void {
    this.#settle(this.#deliveries.say(text, position));
  }

  /** What becomes of it after something was said. */
  #settle(delivery: ReturnType<Deliveries['say']>): void {
    if (delivery === 'long') this.close('BACKPRESSURE_OVERFLOW', 'a message is too long to be told of');
    else if (delivery === 'refused') this.end();
  }

  /** Delivers what waits, while the connection takes it. */
  #drain(): void {
    const { session } = this.#port;
    if (session.flow === 'away') return this.#readAgain();
    while (this.#waiting.length > 0 && session.flow === 'open' && this.#mode === 'live') {
      const match = this.#waiting.shift();
      if (match !== undefined) this.#deliver(match.text, match.position);
    }
    if (this.#waiting.length === 0) this.#stopWatching();
  }

  /** Goes back to the log, to before the first message that still waits. */
  #readAgain(): void {
    const first = this.#waiting.clear();
    if (first !== undefined) this.#judged = first - 1;
    this.#stopWatching();
    this.start();
  }

  /** Whether a global one may no longer be so, which ends it. */
  #isForbidden(): boolean {
    if (!this.terms.isGlobal || this.#port.mayObserveAll()) return false;
    this.close('PERMISSION_DENIED', 'the permission to observe all has ended');
    return true;
  }

  #stopWatching(): void {
    this.#unwatch?.();
    this.#unwatch = undefined;
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
}

/** What of a filter the log can look up. Of the rest each entry is judged. */
function queryOf({ filter, isGlobal }: ObservationTerms, session: SessionPort): Omit<LogQuery, 'after' | 'limit'> {
  const list = (entries: readonly string[] | undefined) => (entries?.length ? entries : undefined);
  return {
    principal: isGlobal ? undefined : session.principal,
    sessionIds: list(filter.session_id),
    jobIds: list(filter.job_id),
    streamIds: list(filter.stream_id),
    traceIds: list(filter.trace_id),
    types: list(filter.types),
  };
}
