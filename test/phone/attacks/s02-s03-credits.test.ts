// Rows S2 and S3, findings F7 and F8: what a peer may do with credit, as a consumer and as a producer.

import { expect, test, vi } from 'vitest';
import { LimitError } from '../../../src/errors.js';
import { CHUNKS_PER_TURN } from '../../../src/phone/served-call.js';
import { type FramePeer, sessionAgainst, sessionPair, settle } from '../../support/frame-peer.js';

vi.setConfig({ testTimeout: 120_000 });

const MAX = Number.MAX_SAFE_INTEGER;

async function* count(to = Number.POSITIVE_INFINITY) {
  for (let n = 0; n < to; n++) yield n;
}

const endless = () => count();
const chunks = (peer: FramePeer, streamId = 1) =>
  peer.frames.filter(({ type, stream_id }) => type === 'stream_chunk' && stream_id === streamId);

test.each(['-1', '1.5', '1e308', '9007199254740992', '-9007199254740991', '"8"', 'null', 'true', '[]', '{}'])(
  'S2: credits %s closes, in a request and in a grant',
  async (credits) => {
    const request = sessionAgainst('responder', { handlers: { endless } });
    request.peer.send(`{"credits":${credits},"method":"endless","seq":0,"stream_id":1,"type":"req"}`);
    expect(await request.session.closed).toMatchObject({ code: 1002, error: { code: 'ERR_CHANNEL_PROTOCOL' } });
    expect(request.peer.frames).toEqual([]);

    const grant = sessionAgainst('responder', { handlers: { endless } });
    grant.peer.req(1, 'endless', { credits: 0 });
    grant.peer.send(`{"credits":${credits},"seq":0,"stream_id":1,"type":"res"}`);
    expect(await grant.session.closed).toMatchObject({ code: 1002, error: { code: 'ERR_CHANNEL_PROTOCOL' } });
    expect(grant.peer.frames).toEqual([]);
  },
);

test.each([0, 1, 2, 999_999_999_999_999, 1_000_000_000_000_000, MAX - 1, MAX])(
  'S2: credits %i is accepted, and buys no more than that',
  async (credits) => {
    const { session, peer } = sessionAgainst('responder', { handlers: { ten: () => count(10) } });
    peer.req(1, 'ten', { credits });
    await settle();
    expect(chunks(peer)).toHaveLength(Math.min(credits, 10));
    // The rest for the asking.
    peer.send({ type: 'res', stream_id: 1, seq: 0, credits: 100 });
    await settle();
    expect(chunks(peer)).toHaveLength(10);
    expect(peer.frames.at(-1)).toMatchObject({ type: 'stream_end', reason: 'ok', seq: 10 });
    await session.close();
  },
);

test('S2: grants are summed and saturate: any number of the largest is still one credit at a time', async () => {
  const { session, peer } = sessionAgainst('responder', { handlers: { ten: () => count(10) } });
  peer.req(1, 'ten', { credits: 0 });
  peer.send({ type: 'res', stream_id: 1, seq: 0, credits: 0 });
  await settle();
  expect(peer.frames).toEqual([]);
  for (const credits of [1, 2]) peer.send({ type: 'res', stream_id: 1, seq: 0, credits });
  await settle();
  expect(chunks(peer)).toHaveLength(3);
  for (let n = 0; n < 5; n++) peer.send({ type: 'res', stream_id: 1, seq: 0, credits: MAX });
  await settle();
  expect(chunks(peer)).toHaveLength(10);
  await session.close();
});

test('S2: with 2^53-1 granted to endless streams a second session still gets its answers', async () => {
  const attacked = sessionAgainst('responder', { handlers: { endless } });
  for (let n = 0; n < 64; n++) attacked.peer.req(2 * n + 1, 'endless', { credits: MAX });
  await attacked.peer.until(1_000);
  const { caller } = sessionPair({ handlers: { echo: (value) => value } });
  for (let n = 0; n < 20; n++) expect(await caller.call('echo', n)).toBe(n);
  await attacked.session.close();
});

