// Streams over the wire: what tools write, what clients send, and what becomes of both.

import { describe, expect, test } from 'vitest';
import { ArcpError } from '../../../../src/arcp/errors.js';
import { streamService } from '../../../../src/arcp/runtime/streams/streams-service.js';
import type { ToolContext } from '../../../../src/arcp/runtime/tool-context.js';
import type { Tool } from '../../../../src/arcp/runtime/tools.js';
import type { StreamItem } from '../../../../src/arcp/streams/chunk.js';
import type { StreamReader } from '../../../../src/arcp/streams/reader.js';
import { sha256Hex } from '../../../../src/arcp/wire/sha256.js';
import type { StreamKind } from '../../../../src/arcp/wire/stream.js';
import type { JsonValue } from '../../../../src/codec/json-value.js';
import { unhandledDuring } from '../../../support/unhandled.js';
import { type RawPeer, type Received, settle, testRuntime } from '../../support/raw-peer.js';
import { slowTransport } from '../../support/slow-transport.js';

type Run = (context: ToolContext, args: JsonValue) => ReturnType<Tool['handler']>;

/** A runtime whose one tool, `run`, is what the test says. */
function bench(run: Run = () => null, options: Parameters<typeof streamService>[0] = {}, limits = {}) {
  const tools: Tool[] = [{ name: 'run', handler: (args, context) => run(context, args) }];
  return testRuntime({ tools, services: [streamService(options)], limits });
}

/** Invokes the tool. @returns The job's id. */
async function invoke(peer: RawPeer): Promise<string> {
  peer.send('tool.invoke', { tool: 'run', arguments: null });
  return (await peer.until('job.accepted')).payload.job_id as string;
}

/** The same over a connection that takes in only what the test lets through, 10,000 bytes at a time. */
function slowBench(run: Run) {
  const { runtime } = bench(run, {}, { maxBufferedBytes: 10_000 });
  const slow = slowTransport();
  void runtime.accept(slow.transport);
  let number = 0;
  const send = (type: string, payload: JsonValue, turns = 3) => {
    const id = `msg_s${++number}`;
    slow.receive(JSON.stringify({ arcp: '1.0', id, type, timestamp: '2026-03-02T08:15:42Z', payload }));
    return settle(turns);
  };
  return {
    ...slow,
    send,
    async open() {
      const auth = { scheme: 'bearer', token: 'tok-alice' };
      const client = { kind: 'slow', version: '1' };
      await send('session.open', { auth, client, capabilities: { streaming: true } });
      return slow.sent;
    },
    invoke: () => send('tool.invoke', { tool: 'run', arguments: null }),
  };
}

const streamOf = (messages: readonly Received[]) => messages.filter(({ type }) => type.startsWith('stream.'));
const errorCodes = (peer: RawPeer) =>
  peer
    .since()
    .filter(({ type }) => type === 'nack' || type === 'stream.error')
    .map(({ type, payload }) => `${type} ${payload.code}`);

async function collect(reader: StreamReader): Promise<StreamItem[]> {
  const items: StreamItem[] = [];
  for await (const item of reader) items.push(item);
  return items;
}

