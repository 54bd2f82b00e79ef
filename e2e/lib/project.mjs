// A stranger's project: the packed tarball and exactly what its manifest asks for, in a folder far from ours, so that
// nothing undeclared is within reach. Our suites are copied into it.

import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rolldown } from 'rolldown';
import { command, root } from '../../scripts/test/command.mjs';
import { pack } from '../../scripts/test/packaging.mjs';

/**
 * @typedef {object} Project
 * @property {string} folder
 * @property {any} manifest The package.json inside the tarball.
 * @property {(name: string, text: string) => string} write Puts a file into it; returns its path.
 */

/** Contracts that are built for the suites. */
const CONTRACTS = ['store', 'transport', 'event-log', 'artifact-store'];

/** Makes a project, which is gone when the process ends, however it ends. @returns {Promise<Project>} */
export async function makeProject() {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), 'ringline-e2e-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 }));
  const write = (/** @type {string} */ name, /** @type {string} */ text) => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const manifest = await unpack(folder);
  installDependencies(join(folder, 'node_modules'), manifest);
  write('package.json', JSON.stringify({ name: 'stranger', private: true, type: 'module' }));
  for (const part of ['e2e/suite', 'e2e/calls', 'e2e/page', 'vectors']) {
    cpSync(join(root, part), join(folder, part), { recursive: true });
  }
  await buildContracts(join(folder, 'e2e/contracts'));
  return { folder, manifest, write };
}

/** @param {string} folder */
async function unpack(folder) {
  const tarball = await pack(join(folder, 'tarball'));
  const { code, output } = await command(['-xzf', tarball, '-C', folder], { program: 'tar' });
  if (code !== 0) throw new Error(`the tarball does not unpack\n${output}`);
  mkdirSync(join(folder, 'node_modules'));
  renameSync(join(folder, 'package'), join(folder, 'node_modules/ringline'));
  return JSON.parse(readFileSync(join(folder, 'node_modules/ringline/package.json'), 'utf8'));
}

/**
 * Copies what a manifest asks for, and what that asks for in turn, from where npm has put it for us.
 *
 * @param {string} modules @param {any} manifest
 */
function installDependencies(modules, manifest) {
  const wanted = [...Object.keys(manifest.dependencies), ...Object.keys(manifest.peerDependencies ?? {})];
  const installed = new Set();
  for (let name = wanted.shift(); name !== undefined; name = wanted.shift()) {
    if (installed.has(name)) continue;
    installed.add(name);
    const from = join(root, 'node_modules', name);
    cpSync(from, join(modules, name), { recursive: true, dereference: true });
    const { dependencies = {} } = JSON.parse(readFileSync(join(from, 'package.json'), 'utf8'));
    wanted.push(...Object.keys(dependencies).filter((other) => !existsSync(join(from, 'node_modules', other))));
  }
}

/** The contracts of stores, transports, and what ARCP keeps, which the unit tests hold adapters to as well, as plain JavaScript. */
async function buildContracts(/** @type {string} */ folder) {
  const bundle = await rolldown({
    input: Object.fromEntries(CONTRACTS.map((name) => [name, join(root, `test/contracts/${name}.ts`)])),
    resolve: { extensionAlias: { '.js': ['.ts', '.js'] } },
    platform: 'neutral',
    logLevel: 'warn',
  });
  await bundle.write({ dir: folder, format: 'es', entryFileNames: '[name].mjs', chunkFileNames: '[name].mjs' });
  await bundle.close();
}
