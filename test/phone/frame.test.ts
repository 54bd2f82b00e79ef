import npmCanonicalize from 'canonicalize';
import { describe, expect, test } from 'vitest';
import { encodeUtf8 } from '../../src/bytes/utf8.js';
import { decodeCanonical, decodeFrame, decodeGeneral } from '../../src/phone/frame-decode.js';
import {
  cancelText,
  chunkText,
  endText,
  errorText,
  grantText,
  requestHead,
  requestText,
  resultText,
  writeText,
} from '../../src/phone/frame-encode.js';
import { DEFAULT_LIMITS } from '../../src/phone/limits.js';
import c4 from '../../vectors/phone/c4.json' with { type: 'json' };

// The package is CommonJS; its types say otherwise.
const oracle = npmCanonicalize as unknown as (value: unknown) => string;

const decode = (text: string | Uint8Array, limits = DEFAULT_LIMITS) =>
  decodeFrame(typeof text === 'string' ? encodeUtf8(text) : text, limits);
const codeOf = (act: () => unknown): unknown => {
  try {
    act();
  } catch (error) {
    return (error as { code?: unknown }).code;
  }
  return 'no error';
};

describe('frames out', () => {
  test('C4: the known envelope encodes to the known bytes', () => {
    const { method, params, stream_id } = c4.envelope;
    const text = requestText(requestHead(method, params, undefined), stream_id);
    expect(Buffer.from(text).toString('hex')).toBe(c4.hex);
  });

  test('every type is the canonical form an independent implementation gives', () => {
    const odd = { é: ['\u2028', '"\\'], '10': 1, '9': -0, nested: { b: 1e21, a: null } };
    const cases: [string, unknown][] = [
      [
        requestText(requestHead('m', odd, 8), 3),
        { type: 'req', stream_id: 3, seq: 0, method: 'm', params: odd, credits: 8 },
      ],
      [requestText(requestHead('m', undefined, undefined), 3), { type: 'req', stream_id: 3, seq: 0, method: 'm' }],
      [resultText(2, odd), { type: 'res', stream_id: 2, seq: 0, result: odd }],
      [resultText(2, undefined), { type: 'res', stream_id: 2, seq: 0 }],
      [grantText(5, 16), { type: 'res', stream_id: 5, seq: 0, credits: 16 }],
      [chunkText(5, 7, odd), { type: 'stream_chunk', stream_id: 5, seq: 7, result: odd }],
      [chunkText(5, 7, undefined), { type: 'stream_chunk', stream_id: 5, seq: 7 }],
      [endText(5, 8, 'ok'), { type: 'stream_end', stream_id: 5, seq: 8, reason: 'ok' }],
      [cancelText(5), { type: 'cancel', stream_id: 5, seq: 0 }],
      [
        errorText(5, { code: -32000, message: 'no "luck"' }),
        { type: 'error', stream_id: 5, seq: 0, error: { code: -32000, message: 'no "luck"' } },
      ],
    ];
    for (const [text, value] of cases) expect(text).toBe(oracle(value));
  });

  test('a text longer than a frame is refused with both numbers', () => {
    const target = new Uint8Array(10);
    expect(writeText('0123456789', target)).toBe(10);
    expect(() => writeText('0123456789a', target)).toThrowError(
      expect.objectContaining({ code: 'ERR_LIMIT_EXCEEDED', limit: 'maxFrameBytes', seen: 11 }),
    );
  });
});

