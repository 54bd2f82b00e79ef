// The memory of message identifiers in a Durable Object, for agents whose requests are answered in many places at once: a
// replay is noticed wherever the message was seen first. Isolates of a Worker share no memory; they ask the object.
//
// Three kinds of records, below one prefix, changed together in one transaction:
//
//   k/<key>              when it may be forgotten
//   t/<when>/<key>       nothing: the same in the order of time, so that what has expired is found without looking at the rest
//   n                    how many there are

import type { ReplayStore } from '../aitp/replay-store.js';
import { type AitpClock, readClock } from '../aitp/timestamps.js';
import { assertInteger, assertString } from '../bytes/assert.js';
import { LimitError } from '../errors.js';
import {
  assertDurableStorage,
  type DurableRecords,
  type DurableStorage,
  inTransaction,
} from '../storage/durable-object.js';

/** How {@link durableReplayStore} works. */
export interface DurableReplayOptions {
  /** Tells when keys expire. */
  readonly now: AitpClock;
  /** Most keys at a time: 1 to 10,000,000. Default 100,000. */
  readonly maxEntries?: number;
  /** Put before every record. Default `aitp/replay/`. */
  readonly prefix?: string;
}

/** Longest key, in characters: what the storage takes, with room for the rest. */
const MAX_KEY_CHARACTERS = 512;

/** Digits of a time, so that later ones come later in the order of texts. */
const TIME_DIGITS = 16;

/** Expired keys that go with each new one: more than come, so that none are left in the end. */
const SWEPT_WITH_EACH = 4;

/** Expired keys that go at once where there is no room. */
const SWEPT_WHEN_FULL = 64;

/**
 * Makes a memory of message identifiers in the storage of a Durable Object.
 *
 * Remembering is one atomic step, for all who share the object. It never forgets early to make room; when it is full it
 * refuses.
 *
 * @param storage `ctx.storage`.
 * @throws {TypeError | RangeError} no such storage, or an option of the wrong kind or range.
 *
 * @example
 * ```ts
 * export class Replay extends DurableObject {
 *   #seen = durableReplayStore(this.ctx.storage, { now: systemClockSec })
 *   has(key) { return this.#seen.has(key) }
 *   addIfAbsent(key, expiresAtSec) { return this.#seen.addIfAbsent(key, expiresAtSec) }
 * }
 * // In the Worker, with the stub of one object for the whole agent:
 * const replay = {
 *   has: (key) => stub.has(key),
 *   addIfAbsent: (key, expiresAtSec) => stub.addIfAbsent(key, expiresAtSec),
 * }
 * ```
 */
export function durableReplayStore(storage: DurableStorage, options: DurableReplayOptions): ReplayStore {
  const { now, maxEntries = 100_000, prefix = 'aitp/replay/' } = options;
  assertDurableStorage(storage);
  readClock(now);
  assertInteger(maxEntries, 'maxEntries', 1, 10_000_000);
  assertString(prefix, 'prefix');
  if (prefix === '') throw new TypeError('prefix must have content');
  const counter = `${prefix}n`;
  const keyName = (key: string) => `${prefix}k/${key}`;
  const timeName = (expiresAtSec: number, key = '') =>
    `${prefix}t/${String(expiresAtSec).padStart(TIME_DIGITS, '0')}/${key}`;

  async function forget(records: DurableRecords, expiresAtSec: number, key: string): Promise<void> {
    await records.delete(keyName(key));
    await records.delete(timeName(expiresAtSec, key));
  }

  /** Forgets the first of the keys that have expired. @returns How many. */
  async function sweep(records: DurableRecords, nowSec: number, limit: number): Promise<number> {
    const start = `${prefix}t/`;
    const expired = await records.list({ start, end: timeName(nowSec + 1), limit });
    for (const name of expired.keys()) {
      const at = start.length + TIME_DIGITS;
      await forget(records, Number(name.slice(start.length, at)), name.slice(at + 1));
    }
    return expired.size;
  }

  /** @returns Whether it was absent; `undefined` where there is no room. */
  function add(key: string, expiresAtSec: number, nowSec: number): Promise<boolean | undefined> {
    return inTransaction(storage, async (records) => {
      const held = await records.get(keyName(key));
      if (isRemembered(held, nowSec)) return false;
      let count = ((await records.get(counter)) as number | undefined) ?? 0;
      if (held !== undefined) {
        await forget(records, held as number, key);
        count--;
      }
      count -= await sweep(records, nowSec, count < maxEntries ? SWEPT_WITH_EACH : SWEPT_WHEN_FULL);
      const isFull = count >= maxEntries;
      if (!isFull) {
        await records.put(keyName(key), expiresAtSec);
        await records.put(timeName(expiresAtSec, key), 0);
      }
      await records.put(counter, isFull ? count : count + 1);
      return isFull ? undefined : true;
    });
  }

  return {
    async has(key) {
      assertReplayKey(key);
      return isRemembered(await storage.get(keyName(key)), readClock(now));
    },
    async addIfAbsent(key, expiresAtSec) {
      assertReplayKey(key);
      assertInteger(expiresAtSec, 'expiresAtSec', 0);
      const isNew = await add(key, expiresAtSec, readClock(now));
      if (isNew === undefined) throw new LimitError('maxEntries', maxEntries, maxEntries + 1);
      return isNew;
    },
  };
}

/** A record that is no time at all counts as remembered for ever: it is not ours to drop. */
function isRemembered(held: unknown, nowSec: number): boolean {
  return held !== undefined && !(typeof held === 'number' && held <= nowSec);
}

function assertReplayKey(key: unknown): asserts key is string {
  assertString(key, 'key');
  if (key.length > MAX_KEY_CHARACTERS) throw new RangeError(`key must have at most ${MAX_KEY_CHARACTERS} characters`);
}
