// What the schemas say, in the form that walking a card asks for: per message the members in canonical order, both
// spellings of their names, and what the absence of each means (A2A v1.0, section 5.7). Made once, at the first question.

import type { JsonValue } from '../../codec/json-value.js';
import { agentCardSchema, oauthFlowsSchema, securitySchemeSchema, stringListSchema } from './schemas.js';

/** `required`: has to be there. `explicit`: a default is a value like any other. `implicit`: a default is absence. */
export type Presence = 'required' | 'explicit' | 'implicit';

/** How to read one value of a card. */
export type Rule = ScalarRule | ListRule | MapRule | MessageRule;

/** Text, truth, or free JSON. */
export interface ScalarRule {
  readonly kind: 'string' | 'boolean' | 'struct';
}

/** An array. */
export interface ListRule {
  readonly kind: 'list';
  readonly of: Rule;
}

/** An object with names of the author's choice. */
export interface MapRule {
  readonly kind: 'map';
  readonly of: Rule;
}

/** An object with the names of a table. */
export interface MessageRule {
  readonly kind: 'message';
  /** Sorted as RFC 8785 sorts them. */
  readonly members: readonly MemberRule[];
  /** By either spelling. */
  readonly byName: ReadonlyMap<string, MemberRule>;
  /** At most one member may be there. The official JS server puts it under this name, as `{ $case, value }`. */
  readonly oneOf?: 'scheme' | 'flow';
  /** A list of scopes, which Go writes as a bare array. */
  readonly bareArray: boolean;
}

/** One name of a table. */
export interface MemberRule {
  readonly name: string;
  /** The same name as protobuf has it, which peers may send instead. */
  readonly snakeName: string;
  readonly presence: Presence;
  readonly rule: Rule;
}

/** The few properties of a valibot schema that are read here. */
interface Introspected {
  readonly type: string;
  readonly entries?: Readonly<Record<string, Introspected>>;
  readonly item?: Introspected;
  readonly value?: Introspected;
  readonly wrapped?: Introspected;
}

let made: MessageRule | undefined;

/** The rule of a whole card. */
export function cardRule(): MessageRule {
  made ??= ruleOf(agentCardSchema as Introspected, new Map()) as MessageRule;
  return made;
}

/** The value that stands for the absence of one. */
export function defaultOf(rule: Rule): JsonValue {
  if (rule.kind === 'string') return '';
  if (rule.kind === 'boolean') return false;
  return rule.kind === 'list' ? [] : {};
}

/** Whether a value of a member says no more than its absence would; never so for messages, which are set or unset. */
export function isDefault(value: JsonValue, rule: Rule): boolean {
  switch (rule.kind) {
    case 'string':
      return value === '';
    case 'boolean':
      return value === false;
    case 'list':
      return Array.isArray(value) && value.length === 0;
    case 'map':
      return Object.keys(value as object).length === 0;
    default:
      return false;
  }
}

/** @param seen Rules made so far, so that a schema used in several places has one. */
function ruleOf(schema: Introspected, seen: Map<Introspected, Rule>): Rule {
  let rule = seen.get(schema);
  if (rule === undefined) {
    rule = makeRule(schema, seen);
    seen.set(schema, rule);
  }
  return rule;
}

function makeRule(schema: Introspected, seen: Map<Introspected, Rule>): Rule {
  const { type, entries, item, value } = schema;
  if (type === 'string' || type === 'boolean') return { kind: type };
  if (item !== undefined) return { kind: 'list', of: ruleOf(item, seen) };
  if (value !== undefined) return { kind: 'map', of: ruleOf(value, seen) };
  if (entries === undefined) return { kind: 'struct' };

  const members = Object.entries(entries)
    .map(([name, entry]) => memberRule(name, entry, seen))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const byName = new Map(members.flatMap((member) => [[member.name, member] as const, [member.snakeName, member]]));
  const bareArray = schema === stringListSchema;
  const rule: MessageRule = { kind: 'message', members, byName, bareArray };
  if (schema === securitySchemeSchema) return { ...rule, oneOf: 'scheme' };
  if (schema === oauthFlowsSchema) return { ...rule, oneOf: 'flow' };
  return rule;
}

function memberRule(name: string, entry: Introspected, seen: Map<Introspected, Rule>): MemberRule {
  const snakeName = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  const { type, wrapped } = entry;
  const rule = ruleOf(wrapped ?? entry, seen);
  if (type === 'optional') return { name, snakeName, presence: 'implicit', rule };
  return { name, snakeName, presence: type === 'exact_optional' ? 'explicit' : 'required', rule };
}
