// Delegation to runtimes and by tools that mean no good, and to runtimes that die.

import { describe, expect, test } from 'vitest';
import { onAbort } from '../../../../src/abort.js';
import { connect } from '../../../../src/arcp/client/index.js';
import type { ArcpError } from '../../../../src/arcp/errors.js';
import {
  type AgentHandler,
  type DelegateOptions,
  type DelegationOptions,
  type DelegationPeer,
  delegationService,
} from '../../../../src/arcp/runtime/delegation/delegation.js';
import { permissionService } from '../../../../src/arcp/runtime/human/permissions.js';
import { scheduleService } from '../../../../src/arcp/runtime/schedules/schedule.js';
import type { Tool } from '../../../../src/arcp/runtime/tools.js';
import type { JsonObject, JsonValue } from '../../../../src/codec/json-value.js';
import { memoryTransports } from '../../../../src/transport/memory.js';
import { type RawPeer, settle, testRuntime } from '../../support/raw-peer.js';

const scope = { permission: 'filesystem.read', resource: '/srv/a', operation: 'read' };
const TERMINAL = /^job\.(completed|failed|cancelled)$/;

/** A tool that hands a task on as its arguments say, and ends with what came of it or its code. */
const delegate: Tool = {
  name: 'delegate',
  handler: async (args, context) => {
    try {
      return ((await context.delegate('worker', 'work', (args ?? {}) as DelegateOptions)) as JsonObject) ?? null;
    } catch (error) {
      return (error as ArcpError).code ?? (error as Error).name;
    }
  },
};
const lease: Tool = {
  name: 'lease',
  handler: async (_args, { requestPermission }) => (await requestPermission(scope)).id,
};

function delegating(options: DelegationOptions = {}, tools: readonly Tool[] = []) {
  const permissions = permissionService();
  const delegation = delegationService({ leases: permissions, ...options });
  return { permissions, ...testRuntime({ tools: [delegate, lease, ...tools], services: [permissions, delegation] }) };
}

/** A runtime to hand tasks to that does what a test says, and what it was told. */
function peerThat(answer: (signal: AbortSignal) => ReturnType<DelegationPeer['delegate']>) {
  const told: { readonly context: unknown; readonly signal: AbortSignal }[] = [];
  const peer: DelegationPeer = {
    delegate(_target, _task, context, { signal }) {
      told.push({ context, signal });
      return answer(signal);
    },
  };
  return { peer, told };
}

const silent = () => ({ result: new Promise<never>(() => {}) });
const task = { target: 'worker', task: 'work' };
const ends = (peer: RawPeer) => peer.since().filter(({ type }) => TERMINAL.test(type));

async function leased(peer: RawPeer): Promise<string> {
  peer.send('tool.invoke', { tool: 'lease', arguments: null });
  const { id } = await peer.until('permission.request');
  peer.send('permission.grant', { ...scope, lease_seconds: 300 }, { correlation_id: id });
  return (await peer.until('job.completed')).payload.value as string;
}

