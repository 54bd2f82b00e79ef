// The signatures of one card, tried one after another: each ends as an attempt in the report, and none can stop the next.
// Who says whether a signature holds, a key or a callback, is behind `Judge`.

import { encodeUtf8 } from '../../bytes/utf8.js';
import type { JsonObject, JsonValue } from '../../codec/json-value.js';
import type { ProtectedHeader } from '../../documents/protected-header.js';
import { yieldToEventLoop } from '../../yield.js';
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
   * @returns The ways to check it, such as one for each key, in the order they are to be tried.
   * @throws {unknown} whatever keeps it from being checked.
   */
  prepare(header: ProtectedHeader): Promise<readonly Check<By>[]>;
  /** A name for whoever made a signature that holds: two keys never share one. */
  signerOf(by: By, header: ProtectedHeader): string;
}

/** Checks a signature over one text. @returns What it holds by, or `undefined`. */
export type Check<By> = (input: VerificationInput) => Promise<By | undefined>;

/**
 * Which signatures have to hold: one, all of them, or one for each `kid` of a list, each made with another key.
 *
 * A callback that verifies knows no keys: with it every `kid` counts as a signer of its own.
 */
export type Acceptance = 'any' | 'all' | { readonly kids: readonly string[] };

/** How entries are tried. */
export interface AttemptRules extends HeaderRules {
  readonly accept: Acceptance;
  readonly maxSignatures: number;
  /** Checks of a signature by one key over one text, for all entries together. */
  readonly maxChecks: number;
  readonly signal?: AbortSignal | undefined;
}

/** A signature that holds. */
export interface Success<By> {
  readonly header: ProtectedHeader;
  readonly form: SignedForm;
  readonly by: By;
  /** See {@link Judge.signerOf}. */
  readonly signer: string;
}

/** What came of a card's signatures. */
export interface Outcome<By> {
  readonly attempts: readonly SignatureAttempt[];
  /** Entries beyond the cap, or left when the checks were used up. */
  readonly untried: number;
  /** At least one, and enough of them. Where a list of `kid`s was asked for, one for each of them. */
  readonly successes: readonly Success<By>[];
}

/**
 * Tries entries until enough of them hold, or there are no more.
 *
 * Between two checks other work has its turn, since a check of a long card may take a while where it is not WebCrypto's.
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
  const budget: Budget = { used: 0, max: rules.maxChecks };
  const tried = entries.slice(0, rules.maxSignatures);
  let enough: readonly Success<By>[] | undefined;
  for (const [index, entry] of tried.entries()) {
    rules.signal?.throwIfAborted();
    // Filled in as far as the entry could be read, for the report.
    const seen: { header?: ProtectedHeader } = {};
    try {
      const success = await tryEntry(entry, forms, judge, rules, budget, seen);
      successes.push(success);
      attempts.push(Object.freeze({ index, verified: true, ...namesOf(seen.header), profile: success.form.profile }));
    } catch (error) {
      rules.signal?.throwIfAborted();
      const { code, cause } = toA2aError(error);
      attempts.push(
        Object.freeze({ index, verified: false, code, ...namesOf(seen.header), ...(cause ? { cause } : {}) }),
      );
    }
    enough = enoughOf(successes, rules.accept, entries.length);
    if (enough !== undefined || budget.used > budget.max) break;
  }
  const untried = entries.length - (budget.used > budget.max ? attempts : tried).length;
  if (enough === undefined) throw notEnough(attempts, untried);
  return { attempts, untried, successes: enough };
}

/** Checks made, and how many may be. One more is counted when one more was wanted. */
interface Budget {
  used: number;
  readonly max: number;
}

async function tryEntry<By>(
  entry: JsonValue,
  forms: SignedForms,
  judge: Judge<By>,
  rules: AttemptRules,
  budget: Budget,
  seen: { header?: ProtectedHeader },
): Promise<Success<By>> {
  const header = readHeader(entry, rules);
  seen.header = header;
  judge.checkAlgorithm(header);
  const signature = readSignature(entry);
  const checks = await judge.prepare(header);
  const unprotected = unprotectedOf(entry);
  for (const form of forms) {
    const input: VerificationInput = {
      header,
      protected: header.segment,
      signature,
      signingInput: encodeUtf8(`${header.segment}.${form.payload}`),
      ...(unprotected === undefined ? {} : { unprotected }),
      profile: form.profile,
    };
    for (const check of checks) {
      if (++budget.used > budget.max) throw doesNotHold(`within ${budget.max} checks`);
      if (budget.used > 1) await yieldToEventLoop();
      rules.signal?.throwIfAborted();
      const by = await check(input);
      if (by !== undefined) return { header, form, by, signer: judge.signerOf(by, header) };
    }
  }
  throw forms.fault ?? doesNotHold('under any form of the card');
}

function doesNotHold(where: string): A2aError {
  return new A2aError('ERR_A2A_VERIFICATION_FAILED', `the signature does not hold ${where}`);
}

/** The signatures that are enough; `undefined` when they are not. */
function enoughOf<By>(
  successes: readonly Success<By>[],
  accept: Acceptance,
  entryCount: number,
): readonly Success<By>[] | undefined {
  if (accept === 'any') return successes.length > 0 ? successes : undefined;
  if (accept === 'all') return successes.length === entryCount ? successes : undefined;
  return oneForEach(accept.kids, successes);
}

/** One signature for each name, such that no signer stands for two; `undefined` when there is no such choice. */
function oneForEach<By>(kids: readonly string[], successes: readonly Success<By>[]): Success<By>[] | undefined {
  const chosen = new Map<string, Success<By>>();
  /** Finds a signer for a name, asking those already chosen to stand for it if their own name has another. */
  const choose = (kid: string | undefined, asked: Set<string>): boolean =>
    successes.some((success) => {
      const { signer, header } = success;
      if (header.kid !== kid || asked.has(signer)) return false;
      asked.add(signer);
      const taken = chosen.get(signer);
      if (taken !== undefined && !choose(taken.header.kid, asked)) return false;
      chosen.set(signer, success);
      return true;
    });
  const isComplete = [...new Set(kids)].every((kid) => choose(kid, new Set()));
  return isComplete ? [...chosen.values()] : undefined;
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
