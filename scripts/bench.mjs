// `npm run bench`: speed, as ratios against peers in the same run, and memory. Never a test: nothing fails on time.
// Options: `--rounds N` (default 7), `--only codec,handshake,...`, `--json FILE`.

import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { chromium } from './bench/chromium.mjs';
import { codec } from './bench/codec.mjs';
import { handshake } from './bench/handshake.mjs';
import { memory } from './bench/memory.mjs';
import { echo, streams } from './bench/network.mjs';
import { keeps, table } from './bench/report.mjs';
import { build } from './build.mjs';

const CASES = { codec, handshake, echo, streams, chromium, memory };

const { values: options } = parseArgs({
  options: { rounds: { type: 'string', default: '7' }, only: { type: 'string' }, json: { type: 'string' } },
});
const rounds = Number(options.rounds);
const names = options.only?.split(',') ?? Object.keys(CASES);
const unknown = names.filter((name) => !(name in CASES));
if (!Number.isInteger(rounds) || rounds < 1 || unknown.length > 0) {
  console.error(`--rounds takes a whole number from 1, --only some of ${Object.keys(CASES).join(', ')}`);
  process.exit(2);
}

await build({ log: () => {} });
/** @type {import('./bench/report.mjs').Figure[]} */
const figures = [];
for (const name of names) {
  let done = 0;
  const onRound = () => process.stderr.write(`\r${name}: round ${++done} of ${rounds} `);
  figures.push(...(await CASES[/** @type {keyof typeof CASES} */ (name)]({ rounds, onRound })));
  process.stderr.write('\n');
}
console.log(table(figures));
const missed = figures.filter((figure) => !keeps(figure));
console.log(
  missed.length === 0
    ? '\nEvery floor is kept.'
    : `\nBelow what is wanted: ${missed.map(({ name }) => name).join('; ')}`,
);
if (options.json !== undefined) {
  const runtime = { node: process.version, v8: process.versions.v8, platform: process.platform, arch: process.arch };
  writeFileSync(options.json, `${JSON.stringify({ runtime, rounds, figures }, null, 2)}\n`);
}
