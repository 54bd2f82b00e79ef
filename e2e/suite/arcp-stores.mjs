// Where a runtime of ARCP keeps its events and artifacts: the contracts, over what a platform has.

import { artifactStoreCases } from '../contracts/artifact-store.mjs';
import { eventLogCases } from '../contracts/event-log.mjs';

/**
 * Both contracts, over one platform.
 *
 * @param {string} name @param {any} log How the suite of logs gets at one. @param {any} artifacts The same for artifacts.
 * @returns {import('./verdict.mjs').Case[]}
 */
export function arcpStoreCases(name, log, artifacts) {
  return [
    ...eventLogCases.map((demand) => ({ name: `events in ${name}: ${demand.name}`, run: () => demand.run(log) })),
    ...artifactStoreCases.map((demand) => ({
      name: `artifacts in ${name}: ${demand.name}`,
      run: () => demand.run(artifacts),
    })),
  ];
}

/** Over IndexedDB, a database for each. @param {any} library */
export function indexedDbArcpCases({ arcpIndexedDb }) {
  const { indexedDbLog, indexedDbArtifacts } = arcpIndexedDb;
  const opened = new WeakMap();
  /** @param {(name: string) => object} open */
  const fresh = (open) => {
    const name = `arcp-${crypto.randomUUID()}`;
    const store = open(name);
    opened.set(store, () => open(name));
    return store;
  };
  const again = (/** @type {object} */ store) => opened.get(store)();
  return arcpStoreCases(
    'IndexedDB',
    { create: (/** @type {object | undefined} */ bounds) => fresh((name) => indexedDbLog(name, bounds)), again },
    { create: () => fresh((name) => indexedDbArtifacts(name)), again },
  );
}
