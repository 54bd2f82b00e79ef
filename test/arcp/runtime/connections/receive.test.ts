// What the runtime makes of messages that are not what they should be: an answer or silence, and nothing else disturbed.

import { describe, expect, test } from 'vitest';
import { arcpError } from '../../../../src/arcp/errors.js';
import type { EventLog, LogBatch } from '../../../../src/arcp/log/contract.js';
import { memoryLog } from '../../../../src/arcp/log/memory.js';
import type { ExtensionHandler } from '../../../../src/arcp/runtime/core.js';
import type { Service } from '../../../../src/arcp/runtime/service.js';
import type { Tool } from '../../../../src/arcp/runtime/tools.js';
import { isCoreType, REGISTRY } from '../../../../src/arcp/wire/registry.js';
import { type RawPeer, settle, testRuntime } from '../../support/raw-peer.js';

const echo: Tool = { name: 'echo', handler: (args) => args };

/** Whether the session still answers. */
async function expectAlive(peer: RawPeer): Promise<void> {
  const id = peer.send('ping', { nonce: 'alive' });
  expect(await peer.answerTo(id)).toMatchObject({ type: 'pong', payload: { nonce: 'alive' } });
}

describe('an envelope', () => {
  test.each([
    ['[10.4] without a payload', { payload: undefined }],
    ['[10.5] whose payload is null', { payload: null }],
    ['[10.7] whose correlation id is a job id', { correlation_id: 'job_1' }],
    ['[10.8] whose trace id is empty', { trace_id: '' }],
    ['[10.9] whose timestamp has no offset', { timestamp: '2026-03-02T08:15:42' }],
    ['[10.11] whose priority is none', { priority: 'urgent' }],
    ['whose session id is none', { session_id: 'alice' }],
    ['whose extensions are a list', { extensions: [] }],
    ['without a type', { type: undefined }],
  ])('%s is refused as INVALID_ARGUMENT, correlated, and the connection stays', async (_title, fault) => {
    const peer = await testRuntime().session();
    const envelope = { arcp: '1.0', id: 'msg_bad', type: 'ping', timestamp: '2026-03-02T08:15:42Z', payload: {} };
    peer.sendText(JSON.stringify({ ...envelope, ...fault }));
    expect(await peer.until('nack')).toMatchObject({
      correlation_id: 'msg_bad',
      session_id: peer.sessionId,
      payload: { code: 'INVALID_ARGUMENT' },
    });
    expect(peer.types()).toEqual(['nack']);
    await expectAlive(peer);
  });

  test.each(['01KDMX4Q8W7R2N5T0V9Y3B6C1Z', 'msg_', 'MSG_1', 7])(
    '[10.6] with the id %j is refused without correlation, and not executed',
    async (id) => {
      const peer = await testRuntime({ tools: [echo] }).session();
      peer.send('tool.invoke', { tool: 'echo', arguments: 1 }, { id });
      const nack = await peer.until('nack');
      expect(nack.payload.code).toBe('INVALID_ARGUMENT');
      expect(nack).not.toHaveProperty('correlation_id');
      await expectAlive(peer);
      expect(peer.types()).not.toContain('job.accepted');
    },
  );

  test('before acceptance that is none has no answer', async () => {
    const peer = testRuntime().connect();
    peer.send('session.open', {}, { payload: undefined, priority: 'urgent' });
    await settle();
    expect(peer.received).toEqual([]);
    await peer.open();
  });

  test.each(['[{"arcp":"1.0"}]', '{not json', '', 'null', '\ufeff{}', '"text"'])(
    '[10.12] that is %j has no answer, and the next one is served',
    async (text) => {
      const peer = await testRuntime().session();
      peer.sendText(text);
      await expectAlive(peer);
      expect(peer.types()).toEqual(['pong']);
    },
  );

  test('[10.12] that is none twenty times in a row ends the connection, nineteen do not', async () => {
    const peer = await testRuntime().session();
    for (let i = 0; i < 19; i++) peer.sendText('{not json');
    await expectAlive(peer);
    for (let i = 0; i < 20; i++) peer.sendText('{not json');
    expect((await peer.closed).code).toBe(1008);
  });

  test('as bytes is ignored', async () => {
    const peer = await testRuntime().session();
    peer.transport.send(new Uint8Array([1, 2, 3]));
    await expectAlive(peer);
  });

  test('longer than the limit is garbage', async () => {
    const peer = await testRuntime({ limits: { maxMessageBytes: 1_000 } }).session();
    peer.send('ping', { nonce: 'x'.repeat(1_000) });
    await expectAlive(peer);
    expect(peer.types()).toEqual(['pong']);
  });

  test('of a version nobody speaks is refused as UNIMPLEMENTED; 1.7 is spoken', async () => {
    const peer = await testRuntime().session();
    peer.send('ping', {}, { arcp: '2.0' });
    expect((await peer.until('nack')).payload.code).toBe('UNIMPLEMENTED');
    peer.send('ping', {}, { arcp: '1.7' });
    await peer.until('pong');
  });

  test('of another session is refused as FAILED_PRECONDITION; without one it is served', async () => {
    const peer = await testRuntime().session();
    const id = peer.send('ping', {}, { session_id: 'sess_other' });
    expect(await peer.until('nack')).toMatchObject({ correlation_id: id, payload: { code: 'FAILED_PRECONDITION' } });
    peer.send('ping', {}, { session_id: undefined });
    await peer.until('pong');
  });
});

