// The table of operations seen to work with the official A2A SDK: each over both bindings, in both directions. The two
// live tests leave their rows in a folder; here they become one table.

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** @typedef {{ operation: string, binding: string, direction: string }} Row */

const COLUMNS = /** @type {const} */ ([
  ['ours to @a2a-js/sdk', 'JSONRPC'],
  ['ours to @a2a-js/sdk', 'HTTP+JSON'],
  ['@a2a-js/sdk to ours', 'JSONRPC'],
  ['@a2a-js/sdk to ours', 'HTTP+JSON'],
]);

/**
 * Lines of the table; what was seen in one direction only has no line.
 *
 * @param {string} folder Where the tests left their rows.
 * @returns {string[]} None where they did not run.
 */
export function interopTable(folder) {
  const rows = ['ours.json', 'theirs.json'].flatMap((name) => {
    const path = join(folder, name);
    return existsSync(path) ? /** @type {Row[]} */ (JSON.parse(readFileSync(path, 'utf8'))) : [];
  });
  const operations = [...new Set(rows.map(({ operation }) => operation))];
  const cells = (/** @type {string} */ operation) =>
    COLUMNS.map(([direction, binding]) =>
      rows.some((row) => row.operation === operation && row.direction === direction && row.binding === binding),
    );
  const both = operations.filter((operation) => cells(operation).every(Boolean));
  if (both.length === 0) return [];
  const width = Math.max(...both.map(({ length }) => length)) + 2;
  const line = (/** @type {string} */ name, /** @type {readonly string[]} */ columns) =>
    `${name.padEnd(width)}${columns.map((cell) => cell.padEnd(21)).join('')}`.trimEnd();
  return [
    line(
      'A2A v1.0, live',
      COLUMNS.map(([direction]) => direction),
    ),
    line(
      '',
      COLUMNS.map(([, binding]) => binding),
    ),
    ...both.map((operation) =>
      line(
        operation,
        cells(operation).map(() => 'yes'),
      ),
    ),
  ];
}
