// The two files for a page without a bundler: a script-tag build with the global `ringline`, and a self-contained
// module. Both hold the front door and everything it loads later, and browser code only.

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { rolldown } from 'rolldown';
import {
  librariesFirst,
  loadedAtOnce,
  nativePbkdf2,
  nativeWebSocket,
  packedWords,
  plainCopies,
} from './page-plugins.mjs';

/**
 * Makes an import that leads nowhere an error; rolldown would leave it in place with a warning.
 *
 * @type {NonNullable<import('rolldown').InputOptions['onLog']>}
 */
export const failOnUnresolved = (level, log, handle) => {
  if (log.code === 'UNRESOLVED_IMPORT') throw new Error(log.message);
  // An entry that has everything needs nothing later.
  if (log.code === 'INEFFECTIVE_DYNAMIC_IMPORT') return;
  handle(level, log);
};

/**
 * Bundles the front door of a build into one file.
 *
 * @param {string} outDir Folder that holds the emitted modules; the bundle goes there too.
 * @param {'iife' | 'es'} format
 * @param {string} banner Licence line.
 * @returns {Promise<string[]>} Names of the packages inside, sorted.
 */
export async function bundleForPages(outDir, format, banner) {
  const bundle = await rolldown({
    input: 'page',
    platform: 'browser',
    plugins: [
      librariesFirst(join(outDir, 'index.js')),
      loadedAtOnce,
      nativeWebSocket,
      plainCopies,
      nativePbkdf2,
      packedWords,
    ],
    transform: { target: 'es2022' },
    logLevel: 'warn',
    onLog: failOnUnresolved,
  });
  const file = join(outDir, format === 'iife' ? 'ringline.iife.min.js' : 'ringline.min.mjs');
  const { output } = await bundle.generate({
    format,
    name: 'ringline',
    minify: true,
    comments: { legal: false },
    codeSplitting: false,
    postBanner: banner,
  });
  await bundle.close();
  const [chunk] = output;
  writeFileSync(file, asciiOnly(chunk.code));
  const packages = Object.keys(chunk.modules).map(packageOf);
  return [...new Set(packages.filter((name) => name !== undefined))].sort();
}

/**
 * The same code in ASCII, so that no server's or page's idea of the charset changes it. Escapes mean the same in strings,
 * templates, expressions and names.
 *
 * @param {string} code
 */
function asciiOnly(code) {
  return code.replace(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** The package a bundled module came from. @param {string} id Absolute path. */
function packageOf(id) {
  return /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(id.split('\\').join('/'))?.[1];
}

/**
 * Text with the licences of the bundled packages, which their terms ask us to carry along.
 *
 * @param {string} root
 * @param {readonly string[]} packages
 */
export function licencesOf(root, packages) {
  const parts = packages.map((name) => {
    const folder = dirname(join(root, 'node_modules', name, 'package.json'));
    const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    const file = ['LICENSE', 'LICENSE.md', 'LICENCE', 'LICENSE.txt'].find((name) => existsSync(join(folder, name)));
    const text = file ? readFileSync(join(folder, file), 'utf8').trim() : `Licence: ${manifest.license}`;
    return `${name} ${manifest.version} (${manifest.license})\n\n${text}\n`;
  });
  return `Packages inside ringline.iife.min.js and ringline.min.mjs\n\n${parts.join(`\n${'-'.repeat(80)}\n\n`)}`;
}
