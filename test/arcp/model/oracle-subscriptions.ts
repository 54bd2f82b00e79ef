// What must hold of what observers are told: the filter of ARCP v1.0, section 13.2, once more.

import type { Filter } from '../../../src/arcp/wire/subscription.js';
import type { App, SubscriptionView } from './app.js';
import type { Coverage } from './coverage.js';
import { isPrefix, type Said } from './said.js';
import type { World } from './world.js';

/** What a subscription delivered is what the log has for it, each once, in that order. */
export function checkSubscription(
  world: World,
  app: App,
  view: SubscriptionView,
  entries: readonly Said[],
  coverage: Coverage,
): void {
  const accepted = entries.find(({ type, body }) => type === 'subscribe.accepted' && body.subscription_id === view.id);
  const command = entries.find(({ id, type }) => type === 'subscribe' && id === accepted?.correlationId);
  const since = entries.find(({ id, principal }) => id === view.since && principal === app.principal);
  const after = view.since === undefined ? command?.position : since?.position;
  if (after === undefined) {
    return world.violate('nothing lost to a subscriber', `nobody knows where ${view.id} of ${app.name} began`);
  }
  let expected = entries.filter(
    (entry) => entry.position > after && entry.principal === app.principal && matches(entry, view.filter),
  );
  // Kept before a restart and carried out after it: it begins somewhere between its command and its acceptance.
  const wasCutOff = entries.some(
    ({ type, sessionId, position }) =>
      type === 'session.accepted' &&
      sessionId === view.sessionId &&
      position > after &&
      position < (accepted?.position ?? 0),
  );
  if (view.since === undefined && wasCutOff) {
    const first = view.events[0]?.id;
    expected = expected.filter(({ position }, index) => {
      const isBehind = position > (accepted?.position ?? 0);
      return isBehind || expected.slice(0, index + 1).some(({ id }) => id === first);
    });
  }
  const wanted = expected.map(({ id }) => id);
  const got = view.events.map(({ id }) => id as string);
  const foreign = got.find((id) => entries.some((entry) => entry.id === id && entry.principal !== app.principal));
  if (foreign !== undefined) world.leaked(`${app.name} observed ${foreign}`);
  if (new Set(got).size < got.length) {
    const again = got.find((id, index) => got.indexOf(id) !== index);
    return world.violate('nothing repeated to a subscriber', `${app.name} observed ${again} twice`);
  }
  coverage.observed += got.length;
  if (view.since !== undefined) coverage.backfills++;
  const wasLost = app.lives.some(
    ({ session, states }) => session === view.session && states.some(({ state }) => state === 'lost'),
  );
  if (wasLost) return;
  if (!isPrefix(got, wanted)) {
    const index = got.findIndex((id, i) => id !== wanted[i]);
    const missed = expected[index];
    world.violate(
      'nothing lost to a subscriber',
      `${app.name} observed ${got[index]} where ${missed?.type} ${missed?.id} belongs`,
    );
  }
  if (view.end !== undefined || view.session.signal.aborted) return;
  coverage.wholeSubscriptions++;
  if (got.length < wanted.length) {
    const missed = expected[got.length];
    world.violate('nothing lost to a subscriber', `${app.name} never observed ${missed?.type} ${missed?.id}`);
  }
  for (const [index, event] of view.events.entries()) {
    if (JSON.stringify(event.payload) !== JSON.stringify(expected[index]?.body.payload)) {
      world.violate('nothing lost to a subscriber', `${app.name} observed ${event.id} with other contents`);
    }
  }
}

/** Whether a filter takes an entry. */
function matches(said: Said, filter: Filter): boolean {
  const { sessionId, traceId, jobId, streamId, direction, type, rank, body } = said;
  if (/^(?:un)?subscribe\b/.test(type)) return false;
  // Said in the name of another session, as when one of somebody else's, or one that is over, is asked for.
  if (direction === 'in' && (body.session_id ?? sessionId) !== sessionId) return false;
  if (type === 'event.emit' && body.payload.name === 'subscription.backfill_complete') return false;
  const isIn = (list: readonly string[] | undefined, value: string | undefined): boolean =>
    list === undefined || list.length === 0 || (value !== undefined && list.includes(value));
  const ranks = ['low', 'normal', 'high', 'critical'];
  return (
    isIn(filter.session_id, 'session_id' in body ? sessionId : undefined) &&
    isIn(filter.trace_id, traceId) &&
    isIn(filter.job_id, jobId) &&
    isIn(filter.stream_id, streamId) &&
    isIn(filter.types, type) &&
    (filter.min_priority === undefined || rank >= ranks.indexOf(filter.min_priority))
  );
}
