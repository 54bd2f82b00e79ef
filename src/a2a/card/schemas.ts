// The objects of an Agent Card as valibot schemas: one for each message of A2A v1.0, section 4.4 and 4.5. They are the one
// description of a card in this package: rules.ts reads from them what the parser checks and what a signature covers.
//
// How an entry is wrapped says what its absence means (section 5.7): bare is REQUIRED; `exactOptional` is a field marked
// `optional`, where a default is a value like any other; `optional` is a field whose default is the same as absence.

import {
  array,
  boolean,
  check,
  custom,
  exactOptional,
  type GenericSchema,
  object,
  optional,
  pipe,
  record,
  string,
} from 'valibot';
import { isObject } from '../../codec/is-object.js';
import type { JsonObject } from '../../codec/json-value.js';

/** Free JSON, of which no rule knows the inside. */
const structSchema: GenericSchema<JsonObject> = custom<JsonObject>(isObject, 'must be an object');

const text = string();
const implicitText = optional(text);
const explicitText = exactOptional(text);
const implicitFlag = optional(boolean());
const explicitFlag = exactOptional(boolean());
const texts = array(text);
const implicitTexts = optional(texts);
const scopes = record(text, text);

/** At most one member: none is a kind that this version does not know. */
const oneMember = check((value: object) => Object.keys(value).length <= 1, 'must have one member at most');

/** Where and how an agent can be reached. */
export const agentInterfaceSchema = object({
  url: text,
  protocolBinding: text,
  tenant: implicitText,
  protocolVersion: text,
});

/** Who runs an agent. */
export const agentProviderSchema = object({
  url: text,
  organization: text,
});

/** A protocol extension. */
export const agentExtensionSchema = object({
  uri: implicitText,
  description: implicitText,
  required: implicitFlag,
  params: optional(structSchema),
});

/** Optional abilities of an agent. */
export const agentCapabilitiesSchema = object({
  streaming: explicitFlag,
  pushNotifications: explicitFlag,
  extensions: optional(array(agentExtensionSchema)),
  extendedAgentCard: explicitFlag,
});

/** The scopes asked of one scheme. */
export const stringListSchema = object({ list: implicitTexts });

/** Schemes that have to be used together. */
export const securityRequirementSchema = object({
  schemes: optional(record(text, stringListSchema)),
});

/** Something an agent can do. */
export const agentSkillSchema = object({
  id: text,
  name: text,
  description: text,
  tags: texts,
  examples: implicitTexts,
  inputModes: implicitTexts,
  outputModes: implicitTexts,
  securityRequirements: optional(array(securityRequirementSchema)),
});

/** A detached signature over a card. */
export const agentCardSignatureSchema = object({
  protected: text,
  signature: text,
  header: optional(structSchema),
});

/** A secret in a header, a query parameter or a cookie. */
export const apiKeySecuritySchemeSchema = object({
  description: implicitText,
  location: text,
  name: text,
});

/** HTTP authentication. */
export const httpAuthSecuritySchemeSchema = object({
  description: implicitText,
  scheme: text,
  bearerFormat: implicitText,
});

/** OAuth authorization code flow. */
export const authorizationCodeOAuthFlowSchema = object({
  authorizationUrl: text,
  tokenUrl: text,
  refreshUrl: implicitText,
  scopes,
  pkceRequired: implicitFlag,
});

/** OAuth client credentials flow. */
export const clientCredentialsOAuthFlowSchema = object({
  tokenUrl: text,
  refreshUrl: implicitText,
  scopes,
});

/** OAuth device authorization flow. */
export const deviceCodeOAuthFlowSchema = object({
  deviceAuthorizationUrl: text,
  tokenUrl: text,
  refreshUrl: implicitText,
  scopes,
});

/** OAuth implicit flow, deprecated. */
export const implicitOAuthFlowSchema = object({
  authorizationUrl: implicitText,
  refreshUrl: implicitText,
  scopes: optional(scopes),
});

/** OAuth password flow, deprecated. */
export const passwordOAuthFlowSchema = object({
  tokenUrl: implicitText,
  refreshUrl: implicitText,
  scopes: optional(scopes),
});

/** The OAuth flow to use. */
export const oauthFlowsSchema = pipe(
  object({
    authorizationCode: optional(authorizationCodeOAuthFlowSchema),
    clientCredentials: optional(clientCredentialsOAuthFlowSchema),
    deviceCode: optional(deviceCodeOAuthFlowSchema),
    implicit: optional(implicitOAuthFlowSchema),
    password: optional(passwordOAuthFlowSchema),
  }),
  oneMember,
);

/** OAuth 2.0. */
export const oauth2SecuritySchemeSchema = object({
  description: implicitText,
  flows: oauthFlowsSchema,
  oauth2MetadataUrl: implicitText,
});

/** OpenID Connect. */
export const openIdConnectSecuritySchemeSchema = object({
  description: implicitText,
  openIdConnectUrl: text,
});

/** A client certificate. */
export const mutualTlsSecuritySchemeSchema = object({
  description: implicitText,
});

/** One way to authenticate. */
export const securitySchemeSchema = pipe(
  object({
    apiKeySecurityScheme: optional(apiKeySecuritySchemeSchema),
    httpAuthSecurityScheme: optional(httpAuthSecuritySchemeSchema),
    oauth2SecurityScheme: optional(oauth2SecuritySchemeSchema),
    openIdConnectSecurityScheme: optional(openIdConnectSecuritySchemeSchema),
    mtlsSecurityScheme: optional(mutualTlsSecuritySchemeSchema),
  }),
  oneMember,
);

/**
 * A whole card in the exact JSON of v1.0, for use wherever a Standard Schema goes. Members it does not know are left out.
 *
 * Cards from the network are better read by `parseAgentCard`, which also knows the shapes that peers really send.
 */
export const agentCardSchema = object({
  name: text,
  description: text,
  supportedInterfaces: array(agentInterfaceSchema),
  provider: optional(agentProviderSchema),
  version: text,
  documentationUrl: explicitText,
  capabilities: agentCapabilitiesSchema,
  securitySchemes: optional(record(text, securitySchemeSchema)),
  securityRequirements: optional(array(securityRequirementSchema)),
  defaultInputModes: texts,
  defaultOutputModes: texts,
  skills: array(agentSkillSchema),
  signatures: optional(array(agentCardSignatureSchema)),
  iconUrl: explicitText,
});