describe('a type', () => {
  test.each([
    ['[10.70] of an extension that was not negotiated', 'arcpx.acme.x.v1', 'UNIMPLEMENTED'],
    ['[10.71] that looks like a core type', 'session.foo', 'UNIMPLEMENTED'],
    ['[10.71] that looks like both', 'job.foo.bar.v1', 'UNIMPLEMENTED'],
    ['[10.71] that is no name at all', 'just-a-string', 'INVALID_ARGUMENT'],
    ['[10.71] that is empty', '', 'INVALID_ARGUMENT'],
  ])('%s is refused, and the session goes on', async (_title, type, code) => {
    const peer = await testRuntime().session();
    const id = peer.send(type);
    expect(await peer.until('nack')).toMatchObject({ correlation_id: id, payload: { code } });
    await expectAlive(peer);
  });

  test.each([
    ['[10.70] of an unknown extension that is optional', 'arcpx.acme.x.v1', { extensions: { optional: true } }],
    ['[10.71] that is experimental', 'x-debug', {}],
  ])('%s is dropped in silence', async (_title, type, fields) => {
    const peer = await testRuntime().session();
    peer.send(type, {}, fields);
    await expectAlive(peer);
    expect(peer.types()).toEqual(['pong']);
  });

  test('optional must be true, and nothing like it', async () => {
    const peer = await testRuntime().session();
    for (const optional of ['true', 1, false, null]) {
      peer.send('arcpx.acme.x.v1', {}, { extensions: { optional } });
      expect((await peer.until('nack')).payload.code).toBe('UNIMPLEMENTED');
    }
  });

  test('of a negotiated extension reaches its handler, which can answer in kind', async () => {
    const handler: ExtensionHandler = (session, { id, payload }) => {
      session.emitExtension('arcpx.acme.x.v1', { echo: payload }, { correlation_id: id });
    };
    const { session } = testRuntime({ extensions: { 'arcpx.acme.x.v1': handler } });
    const peer = await session({ capabilities: { extensions: ['arcpx.acme.x.v1'] } });
    const id = peer.send('arcpx.acme.x.v1', { a: 1 });
    expect(await peer.until('arcpx.acme.x.v1')).toMatchObject({ correlation_id: id, payload: { echo: { a: 1 } } });
    const other = await session({ capabilities: {} });
    other.send('arcpx.acme.x.v1', { a: 1 });
    expect((await other.until('nack')).payload.code).toBe('UNIMPLEMENTED');
  });

  test('of an extension whose handler fails is answered by its code, or by INTERNAL', async () => {
    const extensions: Record<string, ExtensionHandler> = {
      'arcpx.acme.a.v1': () => {
        throw arcpError('OUT_OF_RANGE', 'too far');
      },
      'arcpx.acme.b.v1': () => Promise.reject(new Error('secret')),
    };
    const peer = await testRuntime({ extensions }).session({ capabilities: { extensions: Object.keys(extensions) } });
    peer.send('arcpx.acme.a.v1');
    expect((await peer.until('nack')).payload.code).toBe('OUT_OF_RANGE');
    peer.send('arcpx.acme.b.v1');
    expect((await peer.until('nack')).payload).toMatchObject({ code: 'INTERNAL', message: 'internal error' });
  });

  test.each(
    Object.entries(REGISTRY)
      .filter(([, { gate, direction }]) => gate !== undefined && direction !== 'R')
      .map(([type]) => type),
  )('[10.78] %s is refused as UNIMPLEMENTED where its capability was not negotiated', async (type) => {
    if (!isCoreType(type)) throw new Error('the table names a type twice');
    const services: Service[] = [{ handles: {}, offers: [REGISTRY[type].gate as never] }];
    const peer = await testRuntime({ services }).session({ capabilities: {} });
    const id = peer.send(type, {});
    expect(await peer.until('nack')).toMatchObject({ correlation_id: id, payload: { code: 'UNIMPLEMENTED' } });
    await expectAlive(peer);
  });

  test.each(['job.started', 'job.accepted', 'session.accepted', 'cancel.accepted', 'lease.granted', 'tool.result'])(
    '%s, which only runtimes say, does nothing when a client says it',
    async (type) => {
      const peer = await testRuntime({ tools: [echo] }).session();
      const payloads: Record<string, object> = {
        'job.accepted': { job_id: 'job_1' },
        'session.accepted': { session_id: 'sess_1', runtime: { kind: 'x', version: '1' }, capabilities: {} },
        'lease.granted': {
          lease_id: 'lease_1',
          permission: 'p',
          resource: 'r',
          operation: 'o',
          expires_at: '2030-01-01T00:00:00Z',
        },
      };
      const id = peer.send(type, (payloads[type] ?? {}) as never);
      expect(await peer.until('nack')).toMatchObject({ correlation_id: id, payload: { code: 'UNIMPLEMENTED' } });
      await expectAlive(peer);
    },
  );

  test.each(['ack', 'nack', 'pong', 'log', 'metric', 'event.emit', 'trace.span'])('%s has no answer', async (type) => {
    const payloads: Record<string, object> = {
      nack: { code: 'NOT_FOUND', message: 'x' },
      log: { level: 'info', message: 'x' },
      metric: { name: 'tokens.used', value: 1, unit: 'tokens' },
      'event.emit': { name: 'a.b' },
      'trace.span': {
        name: 'n',
        trace_id: 't',
        span_id: 's',
        start_time: '2030-01-01T00:00:00Z',
        end_time: '2030-01-01T00:00:01Z',
      },
    };
    const { session, log } = testRuntime();
    const peer = await session();
    const id = peer.send(type, (payloads[type] ?? {}) as never);
    await expectAlive(peer);
    expect(peer.types()).toEqual(['pong']);
    expect((await log.locate(peer.sessionId, id)).kind).toBe('kept');
  });

  test('of telemetry that is malformed is refused, also a span of another trace', async () => {
    const peer = await testRuntime().session();
    peer.send('log', { level: 'warning', message: 'x' });
    expect((await peer.until('nack')).payload.details.path).toBe('payload.level');
    const span = {
      name: 'n',
      trace_id: 'a',
      span_id: 's',
      start_time: '2030-01-01T00:00:00Z',
      end_time: '2030-01-01T00:00:01Z',
    };
    peer.send('trace.span', span, { trace_id: 'b' });
    expect((await peer.until('nack')).payload.details.path).toBe('payload.trace_id');
  });

  test('malformed nack is not answered by a nack', async () => {
    const peer = await testRuntime().session();
    peer.send('nack', {});
    await expectAlive(peer);
    expect(peer.types()).toEqual(['pong']);
  });
});

