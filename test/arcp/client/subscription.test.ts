import { describe, expect, it } from 'vitest';
import type { Subscription } from '../../../src/arcp/client/subscription.js';
import type { RawEnvelope } from '../../../src/arcp/wire/envelope.js';
import { all, codeOf, type Envelope, NOW_MS, type Peer, ScriptedRuntime, settle } from './scripted-runtime.js';

const inner = (id: string, changes: Envelope = {}) => ({
  arcp: '1.0',
  id,
  type: 'metric',
  timestamp: new Date(NOW_MS).toISOString(),
  session_id: 'sess_other',
  payload: { name: 'tokens.used', value: 1, unit: 'tokens' },
  ...changes,
});

const MARKER = inner('msg_marker', { type: 'event.emit', payload: { name: 'subscription.backfill_complete' } });

function deliver(peer: Peer, event: unknown, subscriptionId = 'sub_1'): string {
  return peer.send('subscribe.event', { event }, { subscription_id: subscriptionId });
}

async function subscribed(options: Parameters<ScriptedRuntime['connect']>[0] = {}, since?: string) {
  const runtime = new ScriptedRuntime();
  const session = await runtime.connect(options);
  const filter = { types: ['metric', 'event.emit'] };
  const subscribing = session.subscribe(filter, since === undefined ? {} : { since: since as never });
  const command = await runtime.peer.expect('subscribe');
  runtime.peer.send('subscribe.accepted', { subscription_id: 'sub_1' }, { correlation_id: command.id });
  return { runtime, session, subscribing, command, peer: runtime.peer };
}

const idsOf = (events: readonly RawEnvelope[]) => events.map(({ id }) => id as string);

async function take(subscription: Subscription, count: number): Promise<RawEnvelope[]> {
  const reader = subscription[Symbol.asyncIterator]();
  const events: RawEnvelope[] = [];
  while (events.length < count) events.push((await reader.next()).value);
  return events;
}

