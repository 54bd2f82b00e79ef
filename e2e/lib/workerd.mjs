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
 * @property {Record<string, string>} [durableObjects] Classes of Durable Objects, by their name in `env`. What they store is
 *   there again when a Worker of the same name is started.
 * @property {number} [port] Default: any that is free.
 */

/**
 * Starts a Worker on loopback.
 *
 * @param {import('./runtimes.mjs').Runtime} workerd
 * @param {string} folder Where its files go.
 * @param {Worker} worker
 * @returns {Promise<{ program: Program, port: number }>}
 */
export async function startWorker(workerd, folder, worker) {
  const {
    name,
    chunks,
    compatibilityDate = DEFAULT_DATE,
    bindings = {},
    durableObjects = {},
    port: wanted = 0,
  } = worker;
  const own = join(folder, `workerd-${name}`);
  for (const { fileName, code } of chunks) {
    mkdirSync(dirname(join(own, fileName)), { recursive: true });
    writeFileSync(join(own, fileName), code);
  }
  const modules = chunks.map(({ fileName }) => `(name = ${text(fileName)}, esModule = embed ${text(fileName)})`);
  const values = Object.entries(bindings).map(([key, value]) => `(name = ${text(key)}, text = ${text(value)})`);
  const objects = Object.entries(durableObjects);
  values.push(...objects.map(([key, of]) => `(name = ${text(key)}, durableObjectNamespace = ${text(of)})`));
  const classes = objects.map(([, of]) => `(className = ${text(of)}, uniqueKey = ${text(of)}, enableSql = true)`);
  const disk = join(own, 'storage');
  mkdirSync(disk, { recursive: true });
  // Workers may dial loopback here, and nothing else.
  writeFileSync(
    join(own, 'config.capnp'),
    `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = .main),
    (name = "internet", network = (allow = ["local"])),
    (name = "storage", disk = (path = ${text(disk)}, writable = true)),
  ],
  sockets = [(name = "http", address = "127.0.0.1:${wanted}", http = (), service = "main")]
);
const main :Workerd.Worker = (
  modules = [${modules.join(', ')}],
  bindings = [${values.join(', ')}],
  durableObjectNamespaces = [${classes.join(', ')}],
  durableObjectStorage = (localDisk = "storage"),
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
