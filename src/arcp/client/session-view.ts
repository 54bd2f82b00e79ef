// What can be seen of a session (ARCP v1.0), without a word to the runtime.

import type { Negotiated } from '../wire/capabilities.js';
import type { RawEnvelope } from '../wire/envelope.js';
import type { MessageId, SessionId } from '../wire/ids.js';
import type { RuntimeIdentity } from '../wire/session.js';
import type { Core } from './core.js';
import type { Prompt } from './prompts.js';
import type { SessionEvent } from './session-event.js';
import type { StreamReading } from './stream-reading.js';

/** The part of a session that is looked at. */
export class SessionView {
  readonly #core: Core;

  constructor(core: Core) {
    this.#core = core;
  }

  /** Changes where the runtime begins another session. */
  get id(): SessionId {
    return this.#core.id;
  }

  /** Who the runtime says it is. */
  get runtime(): RuntimeIdentity {
    return this.#core.accepted.runtime;
  }

  /** What was negotiated. */
  get capabilities(): Negotiated {
    return this.#core.accepted.capabilities;
  }

  /** When the session's lease ends, as text, where the runtime says. */
  get leaseExpiresAt(): string | undefined {
    return this.#core.accepted.leaseExpiresAt;
  }

  /** Last message that a resumed session would not get again: with {@link ClientSession.id}, what `resume` of a later `connect` takes. */
  get lastMessageId(): MessageId | undefined {
    return this.#core.link.inbound.cursor;
  }

  /** Aborts when the session is over, with the error it ended for. */
  get signal(): AbortSignal {
    return this.#core.signal;
  }

  /** Resolves when the session is over. Never rejects. */
  get closed(): Promise<void> {
    return this.#core.closed.promise;
  }

  get isConnected(): boolean {
    return this.#core.transport !== undefined;
  }

  /** What becomes of the session, from `connected` to `closed`. Of what nobody reads the newest 64 are kept. */
  get states(): AsyncIterable<SessionEvent> {
    return this.#core.states;
  }

  /**
   * Messages that belong to no job, stream or subscription of this session, core types checked: telemetry of the runtime,
   * `agent.handoff`, `lease.revoked`, negotiated extensions. Of those nobody reads the newest 1,024 are kept.
   */
  get messages(): AsyncIterable<RawEnvelope> {
    return this.#core.router.messages;
  }

  /** Prompts of jobs this session does not know, such as those of an earlier page. */
  get prompts(): AsyncIterable<Prompt> {
    return this.#core.router.prompts;
  }

  /** Streams of jobs this session does not know. */
  get streams(): AsyncIterable<StreamReading> {
    return this.#core.router.streams;
  }
}
