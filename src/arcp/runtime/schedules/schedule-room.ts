// How many schedules there may be, and how long their commands together: of a session, of a principal, in all. Each is kept
// in memory and in the log until it ends, and a principal has many sessions.

import { assertInteger } from '../../../bytes/assert.js';
import { ArcpError } from '../../errors.js';
import type { SessionPort } from '../service.js';

/** Bounds of a runtime's schedules. */
export interface ScheduleLimits {
  /** Schedules of one principal, whatever its sessions; strangers without credentials count as one. Default 256. */
  readonly maxPerPrincipal: number;
  /** Characters of the commands of one principal's schedules, as JSON. Default 4,194,304. */
  readonly maxCharsPerPrincipal: number;
  /** Schedules of all principals. Default 16,384. */
  readonly maxInAll: number;
  /** Characters of the commands of all. Default 67,108,864. */
  readonly maxCharsInAll: number;
}

const DEFAULTS: ScheduleLimits = {
  maxPerPrincipal: 256,
  maxCharsPerPrincipal: 4_194_304,
  maxInAll: 16_384,
  maxCharsInAll: 67_108_864,
};

/** What one party has. */
interface Usage {
  count: number;
  chars: number;
}

/** Who a schedule is of, and how long its command is. */
export interface Occupant {
  readonly sessionId: string;
  readonly party: string;
  readonly chars: number;
}

/** Whom a session's schedules count as: its principal, or all strangers together. */
export function partyOf({ anonymous, principal }: SessionPort): string {
  return anonymous ? '' : principal;
}

/** The room that schedules take. */
export class ScheduleRoom {
  readonly #limits: ScheduleLimits;
  readonly #ofSession = new Map<string, number>();
  readonly #ofParty = new Map<string, Usage>();
  readonly #all: Usage = { count: 0, chars: 0 };

  /** @throws {RangeError | TypeError} a limit that is no integer of 1 or more. */
  constructor(limits: Partial<ScheduleLimits> = {}) {
    this.#limits = { ...DEFAULTS, ...limits };
    for (const [name, limit] of Object.entries(this.#limits)) assertInteger(limit, `limits.${name}`, 1);
  }

  /**
   * Looks whether one more fits in.
   *
   * @param maxOfSession Schedules of one session.
   * @throws {ArcpError} ERR_ARCP_RESOURCE_EXHAUSTED
   */
  check({ sessionId, party, chars }: Occupant, maxOfSession: number): void {
    const { maxPerPrincipal, maxCharsPerPrincipal, maxInAll, maxCharsInAll } = this.#limits;
    if ((this.#ofSession.get(sessionId) ?? 0) >= maxOfSession) throw full('the session has too many schedules');
    const own = this.#ofParty.get(party) ?? { count: 0, chars: 0 };
    if (own.count >= maxPerPrincipal) throw full('the principal has too many schedules');
    if (own.chars + chars > maxCharsPerPrincipal) throw full('the schedules of the principal take too much room');
    if (this.#all.count >= maxInAll || this.#all.chars + chars > maxCharsInAll) {
      throw full('the runtime has too many schedules');
    }
  }

  /** Counts one, also one of before a restart for which there would be no room now. */
  add({ sessionId, party, chars }: Occupant): void {
    this.#ofSession.set(sessionId, (this.#ofSession.get(sessionId) ?? 0) + 1);
    const own = this.#ofParty.get(party);
    if (own === undefined) this.#ofParty.set(party, { count: 1, chars });
    else change(own, 1, chars);
    change(this.#all, 1, chars);
  }

  remove({ sessionId, party, chars }: Occupant): void {
    const left = (this.#ofSession.get(sessionId) ?? 0) - 1;
    if (left > 0) this.#ofSession.set(sessionId, left);
    else this.#ofSession.delete(sessionId);
    const own = this.#ofParty.get(party);
    if (own === undefined) return;
    change(own, -1, -chars);
    if (own.count === 0) this.#ofParty.delete(party);
    change(this.#all, -1, -chars);
  }
}

function change(usage: Usage, count: number, chars: number): void {
  usage.count += count;
  usage.chars += chars;
}

function full(message: string): ArcpError {
  return new ArcpError('RESOURCE_EXHAUSTED', message);
}
