// The package as it would be published: the tarball is packed and shown to publint and attw, and every bundle weighed.

import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { command, root } from './command.mjs';

/** @param {string} name @param {string} file */
const inPackage = (name, file) => join(root, 'node_modules', name, file);

/**
 * Packs the tarball a registry would get, without running scripts.
 *
 * @param {string} folder Where it goes; made, and emptied of earlier ones by the caller.
 * @returns {Promise<string>} Path of the tarball.
 */
export async function pack(folder) {
  mkdirSync(folder, { recursive: true });
  const args = ['pack', '--json', '--ignore-scripts', '--silent', '--pack-destination', folder];
  const npm = process.env.npm_execpath;
  const { code, output } = npm ? await command([npm, ...args]) : await command(args, { program: 'npm' });
  if (code !== 0) throw new Error(`npm pack failed\n${output}`);
  return join(folder, JSON.parse(output.slice(output.indexOf('[\n')))[0].filename);
}

/**
 * @param {import('./steps.mjs').Context} context
 * @returns {Promise<import('./steps.mjs').Result>}
 */
export async function packagingTests({ log, write }) {
  const folder = join(root, '.cache', `pack-${process.pid}`);
  try {
    const tarball = await pack(folder);
    /** @type {[string, string[]][]} */
    const cases = [
      ['publint', [inPackage('publint', 'src/cli.js'), 'run', tarball, '--strict']],
      ['attw', [inPackage('@arethetypeswrong/cli', 'dist/index.js'), tarball, '--profile', 'esm-only']],
      ['size', [join(root, 'scripts/size.mjs'), write ? '--write' : '--check']],
    ];
    let failed = 0;
    for (const [name, args] of cases) {
      const { code, output } = await command(args, { timeoutMs: 120_000 });
      log(`${code === 0 ? 'ok' : 'FAILED'} ${name}`);
      if (code !== 0 || name === 'size') log(output);
      if (code !== 0) failed += 1;
    }
    return { passed: cases.length - failed, failed, skipped: 0 };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
