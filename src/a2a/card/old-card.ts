// Cards of A2A 0.3, brought into the shape of v1.0 for use. Not for signatures: those are checked over
// the card as received. What has the wrong kind is carried over as it is, for the
// walk after this to refuse; so is `undefined`, which the walk takes for absence.

import { isObject } from '../../codec/is-object.js';
import { addMember } from '../../codec/json.js';
import type { JsonObject, JsonValue } from '../../codec/json-value.js';
import { memberOf } from './members.js';

/** `type` of a 0.3 scheme, and the member of v1.0 that says the same. */
const SCHEMES: Readonly<Record<string, string>> = {
  apiKey: 'apiKeySecurityScheme',
  http: 'httpAuthSecurityScheme',
  oauth2: 'oauth2SecurityScheme',
  openIdConnect: 'openIdConnectSecurityScheme',
  mutualTLS: 'mtlsSecurityScheme',
};

/** Flows as a 0.3 scheme may list several of; v1.0 has room for one. The safest goes first. */
const FLOWS = ['authorizationCode', 'clientCredentials', 'implicit', 'password'] as const;

/** Whether a card is of 0.3 and nothing else. A v1.0 card may carry old members beside its own. */
export function isOldCard(card: JsonObject): boolean {
  const isNew = Object.hasOwn(card, 'supportedInterfaces') || Object.hasOwn(card, 'supported_interfaces');
  return !isNew && typeof memberOf(card, 'url') === 'string';
}

/** A card of 0.3 as v1.0 would have it. Parts that both have are shared with the input. */
export function upgradeCard(card: JsonObject): JsonObject {
  const { security, securitySchemes, skills, capabilities } = card;
  const extended = memberOf(card, 'supportsAuthenticatedExtendedCard');
  return {
    ...card,
    supportedInterfaces: interfacesOf(card),
    securitySchemes: mapObject(securitySchemes, schemeOf),
    securityRequirements: mapArray(security, requirementOf),
    skills: mapArray(skills, skillOf),
    capabilities:
      typeof extended === 'boolean' && isObject(capabilities)
        ? { ...capabilities, extendedAgentCard: extended }
        : capabilities,
  } as JsonObject;
}

function interfacesOf(card: JsonObject): JsonValue[] {
  const first = interfaceOf(card.url, card.preferredTransport ?? 'JSONRPC');
  const others = mapArray(card.additionalInterfaces, (other) =>
    isObject(other) ? interfaceOf(other.url, other.transport) : other,
  );
  // The list repeats the first as a rule.
  const repeated = JSON.stringify(first);
  return [first, ...(Array.isArray(others) ? others.filter((other) => JSON.stringify(other) !== repeated) : [])];
}

function interfaceOf(url: JsonValue | undefined, transport: JsonValue | undefined): JsonObject {
  return { url, protocolBinding: transport, protocolVersion: '0.3' } as JsonObject;
}

function skillOf(skill: JsonValue): JsonValue {
  if (!isObject(skill)) return skill;
  return { ...skill, securityRequirements: mapArray(skill.security, requirementOf) } as JsonObject;
}

function requirementOf(requirement: JsonValue): JsonValue {
  return { schemes: mapObject(requirement, (list) => ({ list })) } as JsonObject;
}

function schemeOf(scheme: JsonValue): JsonValue {
  if (!isObject(scheme)) return scheme;
  const { type, in: location, ...rest } = scheme;
  const member = typeof type === 'string' && Object.hasOwn(SCHEMES, type) ? SCHEMES[type] : undefined;
  // A kind nobody knows: keep the card, ignore the scheme.
  if (member === undefined) return {};
  return { [member]: { ...rest, location, flows: flowsOf(rest.flows) } as JsonObject };
}

function flowsOf(flows: JsonValue | undefined): JsonValue | undefined {
  if (!isObject(flows)) return flows;
  const name = FLOWS.find((flow) => isObject(memberOf(flows, flow)));
  return name === undefined ? {} : { [name]: flows[name] as JsonValue };
}

function mapArray(value: JsonValue | undefined, map: (item: JsonValue) => JsonValue): JsonValue | undefined {
  return Array.isArray(value) ? value.map(map) : value;
}

function mapObject(value: JsonValue | undefined, map: (member: JsonValue) => JsonValue): JsonValue | undefined {
  if (!isObject(value)) return value;
  const mapped: Record<string, JsonValue> = {};
  for (const name of Object.keys(value)) addMember(mapped, name, map(value[name] as JsonValue));
  return mapped;
}
