// Every store of artifacts against the contract.

import 'fake-indexeddb/auto';
import { describe, it } from 'vitest';
import type { ArtifactStore } from '../../../src/arcp/artifacts/contract.js';
import { indexedDbArtifacts } from '../../../src/arcp/artifacts/indexeddb.js';
import { memoryArtifacts } from '../../../src/arcp/artifacts/memory.js';
import { type ArtifactStoreSetup, artifactStoreCases } from '../../contracts/artifact-store.js';
import { sqlArtifactsSetup } from '../../contracts/sql-setups.js';
import { sqliteEngines } from '../../support/sqlite-engines.js';

let databases = 0;
const names = new WeakMap<ArtifactStore, string>();

function openIndexedDb(name: string): ArtifactStore {
  const store = indexedDbArtifacts(name);
  names.set(store, name);
  return store;
}

const setups: [string, ArtifactStoreSetup][] = [
  ['memoryArtifacts', { create: memoryArtifacts, again: (store) => store }],
  [
    'indexedDbArtifacts',
    {
      create: () => openIndexedDb(`artifacts-${databases++}`),
      again: (store) => openIndexedDb(names.get(store) as string),
    },
  ],
  ...sqliteEngines.map(([engine, connect]): [string, ArtifactStoreSetup] => [
    `sqlArtifacts over ${engine}`,
    sqlArtifactsSetup(connect),
  ]),
];

// Whole texts of 8 MiB go through WebAssembly.
describe.each(setups)('%s', { timeout: 60_000 }, (_, setup) => {
  it.each(artifactStoreCases.map((demand) => [demand.name, demand] as const))('%s', (_name, demand) =>
    demand.run(setup),
  );
});
