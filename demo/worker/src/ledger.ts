// What was granted to whom, and what of that was taken back. As long as the isolate lives, and no longer than tokens do.

interface Grant {
  readonly jti: string;
  readonly expiresAtSec: number;
}

/** Holders that are remembered. One more forgets the one that came longest ago, whose tokens run out by themselves. */
const MAX_HOLDERS = 10_000;

/** Tokens of one holder that are remembered. */
const MAX_GRANTS = 16;

/** The books of the agent. */
export class Ledger {
  readonly #granted = new Map<string, readonly Grant[]>();
  readonly #revoked = new Map<string, { readonly expiresAtSec: number; readonly revokedAtSec: number }>();

  /** Writes down a token. @param holder AID. */
  remember(holder: string, { jti, expiresAtSec }: Grant): void {
    const grants = [...(this.#granted.get(holder) ?? []), { jti, expiresAtSec }].slice(-MAX_GRANTS);
    this.#granted.delete(holder);
    this.#granted.set(holder, grants);
    if (this.#granted.size <= MAX_HOLDERS) return;
    for (const oldest of this.#granted.keys()) if (this.#granted.delete(oldest)) break;
  }

  /** Takes back whatever somebody holds. @returns How many tokens that were. */
  takeBack(holder: string, nowSec: number): number {
    const grants = this.#granted.get(holder) ?? [];
    for (const { jti, expiresAtSec } of grants) this.#revoked.set(jti, { expiresAtSec, revokedAtSec: nowSec });
    this.#granted.delete(holder);
    return grants.length;
  }

  /** Whether a token was taken back. */
  has(jti: string): boolean {
    return this.#revoked.has(jti);
  }

  /** The list as it is published: tokens whose time is over need not be on it. */
  revocations(nowSec: number): { readonly jti: string; readonly revokedAtSec: number }[] {
    for (const [jti, { expiresAtSec }] of this.#revoked) if (expiresAtSec <= nowSec) this.#revoked.delete(jti);
    return Array.from(this.#revoked, ([jti, { revokedAtSec }]) => ({ jti, revokedAtSec }));
  }
}
