// Chunks written and read, by the kind of their stream.

import { describe, expect, test } from 'vitest';
import { readChunk } from '../../../src/arcp/streams/chunk.js';
import { type StreamData, writeChunk } from '../../../src/arcp/streams/chunk-payload.js';
import { sha256Hex } from '../../../src/arcp/wire/sha256.js';
import type { StreamChunk, StreamKind } from '../../../src/arcp/wire/stream.js';

function chunk(fields: Partial<StreamChunk>): StreamChunk {
  return { sequence: 0, data: null, ...fields };
}

describe('a thought', () => {
  test('[10.58] is written as data and content, with its role', () => {
    expect(writeChunk('thought', 'try the other key', {}).payload).toEqual({
      data: 'try the other key',
      content: 'try the other key',
      role: 'assistant_thought',
      redacted: false,
    });
  });

  test('[10.58] that is redacted carries nothing of the original, only a summary where there is one', () => {
    for (const [options, text] of [
      [{ redacted: true }, ''],
      [{ redacted: true, summary: 'planning' }, 'planning'],
    ] as const) {
      const { payload } = writeChunk('thought', 'the password is hunter2', options);
      expect(payload).toEqual({ data: text, content: text, role: 'assistant_thought', redacted: true });
      expect(JSON.stringify(payload)).not.toContain('hunter2');
    }
  });

  test('is read from content, or from data where a peer sends that alone', async () => {
    const both = chunk({ data: 'old', content: 'new', role: 'critic', redacted: true });
    expect(await readChunk('thought', both)).toMatchObject({ text: 'new', role: 'critic', redacted: true });
    expect(await readChunk('thought', chunk({ data: 'plain' }))).toMatchObject({ text: 'plain', redacted: false });
  });
});

describe('bytes', () => {
  test('are written as base64 with their type and hash, and read back', async () => {
    const bytes = Uint8Array.of(0, 255, 16);
    const { payload, sha256, weight } = writeChunk('binary', bytes, { contentType: 'image/png' });
    expect(payload).toEqual({ data: 'AP8Q', content_type: 'image/png' });
    expect(weight).toBe(4);
    expect(await sha256).toBe(await sha256Hex(bytes));
    const item = await readChunk('binary', chunk({ ...payload, sha256: (await sha256) as string }));
    expect(item).toEqual({ sequence: 0, data: null, bytes, redacted: false, contentType: 'image/png' });
  });

  test('are copied: what is written over afterwards does not change the hash', async () => {
    const bytes = Uint8Array.of(1, 2, 3);
    const { sha256 } = writeChunk('binary', bytes, { contentType: 'a/b' });
    bytes.fill(9);
    expect(await sha256).toBe(await sha256Hex(Uint8Array.of(1, 2, 3)));
  });

  test('whose hash lies, or that are no base64, are DATA_LOSS', async () => {
    const hash = await sha256Hex(Uint8Array.of(1));
    for (const bad of [
      chunk({ data: 'AP8Q', sha256: hash }),
      chunk({ data: 'AP8Q', sha256: 'ABC' }),
      chunk({ data: 'AP8' }),
      chunk({ data: 'AP-Q' }),
      chunk({ data: 7 }),
    ]) {
      await expect(readChunk('binary', bad)).rejects.toMatchObject({ code: 'ERR_ARCP_DATA_LOSS' });
    }
    await expect(readChunk('binary', chunk({ data: 'AP8Q' }), 2)).rejects.toMatchObject({ code: 'ERR_ARCP_DATA_LOSS' });
    const good = chunk({ data: 'AQ==', sha256: `sha256:${hash}` });
    expect((await readChunk('binary', good)).bytes).toEqual(Uint8Array.of(1));
  });

  test('may be 4,194,304 and no more', () => {
    const contentType = 'a/b';
    expect(writeChunk('binary', new Uint8Array(4_194_304), { contentType }).weight).toBe(5_592_408);
    expect(() => writeChunk('binary', new Uint8Array(4_194_305), { contentType })).toThrow(RangeError);
  });
});

describe('misuse is told at once', () => {
  test.each<readonly [string, StreamKind, unknown, typeof TypeError | typeof RangeError]>([
    ['a number as text', 'text', 7, TypeError],
    ['text that is too long', 'text', 'x'.repeat(1_048_577), RangeError],
    ['text as bytes', 'binary', 'AP8Q', TypeError],
    ['a list as an event', 'event', [], TypeError],
    ['an event with what JSON has not', 'event', { at: new Date(0) }, TypeError],
    ['an event with a number that is none', 'event', { x: Number.NaN }, RangeError],
    ['an event as a log line', 'log', { a: 1 }, TypeError],
    ['a log line of no level', 'log', { level: 'loud', message: '' }, TypeError],
    ['a sample without a unit', 'metric', { name: 'a', value: 1 }, TypeError],
    ['a sample that is infinite', 'metric', { name: 'a', value: Number.POSITIVE_INFINITY, unit: 'b' }, RangeError],
  ])('%s', (_title, kind, data, ErrorOfKind) => {
    expect(() => writeChunk(kind, data as StreamData[StreamKind], { contentType: 'a/b' })).toThrow(ErrorOfKind);
  });

  test('bytes without a content type', () => {
    expect(() => writeChunk('binary', new Uint8Array(1), {})).toThrow(TypeError);
  });

  test('an event that nests too deep', () => {
    let deep: object = {};
    for (let i = 0; i < 124; i++) deep = { deep };
    expect(writeChunk('event', deep as StreamData['event'], {}).payload.data).toBe(deep);
    expect(() => writeChunk('event', { deep } as StreamData['event'], {})).toThrow(RangeError);
  });
});

describe('objects', () => {
  test('are written and read as they are, with their own members only', async () => {
    const data = JSON.parse('{"__proto__":{"admin":true},"a":[1]}');
    const { payload } = writeChunk('event', data, {});
    const item = await readChunk('event', chunk(payload));
    expect(item.data).toBe(data);
    expect((item as { admin?: boolean }).admin).toBeUndefined();
    expect(item).not.toHaveProperty('text');
  });

  test('of every kind that has them pass', () => {
    expect(writeChunk('log', { level: 'info', message: 'm' }, {}).payload.data).toEqual({
      level: 'info',
      message: 'm',
    });
    expect(writeChunk('metric', { name: 'a', value: 1, unit: 'b' }, {}).weight).toBe(0);
  });

  test('an event that is a text is data, and no text', async () => {
    expect(await readChunk('event', chunk({ data: 'x' }))).toEqual({ sequence: 0, data: 'x', redacted: false });
  });
});
