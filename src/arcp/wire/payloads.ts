// The payload of each of the 66 core types of ARCP v1.0: its type, and the schema that is the truth about it.

import { type ArtifactPayloads, artifactSchemas } from './artifact.js';
import { type ControlPayloads, controlSchemas } from './control.js';
import { type ExecutionPayloads, executionSchemas } from './execution.js';
import type { SchemasOf } from './fields.js';
import { type HumanPayloads, humanSchemas } from './human.js';
import { type PermissionPayloads, permissionSchemas } from './permission.js';
import { type SessionPayloads, sessionSchemas } from './session.js';
import { type StreamPayloads, streamSchemas } from './stream.js';
import { type SubscriptionPayloads, subscriptionSchemas } from './subscription.js';
import { type TelemetryPayloads, telemetrySchemas } from './telemetry.js';

/** Payload of each core type. */
export interface Payloads
  extends SessionPayloads,
    ControlPayloads,
    ExecutionPayloads,
    StreamPayloads,
    HumanPayloads,
    PermissionPayloads,
    SubscriptionPayloads,
    ArtifactPayloads,
    TelemetryPayloads {}

/** A core type. */
export type CoreType = keyof Payloads;

/** Schema of each core type's payload. */
export const PAYLOAD_SCHEMAS: SchemasOf<Payloads> = {
  ...sessionSchemas,
  ...controlSchemas,
  ...executionSchemas,
  ...streamSchemas,
  ...humanSchemas,
  ...permissionSchemas,
  ...subscriptionSchemas,
  ...artifactSchemas,
  ...telemetrySchemas,
};
