import { describe, expect, it } from 'vitest';
import type { ChoicePrompt, InputPrompt, PermissionPrompt } from '../../../src/arcp/client/prompts.js';
import { codeOf, type Envelope, NOW_MS, next, ScriptedRuntime, settle, until } from './scripted-runtime.js';

const at = (ms: number) => new Date(NOW_MS + ms).toISOString();

const ASK = { prompt: 'How many?', response_schema: { type: 'integer' }, default: 7, expires_at: at(60_000) };
const CHOOSE = {
  prompt: 'Which?',
  options: [
    { id: 'a', label: 'First' },
    { id: 'b', label: 'Second' },
  ],
  expires_at: at(60_000),
};
const PERMIT = { permission: 'filesystem.write', resource: '/tmp/x', operation: 'write', reason: 'to save' };

/** A job that runs, and a way to have it ask. */
async function asking(options: object = {}, accepted: Envelope = {}) {
  const runtime = new ScriptedRuntime();
  const session = await runtime.connect(options, accepted);
  const job = session.invoke('ask');
  const command = await runtime.peer.acceptJob();
  await job.id;
  const ask = (type: string, payload: object, fields: Envelope = {}) =>
    runtime.peer.send(type, payload, { job_id: 'job_1', ...fields });
  /** Answers the ping behind an answer: what was not refused by then was taken. */
  const pass = async () => {
    const ping = await runtime.peer.expect('ping');
    runtime.peer.send('pong', {}, { correlation_id: ping.id });
  };
  return { runtime, session, job, command, ask, pass, peer: runtime.peer };
}

