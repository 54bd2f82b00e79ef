// Sessions beyond their connections: resuming, repeating, retention, restarts of the runtime.

import { describe, expect, test } from 'vitest';
import { memoryLog } from '../../../../src/arcp/log/memory.js';
import { noAuthentication } from '../../../../src/arcp/runtime/authenticator.js';
import type { Service } from '../../../../src/arcp/runtime/service.js';
import type { ToolContext } from '../../../../src/arcp/runtime/tool-context.js';
import type { Tool } from '../../../../src/arcp/runtime/tools.js';
import {
  EPOCH_MS,
  type RawPeer,
  type Received,
  settle,
  type TestRuntime,
  testRuntime,
} from '../../support/raw-peer.js';
import { slowLog } from '../../support/slow-log.js';

/** Says as many progress messages as its arguments, then ends when it is told. */
function counter() {
  const contexts: ToolContext[] = [];
  const ends: (() => void)[] = [];
  const tool: Tool = {
    name: 'count',
    handler(args, context) {
      contexts.push(context);
      for (let i = 0; i < Number(args); i++) context.progress(i, `step ${i}`);
      return new Promise((resolve) => ends.push(() => resolve('done')));
    },
  };
  return { tool, contexts, ends };
}

const echo: Tool = { name: 'echo', handler: (args) => args };

async function reopen(bench: TestRuntime, session: RawPeer, more: object = {}): Promise<RawPeer> {
  const peer = bench.connect();
  await peer.open({ session_id: session.sessionId, ...more });
  return peer;
}

/** Ids of what came, without the answers that are never repeated. */
function ids(messages: readonly Received[]): readonly string[] {
  return messages.filter(({ type }) => !['ack', 'pong', 'nack'].includes(type)).map(({ id }) => id);
}

describe.each([
  ['a log that answers at once', () => memoryLog()],
  ['a log that answers later', () => slowLog().log],
])('with %s', (_title, makeLog) => {
  test('[10.69] a resume after the second of five messages repeats the third to the fifth, letter for letter', async () => {
    const { tool } = counter();
    const bench = testRuntime({ tools: [tool], log: makeLog() });
    const peer = await bench.session();
    peer.send('tool.invoke', { tool: 'count', arguments: 3 });
    await peer.until('job.progress', ({ payload }) => payload.percent === 2);
    const said = peer.since();
    expect(said).toHaveLength(5);
    const texts = peer.texts.slice(-3);
    await peer.drop();
    const again = await reopen(bench, peer);
    expect(again.sessionId).toBe(peer.sessionId);
    const id = again.send('resume', { after_message_id: said[1]?.id as string });
    await again.until('job.progress', ({ payload }) => payload.percent === 2);
    await settle();
    expect(again.since()[0]).toMatchObject({ type: 'ack', correlation_id: id });
    expect(again.texts.slice(-3)).toEqual(texts);
    expect(again.types()).toEqual(['ack', 'job.progress', 'job.progress', 'job.progress']);
  });

  test('[10.69] what is said while nobody is there, and while it is repeated, comes in order and once', async () => {
    const { tool, contexts, ends } = counter();
    const bench = testRuntime({ tools: [tool], log: makeLog() });
    const peer = await bench.session();
    peer.send('tool.invoke', { tool: 'count', arguments: 1 });
    const seen = await peer.until('job.progress');
    await peer.drop();
    for (let i = 10; i < 60; i++) contexts[0]?.progress(i);
    await settle();
    const again = bench.connect();
    const opened = again.open({ session_id: peer.sessionId });
    contexts[0]?.progress(60);
    await opened;
    contexts[0]?.progress(61);
    again.send('resume', { after_message_id: seen.id });
    contexts[0]?.progress(62);
    await again.until('job.progress');
    contexts[0]?.progress(63);
    ends[0]?.();
    await again.until('job.completed');
    const percents = again
      .since()
      .filter(({ type }) => type === 'job.progress')
      .map(({ payload }) => payload.percent);
    expect(percents).toEqual(Array.from({ length: 54 }, (_, i) => i + 10));
    expect(new Set(ids(again.since())).size).toBe(ids(again.since()).length);
  });

  test('[10.69] an unknown message is NOT_FOUND, also one the client has sent itself', async () => {
    const bench = testRuntime({ tools: [echo], log: makeLog() });
    const peer = await bench.session();
    const own = peer.send('ping');
    await peer.until('pong');
    const again = await reopen(bench, peer);
    for (const after_message_id of ['msg_nobody', own]) {
      const id = again.send('resume', { after_message_id });
      expect(await again.until('nack')).toMatchObject({ correlation_id: id, payload: { code: 'NOT_FOUND' } });
    }
  });
});

