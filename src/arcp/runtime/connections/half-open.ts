// Connections that have not been accepted yet: so many in all and of one address, and where strangers take all places, who
// holds most of them makes room. One address does not keep the others out.

import { isLoopback, partyOf } from '../../../http/party.js';
import type { Peer } from '../authenticator.js';
import type { RuntimeLimits } from '../limits.js';

/** Of whom nothing is known: local ones too, since all of this machine has one address. */
const UNKNOWN = '';

/** The half-open connections of a runtime. */
export class HalfOpen {
  readonly #limits: Pick<RuntimeLimits, 'maxHalfOpen' | 'maxHalfOpenPerAddress'>;
  /** Of each address, the oldest first: how to end it. */
  readonly #parties = new Map<string, Set<() => void>>();
  #size = 0;

  constructor(limits: Pick<RuntimeLimits, 'maxHalfOpen' | 'maxHalfOpenPerAddress'>) {
    this.#limits = limits;
  }

  /** How many there are. */
  get size(): number {
    return this.#size;
  }

  /**
   * Takes a place. Who has shown who it is needs none: strangers must not keep it out.
   *
   * @param end Ends the connection, which makes room for another. Must not throw.
   * @returns Gives the place back; again does nothing. `undefined`: there is none.
   */
  enter({ principal }: Peer, party: string, end: () => void): (() => void) | undefined {
    if (principal !== undefined) return () => {};
    const own = this.#parties.get(party) ?? new Set();
    if (party !== UNKNOWN && own.size >= this.#limits.maxHalfOpenPerAddress) return undefined;
    if (this.#size >= this.#limits.maxHalfOpen && !this.#makeRoom(own.size)) return undefined;
    this.#parties.set(party, own.add(end));
    this.#size++;
    return () => this.#leave(party, end);
  }

  /** Ends the oldest of whoever has most, where that is more than the newcomer will have. */
  #makeRoom(newcomers: number): boolean {
    let most: readonly [string, Set<() => void>] | undefined;
    for (const one of this.#parties) if (one[1].size > (most?.[1].size ?? newcomers + 1)) most = one;
    const [oldest] = most?.[1] ?? [];
    if (most === undefined || oldest === undefined) return false;
    this.#leave(most[0], oldest);
    oldest();
    return true;
  }

  #leave(party: string, end: () => void): void {
    const own = this.#parties.get(party);
    if (own?.delete(end) !== true) return;
    this.#size--;
    if (own.size === 0) this.#parties.delete(party);
  }
}

/** What a connection counts as: its address, where that says anything. */
export function partyOfPeer({ remoteAddress }: Peer): string {
  return remoteAddress === undefined || isLoopback(remoteAddress) ? UNKNOWN : partyOf(remoteAddress);
}
