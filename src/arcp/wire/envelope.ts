// The envelope of ARCP v1.0, section 6: one JSON object for each message, read by hand because every message passes here;
// test/arcp/wire/envelope.prop.test.ts holds these checks to a schema. What is written keeps a peer of version 0.1.0 of the
// Rust crate alive: nothing is null for being absent, numbers are numbers, text is well formed, keys stand in one order.

import { type BaseIssue, safeParse } from 'valibot';
import { assertInteger } from '../../bytes/assert.js';
import { encodeUtf8 } from '../../bytes/utf8.js';
import { isObject } from '../../codec/is-object.js';
import type { JsonObject } from '../../codec/json-value.js';
import { ArcpError } from '../errors.js';
import {
  isJobId,
  isKeyText,
  isMessageId,
  isSessionId,
  isStreamId,
  isSubscriptionId,
  type JobId,
  type MessageId,
  type SessionId,
  type StreamId,
  type SubscriptionId,
} from './ids.js';
import { treeIssue, treeRoom } from './json-tree.js';
import { type CoreType, PAYLOAD_SCHEMAS, type Payloads } from './payloads.js';
import { PRIORITIES, type Priority } from './priority.js';
import { isTimestamp } from './timestamp.js';

/** What we write as `arcp`. */
export const ARCP_VERSION = '1.0';

/** The envelope without `type` and `payload`. */
export interface EnvelopeFields {
  /** Version of the sender's protocol. */
  readonly arcp: string;
  readonly id: MessageId;
  /** RFC 3339, by the sender's clock. */
  readonly timestamp: string;
  readonly source?: string | undefined;
  readonly target?: string | undefined;
  readonly session_id?: SessionId | undefined;
  readonly job_id?: JobId | undefined;
  readonly stream_id?: StreamId | undefined;
  readonly subscription_id?: SubscriptionId | undefined;
  readonly trace_id?: string | undefined;
  readonly span_id?: string | undefined;
  readonly parent_span_id?: string | undefined;
  /** Id of the request this answers. */
  readonly correlation_id?: MessageId | undefined;
  /** Id of the message that brought this about. */
  readonly causation_id?: MessageId | undefined;
  readonly idempotency_key?: string | undefined;
  /** Default `normal`. */
  readonly priority?: Priority | undefined;
  /** Extension fields by their names, and `optional`. */
  readonly extensions?: JsonObject | undefined;
}

/** A message of any type, its payload as it came. */
export interface RawEnvelope extends EnvelopeFields {
  readonly type: string;
  readonly payload: JsonObject;
}

/** A message of a core type, its payload checked. Narrow it by `type`. */
export type Message<T extends CoreType = CoreType> = {
  [K in T]: EnvelopeFields & { readonly type: K; readonly payload: Payloads[K] };
}[T];

/** How much of a peer's message is taken. */
export interface DecodeLimits {
  /** Length as UTF-8: 1 or more. Default 8,388,608, so that an artifact of 4 MiB fits. */
  readonly maxBytes?: number | undefined;
  /**
   * Arrays and objects inside one another, the envelope counted: 1 to 1,000. Default 127, as version 0.1.0 of the Rust
   * crate has it; two more in a `subscribe.event`.
   */
  readonly maxDepth?: number | undefined;
  /** Object members in payload and extensions together: 0 or more. Default 10,000; 64 more in a `subscribe.event`. */
  readonly maxKeys?: number | undefined;
}

/** What a text turned out to be. */
export type Decoded =
  /** No JSON object: there is nobody to answer. */
  | { readonly kind: 'garbage'; readonly reason: string }
  /** An object that is no envelope. `id` stands where that alone is good. */
  | { readonly kind: 'malformed'; readonly id?: MessageId; readonly path: string; readonly issue: string }
  | { readonly kind: 'envelope'; readonly envelope: RawEnvelope };

/** Levels of arrays and objects in a message: one more ends the connection to version 0.1.0 of the Rust crate. */
const MAX_DEPTH = 127;

const isText = (value: unknown): boolean => typeof value === 'string';
const TEXT = 'must be a string';
const KEY_TEXT = 'must be a string of 1 to 1,024 characters';
const MESSAGE_ID = 'must be a message id';
const OBJECT = 'must be an object';

type Field = readonly [
  name: keyof RawEnvelope,
  isRequired: boolean,
  accepts: (value: unknown) => boolean,
  issue: string,
];

