// N13: somebody on the way sees sizes and times, and can break a connection. Nothing else: what each side delivers is what
// the other has sent, from the beginning and without a gap, whatever the relay does.

import { describe, expect, test } from 'vitest';
import type { SecureChannel } from '../../src/channel/secure-channel.js';
import { hostileLink } from '../../src/testing/hostile-link.js';
import { randomFaults, seededRandom } from '../../src/testing/link-faults.js';
import type { Message, Transport } from '../../src/transport/contract.js';
import { memoryTransports } from '../../src/transport/memory.js';
import { settle } from '../support/frame-peer.js';
import { alice, answering, calling, mallory as carol, code, record, write } from '../support/handshake.js';

const dial = (identity: typeof alice, transport: Transport) => calling({ dial: async () => transport }, { identity });

const answer = (transport: Transport, callerDid: string) =>
  answering({ transport, callerDid, subprotocol: 'agent-phone.v1' });

/** Where one caller comes in, and where it goes out again; the test moves the messages. */
function relay() {
  const [caller, inside] = memoryTransports();
  const [outside, callee] = memoryTransports();
  const toBob: Message[] = [];
  const fromBob: Message[] = [];
  const lane = { toBob: true, fromBob: true };
  inside.receive((message) => {
    toBob.push(message);
    if (lane.toBob) outside.send(message);
  });
  outside.receive((message) => {
    fromBob.push(message);
    if (lane.fromBob) inside.send(message);
  });
  void inside.closed.then(() => outside.abort());
  void outside.closed.then(() => inside.abort());
  return {
    caller,
    callee,
    toBob,
    fromBob,
    /** Holds what comes from now on, to be moved by hand. */
    hold() {
      lane.toBob = false;
      lane.fromBob = false;
    },
    sendToBob: (message: Message) => outside.send(message),
    sendToCaller: (message: Message) => inside.send(message),
  };
}

async function sessionOver(way: ReturnType<typeof relay>, identity = alice) {
  const [near, far] = await Promise.all([dial(identity, way.caller), answer(way.callee, identity.did)]);
  return { near, far };
}

