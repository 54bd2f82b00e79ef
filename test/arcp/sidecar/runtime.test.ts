// The runtime over connections with sidecar frames: negotiation, what tools and logs see, and peers that break the rules.

import { describe, expect, test } from 'vitest';
import { decodeFrame, encodeFrame } from '../../../src/arcp/sidecar/frame.js';
import type { RawEnvelope } from '../../../src/arcp/wire/envelope.js';
import { decodeBase64, encodeBase64 } from '../../../src/codec/base64.js';
import { memoryTransports } from '../../../src/transport/memory.js';
import { ALL_CAPABILITIES, RawPeer, settle } from '../support/raw-peer.js';
import { changed, framesOf, sidecarBench, textsOf, textsOfType, WITH_SIDECAR } from './bench.js';
import { announced, chunkText, openText, pattern, putText, streamText, type WireMessage } from './messages.js';

async function opened(bench = sidecarBench(), capabilities = WITH_SIDECAR) {
  const wired = bench.wired();
  const accepted = await wired.peer.open({ capabilities });
  const say = (messages: readonly WireMessage[]) => {
    for (const message of messages) wired.near.send(message);
  };
  return { ...wired, bench, accepted, say };
}

/** Demands that the peer is still answered; when it has been, everything before has been judged. */
async function demandAlive(peer: RawPeer): Promise<void> {
  expect((await peer.answerTo(peer.send('ping'))).type).toBe('pong');
}

describe('sidecar frames are negotiated', () => {
  test('where the client lists them', async () => {
    const { accepted } = await opened();
    expect(accepted.payload.capabilities.binary_encoding).toEqual(['base64', 'sidecar']);
  });

  test('not with a client that does not list them: the same stream goes as base64', async () => {
    const { accepted, peer, wire } = await opened(sidecarBench(), ALL_CAPABILITIES);
    expect(accepted.payload.capabilities.binary_encoding).toEqual(['base64']);
    peer.send('tool.invoke', { tool: 'bytes', arguments: [5] });
    await peer.until('job.completed');
    expect(framesOf(wire)).toEqual([]);
    expect(textsOfType(wire, 'stream.open')[0].payload.encoding).toBe('base64');
    expect(textsOfType(wire, 'stream.chunk')[0].payload.data).toBe(encodeBase64(pattern(5)));
  });

  test('not where the runtime is told to offer base64 alone', async () => {
    const { accepted } = await opened(sidecarBench({ capabilities: { binary_encoding: ['base64'] } }));
    expect(accepted.payload.capabilities.binary_encoding).toEqual(['base64']);
  });

  test('not over a transport that carries text alone', async () => {
    const bench = sidecarBench();
    const [near, far] = memoryTransports();
    void bench.runtime.accept(changed(far, { textOnly: true }));
    const wire: WireMessage[] = [];
    const peer = new RawPeer(textsOf(near, wire));
    const accepted = await peer.open({ capabilities: WITH_SIDECAR });
    expect(accepted.payload.capabilities.binary_encoding).toEqual(['base64']);
    near.send(openText('str_1'));
    expect((await peer.until('nack')).payload.code).toBe('UNIMPLEMENTED');
    peer.send('tool.invoke', { tool: 'bytes', arguments: [5] });
    await peer.until('job.completed');
    expect(framesOf(wire)).toEqual([]);
  });

  test('not with the Rust crate, which takes no chunk without data', async () => {
    const { peer } = sidecarBench().wired();
    const accepted = await peer.open({ capabilities: WITH_SIDECAR, client: { kind: 'arcp-rs', version: '2.0.0' } });
    expect(accepted.payload.capabilities.binary_encoding).toEqual(['base64']);
  });

  test('and before that, frames are ignored and an announcement is a message without data', async () => {
    const { peer, say, bench } = await opened(sidecarBench(), ALL_CAPABILITIES);
    say([openText('str_1', 'base64'), ...announced(chunkText('str_1', 0, pattern(3)), pattern(3))].map(withOwnId));
    const nack = await peer.until('nack');
    expect(nack.payload).toMatchObject({ code: 'INVALID_ARGUMENT', details: { path: 'payload.data' } });
    say(Array(1_000).fill(pattern(40)));
    await demandAlive(peer);
    expect([bench.heard[0]?.chunks, bench.faults]).toEqual([[], []]);
  });
});

