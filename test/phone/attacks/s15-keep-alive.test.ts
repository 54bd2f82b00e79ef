// Row S15: idle peers live, dead ones are noticed, old sessions come to an end, and no timer of a busy host is trusted.

import { describe, expect, test } from 'vitest';
import type { Clock } from '../../../src/clock.js';
import { DEFAULT_LIMITS } from '../../../src/phone/limits.js';
import type { Session } from '../../../src/phone/session.js';
import { fakeClock } from '../../../src/testing/fake-clock.js';
import { type FramePeer, sessionAgainst, sessionPair, settle, type WireFrame } from '../../support/frame-peer.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const { probeAfterMs, probeTimeoutMs, maxSessionAgeMs } = DEFAULT_LIMITS;

const lives = async (session: Session) => (await Promise.race([session.closed, settle(1)])) === undefined;

/** Shows each frame the peer gets to a function. */
function onFrame(peer: FramePeer, react: (frame: WireFrame) => void): void {
  let seen = 0;
  peer.channel.onDelivery = () =>
    queueMicrotask(() => {
      for (const frame of peer.frames.slice(seen)) react(frame);
      seen = peer.frames.length;
    });
}

/** What every reference client does: it has no methods. Returns how many requests it turned down. */
function referenceLike(peer: FramePeer): () => number {
  let answered = 0;
  onFrame(peer, ({ type, stream_id }) => {
    if (type !== 'req') return;
    answered++;
    peer.send({ type: 'error', stream_id, seq: 0, error: { code: -32601, message: 'Method not found' } });
  });
  return () => answered;
}

describe('S15: a session that is alive is never cut', () => {
  test.each(['initiator', 'responder'] as const)(
    'a reference-like peer that answers -32601, idle for 23 hours (%s)',
    async (role) => {
      const { session, peer, clock } = sessionAgainst(role);
      const answered = referenceLike(peer);
      for (let minute = 0; minute < 23 * 60; minute++) {
        clock.advance(MINUTE);
        await settle(1);
      }
      expect(await lives(session)).toBe(true);
      expect(answered()).toBe(23 * 60);
      for (const frame of peer.frames) expect(frame).toMatchObject({ type: 'req', seq: 0 });
      // A probe is a request like any other: its id is used up and not held against anybody.
      expect(new Set(peer.frames.map(({ stream_id }) => stream_id)).size).toBe(23 * 60);
      await session.close();
      expect(clock.pendingTimers).toBe(0);
    },
  );

  test('two of our own, idle for 23 hours', async () => {
    const { caller, callee, clock } = sessionPair({ handlers: { echo: (value) => value } });
    for (let minute = 0; minute < 23 * 60; minute++) {
      clock.advance(MINUTE);
      await settle(1);
    }
    expect(await caller.call('echo', 'alive')).toBe('alive');
    await callee.close();
    await caller.closed;
    expect(clock.pendingTimers).toBe(0);
  });

  test.each([
    ['a grant', { type: 'res', credits: 8, stream_id: 1 }],
    ['a stray cancel', { type: 'cancel', stream_id: 1 }],
    ['a request of its own', { type: 'req', method: 'nope', stream_id: 1 }],
  ])('who talks is not asked: %s every 59 seconds', async (_, frame) => {
    const { session, peer, clock } = sessionAgainst('responder');
    for (let n = 0; n < 60; n++) {
      clock.advance(59_999);
      peer.send({ seq: 0, ...frame, ...(frame.type === 'req' ? { stream_id: 2 * n + 1 } : {}) });
      await settle(1);
    }
    expect(peer.frames.filter(({ type }) => type === 'req')).toEqual([]);
    expect(await lives(session)).toBe(true);
    await session.close();
  });

  test('an answer to the second question, at the last moment, is an answer', async () => {
    const { session, peer, clock } = sessionAgainst('initiator');
    for (let round = 0; round < 5; round++) {
      clock.advance(probeAfterMs);
      clock.advance(probeTimeoutMs);
      clock.advance(probeTimeoutMs - 1);
      await settle(1);
      const asked = peer.frames.splice(0);
      expect(asked).toHaveLength(2);
      // Only the first of the two, and late.
      peer.send({ type: 'error', stream_id: asked[0]?.stream_id, seq: 0, error: { code: -32601, message: '' } });
      await settle(1);
    }
    expect(await lives(session)).toBe(true);
    await session.close();
  });

  test('a probe waits in no line: it goes out though all calls are open and others wait', async () => {
    const { session, peer, clock } = sessionAgainst('initiator', { limits: { maxOpenStreams: 1, maxWaitingCalls: 1 } });
    const calls = [session.call('m'), session.call('m')].map((call) => call.catch(() => 'failed'));
    await peer.until(1);
    clock.advance(probeAfterMs);
    expect(await peer.until(2)).toMatchObject([{ stream_id: 1 }, { type: 'req', stream_id: 3 }]);
    peer.send({ type: 'error', stream_id: 3, seq: 0, error: { code: -32601, message: '' } });
    await settle();
    // And its answer lets nobody in before their time.
    expect(peer.frames).toHaveLength(2);
    peer.send({ type: 'res', stream_id: 1, seq: 0, result: 1 });
    expect((await peer.until(3))[2]).toMatchObject({ method: 'm', stream_id: 5 });
    await session.close();
    expect(await Promise.all(calls)).toEqual([1, 'failed']);
  });
});

