// The size table of the README, between two markers: written by `npm run size -- --write`, checked by the tests.

import { partOfReadme } from '../readme-part.mjs';

const BEGIN = '<!-- size:begin (npm run size -- --write) -->';
const END = '<!-- size:end -->';

/** Compressors differ by a few bytes from one Node to the next, so a printed figure may be off by this much. */
const TOLERANCE_KB = 0.2;

/**
 * @typedef {object} Row
 * @property {string} name
 * @property {string} what
 * @property {number} minBytes
 * @property {number} gzipBytes
 * @property {number | undefined} budgetBytes
 */

/** @param {number} bytes */
export const kilobytes = (bytes) => (bytes / 1000).toFixed(1);

/** @param {Row[]} rows */
function markdown(rows) {
  const lines = rows.map(({ name, what, gzipBytes }) => `| ${label(name)} | ${what} | ${kilobytes(gzipBytes)} |`);
  return ['| import | what it is | KB gzip |', '|---|---|--:|', ...lines].join('\n');
}

/** @param {string} name */
const label = (name) => (name.startsWith('.') ? `\`ringline${name.slice(1)}\`` : name);

/** The README with a fresh table. @param {string} readme @param {Row[]} rows */
export function withTable(readme, rows) {
  const { before, after } = partOfReadme(readme, BEGIN, END);
  return `${before}\n${markdown(rows)}\n${after}`;
}

/**
 * @param {string} readme
 * @param {Row[]} rows
 * @returns {string[]} Rows of the README that are not true, one line each.
 */
export function tableFaults(readme, rows) {
  const figure = /\| ([\d.]+) \|$/;
  const printed = partOfReadme(readme, BEGIN, END).part.split('\n');
  const actual = markdown(rows).split('\n');
  const faults = actual.filter((line) => {
    const same = printed.find((other) => other.replace(figure, '') === line.replace(figure, ''));
    const [was, is] = [same, line].map((text) => Number(figure.exec(text ?? '')?.[1] ?? 0));
    return same === undefined || Math.abs((was ?? 0) - (is ?? 0)) > TOLERANCE_KB;
  });
  if (printed.length > actual.length) faults.push('rows that measure nothing');
  return faults.map((line) => `README.md size table is out of date (npm run size -- --write): ${line}`);
}