describe('a stream that a tool writes', () => {
  test('[10.55] is opened, numbered and closed under its own and the job’s ids, before the job ends', async () => {
    const { session } = bench(async ({ stream }) => {
      const text = stream('text', { contentType: 'text/plain' });
      for (const word of ['one', 'two', 'three']) await text.write(word);
      await text.close();
      return 'done';
    });
    const peer = await session();
    const jobId = await invoke(peer);
    await peer.until('job.completed');
    const messages = streamOf(peer.since());
    expect(messages.map(({ type, payload }) => [type, payload])).toEqual([
      ['stream.open', { kind: 'text', content_type: 'text/plain' }],
      ['stream.chunk', { sequence: 0, data: 'one' }],
      ['stream.chunk', { sequence: 1, data: 'two' }],
      ['stream.chunk', { sequence: 2, data: 'three' }],
      ['stream.close', { final_sequence: 2 }],
    ]);
    expect(new Set(messages.map(({ stream_id }) => stream_id)).size).toBe(1);
    for (const message of messages) {
      expect(message).toMatchObject({ job_id: jobId, stream_id: expect.stringMatching(/^str_/) });
      expect(message.correlation_id).toBe(peer.since()[0]?.correlation_id);
    }
  });

  test('goes beside others of the job and of other jobs, each in its own order', async () => {
    const { session } = bench(async ({ stream }) => {
      const [a, b] = [stream('text'), stream('event')];
      for (let i = 0; i < 20; i++) await Promise.all([a.write(`${i}`), b.write({ i })]);
    });
    const peer = await session();
    await invoke(peer);
    await invoke(peer);
    await peer.until('job.completed');
    await peer.until('job.completed');
    const byStream = new Map<string, number[]>();
    for (const { type, stream_id, payload } of peer.since()) {
      if (type !== 'stream.chunk') continue;
      byStream.set(stream_id as string, [...(byStream.get(stream_id as string) ?? []), payload.sequence as number]);
    }
    expect([...byStream.values()]).toEqual(Array(4).fill([...Array(20).keys()]));
  });

  test('[10.58] of thoughts has data, content and role; redacted text never reaches wire or log', async () => {
    const { session, log } = bench(async ({ thought }) => {
      await thought('look in the drawer');
      await thought('the password is hunter2', { redacted: true });
      await thought('the password is hunter2', { redacted: true, summary: 'recalls a password' });
    });
    const peer = await session();
    await invoke(peer);
    await peer.until('job.completed');
    const [open, ...rest] = streamOf(peer.since());
    expect(open?.payload).toEqual({ kind: 'thought' });
    const role = 'assistant_thought';
    expect(rest.map(({ payload }) => payload)).toEqual([
      { sequence: 0, data: 'look in the drawer', content: 'look in the drawer', role, redacted: false },
      { sequence: 1, data: '', content: '', role, redacted: true },
      { sequence: 2, data: 'recalls a password', content: 'recalls a password', role, redacted: true },
      { final_sequence: 2 },
    ]);
    const kept = await log.read({ after: 0, limit: 1_000 });
    expect(kept.length).toBeGreaterThan(6);
    expect(`${peer.texts.join()}${kept.map(({ text }) => text).join()}`).not.toContain('hunter2');
  });

  test('of bytes goes as base64 with content type and hash, where the client asks for nothing else', async () => {
    const bytes = Uint8Array.of(1, 2, 3, 4);
    const { connect } = bench(async ({ stream }) => {
      await stream('binary', { contentType: 'image/png' }).write(bytes);
    });
    const peer = connect();
    const capabilities = { streaming: true, binary_streams: true, binary_encoding: ['base64'] };
    const accepted = await peer.open({ capabilities });
    expect(accepted.payload.capabilities.binary_encoding).toEqual(['base64']);
    await invoke(peer);
    await peer.until('job.completed');
    const [open, chunk] = streamOf(peer.since());
    expect(open?.payload).toEqual({ kind: 'binary', content_type: 'image/png', encoding: 'base64' });
    expect(chunk?.payload).toEqual({
      sequence: 0,
      data: 'AQIDBA==',
      content_type: 'image/png',
      sha256: await sha256Hex(bytes),
    });
  });

  test('[10.56] that is asked for 5 a second sends 5 in the next second, while another goes on at full speed', async () => {
    const { session, clock } = bench(async ({ stream, acceptStream }) => {
      const [slow, fast] = [stream('text', { contentType: 'slow' }), stream('text', { contentType: 'fast' })];
      await acceptStream();
      const writes = Array.from({ length: 20 }, (_, i) => [slow.write(`${i}`), fast.write(`${i}`)]).flat();
      await Promise.all(writes);
    });
    const peer = await session();
    const job_id = await invoke(peer);
    const { stream_id: slow } = await peer.until('stream.open', ({ payload }) => payload.content_type === 'slow');
    const { stream_id: fast } = await peer.until('stream.open', ({ payload }) => payload.content_type === 'fast');
    const sequences = (id: unknown) =>
      peer
        .since()
        .flatMap(({ type, stream_id, payload }) =>
          type === 'stream.chunk' && stream_id === id ? [payload.sequence as number] : [],
        );
    peer.send('backpressure', { desired_rate_per_second: 5 }, { stream_id: slow });
    peer.send('stream.open', { kind: 'text' }, { stream_id: 'str_go', job_id });
    await settle();
    expect([sequences(slow), sequences(fast)]).toEqual([[], [...Array(20).keys()]]);
    for (let tenth = 0; tenth < 10; tenth++) {
      clock.advance(100);
      await settle(1);
    }
    expect(sequences(slow)).toEqual([0, 1, 2, 3, 4]);
    clock.advance(1_000);
    await settle();
    expect(sequences(slow)).toHaveLength(10);
    // Says nothing of a rate: it stays.
    peer.send('backpressure', { reason: 'still slow', buffer_remaining_bytes: 0 }, { stream_id: slow });
    clock.advance(200);
    await settle();
    expect(sequences(slow)).toHaveLength(11);
    peer.send('backpressure', { desired_rate_per_second: 4_294_967_295 }, { stream_id: slow });
    await peer.until('job.completed');
    expect(sequences(slow)).toEqual([...Array(20).keys()]);
  });

  test('that is cancelled ends with stream.error CANCELLED; the tool hears of it and the job goes on', async () => {
    const { session } = bench(async ({ stream }) => {
      const text = stream('text');
      await text.write('a');
      await new Promise((resolve) => text.signal.addEventListener('abort', resolve, { once: true }));
      const late = await text.write('b').catch((error: ArcpError) => error.code);
      return [late as string, text.state];
    });
    const peer = await session();
    await invoke(peer);
    const { stream_id } = await peer.until('stream.chunk');
    const id = peer.send('cancel', { target: 'stream', target_id: stream_id as string, reason: 'enough' });
    expect(await peer.until('cancel.accepted')).toMatchObject({
      correlation_id: id,
      payload: { target_id: stream_id },
    });
    expect(await peer.until('stream.error')).toMatchObject({
      stream_id,
      payload: { code: 'CANCELLED', message: 'enough' },
    });
    expect((await peer.until('job.completed')).payload.value).toEqual(['ERR_ARCP_CANCELLED', 'errored']);
    peer.send('cancel', { target: 'stream', target_id: stream_id as string });
    expect((await peer.until('cancel.refused')).payload.reason).toBe('not_found');
  });

  test('of thoughts that the client cancelled costs the tool nothing: it thinks on in silence', async () => {
    const { session } = bench(async ({ thought, acceptStream }) => {
      await thought('a');
      await acceptStream();
      await thought('b');
      return 'done';
    });
    const peer = await session();
    const job_id = await invoke(peer);
    const { stream_id } = await peer.until('stream.chunk');
    peer.send('cancel', { target: 'stream', target_id: stream_id as string });
    peer.send('stream.open', { kind: 'text' }, { stream_id: 'str_go', job_id });
    expect((await peer.until('job.completed')).payload.value).toBe('done');
    expect(peer.types().filter((type) => type === 'stream.chunk')).toHaveLength(1);
  });

  test('R2: is nothing that another session can cancel, slow down or end', async () => {
    const { session, clock } = bench(async ({ stream, signal }) => {
      const text = stream('text');
      await text.write('a');
      await new Promise((resolve) => {
        clock.setTimer(() => resolve(undefined), 1_000);
        signal.addEventListener('abort', resolve, { once: true });
      });
      await text.write('b');
    });
    const alice = await session();
    await invoke(alice);
    const { stream_id } = await alice.until('stream.chunk');
    const bob = await session({ auth: { scheme: 'bearer', token: 'tok-bob' } });
    bob.send('cancel', { target: 'stream', target_id: stream_id as string });
    bob.send('stream.error', { code: 'CANCELLED', message: '' }, { stream_id });
    bob.send('backpressure', { desired_rate_per_second: 0 }, { stream_id });
    bob.send('stream.chunk', { sequence: 0, data: '' }, { stream_id });
    await settle();
    expect(bob.types()).toEqual(['cancel.refused', 'nack']);
    expect(errorCodes(bob)).toEqual(['nack NOT_FOUND']);
    clock.advance(1_000);
    expect((await alice.until('stream.close')).payload).toEqual({ final_sequence: 1 });
  });

  test('that its receiver ends with stream.error is over, without an answer', async () => {
    const { session } = bench(async ({ stream }) => {
      const text = stream('text');
      await text.write('a');
      await new Promise((resolve) => text.signal.addEventListener('abort', resolve, { once: true }));
      return (text.signal.reason as ArcpError).code;
    });
    const peer = await session();
    await invoke(peer);
    const { stream_id } = await peer.until('stream.chunk');
    peer.send('stream.error', { code: 'DATA_LOSS', message: 'a chunk is missing' }, { stream_id });
    expect((await peer.until('job.completed')).payload.value).toBe('ERR_ARCP_DATA_LOSS');
    expect(errorCodes(peer)).toEqual([]);
  });

  test.each([
    ['completes', 'job.completed', 'stream.close', undefined],
    ['fails', 'job.failed', 'stream.error', 'ABORTED'],
    ['is cancelled', 'job.cancelled', 'stream.error', 'CANCELLED'],
  ])('left open by a job that %s ends before it', async (_title, end, last, code) => {
    const { session } = bench(async ({ stream, signal }) => {
      const text = stream('text');
      await text.write('a');
      if (end === 'job.failed') throw new ArcpError('UNAVAILABLE', 'no');
      if (end === 'job.cancelled') {
        await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
      }
    });
    const peer = await session();
    const jobId = await invoke(peer);
    await peer.until('stream.chunk');
    if (end === 'job.cancelled') peer.send('cancel', { target: 'job', target_id: jobId });
    await peer.until(end);
    const types = peer.ofJob(jobId).map(({ type }) => type);
    expect(types.slice(-2)).toEqual([last, end]);
    expect(streamOf(peer.since()).at(-1)?.payload.code).toBe(code);
  });

  test('[10.33] whose chunks still wait when the job completes is ABORTED: nothing leaves after the terminal event', async () => {
    const { session, clock } = bench(async ({ stream, acceptStream }) => {
      const text = stream('text');
      await text.write('a');
      await acceptStream();
      void text.write('b');
      void text.close();
    });
    const peer = await session();
    const jobId = await invoke(peer);
    const { stream_id } = await peer.until('stream.chunk');
    peer.send('backpressure', { desired_rate_per_second: 1 }, { stream_id });
    peer.send('stream.open', { kind: 'text' }, { stream_id: 'str_go', job_id: jobId });
    await peer.until('job.completed');
    clock.advance(60_000);
    await settle();
    const own = streamOf(peer.since()).filter((message) => message.stream_id === stream_id);
    expect(own.map(({ type, payload }) => [type, payload.code])).toEqual([
      ['stream.open', undefined],
      ['stream.chunk', undefined],
      ['stream.error', 'ABORTED'],
    ]);
    expect(peer.types().at(-1)).toBe('job.completed');
  });

  test.each([
    ['nothing', {}, ['UNIMPLEMENTED', 'UNIMPLEMENTED', 'UNIMPLEMENTED']],
    ['streaming alone', { streaming: true }, ['open', 'UNIMPLEMENTED', 'open']],
    ['both', { streaming: true, binary_streams: true }, ['open', 'open', 'open']],
  ])(
    '[10.78] needs streaming, and of bytes binary_streams: with %s negotiated',
    async (_title, capabilities, expected) => {
      const { session } = bench(({ stream, thought }) =>
        [() => stream('text'), () => stream('binary', { contentType: 'a/b' }), () => thought('hm')].map((open) => {
          try {
            open();
            return 'open';
          } catch (error) {
            return (error as ArcpError).wireCode;
          }
        }),
      );
      const peer = await session({ capabilities });
      await invoke(peer);
      expect((await peer.until('job.completed')).payload.value).toEqual(expected);
      const opened = peer.types().filter((type) => type === 'stream.open');
      expect(opened).toHaveLength(expected.filter((outcome) => outcome === 'open').length);
    },
  );

  test('of a kind nobody knows is the tool’s mistake, and is sent to nobody', async () => {
    const { session, faults } = bench(({ stream }) => {
      stream('video' as StreamKind);
      return null;
    });
    const peer = await session({ client: { kind: 'arcp-rs', version: '0.1.0' } });
    await invoke(peer);
    expect((await peer.until('job.failed')).payload.code).toBe('INTERNAL');
    expect(faults.map(({ error }) => error)).toEqual([expect.any(TypeError)]);
    expect(streamOf(peer.since())).toEqual([]);
  });

  test('R4: is one of at most 256 of a session; the next is RESOURCE_EXHAUSTED', async () => {
    const { session } = bench(
      ({ stream }) => {
        for (let i = 0; i < 4; i++) stream('text');
        return null;
      },
      {},
      { maxStreams: 3 },
    );
    const peer = await session();
    await invoke(peer);
    expect((await peer.until('job.failed')).payload.code).toBe('RESOURCE_EXHAUSTED');
    expect(peer.types().filter((type) => type === 'stream.open')).toHaveLength(3);
    await invoke(peer);
    await peer.until('job.failed');
    expect(peer.types().filter((type) => type === 'stream.open')).toHaveLength(6);
  });

  test('that is still open is opened again first by a resume that asks for it', async () => {
    let release: () => void = () => {};
    const { session, connect } = bench(async ({ stream }) => {
      const closed = stream('text');
      await closed.close();
      const text = stream('text');
      await text.write('before');
      await new Promise<void>((resolve) => {
        release = resolve;
      });
      await text.write('after');
    });
    const peer = await session();
    await invoke(peer);
    const seen = await peer.until('stream.chunk');
    await peer.drop();
    const again = connect();
    await again.open({ session_id: peer.sessionId });
    again.send('resume', { after_message_id: seen.id, include_open_streams: true });
    await settle();
    release();
    await again.until('job.completed');
    const open = peer.since().filter(({ type }) => type === 'stream.open');
    expect(
      again.since().map(({ type, id, payload }) => (type === 'stream.open' ? id : (payload.data ?? type))),
    ).toEqual(['ack', open[1]?.id, 'after', 'stream.close', 'job.completed']);
  });

  test('waits for a slow connection instead of filling the log, and goes on where the client is gone', async () => {
    let written = 0;
    const bench = slowBench(async ({ stream }) => {
      const text = stream('text');
      for (; written < 200; written++) await text.write('x'.repeat(1_000));
    });
    const peer = await bench.open();
    bench.pause();
    await bench.invoke();
    await settle(10);
    const before = written;
    expect(before).toBeGreaterThan(0);
    expect(before).toBeLessThan(30);
    // So much else to say that it goes through the log, and still there is no room.
    for (let i = 0; i < 300; i++) await bench.send('ping', { nonce: `${i}` }, 1);
    expect(written).toBe(before);
    for (let i = 0; i < 8; i++) {
      bench.flush();
      await settle(10);
    }
    expect(written).toBeGreaterThan(before);
    expect(written).toBeLessThan(200);
    bench.drop();
    await settle(10);
    expect(written).toBe(200);
    expect(peer.length).toBeGreaterThan(0);
  });
});

