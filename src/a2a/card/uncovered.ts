// What a received card says beside what was signed (threat J7): the two are walked side by side, and whatever has no
// counterpart in the signed form is named by its JSON pointer.

import type { JsonObject, JsonValue } from '../../codec/json-value.js';
import { MAX_CARD_DEPTH } from './canonical-text.js';
import { isObject, jsonPointer, memberOf } from './members.js';
import { isEmpty, PRUNED, prune } from './profiles.js';
import { projectValue } from './project.js';
import { cardRule, isDefault, type MemberRule, type MessageRule, type Rule } from './rules.js';

/** One thing that is not covered. */
export interface Uncovered {
  readonly pointer: string;
  /** Whether v1.0 knows the member, so that leaving it out changes what the card says to a client. */
  readonly known: boolean;
}

/** Any JSON inside free JSON. */
const STRUCT: Rule = { kind: 'struct' };

/**
 * Lists what of a card is not in its signed form, outermost values only.
 *
 * What says nothing is not listed: `null`, and known members at a default that is the same as absence, such as
 * `tenant: ""`. So is nothing inside `signatures`, which cannot sign itself.
 *
 * @param received As received. Borrowed.
 * @param covered The canonical text that verified, parsed. Borrowed.
 */
export function uncoveredIn(received: JsonObject, covered: JsonObject): readonly Uncovered[] {
  const comparison = new Comparison();
  comparison.message(received, covered, cardRule());
  // In an order that does not depend on that of the members.
  return comparison.found.sort((a, b) => (a.pointer < b.pointer ? -1 : 1));
}

class Comparison {
  readonly found: Uncovered[] = [];
  readonly #path: (string | number)[] = [];

  message(received: JsonObject, covered: JsonObject, rule: MessageRule): void {
    for (const name of Object.keys(received)) {
      if (name === 'signatures' && this.#path.length === 0) continue;
      const value = received[name] as JsonValue;
      const member = rule.byName.get(name);
      const spelling = Object.hasOwn(covered, name) ? name : (member?.name ?? name);
      const counterpart = memberOf(covered, spelling);
      if (counterpart !== undefined) this.#inside(name, value, counterpart, member?.rule ?? STRUCT);
      // The official JS server's one-of stands for a member that v1.0 does know.
      else if (member === undefined) this.#add(name, name === rule.oneOf);
      else if (!isSilent(value, member)) this.#add(name, true);
    }
  }

  #compare(received: JsonValue, covered: JsonValue, rule: Rule): void {
    if (Array.isArray(received)) {
      const list = isObject(covered) && rule.kind === 'message' && rule.bareArray ? (covered.list ?? []) : covered;
      this.#list(received, Array.isArray(list) ? list : [], rule.kind === 'list' ? rule.of : STRUCT);
    } else if (isObject(received)) {
      const other = isObject(covered) ? covered : {};
      if (rule.kind === 'message') this.message(received, other, rule);
      else this.#map(received, other, rule.kind === 'map' ? rule.of : STRUCT);
    } else if (received !== covered) {
      this.found.push({ pointer: jsonPointer(this.#path), known: true });
    }
  }

  #map(received: JsonObject, covered: JsonObject, rule: Rule): void {
    for (const name of Object.keys(received)) {
      const counterpart = memberOf(covered, name);
      if (counterpart === undefined) this.#add(name, true);
      else this.#inside(name, received[name] as JsonValue, counterpart, rule);
    }
  }

  /** Where a profile took items out, those that were empty are the ones: the others kept their order. */
  #list(received: readonly JsonValue[], covered: readonly JsonValue[], rule: Rule): void {
    let at = 0;
    for (const [i, item] of received.entries()) {
      const spare = received.length - i > covered.length - at;
      const counterpart = spare && isEmptied(item, rule) ? undefined : covered[at++];
      if (counterpart === undefined) this.#add(i, true);
      else this.#inside(i, item, counterpart, rule);
    }
  }

  #inside(step: string | number, received: JsonValue, covered: JsonValue, rule: Rule): void {
    this.#path.push(step);
    this.#compare(received, covered, rule);
    this.#path.pop();
  }

  #add(step: string | number, known: boolean): void {
    this.found.push({ pointer: jsonPointer([...this.#path, step]), known });
  }
}

/** Whether a profile that prunes would have taken an item of a list out. */
function isEmptied(item: JsonValue, rule: Rule): boolean {
  const seen = rule === STRUCT ? item : projectValue(item, rule, PRUNED);
  return isEmpty(prune(seen, MAX_CARD_DEPTH));
}

/** Whether a value of a member says no more than its absence does. */
function isSilent(value: JsonValue, { presence, rule }: MemberRule): boolean {
  if (value === null) return true;
  // A required message is always there, so that it says what its members say.
  if (presence === 'required' && rule.kind === 'message' && isObject(value)) {
    return Object.keys(value).every((name) => {
      const member = rule.byName.get(name);
      return member !== undefined && isSilent(value[name] as JsonValue, member);
    });
  }
  return presence !== 'explicit' && isDefault(value, rule);
}