const FIELDS: readonly Field[] = [
  ['id', true, isMessageId, MESSAGE_ID],
  ['arcp', true, isText, TEXT],
  ['type', true, (value) => value === '' || isKeyText(value), 'must be a string of at most 1,024 characters'],
  ['timestamp', true, isTimestamp, 'must be an RFC 3339 timestamp with an offset'],
  ['source', false, isText, TEXT],
  ['target', false, isText, TEXT],
  ['session_id', false, isSessionId, 'must be a session id'],
  ['job_id', false, isJobId, 'must be a job id'],
  ['stream_id', false, isStreamId, 'must be a stream id'],
  ['subscription_id', false, isSubscriptionId, 'must be a subscription id'],
  ['trace_id', false, isKeyText, KEY_TEXT],
  ['span_id', false, isKeyText, KEY_TEXT],
  ['parent_span_id', false, isKeyText, KEY_TEXT],
  ['correlation_id', false, isMessageId, MESSAGE_ID],
  ['causation_id', false, isMessageId, MESSAGE_ID],
  ['idempotency_key', false, isKeyText, KEY_TEXT],
  ['priority', false, (value) => PRIORITIES.includes(value as Priority), `must be one of ${PRIORITIES.join(', ')}`],
  ['extensions', false, isObject, OBJECT],
  ['payload', true, isObject, OBJECT],
];

/**
 * Reads one message. Never throws for what a peer sent.
 *
 * @param text Borrowed.
 * @returns `garbage` for what is too long, no JSON, or no object; `malformed` for an object that is no envelope, or too
 *   deep or wide; else the envelope, a fresh object of the fields this version knows, with the payload as it came.
 * @throws {TypeError} @throws {RangeError} a limit that is none.
 */
export function decodeEnvelope(text: string, limits: DecodeLimits = {}): Decoded {
  const { maxBytes = 8_388_608 } = limits;
  assertInteger(maxBytes, 'maxBytes', 1);
  // A unit of UTF-16 is one to three bytes of UTF-8, so most texts need no counting.
  if (text.length > maxBytes || (text.length * 3 > maxBytes && encodeUtf8(text).length > maxBytes)) {
    return { kind: 'garbage', reason: `longer than ${maxBytes} bytes` };
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { kind: 'garbage', reason: 'not JSON' };
  }
  return readEnvelope(value, limits);
}

/**
 * Reads one message that is JSON already, such as the `event` of a `subscribe.event`.
 *
 * @param value Out of `JSON.parse`. Its payload and extensions become the envelope's.
 */
export function readEnvelope(value: unknown, limits: DecodeLimits = {}): Decoded {
  if (!isObject(value)) return { kind: 'garbage', reason: 'no object' };
  const envelope: Record<string, unknown> = {};
  const fault = fieldFault(value, envelope) ?? treeFault(envelope, limits);
  // Every field was seen to be of its kind.
  if (fault === undefined) return { kind: 'envelope', envelope: envelope as unknown as RawEnvelope };
  const id = own(value, 'id');
  return { kind: 'malformed', ...(isMessageId(id) ? { id } : undefined), ...fault };
}

interface Fault {
  readonly path: string;
  readonly issue: string;
}

/** Judges what of an envelope holds free JSON, which is all that can be deep, wide or of another kind. */
function treeFault(
  { type, payload, extensions }: { readonly type?: unknown; readonly payload?: unknown; readonly extensions?: unknown },
  { maxDepth = MAX_DEPTH, maxKeys = 10_000 }: DecodeLimits,
): Fault | undefined {
  const room = treeRoom(maxDepth, maxKeys, type === 'subscribe.event');
  let issue = treeIssue(payload, room, 2);
  if (issue !== undefined) return { path: 'payload', issue };
  issue = extensions === undefined ? undefined : treeIssue(extensions, room, 2);
  return issue === undefined ? undefined : { path: 'extensions', issue };
}

/** The first field that is not what it must be; those before it are copied where there is a place. */
function fieldFault(value: Readonly<Record<string, unknown>>, copy?: Record<string, unknown>): Fault | undefined {
  for (const field of FIELDS) {
    const name = field[0];
    const member = own(value, name);
    if (member === undefined) {
      if (field[1]) return { path: name, issue: 'is missing' };
    } else {
      if (!field[2](member)) return { path: name, issue: field[3] };
      if (copy !== undefined) copy[name] = member;
    }
  }
  return undefined;
}

