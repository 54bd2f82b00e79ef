// Agent cards of A2A v1.0: reading, choosing an interface, verifying, signing. Nothing here touches the network, unless a
// policy made by `jkuPolicy` is followed.

export {
  A2aError,
  type A2aErrorCode,
  type A2aErrorOptions,
  type A2aWireCode,
  type SignatureAttempt,
} from '../errors.js';
export type {
  AgentCapabilities,
  AgentCard,
  AgentCardSignature,
  AgentExtension,
  AgentInterface,
  AgentProvider,
  AgentSkill,
  ApiKeySecurityScheme,
  AuthorizationCodeOAuthFlow,
  ClientCredentialsOAuthFlow,
  DeviceCodeOAuthFlow,
  HttpAuthSecurityScheme,
  ImplicitOAuthFlow,
  MutualTlsSecurityScheme,
  OAuth2SecurityScheme,
  OAuthFlows,
  OAuthScopes,
  OpenIdConnectSecurityScheme,
  PasswordOAuthFlow,
  SecurityRequirement,
  SecurityScheme,
  StringList,
} from './agent-card.js';
export type { Acceptance, VerificationInput } from './attempts.js';
export type { SignedCard, UncoveredPolicy } from './conclude.js';
export type { HeaderRules } from './entry.js';
export { compatibleInterfaces, type InterfacePreference, selectInterface } from './interfaces.js';
export { type JkuOptions, type JkuPolicy, jkuPolicy } from './jku.js';
export type { ScopedKeys, TrustRoot } from './key-rings.js';
export { pythonLegacy } from './legacy-profiles.js';
export { lintForSigning, type SigningLint } from './lint.js';
export { type CardWarning, type ParseCardOptions, parseAgentCard } from './parse.js';
export {
  canonicalSigningPayload,
  protectedHeader,
  type SigningPayload,
  signatureBytes,
  unsignedClone,
  verificationInput,
} from './payload.js';
export { type CanonicalProfile, DEFAULT_PROFILES, raw, sdk, spec, specFill, specKeepUnknown } from './profiles.js';
export {
  agentCapabilitiesSchema,
  agentCardSchema,
  agentCardSignatureSchema,
  agentExtensionSchema,
  agentInterfaceSchema,
  agentProviderSchema,
  agentSkillSchema,
  apiKeySecuritySchemeSchema,
  authorizationCodeOAuthFlowSchema,
  clientCredentialsOAuthFlowSchema,
  deviceCodeOAuthFlowSchema,
  httpAuthSecuritySchemeSchema,
  implicitOAuthFlowSchema,
  mutualTlsSecuritySchemeSchema,
  oauth2SecuritySchemeSchema,
  oauthFlowsSchema,
  openIdConnectSecuritySchemeSchema,
  passwordOAuthFlowSchema,
  securityRequirementSchema,
  securitySchemeSchema,
  stringListSchema,
} from './schemas.js';
export { type CardSigner, type PrivateJwk, type SignCardOptions, type SignedAgentCard, signAgentCard } from './sign.js';
export {
  type CommonVerifyOptions,
  type SignatureVerifier,
  type VerifiedAgentCard,
  type VerifyCardOptions,
  verifyAgentCard,
  verifySignatures,
} from './verify.js';
