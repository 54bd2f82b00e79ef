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
const opened = new WeakMap<EventLog, () => EventLog>();

const setups: [string, EventLogSetup][] = [
  ['memoryLog', { create: memoryLog, again: (log) => log }],
  [
    'indexedDbLog',
    {
      create(bounds) {
        const name = `log-${databases++}`;
        const open = () => indexedDbLog(name, bounds);
        const log = open();
        opened.set(log, open);
        return log;
      },
      again: (log) => (opened.get(log) as () => EventLog)(),
    },
  ],
  ...sqliteEngines.map(([engine, connect]): [string, EventLogSetup] => [`sqlLog over ${engine}`, sqlLogSetup(connect)]),
];

// Whole texts of 8 MiB go through WebAssembly.
describe.each(setups)('%s', { timeout: 60_000 }, (_, setup) => {
  it.each(eventLogCases.map((demand) => [demand.name, demand] as const))('%s', (_name, demand) => demand.run(setup));
});
