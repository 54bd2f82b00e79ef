// One log over one engine, filled to each of some sizes: what an event costs to keep, to find and to read back there. Runs
// in Bun and in Node. Arguments: `bun`, `node` or `memory`; the database's path; sizes, by commas. Prints one line of JSON.

import { memoryLog } from '../../../dist/arcp/log/memory.js';
import { sqlLog } from '../../../dist/arcp/log/sql.js';
import { bunSqlite, nodeSqlite } from '../../../dist/arcp/log/sql-drivers.js';
import { idFactory } from '../../../dist/arcp/wire/ids.js';

const [engine = '', path = ':memory:', sizes = ''] = process.argv.slice(2);

/** Events measured at each size; of one commit, as a busy runtime has them. */
const SAMPLE = 2_000;
const BATCH = 4;
/** Events read back at once, and in all. */
const PAGE = 1_000;
const REPLAYED = 100_000;

const ids = idFactory();
const SESSIONS = Array.from({ length: 100 }, () => ids.session());
const SETTINGS = 'PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL';
let made = 0;

/** @param {string} path */
async function open(path) {
  if (engine === 'memory') return memoryLog({ maxEntries: 2_000_000, maxBytes: 4e9 });
  if (engine === 'bun') {
    const { Database } = await import('bun:sqlite');
    const database = new Database(path);
    database.exec(SETTINGS);
    return sqlLog(bunSqlite(database));
  }
  const { DatabaseSync } = await import('node:sqlite');
  const database = new DatabaseSync(path);
  database.exec(SETTINGS);
  return sqlLog(nodeSqlite(database));
}

/** Jobs of ten events each, that take turns, as 64 in flight do. */
const jobs = Array.from({ length: 64 }, () => ({ left: 0, jobId: '', correlationId: '', traceId: '', session: 0 }));

/** An event as a runtime logs it: about 340 characters. */
function nextEntry() {
  const job = jobs[made++ % jobs.length];
  if (job.left === 0) {
    Object.assign(job, { left: 10, jobId: ids.job(), correlationId: ids.message(), traceId: ids.checkpoint() });
    job.session = (job.session + 7) % SESSIONS.length;
  }
  job.left--;
  const id = ids.message();
  const sessionId = SESSIONS[job.session];
  const { jobId, correlationId, traceId } = job;
  const text = `{"arcp":"1.0","id":"${id}","type":"job.progress","timestamp":"2026-03-02T08:15:42.120Z","session_id":"${sessionId}","job_id":"${jobId}","trace_id":"${traceId}","correlation_id":"${correlationId}","payload":{"percent":${made % 100},"message":"step ${made}"}}`;
  return {
    sessionId,
    principal: `principal ${job.session % 10}`,
    direction: 'out',
    id,
    type: 'job.progress',
    jobId,
    streamId: undefined,
    traceId,
    correlationId,
    rank: 1,
    atMs: 1_772_439_342_000 + made,
    text,
  };
}

/** CPU microseconds of this process so far. */
function cpuUs() {
  const { user, system } = process.cpuUsage();
  return user + system;
}

/** CPU microseconds each, of so many. */
function each(count, work) {
  const start = cpuUs();
  for (let i = 0; i < count; i++) work(i);
  return (cpuUs() - start) / count;
}

/** What came last, to look for. */
let recent = [];

function append(log, count) {
  const entries = Array.from({ length: count }, nextEntry);
  recent = entries;
  return each(count / BATCH, (i) => log.commit({ entries: entries.slice(i * BATCH, (i + 1) * BATCH) })) / BATCH;
}

function measure(log, size) {
  while (log.last() < size - SAMPLE) {
    log.commit({ entries: Array.from({ length: Math.min(1_000, size - SAMPLE - log.last()) }, nextEntry) });
  }
  const appendUs = append(log, Math.min(SAMPLE, size - log.last()));
  const pick = (i) => recent[(i * 13) % recent.length];
  const after = () => Math.floor(Math.random() * size * 0.8);
  const query = (more) => log.read({ after: 0, limit: 100, ...more });
  const found = { rows: 0 };
  const perRow = (count, work) => {
    found.rows = 0;
    const us = each(count, (i) => {
      found.rows += work(i).length;
    });
    return (us * count) / Math.max(1, found.rows);
  };
  return {
    size,
    appendUs,
    locateUs: each(500, (i) => log.locate(pick(i).sessionId, pick(i).id)),
    jobUs: each(500, (i) => query({ jobIds: [pick(i).jobId] })),
    replyUs: each(500, (i) => query({ correlationId: pick(i).correlationId, sessionIds: [pick(i).sessionId] })),
    sessionRowUs: perRow(200, (i) => query({ sessionIds: [pick(i).sessionId], direction: 'out' })),
    principalRowUs: perRow(200, (i) => query({ principal: pick(i).principal, types: ['job.progress', 'log'] })),
    anyRowUs: perRow(200, () => query({ after: after() })),
  };
}

// Compiled and warm before anything counts, so that the first size has no more to bear than the last.
measure(await open(':memory:'), 10_000);

const log = await open(path);
const results = sizes.split(',').map((size) => measure(log, Number(size)));

/** All of what a hundred sessions were sent, as it is read back to resume them. */
function replay() {
  const start = cpuUs();
  let events = 0;
  for (let after = 0; events < REPLAYED; ) {
    const page = log.read({ after, limit: PAGE, direction: 'out' });
    if (page.length === 0) break;
    events += page.length;
    after = page[page.length - 1].position;
  }
  return { events, cpuSeconds: (cpuUs() - start) / 1e6 };
}

replay();
console.log(JSON.stringify({ results, replay: replay() }));
process.exit(0);
