// The handshake and its frames, with both suites: against known answers, against each other, and damaged.

import vectors from '../../vectors/noise-xk/ringline.json' with { type: 'json' };
import { equal, hex, ok, refuses, unhex } from './assert.mjs';

const NOTHING = new Uint8Array(0);

/** @param {any} library */
export function noiseCases(library) {
  const { nobleSuite, PROTOCOL_NAME, buildPrologue } = library.noise;
  const suites = { noble: nobleSuite, fast: library.fast.fastSuite };
  const pairs = Object.keys(suites).flatMap((near) => Object.keys(suites).map((far) => [near, far]));
  return [
    {
      name: 'the prologue and the protocol name are the known ones',
      run() {
        for (const vector of vectors.vectors) {
          equal(PROTOCOL_NAME, vector.protocol_name);
          equal(hex(buildPrologue(vector.init_did, vector.resp_did)), vector.init_prologue);
        }
      },
    },
    ...Object.entries(suites).map(([name, suite]) => ({
      name: `${name} suite: the known handshake and every frame after it`,
      async run() {
        ok(vectors.vectors.length > 0);
        for (const vector of vectors.vectors) await knownAnswer(library, suite, vector);
      },
    })),
    ...pairs.map(([near, far]) => ({
      name: `${near} suite calls ${far} suite: handshake, frames of many lengths, a damaged one`,
      run: () => conversation(library, suites[near], suites[far]),
    })),
    ...Object.entries(suites).map(([name, suite]) => ({
      name: `${name} suite: a handshake message with any one bit flipped is refused`,
      run: () => damagedHandshakes(library, suite),
    })),
  ];
}

async function knownAnswer(library, suite, vector) {
  const { initiator, responder } = await parties(library, suite, suite, vector);
  const [first, second, third, ...frames] = vector.messages;
  equal(hex(await initiator.writeMessage1()), first.ciphertext);
  await responder.readMessage1(unhex(first.ciphertext));
  equal(hex(await responder.writeMessage2()), second.ciphertext);
  await initiator.readMessage2(unhex(second.ciphertext));
  equal(hex(await initiator.writeMessage3()), third.ciphertext);
  await responder.readMessage3(unhex(third.ciphertext));
  const [near, far] = [initiator.split(), responder.split()];
  equal(
    [near, far].map((result) => hex(result.handshakeHash)),
    [vector.handshake_hash, vector.handshake_hash],
  );
  ok(frames.length > 3);
  for (const [i, { payload, ciphertext }] of frames.entries()) {
    // The vector's messages take turns, and the third of the handshake was the initiator's.
    const [from, to] = i % 2 === 0 ? [far, near] : [near, far];
    equal(hex(from.send.encryptWithAd(NOTHING, unhex(payload))), ciphertext);
    equal(hex(to.receive.decryptWithAd(NOTHING, unhex(ciphertext))), payload);
  }
}

async function conversation(library, nearSuite, farSuite) {
  const { initiator, responder } = await parties(library, nearSuite, farSuite);
  await responder.readMessage1(await initiator.writeMessage1());
  await initiator.readMessage2(await responder.writeMessage2());
  await responder.readMessage3(await initiator.writeMessage3());
  const [near, far] = [initiator.split(), responder.split()];
  equal(near.handshakeHash, far.handshakeHash);
  for (const length of [0, 1, 15, 16, 17, 63, 64, 65, 255, 1_000, 16_384, 65_519]) {
    const plaintext = Uint8Array.from({ length }, (_, i) => i * 31 + length);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ]) {
      equal(to.receive.decryptWithAd(NOTHING, from.send.encryptWithAd(NOTHING, plaintext)), plaintext);
    }
  }
  const frame = near.send.encryptWithAd(NOTHING, Uint8Array.of(1, 2, 3));
  frame[1] ^= 0x10;
  await refuses(() => far.receive.decryptWithAd(NOTHING, frame), 'ERR_NOISE_DECRYPT');
  frame[1] ^= 0x10;
  await refuses(() => far.receive.decryptWithAd(NOTHING, frame), 'ERR_NOISE_DEAD');
}

async function damagedHandshakes(library, suite) {
  const flips = [0, 31, 32, 47];
  for (const at of flips) {
    const { initiator, responder } = await parties(library, suite, suite);
    const message = await initiator.writeMessage1();
    message[at] ^= 1;
    await refuses(() => responder.readMessage1(message), 'ERR_NOISE_HANDSHAKE', `message 1, byte ${at}`);
  }
  for (const at of flips) {
    const { initiator, responder } = await parties(library, suite, suite);
    await responder.readMessage1(await initiator.writeMessage1());
    const message = await responder.writeMessage2();
    message[at] ^= 1;
    await refuses(() => initiator.readMessage2(message), 'ERR_NOISE_HANDSHAKE', `message 2, byte ${at}`);
  }
  for (const at of [...flips, 63]) {
    const { initiator, responder } = await parties(library, suite, suite);
    await responder.readMessage1(await initiator.writeMessage1());
    await initiator.readMessage2(await responder.writeMessage2());
    const message = await initiator.writeMessage3();
    message[at] ^= 1;
    await refuses(() => responder.readMessage3(message), 'ERR_NOISE_HANDSHAKE', `message 3, byte ${at}`);
  }
}

/** Both ends of a handshake: of a vector, or of two fresh identities. */
async function parties({ noise, x25519, identity, front }, nearSuite, farSuite, vector) {
  const { XkInitiator, XkResponder, buildPrologue } = noise;
  if (vector !== undefined) {
    const pair = (secret) => x25519.x25519FromSecret(unhex(secret));
    const prologue = unhex(vector.init_prologue);
    return {
      initiator: new XkInitiator({
        suite: nearSuite,
        staticKey: await pair(vector.init_static),
        ephemeral: await pair(vector.init_ephemeral),
        remoteStaticKey: unhex(vector.init_remote_static),
        prologue,
      }),
      responder: new XkResponder({
        suite: farSuite,
        staticKey: await pair(vector.resp_static),
        ephemeral: await pair(vector.resp_ephemeral),
        prologue,
      }),
    };
  }
  const [alice, bob] = await Promise.all([front.createIdentity(), front.createIdentity()]);
  const prologue = buildPrologue(alice.did, bob.did);
  const staticKey = ({ did, agree }) => ({ publicKey: identity.didToX25519(did), agree });
  return {
    initiator: new XkInitiator({
      suite: nearSuite,
      staticKey: staticKey(alice),
      remoteStaticKey: identity.didToX25519(bob.did),
      prologue,
    }),
    responder: new XkResponder({ suite: farSuite, staticKey: staticKey(bob), prologue }),
  };
}
