// Human input over the wire, as a raw client sees it.

import { describe, expect, test } from 'vitest';
import { type ArcpError, arcpError } from '../../../../src/arcp/errors.js';
import type { PromptContext } from '../../../../src/arcp/runtime/human/prompt-context.js';
import { promptService } from '../../../../src/arcp/runtime/human/prompts.js';
import type { RuntimeOptions } from '../../../../src/arcp/runtime/runtime.js';
import type { ToolContext } from '../../../../src/arcp/runtime/tool-context.js';
import type { Tool } from '../../../../src/arcp/runtime/tools.js';
import type { JsonValue } from '../../../../src/codec/json-value.js';
import { ALL_CAPABILITIES, EPOCH_MS, type RawPeer, settle, testRuntime } from '../../support/raw-peer.js';

const AT = '2026-03-02T08:15:50Z';

/** A runtime whose one tool, `ask`, does what the test says. */
function asking(handler: Tool['handler'], options: RuntimeOptions = {}) {
  return testRuntime({ tools: [{ name: 'ask', handler, restartable: true }], services: [promptService()], ...options });
}

/** Invokes `ask`, and waits for its question. */
async function question(peer: RawPeer, type = 'human.input.request') {
  const invokeId = peer.send('tool.invoke', { tool: 'ask', arguments: null });
  const request = await peer.until(type);
  return { invokeId, request, jobId: request.job_id as string };
}

const answer = (peer: RawPeer, id: string | undefined, value: JsonValue, by = 'web') =>
  peer.send('human.input.response', { value, responded_by: by, responded_at: AT }, { correlation_id: id });
const choose = (peer: RawPeer, id: string | undefined, choice: string) =>
  peer.send(
    'human.choice.response',
    { choice_id: choice, responded_by: 'web', responded_at: AT },
    { correlation_id: id },
  );

const integer = { prompt: 'How many?', schema: { type: 'integer' } } as const;
const choice = {
  prompt: 'Which?',
  options: [
    { id: 'a', label: 'A' },
    { id: 'b', label: 'B' },
  ],
} as const;

/** Asks, and returns the code of what came instead of an answer. */
const codeOf = async (asked: Promise<unknown>): Promise<JsonValue> =>
  asked.then(
    (value) => value as JsonValue,
    (error: ArcpError) => ({ code: error.code ?? (error as Error).name }),
  );

