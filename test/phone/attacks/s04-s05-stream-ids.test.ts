// Rows S4 and S5, finding F13: stream ids, and frames for ids that are no longer, or never were.

import { expect, test } from 'vitest';
import type { Session } from '../../../src/phone/session.js';
import { type FramePeer, sessionAgainst, sessionPair, settle } from '../../support/frame-peer.js';

const MAX = Number.MAX_SAFE_INTEGER;

async function* count(to = Number.POSITIVE_INFINITY) {
  for (let n = 0; n < to; n++) yield n;
}

/** Serves, and remembers what ran. */
function served(role: 'initiator' | 'responder' = 'responder') {
  const ran: unknown[] = [];
  const against = sessionAgainst(role, {
    handlers: {
      note: (value) => {
        ran.push(value);
        return value;
      },
      hang: (value) => {
        ran.push(value);
        return new Promise(() => {});
      },
      async *count(value) {
        ran.push(value);
        yield* count();
      },
    },
  });
  return { ...against, ran };
}

const violated = { code: 1002, error: { code: 'ERR_CHANNEL_PROTOCOL' } };

async function lives(session: Session): Promise<void> {
  expect(await Promise.race([session.closed, settle()])).toBeUndefined();
}

/** The strays that are left before the session ends: every one that was counted before is missing. */
async function spendStrays(session: Session, peer: FramePeer, count: number): Promise<void> {
  for (let n = 0; n < count; n++) peer.send({ type: 'cancel', stream_id: MAX, seq: 0 });
  await lives(session);
  peer.send({ type: 'cancel', stream_id: MAX, seq: 0 });
  expect(await session.closed).toMatchObject({ code: 1008, error: { limit: 'maxStrayFrames', seen: 101 } });
}

test('S4: a request with an id of the wrong parity closes, from either side', async () => {
  const responder = served('responder');
  responder.peer.req(2, 'note');
  expect(await responder.session.closed).toMatchObject(violated);
  const initiator = served('initiator');
  initiator.peer.req(1, 'note');
  expect(await initiator.session.closed).toMatchObject(violated);
  expect([...responder.ran, ...initiator.ran]).toEqual([]);
});

test.each([
  ['reused while open', 'hang', [1, 1]],
  ['reused after its end', 'note', [1, 1]],
  ['decreasing', 'note', [5, 3]],
  ['reused after skipping', 'note', [1, 101, 99]],
  ['at the start of the largest', 'note', [MAX, MAX]],
  ['after the largest', 'note', [MAX, MAX - 2]],
])('S4: an id %s closes, and the second request never runs', async (_, method, ids) => {
  const { session, peer, ran } = served();
  for (const [index, id] of ids.entries()) {
    peer.req(id, method, { params: index });
    await settle(1);
  }
  expect(await session.closed).toMatchObject(violated);
  expect(ran).toEqual(ids.slice(0, -1).map((_, index) => index));
});

test('S4, F13: a second generator on one id never begins, and the first is ended', async () => {
  let open = 0;
  const { session, peer } = sessionAgainst('responder', {
    handlers: {
      async *count() {
        open++;
        try {
          yield* count();
        } finally {
          open--;
        }
      },
    },
  });
  peer.req(1, 'count', { credits: 2 });
  await peer.until(2);
  peer.req(1, 'count', { credits: 2 });
  expect(await session.closed).toMatchObject(violated);
  await settle();
  expect(open).toBe(0);
});

test.each(['0', '-1', '1.5', '1e300', '9007199254740992', '"1"', 'null', '[1]', 'true'])(
  'S4: stream_id %s closes',
  async (id) => {
    const { session, peer, ran } = served();
    peer.send(`{"method":"note","seq":0,"stream_id":${id},"type":"req"}`);
    expect(await session.closed).toMatchObject(violated);
    expect(ran).toEqual([]);
  },
);

test('S4: ids may skip, up to 2^53-1, and the last one works like any other', async () => {
  const { session, peer } = served();
  for (const id of [1, 3, 1_001, MAX - 2, MAX]) peer.req(id, 'note', { params: id });
  expect(await peer.until(5)).toMatchObject([1, 3, 1_001, MAX - 2, MAX].map((id) => ({ stream_id: id, result: id })));
  await session.close();
});

test.each([
  ['initiator', [1, 3, 5]],
  ['responder', [2, 4, 6]],
] as const)(
  'S4: the ids of an %s go up from its first by two, and none is spent on what was not sent',
  async (role, ids) => {
    const { session, peer } = sessionAgainst(role);
    for (const _ of ids) {
      session.call('m').catch(() => {});
      await session.call('m', 'x'.repeat(70_000)).catch(() => {});
      await session.call('m', () => {}).catch(() => {});
    }
    const frames = await peer.until(3);
    expect(frames.map(({ stream_id }) => stream_id)).toEqual(ids);
    await session.close();
  },
);

test('S4: calls that could not be sent take no place: a hundred of them, and there is room as before', async () => {
  const { session, peer } = sessionAgainst('initiator', { limits: { maxOpenStreams: 2, maxWaitingCalls: 1 } });
  for (let n = 0; n < 100; n++) {
    await expect(session.call('m', 'x'.repeat(66_000))).rejects.toMatchObject({ limit: 'maxFrameBytes' });
  }
  const calls = [session.call('a'), session.call('b')].map((call) => call.catch(() => {}));
  expect(await peer.until(2)).toMatchObject([{ stream_id: 1 }, { stream_id: 3 }]);
  await session.close();
  await Promise.all(calls);
});

