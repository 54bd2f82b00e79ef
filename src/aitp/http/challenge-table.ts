// Challenges that wait for their answer (AITP 0.2, sections 5.5 and 9.3), in all and of one token: whoever has a token, its
// holder or not, can have itself challenged, and must not make us forget the challenges of others by that.

import type { PopChallenge } from '../downstream-pop.js';

/** How many challenges wait. */
export interface ChallengeLimits {
  /** In all. Default 10,000. */
  readonly maxChallenges?: number;
  /** Of one token. Default 16. */
  readonly maxChallengesPerToken?: number;
}

/** Waiting challenges. */
export interface ChallengeTable {
  /** Keeps a challenge. Where its token has as many as it may, the oldest of those goes; then the oldest of all. */
  add(challenge: PopChallenge): void;
  /** @param nonce From anywhere. */
  find(jti: string, nonce: unknown): PopChallenge | undefined;
  delete(challenge: PopChallenge): void;
}

/** Makes an empty table. */
export function challengeTable(limits: ChallengeLimits): ChallengeTable {
  const { maxChallenges = 10_000, maxChallengesPerToken = 16 } = limits;
  // By nonce, in the order they came: all are good equally long.
  const waiting = new Map<string, PopChallenge>();
  const byToken = new Map<string, Set<string>>();

  function drop({ jti, nonce }: PopChallenge): void {
    if (!waiting.delete(nonce)) return;
    const others = byToken.get(jti);
    others?.delete(nonce);
    if (others?.size === 0) byToken.delete(jti);
  }

  function dropOldest(nonces: Iterable<string>): void {
    for (const nonce of nonces) {
      drop(waiting.get(nonce) as PopChallenge);
      return;
    }
  }

  return {
    add(challenge) {
      const { jti, nonce } = challenge;
      const same = byToken.get(jti);
      if (same !== undefined && same.size >= maxChallengesPerToken) dropOldest(same);
      if (waiting.size >= maxChallenges) dropOldest(waiting.keys());
      waiting.set(nonce, challenge);
      byToken.set(jti, (byToken.get(jti) ?? new Set<string>()).add(nonce));
    },
    find(jti, nonce) {
      const challenge = typeof nonce === 'string' ? waiting.get(nonce) : undefined;
      return challenge?.jti === jti ? challenge : undefined;
    },
    delete: drop,
  };
}