test('a tool that opens another stream whenever one fails ends with its job, and so do its streams', async () => {
  let opened = 0;
  const { session, clock } = bench(({ stream }) => {
    const open = () => {
      if (++opened < 100) stream('text').signal.addEventListener('abort', open);
    };
    open();
    return new Promise(() => {});
  });
  const peer = await session();
  const job = await invoke(peer);
  const { stream_id } = await peer.until('stream.open');
  // The client does without one: the tool opens another.
  peer.send('cancel', { target: 'stream', target_id: stream_id as string });
  await peer.until('stream.open');
  peer.send('cancel', { target: 'job', target_id: job, deadline_ms: 10 });
  await settle();
  clock.advance(10);
  await peer.until('job.failed');
  expect(streamOf(peer.since()).map(({ type }) => type)).toEqual([
    'stream.open',
    'stream.error',
    'stream.open',
    'stream.error',
  ]);
});

test('a stream at a slow rate leaves no timer behind where its runtime closes, though its tool hears no signal', async () => {
  let write = () => {};
  const { session, clock, runtime } = bench(({ stream }) => {
    const text = stream('text');
    write = () => {
      for (let i = 0; i < 9; i++) void text.write('x');
    };
    return new Promise(() => {});
  });
  const peer = await session();
  await invoke(peer);
  const { stream_id } = await peer.until('stream.open');
  peer.send('backpressure', { desired_rate_per_second: 1 }, { stream_id });
  await settle();
  const before = clock.pendingTimers;
  write();
  expect(clock.pendingTimers).toBeGreaterThan(before);
  await runtime.close();
  write();
  expect(clock.pendingTimers).toBe(0);
});

