// What became of a run, for people: a table by group of fixtures, and the closing line.

import type { FixtureResult } from './runner.js';

/** How many passed, failed and were skipped. */
export interface Tally {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** Counts. */
export function tallyOf(results: readonly FixtureResult[]): Tally {
  const count = (wanted: FixtureResult['verdict']) => results.filter(({ verdict }) => verdict === wanted).length;
  return { passed: count('pass'), failed: count('fail'), skipped: count('skip') };
}

/** The closing line, without its end. */
export function closingLine({ passed, failed, skipped }: Tally): string {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}

/** The table: a line for each group, which is what a name begins with before its number. Each line ends. */
export function matrixOf(results: readonly FixtureResult[]): string {
  const groups = new Map<string, FixtureResult[]>();
  for (const result of results) {
    const name = groupOf(result.id);
    groups.set(name, [...(groups.get(name) ?? []), result]);
  }
  const width = Math.max(5, ...[...groups.keys()].map((name) => name.length));
  const line = (cells: readonly (string | number)[]) =>
    cells.map((cell, at) => (at === 0 ? String(cell).padEnd(width) : String(cell).padStart(7))).join(' ');
  const rows = [...groups].map(([name, members]) => {
    const { passed, failed, skipped } = tallyOf(members);
    return line([name, passed, failed, skipped]);
  });
  return [line(['group', 'passed', 'failed', 'skipped']), ...rows, ''].join('\n');
}

function groupOf(id: string): string {
  return /^(.+?)-(?:\d|success)/.exec(id)?.[1] ?? id;
}