describe('a question to a human', () => {
  test('[10.45] is answered by the id of the request, and the job goes on with the value', async () => {
    const { session } = asking((_args, { requestInput }) => requestInput(integer));
    const peer = await session();
    const { request, invokeId, jobId } = await question(peer);
    expect(request).toMatchObject({
      job_id: jobId,
      session_id: peer.sessionId,
      payload: { prompt: 'How many?', response_schema: { type: 'integer' } },
    });
    expect(request.correlation_id).toBeUndefined();
    expect(request.payload).not.toHaveProperty('default');
    answer(peer, request.id, 3);
    const done = await peer.until('job.completed');
    expect(done).toMatchObject({ correlation_id: invokeId, payload: { value: 3 } });
  });

  test('R5: says who asks: the agent and the tool', async () => {
    const bench = asking((_args, { requestInput }) => requestInput(integer), {
      identity: { kind: 'acme', fingerprint: 'sha256:ab' },
    });
    expect((await question(await bench.session())).request.source).toBe('sha256:ab/ask');
    const named = asking((_args, { requestInput }) => requestInput(integer), {
      services: [promptService({ agent: 'did:key:z6Mk' })],
    });
    expect((await question(await named.session())).request.source).toBe('did:key:z6Mk/ask');
  });

  test('blocks the job until it is answered, and as long as any is open', async () => {
    let context: ToolContext | undefined;
    const states: string[] = [];
    const bench = asking(
      async (_args, tool) => {
        context = tool;
        return Promise.all([tool.requestInput(integer), tool.requestChoice(choice)]);
      },
      { capabilities: { heartbeat_interval_seconds: 1 } },
    );
    const peer = await bench.session();
    const { request } = await question(peer);
    const second = peer.since().find(({ type }) => type === 'human.choice.request');
    const beat = async () => {
      bench.clock.advance(1_000);
      await settle();
      states.push(peer.since().findLast(({ type }) => type === 'job.heartbeat')?.payload.state);
    };
    await beat();
    answer(peer, request.id, 1);
    await settle();
    await beat();
    choose(peer, second?.id, 'b');
    expect((await peer.until('job.completed')).payload).toEqual({ value: [1, 'b'] });
    expect(states).toEqual(['blocked', 'blocked']);
    expect(context?.signal.aborted).toBe(true);
  });

  test('[10.46] stays open over a value that does not fit', async () => {
    const peer = await asking((_args, { requestInput }) => requestInput(integer)).session();
    const { request } = await question(peer);
    const refused = await peer.answerTo(answer(peer, request.id, 'x'));
    expect(refused).toMatchObject({
      type: 'nack',
      payload: { code: 'INVALID_ARGUMENT', details: { path: '#', issue: 'does not fit type' } },
    });
    answer(peer, request.id, 3);
    expect((await peer.until('job.completed')).payload).toEqual({ value: 3 });
  });

  test('[10.47] that expires with a default is answered by it, and the job goes on', async () => {
    const bench = asking((_args, { requestInput }) => requestInput({ ...integer, default: 7, expiresInMs: 5_000 }));
    const peer = await bench.session();
    const { request, jobId } = await question(peer);
    expect(request.payload).toMatchObject({ default: 7, expires_at: '2026-03-02T08:15:47.000Z' });
    bench.clock.advance(4_999);
    await settle();
    expect(peer.types()).not.toContain('human.input.response');
    bench.clock.advance(1);
    expect(await peer.until('human.input.response')).toMatchObject({
      correlation_id: request.id,
      job_id: jobId,
      payload: { value: 7, responded_by: 'default', responded_at: '2026-03-02T08:15:47.000Z' },
    });
    expect((await peer.until('job.completed')).payload).toEqual({ value: 7 });
    // A human who was late changes nothing, and is not scolded.
    const late = answer(peer, request.id, 8);
    await settle();
    expect(peer.since().filter((message) => message.correlation_id === late)).toEqual([]);
  });

  test('[10.47] a default that is null is one', async () => {
    const bench = asking((_args, { requestInput }) =>
      requestInput({ prompt: '?', schema: true, default: null, expiresInMs: 1_000 }),
    );
    const peer = await bench.session();
    await question(peer);
    bench.clock.advance(1_000);
    expect((await peer.until('job.completed')).payload).toEqual({ value: null });
  });

  test.each([
    ['human.input.request', (context: PromptContext) => context.requestInput({ ...integer, expiresInMs: 5_000 })],
    ['human.choice.request', (context: PromptContext) => context.requestChoice({ ...choice, expiresInMs: 5_000 })],
  ])('[10.48] that expires without a default (%s) is cancelled and fails the job', async (type, ask) => {
    const codes: JsonValue[] = [];
    const bench = asking(async (_args, context) => {
      codes.push(await codeOf(ask(context)));
      return 'went on';
    });
    const peer = await bench.session();
    const { request, jobId } = await question(peer, type);
    bench.clock.advance(5_000);
    const failed = await peer.until('job.failed');
    expect(failed.payload).toMatchObject({ code: 'DEADLINE_EXCEEDED', retryable: true });
    expect(peer.ofJob(jobId).slice(-2)).toMatchObject([
      { type: 'human.input.cancelled', correlation_id: request.id, payload: { code: 'DEADLINE_EXCEEDED' } },
      { type: 'job.failed' },
    ]);
    await settle();
    expect(codes).toEqual([{ code: 'ERR_ARCP_DEADLINE_EXCEEDED' }]);
    expect((await peer.answerTo(answer(peer, request.id, 1))).payload.code).toBe('NOT_FOUND');
  });

  test('[10.49] with choices takes one that was offered, letter for letter', async () => {
    const peer = await asking((_args, { requestChoice }) => requestChoice(choice)).session();
    const { request } = await question(peer, 'human.choice.request');
    expect(request.payload).toMatchObject({ prompt: 'Which?', options: choice.options });
    for (const wrong of ['zzz', 'B', 'b ', '']) {
      const refused = await peer.answerTo(choose(peer, request.id, wrong));
      expect(refused).toMatchObject({ type: 'nack', payload: { code: 'INVALID_ARGUMENT' } });
    }
    choose(peer, request.id, 'b');
    expect((await peer.until('job.completed')).payload).toEqual({ value: 'b' });
  });

  test('[10.50] the first valid answer counts, later ones change nothing, and other channels are told', async () => {
    const peer = await asking(async (_args, { requestInput }) => [
      await requestInput(integer),
      await requestInput(integer),
    ]).session();
    const { request, jobId } = await question(peer);
    const first = answer(peer, request.id, 1, 'phone\u001b[31m');
    const late = [answer(peer, request.id, 2), answer(peer, request.id, 'no integer'), choose(peer, request.id, 'a')];
    const told = await peer.until('human.input.cancelled');
    expect(told).toMatchObject({
      correlation_id: request.id,
      causation_id: first,
      job_id: jobId,
      payload: { code: 'CANCELLED', message: 'answered by phone\\u001b[31m' },
    });
    const second = await peer.until('human.input.request');
    answer(peer, second.id, 9);
    expect((await peer.until('job.completed')).payload).toEqual({ value: [1, 9] });
    expect(peer.since().filter(({ correlation_id }) => late.includes(correlation_id as string))).toEqual([]);
  });

  test('[10.51] an answer to nothing is refused, and resolves nothing', async () => {
    const peer = await asking((_args, { requestInput }) => requestInput(integer)).session();
    const { request } = await question(peer);
    const unnamed = peer.send('human.input.response', { value: 3, responded_by: 'web', responded_at: AT });
    expect((await peer.answerTo(unnamed)).payload.code).toBe('INVALID_ARGUMENT');
    expect((await peer.answerTo(answer(peer, 'msg_unknown', 3))).payload.code).toBe('NOT_FOUND');
    const uncancelled = peer.send('human.input.cancelled', { code: 'CANCELLED' });
    expect((await peer.answerTo(uncancelled)).payload.code).toBe('INVALID_ARGUMENT');
    expect(peer.types()).not.toContain('job.completed');
    answer(peer, request.id, 4);
    expect((await peer.until('job.completed')).payload).toEqual({ value: 4 });
  });

  test('an answer of the other family is refused, and the question stays open', async () => {
    const peer = await asking((_args, { requestInput }) => requestInput({ ...integer, schema: true })).session();
    const { request } = await question(peer);
    expect((await peer.answerTo(choose(peer, request.id, 'a'))).payload).toMatchObject({
      code: 'INVALID_ARGUMENT',
      details: { path: 'type' },
    });
    answer(peer, request.id, 'a');
    expect((await peer.until('job.completed')).payload).toEqual({ value: 'a' });
  });

  test('R5: nobody answers or cancels a question of another session, not even of the same principal', async () => {
    const bench = asking((_args, { requestInput }) => requestInput(integer));
    const peer = await bench.session();
    const { request } = await question(peer);
    const twin = await bench.session();
    const bob = await bench.session({ auth: { scheme: 'bearer', token: 'tok-bob' } });
    for (const other of [twin, bob]) {
      expect((await other.answerTo(answer(other, request.id, 1))).payload.code).toBe('NOT_FOUND');
      const cancel = other.send('human.input.cancelled', { code: 'CANCELLED' }, { correlation_id: request.id });
      expect((await other.answerTo(cancel)).payload.code).toBe('NOT_FOUND');
    }
    answer(peer, request.id, 2);
    expect((await peer.until('job.completed')).payload).toEqual({ value: 2 });
    // Also once it was answered it does not exist for them.
    expect((await bob.answerTo(answer(bob, request.id, 1))).payload.code).toBe('NOT_FOUND');
  });

  test.each([
    ['input', 'human.input.request', (context: PromptContext) => context.requestInput(integer)],
    ['choice', 'human.choice.request', (context: PromptContext) => context.requestChoice(choice)],
  ])('that the client gives up (%s) cancels the job', async (kind, type, ask) => {
    const codes: JsonValue[] = [];
    const peer = await asking(async (_args, context) => {
      codes.push(await codeOf(ask(context)));
    }).session();
    const { request } = await question(peer, type);
    peer.send('human.input.cancelled', { code: 'UNAVAILABLE' }, { correlation_id: request.id });
    expect((await peer.until('job.cancelled')).payload).toEqual({ reason: `human ${kind} cancelled: UNAVAILABLE` });
    await settle();
    expect(codes).toEqual([{ code: 'ERR_ARCP_CANCELLED' }]);
    expect(peer.types()).not.toContain('nack');
  });

  test('of a job that is cancelled is withdrawn, before the job ends', async () => {
    const peer = await asking((_args, { requestInput }) => requestInput(integer)).session();
    const { request, jobId } = await question(peer);
    peer.send('cancel', { target: 'job', target_id: jobId, reason: 'enough' });
    await peer.until('job.cancelled');
    const events = peer.ofJob(jobId).slice(-2);
    expect(events).toMatchObject([
      { type: 'human.input.cancelled', correlation_id: request.id, payload: { code: 'CANCELLED' } },
      { type: 'job.cancelled', payload: { reason: 'enough' } },
    ]);
    expect((await peer.answerTo(answer(peer, request.id, 1))).payload.code).toBe('NOT_FOUND');
  });

  test('of a job that ends by itself is withdrawn, and rejects for whoever still waits', async () => {
    const codes: JsonValue[] = [];
    const peer = await asking((_args, { requestInput, requestChoice }) => {
      const record = async () => codes.push(await codeOf(requestInput(integer)));
      record().catch(() => {});
      return requestChoice(choice);
    }).session();
    const { request, jobId } = await question(peer);
    const asked = peer.since().find(({ type }) => type === 'human.choice.request');
    choose(peer, asked?.id, 'a');
    await peer.until('job.completed');
    expect(peer.ofJob(jobId).slice(-2)).toMatchObject([
      { type: 'human.input.cancelled', correlation_id: request.id },
      { type: 'job.completed', payload: { value: 'a' } },
    ]);
    await settle();
    expect(codes).toEqual([{ code: 'ERR_ARCP_CANCELLED' }]);
  });

  test('R5: of a job that has ended is not asked at all', async () => {
    let context: ToolContext | undefined;
    const peer = await asking((_args, tool) => {
      context = tool;
      return 'done';
    }).session();
    peer.send('tool.invoke', { tool: 'ask', arguments: null });
    await peer.until('job.completed');
    await expect(context?.requestInput(integer)).rejects.toMatchObject({ code: 'ERR_ARCP_CANCELLED' });
    await expect(context?.requestChoice(choice)).rejects.toMatchObject({ code: 'ERR_ARCP_CANCELLED' });
    await settle();
    expect(peer.types().at(-1)).toBe('job.completed');
  });

  test('[10.78] without human_input is UNIMPLEMENTED for the tool, and nothing is emitted', async () => {
    const peer = await asking(async (_args, { requestInput, requestChoice }) => [
      await codeOf(requestInput(integer)),
      await codeOf(requestChoice(choice)),
    ]).session({ capabilities: { ...ALL_CAPABILITIES, human_input: false } });
    peer.send('tool.invoke', { tool: 'ask', arguments: null });
    expect((await peer.until('job.completed')).payload.value).toEqual([
      { code: 'ERR_ARCP_UNIMPLEMENTED' },
      { code: 'ERR_ARCP_UNIMPLEMENTED' },
    ]);
    expect(peer.types()).toEqual(['job.accepted', 'job.started', 'job.completed']);
  });

  test('[10.78] without the service is UNIMPLEMENTED too', async () => {
    const peer = await asking((_args, { requestInput }) => requestInput(integer), { services: [] }).session();
    peer.send('tool.invoke', { tool: 'ask', arguments: null });
    expect((await peer.until('job.failed')).payload.code).toBe('UNIMPLEMENTED');
  });

  test('R5: at most so many are open of one job, counting those that are about to be asked', async () => {
    const bench = asking(
      async (_args, { requestInput, requestChoice }) => {
        const asked = [requestInput(integer), requestChoice(choice), requestInput(integer)];
        return Promise.all(asked.map(codeOf));
      },
      { limits: { maxOpenPrompts: 2 } },
    );
    const peer = await bench.session();
    await question(peer);
    const open = peer.since().filter(({ type }) => type.endsWith('.request'));
    expect(open).toHaveLength(2);
    for (const { id, type } of open) type === 'human.input.request' ? answer(peer, id, 1) : choose(peer, id, 'a');
    expect((await peer.until('job.completed')).payload.value).toEqual([
      1,
      'a',
      { code: 'ERR_ARCP_RESOURCE_EXHAUSTED' },
    ]);
    // Answered ones are open no more.
    peer.forget();
    await question(peer);
    expect(peer.since().filter(({ type }) => type.endsWith('.request'))).toHaveLength(2);
  });

  test('R5: may offer 256 options, and not 257', async () => {
    const offer = (count: number) => Array.from({ length: count }, (_, n) => ({ id: `${n}`, label: '' }));
    const bench = asking(async (args, { requestChoice }) =>
      codeOf(requestChoice({ prompt: '', options: offer(args as number) })),
    );
    const peer = await bench.session();
    peer.send('tool.invoke', { tool: 'ask', arguments: 257 });
    expect((await peer.until('job.completed')).payload.value).toEqual({ code: 'RangeError' });
    peer.send('tool.invoke', { tool: 'ask', arguments: 256 });
    const { id, payload } = await peer.until('human.choice.request');
    expect(payload.options).toHaveLength(256);
    choose(peer, id, '255');
    expect((await peer.until('job.completed')).payload.value).toBe('255');
  });

  test('R5: waits no longer than the limit', async () => {
    const bench = asking((_args, { requestInput }) => requestInput({ ...integer, expiresInMs: Number.MAX_VALUE }), {
      limits: { maxPromptMs: 60_000 },
    });
    const { request } = await question(await bench.session());
    expect(Date.parse(request.payload.expires_at) - EPOCH_MS).toBe(60_000);
  });

  test('does not expire early where the wall clock is set back', async () => {
    let offsetMs = 0;
    const bench = asking((_args, { requestInput }) => requestInput({ ...integer, expiresInMs: 10_000 }), {
      now: () => EPOCH_MS + bench.clock.now() + offsetMs,
    });
    const peer = await bench.session();
    await question(peer);
    offsetMs = -3_000;
    bench.clock.advance(10_000);
    await settle();
    expect(peer.types()).not.toContain('job.failed');
    bench.clock.advance(3_000);
    expect((await peer.until('job.failed')).payload.code).toBe('DEADLINE_EXCEEDED');
  });

  test.each<[string, (context: PromptContext) => Promise<unknown>, string]>([
    [
      'a schema that is not taken',
      (context) => context.requestInput({ prompt: '', schema: { $ref: 'https://a.example/' } }),
      'ERR_ARCP_INVALID_ARGUMENT',
    ],
    [
      'a pattern nobody allowed',
      (context) => context.requestInput({ prompt: '', schema: { pattern: 'a' } }),
      'ERR_ARCP_INVALID_ARGUMENT',
    ],
    ['a default that does not fit', (context) => context.requestInput({ ...integer, default: 'x' }), 'TypeError'],
    ['a prompt that is no text', (context) => context.requestInput({ ...integer, prompt: 7 as never }), 'TypeError'],
    ['no time at all', (context) => context.requestInput({ ...integer, expiresInMs: 0 }), 'RangeError'],
    [
      'time that is no number',
      (context) => context.requestChoice({ ...choice, expiresInMs: Number.NaN }),
      'RangeError',
    ],
    ['no choices', (context) => context.requestChoice({ prompt: '', options: [] }), 'RangeError'],
    [
      'the same choice twice',
      (context) =>
        context.requestChoice({
          prompt: '',
          options: [
            { id: 'a', label: '' },
            { id: 'a', label: '' },
          ],
        }),
      'TypeError',
    ],
    [
      'a choice without a label',
      (context) => context.requestChoice({ prompt: '', options: [{ id: 'a' } as never] }),
      'TypeError',
    ],
  ])('is a mistake of the tool with %s, and leaves nothing behind', async (_what, ask, code) => {
    const bench = asking(async (_args, context) => codeOf(ask(context)), { limits: { maxOpenPrompts: 1 } });
    const peer = await bench.session();
    for (let i = 0; i < 2; i++) {
      peer.send('tool.invoke', { tool: 'ask', arguments: null });
      expect((await peer.until('job.completed')).payload.value).toEqual({ code });
    }
    expect(peer.types().filter((type) => type.startsWith('human.'))).toEqual([]);
    expect(bench.clock.pendingTimers).toBeLessThan(5);
  });

  test('may have patterns where its author allows them', async () => {
    const peer = await asking((_args, { requestInput }) =>
      requestInput({ prompt: '', schema: { pattern: '^a+$' }, allowPatterns: true }),
    ).session();
    const { request } = await question(peer);
    expect((await peer.answerTo(answer(peer, request.id, 'b'))).type).toBe('nack');
    answer(peer, request.id, 'aa');
    expect((await peer.until('job.completed')).payload).toEqual({ value: 'aa' });
  });

  test('[10.80] takes an answer with a member named __proto__ as an own member', async () => {
    const peer = await asking(async (_args, { requestInput }) => {
      const value = await requestInput({ prompt: '', schema: { type: 'object' } });
      return [Object.hasOwn(value as object, '__proto__'), ({} as { admin?: boolean }).admin ?? null];
    }).session();
    const { request } = await question(peer);
    answer(peer, request.id, JSON.parse('{"__proto__":{"admin":true}}'));
    expect((await peer.until('job.completed')).payload).toEqual({ value: [true, null] });
  });

  test('is still open when the client comes back, and takes the answer then', async () => {
    const bench = asking((_args, { requestInput }) => requestInput(integer));
    const peer = await bench.session();
    const { request } = await question(peer);
    await peer.drop();
    const again = bench.connect();
    await again.open({ session_id: peer.sessionId });
    answer(again, request.id, 5);
    expect((await again.until('job.completed')).payload).toEqual({ value: 5 });
  });

  test('of before a restart is withdrawn, and the tool that runs again asks anew', async () => {
    const bench = asking((_args, { requestInput }) => requestInput(integer));
    const peer = await bench.session();
    const { request, jobId } = await question(peer);
    const next = await bench.restart({ services: [promptService()] });
    const again = next.connect();
    await again.open({ session_id: peer.sessionId });
    again.send('resume', { after_message_id: request.id });
    const withdrawn = await again.until('human.input.cancelled');
    expect(withdrawn).toMatchObject({ correlation_id: request.id, job_id: jobId, payload: { code: 'CANCELLED' } });
    const anew = again.received.find(({ type }) => type === 'human.input.request');
    expect(anew?.id).not.toBe(request.id);
    expect((await again.answerTo(answer(again, request.id, 1))).payload.code).toBe('NOT_FOUND');
    answer(again, anew?.id, 6);
    expect((await again.until('job.completed')).payload).toEqual({ value: 6 });
    // Nothing is left to withdraw at the next restart.
    expect(await next.log.records('prompt', { limit: 10 })).toEqual([]);
  });

  test('leaves no timer behind when the runtime closes', async () => {
    const bench = asking((_args, { requestInput }) => requestInput(integer));
    const peer = await bench.session();
    await question(peer);
    await bench.runtime.close();
    bench.clock.advance(3_600_000);
    await settle();
    expect(bench.clock.pendingTimers).toBe(0);
    expect(peer.types()).not.toContain('job.failed');
  });
});

