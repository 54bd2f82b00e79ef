// CONFORMANCE.md names only what is there: each row's file exists and contains the row's words.

import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const root = new URL('../../', import.meta.url);
const table = readFileSync(new URL('test/CONFORMANCE.md', root), 'utf8');
const rows = table
  .split('\n')
  .filter((line) => line.startsWith('| ') && !line.startsWith('| clause') && !line.startsWith('| row'))
  .map((line) => line.split('|').map((cell) => cell.trim()))
  .map(([, row = '', about = '', status = '', file = '', words = '']) => ({ row, about, status, file, words }));

test.each(rows.filter((row) => row.file !== ''))('$row: $about', ({ file, words }) => {
  const path = new URL(file.replaceAll('`', ''), root);
  expect(existsSync(path), `${file} is missing`).toBe(true);
  expect(readFileSync(path, 'utf8')).toContain(words);
});

test('every clause and every threat has a row, and one without a file says why', () => {
  const ids = new Set(rows.map(({ row }) => row));
  const range = (letter: string, count: number) => Array.from({ length: count }, (_, i) => `${letter}${i + 1}`);
  const threats = [...range('N', 13), ...range('S', 17), ...range('K', 5), ...range('J', 11)];
  // Of A2A, the numbers stand by themselves.
  for (const id of [...range('C', 4), ...threats, ...range('', 80)]) expect(ids).toContain(id);
  for (const { file, status } of rows) if (file === '') expect(status).toMatch(/^not yet/);
});
