// Clients that were let in and mean harm: to the memory of the runtime, to its other clients, to the process itself.

import { describe, expect, test } from 'vitest';
import { ArcpError } from '../../../../src/arcp/errors.js';
import { memoryLog } from '../../../../src/arcp/log/memory.js';
import { artifactService } from '../../../../src/arcp/runtime/artifacts/artifacts-service.js';
import { bearerTokens, noAuthentication } from '../../../../src/arcp/runtime/authenticator.js';
import { permissionService } from '../../../../src/arcp/runtime/human/permissions.js';
import { promptService } from '../../../../src/arcp/runtime/human/prompts.js';
import { streamService } from '../../../../src/arcp/runtime/streams/streams-service.js';
import { subscriptionService } from '../../../../src/arcp/runtime/subscriptions/subscriptions-service.js';
import type { ToolContext } from '../../../../src/arcp/runtime/tool-context.js';
import type { Tool } from '../../../../src/arcp/runtime/tools.js';
import { encodeBase64 } from '../../../../src/codec/base64.js';
import type { JsonObject } from '../../../../src/codec/json-value.js';
import { StorageError } from '../../../../src/errors.js';
import { unhandledDuring } from '../../../support/unhandled.js';
import { ALL_CAPABILITIES, type RawPeer, settle, TOKENS, testRuntime } from '../../support/raw-peer.js';
import { slowLog } from '../../support/slow-log.js';
import { slowTransport } from '../../support/slow-transport.js';

const echo: Tool = { name: 'echo', handler: (args) => args };
/** Runs until its job ends. */
const sleep: Tool = {
  name: 'sleep',
  handler: (_args, { signal }) => new Promise((resolve) => signal.addEventListener('abort', () => resolve(undefined))),
};
const BOB = { auth: { scheme: 'bearer', token: 'tok-bob' } };

async function start(peer: RawPeer, tool: string, args: JsonObject = {}, fields: JsonObject = {}): Promise<string> {
  const id = peer.send('tool.invoke', { tool, arguments: args }, fields);
  const accepted = await peer.until('job.accepted', ({ correlation_id }) => correlation_id === id);
  return accepted.payload.job_id as string;
}

describe('a job that waits for an answer when its client comes back', () => {
  const capabilities = { ...ALL_CAPABILITIES, human_input: false };

  test.each([
    ['runs into its expiry', { schema: {}, expiresInMs: 1_000 }, 'job.failed'],
    ['goes on with its default', { schema: {}, expiresInMs: 1_000, default: 7 }, 'job.completed'],
  ])('without human_input %s, and the process lives', async (_title, question, end) => {
    const ask: Tool = { name: 'ask', handler: (_args, { requestInput }) => requestInput({ prompt: '?', ...question }) };
    const bench = testRuntime({ tools: [ask], services: [promptService()] });
    const peer = await bench.session();
    await start(peer, 'ask');
    await peer.until('human.input.request');
    await peer.drop();
    const again = bench.connect();
    await again.open({ session_id: peer.sessionId, capabilities });
    again.send('resume', {});
    expect(() => bench.clock.advance(1_000)).not.toThrow();
    await again.until(end);
    expect(again.types()).not.toContain('human.input.cancelled');
  });

  test('without human_input can be cancelled', async () => {
    const ask: Tool = { name: 'ask', handler: (_args, { requestInput }) => requestInput({ prompt: '?', schema: {} }) };
    const bench = testRuntime({ tools: [ask], services: [promptService()] });
    const peer = await bench.session();
    const job = await start(peer, 'ask');
    await peer.drop();
    const again = bench.connect();
    await again.open({ session_id: peer.sessionId, capabilities });
    again.send('cancel', { target: 'job', target_id: job });
    await again.until('job.cancelled');
    expect(bench.faults).toEqual([]);
  });

  test('without streaming ends its streams in silence', async () => {
    const read: Tool = {
      name: 'read',
      async handler(_args, { acceptStream, signal }) {
        const stream = await acceptStream();
        signal.addEventListener('abort', () => stream.cancel());
        for await (const _ of stream);
        return null;
      },
    };
    const bench = testRuntime({ tools: [read], services: [streamService()] });
    const peer = await bench.session();
    const job = await start(peer, 'read');
    peer.send('stream.open', { kind: 'text' }, { job_id: job, stream_id: 'str_1' });
    await settle();
    await peer.drop();
    const again = bench.connect();
    await again.open({ session_id: peer.sessionId, capabilities: { ...ALL_CAPABILITIES, streaming: false } });
    again.send('cancel', { target: 'job', target_id: job });
    await again.until('job.cancelled');
    expect(again.types()).not.toContain('stream.error');
    expect(bench.faults).toEqual([]);
  });
});

