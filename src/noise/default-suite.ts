// The suite of whoever names none. Loaded when a session is made: a page opens its connection meanwhile, and one that
// names another suite never pays for this one.

import type { NoiseSuite } from './suite.js';

let loaded: NoiseSuite | undefined;

/** The default suite, over noble; see suite-noble.ts. @throws {Error} the runtime cannot load the module. */
export async function defaultSuite(): Promise<NoiseSuite> {
  loaded ??= (await import('./suite-noble.js')).nobleSuite;
  return loaded;
}
