// Subscriptions over the wire: who may listen, to what, from where on, and until when.

import { describe, expect, test } from 'vitest';
import { memoryLog } from '../../../../src/arcp/log/memory.js';
import type { RuntimeOptions } from '../../../../src/arcp/runtime/runtime.js';
import { streamService } from '../../../../src/arcp/runtime/streams/streams-service.js';
import { subscriptionService } from '../../../../src/arcp/runtime/subscriptions/subscriptions-service.js';
import type { Tool } from '../../../../src/arcp/runtime/tools.js';
import type { JsonObject, JsonValue } from '../../../../src/codec/json-value.js';
import { type RawPeer, type Received, settle, testRuntime } from '../../support/raw-peer.js';
import { slowTransport } from '../../support/slow-transport.js';

const BOB = { auth: { scheme: 'bearer', token: 'tok-bob' } };
const MARKER = 'subscription.backfill_complete';

const tools: readonly Tool[] = [
  { name: 'echo', handler: (args) => args },
  {
    name: 'count',
    handler: (args, { metric }) => {
      for (let i = 0; i < (args as number); i++) metric('arcpx.test.count', i, 'count');
    },
  },
];

function bench(options: Parameters<typeof subscriptionService>[0] = {}, more: RuntimeOptions = {}) {
  return testRuntime({ tools, services: [subscriptionService(options), streamService()], ...more });
}

/** Subscribes. @returns What came of it. */
function ask(peer: RawPeer, payload: JsonObject = {}): Promise<Received> {
  return peer.answerTo(peer.send('subscribe', payload));
}

/** Subscribes, and expects to be let. @returns The subscription's id. */
async function subscribe(peer: RawPeer, filter: JsonObject = {}, after_message_id?: string): Promise<string> {
  const since = after_message_id === undefined ? {} : { since: { after_message_id } };
  const accepted = await ask(peer, { filter, ...since });
  expect(accepted.type).toBe('subscribe.accepted');
  return accepted.payload.subscription_id as string;
}

/** What a subscription has delivered. */
function eventsOf(peer: RawPeer, subscription?: string): Received[] {
  return peer.received
    .filter((one) => one.type === 'subscribe.event' && (subscription ?? one.subscription_id) === one.subscription_id)
    .map(({ payload }) => payload.event as Received);
}

/** Says an event. @returns Its message's id. */
const say = (peer: RawPeer, name: string, fields = {}) => peer.send('event.emit', { name }, fields);
const namesOf = (events: readonly Received[]) => events.map(({ payload }) => payload.name as string);

async function invoke(peer: RawPeer, tool: string, args: JsonValue): Promise<string> {
  peer.send('tool.invoke', { tool, arguments: args });
  return (await peer.until('job.completed')).job_id as string;
}

