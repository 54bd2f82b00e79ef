// Payloads of human input (ARCP v1.0).

import { array } from 'valibot';
import type { JsonValue } from '../../codec/json-value.js';
import { errorCode } from './error-shape.js';
import { json, maybe, members, type SchemasOf, text, timestamp } from './fields.js';

/** Payload of `human.input.request`. */
export interface HumanInputRequest {
  readonly prompt: string;
  /** JSON Schema (2020-12) of the answer. */
  readonly response_schema: JsonValue;
  readonly default?: JsonValue | undefined;
  readonly expires_at: string;
}

/** Payload of `human.input.response`. */
export interface HumanInputResponse {
  readonly value: JsonValue;
  readonly responded_by: string;
  readonly responded_at: string;
}

/** One of several answers to choose from. */
export interface HumanChoice {
  readonly id: string;
  readonly label: string;
}

/** Payload of `human.choice.request`. */
export interface HumanChoiceRequest {
  readonly prompt: string;
  readonly options: readonly HumanChoice[];
  readonly expires_at: string;
}

/** Payload of `human.choice.response`. */
export interface HumanChoiceResponse {
  readonly choice_id: string;
  readonly responded_by: string;
  readonly responded_at: string;
}

/** Ends input and choice requests alike. */
export interface HumanInputCancelled {
  readonly code: string;
  readonly message?: string | undefined;
}

/** Payloads of this family. */
export interface HumanPayloads {
  'human.input.request': HumanInputRequest;
  'human.input.response': HumanInputResponse;
  'human.choice.request': HumanChoiceRequest;
  'human.choice.response': HumanChoiceResponse;
  'human.input.cancelled': HumanInputCancelled;
}

/** Schemas of this family. */
export const humanSchemas = {
  'human.input.request': members({
    prompt: text,
    response_schema: json,
    default: maybe(json),
    expires_at: timestamp,
  }),
  'human.input.response': members({ value: json, responded_by: text, responded_at: timestamp }),
  'human.choice.request': members({
    prompt: text,
    options: array(members({ id: text, label: text }), 'must be a list'),
    expires_at: timestamp,
  }),
  'human.choice.response': members({ choice_id: text, responded_by: text, responded_at: timestamp }),
  'human.input.cancelled': members({ code: errorCode, message: maybe(text) }),
} satisfies SchemasOf<HumanPayloads>;
