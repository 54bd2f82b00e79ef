// Two sessions over the real secure channel, with the traffic of each direction in the test's hand.

import { initiate } from '../../src/channel/initiate.js';
import { respond } from '../../src/channel/respond.js';
import { identityFromSeed } from '../../src/identity/seed-identity.js';
import { nobleSuite } from '../../src/noise/suite-noble.js';
import { Session } from '../../src/phone/session.js';
import type { SessionOptions } from '../../src/phone/session-options.js';
import { fakeClock } from '../../src/testing/fake-clock.js';
import { type MemoryWire, memoryWires } from '../../src/transport/memory.js';

export const CALLER_SEED = Uint8Array.from({ length: 32 }, (_, i) => 0xa0 + i);
export const CALLEE_SEED = Uint8Array.from({ length: 32 }, (_, i) => 0x10 + i);

/** One direction: what one side sends. */
export interface Flow {
  /** Nothing crosses from now on. */
  stop(): void;
  /** All that waited crosses, and what follows. */
  go(): void;
}

export async function securePair(serving: SessionOptions = {}, calling: SessionOptions = {}) {
  const clock = fakeClock();
  const stopped = new Set<MemoryWire>();
  const wires = memoryWires(
    (wire) =>
      queueMicrotask(() => {
        if (!stopped.has(wire)) wire.moveOne();
      }),
    { clock },
  );
  const flowOf = (wire: MemoryWire): Flow => ({
    stop: () => stopped.add(wire),
    go: () => {
      stopped.delete(wire);
      while (wire.moveOne());
    },
  });
  const [near, far] = wires;
  const [alice, bob] = await Promise.all([identityFromSeed(CALLER_SEED), identityFromSeed(CALLEE_SEED)]);
  const [callerChannel, calleeChannel] = await Promise.all([
    initiate({
      identity: alice,
      transport: { dial: async () => near.core },
      remoteDid: bob.did,
      suite: nobleSuite,
      clock,
    }),
    respond({
      identity: bob,
      incoming: { transport: far.core, callerDid: alice.did, subprotocol: 'agent-phone.v1' },
      suite: nobleSuite,
      signal: new AbortController().signal,
    }),
  ]);
  const record = (did: string) => ({ peer: { did, proof: 'x25519' as const, agreementKey: new Uint8Array(32) } });
  return {
    clock,
    callerChannel,
    calleeChannel,
    /** The connection itself, below the cryptography. */
    transports: { caller: near.core, callee: far.core },
    fromCaller: flowOf(near),
    fromCallee: flowOf(far),
    caller: new Session(callerChannel, record(bob.did), { clock, ...calling }),
    callee: new Session(calleeChannel, record(alice.did), { clock, ...serving }),
  };
}
