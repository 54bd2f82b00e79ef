// From signatures that hold to a card to rely on: read again from the text that was signed, so that nothing else gets in
// (A2A digest 3.5, step 6; threat J7).

import type { JsonObject } from '../../codec/json-value.js';
import { A2aError, type SignatureAttempt } from '../errors.js';
import type { AgentCard } from './agent-card.js';
import type { Outcome, Success } from './attempts.js';
import { freezeDeep, isObject } from './members.js';
import { NORMALIZED, projectCard } from './project.js';
import { type Uncovered, uncoveredIn } from './uncovered.js';

/**
 * What to do about known members that the signature leaves out: leave them out of the card (`drop`), take them on the
 * server's word (`keep`), or refuse the card (`reject`). Unknown members that are not covered are never in the card.
 */
export type UncoveredPolicy = 'drop' | 'keep' | 'reject';

/** A card somebody signed. Frozen at every depth. */
export interface SignedCard {
  /**
   * The card, from the text that verified and in the spelling of v1.0. A required member that the signer's profile takes
   * out when it is empty is absent; `parseAgentCard(card, { missing: 'fill' })` gives it its default.
   */
  readonly card: AgentCard;
  /** The canonical text that was signed. */
  readonly signedText: string;
  /** Name of the canonical profile that gave it. */
  readonly profile: string;
  /** `kid` of the signature. Absent only where a missing one is allowed. */
  readonly kid?: string;
  readonly alg: string;
  /** What became of each entry of `signatures`, up to the last that was needed. */
  readonly attempts: readonly SignatureAttempt[];
  /** How many entries were left aside because there are more than the cap. */
  readonly untriedSignatures: number;
  /** JSON pointers to what the card received says beside what was signed, known and unknown. */
  readonly uncovered: readonly string[];
}

/**
 * Makes the result of a verification.
 *
 * Where several signatures were asked for and they are over different texts, the card is the one that says least: all of
 * it stands under every one of them.
 *
 * @param received As received. Handed over.
 * @throws {A2aError} ERR_A2A_UNCOVERED_CONTENT, by policy. ERR_A2A_CANONICALIZATION_FAILED: a profile of the caller's
 *   own gave something else than the text of an object.
 */
export function conclude<By>(
  received: JsonObject,
  { attempts, untried, successes }: Outcome<By>,
  policy: UncoveredPolicy,
): { readonly signed: SignedCard; readonly by: By } {
  const [first, ...others] = successes.map((success) => compare(received, success));
  let narrowest = first as Compared<By>;
  for (const other of others) if (other.uncovered.length > narrowest.uncovered.length) narrowest = other;

  const { success, covered, uncovered } = narrowest;
  const pointers = Object.freeze(uncovered.map(({ pointer }) => pointer));
  const losesKnown = uncovered.some(({ known }) => known);
  if (losesKnown && policy === 'reject') {
    throw new A2aError(
      'ERR_A2A_UNCOVERED_CONTENT',
      `the signature does not cover ${pointers.length} parts of the card`,
      {
        attempts,
        uncovered: pointers,
      },
    );
  }
  const { signatures: _, ...unsigned } = received;
  const card =
    losesKnown && policy === 'keep'
      ? projectCard(unsigned, NORMALIZED)
      : projectCard(covered, { ...NORMALIZED, unknown: 'keep' });
  const { header, form, by } = success;
  const signed: SignedCard = {
    card: freezeDeep(card) as unknown as AgentCard,
    signedText: form.text,
    profile: form.profile,
    ...(header.kid === undefined ? {} : { kid: header.kid }),
    alg: header.alg,
    attempts: Object.freeze(attempts),
    untriedSignatures: untried,
    uncovered: pointers,
  };
  return { signed, by };
}

interface Compared<By> {
  readonly success: Success<By>;
  readonly covered: JsonObject;
  readonly uncovered: readonly Uncovered[];
}

function compare<By>(received: JsonObject, success: Success<By>): Compared<By> {
  const covered = parseText(success.form.text);
  return { success, covered, uncovered: uncoveredIn(received, covered) };
}

function parseText(text: string): JsonObject {
  let cause: unknown;
  try {
    const value: unknown = JSON.parse(text);
    if (isObject(value)) return value;
  } catch (error) {
    cause = error;
  }
  throw new A2aError('ERR_A2A_CANONICALIZATION_FAILED', 'a canonical profile gave no object', { cause });
}