describe('a subscription', () => {
  test('[10.59] to metrics gets the metric and not the ping, inside subscribe.event with its id', async () => {
    const { session } = bench();
    const [observer, worker] = [await session(), await session()];
    const id = await subscribe(observer, { types: ['metric'] });
    worker.send('ping');
    const metric = worker.send('metric', { name: 'tokens.used', value: 3, unit: 'tokens' });
    await settle();
    const [event, ...others] = observer.since().filter(({ type }) => type === 'subscribe.event');
    expect(others).toEqual([]);
    expect(event).toMatchObject({
      session_id: observer.sessionId,
      subscription_id: id,
      payload: { event: { id: metric, type: 'metric', session_id: worker.sessionId, payload: { value: 3 } } },
    });
    expect(Object.keys(event?.payload)).toEqual(['event']);
    expect(event).not.toHaveProperty('job_id');
  });

  test('gets what the runtime said to another client letter for letter', async () => {
    const { session } = bench();
    const [observer, worker] = [await session(), await session()];
    await subscribe(observer, { types: ['job.completed'] });
    await invoke(worker, 'echo', { text: 'ä\u2028 \\ud800 "quoted"', __proto__: null });
    await settle();
    const said = worker.texts.find((text) => text.includes('job.completed')) as string;
    const told = observer.texts.find((text) => text.includes('"subscribe.event"')) as string;
    expect(told.endsWith(`"payload":{"event":${said}}}`)).toBe(true);
  });

  test('gets what a client said with all its fields, as one line that keeps every peer alive', async () => {
    const { session } = bench();
    const [observer, worker] = [await session(), await session()];
    await subscribe(observer, { types: ['event.emit'] });
    const known =
      '"arcp":"1.0","id":"msg_odd","type":"event.emit","timestamp":"2026-03-02T08:15:42.123456789+02:00","source":"me",' +
      '"priority":"normal","extensions":{"arcpx.a.b.v1":[1]}';
    worker.sendText(
      `{ ${known},\n"later":{"deep":[[1e400]]},\r\n "payload":{"name":"a.b","extra":1,"data":"\\ud800x"}}`,
    );
    await settle();
    const told = observer.texts.at(-1) as string;
    expect(told).not.toMatch(/[\r\n]|later|\\ud800/);
    expect(eventsOf(observer)).toEqual([
      { ...JSON.parse(`{${known}}`), payload: { name: 'a.b', extra: 1, data: '\ufffdx' } },
    ]);
  });

  test('[10.60] with min_priority high gets high and critical, not normal or none', async () => {
    const { session } = bench();
    const [observer, worker] = [await session(), await session()];
    await subscribe(observer, { min_priority: 'high', types: ['event.emit'] });
    for (const priority of ['low', 'normal', undefined, 'high', 'critical']) say(worker, `p.${priority}`, { priority });
    await settle();
    expect(namesOf(eventsOf(observer))).toEqual(['p.high', 'p.critical']);
  });

  test('[10.61] to session A and type log gets neither B’s logs nor A’s metrics, nor what has no session id', async () => {
    const { session } = bench();
    const [observer, a, b] = [await session(), await session(), await session()];
    await subscribe(observer, { session_id: [a.sessionId], types: ['log'] });
    const log = { level: 'info', message: '' };
    const wanted = a.send('log', log);
    b.send('log', log);
    a.send('metric', { name: 'a.b', value: 1, unit: 'c' });
    a.send('log', log, { session_id: undefined });
    await settle();
    expect(eventsOf(observer).map(({ id }) => id)).toEqual([wanted]);
  });

  test('to a job, a trace or a stream gets what belongs to it', async () => {
    const { session } = bench();
    const [observer, worker] = [await session(), await session()];
    const job_id = await invoke(worker, 'echo', 1);
    say(worker, 'in.trace', { trace_id: 't-1' });
    worker.send('stream.open', { kind: 'text' }, { stream_id: 'str_1' });
    await settle();
    const [job, trace, stream] = [
      await subscribe(observer, { job_id: [job_id] }),
      await subscribe(observer, { trace_id: ['t-1', 't-1'] }),
      await subscribe(observer, { stream_id: ['str_1'] }),
    ];
    const ids = [
      say(worker, 'of.job', { job_id }),
      say(worker, 'of.trace', { trace_id: 't-1' }),
      worker.send('stream.close', {}, { stream_id: 'str_1' }),
    ];
    say(worker, 'of.none');
    await settle();
    expect([job, trace, stream].map((id) => eventsOf(observer, id).map((event) => event.id))).toEqual(
      ids.map((id) => [id]),
    );
  });

  test('[10.65] with an empty filter never gets its own deliveries, nor any other traffic of subscriptions', async () => {
    const { session } = bench();
    const [observer, second] = [await session(), await session()];
    const id = await subscribe(observer);
    const other = await subscribe(second);
    say(second, 'one');
    await settle();
    second.send('unsubscribe', { subscription_id: other });
    await settle();
    say(observer, 'own');
    await settle();
    const types = eventsOf(observer, id).map(({ type }) => type);
    expect(types).toEqual(['event.emit', 'ack', 'event.emit']);
    expect(eventsOf(second, other).map(({ type }) => type)).toEqual(['event.emit']);
  });

  test('R2: with an empty filter hears of all sessions of its principal, and of nobody else’s', async () => {
    const { session } = bench();
    const [observer, alice, bob] = [await session(), await session(), await session(BOB)];
    await subscribe(observer);
    const foreign = await subscribe(bob);
    say(alice, 'of.alice');
    say(bob, 'of.bob');
    await invoke(alice, 'echo', 'secret of alice');
    await invoke(bob, 'echo', 'secret of bob');
    await settle();
    expect(namesOf(eventsOf(observer).filter(({ type }) => type === 'event.emit'))).toEqual(['of.alice']);
    expect(JSON.stringify(eventsOf(observer))).not.toContain('bob');
    expect(JSON.stringify(eventsOf(bob, foreign))).not.toContain('alice');
    expect(eventsOf(bob).length).toBeGreaterThan(3);
  });

  test('hears nothing of credentials that a client showed', async () => {
    const { session } = bench();
    const [observer] = [await session()];
    await subscribe(observer);
    await session();
    await settle();
    expect(eventsOf(observer).map(({ type }) => type)).toEqual(['session.open', 'session.accepted']);
    expect(observer.texts.join()).not.toContain('tok-alice');
  });

  test('begins right behind its own command, also for what was sent along with it', async () => {
    const { session } = bench();
    const peer = await session();
    say(peer, 'before');
    peer.send('subscribe', { filter: { types: ['event.emit'] } });
    say(peer, 'after');
    await settle();
    expect(namesOf(eventsOf(peer))).toEqual(['after']);
    expect(peer.types()).toEqual(['subscribe.accepted', 'subscribe.event']);
  });
});

