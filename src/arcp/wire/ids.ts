// Identifiers of ARCP v1.0, section 6.1: a lower-case prefix that says the kind, then a ULID where we mint it. A peer's may
// have any body, for the specification fixes none.

import { loneSurrogateIndex } from '../../codec/well-formed.js';
import { type UlidSources, ulidFactory } from './ulid.js';

/** What sets ids of different kinds apart for the compiler. It is never there at run time. */
export interface IdBrand<Kind extends string> {
  readonly __kind: Kind;
}

/** A text that was seen to have the prefix of its kind. */
type Id<Kind extends string> = string & IdBrand<Kind>;

/** `msg_...` */
export type MessageId = Id<'msg'>;
/** `sess_...` */
export type SessionId = Id<'sess'>;
/** `job_...` */
export type JobId = Id<'job'>;
/** `str_...` */
export type StreamId = Id<'str'>;
/** `sub_...` */
export type SubscriptionId = Id<'sub'>;
/** `art_...` */
export type ArtifactId = Id<'art'>;
/** `lease_...` */
export type LeaseId = Id<'lease'>;

/** Longest id, trace id or idempotency key of a peer's, in UTF-16 units: they are kept in sets and indices. */
export const MAX_ID_CHARS = 1_024;

/** Whether a value is a text that may stand in a key: 1 to {@link MAX_ID_CHARS} units, without lone surrogates. */
export function isKeyText(value: unknown): value is string {
  if (typeof value !== 'string' || value.length === 0 || value.length > MAX_ID_CHARS) return false;
  for (let i = 0; i < value.length; i++) {
    if (value.charCodeAt(i) >= 0xd800) return loneSurrogateIndex(value) < 0;
  }
  return true;
}

function isId(value: unknown, prefix: string): boolean {
  return isKeyText(value) && value.length > prefix.length && value.startsWith(prefix);
}

/** Whether a value is a message id. */
export function isMessageId(value: unknown): value is MessageId {
  return isId(value, 'msg_');
}

/** Whether a value is a session id. */
export function isSessionId(value: unknown): value is SessionId {
  return isId(value, 'sess_');
}

/** Whether a value is a job id. */
export function isJobId(value: unknown): value is JobId {
  return isId(value, 'job_');
}

/** Whether a value is a stream id. */
export function isStreamId(value: unknown): value is StreamId {
  return isId(value, 'str_');
}

/** Whether a value is a subscription id. */
export function isSubscriptionId(value: unknown): value is SubscriptionId {
  return isId(value, 'sub_');
}

/** Whether a value is an artifact id. */
export function isArtifactId(value: unknown): value is ArtifactId {
  return isId(value, 'art_');
}

/** Whether a value is a lease id. */
export function isLeaseId(value: unknown): value is LeaseId {
  return isId(value, 'lease_');
}

/** Mints ids. Those of one factory sort in the order they were made. They are names, not secrets. */
export interface IdFactory {
  message(): MessageId;
  session(): SessionId;
  job(): JobId;
  stream(): StreamId;
  subscription(): SubscriptionId;
  artifact(): ArtifactId;
  lease(): LeaseId;
  /** `chk_...`: a convention, no rule. */
  checkpoint(): string;
}

/** Makes a source of ids. */
export function idFactory(options: UlidSources = {}): IdFactory {
  const ulid = ulidFactory(options);
  return {
    message: () => `msg_${ulid()}` as MessageId,
    session: () => `sess_${ulid()}` as SessionId,
    job: () => `job_${ulid()}` as JobId,
    stream: () => `str_${ulid()}` as StreamId,
    subscription: () => `sub_${ulid()}` as SubscriptionId,
    artifact: () => `art_${ulid()}` as ArtifactId,
    lease: () => `lease_${ulid()}` as LeaseId,
    checkpoint: () => `chk_${ulid()}`,
  };
}
