// How much a runtime takes of one client, of all, and for how long. Every queue and wait of the runtime is bounded here.

/** Limits of a runtime. All are on; each can be set. */
export interface RuntimeLimits {
  /** Length of one message as UTF-8. Default 8 MiB, so that an artifact of 4 MiB fits. */
  readonly maxMessageBytes: number;
  /** Undecodable messages in a row before the connection is closed. Default 20. */
  readonly maxBadMessages: number;
  /** Refused `session.open`s before the connection is closed. Default 3. */
  readonly maxFailedOpens: number;
  /** Tries at one challenge. Default 3. */
  readonly maxChallengeTries: number;
  /** From connection to `session.accepted`. Default 10,000. */
  readonly handshakeTimeoutMs: number;
  /**
   * Connections that have not been accepted yet, in all and of one address. Defaults 64 and 16. Where all places are taken,
   * the oldest connection of whoever holds most makes room for others. Who the transport has authenticated needs no place.
   */
  readonly maxHalfOpen: number;
  readonly maxHalfOpenPerAddress: number;
  /** Length of a message before acceptance as UTF-8; a longer one ends the connection. Default 65,536. */
  readonly maxHandshakeBytes: number;
  /** Sessions, connected or not, in all and of one principal. Defaults 10,000 and 256. */
  readonly maxSessions: number;
  readonly maxSessionsPerPrincipal: number;
  /** Sessions of strangers without credentials; of one address as many as of a principal. Default 5,000. */
  readonly maxAnonymousSessions: number;
  /** How long a session without a connection can be resumed. Default 600,000. */
  readonly sessionRetentionMs: number;
  /** How long an accepted session's lease says it lives. Default 3,600,000. */
  readonly sessionLeaseMs: number;
  /**
   * Running jobs of one session, and of all sessions of one principal; more wait as `queued`. A tool that goes on although
   * its job has ended gives its place away, until there are as many more of them. Strangers without credentials count by their
   * address, where it is known. Defaults 64 and 1,024.
   */
  readonly maxRunningJobs: number;
  readonly maxRunningJobsPerPrincipal: number;
  /**
   * Jobs of one session that wait for a place to run; more fail with RESOURCE_EXHAUSTED. As many commands may wait for the
   * end of a job they did not start. Default 1,024.
   */
  readonly maxQueuedJobs: number;
  /**
   * Jobs that run or wait for a place, and commands that wait for the end of a job, in all sessions of one principal; more
   * fail with RESOURCE_EXHAUSTED. Held jobs, such as scheduled ones, count from when they are due. Default 8,192.
   */
  readonly maxJobsPerPrincipal: number;
  /**
   * Characters of JSON in the arguments of jobs that run or wait for a place, in all sessions of one principal; a job with
   * which they would be more fails with RESOURCE_EXHAUSTED. Default 67,108,864.
   */
  readonly maxJobCharsPerPrincipal: number;
  /** Messages that wait for a slow connection before they go through the log. Default 256. */
  readonly maxPendingMessages: number;
  /** Bytes handed to a connection and not yet gone before sending pauses. Default 1 MiB. */
  readonly maxBufferedBytes: number;
  /**
   * Messages from all sessions of one principal in a second, on average; a burst may be ten times that. One more is refused
   * with RESOURCE_EXHAUSTED, and a connection that was refused a second's worth is closed; so is one where the principal was
   * refused as much as it may command. Chunks of streams count apart.
   * Strangers without credentials count by their address, where it is known. Defaults 5,000 and 20,000.
   */
  readonly maxCommandsPerSecond: number;
  readonly maxChunksPerSecond: number;
  /** Grace of a cancelled job where the command says none, and at most. Defaults 5,000 and 60,000. */
  readonly cancelDeadlineMs: number;
  readonly maxCancelDeadlineMs: number;
  /** How long a repeated idempotency key finds the earlier outcome. Default 24 h. */
  readonly idempotencyMs: number;
  /**
   * Idempotency keys of one principal that are remembered, and characters of what came of them; a command with one more fails
   * with RESOURCE_EXHAUSTED. A stranger without credentials has a sixteenth of it. Defaults 100,000 and 67,108,864.
   */
  readonly maxIntents: number;
  readonly maxIntentChars: number;
  /** Open prompts and permission requests of one job. Default 16. */
  readonly maxOpenPrompts: number;
  /** How long a prompt may wait, at most. Default 24 h. */
  readonly maxPromptMs: number;
  /** A response schema: bytes, and levels of nesting. Defaults 65,536 and 32. */
  readonly maxSchemaBytes: number;
  readonly maxSchemaDepth: number;
  /** How long a lease lives, at most. Default 24 h. */
  readonly maxLeaseMs: number;
  /** Live leases of one session. Default 256. */
  readonly maxLeases: number;
  /** Open streams of one session. Default 256. */
  readonly maxStreams: number;
  /** Chunks of one stream that wait to be sent or read. Default 256. */
  readonly maxStreamQueue: number;
  /** Subscriptions of one session. Default 16. */
  readonly maxSubscriptions: number;
  /** Subscriptions of one principal: each message of its sessions goes to all of them. Default 256. */
  readonly maxSubscriptionsPerPrincipal: number;
  /** Matches of one subscription that wait. Default 1,024. */
  readonly maxSubscriptionQueue: number;
  /** Artifacts of one principal: how many, and bytes in all. Defaults 1,024 and 256 MiB. */
  readonly maxArtifacts: number;
  readonly maxArtifactBytes: number;
  /**
   * Bytes of artifacts of a stranger without credentials, whose artifacts go with its session; all strangers together have what
   * one principal has. Default 16 MiB.
   */
  readonly maxAnonymousArtifactBytes: number;
  /** Retention of artifacts where nobody says, and at most. Defaults 3,600 s and 86,400 s. */
  readonly artifactRetentionSeconds: number;
  readonly maxArtifactRetentionSeconds: number;
  /** Schedules of one session. Default 64. */
  readonly maxSchedules: number;
  /** Messages and bytes of one connection that wait to be judged before it is closed. Defaults 16,384 and 32 MiB. */
  readonly maxInboundMessages: number;
  readonly maxInboundBytes: number;
  /** Checkpoints kept of one job; the oldest go. Default 8. */
  readonly maxCheckpoints: number;
  /**
   * Checkpoints kept of one principal: how many, and characters of JSON in all, arguments of their jobs included. The oldest
   * go, but for the newest of each job that has not ended: where only such are left, one more is RESOURCE_EXHAUSTED, which
   * the tool is told. A stranger without credentials has a sixteenth of it. Defaults 4,096 and 67,108,864.
   */
  readonly maxCheckpointsPerPrincipal: number;
  readonly maxCheckpointChars: number;
  /** How long envelopes are kept. Default 7 days. */
  readonly logRetentionMs: number;
}

