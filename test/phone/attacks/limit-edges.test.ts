// Every limit of a session just below it, at it and just above it. The table is typed by the limits themselves, so that
// a new limit does not compile without its edge.

import { describe, expect, test, vi } from 'vitest';
import { LimitError } from '../../../src/errors.js';
import type { HandlerContext } from '../../../src/phone/handlers.js';
import { DEFAULT_LIMITS, type SessionLimits } from '../../../src/phone/limits.js';
import type { Session } from '../../../src/phone/session.js';
import { type FramePeer, sessionAgainst, settle } from '../../support/frame-peer.js';

vi.setConfig({ testTimeout: 120_000 });

interface Edge {
  /** What happens at one value; as a word. */
  readonly at: (value: number) => Promise<string>;
  /** At limit - 1, limit and limit + 1. */
  readonly want: readonly [below: string, at: string, above: string];
}

/** How a session stands after the peer's frames. */
async function stateOf(session: Session): Promise<string> {
  const ended = await Promise.race([session.closed, settle(3)]);
  if (ended === undefined) return 'lives';
  const { code, error } = ended;
  return `${code} ${error instanceof LimitError ? error.limit : error?.code}`;
}

const never = () => new Promise<never>(() => {});

/** A result of exactly so many object members, in 65,519 bytes or less. */
function objectOfKeys(keys: number): string {
  const names = [...'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789'];
  const objects: string[] = [];
  for (let left = keys; left > 0; left -= names.length) {
    const members = names.slice(0, left).map((name) => `"${name}":0`);
    objects.push(`{${members.join(',')}}`);
  }
  return `[${objects.join(',')}]`;
}

async function answeredWith(result: string): Promise<string> {
  const { session, peer } = sessionAgainst('initiator');
  const call = session.call('m').then(
    () => 'taken',
    () => undefined,
  );
  await peer.until(1);
  peer.send(`{"result":${result},"seq":0,"stream_id":1,"type":"res"}`);
  return (await call) ?? stateOf(session);
}

/** A chunk whose frame is exactly so many bytes long. */
function chunkOf(bytes: number, streamId: number, seq: number): string {
  const frame = (text: string) => `{"result":"${text}","seq":${seq},"stream_id":${streamId},"type":"stream_chunk"}`;
  return frame('x'.repeat(bytes - frame('').length));
}

/** Sends chunks of so many bytes in all. */
function fill(peer: FramePeer, streamId: number, fromSeq: number, bytes: number): void {
  for (let seq = fromSeq, left = bytes; left > 0; seq++) {
    // The last two share what is left, so that none is too short to be a chunk.
    const next = left > 120_000 ? 60_000 : left > 60_000 ? Math.floor(left / 2) : left;
    peer.send(chunkOf(next, streamId, seq));
    left -= next;
  }
}

/** Opens a stream of 64 credits and sends it 32 chunks, of which one is taken: 31 more earn the next grant. */
async function stream(session: Session, peer: FramePeer, streamId: number): Promise<AsyncIterableIterator<unknown>> {
  const items = session.stream('s', {}, { credits: 64 });
  const first = items.next();
  await settle(1);
  for (let seq = 0; seq < 32; seq++) peer.send(chunkOf(100, streamId, seq));
  await first;
  await settle(1);
  return items;
}

const grants = (peer: FramePeer, streamId: number) =>
  peer.frames.filter(({ type, stream_id }) => type === 'res' && stream_id === streamId).length;

const granted = (peer: FramePeer, streamId: number) => settle(1).then(() => grants(peer, streamId));

/** A handler that ends when its caller does. */
const heeds = (_: unknown, { signal }: HandlerContext) =>
  new Promise((resolve) => signal.addEventListener('abort', resolve));

/** Not too many at once: one that still waits for its handler costs nothing and is not counted. */
async function openAndCancel(peer: FramePeer, from: number, count: number): Promise<void> {
  for (let n = from; n < from + count; n++) {
    peer.req(2 * n + 1, 'heeds');
    peer.send({ type: 'cancel', stream_id: 2 * n + 1, seq: 0 });
    if (n % 32 === 0) await settle(1);
  }
}

