// Decoding a stranger's bytes: the two ways of reading agree, and nothing but the errors named comes out.

import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { decodeUtf8, encodeUtf8 } from '../../src/bytes/utf8.js';
import { isSdkError } from '../../src/errors.js';
import type { Frame } from '../../src/phone/frame.js';
import { decodeCanonical, decodeFrame, decodeGeneral } from '../../src/phone/frame-decode.js';
import { chunkText, endText, grantText, requestHead, requestText, resultText } from '../../src/phone/frame-encode.js';
import { DEFAULT_LIMITS } from '../../src/phone/limits.js';
import { frameText, mutatedFrame, runs } from '../support/wire-arbitraries.js';

vi.setConfig({ testTimeout: 1_800_000 });

const CODES = ['ERR_CHANNEL_PROTOCOL', 'ERR_CODEC_UTF8', 'ERR_LIMIT_EXCEEDED'];

/** The frame, or the code of the error. */
function verdict(read: () => Frame): Frame | string {
  try {
    return read();
  } catch (error) {
    if (!isSdkError(error)) throw error;
    expect(CODES).toContain(error.code);
    return error.code;
  }
}

/** A reading that knows no short way and no bounds: an object with the members its type asks for. */
function plainly(text: string): boolean {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return false;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const members = new Map(Object.entries(value));
  const natural = (name: string, from = 0) => Number.isSafeInteger(members.get(name)) && members.get(name) >= from;
  if (!natural('seq') || !natural('stream_id', 1)) return false;
  const error = new Map(Object.entries((members.get('error') as object | undefined) ?? {}));
  switch (members.get('type')) {
    case 'req':
      return typeof members.get('method') === 'string' && (!members.has('credits') || natural('credits'));
    case 'res':
      return !members.has('credits') || natural('credits');
    case 'stream_chunk':
    case 'cancel':
      return true;
    case 'stream_end':
      return typeof members.get('reason') === 'string';
    case 'error':
      return Number.isSafeInteger(error.get('code')) && typeof error.get('message') === 'string';
    default:
      return false;
  }
}

test('what the short way takes, the general way takes and reads alike', () => {
  let taken = 0;
  fc.assert(
    fc.property(frameText, (text) => {
      const short = decodeCanonical(text, text.length);
      if (short === undefined) return;
      taken++;
      expect(short).toEqual(decodeGeneral(text, text.length));
    }),
    runs(20_000, 1_000_000),
  );
  expect(taken).toBeGreaterThan(1_000);
});

test('after any mutation the two ways still agree, and decodeFrame says what they say', () => {
  fc.assert(
    fc.property(mutatedFrame, (bytes) => {
      const whole = verdict(() => decodeFrame(bytes, DEFAULT_LIMITS));
      let text: string;
      try {
        text = decodeUtf8(bytes);
      } catch {
        expect(whole).toBe('ERR_CODEC_UTF8');
        return;
      }
      const general = verdict(() => decodeGeneral(text, bytes.length));
      const short = decodeCanonical(text, bytes.length);
      if (short !== undefined) expect(general).toEqual(short);
      expect(whole).toEqual(general);
    }),
    runs(20_000, 1_000_000),
  );
});

test('takes what a plain reading takes, but for members that stand twice', () => {
  const seen = { taken: 0, refused: 0 };
  fc.assert(
    fc.property(frameText, (text) => {
      const taken = typeof verdict(() => decodeFrame(encodeUtf8(text), DEFAULT_LIMITS)) !== 'string';
      seen[taken ? 'taken' : 'refused']++;
      if (taken) expect(plainly(text)).toBe(true);
      else if (plainly(text)) {
        const names = [...text.matchAll(/"(credits|error|method|params|reason|result|seq|stream_id|type)"\s*:/g)];
        expect(new Set(names.map(([, name]) => name)).size).toBeLessThan(names.length);
      }
    }),
    runs(10_000, 500_000),
  );
  expect(Math.min(seen.taken, seen.refused)).toBeGreaterThan(500);
});

test('any bytes at all give a frame or one of the errors named', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      verdict(() => decodeFrame(bytes, DEFAULT_LIMITS));
    }),
    runs(10_000, 500_000),
  );
});

test('any bound on depth and keys holds exactly, on both ways', () => {
  const depthOf = (value: unknown): number =>
    typeof value === 'object' && value !== null ? 1 + Math.max(0, ...Object.values(value).map(depthOf)) : 0;
  const keysOf = (value: unknown): number =>
    typeof value === 'object' && value !== null
      ? (Array.isArray(value) ? 0 : Object.keys(value).length) +
        Object.values(value).reduce<number>((n, v) => n + keysOf(v), 0)
      : 0;
  fc.assert(
    fc.property(
      fc.jsonValue({ maxDepth: 6 }),
      fc.integer({ min: 1, max: 8 }),
      fc.integer({ min: 1, max: 12 }),
      fc.boolean(),
      (value, maxJsonDepth, maxJsonKeys, canonical) => {
        const json = JSON.stringify(value);
        const text = canonical
          ? `{"method":"m","params":${json},"seq":0,"stream_id":1,"type":"req"}`
          : `{"type":"req","params":${json},"method":"m","seq":0,"stream_id":1}`;
        const within = depthOf(JSON.parse(json)) <= maxJsonDepth && keysOf(JSON.parse(json)) <= maxJsonKeys;
        const outcome = verdict(() => decodeFrame(encodeUtf8(text), { maxJsonDepth, maxJsonKeys }));
        expect(typeof outcome !== 'string').toBe(within);
      },
    ),
    runs(3_000, 300_000),
  );
});

test('what we write we read back, as it was', () => {
  const id = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER });
  fc.assert(
    fc.property(id, id, fc.jsonValue(), fc.string({ unit: 'grapheme' }), (streamId, number, json, method) => {
      const value = JSON.parse(JSON.stringify(json)) as unknown;
      const read = (text: string) => decodeFrame(encodeUtf8(text), DEFAULT_LIMITS);
      expect(read(requestText(requestHead(method, value, number), streamId))).toMatchObject({
        type: 'req',
        streamId,
        method,
        params: value,
        credits: number,
      });
      expect(read(resultText(streamId, value))).toMatchObject({ type: 'res', streamId, result: value });
      expect(read(chunkText(streamId, number, value))).toMatchObject({ seq: number, streamId, result: value });
      expect(read(grantText(streamId, number))).toMatchObject({ type: 'res', streamId, credits: number });
      expect(read(endText(streamId, number, 'ok'))).toMatchObject({ type: 'stream_end', seq: number, reason: 'ok' });
    }),
    runs(2_000, 200_000),
  );
});
