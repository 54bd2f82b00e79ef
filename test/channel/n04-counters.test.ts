// N4, F15: a key ends well before its counter does, and no nonce is used twice under one key.

import { describe, expect, test } from 'vitest';
import { startAttempt } from '../../src/channel/deadline.js';
import { MessageReader } from '../../src/channel/message-reader.js';
import { SecureChannel } from '../../src/channel/secure-channel.js';
import { CipherState, MAX_MESSAGES, unsafeFirstCounter } from '../../src/noise/cipher-state.js';
import type { NoiseSuite } from '../../src/noise/suite.js';
import { nobleSuite } from '../../src/noise/suite-noble.js';
import { Session } from '../../src/phone/session.js';
import { fakeClock } from '../../src/testing/fake-clock.js';
import { ScriptedPeer } from '../../src/testing/scripted-peer.js';
import type { Transport } from '../../src/transport/contract.js';
import { memoryPair, memoryTransports } from '../../src/transport/memory.js';
import { settle } from '../support/frame-peer.js';
import { alice, answering, bob, calling, code, record, suite, write } from '../support/handshake.js';

/** One side of a connection, whose keys have so many messages left. */
function channelOn(transport: Transport, role: 'initiator' | 'responder', sendLeft: number, receiveLeft: number) {
  const state = (key: number, left: number) =>
    new CipherState(nobleSuite.aead(new Uint8Array(32).fill(key)), { [unsafeFirstCounter]: MAX_MESSAGES - left });
  const [sendKey, receiveKey] = role === 'initiator' ? [1, 2] : [2, 1];
  return new SecureChannel({
    role,
    localDid: role === 'initiator' ? alice.did : bob.did,
    remoteDid: role === 'initiator' ? bob.did : alice.did,
    remoteStaticKey: new Uint8Array(32),
    handshakeHash: new Uint8Array(32),
    send: state(sendKey, sendLeft),
    receive: state(receiveKey, receiveLeft),
    transport,
    reader: new MessageReader(transport, Number.POSITIVE_INFINITY, startAttempt()),
  });
}

/** Two channels with so many messages left from the initiator to the responder, and many back. */
function nearTheCeiling(left: number) {
  const [near, far] = memoryTransports();
  return { initiator: channelOn(near, 'initiator', left, 100), responder: channelOn(far, 'responder', 100, left) };
}

describe('N4: the counter ceiling', () => {
  test('is 2^48', () => {
    expect(MAX_MESSAGES).toBe(2 ** 48);
  });

  test('the last message goes through; the next one ends the channel, and nothing is sent under its counter', async () => {
    const { initiator, responder } = nearTheCeiling(2);
    const seen = record(responder);
    write(initiator, 'last but one');
    write(initiator, 'last');
    expect(() => write(initiator, 'one too many')).toThrow(code('ERR_NOISE_EXHAUSTED'));
    expect(() => write(initiator, 'after the end')).toThrow(code('ERR_CHANNEL_CLOSED'));
    // Nobody broke the protocol: the peer may call again.
    expect(await initiator.closed).toEqual({ code: 1001, reason: '', clean: true, error: code('ERR_NOISE_EXHAUSTED') });
    expect(await responder.closed).toEqual({ code: 1001, reason: '', clean: true });
    expect(seen).toEqual(['last but one', 'last']);
  });

  test('a peer that goes past it breaks the protocol', async () => {
    const [near, far] = memoryTransports();
    const channel = channelOn(far, 'responder', 100, 0);
    const seen = record(channel);
    near.send(new Uint8Array(32));
    expect(await channel.closed).toMatchObject({ code: 1002, error: code('ERR_NOISE_EXHAUSTED') });
    expect(seen).toEqual([]);
  });

  test('a session at the ceiling: calls that were answered were answered, the others say that they were not sent', async () => {
    const { initiator, responder } = nearTheCeiling(2);
    const clock = fakeClock();
    const options = { peer: { did: bob.did, proof: 'x25519' as const, agreementKey: new Uint8Array(32) } };
    const callee = new Session(responder, { ...options }, { clock, handlers: { echo: (value: unknown) => value } });
    const caller = new Session(initiator, { ...options }, { clock });
    expect(await caller.call('echo', 1)).toBe(1);
    expect(await caller.call('echo', 2)).toBe(2);
    await expect(caller.call('echo', 3)).rejects.toMatchObject({
      code: 'ERR_CHANNEL_CLOSED',
      delivery: 'unsent',
      cause: { code: 'ERR_NOISE_EXHAUSTED' },
    });
    expect(await caller.closed).toMatchObject({ code: 1001 });
    expect(await callee.closed).toMatchObject({ code: 1001 });
    expect(clock.pendingTimers).toBe(0);
  });
});

describe('N4: no key and counter are used together twice', () => {
  /** A suite that remembers what it sealed, and how often each pair of key and counter came up. */
  function watchedSuite() {
    const sealed = new Map<string, number>();
    const watched: NoiseSuite = {
      ...suite,
      aead(key) {
        const name = key.join();
        const aead = suite.aead(key);
        return {
          seal(counter, ...rest) {
            sealed.set(`${name}/${counter}`, (sealed.get(`${name}/${counter}`) ?? 0) + 1);
            aead.seal(counter, ...rest);
          },
          open: (...args) => aead.open(...args),
          wipe: () => aead.wipe(),
        };
      },
    };
    return { watched, sealed };
  }

  test('over handshakes, frames, refused frames and frames after the end', async () => {
    const { watched, sealed } = watchedSuite();
    for (let round = 0; round < 3; round++) {
      const [near, far] = memoryPair();
      const [initiator, responder] = await Promise.all([
        calling(near, { suite: watched }),
        answering(far, { suite: watched }),
      ]);
      record(initiator);
      record(responder);
      for (let frame = 0; frame < 20; frame++) {
        write(frame % 3 === 0 ? responder : initiator, `frame ${frame}`);
        expect(() =>
          initiator.write(() => {
            throw new RangeError('does not fit');
          }),
        ).toThrow(RangeError);
        expect(() => initiator.write(() => 70_000)).toThrow(RangeError);
        if (frame % 5 === 0) await settle(1);
      }
      responder.abort();
      expect(() => write(responder, 'late')).toThrow(code('ERR_CHANNEL_CLOSED'));
      await initiator.closed;
      expect(() => write(initiator, 'late')).toThrow(code('ERR_CHANNEL_CLOSED'));
    }
    // Two handshake payloads and one key of the initiator's, one payload of the responder's, and 20 frames: three rounds.
    expect(sealed.size).toBe(3 * (4 + 20));
    expect([...sealed.values()].filter((times) => times !== 1)).toEqual([]);
  });

  test('a peer that leaves counters out, or uses one again, is not heard', async () => {
    for (const trick of [{ skip: 1 }, { skip: 2 ** 32 }, { replay: 0 }] as const) {
      const [near, far] = memoryPair();
      const peer = new ScriptedPeer({ identity: alice, suite });
      const [channel] = await Promise.all([answering(far), peer.dial(near, bob.did)]);
      const seen = record(channel);
      peer.send({ plaintext: 'first' }, trick, { plaintext: 'second' });
      expect(await channel.closed).toMatchObject({ code: 1002, error: code('ERR_NOISE_DECRYPT') });
      expect(seen).toEqual(['first']);
    }
  });
});