describe('a stream of a tool', () => {
  test('goes in frames, and stands in the log, and before observers, in base64', async () => {
    const bench = sidecarBench();
    const { peer, wire } = await opened(bench);
    const observer = await bench.session();
    const filter = { session_id: [peer.sessionId], types: ['stream.open', 'stream.chunk'] };
    observer.send('subscribe', { filter });
    await observer.until('subscribe.accepted');
    const sizes = [5, 0, 1_048_577];
    peer.send('tool.invoke', { tool: 'bytes', arguments: sizes });
    await peer.until('job.completed');
    const chunks = textsOfType(wire, 'stream.chunk') as RawEnvelope[];
    expect(chunks.map(({ payload }) => [payload.sequence, payload.data, payload.sidecar])).toEqual([
      [0, undefined, { frames: 1, size: 5 }],
      [1, undefined, { frames: 1, size: 0 }],
      [2, undefined, { frames: 2, size: 1_048_577 }],
    ]);
    const streamId = chunks[0]?.stream_id;
    const frames = framesOf(wire).map((frame) => decodeFrame(frame));
    expect(
      frames.map((frame) => [frame?.kind, frame?.name, frame?.sequence, frame?.index, frame?.data.length]),
    ).toEqual([
      ['chunk', streamId, 0, 0, 5],
      ['chunk', streamId, 1, 0, 0],
      ['chunk', streamId, 2, 0, 1_048_576],
      ['chunk', streamId, 2, 1, 1],
    ]);
    expect(frames[0]?.data).toEqual(pattern(5));
    expect([frames[2]?.data.at(-1), frames[3]?.data[0]]).toEqual([...pattern(1_048_577).subarray(-2)]);
    // Each message has its frames right behind it.
    const order = wire
      .slice(wire.findIndex((message) => typeof message !== 'string') - 1)
      .map((message) => typeof message);
    expect(order.slice(0, 8)).toEqual(['string', 'object', 'string', 'object', 'string', 'object', 'object', 'string']);

    const kept = (await bench.log.read({ after: 0, limit: 100, types: ['stream.open', 'stream.chunk'] })).map(
      ({ text }) => JSON.parse(text),
    );
    expect(kept[0].payload.encoding).toBe('sidecar');
    expect(kept.slice(1).map(({ payload }) => decodeBase64(payload.data).length)).toEqual(sizes);
    await settle();
    const seen = textsOfType(observer.texts, 'subscribe.event').map(({ payload }) => payload.event);
    expect(
      seen.map((event) => JSON.stringify(event)).join() === kept.map((event) => JSON.stringify(event)).join(),
    ).toBe(true);
    expect(seen).toHaveLength(4);
  });

  test('written with the encoding base64 goes as that', async () => {
    const { peer, wire } = await opened(
      sidecarBench({
        tools: [
          {
            name: 'plain',
            async handler(_args, { stream }) {
              await stream('binary', { contentType: 'a/b', encoding: 'base64' }).write(pattern(3));
            },
          },
        ],
      }),
    );
    peer.send('tool.invoke', { tool: 'plain', arguments: null });
    await peer.until('job.completed');
    expect(framesOf(wire)).toEqual([]);
    expect(textsOfType(wire, 'stream.open')[0].payload.encoding).toBe('base64');
  });

  test.each([
    ['in frames where its beginning is repeated', WITH_SIDECAR, false, 2],
    ['in base64 where the next connection speaks no frames', ALL_CAPABILITIES, false, 0],
    ['in base64 where its beginning is not repeated', WITH_SIDECAR, true, 0],
  ])('that is cut off goes on after a resume, %s', async (_title, capabilities, isOpenKnown, frames) => {
    let go = () => {};
    const bench = sidecarBench({
      tools: [
        {
          name: 'slow',
          async handler(_args, { stream }) {
            const writer = stream('binary', { contentType: 'a/b' });
            await writer.write(pattern(3));
            await new Promise<void>((resolve) => {
              go = resolve;
            });
            await writer.write(pattern(4));
            await writer.close();
          },
        },
      ],
    });
    const first = await opened(bench);
    first.peer.send('tool.invoke', { tool: 'slow', arguments: null });
    await first.peer.until('stream.chunk');
    await settle();
    expect(framesOf(first.wire)).toHaveLength(1);
    const [open] = textsOfType(first.wire, 'stream.open');
    await first.peer.drop();
    const again = bench.wired();
    await again.peer.open({ session_id: first.peer.sessionId, capabilities });
    again.peer.send('resume', {
      after_message_id: isOpenKnown ? open.id : textsOfType(first.wire, 'job.started')[0].id,
    });
    await again.peer.until('ack');
    go();
    await again.peer.until('job.completed');
    const chunks = textsOfType(again.wire, 'stream.chunk') as RawEnvelope[];
    expect(chunks.map(({ payload }) => payload.sequence)).toEqual([0, 1]);
    expect(framesOf(again.wire)).toHaveLength(frames);
    const data = framesOf(again.wire).map((frame) => decodeFrame(frame)?.data);
    expect(frames > 0 ? data : chunks.map(({ payload }) => decodeBase64(payload.data as string))).toEqual([
      pattern(3),
      pattern(4),
    ]);
  });
});

