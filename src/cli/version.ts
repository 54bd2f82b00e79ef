// `ringline version`

import { readFile } from 'node:fs/promises';
import type { Command } from './command.js';

/** `ringline version`: prints the version. */
export const version: Command = {
  name: 'version',
  summary: 'Prints the version of this program',
  positionals: [],
  options: {},
  async run(_args, io) {
    // The same two steps up from `src` and from `dist`.
    const manifest = await readFile(new URL('../../package.json', import.meta.url), 'utf8');
    await io.out(`${(JSON.parse(manifest) as { version: string }).version}\n`);
    return 0;
  },
};
