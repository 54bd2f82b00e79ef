// What the model has found, by hand: the shortest way to each.

import { describe, expect, it } from 'vitest';
import { onAbort } from '../../../src/abort.js';
import { connect } from '../../../src/arcp/client/connect.js';
import type { EventLog } from '../../../src/arcp/log/contract.js';
import { memoryLog } from '../../../src/arcp/log/memory.js';
import { handoffService } from '../../../src/arcp/runtime/delegation/handoff.js';
import { reservedMetrics } from '../../../src/arcp/runtime/metrics-service.js';
import { scheduleService } from '../../../src/arcp/runtime/schedules/schedule.js';
import type { Tool } from '../../../src/arcp/runtime/tools.js';
import { workflowService } from '../../../src/arcp/runtime/workflow.js';
import type { JsonValue } from '../../../src/codec/json-value.js';
import type { Transport } from '../../../src/transport/contract.js';
import { memoryTransports } from '../../../src/transport/memory.js';
import { type Peer, ScriptedRuntime, until } from '../client/scripted-runtime.js';
import { EPOCH_MS, settle, testRuntime } from '../support/raw-peer.js';
import { slowLog } from '../support/slow-log.js';

/** Runs until it is told how to end. */
function patient() {
  const ends: ((value: string) => void)[] = [];
  const tool: Tool = { name: 'wait', handler: () => new Promise((resolve) => ends.push(resolve)) };
  return { tool, ends };
}

describe('a resume', () => {
  it.each([
    ['at once', undefined],
    ['later', slowLog().log],
  ])('with commands right behind it gives each its answer, from a log that answers %s', async (_title, log) => {
    const bench = testRuntime(log === undefined ? {} : { log });
    const peer = await bench.session();
    const seen = peer.received.at(-1)?.id as string;
    await peer.drop();
    const again = bench.connect();
    await again.open({ session_id: peer.sessionId });
    const resume = again.send('resume', { after_message_id: seen });
    // Neither `nack` nor `pong` is repeated by a resume: said on this connection, they are no repetition.
    const refused = again.send('checkpoint.create', {}, { job_id: 'job_none' });
    const ping = again.send('ping');
    await again.until('pong');
    await settle();
    expect(again.types()).toEqual(['ack', 'nack', 'pong']);
    expect(again.since().map(({ correlation_id }) => correlation_id)).toEqual([resume, refused, ping]);
  });
});

