// What an op is given, and what ops share.

import { decodeUtf8 } from '../../bytes/utf8.js';
import { decodeBase64url } from '../../codec/base64url.js';
import { isObject } from '../../codec/is-object.js';
import { parseJsonStrict } from '../../codec/json.js';
import type { JsonObject, JsonValue } from '../../codec/json-value.js';
import { AitpError } from '../errors.js';
import type { AitpClock } from '../timestamps.js';
import type { Params } from './params.js';
import { AdapterFault } from './request.js';
import type { AdapterState } from './state.js';

/** What an op is given. */
export interface OpContext {
  readonly params: Params;
  readonly state: AdapterState;
  /** What the op did that somebody may watch; reported whether it fails or not. */
  readonly effects: Record<string, boolean>;
}

/** Does one request. @returns `result`. @throws {AitpError} @throws {AdapterFault} */
export type Op = (context: OpContext) => Promise<JsonObject>;

/** The clock of a request: `now`, or that of the adapter. */
export function clockOf({ params, state }: OpContext): AitpClock {
  const now = params.optionalInteger('now');
  return now === undefined ? state.now : () => now;
}

/** An object as the text in which it would have come. */
export function asText(value: JsonValue): string {
  return JSON.stringify(value);
}

/** Claims of a compact token, unverified; empty for whatever is none. */
export function peekClaims(token: JsonValue | undefined): JsonObject {
  if (typeof token !== 'string') return {};
  try {
    const claims = parseJsonStrict(decodeUtf8(decodeBase64url(token.split('.')[1] ?? '')));
    return isObject(claims) ? claims : {};
  } catch {
    return {};
  }
}

/** A text, or nothing. */
export function textOf(value: JsonValue | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** An object without what stands in it for minters: members that end in `_claims`. */
export function withoutClaims(object: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([name]) => !name.endsWith('_claims')));
}

/** The step that a fixture may ask for by the identifier of a message alone: has it been seen? */
export async function seeIdentifier({ params, state }: OpContext): Promise<JsonObject> {
  const messageId = params.text('message_id');
  // Nobody says who sent it, so that the identifier alone is the key.
  if (!(await state.replay.addIfAbsent(`message ${messageId}`, state.now() + REPLAY_WINDOW_SEC))) {
    throw new AitpError('REPLAY_DETECTED', 'the message was seen before');
  }
  return { verified: true, message_id: messageId };
}

/** An object that may stand in its wrapper or not. */
export function unwrapped(value: JsonObject, wrapper: string): JsonObject {
  const inner = value[wrapper];
  return isObject(inner) ? inner : value;
}

/** @throws {AdapterFault} INVALID_REQUEST. */
export function invalid(message: string): AdapterFault {
  return new AdapterFault('INVALID_REQUEST', message);
}

/** Twice the tolerance of timestamps, and the second itself. */
const REPLAY_WINDOW_SEC = 601;
