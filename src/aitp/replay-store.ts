// The memory of message identifiers (sections 2.1 and 3.2): what was seen inside the window is refused. It never forgets
// early to make room; when it is full it refuses, so that a flood cannot open the door to a replay.

import { assertInteger } from '../bytes/assert.js';
import { LimitError } from '../errors.js';
import type { Store } from '../storage/contract.js';
import { type AitpClock, readClock } from './timestamps.js';

/** Remembers keys until they expire. */
export interface ReplayStore {
  /** Whether a key is remembered. Records nothing. */
  has(key: string): Promise<boolean>;

  /**
   * Remembers a key, in one atomic step.
   *
   * @param key Sender and identifier.
   * @param expiresAtSec First Unix second at which it may be forgotten.
   * @returns Whether it was absent; `false` is a replay, also where there is no room.
   * @throws {LimitError} ERR_LIMIT_EXCEEDED: no room for another key.
   */
  addIfAbsent(key: string, expiresAtSec: number): Promise<boolean>;
}

/** How a replay store is made. */
export interface ReplayStoreOptions {
  /** Tells when keys expire. */
  readonly now: AitpClock;
  /** Most keys at a time: 1 to 10,000,000. Default 100,000, some 15 MB. */
  readonly maxEntries?: number;
}

/** How a replay store over a {@link Store} is made. */
export interface StoredReplayOptions extends ReplayStoreOptions {
  /** Put before every key. Default `aitp/seen/`. */
  readonly prefix?: string;
}

const DEFAULT_MAX_ENTRIES = 100_000;

/**
 * Makes a memory that lives as long as the program.
 *
 * Expired keys go when room is needed.
 *
 * @throws {TypeError | RangeError} an option of the wrong kind or range.
 */
export function memoryReplayStore({ now, maxEntries = DEFAULT_MAX_ENTRIES }: ReplayStoreOptions): ReplayStore {
  readClock(now);
  assertInteger(maxEntries, 'maxEntries', 1, 10_000_000);
  const seen = new Map<string, number>();
  let swept = 0;
  const sweep = (nowSec: number) => {
    // At most once a second: a full memory under fire must not be walked for every message.
    if (swept === nowSec) return;
    swept = nowSec;
    for (const [key, expiresAtSec] of seen) if (expiresAtSec <= nowSec) seen.delete(key);
  };
  return {
    async has(key) {
      return (seen.get(key) ?? 0) > readClock(now);
    },
    async addIfAbsent(key, expiresAtSec) {
      const nowSec = readClock(now);
      if ((seen.get(key) ?? 0) > nowSec) return false;
      seen.delete(key);
      if (seen.size >= maxEntries) sweep(nowSec);
      if (seen.size >= maxEntries) throw new LimitError('maxEntries', maxEntries, maxEntries + 1);
      seen.set(key, expiresAtSec);
      return true;
    },
  };
}

/** A replay store that can be swept. */
export interface StoredReplayStore extends ReplayStore {
  /** Removes expired keys. Happens by itself every now and then. @returns How many keys are left. */
  sweep(): Promise<number>;
}

/** Keys between two sweeps of a store, which are a second apart at least. */
const SWEEP_EVERY = 256;

/**
 * Makes a memory in a store, shared by every tab and worker that shares the store.
 *
 * An expired key is replaced in two steps. That is no gap: a message that could be replayed has expired by then, too.
 * Each program that shares the store sees what the others added every 256 keys, or a second later: the bound of all
 * together holds to within that.
 *
 * @throws {TypeError | RangeError} an option of the wrong kind or range.
 */
export function storedReplayStore(
  store: Store,
  { now, maxEntries = DEFAULT_MAX_ENTRIES, prefix = 'aitp/seen/' }: StoredReplayOptions,
): StoredReplayStore {
  readClock(now);
  assertInteger(maxEntries, 'maxEntries', 1, 10_000_000);
  if (typeof prefix !== 'string' || prefix === '') throw new TypeError('prefix must be a string with content');
  let untilSweep = 0;
  let room = 0;
  let sweptAtSec = -1;
  let sweeping: Promise<number> | undefined;

  async function walk(): Promise<number> {
    let left = 0;
    for (const key of await store.keys()) {
      if (!key.startsWith(prefix)) continue;
      if (expiry(await store.get(key)) > readClock(now)) left++;
      else await store.delete(key);
    }
    untilSweep = SWEEP_EVERY;
    room = maxEntries - left;
    sweptAtSec = readClock(now);
    return left;
  }

  /** One walk for everybody who asks meanwhile. */
  function sweep(): Promise<number> {
    sweeping ??= walk().finally(() => {
      sweeping = undefined;
    });
    return sweeping;
  }

  async function has(key: string): Promise<boolean> {
    return expiry(await store.get(prefix + key)) > readClock(now);
  }

  async function add(record: string, expiresAtSec: number): Promise<boolean> {
    const first = await store.putIfAbsent(record, expiresAtSec);
    if (first.written) return true;
    if (expiry(first.value) > readClock(now)) return false;
    await store.delete(record);
    return (await store.putIfAbsent(record, expiresAtSec)).written;
  }

  return {
    sweep,
    has,
    async addIfAbsent(key, expiresAtSec) {
      // At most once a second: a full memory under fire must not be walked for every message.
      if ((untilSweep <= 0 || room <= 0) && sweptAtSec !== readClock(now)) await sweep();
      if (room <= 0) {
        if (await has(key)) return false;
        throw new LimitError('maxEntries', maxEntries, maxEntries + 1);
      }
      // Taken before the wait, so that many at once do not all see the same room.
      untilSweep--;
      room--;
      let added = false;
      try {
        added = await add(prefix + key, expiresAtSec);
        return added;
      } finally {
        if (!added) room++;
      }
    },
  };
}

/** When a record expires. One that is no time at all counts as remembered for ever: it is not ours to drop. */
function expiry(value: unknown): number {
  if (value === undefined) return 0;
  return typeof value === 'number' ? value : Number.POSITIVE_INFINITY;
}
