// 64 jobs of ARCP in flight between a client and a runtime, over a WebSocket on loopback: envelopes for a second of CPU
// time, both sides counted, against raw `ws` in the same run. The SQL log is Bun's, or that of a Node that has one.

import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { interleave, median, ratio } from './rounds.mjs';

const script = fileURLToPath(new URL('peers/jobs.mjs', import.meta.url));
const run = promisify(execFile);

/** What is wanted of a second of CPU time, or three tenths of what raw `ws` does in it, whichever is lower. */
const WANTED_PER_SECOND = 20_000;
const WANTED_SHARE = 0.3;

/** @param {string} path @param {string} kind */
async function perCpuSecond(path, kind) {
  const folder = mkdtempSync(join(tmpdir(), 'ringline-bench-'));
  try {
    const { stdout } = await run(path, [script, kind, join(folder, 'log.db')]);
    return /** @type {number} */ (JSON.parse(stdout).perCpuSecond);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A Node with SQLite in it, where there is one. */
async function findSqlite() {
  const node = process.env.RINGLINE_NODE_SQLITE ?? process.execPath;
  try {
    await run(node, ['-e', "require('node:sqlite')"]);
    return node;
  } catch {
    console.error(`SQL log: not run, this Node (${process.version}) has none, nor does RINGLINE_NODE_SQLITE name one`);
    return undefined;
  }
}

/** @param {{ rounds: number, onRound: () => void }} options @returns {Promise<import('./report.mjs').Figure[]>} */
export async function jobs({ rounds, onRound }) {
  const sqlite = await findSqlite();
  const node = process.execPath;
  const series = await interleave(
    {
      raw: () => perCpuSecond(node, 'raw'),
      memory: () => perCpuSecond(node, 'memory'),
      ...(sqlite === undefined ? {} : { sql: () => perCpuSecond(sqlite, 'sql') }),
    },
    rounds,
    onRound,
  );
  const figure = (/** @type {string} */ name, /** @type {readonly number[]} */ values) => ({
    name,
    median: median(values),
    min: Math.min(...values),
    max: Math.max(...values),
  });
  const rawPerSecond = median(series.raw);
  const floor = Math.min(WANTED_PER_SECOND, WANTED_SHARE * rawPerSecond);
  const note = `raw ws: ${Math.round(rawPerSecond).toLocaleString('en')}`;
  return [
    { ...figure('envelopes per CPU s, memory log', series.memory), floor, note },
    {
      name: 'envelopes, memory log / raw ws',
      ...ratio(series.memory, series.raw),
      note: 'both sides, 64 jobs in flight',
    },
    ...(series.sql === undefined
      ? []
      : [{ ...figure('envelopes per CPU s, SQL log in a file', series.sql), note: 'node:sqlite' }]),
  ];
}