test('no event overtakes the answer that names its subscription, however urgent what else there is to say', async () => {
  const { session } = bench();
  const [observer, worker] = [await session(), await session()];
  const from = say(worker, 'start');
  say(worker, 'next');
  await settle();
  observer.send('tool.invoke', { tool: 'echo', arguments: 1 }, { priority: 'critical' });
  for (let i = 0; i < 8; i++) observer.send('ping');
  observer.send('subscribe', { filter: { types: ['event.emit'] }, since: { after_message_id: from } });
  for (let i = 0; i < 8; i++) observer.send('ping');
  observer.send('tool.invoke', { tool: 'echo', arguments: 1 }, { priority: 'low' });
  await settle(10);
  const types = observer.types().filter((type) => type.startsWith('subscribe.'));
  expect(types).toEqual(['subscribe.accepted', 'subscribe.event', 'subscribe.event']);
});

describe('a filter that is not allowed', () => {
  test('[10.63] naming another principal’s session is PERMISSION_DENIED, and so is one that nobody has: to the letter', async () => {
    const { session } = bench();
    const [observer, bob] = [await session(), await session(BOB)];
    const job = await invoke(bob, 'echo', 1);
    say(bob, 'trace', { trace_id: 't-bob' });
    bob.send('stream.open', { kind: 'text' }, { stream_id: 'str_bob' });
    await settle();
    const bare = ({ type, payload }: Received) => ({ type, payload });
    const filters: readonly (readonly [JsonObject, JsonObject])[] = [
      [{ session_id: [bob.sessionId] }, { session_id: ['sess_none'] }],
      [{ job_id: [job] }, { job_id: ['job_none'] }],
      [{ trace_id: ['t-bob'] }, { trace_id: ['t-none'] }],
      [{ stream_id: ['str_bob'] }, { stream_id: ['str_none'] }],
    ];
    for (const [foreign, unknown] of filters) {
      const refused = await ask(observer, { filter: foreign });
      expect([refused.type, refused.payload.code]).toEqual(['nack', 'PERMISSION_DENIED']);
      expect(bare(refused)).toEqual(bare(await ask(observer, { filter: unknown })));
    }
    say(bob, 'more');
    await settle();
    expect(eventsOf(observer)).toEqual([]);
  });

  test('R2: naming one of its own beside a foreign one is PERMISSION_DENIED: every id must be its own', async () => {
    const { session } = bench();
    const [observer, bob] = [await session(), await session(BOB)];
    for (const filter of [
      { session_id: [observer.sessionId, bob.sessionId] },
      { session_id: [observer.sessionId], job_id: ['job_none'] },
      { trace_id: ['t-none'], types: ['log'] },
    ]) {
      expect((await ask(observer, { filter })).payload.code).toBe('PERMISSION_DENIED');
    }
  });

  test('R2: a trace id that two principals use gives each its own messages', async () => {
    const { session } = bench();
    const [alice, bob] = [await session(), await session(BOB)];
    for (const peer of [alice, bob]) say(peer, 'first', { trace_id: 'shared' });
    await settle();
    await subscribe(alice, { trace_id: ['shared'] });
    say(alice, 'of.alice', { trace_id: 'shared' });
    say(bob, 'of.bob', { trace_id: 'shared' });
    await settle();
    expect(namesOf(eventsOf(alice))).toEqual(['of.alice']);
  });

  test('R2: a job id that another principal wrote on its own messages does not make the job its own', async () => {
    const { session } = bench();
    const [alice, bob] = [await session(), await session(BOB)];
    const job_id = await invoke(alice, 'echo', 1);
    say(bob, 'claim', { job_id });
    await settle();
    expect((await ask(bob, { filter: { job_id: [job_id] } })).payload.code).toBe('PERMISSION_DENIED');
  });

  test.each([
    ['[10.64] a text for a list', { session_id: 'sess_1' }],
    ['a bad id', { job_id: ['sess_1'] }],
    ['a priority that is none', { min_priority: 'High' }],
    ['null', null],
  ])('%s is INVALID_ARGUMENT', async (_title, filter) => {
    const { session } = bench();
    expect((await ask(await session(), { filter })).payload.code).toBe('INVALID_ARGUMENT');
  });

  test('R4: a list of 257 is INVALID_ARGUMENT; one of 256 is not', async () => {
    const { session } = bench();
    const peer = await session();
    const types = Array.from({ length: 256 }, (_, i) => `t.${i}`);
    await subscribe(peer, { types });
    expect((await ask(peer, { filter: { types: [...types, 'log'] } })).payload.code).toBe('INVALID_ARGUMENT');
  });

  test('R4: the 17th subscription of a session is RESOURCE_EXHAUSTED, also where all are asked for at once', async () => {
    const { session } = bench();
    const peer = await session();
    const ids = Array.from({ length: 20 }, () => peer.send('subscribe'));
    const answers = await Promise.all(ids.map((id) => peer.answerTo(id)));
    expect(answers.filter(({ type }) => type === 'subscribe.accepted')).toHaveLength(16);
    expect(answers.at(-1)?.payload.code).toBe('RESOURCE_EXHAUSTED');
    peer.send('unsubscribe', { subscription_id: answers[0]?.payload.subscription_id });
    await subscribe(peer);
  });

  test('without an id is PERMISSION_DENIED where the host wants one named', async () => {
    const { session } = bench({ unscoped: 'refused' });
    const peer = await session();
    expect((await ask(peer, { filter: { types: ['log'] } })).payload.code).toBe('PERMISSION_DENIED');
    await subscribe(peer, { session_id: [peer.sessionId] });
  });

  test('needs the capability', async () => {
    const { session } = bench();
    expect((await ask(await session({ capabilities: {} }))).payload.code).toBe('UNIMPLEMENTED');
  });
});

