// The tokens we took back, kept in a store (AITP 0.2, sections 7.1 and 7.4), so that they stay taken back when a program
// starts anew, and wherever it runs: what is published as our list, and what we go by ourselves.

import { assertInteger } from '../bytes/assert.js';
import { LimitError } from '../errors.js';
import type { Store } from '../storage/contract.js';
import { AitpError } from './errors.js';
import type { RevocationCheck } from './revocation.js';
import type { RevocationEntry } from './revocation-snapshot.js';
import { type AitpClock, readClock } from './timestamps.js';
import { isUuid } from './uuid.js';

/** How {@link revocationBook} works. */
export interface RevocationBookOptions {
  readonly now: AitpClock;
  /** Most tokens at a time, those that ended left out: 1 to 100,000. Default 2,000, about what a published list can hold. */
  readonly maxEntries?: number;
  /** Put before every key of the store. Default `aitp/revoked/`. */
  readonly prefix?: string;
}

/** A token to be taken back: an `IssuedGrant` of a handshake will do. */
export interface RevocableGrant {
  readonly jti: string;
  /** End of the token, in Unix seconds: from then on it is no longer listed. */
  readonly expiresAtSec: number;
}

/** The tokens we took back. Methods reject with what the store throws, untouched. */
export interface RevocationBook extends RevocationCheck {
  /**
   * Takes tokens back. Those that were before stay as they are.
   *
   * @param reason For people's eyes; published.
   * @throws {LimitError} ERR_LIMIT_EXCEEDED: no room, even without those that ended. Those before it in the list were taken
   *   back.
   * @throws {TypeError | RangeError} no tokens.
   */
  revoke(grants: readonly RevocableGrant[], reason?: string): Promise<void>;

  /** What is to be published: every token that was taken back and has not ended. */
  entries(): Promise<readonly RevocationEntry[]>;
}

interface RevokedRecord {
  readonly revokedAtSec: number;
  readonly expiresAtSec: number;
  readonly reason?: string;
}

/**
 * Opens the book of revocations in a store: of this program alone, of every tab, or of a Durable Object.
 *
 * @throws {TypeError | RangeError} an option of the wrong kind or range.
 * @example
 * ```ts
 * const revoked = revocationBook(store, { now: agent.now })
 * serveAitp({ agent, revocations: () => revoked.entries() })
 * requireTct({ agent, revocation: revoked })
 * await revoked.revoke(await peers.issuedTo(aid))
 * ```
 */
export function revocationBook(store: Store, options: RevocationBookOptions): RevocationBook {
  const { now, maxEntries = 2_000, prefix = 'aitp/revoked/' } = options;
  readClock(now);
  assertInteger(maxEntries, 'maxEntries', 1, 100_000);
  if (typeof prefix !== 'string' || prefix === '') throw new TypeError('prefix must be a string with content');

  /** What is listed, without what has ended, which goes. */
  async function listed(): Promise<Map<string, RevokedRecord>> {
    const found = new Map<string, RevokedRecord>();
    const nowSec = readClock(now);
    for (const key of await store.keys()) {
      if (!key.startsWith(prefix)) continue;
      const jti = key.slice(prefix.length);
      const record = readRecord(await store.get(key));
      if (record === undefined) continue;
      if (record.expiresAtSec <= nowSec) await store.delete(key);
      else if (isUuid(jti)) found.set(jti, record);
    }
    return found;
  }

  return {
    async revoke(grants, reason) {
      for (const { jti, expiresAtSec } of grants) {
        if (!isUuid(jti)) throw new TypeError('jti must be a UUID of version 4 in lower case');
        assertInteger(expiresAtSec, 'expiresAtSec', 0);
      }
      const known = await listed();
      const revokedAtSec = readClock(now);
      for (const { jti, expiresAtSec } of grants) {
        if (known.has(jti) || expiresAtSec <= revokedAtSec) continue;
        if (known.size >= maxEntries) throw new LimitError('maxEntries', maxEntries, known.size + 1);
        const record = { revokedAtSec, expiresAtSec, ...(reason === undefined ? {} : { reason }) };
        await store.putIfAbsent(prefix + jti, record);
        known.set(jti, record);
      }
    },

    async entries() {
      return [...(await listed())].map(([jti, { revokedAtSec, reason }]) => ({
        jti,
        revokedAtSec,
        ...(reason === undefined ? {} : { reason }),
      }));
    },

    async check({ jti, grants, signal }) {
      signal?.throwIfAborted();
      // Whatever stands there, nobody puts it there but to take the token back.
      if ((await store.get(prefix + jti)) !== undefined)
        throw new AitpError('TCT_REVOKED', 'the token has been revoked');
      return { grants, basis: 'list' };
    },
  };
}

/** A record that cannot be read counts as one that never ends: it is not ours to let a token go. */
function readRecord(value: unknown): RevokedRecord | undefined {
  if (value === undefined) return undefined;
  const { revokedAtSec, expiresAtSec, reason } = (value ?? {}) as Record<string, unknown>;
  const isTime = (time: unknown) => Number.isSafeInteger(time) && (time as number) >= 0;
  if (!isTime(revokedAtSec) || !isTime(expiresAtSec)) {
    return { revokedAtSec: 0, expiresAtSec: Number.MAX_SAFE_INTEGER };
  }
  const why = typeof reason === 'string' ? { reason } : {};
  return { revokedAtSec: revokedAtSec as number, expiresAtSec: expiresAtSec as number, ...why };
}
