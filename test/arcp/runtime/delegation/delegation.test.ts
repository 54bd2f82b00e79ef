// Delegation: to agents of this runtime over the wire, and on to other runtimes through the client.

import { describe, expect, test } from 'vitest';
import { onAbort } from '../../../../src/abort.js';
import { type ClientSession, connect } from '../../../../src/arcp/client/index.js';
import { ArcpError } from '../../../../src/arcp/errors.js';
import {
  type AgentHandler,
  DELEGATION_EXTENSION,
  type DelegatedTask,
  type DelegateOptions,
  type DelegationOptions,
  type DelegationPeer,
  delegationService,
} from '../../../../src/arcp/runtime/delegation/delegation.js';
import { permissionService } from '../../../../src/arcp/runtime/human/permissions.js';
import { scheduleService } from '../../../../src/arcp/runtime/schedules/schedule.js';
import type { Tool } from '../../../../src/arcp/runtime/tools.js';
import type { JsonObject, JsonValue } from '../../../../src/codec/json-value.js';
import type { Transport } from '../../../../src/transport/contract.js';
import { memoryTransports } from '../../../../src/transport/memory.js';
import { type RawPeer, settle, type TestRuntime, testRuntime } from '../../support/raw-peer.js';

/** A tool that hands a task on as its arguments say, and ends with what came of it or its code. */
const delegate: Tool = {
  name: 'delegate',
  handler: async (args, context) => {
    const { target = 'worker', task = 'work', ...options } = (args ?? {}) as JsonObject & DelegateOptions;
    try {
      return ((await context.delegate(target as string, task as string, options)) as JsonObject) ?? null;
    } catch (error) {
      return (error as ArcpError).code ?? (error as Error).name;
    }
  },
};

const scope = { permission: 'filesystem.read', resource: '/srv/a', operation: 'read' };
const lease: Tool = {
  name: 'lease',
  handler: async (_args, { requestPermission }) => (await requestPermission(scope)).id,
};

const sleeping: AgentHandler = (_task, { signal }) => new Promise((_resolve, reject) => onAbort(signal, reject));

function delegating(options: DelegationOptions = {}) {
  const permissions = permissionService();
  const delegation = delegationService({ leases: permissions, ...options });
  const schedules = scheduleService({ commands: [delegation.command] });
  const bench = testRuntime({ tools: [delegate, lease], services: [permissions, delegation, schedules] });
  return { delegation, permissions, ...bench };
}

/** A session of the client with a runtime under test, on the host's own clock. */
function clientOf(
  bench: Pick<TestRuntime, 'runtime'>,
  onDial: (transport: Transport) => void = () => {},
): Promise<ClientSession> {
  return connect({
    dial: async () => {
      const [near, far] = memoryTransports();
      void bench.runtime.accept(far);
      onDial(near);
      return near;
    },
    auth: { scheme: 'bearer', token: 'tok-bob' },
    client: { kind: 'runtime-a', version: '1.0.0' },
    reconnect: false,
  });
}

const hops = (count: JsonValue) => ({ extensions: { [DELEGATION_EXTENSION]: { hops: count } } });

async function result(peer: RawPeer, args: JsonValue, fields = {}): Promise<JsonValue> {
  const id = peer.send('tool.invoke', { tool: 'delegate', arguments: args }, fields);
  const completed = await peer.until('job.completed', ({ correlation_id }) => correlation_id === id);
  return completed.payload.value as JsonValue;
}

async function leased(peer: RawPeer): Promise<string> {
  peer.send('tool.invoke', { tool: 'lease', arguments: null });
  const { id } = await peer.until('permission.request');
  peer.send('permission.grant', { ...scope, lease_seconds: 300 }, { correlation_id: id });
  return (await peer.until('job.completed')).payload.value as string;
}