describe('subscriptions.global', () => {
  test('lets the host’s observer hear of everybody, until it no longer may', async () => {
    let isLive = true;
    const { session } = bench({ mayObserveAll: ({ principal }) => principal === 'alice' && isLive });
    const [observer, bob] = [await session(), await session(BOB)];
    const all = await subscribe(observer, { types: ['event.emit'] });
    const one = await subscribe(observer, { session_id: [bob.sessionId], types: ['event.emit'] });
    expect((await ask(bob, { filter: { session_id: [observer.sessionId] } })).payload.code).toBe('PERMISSION_DENIED');
    say(bob, 'heard');
    await settle();
    isLive = false;
    say(bob, 'not.heard');
    await settle();
    say(bob, 'nor.this');
    await settle();
    expect([all, one].map((id) => namesOf(eventsOf(observer, id)))).toEqual([['heard'], ['heard']]);
    const closed = observer.since().filter(({ type }) => type === 'subscribe.closed');
    expect(closed.map(({ payload }) => [payload.subscription_id, payload.code])).toEqual([
      [all, 'PERMISSION_DENIED'],
      [one, 'PERMISSION_DENIED'],
    ]);
  });

  test('is not given where the host’s judgement fails', async () => {
    const { session, faults } = bench({
      mayObserveAll: () => {
        throw new Error('no database');
      },
    });
    const [observer, bob] = [await session(), await session(BOB)];
    await subscribe(observer);
    say(bob, 'of.bob');
    await settle();
    expect(eventsOf(observer)).toEqual([]);
    expect(faults).toMatchObject([{ where: 'mayObserveAll' }]);
  });
});

