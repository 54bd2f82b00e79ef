// Writing a stream: promises, pace, overflow, and what happens when it ends from elsewhere.

import { describe, expect, test } from 'vitest';
import { ArcpError } from '../../../src/arcp/errors.js';
import { Writer, type WriterPort } from '../../../src/arcp/streams/writer.js';
import type { StreamId } from '../../../src/arcp/wire/ids.js';
import { sha256Hex } from '../../../src/arcp/wire/sha256.js';
import type { StreamKind } from '../../../src/arcp/wire/stream.js';
import { fakeClock } from '../../../src/testing/fake-clock.js';
import { yieldToEventLoop } from '../../../src/yield.js';
import { countedSignal } from '../../support/counted-signal.js';
import { unhandledDuring } from '../../support/unhandled.js';

type Sent = readonly [type: string, payload: { readonly [name: string]: unknown }];

/** A writer whose messages a test sees, on a clock and a connection that it turns. */
function bench<K extends StreamKind>(
  kind: K,
  { maxItems = 256, contentType }: { maxItems?: number; contentType?: string } = {},
) {
  const clock = fakeClock();
  const sent: Sent[] = [];
  const faults: unknown[] = [];
  const listeners = new Set<() => void>();
  const state = { isSlow: false, ends: 0, broken: undefined as unknown };
  const port: WriterPort = {
    clock,
    maxItems,
    send(type, payload) {
      if (state.broken !== undefined) throw state.broken;
      sent.push([type, payload as unknown as Sent[1]]);
    },
    isSlow: () => state.isSlow,
    onFlow(callback) {
      listeners.add(callback);
      return () => listeners.delete(callback);
    },
    onEnd: () => state.ends++,
    report: (error) => faults.push(error),
  };
  const writer = new Writer(port, 'str_1' as StreamId, kind, contentType);
  const flow = (isSlow: boolean) => {
    state.isSlow = isSlow;
    for (const callback of [...listeners]) callback();
  };
  return { writer, clock, sent, faults, state, flow, listeners };
}

const sequences = (sent: readonly Sent[]) => sent.map(([, { sequence }]) => sequence);

