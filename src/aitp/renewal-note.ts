// What an issuer writes into `ext` of its own tokens about their renewal: how often, since when, and until when at most. The
// signature of the issuer covers it, nobody else reads it, and it only ever makes the issuer say no.

import { isObject } from '../codec/is-object.js';
import type { JsonObject, JsonValue } from '../codec/json-value.js';
import type { Tct } from './tct.js';

const KEY = 'dev.ringline.renewal';

/** The history of a token, as its issuer noted it. */
export interface RenewalNote {
  /** How often it was renewed. */
  readonly count: number;
  /** Unix second at which the first of the row was issued. */
  readonly sinceSec: number;
  /** Unix second no token of the row outlives, such as the end of the delegation it was issued for. */
  readonly untilSec?: number;
}

/** The note in one of our own tokens; a first token has none. */
export function readRenewalNote({ extensions = {}, issuedAtSec }: Tct): RenewalNote {
  const note = extensions[KEY];
  const { count, since, until }: JsonObject = isObject(note) ? note : {};
  return {
    count: isNumber(count) ? count : 0,
    sinceSec: isNumber(since) ? since : issuedAtSec,
    ...(isNumber(until) ? { untilSec: until } : {}),
  };
}

/** `ext` with a note in it, the other members untouched. */
export function withRenewalNote(extensions: JsonObject | undefined, note: RenewalNote): JsonObject {
  const { count, sinceSec: since, untilSec: until } = note;
  return { ...extensions, [KEY]: { count, since, ...(until === undefined ? {} : { until }) } };
}

function isNumber(value: JsonValue | undefined): value is number {
  return typeof value === 'number';
}