describe('S15: a session that is dead is noticed', () => {
  test('two unanswered questions end it as lost, and tell the calls', async () => {
    const { session, peer, clock } = sessionAgainst('initiator', { handlers: { hang: () => new Promise(() => {}) } });
    const call = session.call('m').catch((error: unknown) => error);
    await peer.until(1);
    clock.advance(probeAfterMs - 1);
    await settle(1);
    expect(peer.frames).toHaveLength(1);
    clock.advance(1 + probeTimeoutMs + probeTimeoutMs - 1);
    expect(await lives(session)).toBe(true);
    clock.advance(1);
    expect(await session.closed).toMatchObject({ code: 1001, error: { code: 'ERR_CHANNEL_LOST' } });
    expect(await call).toMatchObject({ code: 'ERR_CHANNEL_LOST', delivery: 'sent' });
    expect(peer.frames).toHaveLength(3);
    expect(clock.pendingTimers).toBe(0);
  });

  test('a half-dead peer that takes and never answers costs two requests, whatever it sends ', async () => {
    const { session, peer, clock } = sessionAgainst('initiator');
    // It closes nothing and acknowledges nothing, for a day.
    for (let n = 0; n < 24 * 60 && (await lives(session)); n++) clock.advance(MINUTE);
    expect(peer.frames).toHaveLength(2);
    expect(await session.closed).toMatchObject({ code: 1001 });
  });
});

/** A clock whose timers a host delays: none fires off the full minute, as in a background tab. */
function throttledClock() {
  const real = fakeClock();
  const clock: Clock = {
    now: () => real.now(),
    setTimer(callback, delayMs) {
      const dueMs = real.now() + delayMs;
      return real.setTimer(callback, Math.ceil(dueMs / MINUTE) * MINUTE - real.now());
    },
  };
  return { ...real, clock, advance: (ms: number) => real.advance(ms) };
}

/** A clock of a machine that sleeps: time jumps, and what fell due meanwhile fires late, at the later time. */
function sleepingClock() {
  let nowMs = 0;
  const timers = new Set<{ atMs: number; callback: () => void }>();
  const clock: Clock = {
    now: () => nowMs,
    setTimer(callback, delayMs) {
      const timer = { atMs: nowMs + delayMs, callback };
      timers.add(timer);
      return () => timers.delete(timer);
    },
  };
  return {
    clock,
    sleep(ms: number) {
      nowMs += ms;
      for (const timer of [...timers]) {
        if (timer.atMs <= nowMs && timers.delete(timer)) timer.callback();
      }
    },
  };
}

