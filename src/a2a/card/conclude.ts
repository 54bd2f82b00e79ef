// From signatures that hold to a card to rely on: read again from the text that was signed, so that nothing else gets in
// (threat J7).

import { isObject } from '../../codec/is-object.js';
import type { JsonObject } from '../../codec/json-value.js';
import { A2aError, type SignatureAttempt } from '../errors.js';
import type { AgentCard } from './agent-card.js';
import type { Outcome, Success } from './attempts.js';
import { NORMALIZED, projectCard } from './project.js';
import type { SignedForm } from './signed-forms.js';
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
  /** How many entries were left aside because there are more than the cap, or the checks were used up. */
  readonly untriedSignatures: number;
  /**
   * JSON pointers to what the card received says beside what was signed, known and unknown; where several signatures were
   * asked for, to what any of them leaves out.
   *
   * For each text that was signed at most 1,000, with 65,536 characters: what would be more is summed up in the nearest
   * place around it, in the end `''`, the whole card. Of names longer than 256 characters the first 253 are there, and
   * `...`.
   */
  readonly uncovered: readonly string[];
}

/**
 * Makes the result of a verification.
 *
 * Where several signatures were asked for and they are over different texts, the card is the one that says least: all of
 * it stands under every one of them. What any of them does not cover counts as not covered.
 *
 * @param received As received. Handed over.
 * @throws {A2aError} ERR_A2A_UNCOVERED_CONTENT: by policy, or no text says only what the others say as well.
 *   ERR_A2A_CANONICALIZATION_FAILED: a profile of the caller's own gave something else than the text of an object.
 */
export function conclude<By>(
  received: JsonObject,
  { attempts, untried, successes }: Outcome<By>,
  policy: UncoveredPolicy,
): { readonly signed: SignedCard; readonly by: By } {
  const readings = [...new Set(successes.map(({ form }) => form))].map((form) => read(received, form));
  const least = readings.find((one) => readings.every((other) => saysNoMore(one, other)));
  const uncovered = readings.flatMap((reading) => reading.uncovered);
  const pointers = outermost(uncovered.map(({ pointer }) => pointer));
  const losesKnown = uncovered.some(({ known }) => known);
  if (least === undefined || (losesKnown && policy === 'reject')) {
    const message =
      least === undefined
        ? 'the signatures are over texts of which none says only what all of them say'
        : `the signatures do not cover ${pointers.length} parts of the card`;
    throw new A2aError('ERR_A2A_UNCOVERED_CONTENT', message, { attempts, uncovered: pointers });
  }
  const { signatures: _, ...unsigned } = received;
  const card = losesKnown && policy === 'keep' ? projectCard(unsigned, NORMALIZED) : least.card;
  const { form } = least;
  const { header, by } = successes.find((success) => success.form === form) as Success<By>;
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

/** What a signed text says, and what it leaves out. */
interface Reading {
  readonly form: SignedForm;
  readonly card: JsonObject;
  readonly uncovered: readonly Uncovered[];
}

function read(received: JsonObject, form: SignedForm): Reading {
  const covered = parseText(form.text);
  const uncovered = uncoveredIn(received, covered);
  return { form, card: projectCard(covered, { ...NORMALIZED, unknown: 'keep' }), uncovered };
}

/** The cards are compared rather than what they leave out of the one received: a profile may also add. */
function saysNoMore(one: Reading, other: Reading): boolean {
  return one === other || uncoveredIn(one.card, other.card).length === 0;
}

/** Pointers in order, each once, without those inside another. */
function outermost(pointers: readonly string[]): readonly string[] {
  const places = new Set(pointers);
  const isInside = (pointer: string) => {
    for (let end = pointer.length; end > 0; ) {
      end = pointer.lastIndexOf('/', end - 1);
      if (places.has(pointer.slice(0, end))) return true;
    }
    return false;
  };
  return Object.freeze([...places].filter((pointer) => !isInside(pointer)).sort());
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

/** Freezes plain JSON at every depth. @returns The same value. */
function freezeDeep<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  for (const name of Object.keys(value)) freezeDeep((value as Record<string, unknown>)[name]);
  return Object.freeze(value);
}
