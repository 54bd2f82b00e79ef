// The envelope every message of AITP travels in (section 3): sender, time and identifier, and a signature over those and
// the payload. The signature does not cover `version`, `message_type` and `extensions`: no trust may come from them.
//
// | step | check                                   | code of the failure              |
// |------|-----------------------------------------|----------------------------------|
// | 1    | size, JSON, no duplicate members        | INVALID_ENVELOPE                 |
// | 2    | `version`                               | UNKNOWN_VERSION                  |
// | 3    | shape; unknown member as the one defect | INVALID_ENVELOPE; UNKNOWN_FIELD  |
// | 4    | `message_id` not seen before            | REPLAY_DETECTED                  |
// | 5    | `timestamp` within the tolerance        | TIMESTAMP_EXPIRED                |
// | 6    | signature under `sender.agent_id`       | INVALID_SIGNATURE                |
// | 7    | remember the identifier                 | REPLAY_DETECTED                  |

import { encodeUtf8 } from '../bytes/utf8.js';
import { canonicalize } from '../codec/jcs.js';
import type { JsonObject } from '../codec/json-value.js';
import { sha256 } from '../curves/sha256.js';
import { type Verified, verified } from '../documents/verified.js';
import type { Aid } from './aid.js';
import {
  aidText,
  anyObject,
  closedObject,
  oneOf,
  optional,
  parseSigned,
  readClosed,
  seconds,
  text,
  that,
  uuidText,
} from './closed.js';
import { AITP_VERSION, MAX_ENVELOPE_BYTES, TIMESTAMP_TOLERANCE_SEC } from './constants.js';
import { AitpError, type AitpWireCode, isAitpWireCode, isRetryable } from './errors.js';
import { canonicalBytes, type JcsOptions, signHashed, verifyHashed } from './jcs-profile.js';
import type { RandomSource } from './random.js';
import type { ReplayStore } from './replay-store.js';
import type { AitpSigner } from './signer.js';
import { type AitpClock, readClock } from './timestamps.js';
import { isUuid, newUuid } from './uuid.js';
import { checkVersion } from './version.js';

/** Registered kinds of message. */
export const MESSAGE_TYPES = /* @__PURE__ */ Object.freeze([
  'mutual_hello',
  'mutual_hello_ack',
  'mutual_commit',
  'mutual_commit_ack',
  'tct',
  'pop_challenge',
  'pop_response',
  'error',
] as const);

/** A registered kind of message. */
export type AitpMessageType = (typeof MESSAGE_TYPES)[number];

/** An envelope, read. */
export interface Envelope<T extends string = AitpMessageType> {
  /** Not covered by the signature: the payload has to fit it. */
  readonly messageType: T;
  /** UUID, unique per message. */
  readonly messageId: string;
  /** The sender's clock, in Unix seconds. */
  readonly timestampSec: number;
  /** AID of the sender. */
  readonly sender: Aid;
  /** As received. */
  readonly payload: JsonObject;
  /** Text of the signature. */
  readonly signature: string;
  /** Not covered by the signature. Never a reason for anything. */
  readonly extensions?: JsonObject;
}

/** What an envelope is made of. */
export interface EnvelopeContent<T extends string = AitpMessageType> {
  readonly messageType: T;
  /** Plain data; numbers are safe integers. Borrowed. */
  readonly payload: JsonObject;
  /** Unix seconds. */
  readonly timestampSec: number;
  /** Default: a fresh one. */
  readonly messageId?: string;
  /** Left out unless given: older peers refuse it. */
  readonly extensions?: JsonObject;
  /** For tests. */
  readonly random?: RandomSource;
}

/** How an envelope is read. */
export interface ParseEnvelopeOptions {
  /** Kinds of message taken. Default: the registered ones. */
  readonly messageTypes?: readonly string[];
  /** Longest envelope, in bytes. Default 65,536. */
  readonly maxBytes?: number;
}

/** The memory of identifiers, or the decision to do without one. */
export type ReplayDecision = ReplayStore | { readonly dangerouslyAllowReplay: true };

/** How an envelope is verified. */
export interface VerifyEnvelopeOptions extends ParseEnvelopeOptions, JcsOptions {
  readonly now: AitpClock;
  readonly replay: ReplayDecision;
  /** How far the time may be off, each way, in seconds. Default 300. */
  readonly toleranceSec?: number;
}

const CODE = 'INVALID_ENVELOPE';

/**
 * Makes and signs an envelope.
 *
 * @throws {TypeError} a `messageId` that is no UUID.
 * @throws {RangeError} the time, or a number in the payload, is not a safe integer.
 * @throws {CodecError} ERR_CODEC_JCS_VALUE: the payload is not plain JSON data.
 */
