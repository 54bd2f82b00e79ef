// CONFORMANCE.md names only what is there: each row's file exists and contains the row's words. Nothing is left out: every
// number of every list has a row.

import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type Direction, REGISTRY } from '../../src/arcp/wire/registry.js';

const root = new URL('../../', import.meta.url);
const table = readFileSync(new URL('test/CONFORMANCE.md', root), 'utf8');

interface Row {
  readonly row: string;
  readonly about: string;
  readonly status: string;
  readonly file: string;
  readonly words: string;
}

/** Rows by heading. */
const sections = new Map(
  table
    .split(/^## /m)
    .slice(1)
    .map((text) => [text.slice(0, text.indexOf('\n')).trim(), rowsOf(text)] as const),
);

function rowsOf(text: string): readonly Row[] {
  return text
    .split('\n')
    .filter((line) => line.startsWith('| ') && !line.startsWith('| clause') && !line.startsWith('| row'))
    .map((line) => line.split('|').map((cell) => cell.trim()))
    .map(([, row = '', about = '', status = '', file = '', words = '']) => ({ row, about, status, file, words }));
}

const range = (letter: string, count: number) => Array.from({ length: count }, (_, i) => `${letter}${i + 1}`);

/** What each section has to have a row for. Of A2A, AITP and ARCP the numbers stand by themselves. */
const REQUIRED: Readonly<Record<string, readonly string[]>> = {
  'agent-phone v1': range('C', 4),
  Threats: [...range('N', 13), ...range('S', 17), ...range('K', 5)],
  'A2A v1.0': range('', 80),
  'Documents and cards: threats': range('J', 11),
  'AITP 0.2': range('', 68),
  'AITP: order of checks': ['order'],
  'AITP: threats': [...range('T', 7), 'J4', 'J11'],
  'ARCP v1.0': range('', 82),
  'ARCP v1.0: messages': Object.keys(REGISTRY),
  'ARCP v1.0: threats': range('R', 7),
};

const rows = [...sections].flatMap(([section, each]) => each.map((row) => ({ section, ...row })));

test.each(rows.filter((row) => row.file !== ''))('$section, $row: $about', ({ file, words }) => {
  const path = new URL(file.replaceAll('`', ''), root);
  expect(existsSync(path), `${file} is missing`).toBe(true);
  expect(words).not.toBe('');
  expect(readFileSync(path, 'utf8')).toContain(words);
});

test('every section is one that is looked at', () => {
  expect([...sections.keys()]).toEqual(Object.keys(REQUIRED));
});

test.each(Object.entries(REQUIRED))('%s: every clause and every threat has a row', (section, ids) => {
  const present = new Set(sections.get(section)?.map(({ row }) => row));
  for (const id of ids) expect(present).toContain(id);
});

test('a row without a file says why', () => {
  for (const { file, status } of rows) if (file === '') expect(status).toMatch(/^not yet/);
});

describe('AITP', () => {
  test('each clause has a row whose words are its number', () => {
    const aitp = sections.get('AITP 0.2') ?? [];
    for (const id of range('', 68)) {
      expect([id, aitp.some(({ row, words }) => row === id && words.includes(`[16.${id}]`))]).toEqual([id, true]);
    }
  });

  test('each verifier has a table of its order', () => {
    const verifiers = sections.get('AITP: order of checks')?.map(({ about }) => about);
    expect(new Set(verifiers)).toEqual(
      new Set([
        'envelope',
        'Manifest',
        'trust context token',
        'grant voucher',
        'delegation',
        'delegation over several hops',
        'revocation list',
        'session bundle',
        'invocation',
        'answer to a challenge',
        'challenge',
        'request for renewal',
        'identity by a pinned key',
        'identity by a provider',
        'hello',
        'hello_ack',
        'commit',
        'commit_ack',
      ]),
    );
  });
});

describe('ARCP', () => {
  test('each clause has a row whose words are its number', () => {
    const clauses = sections.get('ARCP v1.0') ?? [];
    for (const id of range('', 82)) {
      expect([id, clauses.some(({ row, words }) => row === id && words.includes(`[10.${id}]`))]).toEqual([id, true]);
    }
  });

  test('each of the 66 types has one row, with its section and the side that says it', () => {
    const messages = sections.get('ARCP v1.0: messages') ?? [];
    expect(messages.map(({ row }) => row).sort()).toEqual(Object.keys(REGISTRY).sort());
    expect(messages).toHaveLength(66);
    const sides: Readonly<Record<Direction, string>> = { C: 'in', R: 'out', both: 'both' };
    for (const { row, about, status } of messages) {
      const { direction } = REGISTRY[row as keyof typeof REGISTRY];
      expect([row, status.split(/[,;]/)[0]]).toEqual([row, sides[direction]]);
      expect(about).toMatch(/^section \d+(?:\.\d+)*$/);
      if (status.includes(',')) expect(status).toMatch(/^(?:in|out|both), partly: \S/);
    }
  });
});
