// `--identity FILE`, wherever it stands.

import { wipe } from '../bytes/wipe.js';
import type { Identity } from '../identity/identity.js';
import { createIdentity } from '../identity/seed-identity.js';
import type { Args, OptionSpec } from './args.js';
import { readIdentityFile } from './identity-file.js';
import type { Io } from './io.js';

/** Where the `id` commands look when they are not told. */
export const DEFAULT_FILE = 'ringline-identity.json';

/** The option of commands that can do without an identity of one's own. */
export const identityOption: OptionSpec = {
  value: 'FILE',
  help: 'identity to use, made by "ringline id new"; default: one made up for this run',
};

/** The option of the `id` commands. */
export const identityFileOption: OptionSpec = { value: 'FILE', help: `identity file; default: ${DEFAULT_FILE}` };

/** The identity of a run: the file's, or a fresh one, and then a person is told so. */
export async function identityOf(args: Args, io: Io): Promise<Identity> {
  const file = args.text('identity');
  if (file !== undefined) {
    const { seed, identity } = await readIdentityFile(file, io);
    wipe(seed);
    return identity;
  }
  const identity = await createIdentity();
  if (io.errIsTerminal && !args.has('json')) {
    io.err(`No --identity: ${identity.did} is for this run only.\n`);
  }
  return identity;
}
