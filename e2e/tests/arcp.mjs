// The table of ARCP: a runtime behind every host, and in a page behind a relay, used from every runtime over WebSockets.
// And the same over ports, between a page and its worker.

import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { bundle } from '../lib/bundle.mjs';
import { message } from '../lib/programs.mjs';
import { answerOf, answerOfWorker, runScript } from '../lib/stage.mjs';
import { printed } from '../lib/table.mjs';
import { startWorker } from '../lib/workerd.mjs';
import { equal } from '../suite/assert.mjs';
import { ask } from './pages.mjs';

/** @typedef {import('../lib/stage.mjs').Stage} Stage */
/** @typedef {import('../lib/browsers.mjs').Browser} Browser */
/** @typedef {import('../suite/verdict.mjs').Verdict} Verdict */

/** A runtime that can be reached. @typedef {{ runtime: string, url: string, phoneUrl: string, did: string }} Target */

/** A client: the verdicts on every target, in their order. @typedef {(targets: readonly Target[]) => Promise<Verdict[][]>} Client */

/** In the table both ways, whether they are here or not. */
const RUNTIMES = ['Node', 'Deno', 'Bun', 'workerd', 'Chromium page'];

const PAGE = '/arcp.html';

/** Runs every cell and shows them. @param {Stage} stage @param {readonly Browser[]} browsers */
export async function arcpTable(stage, browsers) {
  const { report, project } = stage;
  /** @type {(() => unknown)[]} */
  const stops = [];
  try {
    const { targets, clients } = await startAll(stage, browsers, stops);
    const { ARCP_CHECKS } = await import(pathToFileURL(join(project.folder, 'e2e/calls/arcp-check.mjs')).href);
    /** @type {import('../lib/table.mjs').Cells} */
    const cells = new Map(targets.map(({ runtime }) => [runtime, new Map()]));
    await Promise.all(
      [...clients].map(async ([name, client]) => {
        const verdicts = await client(targets).catch((error) =>
          targets.map(() => [{ name: 'every check', error: String(error.message) }]),
        );
        for (const [i, { runtime }] of targets.entries()) cells.get(runtime)?.set(name, verdicts[i] ?? []);
      }),
    );
    for (const [runtime, row] of cells) {
      for (const [client, verdicts] of row)
        report.cell(`${client} uses ${runtime} by ARCP`, whole(verdicts, ARCP_CHECKS));
    }
    report.line(`\nARCP over WebSockets. Each cell: ${ARCP_CHECKS.join(', ')}\n`);
    const names = (/** @type {Iterable<string>} */ here) => [...new Set([...RUNTIMES, ...here])];
    report.line(`${printed(cells, names(clients.keys()), names(cells.keys()), 'runtime \\ client')}\n`);
    await report.test('ARCP: no runtime of the table had a fault of its own', () => noFaults(stage, targets));
    for (const browser of browsers) await overPorts(stage, browser, ARCP_CHECKS);
  } catch (error) {
    report.fault('the table of ARCP', error);
  } finally {
    await Promise.all(stops.map((stop) => stop()));
  }
}

/** A cell that did not check everything it has to has failed. @param {Verdict[]} verdicts @param {readonly string[]} due */
function whole(verdicts, due) {
  const missing = due.filter((name) => !verdicts.some((verdict) => verdict.name === name));
  if (missing.length > 0 && verdicts.every(({ error }) => error === undefined)) {
    verdicts.push({ name: missing.join(', '), error: 'not checked' });
  }
  return verdicts;
}

