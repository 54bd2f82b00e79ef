// Live against noise-c: fresh keys every time, both roles, transport messages and the handshake hash included.

import type { NoiseC, NoiseCCipherState } from 'noise-c.wasm';
import { beforeAll, describe, expect, it } from 'vitest';
import { x25519FromSecret } from '../../src/curves/x25519.js';
import type { CipherState } from '../../src/noise/cipher-state.js';
import { XkInitiator, XkResponder } from '../../src/noise/handshake-xk.js';
import { PROTOCOL_NAME, SymmetricState } from '../../src/noise/symmetric-state.js';
import { loadNoiseC } from './noise-c.js';
import { dataIn, EMPTY, expectSame, laidOut, laidOutSealed, PROLOGUE, pseudoRandom, SUITES } from './support.js';

let noise: NoiseC;
beforeAll(async () => {
  noise = await loadNoiseC();
});

/** Frames both ways, of lengths around every block boundary, sealed and opened in place on our side. */
function exchange(ours: { send: CipherState; receive: CipherState }, theirs: readonly NoiseCCipherState[]): void {
  const [theirSend, theirReceive] = theirs as [NoiseCCipherState, NoiseCCipherState];
  for (const bytes of [0, 1, 15, 16, 17, 63, 64, 65, 127, 128, 129, 1000, 65_519]) {
    const plaintext = pseudoRandom(bytes, bytes + 1);
    const buffer = laidOut(plaintext);
    const sealedBytes = ours.send.seal(buffer, bytes);
    expect(sealedBytes).toBe(bytes + 16);
    expectSame(theirReceive.DecryptWithAd(EMPTY, dataIn(buffer, sealedBytes)), plaintext);
    const sealed = laidOutSealed(theirSend.EncryptWithAd(EMPTY, plaintext));
    expect(ours.receive.open(sealed, bytes + 16)).toBe(bytes);
    expectSame(dataIn(sealed, bytes), plaintext);
  }
}

describe.each(SUITES)('$name suite and noise-c', (suite) => {
  it.each([1, 2, 3])('we dial, they answer (%i)', async (round) => {
    const theirSecret = pseudoRandom(32, 100 + round);
    const theirPublic = (await x25519FromSecret(theirSecret)).publicKey;
    const staticKey = await x25519FromSecret(pseudoRandom(32, 200 + round));
    const ours = new XkInitiator({ suite, staticKey, remoteStaticKey: theirPublic, prologue: PROLOGUE });
    const theirs = noise.HandshakeState(PROTOCOL_NAME, noise.constants.NOISE_ROLE_RESPONDER);
    theirs.Initialize(PROLOGUE, theirSecret, null);

    theirs.ReadMessage(await ours.writeMessage1());
    await ours.readMessage2(theirs.WriteMessage());
    theirs.ReadMessage(ours.writeMessage3());
    const result = ours.split();
    expect(result.handshakeHash).toEqual(theirs.GetHandshakeHash());
    expect(theirs.GetRemotePublicKey()).toEqual(staticKey.publicKey);
    expect(result.remoteStaticKey).toEqual(theirPublic);
    exchange(result, theirs.Split());
  });

  it.each([1, 2, 3])('they dial, we answer (%i)', async (round) => {
    const theirSecret = pseudoRandom(32, 300 + round);
    const staticKey = await x25519FromSecret(pseudoRandom(32, 400 + round));
    const ours = new XkResponder({ suite, staticKey, prologue: PROLOGUE });
    const theirs = noise.HandshakeState(PROTOCOL_NAME, noise.constants.NOISE_ROLE_INITIATOR);
    theirs.Initialize(PROLOGUE, theirSecret, staticKey.publicKey);

    await ours.readMessage1(theirs.WriteMessage());
    theirs.ReadMessage(ours.writeMessage2());
    await ours.readMessage3(theirs.WriteMessage());
    const result = ours.split();
    expect(result.handshakeHash).toEqual(theirs.GetHandshakeHash());
    expect(result.remoteStaticKey).toEqual((await x25519FromSecret(theirSecret)).publicKey);
    exchange(result, theirs.Split());
  });

  it('keeps a symmetric state as noise-c does, also before the first key', () => {
    const ours = new SymmetricState(suite);
    const theirs = noise.SymmetricState(PROTOCOL_NAME);
    const both = <T>(mine: T, other: T): T => {
      expect(mine).toEqual(other);
      return mine;
    };
    const text = pseudoRandom(40, 1);
    const clear = both(ours.encryptAndHash(text), theirs.EncryptAndHash(text));
    expect(clear).toEqual(text);
    both(ours.decryptAndHash(text), theirs.DecryptAndHash(text));
    for (let round = 0; round < 3; round++) {
      const secret = pseudoRandom(32, 10 + round);
      ours.mixKey(secret);
      theirs.MixKey(secret);
      ours.mixHash(secret);
      theirs.MixHash(secret);
      for (const bytes of [0, 32, 200]) {
        const plaintext = pseudoRandom(bytes, bytes);
        both(ours.encryptAndHash(plaintext), theirs.EncryptAndHash(plaintext));
      }
    }
    const states = ours.split();
    theirs.Split().forEach((state, i) => {
      both(states[i as 0 | 1].encryptWithAd(text, text), state.EncryptWithAd(text, text));
    });
  });

  it('opens nothing that noise-c sealed for another handshake', async () => {
    const staticKey = await x25519FromSecret(pseudoRandom(32, 5));
    const ours = new XkResponder({ suite, staticKey, prologue: PROLOGUE });
    const theirs = noise.HandshakeState(PROTOCOL_NAME, noise.constants.NOISE_ROLE_INITIATOR);
    theirs.Initialize(PROLOGUE.with(3, 0), pseudoRandom(32, 6), staticKey.publicKey);
    await expect(ours.readMessage1(theirs.WriteMessage())).rejects.toMatchObject({ code: 'ERR_NOISE_HANDSHAKE' });
  });
});