describe('a stream that a client sends', () => {
  const chunk = (peer: RawPeer, stream_id: string, sequence: number, data: JsonValue = `${sequence}`, more = {}) =>
    peer.send('stream.chunk', { sequence, data, ...more }, { stream_id });

  test('[10.55] to a job is read by its tool, three chunks in order; a repeat is ignored', async () => {
    const { session } = bench(async ({ acceptStream }) => {
      const reader = await acceptStream();
      const items = await collect(reader);
      return {
        kind: reader.kind,
        contentType: reader.contentType ?? null,
        texts: items.map(({ text }) => text ?? null),
      };
    });
    const peer = await session();
    const job_id = await invoke(peer);
    const stream_id = 'str_1';
    peer.send('stream.open', { kind: 'text', content_type: 'text/plain' }, { stream_id, job_id });
    for (const sequence of [0, 1, 1, 2]) chunk(peer, stream_id, sequence);
    peer.send('stream.close', { final_sequence: 2 }, { stream_id });
    expect((await peer.until('job.completed')).payload.value).toEqual({
      kind: 'text',
      contentType: 'text/plain',
      texts: ['0', '1', '2'],
    });
    expect(errorCodes(peer)).toEqual([]);
  });

  test('[10.55] and that jumps to 5 is answered stream.error DATA_LOSS, once, and nothing after it', async () => {
    const { session } = bench(async ({ acceptStream }) => {
      const reader = await acceptStream();
      return collect(reader).then(
        () => 'read',
        (error: ArcpError) => error.code,
      );
    });
    const peer = await session();
    const job_id = await invoke(peer);
    const stream_id = 'str_1';
    peer.send('stream.open', { kind: 'text' }, { stream_id, job_id });
    for (const sequence of [0, 5, 6, 7]) chunk(peer, stream_id, sequence);
    peer.send('stream.close', {}, { stream_id });
    expect((await peer.until('job.completed')).payload.value).toBe('ERR_ARCP_DATA_LOSS');
    await settle();
    expect(errorCodes(peer)).toEqual(['stream.error DATA_LOSS']);
    expect(peer.since().find(({ type }) => type === 'stream.error')).toMatchObject({ stream_id, job_id });
  });

  test('[10.57] of a kind nobody knows is read as event', async () => {
    const kinds: StreamKind[] = [];
    const { session } = bench(undefined, { onStream: (_session, reader) => kinds.push(reader.kind) });
    const peer = await session();
    peer.send('stream.open', { kind: 'video' }, { stream_id: 'str_1' });
    await settle();
    expect([kinds, errorCodes(peer)]).toEqual([['event'], []]);
  });

  test('[10.57] that was never opened gets one nack NOT_FOUND, then silence for 60 s', async () => {
    const { session, clock } = bench();
    const peer = await session();
    const first = chunk(peer, 'str_none', 0);
    chunk(peer, 'str_none', 1);
    peer.send('stream.close', {}, { stream_id: 'str_none' });
    chunk(peer, 'str_other', 0);
    await settle();
    expect(
      peer.since().map(({ type, correlation_id, payload }) => [type, correlation_id === first, payload.code]),
    ).toEqual([
      ['nack', true, 'NOT_FOUND'],
      ['nack', false, 'NOT_FOUND'],
    ]);
    clock.advance(59_999);
    chunk(peer, 'str_none', 2);
    await settle();
    expect(peer.since()).toHaveLength(2);
    clock.advance(1);
    chunk(peer, 'str_none', 3);
    await settle();
    expect(peer.since()).toHaveLength(3);
  });

  test('R4: a flood of unknown streams gets 1,024 answers, and the session lives', async () => {
    const { session } = bench();
    const peer = await session();
    for (let i = 0; i < 3_000; i++) chunk(peer, `str_${i}`, 0);
    peer.send('ping');
    await peer.until('pong');
    expect(errorCodes(peer)).toHaveLength(1_024);
  });

  test('that is opened while it is open is ALREADY_EXISTS, and goes on; after its end the id is free', async () => {
    const readers: StreamReader[] = [];
    const { session } = bench(undefined, { onStream: (_session, reader) => readers.push(reader) });
    const peer = await session();
    const stream_id = 'str_1';
    peer.send('stream.open', { kind: 'text' }, { stream_id });
    peer.send('stream.open', { kind: 'text' }, { stream_id });
    chunk(peer, stream_id, 0);
    peer.send('stream.close', {}, { stream_id });
    peer.send('stream.open', { kind: 'event' }, { stream_id });
    await settle();
    expect(errorCodes(peer)).toEqual(['nack ALREADY_EXISTS']);
    expect(readers.map(({ kind }) => kind)).toEqual(['text', 'event']);
    expect(await collect(readers[0] as StreamReader)).toMatchObject([{ text: '0' }]);
  });

  test('that was refused, then opened and closed, is unknown again, and that is said', async () => {
    const { session } = bench();
    const peer = await session();
    const stream_id = 'str_1';
    peer.send('stream.open', { kind: 'text' }, { stream_id, job_id: 'job_none' });
    peer.send('stream.open', { kind: 'text' }, { stream_id });
    peer.send('stream.close', {}, { stream_id });
    await settle();
    chunk(peer, stream_id, 0);
    await settle();
    expect(errorCodes(peer)).toEqual(['nack NOT_FOUND', 'nack NOT_FOUND']);
  });

  test('cannot take the id of a stream that a tool writes', async () => {
    const { session } = bench(async ({ stream, signal }) => {
      await stream('text').write('a');
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    });
    const peer = await session();
    await invoke(peer);
    const { stream_id } = await peer.until('stream.chunk');
    peer.send('stream.open', { kind: 'text' }, { stream_id });
    expect((await peer.until('nack')).payload.code).toBe('ALREADY_EXISTS');
  });

  test.each([
    ['without a stream id', {}, {}, 'INVALID_ARGUMENT'],
    ['for a job nobody knows', {}, { stream_id: 'str_1', job_id: 'job_none' }, 'NOT_FOUND'],
    ['of bytes by sidecar frames', { kind: 'binary', encoding: 'sidecar' }, { stream_id: 'str_1' }, 'UNIMPLEMENTED'],
  ])('%s is refused, and what follows of it is not answered again', async (_title, payload, fields, code) => {
    const { session } = bench();
    const peer = await session();
    peer.send('stream.open', { kind: 'text', ...payload }, fields);
    if (code !== 'INVALID_ARGUMENT') for (let i = 0; i < 3; i++) chunk(peer, 'str_1', i);
    await settle();
    expect(errorCodes(peer)).toEqual([`nack ${code}`]);
  });

  test('of bytes needs binary_streams', async () => {
    const { session } = bench();
    const peer = await session({ capabilities: { streaming: true } });
    peer.send('stream.open', { kind: 'binary' }, { stream_id: 'str_1' });
    expect((await peer.until('nack')).payload.code).toBe('UNIMPLEMENTED');
  });

  test('R2: to the job of another session is NOT_FOUND, and reaches no tool', async () => {
    let isRead = false;
    const { session } = bench(async ({ acceptStream }) => {
      await acceptStream();
      isRead = true;
    });
    const job_id = await invoke(await session());
    const bob = await session({ auth: { scheme: 'bearer', token: 'tok-bob' } });
    bob.send('stream.open', { kind: 'text' }, { stream_id: 'str_1', job_id });
    expect((await bob.until('nack')).payload.code).toBe('NOT_FOUND');
    await settle();
    expect(isRead).toBe(false);
  });

  test('whose bytes do not have the hash they say is answered DATA_LOSS, also where nobody reads it', async () => {
    const { session } = bench();
    const peer = await session();
    const stream_id = 'str_1';
    peer.send('stream.open', { kind: 'binary', content_type: 'a/b' }, { stream_id });
    chunk(peer, stream_id, 0, 'AQ==', { sha256: await sha256Hex(Uint8Array.of(1)) });
    chunk(peer, stream_id, 1, 'AQ==', { sha256: await sha256Hex(Uint8Array.of(2)) });
    expect((await peer.until('stream.error')).payload.code).toBe('DATA_LOSS');
    expect(errorCodes(peer)).toEqual(['stream.error DATA_LOSS']);
  });

  test('R4: that its tool does not read is asked to slow down, then ended with BACKPRESSURE_OVERFLOW', async () => {
    const { session } = bench(
      ({ signal }) => new Promise((resolve) => signal.addEventListener('abort', () => resolve(null), { once: true })),
    );
    const peer = await session();
    const job_id = await invoke(peer);
    const stream_id = 'str_1';
    peer.send('stream.open', { kind: 'text' }, { stream_id, job_id });
    for (let i = 0; i < 300; i++) chunk(peer, stream_id, i);
    await peer.until('stream.error');
    await settle();
    const told = peer.since().filter(({ stream_id: id }) => id === stream_id);
    expect(told.map(({ type, payload }) => [type, payload.desired_rate_per_second ?? payload.code])).toEqual([
      ['backpressure', 1],
      ['stream.error', 'BACKPRESSURE_OVERFLOW'],
    ]);
    expect(errorCodes(peer)).toHaveLength(1);
  });

  test('that nobody is there for is checked and kept for observers, however long it is', async () => {
    const { session, log } = bench();
    const peer = await session();
    peer.send('stream.open', { kind: 'log' }, { stream_id: 'str_1' });
    for (let i = 0; i < 1_000; i++) chunk(peer, 'str_1', i, { level: 'info', message: `${i}` });
    peer.send('stream.close', { final_sequence: 999 }, { stream_id: 'str_1' });
    peer.send('ping');
    await peer.until('pong');
    expect(errorCodes(peer)).toEqual([]);
    expect((await log.read({ after: 0, limit: 2_000, streamIds: ['str_1'], direction: 'in' })).length).toBe(1_002);
  });

  test('[10.41] can be cancelled by its own sender', async () => {
    const { session } = bench(async ({ acceptStream }) => {
      const reader = await acceptStream();
      return collect(reader).then(
        () => 'read',
        (error: ArcpError) => error.code,
      );
    });
    const peer = await session();
    const job_id = await invoke(peer);
    peer.send('stream.open', { kind: 'text' }, { stream_id: 'str_1', job_id });
    peer.send('cancel', { target: 'stream', target_id: 'str_1' });
    expect(await peer.until('stream.error')).toMatchObject({ stream_id: 'str_1', payload: { code: 'CANCELLED' } });
    expect((await peer.until('job.completed')).payload.value).toBe('ERR_ARCP_CANCELLED');
  });

  test('to a job that ends is ended before it, and what is on its way is not answered', async () => {
    const { session } = bench(async ({ acceptStream }) => {
      for await (const _ of await acceptStream()) break;
      return 'enough';
    });
    const peer = await session();
    const job_id = await invoke(peer);
    const stream_id = 'str_1';
    peer.send('stream.open', { kind: 'text' }, { stream_id, job_id });
    for (let i = 0; i < 5; i++) chunk(peer, stream_id, i);
    await peer.until('job.completed');
    chunk(peer, stream_id, 5);
    await settle();
    expect(errorCodes(peer)).toEqual(['stream.error CANCELLED']);
    expect(peer.types().at(-1)).toBe('job.completed');
  });

  test('that its tool took and left is ended before the job’s terminal event, and late chunks are not answered', async () => {
    const { session } = bench(async ({ acceptStream }) => {
      await acceptStream();
    });
    const peer = await session();
    const job_id = await invoke(peer);
    const stream_id = 'str_1';
    peer.send('stream.open', { kind: 'text' }, { stream_id, job_id });
    await peer.until('job.completed');
    chunk(peer, stream_id, 0);
    await settle();
    expect(peer.ofJob(job_id).map(({ type, payload }) => [type, payload.code])).toEqual([
      ['job.accepted', undefined],
      ['job.started', undefined],
      ['stream.error', 'CANCELLED'],
      ['job.completed', undefined],
    ]);
    expect(errorCodes(peer)).toEqual(['stream.error CANCELLED']);
  });

  test('that a tool waits for in vain: the wait ends with its signal, or with the job', async () => {
    const outcomes: unknown[] = [];
    const seen = await unhandledDuring(async () => {
      const { session } = bench(async ({ acceptStream, signal }) => {
        const controller = new AbortController();
        const first = acceptStream({ signal: controller.signal });
        controller.abort('not now');
        await first.catch((reason: unknown) => outcomes.push(reason));
        void acceptStream().catch((error: ArcpError) => outcomes.push(error.code));
        await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
      });
      const peer = await session();
      const job_id = await invoke(peer);
      peer.send('cancel', { target: 'job', target_id: job_id });
      await peer.until('job.cancelled');
    });
    expect([outcomes, seen]).toEqual([['not now', 'ERR_ARCP_CANCELLED'], []]);
  });

  test('ends for its reader when the session ends', async () => {
    const ends: unknown[] = [];
    const { session } = bench(undefined, {
      onStream: (_session, reader) => void collect(reader).catch((error: ArcpError) => ends.push(error.code)),
    });
    const peer = await session();
    peer.send('stream.open', { kind: 'text' }, { stream_id: 'str_1' });
    await settle();
    peer.send('session.close');
    await peer.closed;
    await settle();
    expect(ends).toEqual(['ERR_ARCP_CANCELLED']);
  });

  test('needs streaming', async () => {
    const { session } = bench();
    const peer = await session({ capabilities: {} });
    peer.send('stream.open', { kind: 'text' }, { stream_id: 'str_1' });
    expect((await peer.until('nack')).payload.code).toBe('UNIMPLEMENTED');
  });
});
