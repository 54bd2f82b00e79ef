// Vectors from a folder outside the repository, where there is one: RINGLINE_SHARED_VECTORS, or the default below.

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder =
  process.env.RINGLINE_SHARED_VECTORS ?? fileURLToPath(new URL('../../../shared/vectors', import.meta.url));

/** Content of one file, or `undefined` and a line that says so where it is not there. */
export function sharedVectors<T>(name: string): T | undefined {
  const path = join(folder, name);
  if (existsSync(path)) return JSON.parse(readFileSync(path, 'utf8')) as T;
  console.log(`not run: extra vectors ${name} (no such file in ${folder})`);
  return undefined;
}