describe('another runtime', () => {
  test('that floods its progress is told on at our pace, and its texts are cut', async () => {
    let finish = () => {};
    const { peer: other } = peerThat(() => ({
      result: new Promise((resolve) => {
        finish = () => resolve({ value: 'done' });
      }),
      events: (async function* () {
        for (let i = 0; i < 5_000; i++) {
          yield { type: 'job.progress', payload: { percent: i / 100, message: 'x'.repeat(50_000) } };
        }
        finish();
      })(),
    }));
    const peer = await delegating({ resolve: () => other }).session();
    peer.send('agent.delegate', task);
    await peer.until('job.completed');
    const told = peer.since().filter(({ type }) => type === 'job.progress');
    expect(told).toHaveLength(1);
    expect(told[0]?.payload.message).toHaveLength(1_024);
  });

  test('whose events fail costs the task nothing, and the host is told', async () => {
    const { peer: other } = peerThat(() => ({
      result: Promise.resolve({ value: 'done' }),
      // biome-ignore lint/correctness/useYield: it fails before it says anything.
      events: (async function* () {
        throw new Error('password hunter2');
      })(),
    }));
    const bench = delegating({ resolve: () => other });
    const peer = await bench.session();
    peer.send('agent.delegate', task);
    expect((await peer.until('job.completed')).payload.value).toBe('done');
    expect(bench.faults).toHaveLength(1);
    expect(peer.texts.join()).not.toContain('hunter2');
  });

  test.each<readonly [string, JsonValue]>([
    ['a percentage that is none', { percent: 'x', message: 7 }],
    ['one below nothing', { percent: -1 }],
    ['one beyond all', { percent: 1e300 }],
    ['no payload', null],
  ])('whose progress is %s does no harm', async (_what, payload) => {
    const { peer: other } = peerThat(() => ({
      result: Promise.resolve({ value: 1 }),
      events: (async function* () {
        yield { type: 'job.progress', payload };
      })(),
    }));
    const bench = delegating({ resolve: () => other });
    const peer = await bench.session();
    peer.send('agent.delegate', task);
    await peer.until('job.completed');
    for (const { type, payload: said } of peer.since()) {
      if (type === 'job.progress') expect([0, 100, undefined]).toContain(said.percent);
    }
    expect(bench.faults).toEqual([]);
  });

  test('whose events never end is let go of with the end of the task', async () => {
    let isOver = false;
    const endless = {
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise<never>(() => {}),
        return: async () => {
          isOver = true;
          return { done: true as const, value: undefined };
        },
      }),
    };
    const { peer: other } = peerThat(() => ({ result: Promise.resolve({ value: 'done' }), events: endless }));
    const peer = await delegating({ resolve: () => other }).session();
    peer.send('agent.delegate', task);
    expect((await peer.until('job.completed')).payload.value).toBe('done');
    await settle();
    expect(isOver).toBe(true);
  });

  test('that never ends, nor stops when it is told to, keeps no job that is cancelled', async () => {
    const { peer: other, told } = peerThat(silent);
    const bench = delegating({ resolve: () => other });
    const peer = await bench.session();
    peer.send('agent.delegate', task);
    const { job_id } = await peer.until('job.started');
    await settle();
    peer.send('cancel', { target: 'job', target_id: job_id as string, reason: 'enough' });
    expect((await peer.until('job.cancelled')).payload.reason).toBe('enough');
    expect(told[0]?.signal.aborted).toBe(true);
    // The job's place is free again: no tool goes on behind its back.
    await bench.runtime.close();
    expect(bench.clock.pendingTimers).toBe(0);
  });

  test('that takes longer than a task may take has it taken back: DEADLINE_EXCEEDED, once', async () => {
    const { peer: other, told } = peerThat(silent);
    const bench = delegating({ resolve: () => other, maxTaskMs: 90_000 });
    const peer = await bench.session();
    peer.send('agent.delegate', task);
    await peer.until('job.started');
    await settle();
    bench.clock.advance(89_999);
    await settle();
    expect(ends(peer)).toEqual([]);
    bench.clock.advance(1);
    expect((await peer.until('job.failed')).payload).toMatchObject({ code: 'DEADLINE_EXCEEDED', retryable: true });
    expect(told[0]?.signal.aborted).toBe(true);
    await settle();
    expect(ends(peer)).toHaveLength(1);
  });

  test('that is looked up for ever keeps no job and no tool that gave up', async () => {
    const bench = delegating({ resolve: () => new Promise(() => {}) });
    const peer = await bench.session();
    peer.send('agent.delegate', task);
    const { job_id } = await peer.until('job.started');
    peer.send('cancel', { target: 'job', target_id: job_id as string });
    await peer.until('job.cancelled');
    const invoked = peer.send('tool.invoke', { tool: 'delegate', arguments: null });
    const started = await peer.until('job.started', ({ correlation_id }) => correlation_id === invoked);
    peer.send('cancel', { target: 'job', target_id: started.job_id as string });
    // The tool says what it was given.
    expect((await peer.until('job.completed')).payload.value).toBe('ERR_ARCP_CANCELLED');
  });

  test.each<readonly [string, unknown]>([
    ['nothing', undefined],
    ['no object', 7],
    ['a value that no JSON can say', { value: 1n }],
  ])('whose result is %s ends the job once', async (_what, answer) => {
    const { peer: other } = peerThat(() => ({ result: Promise.resolve(answer as never) }));
    const peer = await delegating({ resolve: () => other }).session();
    peer.send('agent.delegate', task);
    await expect.poll(() => ends(peer)).toHaveLength(1);
    await settle();
    expect(ends(peer)).toHaveLength(1);
  });

  test('that says foreign jobs have ended, and its own twice, ends ours once, with the first word', async () => {
    const client = await connect({
      dial: async () => {
        const [near, far] = memoryTransports();
        const say = (type: string, payload: JsonValue, fields: JsonObject = {}) =>
          far.send(
            JSON.stringify({
              arcp: '1.0',
              id: `msg_${Math.random().toString(36).slice(2)}`,
              type,
              timestamp: '2026-03-02T08:15:42.000Z',
              session_id: 'sess_evil',
              ...fields,
              payload,
            }),
          );
        far.receive((text) => {
          const { type, id, payload } = JSON.parse(text as string) as { type: string; id: string; payload: JsonObject };
          if (type === 'session.open') {
            const accepted = {
              session_id: 'sess_evil',
              runtime: { kind: 'evil', version: '6.6.6' },
              capabilities: payload.capabilities ?? {},
              lease: { expires_at: '2099-01-01T00:00:00Z' },
            };
            say('session.accepted', accepted, { correlation_id: id });
          }
          if (type === 'session.close') far.close(1000, '');
          if (type !== 'agent.delegate') return;
          const own = { job_id: 'job_evil', correlation_id: id };
          say('job.accepted', { job_id: 'job_evil' }, own);
          say('job.completed', { value: 'foreign' }, { job_id: 'job_foreign', correlation_id: id });
          say('job.completed', { value: 'nobody asked' }, { job_id: 'job_foreign', correlation_id: 'msg_other' });
          say('job.completed', { value: 'first' }, own);
          say('job.completed', { value: 'second' }, own);
          say('job.failed', { code: 'INTERNAL', message: 'third' }, own);
        });
        return near;
      },
      auth: { scheme: 'bearer', token: 'tok' },
      client: { kind: 'runtime-a', version: '1.0.0' },
      reconnect: false,
    });
    const bench = delegating({ resolve: () => client });
    const peer = await bench.session();
    peer.send('agent.delegate', task);
    expect((await peer.until('job.completed')).payload.value).toBe('first');
    await settle();
    expect(ends(peer)).toHaveLength(1);
    await client.close();
  });

  test('that cancels the task by itself cancels the job here, with its words', async () => {
    const other = delegating({
      agents: { worker: (_task, { signal }) => new Promise((_resolve, reject) => onAbort(signal, reject)) },
    });
    const client = await connect({
      dial: async () => {
        const [near, far] = memoryTransports();
        void other.runtime.accept(far);
        return near;
      },
      auth: { scheme: 'bearer', token: 'tok-bob' },
      client: { kind: 'runtime-a', version: '1.0.0' },
      reconnect: false,
    });
    const bench = delegating({ resolve: () => client });
    const peer = await bench.session();
    peer.send('agent.delegate', task);
    await peer.until('job.started');
    await expect.poll(() => other.runtime.sessions()[0]?.jobs).toBe(1);
    other.runtime.evict(other.runtime.sessions()[0]?.id as string, 'CANCELLED', 'we close');
    expect((await peer.until('job.cancelled')).payload.reason).toBe('we close');
    await settle();
    expect(ends(peer)).toHaveLength(1);
  });

  test('is handed a task once, also where this runtime is restarted meanwhile: the job fails once', async () => {
    const { peer: other, told } = peerThat(silent);
    const bench = delegating({ resolve: () => other });
    const peer = await bench.session();
    peer.send('agent.delegate', task);
    const { job_id } = await peer.until('job.started');
    await settle();
    const next = await bench.restart({ services: [delegationService({ resolve: () => other })] });
    const again = next.connect();
    await again.open({ session_id: peer.sessionId });
    again.send('resume', { after_message_id: peer.received.at(-1)?.id as string });
    expect(await again.until('job.failed')).toMatchObject({
      job_id,
      payload: { code: 'UNAVAILABLE', retryable: true },
    });
    await settle();
    expect(told).toHaveLength(1);
    expect(again.received.filter(({ type }) => TERMINAL.test(type))).toHaveLength(1);
  });
});

