// Canonical profiles: what the signers out there really sign. Each turns a card as received into one text.
// `spec` is A2A v1.0, section 8.4.1, and what we sign; the others are tried, one at a time, when a signature is verified.

import { addMember } from '../../codec/json.js';
import type { JsonObject, JsonValue } from '../../codec/json-value.js';
import { canonicalText, MAX_CARD_DEPTH } from './canonical-text.js';
import { isPlain } from './members.js';
import { type Projection, projectCard } from './project.js';

/** One way of turning a card into the text that is signed. Write your own to verify cards of a signer of your own. */
export interface CanonicalProfile {
  /** Name in reports. */
  readonly name: string;

  /**
   * @param card JSON as received, `signatures` and all. Borrowed: must not be modified.
   * @returns JSON text without the top-level `signatures`.
   */
  canonicalize(card: JsonObject): string;
}

const SPEC: Projection = { purpose: 'signing', unknown: 'drop', missing: 'leave', bareScopes: 'read' };

/** What the official SDKs see of a card, before they take out what is empty. */
export const PRUNED: Projection = { ...SPEC, bareScopes: 'ignore' };

/**
 * The specification: members by their presence, unknown ones left out, then RFC 8785.
 *
 * @see A2A v1.0, section 8.4.1
 */
export const spec: CanonicalProfile = {
  name: 'spec',
  canonicalize: (card) => canonicalText(projectCard(card, SPEC)),
};

/** `spec` for signers that add required members which are not there, with their defaults. */
export const specFill: CanonicalProfile = {
  name: 'specFill',
  canonicalize: (card) => canonicalText(projectCard(card, { ...SPEC, missing: 'fill' })),
};

/** `spec` for signers that keep members the specification does not know, verbatim. */
export const specKeepUnknown: CanonicalProfile = {
  name: 'specKeepUnknown',
  canonicalize: (card) => canonicalText(projectCard(card, { ...SPEC, unknown: 'keep' })),
};

/**
 * The official JS SDK, and Python's newer one: as `spec`, and then every `""`, `null`, `[]` and `{}` goes, at every depth.
 *
 * Leaves things unsigned that mean something, such as requirements without scopes: look at `uncovered`.
 */
export const sdk: CanonicalProfile = {
  name: 'sdk',
  canonicalize: (card) => canonicalText(pruneCard(card)),
};

/** RFC 8785 over the card as received, for signers that use any JCS library. */
export const raw: CanonicalProfile = {
  name: 'raw',
  canonicalize: ({ signatures: _, ...unsigned }) => canonicalText(unsigned),
};

/** The profiles a verifier tries when it is not told, in this order. */
export const DEFAULT_PROFILES: readonly CanonicalProfile[] = /* @__PURE__ */ Object.freeze([
  spec,
  specFill,
  specKeepUnknown,
  sdk,
  raw,
]);

/** What the official SDKs sign of a card, before it becomes text. */
export function pruneCard(card: JsonObject): JsonObject {
  return prune(projectCard(card, PRUNED), MAX_CARD_DEPTH) as JsonObject;
}

/**
 * Takes out what is empty, and what is empty once that is done.
 *
 * @param levels Of nesting left. What is deeper, and what JSON cannot say, stays: to be refused when it is written.
 * @returns Fresh, perhaps itself empty.
 */
export function prune(value: JsonValue, levels: number): JsonValue {
  if (levels < 0) return value;
  if (Array.isArray(value)) {
    return Array.from(value, (item) => prune(item, levels - 1)).filter((item) => !isEmpty(item));
  }
  if (!isPlain(value)) return value;
  const members: Record<string, JsonValue> = {};
  for (const name of Object.keys(value)) {
    const pruned = prune(value[name] as JsonValue, levels - 1);
    if (!isEmpty(pruned)) addMember(members, name, pruned);
  }
  return members;
}

/** Whether a value is `""`, `null`, `[]` or `{}`. */
export function isEmpty(value: JsonValue): boolean {
  if (value === '' || value === null) return true;
  if (Array.isArray(value)) return value.length === 0;
  return isPlain(value) && Object.keys(value).length === 0;
}
