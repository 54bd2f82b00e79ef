// The bundles a participant or a server knows (section 12): one for each session, as long as it holds.

import { assertInteger } from '../bytes/assert.js';
import type { Verified } from '../documents/verified.js';
import { LimitError } from '../errors.js';
import { AitpError } from './errors.js';
import type { SessionBundle } from './session-bundle.js';
import { type AitpClock, readClock } from './timestamps.js';

/** Known bundles. */
export interface SessionBook {
  /**
   * Takes a bundle.
   *
   * @returns Whether it is new; `false` where the same one is known.
   * @throws {AitpError} SESSION_BUNDLE_INVALID: another one of that session is known. BUNDLE_EXPIRED: meanwhile.
   * @throws {LimitError} ERR_LIMIT_EXCEEDED: no room, at all or for this coordinator.
   */
  accept(bundle: Verified<SessionBundle>): boolean;

  /** The bundle of a session; `undefined` where none is known that holds. */
  get(sessionId: string): Verified<SessionBundle> | undefined;
}

/** How {@link sessionBook} works. */
export interface SessionBookOptions {
  readonly now: AitpClock;
  /** Most bundles at a time: 1 to 100,000. Default 1,000. */
  readonly maxSessions?: number;
  /**
   * Most bundles of one coordinator at a time: 1 to 100,000. Default 100. Anybody who ever granted us something can be the
   * coordinator of a bundle that holds for years; none may use up the room of all.
   */
  readonly maxSessionsPerCoordinator?: number;
}

/**
 * Makes an empty book. Bundles that ended go when room is needed; none that holds ever does.
 *
 * @throws {TypeError | RangeError} an option of the wrong kind or range.
 */
export function sessionBook(options: SessionBookOptions): SessionBook {
  const { now, maxSessions = 1_000, maxSessionsPerCoordinator = 100 } = options;
  readClock(now);
  assertInteger(maxSessions, 'maxSessions', 1, 100_000);
  assertInteger(maxSessionsPerCoordinator, 'maxSessionsPerCoordinator', 1, 100_000);
  const known = new Map<string, Verified<SessionBundle>>();
  const get = (sessionId: string) => {
    const bundle = known.get(sessionId);
    return bundle !== undefined && bundle.expiresAtSec > readClock(now) ? bundle : undefined;
  };
  return {
    get,
    accept(bundle) {
      const { sessionId, signature, coordinator, expiresAtSec } = bundle;
      const nowSec = readClock(now);
      if (expiresAtSec <= nowSec) throw new AitpError('BUNDLE_EXPIRED', 'the bundle has expired');
      const before = get(sessionId);
      if (before !== undefined) {
        if (before.signature === signature && before.coordinator === coordinator) return false;
        throw new AitpError('SESSION_BUNDLE_INVALID', 'another bundle of this session is known');
      }
      let ofCoordinator = 0;
      for (const [id, held] of known) {
        if (held.expiresAtSec <= nowSec) known.delete(id);
        else if (held.coordinator === coordinator) ofCoordinator++;
      }
      if (ofCoordinator >= maxSessionsPerCoordinator) {
        throw new LimitError('maxSessionsPerCoordinator', maxSessionsPerCoordinator, ofCoordinator + 1);
      }
      if (known.size >= maxSessions) throw new LimitError('maxSessions', maxSessions, maxSessions + 1);
      known.set(sessionId, bundle);
      return true;
    },
  };
}
