// Errors of A2A that do not come from the remote agent: cards, signatures, discovery (A2A v1.0, sections 4.4, 8 and 14).
// One table holds the names of the reasons; the stable codes follow from it, both ways. Errors of operations, which the
// remote agent reports, are in wire/errors.ts.

import { SdkError } from '../errors.js';
import type { AgentInterface } from './card/agent-card.js';

/**
 * The table: the name of each reason, as reports and other implementations spell it. Its code is the same in capitals,
 * behind `ERR_A2A_`.
 */
const WIRE_CODES = [
  'invalid_card',
  'missing_signatures',
  'canonicalization_failed',
  'invalid_entry',
  'invalid_protected_encoding',
  'invalid_protected_header',
  'unsupported_critical_header',
  'unsupported_algorithm',
  'invalid_signature_encoding',
  'key_not_found',
  'key_unusable',
  'jku_not_allowed',
  'key_retrieval_failed',
  'origin_not_allowed',
  'verification_failed',
  'uncovered_content',
  'invalid_key',
  'invalid_header',
  'card_not_found',
  'card_fetch_failed',
  'card_too_large',
  'card_not_json',
  'no_compatible_interface',
  'signer_mismatch',
  'address_not_allowed',
] as const;

const PREFIX = 'ERR_A2A_';

/** Reasons of an {@link A2aError} in lower case, as reports and other implementations spell them. */
export type A2aWireCode = (typeof WIRE_CODES)[number];

/** Codes of {@link A2aError}. */
export type A2aErrorCode = `${typeof PREFIX}${Uppercase<A2aWireCode>}`;

declare module '../errors.js' {
  interface SdkErrorCodes {
    readonly a2a: A2aErrorCode;
  }
}

/** What became of one entry of a card's `signatures`. */
export interface SignatureAttempt {
  /** Position of the entry in `signatures`, from 0. */
  readonly index: number;
  /** Whether the entry verified. */
  readonly verified: boolean;
  /** Why it did not. Absent when it did. */
  readonly code?: A2aErrorCode;
  /** `alg` of the protected header, where that could be read. */
  readonly alg?: string;
  /** `kid` of the protected header, where that could be read. */
  readonly kid?: string;
  /** `typ` of the protected header, where that could be read. */
  readonly typ?: string;
  /** Name of the canonical profile under which the entry verified. Absent when it did not. */
  readonly profile?: string;
  /** The error underneath, such as what a key source threw. */
  readonly cause?: unknown;
}

/** Further facts of an {@link A2aError}, each present only where it says something. */
export interface A2aErrorOptions {
  readonly cause?: unknown;
  readonly pointer?: string;
  readonly attempts?: readonly SignatureAttempt[];
  readonly untriedSignatures?: number;
  readonly uncovered?: readonly string[];
  readonly offered?: readonly AgentInterface[];
  readonly urls?: readonly string[];
}

/** A card that cannot be read, trusted, found or used. */
export class A2aError extends SdkError<A2aErrorCode> {
  override readonly name = 'A2aError';
  /** The same reason as {@link code}, in lower case and without our prefix. */
  readonly wireCode: A2aWireCode;
  /** JSON pointer (RFC 6901) to the value at fault, as the card spells it; escaped and cut where it is long. */
  readonly pointer?: string;
  /** What became of each signature that was tried. */
  readonly attempts?: readonly SignatureAttempt[];
  /** How many entries of `signatures` were left untried because there were more than the cap. */
  readonly untriedSignatures?: number;
  /** JSON pointers to what the card says outside the signed form. */
  readonly uncovered?: readonly string[];
  /** Interfaces the card offers, none of which could be used. */
  readonly offered?: readonly AgentInterface[];
  /** Addresses that were asked, in order. */
  readonly urls?: readonly string[];

  constructor(code: A2aErrorCode, message: string, options: A2aErrorOptions = {}) {
    const { cause, ...facts } = options;
    super(code, message, 'cause' in options ? { cause } : undefined);
    this.wireCode = a2aWireCode(code);
    Object.assign(this, facts);
  }
}

/** The wire name of a code. */
export function a2aWireCode(code: A2aErrorCode): A2aWireCode {
  return code.slice(PREFIX.length).toLowerCase() as A2aWireCode;
}

/** The code of a wire name; `undefined` for a name this version does not know. */
export function a2aErrorCode(wireCode: string): A2aErrorCode | undefined {
  const isKnown = (WIRE_CODES as readonly string[]).includes(wireCode);
  return isKnown ? (`${PREFIX}${wireCode.toUpperCase()}` as A2aErrorCode) : undefined;
}
