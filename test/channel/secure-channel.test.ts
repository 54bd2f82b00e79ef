// A channel that stands: sizes, kinds, ends, and what came before anybody listened.

import { describe, expect, test } from 'vitest';
import { MAX_EARLY_BYTES, MAX_EARLY_FRAMES } from '../../src/channel/message-reader.js';
import type { SecureChannel } from '../../src/channel/secure-channel.js';
import type { Identity } from '../../src/identity/identity.js';
import { type ScriptedFrame, ScriptedPeer } from '../../src/testing/scripted-peer.js';
import { memoryPair } from '../../src/transport/memory.js';
import { settle } from '../support/frame-peer.js';
import { alice, answering, bob, calling, channels, code, record, suite, write } from '../support/handshake.js';

/** A scripted caller and the channel that answered it. */
async function callee(): Promise<{ peer: ScriptedPeer; channel: SecureChannel }> {
  const [near, far] = memoryPair();
  const peer = new ScriptedPeer({ identity: alice, suite });
  const [channel] = await Promise.all([answering(far), peer.dial(near, bob.did)]);
  return { peer, channel };
}

describe('frames', () => {
  test('empty, and as long as they may be', async () => {
    const { initiator, responder } = await channels();
    const lengths: number[] = [];
    responder.receive((plaintext) => lengths.push(plaintext.length));
    for (const length of [0, 1, 65_518, 65_519]) write(initiator, new Uint8Array(length));
    await settle();
    expect(lengths).toEqual([0, 1, 65_518, 65_519]);
  });

  test('an encoder that throws sends nothing and uses up nothing', async () => {
    const { initiator, responder } = await channels();
    const seen = record(responder);
    const failing = () =>
      initiator.write(() => {
        throw new RangeError('does not fit');
      });
    expect(failing).toThrow(RangeError);
    expect(() => initiator.write(() => 65_520)).toThrow(RangeError);
    write(initiator, 'goes on');
    await settle();
    expect(seen).toEqual(['goes on']);
  });

  test('a listener may end the channel, or another one, and read on', async () => {
    const one = await channels();
    const two = await channels();
    const seen: string[] = [];
    one.responder.receive((plaintext) => {
      two.responder.abort();
      one.responder.close();
      seen.push(new TextDecoder().decode(plaintext));
    });
    write(one.initiator, 'goodbye');
    await settle();
    expect(seen).toEqual(['goodbye']);
  });

  test('what was delivered is forgotten', async () => {
    const { initiator, responder } = await channels();
    let view: Uint8Array | undefined;
    responder.receive((plaintext) => {
      view = plaintext;
    });
    write(initiator, 'a secret');
    await settle();
    expect(view).toEqual(new Uint8Array(8));
  });

  test('nothing is sent after the end', async () => {
    for (const end of ['close', 'abort'] as const) {
      const { initiator, responder } = await channels();
      initiator[end]();
      expect(() => write(initiator, 'late')).toThrow(code('ERR_CHANNEL_CLOSED'));
      await responder.closed;
      expect(() => write(responder, 'late')).toThrow(code('ERR_CHANNEL_CLOSED'));
    }
  });
});

