// What the compiler promises about messages. Checked by `tsc -p tsconfig.node.json`; nothing here runs.

import type { InferOutput } from 'valibot';
import { expectTypeOf } from 'vitest';
import { artifactSchemas } from '../../../src/arcp/wire/artifact.js';
import type { Capabilities, capabilities } from '../../../src/arcp/wire/capabilities.js';
import { controlSchemas } from '../../../src/arcp/wire/control.js';
import { decodePayload, type Message, type RawEnvelope } from '../../../src/arcp/wire/envelope.js';
import { executionSchemas } from '../../../src/arcp/wire/execution.js';
import { humanSchemas } from '../../../src/arcp/wire/human.js';
import type { JobId, MessageId, SessionId } from '../../../src/arcp/wire/ids.js';
import type { CoreType, Payloads } from '../../../src/arcp/wire/payloads.js';
import { permissionSchemas } from '../../../src/arcp/wire/permission.js';
import { isCoreType } from '../../../src/arcp/wire/registry.js';
import { sessionSchemas } from '../../../src/arcp/wire/session.js';
import { streamSchemas } from '../../../src/arcp/wire/stream.js';
import { subscriptionSchemas } from '../../../src/arcp/wire/subscription.js';
import { telemetrySchemas } from '../../../src/arcp/wire/telemetry.js';
import type { JsonValue } from '../../../src/codec/json-value.js';

const schemas = {
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

/** Lists and members made read-only, which schemas do not say; texts, brands among them, and free JSON as they are. */
type Frozen<T> = T extends string | number | boolean | null | undefined
  ? T
  : JsonValue extends T
    ? T
    : T extends readonly (infer Item)[]
      ? readonly Frozen<Item>[]
      : { readonly [Name in keyof T]: Frozen<T[Name]> };

/** What the schemas let through. */
type Out = { readonly [Type in keyof typeof schemas]: Frozen<InferOutput<(typeof schemas)[Type]>> };

expectTypeOf<keyof Out>().toEqualTypeOf<CoreType>();
/** Types whose payload type and schema say different things, either way: none. */
type Differing = {
  [Type in CoreType]: [Out[Type], Frozen<Payloads[Type]>] extends [Frozen<Payloads[Type]>, Out[Type]]
    ? [keyof Out[Type], keyof Payloads[Type]] extends [keyof Payloads[Type], keyof Out[Type]]
      ? never
      : Type
    : Type;
}[CoreType];
expectTypeOf<Differing>().toEqualTypeOf<never>();
expectTypeOf<Frozen<InferOutput<typeof capabilities>>>().toExtend<Capabilities>();
expectTypeOf<keyof InferOutput<typeof capabilities>>().toEqualTypeOf<keyof Capabilities>();

// That comparison sees a member more, a member less, and another kind.
type Seen<Left, Right> = [Left, Right] extends [Right, Left]
  ? [keyof Left, keyof Right] extends [keyof Right, keyof Left]
    ? 'same'
    : 'different'
  : 'different';
expectTypeOf<Seen<{ a: string; b?: string }, { a: string }>>().toEqualTypeOf<'different'>();
expectTypeOf<Seen<{ a: string }, { a: string; b?: string }>>().toEqualTypeOf<'different'>();
expectTypeOf<Seen<{ a: string }, { a: number }>>().toEqualTypeOf<'different'>();
expectTypeOf<Seen<{ a: string }, { a: string }>>().toEqualTypeOf<'same'>();

declare const envelope: RawEnvelope;
declare const message: Message;
declare const jobId: JobId;

// A message narrows by its type.
if (message.type === 'cancel') expectTypeOf(message.payload.target).toEqualTypeOf<'job' | 'stream' | 'session'>();
if (isCoreType(envelope.type)) expectTypeOf(decodePayload(envelope, envelope.type)).toEqualTypeOf<Message>();
expectTypeOf(decodePayload(envelope, 'job.accepted').payload.job_id).toEqualTypeOf<JobId>();

// Ids of two kinds are not one another, and a text is none.
// @ts-expect-error a job's id is no message's
export const wrongKind: MessageId = jobId;
// @ts-expect-error a text was not looked at
export const unseen: SessionId = 'sess_1';
expectTypeOf(jobId).toExtend<string>();

/** Every family has a branch; a type that had none would be left for `never`. */
export function familyOf(one: Message<keyof typeof streamSchemas>): string {
  switch (one.type) {
    case 'stream.open':
      return one.payload.kind;
    case 'stream.chunk':
    case 'stream.close':
    case 'stream.error':
      return one.type;
    default:
      return one satisfies never;
  }
}
