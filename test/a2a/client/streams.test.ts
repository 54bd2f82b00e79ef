import { describe, expect, test } from 'vitest';
import { createA2aClient } from '../../../src/a2a/client/client.js';
import type { A2aClientOptions, A2aWarning } from '../../../src/a2a/client/options.js';
import { fakeClock } from '../../../src/testing/fake-clock.js';
import { allTextOf } from '../../support/text-of.js';
import { body, cardOf, collect, events, fakeAgent, json, type Seen, status, stream, task } from './fake-agent.js';

const message = { messageId: 'm-1', role: 'ROLE_USER', parts: [{ text: 'hi' }] };
const reply = { messageId: 'm-2', role: 'ROLE_AGENT', parts: [{ text: 'ho' }] };
const artifact = (text: string, more = {}) => ({
  artifactUpdate: { taskId: 't-1', contextId: 'c-1', artifact: { artifactId: 'a', parts: [{ text }] }, ...more },
});
const LIFE = [{ task: task('SUBMITTED') }, status('WORKING'), artifact('x', { append: true }), status('COMPLETED')];

function setUp(
  answer: (request: Seen, nth: number) => Response | Promise<Response>,
  options: Partial<A2aClientOptions> = {},
) {
  const warnings: A2aWarning[] = [];
  let nth = 0;
  const agent = fakeAgent((request) => answer(request, nth++));
  const onWarning = (warning: A2aWarning) => void warnings.push(warning);
  const client = createA2aClient({ card: cardOf(), fetch: agent.fetch, onWarning, ...options });
  return { agent, client, warnings };
}

/** Until what has been started has gone as far as it goes by itself. */
const settled = () => new Promise((resolve) => setTimeout(resolve));