describe('backfill', () => {
  test('[10.62] after the third of five gives two in order, the marker, then live ones', async () => {
    const { session } = bench();
    const [observer, worker] = [await session(), await session()];
    const ids = ['1', '2', '3', '4', '5'].map((name) => say(worker, name));
    await settle();
    const id = await subscribe(observer, { types: ['event.emit'] }, ids[2]);
    say(worker, '6');
    await settle();
    const events = eventsOf(observer, id);
    expect(namesOf(events)).toEqual(['4', '5', MARKER, '6']);
    expect(events[2]).toMatchObject({ type: 'event.emit', arcp: '1.0', id: expect.stringMatching(/^msg_/) });
  });

  test('[10.62] gives the marker although the filter would not take it, and none without since', async () => {
    const { session } = bench();
    const peer = await session();
    const from = say(peer, 'start');
    await settle();
    const [filled, plain] = [
      await subscribe(peer, { types: ['log'], min_priority: 'critical' }, from),
      await subscribe(peer, { types: ['log'] }),
    ];
    await settle();
    expect([namesOf(eventsOf(peer, filled)), eventsOf(peer, plain)]).toEqual([[MARKER], []]);
  });

  test('gives what passed a long time ago, many pages of it, and what is written meanwhile, once and in order', async () => {
    const { session } = bench();
    const [observer, worker] = [await session(), await session()];
    const from = say(worker, 'start');
    await invoke(worker, 'count', 1_500);
    const id = await subscribe(observer, { types: ['metric'] }, from);
    await invoke(worker, 'count', 700);
    await settle(60);
    const events = eventsOf(observer, id);
    const values = events.map(({ payload }) => payload.value ?? payload.name);
    expect(values).toEqual([...Array(1_500).keys(), MARKER, ...Array(700).keys()]);
  });

  test('goes by the filter exactly as live delivery does', async () => {
    const { session } = bench();
    const [observer, worker] = [await session(), await session()];
    const from = say(worker, 'start');
    const log = { level: 'info', message: '' };
    const wanted = worker.send('log', log, { priority: 'high', trace_id: 't' });
    worker.send('log', log, { priority: 'high', trace_id: 't', session_id: undefined });
    worker.send('log', log, { trace_id: 't' });
    worker.send('log', log, { priority: 'high' });
    await settle();
    const filter = { session_id: [worker.sessionId], trace_id: ['t'], min_priority: 'high' };
    const id = await subscribe(observer, filter, from);
    await settle();
    expect(eventsOf(observer, id).map((event) => event.payload.name ?? event.id)).toEqual([wanted, MARKER]);
  });

  test('from an id nobody knows, or from another principal’s message, is NOT_FOUND', async () => {
    const { session } = bench();
    const [observer, bob] = [await session(), await session(BOB)];
    const foreign = say(bob, 'x');
    await settle();
    const bare = ({ type, payload }: Received) => ({ type, payload });
    const answers = await Promise.all(
      [foreign, 'msg_none'].map((after_message_id) => ask(observer, { since: { after_message_id } })),
    );
    expect(answers.map(({ payload }) => payload.code)).toEqual(['NOT_FOUND', 'NOT_FOUND']);
    expect(bare(answers[0] as Received)).toEqual(bare(answers[1] as Received));
  });

  test('R4: from a message that was pruned is DATA_LOSS', async () => {
    const { session } = bench({}, { log: memoryLog({ maxEntries: 10 }) });
    const [observer, worker] = [await session(), await session()];
    const from = say(worker, 'start');
    for (let i = 0; i < 20; i++) say(worker, `${i}`);
    await settle();
    expect((await ask(observer, { since: { after_message_id: from } })).payload.code).toBe('DATA_LOSS');
  });

  test('R4: that the log loses on the way is closed with DATA_LOSS, and does not go on as if it were whole', async () => {
    const { session, log } = bench();
    const [observer, worker] = [await session(), await session()];
    const from = say(worker, 'start');
    await invoke(worker, 'count', 5_000);
    const id = await subscribe(observer, { types: ['metric'] }, from);
    await settle(2);
    await log.prune({ keepEntries: 3 });
    const closed = await observer.until('subscribe.closed');
    expect(closed.payload).toMatchObject({ subscription_id: id, code: 'DATA_LOSS' });
    await settle();
    const events = eventsOf(observer, id);
    expect(events.map(({ payload }) => payload.value)).toEqual([...Array(events.length).keys()]);
    expect(events.length).toBeLessThan(5_000);
  });

  test('from a message that the log has and nobody has heard of yet does not tell of that message', async () => {
    const log = memoryLog();
    const gates: { readonly name: string; readonly open: () => void }[] = [];
    let isGated = false;
    const gated = new Proxy(log, {
      get(target, name) {
        const member: unknown = Reflect.get(target, name, target);
        if (typeof member !== 'function') return member;
        return (...args: unknown[]): unknown => {
          if (!isGated || (name !== 'find' && name !== 'commit')) return Reflect.apply(member, target, args);
          const wait = new Promise<void>((open) => gates.push({ name, open }));
          if (name === 'find') return wait.then(() => Reflect.apply(member, target, args));
          const result: unknown = Reflect.apply(member, target, args);
          return wait.then(() => result);
        };
      },
    });
    const open = async (name: string) => {
      gates
        .splice(
          gates.findIndex((gate) => gate.name === name),
          1,
        )[0]
        ?.open();
      await settle();
    };
    const { session } = bench({}, { log: gated });
    const [observer, worker] = [await session(), await session()];
    isGated = true;
    observer.send('subscribe', { filter: { types: ['event.emit'] }, since: { after_message_id: 'msg_to_come' } });
    await settle();
    await open('commit');
    say(worker, 'to.come', { id: 'msg_to_come' });
    await settle();
    // It is in the log; its commit has not come back. Now the subscription looks for it.
    await open('find');
    isGated = false;
    await open('commit');
    say(worker, 'next');
    await settle(10);
    expect(namesOf(eventsOf(observer))).toEqual([MARKER, 'next']);
  });

  test('cannot be cut short by a marker that somebody else says', async () => {
    const { session } = bench();
    const [observer, worker] = [await session(), await session()];
    const from = say(worker, 'start');
    say(worker, MARKER);
    say(worker, 'later');
    worker.send('event.emit', { name: 'talks.of.it', data: MARKER });
    await settle();
    const id = await subscribe(observer, { types: ['event.emit'] }, from);
    say(worker, MARKER);
    await settle();
    expect(namesOf(eventsOf(observer, id))).toEqual(['later', 'talks.of.it', MARKER]);
  });
});

