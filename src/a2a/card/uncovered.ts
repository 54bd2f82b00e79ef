// What a received card says beside what was signed (threat J7): the two are walked side by side, and whatever has no
// counterpart in the signed form is named by its JSON pointer.

import { isObject } from '../../codec/is-object.js';
import type { JsonObject, JsonValue } from '../../codec/json-value.js';
import { memberOf } from './members.js';
import { Places } from './places.js';
import { PRUNED } from './profiles.js';
import { projectValue } from './project.js';
import { cardRule, isDefault, type MemberRule, type MessageRule, type Rule } from './rules.js';

/** One thing that is not covered. */
export interface Uncovered {
  readonly pointer: string;
  /** Whether v1.0 knows the member, or one of those inside it, so that leaving it out changes what a client reads. */
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
 * At most 1,000 places, with pointers of 65,536 characters: where there are more, the nearest place around them that fits
 * stands for them, in the end `''`, the whole card. Names of more than 256 characters are cut.
 *
 * @param received As received. Borrowed.
 * @param covered The canonical text that verified, parsed. Borrowed.
 */
export function uncoveredIn(received: JsonObject, covered: JsonObject): readonly Uncovered[] {
  const { signatures: _, ...unsigned } = received;
  const comparison = new Comparison();
  comparison.message(unsigned, covered, cardRule());
  const found = comparison.places.list.map(({ pointer, fact: known }) => ({ pointer, known }));
  // In an order that does not depend on that of the members.
  return found.sort((a, b) => (a.pointer < b.pointer ? -1 : 1));
}

class Comparison {
  readonly places = new Places<boolean>((one, other) => one || other);

  message(received: JsonObject, covered: JsonObject, rule: MessageRule): void {
    for (const name of namesOf(received)) {
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
      this.places.add(true);
    }
  }

  #map(received: JsonObject, covered: JsonObject, rule: Rule): void {
    for (const name of namesOf(received)) {
      const counterpart = memberOf(covered, name);
      if (counterpart === undefined) this.#add(name, true);
      else this.#inside(name, received[name] as JsonValue, counterpart, rule);
    }
  }

  /** Where a profile took items out, of either list, those that were empty are the ones: the others kept their order. */
  #list(received: readonly JsonValue[], covered: readonly JsonValue[], rule: Rule): void {
    let at = 0;
    for (const [i, item] of received.entries()) {
      const spare = received.length - i - (covered.length - at);
      if (spare > 0 && isEmptied(item, rule)) this.#add(i, true);
      else {
        for (let extra = -spare; extra > 0 && isEmptied(covered[at] as JsonValue, rule); extra--) at++;
        const counterpart = covered[at++];
        if (counterpart === undefined) this.#add(i, true);
        else this.#inside(i, item, counterpart, rule);
      }
    }
  }

  #inside(step: string | number, received: JsonValue, covered: JsonValue, rule: Rule): void {
    this.places.inside(step, () => this.#compare(received, covered, rule));
  }

  #add(step: string | number, known: boolean): void {
    this.places.inside(step, () => this.places.add(known));
  }
}

/** Names in an order of their own, on which it depends what one place has to stand for. */
function namesOf(object: JsonObject): readonly string[] {
  return Object.keys(object).sort();
}

/** Whether a profile that prunes would have taken an item of a list out. */
function isEmptied(item: JsonValue, rule: Rule): boolean {
  return isHollow(rule === STRUCT ? item : projectValue(item, rule, PRUNED));
}

/** Whether pruning leaves nothing of a value. Of plain JSON, whose depth has been checked. */
function isHollow(value: JsonValue): boolean {
  if (typeof value !== 'object' || value === null) return value === '' || value === null;
  return Object.values(value).every(isHollow);
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