describe('a resume', () => {
  test('[10.69] R4: after a message that was pruned is DATA_LOSS', async () => {
    const bench = testRuntime({ tools: [echo], log: memoryLog({ maxEntries: 8 }) });
    const peer = await bench.session();
    peer.send('tool.invoke', { tool: 'echo', arguments: 1 });
    const first = await peer.until('job.accepted');
    for (let i = 0; i < 10; i++) peer.send('ping');
    for (let i = 0; i < 10; i++) await peer.until('pong');
    await peer.drop();
    const again = await reopen(bench, peer);
    again.send('resume', { after_message_id: first.id });
    expect((await again.until('nack')).payload.code).toBe('DATA_LOSS');
  });

  test('without a message repeats all that the log has', async () => {
    const bench = testRuntime({ tools: [echo] });
    const peer = await bench.session();
    peer.send('tool.invoke', { tool: 'echo', arguments: 1 });
    await peer.until('job.completed');
    await peer.drop();
    const again = await reopen(bench, peer);
    again.send('resume', {});
    await again.until('job.completed');
    expect(ids(again.since())).toEqual(ids(peer.since()));
  });

  test('of one job repeats that job, then goes on with everything', async () => {
    const bench = testRuntime({ tools: [echo] });
    const peer = await bench.session();
    peer.send('tool.invoke', { tool: 'echo', arguments: 'a' });
    const a = await peer.until('job.completed');
    peer.send('tool.invoke', { tool: 'echo', arguments: 'b' });
    await peer.until('job.completed');
    await peer.drop();
    const again = await reopen(bench, peer);
    again.send('resume', { after_message_id: peer.received[0]?.id as string }, { job_id: a.job_id });
    again.send('tool.invoke', { tool: 'echo', arguments: 'c' });
    await again.until('job.completed');
    const last = await again.until('job.completed');
    expect(last.payload.value).toBe('c');
    expect(ids(again.since())).toEqual(ids([...peer.ofJob(a.job_id as string), ...again.ofJob(last.job_id as string)]));
  });

  test('never repeats handshakes, pongs, acks and nacks', async () => {
    const bench = testRuntime({ tools: [echo] });
    const peer = await bench.session();
    peer.send('ping');
    peer.send('session.foo');
    peer.send('tool.invoke', { tool: 'echo', arguments: 1 });
    await peer.until('job.completed');
    await peer.drop();
    const again = await reopen(bench, peer);
    const before = again.received.length;
    again.send('resume', {});
    await again.until('job.completed');
    expect(again.received.slice(before).map(({ type }) => type)).toEqual([
      'ack',
      'job.accepted',
      'job.started',
      'job.completed',
    ]);
  });

  test('with open streams says their opening first', async () => {
    let opened: string | undefined;
    const streams: Service = {
      handles: {},
      offers: ['streaming'],
      openStreams: () => [opened as never],
      context: (job) => ({
        open: () => {
          opened = job.emit('stream.open', { kind: 'text' }, { stream_id: 'str_1' as never });
        },
      }),
    };
    const tool: Tool = { name: 'open', handler: (_args, context) => (context as never as { open(): null }).open() };
    const bench = testRuntime({ tools: [tool, echo], services: [streams] });
    const peer = await bench.session();
    peer.send('tool.invoke', { tool: 'open', arguments: 1 });
    await peer.until('job.completed');
    peer.send('tool.invoke', { tool: 'echo', arguments: 1 });
    const done = await peer.until('job.completed');
    await peer.drop();
    const again = await reopen(bench, peer);
    again.send('resume', { after_message_id: done.id, include_open_streams: true });
    again.send('ping');
    await again.until('pong');
    expect(again.types()).toEqual(['ack', 'stream.open', 'pong']);
    expect(again.since()[1]?.id).toBe(opened);
  });

  test('by a checkpoint needs the capability', async () => {
    const peer = await testRuntime().session({ capabilities: {} });
    peer.send('resume', { checkpoint_id: 'chk_1' });
    expect((await peer.until('nack')).payload.code).toBe('UNIMPLEMENTED');
  });

  test('again, of a command whose ack was lost, says the same ack again, and the command is not carried out twice', async () => {
    let runs = 0;
    const bench = testRuntime({ tools: [{ name: 'count', handler: () => ++runs }] });
    const peer = await bench.session();
    const ping = peer.send('ping', { nonce: 'n' });
    const bad = peer.send('session.foo');
    const invoke = peer.send('tool.invoke', { tool: 'count', arguments: 1 });
    await peer.until('job.completed');
    await peer.drop();
    const again = await reopen(bench, peer);
    again.send('resume', { after_message_id: peer.received.at(-1)?.id as string });
    again.send('ping', { nonce: 'n' }, { id: ping });
    again.send('session.foo', {}, { id: bad });
    again.send('tool.invoke', { tool: 'count', arguments: 1 }, { id: invoke });
    await again.until('ack');
    await settle();
    const answers = [ping, bad].map((id) => peer.received.find(({ correlation_id }) => correlation_id === id)?.id);
    const said = again.since().filter(({ type }) => type !== 'ack');
    expect(said.map(({ id }) => id)).toEqual(answers);
    expect(runs).toBe(1);
  });
});

