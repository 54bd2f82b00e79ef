// Payloads of subscriptions (ARCP v1.0, section 13). What a filter means is in ../filter.ts.

import { array } from 'valibot';
import type { JsonValue } from '../../codec/json-value.js';
import { errorCode } from './error-shape.js';
import {
  jobId,
  json,
  maybe,
  members,
  messageId,
  oneOf,
  type SchemasOf,
  sessionId,
  streamId,
  subscriptionId,
  text,
} from './fields.js';
import type { JobId, MessageId, SessionId, StreamId, SubscriptionId } from './ids.js';
import { PRIORITIES, type Priority } from './priority.js';

/** Which messages a subscription delivers: all clauses hold, one entry of each list. An empty list is no clause. */
export interface Filter {
  readonly session_id?: readonly SessionId[] | undefined;
  readonly trace_id?: readonly string[] | undefined;
  readonly job_id?: readonly JobId[] | undefined;
  readonly stream_id?: readonly StreamId[] | undefined;
  /** Whole types; there are no wildcards. */
  readonly types?: readonly string[] | undefined;
  readonly min_priority?: Priority | undefined;
}

/** Payload of `subscribe`. */
export interface Subscribe {
  /** Default: everything. */
  readonly filter?: Filter | undefined;
  readonly since?: { readonly after_message_id?: MessageId | undefined } | undefined;
}

/** Payload of `subscribe.accepted` and `unsubscribe`. */
export interface SubscriptionName {
  readonly subscription_id: SubscriptionId;
}

/** Payload of `subscribe.event`. */
export interface SubscribeEvent {
  /** The whole original envelope. Read it with `readEnvelope`. */
  readonly event: JsonValue;
}

/** Payload of `subscribe.closed`. */
export interface SubscribeClosed {
  readonly subscription_id: SubscriptionId;
  readonly code: string;
  readonly reason: string;
}

/** Payloads of this family. */
export interface SubscriptionPayloads {
  subscribe: Subscribe;
  'subscribe.accepted': SubscriptionName;
  'subscribe.event': SubscribeEvent;
  unsubscribe: SubscriptionName;
  'subscribe.closed': SubscribeClosed;
}

const name = members({ subscription_id: subscriptionId });
const listOfTexts = maybe(array(text, 'must be a list'));

/** Schemas of this family. */
export const subscriptionSchemas = {
  subscribe: members({
    filter: maybe(
      members({
        session_id: maybe(array(sessionId, 'must be a list')),
        trace_id: listOfTexts,
        job_id: maybe(array(jobId, 'must be a list')),
        stream_id: maybe(array(streamId, 'must be a list')),
        types: listOfTexts,
        min_priority: maybe(oneOf(PRIORITIES)),
      }),
    ),
    since: maybe(members({ after_message_id: maybe(messageId) })),
  }),
  'subscribe.accepted': name,
  'subscribe.event': members({ event: json }),
  unsubscribe: name,
  'subscribe.closed': members({ subscription_id: subscriptionId, code: errorCode, reason: text }),
} satisfies SchemasOf<SubscriptionPayloads>;
