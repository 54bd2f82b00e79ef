// The signatures of one card, tried one after another: each ends as an attempt in the report, and none can stop the next
// (A2A digest 3.5, steps 5 to 8). Who says whether a signature holds, a key or a callback, is behind `Judge`.

import { encodeUtf8 } from '../../bytes/utf8.js';
import type { JsonObject, JsonValue } from '../../codec/json-value.js';
import type { ProtectedHeader } from '../../documents/protected-header.js';
import { A2aError, type A2aErrorCode, type SignatureAttempt } from '../errors.js';
import { type HeaderRules, readHeader, readSignature, toA2aError, unprotectedOf } from './entry.js';
import type { SignedForm, SignedForms } from './signed-forms.js';

/** All there is to check one signature with. */
export interface VerificationInput {
  readonly header: ProtectedHeader;
  /** The protected header as transmitted. */
  readonly protected: string;
  /** The signature, decoded. */
  readonly signature: Uint8Array;
  /** What the signature has to be over: the protected header as transmitted, a dot, the canonical text in base64url. */
  readonly signingInput: Uint8Array;
  /** The header beside the signature. Nothing covers it. */
  readonly unprotected?: JsonObject;
  /** Name of the canonical profile that gave the text. */
  readonly profile: string;
}

/** Says whether signatures hold. */
export interface Judge<By> {
  /** @throws {A2aError | VerifyError} the algorithm is not allowed. */
  checkAlgorithm(header: ProtectedHeader): void;
  /**
   * Makes ready for one signature.
   *
   * @returns Checks it over one text; gives what it holds by, or `undefined`.
   * @throws {unknown} whatever keeps it from being checked.
   */
  prepare(header: ProtectedHeader): Promise<(input: VerificationInput) => Promise<By | undefined>>;
}

/** Which signatures have to hold: one, all of them, or one for each `kid` of a list. */
export type Acceptance = 'any' | 'all' | { readonly kids: readonly string[] };

/** How entries are tried. */
export interface AttemptRules extends HeaderRules {
  readonly accept: Acceptance;
  readonly maxSignatures: number;
  readonly signal?: AbortSignal | undefined;
}

/** A signature that holds. */
export interface Success<By> {
  readonly header: ProtectedHeader;
  readonly form: SignedForm;
  readonly by: By;
}

/** What came of a card's signatures. */
export interface Outcome<By> {
  readonly attempts: readonly SignatureAttempt[];
  /** Entries beyond the cap. */
  readonly untried: number;
  /** At least one, and enough of them. Where a list of `kid`s was asked for, only those on it. */
  readonly successes: readonly Success<By>[];
}

/**
 * Tries entries until enough of them hold, or there are no more.
 *
 * @throws {A2aError} not enough hold. Its code is that of the attempt that got furthest; `attempts` has them all.
 * @throws `signal.reason`, untouched.
 */
export async function tryEntries<By>(
  entries: readonly JsonValue[],
  forms: SignedForms,
  judge: Judge<By>,
  rules: AttemptRules,
): Promise<Outcome<By>> {
  const attempts: SignatureAttempt[] = [];
  const successes: Success<By>[] = [];
  const tried = entries.slice(0, rules.maxSignatures);
  for (const [index, entry] of tried.entries()) {
    rules.signal?.throwIfAborted();
    // Filled in as far as the entry could be read, for the report.
    const seen: { header?: ProtectedHeader } = {};
    try {
      const success = await tryEntry(entry, forms, judge, rules, seen);
      successes.push(success);
      attempts.push(Object.freeze({ index, verified: true, ...namesOf(seen.header), profile: success.form.profile }));
    } catch (error) {
      rules.signal?.throwIfAborted();
      const { code, cause } = toA2aError(error);
      attempts.push(
        Object.freeze({ index, verified: false, code, ...namesOf(seen.header), ...(cause ? { cause } : {}) }),
      );
    }
    if (rules.accept !== 'all' && isEnough(rules.accept, successes)) break;
  }
  const untried = entries.length - tried.length;
  const { accept } = rules;
  const holds = accept === 'all' ? successes.length === entries.length : isEnough(accept, successes);
  if (!holds) throw notEnough(attempts, untried);
  if (typeof accept === 'string') return { attempts, untried, successes };
  return { attempts, untried, successes: successes.filter(({ header }) => accept.kids.includes(header.kid ?? '')) };
}

async function tryEntry<By>(
  entry: JsonValue,
  forms: SignedForms,
  judge: Judge<By>,
  rules: AttemptRules,
  seen: { header?: ProtectedHeader },
): Promise<Success<By>> {
  const header = readHeader(entry, rules);
  seen.header = header;
  judge.checkAlgorithm(header);
  const signature = readSignature(entry);
  const check = await judge.prepare(header);
  const unprotected = unprotectedOf(entry);
  for (const form of forms) {
    const by = await check({
      header,
      protected: header.segment,
      signature,
      signingInput: encodeUtf8(`${header.segment}.${form.payload}`),
      ...(unprotected === undefined ? {} : { unprotected }),
      profile: form.profile,
    });
    if (by !== undefined) return { header, form, by };
  }
  throw forms.fault ?? new A2aError('ERR_A2A_VERIFICATION_FAILED', 'the signature does not hold');
}

function isEnough(accept: Exclude<Acceptance, 'all'>, successes: readonly Success<unknown>[]): boolean {
  if (accept === 'any') return successes.length > 0;
  return accept.kids.every((kid) => successes.some(({ header }) => header.kid === kid));
}

function namesOf(header: ProtectedHeader | undefined): Pick<SignatureAttempt, 'alg' | 'kid' | 'typ'> {
  if (header === undefined) return {};
  const { alg, kid, typ } = header;
  return { alg, ...(kid === undefined ? {} : { kid }), ...(typ === undefined ? {} : { typ }) };
}

/** From the failure that came furthest to the one that came least far. */
const FURTHEST_FIRST: readonly A2aErrorCode[] = [
  'ERR_A2A_VERIFICATION_FAILED',
  'ERR_A2A_CANONICALIZATION_FAILED',
  'ERR_A2A_KEY_UNUSABLE',
  'ERR_A2A_ORIGIN_NOT_ALLOWED',
  'ERR_A2A_KEY_RETRIEVAL_FAILED',
  'ERR_A2A_JKU_NOT_ALLOWED',
  'ERR_A2A_KEY_NOT_FOUND',
  'ERR_A2A_UNSUPPORTED_CRITICAL_HEADER',
  'ERR_A2A_INVALID_SIGNATURE_ENCODING',
  'ERR_A2A_INVALID_PROTECTED_HEADER',
  'ERR_A2A_INVALID_PROTECTED_ENCODING',
  'ERR_A2A_INVALID_ENTRY',
  'ERR_A2A_UNSUPPORTED_ALGORITHM',
];

function notEnough(attempts: readonly SignatureAttempt[], untriedSignatures: number): A2aError {
  // Where no attempt failed, a signature that was asked for is not among those that hold.
  const code =
    FURTHEST_FIRST.find((candidate) => attempts.some((attempt) => attempt.code === candidate)) ??
    'ERR_A2A_VERIFICATION_FAILED';
  const held = attempts.filter(({ verified }) => verified).length;
  const message = `the signatures of the card are not enough: ${held} of ${attempts.length} tried hold`;
  return new A2aError(code, untriedSignatures === 0 ? message : `${message}, ${untriedSignatures} were not tried`, {
    attempts: Object.freeze(attempts),
    ...(untriedSignatures === 0 ? {} : { untriedSignatures }),
  });
}
