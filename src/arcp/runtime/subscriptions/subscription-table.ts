// The subscriptions that stand, by whom they belong to and whom they hear, and how many there may be.

import { ArcpError } from '../../errors.js';
import type { RuntimeLimits } from '../limits.js';
import type { SessionPort } from '../service.js';
import type { Observation } from './observation.js';

/** Who listens. */
export class SubscriptionTable {
  readonly #byId = new Map<string, Observation>();
  readonly #ofSession = new Map<string, Map<string, Observation>>();
  /** Those that hear their own principal alone, by that. */
  readonly #ofPrincipal = new Map<string, Set<Observation>>();
  readonly #global = new Set<Observation>();
  /** By session and by principal: those that stand, and those asked for and not yet answered. */
  readonly #sessionCounts = new Map<string, number>();
  readonly #principalCounts = new Map<string, number>();

  /** Whether nobody listens. */
  get isEmpty(): boolean {
    return this.#byId.size === 0;
  }

  /** Those that hear everybody. */
  get global(): ReadonlySet<Observation> {
    return this.#global;
  }

  /** Those that hear one principal, which is their own. */
  ofPrincipal(principal: string): ReadonlySet<Observation> | undefined {
    return this.#ofPrincipal.get(principal);
  }

  find(id: string): Observation | undefined {
    return this.#byId.get(id);
  }

  findOf(session: SessionPort, id: string): Observation | undefined {
    return this.#ofSession.get(session.id)?.get(id);
  }

  /** Those of a session. */
  ofSession(session: SessionPort): readonly Observation[] {
    return [...(this.#ofSession.get(session.id)?.values() ?? [])];
  }

  /**
   * Takes a place, for as long as a subscription is asked for or stands.
   *
   * @returns Gives it back.
   * @throws {ArcpError} ERR_ARCP_RESOURCE_EXHAUSTED: the session, or its principal, has no place left.
   */
  takePlace({ id, principal }: SessionPort, limits: RuntimeLimits): () => void {
    if ((this.#sessionCounts.get(id) ?? 0) >= limits.maxSubscriptions) {
      throw new ArcpError('RESOURCE_EXHAUSTED', 'the session has too many subscriptions');
    }
    if ((this.#principalCounts.get(principal) ?? 0) >= limits.maxSubscriptionsPerPrincipal) {
      throw new ArcpError('RESOURCE_EXHAUSTED', 'the principal has too many subscriptions');
    }
    return this.keepPlace({ id, principal });
  }

  /** As {@link takePlace}, of one that stood before a restart: it is not judged again. */
  keepPlace({ id, principal }: Pick<SessionPort, 'id' | 'principal'>): () => void {
    count(this.#sessionCounts, id, 1);
    count(this.#principalCounts, principal, 1);
    let isTaken = true;
    return () => {
      if (!isTaken) return;
      isTaken = false;
      count(this.#sessionCounts, id, -1);
      count(this.#principalCounts, principal, -1);
    };
  }

  add(observation: Observation, { id, principal }: SessionPort): void {
    const { terms } = observation;
    this.#byId.set(terms.id, observation);
    const ofSession = this.#ofSession.get(id) ?? new Map<string, Observation>();
    this.#ofSession.set(id, ofSession.set(terms.id, observation));
    if (terms.isGlobal) {
      this.#global.add(observation);
      return;
    }
    const own = this.#ofPrincipal.get(principal) ?? new Set();
    this.#ofPrincipal.set(principal, own.add(observation));
  }

  remove(observation: Observation, { id, principal }: SessionPort): void {
    const { terms } = observation;
    this.#byId.delete(terms.id);
    this.#global.delete(observation);
    const ofSession = this.#ofSession.get(id);
    ofSession?.delete(terms.id);
    if (ofSession?.size === 0) this.#ofSession.delete(id);
    const own = this.#ofPrincipal.get(principal);
    own?.delete(observation);
    if (own?.size === 0) this.#ofPrincipal.delete(principal);
  }
}

function count(counts: Map<string, number>, key: string, by: 1 | -1): void {
  const now = (counts.get(key) ?? 0) + by;
  if (now === 0) counts.delete(key);
  else counts.set(key, now);
}
