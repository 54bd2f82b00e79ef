// The envelope every message of AITP travels in (section 3.1): sender, time and identifier, and a signature over those and
// the payload. The signature does not cover `version`, `message_type` and `extensions`: no trust may come from them.
// Made, written and read here; whether it holds is envelope-verify.ts.

import { encodeUtf8 } from '../bytes/utf8.js';
import { isObject } from '../codec/is-object.js';
import { canonicalize } from '../codec/jcs.js';
import type { JsonObject } from '../codec/json-value.js';
import { sha256 } from '../curves/sha256.js';
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
  uuidText,
} from './closed.js';
import { AITP_VERSION, MAX_ENVELOPE_BYTES } from './constants.js';
import { assertReadable, assertSignable, canonicalBytes, signHashed } from './jcs-profile.js';
import type { RandomSource } from './random.js';
import type { AitpSigner } from './signer.js';
import { readClock } from './timestamps.js';
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

const CODE = 'INVALID_ENVELOPE';

/**
 * Makes and signs an envelope.
 *
 * @throws {TypeError} a `messageId` that is no UUID, or a payload or extensions that are no object.
 * @throws {RangeError} the time, or a number in the payload or the extensions, is not a safe integer.
 * @throws {CodecError} ERR_CODEC_JCS_VALUE: they are not plain JSON data.
 */
export async function buildEnvelope<T extends string = AitpMessageType>(
  content: EnvelopeContent<T>,
  signer: AitpSigner,
): Promise<Envelope<T>> {
  const { messageType, payload, timestampSec, extensions, messageId = newUuid(content.random) } = content;
  if (!isUuid(messageId)) throw new TypeError('messageId must be a UUID of version 4 in lower case');
  if (!isObject(payload)) throw new TypeError('payload must be an object');
  // Nobody signs these, but a reader is as strict about them.
  if (extensions !== undefined) assertSignable(extensions, 'extensions');
  readClock(() => timestampSec);
  const unsigned = { messageType, messageId, timestampSec, sender: signer.aid, payload };
  const signature = await signHashed(await envelopeSigningInput(unsigned), signer);
  return { ...unsigned, signature, ...(extensions === undefined ? {} : { extensions }) };
}

/**
 * Writes an envelope as the text that travels.
 *
 * @throws {RangeError} longer than the 65,536 bytes that are read.
 */
export function encodeEnvelope(envelope: Envelope<string>): string {
  const { messageType, messageId, timestampSec, sender, payload, signature, extensions } = envelope;
  const written = canonicalize({
    version: AITP_VERSION,
    message_type: messageType,
    message_id: messageId,
    timestamp: timestampSec,
    sender: { agent_id: sender },
    payload,
    signature,
    ...(extensions === undefined ? {} : { extensions }),
  });
  assertReadable(written, MAX_ENVELOPE_BYTES, 'the envelope');
  return written;
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