describe('streams sent to a job that asks for none', () => {
  test('are refused beyond sixteen, also where each has ended', async () => {
    const bench = testRuntime({ tools: [sleep], services: [streamService()] });
    const peer = await bench.session();
    const job = await start(peer, 'sleep');
    for (let i = 0; i < 17; i++) {
      const fields = { job_id: job, stream_id: `str_${i}` };
      peer.send('stream.open', { kind: 'text' }, fields);
      peer.send('stream.chunk', { sequence: 0, data: 'x' }, fields);
      peer.send('stream.close', {}, fields);
    }
    await settle();
    const refused = peer.since().filter(({ type }) => type === 'nack');
    expect(refused.map(({ payload }) => payload.code)).toEqual(['RESOURCE_EXHAUSTED']);
  });

  test('hold 32 MiB of a session together and no more, and give it back with the job', async () => {
    const bench = testRuntime({ tools: [sleep], services: [streamService()], log: memoryLog({ maxEntries: 64 }) });
    const peer = await bench.session();
    const data = 'x'.repeat(4_000_000);
    const fill = async (job: string, from: number) => {
      for (let i = from; i < from + 12; i++) {
        const fields = { job_id: job, stream_id: `str_${i}` };
        peer.send('stream.open', { kind: 'text' }, fields);
        peer.send('stream.chunk', { sequence: 0, data }, fields);
        peer.send('stream.close', {}, fields);
        await settle(1);
      }
      const overflows = peer.since().filter(({ payload }) => payload.code === 'BACKPRESSURE_OVERFLOW').length;
      peer.forget();
      return overflows;
    };
    const job = await start(peer, 'sleep');
    expect(await fill(job, 0)).toBe(4);
    peer.send('cancel', { target: 'job', target_id: job });
    await peer.until('job.cancelled');
    expect(await fill(await start(peer, 'sleep'), 100)).toBe(4);
  });
});

describe('a client that does not read', () => {
  test('makes large answers wait in the log, not in memory', async () => {
    const big = 'x'.repeat(600_000);
    const tools: Tool[] = [{ name: 'big', handler: () => big }];
    const log = memoryLog({ maxBytes: 4_000_000 });
    const bench = testRuntime({ tools, log });
    const slow = slowTransport();
    void bench.runtime.accept(slow.transport);
    const say = (type: string, payload: JsonObject, id: string) =>
      slow.receive(JSON.stringify({ arcp: '1.0', id, type, timestamp: '2026-03-02T08:15:42Z', payload }));
    say(
      'session.open',
      { auth: { scheme: 'bearer', token: 'tok-alice' }, client: { kind: 'r', version: '1' } },
      'msg_o',
    );
    await settle();
    slow.pause();
    for (let i = 0; i < 40; i++) {
      say('tool.invoke', { tool: 'big', arguments: null }, `msg_${i}`);
      await settle(1);
    }
    // What waits has overflowed the log, so that the client cannot be served any more. In memory there was none of it.
    await settle();
    slow.flush();
    await settle();
    expect(slow.ended?.code).toBe(1013);
  });
});

describe('a reason', () => {
  test('of a megabyte is not said again for each of a thousand jobs', async () => {
    const bench = testRuntime({ tools: [sleep] });
    const peer = await bench.session();
    for (let i = 0; i < 1_000; i++) peer.send('tool.invoke', { tool: 'sleep', arguments: null });
    await settle();
    peer.forget();
    peer.send('session.close', { reason: 'x'.repeat(1_000_000) });
    await peer.closed;
    const ends = peer.since().filter(({ type }) => type === 'job.cancelled');
    expect(ends).toHaveLength(1_000);
    for (const { payload } of ends) expect(payload.reason.length).toBe(1_024);
  });

  test('of a cancel is cut too', async () => {
    const peer = await testRuntime({ tools: [sleep] }).session();
    const job = await start(peer, 'sleep');
    peer.send('cancel', { target: 'job', target_id: job, reason: '\u{1f600}'.repeat(1_000) });
    expect((await peer.until('job.cancelled')).payload.reason.length).toBe(1_024);
  });
});

