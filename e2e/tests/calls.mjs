// The table: every runtime that can listen, called from every runtime. And the same over ports, between two threads.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../scripts/test/command.mjs';
import { message } from '../lib/programs.mjs';
import { answerOf, answerOfWorker, runScript } from '../lib/stage.mjs';
import { CALLERS, printed, tableFault, withTable } from '../lib/table.mjs';

/** @typedef {import('../lib/stage.mjs').Stage} Stage */
/** @typedef {import('../lib/stage.mjs').Callee} Callee */
/** @typedef {import('../suite/verdict.mjs').Verdict} Verdict */

/** A way to call: by the callee, the verdicts of its cell. @typedef {(callee: Callee) => Promise<Verdict[]>} Caller */

/**
 * Runs every cell and shows the table.
 *
 * @param {Stage} stage
 * @param {Map<string, Caller>} pages Callers in browsers.
 * @param {boolean} write Whether the README's table is to be brought up to date.
 */
export async function callTable(stage, pages, write) {
  const { report, callees } = stage;
  const callers = new Map([...programs(stage), ...pages]);
  /** @type {import('../lib/table.mjs').Cells} */
  const cells = new Map(callees.map(({ name }) => [name, new Map()]));
  for (const [name, caller] of callers) {
    for (const callee of callees) {
      const verdicts = await caller(callee).catch((error) => [{ name: 'every check', error: String(error.message) }]);
      cells.get(callee.name)?.set(name, verdicts);
      report.cell(`${name} calls ${callee.name}`, verdicts);
    }
  }
  report.line('\nEach cell: unary, stream, cancel, error, false agent, false caller\n');
  report.line(`${printed(cells, [...new Set([...CALLERS, ...callers.keys()])])}\n`);
  await checkReadme(stage, cells, write);
}

/** @param {Stage} stage @returns {[string, Caller][]} */
function programs(stage) {
  const { node, deno, bun, workerd, workerOrigin } = stage;
  /** @type {[string, Caller][]} */
  const callers = [node, deno, bun].flatMap((runtime) => {
    if (runtime === undefined) return [];
    return [
      [
        runtime.name,
        (/** @type {Callee} */ callee) => answerOf(stage, runtime, 'e2e/calls/caller.mjs', [JSON.stringify(callee)]),
      ],
    ];
  });
  if (workerd !== undefined) callers.push([workerd.name, (callee) => answerOfWorker(`${workerOrigin}call`, callee)]);
  return callers;
}

/** @param {Stage} stage @param {import('../lib/table.mjs').Cells} cells @param {boolean} write */
async function checkReadme({ report }, cells, write) {
  const path = join(root, 'README.md');
  const readme = readFileSync(path, 'utf8');
  if (write) return writeFileSync(path, withTable(readme, cells));
  await report.test("the README's table of runtimes is true", () => {
    const fault = tableFault(readme, cells);
    if (fault !== undefined) throw new Error(fault);
  });
}

/** Calls over ports between a program and its own worker. @param {Stage} stage */
export async function callsOverPorts(stage) {
  const { report, node, deno, bun, workerd, workerOrigin } = stage;
  for (const runtime of [node, deno, bun]) {
    if (runtime === undefined) continue;
    const script = `e2e/calls/threads-${runtime === node ? 'node' : 'web'}.mjs`;
    const program = runScript(stage, runtime, script);
    try {
      const results = await program.line(message, 60_000);
      for (const [name, verdicts] of Object.entries(results)) {
        report.count(`${runtime.name} over a MessagePort, ${name}`, verdicts, 'checks');
      }
    } catch (error) {
      report.fault(`${runtime.name} over a MessagePort`, error);
    } finally {
      await program.stop();
    }
  }
  if (workerd === undefined) return;
  try {
    report.count(
      'workerd over a MessagePort, within one isolate',
      await answerOfWorker(`${workerOrigin}ports`),
      'checks',
    );
  } catch (error) {
    report.fault('workerd over a MessagePort', error);
  }
}