export async function buildEnvelope<T extends string = AitpMessageType>(
  content: EnvelopeContent<T>,
  signer: AitpSigner,
): Promise<Envelope<T>> {
  const { messageType, payload, timestampSec, extensions, messageId = newUuid(content.random) } = content;
  if (!isUuid(messageId)) throw new TypeError('messageId must be a UUID of version 4 in lower case');
  readClock(() => timestampSec);
  const unsigned = { messageType, messageId, timestampSec, sender: signer.aid, payload };
  const signature = await signHashed(await envelopeSigningInput(unsigned), signer);
  return { ...unsigned, signature, ...(extensions === undefined ? {} : { extensions }) };
}

/** Writes an envelope as the text that travels. */
export function encodeEnvelope(envelope: Envelope<string>): string {
  const { messageType, messageId, timestampSec, sender, payload, signature, extensions } = envelope;
  return canonicalize({
    version: AITP_VERSION,
    message_type: messageType,
    message_id: messageId,
    timestamp: timestampSec,
    sender: { agent_id: sender },
    payload,
    signature,
    ...(extensions === undefined ? {} : { extensions }),
  });
}

/**
 * The text whose SHA-256 is signed: identifier, time, sender and hash of the payload, with bars between.
 *
 * @returns Fresh bytes.
 */
export async function envelopeSigningInput(
  envelope: Pick<Envelope, 'messageId' | 'timestampSec' | 'sender' | 'payload'>,
): Promise<Uint8Array> {
  const { messageId, timestampSec, sender, payload } = envelope;
  const digest = await sha256(canonicalBytes(payload));
  const hex = Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return encodeUtf8(`${messageId}|${timestampSec}|${sender}|${hex}`);
}

/**
 * Reads an envelope: steps 1 to 3. Nothing is verified.
 *
 * @param input Text, or its UTF-8 bytes, from anywhere.
 * @throws {AitpError} INVALID_ENVELOPE, UNKNOWN_VERSION, UNKNOWN_FIELD.
 */
export function parseEnvelope(
  input: string | Uint8Array,
  options?: ParseEnvelopeOptions & { readonly messageTypes?: undefined },
): Envelope;
export function parseEnvelope(input: string | Uint8Array, options: ParseEnvelopeOptions): Envelope<string>;
export function parseEnvelope(
  input: string | Uint8Array,
  { messageTypes = MESSAGE_TYPES, maxBytes = MAX_ENVELOPE_BYTES }: ParseEnvelopeOptions = {},
): Envelope<string> {
  const value = parseSigned(input, CODE, maxBytes);
  checkVersion(value, 'UNKNOWN_VERSION', 'an envelope');
  const { message_type, message_id, timestamp, sender, payload, signature, extensions } = readClosed(
    closedObject({ ...MEMBERS, message_type: oneOf(...messageTypes) }),
    value,
    CODE,
    'envelope',
  );
  return {
    messageType: message_type,
    messageId: message_id,
    timestampSec: timestamp,
    sender: sender.agent_id,
    payload,
    signature,
    ...(extensions === undefined ? {} : { extensions }),
  };
}

/** @throws {AitpError} REPLAY_DETECTED: step 4, the identifier is remembered. Records nothing. */
export async function checkReplay(envelope: Envelope<string>, replay: ReplayDecision): Promise<void> {
  // By what a store can do: one that carries the waiver as well is still a store.
  if (!('has' in replay)) return;
  if (await replay.has(replayKey(envelope))) throw replayed();
}

/** @throws {AitpError} TIMESTAMP_EXPIRED: step 5, the time is off by more than the tolerance, either way. */
export function checkTimestamp(
  envelope: Pick<Envelope, 'timestampSec'>,
  nowSec: number,
  toleranceSec: number = TIMESTAMP_TOLERANCE_SEC,
): void {
  if (Math.abs(nowSec - envelope.timestampSec) <= toleranceSec) return;
  throw new AitpError('TIMESTAMP_EXPIRED', 'the time of the envelope is outside the tolerance');
}

/** @throws {AitpError} INVALID_SIGNATURE: step 6, the signature does not hold under the sender's key. */
export async function checkEnvelopeSignature(envelope: Envelope<string>, options?: JcsOptions): Promise<void> {
  const input = await envelopeSigningInput(envelope);
  await verifyHashed(input, envelope.signature, envelope.sender, 'INVALID_SIGNATURE', options);
}

