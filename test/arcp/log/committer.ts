// Runs in Bun, several of it at once: commits to one log in a file, and prunes it. Arguments: the file, a name, how many.
// Prints the positions it got, and whether the log's sums are those of its tables, as one line of JSON.

import { Database } from 'bun:sqlite';
import { sqlLog } from '../../../src/arcp/log/sql.js';
import { bunSqlite } from '../../../src/arcp/log/sql-drivers.js';

const [path = '', name = '', count = '0'] = process.argv.slice(2);
const database = new Database(path);
database.exec('PRAGMA busy_timeout = 20000; PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF');
const log = sqlLog(bunSqlite(database), { maxEntries: 300, maxBytes: 60_000, maxRemembered: 100 });
const positions: (number | undefined)[] = [];
for (let n = 0; n < Number(count); n++) {
  // One message that all of them have, and one of its own.
  const entries = [`msg_shared_${n}`, `msg_${name}_${n}`].map((id) => ({
    sessionId: 'sess_a',
    principal: 'alice',
    direction: 'in' as const,
    id,
    type: 'log',
    rank: 1,
    atMs: n,
    text: 'x'.repeat(n % 100),
  }));
  positions.push(...log.commit({ entries }).positions);
  if (n % 50 === 49) await log.prune({ keepEntries: 150 });
}
// One statement, so that nobody writes in between.
const sums = database
  .prepare(
    `SELECT newest - gone = (SELECT count(*) FROM arcp_log) AND bytes = (SELECT coalesce(sum(bytes), 0) FROM arcp_log)
      AND bytes = (SELECT sum(bytes) FROM arcp_log_party) AND newest - gone = (SELECT sum(entries) FROM arcp_log_party)
      AND remembered = (SELECT coalesce(sum(2 * length(id)), 0) FROM arcp_log_gone) AS fit FROM arcp_log_state`,
  )
  .all();
console.log(JSON.stringify({ positions, fit: sums[0]?.fit === 1 }));