describe('idempotency keys', () => {
  test('of one principal are refused beyond the limit, those that are known are answered, and others go on', async () => {
    const { session } = testRuntime({ tools: [echo], limits: { maxIntents: 2 } });
    const peer = await session();
    const invoke = async (who: RawPeer, key: string) => {
      const id = who.send('tool.invoke', { tool: 'echo', arguments: key }, { idempotency_key: key });
      const end = await who.until('job.completed', (one) => one.correlation_id === id).catch(() => undefined);
      return end?.payload.value;
    };
    expect(await invoke(peer, 'a')).toBe('a');
    expect(await invoke(peer, 'b')).toBe('b');
    const id = peer.send('tool.invoke', { tool: 'echo', arguments: 'c' }, { idempotency_key: 'c' });
    expect(await peer.until('job.failed')).toMatchObject({
      correlation_id: id,
      payload: { code: 'RESOURCE_EXHAUSTED' },
    });
    expect(await invoke(peer, 'a')).toBe('a');
    expect(await invoke(await session(BOB), 'c')).toBe('c');
  });

  test('are bounded by what came of them', async () => {
    const peer = await testRuntime({ tools: [echo], limits: { maxIntentChars: 10_000 } }).session();
    peer.send('tool.invoke', { tool: 'echo', arguments: 'x'.repeat(10_000) }, { idempotency_key: 'a' });
    await peer.until('job.completed');
    peer.send('tool.invoke', { tool: 'echo', arguments: 1 }, { idempotency_key: 'b' });
    expect((await peer.until('job.failed')).payload.code).toBe('RESOURCE_EXHAUSTED');
  });

  test('are counted again after a restart, and no more once they have expired', async () => {
    const limits = { maxIntents: 1, idempotencyMs: 1_000 };
    const bench = testRuntime({ tools: [echo], limits });
    const peer = await bench.session();
    peer.send('tool.invoke', { tool: 'echo', arguments: 1 }, { idempotency_key: 'a' });
    await peer.until('job.completed');
    const next = await bench.restart();
    const again = await next.session();
    again.send('tool.invoke', { tool: 'echo', arguments: 1 }, { idempotency_key: 'b' });
    expect((await again.until('job.failed')).payload.code).toBe('RESOURCE_EXHAUSTED');
    next.clock.advance(1_001);
    await next.runtime.sweep();
    again.send('tool.invoke', { tool: 'echo', arguments: 1 }, { idempotency_key: 'c' });
    await again.until('job.completed');
  });

  test('that have expired are counted off once, however many look for them at once', async () => {
    const limits = { idempotencyMs: 1_000, maxIntents: 2 };
    const bench = testRuntime({ tools: [echo], limits, log: slowLog().log });
    const peer = await bench.session();
    const ask = async (key: string) => {
      await start(peer, 'echo', {}, { idempotency_key: key });
      await peer.until('job.completed');
    };
    await ask('old');
    bench.clock.advance(900);
    await ask('one');
    bench.clock.advance(200);
    await Promise.all([bench.runtime.sweep(), bench.runtime.sweep(), bench.runtime.sweep()]);
    await ask('two');
    await start(peer, 'echo', {}, { idempotency_key: 'three' });
    expect((await peer.until('job.failed')).payload.code).toBe('RESOURCE_EXHAUSTED');
  });

  test('of a stranger go with it', async () => {
    const bench = testRuntime({ tools: [echo], authenticators: [noAuthentication()] });
    const peer = await bench.session({ auth: { scheme: 'none' }, capabilities: { anonymous: true } });
    peer.send('tool.invoke', { tool: 'echo', arguments: 1 }, { idempotency_key: 'a' });
    await peer.until('job.completed');
    expect(await bench.log.records('intent', { limit: 10 })).toHaveLength(1);
    await peer.drop();
    await bench.runtime.sweep();
    await settle();
    expect(await bench.log.records('intent', { limit: 10 })).toEqual([]);
  });

  test('that are repeated while their job waits do not pile up without end', async () => {
    const peer = await testRuntime({ tools: [sleep], limits: { maxQueuedJobs: 4 } }).session();
    for (let i = 0; i < 10; i++) {
      peer.send('tool.invoke', { tool: 'sleep', arguments: null }, { idempotency_key: 'a' });
      await settle(1);
    }
    // Keys are hashed first, which takes the runtime as long as it takes.
    const failed = () => peer.since().filter(({ type }) => type === 'job.failed');
    await expect.poll(() => failed().length).toBeGreaterThanOrEqual(5);
    await settle();
    expect(failed().map(({ payload }) => payload.code)).toEqual(Array(5).fill('RESOURCE_EXHAUSTED'));
  });
});

