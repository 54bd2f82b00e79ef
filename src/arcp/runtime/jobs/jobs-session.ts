// A session, as its jobs use it.

import type { MessageId } from '../../wire/ids.js';
import type { Payloads } from '../../wire/payloads.js';
import type { Keeping } from '../outbox/out-item.js';
import type { EmitFields, SessionPort } from '../service.js';

/** A session as its jobs use it. */
export interface JobsSession extends SessionPort {
  /** Whether it takes no more commands. */
  readonly isEnding: boolean;
  /** As {@link SessionPort.emit}, with what must be kept with the message, and who waits for that. */
  emitWith<T extends keyof Payloads>(
    type: T,
    payload: Payloads[T],
    fields: EmitFields | undefined,
    keeping: Keeping | undefined,
  ): MessageId;
}