describe('S15: timers that come late', () => {
  test('timers throttled to one a minute cut no peer that answers', async () => {
    const { clock, advance } = throttledClock();
    const { session, peer } = sessionAgainst('initiator', { clock });
    const answered = referenceLike(peer);
    for (let n = 0; n < 600; n++) {
      advance(MINUTE);
      await settle(1);
    }
    expect(await lives(session)).toBe(true);
    expect(answered()).toBeGreaterThan(250);
    await session.close();
  });

  test('timers throttled to one a minute still notice a dead peer', async () => {
    const { clock, advance } = throttledClock();
    const { session, peer } = sessionAgainst('initiator', { clock });
    advance(3 * MINUTE);
    expect(await session.closed).toMatchObject({ code: 1001, error: { code: 'ERR_CHANNEL_LOST' } });
    expect(peer.frames).toHaveLength(2);
  });

  test('after eight hours of sleep the peer is asked before it is given up', async () => {
    const { clock, sleep } = sleepingClock();
    const { session, peer } = sessionAgainst('initiator', { clock });
    const answered = referenceLike(peer);
    for (let night = 0; night < 2; night++) {
      sleep(8 * HOUR);
      expect(await lives(session)).toBe(true);
      expect(answered()).toBe(night + 1);
      sleep(probeTimeoutMs);
      expect(await lives(session)).toBe(true);
    }
    await session.close();
  });

  test('falling asleep between question and answer costs nothing if the answer is there on waking', async () => {
    const { clock, sleep } = sleepingClock();
    const { session, peer } = sessionAgainst('initiator', { clock });
    sleep(probeAfterMs);
    const [asked] = await peer.until(1);
    // The answer came in during the sleep: on waking the late timer fires first, the frame is read after it.
    sleep(HOUR);
    peer.send({ type: 'error', stream_id: asked?.stream_id, seq: 0, error: { code: -32601, message: '' } });
    expect(await lives(session)).toBe(true);
    expect(peer.frames).toHaveLength(2);
    sleep(probeTimeoutMs);
    expect(await lives(session)).toBe(true);
    await session.close();
  });
});

describe('S15: at 24 hours', () => {
  /** Lives up to an age, with somebody who answers. */
  async function grow(clock: { advance(ms: number): void }, ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= MINUTE) {
      clock.advance(Math.min(left, MINUTE));
      await settle(1);
    }
  }

  test('new calls are refused both ways, running ones finish, then it closes', async () => {
    let finish: (value: string) => void = () => {};
    const slow = () => new Promise<string>((resolve) => (finish = resolve));
    const { session, peer, clock } = sessionAgainst('responder', { handlers: { slow, echo: (value) => value } });
    let answerAll = true;
    onFrame(peer, ({ type, stream_id, method }) => {
      if (type !== 'req' || (!answerAll && method === 'ours')) return;
      peer.send({ type: 'res', stream_id, seq: 0, result: 'answer' });
    });
    await grow(clock, maxSessionAgeMs - MINUTE);
    expect(await session.call('ours')).toBe('answer');
    answerAll = false;
    const open = session.call('ours');
    peer.req(1, 'slow');
    await settle(1);
    await grow(clock, MINUTE);

    await expect(session.call('ours')).rejects.toMatchObject({ code: 'ERR_CHANNEL_CLOSED', delivery: 'unsent' });
    await expect(session.stream('ours').next()).rejects.toMatchObject({ delivery: 'unsent' });
    peer.req(3, 'echo', { params: 1 });
    await settle(1);
    expect(peer.frames.at(-1)).toMatchObject({ type: 'error', stream_id: 3, error: { code: -32001 } });

    // An hour more: what runs is not cut, and the peer is still asked whether it lives.
    await grow(clock, HOUR);
    expect(await lives(session)).toBe(true);
    finish('done');
    await settle(1);
    expect(peer.frames.at(-1)).toMatchObject({ type: 'res', stream_id: 1, result: 'done' });
    expect(await lives(session)).toBe(true);
    const ours = peer.frames.findLast(({ method }) => method === 'ours');
    peer.send({ type: 'res', stream_id: ours?.stream_id, seq: 0, result: 'late' });
    expect(await open).toBe('late');
    expect(await session.closed).toMatchObject({ code: 1000 });
    expect(clock.pendingTimers).toBe(0);
  });

  test('an old session whose peer dies is lost, not kept for its last call', async () => {
    const { session, peer, clock } = sessionAgainst('initiator', { limits: { maxSessionAgeMs: 30_000 } });
    const call = session.call('m').catch((error: unknown) => error);
    await peer.until(1);
    clock.advance(30_000);
    expect(await lives(session)).toBe(true);
    clock.advance(HOUR);
    expect(await call).toMatchObject({ code: 'ERR_CHANNEL_LOST', delivery: 'sent' });
    expect(clock.pendingTimers).toBe(0);
  });

  test('one that is idle closes on the spot', async () => {
    const { session, clock } = sessionAgainst('initiator', { limits: { maxSessionAgeMs: 30_000 } });
    clock.advance(30_000);
    expect(await session.closed).toMatchObject({ code: 1000, clean: true });
    expect(clock.pendingTimers).toBe(0);
  });
});
