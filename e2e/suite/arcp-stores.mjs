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
  const names = new WeakMap();
  const opened = (/** @type {object} */ store, /** @type {string} */ name) => {
    names.set(store, name);
    return store;
  };
  const fresh = () => `arcp-${crypto.randomUUID()}`;
  const openLog = (/** @type {string} */ name, maxRemembered = 10_000) =>
    opened(indexedDbLog(name, { maxRemembered }), name);
  const openArtifacts = (/** @type {string} */ name) => opened(indexedDbArtifacts(name), name);
  return arcpStoreCases(
    'IndexedDB',
    {
      create: (/** @type {number | undefined} */ maxRemembered) => openLog(fresh(), maxRemembered),
      again: (/** @type {object} */ log) => openLog(names.get(log)),
    },
    { create: () => openArtifacts(fresh()), again: (/** @type {object} */ store) => openArtifacts(names.get(store)) },
  );
}
