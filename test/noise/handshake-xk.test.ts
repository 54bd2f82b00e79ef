// The state machine of the handshake: whose turn it is, what is checked first, what ends it, and what is wiped.

import { describe, expect, it } from 'vitest';
import { generateX25519 } from '../../src/curves/x25519.js';
import { XK_MESSAGE_BYTES, XkInitiator, XkResponder } from '../../src/noise/handshake-xk.js';
import type { EphemeralKeyPair, NoiseSuite } from '../../src/noise/suite.js';
import { dataIn, EMPTY, faultOf, laidOut, PROLOGUE, pair, parties, SUITES, shakeHands, statics } from './support.js';

type Party = XkInitiator | XkResponder;

/** A promise that a test settles. */
function gate() {
  let open: () => void = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open, opened };
}

/** A pair whose agreements wait for a gate, and which writes down the secrets it gives out. */
function slow(inner: EphemeralKeyPair, wait: Promise<void> = Promise.resolve()) {
  const log = { agreements: 0, secrets: [] as Uint8Array[], wiped: 0 };
  const key: EphemeralKeyPair = {
    publicKey: inner.publicKey,
    async agree(remote) {
      log.agreements++;
      const secret = await inner.agree(remote);
      log.secrets.push(secret);
      await wait;
      return secret;
    },
    wipe() {
      log.wiped++;
      inner.wipe();
    },
  };
  return { key, log };
}

const isZero = (bytes: Uint8Array) => bytes.every((byte) => byte === 0);

/** Every call there is, by name, on either party. */
const CALLS: Record<string, (party: Party) => unknown> = {
  writeMessage1: (party) => (party as XkInitiator).writeMessage1(),
  readMessage2: (party) => (party as XkInitiator).readMessage2(new Uint8Array(48)),
  writeMessage3: (party) => (party as XkInitiator).writeMessage3(),
  readMessage1: (party) => (party as XkResponder).readMessage1(new Uint8Array(48)),
  writeMessage2: (party) => (party as XkResponder).writeMessage2(),
  readMessage3: (party) => (party as XkResponder).readMessage3(new Uint8Array(64)),
  split: (party) => party.split(),
};
const INITIATOR = ['writeMessage1', 'readMessage2', 'writeMessage3', 'split'];
const RESPONDER = ['readMessage1', 'writeMessage2', 'readMessage3', 'split'];