describe('what a client may not be sent', () => {
  const asks: Service = {
    handles: {},
    offers: ['human_input'],
    context: (job) => ({
      ask: () =>
        job.emit('human.input.request', { prompt: 'x', response_schema: {}, expires_at: '2030-01-01T00:00:00Z' }),
    }),
  };
  const tool: Tool = { name: 'ask', handler: (_args, context) => (context as unknown as { ask(): string }).ask() };

  test('[10.78] is not sent where its capability was not negotiated: the tool gets UNIMPLEMENTED', async () => {
    const { session } = testRuntime({ tools: [tool], services: [asks] });
    const peer = await session({ capabilities: {} });
    peer.send('tool.invoke', { tool: 'ask', arguments: {} });
    expect((await peer.until('job.failed')).payload.code).toBe('UNIMPLEMENTED');
    expect(peer.types()).not.toContain('human.input.request');
    const willing = await session({ capabilities: { human_input: true } });
    willing.send('tool.invoke', { tool: 'ask', arguments: {} });
    await willing.until('human.input.request');
  });

  test('is not sent to version 0.1.0 of the Rust crate, nor codes it does not know', async () => {
    const emits: Service = {
      handles: {},
      context: (job) => ({ say: () => job.emit('workflow.complete', { value: 1 }) }),
    };
    const tools: Tool[] = [
      { name: 'save', handler: (_args, context) => context.checkpoint({ at: 1 }) },
      { name: 'say', handler: (_args, context) => (context as unknown as { say(): string }).say() },
      {
        name: 'own',
        handler: () => {
          throw arcpError('arcpx.acme.QUOTA', 'no', { details: { left: 0 } });
        },
      },
    ];
    const { session } = testRuntime({ tools, services: [emits] });
    const peer = await session({ client: { kind: 'arcp-rs', version: '0.1.0' } });
    peer.send('tool.invoke', { tool: 'say', arguments: {} });
    expect((await peer.until('job.failed')).payload.code).toBe('UNIMPLEMENTED');
    expect(peer.types()).not.toContain('workflow.complete');
    peer.send('tool.invoke', { tool: 'save', arguments: {} });
    await peer.until('job.completed');
    expect(peer.types()).not.toContain('job.checkpoint');
    peer.send('tool.invoke', { tool: 'own', arguments: {} });
    expect((await peer.until('job.failed')).payload).toMatchObject({
      code: 'UNKNOWN',
      details: { left: 0, code: 'arcpx.acme.QUOTA' },
    });
  });
});