/** The defaults. */
export const DEFAULT_LIMITS: RuntimeLimits = {
  maxMessageBytes: 8_388_608,
  maxBadMessages: 20,
  maxFailedOpens: 3,
  maxChallengeTries: 3,
  handshakeTimeoutMs: 10_000,
  maxHalfOpen: 64,
  maxHalfOpenPerAddress: 16,
  maxHandshakeBytes: 65_536,
  maxSessions: 10_000,
  maxSessionsPerPrincipal: 256,
  maxAnonymousSessions: 5_000,
  sessionRetentionMs: 600_000,
  sessionLeaseMs: 3_600_000,
  maxRunningJobs: 64,
  maxRunningJobsPerPrincipal: 1_024,
  maxQueuedJobs: 1_024,
  maxJobsPerPrincipal: 8_192,
  maxJobCharsPerPrincipal: 67_108_864,
  maxPendingMessages: 256,
  maxBufferedBytes: 1_048_576,
  maxCommandsPerSecond: 5_000,
  maxChunksPerSecond: 20_000,
  cancelDeadlineMs: 5_000,
  maxCancelDeadlineMs: 60_000,
  idempotencyMs: 86_400_000,
  maxIntents: 100_000,
  maxIntentChars: 67_108_864,
  maxOpenPrompts: 16,
  maxPromptMs: 86_400_000,
  maxSchemaBytes: 65_536,
  maxSchemaDepth: 32,
  maxLeaseMs: 86_400_000,
  maxLeases: 256,
  maxStreams: 256,
  maxStreamQueue: 256,
  maxSubscriptions: 16,
  maxSubscriptionsPerPrincipal: 256,
  maxSubscriptionQueue: 1_024,
  maxArtifacts: 1_024,
  maxArtifactBytes: 268_435_456,
  maxAnonymousArtifactBytes: 16_777_216,
  artifactRetentionSeconds: 3_600,
  maxArtifactRetentionSeconds: 86_400,
  maxSchedules: 64,
  maxInboundMessages: 16_384,
  maxInboundBytes: 33_554_432,
  maxCheckpoints: 8,
  maxCheckpointsPerPrincipal: 4_096,
  maxCheckpointChars: 67_108_864,
  logRetentionMs: 604_800_000,
};

/** Strangers are as many as they like: each has this part of what a principal may keep beyond its commands. */
const STRANGERS_PART = 16;

/** What a party has of a limit that is of a principal. @param isStranger Whether it has no credentials. */
export function shareOf(limit: number, isStranger: boolean): number {
  return isStranger ? Math.ceil(limit / STRANGERS_PART) : limit;
}

/** @throws {RangeError} a limit that is no integer of 0 or more. */
export function assertLimits(limits: RuntimeLimits): void {
  for (const [name, value] of Object.entries(limits)) {
    if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`${name} must be an integer of 0 or more`);
  }
}
