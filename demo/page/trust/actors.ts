// What the agents of the trust view have in common: names and capabilities, what is told about a token, how one is made.

import { AitpAgent, type AitpAgentOptions, type PinnedKey, pinnedKeys, type Tct } from 'ringline/aitp';
import { createIdentity, type Identity } from 'ringline/identity';

/** An agent as the page knows it. */
export interface Presence {
  readonly name: string;
  readonly did: string;
  readonly aid: string;
  /** Its Manifest, as it would publish it. */
  readonly manifest: string;
}

/** What a token says, once it was verified by whoever holds it. */
export interface TokenFacts {
  readonly issuer: string;
  readonly holder: string;
  readonly grants: readonly string[];
  /** Unix seconds. */
  readonly issuedAtSec: number;
  /** Unix seconds. */
  readonly expiresAtSec: number;
  readonly jti: string;
  /** The token itself. */
  readonly token: string;
}

/** A message of the handshake, as it passed. */
export interface PassedMessage {
  readonly number: 1 | 2 | 3 | 4;
  /** `passed`: it went over. `accepted`: whoever got it has verified it. `refused`: it has not. */
  readonly state: 'passed' | 'accepted' | 'refused';
  /** DID of the guest that the handshake is with. */
  readonly with: string;
  /** The envelope, as it passed. */
  readonly text: string;
  /** Since the first message. */
  readonly atMs: number;
}

/** What became of a call. */
export interface Answer {
  readonly result: unknown;
  readonly ms: number;
}

/** One agent: its key, and what it makes of it. */
export interface Actor {
  readonly identity: Identity;
  readonly agent: AitpAgent;
  readonly presence: Presence;
  /** Tells it of another agent by its name and key, as a person would who knows both. */
  introduce(name: string, aid: string): void;
}

/** Makes an agent with a fresh key, which never leaves the frame or worker that this runs in. */
export async function makeActor(
  name: string,
  offeredCapabilities: readonly string[],
  options: Pick<AitpAgentOptions, 'grantPolicy'> = {},
): Promise<Actor> {
  const identity = await createIdentity();
  const known: PinnedKey[] = [];
  const agent = AitpAgent.fromIdentity(identity, {
    ...options,
    // Whoever is not on the list is not believed, however well it proves its key.
    pinnedKeys: { find: (subject, publicKey) => pinnedKeys(known).find(subject, publicKey) },
    // A tab publishes no list of what it took back. Whoever granted a token looks at its own list, on every call.
    revocation: { dangerouslyIgnoreRevocation: true },
    tctTtlSec: 900,
  });
  const manifest = await agent.buildManifest({
    displayName: name,
    // Nobody can post to a frame or a worker: the handshake runs over a port.
    handshakeEndpoint: 'https://in-a-tab.invalid/',
    offeredCapabilities,
  });
  return {
    identity,
    agent,
    presence: { name, did: identity.did, aid: agent.aid, manifest },
    introduce(subject, aid) {
      known.push({ subject, publicKey: aid.slice(aid.lastIndexOf(':') + 1) });
    },
  };
}

/** What is told of a token. */
export function factsOf({ issuer, subject, grants, issuedAtSec, expiresAtSec, jti, token }: Tct): TokenFacts {
  return { issuer, holder: subject, grants, issuedAtSec, expiresAtSec, jti, token };
}
