// Who calls whom: the table in the terminal, and the same in the README, between two markers.

import { partOfReadme } from '../../scripts/readme-part.mjs';

/**
 * One cell: what became of the checks.
 *
 * @typedef {readonly import('../suite/verdict.mjs').Verdict[]} Cell
 */

/**
 * Cells by callee, then by caller, both by name.
 *
 * @typedef {Map<string, Map<string, Cell>>} Cells
 */

const BEGIN = '<!-- runtimes:begin (npm test -- --write) -->';
const END = '<!-- runtimes:end -->';

/** The callers of the README's table, in order; others that happen to be here are shown in the terminal only. */
export const CALLERS = ['Node', 'Deno', 'Bun', 'workerd', 'Chromium page', 'Chromium worker (port)'];

/** Its callees. */
export const CALLEES = ['Node', 'Deno', 'Bun', 'workerd'];

/** @param {Cell | undefined} cell @param {string} ifNone */
function summary(cell, ifNone) {
  if (cell === undefined) return ifNone;
  const good = cell.filter(({ error }) => error === undefined).length;
  return `${good} of ${cell.length}`;
}

/**
 * For the terminal.
 *
 * @param {Cells} cells @param {readonly string[]} callers @param {readonly string[]} [callees] @param {string} [corner]
 * @returns {string}
 */
export function printed(cells, callers, callees = CALLEES, corner = 'callee \\ caller') {
  const rows = [[corner, ...callers]];
  for (const callee of callees) {
    rows.push([callee, ...callers.map((caller) => summary(cells.get(callee)?.get(caller), 'not run'))]);
  }
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  return rows
    .map((row) =>
      row
        .map((text, column) => text.padEnd(widths[column] ?? 0))
        .join('   ')
        .trimEnd(),
    )
    .join('\n');
}

/** @param {Cells} cells @returns {string} For the README: every cell that was run, and what stood there for the others. */
function markdown(cells, /** @type {(callee: string, caller: string) => string} */ otherwise) {
  const lines = CALLEES.map((callee) => {
    const row = CALLERS.map((caller) => {
      const cell = cells.get(callee)?.get(caller);
      if (cell === undefined) return otherwise(callee, caller);
      return cell.every(({ error }) => error === undefined) ? 'yes' : 'no';
    });
    return `| ${callee} | ${row.join(' | ')} |`;
  });
  return [
    `| called \\ calling | ${CALLERS.join(' | ')} |`,
    `|---|${CALLERS.map(() => ':-:|').join('')}`,
    ...lines,
  ].join('\n');
}

/** What the README's table says of one cell. @param {string} table @param {string} callee @param {string} caller */
function claimed(table, callee, caller) {
  const line = table.split('\n').find((row) => row.startsWith(`| ${callee} |`));
  return line?.split('|')[CALLERS.indexOf(caller) + 2]?.trim() || 'not run';
}

/** The README with the table of this run. @param {string} readme @param {Cells} cells */
export function withTable(readme, cells) {
  const { before, part: table, after } = partOfReadme(readme, BEGIN, END);
  return `${before}\n${markdown(cells, (callee, caller) => claimed(table, callee, caller))}\n${after}`;
}

/**
 * @param {string} readme @param {Cells} cells
 * @returns {string | undefined} What is wrong with its table, if anything is.
 */
export function tableFault(readme, cells) {
  const { part: table } = partOfReadme(readme, BEGIN, END);
  if (table === markdown(cells, (callee, caller) => claimed(table, callee, caller))) return undefined;
  return 'the runtimes table of README.md is not what was just run; npm test -- --write brings it up to date';
}
