// What a test run adds up to: the table, the last line, the exit code.

import { EXIT_NO_BROWSER } from '../find-browser.mjs';

/** @typedef {import('./steps.mjs').Result & { name: string, time: string }} Row */

/** @param {readonly Row[]} rows */
const totals = (rows) => {
  const sum = (/** @type {'passed' | 'failed' | 'skipped'} */ key) => rows.reduce((all, row) => all + row[key], 0);
  return { passed: sum('passed'), failed: sum('failed'), skipped: sum('skipped') };
};

/** One line per step, under a heading. @param {readonly Row[]} rows @param {string} time Of the whole run. */
export function table(rows, time) {
  const line = (/** @type {readonly (string | number)[]} */ [name = '', ...cells]) =>
    String(name).padEnd(12) + cells.map((cell) => String(cell).padStart(10)).join('');
  return [
    line(['step', 'passed', 'failed', 'skipped', 'time']),
    ...rows.map((row) => line([row.name, row.passed, row.failed, row.skipped, row.time])),
    line(['all', ...Object.values(totals(rows)), time]),
  ].join('\n');
}

/** The line that closes a run, alone on its line. @param {readonly Row[]} rows */
export function closingLine(rows) {
  const { passed, failed, skipped } = totals(rows);
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}

/**
 * The counts of the last closing line in a runner's output.
 *
 * @param {string} output
 * @returns {{ passed: number, failed: number, skipped: number } | undefined}
 */
export function countsIn(output) {
  const line = /^\s*(\d+) passed, (\d+) failed(?:, (\d+) skipped)?\s*$/gm;
  const last = [...output.matchAll(line)].at(-1);
  return last && { passed: Number(last[1]), failed: Number(last[2]), skipped: Number(last[3] ?? 0) };
}

/**
 * What a runner's end means.
 *
 * @param {number} code Its exit code.
 * @param {string} output
 * @returns {import('./steps.mjs').Result} A runner that did not end well, or ran nothing, has failed whatever it counted;
 *   one that only missed a browser says so.
 */
export function resultOf(code, output) {
  const counts = countsIn(output) ?? { passed: 0, failed: 0, skipped: 0 };
  const noBrowser = code === EXIT_NO_BROWSER && counts.failed === 0;
  const broken = !noBrowser && counts.failed === 0 && (code !== 0 || counts.passed === 0);
  return { ...counts, failed: broken ? 1 : counts.failed, noBrowser };
}

/** 0: all passed. 1: something failed. 2: nothing failed, a browser was missing. @param {readonly Row[]} rows */
export function exitCode(rows) {
  if (rows.some((row) => row.failed > 0)) return 1;
  return rows.some((row) => row.noBrowser) ? EXIT_NO_BROWSER : 0;
}
