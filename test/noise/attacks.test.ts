// Attacks on the handshake, by name. Each ends in ERR_NOISE_HANDSHAKE, never in a session.

import { describe, expect, it, vi } from 'vitest';
import { generateX25519 } from '../../src/curves/x25519.js';
import type { XkInitiator, XkResponder } from '../../src/noise/handshake-xk.js';
import { buildPrologue } from '../../src/noise/prologue.js';
import type { NoiseSuite } from '../../src/noise/suite.js';
import { SymmetricState } from '../../src/noise/symmetric-state.js';
import lowOrder from '../../vectors/wycheproof/x25519_test.json' with { type: 'json' };
import { hex, unhex } from '../support/hex.js';
import { X25519_SMALL_ORDER } from '../support/small-order.js';
import { EMPTY, faultOf, laidOutSealed, PROLOGUE, pair, parties, pseudoRandom, SUITES, shakeHands } from './support.js';

vi.setConfig({ testTimeout: 120_000 }); // for the long runs

const LONG = process.env.RINGLINE_LONG === '1';
const HANDSHAKE = 'ERR_NOISE_HANDSHAKE';

const LOW_ORDER = X25519_SMALL_ORDER.map(unhex);
/** And each with the bit that X25519 ignores. */
const LOW_ORDER_ALL = LOW_ORDER.flatMap((u) => [u, u.with(31, (u[31] as number) | 0x80)]);

/** Which step fails, and how; `undefined` when the handshake stands. */
async function failure(
  both: { initiator: XkInitiator; responder: XkResponder },
  tamper: (message: Uint8Array, number: 1 | 2 | 3) => Uint8Array,
): Promise<{ at: number; fault: string | undefined } | undefined> {
  let at = 0;
  const fault = await faultOf(() =>
    shakeHands(both, (message, number) => {
      at = number;
      return tamper(message, number);
    }),
  );
  return fault === undefined ? undefined : { at, fault };
}

