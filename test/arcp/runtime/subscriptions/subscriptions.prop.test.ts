// Subscriptions under any interleaving: a log whose answers come in random order and late, writers and observers of two
// principals, connections that are cut. What a subscription delivers is computed from the log by a second implementation.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { EventLog, LoggedEntry } from '../../../../src/arcp/log/contract.js';
import { memoryLog } from '../../../../src/arcp/log/memory.js';
import { subscriptionService } from '../../../../src/arcp/runtime/subscriptions/subscriptions-service.js';
import type { JsonObject } from '../../../../src/codec/json-value.js';
import { yieldToEventLoop } from '../../../../src/yield.js';
import { type RawPeer, type Received, settle, type TestRuntime, testRuntime } from '../../support/raw-peer.js';

const MARKER = 'subscription.backfill_complete';
const TOKENS = ['tok-alice', 'tok-alice', 'tok-bob', 'tok-bob'] as const;
const principalOf = (index: number) => (index < 2 ? 'alice' : 'bob');

const RUNS = process.env.RINGLINE_LONG === '1' ? 1_000 : 60;

type Op =
  | {
      readonly kind: 'say';
      readonly by: number;
      readonly priority: string | undefined;
      readonly trace: string | undefined;
    }
  | { readonly kind: 'burst'; readonly by: number; readonly count: number }
  | { readonly kind: 'subscribe'; readonly by: number; readonly filter: JsonObject; readonly since: number | undefined }
  | { readonly kind: 'cut'; readonly by: number }
  | { readonly kind: 'wait'; readonly turns: number };

const by = fc.integer({ min: 0, max: 3 });
const filter: fc.Arbitrary<JsonObject> = fc
  .record(
    {
      types: fc.constantFrom(['event.emit'], ['event.emit', 'log'], []),
      min_priority: fc.constantFrom('low', 'normal', 'high'),
    },
    { requiredKeys: [] },
  )
  .map((value) => value as JsonObject);

const op: fc.Arbitrary<Op> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('say' as const),
      by,
      priority: fc.constantFrom('low', 'high', undefined),
      trace: fc.constantFrom('t-1', undefined),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('burst' as const), by, count: fc.integer({ min: 1, max: 40 }) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('subscribe' as const),
      by,
      filter,
      since: fc.option(fc.nat({ max: 30 }), { nil: undefined }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('cut' as const), by }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('wait' as const), turns: fc.integer({ min: 1, max: 6 }) }) },
);

/** A log that answers when it is let, and in what order the picks say. */
function shuffledLog(log: EventLog, picks: readonly number[]) {
  const waiting: (() => void)[] = [];
  let next = 0;
  const pause = () => new Promise<void>((resolve) => waiting.push(resolve));
  const methods = ['commit', 'read', 'locate', 'find', 'last', 'prunedThrough'];
  const shuffled = new Proxy(log, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== 'function' || !methods.includes(name as string)) return member;
      return async (...args: unknown[]): Promise<unknown> => {
        await pause();
        const answer: unknown = Reflect.apply(member, target, args);
        // Done, and nobody knows yet.
        await pause();
        return answer;
      };
    },
  });
  return {
    log: shuffled,
    /** Lets one go on. @returns Whether one waited. */
    release(): boolean {
      const pick = picks[next++ % picks.length] ?? 0;
      const [resolve] = waiting.splice(pick % Math.max(waiting.length, 1), 1);
      resolve?.();
      return resolve !== undefined;
    },
  };
}

/** A client that comes back. */
class Client {
  readonly bench: TestRuntime;
  readonly token: string;
  peer: RawPeer;
  readonly past: Received[] = [];

  constructor(bench: TestRuntime, token: string) {
    this.bench = bench;
    this.token = token;
    this.peer = bench.connect();
  }

  async open(session_id?: string): Promise<void> {
    await this.peer.open({ auth: { scheme: 'bearer', token: this.token }, session_id });
  }

  async comeBack(): Promise<void> {
    const { sessionId } = this.peer;
    await this.peer.drop();
    this.past.push(...this.peer.received);
    this.peer = this.bench.connect();
    await this.open(sessionId);
    const last = this.past.findLast(({ type }) => !['ack', 'nack', 'pong', 'session.accepted'].includes(type));
    this.peer.send('resume', last === undefined ? {} : { after_message_id: last.id });
  }

  get received(): readonly Received[] {
    return [...this.past, ...this.peer.received];
  }
}

