// N3, F27: points of small order get nobody anywhere, whichever backend does the curve work. The scripted peer computes
// with the all-zero secret such a point would give, so that only a check on our side can stop it.

import { describe, expect, test } from 'vitest';
import { initiate } from '../../src/channel/initiate.js';
import { respond } from '../../src/channel/respond.js';
import type { CurveBackend } from '../../src/curves/backend.js';
import { generateX25519 } from '../../src/curves/x25519.js';
import type { Identity } from '../../src/identity/identity.js';
import { identityOver } from '../../src/identity/seed-identity.js';
import type { NoiseSuite } from '../../src/noise/suite.js';
import { nobleSuite } from '../../src/noise/suite-noble.js';
import type { Misbehaviour } from '../../src/testing/misbehaviour.js';
import { ScriptedPeer } from '../../src/testing/scripted-peer.js';
import { memoryPair, memoryTransports } from '../../src/transport/memory.js';
import cases from '../../vectors/did-key/edge-cases.json' with { type: 'json' };
import { code, mallory } from '../support/handshake.js';
import { hex, unhex } from '../support/hex.js';
import { X25519_SMALL_ORDER } from '../support/small-order.js';

/** Each of the points twice. */
const POINTS = X25519_SMALL_ORDER.flatMap((text) => {
  const point = unhex(text);
  // X25519 does not look at the highest bit.
  return [text, hex(point.map((byte, at) => (at === 31 ? byte ^ 0x80 : byte)))];
});

const IMPOSTOR = code('ERR_CHANNEL_IMPOSTOR');

describe.each<CurveBackend>(['webcrypto', 'noble'])('N3 on %s', async (backend) => {
  const suite: NoiseSuite = { ...nobleSuite, generateKeyPair: () => generateX25519(backend) };
  const bob = await identityOver(unhex(cases.seed), backend);

  const called = async (misbehaviour: Misbehaviour, identity: Identity = bob) => {
    const [near, far] = memoryPair();
    const peer = new ScriptedPeer({ identity: mallory, misbehaviours: [misbehaviour] });
    const dialling = peer.dial(near, bob.did);
    const { signal } = new AbortController();
    const incoming = await far.accept({ subprotocol: 'agent-phone.v1' });
    await expect(respond({ identity, incoming, suite, signal })).rejects.toEqual(IMPOSTOR);
    await dialling;
    return peer;
  };

  test.each(POINTS)('a caller with an ephemeral key of small order: %s', async (point) => {
    const peer = await called({ kind: 'low-order-ephemeral', point: unhex(point) });
    // Not even message 2.
    expect(peer.handshake).toHaveLength(1);
  });

  test.each(POINTS)('a caller with a static key of small order: %s', async (point) => {
    const peer = await called({ kind: 'low-order-static', point: unhex(point) });
    expect(peer.handshake).toHaveLength(3);
  });

  test.each(POINTS)('a callee with an ephemeral key of small order: %s', async (point) => {
    const [near, far] = memoryPair();
    const misbehaviours: Misbehaviour[] = [{ kind: 'low-order-ephemeral', point: unhex(point) }];
    const peer = new ScriptedPeer({ identity: mallory, misbehaviours });
    const answered = peer.answer(far);
    const calling = initiate({ identity: bob, transport: near, remoteDid: mallory.did, suite });
    await expect(calling).rejects.toEqual(IMPOSTOR);
    await answered;
    expect(peer.handshake).toHaveLength(2);
  });

  test('not even for an identity whose own agreement does not look', async () => {
    const careless = { ...bob, agree: async () => new Uint8Array(32) };
    await called({ kind: 'low-order-ephemeral', point: unhex(POINTS[0] as string) }, careless);
  });

  test.each(cases.refusedKey)('a caller by the DID of a key that cannot be used: $why', async ({ did }) => {
    const [near, far] = memoryTransports();
    const { signal } = new AbortController();
    const incoming = { transport: far, callerDid: did, subprotocol: 'agent-phone.v1' };
    near.send(new Uint8Array(48));
    await expect(respond({ identity: bob, incoming, suite, signal })).rejects.toEqual(code('ERR_IDENTITY_KEY'));
    expect(await near.closed).toMatchObject({ code: 1008, reason: '' });
  });
});