describe('artifacts of strangers', () => {
  const anonymous = { auth: { scheme: 'none' }, capabilities: { anonymous: true, artifacts: true } };

  test('go with their session: nobody could ask for them', async () => {
    const bench = testRuntime({ services: [artifactService()], authenticators: [noAuthentication()] });
    const peer = await bench.session(anonymous);
    const ref = await peer.answerTo(peer.send('artifact.put', { media_type: 'text/plain', data: 'aGk=' }));
    const { principal } = bench.runtime.sessions()[0] as { readonly principal: string };
    const { artifacts } = bench.runtime as unknown as {
      artifacts: { usage(p: string): unknown; get(id: string): unknown };
    };
    expect(artifacts.usage(principal)).toEqual({ count: 1, bytes: 2 });
    await peer.drop();
    await settle();
    expect(artifacts.usage(principal)).toEqual({ count: 0, bytes: 0 });
    expect(artifacts.get(ref.payload.artifact.artifact_id)).toBeUndefined();
  });

  test('are fewer than those of a principal', async () => {
    const limits = { maxAnonymousArtifactBytes: 10 };
    const authenticators = [noAuthentication(), bearerTokens(TOKENS)];
    const { session } = testRuntime({ services: [artifactService()], authenticators, limits });
    const put = async (peer: RawPeer) =>
      (
        await peer.answerTo(
          peer.send('artifact.put', { media_type: 'text/plain', data: encodeBase64(new Uint8Array(11)) }),
        )
      ).type;
    expect(await put(await session(anonymous))).toBe('nack');
    expect(await put(await session())).toBe('artifact.ref');
  });
});

describe('a result that no client can take', () => {
  const cyclic: { self?: unknown } = {};
  cyclic.self = cyclic;
  let deep: unknown = 0;
  for (let i = 0; i < 200; i++) deep = [deep];

  test.each([
    ['NaN', Number.NaN],
    ['a cycle', cyclic],
    ['a BigInt', 1n],
    ['a function', { a: () => 1 }],
    ['a symbol', Symbol('x')],
    ['200 levels', deep],
    ['10 MB', 'x'.repeat(10_000_000)],
    ['10 MB once it is UTF-8', '\u20ac'.repeat(3_000_000)],
    ['a Date', new Date(0)],
    [
      'a getter that throws',
      {
        get a() {
          throw new Error('secret');
        },
      },
    ],
  ])('(%s) still ends its job, once, also for who repeats it', async (_title, value) => {
    const tools: Tool[] = [{ name: 'odd', handler: () => value as never }];
    const peer = await testRuntime({ tools }).session();
    for (let i = 0; i < 2; i++) {
      const id = peer.send('tool.invoke', { tool: 'odd', arguments: null }, { idempotency_key: 'k' });
      const end = await peer.until('job.failed', (one) => one.correlation_id === id);
      expect(end.payload).toMatchObject({ code: 'INTERNAL' });
      expect(JSON.stringify(end)).not.toContain('secret');
    }
    await settle();
    expect(peer.types().filter((type) => /completed|failed|cancelled/.test(type))).toHaveLength(2);
  });

  test('as the details of an error ends the job as well', async () => {
    const tools: Tool[] = [
      {
        name: 'odd',
        handler: () => {
          throw new ArcpError('ABORTED', 'x', { details: cyclic as never });
        },
      },
    ];
    const peer = await testRuntime({ tools }).session();
    peer.send('tool.invoke', { tool: 'odd', arguments: null });
    expect((await peer.until('job.failed')).payload.code).toBe('INTERNAL');
  });

  test('as the details of a refusal does not end the process', async () => {
    const extensions = {
      'arcpx.acme.x.v1': async () => {
        throw new ArcpError('ABORTED', 'x', { details: { n: Number.NaN } });
      },
    };
    const bench = testRuntime({ extensions });
    const peer = await bench.session({ capabilities: { extensions: ['arcpx.acme.x.v1'] } });
    const unhandled = await unhandledDuring(async () => {
      const id = peer.send('arcpx.acme.x.v1', {});
      expect((await peer.answerTo(id)).payload.code).toBe('INTERNAL');
    });
    expect(unhandled).toEqual([]);
  });
});

