// The documents room in a runtime with WebCrypto, and in one without: a page that is not a secure context.

import { vi } from 'vitest';

/** The public entry. */
export type Documents = typeof import('../../src/documents/index.js');

/** Names of the two runtimes, for `describe.each`. */
export const RUNTIMES = ['WebCrypto', 'noble alone'] as const;

/**
 * Loads the room anew in one of the two. Call in `beforeAll`, and {@link leaveRuntime} in `afterAll`.
 *
 * Without WebCrypto, `crypto` has nothing but random bytes.
 */
export async function enterRuntime(runtime: (typeof RUNTIMES)[number]): Promise<Documents> {
  vi.resetModules();
  if (runtime === 'noble alone') {
    const getRandomValues = crypto.getRandomValues.bind(crypto);
    vi.stubGlobal('crypto', { getRandomValues });
  }
  return import('../../src/documents/index.js');
}

/** Puts `crypto` back. */
export function leaveRuntime(): void {
  vi.unstubAllGlobals();
  vi.resetModules();
}
