// Two more tables: tokens minted in every runtime and verified in every runtime, and the handshake between any two of them,
// with all that its tokens are for. Each runtime takes part twice: with the curves of its WebCrypto, and without them.

import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { HANDSHAKE_CHECKS } from '../calls/aitp-check.mjs';
import { TOKEN_CHECKS } from '../calls/aitp-mint.mjs';
import { bundle } from '../lib/bundle.mjs';
import { message } from '../lib/programs.mjs';
import { answerOfWorker, runScript } from '../lib/stage.mjs';
import { printed } from '../lib/table.mjs';
import { startWorker } from '../lib/workerd.mjs';
import { BACKENDS, SUITES } from '../suite/aitp-agents.mjs';
import { equal } from '../suite/assert.mjs';
import { ask } from './pages.mjs';

/** @typedef {import('../lib/stage.mjs').Stage} Stage */
/** @typedef {import('../lib/browsers.mjs').Browser} Browser */
/** @typedef {import('../suite/verdict.mjs').Verdict} Verdict */

/**
 * A program that answers over HTTP, one address for each kind of key.
 *
 * @typedef {{ runtime: string, backend: string, urls: Record<string, string>, stop: () => unknown }} Program
 */

/** In both tables both ways, whether they are here or not. */
const RUNTIMES = ['Node', 'Deno', 'Bun', 'workerd', 'Chromium page'];

const PAGE = '/aitp.html';

/** More signatures than it takes the package to find out whether there is a curve. */
const MANY = 20;

/** Runs every cell of both and shows them. @param {Stage} stage @param {readonly Browser[]} browsers */
export async function aitpTables(stage, browsers) {
  const { report } = stage;
  /** @type {Program[]} */
  const programs = [];
  try {
    await startAll(stage, browsers, programs);
    const runtimes = [...new Set(programs.map(({ runtime }) => runtime))];
    const all = [...new Set([...RUNTIMES, ...runtimes])];
    const kinds =
      'manifest, token, voucher, delegation, revocation list; Ed25519 and P-256; either engine mints, either verifies';
    const tokens = await tokenCells(programs, runtimes);
    judge(stage, tokens, TOKEN_CHECKS, (verifier, minter) => `AITP: minted in ${minter}, verified in ${verifier}`);
    report.line(`\nAITP, what is signed. Each cell: ${kinds}\n`);
    report.line(`${printed(tokens, all, all, 'verified in \\ minted in')}\n`);

    const does =
      'handshake, call under the token, delegation, revocation, stranger; Ed25519 and P-256; either engine calls, either answers';
    const handshakes = await handshakeCells(programs, runtimes);
    judge(stage, handshakes, HANDSHAKE_CHECKS, (callee, caller) => `AITP: ${caller} shakes hands with ${callee}`);
    report.line(`AITP over HTTP. Each cell: ${does}\n`);
    report.line(`${printed(handshakes, all, all, 'responder \\ initiator')}\n`);

    await report.test(
      'AITP: every program used the engine it is said to use, and no page broke its policy',
      async () => {
        for (const program of programs) {
          const { backend, native, violations = [] } = await job(program, 'used', {});
          const name = `${program.runtime}, ${program.backend}:`;
          const isNative = program.backend === 'webcrypto';
          const atWork = Object.values(native).map((signatures) => signatures > MANY);
          equal([backend, atWork, violations], [program.backend, [isNative, isNative], []], name);
          if (!isNative) equal(native, { Ed25519: 0, ECDSA: 0 }, name);
        }
      },
    );
  } catch (error) {
    report.fault('the tables of AITP', error);
  } finally {
    await Promise.all(programs.map(({ stop }) => stop()));
  }
}

/** @param {Stage} stage @param {readonly Browser[]} browsers @param {Program[]} programs Where those that started go. */
async function startAll(stage, browsers, programs) {
  const { node, deno, bun, workerd, project, web } = stage;
  const starting = BACKENDS.flatMap((backend) =>
    [node, deno, bun].flatMap((runtime) => (runtime === undefined ? [] : [startProgram(stage, runtime, backend)])),
  );
  if (workerd !== undefined) {
    const chunks = await bundle({ worker: join(project.folder, 'e2e/calls/aitp-workerd.mjs') });
    for (const backend of BACKENDS) starting.push(startWorkers(stage, workerd, backend, chunks));
  }
  if (browsers.length > 0) {
    const chunks = await bundle({ aitp: join(project.folder, 'e2e/calls/aitp-page.mjs') });
    for (const { fileName, code } of chunks) web.files.set(`/${fileName}`, code);
    const script = '<script src="/harness.js"></script>\n<script type="module" src="/aitp.mjs"></script>';
    web.files.set(PAGE, `<!doctype html>\n<meta charset="utf-8">\n<title>AITP in a page</title>\n${script}\n`);
    for (const browser of browsers) for (const backend of BACKENDS) starting.push(openPage(stage, browser, backend));
  }
  const started = await Promise.allSettled(starting);
  for (const outcome of started) if (outcome.status === 'fulfilled') programs.push(outcome.value);
  for (const outcome of started) if (outcome.status === 'rejected') throw outcome.reason;
}

