// The two machines below a connection: what is split into frames, and what is put together from them.

import { describe, expect, test } from 'vitest';
import { decodeFrame, encodeFrame, MAX_FRAME_DATA_BYTES } from '../../../src/arcp/sidecar/frame.js';
import { IncomingJoin } from '../../../src/arcp/sidecar/incoming.js';
import { OutgoingSplit } from '../../../src/arcp/sidecar/outgoing.js';
import { decodeBase64 } from '../../../src/codec/base64.js';
import { announced, chunkText, openText, pattern, putText, streamText, type WireMessage } from './messages.js';

const LIMIT = 8_388_608;

/** Splits texts in order; those that stay as they are come out alone. */
function splitAll(texts: readonly string[], split = new OutgoingSplit()): WireMessage[] {
  return texts.flatMap((text) => split.split(text) ?? [text]);
}

/** What comes up, and the last verdict that was more. */
function joinAll(messages: readonly WireMessage[], join = new IncomingJoin(LIMIT)) {
  const texts: string[] = [];
  let broken = false;
  for (const message of messages) {
    const verdict = typeof message === 'string' ? join.takeText(message) : join.takeBytes(message);
    if (verdict.kind === 'text') texts.push(verdict.text);
    if (verdict.kind === 'broken') broken = true;
  }
  return { texts, broken, isPending: join.isPending };
}

describe('what is sent', () => {
  test('of a stream that opened with sidecar goes without data, and its bytes behind it', () => {
    const [open, text, frame] = splitAll([openText('str_1'), chunkText('str_1', 0, pattern(3), { sha256: 'ab' })]);
    expect(open).toBe(openText('str_1'));
    const { payload, ...fields } = JSON.parse(text as string);
    expect(fields).toEqual({
      arcp: '1.0',
      id: 'msg_of_str_1',
      type: 'stream.chunk',
      timestamp: '2026-03-02T08:15:42.000Z',
      stream_id: 'str_1',
    });
    expect(payload).toEqual({ sequence: 0, sha256: 'ab', sidecar: { frames: 1, size: 3 } });
    expect(decodeFrame(frame as Uint8Array)).toEqual({
      kind: 'chunk',
      name: 'str_1',
      sequence: 0,
      index: 0,
      data: pattern(3),
    });
  });

  test('of a stream id that opens again, before it was closed, goes as the later opening says', () => {
    const again = [openText('str_1'), openText('str_1', 'base64'), chunkText('str_1', 0, pattern(3))];
    expect(splitAll(again)).toEqual(again);
    expect(splitAll([...again, openText('str_1'), chunkText('str_1', 0, pattern(3))])).toHaveLength(6);
  });

  test('of an artifact goes in frames of 1 MiB, tied to the id of the message', () => {
    const size = 2 * MAX_FRAME_DATA_BYTES + 1;
    const [text, ...frames] = splitAll([putText('msg_9', pattern(size))]);
    expect(JSON.parse(text as string).payload).toEqual({ media_type: 'image/png', sidecar: { frames: 3, size } });
    const read = frames.map((frame) => decodeFrame(frame as Uint8Array));
    expect(read.map((frame) => [frame?.kind, frame?.name, frame?.sequence, frame?.index, frame?.data.length])).toEqual([
      ['artifact', 'msg_9', 0, 0, 1_048_576],
      ['artifact', 'msg_9', 0, 1, 1_048_576],
      ['artifact', 'msg_9', 0, 2, 1],
    ]);
  });

  test('without data has one empty frame; of just 1 MiB there is one, too', () => {
    for (const size of [0, MAX_FRAME_DATA_BYTES]) {
      const [text, ...frames] = splitAll([putText('msg_9', pattern(size))]);
      expect(JSON.parse(text as string).payload.sidecar).toEqual({ frames: 1, size });
      expect(frames.map((frame) => decodeFrame(frame as Uint8Array)?.data.length)).toEqual([size]);
    }
  });

  test.each<[string, string[]]>([
    ['of a stream that opened with base64', [openText('str_1', 'base64'), chunkText('str_1', 0, pattern(3))]],
    [
      'of a text stream, whatever it calls its encoding',
      [openText('str_1', 'sidecar', 'text'), chunkText('str_1', 0, pattern(3))],
    ],
    ['of a stream whose open was not seen', [openText('str_2'), chunkText('str_1', 0, pattern(3))]],
    [
      'behind the end of the stream',
      [openText('str_1'), streamText('stream.close', 'str_1', {}), chunkText('str_1', 1, pattern(3))],
    ],
    [
      'behind its error',
      [
        openText('str_1'),
        streamText('stream.error', 'str_1', { code: 'ABORTED', message: '' }),
        chunkText('str_1', 1, pattern(3)),
      ],
    ],
    [
      'of data that is no base64',
      [openText('str_1'), streamText('stream.chunk', 'str_1', { sequence: 0, data: 'a-b' })],
    ],
    [
      'of data that is no text',
      [openText('str_1'), streamText('stream.chunk', 'str_1', { sequence: 0, data: { a: 1 } })],
    ],
    [
      'of data beside a member of our name',
      [openText('str_1'), chunkText('str_1', 0, pattern(3), { sidecar: { frames: 1, size: 3 } })],
    ],
    [
      'of other messages that only speak of it',
      [openText('str_1'), streamText('event.emit', 'str_1', { name: 'x', data: { type: 'artifact.put' } })],
    ],
    [
      'of another writer, in another order',
      [putText('msg_9', pattern(3)).replace('"arcp":"1.0",', '').replace('{', '{"priority":"low","arcp":"1.0",')],
    ],
  ])('stays as it is: %s', (_title, texts) => {
    expect(splitAll(texts)).toEqual(texts);
  });

  test('of a stream named in a field in front is not taken for another', () => {
    const source = 'x","stream_id":"str_1","y":"';
    const other = chunkText('str_2', 0, pattern(3)).replace(
      '"stream_id"',
      `"source":${JSON.stringify(source)},"stream_id"`,
    );
    expect(JSON.parse(other)).toMatchObject({ source, stream_id: 'str_2' });
    expect(splitAll([openText('str_1'), other])).toEqual([openText('str_1'), other]);
    // And a close that only seems to be of ours ends nothing.
    const close = streamText('stream.close', 'str_2', {}).replace(
      '"stream_id"',
      `"source":${JSON.stringify(source)},"stream_id"`,
    );
    expect(splitAll([openText('str_1'), close, chunkText('str_1', 0, pattern(3))])).toHaveLength(4);
  });

  test('of more streams than are kept in mind goes on in base64 for the oldest', () => {
    const split = new OutgoingSplit(2);
    const opens = ['str_1', 'str_2', 'str_3'].map((id) => openText(id));
    expect(splitAll(opens, split)).toEqual(opens);
    const sent = ['str_1', 'str_2', 'str_3'].map((id) => split.split(chunkText(id, 0, pattern(3)))?.length);
    expect(sent).toEqual([undefined, 2, 2]);
  });
});

