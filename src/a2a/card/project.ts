// One walk over a card as received, driven by the rules: it checks kinds, settles the spellings and shapes that peers use,
// and writes a fresh object with what one reader of the card is to see (presence: section 5.7).

import { isObject } from '../../codec/is-object.js';
import { addMember } from '../../codec/json.js';
import type { JsonObject, JsonValue } from '../../codec/json-value.js';
import { A2aError } from '../errors.js';
import { MAX_CARD_DEPTH } from './canonical-text.js';
import { jsonPointer, memberOf, sortedCopy } from './members.js';
import { cardRule, defaultOf, isDefault, type MemberRule, type MessageRule, type Rule } from './rules.js';
import { shown } from './shown.js';

/** What a walk makes of the things that readers see differently. */
export interface Projection {
  /**
   * `signing`: members at a default that is the same as absence are left out, and so are the top-level `signatures`;
   * schemes as `{ $case, value }` have no known member. `use`: all of these are read, the last ones as v1.0 has them.
   */
  readonly purpose: 'signing' | 'use';
  /** Members of no rule: left out, or copied verbatim. */
  readonly unknown: 'drop' | 'keep';
  /** Required members that are absent: left absent, given their default, or a fault. */
  readonly missing: 'leave' | 'fill' | 'reject';
  /** Scopes as a bare array: read as the list they are, or not seen, as by the official JS SDK. */
  readonly bareScopes: 'read' | 'ignore';
}

/** What a client works with: everything a v1.0 card says, in the one spelling of v1.0. */
export const NORMALIZED: Projection = { purpose: 'use', unknown: 'drop', missing: 'leave', bareScopes: 'read' };

/**
 * Walks a card.
 *
 * Members of no rule are shared with the input, not copied.
 *
 * @param card As received. Borrowed, not modified.
 * @returns Fresh object with its known members in canonical order.
 * @throws {A2aError} ERR_A2A_INVALID_CARD, with the pointer: a value of another kind, both spellings of one member,
 *   two members of a one-of, or a required member missing where that is a fault.
 */
export function projectCard(card: JsonObject, projection: Projection): JsonObject {
  return new Walk(projection).value(card, cardRule()) as JsonObject;
}

/** As {@link projectCard} for a part of a card, with pointers that start at the part. */
export function projectValue(value: JsonValue, rule: Rule, projection: Projection): JsonValue {
  return new Walk(projection).value(value, rule);
}

/** A pointer step by step, and the fault that ends a walk. */
class Walk {
  readonly #projection: Projection;
  readonly #path: (string | number)[] = [];

  constructor(projection: Projection) {
    this.#projection = projection;
  }

  value(value: JsonValue, rule: Rule): JsonValue {
    switch (rule.kind) {
      case 'string':
        if (typeof value !== 'string') throw this.#fault('must be a string');
        return value;
      case 'boolean':
        if (typeof value !== 'boolean') throw this.#fault('must be true or false');
        return value;
      case 'struct':
        if (!isObject(value)) throw this.#fault('must be an object');
        return sortedCopy(value, MAX_CARD_DEPTH);
      case 'list':
        return this.#list(value, rule.of);
      case 'map':
        return this.#map(value, rule.of);
      default:
        return this.#message(value, rule);
    }
  }

  #list(value: JsonValue, of: Rule): JsonValue {
    if (!Array.isArray(value)) throw this.#fault('must be an array');
    const items: JsonValue[] = [];
    for (let i = 0; i < value.length; i++) items.push(this.#inside(i, value[i] as JsonValue, of));
    return items;
  }

  #map(value: JsonValue, of: Rule): JsonValue {
    if (!isObject(value)) throw this.#fault('must be an object');
    const map: Record<string, JsonValue> = {};
    for (const name of Object.keys(value).sort()) {
      addMember(map, name, this.#inside(name, value[name] as JsonValue, of));
    }
    return map;
  }