describe('a deputy', () => {
  const inherited = { permissionsInherited: ['filesystem.read'] };

  test('passes on no lease that it was not asked to', async () => {
    const { peer: other, told } = peerThat(() => ({ result: Promise.resolve({ value: 'done' }) }));
    const peer = await delegating({ resolve: () => other }).session();
    await leased(peer);
    peer.send('agent.delegate', task, { trace_id: 't' });
    await peer.until('job.completed');
    peer.send('tool.invoke', { tool: 'delegate', arguments: {} }, { trace_id: 't' });
    await peer.until('job.completed');
    expect(told.map(({ context }) => context)).toEqual([{ trace_id: 't' }, { trace_id: 't' }]);
  });

  test('passes on no lease that was revoked while the other runtime was looked up', async () => {
    let found: (peer: DelegationPeer) => void = () => {};
    const { peer: other, told } = peerThat(() => ({ result: Promise.resolve({ value: 'done' }) }));
    const bench = delegating({
      resolve: () =>
        new Promise((resolve) => {
          found = resolve;
        }),
    });
    const peer = await bench.session();
    const id = await leased(peer);
    peer.send('tool.invoke', { tool: 'delegate', arguments: inherited });
    await peer.until('job.started');
    await settle();
    expect(await bench.permissions.revoke(peer.sessionId, id, 'enough')).toBe(true);
    found(other);
    expect((await peer.until('job.completed')).payload.value).toBe('ERR_ARCP_PERMISSION_DENIED');
    expect(told).toEqual([]);
  });

  test('has its client looked up by credential, whatever the message says', async () => {
    const asked: string[] = [];
    const agent: AgentHandler = ({ principal }) => principal;
    const bench = delegating({
      agents: { home: agent },
      resolve: ({ principal }) => {
        asked.push(principal);
        return undefined;
      },
    });
    const peer = await bench.session();
    const forged = { source: 'bob', principal: 'bob', extensions: { principal: 'bob' } };
    peer.send('agent.delegate', { ...task, principal: 'bob' }, forged);
    expect((await peer.until('job.failed')).payload.code).toBe('NOT_FOUND');
    expect(asked).toEqual(['alice']);
    peer.send('agent.delegate', { target: 'home', task: '', principal: 'bob' }, forged);
    expect((await peer.until('job.completed')).payload.value).toBe('alice');
  });

  test('that hands out tasks without end is stopped at so many of one job, and goes on when some have ended', async () => {
    const finish: (() => void)[] = [];
    const { peer: other, told } = peerThat(() => ({
      result: new Promise((resolve) => finish.push(() => resolve({ value: 1 }))),
    }));
    const codes: string[] = [];
    const fanOut: Tool = {
      name: 'fan-out',
      handler: async (_args, context) => {
        const all = Array.from({ length: 5 }, () =>
          context.delegate('w', 't').catch((error: ArcpError) => codes.push(error.code)),
        );
        await settle();
        for (const end of finish) end();
        await Promise.all(all);
        const last = context.delegate('w', 't');
        await settle();
        finish.at(-1)?.();
        await last;
        return null;
      },
    };
    const peer = await delegating({ resolve: () => other, maxOpenPerJob: 3 }, [fanOut]).session();
    peer.send('tool.invoke', { tool: 'fan-out', arguments: null });
    await peer.until('job.completed');
    expect(codes).toEqual(['ERR_ARCP_RESOURCE_EXHAUSTED', 'ERR_ARCP_RESOURCE_EXHAUSTED']);
    expect(told).toHaveLength(4);
  });

  test.each<readonly [string, DelegateOptions]>([
    ['no list', { permissionsInherited: 'filesystem.read' as never }],
    ['a list of what is no text', { permissionsInherited: [7] as never }],
    ['a thousand', { permissionsInherited: Array(1_000).fill('x') }],
    ['names as long as books', { permissionsInherited: ['x'.repeat(1_025)] }],
  ])('whose permissions are %s is told so', async (_what, options) => {
    const peer = await delegating({ resolve: () => undefined }).session();
    peer.send('tool.invoke', { tool: 'delegate', arguments: options as unknown as JsonValue });
    expect((await peer.until('job.completed')).payload.value).toBe('TypeError');
  });
});

