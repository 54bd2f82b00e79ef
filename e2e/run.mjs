// The built package in real runtimes: Node, Deno, Bun, workerd, Chromium, and whatever other browsers are here. Prints a
// line per runner, the tables of who calls whom, and its counts. `--write` brings the README's table up to date.
// Exit code 0: all passed. 1: something failed. 2: nothing failed, but there was no Chromium.

import { parseArgs } from 'node:util';
import { build } from '../scripts/build.mjs';
import { findChromium, findFirefox, findWebKit, NO_CHROMIUM } from '../scripts/find-browser.mjs';
import { closingLine, exitCode } from '../scripts/test/report.mjs';
import { closeBrowsers, openAnyWebKit, openChromium, openFirefox } from './lib/browsers.mjs';
import { stopAll } from './lib/programs.mjs';
import { Report } from './lib/report.mjs';
import { setStage } from './lib/stage.mjs';
import { a2aTable } from './tests/a2a.mjs';
import { aitpTables } from './tests/aitp.mjs';
import { arcpTable } from './tests/arcp.mjs';
import { callsOverPorts, callTable } from './tests/calls.mjs';
import { demoWorker } from './tests/demo-worker.mjs';
import { durableSql } from './tests/durable-sql.mjs';
import {
  identityAtRest,
  pageA2aCallers,
  pageCallers,
  pageSuites,
  policy,
  portCalls,
  unbundled,
} from './tests/pages.mjs';
import { portableSuites, sameCounts } from './tests/portable.mjs';
import { readmeSnippets } from './tests/readme.mjs';
import { refusals } from './tests/refusals.mjs';

/** The whole run, every browser included; `npm test` allows 15 minutes. */
const RUN_MS = 850_000;

const { values } = parseArgs({ options: { write: { type: 'boolean', default: false } } });
const report = new Report();
/** @type {import('./lib/stage.mjs').Stage | undefined} */
let stage;

for (const [signal, code] of /** @type {const} */ ([
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
])) {
  process.once(signal, () => {
    report.silence();
    void end().finally(() => process.exit(code));
  });
}
setTimeout(() => {
  report.fault('the run', new Error(`not done after ${RUN_MS / 1000} s`));
  void end().finally(() => process.exit(1));
}, RUN_MS).unref();

try {
  await build({ log: (line) => report.line(line) });
  stage = await setStage(report);
  await run(stage);
} catch (error) {
  report.fault('the run', error);
} finally {
  await end();
}
const row = { name: 'runtimes', time: '', ...report };
report.line(closingLine([row]));
process.exitCode = exitCode([row]);

/** @param {import('./lib/stage.mjs').Stage} stage */
async function run(stage) {
  /** @type {import('./tests/portable.mjs').Counts} */
  const counts = new Map();
  const path = await findChromium({ log: (line) => report.line(line) });
  // Its profile outlives it: started anew, it has to find what it had.
  const startChromium = () => openChromium(path ?? '', stage.project.folder);
  if (path === undefined) report.noChromium(NO_CHROMIUM);
  const chromium = path === undefined ? undefined : await startChromium();
  const others = await startOthers();
  const browsers = chromium === undefined ? others : [chromium, ...others];

  await portableSuites(stage, counts);
  for (const browser of browsers) await pageSuites(stage, browser, counts);
  await sameCounts(stage, counts);

  await refusals(stage);
  /** @param {typeof pageCallers} callersOf */
  const inBrowsers = async (callersOf) =>
    new Map((await Promise.all(browsers.map((browser) => callersOf(stage, browser)))).flat());
  await callTable(stage, await inBrowsers(pageCallers), values.write);
  await a2aTable(stage, await inBrowsers(pageA2aCallers));
  await aitpTables(stage, browsers);
  await arcpTable(stage, browsers);
  await callsOverPorts(stage);
  for (const browser of browsers) await portCalls(stage, browser);

  for (const browser of browsers) await unbundled(stage, browser);
  for (const browser of others) await identityAtRest(stage, browser);
  const restarted = chromium && (await identityAtRest(stage, chromium, startChromium));
  await readmeSnippets(stage, restarted);
  if (browsers.length > 0) await policy(stage, restarted === undefined ? others : [restarted, ...others]);
  await durableSql(stage);
  await demoWorker(stage);
}

/** Browsers that are used when they happen to be here. */
async function startOthers() {
  const [firefox, webkit] = await Promise.all([findFirefox(), findWebKit()]);
  const opened = [];
  try {
    if (firefox === undefined) report.notRun('Firefox', 'there is none on this machine');
    else opened.push(await openFirefox(firefox));
    if (webkit === undefined) report.notRun('WebKit', 'there is none on this machine');
    else opened.push(await openAnyWebKit(webkit));
  } catch (error) {
    report.fault('a browser that is here does not start', error);
  }
  return opened;
}

/** Ends everything that was started. */
async function end() {
  await closeBrowsers();
  stage?.web.close();
  await stopAll();
}
