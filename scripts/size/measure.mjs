// How large a page's bundle gets: minified for ES2022 browsers and compressed with gzip -9. What is imported statically
// counts as the price of an entry; what is loaded later is counted apart, by what it is for.

import { isBuiltin } from 'node:module';
import { gzipSync } from 'node:zlib';
import { rolldown } from 'rolldown';
import { minifySync } from 'rolldown/utils';
import { failOnUnresolved } from '../build/bundle.mjs';

/**
 * @typedef {object} Measure
 * @property {number} minBytes
 * @property {number} gzipBytes
 * @property {string} code Minified.
 * @property {{ id: string, code: string }[]} modules What is inside: path, and code before it was minified.
 */

/** @type {Measure} */
const NOTHING = { minBytes: 0, gzipBytes: 0, code: '', modules: [] };

/** @param {string | Buffer} content @returns {number} */
export const gzipBytes = (content) => gzipSync(content, { level: 9 }).length;

/**
 * Bundles one entry.
 *
 * @param {string} code Source of the entry, importing absolute paths.
 * @returns {Promise<{ initial: Measure, lazy: (modules: RegExp) => Measure, with: (modules: RegExp) => Measure }>} What
 *   is loaded at once, what the dynamic imports of matching modules add to it, and both together.
 */
export async function measure(code) {
  const bundle = await rolldown({
    input: 'entry',
    // Nobody imports from a page's entry, so that it may hold what a later chunk shares with it.
    preserveEntrySignatures: 'allow-extension',
    platform: 'browser',
    transform: { target: 'es2022' },
    external: (id) => isBuiltin(id) || id === 'ws',
    plugins: [
      {
        name: 'entry',
        resolveId: (id) => (id === 'entry' ? '\0entry' : undefined),
        load: (id) => (id === '\0entry' ? code : undefined),
      },
    ],
    onLog: failOnUnresolved,
  });
  const { output } = await bundle.generate({ format: 'es', minify: true });
  await bundle.close();

  const chunks = new Map(output.flatMap((part) => (part.type === 'chunk' ? [[part.fileName, part]] : [])));
  const initial = closure(
    chunks,
    [...chunks.values()].filter((chunk) => chunk.isEntry),
  );
  const lazyEntries = [...chunks.values()].filter((chunk) => chunk.isDynamicEntry);
  const added = (/** @type {RegExp} */ modules) => {
    const wanted = lazyEntries.filter((chunk) => modules.test(Object.keys(chunk.modules).join('\n')));
    return closure(chunks, wanted).filter((chunk) => !initial.includes(chunk));
  };
  return {
    initial: sum(initial),
    lazy: (modules) => sum(added(modules)),
    with: (modules) => sum([...initial, ...added(modules)]),
  };
}

/**
 * Some chunks and everything they import statically.
 *
 * @param {Map<string, import('rolldown').OutputChunk>} chunks
 * @param {import('rolldown').OutputChunk[]} roots
 */
function closure(chunks, roots) {
  const found = new Set(roots);
  for (const chunk of found) {
    for (const name of chunk.imports) {
      const next = chunks.get(name);
      if (next) found.add(next);
    }
  }
  return [...found];
}

/** @param {import('rolldown').OutputChunk[]} chunks @returns {Measure} */
function sum(chunks) {
  return chunks.reduce(
    (total, { code, modules }) => ({
      minBytes: total.minBytes + Buffer.byteLength(code),
      gzipBytes: total.gzipBytes + gzipBytes(code),
      code: total.code + code,
      modules: [...total.modules, ...Object.entries(modules).map(([id, part]) => ({ id, code: part.code ?? '' }))],
    }),
    NOTHING,
  );
}

/**
 * The modules of a measure with what each adds, largest first.
 *
 * @param {Measure} measured
 * @returns {{ module: string, minBytes: number }[]} `module`: path below node_modules or the build.
 */
export function shares({ modules }) {
  return modules
    .map(({ id, code }) => ({
      module: id
        .split('\\')
        .join('/')
        .replace(/^.*\/(node_modules|dist)\//, ''),
      minBytes: minifySync('module.js', code).code.length,
    }))
    .filter(({ minBytes }) => minBytes > 0)
    .sort((a, b) => b.minBytes - a.minBytes);
}