describe('a task that was scheduled', () => {
  const own = { trace_id: 'trace-own' };

  function scheduling(options: DelegationOptions) {
    const delegation = delegationService(options);
    const schedules = scheduleService({ commands: [delegation.command] });
    return testRuntime({ tools: [delegate], services: [delegation, schedules] });
  }

  function schedule(peer: RawPeer, target: string): void {
    const payload = { target, task: 'work', context: own };
    peer.send('job.schedule', { job: { type: 'agent.delegate', payload }, when: { after: 60 } });
  }

  test('is refused by the place of what is wrong in the message that carries it', async () => {
    const { session } = scheduling({ agents: { worker: () => null } });
    const peer = await session();
    const payload = { target: 'worker', task: 'work', context: { shared_memory_ref: 'none' } };
    const id = peer.send('job.schedule', { job: { type: 'agent.delegate', payload }, when: { after: 60 } });
    expect((await peer.answerTo(id)).payload).toMatchObject({
      code: 'INVALID_ARGUMENT',
      details: { path: 'payload.job.payload.context.shared_memory_ref' },
    });
  });

  test('goes on in its own trace, and so does what its agent hands on', async () => {
    const { peer: elsewhere, told } = peerThat(() => ({ result: Promise.resolve({ value: 1 }) }));
    const { session, clock } = scheduling({
      agents: { deputy: async (_task, context) => void (await context.delegate('worker', 'work')) },
      resolve: () => elsewhere,
    });
    const peer = await session();
    for (const target of ['worker', 'deputy']) {
      schedule(peer, target);
      await peer.until('job.accepted');
      clock.advance(60_000);
      await peer.until('job.completed');
    }
    expect(told.map(({ context }) => context)).toEqual([own, own]);
  });

  test('counts among the open ones of its trace: one too many fails, and what has ended makes room', async () => {
    const { peer: elsewhere } = peerThat(silent);
    const { session, clock } = scheduling({ resolve: () => elsewhere, maxOpenPerTrace: 1 });
    const peer = await session();
    for (let i = 0; i < 2; i++) schedule(peer, 'worker');
    await settle();
    clock.advance(60_000);
    await settle();
    expect(ends(peer).map(({ payload }) => payload.code)).toEqual(['RESOURCE_EXHAUSTED']);
    const running = peer.since().find(({ type, job_id }) => type === 'job.started' && job_id !== ends(peer)[0]?.job_id);
    peer.send('cancel', { target: 'job', target_id: running?.job_id as string });
    await peer.until('job.cancelled');
    peer.forget();
    schedule(peer, 'worker');
    await settle();
    clock.advance(60_000);
    await settle();
    expect(ends(peer)).toEqual([]);
  });
});

