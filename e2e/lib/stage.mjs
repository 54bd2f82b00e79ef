// What the tests play on: the project, the runtimes that are there, the agents that can be called, the web server.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { bundle } from './bundle.mjs';
import { message, Program } from './programs.mjs';
import { makeProject } from './project.mjs';
import { findRuntime, node } from './runtimes.mjs';
import { startWebServer } from './web-server.mjs';
import { startWorker } from './workerd.mjs';

/** @typedef {import('./runtimes.mjs').Runtime} Runtime */
/** @typedef {import('./report.mjs').Report} Report */

/**
 * An agent that can be called.
 *
 * `a2aUrl` is the origin at which it speaks A2A.
 *
 * @typedef {{ name: string, did: string, agentUrl: string, impostorUrl: string, a2aUrl: string }} Callee
 */

/**
 * @typedef {object} Stage
 * @property {Report} report
 * @property {import('./project.mjs').Project} project
 * @property {Runtime} node
 * @property {Runtime | undefined} deno
 * @property {Runtime | undefined} bun
 * @property {Runtime | undefined} workerd
 * @property {any} library The package, as installed in the project, in this process.
 * @property {Callee[]} callees
 * @property {string | undefined} workerOrigin Where the Worker of the tests answers.
 * @property {import('./web-server.mjs').WebServer} web
 */

/** @param {Report} report @returns {Promise<Stage>} */
export async function setStage(report) {
  const project = await makeProject();
  const { name, version, dependencies } = project.manifest;
  report.line(`${name} ${version}, packed and unpacked with ${Object.keys(dependencies).length} dependencies`);
  const [deno, bun, workerd] = await Promise.all([
    orNotRun(report, 'Deno', findRuntime('deno')),
    orNotRun(report, 'Bun', findRuntime('bun')),
    orNotRun(report, 'workerd', findRuntime('workerd')),
  ]);
  const library = await import(pathToFileURL(join(project.folder, 'e2e/suite/library.mjs')).href);
  const stage = { report, project, node, deno, bun, workerd, library, web: await startWebServer() };
  const [{ callees, workerOrigin }] = await Promise.all([startCallees(stage), fillWebServer(stage)]);
  return { ...stage, callees, workerOrigin };
}

/** @param {Report} report @param {string} name @param {Promise<Runtime | string>} finding */
async function orNotRun(report, name, finding) {
  const found = await finding;
  if (typeof found !== 'string') return found;
  report.notRun(name, found);
  return undefined;
}

/**
 * Runs a script of the project in a runtime.
 *
 * @param {Pick<Stage, 'project'>} stage @param {Runtime} runtime @param {string} script @param {readonly string[]} [args]
 */
export function runScript({ project }, runtime, script, args = []) {
  return new Program(runtime.path, [...runtime.args(script), ...args], { cwd: project.folder });
}

/**
 * Runs a script to its answer: the line that begins with `@`.
 *
 * @param {Pick<Stage, 'project'>} stage @param {Runtime} runtime @param {string} script @param {readonly string[]} [args]
 */
export async function answerOf(stage, runtime, script, args) {
  const program = runScript(stage, runtime, script, args);
  try {
    return await program.line(message, 120_000);
  } finally {
    await program.stop();
  }
}

/** Fetches JSON from the Worker of the tests. @param {string} url @param {unknown} [body] @returns {Promise<any>} */
export async function answerOfWorker(url, body) {
  const request = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) };
  const response = await fetch(url, { ...request, signal: AbortSignal.timeout(120_000) });
  if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`);
  return response.json();
}

/** @param {Omit<Stage, 'callees' | 'workerOrigin'>} stage */
async function startCallees(stage) {
  const { node, deno, bun, workerd, project } = stage;
  const start = async (/** @type {Runtime | undefined} */ runtime, /** @type {string} */ script) => {
    if (runtime === undefined) return [];
    const addresses = await runScript(stage, runtime, script).line(message);
    return [{ name: runtime.name, ...addresses }];
  };
  const startInWorkerd = async () => {
    if (workerd === undefined) return [];
    const chunks = await bundle({ worker: join(project.folder, 'e2e/calls/workerd.mjs') });
    const { port } = await startWorker(workerd, project.folder, { name: 'agent', chunks });
    const did = await answerOfWorker(`http://127.0.0.1:${port}/did`);
    const agentUrl = `ws://127.0.0.1:${port}/`;
    const a2aUrl = `http://127.0.0.1:${port}`;
    return [{ name: workerd.name, did, agentUrl, impostorUrl: `${agentUrl}impostor`, a2aUrl }];
  };
  const started = await Promise.all([
    start(node, 'e2e/calls/callee-node.mjs'),
    start(deno, 'e2e/calls/callee-deno.mjs'),
    start(bun, 'e2e/calls/callee-bun.mjs'),
    startInWorkerd(),
  ]);
  const callees = started.flat();
  const workerOrigin = callees.find(({ name }) => name === workerd?.name)?.agentUrl.replace('ws:', 'http:');
  return { callees, workerOrigin };
}

/** @param {Pick<Stage, 'project' | 'web'>} stage */
async function fillWebServer({ project, web }) {
  const folder = join(project.folder, 'e2e/page');
  for (const file of readdirSync(folder)) {
    if (!file.endsWith('.mjs')) web.files.set(`/${file}`, readFileSync(join(folder, file), 'utf8'));
  }
  for (const file of ['ringline.iife.min.js', 'ringline.min.mjs']) {
    web.files.set(`/${file}`, readFileSync(join(project.folder, 'node_modules/ringline/dist', file), 'utf8'));
  }
  // Frames need a page whose policy allows them.
  for (const file of ['/frame.html', '/framing.html']) web.unguarded.add(file);
  const chunks = await bundle({
    page: join(folder, 'page.mjs'),
    'port-agent': join(folder, 'port-agent.mjs'),
    thread: join(project.folder, 'e2e/calls/thread.mjs'),
  });
  for (const { fileName, code } of chunks) web.files.set(`/${fileName}`, code);
}