/**
 * Remembers the identifier: step 7, after the signature, so that only the sender can use it up.
 *
 * @throws {AitpError} REPLAY_DETECTED: somebody was faster.
 * @throws {LimitError} ERR_LIMIT_EXCEEDED: the memory is full.
 */
export async function recordEnvelope(
  envelope: Envelope<string>,
  replay: ReplayDecision,
  nowSec: number,
  toleranceSec: number = TIMESTAMP_TOLERANCE_SEC,
): Promise<void> {
  // By what a store can do: one that carries the waiver as well is still a store.
  if (!('has' in replay)) return;
  // The last second at which this very message would still pass step 5 is its time plus the tolerance.
  const expiresAtSec = Math.max(nowSec, envelope.timestampSec) + toleranceSec + 1;
  if (!(await replay.addIfAbsent(replayKey(envelope), expiresAtSec))) throw replayed();
}

/**
 * Verifies an envelope, in the order of the table above.
 *
 * @param input Text, or its UTF-8 bytes, from anywhere.
 * @throws {AitpError} INVALID_ENVELOPE, UNKNOWN_VERSION, UNKNOWN_FIELD, REPLAY_DETECTED, TIMESTAMP_EXPIRED,
 *   INVALID_SIGNATURE.
 * @throws {LimitError} ERR_LIMIT_EXCEEDED: the memory of identifiers is full.
 * @throws {TypeError | RangeError} no clock, or no decision about replay.
 */
export function verifyEnvelope(
  input: string | Uint8Array,
  options: VerifyEnvelopeOptions & { readonly messageTypes?: undefined },
): Promise<Verified<Envelope>>;
export function verifyEnvelope(
  input: string | Uint8Array,
  options: VerifyEnvelopeOptions,
): Promise<Verified<Envelope<string>>>;
export async function verifyEnvelope(
  input: string | Uint8Array,
  options: VerifyEnvelopeOptions,
): Promise<Verified<Envelope<string>>> {
  const { replay, toleranceSec = TIMESTAMP_TOLERANCE_SEC } = options;
  assertReplayDecision(replay);
  const nowSec = readClock(options.now);
  const envelope = parseEnvelope(input, options);
  await checkReplay(envelope, replay);
  checkTimestamp(envelope, nowSec, toleranceSec);
  await checkEnvelopeSignature(envelope, options);
  await recordEnvelope(envelope, replay, nowSec, toleranceSec);
  return verified(envelope);
}

/** @throws {TypeError} neither a memory nor the decision to do without one. */
export function assertReplayDecision(replay: unknown): asserts replay is ReplayDecision {
  const { addIfAbsent, has, dangerouslyAllowReplay } = (replay ?? {}) as Record<string, unknown>;
  const isStore = typeof addIfAbsent === 'function' && typeof has === 'function';
  if (isStore || dangerouslyAllowReplay === true) return;
  throw new TypeError('replay must be a ReplayStore, or { dangerouslyAllowReplay: true }');
}

/** What an error message says. */
export interface ErrorPayload {
  /** Registered or not: a peer may know more codes. */
  readonly code: string;
  readonly reason: string;
  /** False for a code we do not know, whatever the peer says. */
  readonly retryable: boolean;
}

/** The payload of an `error` message: a registered code and a neutral reason, for a peer's eyes. */
export function errorPayload(code: AitpWireCode, reason: string): JsonObject {
  return { code, reason, retryable: isRetryable(code) };
}

/**
 * Reads the payload of an `error` message. A hint: it may end an exchange, and never changes trust.
 *
 * @throws {AitpError} INVALID_ENVELOPE, UNKNOWN_FIELD.
 */
export function readErrorPayload(payload: JsonObject): ErrorPayload {
  const { code, reason, retryable } = readClosed(ERROR_PAYLOAD, payload, CODE, 'error payload');
  return { code, reason, retryable: isAitpWireCode(code) && retryable };
}

const MEMBERS = /* @__PURE__ */ (() => ({
  version: oneOf(AITP_VERSION),
  message_id: uuidText,
  timestamp: seconds(0),
  sender: closedObject({ agent_id: aidText }),
  payload: anyObject,
  // Its form is part of the verdict on the signature.
  signature: text,
  extensions: optional(anyObject),
}))();

const ERROR_PAYLOAD = /* @__PURE__ */ (() =>
  closedObject({
    code: text,
    reason: text,
    retryable: that<boolean>('a boolean', (value) => typeof value === 'boolean'),
  }))();

function replayKey({ sender, messageId }: Envelope<string>): string {
  return `${sender} ${messageId}`;
}

function replayed(): AitpError {
  return new AitpError('REPLAY_DETECTED', 'the message was seen before');
}
