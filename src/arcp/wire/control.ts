// Payloads of control (ARCP v1.0; `resume`: section 19).

import type { WireError } from '../errors.js';
import { errorShape } from './error-shape.js';
import { flag, maybe, members, messageId, oneOf, type SchemasOf, text, uint, uint32 } from './fields.js';
import type { MessageId } from './ids.js';

/** What a cancel or an interrupt is aimed at. */
export type CancelTarget = 'job' | 'stream' | 'session';

/** Payload of `ping` and `pong`. */
export interface Ping {
  readonly nonce?: string | undefined;
}

/** Payload of `ack`. */
export interface Ack {
  readonly note?: string | undefined;
}

/** Payload of `cancel`. */
export interface Cancel {
  readonly target: CancelTarget;
  /** Any text: a malformed one is answered by `cancel.refused`. */
  readonly target_id: string;
  readonly reason?: string | undefined;
  /** How long the target gets to end by itself. Default 5,000. */
  readonly deadline_ms?: number | undefined;
}

/** Payload of `cancel.accepted`. */
export interface CancelAccepted {
  readonly target_id?: string | undefined;
}

/** Payload of `cancel.refused`. */
export interface CancelRefused {
  readonly target_id: string;
  /** `not_cancellable`, `already_terminal`, `not_found`; other runtimes may say anything. */
  readonly reason: string;
}

/** Payload of `interrupt`. */
export interface Interrupt {
  readonly target: CancelTarget;
  readonly target_id: string;
  readonly prompt: string;
}

/** Payload of `resume`. */
export interface Resume {
  readonly after_message_id?: MessageId | undefined;
  readonly checkpoint_id?: string | undefined;
  /** Default false. */
  readonly include_open_streams?: boolean | undefined;
}

/** Payload of `backpressure`. */
export interface Backpressure {
  /** Chunks a second, up to 2^32 - 1. */
  readonly desired_rate_per_second?: number | undefined;
  readonly buffer_remaining_bytes?: number | undefined;
  readonly reason?: string | undefined;
}

/** Payload of `checkpoint.create`. */
export interface CheckpointCreate {
  readonly label?: string | undefined;
}

/** Payload of `checkpoint.restore`. */
export interface CheckpointRestore {
  readonly checkpoint_id: string;
}

/** Payloads of this family. */
export interface ControlPayloads {
  ping: Ping;
  pong: Ping;
  ack: Ack;
  nack: WireError;
  cancel: Cancel;
  'cancel.accepted': CancelAccepted;
  'cancel.refused': CancelRefused;
  interrupt: Interrupt;
  resume: Resume;
  backpressure: Backpressure;
  'checkpoint.create': CheckpointCreate;
  'checkpoint.restore': CheckpointRestore;
}

const target = oneOf(['job', 'stream', 'session']);
const nonce = members({ nonce: maybe(text) });

/** Schemas of this family. */
export const controlSchemas = {
  ping: nonce,
  pong: nonce,
  ack: members({ note: maybe(text) }),
  nack: errorShape,
  cancel: members({ target, target_id: text, reason: maybe(text), deadline_ms: maybe(uint) }),
  'cancel.accepted': members({ target_id: maybe(text) }),
  'cancel.refused': members({ target_id: text, reason: text }),
  interrupt: members({ target, target_id: text, prompt: text }),
  resume: members({
    after_message_id: maybe(messageId),
    checkpoint_id: maybe(text),
    include_open_streams: maybe(flag),
  }),
  backpressure: members({
    desired_rate_per_second: maybe(uint32),
    buffer_remaining_bytes: maybe(uint),
    reason: maybe(text),
  }),
  'checkpoint.create': members({ label: maybe(text) }),
  'checkpoint.restore': members({ checkpoint_id: text }),
} satisfies SchemasOf<ControlPayloads>;