describe('a session', () => {
  test('R1: of somebody else cannot be taken up: a fresh one comes, and nothing says that the other is there', async () => {
    const bench = testRuntime({ tools: [echo] });
    const alice = await bench.session();
    const bob = bench.connect();
    const accepted = await bob.open({ auth: { scheme: 'bearer', token: 'tok-bob' }, session_id: alice.sessionId });
    expect(accepted.session_id).not.toBe(alice.sessionId);
    const nobody = bench.connect();
    const other = await nobody.open({ auth: { scheme: 'bearer', token: 'tok-bob' }, session_id: 'sess_nobody' });
    expect(Object.keys(other)).toEqual(Object.keys(accepted));
    alice.send('ping');
    await alice.until('pong');
    bob.send('resume', { after_message_id: alice.received[0]?.id as string });
    expect((await bob.until('nack')).payload.code).toBe('NOT_FOUND');
  });

  test('R1: has one connection: the newer wins, the older is closed and hears nothing more', async () => {
    const { tool, contexts } = counter();
    const bench = testRuntime({ tools: [tool] });
    const peer = await bench.session();
    peer.send('tool.invoke', { tool: 'count', arguments: 0 });
    await peer.until('job.started');
    const again = await reopen(bench, peer);
    expect((await peer.closed).code).toBe(4000);
    const heard = peer.received.length;
    again.send('resume', { after_message_id: peer.received.at(-1)?.id as string });
    contexts[0]?.progress(50);
    await again.until('job.progress');
    expect(peer.received).toHaveLength(heard);
    expect(bench.runtime.sessions()).toMatchObject([{ id: peer.sessionId, isConnected: true, jobs: 1 }]);
  });

  test('R1: of a connection that was replaced does nothing for the one that replaced it', async () => {
    const { tool, contexts } = counter();
    const log = memoryLog();
    let answer: (() => void) | undefined;
    const gated = new Proxy(log, {
      get: (target, name) => {
        const member = Reflect.get(target, name) as (...args: unknown[]) => unknown;
        if (name !== 'locate' || answer !== undefined) return member.bind(target);
        return (...args: unknown[]) =>
          new Promise((resolve) => {
            answer = () => resolve(Reflect.apply(member, target, args));
          });
      },
    });
    const bench = testRuntime({ tools: [tool], log: gated });
    const peer = await bench.session();
    peer.send('tool.invoke', { tool: 'count', arguments: 0 });
    const started = await peer.until('job.started');
    await peer.drop();
    const second = await reopen(bench, peer);
    second.send('resume', { after_message_id: started.id });
    await settle();
    const third = await reopen(bench, peer);
    answer?.();
    contexts[0]?.progress(1);
    await settle();
    expect(third.types()).toEqual([]);
    third.send('resume', { after_message_id: started.id });
    await third.until('job.progress');
    expect(third.types()).toEqual(['ack', 'job.progress']);
    expect(second.types()).toEqual([]);
  });

  test('R1: of a stranger cannot be taken up, ends with its connection and so do its jobs', async () => {
    const { tool, contexts } = counter();
    const bench = testRuntime({ tools: [tool], authenticators: [noAuthentication()] });
    const as = { auth: { scheme: 'none' }, capabilities: { anonymous: true } };
    const peer = await bench.session(as);
    peer.send('resume', {});
    expect((await peer.until('nack')).payload.code).toBe('PERMISSION_DENIED');
    peer.send('tool.invoke', { tool: 'count', arguments: 0 });
    await peer.until('job.started');
    const again = await reopen(bench, peer, as);
    expect(again.sessionId).not.toBe(peer.sessionId);
    await peer.drop();
    expect(contexts[0]?.signal.aborted).toBe(true);
    expect(bench.runtime.sessions()).toMatchObject([{ id: again.sessionId }]);
  });

  test('without a connection is kept for ten minutes, then its jobs are cancelled', async () => {
    const { tool, contexts } = counter();
    const bench = testRuntime({ tools: [tool] });
    const peer = await bench.session();
    peer.send('tool.invoke', { tool: 'count', arguments: 0 });
    await peer.until('job.started');
    await peer.drop();
    bench.clock.advance(599_999);
    await settle();
    const again = await reopen(bench, peer);
    expect(again.sessionId).toBe(peer.sessionId);
    bench.clock.advance(600_000);
    await settle();
    expect(contexts[0]?.signal.aborted).toBe(false);
    await again.drop();
    bench.clock.advance(600_000);
    await settle();
    expect(contexts[0]?.signal.aborted).toBe(true);
    expect(bench.runtime.sessions()).toEqual([]);
    expect((await reopen(bench, peer)).sessionId).not.toBe(peer.sessionId);
  });

  test('that is taken up without a resume gets what is said from then on', async () => {
    const { tool, contexts } = counter();
    const bench = testRuntime({ tools: [tool] });
    const peer = await bench.session();
    peer.send('tool.invoke', { tool: 'count', arguments: 0 });
    await peer.until('job.started');
    await peer.drop();
    contexts[0]?.progress(1);
    await settle();
    const again = await reopen(bench, peer);
    contexts[0]?.progress(2);
    again.send('ping');
    await again.until('pong');
    expect(again.since().map(({ type, payload }) => [type, payload.percent])).toEqual([
      ['job.progress', 2],
      ['pong', undefined],
    ]);
    const silent = await reopen(bench, peer);
    contexts[0]?.progress(3);
    await settle();
    expect(silent.types()).toEqual([]);
    bench.clock.advance(10_000);
    expect((await silent.until('job.progress')).payload.percent).toBe(3);
  });

  test('gives way when its principal has too many: the longest gone goes first, connected ones stay', async () => {
    const bench = testRuntime({ limits: { maxSessionsPerPrincipal: 2 } });
    const first = await bench.session();
    const second = await bench.session();
    const third = bench.connect();
    third.send('session.open', { auth: { scheme: 'bearer', token: 'tok-alice' }, client: { kind: 'x', version: '1' } });
    expect((await third.until('session.rejected')).payload.code).toBe('RESOURCE_EXHAUSTED');
    await bench.session({ auth: { scheme: 'bearer', token: 'tok-bob' } });
    await second.drop();
    await third.open();
    expect(bench.runtime.sessions().map(({ id }) => id)).toContain(first.sessionId);
    expect(bench.runtime.sessions().map(({ id }) => id)).not.toContain(second.sessionId);
  });
});