test('S5: 1,000 eight-chunk streams with late grants and late cancels are not held against anybody', async () => {
  const { session, peer } = sessionAgainst('responder', { handlers: { eight: () => count(8) } });
  for (let n = 0; n < 1_000; n++) {
    const streamId = 2 * n + 1;
    peer.req(streamId, 'eight', { credits: 8 });
    // The reference grants at four consumed, long after the end has gone out.
    peer.send({ type: 'res', stream_id: streamId, seq: 0, credits: 8 });
    if (n % 50 === 49) await settle(1);
  }
  await settle();
  expect(peer.frames.filter(({ type }) => type === 'stream_chunk')).toHaveLength(8_000);
  expect(peer.frames.filter(({ type, reason }) => type === 'stream_end' && reason === 'ok')).toHaveLength(1_000);
  for (let n = 0; n < 1_000; n++) {
    peer.send({ type: 'res', stream_id: 2 * n + 1, seq: 0, credits: 8 });
    peer.send({ type: 'cancel', stream_id: 2 * n + 1, seq: 0 });
  }
  await lives(session);
  await spendStrays(session, peer, 100);
});

test('S5: a stream left with 256 chunks in flight goes quietly', async () => {
  const { session, peer } = sessionAgainst('initiator');
  const items = session.stream('s', {}, { credits: 256 });
  const first = items.next();
  await peer.until(1);
  peer.send({ type: 'stream_chunk', stream_id: 1, seq: 0, result: 0 });
  await first;
  await items.return?.();
  for (let seq = 1; seq <= 256; seq++) peer.send({ type: 'stream_chunk', stream_id: 1, seq, result: seq });
  peer.send({ type: 'stream_end', stream_id: 1, seq: 257, reason: 'cancelled' });
  await lives(session);
  await spendStrays(session, peer, 100);
});

test('S5: the answer to a call that was given up, and an answer twice, go quietly', async () => {
  const { session, peer } = sessionAgainst('initiator');
  const controller = new AbortController();
  const given = session.call('m', null, { signal: controller.signal });
  const kept = session.call('m');
  await peer.until(2);
  controller.abort('enough');
  await expect(given).rejects.toBe('enough');
  peer.send({ type: 'res', stream_id: 1, seq: 0, result: 'late' });
  for (const result of ['first', 'second']) peer.send({ type: 'res', stream_id: 3, seq: 0, result });
  peer.send({ type: 'error', stream_id: 3, seq: 0, error: { code: -32000, message: 'late' } });
  expect(await kept).toBe('first');
  await lives(session);
  await spendStrays(session, peer, 100);
});

test('S5: frames for ids that a request skipped, or that were answered busy, are late and not stray', async () => {
  const { session, peer } = sessionAgainst('responder', {
    handlers: { hang: () => new Promise(() => {}) },
    limits: { maxOpenStreams: 1 },
  });
  peer.req(7, 'hang');
  peer.req(501, 'hang');
  for (let id = 1; id <= 501; id += 2) if (id !== 7) peer.send({ type: 'cancel', stream_id: id, seq: 0 });
  await lives(session);
  expect(peer.frames).toMatchObject([{ type: 'error', stream_id: 501 }]);
  await spendStrays(session, peer, 100);
});

test.each([
  ['res', { type: 'res', result: 1 }],
  ['a grant', { type: 'res', credits: 8 }],
  ['stream_chunk', { type: 'stream_chunk', result: 1 }],
  ['stream_end', { type: 'stream_end', reason: 'ok' }],
  ['cancel', { type: 'cancel' }],
  ['error', { type: 'error', error: { code: 1, message: 'x' } }],
])('S5: %s for ids never opened, of either parity, is counted: 100 pass, the 101st closes', async (_, frame) => {
  const { session, peer } = sessionAgainst('responder');
  for (let n = 0; n < 100; n++) peer.send({ ...frame, seq: 0, stream_id: 1_000 + n });
  await lives(session);
  peer.send({ ...frame, seq: 0, stream_id: 7 });
  expect(await session.closed).toMatchObject({
    code: 1008,
    error: { limit: 'maxStrayFrames', allowed: 100, seen: 101 },
  });
});

test("S5: a cancel for an id of ours reaches no handler: that call fails, the others don't", async () => {
  let aborted = 0;
  const { session, peer } = sessionAgainst('initiator', {
    handlers: {
      hang: (_, { signal }) => new Promise(() => signal.addEventListener('abort', () => aborted++)),
    },
  });
  const ours = session.call('m');
  const other = session.call('m');
  await peer.until(2);
  peer.req(2, 'hang');
  await settle();
  peer.send({ type: 'cancel', stream_id: 1, seq: 0 });
  await expect(ours).rejects.toMatchObject({ code: 'ERR_RPC_UNEXPECTED_FRAME' });
  peer.send({ type: 'res', stream_id: 3, seq: 0, result: 'fine' });
  expect(await other).toBe('fine');
  expect(aborted).toBe(0);
  await session.close();
});

test('S5: two sessions that race ends against grants and cancels never count anything', async () => {
  const limits = { maxStrayFrames: 1 };
  const { caller, callee } = sessionPair({ limits, handlers: { eight: () => count(8), echo: (v) => v } }, { limits });
  for (let n = 0; n < 200; n++) {
    const items = caller.stream('eight');
    const steps = [items.next(), items.next(), items.next(), items.next(), items.next(), items.next()];
    const controller = new AbortController();
    const call = caller.call('echo', n, { signal: controller.signal }).catch(() => {});
    await Promise.all(steps.slice(0, n % 7));
    controller.abort();
    await items.return?.();
    await call;
  }
  await settle();
  expect(await caller.call('echo', 'alive')).toBe('alive');
  await callee.close();
});
