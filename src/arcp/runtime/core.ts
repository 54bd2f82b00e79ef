// What the runtime's own parts share beyond what services get.

import type { JsonObject } from '../../codec/json-value.js';
import type { MaybePromise } from '../log/contract.js';
import type { Capabilities } from '../wire/capabilities.js';
import type { RawEnvelope } from '../wire/envelope.js';
import type { MessageId } from '../wire/ids.js';
import type { Checkpoints } from './jobs/checkpoints.js';
import type { Heartbeats } from './jobs/heartbeat.js';
import type { Intents } from './jobs/idempotency.js';
import type { Job } from './jobs/job.js';
import type { StopDeadlines } from './jobs/stop-deadlines.js';
import type { ToolInputs } from './jobs/tool-inputs.js';
import type { Mounted } from './mounted.js';
import type { Journal } from './outbox/journal.js';
import type { EmitFields, RuntimePort, SessionPort } from './service.js';
import type { ToolSource } from './tools.js';

/** An extension's handler, called with the session it runs in and the message as it came. */
export type ExtensionHandler = (session: ExtensionPort, message: RawEnvelope) => MaybePromise<void>;

/** A session, for extensions. */
export interface ExtensionPort extends SessionPort {
  /**
   * Sends a message of a negotiated extension.
   *
   * @throws {ArcpError} ERR_ARCP_UNIMPLEMENTED: the extension was not negotiated.
   */
  emitExtension(type: string, payload: JsonObject, fields?: EmitFields): MessageId;
}

/** What the runtime's own parts share. */
export interface Core extends RuntimePort {
  readonly journal: Journal;
  readonly mounted: Mounted;
  readonly tools: ToolSource;
  readonly inputs: ToolInputs;
  readonly extensions: ReadonlyMap<string, ExtensionHandler>;
  readonly heartbeats: Heartbeats;
  readonly stopDeadlines: StopDeadlines;
  readonly intents: Intents;
  readonly checkpoints: Checkpoints;
  /** What is offered to every client. */
  readonly offered: Capabilities;
  /** The current time as a timestamp. */
  timestamp(): string;
  /** Every job that has not ended. */
  readonly liveJobs: Map<string, Job>;
}
