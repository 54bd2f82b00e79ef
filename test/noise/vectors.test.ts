// Known answers for exactly our protocol name, with fixed ephemeral keys: both roles, both suites.

import { describe, expect, it } from 'vitest';
import { x25519FromSecret } from '../../src/curves/x25519.js';
import { XkInitiator, XkResponder } from '../../src/noise/handshake-xk.js';
import { buildPrologue } from '../../src/noise/prologue.js';
import { PROTOCOL_NAME } from '../../src/noise/symmetric-state.js';
import cacophony from '../../vectors/noise-xk/cacophony.json' with { type: 'json' };
import ringline from '../../vectors/noise-xk/ringline.json' with { type: 'json' };
import snow from '../../vectors/noise-xk/snow.json' with { type: 'json' };
import { hex, unhex } from '../support/hex.js';
import { EMPTY, SUITES } from './support.js';

interface Vector {
  readonly protocol_name: string;
  readonly init_prologue: string;
  readonly init_static: string;
  readonly init_ephemeral: string;
  readonly init_remote_static: string;
  readonly resp_prologue: string;
  readonly resp_static: string;
  readonly resp_ephemeral: string;
  readonly handshake_hash?: string;
  readonly messages: readonly { readonly payload: string; readonly ciphertext: string }[];
}

const SOURCES: readonly [string, readonly Vector[]][] = [
  ['cacophony', cacophony.vectors],
  ['snow', snow.vectors],
  ['ringline', ringline.vectors],
];
const CASES = SOURCES.flatMap(([source, vectors]) => vectors.map((vector, i) => [`${source} ${i}`, vector] as const));

it('has vectors of all three sources', () => {
  expect(SOURCES.map(([, vectors]) => vectors.length)).toEqual([1, 1, 2]);
  for (const [, vector] of CASES) expect(vector.protocol_name).toBe(PROTOCOL_NAME);
});

it.each(ringline.vectors)('prologue of $init_did', (vector) => {
  expect(hex(buildPrologue(vector.init_did, vector.resp_did))).toBe(vector.init_prologue);
});

describe.each(SUITES)('$name suite', (suite) => {
  it.each(CASES)('%s', async (_, vector) => {
    const [hello, answer, proof, ...frames] = vector.messages.map(({ payload, ciphertext }) => ({
      payload: unhex(payload),
      ciphertext,
    }));
    const payloads = hello?.payload.length !== 0;
    const initiator = new XkInitiator({
      suite,
      staticKey: await x25519FromSecret(unhex(vector.init_static)),
      ephemeral: await x25519FromSecret(unhex(vector.init_ephemeral)),
      remoteStaticKey: unhex(vector.init_remote_static),
      prologue: unhex(vector.init_prologue),
      payloads,
    });
    const responder = new XkResponder({
      suite,
      staticKey: await x25519FromSecret(unhex(vector.resp_static)),
      ephemeral: await x25519FromSecret(unhex(vector.resp_ephemeral)),
      prologue: unhex(vector.resp_prologue),
      payloads,
    });

    const message1 = await initiator.writeMessage1(hello?.payload);
    expect(hex(message1)).toBe(hello?.ciphertext);
    expect(await responder.readMessage1(message1)).toEqual(hello?.payload);
    const message2 = responder.writeMessage2(answer?.payload);
    expect(hex(message2)).toBe(answer?.ciphertext);
    expect(await initiator.readMessage2(message2)).toEqual(answer?.payload);
    const message3 = initiator.writeMessage3(proof?.payload);
    expect(hex(message3)).toBe(proof?.ciphertext);
    expect(await responder.readMessage3(message3)).toEqual(proof?.payload);

    const near = initiator.split();
    const far = responder.split();
    expect(near.handshakeHash).toEqual(far.handshakeHash);
    if (vector.handshake_hash !== undefined) expect(hex(near.handshakeHash)).toBe(vector.handshake_hash);
    expect(hex(near.remoteStaticKey)).toBe(vector.init_remote_static);
    expect(far.remoteStaticKey).toEqual((await x25519FromSecret(unhex(vector.init_static))).publicKey);
    for (const [i, { payload, ciphertext }] of frames.entries()) {
      const [from, to] = i % 2 === 0 ? [far.send, near.receive] : [near.send, far.receive];
      const sealed = from.encryptWithAd(EMPTY, payload);
      expect(hex(sealed)).toBe(ciphertext);
      expect(to.decryptWithAd(EMPTY, sealed)).toEqual(payload);
    }
  });
});
