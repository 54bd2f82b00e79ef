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
   * @throws {LimitError} ERR_LIMIT_EXCEEDED: no room.
   */
  accept(bundle: Verified<SessionBundle>): boolean;

  /** The bundle of a session; `undefined` where none is known that holds. */
  get(sessionId: string): Verified<SessionBundle> | undefined;
}

/**
 * Makes an empty book. Bundles that ended go when room is needed; none that holds ever does.
 *
 * @param options `maxSessions`: most bundles at a time, 1 to 100,000. Default 1,000.
 * @throws {TypeError | RangeError} an option of the wrong kind or range.
 */
export function sessionBook(options: { readonly now: AitpClock; readonly maxSessions?: number }): SessionBook {
  const { now, maxSessions = 1_000 } = options;
  readClock(now);
  assertInteger(maxSessions, 'maxSessions', 1, 100_000);
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
      known.delete(sessionId);
      if (known.size >= maxSessions)
        for (const [id, { expiresAtSec: end }] of known) if (end <= nowSec) known.delete(id);
      if (known.size >= maxSessions) throw new LimitError('maxSessions', maxSessions, maxSessions + 1);
      known.set(sessionId, bundle);
      return true;
    },
  };
}
