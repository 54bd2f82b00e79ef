// The version of this package, from its manifest.

import { readFile } from 'node:fs/promises';

/** Version of the package. */
export async function packageVersion(): Promise<string> {
  // The same two steps up from `src` and from `dist`.
  const manifest = await readFile(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
}