describe('session.close', () => {
  test('[10.76] cancels the jobs, says so, then ends the connection, and nothing else is said', async () => {
    const sleep: Tool = {
      name: 'sleep',
      handler: (_args, { signal }) =>
        new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
    };
    const bench = testRuntime({ tools: [sleep] });
    const peer = await bench.session();
    peer.send('tool.invoke', { tool: 'sleep', arguments: {} });
    await peer.until('job.started');
    peer.forget();
    peer.send('session.close', { reason: 'bye' });
    peer.send('ping');
    expect((await peer.closed).code).toBe(1000);
    expect(peer.since().map(({ type, payload }) => [type, payload])).toEqual([['job.cancelled', { reason: 'bye' }]]);
    expect(bench.runtime.sessions()).toEqual([]);
    expect((await reopen(bench, peer)).sessionId).not.toBe(peer.sessionId);
  });

  test('[10.76] waits for a tool that ignores it no longer than the grace', async () => {
    const deaf: Tool = { name: 'deaf', handler: () => new Promise(() => {}) };
    const bench = testRuntime({ tools: [deaf] });
    const peer = await bench.session();
    peer.send('tool.invoke', { tool: 'deaf', arguments: {} });
    await peer.until('job.started');
    peer.send('session.close', {});
    await settle();
    expect(peer.types()).not.toContain('job.failed');
    bench.clock.advance(5_000);
    await peer.closed;
    expect(peer.received.at(-1)).toMatchObject({ type: 'job.failed', payload: { code: 'ABORTED' } });
  });

  test('that detaches leaves the jobs running, to be taken up', async () => {
    const { tool, ends } = counter();
    const bench = testRuntime({ tools: [tool] });
    const peer = await bench.session();
    peer.send('tool.invoke', { tool: 'count', arguments: 0 });
    const started = await peer.until('job.started');
    peer.send('session.close', { jobs: 'detach' });
    expect((await peer.closed).code).toBe(1000);
    ends[0]?.();
    await settle();
    const again = await reopen(bench, peer);
    again.send('resume', { after_message_id: started.id });
    expect((await again.until('job.completed')).payload.value).toBe('done');
  });
});