  #message(value: JsonValue, rule: MessageRule): JsonValue {
    const { purpose, bareScopes, unknown } = this.#projection;
    if (rule.bareArray && (value === null || Array.isArray(value))) {
      return this.#message(value === null || bareScopes === 'ignore' ? {} : { list: value }, rule);
    }
    if (!isObject(value)) throw this.#fault('must be an object');
    if (rule.oneOf !== undefined && purpose === 'use') {
      const unwrapped = caseOf(value, rule);
      if (unwrapped !== undefined) return this.#message(unwrapped, rule);
    }
    const message: Record<string, JsonValue> = {};
    let count = 0;
    for (const member of rule.members) {
      // Only the card itself has a member of this name; inside free JSON no rule looks.
      if (member.name === 'signatures' && purpose === 'signing') continue;
      const projected = this.#member(value, member);
      if (projected === undefined) continue;
      message[member.name] = projected;
      count++;
    }
    if (rule.oneOf !== undefined && count > 1) throw this.#fault('must have one member at most');
    if (unknown === 'keep') {
      for (const name of Object.keys(value)) {
        if (!rule.byName.has(name)) addMember(message, name, value[name] as JsonValue);
      }
    }
    return message;
  }

  /** @returns `undefined` when the member is not there, or not to be seen. */
  #member(message: JsonObject, { name, snakeName, presence, rule }: MemberRule): JsonValue | undefined {
    const { purpose, missing } = this.#projection;
    let spelling = name;
    let value = memberOf(message, name);
    if (snakeName !== name && Object.hasOwn(message, snakeName)) {
      if (value !== undefined) throw this.#faultAt(snakeName, 'is there in both spellings');
      spelling = snakeName;
      value = message[snakeName];
    }
    if (value === undefined || value === null) {
      if (presence !== 'required') return undefined;
      // Go writes null for a required list that nobody set. To canonical forms null is absence like any other.
      const unset = value === null && purpose === 'use' && (rule.kind === 'list' || rule.kind === 'map');
      if (unset || missing === 'fill') return defaultOf(rule);
      if (missing === 'leave') return undefined;
      throw this.#faultAt(name, 'is required');
    }
    const projected = this.#inside(spelling, value, rule);
    return presence === 'implicit' && purpose === 'signing' && isDefault(projected, rule) ? undefined : projected;
  }

  #inside(step: string | number, value: JsonValue, rule: Rule): JsonValue {
    if (rule.kind === 'string' && typeof value === 'string') return value;
    this.#path.push(step);
    const projected = this.value(value, rule);
    this.#path.pop();
    return projected;
  }

  #faultAt(step: string, what: string): A2aError {
    this.#path.push(step);
    return this.#fault(what);
  }

  #fault(what: string): A2aError {
    return invalidCard(jsonPointer(this.#path), what);
  }
}

/**
 * The one-of of the official JS server, `{ "scheme": { "$case": name, "value": ... } }`, as v1.0 spells it.
 *
 * @returns `undefined` when this is something else.
 */
function caseOf(value: JsonObject, rule: MessageRule): JsonObject | undefined {
  const wrapped = memberOf(value, rule.oneOf as string);
  if (!isObject(wrapped) || Object.keys(value).some((name) => rule.byName.has(name))) return undefined;
  const name = memberOf(wrapped, '$case');
  const inner = memberOf(wrapped, 'value');
  if (typeof name !== 'string' || inner === undefined || rule.byName.get(name)?.name !== name) return undefined;
  return { [name]: inner };
}

/** The error of every card that cannot be read. Its pointer is made fit to print: names in it are the peer's. */
export function invalidCard(pointer: string, what: string, options?: { cause?: unknown }): A2aError {
  const place = shown(pointer);
  const message = `invalid agent card: ${place || 'it'} ${what}`;
  return new A2aError('ERR_A2A_INVALID_CARD', message, { ...options, pointer: place });
}
