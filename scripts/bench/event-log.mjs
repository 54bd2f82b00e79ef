// The event log of ARCP over SQLite, in a file, in Bun and in Node: what an event costs to keep and to find among 1,000 and
// among 1,000,000, and 100,000 read back. In CPU time, each run a process of its own. Node needs 22.13 or newer for it: the
// one that runs this, or the one that RINGLINE_NODE_SQLITE names.

import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { findRuntime } from '../../e2e/lib/runtimes.mjs';
import { median, ratio } from './rounds.mjs';

/** A run takes a minute, and most of it is filling the log: more would say no more. */
const MAX_ROUNDS = 3;

/** @typedef {{ name: string, kind: string, path: string, args: (script: string) => string[], sizes: readonly number[] }} Engine */
/** @typedef {{ size: number, appendUs: number } & Record<string, number>} At */
/** @typedef {{ results: At[], replay: { events: number, cpuSeconds: number } }} Run */

const script = fileURLToPath(new URL('peers/event-log.mjs', import.meta.url));
const run = promisify(execFile);

async function findEngines() {
  /** @type {Engine[]} */
  const engines = [];
  const sizes = [1_000, 100_000, 1_000_000];
  const bun = await findRuntime('bun');
  if (typeof bun === 'string') console.error(`bun:sqlite: not run, ${bun}`);
  else engines.push({ name: 'bun:sqlite', kind: 'bun', path: bun.path, args: bun.args, sizes });
  const node = process.env.RINGLINE_NODE_SQLITE ?? process.execPath;
  try {
    await run(node, ['-e', "require('node:sqlite')"]);
    engines.push({ name: 'node:sqlite', kind: 'node', path: node, args: (file) => [file], sizes });
  } catch {
    console.error(
      `node:sqlite: not run, this Node (${process.version}) has none, nor does RINGLINE_NODE_SQLITE name one`,
    );
  }
  // As many as it keeps of itself.
  const memory = { kind: 'memory', path: process.execPath, args: (/** @type {string} */ file) => [file] };
  engines.push({ name: 'memory', ...memory, sizes: [1_000, 10_000, 100_000] });
  return engines;
}

/** @param {Engine} engine @returns {Promise<Run>} */
async function runOnce({ kind, path, args, sizes }) {
  const folder = mkdtempSync(join(tmpdir(), 'ringline-bench-'));
  try {
    const { stdout } = await run(path, [...args(script), kind, join(folder, 'log.db'), sizes.join(',')]);
    return JSON.parse(stdout);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What all the ways to find events cost together. @param {At} at */
function findUs({ locateUs = 0, jobUs = 0, replyUs = 0, sessionRowUs = 0, principalRowUs = 0, anyRowUs = 0 }) {
  // A row among the hundred of a page counts as the page.
  return locateUs + jobUs + replyUs + 100 * (sessionRowUs + principalRowUs + anyRowUs);
}

/** @param {{ rounds: number, onRound: () => void }} options @returns {Promise<import('./report.mjs').Figure[]>} */
export async function eventLog({ rounds, onRound }) {
  const engines = await findEngines();
  /** @type {Run[][]} */
  const runs = engines.map(() => []);
  for (let round = 0; round < Math.min(rounds, MAX_ROUNDS); round++) {
    for (const [i, engine] of engines.entries()) runs[i]?.push(await runOnce(engine));
    onRound();
  }
  return engines.flatMap(({ name, kind, sizes }, i) => {
    const all = /** @type {Run[]} */ (runs[i]);
    const first = all.map(({ results }) => /** @type {At} */ (results[0]));
    const last = all.map(({ results }) => /** @type {At} */ (results.at(-1)));
    const seconds = all.map(({ replay }) => replay.cpuSeconds);
    const keep = (/** @type {At[]} */ at) => at.map(({ appendUs }) => appendUs);
    const most = (sizes.at(-1) ?? 0).toLocaleString('en');
    // A job among all sessions is looked for entry by entry in memory, which is bounded: that may grow.
    const figures = [
      {
        name: `event kept, ${most} / 1,000, ${name}`,
        ...ratio(keep(last), keep(first)),
        ceiling: 2,
        note: `CPU: ${median(keep(last)).toFixed(1)} us each, ${median(keep(first)).toFixed(1)} us at first`,
      },
    ];
    if (kind === 'memory') return figures;
    return [
      {
        name: `CPU s, 100,000 events replayed, ${name}`,
        median: median(seconds),
        min: Math.min(...seconds),
        max: Math.max(...seconds),
        ceiling: 1,
        note: `of ${most}, in pages of 1,000`,
      },
      ...figures,
      {
        name: `events found, ${most} / 1,000, ${name}`,
        ...ratio(last.map(findUs), first.map(findUs)),
        ceiling: 2,
        note: `by id ${median(last.map(({ locateUs = 0 }) => locateUs)).toFixed(0)} us, by job ${median(last.map(({ jobUs = 0 }) => jobUs)).toFixed(0)} us`,
      },
    ];
  });
}
