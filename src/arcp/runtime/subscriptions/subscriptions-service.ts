// Subscriptions of the runtime (ARCP v1.0, section 13): who listens to what, from where on, and until when.

import { ArcpError } from '../../errors.js';
import type { LoggedEntry, MaybePromise } from '../../log/contract.js';
import type { Message, RawEnvelope } from '../../wire/envelope.js';
import type { Filter } from '../../wire/subscription.js';
import type { RuntimePort, Service, SessionPort } from '../service.js';
import { JobOwners } from './job-owners.js';
import { Observation } from './observation.js';
import type { ObservationTerms } from './observation-port.js';
import { isForeign, isForged, isOutside } from './observed-entries.js';
import { ObservedMessages } from './observed-messages.js';
import { deliveredSince, dropSubscription, keepSubscription, keptSubscriptions } from './subscription-records.js';
import { checkLength, checkOwner, namesIds } from './subscription-scope.js';
import { SubscriptionTable } from './subscription-table.js';

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

/** What clients say for those who observe them. */
type Told = 'event.emit' | 'log' | 'metric' | 'trace.span';

type SubscriptionTypes = 'subscribe' | 'unsubscribe' | Told;

/** Events delivered between two records of how far a subscription has come: after a restart so many are looked through. */
const EVENTS_PER_RECORD = 256;

/**
 * Makes the service of subscriptions.
 *
 * A subscriber hears of its own principal's sessions alone, whatever its filter says, unless the host lets it hear of all.
 * What a client says in the name of a job of somebody else's is told without that name; of telemetry, which is for observers
 * alone, the client hears with NOT_FOUND that there is no such job.
 */
export function subscriptionService(options: SubscriptionServiceOptions = {}): Service<SubscriptionTypes> {
  const service = new Subscriptions(options);
  const checkJob = (session: SessionPort, message: Message<Told>) => service.checkJob(session, message);
  return {
    offers: ['subscriptions'],
    handles: {
      subscribe: (session, message) => service.subscribe(session, message),
      unsubscribe: (session, message) => service.unsubscribe(session, message),
      'event.emit': checkJob,
      log: checkJob,
      metric: checkJob,
      'trace.span': checkJob,
    },
    attach: (runtime) => service.attach(runtime),
    recover: () => service.recover(),
    onSessionEnd: (session) => service.sessionEnded(session),
    close: () => service.stop(),
  };
}

class Subscriptions {
  readonly #options: SubscriptionServiceOptions;
  readonly #table = new SubscriptionTable();
  #runtime!: RuntimePort;
  #jobs!: JobOwners;
  #messages!: ObservedMessages;
  #published = 0;
  #unsubscribe: (() => void) | undefined;

  constructor(options: SubscriptionServiceOptions) {
    this.#options = options;
  }