describe('a stream of a client', () => {
  test('in frames is read as bytes, beside others in base64', async () => {
    const { say, peer, bench } = await opened();
    say(
      [
        openText('str_a'),
        openText('str_b', 'base64'),
        ...announced(chunkText('str_a', 0, pattern(10)), pattern(10), [1, 1, 5]),
        chunkText('str_b', 0, pattern(4)),
        ...announced(chunkText('str_a', 1, pattern(0)), pattern(0)),
        // A sender may go on in base64 whenever it likes, and in frames where it said it would not.
        chunkText('str_a', 2, pattern(2)),
        ...announced(chunkText('str_b', 1, pattern(6)), pattern(6)),
        streamText('stream.close', 'str_a', { final_sequence: 2 }, { id: 'msg_z1' }),
        streamText('stream.close', 'str_b', { final_sequence: 1 }, { id: 'msg_z2' }),
      ].map(withOwnId),
    );
    await demandAlive(peer);
    await settle();
    expect(bench.heard).toEqual([
      { id: 'str_a', encoding: 'sidecar', chunks: [pattern(10), pattern(0), pattern(2)], end: 'OK' },
      { id: 'str_b', encoding: 'base64', chunks: [pattern(4), pattern(6)], end: 'OK' },
    ]);
    const kept = await bench.log.read({ after: 0, limit: 100, types: ['stream.chunk'] });
    expect(kept.map(({ text }) => text.includes('sidecar'))).toEqual(Array(5).fill(false));
  });

  test('is told when its bytes do not have the hash they say', async () => {
    const { say, peer } = await opened();
    const sha256 = 'ab'.repeat(32);
    say([openText('str_a'), ...announced(chunkText('str_a', 0, pattern(3), { sha256 }), pattern(3))].map(withOwnId));
    expect((await peer.until('stream.error')).payload.code).toBe('DATA_LOSS');
  });
});

describe('an artifact', () => {
  test('in frames is kept, once, however often it is put under its id', async () => {
    const { say, peer, bench } = await opened();
    const bytes = pattern(2_500_000);
    const message = announced(putText('msg_put', bytes), bytes, [1_000_000, 1_000_000]);
    say([...message, ...message]);
    const { artifact } = (await peer.answerTo('msg_put')).payload;
    expect(artifact.size).toBe(2_500_000);
    await demandAlive(peer);
    expect(textsOfType(peer.texts, 'artifact.ref')).toHaveLength(1);
    const fetched = await peer.answerTo(peer.send('artifact.fetch', { artifact_id: artifact.artifact_id }));
    expect(fetched.payload.data === encodeBase64(bytes)).toBe(true);
    const kept = await bench.log.read({ after: 0, limit: 100, types: ['artifact.put'] });
    expect(kept.map(({ text }) => JSON.parse(text).payload.data === encodeBase64(bytes))).toEqual([true]);
  });

  test('of more than 4 MiB is refused as it is in base64', async () => {
    const { say, peer } = await opened();
    const bytes = new Uint8Array(4_194_305);
    say(announced(putText('msg_put', bytes), bytes, Array(4).fill(1_048_576)));
    expect(await peer.answerTo('msg_put')).toMatchObject({ type: 'nack', payload: { code: 'INVALID_ARGUMENT' } });
  });
});

