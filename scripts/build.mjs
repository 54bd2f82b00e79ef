// `npm run build`: from `src` to `dist`, whole or not at all. Does nothing when `dist` is already what it would make,
// so tests and the demo call it freely; `--force` builds all the same.

import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleForPages, licencesOf } from './build/bundle.mjs';
import { checkOutput } from './build/check-output.mjs';
import { emitModules } from './build/emit.mjs';
import { inputsDigest, isCurrent, writeStamp } from './build/stamp.mjs';
import { trimOutput } from './build/trim.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const dist = join(root, 'dist');

/**
 * Builds `dist` unless it is current.
 *
 * @param {{ force?: boolean, log?: (line: string) => void }} [options]
 * @returns {Promise<void>} Rejects when anything fails; `dist` is then as it was.
 */
export async function build({ force = false, log = console.log } = {}) {
  const started = performance.now();
  const inputs = inputsDigest(root);
  if (!force && isCurrent(dist, inputs)) return log('dist is current');

  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  // Made aside and swapped in when done: whoever reads `dist` meanwhile sees the old build, never half of one.
  const aside = join(root, '.cache', `build-${process.pid}`);
  rmSync(aside, { recursive: true, force: true });
  mkdirSync(dirname(aside), { recursive: true });
  try {
    await emitModules(root, aside);
    trimOutput(aside, manifest);
    await writePageBundles(aside, manifest);
    const faults = await checkOutput(root, aside, manifest);
    if (faults.length > 0) throw new Error(faults.join('\n'));
    for (const file of Object.values(manifest.bin)) chmodSync(join(aside, file.replace('dist/', '')), 0o755);
    writeStamp(aside, inputs);
    swapIn(aside);
  } finally {
    rmSync(aside, { recursive: true, force: true });
  }
  log(`dist built in ${((performance.now() - started) / 1000).toFixed(1)} s`);
}

/** @param {string} outDir @param {{ version: string, license: string }} manifest */
async function writePageBundles(outDir, manifest) {
  const licences = 'ringline.licences.txt';
  const banner = `/*! ringline ${manifest.version} | ${manifest.license} | packages inside: see ${licences} */`;
  const [packages] = await Promise.all([bundleForPages(outDir, 'iife', banner), bundleForPages(outDir, 'es', banner)]);
  writeFileSync(join(outDir, licences), licencesOf(root, packages));
  const hashes = ['ringline.iife.min.js', 'ringline.min.mjs'].map((file) => [file, integrityOf(join(outDir, file))]);
  writeFileSync(join(outDir, 'sri.json'), `${JSON.stringify(Object.fromEntries(hashes), null, 2)}\n`);
}

/** Subresource-integrity value of a file, for a tag's `integrity`. @param {string} file */
const integrityOf = (file) => `sha384-${createHash('sha384').update(readFileSync(file)).digest('base64')}`;

/** @param {string} made */
function swapIn(made) {
  const old = `${made}.old`;
  if (existsSync(dist)) renameSync(dist, old);
  renameSync(made, dist);
  rmSync(old, { recursive: true, force: true });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    await build({ force: process.argv.includes('--force') });
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
