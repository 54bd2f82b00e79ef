// What every build must hold: ASCII only, nothing evaluated from text, no Node module within reach of a browser or a
// worker, and every exported subpath there.

import { existsSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join } from 'node:path';
import { rolldown } from 'rolldown';
import { parseAst } from 'rolldown/parseAst';
import { nativeWebSocket } from './page-plugins.mjs';
import { filesBelow } from './stamp.mjs';

/**
 * Exported subpaths that have code, with their files below `dist`.
 *
 * @param {{ exports: Record<string, string | { types: string, default: string }> }} manifest
 * @returns {{ subpath: string, types: string, module: string }[]}
 */
export function exportedModules(manifest) {
  return Object.entries(manifest.exports).flatMap(([subpath, target]) =>
    typeof target === 'string'
      ? []
      : [{ subpath, types: target.types.replace('./dist/', ''), module: target.default.replace('./dist/', '') }],
  );
}

/**
 * @param {string} root Project root.
 * @param {string} outDir The build to check.
 * @param {any} manifest package.json.
 * @returns {Promise<string[]>} What is wrong, one line each; empty when all is well.
 */
export async function checkOutput(root, outDir, manifest) {
  const entries = exportedModules(manifest);
  const faults = [...missingFiles(root, outDir, entries, manifest), ...forbiddenText(outDir)];
  if (faults.length === 0) faults.push(...(await nodeWithinReach(outDir, entries)));
  return faults;
}

/**
 * @param {string} root @param {string} outDir @param {ReturnType<typeof exportedModules>} entries @param {any} manifest
 */
function missingFiles(root, outDir, entries, manifest) {
  const faults = [];
  for (const { subpath, types, module } of entries) {
    const source = `src/${module.replace(/\.js$/, '.ts')}`;
    if (!existsSync(join(root, source))) faults.push(`exports "${subpath}": ${source} does not exist`);
    else
      for (const file of [types, module]) if (!existsSync(join(outDir, file))) faults.push(`dist/${file} is missing`);
  }
  for (const file of [...Object.values(manifest.bin), manifest.unpkg, manifest.jsdelivr]) {
    const inDist = file.replace(/^(\.\/)?dist\//, '');
    if (!existsSync(join(outDir, inDist))) faults.push(`dist/${inDist} is missing`);
  }
  return faults;
}

/** @param {string} outDir */
function forbiddenText(outDir) {
  const faults = [];
  for (const file of filesBelow(outDir)) {
    if (!/\.(m?js|d\.ts)$/.test(file)) continue;
    const text = readFileSync(join(outDir, file), 'utf8');
    const line = text.split('\n').findIndex((part) => /[^\t\r\x20-\x7f]/.test(part));
    if (line >= 0) faults.push(`dist/${file}:${line + 1}: a character outside ASCII`);
    if (!file.endsWith('.d.ts') && evaluatesText(parseAst(text))) faults.push(`dist/${file}: evaluates text`);
  }
  return faults;
}

/**
 * Whether a syntax tree calls `eval` or `Function`, which turn text into code. By tree and not by words, since a method
 * may well be called `eval`.
 *
 * @param {unknown} node
 * @returns {boolean}
 */
export function evaluatesText(node) {
  if (Array.isArray(node)) return node.some(evaluatesText);
  if (typeof node !== 'object' || node === null) return false;
  const { type, callee } = /** @type {any} */ (node);
  if (type === 'CallExpression' || type === 'NewExpression') {
    if (callee.type === 'Identifier' && (callee.name === 'eval' || callee.name === 'Function')) return true;
  }
  return Object.values(node).some(evaluatesText);
}

/**
 * Bundles every subpath as a browser or worker would get it, and refuses any built-in module of Node.
 *
 * @param {string} outDir @param {ReturnType<typeof exportedModules>} entries
 */
async function nodeWithinReach(outDir, entries) {
  /** @type {string[]} */
  const faults = [];
  const input = Object.fromEntries(
    entries
      .filter(({ subpath }) => !subpath.startsWith('./host/node'))
      .map(({ module }) => [module, join(outDir, module)]),
  );
  const bundle = await rolldown({
    input,
    platform: 'neutral',
    resolve: { conditionNames: ['import', 'default'], mainFields: ['module', 'main'] },
    plugins: [
      nativeWebSocket,
      {
        name: 'no-node',
        resolveId(id, importer) {
          if (!isBuiltin(id)) return undefined;
          faults.push(`${importer?.slice(outDir.length + 1)} imports ${id}`);
          return { id, external: true };
        },
      },
    ],
    onLog(level, log, handle) {
      if (log.code === 'UNRESOLVED_IMPORT') faults.push(log.message);
      else handle(level, log);
    },
  });
  await bundle.generate({ format: 'es' });
  await bundle.close();
  return faults;
}