describe('the end', () => {
  test('by unsubscribe is acknowledged, and nothing comes after it', async () => {
    const { session } = bench();
    const [observer, worker] = [await session(), await session()];
    const subscription_id = await subscribe(observer);
    const ended = observer.send('unsubscribe', { subscription_id });
    expect((await observer.answerTo(ended)).type).toBe('ack');
    say(worker, 'late');
    await settle();
    expect(eventsOf(observer)).toEqual([]);
    const again = await observer.answerTo(observer.send('unsubscribe', { subscription_id }));
    expect([again.type, again.payload.code]).toEqual(['nack', 'NOT_FOUND']);
  });

  test('R2: of somebody else’s subscription, or of one in another session, is NOT_FOUND', async () => {
    const { session } = bench();
    const [observer, same, bob] = [await session(), await session(), await session(BOB)];
    const subscription_id = await subscribe(observer, { types: ['event.emit'] });
    for (const peer of [same, bob]) {
      const answer = await peer.answerTo(peer.send('unsubscribe', { subscription_id }));
      expect(answer.payload.code).toBe('NOT_FOUND');
    }
    say(same, 'still');
    await settle();
    expect(namesOf(eventsOf(observer))).toEqual(['still']);
  });

  test('of the session drops its subscriptions, and their records', async () => {
    const { session, log } = bench();
    const [observer, worker] = [await session(), await session()];
    await subscribe(observer);
    await settle();
    expect(await log.records('subscription', { limit: 10 })).toHaveLength(1);
    observer.send('session.close');
    await observer.closed;
    await settle();
    say(worker, 'late');
    await settle();
    expect(await log.records('subscription', { limit: 10 })).toEqual([]);
    expect(namesOf(eventsOf(observer))).not.toContain('late');
    const told = await log.read({ after: 0, limit: 10, types: ['subscribe.event'] });
    expect(told.map(({ text }) => text).join()).not.toContain('late');
  });
});

