// Errors of AITP (section 11 of our digest of `aitp/0.2`): one table of the registered codes, from which the stable codes
// of this package follow, both ways. Each names what failed, and nothing of a secret.

import { SdkError } from '../errors.js';

/** The table: every registered code, and whether the same request may succeed later. */
const RETRYABLE = {
  INVALID_ENVELOPE: false,
  INVALID_SIGNATURE: false,
  REPLAY_DETECTED: false,
  TIMESTAMP_EXPIRED: true,
  UNKNOWN_VERSION: false,
  UNKNOWN_FIELD: false,
  IDENTITY_FAILED: false,
  POLICY_VIOLATION: false,
  GRANT_OVERFLOW: false,
  INSUFFICIENT_GRANTS: false,
  KEY_RESOLUTION_FAILED: true,
  TOKEN_ALG_MISMATCH: false,
  TOKEN_TYP_MISMATCH: false,
  TCT_EXPIRED: false,
  TCT_REVOKED: false,
  TCT_SIGNATURE_INVALID: false,
  TCT_EXPIRES_AFTER_MANIFEST: false,
  POP_CHALLENGE_INVALID: false,
  POP_RESPONSE_INVALID: false,
  MANIFEST_NOT_FOUND: true,
  MANIFEST_INVALID: false,
  MANIFEST_VERSION_UNKNOWN: false,
  MANIFEST_EXPIRED: false,
  MANIFEST_POP_FAILED: false,
  MANIFEST_SIGNATURE_INVALID: false,
  INCOMPATIBLE_TRUST_ANCHORS: false,
  INCOMPATIBLE_IDENTITY_TYPE: false,
  POP_VERIFICATION_FAILED: false,
  NONCE_MISMATCH: false,
  AUDIENCE_MISMATCH: false,
  REVOCATION_SNAPSHOT_INVALID: false,
  REVOCATION_SNAPSHOT_SIGNATURE_INVALID: false,
  DELEGATION_AUDIENCE_MISMATCH: false,
  DELEGATION_SCOPE_EXCEEDED: false,
  DELEGATION_INVALID_VOUCHER: false,
  DELEGATION_SOURCE_TCT_REVOKED: false,
  DELEGATION_INVALID_SIGNATURE: false,
  DELEGATION_EXPIRED: false,
  DELEGATION_POP_FAILED: false,
  DELEGATION_MULTIHOP_NOT_SUPPORTED: false,
  DELEGATION_HOP_LIMIT_EXCEEDED: false,
  DELEGATION_CHAIN_HASH_MISMATCH: false,
  SESSION_BUNDLE_INVALID: false,
  BUNDLE_VERSION_MISMATCH: false,
  BUNDLE_EXPIRED: false,
  BUNDLE_EXPIRY_WINDOW_INVARIANT: false,
  BUNDLE_EMPTY_PARTICIPANTS: false,
  BUNDLE_INVALID_SIGNATURE: false,
  BUNDLE_COORDINATOR_ISSUER_MISMATCH: false,
  BUNDLE_AUDIENCE_MISMATCH: false,
  BUNDLE_PARTICIPANT_TCT_INVALID: false,
  BUNDLE_NOT_MEMBER: false,
} as const;

const PREFIX = 'ERR_AITP_';

/** A registered code, as the wire spells it. */
export type AitpWireCode = keyof typeof RETRYABLE;

/** Codes of {@link AitpError}. */
export type AitpErrorCode = `${typeof PREFIX}${AitpWireCode}`;

/** Something of AITP that is malformed, does not verify, or is not allowed. */
export class AitpError extends SdkError<AitpErrorCode> {
  override readonly name = 'AitpError';
  /** The same reason as {@link code}, as the wire spells it. */
  readonly wireCode: AitpWireCode;
  /** Whether the same request may succeed later. */
  readonly retryable: boolean;

  /**
   * @param wireCode Registered code.
   * @param message What happened. Never a secret; a peer sees it only where the caller sends it on.
   * @param options `cause`: the error underneath.
   */
  constructor(wireCode: AitpWireCode, message: string, options?: { cause?: unknown }) {
    super(`${PREFIX}${wireCode}`, message, options);
    this.wireCode = wireCode;
    this.retryable = RETRYABLE[wireCode];
  }
}

/** Whether a value is a registered code, as the wire spells it. */
export function isAitpWireCode(value: unknown): value is AitpWireCode {
  return typeof value === 'string' && Object.hasOwn(RETRYABLE, value);
}

/** The code of this package for a registered code; `undefined` for any other text. */
export function aitpErrorCode(wireCode: string): AitpErrorCode | undefined {
  return isAitpWireCode(wireCode) ? `${PREFIX}${wireCode}` : undefined;
}

/** The registered code behind a code of this package. */
export function aitpWireCode(code: AitpErrorCode): AitpWireCode {
  return code.slice(PREFIX.length) as AitpWireCode;
}

/** Whether a code of the wire is retryable. One we do not know is not. */
export function isRetryable(wireCode: string): boolean {
  return isAitpWireCode(wireCode) && RETRYABLE[wireCode];
}