describe('agent.delegate to an agent of this runtime', () => {
  test('runs it as a job that answers the command, of the trace that came', async () => {
    const seen: DelegatedTask[] = [];
    const agent: AgentHandler = (task, { progress }) => {
      seen.push(task);
      progress(10);
      return `did: ${task.task}`;
    };
    const peer = await delegating({ agents: { worker: agent } }).session();
    const id = peer.send('agent.delegate', {
      target: 'worker',
      task: 'sweep',
      context: { trace_id: 'trace-7', shared_memory_ref: 'art_1', permissions_inherited: ['filesystem.read'] },
    });
    const done = await peer.until('job.completed');
    expect(done.payload).toEqual({ value: 'did: sweep' });
    expect(peer.types()).toEqual(['job.accepted', 'job.started', 'job.progress', 'job.completed']);
    for (const message of peer.since()) expect(message).toMatchObject({ correlation_id: id, trace_id: 'trace-7' });
    expect(seen).toEqual([
      {
        target: 'worker',
        task: 'sweep',
        principal: 'alice',
        traceId: 'trace-7',
        sharedMemoryRef: 'art_1',
        permissionsInherited: ['filesystem.read'],
        hops: 0,
      },
    ]);
  });

  test("keeps the envelope's trace where the context says none", async () => {
    const peer = await delegating({ agents: { worker: ({ traceId }) => traceId ?? null } }).session();
    peer.send('agent.delegate', { target: 'worker', task: '' }, { trace_id: 'trace-8' });
    expect((await peer.until('job.completed')).payload.value).toBe('trace-8');
  });

  test('can be cancelled, fails with what the agent throws, and is run once for an idempotency key', async () => {
    let ran = 0;
    const failing: AgentHandler = () => {
      throw new ArcpError('OUT_OF_RANGE', 'too far');
    };
    const counting: AgentHandler = () => ++ran;
    const peer = await delegating({ agents: { sleeping, failing, counting } }).session();
    peer.send('agent.delegate', { target: 'sleeping', task: '' });
    const { job_id } = await peer.until('job.started');
    peer.send('cancel', { target: 'job', target_id: job_id as string });
    await peer.until('job.cancelled');
    peer.send('agent.delegate', { target: 'failing', task: '' });
    expect((await peer.until('job.failed')).payload.code).toBe('OUT_OF_RANGE');
    for (let i = 0; i < 2; i++) {
      peer.send('agent.delegate', { target: 'counting', task: '' }, { idempotency_key: 'once' });
      expect((await peer.until('job.completed')).payload.value).toBe(1);
    }
  });

  test('can be scheduled', async () => {
    const bench = delegating({ agents: { worker: ({ task }) => task } });
    const peer = await bench.session();
    const job = { type: 'agent.delegate', payload: { target: 'worker', task: 'sweep' } };
    peer.send('job.schedule', { job, when: { after: 60 } });
    await peer.until('job.accepted');
    bench.clock.advance(60_000);
    expect((await peer.until('job.completed')).payload.value).toBe('sweep');
  });

  test.each<readonly [string, JsonObject, string]>([
    ['an agent nobody knows', { target: 'nobody', task: '' }, 'NOT_FOUND'],
    ['a member of every object', { target: 'constructor', task: '' }, 'NOT_FOUND'],
    ['no task', { target: 'worker' }, 'INVALID_ARGUMENT'],
    ['a target of 2,000 characters', { target: 'x'.repeat(2_000), task: '' }, 'INVALID_ARGUMENT'],
    ['an empty trace', { target: 'worker', task: '', context: { trace_id: '' } }, 'INVALID_ARGUMENT'],
    [
      'a memory that is no artifact',
      { target: 'worker', task: '', context: { shared_memory_ref: '/etc' } },
      'INVALID_ARGUMENT',
    ],
    [
      'a thousand permissions',
      { target: 'worker', task: '', context: { permissions_inherited: Array(1_000).fill('x') } },
      'INVALID_ARGUMENT',
    ],
    [
      'a permission that is no text',
      { target: 'worker', task: '', context: { permissions_inherited: [1] } },
      'INVALID_ARGUMENT',
    ],
  ])('%s is refused', async (_what, payload, code) => {
    const peer = await delegating({ agents: { worker: () => 1 } }).session();
    peer.send('agent.delegate', payload);
    expect((await peer.until('nack')).payload.code).toBe(code);
    expect(peer.types()).toEqual(['nack']);
  });

  test('is UNIMPLEMENTED where the runtime has no delegation, and so it is for tools', async () => {
    const peer = await testRuntime({ tools: [delegate] }).session();
    peer.send('agent.delegate', { target: 'worker', task: '' });
    expect((await peer.until('nack')).payload.code).toBe('UNIMPLEMENTED');
    expect(await result(peer, null)).toBe('ERR_ARCP_UNIMPLEMENTED');
    expect(await result(await delegating().session(), null)).toBe('ERR_ARCP_UNIMPLEMENTED');
  });
});

