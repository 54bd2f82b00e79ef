// Fixtures in a folder: one in each `.json` file.

import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Fixture, readFixture } from '../aitp/conformance/fixture.js';
import { parseJsonStrict } from '../codec/json.js';
import type { PositionalSpec } from './args.js';
import { readBoundedFile } from './bounded-file.js';
import { missingFile } from './missing-file.js';

const MAX_BYTES = 1_048_576;

/** The word that names a folder of fixtures. */
export const fixturesPositional: PositionalSpec = { name: 'DIR', help: 'folder of fixtures, one in each .json file' };

/**
 * Reads every fixture of a folder, in the order of the file names.
 *
 * @throws {Error} there is no such folder, it holds no fixture, or a file is none: the message names it.
 */
export async function readFixtures(folder: string): Promise<readonly Fixture[]> {
  const names = await readdir(folder).catch((cause) => {
    throw missingFile(folder, 'name a folder of fixtures', cause);
  });
  const fixtures: Fixture[] = [];
  for (const name of names.filter((each) => each.endsWith('.json')).sort()) {
    fixtures.push(await readFile(join(folder, name)));
  }
  if (fixtures.length === 0) throw new Error(`${folder} holds no fixture: no file whose name ends in .json`);
  return fixtures;
}

async function readFile(path: string): Promise<Fixture> {
  const { bytes } = await readBoundedFile(path, MAX_BYTES);
  if (bytes === undefined) throw new Error(`${path} is no fixture: longer than 1 MiB, or no file`);
  try {
    return readFixture(parseJsonStrict(new Uint8Array(bytes)));
  } catch (cause) {
    throw new Error(`${path} is no fixture: ${(cause as Error).message}`, { cause });
  }
}
