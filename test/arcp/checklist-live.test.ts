// Lines of the checklist that are decided by the codec, shown over an open session: what comes back on the wire, and what
// of it is executed.

import { describe, expect, test } from 'vitest';
import { arcpError } from '../../src/arcp/errors.js';
import { artifactService } from '../../src/arcp/runtime/artifacts/artifacts-service.js';
import { permissionService } from '../../src/arcp/runtime/human/permissions.js';
import { streamService } from '../../src/arcp/runtime/streams/streams-service.js';
import type { ToolContext } from '../../src/arcp/runtime/tool-context.js';
import type { Tool } from '../../src/arcp/runtime/tools.js';
import type { JsonObject, JsonValue } from '../../src/codec/json-value.js';
import { ScriptedRuntime } from './client/scripted-runtime.js';
import { type RawFields, settle, testRuntime } from './support/raw-peer.js';

const runs: JsonValue[] = [];
const record: Tool = {
  name: 'record',
  handler(args) {
    runs.push(args);
    return args;
  },
};

describe('a command over an open session', () => {
  const invoke = (fields: RawFields) =>
    JSON.stringify({
      arcp: '1.0',
      id: 'msg_live',
      type: 'tool.invoke',
      timestamp: '2026-03-02T08:15:42Z',
      payload: { tool: 'record', arguments: 1 },
      ...fields,
    });

  test.each<[string, RawFields]>([
    ['[10.7] whose correlation id is a job id', { correlation_id: 'job_1' }],
    ['[10.8] whose trace id is empty', { trace_id: '' }],
    ['[10.8] whose idempotency key is empty', { idempotency_key: '' }],
    ['[10.9] whose time has no offset', { timestamp: '2026-03-02T08:15:42' }],
    ['[10.9] whose time is a number', { timestamp: 1_772_439_342 }],
    ['[10.11] of a priority that is none', { priority: 'urgent' }],
    ['[10.11] of a priority in capitals', { priority: 'High' }],
  ])('%s is refused as INVALID_ARGUMENT and runs nothing', async (_title, fields) => {
    runs.length = 0;
    const peer = await testRuntime({ tools: [record] }).session();
    peer.sendText(invoke(fields));
    const nack = await peer.until('nack');
    expect(nack).toMatchObject({ correlation_id: 'msg_live', payload: { code: 'INVALID_ARGUMENT' } });
    await settle();
    expect([peer.types(), runs]).toEqual([['nack'], []]);
  });

  test.each<[string, RawFields]>([
    ['[10.9] of an offset', { timestamp: '2026-03-02T08:15:42+02:00' }],
    ['[10.9] to the nanosecond', { timestamp: '2026-03-02T08:15:42.123456789Z' }],
    ['[10.10] with members nobody knows, on top and in its payload', { event_seq: 3, payload: { x: 1 } }],
    ['[10.6] whose id is no ULID', { id: 'msg_1' }],
  ])('%s runs', async (_title, { payload, ...fields }) => {
    const peer = await testRuntime({ tools: [record] }).session();
    const whole = { tool: 'record', arguments: 1, ...(payload as object | undefined) };
    peer.sendText(invoke({ ...fields, payload: whole }));
    const done = await peer.until('job.completed');
    expect(done).toMatchObject({ correlation_id: fields.id ?? 'msg_live', payload: { value: 1 } });
    expect(peer.types()).toEqual(['job.accepted', 'job.started', 'job.completed']);
  });
});

describe('[10.81] a count', () => {
  const counts: readonly (readonly [type: string, name: string, rest: JsonObject, fields: RawFields])[] = [
    ['cancel', 'deadline_ms', { target: 'job', target_id: 'job_1' }, {}],
    ['artifact.put', 'retain_seconds', { media_type: 'text/plain', data: 'aGk=' }, {}],
    ['stream.chunk', 'sequence', { data: 'x' }, { stream_id: 'str_1' }],
    ['lease.refresh', 'additional_seconds', { lease_id: 'lease_1' }, {}],
    ['backpressure', 'desired_rate_per_second', {}, { stream_id: 'str_1' }],
  ];

  test.each(counts)('of %s, %s, that is none is refused by its path', async (type, name, rest, fields) => {
    const services = [artifactService(), streamService(), permissionService()];
    const peer = await testRuntime({ services }).session();
    for (const value of [-1, 0.5, 2 ** 53]) {
      const id = peer.send(type, { ...rest, [name]: value }, fields);
      expect(await peer.until('nack')).toMatchObject({
        correlation_id: id,
        payload: { code: 'INVALID_ARGUMENT', details: { path: `payload.${name}` } },
      });
    }
  });
});