describe('a task that goes on to another runtime', () => {
  /** Two runtimes: what a has no agent for goes to b. */
  async function two(agents: Record<string, AgentHandler>, options: DelegationOptions = {}) {
    const b = delegating({ agents });
    let cut: () => void = () => {};
    const client = await clientOf(b, (transport) => {
      cut = () => transport.abort();
    });
    const a = delegating({ resolve: ({ target }) => (target === 'nobody' ? undefined : client), ...options });
    return { a, b, cut: () => cut() };
  }

  test('is a job at either, of one trace, with progress and result', async () => {
    const { a, b } = await two({
      worker: ({ task, traceId, principal, hops: count }, { progress }) => {
        progress(40, 'on it');
        return { task, traceId: traceId ?? null, principal, hops: count };
      },
    });
    const observed: (string | undefined)[] = [];
    b.runtime.bus.subscribe((_entry, { type, trace_id }) => {
      if (type.startsWith('job.') || type === 'agent.delegate') observed.push(trace_id);
    });
    const peer = await a.session();
    peer.send('agent.delegate', { target: 'worker', task: 'sweep' }, { trace_id: 'trace-7' });
    const done = await peer.until('job.completed');
    expect(done.payload.value).toEqual({ task: 'sweep', traceId: 'trace-7', principal: 'bob', hops: 1 });
    expect(done.trace_id).toBe('trace-7');
    expect(peer.since().find(({ type }) => type === 'job.progress')?.payload).toEqual({
      percent: 40,
      message: 'on it',
    });
    expect(observed.length).toBeGreaterThan(3);
    expect(new Set(observed)).toEqual(new Set(['trace-7']));
  });

  test('by a tool comes back to the tool; where there is no trace the job is one', async () => {
    const { a } = await two({ worker: ({ traceId, task }) => `${task} in ${traceId}` });
    const peer = await a.session();
    const id = peer.send('tool.invoke', { tool: 'delegate', arguments: { task: 'sweep' } });
    const { payload, job_id } = await peer.until('job.completed', ({ correlation_id }) => correlation_id === id);
    expect(payload.value).toEqual({ value: `sweep in ${job_id}` });
    expect(await result(peer, {}, { trace_id: 'trace-9' })).toEqual({ value: 'work in trace-9' });
  });

  test('fails here with what it failed with there', async () => {
    const { a } = await two({
      worker: () => {
        throw new ArcpError('RESOURCE_EXHAUSTED', 'busy', { details: { retry_after_seconds: 3 } });
      },
    });
    const peer = await a.session();
    peer.send('agent.delegate', { target: 'worker', task: '' });
    expect((await peer.until('job.failed')).payload).toMatchObject({
      code: 'RESOURCE_EXHAUSTED',
      retryable: true,
      details: { retry_after_seconds: 3 },
    });
    expect(await result(peer, {})).toBe('ERR_ARCP_RESOURCE_EXHAUSTED');
  });

  test('that nobody is there for is NOT_FOUND, here or there', async () => {
    const { a } = await two({});
    const peer = await a.session();
    for (const target of ['nobody', 'missing']) {
      peer.send('agent.delegate', { target, task: '' });
      expect((await peer.until('job.failed')).payload.code).toBe('NOT_FOUND');
      expect(await result(peer, { target })).toBe('ERR_ARCP_NOT_FOUND');
    }
  });

  test('is cancelled there when it is cancelled here', async () => {
    const { a, b } = await two({ worker: sleeping });
    const ended: string[] = [];
    b.runtime.bus.subscribe((_entry, { type }) => ended.push(type));
    const peer = await a.session();
    peer.send('agent.delegate', { target: 'worker', task: '' });
    const { job_id } = await peer.until('job.started');
    await expect.poll(() => ended).toContain('job.started');
    peer.send('cancel', { target: 'job', target_id: job_id as string });
    await peer.until('job.cancelled');
    await expect.poll(() => ended).toContain('job.cancelled');
  });

  test('is UNAVAILABLE when the other runtime goes away', async () => {
    const { a, cut } = await two({ worker: sleeping });
    const peer = await a.session();
    peer.send('agent.delegate', { target: 'worker', task: '' });
    await peer.until('job.started');
    cut();
    expect((await peer.until('job.failed')).payload).toMatchObject({ code: 'UNAVAILABLE', retryable: true });
    expect(await result(peer, {})).toBe('ERR_ARCP_UNAVAILABLE');
  });

  test('whose resolver throws fails without its words', async () => {
    const a = delegating({
      resolve: () => {
        throw new Error('password hunter2');
      },
    });
    const peer = await a.session();
    peer.send('agent.delegate', { target: 'worker', task: '' });
    const { payload } = await peer.until('job.failed');
    expect(payload.code).toBe('INTERNAL');
    expect(JSON.stringify(payload)).not.toContain('hunter2');
  });
});

