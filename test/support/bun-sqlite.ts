// Runs in Bun: the contract suites over `bun:sqlite`, in memory and in files with a connection for each handle. Prints one
// line of JSON for each demand. Argument: a folder for the files.

import { Database } from 'bun:sqlite';
import { join } from 'node:path';
import { bunSqlite } from '../../src/arcp/log/sql-drivers.js';
import { artifactStoreCases } from '../contracts/artifact-store.js';
import { eventLogCases } from '../contracts/event-log.js';
import { type OpenDatabase, sqlArtifactsSetup, sqlLogSetup } from '../contracts/sql-setups.js';

const folder = process.argv[2] as string;
let files = 0;

const engines: Record<string, OpenDatabase> = {
  memory() {
    const driver = bunSqlite(new Database(':memory:'));
    return () => driver;
  },
  file() {
    const path = join(folder, `${files++}.db`);
    return () => {
      const database = new Database(path);
      database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; PRAGMA busy_timeout = 5000');
      return bunSqlite(database);
    };
  },
};

for (const [engine, open] of Object.entries(engines)) {
  const demands = [
    ...eventLogCases.map(({ name, run }) => ({ name: `log, ${name}`, run: () => run(sqlLogSetup(open)) })),
    ...artifactStoreCases.map(({ name, run }) => ({
      name: `artifacts, ${name}`,
      run: () => run(sqlArtifactsSetup(open)),
    })),
  ];
  for (const { name, run } of demands) {
    let failure: string | null = null;
    try {
      await run();
    } catch (error) {
      failure = String((error as Error).stack ?? error);
    }
    console.log(JSON.stringify({ name: `${engine}: ${name}`, failure }));
  }
}
