// Workers in the plain runtime: a configuration of their modules, bindings and date, without Node compatibility.

import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Program } from './programs.mjs';

/** The date the tests ask for where a Worker of theirs names none. */
const DEFAULT_DATE = '2026-10-01';

/**
 * A Worker to start.
 *
 * @typedef {object} Worker
 * @property {string} name Names its folder.
 * @property {readonly import('./bundle.mjs').Chunk[]} chunks The first is the entry.
 * @property {string} [compatibilityDate]
 * @property {Record<string, string>} [bindings] Texts in `env`.
 */

/**
 * Starts a Worker on loopback.
 *
 * @param {import('./runtimes.mjs').Runtime} workerd
 * @param {string} folder Where its files go.
 * @param {Worker} worker
 * @returns {Promise<{ program: Program, port: number }>}
 */
export async function startWorker(workerd, folder, { name, chunks, compatibilityDate = DEFAULT_DATE, bindings = {} }) {
  const own = join(folder, `workerd-${name}`);
  for (const { fileName, code } of chunks) {
    mkdirSync(dirname(join(own, fileName)), { recursive: true });
    writeFileSync(join(own, fileName), code);
  }
  const modules = chunks.map(({ fileName }) => `(name = ${text(fileName)}, esModule = embed ${text(fileName)})`);
  const values = Object.entries(bindings).map(([key, value]) => `(name = ${text(key)}, text = ${text(value)})`);
  // Workers may dial loopback here, and nothing else.
  writeFileSync(
    join(own, 'config.capnp'),
    `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = .main), (name = "internet", network = (allow = ["local"]))],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")]
);
const main :Workerd.Worker = (
  modules = [${modules.join(', ')}],
  bindings = [${values.join(', ')}],
  compatibilityDate = ${text(compatibilityDate)},
);
`,
  );
  const program = new Program(workerd.path, ['serve', join(own, 'config.capnp'), '--control-fd=1'], { cwd: own });
  const port = await program.line((line) => (line.startsWith('{"event":"listen"') ? JSON.parse(line).port : undefined));
  return { program, port };
}

/** As Cap'n Proto writes text. @param {string} value */
const text = (value) => JSON.stringify(value);
