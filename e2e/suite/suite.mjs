// The portable suite: the same cases, and so the same count, in every runtime.

import { a2aCases } from './a2a.mjs';
import { aitpCases } from './aitp.mjs';
import { replayCases } from './aitp-replay.mjs';
import { arcpCases } from './arcp.mjs';
import { storedArcpCases } from './arcp-stored.mjs';
import { indexedDbArcpCases } from './arcp-stores.mjs';
import { codecCases } from './codec.mjs';
import { documentCases } from './documents.mjs';
import { identityCases } from './identity.mjs';
import { noiseCases } from './noise.mjs';
import { sessionCases } from './session.mjs';
import { transportSuite } from './transport.mjs';
import { memoryStoreCases, storeContract, vaultCases } from './vault.mjs';
import { runCases } from './verdict.mjs';

/** @typedef {import('./verdict.mjs').Case} Case */

/** What runs everywhere. @param {any} library @returns {Case[]} */
export function portableCases(library) {
  return [
    ...codecCases(library),
    ...identityCases(library),
    ...documentCases(library),
    ...noiseCases(library),
    ...memoryStoreCases(library),
    ...vaultCases(library, 'vault in memory', library.storage.memoryStore),
    ...transportSuite(library),
    ...sessionCases(library),
    ...a2aCases(library),
    ...aitpCases(library),
    ...arcpCases(library),
  ];
}

/** What runs where there is an IndexedDB. @param {any} library @returns {Case[]} */
export function indexedDbCases(library) {
  const { indexedDb } = library.indexeddb;
  const names = new WeakMap();
  const open = (name) => {
    const store = indexedDb(name);
    names.set(store, name);
    return store;
  };
  let made = 0;
  const create = () => open(`suite-${crypto.randomUUID()}-${made++}`);
  return [
    ...storeContract('IndexedDB', create, (store) => open(names.get(store))),
    ...vaultCases(library, 'vault in IndexedDB', create),
    ...replayCases(library, 'replay memory in IndexedDB', create, (store) => open(names.get(store))),
    ...indexedDbArcpCases(library),
    ...storedArcpCases(library),
  ];
}

/** Both, in a page or a worker. @param {any} library */
export async function runInBrowser(library) {
  return { portable: await runCases(portableCases(library)), stored: await runCases(indexedDbCases(library)) };
}
