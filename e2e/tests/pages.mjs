// The built package in real pages: suites, callers, script tag, one module, strict policy, keys at rest, two tabs.

import { equal, ok } from '../suite/assert.mjs';

/** @typedef {import('../lib/stage.mjs').Stage} Stage */
/** @typedef {import('../lib/browsers.mjs').Browser} Browser */

const RACE_ROUNDS = 50;

/**
 * What a tab answered, with no violation of its policy.
 *
 * @param {Stage} stage @param {import('../lib/browsers.mjs').Tab} tab @param {string} kind @param {unknown} [data]
 * @param {string} [page]
 */
export async function ask({ web }, tab, kind, data, page) {
  const { value, error, violations } = await web.ask(tab.go, kind, data, page).catch((cause) => {
    throw new Error(`${cause.message}\n${tab.said.splice(0).join('\n')}`, { cause });
  });
  tab.said.length = 0;
  if (error !== undefined) throw new Error(error);
  equal(violations, [], 'violations of the policy:');
  return value;
}

/**
 * Suites in a page and in a worker.
 *
 * @param {Stage} stage @param {Browser} browser @param {import('./portable.mjs').Counts} counts
 */
export async function pageSuites(stage, browser, counts) {
  const { report } = stage;
  const tab = await browser.newTab();
  for (const [where, kind] of Object.entries({ page: 'suite', worker: 'suiteInWorker' })) {
    const name = `${browser.name} ${browser.version}, ${where}`;
    try {
      const { portable, stored } = await ask(stage, tab, kind);
      counts.set(name, portable.length);
      report.count(name, portable, 'cases of the portable suite');
      report.count(name, stored, 'cases over IndexedDB');
    } catch (error) {
      report.fault(`${name}: the suites`, error);
    }
  }
  await tab.close();
}

/**
 * Ways to call from a browser, for the table.
 *
 * @param {Stage} stage @param {Browser} browser
 * @returns {Promise<[string, import('./calls.mjs').Caller][]>}
 */
export async function pageCallers(stage, browser) {
  const tab = await browser.newTab();
  return [
    [`${browser.name} page`, (callee) => ask(stage, tab, 'call', callee)],
    [`${browser.name} worker (port)`, (callee) => ask(stage, tab, 'callFromWorkerOverPorts', callee)],
  ];
}

/**
 * Ways to talk A2A from a browser, to another origin.
 *
 * @param {Stage} stage @param {Browser} browser
 * @returns {Promise<[string, import('./calls.mjs').Caller][]>}
 */
export async function pageA2aCallers(stage, browser) {
  const tab = await browser.newTab();
  return [
    [`${browser.name} page`, (callee) => ask(stage, tab, 'callA2a', callee)],
    [`${browser.name} worker`, (callee) => ask(stage, tab, 'callA2aFromWorker', callee)],
  ];
}

/** Calls over ports inside a browser. @param {Stage} stage @param {Browser} browser */
export async function portCalls(stage, browser) {
  const { report, callees } = stage;
  const tab = await browser.newTab();
  /** @type {[string, string, string?][]} */
  const ways = [
    ['its worker calls the page', 'workerCallsPage'],
    ['the page calls its worker', 'pageCallsWorker'],
    ['the page calls its service worker', 'pageCallsServiceWorker'],
    ['the page calls its frame', 'pageCallsFrame', '/framing.html'],
  ];
  for (const [what, kind, page] of ways) {
    try {
      report.count(
        `${browser.name} over a MessagePort, ${what}`,
        await ask(stage, tab, kind, undefined, page),
        'checks',
      );
    } catch (error) {
      report.fault(`${browser.name} over a MessagePort, ${what}`, error);
    }
  }
  try {
    const verdicts = await ask(stage, tab, 'callFromWorker', callees[0]);
    report.count(`${browser.name}, a worker dials by itself`, verdicts, 'checks');
  } catch (error) {
    report.fault(`${browser.name}, a worker dials by itself`, error);
  }
  await tab.close();
}

/** The two files for pages without a bundler. @param {Stage} stage @param {Browser} browser */
export async function unbundled(stage, browser) {
  const { report, callees } = stage;
  const [callee] = callees;
  const tab = await browser.newTab();
  await report.test(`${browser.name}: script tag, one global, a call and a stream`, async () => {
    const result = await ask(stage, tab, 'call', callee, '/iife.html');
    equal(result, { added: ['ringline'], reply: { from: 'a script tag' }, items: 100, clean: true });
  });
  const did = 'did:key:z6MkehRgf7yJbgaGfYsdoAsKdBPE3dj2CYhowQdcjqSJgvVd';
  const due = { did, reply: { from: 'one module' }, clean: true };
  await report.test(`${browser.name}: ringline.min.mjs as a module`, async () => {
    equal(await ask(stage, tab, 'call', callee, '/module.html'), due);
  });
  await report.test(`${browser.name}: the same where WebCrypto has neither curve`, async () => {
    equal(await ask(stage, tab, 'callWithoutCurves', callee, '/module.html'), { ...due, asked: true });
  });
  await tab.close();
}

