// Subscriptions of the runtime (ARCP v1.0, section 13): who listens to what, from where on, and until when.

import type { JsonValue } from '../../codec/json-value.js';
import { ArcpError } from '../errors.js';
import type { LoggedEntry } from '../log/contract.js';
import type { Message, RawEnvelope } from '../wire/envelope.js';
import type { SubscriptionId } from '../wire/ids.js';
import type { Filter } from '../wire/subscription.js';
import {
  BACKFILL_COMPLETE,
  isForeign,
  isForged,
  isOutside,
  Observation,
  type ObservationTerms,
} from './observation.js';
import type { RuntimePort, Service, SessionPort } from './service.js';
import { checkLength, checkOwner, namesIds } from './subscription-scope.js';
import { eventText } from './verbatim.js';

/** Options of {@link subscriptionService}. */
export interface SubscriptionServiceOptions {
  /**
   * Whether a session may listen to every principal: the permission `subscriptions.global`. Asked when a subscription is
   * made and before each delivery; once it says no, the subscription is closed with PERMISSION_DENIED. Default: nobody.
   *
   * A lease that the session's own client granted is no ground: nobody gives away what is somebody else's.
   */
  readonly mayObserveAll?: ((session: SessionPort) => boolean) | undefined;
  /**
   * What a filter that names no session, trace, job or stream hears where {@link mayObserveAll} says no: `own`, the sessions
   * of the subscriber's principal, which is the default; or nothing, since it is `refused` with PERMISSION_DENIED.
   */
  readonly unscoped?: 'own' | 'refused' | undefined;
}

type SubscriptionTypes = 'subscribe' | 'unsubscribe';

/** Kind of the records of subscriptions. */
const SUBSCRIPTION = 'subscription';

/** What is kept of a subscription, so that it goes on after a restart of the runtime. */
interface SubscriptionRecord {
  readonly sessionId: string;
  readonly filter: Filter;
  readonly isGlobal: boolean;
  readonly after: number;
  readonly backfillThrough?: number | undefined;
}

/** Events delivered between two records of how far a subscription has come: after a restart so many are looked through. */
const EVENTS_PER_RECORD = 256;

/** Records and entries read at once. */
const PAGE = 256;

/** The subscriptions of a session. */
interface SessionSubscriptions {
  readonly observations: Map<string, Observation>;
  /** Asked for and not yet answered. */
  asked: number;
}

/**
 * Makes the service of subscriptions.
 *
 * A subscriber hears of its own principal's sessions alone, whatever its filter says, unless the host lets it hear of all.
 */
export function subscriptionService(options: SubscriptionServiceOptions = {}): Service<SubscriptionTypes> {
  const service = new Subscriptions(options);
  return {
    offers: ['subscriptions'],
    handles: {
      subscribe: (session, message) => service.subscribe(session, message),
      unsubscribe: (session, message) => service.unsubscribe(session, message),
    },
    attach: (runtime) => service.attach(runtime),
    recover: () => service.recover(),
    onSessionEnd: (session) => service.sessionEnded(session),
    close: () => service.stop(),
  };
}

class Subscriptions {
  readonly #options: SubscriptionServiceOptions;
  readonly #sessions = new Map<string, SessionSubscriptions>();
  readonly #byId = new Map<string, Observation>();
  readonly #ofPrincipal = new Map<string, Set<Observation>>();
  readonly #global = new Set<Observation>();
  #runtime!: RuntimePort;
  #published = 0;
  #unsubscribe: (() => void) | undefined;

  constructor(options: SubscriptionServiceOptions) {
    this.#options = options;
  }

  attach(runtime: RuntimePort): void {
    this.#runtime = runtime;
    this.#unsubscribe = runtime.bus.subscribe((entry, envelope) => this.#publish(entry, envelope));
  }

  /** Subscriptions stay in the log: no record of theirs goes. */
  stop(): void {
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
  }

