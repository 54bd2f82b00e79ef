// The other table: the fetch handler of our A2A server behind every host, talked to by our client from every runtime. From
// a page this is another origin, so that CORS has to be right as well.

import { answerOf, answerOfWorker } from '../lib/stage.mjs';
import { printed } from '../lib/table.mjs';

/** @typedef {import('../lib/stage.mjs').Stage} Stage */
/** @typedef {import('./calls.mjs').Caller} Caller */

/**
 * Runs every cell and shows the table.
 *
 * @param {Stage} stage @param {Map<string, Caller>} pages Callers in browsers.
 */
export async function a2aTable(stage, pages) {
  const { report, callees } = stage;
  /** @type {import('../lib/table.mjs').Cells} */
  const cells = new Map(callees.map(({ name }) => [name, new Map()]));
  const callers = new Map([...programs(stage), ...pages]);
  for (const [name, caller] of callers) {
    for (const callee of callees) {
      const verdicts = await caller(callee).catch((error) => [{ name: 'every check', error: String(error.message) }]);
      cells.get(callee.name)?.set(name, verdicts);
      report.cell(`${name} talks A2A to ${callee.name}`, verdicts);
    }
  }
  report.line('\nA2A over HTTP, both bindings. Each cell: card, phone, unary, stream, cancel, error, abort\n');
  report.line(`${printed(cells, [...callers.keys()])}\n`);
}

/** @param {Stage} stage @returns {[string, Caller][]} */
function programs(stage) {
  const { node, deno, bun, workerd, workerOrigin, callees } = stage;
  /** @type {[string, Caller][]} */
  const callers = [];
  for (const runtime of [node, deno, bun]) {
    if (runtime === undefined) continue;
    // One program for all its cells.
    /** @type {Promise<import('../suite/verdict.mjs').Verdict[][]> | undefined} */
    let row;
    callers.push([
      runtime.name,
      async (callee) => {
        row ??= answerOf(stage, runtime, 'e2e/calls/a2a-caller.mjs', [JSON.stringify(callees)]);
        return (await row)[callees.indexOf(callee)] ?? [];
      },
    ]);
  }
  if (workerd !== undefined) {
    callers.push([workerd.name, (callee) => answerOfWorker(`${workerOrigin}call-a2a`, callee)]);
  }
  return callers;
}
