// `npm test`: everything, from one command. `--only NAME[,NAME]` runs some of the steps (the build always runs);
// `--write` brings the generated tables of the README up to date instead of checking them.
// Exit code 0: all passed. 1: something failed. 2: nothing failed but there was no browser to run in.

import { parseArgs } from 'node:util';
import { EXIT_NO_BROWSER, NO_CHROMIUM } from './find-browser.mjs';
import { closingLine, exitCode, table } from './test/report.mjs';
import { STEPS } from './test/steps.mjs';

const { values } = parseArgs({ options: { only: { type: 'string' }, write: { type: 'boolean', default: false } } });
const wanted = values.only?.split(',') ?? STEPS.map((step) => step.name);
const unknown = wanted.filter((name) => !STEPS.some((step) => step.name === name));
if (unknown.length > 0) {
  console.error(`no step ${unknown.join(', ')}; there are: ${STEPS.map((step) => step.name).join(', ')}`);
  process.exit(1);
}

/** @param {number} since */
const seconds = (since) => `${((performance.now() - since) / 1000).toFixed(1)} s`;

/** Shows what a step says, set in, so that only our own last line stands alone. @param {string} text */
const log = (text) => console.log(text.replace(/^(?=.)/gm, '    '));

/** @type {import('./test/report.mjs').Row[]} */
const rows = [];
const started = performance.now();

for (const step of STEPS.filter(({ name }) => name === 'build' || wanted.includes(name))) {
  if (step.needsBuild && rows.some((row) => row.name === 'build' && row.failed > 0)) {
    console.log(`\n${step.name}: not run, the build failed`);
    rows.push({ name: step.name, passed: 0, failed: 1, skipped: 0, time: 'not run' });
    continue;
  }
  console.log(`\n${step.name}: ${step.what}`);
  const since = performance.now();
  const result = await step.run({ log, write: values.write }).catch((error) => {
    log(String(error?.stack ?? error));
    return { passed: 0, failed: 1, skipped: 0 };
  });
  rows.push({ name: step.name, ...result, time: seconds(since) });
  console.log(`${step.name}: ${result.failed > 0 ? 'FAILED' : 'done'} in ${seconds(since)}`);
}

console.log(`\n${table(rows, seconds(started))}\n`);
if (exitCode(rows) === EXIT_NO_BROWSER) console.log(NO_CHROMIUM);
console.log(closingLine(rows));
process.exitCode = exitCode(rows);