/** @param {Stage} stage @param {import('../lib/runtimes.mjs').Runtime} runtime @param {string} backend */
async function startProgram(stage, runtime, backend) {
  const program = runScript(stage, runtime, `e2e/calls/aitp-${runtime.name.toLowerCase()}.mjs`, [backend]);
  const urls = await program.line(message);
  return { runtime: runtime.name, backend, urls, stop: () => program.stop() };
}

/**
 * @param {Stage} stage @param {import('../lib/runtimes.mjs').Runtime} workerd @param {string} backend
 * @param {readonly import('../lib/bundle.mjs').Chunk[]} chunks
 */
async function startWorkers({ project }, workerd, backend, chunks) {
  const workers = await Promise.all(
    SUITES.map((suite) => {
      const bindings = { BACKEND: backend, SUITE: suite };
      return startWorker(workerd, project.folder, { name: `aitp-${backend}-${suite}`, chunks, bindings });
    }),
  );
  const urls = Object.fromEntries(workers.map(({ port }, i) => [SUITES[i] ?? '', `http://127.0.0.1:${port}`]));
  const stop = () => Promise.all(workers.map(({ program }) => program.stop()));
  return { runtime: workerd.name, backend, urls, stop };
}

/** @param {Stage} stage @param {Browser} browser @param {string} backend */
async function openPage(stage, browser, backend) {
  const runtime = `${browser.name} page`;
  const tab = await browser.newTab();
  const { listenForPage } = await import(pathToFileURL(join(stage.project.folder, 'e2e/calls/aitp-relay.mjs')).href);
  const relays = await Promise.all(SUITES.map(() => listenForPage()));
  const of = (/** @type {'url' | 'relay'} */ end) =>
    Object.fromEntries(relays.map((relay, i) => [SUITES[i] ?? '', relay[end]]));
  equal(await ask(stage, tab, 'serveAitp', { runtime, backend, relays: of('relay') }, PAGE), SUITES);
  const stop = async () => {
    await tab.close();
    for (const { end } of relays) end();
  };
  return { runtime, backend, urls: of('url'), stop };
}

/** Has a program do something. @param {Program} program @param {string} name @param {unknown} data @returns {Promise<any>} */
function job({ urls }, name, data) {
  return answerOfWorker(`${urls[SUITES[0] ?? '']}/jobs/${name}`, data);
}

/** Every program mints; every program verifies everything. @param {readonly Program[]} programs @param {readonly string[]} runtimes */
async function tokenCells(programs, runtimes) {
  const cells = emptyCells(runtimes);
  const minted = await Promise.all(
    programs.map(async (program) => ({ runtime: program.runtime, all: await job(program, 'mint', {}) })),
  );
  await Promise.all(
    programs.map(async (verifier) => {
      for (const { runtime, all } of minted) {
        put(cells, verifier.runtime, runtime, await verdictsOf(job(verifier, 'verify', all)));
      }
    }),
  );
  return cells;
}

/** Every program calls every program. @param {readonly Program[]} programs @param {readonly string[]} runtimes */
async function handshakeCells(programs, runtimes) {
  const cells = emptyCells(runtimes);
  await Promise.all(
    programs.map(async (caller) => {
      for (const { runtime, backend, urls } of programs) {
        put(cells, runtime, caller.runtime, await verdictsOf(job(caller, 'call', { runtime, backend, urls })));
      }
    }),
  );
  return cells;
}

/** @param {readonly string[]} runtimes @returns {Map<string, Map<string, Verdict[]>>} */
function emptyCells(runtimes) {
  return new Map(runtimes.map((row) => [row, new Map(runtimes.map((column) => [column, []]))]));
}

/** @param {Map<string, Map<string, Verdict[]>>} cells @param {string} row @param {string} column @param {Verdict[]} verdicts */
function put(cells, row, column, verdicts) {
  cells
    .get(row)
    ?.get(column)
    ?.push(...verdicts);
}

/** @param {Promise<Verdict[]>} verdicts */
function verdictsOf(verdicts) {
  return verdicts.catch((error) => [{ name: 'every check', error: String(error.message) }]);
}

/**
 * Counts what became of every cell. One that did not check everything it has to has failed.
 *
 * @param {Stage} stage @param {Map<string, Map<string, Verdict[]>>} cells @param {number} due
 * @param {(row: string, column: string) => string} nameOf
 */
function judge({ report }, cells, due, nameOf) {
  for (const [row, columns] of cells) {
    for (const [column, verdicts] of columns) {
      const isWhole = verdicts.length === due || verdicts.some(({ error }) => error !== undefined);
      if (!isWhole) verdicts.push({ name: 'all checks', error: `${verdicts.length} ran, not ${due}` });
      report.cell(nameOf(row, column), verdicts);
    }
  }
}
