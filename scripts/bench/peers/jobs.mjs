// A client and a runtime of ARCP in one process, over a WebSocket on loopback, 64 jobs in flight; or raw `ws`, as many
// messages there and back. Prints {"perCpuSecond": N}: messages of both directions by the CPU time of both sides.
//   node jobs.mjs raw|memory|sql [FILE]      (`sql`: bun:sqlite in Bun, node:sqlite in Node)

import { connect } from '../../../dist/arcp/client/index.js';
import { memoryLog } from '../../../dist/arcp/log/memory.js';
import { sqlLog } from '../../../dist/arcp/log/sql.js';
import { bunSqlite, nodeSqlite } from '../../../dist/arcp/log/sql-drivers.js';
import { bearerTokens, createRuntime } from '../../../dist/arcp/runtime/index.js';
import { arcpNodeHost } from '../../../dist/host/node.js';
import { openWebSocket } from '../../../dist/transport/websocket.js';

const [kind, file = ':memory:'] = process.argv.slice(2);
const IN_FLIGHT = 64;
/** Of a job of the tool below: invoke, accepted, started, completed. */
const ENVELOPES_PER_JOB = 4;
const SETTINGS = 'PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL';

async function openLog() {
  if (kind === 'memory') return memoryLog();
  if ('Bun' in globalThis) {
    const { Database } = await import('bun:sqlite');
    const database = new Database(file);
    database.exec(SETTINGS);
    return sqlLog(bunSqlite(database));
  }
  const { DatabaseSync } = await import('node:sqlite');
  const database = new DatabaseSync(file);
  database.exec(SETTINGS);
  return sqlLog(nodeSqlite(database));
}

/** Tasks with so many in flight, for two seconds after a warm-up. @param {() => Promise<unknown>} task @param {number} messages */
async function measure(task, messages) {
  let done = 0;
  let running = true;
  const workers = Array.from({ length: IN_FLIGHT }, async () => {
    while (running) {
      await task();
      done++;
    }
  });
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  const [before, cpu] = [done, process.cpuUsage()];
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  const { user, system } = process.cpuUsage(cpu);
  const perCpuSecond = ((done - before) * messages * 1e6) / (user + system);
  running = false;
  await Promise.all(workers);
  return { perCpuSecond };
}

async function raw() {
  const { WebSocket, WebSocketServer } = await import('ws');
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false });
  server.on('connection', (socket) => socket.on('message', (data) => socket.send(data, { binary: false })));
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  const socket = new WebSocket(`ws://127.0.0.1:${port}`, { perMessageDeflate: false });
  await new Promise((resolve) => socket.once('open', resolve));
  /** @type {((value?: unknown) => void)[]} */
  const waiting = [];
  socket.on('message', () => waiting.shift()?.());
  // As long as an envelope is.
  const text = 'x'.repeat(330);
  return measure(
    () =>
      new Promise((resolve) => {
        waiting.push(resolve);
        socket.send(text);
      }),
    2,
  );
}

async function jobs() {
  const runtime = createRuntime({
    log: await openLog(),
    authenticators: [bearerTokens({ token: 'somebody' })],
    tools: [{ name: 'echo', handler: (value) => value }],
    // A flood is what is measured here.
    limits: { maxCommandsPerSecond: 1_000_000 },
  });
  const { url } = await arcpNodeHost(runtime, { allowedOrigins: '*' });
  const session = await connect({
    dial: ({ signal }) => openWebSocket(url, { signal }),
    auth: { scheme: 'bearer', token: 'token' },
    client: { kind: 'bench', version: '1' },
  });
  return measure(() => session.invoke('echo', { a: 1, b: 'hello' }).result, ENVELOPES_PER_JOB);
}

console.log(JSON.stringify(await (kind === 'raw' ? raw() : jobs())));
process.exit(0);