describe('a restart of the runtime', () => {
  test('fails jobs that cannot run again with UNAVAILABLE, and a resume repeats what went before and after', async () => {
    const { tool } = counter();
    const first = testRuntime({ tools: [tool] });
    const peer = await first.session();
    const invoke = peer.send('tool.invoke', { tool: 'count', arguments: 1 });
    const progress = await peer.until('job.progress');
    const second = await first.restart();
    const again = await reopen(second, peer);
    expect(again.sessionId).toBe(peer.sessionId);
    again.send('resume', { after_message_id: peer.since()[1]?.id as string });
    const failed = await again.until('job.failed');
    expect(failed).toMatchObject({
      job_id: progress.job_id,
      correlation_id: invoke,
      payload: { code: 'UNAVAILABLE', retryable: true },
    });
    expect(ids(again.since())).toEqual([progress.id, failed.id]);
    const third = await second.restart();
    const last = await reopen(third, peer);
    last.send('resume', { after_message_id: failed.id });
    last.send('ping');
    await last.until('pong');
    expect(last.types()).toEqual(['ack', 'pong']);
  });

  test('runs restartable tools again from their last checkpoint, under the same job id', async () => {
    const runs: { restored: unknown; args: unknown }[] = [];
    let finish: (() => void) | undefined;
    const tool: Tool = {
      name: 'long',
      restartable: true,
      handler(args, context) {
        runs.push({ restored: context.restored, args });
        if (context.restored === undefined) {
          const state = { at: 0 };
          while (++state.at <= 12) context.checkpoint(state);
          state.at = -1;
          return new Promise(() => {});
        }
        return new Promise((resolve) => {
          finish = () => resolve('after all');
        });
      },
    };
    const first = testRuntime({ tools: [tool] });
    const peer = await first.session();
    const invoke = peer.send(
      'tool.invoke',
      { tool: 'long', arguments: { n: 1 } },
      { trace_id: 't', idempotency_key: 'k' },
    );
    const last = await peer.until('job.checkpoint', ({ payload }) => payload.data.at === 12);
    first.clock.advance(60_000);
    expect((await peer.until('job.heartbeat', ({ payload }) => payload.sequence === 2)).job_id).toBe(last.job_id);
    const second = await first.restart();
    expect(runs).toEqual([
      { restored: undefined, args: { n: 1 } },
      { restored: { at: 12 }, args: { n: 1 } },
    ]);
    const again = await reopen(second, peer);
    again.send('resume', { after_message_id: last.id });
    second.clock.advance(30_000);
    await again.until('job.heartbeat', ({ payload }) => payload.sequence === 3);
    const repeat = again.send('tool.invoke', { tool: 'long', arguments: { n: 1 } }, { idempotency_key: 'k' });
    expect((await again.until('job.accepted')).job_id).toBe(last.job_id);
    finish?.();
    const done = await again.until('job.completed');
    expect(done).toMatchObject({
      job_id: last.job_id,
      correlation_id: invoke,
      trace_id: 't',
      payload: { value: 'after all' },
    });
    expect((await again.until('job.completed')).correlation_id).toBe(repeat);
    expect(again.types().filter((type) => type === 'job.started')).toEqual([]);
    // Of twelve checkpoints eight are kept.
    expect(await second.log.records('checkpoint', { limit: 100 })).toHaveLength(8);
  });

  test('carries out a command that was kept and not yet begun, when the client sends it again', async () => {
    let runs = 0;
    const bench = testRuntime({ tools: [{ name: 'count', handler: () => ++runs }] });
    const peer = await bench.session();
    const id = 'msg_cut_off';
    const text = JSON.stringify({
      arcp: '1.0',
      id,
      type: 'tool.invoke',
      timestamp: '2026-03-02T08:15:42Z',
      session_id: peer.sessionId,
      payload: { tool: 'count', arguments: 1 },
    });
    await bench.log.commit({
      entries: [
        {
          sessionId: peer.sessionId,
          principal: 'alice',
          direction: 'in',
          id,
          type: 'tool.invoke',
          rank: 1,
          atMs: EPOCH_MS,
          text,
        },
      ],
    });
    const second = await bench.restart();
    const again = await reopen(second, peer);
    again.send('resume', { after_message_id: peer.received[0]?.id as string });
    again.sendText(text);
    again.sendText(text);
    expect((await again.until('job.completed')).correlation_id).toBe(id);
    await settle();
    expect(runs).toBe(1);
  });

  test('holds back connections until it knows its sessions', async () => {
    const first = testRuntime({ log: slowLog().log, tools: [echo] });
    const peer = await first.session();
    await first.crash();
    const second = testRuntime({ log: first.log, clock: first.clock, tools: [echo] });
    const recovered = second.runtime.recover();
    const again = await reopen(second, peer);
    expect(again.sessionId).toBe(peer.sessionId);
    await recovered;
  });
});