describe('a question', () => {
  it('[10.45] is answered under its own id, by whoever is said to answer', async () => {
    const { job, ask, pass, peer } = await asking({ respondedBy: 'page 1' });
    const id = ask('human.input.request', ASK);
    const prompt = (await next(job.prompts)) as InputPrompt;
    expect(prompt).toMatchObject({ kind: 'input', id, text: 'How many?', schema: ASK.response_schema, default: 7 });
    const answering = prompt.answer(3);
    expect(prompt.isOpen).toBe(false);
    const response = await peer.expect('human.input.response');
    expect(response).toMatchObject({ correlation_id: id, job_id: 'job_1', session_id: 'sess_1' });
    expect(response.payload).toEqual({ value: 3, responded_by: 'page 1', responded_at: at(0) });
    await pass();
    await answering;
    expect(await prompt.ended).toBe('answered');
  });

  it('[10.46] stays open when the answer is not what the schema says', async () => {
    const { job, ask, pass, peer } = await asking();
    ask('human.input.request', ASK);
    const prompt = (await next(job.prompts)) as InputPrompt;
    const wrong = prompt.answer('x');
    const response = await peer.expect('human.input.response');
    peer.send('nack', { code: 'INVALID_ARGUMENT', message: 'no integer' }, { correlation_id: response.id });
    await pass();
    expect(await codeOf(wrong)).toBe('ERR_ARCP_INVALID_ARGUMENT');
    expect(prompt.isOpen).toBe(true);
    const right = prompt.answer(3);
    expect((await peer.expect('human.input.response')).payload.value).toBe(3);
    await pass();
    await right;
  });

  it('[10.49] takes one of its choices, and hears of one that is none', async () => {
    const { job, ask, pass, peer } = await asking();
    const id = ask('human.choice.request', CHOOSE);
    const prompt = (await next(job.prompts)) as ChoicePrompt;
    expect(prompt).toMatchObject({ kind: 'choice', text: 'Which?', options: CHOOSE.options });
    const wrong = prompt.choose('zzz');
    const refused = await peer.expect('human.choice.response');
    peer.send('nack', { code: 'INVALID_ARGUMENT', message: 'no' }, { correlation_id: refused.id });
    expect(await codeOf(wrong)).toBe('ERR_ARCP_INVALID_ARGUMENT');
    await peer.expect('ping');
    const right = prompt.choose('b');
    const taken = await peer.expect('human.choice.response');
    expect(taken).toMatchObject({ correlation_id: id, payload: { choice_id: 'b', responded_by: 'test' } });
    await pass();
    await right;
  });

  it('may be declined', async () => {
    const { job, ask, pass, peer } = await asking();
    const id = ask('human.choice.request', CHOOSE);
    const prompt = (await next(job.prompts)) as ChoicePrompt;
    const declining = prompt.cancel('not now');
    const cancelled = await peer.expect('human.input.cancelled');
    expect(cancelled).toMatchObject({ correlation_id: id, payload: { code: 'CANCELLED', message: 'not now' } });
    await pass();
    await declining;
  });

  it('R5: [10.50] takes one answer: a second one is refused here, while the first is on its way and after', async () => {
    const { job, ask, pass, peer } = await asking();
    ask('human.input.request', ASK);
    const prompt = (await next(job.prompts)) as InputPrompt;
    const first = prompt.answer(1);
    expect(await codeOf(prompt.answer(2))).toBe('ERR_ARCP_FAILED_PRECONDITION');
    await pass();
    await first;
    expect(await codeOf(prompt.answer(3))).toBe('ERR_ARCP_FAILED_PRECONDITION');
    expect(await codeOf(prompt.cancel())).toBe('ERR_ARCP_FAILED_PRECONDITION');
    expect(peer.typesReceived().filter((type) => type.startsWith('human'))).toEqual(['human.input.response']);
  });

  it('R5: [10.48] cannot be answered past its time, which is told by the clock of the runtime', async () => {
    // The runtime's clock is an hour ahead of ours.
    const runtime = new ScriptedRuntime();
    const hour = 3_600_000;
    const session = await runtime.connect({ now: () => NOW_MS - hour + runtime.clock.now() });
    const job = session.invoke('ask');
    await runtime.peer.acceptJob();
    runtime.peer.send('human.input.request', ASK, { job_id: 'job_1' });
    const prompt = (await next(job.prompts)) as InputPrompt;
    expect(prompt.expiresAtMs).toBe(NOW_MS - hour + 60_000);
    runtime.clock.advance(59_999);
    expect(prompt.isOpen).toBe(true);
    runtime.clock.advance(1);
    expect(await prompt.ended).toBe('expired');
    expect(await codeOf(prompt.answer(1))).toBe('ERR_ARCP_DEADLINE_EXCEEDED');
    expect(runtime.peer.typesReceived()).not.toContain('human.input.response');
  });

  it('R5: shows who asks, and no text that a terminal would act on or that has no end', async () => {
    const { job, ask, peer } = await asking();
    ask('human.input.request', { ...ASK, prompt: '\u001b[2Jhello\u202e\n' }, { source: 'agent\u0007' });
    ask('human.choice.request', { ...CHOOSE, options: [{ id: '\n', label: '\u001b]0;x' }] });
    ask('permission.request', { ...PERMIT, resource: '/tmp/\u202etxt.exe' });
    ask('human.input.request', { ...ASK, prompt: 'x'.repeat(100_000) });
    const input = (await next(job.prompts)) as InputPrompt;
    expect(input).toMatchObject({
      text: '\\u001b[2Jhello\\u202e\\u000a',
      agent: 'agent\\u0007',
      tool: 'ask',
      jobId: 'job_1',
    });
    const choice = (await next(job.prompts)) as ChoicePrompt;
    expect(choice.options).toEqual([{ id: '\n', label: '\\u001b]0;x' }]);
    expect(choice.agent).toBe('sha256:aa');
    const permission = (await next(job.prompts)) as PermissionPrompt;
    expect(permission.text).toBe('filesystem.write: write /tmp/\\u202etxt.exe (to save)');
    expect(permission.resource).toBe('/tmp/\u202etxt.exe');
    expect((await next(job.prompts)).text).toHaveLength(4_096);
    expect(peer.typesReceived()).not.toContain('nack');
  });

  it('[10.47] R5: is over when the runtime answers for the human, or another channel did', async () => {
    const { job, ask, peer } = await asking();
    const id = ask('human.input.request', ASK);
    const other = ask('human.choice.request', CHOOSE);
    const defaulted = (await next(job.prompts)) as InputPrompt;
    const taken = (await next(job.prompts)) as ChoicePrompt;
    peer.send(
      'human.input.response',
      { value: 7, responded_by: 'default', responded_at: at(0) },
      { correlation_id: id, job_id: 'job_1' },
    );
    peer.send('human.input.cancelled', { code: 'CANCELLED' }, { correlation_id: other, job_id: 'job_1' });
    expect([await defaulted.ended, await taken.ended]).toEqual(['answered', 'cancelled']);
    expect(await codeOf(defaulted.answer(1))).toBe('ERR_ARCP_FAILED_PRECONDITION');
    expect(await codeOf(taken.choose('a'))).toBe('ERR_ARCP_FAILED_PRECONDITION');
  });

  it('is over when the runtime no longer knows it', async () => {
    const { job, ask, peer } = await asking();
    ask('human.input.request', ASK);
    const prompt = (await next(job.prompts)) as InputPrompt;
    const answering = prompt.answer(1);
    const response = await peer.expect('human.input.response');
    peer.send('nack', { code: 'NOT_FOUND', message: 'closed' }, { correlation_id: response.id });
    expect(await codeOf(answering)).toBe('ERR_ARCP_NOT_FOUND');
    expect(await prompt.ended).toBe('cancelled');
  });

  it('ends with its job and with the session, and leaves no timer', async () => {
    const { runtime, session, job, command, ask, peer } = await asking();
    ask('human.input.request', ASK);
    const first = await next(job.prompts);
    peer.send('job.completed', {}, { correlation_id: command.id, job_id: 'job_1' });
    expect(await first.ended).toBe('cancelled');
    const other = session.invoke('ask');
    await peer.acceptJob('job_2');
    peer.send('human.input.request', ASK, { job_id: 'job_2' });
    const second = await next(other.prompts);
    void session.close();
    peer.transport.close();
    expect(await second.ended).toBe('cancelled');
    expect(runtime.clock.pendingTimers).toBe(0);
  });

  it('[10.34] sends an answer again under its id when the connection went, so that it counts once', async () => {
    const { runtime, job, ask, peer } = await asking();
    ask('human.input.request', ASK);
    const prompt = (await next(job.prompts)) as InputPrompt;
    const answering = prompt.answer(3);
    const response = await peer.expect('human.input.response');
    const again = await runtime.cut();
    await again.accept();
    const resume = await again.expect('resume');
    again.send('ack', {}, { correlation_id: resume.id });
    expect(await again.expect('human.input.response')).toEqual(response);
    const ping = await again.expect('ping');
    again.send('pong', {}, { correlation_id: ping.id });
    await answering;
  });

  it('stays open for another try when its answer was given up by a signal or got no answer', async () => {
    const { runtime, job, ask, pass, peer } = await asking({ requestTimeoutMs: 1_000 });
    ask('human.input.request', ASK);
    const prompt = (await next(job.prompts)) as InputPrompt;
    const reason = new Error('enough');
    expect(await prompt.answer(1, { signal: AbortSignal.abort(reason) }).catch((error) => error)).toBe(reason);
    const silent = prompt.answer(1);
    await peer.expect('human.input.response');
    runtime.clock.advance(1_000);
    expect(await codeOf(silent)).toBe('ERR_ARCP_UNAVAILABLE');
    expect(prompt.isOpen).toBe(true);
    // Behind the one that was sent; behind the other there was nothing to ask for.
    await peer.expect('ping');
    const right = prompt.answer(2);
    await pass();
    await right;
  });

  it('of a job nobody knows goes to whoever watches the session', async () => {
    const { session, ask } = await asking();
    ask('human.input.request', ASK, { job_id: 'job_other' });
    expect(await next(session.prompts)).toMatchObject({ kind: 'input', jobId: 'job_other', tool: undefined });
  });

  it('is refused where too many are open, so that the job does not wait for nobody', async () => {
    const { job, ask, peer } = await asking({ limits: { maxPrompts: 2 } });
    ask('human.input.request', ASK);
    ask('permission.request', PERMIT);
    const input = ask('human.choice.request', CHOOSE);
    const permission = ask('permission.request', PERMIT);
    expect(await peer.expect('human.input.cancelled')).toMatchObject({
      correlation_id: input,
      payload: { code: 'RESOURCE_EXHAUSTED' },
    });
    expect(await peer.expect('permission.deny')).toMatchObject({ correlation_id: permission });
    expect([(await next(job.prompts)).kind, (await next(job.prompts)).kind]).toEqual(['input', 'permission']);
  });
});