// Only own members count: a message cannot borrow one from Object.prototype, whatever happened to that.
function own(value: Readonly<Record<string, unknown>>, name: string): unknown {
  const field = value[name];
  return field !== undefined && Object.hasOwn(value, name) ? field : undefined;
}

/** Whether we speak the version a message says: `1.` and a number. */
export function isSpokenVersion(arcp: string): boolean {
  return /^1\.\d+$/.test(arcp);
}

/**
 * Checks the payload of a message of a core type.
 *
 * @param type Type whose schema holds. The caller has seen that it is the envelope's.
 * @returns The message with a fresh payload, without the members its type does not name. Free JSON is shared.
 * @throws {ArcpError} ERR_ARCP_INVALID_ARGUMENT, with `details` `{ path, issue }`.
 */
export function decodePayload<T extends CoreType>(envelope: RawEnvelope, type: T): Message<T> {
  const result = safeParse(PAYLOAD_SCHEMAS[type], envelope.payload, ABORT_EARLY);
  // Spread, the branches of the union are not seen to match; each is this.
  if (result.success) return { ...envelope, type, payload: result.output } as Message<T>;
  const { path, issue } = payloadFault(result.issues);
  throw new ArcpError('INVALID_ARGUMENT', `${path} ${issue}`, { details: { path, issue } });
}

const ABORT_EARLY = { abortEarly: true } as const;

function payloadFault([issue]: readonly [BaseIssue<unknown>, ...BaseIssue<unknown>[]]): Fault {
  // Only names of members we know and places in lists are on the path: nothing of it is the peer's.
  const path = (issue.path ?? []).map(({ key }) => `.${key}`).join('');
  return { path: `payload${path}`, issue: issue.input === undefined ? 'is missing' : issue.message };
}

/**
 * Writes one message, as one line.
 *
 * Members that are `undefined` are left out, as is the priority `normal`; lone surrogates become U+FFFD.
 *
 * @param message Borrowed. Members of the payload that its type does not name are written too.
 * @throws {RangeError} a number that is not finite, a count that is no integer from 0 to 2^53 - 1, more than 127 levels.
 * @throws {TypeError} anything else the receiver would refuse: our own caller's mistake.
 */
export function encodeMessage(message: Message | RawEnvelope): string {
  const { priority, payload } = message;
  const envelope = {
    arcp: message.arcp,
    id: message.id,
    type: message.type,
    timestamp: message.timestamp,
    source: message.source,
    target: message.target,
    session_id: message.session_id,
    job_id: message.job_id,
    stream_id: message.stream_id,
    subscription_id: message.subscription_id,
    trace_id: message.trace_id,
    span_id: message.span_id,
    parent_span_id: message.parent_span_id,
    correlation_id: message.correlation_id,
    causation_id: message.causation_id,
    idempotency_key: message.idempotency_key,
    priority: priority === 'normal' ? undefined : priority,
    extensions: message.extensions,
    payload,
  };
  const fault = fieldFault(envelope) ?? treeFault(envelope, NO_WIDTH);
  if (fault !== undefined) throw misuse(fault);
  if (Object.hasOwn(PAYLOAD_SCHEMAS, message.type)) {
    const result = safeParse(PAYLOAD_SCHEMAS[message.type as CoreType], payload, ABORT_EARLY);
    if (!result.success) throw misuse(payloadFault(result.issues));
  }
  const text = JSON.stringify(envelope);
  // `JSON.stringify` escapes just the lone ones, so that hardly any text needs the second look.
  return text.includes('\\ud')
    ? text.replace(ESCAPE, (sequence, lone) => (lone === undefined ? sequence : '\ufffd'))
    : text;
}

/** Our own messages are as wide as they are: only a peer's are bounded. */
const NO_WIDTH: DecodeLimits = { maxKeys: Number.MAX_SAFE_INTEGER };

/** Names what our own caller did: numbers and nesting are a matter of range, the rest one of kind. */
function misuse({ path, issue }: Fault): Error {
  const ErrorOfKind = /integer|number|nests/.test(issue) ? RangeError : TypeError;
  return new ErrorOfKind(`${path} ${issue}`);
}

/** One escape of JSON, so that a backslash that stands for itself is passed over; the group is a lone surrogate. */
const ESCAPE = /\\(?:u(d[89a-f][0-9a-f]{2})|.)/g;