describe.each(['JSONRPC', 'HTTP+JSON'] as const)('[7.61] streams over %s', (binding) => {
  const bindings = [binding];
  const streaming = (
    answer: (request: Seen) => Response | Promise<Response>,
    options: Partial<A2aClientOptions> = {},
  ) => setUp(answer, { bindings, ...options }).client.sendStreamingMessage({ message });
  /** An event of an error, as this binding has it. */
  const failure = (request: Seen, name = '') => {
    const error =
      binding === 'JSONRPC'
        ? { jsonrpc: '2.0', id: request.body.id, error: { code: -32603, message: 'it broke' } }
        : { error: { code: 500, status: 'INTERNAL', message: 'it broke' } };
    return `${name}data: ${JSON.stringify(error)}\n\n`;
  };

  test('a task and what becomes of it', async () => {
    expect(await collect(streaming((request) => stream(events(request, ...LIFE))))).toEqual(LIFE);
  });

  test('a message alone', async () => {
    const answer = (request: Seen) => stream(events(request, { message: reply }));
    expect(await collect(streaming(answer))).toEqual([{ message: reply }]);
  });

  test('whatever the framing: CRLF, comments, ids, empty events, bytes one by one', async () => {
    const answer = (request: Seen) => {
      const text = `: ping\n\ndata:\n\n${events(request, ...LIFE).replaceAll('data:', 'id: 1\ndata:')}`;
      const bytes = new TextEncoder().encode(text.replaceAll('\n', '\r\n'));
      let at = 0;
      return stream(
        new ReadableStream({
          pull(controller) {
            if (at < bytes.length) controller.enqueue(bytes.slice(at, ++at));
            else controller.close();
          },
        }),
      );
    };
    expect(await collect(streaming(answer))).toEqual(LIFE);
  });

  test('nothing is sent before the first step', async () => {
    const { agent, client } = setUp((request) => stream(events(request, ...LIFE)), { bindings });
    const iterator = client.sendStreamingMessage({ message });
    await settled();
    expect(agent.seen).toEqual([]);
    await iterator.return?.();
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
    expect(agent.seen).toEqual([]);
  });

  test('an error instead of a stream', async () => {
    const error =
      binding === 'JSONRPC'
        ? (request: Seen) => json({ jsonrpc: '2.0', id: request.body.id, error: { code: -32004, message: 'no' } })
        : () => json({ error: { code: 400, details: [{ reason: 'UNSUPPORTED_OPERATION' }] } }, 400);
    await expect(collect(streaming(error))).rejects.toMatchObject({ code: 'ERR_A2A_UNSUPPORTED_OPERATION' });
  });

  test('a result instead of a stream is a stream of one', async () => {
    const wrap = (request: Seen, value: unknown) =>
      json(binding === 'JSONRPC' ? { jsonrpc: '2.0', id: request.body.id, result: value } : value);
    expect(await collect(streaming((request) => wrap(request, { task: task('COMPLETED') })))).toHaveLength(1);
    expect(await collect(streaming((request) => wrap(request, reply)))).toEqual([{ message: reply }]);
  });

  test.each(['event: error\n', ''])('an error in the middle comes after what was before it (%j)', async (name) => {
    const answer = (request: Seen) => stream(events(request, { task: task('WORKING') }) + failure(request, name));
    const iterator = streaming(answer, { resubscribe: true });
    expect((await iterator.next()).value).toEqual({ task: task('WORKING') });
    await expect(iterator.next()).rejects.toMatchObject({
      name: 'A2aRemoteError',
      code: 'ERR_A2A_INTERNAL',
      message: 'it broke',
    });
  });

  test('an error event with the bare error in it', async () => {
    const answer = () => stream('event: error\ndata: {"code":-32603,"message":"it broke"}\n\n');
    await expect(collect(streaming(answer))).rejects.toMatchObject({ code: 'ERR_A2A_INTERNAL', message: 'it broke' });
  });

  test('an event that is none is refused, naming where', async () => {
    const answer = (request: Seen) => stream(events(request, { statusUpdate: { taskId: 't-1', status: {} } }));
    await expect(collect(streaming(answer))).rejects.toMatchObject({
      code: 'ERR_A2A_INVALID_AGENT_RESPONSE',
      message: expect.stringContaining('statusUpdate.status.state'),
    });
    await expect(collect(streaming(() => stream('data: {oops}\n\n')))).rejects.toMatchObject({
      code: 'ERR_A2A_INVALID_AGENT_RESPONSE',
    });
  });

  test('a kind of event that nobody knows is left out, a bare one is taken, each with a warning', async () => {
    const answer = (request: Seen) =>
      stream(events(request, { moonPhase: {} }, task('WORKING'), status('COMPLETED').statusUpdate));
    const { client, warnings } = setUp(answer, { bindings });
    expect(await collect(client.sendStreamingMessage({ message }))).toEqual([
      { task: task('WORKING') },
      status('COMPLETED'),
    ]);
    expect(warnings.map(({ code }) => code)).toEqual(['unknown-event', 'unwrapped', 'unwrapped']);
  });

  test.each(['COMPLETED', 'FAILED', 'CANCELED', 'REJECTED', 'INPUT_REQUIRED', 'AUTH_REQUIRED'])(
    'a stream may end with %s',
    async (state) => {
      const answer = (request: Seen) => stream(events(request, { task: task('WORKING') }, status(state)));
      expect(await collect(streaming(answer))).toHaveLength(2);
    },
  );

  test.each(['SUBMITTED', 'WORKING', 'UNSPECIFIED', 'SOMETHING_NEW'])(
    'a stream that ends with %s ended early',
    async (state) => {
      const answer = (request: Seen) => stream(events(request, { task: task('INPUT_REQUIRED') }, status(state)));
      const iterator = streaming(answer);
      await iterator.next();
      await iterator.next();
      await expect(iterator.next()).rejects.toMatchObject({
        name: 'A2aStreamError',
        code: 'ERR_A2A_STREAM_ENDED_EARLY',
        taskId: 't-1',
      });
    },
  );

  test('so did one without an event', async () => {
    await expect(collect(streaming(() => stream('')))).rejects.toMatchObject({ code: 'ERR_A2A_STREAM_ENDED_EARLY' });
  });

  test('an event without its last line end is taken where it is whole, else the stream was cut', async () => {
    const whole = (request: Seen) => stream(events(request, ...LIFE).trimEnd());
    expect(await collect(streaming(whole))).toEqual(LIFE);
    const cut = (request: Seen) => stream(events(request, ...LIFE).slice(0, -10));
    await expect(collect(streaming(cut))).rejects.toMatchObject({ code: 'ERR_A2A_STREAM_ENDED_EARLY' });
  });

  test('a connection that breaks is told by its cause', async () => {
    const { stream: content, send, fail } = body();
    const iterator = streaming((request) => {
      send(events(request, { task: task('WORKING') }));
      return stream(content);
    });
    await iterator.next();
    const lost = new TypeError('terminated');
    fail(lost);
    await expect(iterator.next()).rejects.toMatchObject({ code: 'ERR_A2A_STREAM_ENDED_EARLY', cause: lost });
  });

  test('once the task is over, a connection that breaks changes nothing', async () => {
    const { stream: content, send, fail } = body();
    const iterator = streaming((request) => {
      send(events(request, { task: task('COMPLETED') }));
      return stream(content);
    });
    await iterator.next();
    fail(new TypeError('terminated'));
    expect((await iterator.next()).done).toBe(true);
  });

  test('leaving the loop releases the body', async () => {
    const { stream: content, send, cancelled } = body();
    const iterator = streaming((request) => {
      send(events(request, ...LIFE));
      return stream(content);
    });
    for await (const _ of iterator) break;
    expect(cancelled).toHaveLength(1);
  });

  test('leaving while a step is under way ends that step, and releases the body', async () => {
    const { stream: content, send, cancelled } = body();
    const iterator = streaming((request) => {
      send(events(request, { task: task('WORKING') }));
      return stream(content);
    });
    await iterator.next();
    const step = iterator.next();
    await settled();
    await iterator.return?.();
    expect(await step).toEqual({ done: true, value: undefined });
    expect(cancelled).toHaveLength(1);
  });

  test('a signal ends the stream with its reason, and releases the body', async () => {
    const { stream: content, send, cancelled } = body();
    const abort = new AbortController();
    const { client } = setUp(
      (request) => {
        send(events(request, { task: task('WORKING') }));
        return stream(content);
      },
      { bindings },
    );
    const iterator = client.sendStreamingMessage({ message }, { signal: abort.signal });
    await iterator.next();
    const step = iterator.next();
    const reason = { because: 'enough' };
    abort.abort(reason);
    await expect(step).rejects.toBe(reason);
    expect(cancelled).toEqual([reason]);
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
  });

  test('silence has a limit, which comments extend', async () => {
    const clock = fakeClock();
    const { stream: content, send, cancelled } = body();
    const iterator = streaming(
      (request) => {
        send(events(request, { task: task('WORKING') }));
        return stream(content);
      },
      { clock, idleTimeoutMs: 1000 },
    );
    await iterator.next();
    const step = iterator.next();
    await settled();
    clock.advance(999);
    send(': ping\n\n');
    await settled();
    clock.advance(999);
    await settled();
    expect(cancelled).toEqual([]);
    clock.advance(1);
    await expect(step).rejects.toMatchObject({
      code: 'ERR_A2A_STREAM_ENDED_EARLY',
      cause: { code: 'ERR_HTTP_TIMEOUT' },
    });
    expect(cancelled).toHaveLength(1);
    expect(clock.pendingTimers).toBe(0);
  });

  test('an event at the limit is taken, and one byte more is not', async () => {
    const answer = (request: Seen) => stream(events(request, { message: reply }));
    const bytes = (binding === 'JSONRPC' ? '{"jsonrpc":"2.0","id":1,"result":}' : '').length;
    const maxEventBytes = `data: ${JSON.stringify({ message: reply })}`.length + bytes;
    expect(await collect(streaming(answer, { maxEventBytes }))).toEqual([{ message: reply }]);
    await expect(collect(streaming(answer, { maxEventBytes: maxEventBytes - 1 }))).rejects.toMatchObject({
      name: 'LimitError',
      limit: 'maxEventBytes',
    });
  });
});

