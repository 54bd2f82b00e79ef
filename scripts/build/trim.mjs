// What a build need not carry: declarations and modules that no entry leads to, and comments in code.

import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { exportedModules } from './check-output.mjs';
import { filesBelow } from './stamp.mjs';
import { stripComments } from './strip-comments.mjs';

/** Relative specifiers of all the ways one file names another, in code and in declarations. */
const NAMED = /\b(?:from|import)\s*\(?\s*(?:'(\.[^'\n]+)'|"(\.[^"\n]+)")/g;

/**
 * Trims the output of the compiler in place. `exports` shuts every other way in, so a declaration that no exported
 * declaration names is of no use to anybody, and neither is a module that held nothing but types.
 *
 * @param {string} outDir The build.
 * @param {any} manifest package.json.
 */
export function trimOutput(outDir, manifest) {
  const entries = exportedModules(manifest);
  const commands = Object.values(manifest.bin).map((file) => file.replace('dist/', ''));
  const kept = new Set([
    ...reachable(outDir, [...entries.map(({ module }) => module), ...commands], '.js'),
    ...reachable(
      outDir,
      entries.map(({ types }) => types),
      '.d.ts',
    ),
  ]);
  for (const file of filesBelow(outDir)) {
    const path = join(outDir, file);
    if (!kept.has(file)) rmSync(path);
    else if (file.endsWith('.js')) writeFileSync(path, stripComments(file, readFileSync(path, 'utf8')));
  }
}

/**
 * Some files of a build and all that these name, whichever way. A file that is not there is left for the checks to tell.
 *
 * @param {string} outDir
 * @param {readonly string[]} entries Paths below the build.
 * @param {'.js' | '.d.ts'} extension Of the files; a specifier always ends in `.js`.
 * @returns {Set<string>}
 */
export function reachable(outDir, entries, extension) {
  const there = new Set(filesBelow(outDir));
  const found = new Set(entries.filter((file) => there.has(file)));
  for (const file of found) {
    for (const [, single, double] of readFileSync(join(outDir, file), 'utf8').matchAll(NAMED)) {
      const specifier = single ?? double ?? '';
      const named = posix.join(posix.dirname(file), specifier.replace(/\.js$/, extension));
      if (there.has(named)) found.add(named);
    }
  }
  return found;
}
