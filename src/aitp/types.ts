// The objects of AITP as they are on the wire, for TypeScript alone: this module has no code. What is read by this package
// comes in shapes of its own, with names of its own.

import type { JsonObject } from '../codec/json-value.js';

/** `version` and `ver`. */
export type WireVersion = 'aitp/0.2';

/** Section 3.1. */
export interface WireEnvelope {
  readonly version: WireVersion;
  readonly message_type: string;
  readonly message_id: string;
  readonly timestamp: number;
  readonly sender: { readonly agent_id: string };
  readonly payload: JsonObject;
  readonly signature: string;
  readonly extensions?: JsonObject;
}

/** Payload of an `error` envelope, section 3.1. */
export interface WireErrorPayload {
  readonly code: string;
  readonly reason: string;
  readonly retryable: boolean;
}

/** Section 4.1. */
export interface WireIdentityHint {
  readonly type: 'oidc' | 'pinned_key';
  readonly subject: string;
  readonly issuer?: string;
  readonly public_key?: string;
}

/** Section 4.1, the inner object. */
export interface WireManifest {
  readonly version: WireVersion;
  readonly aid: string;
  readonly display_name?: string;
  readonly identity_hint: WireIdentityHint;
  readonly handshake_endpoint: string;
  readonly accepted_trust_anchors: readonly string[];
  readonly offered_capabilities: readonly string[];
  readonly required_peer_capabilities?: readonly string[];
  readonly accepted_identity_types?: readonly ('oidc' | 'pinned_key')[];
  readonly accepted_signature_algorithms?: readonly ('ed25519' | 'p256')[];
  readonly proof_of_possession: { readonly challenge: string; readonly signature: string };
  readonly published_at: number;
  readonly expires_at: number;
  readonly extensions?: JsonObject;
  readonly signature: string;
}

/** Section 4, as published. */
export interface WireManifestDocument {
  readonly manifest: WireManifest;
}

/** `cnf` of a token: the thumbprint of the holder's key. */
export interface WireConfirmation {
  readonly jkt: string;
}

/** Claims of a trust context token, section 5.1. */
export interface WireTctClaims {
  readonly ver: WireVersion;
  readonly jti: string;
  readonly iss: string;
  readonly sub: string;
  readonly aud: string;
  readonly iat: number;
  readonly exp: number;
  readonly grants: readonly string[];
  readonly cnf: WireConfirmation;
  readonly ext?: JsonObject;
}

/** Claims of a grant voucher, section 5.4. */
export interface WireVoucherClaims {
  readonly ver: WireVersion;
  readonly iss: string;
  readonly sub: string;
  readonly grants: readonly string[];
  readonly iat: number;
  readonly exp: number;
  readonly src_jti: string;
  readonly ext?: JsonObject;
}

/** Claims of a delegation, sections 6.1 and 6.3. */
export interface WireDelegationClaims {
  readonly ver: WireVersion;
  readonly iss: string;
  readonly sub: string;
  readonly aud: string;
  readonly scope: readonly string[];
  readonly exp: number;
  readonly cnf: WireConfirmation;
  /** Compact token of the type `aitp-grant+jwt`. Absent where there is a `chain`. */
  readonly voucher?: string;
  /** Multihop draft. */
  readonly jti?: string;
  /** Multihop draft: compact tokens, oldest first. */
  readonly chain?: readonly string[];
  /** Multihop draft. */
  readonly chain_hash?: string;
  readonly ext?: JsonObject;
}

/** Section 7.1. */
export interface WireRevocationEntry {
  readonly jti: string;
  readonly revoked_at: number;
  readonly reason?: string;
}

/** Section 7.1, the inner object. */
export interface WireRevocationList {
  readonly version: WireVersion;
  readonly issuer: string;
  readonly published_at: number;
  readonly expires_at: number;
  readonly entries: readonly WireRevocationEntry[];
  readonly extensions?: JsonObject;
}

/** Section 7.1, as published. */
export interface WireRevocationSnapshot {
  readonly revocation_list: WireRevocationList;
  readonly signature: string;
}

/** Section 8.5. */
export interface WireIdentityDescriptor {
  readonly type: 'oidc' | 'pinned_key';
  readonly subject: string;
  readonly proof: string;
  readonly issuer?: string;
  readonly public_key?: string;
  readonly extensions?: JsonObject;
}

/** Payload of `mutual_hello`, section 8.1. */
export interface WireHello {
  readonly identity: WireIdentityDescriptor;
  readonly manifest: WireManifest;
  readonly requested_grants: readonly string[];
  readonly pop_nonce: string;
  readonly extensions?: JsonObject;
}

/** Payload of `mutual_hello_ack`, section 8.1. */
export interface WireHelloAck extends WireHello {
  readonly pop_nonce_echo: string;
}

/** Payload of `mutual_commit` and `mutual_commit_ack`, section 8.1. */
export interface WireCommit {
  readonly tct: string;
  readonly grant_voucher?: string;
  readonly pop_signature: string;
  readonly pop_nonce_echo: string;
  readonly extensions?: JsonObject;
}

/** Payload of `pop_challenge`, section 5.5. */
export interface WirePopChallenge {
  readonly tct_jti: string;
  readonly nonce: string;
}

/** Payload of `pop_response`, section 5.5. */
export interface WirePopResponse {
  readonly tct_jti: string;
  readonly nonce_echo: string;
  readonly pop_signature: string;
}

/** Section 5.6. */
export interface WireRenewalRequest {
  readonly current_tct: string;
  readonly pop_nonce: string;
  readonly pop_signature: string;
}

/** Section 5.6. */
export interface WireRenewalResponse {
  readonly tct: string;
  readonly grant_voucher?: string;
}

/** Section 12, the inner object. */
export interface WireSessionBundle {
  readonly version: WireVersion;
  readonly session_id: string;
  readonly coordinator: string;
  readonly issued_at: number;
  readonly expires_at: number;
  readonly participants: readonly { readonly aid: string; readonly tct: string }[];
  readonly extensions?: JsonObject;
  readonly signature: string;
}

/** Section 12, as published. */
export interface WireSessionBundleDocument {
  readonly session_bundle: WireSessionBundle;
}