test('[7.57] an event for another request is refused', async () => {
  const answer = () => stream(`data: ${JSON.stringify({ jsonrpc: '2.0', id: 7, result: { message: reply } })}\n\n`);
  await expect(collect(setUp(answer).client.sendStreamingMessage({ message }))).rejects.toMatchObject({
    code: 'ERR_A2A_INVALID_AGENT_RESPONSE',
  });
});

describe('[7.61] a lost stream is taken up again', () => {
  /** What a client does about a first stream that ends early, when the agent answers the rest so. */
  function resubscribing(
    answers: readonly ((request: Seen) => Response)[],
    resubscribe: NonNullable<A2aClientOptions['resubscribe']> = {
      initialDelayMs: 100,
      maxDelayMs: 300,
      maxAttempts: 3,
    },
  ) {
    const clock = fakeClock();
    const waits: number[] = [];
    const watched = {
      ...clock,
      setTimer(callback: () => void, delayMs: number) {
        if (delayMs !== 300_000) waits.push(delayMs);
        const stop = clock.setTimer(callback, delayMs);
        // Time flies while nobody but a timer of ours is waited for.
        if (delayMs !== 300_000) queueMicrotask(() => clock.advance(delayMs));
        return stop;
      },
    };
    const { agent, client } = setUp((request, nth) => (answers[nth] as (request: Seen) => Response)(request), {
      clock: watched,
      bindings: ['JSONRPC'],
      resubscribe,
    });
    return { agent, client, waits };
  }
  const working = (request: Seen) => stream(events(request, { task: task('WORKING') }));
  const down = () => {
    throw new TypeError('unreachable');
  };
  const rpcError = (code: number) => (request: Seen) =>
    json({ jsonrpc: '2.0', id: request.body.id, error: { code, message: 'no' } });

  test('the new stream goes on from the task as it stands', async () => {
    const { agent, client, waits } = resubscribing([
      working,
      (request) => stream(events(request, { task: task('WORKING') }, status('COMPLETED'))),
    ]);
    expect(await collect(client.sendStreamingMessage({ message, tenant: 'x' }))).toEqual([
      { task: task('WORKING') },
      { task: task('WORKING') },
      status('COMPLETED'),
    ]);
    expect(agent.last.body).toMatchObject({ method: 'SubscribeToTask', params: { id: 't-1', tenant: 'x' } });
    expect(waits).toEqual([100]);
  });

  test('the waits double up to the longest, and start anew when there was news', async () => {
    const { client, waits } = resubscribing([
      working,
      down,
      working,
      (request) => stream(events(request, { task: task('WORKING') }, status('WORKING'))),
      working,
      (request) => stream(events(request, { task: task('COMPLETED') })),
    ]);
    await collect(client.sendStreamingMessage({ message }));
    expect(waits).toEqual([100, 200, 300, 100, 200]);
  });

  test('it is given up after so many attempts without news', async () => {
    const { agent, client } = resubscribing([working, down, () => new Response('', { status: 503 }), working]);
    await expect(collect(client.sendStreamingMessage({ message }))).rejects.toMatchObject({
      code: 'ERR_A2A_STREAM_ENDED_EARLY',
      taskId: 't-1',
    });
    expect(agent.seen).toHaveLength(4);
  });

  test('a task that has ended meanwhile says how', async () => {
    const { agent, client } = resubscribing([
      working,
      rpcError(-32004),
      (request) => json({ jsonrpc: '2.0', id: request.body.id, result: task('COMPLETED') }),
    ]);
    expect(await collect(client.sendStreamingMessage({ message }))).toEqual([
      { task: task('WORKING') },
      { task: task('COMPLETED') },
    ]);
    expect(agent.last.body.method).toBe('GetTask');
  });

  test('one that cannot be subscribed to, and has not ended, is told as it is', async () => {
    const { client } = resubscribing([
      working,
      rpcError(-32004),
      (request) => json({ jsonrpc: '2.0', id: request.body.id, result: task('WORKING') }),
    ]);
    const iterator = client.sendStreamingMessage({ message });
    await iterator.next();
    expect((await iterator.next()).value).toEqual({ task: task('WORKING') });
    await expect(iterator.next()).rejects.toMatchObject({ code: 'ERR_A2A_STREAM_ENDED_EARLY' });
  });

  test('any other refusal is the agent’s last word', async () => {
    const { agent, client } = resubscribing([working, rpcError(-32001)]);
    await expect(collect(client.sendStreamingMessage({ message }))).rejects.toMatchObject({
      code: 'ERR_A2A_TASK_NOT_FOUND',
    });
    expect(agent.seen).toHaveLength(2);
  });

  test('a first stream that does not come about is not tried again', async () => {
    const { agent, client } = resubscribing([() => new Response('', { status: 503 })]);
    await expect(collect(client.subscribeToTask({ id: 't-1' }))).rejects.toMatchObject({ code: 'ERR_A2A_UNAVAILABLE' });
    expect(agent.seen).toHaveLength(1);
  });

  test('neither is a stream that never named its task', async () => {
    const { client } = resubscribing([() => stream('')]);
    await expect(collect(client.sendStreamingMessage({ message }))).rejects.toMatchObject({
      code: 'ERR_A2A_STREAM_ENDED_EARLY',
    });
  });

  test('a signal ends the wait between attempts', async () => {
    const abort = new AbortController();
    const { client } = setUp(working, { resubscribe: { initialDelayMs: 60_000 } });
    const iterator = client.sendStreamingMessage({ message }, { signal: abort.signal });
    await iterator.next();
    const step = iterator.next();
    await settled();
    abort.abort('enough');
    await expect(step).rejects.toBe('enough');
  });

  test('it can be chosen for one stream, and chosen away', async () => {
    const { agent, client } = resubscribing([working, working], true);
    await expect(collect(client.subscribeToTask({ id: 't-1' }, { resubscribe: false }))).rejects.toMatchObject({
      code: 'ERR_A2A_STREAM_ENDED_EARLY',
    });
    expect(agent.seen).toHaveLength(1);
    expect(() => client.subscribeToTask({ id: 't-1' }, { resubscribe: { maxAttempts: 101 } })).toThrow(RangeError);
  });
});

test('no credential is in what an error prints', async () => {
  const headers = { authorization: 'Bearer s3cret' };
  const { client } = setUp(() => json({ error: 'no' }, 403), { headers });
  const error = await client.getTask({ id: 't-1' }).catch((reason: unknown) => reason);
  expect(allTextOf(error)).not.toContain('s3cret');
});