describe('violations end the channel, with a code and no word', () => {
  test.each<[string, ScriptedFrame, string]>([
    ['a text message', { text: 'hello' }, 'ERR_CHANNEL_PROTOCOL'],
    ['an empty text message', { text: '' }, 'ERR_CHANNEL_PROTOCOL'],
    ['an empty message', { ciphertext: new Uint8Array(0) }, 'ERR_CHANNEL_PROTOCOL'],
    ['a message without room for a tag', { ciphertext: new Uint8Array(15) }, 'ERR_CHANNEL_PROTOCOL'],
    ['a tag alone that is not genuine', { ciphertext: new Uint8Array(16) }, 'ERR_NOISE_DECRYPT'],
    ['a long message that is not genuine', { ciphertext: new Uint8Array(65_535) }, 'ERR_NOISE_DECRYPT'],
    ['a message over the limit', { ciphertext: new Uint8Array(65_536) }, 'ERR_CHANNEL_PROTOCOL'],
    ['a frame over the limit, sealed', { plaintext: new Uint8Array(65_520) }, 'ERR_CHANNEL_PROTOCOL'],
  ])('%s', async (_, frame, expected) => {
    const { peer, channel } = await callee();
    const seen = record(channel);
    peer.send({ plaintext: 'before' }, frame, { plaintext: 'after' });
    expect(await channel.closed).toMatchObject({ code: 1002, error: code(expected) });
    expect(await peer.closed).toMatchObject({ code: 1002, reason: '' });
    expect(seen).toEqual(['before']);
    expect(() => write(channel, 'late')).toThrow(code('ERR_CHANNEL_CLOSED'));
  });

  test('the longest frame is none of them', async () => {
    const { peer, channel } = await callee();
    const seen = record(channel);
    peer.send({ plaintext: 'x'.repeat(65_519) });
    await settle();
    expect(seen.map(({ length }) => length)).toEqual([65_519]);
  });
});

describe('ends', () => {
  test('the error is for this side alone', async () => {
    const { initiator, responder } = await channels();
    const error = code('ERR_CHANNEL_PROTOCOL');
    initiator.close(1008, 'enough', error as never);
    initiator.close(1000, '', code('ERR_CHANNEL_LOST') as never);
    expect(await initiator.closed).toEqual({ code: 1008, reason: 'enough', clean: true, error });
    expect(await responder.closed).toEqual({ code: 1008, reason: 'enough', clean: true });
  });

  test('an abort is a loss for the other side', async () => {
    const { initiator, responder } = await channels();
    initiator.abort();
    expect(await initiator.closed).toEqual({ code: 1006, reason: '', clean: false });
    expect(await responder.closed).toEqual({ code: 1006, reason: '', clean: false });
  });

  test('arguments that cannot be sent change nothing', async () => {
    const { initiator, responder } = await channels();
    expect(() => initiator.close(999)).toThrow(RangeError);
    expect(() => initiator.close(1000, 'x'.repeat(124))).toThrow(RangeError);
    const seen = record(responder);
    write(initiator, 'still here');
    await settle();
    expect(seen).toEqual(['still here']);
  });
});

