// What a job is to whoever started it.

import type { JsonValue } from '../../codec/json-value.js';
import type { ArtifactRef } from '../wire/artifact.js';
import type { Message } from '../wire/envelope.js';
import type { JobState } from '../wire/execution.js';
import type { JobId } from '../wire/ids.js';
import type { StreamKind } from '../wire/stream.js';
import type { CancelAnswer, CancelOptions } from './cancel.js';
import type { CallFields } from './compose.js';
import type { Prompt } from './prompts.js';
import type { StreamReading } from './stream-reading.js';
import type { OpenStreamOptions, StreamWriter } from './stream-writing.js';

/** What a job came to: a value, or where it is. */
export interface JobResult {
  readonly value?: JsonValue | undefined;
  readonly ref?: ArtifactRef | undefined;
}

/** Not a message: two heartbeat intervals of a job went by in silence. */
export interface HeartbeatMissed {
  readonly type: 'heartbeat.missed';
  /** How long nothing came of the job, in milliseconds. */
  readonly silentMs: number;
}

/** What happens to a job: its messages, checked, and the silence in between. Narrow it by `type`. */
export type JobEvent = Message | HeartbeatMissed;

/** How to start a job. */
export interface JobOptions {
  /** Cancels the job; its promises reject with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Longest wait for the job to be accepted. Default `requestTimeoutMs`. */
  readonly timeoutMs?: number | undefined;
  /** Names the intent: the runtime acts on it once, whatever the number of commands. 1 to 1,024 characters. */
  readonly idempotencyKey?: string | undefined;
  /**
   * How often the command is sent again, as a new one with the same idempotency key, where nobody knows what came of it
   * (no answer, a session lost with all it held) or the runtime refused it for now, unless it says to wait more than 10 minutes. A key is minted where none is given.
   * A runtime that knows no such keys, as version 0.1.0 of the Rust crate, may run it twice. 0 to 100, default 0.
   */
  readonly retries?: number | undefined;
  readonly traceId?: string | undefined;
  readonly spanId?: string | undefined;
  readonly parentSpanId?: string | undefined;
  readonly priority?: CallFields['priority'];
  readonly extensions?: CallFields['extensions'];
}

/** A job. */
export interface JobHandle {
  /** Resolves when the job is accepted. Rejects with what {@link JobHandle.result} rejects with. */
  readonly id: Promise<JobId>;
  /**
   * Resolves when the job has completed. A rejection that nobody looks at does no harm.
   *
   * Rejects with {@link ArcpError}: what the job failed with; ERR_ARCP_CANCELLED; ERR_ARCP_UNAVAILABLE: not accepted in
   * time, or the session is gone; ERR_ARCP_DATA_LOSS: events of it are missing for good; ERR_ARCP_HEARTBEAT_LOST, where
   * that was asked for. Or with the reason of the caller's signal.
   */
  readonly result: Promise<JobResult>;
  /** As far as the runtime has told; `undefined` before it is accepted. */
  readonly state: JobState | undefined;
  /**
   * What happens to it, the terminal event last. Several loops share the events. Of those nobody has read the newest 1,024
   * are kept (`limits.maxEvents`); older ones are dropped and counted.
   */
  readonly events: AsyncIterable<JobEvent>;
  readonly droppedEvents: number;
  /** Questions it asks, permissions too. Those nobody reads stay open until the runtime gives up on them. */
  readonly prompts: AsyncIterable<Prompt>;
  /** Streams it opens. Of those nobody reads the newest 256 are kept (`limits.maxStreams`). */
  readonly streams: AsyncIterable<StreamReading>;
  /**
   * Opens a stream to it, once it is accepted. Throws as `ClientSession.openStream`, and what {@link JobHandle.id} rejects
   * with.
   */
  openStream<K extends StreamKind>(kind: K, options?: OpenStreamOptions): Promise<StreamWriter<K>>;
  /**
   * Cancels it, once it is accepted. A rejection that nobody looks at does no harm.
   *
   * @throws {ArcpError} ERR_ARCP_UNAVAILABLE: no answer within the deadline and a second.
   */
  cancel(options?: CancelOptions): Promise<CancelAnswer>;
}