describe('permissions that a task inherits', () => {
  const inherited = { permissionsInherited: ['filesystem.read'] };

  function recording() {
    const contexts: unknown[] = [];
    const peer: DelegationPeer = {
      delegate(_target, _task, context) {
        contexts.push(context);
        return { result: Promise.resolve({ value: 'done' }) };
      },
    };
    return { contexts, bench: delegating({ resolve: () => peer }) };
  }

  test('go along while the session has a live lease of each', async () => {
    const { contexts, bench } = recording();
    const peer = await bench.session();
    await leased(peer);
    expect(await result(peer, inherited, { trace_id: 't' })).toEqual({ value: 'done' });
    expect(contexts).toEqual([{ trace_id: 't', permissions_inherited: ['filesystem.read'] }]);
    peer.send('agent.delegate', { target: 'w', task: '', context: { permissions_inherited: ['filesystem.read'] } });
    await peer.until('job.completed');
    expect(contexts).toHaveLength(2);
  });

  test.each(['Filesystem.read', 'filesystem.read ', 'filesystem.*', 'filesystem', 'filesystem%2eread', ''])(
    'R3: are matched letter for letter, which %j is not',
    async (permission) => {
      const { contexts, bench } = recording();
      const peer = await bench.session();
      await leased(peer);
      expect(await result(peer, { permissionsInherited: [permission] })).toBe('ERR_ARCP_PERMISSION_DENIED');
      expect(contexts).toEqual([]);
    },
  );

  test('do not when the lease has expired or was revoked, belongs to another session, or never was', async () => {
    const { contexts, bench } = recording();
    const peer = await bench.session();
    const denied = async (of: RawPeer) => expect(await result(of, inherited)).toBe('ERR_ARCP_PERMISSION_DENIED');
    await denied(peer);
    const first = await leased(peer);
    await denied(await bench.session());
    expect(await bench.permissions.revoke(peer.sessionId, first, 'enough')).toBe(true);
    await denied(peer);
    await leased(peer);
    bench.clock.advance(300_000);
    await settle();
    await denied(peer);
    peer.send('agent.delegate', { target: 'w', task: '', context: { permissions_inherited: ['filesystem.read'] } });
    expect((await peer.until('job.failed')).payload.code).toBe('PERMISSION_DENIED');
    expect(contexts).toEqual([]);
  });

  test('are none where the host has not said where leases are', async () => {
    const peer: DelegationPeer = { delegate: () => ({ result: Promise.resolve({ value: 'done' }) }) };
    const bench = delegating({ resolve: () => peer, leases: undefined });
    const raw = await bench.session();
    await leased(raw);
    expect(await result(raw, inherited)).toBe('ERR_ARCP_PERMISSION_DENIED');
    expect(await result(raw, {})).toEqual({ value: 'done' });
  });
});

