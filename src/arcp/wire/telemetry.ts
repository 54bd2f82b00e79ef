// Payloads of telemetry (ARCP v1.0, section 17).

import type { JsonValue } from '../../codec/json-value.js';
import { json, maybe, members, num, oneOf, type SchemasOf, text, timestamp } from './fields.js';

/** How grave a log line is. */
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'critical'] as const;

/** Level of a log line. */
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Payload of `event.emit`. */
export interface EventEmit {
  /** Dotted. `subscription.backfill_complete` is reserved. */
  readonly name: string;
  readonly data?: JsonValue | undefined;
}

/** Payload of `log`. */
export interface LogLine {
  readonly level: LogLevel;
  readonly message: string;
  readonly attributes?: JsonValue | undefined;
}

/** Payload of `metric`. */
export interface Metric {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly dims?: JsonValue | undefined;
}

/** Payload of `trace.span`. */
export interface TraceSpan {
  readonly name: string;
  /** Equal to the envelope's. */
  readonly trace_id: string;
  readonly span_id: string;
  readonly parent_span_id?: string | undefined;
  readonly start_time: string;
  readonly end_time: string;
  readonly attributes?: JsonValue | undefined;
}

/** Payloads of this family. */
export interface TelemetryPayloads {
  'event.emit': EventEmit;
  log: LogLine;
  metric: Metric;
  'trace.span': TraceSpan;
}

/** Schemas of this family. */
export const telemetrySchemas = {
  'event.emit': members({ name: text, data: maybe(json) }),
  log: members({ level: oneOf(LOG_LEVELS), message: text, attributes: maybe(json) }),
  metric: members({ name: text, value: num, unit: text, dims: maybe(json) }),
  'trace.span': members({
    name: text,
    trace_id: text,
    span_id: text,
    parent_span_id: maybe(text),
    start_time: timestamp,
    end_time: timestamp,
    attributes: maybe(json),
  }),
} satisfies SchemasOf<TelemetryPayloads>;