describe('R4: a slow observer', () => {
  /** An observer whose connection takes only what the test lets through. */
  async function slowObserver(limits = {}) {
    const slow = slowTransport();
    const { session, connect, runtime } = bench({}, { limits: { maxBufferedBytes: 2_000, ...limits } });
    void runtime.accept(slow.transport);
    let number = 0;
    const send = (type: string, payload: JsonValue) => {
      const id = `msg_s${++number}`;
      slow.receive(JSON.stringify({ arcp: '1.0', id, type, timestamp: '2026-03-02T08:15:42Z', payload }));
      return settle();
    };
    const auth = { scheme: 'bearer', token: 'tok-alice' };
    await send('session.open', { auth, client: { kind: 'slow', version: '1' }, capabilities: { subscriptions: true } });
    await send('subscribe', { filter: { types: ['event.emit'] } });
    const told = () =>
      slow.sent.map((text) => JSON.parse(text) as Received).filter(({ type }) => type.startsWith('subscribe.'));
    const names = () =>
      told().flatMap(({ payload }) => (payload.event === undefined ? [] : [payload.event.payload.name]));
    return { ...slow, session, connect, send, told, names };
  }

  /** Says as many events as it takes until one waits. @returns How many were sent. */
  async function fill(observer: { pause(): void; names(): string[] }, worker: RawPeer): Promise<number> {
    observer.pause();
    for (let i = 0; i < 20; i++) {
      say(worker, `fill.${i}`);
      await settle(1);
    }
    return observer.names().length;
  }

  test('gets all that waited once it takes more, in order', async () => {
    const observer = await slowObserver();
    const worker = await observer.session();
    const sent = await fill(observer, worker);
    expect(sent).toBeLessThan(20);
    observer.resume();
    await settle(10);
    say(worker, 'last');
    await settle(10);
    expect(observer.names()).toEqual([...Array.from({ length: 20 }, (_, i) => `fill.${i}`), 'last']);
  });

  test('holds 1,024 messages; one more closes its subscription with BACKPRESSURE_OVERFLOW, and nobody else’s', async () => {
    const observer = await slowObserver();
    const worker = await observer.session();
    const fast = await observer.session();
    const other = await subscribe(fast, { types: ['event.emit'] });
    const sent = await fill(observer, worker);
    const waiting = 20 - sent;
    for (let i = waiting; i < 1_024; i++) say(worker, 'more');
    await settle(10);
    expect(observer.told().some(({ type }) => type === 'subscribe.closed')).toBe(false);
    say(worker, 'one.too.many');
    await settle(10);
    say(worker, 'after');
    await settle(10);
    for (let i = 0; i < 20; i++) {
      observer.flush();
      await settle(2);
    }
    const last = observer.told().at(-1);
    expect(last).toMatchObject({ type: 'subscribe.closed', payload: { code: 'BACKPRESSURE_OVERFLOW' } });
    expect(observer.names()).not.toContain('one.too.many');
    expect(eventsOf(fast, other)).toHaveLength(1_024 + sent + 2);
    // The session itself goes on.
    observer.resume();
    await observer.send('ping', {});
    expect(observer.ended).toBeUndefined();
    expect(observer.sent.at(-1)).toContain('"pong"');
  });

  test('that is cut off while messages wait gets them when it comes back', async () => {
    const observer = await slowObserver();
    const worker = await observer.session();
    expect(await fill(observer, worker)).toBeLessThan(20);
    observer.drop();
    await settle();
    say(worker, 'while.away');
    await settle();
    const again = observer.connect();
    const { session_id } = JSON.parse(observer.sent[0] as string) as Received;
    await again.open({ session_id, capabilities: { subscriptions: true } });
    again.send('resume', { after_message_id: (observer.told().at(-1) as Received).id });
    await settle(10);
    expect([...observer.names(), ...namesOf(eventsOf(again))]).toEqual([
      ...Array.from({ length: 20 }, (_, i) => `fill.${i}`),
      'while.away',
    ]);
  });

  test('is bounded in characters too', async () => {
    const observer = await slowObserver();
    const worker = await observer.session();
    await fill(observer, worker);
    const data = 'x'.repeat(1_048_576);
    for (let i = 0; i < 8; i++) {
      worker.send('event.emit', { name: 'big', data });
      await settle(2);
    }
    for (let i = 0; i < 20; i++) {
      observer.flush();
      await settle(2);
    }
    expect(observer.told().at(-1)).toMatchObject({
      type: 'subscribe.closed',
      payload: { code: 'BACKPRESSURE_OVERFLOW' },
    });
  });

  test('loses nothing by a burst of 3,000 in one turn while its connection is fast', async () => {
    const { session } = bench();
    const [observer, worker] = [await session(), await session()];
    const id = await subscribe(observer, { types: ['metric'] });
    await invoke(worker, 'count', 3_000);
    await settle(40);
    expect(eventsOf(observer, id).map(({ payload }) => payload.value)).toEqual([...Array(3_000).keys()]);
  });

  test('is told of the close of one whose message is longer than a message may be', async () => {
    const { session } = bench({}, { limits: { maxMessageBytes: 4_096 } });
    const [observer, worker] = [await session(), await session()];
    await subscribe(observer, { types: ['event.emit'] });
    worker.send('event.emit', { name: 'big', data: 'x'.repeat(3_000) });
    expect((await observer.until('subscribe.closed')).payload.code).toBe('BACKPRESSURE_OVERFLOW');
  });
});