describe('a task that goes round', () => {
  test('stops after so many runtimes', async () => {
    let sent = 0;
    const bench: ReturnType<typeof delegating> = delegating({
      maxHops: 3,
      resolve: async () => {
        sent++;
        return clientOf(bench);
      },
    });
    const peer = await bench.session();
    peer.send('agent.delegate', { target: 'worker', task: 'round and round' }, { trace_id: 'trace-7' });
    expect((await peer.until('job.failed')).payload.code).toBe('FAILED_PRECONDITION');
    expect(sent).toBe(3);
  });

  test('stops also through runtimes that do not count', async () => {
    let sent = 0;
    const bench: ReturnType<typeof delegating> = delegating({
      maxOpenPerTrace: 5,
      resolve: async () => {
        sent++;
        const client = await clientOf(bench);
        const forgetful: DelegationPeer = {
          delegate: (target, task, context, options) =>
            client.delegate(target, task, context, { ...options, extensions: undefined }),
        };
        return forgetful;
      },
    });
    const peer = await bench.session();
    peer.send('agent.delegate', { target: 'worker', task: 'round and round' }, { trace_id: 'trace-7' });
    expect((await peer.until('job.failed')).payload.code).toBe('RESOURCE_EXHAUSTED');
    // One of alice, five of the client that dials.
    expect(sent).toBe(6);
    // And when all that is over there is room again.
    peer.send('agent.delegate', { target: 'worker', task: 'again' }, { trace_id: 'trace-7' });
    await peer.until('job.failed');
    expect(sent).toBe(12);
  });

  test.each([9, 2 ** 53, -1, 1.5, '1', null])('is refused where it says that it has gone through %j', async (count) => {
    const peer = await delegating({ agents: { worker: () => 1 } }).session();
    peer.send('agent.delegate', { target: 'worker', task: '' }, hops(count));
    const code = (await peer.until('nack')).payload.code;
    expect(code).toBe(count === 9 ? 'FAILED_PRECONDITION' : 'INVALID_ARGUMENT');
  });

  test('is taken at the limit, and goes no further', async () => {
    const bench = delegating({ agents: { worker: ({ hops: count }) => count }, resolve: () => undefined });
    const peer = await bench.session();
    peer.send('agent.delegate', { target: 'worker', task: '' }, hops(8));
    expect((await peer.until('job.completed')).payload.value).toBe(8);
    peer.send('agent.delegate', { target: 'other', task: '' }, hops(8));
    expect((await peer.until('job.failed')).payload.code).toBe('FAILED_PRECONDITION');
  });

  test('counts also where an agent hands its task on', async () => {
    const sent: unknown[] = [];
    const other: DelegationPeer = {
      delegate(_target, _task, _context, { extensions }) {
        sent.push(extensions);
        return { result: Promise.resolve({ value: null }) };
      },
    };
    const agent: AgentHandler = async (_task, context) => {
      await context.delegate('elsewhere', 'more');
      return null;
    };
    const peer = await delegating({ agents: { worker: agent }, resolve: () => other }).session();
    peer.send('agent.delegate', { target: 'worker', task: '' }, hops(4));
    await peer.until('job.completed');
    expect(sent).toEqual([{ [DELEGATION_EXTENSION]: { hops: 5 } }]);
  });
});

describe('delegate of a tool', () => {
  test('rejects with the reason of its own signal, and takes the task back', async () => {
    const controller = new AbortController();
    let given: AbortSignal | undefined;
    const other: DelegationPeer = {
      delegate(_target, _task, _context, { signal }) {
        given = signal;
        return { result: new Promise((_resolve, reject) => onAbort(signal, reject)) };
      },
    };
    const failures: unknown[] = [];
    const tool: Tool = {
      name: 'own',
      handler: async (_args, context) => {
        await context.delegate('w', 't', { signal: controller.signal }).catch((error: unknown) => failures.push(error));
        await context.delegate('w', 't', { signal: controller.signal }).catch((error: unknown) => failures.push(error));
        return null;
      },
    };
    const services = [delegationService({ resolve: () => other })];
    const peer = await testRuntime({ tools: [tool], services }).session();
    peer.send('tool.invoke', { tool: 'own', arguments: null });
    await peer.until('job.started');
    await settle();
    const reason = new Error('enough');
    controller.abort(reason);
    await peer.until('job.completed');
    expect(failures).toEqual([reason, reason]);
    expect(given?.aborted).toBe(true);
  });

  test.each<readonly [string, JsonObject]>([
    ['no target', { target: '' }],
    ['a target that is no text', { target: 7 }],
    ['a task that is no text', { task: 7 }],
    ['a memory that is no artifact', { sharedMemoryRef: 'x' }],
  ])('%s is a TypeError', async (_what, args) => {
    const bench = delegating({ resolve: () => undefined });
    expect(await result(await bench.session(), args)).toBe('TypeError');
  });
});

test('limits that are none are refused', () => {
  for (const maxHops of [0, 65, 1.5]) expect(() => delegationService({ maxHops })).toThrow(RangeError);
  expect(() => delegationService({ maxOpenPerTrace: 0 })).toThrow(RangeError);
});