describe('a resume whose place is looked up for long', () => {
  it('is answered before anything that is said meanwhile, and that once', async () => {
    const inner = memoryLog();
    let find = () => {};
    const found = new Promise<void>((resolve) => {
      find = resolve;
    });
    const log: EventLog = new Proxy(inner, {
      get(target, name) {
        if (name === 'locate') return (...at: Parameters<EventLog['locate']>) => found.then(() => target.locate(...at));
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
    let say = (_text: string) => {};
    const tool: Tool = {
      name: 'talk',
      handler(_args, context) {
        say = (text) => context.progress(undefined, text);
        return new Promise(() => {});
      },
    };
    const bench = testRuntime({ log, tools: [tool] });
    const peer = await bench.session();
    peer.send('tool.invoke', { tool: 'talk', arguments: null });
    const started = await peer.until('job.started');
    await peer.drop();
    say('while away');
    await settle();
    const again = bench.connect();
    await again.open({ session_id: peer.sessionId });
    again.send('resume', { after_message_id: started.id });
    await settle();
    say('while it is looked up');
    // As long as a client gets that says nothing.
    bench.clock.advance(10_000);
    await settle();
    expect(again.types()).toEqual([]);
    find();
    await settle();
    say('afterwards');
    await settle();
    expect(again.types()).toEqual(['ack', 'job.progress', 'job.progress', 'job.progress']);
    const texts = again.since().flatMap(({ payload }) => payload.message ?? []);
    expect(texts).toEqual(['while away', 'while it is looked up', 'afterwards']);
  });
});

describe('a client that waits for the answer to its resume', () => {
  /** A job that is under way, and a connection that has replaced a lost one and not answered the resume. */
  async function comingBack() {
    const runtime = new ScriptedRuntime();
    const session = await runtime.connect();
    const job = session.invoke('a');
    const command = await runtime.peer.acceptJob();
    runtime.peer.transport.abort();
    await until(() => {
      runtime.clock.advance(100);
      return runtime.peers.length > 1;
    });
    const { peer } = runtime;
    await peer.accept();
    const resume = await peer.expect('resume');
    const fields = { correlation_id: command.id, job_id: 'job_1' };
    const types = async (): Promise<readonly string[]> => {
      const all: string[] = [];
      for await (const { type } of job.events) all.push(type);
      return all;
    };
    const say = (to: Peer, type: string, id: string) =>
      to.send(type, type === 'job.completed' ? { value: 1 } : {}, { ...fields, id });
    return { session, job, peer, resume, types, say };
  }

  it('takes what comes before it in its place, behind what was missed', async () => {
    const { job, peer, resume, types, say } = await comingBack();
    say(peer, 'job.completed', 'msg_last');
    await settle();
    peer.send('ack', {}, { correlation_id: resume.id });
    say(peer, 'job.started', 'msg_first');
    say(peer, 'job.completed', 'msg_last');
    expect((await job.result).value).toBe(1);
    expect(await types()).toEqual(['job.accepted', 'job.started', 'job.completed']);
  });

  it('asks for it again where the connection goes first', async () => {
    const { session, peer, say } = await comingBack();
    const before = session.lastMessageId;
    say(peer, 'job.started', 'msg_early');
    await settle();
    expect(session.lastMessageId).toBe(before);
    peer.transport.abort();
    await session.close();
  });

  it('takes it nevertheless where the resume is refused', async () => {
    const { session, peer, resume } = await comingBack();
    peer.send('event.emit', { name: 'a.b' }, { id: 'msg_early' });
    await settle();
    peer.send('nack', { code: 'DATA_LOSS', message: 'too long ago' }, { correlation_id: resume.id });
    for await (const { id } of session.messages) {
      expect(id).toBe('msg_early');
      break;
    }
    const closing = session.close();
    peer.transport.close();
    await closing;
  });
});

describe('a command that repeats an intent', () => {
  it('hears of the end also where the runtime is restarted before it', async () => {
    const { tool } = patient();
    const first = testRuntime({ tools: [tool] });
    const [one, two] = [await first.session(), await first.session()];
    one.send('tool.invoke', { tool: 'wait', arguments: 1 }, { idempotency_key: 'k' });
    const { job_id } = await one.until('job.started');
    const repeated = two.send('tool.invoke', { tool: 'wait', arguments: 1 }, { idempotency_key: 'k', trace_id: 't' });
    const accepted = await two.until('job.accepted');
    expect(accepted.job_id).toBe(job_id);
    const second = await first.restart();
    const again = second.connect();
    await again.open({ session_id: two.sessionId });
    again.send('resume', { after_message_id: accepted.id });
    const failed = await again.until('job.failed');
    expect(failed).toMatchObject({ job_id, correlation_id: repeated, trace_id: 't', payload: { code: 'UNAVAILABLE' } });
    await settle();
    expect(await second.log.records('follower', { limit: 10 })).toEqual([]);
  });

  it('hears of the end of a job that runs again after the restart', async () => {
    const { tool, ends } = patient();
    const first = testRuntime({ tools: [{ ...tool, restartable: true }] });
    const [one, two] = [await first.session(), await first.session()];
    one.send('tool.invoke', { tool: 'wait', arguments: 1 }, { idempotency_key: 'k' });
    await one.until('job.started');
    const repeated = two.send('tool.invoke', { tool: 'wait', arguments: 1 }, { idempotency_key: 'k' });
    const accepted = await two.until('job.accepted');
    const second = await first.restart();
    const again = second.connect();
    await again.open({ session_id: two.sessionId });
    again.send('resume', { after_message_id: accepted.id });
    await settle();
    ends.at(-1)?.('after all');
    expect(await again.until('job.completed')).toMatchObject({
      correlation_id: repeated,
      payload: { value: 'after all' },
    });
    await settle();
    expect(await second.log.records('follower', { limit: 10 })).toEqual([]);
  });

  it('leaves nothing behind where its session ends first', async () => {
    const { tool, ends } = patient();
    const bench = testRuntime({ tools: [tool] });
    const [one, two] = [await bench.session(), await bench.session()];
    one.send('tool.invoke', { tool: 'wait', arguments: 1 }, { idempotency_key: 'k' });
    await one.until('job.started');
    two.send('tool.invoke', { tool: 'wait', arguments: 1 }, { idempotency_key: 'k' });
    await two.until('job.accepted');
    two.send('session.close');
    await two.closed;
    await settle();
    ends[0]?.('done');
    await one.until('job.completed');
    await settle();
    expect(await bench.log.records('follower', { limit: 10 })).toEqual([]);
  });
});

describe('a runtime that closes', () => {
  it('begins no job whose key was still being looked up', async () => {
    let runs = 0;
    const bench = testRuntime({ tools: [{ name: 'count', handler: () => ++runs }] });
    const peer = await bench.session();
    peer.send('tool.invoke', { tool: 'count', arguments: 1 }, { idempotency_key: 'k' });
    // The command is kept, and its hash is being made.
    while ((await bench.log.read({ after: 0, limit: 1, types: ['tool.invoke'] })).length === 0) await null;
    await bench.runtime.close();
    await settle(10);
    const accepted = await bench.log.read({ after: 0, limit: 10, types: ['job.accepted'] });
    expect(runs).toBe(accepted.length);
  });
});

describe('a job that is scheduled when the runtime is restarted', () => {
  it('says how long it ran, and not that it never waited, also where it runs in no time', async () => {
    const equip = () => ({
      tools: [{ name: 'echo', handler: (args: JsonValue) => args }],
      services: [scheduleService(), reservedMetrics()],
    });
    const first = testRuntime(equip());
    const peer = await first.session();
    const job = { type: 'tool.invoke', payload: { tool: 'echo', arguments: 1 } };
    peer.send('job.schedule', { job, when: { after: 30 } });
    const { id } = await peer.until('job.accepted');
    const second = await first.restart(equip());
    const again = second.connect();
    await again.open({ session_id: peer.sessionId });
    again.send('resume', { after_message_id: id });
    second.clock.advance(30_000);
    await again.until('job.completed');
    const phases = again.since().flatMap(({ type, payload }) => (type === 'metric' ? (payload.dims?.phase ?? []) : []));
    expect(phases).toEqual(['exec']);
  });
});

describe('a runtime that closes while something is on the move', () => {
  /** A job to come of a schedule, which the application moves as long as it likes. */
  async function moving() {
    let done = () => {};
    const move = () =>
      new Promise<void>((resolve) => {
        done = resolve;
      });
    const handoffs = handoffService({ move });
    const tools = [{ name: 'echo', handler: (args: JsonValue) => args }];
    const first = testRuntime({ tools, services: [handoffs, scheduleService()] });
    const peer = await first.session();
    const job = { type: 'tool.invoke', payload: { tool: 'echo', arguments: 1 } };
    peer.send('job.schedule', { job, when: { after: 30 } });
    const { job_id } = await peer.until('job.accepted');
    const restart = () => first.restart({ services: [handoffService({ move: () => {} }), scheduleService()] });
    return { first, peer, handoffs, move, jobId: job_id as string, restart, done: () => done() };
  }

  /** The end of the job as the next runtime tells it. */
  async function endAfterwards({ restart, peer }: Awaited<ReturnType<typeof moving>>, seen: string) {
    const second = await restart();
    const again = second.connect();
    await again.open({ session_id: peer.sessionId });
    again.send('resume', { after_message_id: seen });
    second.clock.advance(30_000);
    await settle();
    return again.types().filter((type) => /^job\.(?:completed|failed|cancelled)$/.test(type));
  }

  it('keeps what a client would hand off, whose command was not answered', async () => {
    const bench = await moving();
    const { first, peer, jobId, done } = bench;
    const seen = peer.received.at(-1)?.id as string;
    peer.send('agent.handoff', { runtime: { kind: 'elsewhere', version: '1' } }, { job_id: jobId });
    await settle();
    await first.runtime.close();
    done();
    await settle();
    expect(await endAfterwards(bench, seen)).toEqual(['job.completed']);
  });

  it('keeps what it offered itself, and says so', async () => {
    const bench = await moving();
    const { first, peer, jobId, handoffs, move, done } = bench;
    const runtime = { kind: 'elsewhere', version: '1' };
    const offering = handoffs.offer(peer.sessionId, { runtime, jobId, confirm: move });
    const refused = expect(offering).rejects.toMatchObject({ code: 'ERR_ARCP_CANCELLED' });
    const { id } = await peer.until('agent.handoff');
    peer.send('ack', {}, { correlation_id: id });
    await settle();
    await first.runtime.close();
    done();
    await refused;
    expect(await endAfterwards(bench, id)).toEqual(['job.completed']);
  });
});

describe('a workflow that is asked to stop', () => {
  it('and answers all the same is complete, and says so', async () => {
    const { tool, ends } = patient();
    const services = [workflowService({ workflows: [{ ...tool, name: 'wait' }], sayComplete: true })];
    const peer = await testRuntime({ services }).session();
    peer.send('workflow.start', { workflow: 'wait' });
    const { job_id } = await peer.until('job.started');
    peer.send('cancel', { target: 'job', target_id: job_id as string });
    await peer.until('cancel.accepted');
    ends[0]?.('after all');
    const done = await peer.until('job.completed');
    expect(done.payload).toEqual({ value: 'after all' });
    expect(peer.types().slice(-2)).toEqual(['workflow.complete', 'job.completed']);
  });
});

describe('a caller that gives a job up', () => {
  it.each([3_000, 60_000])('has it cancelled also after %i ms without a connection', async (awayMs) => {
    // What a client loads when it needs it comes from the disk the first time, when it likes.
    await import('../../../src/arcp/client/later.js');
    let wasTold = false;
    const run: Tool = {
      name: 'run',
      handler: (_args, { signal }) =>
        new Promise((_resolve, reject) => {
          onAbort(signal, (reason) => {
            wasTold = true;
            reject(reason);
          });
        }),
    };
    const bench = testRuntime({ tools: [run] });
    let isAway = false;
    let far: Transport | undefined;
    const session = await connect({
      dial: async () => {
        if (isAway) throw new Error('no network');
        const [near, other] = memoryTransports();
        far = other;
        void bench.runtime.accept(other);
        return near;
      },
      auth: { scheme: 'bearer', token: 'tok-alice' },
      client: { kind: 'test', version: '1' },
      clock: bench.clock,
      now: () => EPOCH_MS + bench.clock.now(),
      reconnect: { initialDelayMs: 100, maxDelayMs: 1_000 },
    });
    const caller = new AbortController();
    const job = session.invoke('run', null, { signal: caller.signal });
    await job.id;
    isAway = true;
    far?.abort();
    await settle();
    caller.abort(new Error('enough'));
    await expect(job.result).rejects.toThrow('enough');
    const pass = async (ms: number) => {
      for (let left = ms; left > 0; left -= 500) {
        bench.clock.advance(500);
        await settle();
      }
    };
    await pass(awayMs);
    expect(wasTold).toBe(false);
    isAway = false;
    await pass(5_000);
    expect(wasTold).toBe(true);
    await session.close();
  });
});
