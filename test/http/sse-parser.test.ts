import { describe, expect, test } from 'vitest';
import { encodeUtf8 } from '../../src/bytes/utf8.js';
import { type SseEvent, SseParser } from '../../src/http/sse-parser.js';
import { sharedVectors } from '../support/shared-vectors.js';

const event = (data: string, name = 'message'): SseEvent => ({ event: name, data });

/** Events of a text, and the one that its end cuts off. */
interface SseCase {
  readonly id: string;
  readonly bytes: Uint8Array;
  readonly events: readonly SseEvent[];
  readonly unfinished?: SseEvent;
}

const of = (id: string, text: string, events: readonly SseEvent[], unfinished?: SseEvent): SseCase => ({
  id,
  bytes: encodeUtf8(text),
  events,
  ...(unfinished !== undefined && { unfinished }),
});

const CASES: readonly SseCase[] = [
  of('one event', 'data: {"a":1}\n\n', [event('{"a":1}')]),
  of('events behind one another', 'data: 1\n\ndata: 2\n\n', [event('1'), event('2')]),
  of('CRLF', 'event: a\r\ndata: x\r\n\r\ndata: y\r\n\r\n', [event('x', 'a'), event('y')]),
  of('lone CR', 'data: x\r\rdata: y\r\r', [event('x'), event('y')]),
  of('line ends mixed', 'data: x\r\ndata: y\rdata: z\n\r\ndata: w\n\n', [event('x\ny\nz'), event('w')]),
  of('CR LF CR is two line ends', 'data: x\r\n\rdata: y\n\n', [event('x'), event('y')]),
  of('several data lines', 'data: {\ndata:  "a": 1\ndata: }\n\n', [event('{\n "a": 1\n}')]),
  of('no space, one space, two spaces', 'data:x\n\ndata: x\n\ndata:  x \n\n', [event('x'), event('x'), event(' x ')]),
  of('a colon in the value', 'data: a: b\n\n', [event('a: b')]),
  of('comments', ': ping\n\n:\n\ndata: x\n: between\ndata: y\n\n: bye\n\n', [event('x\ny')]),
  of('a name, and none after it', 'event: error\ndata: 1\n\ndata: 2\n\n', [event('1', 'error'), event('2')]),
  of('a name without data', 'event: error\n\ndata: 2\n\n', [event('2')]),
  of('an empty name', 'event:\ndata: 2\n\n', [event('2')]),
  of('an empty data line, and two', 'data:\n\ndata\ndata\n\n', [event(''), event('\n')]),
  of('an id, and none after it', 'id: 7\ndata: x\n\ndata: y\n\n', [{ ...event('x'), id: '7' }, event('y')]),
  of('an id with NUL', 'id: 7\0\ndata: x\n\n', [event('x')]),
  of('unknown and broken fields', 'foo: bar\nDATA: y\nretry: soon\n data: z\ndata: x\n\n', [event('x')]),
  of('a byte order mark at the start only', '\uFEFFdata: x\n\n\uFEFFdata: y\n\ndata: \uFEFFz\n\n', [
    event('x'),
    event('\uFEFFz'),
  ]),
  of('only a byte order mark', '\uFEFF', []),
  of('characters of every length', 'data: "é€😀"\n\n', [event('"é€😀"')]),
  of('U+2028 and U+0085 end no line', 'data: a\u2028b\u0085c\n\n', [event('a\u2028b\u0085c')]),
  of('an event cut off inside a line', 'data: x\n\nevent: a\ndata: y', [event('x')], event('y', 'a')),
  of('an event cut off behind a line', 'data: x\n', [], event('x')),
  of('a field cut off', 'data: x\n\ndat', [event('x')]),
  of('nothing', '', []),
  {
    id: 'ill-formed UTF-8 becomes U+FFFD',
    bytes: Uint8Array.from([...encodeUtf8('data: a'), 0xff, 0xc3, ...encodeUtf8('b\n\n')]),
    events: [event('a\uFFFD\uFFFDb')],
  },
];

function parse(chunks: readonly Uint8Array[]): { events: SseEvent[]; unfinished?: SseEvent } {
  const parser = new SseParser();
  const events = chunks.flatMap((chunk) => parser.push(chunk));
  const last = parser.end();
  if (last === undefined) return { events };
  const { unfinished, ...rest } = last;
  expect(unfinished).toBe(true);
  return { events, unfinished: rest };
}

