// Reading a card for use: whatever of the known shapes it came in, out comes v1.0 (A2A v1.0, section 4.4).

import { isObject } from '../../codec/is-object.js';
import type { JsonObject, JsonValue } from '../../codec/json-value.js';
import { A2aError } from '../errors.js';
import type { AgentCard } from './agent-card.js';
import { canonicalText } from './canonical-text.js';
import { jsonPointer } from './members.js';
import { isOldCard, upgradeCard } from './old-card.js';
import { invalidCard, NORMALIZED, projectCard } from './project.js';
import { receiveCard } from './receive.js';
import { cardRule, isDefault, type Rule } from './rules.js';

/** Something about a card that is not right, and does not stop anybody from using it. */
export interface CardWarning {
  /**
   * `empty_required`: a required text or list holds nothing. `unknown_scheme`: a security scheme of a kind this version
   * does not know, which is therefore as good as absent. `old_card`: the card is of A2A 0.3, and was brought into the
   * shape of v1.0.
   */
  readonly code: 'empty_required' | 'unknown_scheme' | 'old_card';
  /** JSON pointer into the card returned. */
  readonly pointer: string;
}

/** How {@link parseAgentCard} reads. */
export interface ParseCardOptions {
  /**
   * What to do about a required member that is absent: refuse the card (the default), or give it its default (`""`, `[]`
   * or `{}`), for cards of peers that leave out what is empty.
   */
  readonly missing?: 'reject' | 'fill';
  /** Called once for each, before the card is returned. */
  readonly onWarning?: (warning: CardWarning) => void;
  /** Longest text, in bytes of UTF-8: 1 or more. Default 1,048,576. */
  readonly maxBytes?: number;
}

/**
 * Reads an agent card, and says nothing about who wrote it: for that, see `verifyAgentCard`.
 *
 * Taken besides v1.0: members in snake_case, `null` for absent, scopes as bare arrays (Go), schemes as
 * `{ $case, value }` (the official JS server), and cards of A2A 0.3. A value of another kind is never made to fit.
 *
 * @param input JSON text, its UTF-8 bytes, or a value that was parsed already. Borrowed, not modified.
 * @returns Fresh card in the JSON of v1.0. Members v1.0 does not know are left out.
 * @throws {A2aError} ERR_A2A_INVALID_CARD, with `pointer` to the value at fault; `''` is the whole.
 * @throws {TypeError | RangeError} an option of the wrong kind or range.
 *
 * @example
 * ```ts
 * const card = parseAgentCard(await response.text());
 * const { url } = selectInterface(card);
 * ```
 */
export function parseAgentCard(input: unknown, options: ParseCardOptions = {}): AgentCard {
  const { missing = 'reject', onWarning, maxBytes } = options;
  const received = receiveWhole(input, maxBytes);
  const isOld = isOldCard(received);
  const current = isOld ? upgradeCard(received) : received;
  const card = projectCard(current, { ...NORMALIZED, missing });
  if (onWarning !== undefined) {
    if (isOld) onWarning({ code: 'old_card', pointer: '' });
    for (const warning of warningsOf(card, cardRule(), [])) onWarning(warning);
  }
  return card as unknown as AgentCard;
}

function receiveWhole(input: unknown, maxBytes: number | undefined): JsonObject {
  try {
    const card = receiveCard(input, maxBytes);
    // Of a value, `signatures` is the one part that is not a copy yet.
    const isText = typeof input === 'string' || input instanceof Uint8Array;
    return isText ? card : (JSON.parse(canonicalText(card)) as JsonObject);
  } catch (cause) {
    if (!(cause instanceof A2aError) || cause.code !== 'ERR_A2A_CANONICALIZATION_FAILED') throw cause;
    throw invalidCard('', 'holds something that JSON cannot say', { cause });
  }
}

function* warningsOf(value: JsonValue, rule: Rule, path: readonly (string | number)[]): Generator<CardWarning> {
  if (rule.kind === 'list' || rule.kind === 'map') {
    // Of an array, the names are its indices.
    for (const [name, item] of Object.entries(value as JsonObject)) yield* warningsOf(item, rule.of, [...path, name]);
  }
  if (rule.kind !== 'message' || !isObject(value)) return;
  if (rule.oneOf === 'scheme' && Object.keys(value).length === 0) {
    yield { code: 'unknown_scheme', pointer: jsonPointer(path) };
  }
  for (const { name, presence, rule: inner } of rule.members) {
    const member = value[name];
    if (member === undefined) continue;
    const isBare = presence === 'required' && (inner.kind === 'string' || inner.kind === 'list');
    if (isBare && isDefault(member, inner)) {
      yield { code: 'empty_required', pointer: jsonPointer([...path, name]) };
    }
    yield* warningsOf(member, inner, [...path, name]);
  }
}