  /** @throws {TypeError} A runtime has it already. */
  attach(runtime: RuntimePort): void {
    if (this.#jobs !== undefined) throw new TypeError('a service is mounted in one runtime only');
    this.#runtime = runtime;
    this.#jobs = new JobOwners(runtime);
    this.#messages = new ObservedMessages(runtime, this.#jobs);
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
    const leave = this.#table.takePlace(session, this.#runtime.limits);
    let observation: Observation | undefined;
    try {
      const isGlobal = await this.#authorise(session, filter);
      const from = since?.after_message_id;
      const after = from === undefined ? here : await this.#positionOf(session, from);
      if (session.signal.aborted) return leave();
      const id = this.#runtime.ids.subscription();
      const backfillThrough = from === undefined ? undefined : here;
      observation = this.#add(session, { id, filter, isGlobal, after, backfillThrough }, leave);
      keepSubscription(session, observation.terms, after, backfillThrough);
      session.emit(
        'subscribe.accepted',
        { subscription_id: id },
        // Its subscription's id keeps it before the events.
        { correlation_id: message.id, trace_id: message.trace_id, subscription_id: id },
      );
      observation.start();
    } catch (error) {
      observation?.end();
      leave();
      throw error;
    }
  }

  unsubscribe(session: SessionPort, message: Message<'unsubscribe'>): void {
    const observation = this.#table.findOf(session, message.payload.subscription_id);
    if (observation === undefined) throw new ArcpError('NOT_FOUND', 'no such subscription');
    observation.end();
    session.ack(message);
  }

  /** @throws {ArcpError} NOT_FOUND: it names a job that is not the principal's. */
  checkJob(session: SessionPort, { job_id }: Message<Told>): MaybePromise<void> {
    if (job_id === undefined) return;
    const assertOwn = (isOwn: boolean) => {
      if (!isOwn) throw new ArcpError('NOT_FOUND', 'no such job');
    };
    const found = this.#jobs.isOfSession(session, job_id);
    return found instanceof Promise ? found.then(assertOwn) : assertOwn(found);
  }

  sessionEnded(session: SessionPort): void {
    for (const observation of this.#table.ofSession(session)) observation.end();
  }

  async recover(): Promise<void> {
    const runtime = this.#runtime;
    this.#published = Math.max(this.#published, await runtime.log.last());
    for await (const { id, record } of keptSubscriptions(runtime)) {
      const session = runtime.session(record.sessionId);
      if (session === undefined) {
        dropSubscription(runtime, id);
        continue;
      }
      const { filter, isGlobal, after } = record;
      const { delivered, isBackfilled } = await deliveredSince(session, id, after);
      const backfillThrough = isBackfilled ? undefined : record.backfillThrough;
      const leave = this.#table.keepPlace(session);
      this.#add(session, { id, filter, isGlobal, after, backfillThrough, delivered }, leave).start();
    }
  }

  #publish(entry: LoggedEntry, envelope: RawEnvelope): void {
    this.#published = entry.position;
    if (this.#table.isEmpty) return;
    if (entry.type === 'subscribe.event') {
      if (entry.direction === 'out') this.#table.find(envelope.subscription_id ?? '')?.kept();
      return;
    }
    const own = this.#table.ofPrincipal(entry.principal);
    const { global } = this.#table;
    if ((own === undefined && global.size === 0) || isOutside(entry) || isForeign(entry, envelope)) return;
    const found = this.#messages.of(entry, envelope);
    // Where the log takes its time, observers go back to it: they wait for the answer there, in order.
    const observed = found instanceof Promise ? undefined : found;
    if (own !== undefined) for (const observation of own) observation.offer(entry, observed);
    if (global.size === 0 || isForged(entry)) return;
    for (const observation of global) observation.offer(entry, observed);
  }

  /** @returns Whether it hears of everybody. @throws {ArcpError} PERMISSION_DENIED */
  async #authorise(session: SessionPort, filter: Filter): Promise<boolean> {
    if (this.#mayObserveAll(session)) return true;
    if (namesIds(filter)) await checkOwner(this.#runtime, this.#jobs, session.principal, filter);
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

  /** @param leave Gives its place back. */
  #add(session: SessionPort, terms: ObservationTerms, leave: () => void): Observation {
    let unrecorded = 0;
    const observation: Observation = new Observation(
      {
        runtime: this.#runtime,
        session,
        published: () => this.#published,
        mayObserveAll: () => this.#mayObserveAll(session),
        observe: (entry, envelope) => this.#messages.of(entry, envelope),
        onKept: (through, isBackfilled) => {
          if (++unrecorded < EVENTS_PER_RECORD) return;
          unrecorded = 0;
          keepSubscription(session, terms, through, isBackfilled ? undefined : terms.backfillThrough);
        },
        onEnd: () => {
          leave();
          this.#table.remove(observation, session);
          dropSubscription(this.#runtime, terms.id);
        },
      },
      terms,
    );
    this.#table.add(observation, session);
    return observation;
  }
}