describe('an idempotency key', () => {
  test('of a task is answered with what came of it, also where its agent is gone', async () => {
    const bench = delegating({ agents: { worker: () => 'done' } });
    const peer = await bench.session();
    const fields = { idempotency_key: 'once' };
    peer.send('agent.delegate', task, fields);
    const { job_id } = await peer.until('job.completed');
    await settle();
    const next = await bench.restart({ services: [delegationService()] });
    const again = await next.session();
    again.send('agent.delegate', task, fields);
    expect(await again.until('job.completed')).toMatchObject({ job_id, payload: { value: 'done' } });
  });

  test('of a task that no agent is there for stays free', async () => {
    const peer = await delegating({ agents: { worker: () => 'done' } }).session();
    const fields = { idempotency_key: 'once' };
    peer.send('agent.delegate', { target: 'nobody', task: '' }, fields);
    expect((await peer.until('nack')).payload.code).toBe('NOT_FOUND');
    peer.send('agent.delegate', task, fields);
    expect((await peer.until('job.completed')).payload.value).toBe('done');
  });
});

test('options that are none are refused', () => {
  for (const maxTaskMs of [0, 1.5, 2 ** 31]) expect(() => delegationService({ maxTaskMs })).toThrow(RangeError);
  expect(() => delegationService({ maxOpenPerJob: 0 })).toThrow(RangeError);
  expect(() => delegationService({ agents: { worker: undefined as never } })).toThrow(TypeError);
});
