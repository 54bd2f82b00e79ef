// Both sides of a handshake over a given pair of ends, and a record of what a channel delivers. All of it over noble, so
// that a handshake runs in microtasks alone and a test knows when it has come to rest.

import { expect } from 'vitest';
import { randomBytes } from '../../src/bytes/random.js';
import { type InitiateOptions, initiate } from '../../src/channel/initiate.js';
import { type RespondOptions, respond } from '../../src/channel/respond.js';
import type { SecureChannel } from '../../src/channel/secure-channel.js';
import { generateX25519 } from '../../src/curves/x25519.js';
import type { Identity } from '../../src/identity/identity.js';
import { proveIdentity } from '../../src/identity/prove.js';
import { identityOver } from '../../src/identity/seed-identity.js';
import type { NoiseSuite } from '../../src/noise/suite.js';
import { nobleSuite } from '../../src/noise/suite-noble.js';
import type { Acceptor, Dialer, IncomingCall } from '../../src/transport/contract.js';
import { memoryPair } from '../../src/transport/memory.js';

export const suite: NoiseSuite = { ...nobleSuite, generateKeyPair: () => generateX25519('noble') };

export const [alice, bob, mallory] = (await Promise.all(
  [0, 1, 2].map(() => identityOver(randomBytes(32), 'noble')),
)) as [Identity, Identity, Identity];
await Promise.all([alice, bob, mallory].map(proveIdentity));

/** An expectation of an error by its code. */
export const code = (value: string) => expect.objectContaining({ code: value });

/** Alice calls bob. */
export function calling(transport: Dialer, options: Partial<InitiateOptions> = {}): Promise<SecureChannel> {
  return initiate({ identity: alice, transport, remoteDid: bob.did, suite, ...options });
}

/** Bob answers. */
export async function answering(
  from: Acceptor | IncomingCall,
  options: Partial<RespondOptions> = {},
): Promise<SecureChannel> {
  const { signal = new AbortController().signal } = options;
  const incoming = 'accept' in from ? await from.accept({ subprotocol: 'agent-phone.v1', signal }) : from;
  return respond({ identity: bob, incoming, suite, signal, ...options });
}

/** Both, over a memory pair or any other. */
export async function channels([near, far]: readonly [Dialer, Acceptor] = memoryPair()) {
  const [initiator, responder] = await Promise.all([calling(near), answering(far)]);
  return { initiator, responder };
}

/** Sends one frame. */
export function write(channel: SecureChannel, plaintext: string | Uint8Array): void {
  const bytes = typeof plaintext === 'string' ? new TextEncoder().encode(plaintext) : plaintext;
  channel.write((target) => {
    target.set(bytes);
    return bytes.length;
  });
}

/** Starts delivery. @returns What has come, as text; grows. */
export function record(channel: SecureChannel): string[] {
  const seen: string[] = [];
  channel.receive((plaintext) => seen.push(new TextDecoder().decode(plaintext)));
  return seen;
}
