// What of a card makes verifiers disagree: everything whose canonical form depends on the profile.

import { isObject } from '../../codec/is-object.js';
import type { JsonObject, JsonValue } from '../../codec/json-value.js';
import type { AgentCard } from './agent-card.js';
import { MAX_CARD_DEPTH } from './canonical-text.js';
import { jsonPointer } from './members.js';
import { isEmpty, prune } from './profiles.js';
import { receiveCard } from './receive.js';
import { cardRule, isDefault, type Presence, type Rule } from './rules.js';

/** A construct that some verifiers read differently. */
export interface SigningLint {
  /**
   * - `empty_required`: a required text, list or object with nothing in it: `sdk` leaves it out.
   * - `explicit_default`: a member at a default that means absence, such as `required: false`: `spec` leaves it out.
   * - `empty_value`: an optional text or object, or an item of a list or map, with nothing in it: `sdk` leaves it out.
   * - `empty_params`: something empty or `null` in free JSON: `sdk` leaves it out.
   * - `requirement_without_scopes`: a security requirement that names no scope: `sdk` leaves it unsigned.
   * - `empty_scheme`: a security scheme with nothing in it: `sdk` leaves it unsigned.
   * - `null_member`: `null` for a known member: `spec` leaves it out.
   * - `unknown_member`: not in v1.0, or not in its spelling: `spec` leaves it out.
   * - `number_in_params`: Python up to 1.1.2 writes it differently.
   * - `non_ascii`: Python up to 1.1.2 escapes it.
   * - `html_character`: `<`, `>`, `&`, U+2028 or U+2029, which Go's encoder escapes unless told not to.
   * - `more`: there are more findings than are listed. The last, and of the whole card.
   */
  readonly code:
    | 'empty_required'
    | 'explicit_default'
    | 'empty_value'
    | 'empty_params'
    | 'requirement_without_scopes'
    | 'empty_scheme'
    | 'null_member'
    | 'unknown_member'
    | 'number_in_params'
    | 'non_ascii'
    | 'html_character'
    | 'more';
  /** JSON pointer to it; of names longer than 256 characters it has the first 253, and `...`. */
  readonly pointer: string;
}

/**
 * Lists the constructs of a card over which verifiers may disagree. Signing works with all of them; see `compat` there.
 *
 * @param card As it is to be signed. Borrowed, not modified.
 * @returns One finding for each construct, in the order of a walk; `[]` for a card that every peer reads alike. The first
 *   1,000 at most, with pointers of 65,536 characters, and then `more`.
 * @throws {A2aError} ERR_A2A_INVALID_CARD: not an object. ERR_A2A_CANONICALIZATION_FAILED: not JSON.
 */
export function lintForSigning(card: AgentCard | JsonObject): readonly SigningLint[] {
  const { signatures: _, ...unsigned } = receiveCard(card);
  const findings: SigningLint[] = [];
  let room = MAX_POINTER_CHARACTERS;
  for (const found of lintMembers(unsigned, cardRule(), [])) {
    room -= found.pointer.length;
    if (room < 0 || findings.length === MAX_FINDINGS) return [...findings, finding('more', [])];
    findings.push(found);
  }
  return findings;
}

/** A pointer repeats every name above its end: without limits, the findings of a small card could fill the memory. */
const MAX_FINDINGS = 1_000;
const MAX_POINTER_CHARACTERS = 65_536;

type Path = readonly (string | number)[];

const STRUCT: Rule = { kind: 'struct' };

function* lintMembers(object: JsonObject, rule: Rule, path: Path): Generator<SigningLint> {
  for (const name of Object.keys(object)) {
    const value = object[name] as JsonValue;
    const inside = [...path, name];
    const member = rule.kind === 'message' ? rule.byName.get(name) : undefined;
    if (member !== undefined && member.name === name) yield* lintValue(value, member.rule, member.presence, inside);
    else if (rule.kind === 'message') yield finding('unknown_member', inside);
    else {
      yield* lintText(name, inside);
      yield* lintValue(value, rule.kind === 'map' ? rule.of : STRUCT, undefined, inside);
    }
  }
}

/** @param presence Of a member; `undefined` for what stands in a list, a map or free JSON. */
function* lintValue(value: JsonValue, rule: Rule, presence: Presence | undefined, path: Path): Generator<SigningLint> {
  const code = codeOf(value, rule, presence);
  if (code !== undefined) yield finding(code, path);
  else if (typeof value === 'string') yield* lintText(value, path);
  else if (Array.isArray(value)) {
    const of = rule.kind === 'list' ? rule.of : STRUCT;
    for (const [i, item] of value.entries()) yield* lintValue(item, of, undefined, [...path, i]);
  } else if (isObject(value)) yield* lintMembers(value, rule, path);
}

/** The finding that a value is as a whole. */
function codeOf(value: JsonValue, rule: Rule, presence: Presence | undefined): SigningLint['code'] | undefined {
  const isFree = rule.kind === 'struct' && presence === undefined;
  if (value === null && !isFree) return 'null_member';
  if (presence === 'implicit' && isDefault(value, rule)) return 'explicit_default';
  if (rule.kind === 'message' && isEmpty(prune(value, MAX_CARD_DEPTH))) {
    if (rule.oneOf === 'scheme') return 'empty_scheme';
    if (rule.bareArray || rule.byName.has('schemes')) return 'requirement_without_scopes';
  }
  if (isEmpty(value) && isFree) return 'empty_params';
  if (isEmpty(value)) return presence === 'required' ? 'empty_required' : 'empty_value';
  return typeof value === 'number' ? 'number_in_params' : undefined;
}

function* lintText(text: string, path: Path): Generator<SigningLint> {
  if (/[<>&\u2028\u2029]/.test(text)) yield finding('html_character', path);
  if (/[\x7f-\uffff]/.test(text)) yield finding('non_ascii', path);
}

function finding(code: SigningLint['code'], path: Path): SigningLint {
  return { code, pointer: jsonPointer(path) };
}