  async subscribe(session: SessionPort, message: Message<'subscribe'>): Promise<void> {
    const { filter = {}, since } = message.payload;
    // Whatever comes after this very message is for the subscriber, however long it takes to judge.
    const here = this.#published;
    checkLength(filter);
    const own = this.#subscriptionsOf(session);
    if (own.observations.size + own.asked >= this.#runtime.limits.maxSubscriptions) {
      throw new ArcpError('RESOURCE_EXHAUSTED', 'the session has too many subscriptions');
    }
    const ofPrincipal = this.#ofPrincipal.get(session.principal)?.size ?? 0;
    if (ofPrincipal >= this.#runtime.limits.maxSubscriptionsPerPrincipal) {
      throw new ArcpError('RESOURCE_EXHAUSTED', 'the principal has too many subscriptions');
    }
    own.asked++;
    try {
      const isGlobal = await this.#authorise(session, filter);
      const from = since?.after_message_id;
      const after = from === undefined ? here : await this.#positionOf(session, from);
      if (session.signal.aborted) return;
      const id = this.#runtime.ids.subscription();
      const backfillThrough = from === undefined ? undefined : here;
      const observation = this.#add(session, { id, filter, isGlobal, after, backfillThrough });
      this.#record(observation, session, after, backfillThrough);
      session.emit(
        'subscribe.accepted',
        { subscription_id: id },
        // Its subscription's id keeps it before the events.
        { correlation_id: message.id, trace_id: message.trace_id, subscription_id: id },
      );
      observation.start();
    } finally {
      own.asked--;
    }
  }

  unsubscribe(session: SessionPort, message: Message<'unsubscribe'>): void {
    const { subscription_id: id } = message.payload;
    const observation = this.#sessions.get(session.id)?.observations.get(id);
    if (observation === undefined) throw new ArcpError('NOT_FOUND', 'no such subscription');
    observation.end();
    session.ack(message);
  }

  sessionEnded(session: SessionPort): void {
    const own = this.#sessions.get(session.id);
    this.#sessions.delete(session.id);
    for (const observation of own?.observations.values() ?? []) observation.end();
  }

  async recover(): Promise<void> {
    const { log } = this.#runtime;
    this.#published = Math.max(this.#published, await log.last());
    let after: string | undefined;
    for (;;) {
      const records = await log.records(SUBSCRIPTION, { after, limit: PAGE });
      for (const { key, value } of records) {
        await this.#restore(key as SubscriptionId, value as unknown as SubscriptionRecord);
      }
      if (records.length < PAGE) return;
      after = records.at(-1)?.key;
    }
  }