describe('N13: a relay', () => {
  test('that passes everything on learns no text and no key', async () => {
    const way = relay();
    const { near, far } = await sessionOver(way);
    const seen = [record(near), record(far)];
    write(near, 'my password is hunter2');
    write(far, 'thank you, hunter2');
    await settle();
    expect(seen).toEqual([['thank you, hunter2'], ['my password is hunter2']]);
    const passed = [...way.toBob, ...way.fromBob].map((message) =>
      Buffer.from(message as Uint8Array).toString('latin1'),
    );
    expect(passed).toHaveLength(5);
    for (const text of passed) expect(text).not.toContain('hunter2');
  });

  test('that connects two callers crosswise: no handshake comes about', async () => {
    const [one, two] = [relay(), relay()];
    // Bob is told that alice is carol, and carol alice.
    const outcomes = await Promise.allSettled([
      dial(alice, one.caller),
      dial(carol, two.caller),
      answer(one.callee, carol.did),
      answer(two.callee, alice.did),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected', 'rejected']);
    expect(outcomes.slice(2)).toMatchObject([
      { reason: code('ERR_CHANNEL_IMPOSTOR') },
      { reason: code('ERR_CHANNEL_IMPOSTOR') },
    ]);
  });

  test.each([1, 2, 3])('that crosses two callers after message %i: nothing is delivered', async (uncrossed) => {
    const ways = [relay(), relay()] as const;
    for (const way of ways) way.hold();
    const calls = Promise.allSettled([dial(alice, ways[0].caller), dial(carol, ways[1].caller)]);
    const answers = Promise.allSettled([answer(ways[0].callee, alice.did), answer(ways[1].callee, carol.did)]);
    /** Moves one message of each caller's, or of each callee's: to whom it is meant for, or to the other. */
    const move = async (lane: 'toBob' | 'fromBob', index: number, crossed: boolean) => {
      await settle();
      for (const [i, from] of ways.entries()) {
        const to = ways[crossed ? 1 - i : i] as typeof from;
        const message = from[lane][index];
        if (message === undefined) continue;
        if (lane === 'toBob') to.sendToBob(message);
        else to.sendToCaller(message);
      }
    };
    await move('toBob', 0, false);
    await move('fromBob', 0, uncrossed < 2);
    await move('toBob', 1, uncrossed < 3);
    const refused = { status: 'rejected', reason: code('ERR_CHANNEL_IMPOSTOR') };
    if (uncrossed === 1) return expect(await calls).toMatchObject([refused, refused]);
    if (uncrossed === 2) return expect(await answers).toMatchObject([refused, refused]);

    const channels = [...(await calls), ...(await answers)].map(
      (outcome) => (outcome as PromiseFulfilledResult<SecureChannel>).value,
    );
    const seen = channels.map(record);
    for (const channel of channels) write(channel, `from ${channel.localDid} to ${channel.remoteDid}`);
    await move('toBob', 2, true);
    for (const channel of channels.slice(2)) {
      expect(await channel.closed).toMatchObject({ error: code('ERR_NOISE_DECRYPT') });
    }
    expect(seen).toEqual([[], [], [], []]);
  });

  test('that splices a frame of one session of the same two into another', async () => {
    const [one, two] = [relay(), relay()];
    const first = await sessionOver(one);
    const second = await sessionOver(two);
    const seen = [record(first.far), record(second.far)];
    one.hold();
    two.hold();
    write(first.near, 'first');
    write(second.near, 'second');
    await settle();
    two.sendToBob(one.toBob.at(-1) as Message);
    expect(await second.far.closed).toMatchObject({ error: code('ERR_NOISE_DECRYPT') });
    one.sendToBob(one.toBob.at(-1) as Message);
    await settle();
    expect(seen).toEqual([['first'], []]);
  });

  test('that makes up frames', async () => {
    const random = seededRandom(13);
    for (const length of [0, 15, 16, 17, 48, 64, 1000, 65_535]) {
      const way = relay();
      const { near, far } = await sessionOver(way);
      const seen = [record(near), record(far)];
      way.sendToBob(Uint8Array.from({ length }, () => Math.floor(random() * 256)));
      way.sendToCaller(Uint8Array.from({ length }, () => Math.floor(random() * 256)));
      expect(await far.closed).toMatchObject({ code: 1002 });
      expect(await near.closed).toMatchObject({ code: expect.any(Number) });
      expect(seen).toEqual([[], []]);
    }
  });

  test('gets no more bytes out of us than it puts in, before it has shown a key', async () => {
    for (const message of [new Uint8Array(48), new Uint8Array(47), new Uint8Array(64), new Uint8Array(0)]) {
      const [outside, callee] = memoryTransports();
      let got = 0;
      outside.receive(({ length }) => {
        got += length;
      });
      outside.send(message);
      await expect(answer(callee, alice.did)).rejects.toThrow();
      await outside.closed;
      expect(got).toBe(0);
    }
    // A genuine message 1, which anybody can make: 48 bytes for 48, once.
    const way = relay();
    way.hold();
    const call = dial(alice, way.caller).catch(() => {});
    const answered = answer(way.callee, alice.did).catch(() => {});
    while (way.toBob.length === 0) await settle(1);
    way.sendToBob(way.toBob[0] as Message);
    while (way.fromBob.length === 0) await settle(1);
    way.sendToBob(way.toBob[0] as Message);
    await answered;
    expect(way.fromBob.map(({ length }) => length)).toEqual([48]);
    way.callee.abort();
    await call;
  });
});

describe('N13: whatever a relay does to the messages', () => {
  const RUNS = process.env.RINGLINE_LONG === '1' ? 5_000 : 150;
  const RATES = { drop: 0.02, duplicate: 0.02, reorder: 0.02, flip: 0.02, truncate: 0.02, extend: 0.02, cut: 0.01 };

  test(`each side delivers a beginning of what the other has sent (${RUNS} seeds)`, { timeout: 600_000 }, async () => {
    const sent = Array.from({ length: 12 }, (_, n) => `frame ${n}`);
    const outcomes = { refused: 0, broken: 0, whole: 0 };
    for (let seed = 1; seed <= RUNS; seed++) {
      const faults = randomFaults(seed, RATES);
      // The first message of all is the offer, whose fate is the transport's own matter.
      const link = hostileLink({
        policy: (one) => (one.direction === 'to-far' && one.index === 0 ? undefined : faults(one)),
      });
      const deadline = new AbortController();
      const { signal } = deadline;
      const both = Promise.allSettled([calling(link.near, { signal }), answering(link.far, { signal })]);
      await settle();
      // Who still waits has lost a message, and would wait until its deadline.
      deadline.abort();
      const [near, far] = await both;
      if (near.status === 'rejected' || far.status === 'rejected') {
        outcomes.refused++;
        link.cut();
        continue;
      }
      const seen = [record(near.value), record(far.value)];
      for (const text of sent) {
        for (const channel of [near.value, far.value]) {
          try {
            write(channel, text);
          } catch (error) {
            expect(error).toEqual(code('ERR_CHANNEL_CLOSED'));
          }
        }
        await settle(1);
      }
      for (const delivered of seen) expect(delivered).toEqual(sent.slice(0, delivered.length));
      const whole = seen.every((delivered) => delivered.length === sent.length);
      outcomes[whole ? 'whole' : 'broken']++;
      link.cut();
    }
    // Of each kind there were some, or this shows nothing.
    for (const count of Object.values(outcomes)) expect(count).toBeGreaterThan(0);
  });
});
