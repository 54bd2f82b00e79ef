// Payloads of streams (ARCP v1.0). `stream_id` stands on the envelope.

import { pipe, transform } from 'valibot';
import type { JsonValue } from '../../codec/json-value.js';
import { errorCode } from './error-shape.js';
import { flag, json, maybe, members, type SchemasOf, text, uint } from './fields.js';

/** Kinds of streams. */
export const STREAM_KINDS = ['text', 'binary', 'event', 'log', 'metric', 'thought'] as const;

/** Kind of a stream. */
export type StreamKind = (typeof STREAM_KINDS)[number];

/** Payload of `stream.open`. */
export interface StreamOpen {
  readonly kind: StreamKind;
  readonly content_type?: string | undefined;
  readonly encoding?: string | undefined;
}

/** Payload of `stream.chunk`. */
export interface StreamChunk {
  /** From 0, one more each time. */
  readonly sequence: number;
  readonly data: JsonValue;
  readonly content_type?: string | undefined;
  readonly sha256?: string | undefined;
  /** Default false. */
  readonly redacted?: boolean | undefined;
  /** `assistant_thought`, in a stream of thoughts. */
  readonly role?: string | undefined;
  /** The text of a thought; `data` holds it too. */
  readonly content?: string | undefined;
}

/** Payload of `stream.close`. */
export interface StreamClose {
  readonly final_sequence?: number | undefined;
}

/** Payload of `stream.error`. */
export interface StreamError {
  readonly code: string;
  readonly message: string;
}

/** Payloads of this family. */
export interface StreamPayloads {
  'stream.open': StreamOpen;
  'stream.chunk': StreamChunk;
  'stream.close': StreamClose;
  'stream.error': StreamError;
}

/** A kind nobody knows is treated as `event`, and comes out as such. */
const streamKind = pipe(
  text,
  transform((kind): StreamKind => STREAM_KINDS.find((known) => known === kind) ?? 'event'),
);

/** Schemas of this family. */
export const streamSchemas = {
  'stream.open': members({ kind: streamKind, content_type: maybe(text), encoding: maybe(text) }),
  'stream.chunk': members({
    sequence: uint,
    data: json,
    content_type: maybe(text),
    sha256: maybe(text),
    redacted: maybe(flag),
    role: maybe(text),
    content: maybe(text),
  }),
  'stream.close': members({ final_sequence: maybe(uint) }),
  'stream.error': members({ code: errorCode, message: text }),
} satisfies SchemasOf<StreamPayloads>;