describe('checkpoints', () => {
  const works: Tool = {
    name: 'work',
    handler(args, context) {
      context.onCheckpoint(() => ({ half: args }));
      if (context.restored !== undefined) return { restored: context.restored, args };
      return new Promise(() => {});
    },
  };

  test('are made on demand, and a new job starts from one', async () => {
    const peer = await testRuntime({ tools: [works] }).session();
    peer.send('tool.invoke', { tool: 'work', arguments: 7 });
    const { job_id } = await peer.until('job.started');
    const id = peer.send('checkpoint.create', {}, { job_id });
    const made = await peer.until('job.checkpoint');
    expect(made).toMatchObject({ correlation_id: id, job_id, payload: { data: { half: 7 } } });
    const restore = peer.send('checkpoint.restore', { checkpoint_id: made.payload.checkpoint_id });
    const done = await peer.until('job.completed');
    expect(done).toMatchObject({ correlation_id: restore, payload: { value: { restored: { half: 7 }, args: 7 } } });
    expect(done.job_id).not.toBe(job_id);
  });

  test('R1: of another principal are not there', async () => {
    const { session } = testRuntime({ tools: [works] });
    const alice = await session();
    alice.send('tool.invoke', { tool: 'work', arguments: 7 });
    const { job_id } = await alice.until('job.started');
    alice.send('checkpoint.create', {}, { job_id });
    const { payload } = await alice.until('job.checkpoint');
    const bob = await session({ auth: { scheme: 'bearer', token: 'tok-bob' } });
    for (const checkpoint_id of [payload.checkpoint_id, 'chk_nobody']) {
      bob.send('checkpoint.restore', { checkpoint_id });
      expect((await bob.until('nack')).payload).toMatchObject({ code: 'NOT_FOUND', message: 'no such checkpoint' });
    }
  });

  test.each([
    ['no job', undefined, 'INVALID_ARGUMENT'],
    ['a job that is not there', 'job_1', 'NOT_FOUND'],
  ])('of %s are refused', async (_title, job_id, code) => {
    const peer = await testRuntime({ tools: [works] }).session();
    peer.send('checkpoint.create', {}, { job_id });
    expect((await peer.until('nack')).payload.code).toBe(code);
  });

  test('of a job that makes none are refused as FAILED_PRECONDITION', async () => {
    const { tool } = counter();
    const peer = await testRuntime({ tools: [tool] }).session();
    peer.send('tool.invoke', { tool: 'count', arguments: 0 });
    const { job_id } = await peer.until('job.started');
    peer.send('checkpoint.create', {}, { job_id });
    expect((await peer.until('nack')).payload.code).toBe('FAILED_PRECONDITION');
  });

  test('start a job again where its session resumes by one and it no longer runs', async () => {
    const first = testRuntime({ tools: [works] });
    const peer = await first.session();
    peer.send('tool.invoke', { tool: 'work', arguments: 7 });
    const { job_id } = await peer.until('job.started');
    peer.send('checkpoint.create', {}, { job_id });
    const made = await peer.until('job.checkpoint');
    const second = await first.restart();
    const again = await reopen(second, peer);
    const id = again.send('resume', { after_message_id: made.id, checkpoint_id: made.payload.checkpoint_id });
    const done = await again.until('job.completed');
    expect(done.correlation_id).toBe(id);
    expect(again.types()).toEqual(['ack', 'job.failed', 'job.accepted', 'job.started', 'job.completed']);
  });
});