describe('somebody else\u2019s code', () => {
  test('that listens to the bus and throws costs nobody a message', async () => {
    const bench = testRuntime({ tools: [echo] });
    bench.runtime.bus.subscribe(() => {
      throw new Error('a listener failed');
    });
    const peer = await bench.session();
    peer.send('tool.invoke', { tool: 'echo', arguments: 1 });
    await peer.until('job.completed');
    await peer.drop();
    expect(bench.faults.length).toBeGreaterThan(0);
  });

  test('that says NaN as the deadline of a heartbeat is told so, and no timer runs wild', async () => {
    const tools: Tool[] = [
      { name: 'beat', supervised: true, handler: (args, { heartbeat }) => heartbeat(Number(args)) as undefined },
    ];
    const bench = testRuntime({ tools });
    const peer = await bench.session();
    peer.send('tool.invoke', { tool: 'beat', arguments: 'soon' });
    await peer.until('job.failed');
    expect(peer.types()).not.toContain('job.heartbeat');
    bench.clock.advance(120_000);
  });
});

describe('a log that fails', () => {
  test('while a slow client catches up ends that connection, and not the process', async () => {
    const inner = memoryLog();
    let isBroken = false;
    const log = new Proxy(inner, {
      get: (target, name) => {
        const member = Reflect.get(target, name, target) as unknown;
        if (typeof member !== 'function') return member;
        return (...args: unknown[]) => {
          if (isBroken && name === 'read') throw new StorageError('ERR_STORAGE_FAILED', 'the disk is gone');
          return Reflect.apply(member, target, args) as unknown;
        };
      },
    });
    const bench = testRuntime({ tools: [echo], log, limits: { maxPendingMessages: 1, maxBufferedBytes: 500 } });
    const slow = slowTransport();
    void bench.runtime.accept(slow.transport);
    const say = (type: string, payload: JsonObject, id: string) =>
      slow.receive(JSON.stringify({ arcp: '1.0', id, type, timestamp: '2026-03-02T08:15:42Z', payload }));
    say(
      'session.open',
      { auth: { scheme: 'bearer', token: 'tok-alice' }, client: { kind: 'r', version: '1' } },
      'msg_o',
    );
    await settle();
    slow.pause();
    for (let i = 0; i < 10; i++) say('tool.invoke', { tool: 'echo', arguments: 'x'.repeat(500) }, `msg_${i}`);
    await settle();
    const unhandled = await unhandledDuring(async () => {
      isBroken = true;
      slow.flush();
      await settle();
    });
    expect(unhandled).toEqual([]);
    expect(slow.ended).toBeDefined();
  });

  test('with records that were tampered with: those are dropped, the others stand again', async () => {
    const bench = testRuntime({ tools: [echo] });
    const peer = await bench.session();
    await settle();
    const broken: readonly (readonly [string, JsonObject])[] = [
      ['sess_a', {}],
      ['sess_b', { principal: 'alice' }],
      ['sess_c', { principal: 'alice', client: { kind: 1, version: 2 }, capabilities: {}, anonymous: false }],
      [
        'sess_d',
        { principal: 'anonymous:sess_x', client: { kind: 'a', version: 'b' }, capabilities: {}, anonymous: false },
      ],
    ];
    await bench.log.commit({
      entries: [],
      records: [
        ...broken.map(([key, value]) => ({ kind: 'session', key, value })),
        { kind: 'job', key: 'job_a', value: {} },
        { kind: 'job', key: 'job_b', value: { sessionId: peer.sessionId, tool: 7, invokeId: 'x' } },
        { kind: 'intent', key: 'nonsense', value: { a: 1 } },
        { kind: 'follower', key: 'nonsense', value: { sessionId: peer.sessionId } },
      ],
    });
    const next = await bench.restart();
    expect(next.runtime.sessions().map(({ id }) => id)).toEqual([peer.sessionId]);
    const again = next.connect();
    await again.open({ session_id: peer.sessionId });
    expect(again.sessionId).toBe(peer.sessionId);
    await next.runtime.sweep();
    expect(next.faults.length).toBeGreaterThan(0);
  });
});

