// The portable suite in every runtime, the same number of cases in each; and every subpath loaded where it belongs.

import { answerOf, answerOfWorker } from '../lib/stage.mjs';
import { equal } from '../suite/assert.mjs';

/** Subpaths for the compiler alone. */
const TYPES_ONLY = ['./aitp/types'];

/** Runners, and how many cases each ran. @typedef {Map<string, number>} Counts */

/** @param {import('../lib/stage.mjs').Stage} stage @param {Counts} counts */
export async function portableSuites(stage, counts) {
  const { report, node, deno, bun, workerd, workerOrigin } = stage;
  for (const runtime of [node, deno, bun]) {
    if (runtime === undefined) continue;
    await run(stage, counts, `${runtime.name} ${runtime.version}`, () =>
      answerOf(stage, runtime, 'e2e/suite/main.mjs'),
    );
  }
  if (workerd !== undefined) {
    await run(stage, counts, `workerd ${workerd.version}`, () => answerOfWorker(`${workerOrigin}suite`));
  }
  for (const runtime of [node, deno, bun]) {
    if (runtime === undefined) continue;
    await report.test(`every subpath loads in ${runtime.name}`, () => loadSubpaths(stage, runtime));
  }
}

/**
 * @param {import('../lib/stage.mjs').Stage} stage @param {Counts} counts @param {string} name
 * @param {() => Promise<import('../suite/verdict.mjs').Verdict[]>} verdicts
 */
async function run({ report }, counts, name, verdicts) {
  try {
    const all = await verdicts();
    counts.set(name, all.length);
    report.count(name, all, 'cases of the portable suite');
  } catch (error) {
    report.fault(`${name}: the portable suite`, error);
  }
}

/**
 * Fails when a runner has run other cases than the first.
 *
 * @param {import('../lib/stage.mjs').Stage} stage @param {Counts} counts
 */
export async function sameCounts({ report }, counts) {
  const [[first = '', due = 0] = []] = counts;
  await report.test(`all ${counts.size} runners ran the same ${due} cases`, () => {
    for (const [name, count] of counts) equal(count, due, `${name}, against ${first}:`);
  });
}

/** @param {import('../lib/stage.mjs').Stage} stage @param {import('../lib/runtimes.mjs').Runtime} runtime */
async function loadSubpaths(stage, runtime) {
  const { exports } = stage.project.manifest;
  const subpaths = Object.keys(exports).filter((subpath) => typeof exports[subpath] !== 'string');
  const lines = subpaths.map((subpath, i) => `import * as m${i} from 'ringline${subpath.slice(1)}';`);
  const counts = subpaths.map((_, i) => `Object.keys(m${i}).length`);
  stage.project.write(
    'subpaths.mjs',
    `${lines.join('\n')}\nconsole.log('@' + JSON.stringify([${counts.join(', ')}]));\n`,
  );
  const loaded = await answerOf(stage, runtime, 'subpaths.mjs');
  equal(
    subpaths.filter((_, i) => loaded[i] === 0),
    TYPES_ONLY,
    'subpaths that export nothing:',
  );
  equal(loaded.length, subpaths.length);
}
