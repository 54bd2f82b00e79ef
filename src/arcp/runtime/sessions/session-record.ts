// What is kept of a session, so that it stands again after a restart of the runtime.

import { isObject } from '../../../codec/is-object.js';
import type { JsonValue } from '../../../codec/json-value.js';
import type { RecordWrite } from '../../log/contract.js';
import type { Negotiated } from '../../wire/capabilities.js';
import type { ClientIdentity } from '../../wire/session.js';
import { ANONYMOUS } from '../authenticator.js';

/** Kind of the records of sessions. */
export const SESSION = 'session';

/** What is kept of a session. */
export interface SessionRecord {
  readonly principal: string;
  readonly client: ClientIdentity;
  readonly capabilities: Negotiated;
  readonly anonymous: boolean;
  /** Since when there is no connection, as Unix time in milliseconds. Absent: there is one, or the runtime stopped with it. */
  readonly awaySinceMs?: number;
}

/** Keeps a session. */
export function keepSession(id: string, session: SessionRecord, awaySinceMs: number | undefined): RecordWrite {
  const { principal, client, capabilities, anonymous } = session;
  const record: SessionRecord = {
    principal,
    client,
    capabilities,
    anonymous,
    ...(awaySinceMs !== undefined && { awaySinceMs }),
  };
  return { kind: SESSION, key: id, value: record as unknown as JsonValue };
}

/** Forgets one that has ended. */
export function forgetSession(id: string): RecordWrite {
  return { kind: SESSION, key: id, value: undefined };
}

/** Reads a record; `undefined` where it is none of ours, or was damaged. */
export function asSessionRecord(value: JsonValue): SessionRecord | undefined {
  if (!isObject(value)) return undefined;
  const { principal, client, capabilities, anonymous, awaySinceMs } = value;
  const isOne =
    typeof principal === 'string' &&
    isObject(client) &&
    typeof client.kind === 'string' &&
    typeof client.version === 'string' &&
    isObject(capabilities) &&
    // Else a damaged one could be taken up by who is not its principal.
    principal.startsWith(ANONYMOUS) === (anonymous === true) &&
    (awaySinceMs === undefined || typeof awaySinceMs === 'number');
  return isOne ? (value as unknown as SessionRecord) : undefined;
}
