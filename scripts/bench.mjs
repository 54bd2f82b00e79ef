// `npm run bench`: speed, as ratios against peers in the same run, and memory. Never a test: nothing fails on time.
// Options: `--rounds N` (default 7), `--only codec,handshake,...`, `--json FILE`.

import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { build } from './build.mjs';

// Loaded when the package has been built: they import it.
const CASES = {
  codec: async () => (await import('./bench/codec.mjs')).codec,
  handshake: async () => (await import('./bench/handshake.mjs')).handshake,
  echo: async () => (await import('./bench/network.mjs')).echo,
  streams: async () => (await import('./bench/network.mjs')).streams,
  chromium: async () => (await import('./bench/chromium.mjs')).chromium,
  cards: async () => (await import('./bench/cards.mjs')).cards,
  eventlog: async () => (await import('./bench/event-log.mjs')).eventLog,
  jobs: async () => (await import('./bench/jobs.mjs')).jobs,
  tokens: async () => (await import('./bench/tokens.mjs')).tokens,
  memory: async () => (await import('./bench/memory.mjs')).memory,
};

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
const { keeps, table } = await import('./bench/report.mjs');
/** @type {import('./bench/report.mjs').Figure[]} */
const figures = [];
for (const name of names) {
  let done = 0;
  const onRound = () => process.stderr.write(`\r${name}: round ${++done} of ${rounds} `);
  const measure = await CASES[/** @type {keyof typeof CASES} */ (name)]();
  figures.push(...(await measure({ rounds, onRound })));
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