const EDGES: Record<keyof SessionLimits, Edge> = {
  maxJsonDepth: {
    at: (depth) => answeredWith(`${'['.repeat(depth)}${']'.repeat(depth)}`),
    want: ['taken', 'taken', '1008 maxJsonDepth'],
  },

  maxJsonKeys: {
    at: (keys) => answeredWith(objectOfKeys(keys)),
    want: ['taken', 'taken', '1008 maxJsonKeys'],
  },

  maxOpenStreams: {
    at: async (open) => {
      const { session, peer } = sessionAgainst('responder', { handlers: { hang: never } });
      for (let n = 0; n < open; n++) peer.req(2 * n + 1, 'hang');
      await settle();
      expect(await stateOf(session)).toBe('lives');
      await session.close();
      return peer.frames.map(({ error }) => (error as { code: number }).code).join() || 'all open';
    },
    want: ['all open', 'all open', '-32001'],
  },

  maxRunningHandlers: {
    at: async (requests) => {
      let running = 0;
      const { session, peer } = sessionAgainst('responder', {
        handlers: {
          hang: () => {
            running++;
            return never();
          },
        },
      });
      for (let n = 0; n < requests; n++) peer.req(2 * n + 1, 'hang');
      await settle();
      expect(peer.frames).toEqual([]);
      await session.close();
      return running === requests ? 'all run' : `${requests - running} waits`;
    },
    want: ['all run', 'all run', '1 waits'],
  },

  maxWaitingCalls: {
    at: async (waiting) => {
      const { session, peer } = sessionAgainst('initiator');
      const outcomes = Array.from({ length: DEFAULT_LIMITS.maxOpenStreams + waiting }, () =>
        session.call('m').catch((error: { limit?: string; delivery?: string }) => error.limit ?? error.delivery),
      );
      await settle();
      expect(peer.frames).toHaveLength(DEFAULT_LIMITS.maxOpenStreams);
      await session.close();
      return [...new Set(await Promise.all(outcomes))].join();
    },
    want: ['sent,unsent', 'sent,unsent', 'sent,unsent,maxWaitingCalls'],
  },

  maxStreamBytes: {
    at: async (unread) => {
      const { session, peer } = sessionAgainst('initiator');
      const items = await stream(session, peer, 1);
      // As many chunks as fit stay unread behind the ones that earn a grant.
      fill(peer, 1, 32, unread);
      await settle(1);
      for (let n = 1; n < 32; n++) await items.next();
      const held = grants(peer, 1) === 0;
      // Held back is not withheld: it comes as soon as there is room.
      await items.next();
      expect(await granted(peer, 1)).toBe(1);
      await session.close();
      return held ? 'held back' : 'granted';
    },
    want: ['granted', 'granted', 'held back'],
  },

  maxSessionBytes: {
    at: async (unread) => {
      const { session, peer } = sessionAgainst('initiator');
      const hoard = session.stream('hoard', {}, { credits: 256 });
      const first = hoard.next();
      await peer.until(1);
      peer.send(chunkOf(100, 1, 0));
      await first;
      fill(peer, 1, 1, unread);
      const items = await stream(session, peer, 3);
      for (let n = 1; n < 32; n++) await items.next();
      const held = grants(peer, 3) === 0;
      // Whoever makes room, the others profit.
      await hoard.return?.();
      expect(await granted(peer, 3)).toBe(1);
      expect(await stateOf(session)).toBe('lives');
      await session.close();
      return held ? 'held back' : 'granted';
    },
    want: ['granted', 'granted', 'held back'],
  },

  highWaterBytes: {
    at: async (buffered) => {
      async function* three() {
        yield* [1, 2, 3];
      }
      const { session, peer, channel } = sessionAgainst('responder', { handlers: { three } });
      channel.bufferedBytes = buffered;
      peer.req(1, 'three', { credits: 8 });
      await settle();
      const sent = peer.frames.length;
      channel.drain();
      await peer.until(4);
      await session.close();
      return sent === 4 ? 'sends' : sent === 0 ? 'pauses' : `${sent} frames`;
    },
    want: ['sends', 'sends', 'pauses'],
  },

  maxBufferedBytes: {
    at: async (buffered) => {
      const { session, peer, channel } = sessionAgainst('initiator', { handlers: { echo: (value) => value } });
      const { maxBufferedBytes } = DEFAULT_LIMITS;
      // Calls of ours have half of it.
      channel.bufferedBytes = maxBufferedBytes / 2 + (buffered - maxBufferedBytes);
      const call = session.call('m').catch((error: { limit?: string; delivery?: string }) => error.limit ?? 'sent');
      await settle(1);
      channel.bufferedBytes = buffered;
      peer.req(2, 'echo');
      const state = await stateOf(session);
      await session.close();
      return `${await call}, ${state}`;
    },
    want: ['sent, lives', 'sent, lives', 'maxBufferedBytes, 1008 maxBufferedBytes'],
  },

  maxStrayFrames: {
    at: async (frames) => {
      const { session, peer } = sessionAgainst('responder');
      for (let n = 0; n < frames; n++) peer.send({ type: 'cancel', stream_id: 2 * n + 1, seq: 0 });
      return stateOf(session);
    },
    want: ['lives', 'lives', '1008 maxStrayFrames'],
  },

  maxCancelBurst: {
    at: async (cancels) => {
      const { session, peer } = sessionAgainst('responder', { handlers: { heeds } });
      await openAndCancel(peer, 0, cancels);
      return stateOf(session);
    },
    want: ['lives', 'lives', '1008 maxCancelBurst'],
  },

  maxCancelsPerSecond: {
    at: async (cancels) => {
      const { session, peer, clock } = sessionAgainst('responder', { handlers: { heeds } });
      const { maxCancelBurst } = DEFAULT_LIMITS;
      await openAndCancel(peer, 0, maxCancelBurst);
      expect(await stateOf(session)).toBe('lives');
      clock.advance(1_000);
      await openAndCancel(peer, maxCancelBurst, cancels);
      return stateOf(session);
    },
    want: ['lives', 'lives', '1008 maxCancelBurst'],
  },

  probeAfterMs: {
    at: async (silentMs) => {
      const { session, peer, clock } = sessionAgainst('initiator');
      clock.advance(silentMs);
      await settle();
      await session.close();
      return peer.frames.map(({ type }) => type).join() || 'silent';
    },
    want: ['silent', 'req', 'req'],
  },

  probeTimeoutMs: {
    at: async (silentMs) => {
      const { session, peer, clock } = sessionAgainst('initiator');
      clock.advance(DEFAULT_LIMITS.probeAfterMs);
      clock.advance(DEFAULT_LIMITS.probeTimeoutMs);
      clock.advance(silentMs);
      await settle();
      expect(peer.frames).toHaveLength(2);
      return stateOf(session);
    },
    want: ['lives', '1001 ERR_CHANNEL_LOST', '1001 ERR_CHANNEL_LOST'],
  },

  maxSessionAgeMs: {
    at: async (ageMs) => {
      const { session, peer, clock } = sessionAgainst('initiator');
      const { probeAfterMs } = DEFAULT_LIMITS;
      for (let left = ageMs; left > 0; left -= probeAfterMs) {
        clock.advance(Math.min(left, probeAfterMs));
        await settle(1);
        for (const { stream_id } of peer.frames.splice(0)) {
          peer.send({ type: 'error', stream_id, seq: 0, error: { code: -32601, message: 'method not found' } });
        }
        await settle(1);
      }
      const call = session.call('m').catch((error: { delivery?: string }) => error.delivery);
      await settle(1);
      const state = await stateOf(session);
      await session.close();
      return `${state === 'lives' ? state : 'closed'}, ${await call}`;
    },
    want: ['lives, sent', 'closed, unsent', 'closed, unsent'],
  },
};

describe.each(Object.keys(EDGES) as (keyof SessionLimits)[])('limits: %s', (name) => {
  const limit = DEFAULT_LIMITS[name];
  test.each([
    [limit - 1, EDGES[name].want[0]],
    [limit, EDGES[name].want[1]],
    [limit + 1, EDGES[name].want[2]],
  ])('%i: %s', async (value, want) => {
    expect(await EDGES[name].at(value)).toBe(want);
  });
});