describe('a permission', () => {
  it('[10.52] is granted for as long as was asked for, or as the caller says', async () => {
    const { job, ask, pass, peer } = await asking();
    const id = ask('permission.request', { ...PERMIT, requested_lease_seconds: 60 });
    const prompt = (await next(job.prompts)) as PermissionPrompt;
    const { reason: _, ...scope } = PERMIT;
    expect(prompt).toMatchObject({ ...scope, requestedLeaseSeconds: 60, expiresAtMs: undefined });
    const granting = prompt.grant();
    const grant = await peer.expect('permission.grant');
    expect(grant.correlation_id).toBe(id);
    expect(grant.payload).toEqual({ ...scope, lease_seconds: 60 });
    await pass();
    await granting;
    ask('permission.request', PERMIT);
    const second = (await next(job.prompts)) as PermissionPrompt;
    await Promise.all([second.grant(), pass()]);
    ask('permission.request', PERMIT);
    const third = (await next(job.prompts)) as PermissionPrompt;
    await Promise.all([third.grant(5), pass()]);
    const leases = peer.received.flatMap(({ type, payload }) =>
      type === 'permission.grant' ? [payload.lease_seconds] : [],
    );
    expect(leases).toEqual([60, 300, 5]);
  });

  it('[10.53] is denied with a reason', async () => {
    const { job, ask, pass, peer } = await asking();
    const id = ask('permission.request', PERMIT);
    const prompt = (await next(job.prompts)) as PermissionPrompt;
    const denying = prompt.deny('too risky');
    expect(await peer.expect('permission.deny')).toMatchObject({
      correlation_id: id,
      payload: { permission: 'filesystem.write', reason: 'too risky' },
    });
    await pass();
    await denying;
  });

  it('[10.54] a lease is prolonged, and a dead one is not', async () => {
    const { session, peer } = await asking();
    const refreshing = session.refreshLease('lease_1' as never, 60);
    const refresh = await peer.expect('lease.refresh');
    expect(refresh.payload).toEqual({ lease_id: 'lease_1', additional_seconds: 60 });
    const extended = { lease_id: 'lease_1', expires_at: at(60_000) };
    peer.send('lease.extended', extended, { correlation_id: refresh.id });
    expect(await refreshing).toBe(at(60_000));
    const dead = session.refreshLease('lease_1' as never, 60);
    const { id } = await peer.expect('lease.refresh');
    peer.send('nack', { code: 'LEASE_EXPIRED', message: 'too late' }, { correlation_id: id });
    expect(await codeOf(dead)).toBe('ERR_ARCP_LEASE_EXPIRED');
    peer.send('lease.revoked', { lease_id: 'lease_2', reason: 'policy' });
    expect(await next(session.messages)).toMatchObject({ type: 'lease.revoked' });
  });
});