/** The bytes whole, cut in two at every place, and one by one. */
function* cuts(bytes: Uint8Array): Iterable<Uint8Array[]> {
  for (let at = 0; at <= bytes.length; at++) yield [bytes.subarray(0, at), bytes.subarray(at)];
  yield Array.from(bytes, (_, at) => bytes.subarray(at, at + 1));
}

function check({ bytes, events, unfinished }: SseCase): void {
  const expected = unfinished === undefined ? { events } : { events, unfinished };
  for (const chunks of cuts(bytes)) expect(parse(chunks)).toEqual(expected);
}

describe('[7.60] events out of bytes, however they are cut', () => {
  test.each(CASES)('$id', check);

  interface Shared {
    id: string;
    chunks?: string[];
    chunksBase64?: string[];
    events: SseEvent[];
    lenientEvents?: SseEvent[];
  }
  const shared = sharedVectors<Shared[]>('a2a/sse-streams.json');
  test.skipIf(shared === undefined).each(shared ?? [])('shared: $id', ({ id, chunks, chunksBase64, ...expected }) => {
    const { events, lenientEvents = events } = expected;
    const pieces = chunks?.map(encodeUtf8) ?? chunksBase64!.map((text) => Buffer.from(text, 'base64'));
    const unfinished = lenientEvents[events.length];
    check({ id, bytes: Buffer.concat(pieces), events, ...(unfinished && { unfinished }) });
    expect(parse(pieces).events).toEqual(events);
  });
});

test('the empty line behind a lone CR dispatches without waiting for what follows', () => {
  const parser = new SseParser();
  expect(parser.push(encodeUtf8('data: x\r\r'))).toEqual([event('x')]);
  expect(parser.push(encodeUtf8('\ndata: y\n\n'))).toEqual([event('y')]);
});

test('the wish to wait before connecting again is kept', () => {
  const parser = new SseParser();
  parser.push(encodeUtf8('retry: 1500\n\nretry: x\n\n'));
  expect(parser.retryMs).toBe(1500);
});

describe('the limit of an event', () => {
  const limitOf = (text: string, cut = text.length): unknown => {
    const parser = new SseParser({ maxEventBytes: 20 });
    try {
      parser.push(encodeUtf8(text).subarray(0, cut));
      parser.push(encodeUtf8(text).subarray(cut));
      return 'no error';
    } catch (error) {
      return (error as { limit?: string }).limit;
    }
  };

  test('counts the lines of one event, in bytes, and starts anew with the next', () => {
    const twenty = 'data: 12345678901234'; // 20 bytes
    const split = 'data: 1234\ndata: 5678'; // 20 bytes without its line end
    for (const cut of [1, 7, 19]) {
      expect(limitOf(`${twenty}\n\n${twenty}\n\n`, cut)).toBe('no error');
      expect(limitOf(`${split}\n\n${split}\n\n`, cut)).toBe('no error');
      expect(limitOf(`${twenty}5\n\n`, cut)).toBe('maxEventBytes');
      expect(limitOf(`${split}9\n\n`, cut)).toBe('maxEventBytes');
      expect(limitOf('data: éééééééé\n\n', cut)).toBe('maxEventBytes');
    }
  });

  test('holds for a line that never ends, comments included', () => {
    expect(limitOf('data: 123456789012345')).toBe('maxEventBytes');
    expect(limitOf(`: ${'x'.repeat(20)}`)).toBe('maxEventBytes');
  });

  test('is not used up by comments, however many come within one event', () => {
    expect(limitOf(`data: x\n${': ping\n'.repeat(1000)}\n`)).toBe('no error');
  });

  test('is 4 MiB by default', () => {
    const parser = new SseParser();
    const line = new Uint8Array(4_194_304).fill(0x78);
    line.set(encodeUtf8('data: '));
    expect(parser.push(line)).toEqual([]);
    expect(parser.push(encodeUtf8('\n\n'))[0]?.data).toHaveLength(4_194_298);
    parser.push(line);
    expect(() => parser.push(encodeUtf8('x'))).toThrow(expect.objectContaining({ limit: 'maxEventBytes' }));
  });

  test('is checked', () => {
    expect(() => new SseParser({ maxEventBytes: 0 })).toThrow(RangeError);
    expect(() => new SseParser({ maxEventBytes: '1' as never })).toThrow(TypeError);
  });
});

test('an event of 4 MiB that trickles byte by byte takes no longer than its bytes', () => {
  const parser = new SseParser();
  const byte = encodeUtf8('x');
  parser.push(encodeUtf8('data: '));
  for (let i = 0; i < 1_000_000; i++) parser.push(byte);
  expect(parser.push(encodeUtf8('\n\n'))[0]?.data).toHaveLength(1_000_000);
});