describe('a tool that goes on after its job has ended', () => {
  async function stray(work: (context: ToolContext) => unknown) {
    let context: ToolContext | undefined;
    const tools: Tool[] = [
      {
        name: 'stray',
        handler: (_args, given) => {
          context = given;
          return new Promise(() => {});
        },
      },
    ];
    const services = [artifactService(), permissionService(), streamService(), promptService()];
    const bench = testRuntime({ tools, services });
    const peer = await bench.session();
    const job = await start(peer, 'stray');
    const asked = context?.requestPermission({ permission: 'p', resource: 'r', operation: 'o' });
    const request = await peer.until('permission.request');
    peer.send(
      'permission.grant',
      { permission: 'p', resource: 'r', operation: 'o', lease_seconds: 60 },
      { correlation_id: request.id },
    );
    await asked;
    const ref = await peer.answerTo(peer.send('artifact.put', { media_type: 'text/plain', data: 'aGk=' }));
    peer.send('cancel', { target: 'job', target_id: job, deadline_ms: 0 });
    await settle();
    bench.clock.advance(1);
    await peer.until('job.failed');
    peer.forget();
    const outcome = await Promise.resolve()
      .then(() => work(Object.assign(context as ToolContext, { ref: ref.payload.artifact.artifact_id })))
      .then(
        (value) => ({ value }),
        (error: ArcpError) => ({ code: error.code }),
      );
    await settle();
    return { outcome, peer, bench };
  }

  test('keeps no checkpoint', async () => {
    const { bench, peer } = await stray(({ checkpoint }) => checkpoint({ a: 1 }));
    expect(await bench.log.records('checkpoint', { limit: 10 })).toEqual([]);
    expect(peer.types()).toEqual([]);
  });

  test.each([
    ['shows no lease', (context) => context.requireLease({ permission: 'p', resource: 'r', operation: 'o' })],
    ['asks for none', (context) => context.requestPermission({ permission: 'p', resource: 'r', operation: 'o' })],
    ['fetches no artifact', (context) => context.fetchArtifact((context as unknown as { ref: string }).ref)],
    ['makes no artifact', (context) => context.artifact(new Uint8Array(1), { mediaType: 'a/b' })],
  ] as readonly (readonly [string, (context: ToolContext) => unknown])[])('%s', async (_title, work) => {
    const { outcome, peer } = await stray(work);
    expect(outcome).toEqual({ code: 'ERR_ARCP_CANCELLED' });
    expect(peer.types()).toEqual([]);
  });
});

describe('resume', () => {
  test('over and over is refused: each may send the whole log', async () => {
    const bench = testRuntime();
    const peer = await bench.session();
    for (let i = 0; i < 17; i++) peer.send('resume', {});
    await settle();
    const answers = peer.since().filter(({ type }) => type === 'ack' || type === 'nack');
    expect(answers.filter(({ payload }) => payload.code === 'RESOURCE_EXHAUSTED')).toHaveLength(1);
    await peer.drop();
    const again = bench.connect();
    await again.open({ session_id: peer.sessionId });
    expect((await again.answerTo(again.send('resume', {}))).type).toBe('ack');
  });
});

describe('an observer of everybody', () => {
  const services = () => [subscriptionService({ mayObserveAll: ({ principal }) => principal === 'alice' })];

  test.each(['live', 'from the log'] as const)(
    '(%s) is told nothing that a client says in the name of another session',
    async (how) => {
      const bench = testRuntime({ services: services() });
      const bob = await bench.session(BOB);
      const victim = await bench.session();
      const first = victim.send('ping');
      await victim.until('pong');
      const watch = async () => {
        const observer = await bench.session();
        const since = how === 'live' ? {} : { since: { after_message_id: first } };
        observer.send('subscribe', { filter: { session_id: [victim.sessionId] }, ...since });
        await observer.until('subscribe.accepted');
        return observer;
      };
      const live = how === 'live' ? await watch() : undefined;
      bob.send('log', { level: 'error', message: 'forged' }, { session_id: victim.sessionId });
      bob.send('job.completed', { value: 'forged' }, { job_id: 'job_1' });
      victim.send('log', { level: 'info', message: 'real' });
      await settle();
      const observer = live ?? (await watch());
      await observer.until('subscribe.event', ({ payload }) => payload.event.payload.message === 'real');
      expect(observer.texts.join('')).not.toContain('forged');
    },
  );
});

describe('subscriptions', () => {
  test('of one principal are bounded over all its sessions', async () => {
    const bench = testRuntime({ services: [subscriptionService()], limits: { maxSubscriptionsPerPrincipal: 3 } });
    const subscribe = async (peer: RawPeer) => (await peer.answerTo(peer.send('subscribe', {}))).type;
    for (let i = 0; i < 3; i++) expect(await subscribe(await bench.session())).toBe('subscribe.accepted');
    const fourth = await bench.session();
    expect(await subscribe(fourth)).toBe('nack');
    expect(await subscribe(await bench.session(BOB))).toBe('subscribe.accepted');
  });
});