describe('the part that prompts and streams take', () => {
  it('holds back everything behind the first of them until it is loaded, in order', async () => {
    // Nothing was negotiated that would have loaded it before.
    const runtime = new ScriptedRuntime();
    const session = await runtime.connect({}, { capabilities: {} });
    const job = session.invoke('ask');
    const command = await runtime.peer.expect('tool.invoke');
    const fields = { correlation_id: command.id, job_id: 'job_1' };
    runtime.peer.send('job.accepted', { job_id: 'job_1' }, fields);
    runtime.peer.send('stream.open', { kind: 'text' }, { ...fields, stream_id: 'str_1' });
    runtime.peer.send('stream.chunk', { sequence: 0, data: 'a' }, { ...fields, stream_id: 'str_1' });
    runtime.peer.send('stream.close', { final_sequence: 0 }, { ...fields, stream_id: 'str_1' });
    runtime.peer.send('human.input.request', ASK, { job_id: 'job_1' });
    runtime.peer.send('job.completed', { value: 1 }, fields);
    await runtime.peer.transport.drained({ belowBytes: 0 });
    // Even the end of the connection waits for it.
    runtime.peer.transport.close();
    expect((await job.result).value).toBe(1);
    const stream = await next(job.streams);
    const texts: unknown[] = [];
    for await (const { text } of stream) texts.push(text);
    expect(texts).toEqual(['a']);
    expect(await (await next(job.prompts)).ended).toBe('cancelled');
    void session.close();
    await until(() => session.signal.aborted);
    await settle();
  });
});