describe('frames in', () => {
  test('every type comes back as it was sent', () => {
    expect(decode(requestText(requestHead('echo', { a: 1 }, 8), 1))).toMatchObject({
      type: 'req',
      streamId: 1,
      method: 'echo',
      params: { a: 1 },
      credits: 8,
    });
    expect(decode(resultText(2, [1]))).toMatchObject({ type: 'res', streamId: 2, result: [1], credits: undefined });
    expect(decode(grantText(3, 8))).toMatchObject({ type: 'res', streamId: 3, credits: 8, result: undefined });
    expect(decode(chunkText(3, 4, 'x'))).toMatchObject({ type: 'stream_chunk', seq: 4, result: 'x' });
    expect(decode(endText(3, 5, 'ok'))).toMatchObject({ type: 'stream_end', seq: 5, reason: 'ok' });
    expect(decode(cancelText(3))).toMatchObject({ type: 'cancel', streamId: 3 });
    expect(decode(errorText(3, { code: -1, message: 'm' }))).toMatchObject({ error: { code: -1, message: 'm' } });
  });

  test('unknown members, other orders and spaces are tolerated', () => {
    expect(decode('{ "type":"req", "x_new":{"seq":1}, "seq":0,"stream_id":7,"method":"m","params":[1]}')).toMatchObject(
      {
        streamId: 7,
        params: [1],
      },
    );
  });

  test('known names as nested members do not count as repeated', () => {
    const text = '{"result":{"seq":1,"type":"x","result":[{"seq":2}]},"type":"res","seq":0,"stream_id":1}';
    expect(decode(text).result).toEqual({ seq: 1, type: 'x', result: [{ seq: 2 }] });
  });

  test.each([
    ['nothing', ''],
    ['an array', '[]'],
    ['null', 'null'],
    ['a string', '"req"'],
    ['a byte order mark', '\ufeff{"seq":0,"stream_id":1,"type":"cancel"}'],
    ['garbage behind', '{"seq":0,"stream_id":1,"type":"cancel"}x'],
    ['an unknown type', '{"seq":0,"stream_id":1,"type":"hello"}'],
    ['a type of Object.prototype', '{"seq":0,"stream_id":1,"type":"toString"}'],
    ['no type', '{"seq":0,"stream_id":1}'],
    ['no seq', '{"stream_id":1,"type":"cancel"}'],
    ['stream_id 0', '{"seq":0,"stream_id":0,"type":"cancel"}'],
    ['stream_id 1e300', '{"seq":0,"stream_id":1e300,"type":"cancel"}'],
    ['stream_id 2^53', '{"seq":0,"stream_id":9007199254740992,"type":"cancel"}'],
    ['stream_id 1.5', '{"seq":0,"stream_id":1.5,"type":"cancel"}'],
    ['stream_id as text', '{"seq":0,"stream_id":"1","type":"cancel"}'],
    ['a negative seq', '{"seq":-1,"stream_id":1,"type":"cancel"}'],
    ['req without method', '{"seq":0,"stream_id":1,"type":"req"}'],
    ['req with a method that is no text', '{"method":1,"seq":0,"stream_id":1,"type":"req"}'],
    ['credits -1', '{"credits":-1,"method":"m","seq":0,"stream_id":1,"type":"req"}'],
    ['credits 1.5', '{"credits":1.5,"method":"m","seq":0,"stream_id":1,"type":"req"}'],
    ['credits 1e308', '{"credits":1e308,"method":"m","seq":0,"stream_id":1,"type":"req"}'],
    ['credits null', '{"credits":null,"method":"m","seq":0,"stream_id":1,"type":"req"}'],
    ['error without error', '{"seq":0,"stream_id":1,"type":"error"}'],
    ['error of another shape', '{"error":{"code":"x","message":"m"},"seq":0,"stream_id":1,"type":"error"}'],
    ['stream_end without reason', '{"seq":0,"stream_id":1,"type":"stream_end"}'],
    ['type twice', '{"type":"cancel","seq":0,"stream_id":1,"type":"cancel"}'],
    ['stream_id twice', '{"seq":0,"stream_id":1,"stream_id":1,"type":"cancel"}'],
    ['seq twice, once escaped', '{"s\\u0065q":0,"seq":0,"stream_id":1,"type":"cancel"}'],
    ['result twice around a canonical tail', '{"result":1,"result":2,"seq":0,"stream_id":1,"type":"res"}'],
    ['method twice in canonical order', '{"method":"a","method":"b","seq":0,"stream_id":1,"type":"req"}'],
    ['params that are no JSON', '{"method":"a","params":{,"seq":0,"stream_id":1,"type":"req"}'],
  ])('%s is a violation', (_, text) => {
    expect(codeOf(() => decode(text))).toBe('ERR_CHANNEL_PROTOCOL');
  });

  test('bytes that are not UTF-8 are refused, not replaced', () => {
    expect(codeOf(() => decode(new Uint8Array([0x7b, 0xff, 0xff, 0x7d])))).toBe('ERR_CODEC_UTF8');
  });

  test('depth is bounded at the limit exactly, on both ways', () => {
    const nested = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`;
    for (const order of [
      '{"result":X,"seq":0,"stream_id":1,"type":"res"}',
      '{"type":"res","seq":0,"stream_id":1,"result":X}',
    ]) {
      expect(codeOf(() => decode(order.replace('X', nested(64))))).toBe('no error');
      expect(codeOf(() => decode(order.replace('X', nested(65))))).toBe('ERR_LIMIT_EXCEEDED');
      expect(codeOf(() => decode(order.replace('X', nested(20_000))))).toBe('ERR_LIMIT_EXCEEDED');
    }
  });

  test('keys are bounded at the limit exactly', () => {
    const object = (keys: number) => `{${Array.from({ length: keys }, (_, i) => `"${i.toString(36)}":0`).join(',')}}`;
    const text = (keys: number) => `{"result":${object(keys)},"seq":0,"stream_id":1,"type":"res"}`;
    const limits = { ...DEFAULT_LIMITS, maxJsonKeys: 100 };
    expect(codeOf(() => decode(text(100), limits))).toBe('no error');
    expect(codeOf(() => decode(text(101), limits))).toBe('ERR_LIMIT_EXCEEDED');
  });

  test('S10: __proto__ arrives as plain data and changes nothing', () => {
    for (const text of [
      '{"method":"m","params":{"__proto__":{"isAdmin":true}},"seq":0,"stream_id":1,"type":"req"}',
      '{"type":"req","method":"m","params":{"__proto__":{"isAdmin":true}},"seq":0,"stream_id":1}',
    ]) {
      const params = decode(text).params as Record<string, unknown>;
      expect(Object.hasOwn(params, '__proto__')).toBe(true);
      expect((params as { isAdmin?: boolean }).isAdmin).toBeUndefined();
      expect(({} as { isAdmin?: boolean }).isAdmin).toBeUndefined();
    }
  });

  test('a top-level __proto__ lends no members', () => {
    const text = '{"__proto__":{"type":"cancel","seq":0,"stream_id":1}}';
    expect(codeOf(() => decode(text))).toBe('ERR_CHANNEL_PROTOCOL');
  });

  test('the short way and the general way agree on what the short way takes', () => {
    for (const text of [
      requestText(requestHead('echo', { a: [1, 'x,"seq":9'] }, 8), 1),
      requestText(requestHead('echo', undefined, undefined), 1),
      resultText(2, { type: 'res"}' }),
      chunkText(2, 9, null),
    ]) {
      const short = decodeCanonical(text, text.length);
      expect(short).toBeDefined();
      expect(short).toEqual(decodeGeneral(text, text.length));
    }
  });
});