describe.each(SUITES)('XK handshake, $name suite', (suite) => {
  it('ends with the same hash, opposite keys and the right static keys on both sides', async () => {
    const { near, far } = await shakeHands(await parties(suite));
    const [initiatorKey, responderKey] = await statics;
    expect(near.handshakeHash).toEqual(far.handshakeHash);
    expect(near.handshakeHash).toHaveLength(32);
    expect(near.remoteStaticKey).toEqual(responderKey.publicKey);
    expect(far.remoteStaticKey).toEqual(initiatorKey.publicKey);
    for (const [from, to] of [
      [near.send, far.receive],
      [far.send, near.receive],
    ] as const) {
      const buffer = laidOut(Uint8Array.of(1, 2, 3));
      to.open(buffer, from.seal(buffer, 3));
      expect(dataIn(buffer, 3)).toEqual(Uint8Array.of(1, 2, 3));
    }
  });

  it('has messages of exactly 48, 48 and 64 bytes, none like another', async () => {
    const sent: Uint8Array[] = [];
    for (let i = 0; i < 2; i++) {
      await shakeHands(await parties(suite), (message) => {
        sent.push(message);
        return message;
      });
    }
    expect(sent.map((message) => message.length)).toEqual([...XK_MESSAGE_BYTES, ...XK_MESSAGE_BYTES]);
    expect(XK_MESSAGE_BYTES).toEqual([48, 48, 64]);
    expect(new Set(sent.map(String)).size).toBe(6);
  });

  it('every call out of turn throws and changes nothing', async () => {
    const { initiator, responder } = await parties(suite);
    const misuse = async (party: Party, calls: readonly string[], due: string) => {
      for (const name of calls) {
        if (name !== due) expect([name, await faultOf(() => CALLS[name]?.(party))]).toEqual([name, 'TypeError']);
      }
    };
    await misuse(initiator, INITIATOR, 'writeMessage1');
    const message1 = await initiator.writeMessage1();
    await misuse(initiator, INITIATOR, 'readMessage2');
    await misuse(responder, RESPONDER, 'readMessage1');
    await responder.readMessage1(message1);
    await misuse(responder, RESPONDER, 'writeMessage2');
    const message2 = responder.writeMessage2();
    await misuse(responder, RESPONDER, 'readMessage3');
    await initiator.readMessage2(message2);
    await misuse(initiator, INITIATOR, 'writeMessage3');
    const message3 = initiator.writeMessage3();
    await misuse(initiator, INITIATOR, 'split');
    await responder.readMessage3(message3);
    await misuse(responder, RESPONDER, 'split');
    expect(initiator.split().handshakeHash).toEqual(responder.split().handshakeHash);
    await misuse(initiator, INITIATOR, '');
    await misuse(responder, RESPONDER, '');
  });

  it('a second call while one is running throws and does not disturb it', async () => {
    const held = gate();
    const [, responderKey] = await statics;
    const ephemeral = slow(await generateX25519(), held.opened).key;
    const staticKey = slow(responderKey, held.opened).key;
    const { initiator, responder } = await parties(suite, { initiator: { ephemeral }, responder: { staticKey } });

    const first = initiator.writeMessage1();
    for (const name of INITIATOR) expect(await faultOf(() => CALLS[name]?.(initiator))).toBe('TypeError');
    held.open();
    const message1 = await first;
    const second = responder.readMessage1(message1);
    for (const name of RESPONDER) expect(await faultOf(() => CALLS[name]?.(responder))).toBe('TypeError');
    await second;
    const third = initiator.readMessage2(responder.writeMessage2());
    for (const name of INITIATOR) expect(await faultOf(() => CALLS[name]?.(initiator))).toBe('TypeError');
    await third;
    const fourth = responder.readMessage3(initiator.writeMessage3());
    for (const name of RESPONDER) expect(await faultOf(() => CALLS[name]?.(responder))).toBe('TypeError');
    await fourth;
    expect(initiator.split().handshakeHash).toEqual(responder.split().handshakeHash);
  });

  it('a message may change after the call: it was copied', async () => {
    const { initiator, responder } = await parties(suite);
    const pass = async (message: Uint8Array, read: (message: Uint8Array) => Promise<unknown>) => {
      const inPool = Buffer.from(message);
      const reading = read(inPool);
      inPool.subarray(0, 32).fill(0);
      await reading;
    };
    await pass(await initiator.writeMessage1(), (message) => responder.readMessage1(message));
    await pass(responder.writeMessage2(), (message) => initiator.readMessage2(message));
    const message3 = initiator.writeMessage3();
    await pass(message3, (message) => responder.readMessage3(message));
    expect(initiator.split().handshakeHash).toEqual(responder.split().handshakeHash);
  });

  it('runs both agreements of a step side by side', async () => {
    const held = gate();
    const [initiatorKey, responderKey] = await statics;
    const e1 = slow(await generateX25519());
    const s1 = slow(initiatorKey, held.opened);
    const s2 = slow(responderKey, held.opened);
    const e2 = slow(await generateX25519());
    const { initiator, responder } = await parties(suite, {
      initiator: { ephemeral: e1.key, staticKey: s1.key },
      responder: { ephemeral: e2.key, staticKey: s2.key },
    });
    const message1 = await initiator.writeMessage1();
    const reading1 = responder.readMessage1(message1);
    await Promise.resolve();
    expect([s2.log.agreements, e2.log.agreements]).toEqual([1, 1]);
    held.open();
    await reading1;
    const reading2 = initiator.readMessage2(responder.writeMessage2());
    await Promise.resolve();
    expect([e1.log.agreements, s1.log.agreements]).toEqual([2, 1]);
    await reading2;
  });

  it('wipes every shared secret and both ephemeral pairs', async () => {
    const [initiatorKey, responderKey] = await statics;
    const keys = [slow(await generateX25519()), slow(initiatorKey), slow(await generateX25519()), slow(responderKey)];
    const [e1, s1, e2, s2] = keys.map(({ key }) => key) as [
      EphemeralKeyPair,
      EphemeralKeyPair,
      EphemeralKeyPair,
      EphemeralKeyPair,
    ];
    const handed = spied(suite);
    await shakeHands(
      await parties(handed.suite, {
        initiator: { ephemeral: e1, staticKey: s1 },
        responder: { ephemeral: e2, staticKey: s2 },
      }),
    );
    const secrets = keys.flatMap(({ log }) => log.secrets);
    expect(secrets).toHaveLength(6);
    expect(secrets.every(isZero)).toBe(true);
    expect(keys.map(({ log }) => log.wiped > 0)).toEqual([true, false, true, false]);
    // Chaining and message keys of 2 x 3 MixKey and 2 Split, as the suite handed them out.
    expect(handed.keys).toHaveLength(16);
    expect(handed.keys.every(isZero)).toBe(true);
    expect(handed.liveAeads()).toBe(4);
  });

  it.each([1, 2, 3] as const)('wipes everything when message %i is forged', async (forged) => {
    const [initiatorKey, responderKey] = await statics;
    const keys = [slow(await generateX25519()), slow(initiatorKey), slow(await generateX25519()), slow(responderKey)];
    const [e1, s1, e2, s2] = keys.map(({ key }) => key) as [
      EphemeralKeyPair,
      EphemeralKeyPair,
      EphemeralKeyPair,
      EphemeralKeyPair,
    ];
    const handed = spied(suite);
    const both = await parties(handed.suite, {
      initiator: { ephemeral: e1, staticKey: s1 },
      responder: { ephemeral: e2, staticKey: s2 },
    });
    const tampered = shakeHands(both, (message, number) =>
      number === forged ? message.with(40, (message[40] as number) ^ 1) : message,
    );
    expect(await faultOf(() => tampered)).toBe('ERR_NOISE_HANDSHAKE');
    const failed: Party = forged === 2 ? both.initiator : both.responder;
    const other: Party = forged === 2 ? both.responder : both.initiator;
    for (const name of failed === both.initiator ? INITIATOR : RESPONDER) {
      expect(await faultOf(() => CALLS[name]?.(failed))).toBe('ERR_NOISE_DEAD');
    }
    other.wipe();
    expect(keys.flatMap(({ log }) => log.secrets).every(isZero)).toBe(true);
    expect(handed.keys.every(isZero)).toBe(true);
    expect(handed.liveAeads()).toBe(0);
    expect([keys[0]?.log.wiped, keys[2]?.log.wiped].every((times) => (times as number) > 0)).toBe(true);
  });

  it('giving up in the middle of a step wipes what the step brings home', async () => {
    const held = gate();
    const [initiatorKey] = await statics;
    const e = slow(await generateX25519(), held.opened);
    const s = slow(initiatorKey, held.opened);
    const { initiator, responder } = await parties(suite, { initiator: { ephemeral: e.key, staticKey: s.key } });
    const writing = initiator.writeMessage1();
    initiator.wipe();
    held.open();
    expect(await faultOf(() => writing)).toBe('ERR_NOISE_DEAD');
    expect(e.log.secrets.every(isZero)).toBe(true);
    expect(e.log.wiped).toBeGreaterThan(0);

    const again = gate();
    const e2 = slow(await generateX25519());
    const s2 = slow(initiatorKey, again.opened);
    const second = await parties(suite, { initiator: { ephemeral: e2.key, staticKey: s2.key } });
    await responder.readMessage1(await second.initiator.writeMessage1());
    const reading = second.initiator.readMessage2(responder.writeMessage2());
    second.initiator.wipe();
    again.open();
    expect(await faultOf(() => reading)).toBe('ERR_NOISE_DEAD');
    expect([...e2.log.secrets, ...s2.log.secrets].every(isZero)).toBe(true);
    expect(await faultOf(() => second.initiator.writeMessage3())).toBe('ERR_NOISE_DEAD');
  });

  it('giving up while the ephemeral pair is being made wipes the pair', async () => {
    const held = gate();
    const made = slow(await generateX25519());
    const lazy: NoiseSuite = {
      ...suite,
      async generateKeyPair() {
        await held.opened;
        return made.key;
      },
    };
    const { initiator } = await parties(lazy);
    const writing = initiator.writeMessage1();
    initiator.wipe();
    held.open();
    expect(await faultOf(() => writing)).toBe('ERR_NOISE_DEAD');
    expect(made.log.wiped).toBeGreaterThan(0);
  });

  it('a key that refuses to agree ends the handshake, with its error as cause, and wipes the other secret', async () => {
    const refusal = new Error('the wallet is locked');
    const [initiatorKey] = await statics;
    const staticKey = { publicKey: initiatorKey.publicKey, agree: () => Promise.reject(refusal) };
    const e = slow(await generateX25519());
    const { initiator, responder } = await parties(suite, { initiator: { staticKey, ephemeral: e.key } });
    await responder.readMessage1(await initiator.writeMessage1());
    const reading = initiator.readMessage2(responder.writeMessage2());
    await expect(reading).rejects.toMatchObject({ code: 'ERR_NOISE_HANDSHAKE', cause: refusal });
    expect(e.log.secrets).toHaveLength(2);
    expect(e.log.secrets.every(isZero)).toBe(true);
  });

  it.each([
    ['too short', () => new Uint8Array(31).fill(1)],
    ['not bytes', () => 'secret' as never],
  ])('a key that agrees on something %s is refused', async (_, secret) => {
    const [, responderKey] = await statics;
    const staticKey = { publicKey: responderKey.publicKey, agree: async () => secret() };
    const { initiator, responder } = await parties(suite, { responder: { staticKey } });
    const message1 = await initiator.writeMessage1();
    expect(await faultOf(() => responder.readMessage1(message1))).toBe('ERR_NOISE_HANDSHAKE');
  });

  it('a message of the wrong length costs no key agreement', async () => {
    const [initiatorKey, responderKey] = await statics;
    for (const bytes of [0, 31, 32, 47, 49, 65_535]) {
      const [e1, s1] = [slow(await generateX25519()), slow(initiatorKey)];
      const [e2, s2] = [slow(await generateX25519()), slow(responderKey)];
      const { initiator, responder } = await parties(suite, {
        initiator: { ephemeral: e1.key, staticKey: s1.key },
        responder: { ephemeral: e2.key, staticKey: s2.key },
      });
      await initiator.writeMessage1();
      expect(await faultOf(() => responder.readMessage1(new Uint8Array(bytes)))).toBe('ERR_NOISE_HANDSHAKE');
      expect(await faultOf(() => initiator.readMessage2(new Uint8Array(bytes)))).toBe('ERR_NOISE_HANDSHAKE');
      expect([e1, s1, e2, s2].map(({ log }) => log.agreements)).toEqual([1, 0, 0, 0]);
    }
  });

  describe('payloads', () => {
    it('are not to be written unless allowed', async () => {
      const { initiator, responder } = await parties(suite);
      const payload = Uint8Array.of(1);
      expect(await faultOf(() => initiator.writeMessage1(payload))).toBe('RangeError');
      await responder.readMessage1(await initiator.writeMessage1());
      expect(await faultOf(() => responder.writeMessage2(payload))).toBe('RangeError');
      await initiator.readMessage2(responder.writeMessage2());
      expect(await faultOf(() => initiator.writeMessage3(payload))).toBe('RangeError');
      expect(await faultOf(() => initiator.writeMessage3('x' as never))).toBe('TypeError');
      await responder.readMessage3(initiator.writeMessage3());
    });

    it.each([1, 2, 3] as const)('in message %i are refused on the wire unless allowed', async (at) => {
      const payloads = { payloads: true };
      const { initiator, responder } = await parties(
        suite,
        at === 2 ? { responder: payloads } : { initiator: payloads },
      );
      const said = (number: number) => (number === at ? Uint8Array.of(1) : EMPTY);
      const run = async () => {
        await responder.readMessage1(await initiator.writeMessage1(said(1)));
        await initiator.readMessage2(responder.writeMessage2(said(2)));
        await responder.readMessage3(initiator.writeMessage3(said(3)));
      };
      expect(await faultOf(run)).toBe('ERR_NOISE_HANDSHAKE');
    });

    it('fit up to the longest message', async () => {
      const payloads = { payloads: true };
      const { initiator, responder } = await parties(suite, { initiator: payloads, responder: payloads });
      expect(await faultOf(() => initiator.writeMessage1(new Uint8Array(65_488)))).toBe('RangeError');
      const message = await initiator.writeMessage1(new Uint8Array(65_487));
      expect(message).toHaveLength(65_535);
      expect(await responder.readMessage1(message)).toHaveLength(65_487);
    });
  });
});

