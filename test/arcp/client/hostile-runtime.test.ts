// A runtime that breaks the rules, or uses them against the client.

import { describe, expect, it } from 'vitest';
import type { ChoicePrompt, InputPrompt, PermissionPrompt } from '../../../src/arcp/client/prompts.js';
import { unhandledDuring } from '../../support/unhandled.js';
import { all, codeOf, NOW_MS, next, ScriptedRuntime, settle, until } from './scripted-runtime.js';

const at = (ms: number) => new Date(NOW_MS + ms).toISOString();
const ASK = { prompt: 'How many?', response_schema: { type: 'integer' }, expires_at: at(60_000) };
const PERMIT = { permission: 'filesystem.write', resource: '/tmp/x', operation: 'write', reason: 'to save' };

async function running(options: Parameters<ScriptedRuntime['connect']>[0] = {}) {
  const runtime = new ScriptedRuntime();
  const session = await runtime.connect(options);
  const job = session.invoke('ask');
  const command = await runtime.peer.acceptJob();
  await job.id;
  return { runtime, session, job, command, peer: runtime.peer };
}

describe('prompts of a hostile runtime', () => {
  it('R5: a flood of them takes neither room for commands nor the place of later ones', async () => {
    const { session, job, peer } = await running({ limits: { maxPrompts: 2, maxCalls: 8 } });
    for (let i = 0; i < 200; i++) peer.send('permission.request', PERMIT, { job_id: 'job_1' });
    await settle();
    const first = (await next(job.prompts)) as PermissionPrompt;
    expect(peer.typesReceived().filter((type) => type === 'permission.deny')).toHaveLength(198);
    // The commands of the caller still have room.
    const pinging = session.ping();
    const ping = await peer.expect('ping');
    peer.send('pong', {}, { correlation_id: ping.id });
    await pinging;
    // And once one is answered, there is room for another prompt.
    const granting = first.grant();
    const grant = await peer.expect('permission.grant');
    peer.send('ack', {}, { correlation_id: grant.id });
    await granting;
    peer.send('human.input.request', ASK, { job_id: 'job_1' });
    await next(job.prompts);
    expect((await next(job.prompts)).kind).toBe('input');
  });

  it('R5: a long permission does not push the resource out of sight, and the reason stands apart', async () => {
    const { job, peer } = await running();
    const long = { ...PERMIT, permission: 'p'.repeat(10_000), reason: 'because\u202e\u001b[2J' };
    peer.send('permission.request', long, { job_id: 'job_1' });
    const prompt = (await next(job.prompts)) as PermissionPrompt;
    expect(prompt.text).toContain('...: write /tmp/x (because');
    expect(prompt.reason).toBe('because\\u202e\\u001b[2J');
  });

  it('R5: no direction mark is shown, nor half a character', async () => {
    const { job, peer } = await running();
    peer.send('human.input.request', { ...ASK, prompt: '\u061c\u200f\u2066x' }, { job_id: 'job_1' });
    peer.send('human.input.request', { ...ASK, prompt: `x${'\u{1f600}'.repeat(3_000)}` }, { job_id: 'job_1' });
    expect((await next(job.prompts)).text).toBe('\\u061c\\u200f\\u2066x');
    const { text } = await next(job.prompts);
    expect(text).not.toMatch(/[\ud800-\udbff](?![\udc00-\udfff])/);
    expect(text.endsWith('...')).toBe(true);
  });

  it('says agent and tool apart, of jobs it started and of those it did not', async () => {
    const { job, session, peer } = await running();
    peer.send('human.input.request', ASK, { job_id: 'job_1', source: 'did:key:z6Mk/ask' });
    peer.send('human.input.request', ASK, { job_id: 'job_2', source: 'did:key:z6Mk/other/tool' });
    peer.send('human.input.request', ASK, { job_id: 'job_2', source: '/x' });
    expect(await next(job.prompts)).toMatchObject({ agent: 'did:key:z6Mk', tool: 'ask' });
    expect(await next(session.prompts)).toMatchObject({ agent: 'did:key:z6Mk', tool: 'other/tool' });
    expect(await next(session.prompts)).toMatchObject({ agent: '/x', tool: undefined });
  });

  it('[10.47] an answer that won is one also when the notice of it comes first, and nothing after it', async () => {
    const { job, peer } = await running();
    const id = peer.send('human.input.request', ASK, { job_id: 'job_1' });
    const prompt = (await next(job.prompts)) as InputPrompt;
    const answering = prompt.answer(3);
    const answer = await peer.expect('human.input.response');
    peer.send('human.input.cancelled', { code: 'CANCELLED' }, { correlation_id: id, causation_id: answer.id });
    peer.send('job.completed', { value: 3 }, { job_id: 'job_1' });
    await answering;
    expect(await prompt.ended).toBe('answered');
  });

  it('a notice whose cause is another command of ours settles none', async () => {
    const { session, job, peer } = await running();
    const id = peer.send('human.input.request', ASK, { job_id: 'job_1' });
    const prompt = await next(job.prompts);
    const other = session.invoke('slow');
    const invoke = await peer.expect('tool.invoke');
    peer.send('human.input.cancelled', { code: 'CANCELLED' }, { correlation_id: id, causation_id: invoke.id });
    expect(await prompt.ended).toBe('cancelled');
    peer.send('job.accepted', { job_id: 'job_9' }, { correlation_id: invoke.id, job_id: 'job_9' });
    expect(await other.id).toBe('job_9');
  });

  it('an answer on its way does not expire, and one that lost is told so', async () => {
    const { runtime, job, peer } = await running();
    peer.send('human.input.request', ASK, { job_id: 'job_1' });
    const late = (await next(job.prompts)) as InputPrompt;
    runtime.clock.advance(59_990);
    const answering = late.answer(1);
    const answer = await peer.expect('human.input.response');
    runtime.clock.advance(20);
    peer.send('ack', {}, { correlation_id: answer.id });
    await answering;
    expect(await late.ended).toBe('answered');
    const options = [{ id: 'a', label: 'A' }];
    const choice = { prompt: 'Which?', options, expires_at: at(600_000) };
    const id = peer.send('human.choice.request', choice, { job_id: 'job_1' });
    const lost = (await next(job.prompts)) as ChoicePrompt;
    const choosing = lost.choose('a');
    const chosen = await peer.expect('human.choice.response');
    peer.send('human.input.cancelled', { code: 'CANCELLED' }, { correlation_id: id });
    peer.send('ack', {}, { correlation_id: chosen.id });
    expect(await codeOf(choosing)).toBe('ERR_ARCP_FAILED_PRECONDITION');
    expect(await lost.ended).toBe('cancelled');
  });
});

