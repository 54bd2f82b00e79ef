// What callers and executors may make a server hold or do, with defaults above honest use.

import { assertInteger } from '../../bytes/assert.js';

/** Limits of one server. Each is an integer from 1 to the ceiling named with it. */
export interface A2aServerLimits {
  /** Bytes of a request's body. Default 4 MiB, at most 64 MiB. */
  readonly maxBodyBytes: number;
  /** Arrays and objects inside one another in a body. Default 64, at most 512. */
  readonly maxJsonDepth: number;
  /** Parts of one message. Default 256, at most 65,536. */
  readonly maxParts: number;
  /**
   * Tasks kept for one owner, which is a user, with whatever tenants. Default 1,000, at most 1,000,000. One more makes
   * room: the oldest tasks that nothing works on are deleted, finished ones first. Where that is not enough, the message
   * is refused. Of as many tasks push notifications may be on their way.
   */
  readonly maxTasksPerOwner: number;
  /**
   * The same in bytes of JSON, looked at with each message. Default 128 MiB, at most 1 TiB. Tasks at work may grow beyond
   * it. As much may wait to be pushed.
   */
  readonly maxBytesPerOwner: number;
  /** Bytes of JSON after which a page of tasks ends early; one task is always on it. Default 8 MiB, at most 1 GiB. */
  readonly maxPageBytes: number;
  /** Executors running at once; one more message is refused. A place is free when its executor has settled. Default 256, at most 65,536. */
  readonly maxRunningTasks: number;
  /** Executors running at once for one owner. Default 64, at most 65,536. */
  readonly maxRunningPerOwner: number;
  /** Streams that follow one task at once; one more is refused. Default 32, at most 4,096. */
  readonly maxSubscribersPerTask: number;
  /**
   * Events one follower may lag behind before it is dropped, and one task's push notifications before some are left out.
   * Default 256, at most 65,536.
   */
  readonly maxQueuedEvents: number;
  /** The same in bytes of JSON. Default 8 MiB, at most 256 MiB. */
  readonly maxQueuedBytes: number;
  /** Messages and events kept in one task; one more from the executor fails it. Default 10,000, at most 1,000,000. */
  readonly maxEventsPerTask: number;
  /** The same in bytes of JSON. Default 16 MiB, at most 1 GiB. */
  readonly maxTaskBytes: number;
  /** Push notification configurations of one task. Default 8, at most 256. */
  readonly maxPushConfigsPerTask: number;
  /** Silence on a stream after which a comment is sent, in milliseconds. Default 15,000, at most 600,000. */
  readonly keepAliveMs: number;
  /**
   * Time an executor has for its first event, in milliseconds. After it the server makes the task by itself, so that
   * the caller has something to ask about and to cancel; a message that comes then completes it. Default 10,000, at most
   * 600,000.
   */
  readonly firstEventTimeoutMs: number;
  /** Time one run of the executor may take; then the task fails. Default 1 hour, at most 24 days, in milliseconds. */
  readonly maxRunMs: number;
}

const MIB = 1_048_576;

/** The default limits. */
export const DEFAULT_A2A_SERVER_LIMITS: A2aServerLimits = /* @__PURE__ */ Object.freeze({
  maxBodyBytes: 4 * MIB,
  maxJsonDepth: 64,
  maxParts: 256,
  maxTasksPerOwner: 1_000,
  maxBytesPerOwner: 128 * MIB,
  maxPageBytes: 8 * MIB,
  maxRunningTasks: 256,
  maxRunningPerOwner: 64,
  maxSubscribersPerTask: 32,
  maxQueuedEvents: 256,
  maxQueuedBytes: 8 * MIB,
  maxEventsPerTask: 10_000,
  maxTaskBytes: 16 * MIB,
  maxPushConfigsPerTask: 8,
  keepAliveMs: 15_000,
  firstEventTimeoutMs: 10_000,
  maxRunMs: 3_600_000,
});

const CEILINGS: A2aServerLimits = /* @__PURE__ */ Object.freeze({
  maxBodyBytes: 64 * MIB,
  maxJsonDepth: 512,
  maxParts: 65_536,
  maxTasksPerOwner: 1_000_000,
  maxBytesPerOwner: 1_048_576 * MIB,
  maxPageBytes: 1_024 * MIB,
  maxRunningTasks: 65_536,
  maxRunningPerOwner: 65_536,
  maxSubscribersPerTask: 4_096,
  maxQueuedEvents: 65_536,
  maxQueuedBytes: 256 * MIB,
  maxEventsPerTask: 1_000_000,
  maxTaskBytes: 1_024 * MIB,
  maxPushConfigsPerTask: 256,
  keepAliveMs: 600_000,
  firstEventTimeoutMs: 600_000,
  maxRunMs: 24 * 86_400_000,
});

/**
 * Fills in the defaults.
 *
 * @throws {TypeError} an unknown name, or a value that is no number.
 * @throws {RangeError} a value outside its range.
 */
export function resolveServerLimits(limits: Partial<A2aServerLimits> = {}): A2aServerLimits {
  const resolved: Record<string, number> = { ...DEFAULT_A2A_SERVER_LIMITS };
  for (const [name, value] of Object.entries(limits)) {
    if (value === undefined) continue;
    if (!Object.hasOwn(CEILINGS, name)) throw new TypeError(`limits.${name} is not a limit`);
    assertInteger(value, `limits.${name}`, 1, CEILINGS[name as keyof A2aServerLimits]);
    resolved[name] = value;
  }
  return resolved as unknown as A2aServerLimits;
}