describe('a writer', () => {
  test('[10.55] sends chunks 0, 1, 2 at once, then close with the last sequence', async () => {
    const { writer, sent, state } = bench('text');
    await writer.write('a');
    await writer.write('b');
    await writer.write('c');
    await writer.close();
    expect(sent).toEqual([
      ['stream.chunk', { sequence: 0, data: 'a' }],
      ['stream.chunk', { sequence: 1, data: 'b' }],
      ['stream.chunk', { sequence: 2, data: 'c' }],
      ['stream.close', { final_sequence: 2 }],
    ]);
    expect([writer.state, state.ends, writer.signal.aborted]).toEqual(['closed', 1, false]);
    await writer.close();
    expect(sent).toHaveLength(4);
  });

  test('refuses a chunk after close with FAILED_PRECONDITION, and sends nothing', async () => {
    const { writer, sent } = bench('text');
    await writer.close();
    await expect(writer.write('late')).rejects.toMatchObject({ code: 'ERR_ARCP_FAILED_PRECONDITION' });
    expect(sent).toEqual([['stream.close', {}]]);
  });

  test('[10.56] keeps to the rate it is asked for, in order, and close waits for the rest', async () => {
    const { writer, clock, sent } = bench('text');
    writer.limit(5);
    expect(writer.state).toBe('backpressured');
    const writes = ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((text) => writer.write(text));
    let isClosed = false;
    const closed = writer.close().then(() => {
      isClosed = true;
    });
    expect(sent).toEqual([]);
    clock.advance(1_000);
    expect(sequences(sent)).toEqual([0, 1, 2, 3, 4]);
    await Promise.all(writes.slice(0, 5));
    expect(isClosed).toBe(false);
    writer.limit(2 ** 32 - 1);
    await closed;
    expect(sent.map(([type, { data }]) => data ?? type)).toEqual(['a', 'b', 'c', 'd', 'e', 'f', 'g', 'stream.close']);
    expect(clock.pendingTimers).toBe(0);
  });

  test('stops at rate 0 without a timer until a newer rate comes', () => {
    const { writer, clock, sent } = bench('text');
    writer.limit(0);
    void writer.write('a');
    expect(clock.pendingTimers).toBe(0);
    clock.advance(1e9);
    expect(sent).toEqual([]);
    writer.limit(1);
    clock.advance(1_000);
    expect(sequences(sent)).toEqual([0]);
  });

  test('waits for a slow connection, and goes on when it is slow no more', async () => {
    const { writer, sent, flow, listeners } = bench('text');
    flow(true);
    const written = writer.write('a');
    void writer.write('b');
    flow(true);
    expect(sent).toEqual([]);
    flow(false);
    await written;
    expect(sequences(sent)).toEqual([0, 1]);
    expect(listeners.size).toBe(0);
  });

  test('R4: that nobody waits for ends with BACKPRESSURE_OVERFLOW at chunk 257, and every write settles', async () => {
    const { writer, sent, state } = bench('text');
    writer.limit(0);
    const writes = Array.from({ length: 257 }, (_, i) => writer.write(`${i}`));
    expect(sent).toEqual([['stream.error', { code: 'BACKPRESSURE_OVERFLOW', message: expect.any(String) }]]);
    const settled = await Promise.allSettled(writes);
    expect(settled.every(({ status }) => status === 'rejected')).toBe(true);
    expect([writer.state, state.ends]).toEqual(['errored', 1]);
    expect(writer.signal.reason).toMatchObject({ code: 'ERR_ARCP_BACKPRESSURE_OVERFLOW' });
  });

  test('holds 256 chunks, one below its limit and at it', () => {
    const { writer, sent } = bench('text');
    writer.limit(0);
    for (let i = 0; i < 256; i++) void writer.write('x');
    expect([sent, writer.waiting, writer.state]).toEqual([[], 256, 'backpressured']);
  });

  test('R4: is bounded in characters too: 8 MiB of chunks that wait, and not 1 more', () => {
    const { writer, sent } = bench('text');
    writer.limit(0);
    for (let i = 0; i < 8; i++) void writer.write('x'.repeat(1_048_576));
    expect(writer.waiting).toBe(8);
    void writer.write('x');
    expect(sent).toMatchObject([['stream.error', { code: 'BACKPRESSURE_OVERFLOW' }]]);
  });

  test('R4: is bounded in characters of objects too, once they wait', async () => {
    const { writer, sent } = bench('event');
    writer.limit(0);
    // `{"text":"..."}` of 1,048,576 characters in all.
    const event = { text: 'x'.repeat(1_048_576 - 11) };
    const writes = Array.from({ length: 8 }, () => writer.write(event));
    expect([sent, writer.waiting]).toEqual([[], 8]);
    writes.push(writer.write({}));
    expect(sent).toMatchObject([['stream.error', { code: 'BACKPRESSURE_OVERFLOW' }]]);
    const settled = await Promise.allSettled(writes);
    expect(settled.every(({ status }) => status === 'rejected')).toBe(true);
  });

  test('[10.41] that is cancelled sends stream.error, aborts its signal and rejects what waits', async () => {
    const { writer, sent, clock } = bench('text');
    await writer.write('a');
    writer.limit(1);
    const waiting = writer.write('b');
    const closing = writer.close();
    writer.fail(new ArcpError('CANCELLED', 'enough'));
    await expect(waiting).rejects.toMatchObject({ code: 'ERR_ARCP_CANCELLED' });
    await closing;
    await expect(writer.write('c')).rejects.toMatchObject({ code: 'ERR_ARCP_CANCELLED' });
    expect(sent.slice(1)).toEqual([['stream.error', { code: 'CANCELLED', message: 'enough' }]]);
    clock.advance(10_000);
    expect([sent.length, clock.pendingTimers, writer.signal.aborted]).toEqual([2, 0, true]);
  });

  test('that its receiver ended says nothing back', () => {
    const { writer, sent, state } = bench('text');
    writer.end(new ArcpError('DATA_LOSS', 'lost'));
    writer.end(new ArcpError('DATA_LOSS', 'again'));
    expect([sent, state.ends, writer.state]).toEqual([[], 1, 'errored']);
  });

  test('leaves no rejection unhandled where nobody awaits', async () => {
    const seen = await unhandledDuring(async () => {
      const { writer } = bench('text');
      writer.limit(0);
      void writer.write('a');
      writer.fail(new ArcpError('CANCELLED', 'enough'));
      void writer.write('b');
      void writer.close();
    });
    expect(seen).toEqual([]);
  });

  test('takes a chunk back when its signal aborts, with the reason untouched and no hole left', async () => {
    const { writer, sent } = bench('text');
    const counted = countedSignal();
    const { signal } = counted;
    writer.limit(0);
    void writer.write('a');
    const taken = writer.write('b', { signal });
    void writer.write('c');
    counted.abort('changed my mind');
    await expect(taken).rejects.toBe('changed my mind');
    writer.limit(2 ** 32 - 1);
    expect(sent.map(([, { sequence, data }]) => [sequence, data])).toEqual([
      [0, 'a'],
      [1, 'c'],
    ]);
    await expect(writer.write('d', { signal })).rejects.toBe('changed my mind');
    expect(sent).toHaveLength(2);
  });

  test('lets go of the signal once the chunk is sent', async () => {
    const { writer } = bench('text');
    const counted = countedSignal();
    await writer.write('a', { signal: counted.signal });
    expect(counted.listeners).toBe(0);
  });

  test('sends bytes in the order they were written, though hashes take their time', async () => {
    const { writer, sent } = bench('binary', { contentType: 'application/octet-stream' });
    const big = new Uint8Array(200_000).fill(7);
    const writes = [
      writer.write(big),
      writer.write(Uint8Array.of(1)),
      writer.write(Uint8Array.of(2), { contentType: 'a/b' }),
    ];
    const closed = writer.close();
    await Promise.all([...writes, closed]);
    expect(sequences(sent)).toEqual([0, 1, 2, undefined]);
    expect(sent[0]?.[1]).toMatchObject({ content_type: 'application/octet-stream', sha256: await sha256Hex(big) });
    expect(sent[2]?.[1]).toMatchObject({
      data: 'Ag==',
      content_type: 'a/b',
      sha256: await sha256Hex(Uint8Array.of(2)),
    });
    expect(sent[3]).toEqual(['stream.close', { final_sequence: 2 }]);
  });

  test('that is ended while a hash is computed sends nothing of it', async () => {
    const { writer, sent } = bench('binary', { contentType: 'a/b' });
    const written = writer.write(Uint8Array.of(1));
    writer.fail(new ArcpError('CANCELLED', 'enough'));
    await expect(written).rejects.toMatchObject({ code: 'ERR_ARCP_CANCELLED' });
    await yieldToEventLoop();
    expect(sent).toHaveLength(1);
  });

  test('keeps an object that waits as it was when it was written', () => {
    const { writer, sent } = bench('event');
    const event = { step: 1 };
    void writer.write(event);
    writer.limit(0);
    void writer.write(event);
    event.step = 2;
    writer.limit(2 ** 32 - 1);
    expect(sent[1]).toEqual(['stream.chunk', { sequence: 1, data: { step: 1 } }]);
  });

  test('lets other work run every 64 chunks, however fast they are written', async () => {
    const { writer } = bench('text');
    let turns = 0;
    let isDone = false;
    const other = (async () => {
      while (!isDone) {
        await yieldToEventLoop();
        turns++;
      }
    })();
    for (let i = 0; i < 640; i++) await writer.write('x');
    isDone = true;
    await other;
    expect(turns).toBeGreaterThanOrEqual(9);
  });

  test('that cannot send ends, tells the host, and throws nothing', async () => {
    const { writer, state, faults, sent } = bench('text');
    state.broken = new Error('secret');
    await expect(writer.write('a')).rejects.toMatchObject({ code: 'ERR_ARCP_INTERNAL' });
    expect(faults).toContain(state.broken);
    expect([writer.state, state.ends, sent]).toEqual(['errored', 1, []]);
  });

  test('throws at once for data of another kind, and goes on', async () => {
    const { writer, sent } = bench('text');
    expect(() => writer.write(7 as unknown as string)).toThrow(TypeError);
    await writer.write('a');
    expect(sequences(sent)).toEqual([0]);
  });
});
