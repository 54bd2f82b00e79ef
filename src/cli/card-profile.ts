// `--profile P`: canonical forms by name.

import { pythonLegacy } from '../a2a/card/legacy-profiles.js';
import { type CanonicalProfile, DEFAULT_PROFILES } from '../a2a/card/profiles.js';
import type { Args } from './args.js';

const PROFILES: readonly CanonicalProfile[] = [...DEFAULT_PROFILES, pythonLegacy];

/** The names there are, for help and for whoever got one wrong. */
export const PROFILE_NAMES = PROFILES.map(({ name }) => name).join(', ');

/** A canonical form by its name. @throws {UsageError} there is none. */
export function profileOf(name: string, args: Args): CanonicalProfile {
  const profile = PROFILES.find((candidate) => candidate.name === name);
  if (profile !== undefined) return profile;
  throw args.wrong(`there is no such profile; there are: ${PROFILE_NAMES}`);
}