describe('a log that fails', () => {
  test('for a moment costs the connections, and no message', async () => {
    const slow = slowLog();
    const { tool, contexts } = counter();
    const bench = testRuntime({ tools: [tool], log: slow.log });
    const peer = await bench.session();
    peer.send('tool.invoke', { tool: 'count', arguments: 0 });
    const started = await peer.until('job.started');
    slow.failCommits(1);
    contexts[0]?.progress(1);
    await peer.closed;
    bench.clock.advance(50);
    await settle();
    contexts[0]?.progress(2);
    await settle();
    const again = await reopen(bench, peer);
    again.send('resume', { after_message_id: started.id });
    await again.until('job.progress', ({ payload }) => payload.percent === 2);
    expect(again.types()).toEqual(['ack', 'job.progress', 'job.progress']);
    expect(bench.faults.map(({ where }) => where)).toEqual(['log']);
  });

  test('for good ends the sessions whose messages it lost, and their jobs', async () => {
    const slow = slowLog();
    const { tool, contexts } = counter();
    const bench = testRuntime({ tools: [tool], log: slow.log });
    const peer = await bench.session();
    peer.send('tool.invoke', { tool: 'count', arguments: 0 });
    await peer.until('job.started');
    slow.failCommits(6);
    contexts[0]?.progress(1);
    for (let i = 0; i < 8; i++) {
      await settle();
      bench.clock.advance(2_000);
    }
    await settle();
    expect(contexts[0]?.signal.aborted).toBe(true);
    expect(bench.runtime.sessions()).toEqual([]);
    await bench.session();
  });
});