describe.each(SUITES)('$name suite', (suite) => {
  describe.each([
    [1, 48],
    [2, 48],
    [3, 64],
  ] as const)('message %i', (number, bytes) => {
    const tampered = async (change: (message: Uint8Array) => Uint8Array) =>
      failure(await parties(suite), (message, at) => (at === number ? change(message) : message));

    it('with any byte flipped', async () => {
      for (let i = 0; i < bytes; i++) {
        for (const flip of LONG ? [1, 2, 4, 8, 16, 32, 64, 128] : [1 << (i % 8)]) {
          const outcome = await tampered((message) => message.with(i, (message[i] as number) ^ flip));
          expect({ i, flip, outcome }).toEqual({ i, flip, outcome: { at: number, fault: HANDSHAKE } });
        }
      }
    });

    it('cut short anywhere', async () => {
      for (let length = 0; length < bytes; length++) {
        const outcome = await tampered((message) => message.subarray(0, length));
        expect(outcome).toEqual({ at: number, fault: HANDSHAKE });
      }
    });

    it('made longer', async () => {
      for (const extra of [1, 16, 65_535 - bytes, 65_536]) {
        const outcome = await tampered((message) => new Uint8Array([...message, ...new Uint8Array(extra)]));
        expect(outcome).toEqual({ at: number, fault: HANDSHAKE });
      }
    });

    it('replaced by noise, zeros or nothing', async () => {
      for (const other of [pseudoRandom(bytes, 3), new Uint8Array(bytes), new Uint8Array(bytes).fill(255), EMPTY]) {
        expect(await tampered(() => other)).toEqual({ at: number, fault: HANDSHAKE });
      }
    });

    it('replayed from another handshake of the same two agents', async () => {
      const earlier: Uint8Array[] = [];
      await shakeHands(await parties(suite), (message) => {
        earlier.push(message);
        return message;
      });
      const outcome = await tampered(() => earlier[number - 1] as Uint8Array);
      // Anybody can send a message 1, so its replay gets an answer, but the answer opens nothing for the replayer.
      expect(outcome).toEqual({ at: Math.max(number, 2), fault: HANDSHAKE });
    });

    it('replaced by one of the other messages', async () => {
      const said: Uint8Array[] = [];
      const outcome = await failure(await parties(suite), (message, at) => {
        said.push(message);
        return at === number ? (said[Math.max(number - 2, 0)] as Uint8Array).with(0, 7) : message;
      });
      expect(outcome).toEqual({ at: number, fault: HANDSHAKE });
    });
  });

  it('replayed messages 1 and 3 of a whole recorded call do not make a second call', async () => {
    const recorded: Uint8Array[] = [];
    await shakeHands(await parties(suite), (message) => {
      recorded.push(message);
      return message;
    });
    const { responder } = await parties(suite);
    await responder.readMessage1(recorded[0] as Uint8Array);
    responder.writeMessage2();
    expect(await faultOf(() => responder.readMessage3(recorded[2] as Uint8Array))).toBe(HANDSHAKE);
    expect(await faultOf(() => responder.split())).toBe('ERR_NOISE_DEAD');
  });

  it('responder with another static key: it cannot open message 1', async () => {
    const both = await parties(suite, { responder: { staticKey: await pair(77) } });
    expect(await failure(both, (message) => message)).toEqual({ at: 1, fault: HANDSHAKE });
  });

  it('impostor responder that answers all the same: refused at message 2', async () => {
    // It has the right public key and the right prologue, but for the secret of another key.
    const impostorKey = await pair(78);
    const { initiator } = await parties(suite);
    const fooled = await parties(suite, {
      remoteStaticKey: impostorKey.publicKey,
      responder: { staticKey: impostorKey },
    });
    await initiator.writeMessage1();
    await fooled.responder.readMessage1(await fooled.initiator.writeMessage1());
    const message2 = fooled.responder.writeMessage2();
    expect(await faultOf(() => initiator.readMessage2(message2))).toBe(HANDSHAKE);
  });

  it('initiator that shows a static key it does not hold: refused at message 3', async () => {
    const [victim, evil] = [await pair(1), await pair(2)];
    const staticKey = { publicKey: victim.publicKey, agree: evil.agree.bind(evil) };
    const both = await parties(suite, { initiator: { staticKey } });
    expect(await failure(both, (message) => message)).toEqual({ at: 3, fault: HANDSHAKE });
  });

  it('key-compromise impersonation: with the responder’s secret alone nobody calls it as the victim', async () => {
    // The attacker knows the responder's static secret and the victim's public key; se still needs the victim's secret.
    const stolen = await pair(3);
    const victim = await pair(4);
    const staticKey = { publicKey: victim.publicKey, agree: stolen.agree.bind(stolen) };
    const both = await parties(suite, {
      initiator: { staticKey },
      responder: { staticKey: await pair(3) },
      remoteStaticKey: stolen.publicKey,
    });
    expect(await failure(both, (message) => message)).toEqual({ at: 3, fault: HANDSHAKE });
  });

  it('two callers cross-connected by a relay: neither gets a session', async () => {
    const [a, b] = [await parties(suite), await parties(suite)];
    await a.responder.readMessage1(await b.initiator.writeMessage1());
    await b.responder.readMessage1(await a.initiator.writeMessage1());
    const [answerA, answerB] = [a.responder.writeMessage2(), b.responder.writeMessage2()];
    expect(await faultOf(() => a.initiator.readMessage2(answerA))).toBe(HANDSHAKE);
    expect(await faultOf(() => b.initiator.readMessage2(answerB))).toBe(HANDSHAKE);
  });

  it('message reflected to its sender', async () => {
    const { initiator } = await parties(suite);
    const message1 = await initiator.writeMessage1();
    expect(await faultOf(() => initiator.readMessage2(message1))).toBe(HANDSHAKE);
  });

  it.each([
    ['swapped', ['did:key:zB', 'did:key:zA']],
    ['of another caller', ['did:key:zC', 'did:key:zB']],
    ['of another callee', ['did:key:zA', 'did:key:zC']],
    ['moved across the border', ['did:key:z', 'Adid:key:zB']],
  ])('unknown key share: prologue with DIDs %s', async (_, [near, far]) => {
    const both = await parties(suite, {
      initiator: { prologue: buildPrologue('did:key:zA', 'did:key:zB') },
      responder: { prologue: buildPrologue(near as string, far as string) },
    });
    expect(await failure(both, (message) => message)).toEqual({ at: 1, fault: HANDSHAKE });
  });

  it('frames of one session open in no other, and not in their own direction', async () => {
    const [one, two] = [await shakeHands(await parties(suite)), await shakeHands(await parties(suite))];
    const frame = one.near.send.encryptWithAd(EMPTY, pseudoRandom(30, 1));
    for (const state of [two.far.receive, one.near.receive, two.near.receive]) {
      expect(await faultOf(() => state.open(laidOutSealed(frame), frame.length))).toBe('ERR_NOISE_DECRYPT');
    }
    expect(one.far.receive.decryptWithAd(EMPTY, frame)).toEqual(pseudoRandom(30, 1));
  });

  it('low-order ephemeral, and a key backend that lets it through', async () => {
    // Both sides would share 32 zero bytes, known to everybody; the handshake looks for itself.
    const [point] = LOW_ORDER as [Uint8Array];
    const { publicKey } = await pair(5);
    const forged = new SymmetricState(suite);
    forged.mixHash(PROLOGUE);
    forged.mixHash(publicKey);
    forged.mixHash(point);
    forged.mixKey(new Uint8Array(32));
    const message1 = new Uint8Array([...point, ...forged.encryptAndHash(EMPTY)]);
    const staticKey = { publicKey, agree: async () => new Uint8Array(32) };
    const { responder } = await parties(suite, { responder: { staticKey, ephemeral: { ...staticKey, wipe() {} } } });
    expect(await faultOf(() => responder.readMessage1(message1))).toBe(HANDSHAKE);
  });

  describe.each(['webcrypto', 'noble'] as const)('low-order points, agreements by %s', (backend) => {
    const withBackend: NoiseSuite = { ...suite, generateKeyPair: () => generateX25519(backend) };

    it('are those that Wycheproof knows', () => {
      const known = lowOrder.testGroups.flatMap((group) =>
        group.tests.filter(({ flags }) => flags.includes('ZeroSharedSecret')).map((test) => test.public),
      );
      expect(known.length).toBeGreaterThan(0);
      expect(LOW_ORDER_ALL.map(hex)).toEqual(expect.arrayContaining(known));
    });

    it('low-order ephemeral in message 1', async () => {
      const staticKey = await generateX25519(backend);
      for (const point of LOW_ORDER_ALL) {
        const { initiator, responder } = await parties(withBackend, {
          responder: { staticKey },
          remoteStaticKey: staticKey.publicKey,
        });
        const message = new Uint8Array(await initiator.writeMessage1());
        message.set(point);
        await expect(responder.readMessage1(message)).rejects.toMatchObject({
          code: HANDSHAKE,
          cause: { code: 'ERR_IDENTITY_AGREEMENT' },
        });
      }
    });

    it('low-order ephemeral in message 2', async () => {
      const staticKey = await generateX25519(backend);
      for (const point of LOW_ORDER_ALL) {
        const { initiator, responder } = await parties(withBackend, { initiator: { staticKey } });
        await responder.readMessage1(await initiator.writeMessage1());
        const message = new Uint8Array(responder.writeMessage2());
        message.set(point);
        await expect(initiator.readMessage2(message)).rejects.toMatchObject({
          code: HANDSHAKE,
          cause: { code: 'ERR_IDENTITY_AGREEMENT' },
        });
      }
    });

    it('low-order static key: dialled, or shown in message 3', async () => {
      for (const point of LOW_ORDER_ALL) {
        const dialled = await parties(withBackend, { remoteStaticKey: point });
        await expect(dialled.initiator.writeMessage1()).rejects.toMatchObject({ code: HANDSHAKE });
        const secret = await generateX25519(backend);
        const shown = await parties(withBackend, {
          initiator: { staticKey: { publicKey: point, agree: secret.agree.bind(secret) } },
        });
        expect(await failure(shown, (message) => message)).toEqual({ at: 3, fault: HANDSHAKE });
      }
    });
  });
});