describe('a hostile runtime', () => {
  it('gets one token and one signature at a time, however often it asks for another', async () => {
    let asked = 0;
    let give: (auth: { scheme: 'bearer'; token: string }) => void = () => {};
    const auth = () => {
      if (asked++ !== 1) return { scheme: 'bearer', token: 'tok' } as const;
      return new Promise<{ scheme: 'bearer'; token: string }>((resolve) => {
        give = resolve;
      });
    };
    const { runtime, peer } = await running({ auth });
    for (let i = 0; i < 50; i++) peer.send('session.refresh', { deadline: at(1_000) });
    await until(() => asked === 2);
    await settle();
    expect(asked).toBe(2);
    // Nor does another connection get what was meant for that one.
    const second = await runtime.cut();
    await second.accept();
    give({ scheme: 'bearer', token: 'tok' });
    await settle();
    expect(second.typesReceived()).not.toContain('session.authenticate');
  });

  it('does not have us dial without end where it drops each connection as soon as it stands', async () => {
    const { runtime, session } = await running();
    for (let i = 1; i <= 8; i++) {
      runtime.peer.transport.abort();
      await settle();
      runtime.clock.advance(500 * 2 ** i);
      const peer = await runtime.connection(i + 1);
      await peer.accept();
      await settle();
    }
    runtime.peer.transport.abort();
    await settle();
    const { dials } = runtime;
    runtime.clock.advance(10_000);
    await settle();
    expect(runtime.dials).toBe(dials);
    await session.close();
  });

  it('does not keep us busy with a heartbeat of a millisecond', async () => {
    const { runtime, job, peer } = await running();
    peer.send('job.heartbeat', { sequence: 1, state: 'running', deadline_ms: 1 }, { job_id: 'job_1' });
    await settle();
    runtime.clock.advance(1_999);
    peer.send('job.completed', {}, { job_id: 'job_1' });
    expect((await all(job.events)).map(({ type }) => type)).not.toContain('heartbeat.missed');
  });

  it('does not have a retry wait for years', async () => {
    const runtime = new ScriptedRuntime();
    const session = await runtime.connect();
    const job = session.invoke('busy', null, { retries: 1 });
    const { id } = await runtime.peer.expect('tool.invoke');
    const details = { retry_after_seconds: 1e12 };
    runtime.peer.send('nack', { code: 'RESOURCE_EXHAUSTED', message: 'later', details }, { correlation_id: id });
    expect(await codeOf(job.result)).toBe('ERR_ARCP_RESOURCE_EXHAUSTED');
  });

  it('does not fill memory with what comes before the answer to a resume', async () => {
    const { runtime } = await running({ limits: { maxCallChars: 10_000 } });
    const peer = await runtime.cut();
    await peer.accept();
    await peer.expect('resume');
    for (let i = 0; i < 4; i++) peer.send('log', { level: 'info', message: 'x'.repeat(4_000) });
    await until(() => peer.isClosed);
  });

  it('ends a wait for a cancel with its signal, though the job is never accepted', async () => {
    const runtime = new ScriptedRuntime();
    const session = await runtime.connect();
    const ended = new AbortController();
    const cancelling = session.invoke('never').cancel({ signal: ended.signal });
    await settle();
    ended.abort(new Error('enough'));
    await expect(cancelling).rejects.toThrow('enough');
  });

  it('gives no two subscriptions one id, of which one would wait for ever', async () => {
    const { session, peer } = await running();
    for (const expected of ['resolved', 'ERR_ARCP_INVALID_ARGUMENT']) {
      const subscribing = session.subscribe();
      const { id } = await peer.expect('subscribe');
      peer.send('subscribe.accepted', { subscription_id: 'sub_1' }, { correlation_id: id });
      expect(await codeOf(subscribing)).toBe(expected);
    }
  });

  it('ends a stream of which a chunk cannot be read, also where all of it came at once and first of all', async () => {
    const runtime = new ScriptedRuntime();
    // Nothing is negotiated that would have what reads streams loaded by now.
    const session = await runtime.connect({}, { capabilities: {} });
    const fields = { stream_id: 'str_1', job_id: 'job_7' };
    runtime.peer.send('stream.open', { kind: 'text' }, fields);
    runtime.peer.send('stream.chunk', { sequence: 0, data: 'good' }, fields);
    runtime.peer.send('stream.chunk', { sequence: 'one', data: 'bad' }, fields);
    const chunks = (await next(session.streams))[Symbol.asyncIterator]();
    expect((await chunks.next()).value.text).toBe('good');
    expect(await codeOf(chunks.next())).toBe('ERR_ARCP_DATA_LOSS');
    expect((await runtime.peer.expect('nack')).payload.code).toBe('INVALID_ARGUMENT');
  });

  it('does not pollute prototypes through event data', async () => {
    const { job, command, peer } = await running();
    const evil = '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}';
    const fields = `"arcp":"1.0","timestamp":"${at(0)}","session_id":"sess_1","job_id":"job_1"`;
    peer.raw(
      `{${fields},"id":"msg_e1","type":"event.emit","payload":{"name":"a.b","data":${evil},"__proto__":{"p":1}}}`,
    );
    peer.raw(
      `{${fields},"id":"msg_e2","correlation_id":"${command.id}","type":"job.completed","payload":{"value":${evil}}}`,
    );
    const { value } = await job.result;
    expect(Object.hasOwn(value as object, '__proto__')).toBe(true);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });

  it('does not end the process by what nobody waits for', async () => {
    const unhandled = await unhandledDuring(async () => {
      const { session, job, peer } = await running();
      peer.send('human.input.request', ASK, { job_id: 'job_1' });
      const prompt = (await next(job.prompts)) as InputPrompt;
      void prompt.answer(1);
      void prompt.answer(2);
      void job.cancel();
      void session.cancel('job', 'job_7');
      await settle();
      peer.send('session.evicted', { code: 'ABORTED', reason: 'gone' });
      await session.closed;
    });
    expect(unhandled).toEqual([]);
  });

  it('lets no stream that nobody reads take the room of one that somebody reads', async () => {
    const { job, peer } = await running();
    const big = 'x'.repeat(4_000_000);
    for (let i = 0; i < 12; i++) {
      const fields = { stream_id: `str_${i}`, job_id: 'job_1' };
      peer.send('stream.open', { kind: 'text' }, fields);
      peer.send('stream.chunk', { sequence: 0, data: big }, fields);
      await settle(1);
    }
    await settle();
    const streams = job.streams[Symbol.asyncIterator]();
    const first = (await streams.next()).value;
    expect(await codeOf(all(first))).toBe('ERR_ARCP_BACKPRESSURE_OVERFLOW');
    let last = first;
    for (let i = 1; i < 12; i++) last = (await streams.next()).value;
    expect((await last[Symbol.asyncIterator]().next()).value.text).toHaveLength(4_000_000);
  });

  it('a pin is checked again on the connection that replaces a lost one', async () => {
    const { runtime, session } = await running({ fingerprint: 'sha256:aa' });
    const peer = await runtime.cut();
    await peer.accept({ runtime: { kind: 'other', version: '1', fingerprint: 'sha256:bb' } });
    await session.closed;
    expect((session.signal.reason as { code: string }).code).toBe('ERR_ARCP_UNAUTHENTICATED');
    expect(peer.typesReceived()).toEqual(['session.open']);
  });
});