describe('what is received', () => {
  const text = chunkText('str_1', 5, pattern(10), { sha256: 'ab' });
  const [announcement, ...frames] = announced(text, pattern(10), [3, 4]);

  test('is put together to the message it was, in base64', () => {
    const { texts, broken, isPending } = joinAll([announcement, ...frames]);
    expect([broken, isPending, texts.length, frames.length]).toEqual([false, false, 1, 3]);
    const { payload, ...fields } = JSON.parse(texts[0] as string);
    const { payload: expected, ...expectedFields } = JSON.parse(text);
    expect([fields, payload]).toEqual([expectedFields, expected]);
  });

  test('waits until all of it is there', () => {
    for (let count = 1; count <= frames.length; count++) {
      const { texts, broken, isPending } = joinAll([announcement, ...frames].slice(0, count));
      expect([texts, broken, isPending]).toEqual([[], false, true]);
    }
  });

  test('keeps what its sender wrote beside it, and nothing of the announcement', () => {
    const more =
      '{"arcp":"1.0","id":"msg_1","type":"artifact.put","timestamp":"2026-03-02T08:15:42Z","extensions":{"x-a":1},"payload":{"__proto__":{"a":1},"media_type":"a/b","data":""}}';
    const { texts } = joinAll(announced(more, pattern(2)));
    const { extensions, payload } = JSON.parse(texts[0] as string);
    expect(extensions).toEqual({ 'x-a': 1 });
    expect(Object.keys(payload)).toEqual(['__proto__', 'media_type', 'data']);
    expect(decodeBase64(payload.data)).toEqual(pattern(2));
  });

  test.each<[string, string]>([
    ['another type', announcement.replace('stream.chunk', 'event.emit')],
    ['data beside it', text.replace('"payload":{', '"payload":{"sidecar":{"frames":1,"size":10},')],
    ['a sidecar that is no object', announcement.replace(/"sidecar":\{[^}]*\}/, '"sidecar":[1]')],
    ['no size', announcement.replace('"size":10', '"sizes":10')],
    ['a size that is none', announcement.replace('"size":10', '"size":"10"')],
    ['a negative number of frames', announcement.replace('"frames":3', '"frames":-3')],
    ['no stream', announcement.replace('"stream_id":"str_1",', '')],
    ['no sequence', announcement.replace('"sequence":5,', '')],
    ['no envelope', announcement.replace('"type"', '"typo"')],
    ['no JSON', `${announcement.slice(0, -1)}`],
    [
      'a payload deeper than messages are',
      announcement.replace('"sha256":"ab"', `"deep":${'['.repeat(200)}${']'.repeat(200)}`),
    ],
  ])('is one like any other, and is judged above: %s', (_title, message) => {
    expect(joinAll([message])).toEqual({ texts: [message], broken: false, isPending: false });
  });

  test.each<[string, WireMessage[]]>([
    ['another message among its frames', [announcement, frames[0] as Uint8Array, openText('str_2')]],
    ['the same announcement again', [announcement, announcement]],
    [
      'a frame of another stream',
      [announcement, announced(chunkText('str_2', 5, pattern(10)), pattern(10))[1] as Uint8Array],
    ],
    [
      'a frame of another chunk',
      [announcement, announced(chunkText('str_1', 6, pattern(10)), pattern(10))[1] as Uint8Array],
    ],
    [
      'a frame of an artifact, alike in everything else',
      [
        announced(chunkText('str_1', 0, pattern(3)), pattern(3))[0],
        encodeFrame({ kind: 'artifact', name: 'str_1', sequence: 0, index: 0, data: pattern(3) }),
      ],
    ],
    ['a frame left out', [announcement, frames[0] as Uint8Array, frames[2] as Uint8Array]],
    ['a frame twice', [announcement, frames[0] as Uint8Array, frames[0] as Uint8Array]],
    ['what is no frame', [announcement, pattern(5)]],
    [
      'an empty frame among others',
      [announcement, encodeFrame({ kind: 'chunk', name: 'str_1', sequence: 5, index: 0, data: pattern(0) })],
    ],
    [
      'more bytes than it said',
      [announcement, encodeFrame({ kind: 'chunk', name: 'str_1', sequence: 5, index: 0, data: pattern(11) })],
    ],
    ['fewer bytes than it said', [announcement.replace('"size":10', '"size":11'), ...frames]],
    ['no frames', [announcement.replace('"frames":3', '"frames":0')]],
    ['more frames than bytes', [announcement.replace('"frames":3', '"frames":11')]],
    ['too few frames for its bytes', [announcement.replace('"size":10', '"size":3145729')]],
    [
      'more bytes than a message may have',
      [announcement.replace('"frames":3,"size":10', '"frames":900,"size":6291456')],
    ],
    [
      'as many bytes as numbers go',
      [announcement.replace('"frames":3,"size":10', '"frames":9007199254740991,"size":9007199254740991')],
    ],
  ])('ends the connection: %s', (_title, messages) => {
    const join = new IncomingJoin(LIMIT);
    expect(joinAll(messages, join)).toEqual({ texts: [], broken: true, isPending: false });
    // What comes behind it is not looked at any more.
    expect(joinAll([openText('str_9'), ...frames], join)).toEqual({ texts: [], broken: false, isPending: false });
  });

  test('may be as long as a message may be, with its base64', () => {
    const size = 900;
    const [short, ...its] = announced(chunkText('str_1', 0, pattern(size)), pattern(size));
    const longest = short.length + 4 * (size / 3);
    expect(joinAll([short, ...its], new IncomingJoin(longest)).texts).toHaveLength(1);
    expect(joinAll([short, ...its], new IncomingJoin(longest - 1)).broken).toBe(true);
  });

  test('an announcement takes no room before its bytes come', () => {
    const size = 4_194_304;
    const [large] = announced(putText('msg_1', pattern(size)), pattern(size), [
      MAX_FRAME_DATA_BYTES,
      MAX_FRAME_DATA_BYTES,
      MAX_FRAME_DATA_BYTES,
    ]);
    const before = process.memoryUsage().arrayBuffers;
    const joins = Array.from({ length: 50 }, () => {
      const join = new IncomingJoin(LIMIT);
      join.takeText(large);
      return join;
    });
    const grown = process.memoryUsage().arrayBuffers - before;
    expect(joins.every(({ isPending }) => isPending)).toBe(true);
    expect(grown).toBeLessThan(size);
  });

  test('frames that nobody announced are passed over, 256 in a row, and then end the connection', () => {
    const join = new IncomingJoin(LIMIT);
    const stray = (count: number) => joinAll(Array(count).fill(frames[0]), join).broken;
    expect(stray(256)).toBe(false);
    expect(joinAll([announcement, ...frames], join).texts).toHaveLength(1);
    expect(stray(256)).toBe(false);
    expect(stray(1)).toBe(true);
  });
});
