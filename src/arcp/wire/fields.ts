// What the payloads of ARCP are made of, as valibot schemas. They check and never convert, but for two cases said where
// they stand; free JSON goes through as it is, so that its own members named `__proto__` stay what they are.
// No message quotes what a peer sent.

import {
  custom,
  type GenericSchema,
  type InferOutput,
  type ObjectEntries,
  type ObjectSchema,
  object,
  optional,
  picklist,
  pipe,
} from 'valibot';
import { isObject } from '../../codec/is-object.js';
import type { JsonObject, JsonValue } from '../../codec/json-value.js';
import {
  type ArtifactId,
  isArtifactId,
  isJobId,
  isLeaseId,
  isMessageId,
  isSessionId,
  isStreamId,
  isSubscriptionId,
  type JobId,
  type LeaseId,
  type MessageId,
  type SessionId,
  type StreamId,
  type SubscriptionId,
} from './ids.js';
import { isTimestamp } from './timestamp.js';

/** The schema of each payload of a family. */
export type SchemasOf<Payloads> = { readonly [Type in keyof Payloads]: GenericSchema<unknown, Payloads[Type]> };

/** An object with the members named; others are left out of what comes out. valibot alone would take an array for one. */
export function members<const Entries extends ObjectEntries>(
  entries: Entries,
): GenericSchema<unknown, InferOutput<ObjectSchema<Entries, undefined>>> {
  type Output = InferOutput<ObjectSchema<Entries, undefined>>;
  const known: GenericSchema = object(entries);
  return pipe(jsonObject as GenericSchema, known) as GenericSchema<unknown, Output>;
}

/** A member that may be left out. `null` is not leaving out. */
export const maybe = optional;

/** One of some words, letter for letter. */
export function oneOf<const Words extends readonly string[]>(words: Words) {
  return picklist(words, `must be one of ${words.join(', ')}`);
}

/** Any text, the empty one included. */
export const text = custom<string>((value) => typeof value === 'string', 'must be a string');

/** True or false. */
export const flag = custom<boolean>((value) => typeof value === 'boolean', 'must be true or false');

/** A finite number. `JSON.parse` makes Infinity of 1e400. */
export const num = custom<number>((value) => Number.isFinite(value), 'must be a finite number');

/** An integer from 0 to 2^53 - 1. */
export const uint = custom<number>(isUint, 'must be an integer from 0 to 2^53 - 1');

/** An integer from 0 to 2^32 - 1. */
export const uint32 = custom<number>(
  (value) => isUint(value) && value < 2 ** 32,
  'must be an integer from 0 to 2^32 - 1',
);

/** Any JSON, `null` included. */
export const json = custom<JsonValue>((value) => value !== undefined, 'is missing');

/** Any object of JSON. */
export const jsonObject = custom<JsonObject>(isObject, 'must be an object');

/** A time, kept as its text. */
export const timestamp = custom<string>(isTimestamp, 'must be an RFC 3339 timestamp with an offset');

/** `msg_...` */
export const messageId = custom<MessageId>(isMessageId, 'must be a message id');
/** `sess_...` */
export const sessionId = custom<SessionId>(isSessionId, 'must be a session id');
/** `job_...` */
export const jobId = custom<JobId>(isJobId, 'must be a job id');
/** `str_...` */
export const streamId = custom<StreamId>(isStreamId, 'must be a stream id');
/** `sub_...` */
export const subscriptionId = custom<SubscriptionId>(isSubscriptionId, 'must be a subscription id');
/** `art_...` */
export const artifactId = custom<ArtifactId>(isArtifactId, 'must be an artifact id');
/** `lease_...` */
export const leaseId = custom<LeaseId>(isLeaseId, 'must be a lease id');

/** Whether a value is an integer from 0 to 2^53 - 1. */
export function isUint(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