describe('the marker of a backfill', () => {
  it('has a place among the events', async () => {
    const { session, peer } = await running();
    const subscribing = session.subscribe({}, { since: 'msg_0' as never });
    const { id } = await peer.expect('subscribe');
    peer.send('subscribe.accepted', { subscription_id: 'sub_1' }, { correlation_id: id });
    const subscription = await subscribing;
    const say = (name: string) => {
      const event = { arcp: '1.0', id: `msg_${name}`, type: 'event.emit', timestamp: at(0), payload: { name } };
      peer.send('subscribe.event', { event }, { subscription_id: 'sub_1' });
    };
    say('a');
    say('b');
    await settle();
    expect(subscription.backfilled).toBeUndefined();
    say('subscription.backfill_complete');
    say('c');
    await subscription.backfillComplete;
    expect(subscription.backfilled).toBe(2);
  });
});

describe('a stream to the runtime', () => {
  async function open() {
    const all = await running();
    const opening = all.job.openStream('text');
    opening.catch(() => {});
    const message = await all.peer.expect('stream.open');
    return { ...all, opening, message };
  }

  it('is opened, written and closed', async () => {
    const { opening, message, peer } = await open();
    expect(message).toMatchObject({ job_id: 'job_1', payload: { kind: 'text' } });
    peer.send('ack', {}, { correlation_id: message.id });
    const writer = await opening;
    await writer.write('one');
    await writer.close();
    expect((await peer.expect('stream.chunk')).payload).toMatchObject({ sequence: 0, data: 'one' });
    expect((await peer.expect('stream.close')).stream_id).toBe(message.stream_id);
  });

  it('that is over is no unknown one: what was on its way is not refused, and its end is said again after a cut', async () => {
    const { runtime, opening, message, peer } = await open();
    peer.send('ack', {}, { correlation_id: message.id });
    const writer = await opening;
    await writer.close();
    const end = await peer.expect('stream.close');
    peer.send('stream.error', { code: 'CANCELLED', message: 'too late' }, { stream_id: message.stream_id });
    await settle();
    expect(peer.typesReceived()).not.toContain('nack');
    // Nothing has come back that was sent behind it.
    const after = await runtime.cut();
    await after.accept();
    expect((await after.expect('stream.close')).id).toBe(end.id);
    await settle();
    for (const { type, id } of after.received) if (type === 'ping') after.send('pong', {}, { correlation_id: id });
    await settle();
    const last = await runtime.cut();
    await last.accept();
    await last.expect('resume');
    await settle();
    expect(last.typesReceived()).not.toContain('stream.close');
  });

  it('rejects where it is refused', async () => {
    const { opening, message, peer } = await open();
    peer.send('nack', { code: 'NOT_FOUND', message: 'no' }, { correlation_id: message.id });
    expect(await codeOf(opening)).toBe('ERR_ARCP_NOT_FOUND');
  });

  it('ends with its connection, and with what the runtime ends it for', async () => {
    const { runtime, session, opening, message, peer } = await open();
    peer.send('ack', {}, { correlation_id: message.id });
    const writer = await opening;
    peer.send('stream.error', { code: 'ABORTED', message: 'no more' }, { stream_id: message.stream_id });
    await settle();
    expect((writer.signal.reason as { code: string }).code).toBe('ERR_ARCP_ABORTED');
    const second = session.openStream('text');
    const { id, stream_id } = await peer.expect('stream.open');
    peer.send('ack', {}, { correlation_id: id });
    const lost = await second;
    const after = await runtime.cut();
    expect((lost.signal.reason as { code: string }).code).toBe('ERR_ARCP_UNAVAILABLE');
    await after.accept();
    expect(await after.expect('stream.error')).toMatchObject({ stream_id, payload: { code: 'UNAVAILABLE' } });
  });
});
