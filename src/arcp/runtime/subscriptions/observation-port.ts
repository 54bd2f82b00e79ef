// What a subscription at work is made of, and what it needs of its service (ARCP v1.0, section 13.3).

import type { LoggedEntry, MaybePromise } from '../../log/contract.js';
import type { RawEnvelope } from '../../wire/envelope.js';
import type { SubscriptionId } from '../../wire/ids.js';
import type { Filter } from '../../wire/subscription.js';
import type { RuntimePort, SessionPort } from '../service.js';
import type { Observed } from './observed-messages.js';

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
  /** A message as observers may be told of it. */
  observe(entry: LoggedEntry, envelope: RawEnvelope): MaybePromise<Observed>;
  /** Everything up to a position was delivered, and that is kept. */
  onKept(through: number, isBackfilled: boolean): void;
  /** It is over. */
  onEnd(): void;
}
