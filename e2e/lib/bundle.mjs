// What a bundler makes of the package, for pages and for Workers.

import { readFileSync } from 'node:fs';
import { rolldown } from 'rolldown';

/** @typedef {{ fileName: string, code: string }} Chunk */

/** JSON as JSON: in an object literal, which a bundler makes of it, `__proto__` is no member. @type {import('rolldown').Plugin} */
const parsedJson = {
  name: 'parsed-json',
  load(id) {
    if (!id.endsWith('.json')) return null;
    const text = JSON.stringify(readFileSync(id, 'utf8'));
    return { code: `export default JSON.parse(${text});`, moduleType: 'js' };
  },
};

/**
 * Bundles modules; what they import later stays in chunks of its own.
 *
 * @param {Record<string, string>} input File by name of the entry.
 * @param {{ conditions?: string[] }} [options] `conditions`: of package exports, besides the usual ones.
 * @returns {Promise<Chunk[]>} The entries are called `<name>.mjs`.
 */
export async function bundle(input, { conditions = [] } = {}) {
  const made = await rolldown({
    input,
    platform: 'browser',
    plugins: [parsedJson],
    transform: { target: 'es2022' },
    resolve: { conditionNames: [...conditions, 'browser', 'import', 'default'] },
    // Something missing would show at run time only, in the one place that loads it.
    onLog(level, log, handle) {
      if (log.code === 'UNRESOLVED_IMPORT') throw new Error(log.message);
      if (level === 'warn') handle(level, log);
    },
  });
  const { output } = await made.generate({
    format: 'es',
    entryFileNames: '[name].mjs',
    chunkFileNames: '[name]-[hash].mjs',
  });
  await made.close();
  return output.flatMap((chunk) => (chunk.type === 'chunk' ? [{ fileName: chunk.fileName, code: chunk.code }] : []));
}
