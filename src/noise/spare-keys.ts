// Ephemeral pairs made ahead of the handshakes that will use them: a caller waits for two agreements side by side, and
// not for a pair to be made first. Each is for one handshake, which forgets it.

import type { EphemeralKeyPair, NoiseSuite } from './suite.js';

/** Most pairs kept ready: what a small burst of callers uses up. */
const MAX_SPARES = 4;

/** A suite whose next ephemeral pairs may be there already. */
export interface PreparedSuite extends NoiseSuite {
  /**
   * Begins to make one more pair, unless enough are ready or under way. Call it when somebody may soon need one: however
   * often that is, and whoever makes it happen, no more are made than are used.
   */
  prepare(): void;
}

/** Wraps a suite, all of which stays as it is but for the time that a pair takes. */
export function withSpareKeys(suite: NoiseSuite): PreparedSuite {
  const ready: EphemeralKeyPair[] = [];
  let making = 0;
  return {
    name: suite.name,
    hash: (...parts) => suite.hash(...parts),
    hkdf: (chainingKey, inputKeyMaterial) => suite.hkdf(chainingKey, inputKeyMaterial),
    aead: (key) => suite.aead(key),
    // Only what is ready: another caller's promise may never settle, on hosts that end work with its request.
    generateKeyPair: async () => ready.pop() ?? suite.generateKeyPair(),
    prepare() {
      if (ready.length + making >= MAX_SPARES) return;
      making++;
      suite
        .generateKeyPair()
        .then((pair) => ready.push(pair))
        // Who needs one then makes it, and hears what is wrong.
        .catch(() => {})
        .finally(() => making--);
    },
  };
}
