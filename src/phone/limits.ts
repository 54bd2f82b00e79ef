// What a peer may make us hold or do, with defaults far above honest use. Each is configurable downward.

import { assertInteger } from '../bytes/assert.js';

/** Limits of one session. Every value is an integer from 1 to its default, which is also the ceiling. */
export interface SessionLimits {
  /** Nesting of `params` and results, received. Default 64. Stops stack exhaustion. */
  readonly maxJsonDepth: number;
  /** Object members in one received frame, nested ones included. Default 10,000. Stops hash flooding. */
  readonly maxJsonKeys: number;
  /** Calls and streams of the peer's open at once; one more is answered `busy`. Default 256. */
  readonly maxOpenStreams: number;
  /** Handlers running at once; one more request waits. A slot is free only when its handler has settled. Default 64. */
  readonly maxRunningHandlers: number;
  /** Calls of our own waiting because `maxOpenStreams` of them are open. Default 4,096. */
  readonly maxWaitingCalls: number;
  /** Received and unread bytes of one stream beyond which we grant no more credit. Default 1 MiB. */
  readonly maxStreamBytes: number;
  /** The same over all streams of the session. Default 8 MiB. */
  readonly maxSessionBytes: number;
  /** Unsent bytes at which our producers pause. Default 1 MiB. */
  readonly highWaterBytes: number;
  /** Unsent bytes at which an answer of ours ends the session; at half of them a call is refused. Default 8 MiB. */
  readonly maxBufferedBytes: number;
  /** Frames for streams that never existed before the session ends. Default 100. */
  readonly maxStrayFrames: number;
  /** Cancels of running handlers in one burst. Default 1,000. Stops rapid open-and-cancel. */
  readonly maxCancelBurst: number;
  /** Cancels a second by which that burst refills. Default 100. */
  readonly maxCancelsPerSecond: number;
  /** Silence after which we ask whether the peer is alive, in milliseconds. Default 60,000. */
  readonly probeAfterMs: number;
  /** Time for an answer to that question, in milliseconds; two unanswered end the session. Default 20,000. */
  readonly probeTimeoutMs: number;
  /** Age at which the session takes no new calls and ends with its last one, in milliseconds. Default 24 hours. */
  readonly maxSessionAgeMs: number;
}

const MIB = 1_048_576;

/** The default, and highest, limits. */
export const DEFAULT_LIMITS: SessionLimits = /* @__PURE__ */ Object.freeze({
  maxJsonDepth: 64,
  maxJsonKeys: 10_000,
  maxOpenStreams: 256,
  maxRunningHandlers: 64,
  maxWaitingCalls: 4_096,
  maxStreamBytes: MIB,
  maxSessionBytes: 8 * MIB,
  highWaterBytes: MIB,
  maxBufferedBytes: 8 * MIB,
  maxStrayFrames: 100,
  maxCancelBurst: 1_000,
  maxCancelsPerSecond: 100,
  probeAfterMs: 60_000,
  probeTimeoutMs: 20_000,
  maxSessionAgeMs: 86_400_000,
});

/**
 * Fills in the defaults.
 *
 * @throws {TypeError} an unknown name, or a value that is no number.
 * @throws {RangeError} a value outside 1 to its default.
 */
export function resolveLimits(limits: Partial<SessionLimits> = {}): SessionLimits {
  const resolved: Record<string, number> = { ...DEFAULT_LIMITS };
  for (const [name, value] of Object.entries(limits)) {
    if (value === undefined) continue;
    if (!Object.hasOwn(DEFAULT_LIMITS, name)) throw new TypeError(`limits.${name} is not a limit`);
    assertInteger(value, `limits.${name}`, 1, DEFAULT_LIMITS[name as keyof SessionLimits]);
    resolved[name] = value;
  }
  return resolved as unknown as SessionLimits;
}