describe('an interrupt', () => {
  test('[10.44] asks with the prompt of the operator, and the job goes on after the answer', async () => {
    const heard: JsonValue[] = [];
    let end: ((value: string) => void) | undefined;
    const peer = await asking((_args, { onInterrupt }) => {
      onInterrupt((value) => heard.push(value));
      return new Promise((resolve) => {
        end = resolve;
      });
    }).session();
    peer.send('tool.invoke', { tool: 'ask', arguments: null });
    const started = await peer.until('job.started');
    const id = peer.send('interrupt', { target: 'job', target_id: started.job_id as string, prompt: 'Go on?' });
    const request = await peer.until('human.input.request');
    expect(request).toMatchObject({ job_id: started.job_id, causation_id: id, payload: { prompt: 'Go on?' } });
    answer(peer, request.id, { goOn: true });
    await settle();
    expect(heard).toEqual([{ goOn: true }]);
    end?.('finished');
    expect((await peer.until('job.completed')).payload).toEqual({ value: 'finished' });
  });

  test('counts among the open questions, and is refused beyond their limit', async () => {
    const peer = await asking((_args, { requestInput }) => requestInput(integer), {
      limits: { maxOpenPrompts: 1 },
    }).session();
    const { request, jobId } = await question(peer);
    const refused = await peer.answerTo(peer.send('interrupt', { target: 'job', target_id: jobId, prompt: '?' }));
    expect(refused).toMatchObject({ type: 'nack', payload: { code: 'RESOURCE_EXHAUSTED' } });
    answer(peer, request.id, 1);
    await peer.until('job.completed');
  });

  test('nobody answers fails the job, as any question', async () => {
    const bench = asking(() => new Promise(() => {}));
    const peer = await bench.session();
    peer.send('tool.invoke', { tool: 'ask', arguments: null });
    const started = await peer.until('job.started');
    peer.send('interrupt', { target: 'job', target_id: started.job_id as string, prompt: '?' });
    await peer.until('human.input.request');
    bench.clock.advance(600_000);
    expect((await peer.until('job.failed')).payload.code).toBe('DEADLINE_EXCEEDED');
  });

  test('whose listener throws is reported, and disturbs nobody', async () => {
    const bench = asking((_args, { onInterrupt }) => {
      onInterrupt(() => {
        throw arcpError('INTERNAL', 'oops');
      });
      return new Promise(() => {});
    });
    const peer = await bench.session();
    peer.send('tool.invoke', { tool: 'ask', arguments: null });
    const started = await peer.until('job.started');
    peer.send('interrupt', { target: 'job', target_id: started.job_id as string, prompt: '?' });
    answer(peer, (await peer.until('human.input.request')).id, 1);
    await settle();
    expect(bench.faults).toMatchObject([{ where: 'onInterrupt' }]);
    peer.send('ping');
    await peer.until('pong');
  });
});