describe('a flood', () => {
  test('of commands is refused with RESOURCE_EXHAUSTED, then ends the connection, and stays out of the log', async () => {
    const log = memoryLog();
    const { session } = testRuntime({ log, limits: { maxCommandsPerSecond: 5 } });
    const peer = await session();
    for (let i = 0; i < 50; i++) peer.send('ping');
    for (let i = 0; i < 50; i++) await peer.until('pong');
    const id = peer.send('ping');
    expect(await peer.until('nack')).toMatchObject({
      correlation_id: id,
      payload: { code: 'RESOURCE_EXHAUSTED', details: { retry_after_seconds: 1 } },
    });
    expect((await log.locate(peer.sessionId, id)).kind).toBe('unknown');
    for (let i = 0; i < 10; i++) peer.send('ping');
    expect((await peer.closed).code).toBe(1008);
  });

  test('of invokes is refused by jobs that fail: some clients wait for nothing else', async () => {
    let runs = 0;
    const tools: Tool[] = [{ name: 'count', handler: () => ++runs }];
    const peer = await testRuntime({ tools, limits: { maxCommandsPerSecond: 1 } }).session();
    for (let i = 0; i < 11; i++) peer.send('tool.invoke', { tool: 'count', arguments: 1 });
    expect((await peer.until('job.failed')).payload).toMatchObject({ code: 'RESOURCE_EXHAUSTED', retryable: true });
    await settle();
    expect(runs).toBe(10);
  });

  test('that waits for a log that does not answer ends the connection, by number and by bytes', async () => {
    for (const limits of [{ maxInboundMessages: 10 }, { maxInboundBytes: 2_000 }]) {
      const log = memoryLog();
      let isStuck = false;
      const stuck = { commit: (batch: LogBatch) => (isStuck ? new Promise<never>(() => {}) : log.commit(batch)) };
      const { session } = testRuntime({ log: Object.setPrototypeOf(stuck, log) as EventLog, limits });
      const peer = await session();
      isStuck = true;
      for (let i = 0; i < 30; i++) peer.send('ping');
      expect((await peer.closed).code).toBe(1013);
    }
  });

  test('is over when time has passed', async () => {
    const { session, clock } = testRuntime({ limits: { maxCommandsPerSecond: 5 } });
    const peer = await session();
    for (let i = 0; i < 51; i++) peer.send('ping');
    await peer.until('nack');
    clock.advance(1_000);
    await expectAlive(peer);
  });
});
