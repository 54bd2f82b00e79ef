// The options every way of verifying shares, checked before anything else is done.

import { assertInteger, assertSignal, assertString } from '../../bytes/assert.js';
import type { AttemptRules } from './attempts.js';
import type { UncoveredPolicy } from './conclude.js';
import { type CanonicalProfile, DEFAULT_PROFILES } from './profiles.js';
import type { CommonVerifyOptions } from './verify.js';

/** Options with their defaults, checked. */
export interface ReadOptions {
  readonly uncovered: UncoveredPolicy;
  readonly maxBytes: number | undefined;
  readonly profiles: readonly CanonicalProfile[];
  readonly rules: AttemptRules;
}

/** @throws {TypeError | RangeError} an option of the wrong kind or range. */
export function readOptions(options: CommonVerifyOptions): ReadOptions {
  if (typeof options !== 'object' || options === null) throw new TypeError('options must be an object');
  const { profiles = DEFAULT_PROFILES, accept = 'any', uncovered = 'drop', requireKid, typ, signal } = options;
  const { maxSignatures = 16, maxChecks = 100, maxBytes } = options;
  if (!Array.isArray(profiles) || profiles.length === 0 || profiles.some((profile) => !isProfile(profile))) {
    throw new TypeError('profiles must be an array of canonical profiles');
  }
  const isAcceptance = accept === 'any' || accept === 'all' || (Array.isArray(accept?.kids) && accept.kids.length > 0);
  if (!isAcceptance) throw new TypeError('accept must be any, all, or { kids } with at least one of them');
  if (!['drop', 'keep', 'reject'].includes(uncovered)) throw new TypeError('uncovered must be drop, keep or reject');
  if (typ !== undefined) assertString(typ, 'typ');
  assertInteger(maxSignatures, 'maxSignatures', 1, 256);
  assertInteger(maxChecks, 'maxChecks', 1, 10_000);
  assertSignal(signal);
  signal?.throwIfAborted();
  return { uncovered, maxBytes, profiles, rules: { accept, requireKid, typ, maxSignatures, maxChecks, signal } };
}

function isProfile({ name, canonicalize }: CanonicalProfile): boolean {
  return typeof name === 'string' && typeof canonicalize === 'function';
}
