// Chunks without end: to a stream that is read at once, to many streams, and to streams nobody knows.

import { describe, expect, test } from 'vitest';
import { streamService } from '../../../../src/arcp/runtime/streams/streams-service.js';
import { type RawPeer, settle, testRuntime } from '../../support/raw-peer.js';

const limits = { maxChunksPerSecond: 5, maxCommandsPerSecond: 20 };

function chunk(peer: RawPeer, stream_id: string, sequence: number): string {
  return peer.send('stream.chunk', { sequence, data: 'x' }, { stream_id });
}

describe('a flood of chunks', () => {
  test.each([
    ['one stream that is open', (_i: number) => 'str_0'],
    ['many streams that are', (i: number) => `str_${i % 10}`],
    ['streams nobody knows', (i: number) => `str_unknown${i}`],
  ])('to %s is refused beyond the burst, kept nowhere, and ends the connection', async (_title, streamOf) => {
    const bench = testRuntime({ services: [streamService()], limits });
    const peer = await bench.session();
    for (let i = 0; i < 10; i++) peer.send('stream.open', { kind: 'text' }, { stream_id: `str_${i}` });
    const sequences = new Map<string, number>();
    const flood = (count: number) => {
      for (let i = 0; i < count; i++) {
        const id = streamOf(i);
        const sequence = sequences.get(id) ?? 0;
        sequences.set(id, sequence + 1);
        chunk(peer, id, sequence);
      }
    };
    flood(50);
    await settle();
    peer.forget();
    const refused = chunk(peer, 'str_0', sequences.get('str_0') ?? 0);
    await settle();
    expect(peer.since()).toMatchObject([
      { type: 'nack', correlation_id: refused, payload: { code: 'RESOURCE_EXHAUSTED' } },
    ]);
    // Commands are not held up by it.
    await peer.answerTo(peer.send('ping'));
    flood(20);
    expect((await peer.closed).code).toBe(1008);
    const kept = await bench.log.read({ after: 0, limit: 1_000, types: ['stream.chunk'] });
    expect(kept).toHaveLength(50);
  });
});