/**
 * An identity at rest: kept over a reload, and over the end of the browser; never to be exported; one for all tabs.
 *
 * @template {Browser} Engine
 * @param {Stage} stage @param {Engine} browser
 * @param {() => Promise<Engine>} [startAnew] Starts it on the same profile.
 * @returns {Promise<Engine>} The browser that runs in the end.
 */
export async function identityAtRest(stage, browser, startAnew) {
  const { report } = stage;
  const database = `kept-${Date.now()}`;
  const keys = ['ringline.identity'];
  let did = '';
  const tab = await browser.newTab();
  await report.test(`${browser.name}: an identity is made in IndexedDB, and a reload keeps its DID`, async () => {
    const job = (/** @type {(url: string) => Promise<unknown>} */ open) =>
      stage.web.ask(open, 'open', { database }, undefined, `reload-${database}`);
    const made = await job(tab.go);
    did = made.value?.did;
    equal(made, { value: { did, created: true, keys }, violations: [] });
    equal(await job(tab.reload), { value: { did, created: false, keys }, violations: [] });
    equal(await ask(stage, tab, 'open', { database }), { did, created: false, keys }, 'another page of the origin:');
  });
  await report.test(`${browser.name}: after the reload, nothing stored can be exported (K1)`, async () => {
    equal(await ask(stage, tab, 'openAndTryToExport', { database }), { did, created: false, keys });
  });
  await report.test(`${browser.name}: two tabs open a fresh database at once, ${RACE_ROUNDS} times`, async () => {
    const tabs = await Promise.all([browser.newTab(), browser.newTab()]);
    const data = { rounds: RACE_ROUNDS, prefix: `race-${Date.now()}` };
    const [one, two] = await Promise.all(tabs.map((racer) => ask(stage, racer, 'race', data)));
    equal([one.length, two.length], [RACE_ROUNDS, RACE_ROUNDS]);
    for (let round = 0; round < RACE_ROUNDS; round++) {
      const [a, b] = [one[round], two[round]];
      equal(a.did, b.did, `round ${round}, one DID:`);
      equal([a.created, b.created].filter(Boolean).length, 1, `round ${round}, made once:`);
      equal([a.keys, b.keys], [keys, keys], `round ${round}, one record:`);
    }
    equal(
      new Set(one.map((/** @type {{ did: string }} */ { did: made }) => made)).size,
      RACE_ROUNDS,
      'a fresh database each time:',
    );
    await Promise.all(tabs.map((racer) => racer.close()));
  });
  await tab.close();
  if (startAnew === undefined) return browser;
  await browser.close();
  const again = await startAnew();
  await report.test(`${browser.name}: started anew, it still has the identity`, async () => {
    const later = await again.newTab();
    equal(await ask(stage, later, 'openAndTryToExport', { database }), { did, created: false, keys });
    await later.close();
  });
  return again;
}

/**
 * The policy under which all of this ran: nothing has broken it, and whatever breaks it is seen.
 *
 * @param {Stage} stage @param {readonly Browser[]} browsers
 */
export async function policy(stage, browsers) {
  const { report, web } = stage;
  const names = browsers.map(({ name }) => name).join(', ');
  await report.test(`${names}: the strict policy held, without one report`, () => equal(web.reports, []));
  for (const browser of browsers) await brokenPolicy(stage, browser);
}

/** @param {Stage} stage @param {Browser} browser */
async function brokenPolicy({ report, web }, browser) {
  web.reports.length = 0;
  const tab = await browser.newTab();
  await report.test(`${browser.name}: what breaks the policy is refused and reported`, async () => {
    const { value, violations } = await web.ask(tab.go, 'break', undefined, '/violation.html');
    equal([value.inline, value.eval, value.html], ['did not run', 'EvalError', 'TypeError']);
    for (const directive of ['script-src-elem inline', 'script-src eval', 'require-trusted-types-for', 'connect-src']) {
      ok(
        violations.some((violation) => violation.startsWith(directive)),
        `${directive} in ${violations}`,
      );
    }
    // The reports go by themselves, a little later.
    for (let tries = 0; tries < 100 && web.reports.length === 0; tries++) await new Promise((go) => setTimeout(go, 50));
    ok(web.reports.length > 0, 'the browser reported nothing');
  });
  await tab.close();
}
