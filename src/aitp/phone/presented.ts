// Tokens presented in phone sessions (threats T3 and T7): each is verified once, kept with its session alone, and looked at
// again on every call: whether its time is over, whether it was revoked. Possession was proved by the session's handshake.

import type { Verified } from '../../documents/verified.js';
import type { Peer } from '../../phone/peer.js';
import { AitpError } from '../errors.js';
import type { RevocationDecision } from '../revocation.js';
import type { Tct } from '../tct.js';
import type { AitpClock } from '../timestamps.js';
import { checkStillHolds } from '../watch-tct.js';
import { checkSamePeer } from './names.js';

/** Most tokens kept for one session. One more forgets the oldest. */
const MAX_TOKENS = 16;

/** Tokens by session. */
export interface PresentedTokens {
  /** Keeps a token that was verified as presented by this peer. */
  add(peer: Peer, tct: Verified<Tct>): void;

  /**
   * Finds a token of the session that grants a capability now.
   *
   * @throws {AitpError} POLICY_VIOLATION: none was presented. TCT_EXPIRED, TCT_REVOKED and so on: those that were no longer
   *   hold.
   * @throws `signal.reason`, untouched.
   */
  use(peer: Peer, capability: string, signal?: AbortSignal): Promise<Verified<Tct>>;
}

/** Makes an empty memory. What it holds of a session goes with the session. */
export function presentedTokens(now: AitpClock, revocation: RevocationDecision): PresentedTokens {
  // The array of the agreement key is made anew for each session, and stays the same when the peer proves more of itself:
  // an authorisation hook is told the peer, and not the session.
  const bySession = new WeakMap<Uint8Array, Map<string, Verified<Tct>>>();

  function check(peer: Peer, tct: Verified<Tct>, capability: string, signal?: AbortSignal): Promise<Verified<Tct>> {
    checkSamePeer(tct.subject, peer, 'AUDIENCE_MISMATCH');
    return checkStillHolds(tct, capability, { revocation, now, signal });
  }

  return {
    add(peer, tct) {
      const tokens = bySession.get(peer.agreementKey) ?? new Map<string, Verified<Tct>>();
      bySession.set(peer.agreementKey, tokens);
      tokens.delete(tct.jti);
      if (tokens.size >= MAX_TOKENS) for (const oldest of tokens.keys()) if (tokens.delete(oldest)) break;
      tokens.set(tct.jti, tct);
    },
    async use(peer, capability, signal) {
      const tokens = bySession.get(peer.agreementKey);
      let fault: unknown;
      for (const tct of tokens === undefined ? [] : [...tokens.values()].reverse()) {
        if (!tct.claimedGrants.includes(capability)) continue;
        try {
          return await check(peer, tct, capability, signal);
        } catch (error) {
          if (!(error instanceof AitpError)) throw error;
          // For good: neither time nor a revocation goes back. The others may be of the moment.
          if (error.wireCode === 'TCT_EXPIRED') tokens?.delete(tct.jti);
          fault ??= error;
        }
      }
      throw fault ?? new AitpError('POLICY_VIOLATION', 'no presented token grants the capability');
    },
  };
}
