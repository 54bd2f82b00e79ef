// Verifying an agent card: somebody the caller trusts signed what comes out (A2A v1.0, section 8.4.3).
// What does the work, keys and curves among it, is loaded when it is first wanted.

import type { Clock } from '../../clock.js';
import type { VerificationKey } from '../../documents/verification-key.js';
import type { Verified } from '../../documents/verified.js';
import type { Acceptance, VerificationInput } from './attempts.js';
import type { SignedCard, UncoveredPolicy } from './conclude.js';
import type { JkuPolicy } from './jku.js';
import type { TrustRoot } from './key-rings.js';
import type { CanonicalProfile } from './profiles.js';

/** What verifying a card has in common, whoever checks the signatures. */
export interface CommonVerifyOptions {
  /** Canonical forms to try, in order. Default: `spec`, `specFill`, `specKeepUnknown`, `sdk`, `raw`. */
  readonly profiles?: readonly CanonicalProfile[];
  /**
   * Which signatures have to hold: `any` one (the default), `all`, or one for each `kid` of a list, each made with another
   * key. Who owns a name is for `keys` to say.
   */
  readonly accept?: Acceptance;
  /** What to do about known members that are not signed. Default `drop`. */
  readonly uncovered?: UncoveredPolicy;
  /** Whether a header must have a `kid`. Default true. */
  readonly requireKid?: boolean;
  /**
   * The `typ` wanted, compared exactly. Default: none, `JOSE` in any case, or `JWT`, as signers of cards write it. With
   * another `typ`, the signer's key signed something else, such as an access token.
   */
  readonly typ?: string;
  /** Most entries of `signatures` that are tried: 1 to 256. Default 16. */
  readonly maxSignatures?: number;
  /**
   * Most times that a signature is checked, for all entries together: 1 to 10,000. Each canonical form and each key of the
   * name counts, up to five times four for an entry that does not hold. Default 100.
   */
  readonly maxChecks?: number;
  /** Longest card as text, in bytes of UTF-8: 1 or more. Default 1,048,576. */
  readonly maxBytes?: number;
  readonly signal?: AbortSignal;
}

/** What {@link verifyAgentCard} asks for. */
export interface VerifyCardOptions extends CommonVerifyOptions {
  /**
   * Whose signatures count. A name (`kid`) belongs to the first who has it: pinned keys, then sources in their order. Where
   * names of several parties matter, as to `accept`, a source should hold the names of its own party alone.
   */
  readonly keys: TrustRoot | readonly TrustRoot[];
  /** Names allowed as `alg`, compared exactly. Default: `EdDSA`, `Ed25519` and `ES256`. An empty list allows nothing. */
  readonly algorithms?: readonly string[];
  /** Refuse the twin that anybody can make of an ES256 signature. Default false: most signers make either. */
  readonly requireLowS?: boolean;
  /** Where keys may be fetched that a header points to, at most 4 addresses. Default: nowhere; `jku` is ignored. */
  readonly jku?: JkuPolicy;
  /**
   * Time for all the sources of keys together, in milliseconds: 1 to 600,000. Default 5,000. Once it is up, only keys that
   * are at hand are found: of several sources that may be slow, give each less.
   */
  readonly keysTimeoutMs?: number;
  /** Where the card came from, after redirects: for keys that count at some origins only. */
  readonly cardUrl?: string;
  /** Milliseconds since 1970, for keys that count for a time. Default: the host's clock. */
  readonly now?: () => number;
  /** For `keysTimeoutMs`. Default: the host's. */
  readonly clock?: Clock;
}

/** A card that somebody who is trusted signed. */
export interface VerifiedAgentCard extends SignedCard {
  /** The key it was signed with. */
  readonly key: VerificationKey;
}

/**
 * Verifies the signatures of an agent card and gives back what they cover.
 *
 * Text is better than a parsed value: of two members with one name, a value shows only the last.
 *
 * @param input The card as received: JSON text, its UTF-8 bytes, or a parsed value. Borrowed, not modified.
 * @returns The card as it was signed, and by whom.
 * @throws {A2aError} ERR_A2A_INVALID_CARD with `pointer`; ERR_A2A_CANONICALIZATION_FAILED; ERR_A2A_MISSING_SIGNATURES;
 *   ERR_A2A_UNCOVERED_CONTENT, by policy or when several signatures have no text in common. When not enough signatures hold, with `attempts`, the code of the one that got furthest:
 *   ERR_A2A_VERIFICATION_FAILED, ERR_A2A_KEY_UNUSABLE, ERR_A2A_ORIGIN_NOT_ALLOWED, ERR_A2A_KEY_RETRIEVAL_FAILED,
 *   ERR_A2A_JKU_NOT_ALLOWED, ERR_A2A_KEY_NOT_FOUND, ERR_A2A_UNSUPPORTED_CRITICAL_HEADER,
 *   ERR_A2A_INVALID_SIGNATURE_ENCODING, ERR_A2A_INVALID_PROTECTED_HEADER, ERR_A2A_INVALID_PROTECTED_ENCODING,
 *   ERR_A2A_INVALID_ENTRY, ERR_A2A_UNSUPPORTED_ALGORITHM.
 * @throws {TypeError | RangeError} an option of the wrong kind or range.
 * @throws {IdentityError | VerifyError} a trust root that is none.
 * @throws `signal.reason`, untouched.
 * @see A2A v1.0, section 8.4.3
 *
 * @example
 * ```ts
 * const { card, uncovered } = await verifyAgentCard(text, { keys: 'did:key:z6Mk...' });
 * ```
 */
export async function verifyAgentCard(
  input: unknown,
  options: VerifyCardOptions,
): Promise<Verified<VerifiedAgentCard>> {
  const { verifyWithKeys } = await import('./check-signatures.js');
  return verifyWithKeys(input, options);
}

/**
 * Says whether a signature holds, and is made with a key that is trusted.
 *
 * @returns `true`, or a promise of it: nothing else counts. What it throws is the failure of that one signature.
 */
export type SignatureVerifier = (input: VerificationInput) => boolean | Promise<boolean>;

/**
 * Verifies the signatures of a card through a callback: for algorithms we do not know, or keys only the caller can ask.
 * Any signature that holds is enough, unless `accept` says more.
 *
 * @param input The card as received: JSON text, its UTF-8 bytes, or a parsed value. Borrowed, not modified.
 * @param supportedAlgs Names the callback can check, compared exactly. An empty list allows nothing, and `none` and the
 *   `HS` family are refused in any case. Signatures with other algorithms are passed over.
 * @param verifier Asked once for each signature and each distinct canonical text, until it says `true`.
 * @throws {A2aError} as {@link verifyAgentCard}: ERR_A2A_MISSING_SIGNATURES when there are none,
 *   ERR_A2A_UNSUPPORTED_ALGORITHM when all were passed over, ERR_A2A_VERIFICATION_FAILED when none holds.
 * @throws {TypeError | RangeError} an argument of the wrong kind or range.
 * @throws `signal.reason`, untouched.
 */
export async function verifySignatures(
  input: unknown,
  supportedAlgs: readonly string[],
  verifier: SignatureVerifier,
  options: CommonVerifyOptions = {},
): Promise<Verified<SignedCard>> {
  const { verifyWithCallback } = await import('./check-signatures.js');
  return verifyWithCallback(input, supportedAlgs, verifier, options);
}