/** @param {Stage} stage @param {readonly Browser[]} browsers @param {(() => unknown)[]} stops Where to say what is to be ended. */
async function startAll(stage, browsers, stops) {
  const { node, deno, bun, workerd, project, web } = stage;
  /** @type {Map<string, Client>} */
  const clients = new Map();
  /** @type {Promise<Target>[]} */
  const starting = [];
  for (const runtime of [node, deno, bun]) {
    if (runtime === undefined) continue;
    starting.push(startProgram(stage, runtime, stops));
    clients.set(runtime.name, (targets) =>
      answerOf(stage, runtime, 'e2e/calls/arcp-caller.mjs', [JSON.stringify(targets)]),
    );
  }
  if (workerd !== undefined) {
    const chunks = await bundle({ worker: join(project.folder, 'e2e/calls/arcp-workerd.mjs') });
    const { program, port } = await startWorker(workerd, project.folder, {
      name: 'arcp',
      chunks,
      durableObjects: { RUNTIME: 'ArcpRuntime' },
    });
    stops.push(() => program.stop());
    const origin = `127.0.0.1:${port}`;
    const urls = { url: `ws://${origin}/`, phoneUrl: `ws://${origin}/phone` };
    starting.push(answerOfWorker(`http://${origin}/did`).then((did) => ({ runtime: workerd.name, ...urls, did })));
    clients.set(workerd.name, async (targets) => {
      const verdicts = [];
      for (const target of targets) verdicts.push(await answerOfWorker(`http://${origin}/call`, target));
      return verdicts;
    });
  }
  if (browsers.length > 0) {
    const calls = join(project.folder, 'e2e/calls');
    const chunks = await bundle({ arcp: join(calls, 'arcp-page.mjs'), 'arcp-thread': join(calls, 'arcp-thread.mjs') });
    for (const { fileName, code } of chunks) web.files.set(`/${fileName}`, code);
    const scripts = '<script src="/harness.js"></script>\n<script type="module" src="/arcp.mjs"></script>';
    web.files.set(PAGE, `<!doctype html>\n<meta charset="utf-8">\n<title>ARCP in a page</title>\n${scripts}\n`);
  }
  for (const browser of browsers) {
    starting.push(openRuntimePage(stage, browser, stops));
    const tab = await browser.newTab();
    stops.push(() => tab.close());
    clients.set(`${browser.name} page`, (targets) => ask(stage, tab, 'callArcp', targets, PAGE));
  }
  return { targets: await Promise.all(starting), clients };
}

/** @param {Stage} stage @param {import('../lib/runtimes.mjs').Runtime} runtime @param {(() => unknown)[]} stops */
async function startProgram(stage, runtime, stops) {
  const program = runScript(stage, runtime, `e2e/calls/arcp-${runtime.name.toLowerCase()}.mjs`);
  stops.push(() => program.stop());
  return { runtime: runtime.name, ...(await program.line(message)) };
}

/** @param {Stage} stage @param {Browser} browser @param {(() => unknown)[]} stops */
async function openRuntimePage(stage, browser, stops) {
  const { listenForRuntime } = await import(pathToFileURL(join(stage.project.folder, 'e2e/calls/arcp-relay.mjs')).href);
  const { url, phoneUrl, control, end } = await listenForRuntime();
  const tab = await browser.newTab();
  stops.push(async () => {
    await tab.close();
    end();
  });
  const runtime = `${browser.name} page`;
  const { did } = await ask(stage, tab, 'serveArcp', { kind: runtime, control }, PAGE);
  return { runtime, url, phoneUrl, did };
}

/** @param {Stage} stage @param {readonly Target[]} targets */
async function noFaults({ library }, targets) {
  for (const { runtime, url } of targets) {
    const session = await library.arcp.connect({
      dial: () => library.transport.openWebSocket(url),
      auth: { scheme: 'bearer', token: 'token-of-bert' },
      client: { kind: 'harness', version: '1.0.0' },
    });
    equal((await session.invoke('faults').result).value, [], `${runtime}:`);
    await session.close();
  }
}

/** @param {Stage} stage @param {Browser} browser @param {readonly string[]} checks */
async function overPorts(stage, browser, checks) {
  const { report } = stage;
  const due = checks.filter((name) => name !== 'phone');
  const tab = await browser.newTab();
  for (const [what, kind] of [
    ['the runtime is its worker', 'pageCallsWorker'],
    ['the runtime is the page, the client its worker', 'workerCallsPage'],
  ]) {
    try {
      const verdicts = await ask(stage, tab, kind ?? '', undefined, PAGE);
      report.count(`${browser.name}, ARCP over a MessagePort, ${what}`, whole(verdicts, due), 'checks');
    } catch (error) {
      report.fault(`${browser.name}, ARCP over a MessagePort, ${what}`, error);
    }
  }
  await tab.close();
}
