// `ringline version`

import type { Command } from './command.js';
import { packageVersion } from './package-version.js';

/** `ringline version`: prints the version. */
export const version: Command = {
  name: 'version',
  summary: 'Prints the version of this program',
  positionals: [],
  options: {},
  async run(_args, io) {
    await io.out(`${await packageVersion()}\n`);
    return 0;
  },
};
