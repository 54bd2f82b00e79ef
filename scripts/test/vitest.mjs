// The unit, property and conformance tests under Vitest, with the coverage of the core by room.

import { existsSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { command, root } from './command.mjs';
import { interopTable } from './interop-table.mjs';

const require = createRequire(import.meta.url);
const VITEST = join(dirname(require.resolve('vitest/package.json')), 'vitest.mjs');

// A folder of this run's own, so that a second run beside it disturbs neither.
const folder = join(root, '.cache', `unit-${process.pid}`);
const REPORT = join(folder, 'tests.json');
const INTEROP_ROWS = join(folder, 'interop');
const COVERAGE = join(folder, 'coverage', 'coverage-summary.json');

/** @typedef {{ status: string, assertionResults: { status: string }[] }} FileReport */
/** @typedef {{ numPassedTests: number, numFailedTests: number, numPendingTests: number, numTodoTests: number, testResults: FileReport[] }} Report */

/**
 * @param {import('./steps.mjs').Context} context
 * @returns {Promise<import('./steps.mjs').Result>}
 */
export async function unitTests({ log }) {
  try {
    return await runVitest(log);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * @param {(line: string) => void} log
 * @returns {Promise<import('./steps.mjs').Result>}
 */
async function runVitest(log) {
  const timeoutMs = process.env.RINGLINE_LONG === '1' ? 3_600_000 : 1_200_000;
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${REPORT}`];
  const coverage = [
    '--coverage',
    '--coverage.reporter=json-summary',
    `--coverage.reportsDirectory=${dirname(COVERAGE)}`,
  ];
  const args = [VITEST, 'run', '--silent=passed-only', ...reporters, ...coverage];
  const { code, output } = await command(args, { timeoutMs, env: { RINGLINE_INTEROP_ROWS: INTEROP_ROWS } });
  // Of a bad run, what went wrong: the list of all that went well comes before it.
  if (code !== 0) log(output.slice(Math.max(0, output.search(/^\S* (Failed|Unhandled) /m))));
  for (const line of interopTable(INTEROP_ROWS)) log(line);
  if (existsSync(COVERAGE)) for (const line of coverageByRoom()) log(line);

  /** @type {Report | undefined} */
  const report = existsSync(REPORT) ? JSON.parse(readFileSync(REPORT, 'utf8')) : undefined;
  const passed = report?.numPassedTests ?? 0;
  const skipped = (report?.numPendingTests ?? 0) + (report?.numTodoTests ?? 0);
  // A file that fails outside its tests counts as one; so does a run that fails with no file to blame.
  const blameless = (/** @type {FileReport} */ file) => file.assertionResults.every((test) => test.status !== 'failed');
  const broken = report?.testResults.filter((file) => file.status === 'failed' && blameless(file));
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
