// `npm run size`: what each subpath and each named figure costs a page, against its budget. Fails past a budget, when a
// subpath has none, and when a room carries another's words. Options: `--json FILE`, `--write` and `--check` (README),
// `--explain NAME` (the modules inside one row).

import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { exportedModules } from './build/check-output.mjs';
import { build } from './build.mjs';
import { bleed } from './size/bleed.mjs';
import { gzipBytes, measure, shares } from './size/measure.mjs';
import { kilobytes, tableFaults, withTable } from './size/readme.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const dist = join(root, 'dist');
const { values: options } = parseArgs({
  options: {
    json: { type: 'string' },
    write: { type: 'boolean' },
    check: { type: 'boolean' },
    explain: { type: 'string' },
  },
});

/** @param {string} file */
const readJson = (file) => JSON.parse(readFileSync(join(root, file), 'utf8'));

/** @type {Record<string, { what: string, budgetBytes: number }>} */
const budgets = readJson('scripts/size-budgets.json');

/** @type {import('./size/readme.mjs').Row[]} */
const rows = [];
/** @type {string[]} */
const faults = [];

/** @param {string} name @param {import('./size/measure.mjs').Measure} measured */
function record(name, measured) {
  const { what = '', budgetBytes } = budgets[name] ?? {};
  rows.push({ name, what, minBytes: measured.minBytes, gzipBytes: measured.gzipBytes, budgetBytes });
  if (budgetBytes === undefined) faults.push(`${name} has no budget in scripts/size-budgets.json`);
  else if (measured.gzipBytes > budgetBytes) {
    faults.push(`${name} is ${measured.gzipBytes} bytes, over its budget of ${budgetBytes}`);
  }
  if (name.startsWith('lazy') && measured.gzipBytes === 0) faults.push(`${name} measures nothing`);
  faults.push(...bleed(name, measured));
  if (name === options.explain) {
    for (const { module, minBytes: bytes } of shares(measured)) console.log(`${String(bytes).padStart(8)}  ${module}`);
  }
}

/** @param {string} file */
const importAll = (file) => `export * from ${JSON.stringify(join(dist, file))};`;

await build({ log: () => {} });

const client = await measure(importAll('index.js').replace('*', '{ connect, webSocket, createIdentity }'));
record('browser client', client.initial);
record('lazy: session', client.lazy(/start-session/));
record('lazy: default suite', client.lazy(/suite-noble/));
record('first call', client.with(/start-session|suite-noble/));
record('lazy: curves', client.lazy(/@noble\/curves/));
const verifier = await measure(importAll('documents/index.js').replace('*', '{ verifyCompact, keySet }'));
record('lazy: P-256', verifier.lazy(/noble-p256/));
for (const { subpath, module } of exportedModules(readJson('package.json'))) {
  const { initial, lazy } = await measure(importAll(module));
  record(subpath, initial);
  if (subpath === './vault') record('lazy: recovery words', lazy(/@scure\/bip39/));
}
for (const file of ['ringline.min.mjs', 'ringline.iife.min.js']) {
  const code = readFileSync(join(dist, file), 'utf8');
  record(file, { code, modules: [], minBytes: code.length, gzipBytes: gzipBytes(code) });
}

print();
if (options.json) writeFileSync(options.json, `${JSON.stringify(rows, null, 2)}\n`);
if (options.write || options.check) {
  const path = join(root, 'README.md');
  const readme = readFileSync(path, 'utf8');
  if (options.write) writeFileSync(path, withTable(readme, rows));
  else faults.push(...tableFaults(readme, rows));
}
for (const fault of faults) console.error(fault);
process.exitCode = faults.length > 0 ? 1 : 0;

function print() {
  const line = (/** @type {string[]} */ [name = '', ...cells]) =>
    `${name.padEnd(26)}${cells.map((cell) => cell.padStart(12)).join('')}`;
  console.log(line(['KB, minified, static only', 'min', 'gzip', 'budget']));
  for (const { name, minBytes, gzipBytes: bytes, budgetBytes } of rows) {
    const budget = budgetBytes === undefined ? 'none' : kilobytes(budgetBytes);
    console.log(line([name, kilobytes(minBytes), kilobytes(bytes), budget]));
  }
}
