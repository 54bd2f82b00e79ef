// The README's size table: written between its markers, and found out when it is no longer true.

import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { bleed } from '../../scripts/size/bleed.mjs';
import { gzipBytes, measure, shares } from '../../scripts/size/measure.mjs';
import { tableFaults, withTable } from '../../scripts/size/readme.mjs';

const README = '# x\n\n<!-- size:begin (npm run size -- --write) -->\nold\n<!-- size:end -->\n\nmore\n';
const row = (name: string, bytes: number) => ({ name, what: 'a thing', minBytes: 0, gzipBytes: bytes, budgetBytes: 1 });

it('is written between the markers, and true afterwards', () => {
  const rows = [row('.', 29_951), row('./codec', 4800)];
  const written = withTable(README, rows);
  expect(written).toContain(
    '| `ringline` | a thing | 30.0 |\n| `ringline/codec` | a thing | 4.8 |\n<!-- size:end -->\n\nmore',
  );
  expect(tableFaults(written, rows)).toEqual([]);
  expect(withTable(written, rows)).toBe(written);
});

it('may be off by what compressors differ, and no more', () => {
  const written = withTable(README, [row('.', 30_000)]);
  expect(tableFaults(written, [row('.', 30_100)])).toEqual([]);
  expect(tableFaults(written, [row('.', 30_400)])).toHaveLength(1);
  expect(tableFaults(written, [row('.', 29_600)])).toHaveLength(1);
});

it('is found out when a row is missing or measures nothing', () => {
  const rows = [row('.', 30_000), row('./codec', 4800)];
  expect(tableFaults(README, rows).length).toBeGreaterThan(0);
  expect(tableFaults(withTable(README, rows.slice(0, 1)), rows)).toHaveLength(1);
  expect(tableFaults(withTable(README, rows), rows.slice(0, 1))).toEqual([expect.stringContaining('measure nothing')]);
});

it('needs its markers', () => {
  expect(() => withTable('# x', [])).toThrow(/size:begin/);
});

it('counts what is loaded at once apart from what comes later', async () => {
  const words = fileURLToPath(import.meta.resolve('@scure/bip39/wordlists/english.js'));
  const { initial, lazy } = await measure(`export const load = () => import(${JSON.stringify(words)});`);
  expect(initial.code).not.toContain('abandon');
  expect(initial.gzipBytes).toBe(gzipBytes(initial.code));
  expect(lazy(/bip39/).code).toContain('abandon');
  expect(lazy(/nothing of the kind/).minBytes).toBe(0);
  expect(shares(initial).length).toBe(1);
});

it('notices a word or a module that rides along', () => {
  const clean = { minBytes: 0, gzipBytes: 0, code: 'const a = 1;', modules: [] };
  expect(bleed('./codec', clean)).toEqual([]);
  expect(bleed('./codec', { ...clean, code: 'new WebSocket(url)' })).toEqual(['./codec contains the word WebSocket']);
  const curve = { id: '/x/node_modules/@noble/curves/ed25519.js', code: '' };
  expect(bleed('.', { ...clean, modules: [curve] })).toEqual(['. contains @noble/curves/ed25519.js']);
});
