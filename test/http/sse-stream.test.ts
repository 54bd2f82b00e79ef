import { describe, expect, test } from 'vitest';
import { encodeUtf8 } from '../../src/bytes/utf8.js';
import type { SseEvent } from '../../src/http/sse-parser.js';
import { encodeSseEvent, type OutgoingSseEvent, readSse, writeSse } from '../../src/http/sse-stream.js';
import { fakeClock } from '../../src/testing/fake-clock.js';

/** A body under a test's control. */
function controlled() {
  let controller!: ReadableStreamDefaultController<Uint8Array>;
  const cancelled: unknown[] = [];
  const body = new ReadableStream<Uint8Array>({
    start: (given) => {
      controller = given;
    },
    cancel: (reason) => void cancelled.push(reason),
  });
  return { body, cancelled, send: (text: string) => controller.enqueue(encodeUtf8(text)), controller };
}

const ticks = async (count = 20) => {
  for (let i = 0; i < count; i++) await Promise.resolve();
};

async function collect(events: AsyncIterable<SseEvent>): Promise<SseEvent[]> {
  const all: SseEvent[] = [];
  for await (const event of events) all.push(event);
  return all;
}

describe('reading a body', () => {
  test('gives the events, and marks the one that the end cuts off', async () => {
    const { body, send, controller } = controlled();
    send('data: 1\n\ndata: 2\n\nda');
    send('ta: 3');
    controller.close();
    expect(await collect(readSse(body))).toEqual([
      { event: 'message', data: '1' },
      { event: 'message', data: '2' },
      { event: 'message', data: '3', unfinished: true },
    ]);
  });

  test('releases the body when the loop is left', async () => {
    const { body, send, cancelled } = controlled();
    send('data: 1\n\ndata: 2\n\n');
    for await (const { data } of readSse(body)) if (data === '1') break;
    expect(cancelled).toHaveLength(1);
  });

  test('fails with the reason of the signal, untouched, and releases the body', async () => {
    const { body, send, cancelled } = controlled();
    const abort = new AbortController();
    const reason = { not: 'an error' };
    send('data: 1\n\n');
    const events = readSse(body, { signal: abort.signal });
    await events.next();
    const next = events.next();
    abort.abort(reason);
    await expect(next).rejects.toBe(reason);
    expect(cancelled).toEqual([reason]);
  });

  test('fails at once where the signal has aborted before', async () => {
    const { body, cancelled } = controlled();
    await expect(collect(readSse(body, { signal: AbortSignal.abort('before') }))).rejects.toBe('before');
    expect(cancelled).toHaveLength(1);
  });

  test('fails after a silence, which any byte ends', async () => {
    const { body, send, cancelled } = controlled();
    const clock = fakeClock();
    const late = new Error('late');
    const events = readSse(body, { clock, idleTimeoutMs: 1000, onIdle: () => late });
    const next = events.next();
    for (const sound of [': ping\n\n', 'data', ': 1\n\n']) {
      clock.advance(999);
      send(sound);
      await ticks();
    }
    expect((await next).value).toMatchObject({ data: '1' });
    const silent = events.next();
    await ticks();
    clock.advance(999);
    expect(cancelled).toEqual([]);
    clock.advance(1);
    await expect(silent).rejects.toBe(late);
    expect(cancelled).toEqual([late]);
    expect(clock.pendingTimers).toBe(0);
  });

  test('passes on what the body fails with, after the events before it', async () => {
    const { body, send, controller } = controlled();
    const events = readSse(body);
    send('data: 1\n\n');
    expect((await events.next()).value).toMatchObject({ data: '1' });
    const lost = new Error('lost');
    controller.error(lost);
    await expect(events.next()).rejects.toBe(lost);
  });

  test('stops an event that is too long and releases the body', async () => {
    const { body, send, cancelled } = controlled();
    send('data: 12345678');
    await expect(collect(readSse(body, { maxEventBytes: 10 }))).rejects.toMatchObject({ limit: 'maxEventBytes' });
    expect(cancelled).toHaveLength(1);
  });

  test.each([[-1], [2 ** 31], ['1']])('refuses an idle timeout of %j', async (idleTimeoutMs) => {
    const events = readSse(controlled().body, { idleTimeoutMs: idleTimeoutMs as number });
    await expect(events.next()).rejects.toBeInstanceOf(typeof idleTimeoutMs === 'number' ? RangeError : TypeError);
  });
});

describe('writing a body', () => {
  test('what is written is read again', async () => {
    async function* source(): AsyncIterable<OutgoingSseEvent> {
      yield { data: '{"a":1}' };
      yield { event: 'error', data: 'two\nlines\r\nthree\rfour' };
      yield { data: '' };
    }
    expect(await collect(readSse(writeSse(source())))).toEqual([
      { event: 'message', data: '{"a":1}' },
      { event: 'error', data: 'two\nlines\nthree\nfour' },
      { event: 'message', data: '' },
    ]);
  });

  test('a name cannot smuggle in another line', () => {
    expect(() => encodeSseEvent({ event: 'a\ndata: forged', data: 'x' })).toThrow(RangeError);
  });

  test('asks for an event only when the reader wants one, and leaves the source when the reader goes', async () => {
    let made = 0;
    let left = false;
    async function* source(): AsyncGenerator<OutgoingSseEvent> {
      try {
        for (;;) yield { data: String(++made) };
      } finally {
        left = true;
      }
    }
    const reader = writeSse(source()).getReader();
    await ticks();
    expect(made).toBe(1);
    await reader.read();
    await ticks();
    expect(made).toBe(2);
    await reader.cancel();
    expect(left).toBe(true);
  });

  test('an error of the source breaks the body off', async () => {
    async function* source(): AsyncGenerator<OutgoingSseEvent> {
      yield { data: '1' };
      throw new Error('gone');
    }
    const reader = writeSse(source()).getReader();
    await reader.read();
    await expect(reader.read()).rejects.toThrow('gone');
  });

  test('keeps a silent connection open, as long as somebody reads', async () => {
    const clock = fakeClock();
    let release!: () => void;
    async function* source(): AsyncGenerator<OutgoingSseEvent> {
      await new Promise<void>((resolve) => {
        release = resolve;
      });
      yield { data: 'late' };
    }
    const reader = writeSse(source(), { clock, keepAliveMs: 100 }).getReader();
    const text = async () => new TextDecoder().decode((await reader.read()).value);
    const first = text();
    await ticks();
    clock.advance(100);
    expect(await first).toBe(': keep-alive\n\n');
    // Nobody reads: one comment waits, and no second.
    clock.advance(1000);
    expect(await text()).toBe(': keep-alive\n\n');
    release();
    expect(await text()).toBe('data: late\n\n');
    expect((await reader.read()).done).toBe(true);
    expect(clock.pendingTimers).toBe(0);
  });
});