describe('a peer that breaks the rules', () => {
  const [announcement, frame] = announced(chunkText('str_a', 0, pattern(10)), pattern(10)) as [string, Uint8Array];
  const wrong = (change: object) => {
    const place = { kind: 'chunk' as const, name: 'str_a', sequence: 0, index: 0, data: pattern(10) };
    return encodeFrame({ ...place, ...change });
  };

  test.each<[string, WireMessage[]]>([
    ['says something else first', [announcement, openText('str_b')]],
    ['sends a frame of another stream', [announcement, wrong({ name: 'str_b' })]],
    ['sends a frame of another chunk', [announcement, wrong({ sequence: 1 })]],
    ['sends a later frame', [announcement, wrong({ index: 1 })]],
    ['sends too little', [announcement, wrong({ data: pattern(9) })]],
    ['sends too much', [announcement, wrong({ data: pattern(11) })]],
    ['sends no frame', [announcement, pattern(10)]],
    [
      'announces more than a message may have',
      [announcement.replace('"frames":1,"size":10', '"frames":9,"size":9000000')],
    ],
  ])('is closed with 1008, and its session can be resumed: it %s', async (_title, messages) => {
    const { peer, say, bench } = await opened();
    say([openText('str_a'), openText('str_b')].map(withOwnId));
    await demandAlive(peer);
    say(messages);
    expect(await peer.closed).toMatchObject({ code: 1008, clean: true });
    await settle();
    expect(bench.heard.flatMap(({ chunks }) => chunks)).toEqual([]);
    expect(bench.faults).toEqual([]);
    const again = bench.wired();
    await again.peer.open({ session_id: peer.sessionId, capabilities: WITH_SIDECAR });
    again.peer.send('resume', {});
    await again.peer.until('ack');
    await demandAlive(again.peer);
  });

  test('is closed when the frames it announced do not come for a minute', async () => {
    const { peer, say, bench } = await opened();
    const [large, ...its] = announced(putText('msg_put', pattern(30)), pattern(30), [10, 10]) as [
      string,
      ...Uint8Array[],
    ];
    say([large, its[0] as Uint8Array]);
    await settle();
    bench.clock.advance(59_999);
    say([its[1] as Uint8Array]);
    await settle();
    bench.clock.advance(59_999);
    await settle();
    expect(textsOfType(peer.texts, 'artifact.ref')).toEqual([]);
    bench.clock.advance(1);
    expect(await peer.closed).toMatchObject({ code: 1008 });
  });

  test('is not closed for a message that came whole in time', async () => {
    const { peer, say, bench } = await opened();
    say(announced(putText('msg_put', pattern(3)), pattern(3)));
    await peer.answerTo('msg_put');
    bench.clock.advance(120_000);
    await demandAlive(peer);
  });

  test('may send 256 frames of nothing in a row, and is closed at the next', async () => {
    const { peer, say } = await opened();
    say(Array(256).fill(frame));
    await demandAlive(peer);
    say([frame]);
    expect(await peer.closed).toMatchObject({ code: 1008, clean: true });
  });

  test('gets a refusal for an announcement that cannot be a chunk, and its frames are passed over', async () => {
    const { peer, say } = await opened();
    say([announcement.replace('"size":10', '"size":"10"'), frame]);
    expect((await peer.until('nack')).payload.code).toBe('INVALID_ARGUMENT');
    await demandAlive(peer);
  });
});

describe('a runtime', () => {
  test('does not rest while frames are to come, and knows after it that they are spoken', async () => {
    const { peer, say, bench } = await opened();
    await settle();
    const [state] = bench.runtime.rest()?.connections.values() ?? [];
    expect(state).toMatchObject({ isSidecar: true });
    const [announcement, frame] = announced(putText('msg_put', pattern(3)), pattern(3)) as [string, Uint8Array];
    say([announcement]);
    await settle();
    expect(bench.runtime.rest()).toBeUndefined();
    say([frame]);
    await peer.answerTo('msg_put');
    await settle();
    expect(bench.runtime.rest()).toBeDefined();
    const plain = await opened(sidecarBench(), ALL_CAPABILITIES);
    await settle();
    const [other] = plain.bench.runtime.rest()?.connections.values() ?? [];
    expect(other).not.toHaveProperty('isSidecar');
  });
});

let number = 0;

/** The message under an id of its own: what has an id of before is not looked at. */
function withOwnId(message: WireMessage): WireMessage {
  return typeof message === 'string' ? message.replace(/"id":"[^"]*"/, `"id":"msg_own_${++number}"`) : message;
}