test('S2: a producer sends 64 chunks and then lets the event loop turn', async () => {
  const { session, peer } = sessionAgainst('responder', { handlers: { endless } });
  peer.req(1, 'endless', { credits: MAX });
  let most = 0;
  for (let turn = 0; turn < 50; turn++) {
    const before = peer.frames.length;
    await new Promise((resolve) => setImmediate(resolve));
    most = Math.max(most, peer.frames.length - before);
  }
  await session.close();
  expect(peer.frames.length).toBeGreaterThan(CHUNKS_PER_TURN);
  // A turn of this loop may fall between two of the producer's.
  expect(most).toBeLessThanOrEqual(2 * CHUNKS_PER_TURN);
});

test('S2: endless credit on a connection that is full: the producer waits, and not for ever', async () => {
  let produced = 0;
  const { session, peer, channel } = sessionAgainst('responder', {
    handlers: {
      async *endless() {
        for (;;) yield produced++;
      },
    },
  });
  channel.bufferedBytes = 2 ** 21;
  peer.req(1, 'endless', { credits: MAX });
  await settle(20);
  expect(produced).toBe(0);
  channel.drain();
  await peer.until(100);
  expect(produced).toBeGreaterThanOrEqual(100);
  await session.close();
});

test.each([1, 2, 8, 65_536])('S3: of %i credits the last is honoured and one chunk beyond closes', async (credits) => {
  const { session, peer } = sessionAgainst('initiator');
  const items = session.stream('s', {}, { credits });
  const first = items.next();
  await peer.until(1);
  // The consumer has taken one when the first arrives, and may grant for it: nothing more is taken after that.
  let granted = credits;
  const send = (seq: number) => peer.send(`{"result":0,"seq":${seq},"stream_id":1,"type":"stream_chunk"}`);
  let seq = 0;
  send(seq++);
  await first;
  await settle();
  for (const frame of peer.frames.slice(1)) granted += frame.credits as number;
  while (seq < granted) send(seq++);
  await settle();
  expect(await Promise.race([session.closed, settle()])).toBeUndefined();
  send(seq);
  const { code, error } = await session.closed;
  expect(code).toBe(1008);
  expect(error).toBeInstanceOf(LimitError);
  expect(error).toMatchObject({ limit: 'credits', allowed: granted, seen: granted + 1 });
});

test('S3, F8: 20,000 chunks at 8 credits close at the ninth and queue no more', async () => {
  const { session, peer } = sessionAgainst('initiator');
  const items = session.stream('s', {}, { credits: 8 });
  const opened = items.next();
  await peer.until(1);
  peer.frames.length = 0;
  for (let seq = 0; seq < 20_000; seq++) peer.send({ type: 'stream_chunk', stream_id: 1, seq, result: seq });
  expect(await opened).toEqual({ done: false, value: 0 });
  expect(await session.closed).toMatchObject({ code: 1008, error: { limit: 'credits', seen: 9 } });
  // What was granted and not read is dropped with the session, and nothing came after it.
  await expect(items.next()).rejects.toMatchObject({ code: 'ERR_CHANNEL_CLOSED', cause: { limit: 'credits' } });
  expect(await items.next()).toEqual({ done: true, value: undefined });
});

test('S3: chunks before any credit was asked for are of no stream at all', async () => {
  const { session, peer } = sessionAgainst('initiator', { limits: { maxStrayFrames: 3 } });
  session.stream('never iterated');
  for (let seq = 0; seq < 4; seq++) peer.send({ type: 'stream_chunk', stream_id: 1, seq, result: seq });
  expect(await session.closed).toMatchObject({ code: 1008, error: { limit: 'maxStrayFrames' } });
});

