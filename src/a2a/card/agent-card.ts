// The Agent Card as plain interfaces: exactly the JSON of A2A v1.0 (section 4.4), so that a literal copied from a document
// type-checks. Types only. What reads a card is parse.ts; what each member means for a signature is schemas.ts.

import type { JsonObject } from '../../codec/json-value.js';

/** What an agent says about itself. */
export interface AgentCard {
  /** Name for people. */
  readonly name: string;
  readonly description: string;
  /** Where and how the agent can be reached; the first is preferred. */
  readonly supportedInterfaces: readonly AgentInterface[];
  readonly provider?: AgentProvider;
  /** The agent's own version, in any format. */
  readonly version: string;
  readonly documentationUrl?: string;
  readonly capabilities: AgentCapabilities;
  /** Ways to authenticate, by the name that {@link securityRequirements} use. */
  readonly securitySchemes?: { readonly [name: string]: SecurityScheme };
  /** One entry has to be fulfilled; all schemes of that entry together. */
  readonly securityRequirements?: readonly SecurityRequirement[];
  /** Media types. */
  readonly defaultInputModes: readonly string[];
  /** Media types. */
  readonly defaultOutputModes: readonly string[];
  readonly skills: readonly AgentSkill[];
  /** Never part of what is signed. */
  readonly signatures?: readonly AgentCardSignature[];
  readonly iconUrl?: string;
}

/** One address of the agent with the protocol spoken there. */
export interface AgentInterface {
  /** Absolute https URL; for gRPC `host:port`. */
  readonly url: string;
  /** `JSONRPC`, `HTTP+JSON`, `GRPC`, or the URI of a custom binding. */
  readonly protocolBinding: 'JSONRPC' | 'HTTP+JSON' | 'GRPC' | (string & {});
  /** Opaque. When it is there and not empty, every request carries it. */
  readonly tenant?: string;
  /** `Major.Minor`, such as `1.0`. */
  readonly protocolVersion: string;
}

/** Who runs the agent. */
export interface AgentProvider {
  readonly url: string;
  readonly organization: string;
}

/** Optional abilities. Absent and `false` mean the same to a caller, and are different content to a signature. */
export interface AgentCapabilities {
  readonly streaming?: boolean;
  readonly pushNotifications?: boolean;
  readonly extensions?: readonly AgentExtension[];
  readonly extendedAgentCard?: boolean;
}

/** A protocol extension the agent supports or requires. */
export interface AgentExtension {
  readonly uri?: string;
  readonly description?: string;
  /** Whether a client has to understand it. */
  readonly required?: boolean;
  /** Free JSON. */
  readonly params?: JsonObject;
}

/** Something the agent can do. */
export interface AgentSkill {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly tags: readonly string[];
  readonly examples?: readonly string[];
  /** Media types; overrides the card's defaults when not empty. */
  readonly inputModes?: readonly string[];
  /** Media types; overrides the card's defaults when not empty. */
  readonly outputModes?: readonly string[];
  readonly securityRequirements?: readonly SecurityRequirement[];
}

/** A detached JWS over the card (RFC 7515): the payload is the card's canonical form. */
export interface AgentCardSignature {
  /** Protected header: base64url of JSON. Used exactly as transmitted. */
  readonly protected: string;
  /** base64url. */
  readonly signature: string;
  /** Unprotected header: anybody may have changed it. */
  readonly header?: JsonObject;
}

/** Schemes that have to be used together, by name. */
export interface SecurityRequirement {
  readonly schemes?: { readonly [name: string]: StringList };
}

/** The scopes asked of one scheme. */
export interface StringList {
  readonly list?: readonly string[];
}

/** One way to authenticate. At most one member is present; none means a kind this version does not know. */
export interface SecurityScheme {
  readonly apiKeySecurityScheme?: ApiKeySecurityScheme;
  readonly httpAuthSecurityScheme?: HttpAuthSecurityScheme;
  readonly oauth2SecurityScheme?: OAuth2SecurityScheme;
  readonly openIdConnectSecurityScheme?: OpenIdConnectSecurityScheme;
  readonly mtlsSecurityScheme?: MutualTlsSecurityScheme;
}

/** A secret in a header, a query parameter or a cookie. */
export interface ApiKeySecurityScheme {
  readonly description?: string;
  readonly location: 'query' | 'header' | 'cookie' | (string & {});
  /** Name of the header, parameter or cookie. */
  readonly name: string;
}

/** HTTP authentication. */
export interface HttpAuthSecurityScheme {
  readonly description?: string;
  /** Such as `Bearer`; case does not matter. */
  readonly scheme: string;
  readonly bearerFormat?: string;
}

/** OAuth 2.0. */
export interface OAuth2SecurityScheme {
  readonly description?: string;
  readonly flows: OAuthFlows;
  /** Authorization server metadata (RFC 8414). */
  readonly oauth2MetadataUrl?: string;
}

/** OpenID Connect. */
export interface OpenIdConnectSecurityScheme {
  readonly description?: string;
  readonly openIdConnectUrl: string;
}

/** A client certificate. */
export interface MutualTlsSecurityScheme {
  readonly description?: string;
}

/** The flow to use. At most one member is present. */
export interface OAuthFlows {
  readonly authorizationCode?: AuthorizationCodeOAuthFlow;
  readonly clientCredentials?: ClientCredentialsOAuthFlow;
  readonly deviceCode?: DeviceCodeOAuthFlow;
  /** @deprecated kept by the protocol for old cards. */
  readonly implicit?: ImplicitOAuthFlow;
  /** @deprecated kept by the protocol for old cards. */
  readonly password?: PasswordOAuthFlow;
}

/** What each scope means, by its name. */
export interface OAuthScopes {
  readonly [scope: string]: string;
}

/** Authorization code flow. */
export interface AuthorizationCodeOAuthFlow {
  readonly authorizationUrl: string;
  readonly tokenUrl: string;
  readonly refreshUrl?: string;
  readonly scopes: OAuthScopes;
  readonly pkceRequired?: boolean;
}

/** Client credentials flow. */
export interface ClientCredentialsOAuthFlow {
  readonly tokenUrl: string;
  readonly refreshUrl?: string;
  readonly scopes: OAuthScopes;
}

/** Device authorization flow (RFC 8628). */
export interface DeviceCodeOAuthFlow {
  readonly deviceAuthorizationUrl: string;
  readonly tokenUrl: string;
  readonly refreshUrl?: string;
  readonly scopes: OAuthScopes;
}

/** Implicit flow. */
export interface ImplicitOAuthFlow {
  readonly authorizationUrl?: string;
  readonly refreshUrl?: string;
  readonly scopes?: OAuthScopes;
}

/** Password flow. */
export interface PasswordOAuthFlow {
  readonly tokenUrl?: string;
  readonly refreshUrl?: string;
  readonly scopes?: OAuthScopes;
}
