// The other runtimes: found among the installed packages, or not run, with the reason.

import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { root } from '../../scripts/test/command.mjs';

const run = promisify(execFile);

/**
 * A runtime that starts here.
 *
 * @typedef {object} Runtime
 * @property {string} name As people say it.
 * @property {string} path Its program.
 * @property {string} version
 * @property {(script: string) => string[]} args Arguments that run a script, with no more rights than it needs.
 */

const DENO_FLAGS = ['--no-config', '--no-lock', '--cached-only', '--no-prompt', '--node-modules-dir=manual'];

/** @type {Record<'deno' | 'bun' | 'workerd', { name: string, scope: string, prefix: string, args: (script: string) => string[] }>} */
const OTHERS = {
  deno: {
    name: 'Deno',
    scope: '@deno',
    prefix: '',
    args: (script) => ['run', ...DENO_FLAGS, '--allow-net=127.0.0.1', '--allow-read', script],
  },
  bun: { name: 'Bun', scope: '@oven', prefix: 'bun-', args: (script) => ['--no-install', 'run', script] },
  workerd: { name: 'workerd', scope: '@cloudflare', prefix: 'workerd-', args: () => [] },
};

/** This very Node. @type {Runtime} */
export const node = {
  name: 'Node',
  path: process.execPath,
  version: process.versions.node,
  args: (script) => [script],
};

/**
 * Finds one of the others.
 *
 * @param {'deno' | 'bun' | 'workerd'} key
 * @returns {Promise<Runtime | string>} Or why not, in one line.
 */
export async function findRuntime(key) {
  const { name, args } = OTHERS[key];
  for (const path of candidates(key)) {
    const version = await versionOf(path);
    if (version !== undefined) return { name, path, version, args };
  }
  const { optionalDependencies } = JSON.parse(readFileSync(join(root, 'e2e/package.json'), 'utf8'));
  return `the optional package ${key}@${optionalDependencies[key]} is not installed, or does not start here`;
}

/** @param {keyof typeof OTHERS} key @returns {string[]} Paths in the order of preference. */
function candidates(key) {
  const exe = process.platform === 'win32' ? '.exe' : '';
  const modules = join(root, 'node_modules');
  const { scope, prefix } = OTHERS[key];
  const scoped = existsSync(join(modules, scope)) ? readdirSync(join(modules, scope)) : [];
  // The package of this platform, which works also where install scripts were not allowed to put it into its place.
  const ofPlatform = scoped
    .filter((folder) => folder.startsWith(prefix))
    .flatMap((folder) => [join(modules, scope, folder, `bin/${key}${exe}`), join(modules, scope, folder, key + exe)]);
  const onPath = (process.env.PATH ?? '').split(delimiter).filter(Boolean);
  const everywhere = [...ofPlatform, join(modules, '.bin', key), ...onPath.map((folder) => join(folder, key + exe))];
  return [...new Set(everywhere)].filter((path) => existsSync(path));
}

/** @param {string} path */
async function versionOf(path) {
  try {
    const { stdout } = await run(path, ['--version'], { timeout: 20_000, killSignal: 'SIGKILL' });
    return /\d+[.-]\d+[.-]\d+/.exec(stdout)?.[0];
  } catch {
    return undefined;
  }
}
