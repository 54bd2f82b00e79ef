// The unit, property and conformance tests under Vitest, with the coverage of the core by room.

import { existsSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { command, root } from './command.mjs';

const require = createRequire(import.meta.url);
const VITEST = join(dirname(require.resolve('vitest/package.json')), 'vitest.mjs');
const REPORT = join(root, '.cache', 'vitest.json');
const COVERAGE = join(root, 'coverage', 'coverage-summary.json');

/** @typedef {{ numPassedTests: number, numFailedTests: number, numPendingTests: number, numTodoTests: number, testResults: { status: string, assertionResults: unknown[] }[] }} Report */

/**
 * @param {import('./steps.mjs').Context} context
 * @returns {Promise<import('./steps.mjs').Result>}
 */
export async function unitTests({ log }) {
  for (const file of [REPORT, COVERAGE]) rmSync(file, { force: true });
  const timeoutMs = process.env.RINGLINE_LONG === '1' ? 3_600_000 : 360_000;
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${REPORT}`];
  const { code, output } = await command([VITEST, 'run', '--coverage', '--silent=passed-only', ...reporters], {
    timeoutMs,
  });
  if (code !== 0) log(output);
  if (existsSync(COVERAGE)) for (const line of coverageByRoom()) log(line);

  /** @type {Report | undefined} */
  const report = existsSync(REPORT) ? JSON.parse(readFileSync(REPORT, 'utf8')) : undefined;
  const passed = report?.numPassedTests ?? 0;
  const skipped = (report?.numPendingTests ?? 0) + (report?.numTodoTests ?? 0);
  // A file that fails before its first test counts as one; so does a run that fails with no test to blame.
  const broken = report?.testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0);
  let failed = (report?.numFailedTests ?? 0) + (broken?.length ?? 0);
  if (code !== 0 && failed === 0) failed = 1;
  return { passed, failed, skipped };
}

/** One line per room: covered lines of all lines. */
function coverageByRoom() {
  /** @type {Record<string, { lines: { total: number, covered: number } }>} */
  const files = JSON.parse(readFileSync(COVERAGE, 'utf8'));
  /** @type {Map<string, { total: number, covered: number }>} */
  const rooms = new Map();
  for (const [file, { lines }] of Object.entries(files)) {
    const path = file.split('\\').join('/');
    const [first = '', second] = path.slice(path.lastIndexOf('/src/') + 5).split('/');
    const room = file === 'total' ? 'all' : second === undefined ? '(top)' : first;
    const sum = rooms.get(room) ?? { total: 0, covered: 0 };
    rooms.set(room, { total: sum.total + lines.total, covered: sum.covered + lines.covered });
  }
  const percent = ({ total = 0, covered = 0 } = {}) => `${(total === 0 ? 100 : (100 * covered) / total).toFixed(1)} %`;
  const { all, ...parts } = Object.fromEntries([...rooms].sort(([a], [b]) => a.localeCompare(b)));
  const cells = Object.entries(parts).map(([room, lines]) => `${room} ${percent(lines)}`);
  return [`lines covered: ${percent(all)} of the core`, `by room: ${cells.join(', ')}`];
}
