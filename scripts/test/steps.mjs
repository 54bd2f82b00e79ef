// The steps of `npm test`, in order. Each runs its cases, says what failed, and returns how many did.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { EXIT_NO_BROWSER } from '../find-browser.mjs';
import { command, root } from './command.mjs';
import { packagingTests } from './packaging.mjs';
import { resultOf } from './report.mjs';
import { unitTests } from './vitest.mjs';

/** @typedef {{ passed: number, failed: number, skipped: number, noBrowser?: boolean }} Result */

/**
 * @typedef {object} Context
 * @property {(line: string) => void} log Shows text to the reader, set in.
 * @property {boolean} write Whether generated tables are to be brought up to date, not checked.
 */

/**
 * @typedef {object} Step
 * @property {string} name
 * @property {string} what One line for the reader.
 * @property {boolean} [needsBuild] Not run when the build failed.
 * @property {(context: Context) => Promise<Result>} run
 */

/** @param {string} name @param {string} file */
const tool = (name, file) => join(root, 'node_modules', name, file);

/**
 * Runs commands two at a time, each one case.
 *
 * @param {readonly (readonly [string, readonly string[]])[]} cases
 * @param {(line: string) => void} log
 * @returns {Promise<Result>}
 */
async function eachCommand(cases, log) {
  let failed = 0;
  const waiting = [...cases];
  const worker = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const [name, args] = next;
      const { code, output } = await command(args);
      if (code === 0) log(`ok ${name}`);
      else {
        failed += 1;
        log(`FAILED ${name}\n${output}`);
      }
    }
  };
  await Promise.all([worker(), worker()]);
  return { passed: cases.length - failed, failed, skipped: 0 };
}

const TSC = tool('typescript', 'bin/tsc');

/** @type {readonly Step[]} */
export const STEPS = [
  {
    name: 'build',
    what: 'modules, declarations and page bundles; ASCII, no eval, no Node in reach',
    run: ({ log }) => eachCommand([['build', ['scripts/build.mjs']]], log),
  },
  {
    name: 'check',
    what: 'format, lint, types',
    run: ({ log }) =>
      eachCommand(
        [
          ['format and lint', [tool('@biomejs/biome', 'bin/biome'), 'check', '--error-on-warnings', '.']],
          ['types: core, without window and Node', [TSC, '-p', 'tsconfig.json']],
          ['types: command line, tests, demo, examples', [TSC, '-p', 'tsconfig.node.json']],
          ['types: scripts', [TSC, '-p', 'tsconfig.scripts.json']],
        ],
        log,
      ),
  },
  { name: 'unit', what: 'unit, property and conformance tests, with coverage', run: unitTests },
  { name: 'packaging', what: 'the tarball, and what it costs a page', needsBuild: true, run: packagingTests },
  {
    name: 'runtimes',
    what: 'the built package in Chromium, Deno, Bun, workerd and Node',
    needsBuild: true,
    run: runtimeTests,
  },
  { name: 'demo', what: 'the story of the demo, told once by its own buttons', needsBuild: true, run: demoTest },
];

/**
 * The real runtimes have a runner of their own, which shows its progress and prints its counts.
 *
 * @param {Context} context
 * @returns {Promise<Result>}
 */
async function runtimeTests({ log, write }) {
  if (!existsSync(join(root, 'e2e/run.mjs'))) {
    log('not run: e2e/run.mjs is missing');
    return { passed: 0, failed: 1, skipped: 0 };
  }
  const { code, output } = await command(['e2e/run.mjs', ...(write ? ['--write'] : [])], {
    timeoutMs: 900_000,
    onLine: log,
  });
  return resultOf(code, output);
}

/**
 * The demo is its own test: each line of its story is a case, and its exit code says whether the story held.
 *
 * @param {Context} context
 * @returns {Promise<Result>}
 */
async function demoTest({ log }) {
  const { code, output } = await command(['demo/run.mjs', '--once', '--port', '0'], { onLine: log });
  const passed = output.split('\n').filter((line) => line.trimStart().startsWith('\u2713')).length;
  const noBrowser = code === EXIT_NO_BROWSER;
  return { passed, failed: code === 0 && passed > 0 ? 0 : 1, skipped: 0, ...(noBrowser ? { noBrowser } : {}) };
}