describe('XK options', () => {
  it('are checked before anything else', async () => {
    const suite = SUITES[0] as NoiseSuite;
    const staticKey = await pair(1);
    const good = { suite, staticKey, prologue: PROLOGUE, remoteStaticKey: staticKey.publicKey };
    const short = { ...staticKey, publicKey: new Uint8Array(31) };
    expect(() => new XkInitiator({ ...good, remoteStaticKey: new Uint8Array(31) })).toThrow(RangeError);
    expect(() => new XkInitiator({ ...good, remoteStaticKey: undefined as never })).toThrow(TypeError);
    expect(() => new XkInitiator({ ...good, staticKey: short })).toThrow(RangeError);
    expect(() => new XkInitiator({ ...good, prologue: 'p' as never })).toThrow(TypeError);
    expect(() => new XkResponder({ ...good, staticKey: short })).toThrow(RangeError);
    expect(() => new XkResponder({ ...good, prologue: undefined as never })).toThrow(TypeError);
  });

  it('messages of the wrong kind are refused and change nothing', async () => {
    const { initiator, responder } = await parties(SUITES[0] as NoiseSuite);
    const message1 = await initiator.writeMessage1();
    expect(await faultOf(() => responder.readMessage1('hello' as never))).toBe('TypeError');
    expect(await faultOf(() => responder.readMessage1([...message1] as never))).toBe('TypeError');
    await responder.readMessage1(message1);
    expect(await faultOf(() => initiator.readMessage2(undefined as never))).toBe('TypeError');
    await initiator.readMessage2(responder.writeMessage2());
    expect(await faultOf(() => responder.readMessage3(new ArrayBuffer(64) as never))).toBe('TypeError');
    await responder.readMessage3(initiator.writeMessage3());
  });
});

/** A suite that keeps every key it hands out or is given, and counts the AEADs that have not been wiped. */
function spied(inner: NoiseSuite) {
  const keys: Uint8Array[] = [];
  let live = 0;
  const suite: NoiseSuite = {
    ...inner,
    hkdf(chainingKey, inputKeyMaterial) {
      const outputs = inner.hkdf(chainingKey, inputKeyMaterial);
      keys.push(...outputs);
      return outputs;
    },
    aead(key) {
      const aead = inner.aead(key);
      live++;
      let wiped = false;
      return {
        seal: (...rest) => aead.seal(...rest),
        open: (...rest) => aead.open(...rest),
        wipe() {
          if (!wiped) live--;
          wiped = true;
          aead.wipe();
        },
      };
    },
  };
  return { suite, keys, liveAeads: () => live };
}