describe('[10.79] what cannot be said', () => {
  test('a tool that measures no number gets a RangeError, and nothing goes out', async () => {
    const outcomes: unknown[] = [];
    const measure: Tool = {
      name: 'measure',
      handler(_args, { metric }) {
        for (const value of [Number.NaN, Number.POSITIVE_INFINITY]) {
          try {
            metric('latency.ms', value, 'ms');
            outcomes.push('sent');
          } catch (error) {
            outcomes.push(error instanceof RangeError);
          }
        }
        metric('latency.ms', 3, 'ms');
        return null;
      },
    };
    const peer = await testRuntime({ tools: [measure] }).session();
    peer.send('tool.invoke', { tool: 'measure', arguments: null });
    await peer.until('job.completed');
    expect(outcomes).toEqual([true, true]);
    const said = peer.since().filter(({ type }) => type === 'metric');
    expect(said.map(({ payload }) => payload.value)).toEqual([3]);
  });

  test('a lone surrogate in what a tool says and returns is replaced', async () => {
    const say: Tool = {
      name: 'say',
      handler(_args, { progress, log }) {
        progress(1, 'a\ud800');
        log('info', '\udfff', { 'k\ud800': 1 });
        return { text: '\ud800b' };
      },
    };
    const peer = await testRuntime({ tools: [say] }).session();
    peer.send('tool.invoke', { tool: 'say', arguments: null });
    const done = await peer.until('job.completed');
    expect(done.payload.value).toEqual({ text: '\ufffdb' });
    const [progress, log] = peer.since().filter(({ type }) => type === 'job.progress' || type === 'log');
    expect(progress?.payload.message).toBe('a\ufffd');
    expect(log?.payload).toMatchObject({ message: '\ufffd', attributes: { 'k\ufffd': 1 } });
    expect(peer.texts.join()).not.toMatch(/\\u[dD][89a-fA-F]/);
  });

  test('a client throws before it sends, and its text goes out well formed', async () => {
    const runtime = new ScriptedRuntime();
    const session = await runtime.connect();
    for (const value of [Number.NaN, Number.NEGATIVE_INFINITY]) {
      expect(() => session.send('metric', { name: 'latency.ms', value, unit: 'ms' })).toThrow(RangeError);
    }
    session.invoke('say', '\ud800');
    const { payload } = await runtime.peer.acceptJob();
    expect(payload.arguments).toBe('\ufffd');
    expect(runtime.peer.typesReceived()).toEqual(['session.open', 'tool.invoke']);
  });
});

describe('[10.73] RATE_LIMITED', () => {
  test('that fails a job rejects it as RESOURCE_EXHAUSTED, retryable', async () => {
    const runtime = new ScriptedRuntime();
    const session = await runtime.connect();
    const job = session.invoke('busy');
    const command = await runtime.peer.acceptJob();
    const fields = { correlation_id: command.id, job_id: 'job_1' };
    runtime.peer.send('job.failed', { code: 'RATE_LIMITED', message: 'later' }, fields);
    await expect(job.result).rejects.toMatchObject({ code: 'ERR_ARCP_RESOURCE_EXHAUSTED', retryable: true });
  });

  test('that a tool throws leaves as RESOURCE_EXHAUSTED', async () => {
    const busy: Tool = {
      name: 'busy',
      handler() {
        throw arcpError('RATE_LIMITED', 'later');
      },
    };
    const peer = await testRuntime({ tools: [busy] }).session();
    peer.send('tool.invoke', { tool: 'busy', arguments: null });
    const failed = await peer.until('job.failed');
    expect(failed.payload).toMatchObject({ code: 'RESOURCE_EXHAUSTED', retryable: true });
  });
});

test('[10.32] two jobs interleave as their tools speak, and each keeps its own order', async () => {
  const contexts: ToolContext[] = [];
  const ends: (() => void)[] = [];
  const steps: Tool = {
    name: 'steps',
    handler: (_args, context) => {
      contexts.push(context);
      return new Promise<null>((resolve) => ends.push(() => resolve(null)));
    },
  };
  const { session } = testRuntime({ tools: [steps] });
  const peer = await session();
  for (let i = 0; i < 2; i++) peer.send('tool.invoke', { tool: 'steps', arguments: null });
  await peer.until('job.started');
  await peer.until('job.started');
  const turns = [0, 1, 1, 0, 1, 0];
  for (const [percent, turn] of turns.entries()) {
    contexts[turn]?.progress(percent);
    await settle();
  }
  for (const end of ends) end();
  await peer.until('job.completed');
  await peer.until('job.completed');
  const said = peer.since().filter(({ type }) => type === 'job.progress');
  expect(said.map(({ payload }) => payload.percent)).toEqual([0, 1, 2, 3, 4, 5]);
  expect(said.map(({ job_id }) => job_id)).toEqual(turns.map((turn) => contexts[turn]?.jobId));
});
