// Payloads of identity and authentication (ARCP v1.0, section 8).

import { type Capabilities, capabilities, type Negotiated } from './capabilities.js';
import { errorCode } from './error-shape.js';
import { maybe, members, oneOf, type SchemasOf, sessionId, text, timestamp } from './fields.js';
import type { SessionId } from './ids.js';

/** How a client says who it is. */
export type AuthScheme = 'bearer' | 'signed_jwt' | 'none' | 'mtls' | 'oauth2';

/** Credentials. */
export interface AuthBlock {
  readonly scheme: AuthScheme;
  /** Required by `bearer`, `signed_jwt` and `oauth2`. */
  readonly token?: string | undefined;
}

/** Who a client says it is. None of it is proof. */
export interface ClientIdentity {
  readonly kind: string;
  readonly version: string;
  readonly fingerprint?: string | undefined;
  readonly principal?: string | undefined;
}

/** How much a runtime is trusted. */
export type TrustLevel = 'untrusted' | 'constrained' | 'trusted' | 'privileged';

/** Who a runtime says it is. */
export interface RuntimeIdentity {
  readonly kind: string;
  readonly version: string;
  readonly fingerprint?: string | undefined;
  /** A {@link TrustLevel}; other runtimes may say anything. */
  readonly trust_level?: string | undefined;
}

/** Payload of `session.open`. */
export interface SessionOpen {
  readonly auth: AuthBlock;
  readonly client: ClientIdentity;
  readonly capabilities?: Capabilities | undefined;
}

/** Payload of `session.challenge`. */
export interface SessionChallenge {
  readonly challenge: string;
}

/** Payload of `session.authenticate`. */
export interface SessionAuthenticate {
  readonly response: string;
}

/** Payload of `session.accepted`. */
export interface SessionAccepted {
  readonly session_id: SessionId;
  readonly runtime: RuntimeIdentity;
  readonly capabilities: Negotiated;
  readonly lease?: { readonly expires_at: string } | undefined;
}

/** Payload of `session.unauthenticated` and `session.rejected`. */
export interface SessionRefusal {
  readonly code: string;
  readonly message: string;
}

/** Payload of `session.refresh`. */
export interface SessionRefresh {
  readonly deadline: string;
  readonly challenge?: string | undefined;
}

/** Payload of `session.evicted`. */
export interface SessionEvicted {
  readonly code: string;
  readonly reason: string;
}

/** Payload of `session.close`. */
export interface SessionClose {
  readonly reason?: string | undefined;
  /** What becomes of running jobs: cancelled, which is the default, or left to run. */
  readonly jobs?: 'cancel' | 'detach' | undefined;
}

/** Payloads of this family. */
export interface SessionPayloads {
  'session.open': SessionOpen;
  'session.challenge': SessionChallenge;
  'session.authenticate': SessionAuthenticate;
  'session.accepted': SessionAccepted;
  'session.unauthenticated': SessionRefusal;
  'session.rejected': SessionRefusal;
  'session.refresh': SessionRefresh;
  'session.evicted': SessionEvicted;
  'session.close': SessionClose;
}

/** Who a runtime is. */
export const runtimeIdentity = members({
  kind: text,
  version: text,
  fingerprint: maybe(text),
  trust_level: maybe(text),
});

const refusal = members({ code: errorCode, message: text });

/** Schemas of this family. */
export const sessionSchemas = {
  'session.open': members({
    auth: members({ scheme: oneOf(['bearer', 'signed_jwt', 'none', 'mtls', 'oauth2']), token: maybe(text) }),
    client: members({ kind: text, version: text, fingerprint: maybe(text), principal: maybe(text) }),
    capabilities: maybe(capabilities),
  }),
  'session.challenge': members({ challenge: text }),
  'session.authenticate': members({ response: text }),
  'session.accepted': members({
    session_id: sessionId,
    runtime: runtimeIdentity,
    capabilities,
    lease: maybe(members({ expires_at: timestamp })),
  }),
  'session.unauthenticated': refusal,
  'session.rejected': refusal,
  'session.refresh': members({ deadline: timestamp, challenge: maybe(text) }),
  'session.evicted': members({ code: errorCode, reason: text }),
  'session.close': members({ reason: maybe(text), jobs: maybe(oneOf(['cancel', 'detach'])) }),
} satisfies SchemasOf<SessionPayloads>;