  #publish(entry: LoggedEntry, envelope: RawEnvelope): void {
    this.#published = entry.position;
    if (this.#byId.size === 0) return;
    if (entry.type === 'subscribe.event') {
      if (entry.direction === 'out') this.#byId.get(envelope.subscription_id ?? '')?.kept();
      return;
    }
    const own = this.#ofPrincipal.get(entry.principal);
    if ((own === undefined && this.#global.size === 0) || isOutside(entry) || isForeign(entry, envelope)) return;
    // However many observers there are, it is written once.
    let text: string | undefined;
    const textOf = (of: LoggedEntry): string => {
      text ??= eventText(of);
      return text;
    };
    if (own !== undefined) for (const observation of own) observation.offer(entry, envelope, textOf);
    if (this.#global.size === 0 || isForged(entry)) return;
    for (const observation of this.#global) observation.offer(entry, envelope, textOf);
  }

  /** @returns Whether it hears of everybody. @throws {ArcpError} PERMISSION_DENIED */
  async #authorise(session: SessionPort, filter: Filter): Promise<boolean> {
    if (this.#mayObserveAll(session)) return true;
    if (namesIds(filter)) await checkOwner(this.#runtime, session.principal, filter);
    else if (this.#options.unscoped === 'refused') {
      throw new ArcpError('PERMISSION_DENIED', 'a filter must name a session, trace, job or stream');
    }
    return false;
  }

  #mayObserveAll(session: SessionPort): boolean {
    try {
      return this.#options.mayObserveAll?.(session) === true;
    } catch (error) {
      this.#runtime.report(error, 'mayObserveAll');
      return false;
    }
  }

  /** @throws {ArcpError} NOT_FOUND, DATA_LOSS */
  async #positionOf(session: SessionPort, messageId: string): Promise<number> {
    const found = await this.#runtime.log.find(session.principal, messageId);
    if (found.kind === 'kept') return found.entry.position;
    throw found.kind === 'pruned'
      ? new ArcpError('DATA_LOSS', 'the log does not reach back to that message')
      : new ArcpError('NOT_FOUND', 'no such message');
  }

  #add(session: SessionPort, terms: ObservationTerms): Observation {
    const { id, isGlobal } = terms;
    let unrecorded = 0;
    const observation: Observation = new Observation(
      {
        runtime: this.#runtime,
        session,
        published: () => this.#published,
        mayObserveAll: () => this.#mayObserveAll(session),
        onKept: (through, isBackfilled) => {
          if (++unrecorded < EVENTS_PER_RECORD) return;
          unrecorded = 0;
          this.#record(observation, session, through, isBackfilled ? undefined : terms.backfillThrough);
        },
        onEnd: () => this.#remove(observation, session),
      },
      terms,
    );
    this.#byId.set(id, observation);
    this.#subscriptionsOf(session).observations.set(id, observation);
    if (isGlobal) this.#global.add(observation);
    else {
      const own = this.#ofPrincipal.get(session.principal);
      if (own === undefined) this.#ofPrincipal.set(session.principal, new Set([observation]));
      else own.add(observation);
    }
    return observation;
  }

  #remove(observation: Observation, session: SessionPort): void {
    const { id } = observation.terms;
    this.#byId.delete(id);
    this.#global.delete(observation);
    this.#sessions.get(session.id)?.observations.delete(id);
    const own = this.#ofPrincipal.get(session.principal);
    own?.delete(observation);
    if (own?.size === 0) this.#ofPrincipal.delete(session.principal);
    this.#runtime.write([{ kind: SUBSCRIPTION, key: id, value: undefined }]);
  }

  #record({ terms }: Observation, session: SessionPort, after: number, backfillThrough: number | undefined): void {
    const { id, filter, isGlobal } = terms;
    const record: SubscriptionRecord = { sessionId: session.id, filter, isGlobal, after, backfillThrough };
    // Without the members that are undefined, which no log keeps.
    const value = JSON.parse(JSON.stringify(record)) as JsonValue;
    this.#runtime.write([{ kind: SUBSCRIPTION, key: id, value }]);
  }

  async #restore(id: SubscriptionId, record: SubscriptionRecord): Promise<void> {
    const session = this.#runtime.session(record.sessionId);
    if (session === undefined) return this.#runtime.write([{ kind: SUBSCRIPTION, key: id, value: undefined }]);
    const { filter, isGlobal, after } = record;
    const { delivered, isBackfilled } = await this.#deliveredSince(session, id, after);
    const backfillThrough = isBackfilled ? undefined : record.backfillThrough;
    this.#add(session, { id, filter, isGlobal, after, backfillThrough, delivered }).start();
  }

  /** What a subscription had delivered when the runtime stopped, beyond what its record says. */
  async #deliveredSince(session: SessionPort, id: SubscriptionId, position: number) {
    const { log } = this.#runtime;
    const delivered = new Set<string>();
    let isBackfilled = false;
    let after = position;
    for (;;) {
      const entries = await log.read({
        after,
        limit: PAGE,
        sessionIds: [session.id],
        types: ['subscribe.event'],
        direction: 'out',
      });
      for (const entry of entries) {
        after = entry.position;
        const { subscription_id, payload } = JSON.parse(entry.text) as {
          readonly subscription_id: string;
          readonly payload: { readonly event: RawEnvelope };
        };
        if (subscription_id !== id) continue;
        const { event } = payload;
        delivered.add(event.id);
        if (event.type === 'event.emit' && event.payload.name === BACKFILL_COMPLETE) isBackfilled = true;
      }
      if (entries.length < PAGE) return { delivered, isBackfilled };
    }
  }

  #subscriptionsOf(session: SessionPort): SessionSubscriptions {
    let own = this.#sessions.get(session.id);
    if (own === undefined) {
      own = { observations: new Map(), asked: 0 };
      this.#sessions.set(session.id, own);
    }
    return own;
  }
}
