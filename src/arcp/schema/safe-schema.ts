// The copy of a schema that the validator gets: each schema in it charges for being entered, and no chain of those that judge
// the same value is longer than the validator's stack bears.

import type { Meter } from './meter.js';
import { refuse } from './refusal.js';

/** Schemas that judge one value, one inside the other: for each level of a value the validator calls itself so often. */
const MAX_CHAIN = 12;

/** A schema of the copy. */
export type SafeSchema = Record<string, unknown>;

/** A schema of the copy, and what it leads to. */
export interface Node {
  readonly copy: SafeSchema;
  /** Those that judge the same value because this one does. */
  readonly inPlace: Node[];
  /** Its name among the definitions, where it is referred to. */
  readonly name?: string;
  /** Longest chain below, itself counted; not there until it was looked for. */
  chain?: number;
}

/**
 * Makes the validator pay for entering a schema: it takes this member from every one it enters, and nothing else does.
 *
 * @param readsText Whether it goes over the text it judges.
 * @returns The same schema.
 */
export function charging(copy: SafeSchema, meter: Meter, steps: number, readsText: boolean): SafeSchema {
  return Object.defineProperty(copy, '$recursiveAnchor', {
    enumerable: false,
    get() {
      meter.charge(steps);
      if (readsText) meter.chargeText();
      return undefined;
    },
  });
}

/**
 * Length of the longest chain of schemas that judge one value.
 *
 * @throws {ArcpError} ERR_ARCP_INVALID_ARGUMENT: it has no end, or is too long.
 */
export function chainOf(node: Node): number {
  const open = new Set<Node>();
  const measure = (at: Node): number => {
    if (at.chain !== undefined) return at.chain;
    if (open.has(at)) refuse('#', 'has a $ref that leads back to itself');
    open.add(at);
    let longest = 0;
    for (const next of at.inPlace) longest = Math.max(longest, measure(next));
    open.delete(at);
    at.chain = longest + 1;
    if (at.chain > MAX_CHAIN)
      refuse('#', `judges a value through more than ${MAX_CHAIN} schemas, one inside the other`);
    return at.chain;
  };
  return measure(node);
}
