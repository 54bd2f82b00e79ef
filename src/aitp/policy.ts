// What a peer is granted (AITP 0.2, section 5.3): what it asked for, as far as we offer it and our policy for that
// identity allows it. Capability strings are opaque and compared exactly; there are no prefixes and no wildcards.

import type { Aid } from './aid.js';
import { AitpError } from './errors.js';
import type { IdentityType } from './manifest.js';

/** Who asks to be granted something: a peer whose identity has been proved. */
export interface GrantRequester {
  readonly aid: Aid;
  readonly identityType: IdentityType;
  /** Name of the identity at its issuer, or in the list of pinned keys. */
  readonly subject: string;
  /** OIDC only. */
  readonly issuer?: string;
}

/**
 * Decides what a peer may be granted. Called once for each handshake, after its identity was proved.
 *
 * @param peer Who asks.
 * @param grants What it asked for and we offer. Anything else in the answer is ignored, so that a policy only narrows.
 */
export type GrantPolicy = (
  peer: GrantRequester,
  grants: readonly string[],
) => readonly string[] | Promise<readonly string[]>;

/** The policy where none is given: whatever we offer, to every identity we accept. */
export const grantWhatIsOffered: GrantPolicy = (_peer, grants) => grants;

/** What {@link decideGrants} weighs. */
export interface GrantDecision {
  /** `requested_grants` of the peer. */
  readonly requested: readonly string[];
  /** `offered_capabilities` of our own Manifest. */
  readonly offered: readonly string[];
  readonly peer: GrantRequester;
  readonly policy?: GrantPolicy | undefined;
  /** What the pinned key of the peer may have at most. Absent: no such limit. */
  readonly allowedCapabilities?: readonly string[] | undefined;
}

/**
 * Intersects what was asked for with what is offered and allowed.
 *
 * @returns One grant or more, in the order asked for, each once. Fresh.
 * @throws {AitpError} POLICY_VIOLATION: nothing is left.
 * @throws What the policy throws, untouched.
 */
export async function decideGrants(decision: GrantDecision): Promise<readonly string[]> {
  const { requested, offered, peer, policy = grantWhatIsOffered, allowedCapabilities } = decision;
  const possible = intersect(intersect(requested, offered), allowedCapabilities ?? requested);
  // A policy is handed a list of its own: whatever it does to that one adds nothing here.
  const granted = possible.length === 0 ? [] : intersect(possible, await policy(peer, [...possible]));
  if (granted.length === 0) throw new AitpError('POLICY_VIOLATION', 'nothing the peer asks for may be granted to it');
  return granted;
}

/** Members of `list` that are also in `other`, in their order, each once. */
function intersect(list: readonly string[], other: readonly string[]): readonly string[] {
  const set = new Set(other);
  return [...new Set(list)].filter((grant) => set.has(grant));
}
