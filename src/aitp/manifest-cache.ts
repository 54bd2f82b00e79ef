// A memory of Manifests (section 4.3): the newest of each agent, verified anew whenever it is taken out. Never goes back to
// an older one. Fetching is not its matter.

import { assertInteger } from '../bytes/assert.js';
import type { Verified } from '../documents/verified.js';
import { type Manifest, newerManifest, type VerifyManifestOptions, verifyManifestBody } from './manifest.js';
import { readClock } from './timestamps.js';

/** The newest Manifest of each agent. */
export interface ManifestCache {
  /**
   * Takes a Manifest, unless a newer one of the same agent is held.
   *
   * @param freshUntilSec First Unix second at which it should be fetched anew. Default: when it expires.
   * @returns The one that stands.
   */
  offer(manifest: Verified<Manifest>, freshUntilSec?: number): Verified<Manifest>;

  /**
   * Takes a Manifest out, and verifies it from the start: time has passed, and another identity may be asking.
   *
   * @returns `undefined` where none is held, or the one held is no longer fresh.
   * @throws {AitpError} as `verifyManifestBody`, MANIFEST_EXPIRED among them.
   */
  get(aid: string, options: VerifyManifestOptions): Promise<Verified<Manifest> | undefined>;

  /** Forgets the Manifest of an agent. */
  delete(aid: string): void;
}

/**
 * Makes an empty cache. When it is full, the agent longest not offered is forgotten.
 *
 * @param options `maxEntries`: most agents, 1 to 100,000. Default 1,000.
 */
export function manifestCache({ maxEntries = 1_000 }: { readonly maxEntries?: number } = {}): ManifestCache {
  assertInteger(maxEntries, 'maxEntries', 1, 100_000);
  const held = new Map<string, { readonly manifest: Verified<Manifest>; readonly freshUntilSec: number }>();
  return {
    offer(manifest, freshUntilSec = manifest.expiresAtSec) {
      const before = held.get(manifest.aid);
      const stands = before === undefined ? manifest : newerManifest(before.manifest, manifest);
      held.delete(manifest.aid);
      if (held.size >= maxEntries) for (const oldest of held.keys()) if (held.delete(oldest)) break;
      const isOffered = stands === manifest || stands.publishedAtSec === manifest.publishedAtSec;
      held.set(manifest.aid, {
        manifest: stands,
        freshUntilSec: isOffered ? freshUntilSec : (before?.freshUntilSec ?? 0),
      });
      return stands;
    },
    async get(aid, options) {
      const entry = held.get(aid);
      if (entry === undefined) return undefined;
      const nowSec = readClock(options.now);
      // One that is no longer fresh says nothing any more, neither yes nor no; one that has expired is told of as such.
      if (entry.freshUntilSec <= nowSec && entry.manifest.expiresAtSec > nowSec) return undefined;
      return verifyManifestBody(entry.manifest.body, { ...options, expectedAid: aid });
    },
    delete(aid) {
      held.delete(aid);
    },
  };
}