describe('a subscription', () => {
  it('[10.59] yields the original envelopes, from those that stand right behind the acceptance on', async () => {
    const { subscribing, command, peer } = await subscribed();
    deliver(peer, inner('msg_1', { payload: { any: ['thing'] } }));
    deliver(peer, inner('msg_2'), 'sub_other');
    deliver(peer, inner('msg_3'));
    const subscription = await subscribing;
    expect(command.payload).toEqual({ filter: { types: ['metric', 'event.emit'] } });
    expect(subscription.id).toBe('sub_1');
    await subscription.backfillComplete;
    const events = await take(subscription, 2);
    expect(idsOf(events)).toEqual(['msg_1', 'msg_3']);
    expect(events[0]).toMatchObject({ type: 'metric', session_id: 'sess_other', payload: { any: ['thing'] } });
  });

  it('[10.62] A29: tells when everything after `since` has come, without the marker among the events', async () => {
    const { subscribing, command, peer } = await subscribed({}, 'msg_0');
    const subscription = await subscribing;
    expect(command.payload.since).toEqual({ after_message_id: 'msg_0' });
    let isComplete = false;
    void subscription.backfillComplete.then(() => {
      isComplete = true;
    });
    deliver(peer, inner('msg_1', { type: 'event.emit', payload: { name: 'other' } }));
    await settle();
    expect(isComplete).toBe(false);
    deliver(peer, MARKER);
    deliver(peer, inner('msg_2'));
    await subscription.backfillComplete;
    expect(idsOf(await take(subscription, 2))).toEqual(['msg_1', 'msg_2']);
  });

  it('yields what looks like the marker where none is due: somebody else emitted it', async () => {
    const { subscribing, peer } = await subscribed();
    deliver(peer, MARKER);
    expect(idsOf(await take(await subscribing, 1))).toEqual(['msg_marker']);
  });

  it('[10.63] [10.64] rejects with the refusal', async () => {
    const runtime = new ScriptedRuntime();
    const session = await runtime.connect();
    const subscribing = session.subscribe({ session_id: ['sess_foreign' as never] });
    const { id } = await runtime.peer.expect('subscribe');
    runtime.peer.send('nack', { code: 'PERMISSION_DENIED', message: 'no' }, { correlation_id: id });
    expect(await codeOf(subscribing)).toBe('ERR_ARCP_PERMISSION_DENIED');
  });

  it('[10.82] rejects UNAVAILABLE where the runtime does not answer, and the session stays usable', async () => {
    const runtime = new ScriptedRuntime();
    const session = await runtime.connect({ requestTimeoutMs: 1_000 });
    const subscribing = session.subscribe();
    const { id } = await runtime.peer.expect('subscribe');
    runtime.clock.advance(1_000);
    expect(await codeOf(subscribing)).toBe('ERR_ARCP_UNAVAILABLE');
    const pinging = session.ping();
    const ping = await runtime.peer.expect('ping');
    runtime.peer.send('pong', {}, { correlation_id: ping.id });
    await pinging;
    // Too late, it is not left standing at the runtime.
    runtime.peer.send('subscribe.accepted', { subscription_id: 'sub_9' }, { correlation_id: id });
    expect((await runtime.peer.expect('unsubscribe')).payload).toEqual({ subscription_id: 'sub_9' });
  });

  it('ends with the code the runtime closed it for, after what had come', async () => {
    const { subscribing, peer } = await subscribed({}, 'msg_0');
    const subscription = await subscribing;
    deliver(peer, inner('msg_1'));
    const payload = { subscription_id: 'sub_1', code: 'BACKPRESSURE_OVERFLOW', reason: 'too slow' };
    peer.send('subscribe.closed', payload);
    const reader = subscription[Symbol.asyncIterator]();
    expect((await reader.next()).value.id).toBe('msg_1');
    expect(await codeOf(reader.next())).toBe('ERR_ARCP_BACKPRESSURE_OVERFLOW');
    expect(await codeOf(subscription.backfillComplete)).toBe('ERR_ARCP_BACKPRESSURE_OVERFLOW');
  });

  it('R4: ends with BACKPRESSURE_OVERFLOW, and at the runtime, when its reader is too slow', async () => {
    const { subscribing, peer } = await subscribed({ limits: { maxObservedEvents: 3 } });
    const subscription = await subscribing;
    for (let i = 0; i < 5; i++) deliver(peer, inner(`msg_${i}`));
    expect((await peer.expect('unsubscribe')).payload).toEqual({ subscription_id: 'sub_1' });
    expect(idsOf(await take(subscription, 3))).toEqual(['msg_0', 'msg_1', 'msg_2']);
    expect(await codeOf(all(subscription))).toBe('ERR_ARCP_BACKPRESSURE_OVERFLOW');
  });

  it('is ended at the runtime when it is closed or its reader leaves, and by the runtime', async () => {
    const { subscribing, peer } = await subscribed();
    const subscription = await subscribing;
    deliver(peer, inner('msg_1'));
    for await (const { id } of subscription) {
      expect(id).toBe('msg_1');
      break;
    }
    const unsubscribe = await peer.expect('unsubscribe');
    peer.send('ack', {}, { correlation_id: unsubscribe.id });
    expect(await all(subscription)).toEqual([]);

    const other = await subscribed();
    const second = await other.subscribing;
    const closing = second.close();
    const asked = await other.peer.expect('unsubscribe');
    other.peer.send('nack', { code: 'NOT_FOUND', message: 'no' }, { correlation_id: asked.id });
    expect(await codeOf(closing)).toBe('ERR_ARCP_NOT_FOUND');
    await second.close();

    const third = await subscribed();
    const dropped = await third.subscribing;
    third.peer.send('unsubscribe', { subscription_id: 'sub_1' });
    expect(await all(dropped)).toEqual([]);
  });

  it('refuses an event that is no envelope, and goes on', async () => {
    const { subscribing, peer } = await subscribed();
    const subscription = await subscribing;
    const id = deliver(peer, { arcp: '1.0', id: 'nonsense' });
    deliver(peer, 'text');
    deliver(peer, inner('msg_1'));
    expect(await peer.expect('nack')).toMatchObject({ correlation_id: id, payload: { code: 'INVALID_ARGUMENT' } });
    expect(idsOf(await take(subscription, 1))).toEqual(['msg_1']);
  });

  it('goes on over a resumed connection, without being made again', async () => {
    const { runtime, subscribing, peer } = await subscribed();
    const subscription = await subscribing;
    deliver(peer, inner('msg_1'));
    await settle();
    const second = await runtime.cut();
    await second.accept();
    const resume = await second.expect('resume');
    second.send('ack', {}, { correlation_id: resume.id });
    deliver(second, inner('msg_2'));
    expect(idsOf(await take(subscription, 2))).toEqual(['msg_1', 'msg_2']);
    expect(second.typesReceived()).toEqual(['session.open', 'resume']);
  });

  it('is made again in another session, after the last event that came, without the marker among the events', async () => {
    const { runtime, subscribing, peer } = await subscribed({}, 'msg_0');
    const subscription = await subscribing;
    deliver(peer, inner('msg_1'));
    await settle();
    const second = await runtime.cut();
    await second.accept({ session_id: 'sess_2' });
    const again = await second.expect('subscribe');
    expect(again).toMatchObject({
      session_id: 'sess_2',
      payload: { filter: { types: ['metric', 'event.emit'] }, since: { after_message_id: 'msg_1' } },
    });
    second.send('subscribe.accepted', { subscription_id: 'sub_2' }, { correlation_id: again.id });
    deliver(second, inner('msg_2'), 'sub_2');
    deliver(second, MARKER, 'sub_2');
    deliver(second, inner('msg_3'), 'sub_2');
    expect(idsOf(await take(subscription, 3))).toEqual(['msg_1', 'msg_2', 'msg_3']);
    expect(subscription.id).toBe('sub_2');
    await subscription.backfillComplete;
  });

  it('ends with the refusal where it cannot be made again, and is given up where it was closed meanwhile', async () => {
    const { runtime, subscribing } = await subscribed();
    const subscription = await subscribing;
    const second = await runtime.cut();
    await second.accept({ session_id: 'sess_2' });
    const { id } = await second.expect('subscribe');
    second.send('nack', { code: 'NOT_FOUND', message: 'no' }, { correlation_id: id });
    expect(await codeOf(all(subscription))).toBe('ERR_ARCP_NOT_FOUND');

    const other = await subscribed();
    const closing = await other.subscribing;
    const third = await other.runtime.cut();
    await third.accept({ session_id: 'sess_2' });
    const again = await third.expect('subscribe');
    await closing.close();
    third.send('subscribe.accepted', { subscription_id: 'sub_2' }, { correlation_id: again.id });
    expect((await third.expect('unsubscribe')).payload).toEqual({ subscription_id: 'sub_2' });
  });

  it('ends with DATA_LOSS where events are gone for good, and with the session', async () => {
    const { runtime, subscribing } = await subscribed();
    const subscription = await subscribing;
    const second = await runtime.cut();
    await second.accept();
    const resume = await second.expect('resume');
    second.send('nack', { code: 'DATA_LOSS', message: 'pruned' }, { correlation_id: resume.id });
    expect(await codeOf(all(subscription))).toBe('ERR_ARCP_DATA_LOSS');

    const other = await subscribed({ reconnect: false }, 'msg_0');
    const ending = await other.subscribing;
    other.peer.transport.abort();
    expect(await codeOf(all(ending))).toBe('ERR_ARCP_UNAVAILABLE');
    expect(await codeOf(ending.backfillComplete)).toBe('ERR_ARCP_UNAVAILABLE');
  });
});
