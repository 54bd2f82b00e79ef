// A stream's queue by itself; what it does in a session is in session.test.ts and attacks/.

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import type { Frame } from '../../src/phone/frame.js';
import { StreamCall, type StreamLink } from '../../src/phone/stream-call.js';

const link: StreamLink = { open: () => {}, grant: () => {}, cancel: () => {}, book: () => {}, mayGrant: () => true };

function chunk(seq: number): Frame {
  return {
    type: 'stream_chunk',
    streamId: 1,
    seq,
    credits: undefined,
    method: undefined,
    params: undefined,
    result: seq,
    reason: undefined,
    error: undefined,
    bytes: 50,
  };
}

test('a stream that is never quite read up holds no place for what was read', async () => {
  setFlagsFromString('--expose-gc');
  const collectGarbage = runInNewContext('gc') as () => void;
  const items = new StreamCall(link, { initial: 8, max: 8, maxBytes: 1_000 }, undefined);
  const first = items.next();
  let seq = 0;
  const receive = () => items.onFrame(chunk(seq++));
  receive();
  await first;
  for (let ahead = 0; ahead < 3; ahead++) receive();
  const turns = 1_000_000;
  let taken = 1;
  collectGarbage();
  const before = process.memoryUsage().heapUsed;
  for (let turn = 0; turn < turns; turn++) {
    receive();
    const step = await items.next();
    if (step.value !== taken++) throw new Error(`out of order at ${taken}`);
  }
  collectGarbage();
  // A place for each would be 8 MB.
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(4_000_000);
}, 30_000);
