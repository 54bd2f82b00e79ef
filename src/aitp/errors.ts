// Errors of AITP (section 11 of `aitp/0.2`): one table of the registered codes, from which the stable codes
// of this package follow, both ways. Each names what failed, and nothing of a secret.

import { SdkError } from '../errors.js';

/** The table: every registered code. */
const CODES = [
  'INVALID_ENVELOPE',
  'INVALID_SIGNATURE',
  'REPLAY_DETECTED',
  'TIMESTAMP_EXPIRED',
  'UNKNOWN_VERSION',
  'UNKNOWN_FIELD',
  'IDENTITY_FAILED',
  'POLICY_VIOLATION',
  'GRANT_OVERFLOW',
  'INSUFFICIENT_GRANTS',
  'KEY_RESOLUTION_FAILED',
  'TOKEN_ALG_MISMATCH',
  'TOKEN_TYP_MISMATCH',
  'TCT_EXPIRED',
  'TCT_REVOKED',
  'TCT_SIGNATURE_INVALID',
  'TCT_EXPIRES_AFTER_MANIFEST',
  'POP_CHALLENGE_INVALID',
  'POP_RESPONSE_INVALID',
  'MANIFEST_NOT_FOUND',
  'MANIFEST_INVALID',
  'MANIFEST_VERSION_UNKNOWN',
  'MANIFEST_EXPIRED',
  'MANIFEST_POP_FAILED',
  'MANIFEST_SIGNATURE_INVALID',
  'INCOMPATIBLE_TRUST_ANCHORS',
  'INCOMPATIBLE_IDENTITY_TYPE',
  'POP_VERIFICATION_FAILED',
  'NONCE_MISMATCH',
  'AUDIENCE_MISMATCH',
  'REVOCATION_SNAPSHOT_INVALID',
  'REVOCATION_SNAPSHOT_SIGNATURE_INVALID',
  'DELEGATION_AUDIENCE_MISMATCH',
  'DELEGATION_SCOPE_EXCEEDED',
  'DELEGATION_INVALID_VOUCHER',
  'DELEGATION_SOURCE_TCT_REVOKED',
  'DELEGATION_INVALID_SIGNATURE',
  'DELEGATION_EXPIRED',
  'DELEGATION_POP_FAILED',
  'DELEGATION_MULTIHOP_NOT_SUPPORTED',
  'DELEGATION_HOP_LIMIT_EXCEEDED',
  'DELEGATION_CHAIN_HASH_MISMATCH',
  'SESSION_BUNDLE_INVALID',
  'BUNDLE_VERSION_MISMATCH',
  'BUNDLE_EXPIRED',
  'BUNDLE_EXPIRY_WINDOW_INVARIANT',
  'BUNDLE_EMPTY_PARTICIPANTS',
  'BUNDLE_INVALID_SIGNATURE',
  'BUNDLE_COORDINATOR_ISSUER_MISMATCH',
  'BUNDLE_AUDIENCE_MISMATCH',
  'BUNDLE_PARTICIPANT_TCT_INVALID',
  'BUNDLE_NOT_MEMBER',
] as const;

/** Those after which the same request may succeed later. */
const RETRYABLE: readonly string[] = ['TIMESTAMP_EXPIRED', 'KEY_RESOLUTION_FAILED', 'MANIFEST_NOT_FOUND'];

const PREFIX = 'ERR_AITP_';

/** A registered code, as the wire spells it. */
export type AitpWireCode = (typeof CODES)[number];

/** Codes of {@link AitpError}. */
export type AitpErrorCode = `${typeof PREFIX}${AitpWireCode}`;

declare module '../errors.js' {
  interface SdkErrorCodes {
    readonly aitp: AitpErrorCode;
  }
}

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
    this.retryable = isRetryable(wireCode);
  }
}

/** Whether a value is a registered code, as the wire spells it. */
export function isAitpWireCode(value: unknown): value is AitpWireCode {
  return (CODES as readonly unknown[]).includes(value);
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
  return RETRYABLE.includes(wireCode);
}
