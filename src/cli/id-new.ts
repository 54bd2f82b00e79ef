// `ringline id new`

import { randomBytes } from '../bytes/random.js';
import { wipe } from '../bytes/wipe.js';
import { identityFromSeed, SEED_BYTES } from '../identity/seed-identity.js';
import type { Command } from './command.js';
import { DEFAULT_FILE, identityFileOption } from './identity-option.js';
import { keepIdentity } from './keep-identity.js';
import { assertFree } from './private-file.js';

/** `ringline id new`: makes an identity. */
export const idNew: Command = {
  name: 'id new',
  summary: 'Makes an identity and keeps it in a file',
  details: [
    'The file is for its owner alone (mode 0600) and is never written over. With --encrypt, or when RINGLINE_PASSPHRASE is set, it is encrypted under a passphrase.',
    'Whoever has the file is the agent: back it up (ringline id backup), and keep it out of repositories.',
  ],
  positionals: [],
  options: {
    identity: identityFileOption,
    encrypt: { help: 'encrypt the file; asks for a passphrase unless RINGLINE_PASSPHRASE is set' },
    json: { help: 'print {"did", "file"} instead of text' },
  },
  async run(args, io) {
    const file = args.text('identity') ?? DEFAULT_FILE;
    await assertFree(file);
    const seed = randomBytes(SEED_BYTES);
    try {
      const { did } = await identityFromSeed(seed);
      await keepIdentity(file, seed, did, args, io);
      return 0;
    } finally {
      wipe(seed);
    }
  },
};
