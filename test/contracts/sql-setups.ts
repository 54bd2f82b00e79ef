// The SQL adapters over whatever SQLite is at hand, as setups of the contract suites.

import type { ArtifactStore } from '../../src/arcp/artifacts/contract.js';
import { sqlArtifacts } from '../../src/arcp/artifacts/sql.js';
import type { EventLog } from '../../src/arcp/log/contract.js';
import { sqlLog } from '../../src/arcp/log/sql.js';
import type { SqlDriver } from '../../src/arcp/log/sql-driver.js';
import type { ArtifactStoreSetup } from './artifact-store.js';
import type { EventLogSetup } from './event-log.js';

/** Opens an empty database. @returns Opens a connection to it, at every call; the same one where there can be no other. */
export type OpenDatabase = () => () => SqlDriver;

/** {@link sqlLog} over one engine. */
export function sqlLogSetup(open: OpenDatabase): EventLogSetup {
  const opened = new WeakMap<EventLog, () => EventLog>();
  return {
    create(bounds) {
      const connect = open();
      const openAgain = () => sqlLog(connect(), bounds);
      const log = openAgain();
      opened.set(log, openAgain);
      return log;
    },
    again: (log) => (opened.get(log) as () => EventLog)(),
  };
}

/** {@link sqlArtifacts} over one engine. */
export function sqlArtifactsSetup(open: OpenDatabase): ArtifactStoreSetup {
  const connections = new WeakMap<ArtifactStore, () => SqlDriver>();
  return {
    create() {
      const connect = open();
      const store = sqlArtifacts(connect());
      connections.set(store, connect);
      return store;
    },
    again: (store) => sqlArtifacts((connections.get(store) as () => SqlDriver)()),
  };
}
