import { describe, expect, it } from 'vitest';
import type { StreamItem } from '../../../src/arcp/client/stream-reading.js';
import { all, codeOf, type Envelope, next, ScriptedRuntime, settle } from './scripted-runtime.js';

async function streaming(kind = 'text', options: object = {}) {
  const runtime = new ScriptedRuntime();
  const session = await runtime.connect(options);
  const job = session.invoke('write');
  const command = await runtime.peer.acceptJob();
  const fields = { stream_id: 'str_1', job_id: 'job_1', correlation_id: command.id };
  const say = (type: string, payload: Envelope = {}, more: Envelope = {}) =>
    runtime.peer.send(`stream.${type}`, payload, { ...fields, ...more });
  say('open', { kind, content_type: 'text/plain' });
  const stream = await next(job.streams);
  const chunk = (sequence: number, data: unknown, more: Envelope = {}) => say('chunk', { sequence, data, ...more });
  return { runtime, session, job, command, stream, say, chunk, peer: runtime.peer };
}

const texts = (items: readonly StreamItem[]) => items.map(({ text }) => text);

describe('reading a stream', () => {
  it('[10.55] yields chunks in order, ignores a repeat, and ends where it is closed', async () => {
    const { stream, say, chunk } = await streaming();
    expect(stream).toMatchObject({ id: 'str_1', jobId: 'job_1', kind: 'text', contentType: 'text/plain' });
    chunk(0, 'a');
    chunk(1, 'b');
    chunk(1, 'b');
    chunk(0, 'a');
    chunk(2, 'c');
    say('close', { final_sequence: 2 });
    chunk(3, 'late');
    expect(texts(await all(stream))).toEqual(['a', 'b', 'c']);
  });

  it('[10.55] ends with DATA_LOSS where a chunk is missing, after those that came, and tells the runtime', async () => {
    const { stream, say, chunk, peer } = await streaming();
    chunk(0, 'a');
    chunk(5, 'f');
    chunk(6, 'g');
    say('close');
    const reader = stream[Symbol.asyncIterator]();
    expect((await reader.next()).value.text).toBe('a');
    expect(await codeOf(reader.next())).toBe('ERR_ARCP_DATA_LOSS');
    expect(await peer.expect('stream.error')).toMatchObject({ stream_id: 'str_1', payload: { code: 'DATA_LOSS' } });
    await settle();
    expect(peer.typesReceived().filter((type) => type === 'stream.error' || type === 'nack')).toHaveLength(1);
  });

  it('[10.55] ends with DATA_LOSS where it is closed before its last chunk came', async () => {
    const { stream, say, chunk } = await streaming();
    chunk(0, 'a');
    say('close', { final_sequence: 1 });
    expect(await codeOf(all(stream))).toBe('ERR_ARCP_DATA_LOSS');
  });

  it('[10.41] ends with what the runtime ended it for', async () => {
    const { stream, say, chunk } = await streaming();
    chunk(0, 'a');
    say('error', { code: 'CANCELLED', message: 'by request' });
    const reader = stream[Symbol.asyncIterator]();
    await reader.next();
    expect(await codeOf(reader.next())).toBe('ERR_ARCP_CANCELLED');
  });

  it('[10.57] A18: reads a kind nobody knows as events', async () => {
    const { stream, say, chunk } = await streaming('video');
    chunk(0, { frame: 1 });
    chunk(1, 'text');
    say('close');
    expect(stream.kind).toBe('event');
    const items = await all(stream);
    expect(items.map(({ data }) => data)).toEqual([{ frame: 1 }, 'text']);
    expect(texts(items)).toEqual([undefined, undefined]);
  });

  it('[10.57] says NOT_FOUND of a stream nobody knows, once, and not again within 60 s', async () => {
    const { runtime, chunk, say, peer } = await streaming();
    const other = { stream_id: 'str_9' };
    const first = say('chunk', { sequence: 0, data: 'x' }, other);
    say('chunk', { sequence: 1, data: 'x' }, other);
    const nack = await peer.expect('nack');
    expect(nack).toMatchObject({ correlation_id: first, stream_id: 'str_9', payload: { code: 'NOT_FOUND' } });
    runtime.clock.advance(59_999);
    say('close', {}, other);
    chunk(0, 'a');
    await settle();
    expect(peer.typesReceived().filter((type) => type === 'nack')).toHaveLength(1);
    runtime.clock.advance(1);
    say('close', {}, other);
    await peer.expect('nack');
  });

  it('[10.58] A17: reads thoughts from either place of their text, and keeps what was redacted redacted', async () => {
    const { stream, say, chunk } = await streaming('thought');
    const role = 'assistant_thought';
    chunk(0, 'hm', { content: 'hm', role });
    chunk(1, 'only here', { role });
    chunk(2, '', { content: '', role, redacted: true });
    say('close');
    const items = await all(stream);
    expect(texts(items)).toEqual(['hm', 'only here', '']);
    expect(items.map(({ redacted }) => redacted)).toEqual([false, false, true]);
    expect(items[0]).toMatchObject({ role, sequence: 0 });
  });

  it('decodes binary chunks and holds them to their hash', async () => {
    const { stream, say, chunk } = await streaming('binary');
    const sha256 = '8f434346648f6b96df89dda901c5176b10a6d83961dd3c1ac88b59b2dc327aa4';
    chunk(0, 'aGk=', { sha256, content_type: 'text/plain' });
    chunk(1, 'aGk=', { sha256: `sha256:${sha256}` });
    chunk(2, 'aGk=');
    say('close');
    const items = await all(stream);
    expect(items.map(({ bytes }) => [...(bytes ?? [])])).toEqual([
      [104, 105],
      [104, 105],
      [104, 105],
    ]);
    expect(items[0]).toMatchObject({ data: null, contentType: 'text/plain' });
  });

  it('ends with DATA_LOSS where binary data is damaged, and tells the runtime', async () => {
    const zeros = '0'.repeat(64);
    for (const [data, more] of [
      ['aGk=', { sha256: zeros }],
      ['aGk=', { sha256: 'nonsense' }],
      ['not!base64', {}],
      ['aGk', {}],
      [7, {}],
    ] as const) {
      const { stream, chunk, peer } = await streaming('binary');
      chunk(0, data, more);
      expect(await codeOf(all(stream))).toBe('ERR_ARCP_DATA_LOSS');
      expect((await peer.expect('stream.error')).payload.code).toBe('DATA_LOSS');
    }
  });

  it('ends with DATA_LOSS where a chunk is malformed', async () => {
    const { stream, say, chunk } = await streaming();
    chunk(0, 'a');
    say('chunk', { sequence: -1, data: 'b' });
    expect(await codeOf(all(stream))).toBe('ERR_ARCP_DATA_LOSS');
  });

  it('[10.56] R4: asks the runtime to slow down while chunks wait, and no longer once they are read', async () => {
    const { stream, chunk, say, peer } = await streaming('text', { limits: { maxChunks: 8 } });
    const reader = stream[Symbol.asyncIterator]();
    for (let i = 0; i < 5; i++) chunk(i, String(i));
    const slower = await peer.expect('backpressure');
    expect(slower).toMatchObject({ stream_id: 'str_1', payload: { desired_rate_per_second: 1 } });
    for (let i = 0; i < 5; i++) await reader.next();
    expect((await peer.expect('backpressure')).payload).toEqual({ desired_rate_per_second: 4_294_967_295 });
    say('close');
    expect((await reader.next()).done).toBe(true);
    expect(peer.typesReceived().filter((type) => type === 'backpressure')).toHaveLength(2);
  });

  it('R4: ends a stream whose reader is too slow with BACKPRESSURE_OVERFLOW, after what waited', async () => {
    const { stream, chunk, peer } = await streaming('text', { limits: { maxChunks: 4 } });
    const reader = stream[Symbol.asyncIterator]();
    for (let i = 0; i < 6; i++) chunk(i, String(i));
    expect((await peer.expect('stream.error')).payload.code).toBe('BACKPRESSURE_OVERFLOW');
    const seen: unknown[] = [];
    for (let i = 0; i < 4; i++) seen.push((await reader.next()).value.text);
    expect(seen).toEqual(['0', '1', '2', '3']);
    expect(await codeOf(reader.next())).toBe('ERR_ARCP_BACKPRESSURE_OVERFLOW');
  });

  it('does not have a job fail for a stream that nobody reads', async () => {
    const { stream, chunk, job, command, peer } = await streaming('text', { limits: { maxChunks: 4 } });
    for (let i = 0; i < 20; i++) chunk(i, String(i));
    peer.send('job.completed', { value: 1 }, { job_id: 'job_1', correlation_id: command.id });
    await job.result;
    expect(peer.typesReceived()).toEqual(['session.open', 'tool.invoke']);
    expect(await codeOf(all(stream))).toBe('ERR_ARCP_BACKPRESSURE_OVERFLOW');
  });

  it('cancels the stream when the reader leaves, and hears nothing more of it', async () => {
    const { stream, chunk, peer } = await streaming();
    chunk(0, 'a');
    chunk(1, 'b');
    for await (const { text } of stream) {
      expect(text).toBe('a');
      break;
    }
    expect((await peer.expect('cancel')).payload).toMatchObject({ target: 'stream', target_id: 'str_1' });
    chunk(2, 'c');
    await settle();
    expect(peer.typesReceived()).toEqual(['session.open', 'tool.invoke', 'cancel']);
    expect(await codeOf(all(stream))).toBe('ERR_ARCP_CANCELLED');
  });

  it('[10.77] ends with its job and with the session, whoever forgot to close it', async () => {
    const { job, command, stream, chunk, session, say, peer } = await streaming();
    chunk(0, 'a');
    const first = codeOf(all(stream));
    peer.send('job.completed', { value: 1 }, { job_id: 'job_1', correlation_id: command.id });
    await job.result;
    expect(await first).toBe('ERR_ARCP_CANCELLED');
    say('open', { kind: 'text' }, { stream_id: 'str_2', job_id: 'job_other' });
    const orphan = await next(session.streams);
    const second = codeOf(all(orphan));
    peer.send('session.evicted', { code: 'UNAUTHENTICATED', reason: 'expired' });
    expect(await second).toBe('ERR_ARCP_UNAUTHENTICATED');
  });

  it('holds at most so many streams, and refuses the rest', async () => {
    const { say, peer } = await streaming('text', { limits: { maxStreams: 1 } });
    say('open', { kind: 'text' });
    say('open', { kind: 'text' }, { stream_id: 'str_2' });
    say('chunk', { sequence: 0, data: 'x' }, { stream_id: 'str_2' });
    const refusal = await peer.expect('stream.error');
    expect(refusal).toMatchObject({ stream_id: 'str_2', payload: { code: 'RESOURCE_EXHAUSTED' } });
    await settle();
    expect(peer.typesReceived()).not.toContain('nack');
  });

  it('goes on over a resumed connection, chunks that are replayed counted once', async () => {
    const { runtime, stream, chunk } = await streaming();
    chunk(0, 'a');
    chunk(1, 'b');
    await settle();
    const peer = await runtime.cut();
    await peer.accept();
    const resume = await peer.expect('resume');
    peer.send('ack', {}, { correlation_id: resume.id });
    const fields = { stream_id: 'str_1', job_id: 'job_1' };
    for (const [sequence, data] of ['a', 'b', 'c'].entries()) peer.send('stream.chunk', { sequence, data }, fields);
    peer.send('stream.close', { final_sequence: 2 }, fields);
    expect(texts(await all(stream))).toEqual(['a', 'b', 'c']);
  });
});