/** The second implementation: what a filter takes of a message, as it stands in the log. */
function isTaken({ text, type }: LoggedEntry, wanted: JsonObject): boolean {
  if (type === 'subscribe' || type === 'unsubscribe' || type.startsWith('subscribe.')) return false;
  const ranks = ['low', 'normal', 'high', 'critical'];
  const { priority = 'normal' } = JSON.parse(text) as { priority?: string };
  const types = (wanted.types ?? []) as readonly string[];
  const least = (wanted.min_priority ?? 'low') as string;
  return (types.length === 0 || types.includes(type)) && ranks.indexOf(priority) >= ranks.indexOf(least);
}

async function run(ops: readonly Op[], picks: readonly number[] | undefined): Promise<void> {
  const truth = memoryLog();
  const shuffled = picks === undefined ? undefined : shuffledLog(truth, picks);
  const bench = testRuntime({ services: [subscriptionService()], log: shuffled?.log ?? truth });
  let isOver = false;
  const driver = (async () => {
    while (!isOver) {
      await yieldToEventLoop();
      shuffled?.release();
    }
  })();
  const quiet = async () => {
    for (let calm = 0; calm < 12; calm++) {
      await yieldToEventLoop();
      if (shuffled?.release()) calm = 0;
    }
  };
  try {
    const clients = TOKENS.map((token) => new Client(bench, token));
    for (const client of clients) await client.open();
    const said: { readonly by: number; readonly id: string }[] = [];
    const asked: { readonly by: number; readonly id: string; readonly filter: JsonObject; readonly since?: string }[] =
      [];
    const say = (index: number, fields: object) => {
      const name = `of.${principalOf(index)}.${said.length}`;
      said.push({ by: index, id: (clients[index] as Client).peer.send('event.emit', { name }, { ...fields }) });
    };
    for (const step of ops) {
      if (step.kind === 'say') say(step.by, { priority: step.priority, trace_id: step.trace });
      if (step.kind === 'burst') for (let i = 0; i < step.count; i++) say(step.by, {});
      if (step.kind === 'wait') await settle(step.turns);
      if (step.kind === 'cut') {
        // What was said on the old connection has been taken before it is cut.
        await quiet();
        await (clients[step.by] as Client).comeBack();
      }
      if (step.kind === 'subscribe') {
        const own = said.filter((one) => principalOf(one.by) === principalOf(step.by));
        const since = step.since === undefined ? undefined : own[step.since % Math.max(own.length, 1)]?.id;
        const payload = {
          filter: step.filter,
          ...(since === undefined ? undefined : { since: { after_message_id: since } }),
        };
        const id = (clients[step.by] as Client).peer.send('subscribe', payload);
        asked.push({ by: step.by, id, filter: step.filter, ...(since === undefined ? undefined : { since }) });
      }
    }
    await quiet();
    const log = await truth.read({ after: 0, limit: 100_000 });
    for (const { by: index, id, filter: wanted, since } of asked) {
      const { received } = clients[index] as Client;
      const answer = received.find(({ type, correlation_id }) => correlation_id === id && type !== 'subscribe.event');
      const asking = log.find((entry) => entry.id === id && entry.direction === 'in');
      if (answer?.type === 'nack') {
        // Only a message that was still on its way to the log is not found, or a place too many is asked for.
        expect(['NOT_FOUND', 'RESOURCE_EXHAUSTED']).toContain(answer.payload.code);
        continue;
      }
      expect(answer?.type).toBe('subscribe.accepted');
      const outer = received.filter(
        (one) => one.type === 'subscribe.event' && one.subscription_id === answer?.payload.subscription_id,
      );
      // A resume repeats messages by the same id.
      const events = [...new Map(outer.map((one) => [one.id, one.payload.event as Received])).values()];
      const here = (asking as LoggedEntry).position;
      const from = since === undefined ? here : (log.find((entry) => entry.id === since)?.position as number);
      const expected = log.filter(
        (entry) => entry.position > from && entry.principal === principalOf(index) && isTaken(entry, wanted),
      );
      const ids: unknown[] = expected.map((entry) => entry.id);
      if (since !== undefined) ids.splice(expected.filter(({ position }) => position < here).length, 0, MARKER);
      expect(events.map((event) => (event.payload.name === MARKER ? MARKER : event.id))).toEqual(ids);
      expect(JSON.stringify(events)).not.toContain(`of.${principalOf(index) === 'alice' ? 'bob' : 'alice'}`);
    }
    expect(bench.faults).toEqual([]);
  } finally {
    isOver = true;
    await driver;
  }
}

test('[10.62] R2: every subscription gets each message of its principal that its filter takes, once, in log order, the marker in its place', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(op, { minLength: 5, maxLength: 40 }),
      fc.option(fc.array(fc.nat({ max: 50 }), { minLength: 1, maxLength: 64 }), { nil: undefined, freq: 4 }),
      run,
    ),
    { numRuns: RUNS },
  );
}, 120_000);
