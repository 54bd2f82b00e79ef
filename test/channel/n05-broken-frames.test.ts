// N5, F14: the first frame that does not open is the end. No later one is opened, whoever waits is told, the keys are gone.

import { describe, expect, test } from 'vitest';
import type { SecureChannel } from '../../src/channel/secure-channel.js';
import type { NoiseSuite } from '../../src/noise/suite.js';
import { Session } from '../../src/phone/session.js';
import { fakeClock } from '../../src/testing/fake-clock.js';
import { type HostileLinkOptions, hostileLink } from '../../src/testing/hostile-link.js';
import type { LinkAction, LinkDirection } from '../../src/testing/link-faults.js';
import { ScriptedPeer } from '../../src/testing/scripted-peer.js';
import { memoryPair } from '../../src/transport/memory.js';
import { alice, answering, bob, calling, code, record, suite, write } from '../support/handshake.js';

/** A suite that counts what it opens and remembers which keys were wiped. */
function watchedSuite() {
  const keys: { opened: number; wiped: boolean }[] = [];
  const watched: NoiseSuite = {
    ...suite,
    aead(key) {
      const aead = suite.aead(key);
      const seen = { opened: 0, wiped: false };
      keys.push(seen);
      return {
        seal: (...args) => aead.seal(...args),
        open(...args) {
          seen.opened++;
          return aead.open(...args);
        },
        wipe() {
          seen.wiped = true;
          aead.wipe();
        },
      };
    },
  };
  return { watched, keys };
}

/** Frames from 0 in each direction: behind the preamble and the handshake's messages. */
const FIRST_FRAME: Record<LinkDirection, number> = { 'to-far': 3, 'to-near': 1 };

async function linked(options: HostileLinkOptions = {}) {
  const { watched, keys } = watchedSuite();
  const link = hostileLink(options);
  const [near, far] = await Promise.all([
    calling(link.near, { suite: watched }),
    answering(link.far, { suite: watched }),
  ]);
  return { link, near, far, keys };
}

const frame = (direction: LinkDirection, index: number, action: LinkAction) => ({
  plan: [{ direction, index: FIRST_FRAME[direction] + index, action }],
});

const NAMED: [string, LinkAction, delivered: number][] = [
  ['flipped', { kind: 'flip' }, 2],
  ['dropped', { kind: 'drop' }, 2],
  ['duplicated', { kind: 'duplicate' }, 3],
  ['overtaken', { kind: 'reorder' }, 2],
  ['cut short', { kind: 'truncate' }, 2],
  ['made longer', { kind: 'extend' }, 2],
  ['replaced by nothing', { kind: 'replace', message: new Uint8Array(0) }, 2],
  ['replaced by text', { kind: 'replace', message: 'hello' }, 2],
  ['replaced by as many zeros', { kind: 'replace', message: new Uint8Array(24) }, 2],
];

describe.each<LinkDirection>(['to-far', 'to-near'])('N5: a frame on its way %s', (direction) => {
  test.each(NAMED)('%s: nothing after it is opened, and all keys are wiped', async (_, action, delivered) => {
    const { near, far, keys } = await linked(frame(direction, 2, action));
    const [sender, receiver] = direction === 'to-far' ? [near, far] : [far, near];
    const seen = record(receiver);
    record(sender);
    for (let n = 0; n < 8; n++) write(sender, `number ${n}`);
    const info = await receiver.closed;
    expect(info).toMatchObject({ code: 1002, clean: true });
    expect(info.error?.code).toMatch(/^ERR_(NOISE_DECRYPT|CHANNEL_PROTOCOL)$/);
    expect(seen).toEqual(['number 0', 'number 1', 'number 2'].slice(0, delivered));
    // The other side learns that it is over, and not why.
    expect(await sender.closed).toEqual({ code: 1002, reason: '', clean: true });
    expect(keys.filter(({ wiped }) => !wiped)).toEqual([]);
    // One attempt at most for the bad frame, none for the five good ones behind it.
    const opened = keys.map(({ opened }) => opened).sort((a, b) => b - a)[0];
    expect(opened).toBeLessThanOrEqual(delivered + 1);
  });
});

describe('N5: every bit and every byte of a frame', () => {
  /** One frame, changed on its way to a fresh channel; the frame behind it is as it was. */
  async function changed(change: (sealed: Uint8Array) => Uint8Array): Promise<SecureChannel> {
    const [near, far] = memoryPair();
    const peer = new ScriptedPeer({ identity: alice, suite });
    const [channel] = await Promise.all([answering(far), peer.dial(near, bob.did)]);
    const seen = record(channel);
    const first = peer.seal({ plaintext: '{"seq":0}' });
    const second = peer.seal({ plaintext: '{"seq":1}' });
    peer.send({ ciphertext: change(first) }, { ciphertext: first }, { ciphertext: second });
    await channel.closed;
    expect(seen).toEqual([]);
    return channel;
  }

  const frameBytes = 9 + 16;
  const bits = process.env.RINGLINE_LONG === '1' ? [0, 1, 2, 3, 4, 5, 6, 7] : [0];
  const places = Array.from({ length: frameBytes }, (_, byte) => bits.map((bit) => [byte, (bit + byte) % 8])).flat();

  test.each(places as [number, number][])('byte %i with bit %i wrong', async (byte, bit) => {
    const channel = await changed((sealed) => sealed.map((value, at) => (at === byte ? value ^ (1 << bit) : value)));
    expect(await channel.closed).toMatchObject({ code: 1002, error: code('ERR_NOISE_DECRYPT') });
  });

  test.each(Array.from({ length: frameBytes }, (_, length) => length))('cut to %i bytes', async (length) => {
    const channel = await changed((sealed) => sealed.slice(0, length));
    const expected = length < 16 ? 'ERR_CHANNEL_PROTOCOL' : 'ERR_NOISE_DECRYPT';
    expect(await channel.closed).toMatchObject({ code: 1002, error: code(expected) });
  });
});

describe('N5: who waits is told', () => {
  const record = (did: string) => ({ peer: { did, proof: 'x25519' as const, agreementKey: new Uint8Array(32) } });

  test.each<[string, LinkAction]>([
    ['flipped', { kind: 'flip' }],
    ['dropped', { kind: 'drop' }],
    ['duplicated', { kind: 'duplicate' }],
    ['overtaken', { kind: 'reorder' }],
  ])('an answer %s rejects every call and stream of the session, on both sides', async (_, action) => {
    const { near, far } = await linked(frame('to-near', 1, action));
    const clock = fakeClock();
    const aborted: string[] = [];
    const hangs = (_params: unknown, { signal, method }: { signal: AbortSignal; method: string }) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => {
          aborted.push(method);
          reject(signal.reason);
        });
      });
    const callee = new Session(far, record(alice.did), {
      clock,
      handlers: { quick: () => 1, quicker: () => 2, slow: hangs },
    });
    const caller = new Session(near, record(bob.did), { clock, handlers: { slow: hangs } });
    const outcomes = await Promise.allSettled([
      caller.call('slow'),
      caller.stream('slow').next(),
      callee.call('slow'),
      caller.call('quick'),
      caller.call('quicker'),
    ]);
    for (const outcome of outcomes.slice(0, 3)) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: { delivery: 'sent' } });
    }
    expect(await caller.closed).toMatchObject({ code: 1002, error: code('ERR_NOISE_DECRYPT') });
    expect(await callee.closed).toMatchObject({ code: 1002 });
    expect(aborted.sort()).toEqual(['slow', 'slow', 'slow']);
    expect(clock.pendingTimers).toBe(0);
  });
});