test('S3: byte budgets stop grants and never close a peer within its credits', async () => {
  const limits = { maxStreamBytes: 1_000, maxSessionBytes: 2_000 };
  const { session, peer } = sessionAgainst('initiator', { limits });
  const streams = Array.from({ length: 20 }, () => session.stream('s'));
  const firsts = streams.map((items) => items.next());
  await peer.until(20);
  peer.frames.length = 0;
  // Each of the twenty sends its first eight chunks, 60,000 bytes each: all of it granted, none of it a fault.
  for (let n = 0; n < 20; n++) {
    for (let seq = 0; seq < 8; seq++) {
      peer.send({ type: 'stream_chunk', stream_id: 2 * n + 1, seq, result: 'x'.repeat(60_000) });
    }
  }
  await Promise.all(firsts);
  await settle();
  expect(peer.frames).toEqual([]);
  // All but one are read to their last chunk: still over budget, still no grant.
  for (const items of streams.slice(1)) for (let n = 1; n < 8; n++) await items.next();
  await settle();
  expect(peer.frames).toEqual([]);
  // The last one is read: all twenty are granted for what they had been owed.
  for (let n = 1; n < 8; n++) await streams[0]?.next();
  await settle();
  expect(new Set(peer.frames.map(({ stream_id }) => stream_id)).size).toBe(20);
  for (const frame of peer.frames) expect(frame).toMatchObject({ type: 'res', credits: 8 });
  await session.close();
});

test('S3: bytes of a stream that failed, was cancelled or left are given back', async () => {
  for (const how of ['error', 'signal', 'return'] as const) {
    const { session, peer } = sessionAgainst('initiator', { limits: { maxSessionBytes: 1_000 } });
    const controller = new AbortController();
    const hoard = session.stream('hoard', {}, { signal: controller.signal });
    const first = hoard.next();
    const other = session.stream('other', {}, { credits: 2 });
    const step = other.next();
    await peer.until(2);
    for (let seq = 0; seq < 4; seq++) {
      peer.send({ type: 'stream_chunk', stream_id: 1, seq, result: 'x'.repeat(2_000) });
    }
    await first;
    peer.send({ type: 'stream_chunk', stream_id: 3, seq: 0, result: 1 });
    await step;
    await settle();
    const grants = () => peer.frames.filter(({ type, stream_id }) => type === 'res' && stream_id === 3).length;
    expect(grants(), how).toBe(0);
    if (how === 'error') {
      // What came before the error is still there to be read, and still counts; reading it makes room.
      peer.send({ type: 'error', stream_id: 1, seq: 0, error: { code: -32000, message: 'x' } });
      await settle();
      expect(grants(), how).toBe(0);
      for (let n = 1; n < 4; n++) expect((await hoard.next()).done).toBe(false);
      await expect(hoard.next()).rejects.toMatchObject({ code: 'ERR_RPC_REMOTE' });
    } else if (how === 'signal') {
      controller.abort(new Error('enough'));
    } else {
      await hoard.return?.();
    }
    await settle();
    expect(grants(), how).toBe(1);
    await session.close();
  }
});

test('S3: a window grown on small chunks still bounds the large ones', async () => {
  const { session, peer } = sessionAgainst('initiator');
  const items = session.stream('s');
  let step = items.next();
  await peer.until(1);
  let granted = 8;
  let sent = 0;
  let taken = 0;
  const collect = () => {
    for (const frame of peer.frames.splice(0)) if (frame.type === 'res') granted += frame.credits as number;
  };
  collect();
  for (; granted - taken < 256; taken++) {
    if (sent < granted) peer.send({ type: 'stream_chunk', stream_id: 1, seq: sent++, result: 0 });
    await step;
    step = items.next();
    await settle(1);
    collect();
  }
  // Now all that is granted comes at once and large. One waits for the first of it; the rest stays unread.
  while (sent < granted) peer.send({ type: 'stream_chunk', stream_id: 1, seq: sent++, result: 'x'.repeat(60_000) });
  await step;
  taken++;
  await settle();
  expect(await Promise.race([session.closed, settle()])).toBeUndefined();
  collect();
  const before = granted;
  // No grant until no more than 1 MiB is unread: 17 chunks of this size.
  while (sent - taken > 18) {
    await items.next();
    taken++;
    await settle(1);
    collect();
    expect(granted).toBe(before);
  }
  await items.next();
  await settle(1);
  collect();
  expect(granted).toBeGreaterThan(before);
  await session.close();
});
