// Every event log against the contract.

import 'fake-indexeddb/auto';
import { describe, it } from 'vitest';
import type { EventLog } from '../../../src/arcp/log/contract.js';
import { indexedDbLog } from '../../../src/arcp/log/indexeddb.js';
import { memoryLog } from '../../../src/arcp/log/memory.js';
import { type EventLogSetup, eventLogCases } from '../../contracts/event-log.js';
import { sqlLogSetup } from '../../contracts/sql-setups.js';
import { sqliteEngines } from '../../support/sqlite-engines.js';

let databases = 0;
const names = new WeakMap<EventLog, string>();

function openIndexedDb(name: string, maxRemembered = 10_000): EventLog {
  const log = indexedDbLog(name, { maxRemembered });
  names.set(log, name);
  return log;
}

const setups: [string, EventLogSetup][] = [
  [
    'memoryLog',
    { create: (maxRemembered) => memoryLog(maxRemembered === undefined ? {} : { maxRemembered }), again: (log) => log },
  ],
  [
    'indexedDbLog',
    {
      create: (maxRemembered) => openIndexedDb(`log-${databases++}`, maxRemembered),
      again: (log) => openIndexedDb(names.get(log) as string),
    },
  ],
  ...sqliteEngines.map(([engine, connect]): [string, EventLogSetup] => [`sqlLog over ${engine}`, sqlLogSetup(connect)]),
];

// Whole texts of 8 MiB go through WebAssembly.
describe.each(setups)('%s', { timeout: 60_000 }, (_, setup) => {
  it.each(eventLogCases.map((demand) => [demand.name, demand] as const))('%s', (_name, demand) => demand.run(setup));
});
