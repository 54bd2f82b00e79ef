// What is kept of subscriptions, so that they go on after a restart of the runtime, and what of each had been delivered.

import type { JsonValue } from '../../../codec/json-value.js';
import type { RawEnvelope } from '../../wire/envelope.js';
import type { SubscriptionId } from '../../wire/ids.js';
import type { Filter } from '../../wire/subscription.js';
import { allRecords } from '../log-records.js';
import type { RuntimePort, SessionPort } from '../service.js';
import type { ObservationTerms } from './observation-port.js';
import { BACKFILL_COMPLETE } from './observed-entries.js';

/** Kind of the records of subscriptions. */
const SUBSCRIPTION = 'subscription';

/** Entries read at once. */
const PAGE = 256;

/** What is kept of a subscription. */
export interface SubscriptionRecord {
  readonly sessionId: string;
  readonly filter: Filter;
  readonly isGlobal: boolean;
  /** Position up to which it has come, or a little before. */
  readonly after: number;
  readonly backfillThrough?: number | undefined;
}

/** Keeps how far a subscription has come. */
export function keepSubscription(
  { id: sessionId, runtime }: SessionPort,
  { id, filter, isGlobal }: ObservationTerms,
  after: number,
  backfillThrough: number | undefined,
): void {
  const record: SubscriptionRecord = { sessionId, filter, isGlobal, after, backfillThrough };
  // Without the members that are undefined, which no log keeps.
  const value = JSON.parse(JSON.stringify(record)) as JsonValue;
  runtime.write([{ kind: SUBSCRIPTION, key: id, value }]);
}

/** Forgets a subscription. */
export function dropSubscription(runtime: RuntimePort, id: SubscriptionId): void {
  runtime.write([{ kind: SUBSCRIPTION, key: id, value: undefined }]);
}

/** Every subscription that is kept. */
export async function* keptSubscriptions({
  log,
}: RuntimePort): AsyncGenerator<{ readonly id: SubscriptionId; readonly record: SubscriptionRecord }> {
  for await (const { key, value } of allRecords(log, SUBSCRIPTION)) {
    yield { id: key as SubscriptionId, record: value as unknown as SubscriptionRecord };
  }
}

/** What a subscription had delivered when the runtime stopped, beyond what its record says. */
export async function deliveredSince(
  { id: sessionId, runtime }: SessionPort,
  id: SubscriptionId,
  position: number,
): Promise<{ readonly delivered: ReadonlySet<string>; readonly isBackfilled: boolean }> {
  const delivered = new Set<string>();
  let isBackfilled = false;
  let after = position;
  for (;;) {
    const entries = await runtime.log.read({
      after,
      limit: PAGE,
      sessionIds: [sessionId],
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
