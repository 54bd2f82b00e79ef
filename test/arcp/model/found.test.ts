// What the model has found, by hand: the shortest way to each.

import { describe, expect, it } from 'vitest';
import type { EventLog } from '../../../src/arcp/log/contract.js';
import { memoryLog } from '../../../src/arcp/log/memory.js';
import type { Tool } from '../../../src/arcp/runtime/tools.js';
import { type Peer, ScriptedRuntime, until } from '../client/scripted-runtime.js';
import { settle, testRuntime } from '../support/raw-peer.js';
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