describe('an observer that comes back', () => {
  test('after its connection was cut gets every message once and in order, more than a queue holds', async () => {
    const { session, connect } = bench();
    const [observer, worker] = [await session(), await session()];
    const id = await subscribe(observer, { types: ['metric'] });
    await invoke(worker, 'count', 5);
    await settle();
    const last = observer.received.at(-1) as Received;
    await observer.drop();
    await invoke(worker, 'count', 2_000);
    const again = connect();
    await again.open({ session_id: observer.sessionId });
    again.send('resume', { after_message_id: last.id });
    await settle(40);
    await invoke(worker, 'count', 3);
    await settle(10);
    const values = [...eventsOf(observer, id), ...eventsOf(again, id)].map(({ payload }) => payload.value);
    expect(values).toEqual([...Array(5).keys(), ...Array(2_000).keys(), ...Array(3).keys()]);
  });

  test('without the capability has no subscription any more', async () => {
    const { session, connect, log } = bench();
    const [observer, worker] = [await session(), await session()];
    await subscribe(observer, { types: ['event.emit'] });
    await observer.drop();
    const again = connect();
    await again.open({ session_id: observer.sessionId, capabilities: {} });
    again.send('ping');
    say(worker, 'x');
    await settle(10);
    say(worker, 'y');
    await settle(10);
    expect(eventsOf(again)).toEqual([]);
    expect(await log.records('subscription', { limit: 1 })).toEqual([]);
  });

  test('after a restart of the runtime gets every message once and in order, however far it had come', async () => {
    for (const count of [0, 3, 255, 256, 257, 600]) {
      const first = bench();
      const [observer, worker] = [await first.session(), await first.session()];
      const id = await subscribe(observer, { types: ['metric'] });
      if (count > 0) await invoke(worker, 'count', count);
      await settle(5);
      const second = await first.restart({ services: [subscriptionService(), streamService()] });
      const last = observer.received.at(-1) as Received;
      const busy = await second.session();
      await invoke(busy, 'count', 40);
      const again = second.connect();
      await again.open({ session_id: observer.sessionId });
      again.send('resume', { after_message_id: last.id });
      await settle(10);
      await invoke(busy, 'count', 2);
      await settle(10);
      const values = [...eventsOf(observer, id), ...eventsOf(again, id)].map(({ payload }) => payload.value);
      expect(values).toEqual([...Array(count).keys(), ...Array(40).keys(), 0, 1]);
    }
  });

  test('after a restart in the middle of its backfill gets the rest, then the marker, once', async () => {
    for (const turns of [0, 1, 2, 3, 4, 5, 8]) {
      const first = bench();
      const [observer, worker] = [await first.session(), await first.session()];
      const from = say(worker, 'start');
      await invoke(worker, 'count', 900);
      const asked = observer.send('subscribe', { filter: { types: ['metric'] }, since: { after_message_id: from } });
      await observer.answerTo(asked);
      await settle(turns);
      const second = await first.restart({ services: [subscriptionService(), streamService()] });
      const last = observer.received.at(-1) as Received;
      const again = second.connect();
      await again.open({ session_id: observer.sessionId });
      again.send('resume', { after_message_id: last.id });
      await settle(20);
      const events = [...eventsOf(observer), ...eventsOf(again)];
      // What the first connection got and the second repeats is the same message.
      const unique = new Map(events.map((event) => [event.id, event]));
      expect(unique.size).toBe(events.length);
      expect(events.map(({ payload }) => payload.value ?? payload.name)).toEqual([...Array(900).keys(), MARKER]);
    }
  });
});