describe('early frames: sent right behind message 3, while the callee still computes', () => {
  /** A callee whose last agreement waits for the test, and a caller that has sent message 3. */
  async function computing() {
    const [near, far] = memoryPair();
    const gate: (() => void)[] = [];
    const slow = {
      ...suite,
      generateKeyPair: async () => {
        const pair = await suite.generateKeyPair();
        let agreements = 0;
        const agree = async (key: Uint8Array) => {
          // The first is with the caller's ephemeral key, the second with its static one.
          if (++agreements === 2) await new Promise<void>((resolve) => gate.push(resolve));
          return pair.agree(key);
        };
        return { publicKey: pair.publicKey, agree, wipe: () => pair.wipe() };
      },
    };
    const answer = answering(far, { suite: slow });
    const peer = new ScriptedPeer({ identity: alice, suite });
    expect(await peer.dial(near, bob.did)).toBe('ready');
    while (gate.length === 0) await settle(1);
    return { peer, answer, finish: () => gate[0]?.() };
  }

  test('are delivered in order, and before what comes later', async () => {
    const { peer, answer, finish } = await computing();
    for (let n = 0; n < 10; n++) peer.send({ plaintext: `early ${n}` });
    await settle();
    finish();
    const channel = await answer;
    peer.send({ plaintext: 'meanwhile' });
    await settle();
    const seen = record(channel);
    expect(seen).toEqual([...Array.from({ length: 10 }, (_, n) => `early ${n}`), 'meanwhile']);
    peer.send({ plaintext: 'later' });
    await settle();
    expect(seen.at(-1)).toBe('later');
  });

  test('what the listener causes waits behind them', async () => {
    const { peer, answer, finish } = await computing();
    peer.send({ plaintext: 'one' }, { plaintext: 'two' });
    await settle();
    finish();
    const channel = await answer;
    const seen: string[] = [];
    channel.receive((plaintext) => {
      seen.push(new TextDecoder().decode(plaintext));
      if (seen.length === 1) peer.send({ plaintext: 'three' });
    });
    await settle();
    expect(seen).toEqual(['one', 'two', 'three']);
  });

  const mebibyte = [...Array.from({ length: 16 }, () => 65_000), MAX_EARLY_BYTES - 16 * 65_000];

  test.each<[string, number[]]>([
    ['one byte less than 1 MiB', [...mebibyte.slice(0, -1), (mebibyte.at(-1) ?? 0) - 1]],
    ['1 MiB', mebibyte],
    ['4,095', Array.from({ length: MAX_EARLY_FRAMES - 1 }, () => 16)],
    ['4,096', Array.from({ length: MAX_EARLY_FRAMES }, () => 16)],
  ])('%s wait', async (_, lengths) => {
    const { peer, answer, finish } = await computing();
    for (const length of lengths) peer.send({ plaintext: new Uint8Array(length - 16) });
    await settle();
    finish();
    const channel = await answer;
    let delivered = 0;
    channel.receive((plaintext) => {
      delivered += plaintext.length + 16;
    });
    expect(delivered).toBe(lengths.reduce((sum, length) => sum + length));
  });

  test.each<[string, ScriptedFrame[], object]>([
    [
      'one byte more than 1 MiB',
      [...mebibyte.slice(0, -1), (mebibyte.at(-1) ?? 0) + 1].map((length) => ({ ciphertext: new Uint8Array(length) })),
      { code: 'ERR_LIMIT_EXCEEDED', limit: 'maxEarlyBytes', seen: MAX_EARLY_BYTES + 1 },
    ],
    [
      '4,097 empty ones',
      Array.from({ length: MAX_EARLY_FRAMES + 1 }, () => ({ ciphertext: new Uint8Array(0) })),
      { code: 'ERR_LIMIT_EXCEEDED', limit: 'maxEarlyFrames', seen: MAX_EARLY_FRAMES + 1 },
    ],
    ['text', [{ text: 'hello' }], { code: 'ERR_CHANNEL_PROTOCOL' }],
  ])('%s end the handshake at once', async (_, frames, error) => {
    const { peer, answer } = await computing();
    peer.send(...frames);
    await expect(answer).rejects.toMatchObject(error);
    expect(await peer.closed).toMatchObject({ code: 1008, reason: '' });
  });

  test.each<[string, ScriptedFrame[], object]>([
    ['too many', Array.from({ length: 17 }, () => ({ ciphertext: new Uint8Array(65_535) })), { code: 1008 }],
    ['text', [{ text: 'hello' }], { code: 1002 }],
  ])('%s after the handshake and before anybody listens end the channel', async (_, frames, info) => {
    const { peer, channel } = await callee();
    peer.send(...frames);
    expect(await channel.closed).toMatchObject({ ...info, error: expect.anything() });
    expect(await peer.closed).toMatchObject(info);
    expect(record(channel)).toEqual([]);
  });

  test('a caller hears what it is told right behind message 2 not at all: it came out of turn', async () => {
    const [near, far] = memoryPair();
    const peer = new ScriptedPeer({ identity: bob, suite, misbehaviours: [{ kind: 'repeat', message: 2 }] });
    void peer.answer(far);
    // The agreements with message 2 take their time.
    const wallet: Identity = { ...alice, agree: (key) => settle(1).then(() => alice.agree(key)) };
    await expect(calling(near, { identity: wallet })).rejects.toEqual(code('ERR_CHANNEL_PROTOCOL'));
  });
});
