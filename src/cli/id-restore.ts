// `ringline id restore`

import { wipe } from '../bytes/wipe.js';
import { identityFromSeed } from '../identity/seed-identity.js';
import { readRecoveryPhrase } from '../vault/recovery-phrase.js';
import type { Command } from './command.js';
import { readIdentityFile } from './identity-file.js';
import { DEFAULT_FILE, identityFileOption } from './identity-option.js';
import type { Io } from './io.js';
import { keepIdentity } from './keep-identity.js';
import { assertFree } from './private-file.js';

/** `ringline id restore`: brings an identity back. */
export const idRestore: Command = {
  name: 'id restore',
  summary: 'Makes an identity file from a recovery phrase or a backup',
  details: [
    'The 24 words are read from standard input, so that no shell keeps them. A backup asks for its passphrase unless RINGLINE_PASSPHRASE is set. The new file is never written over another.',
  ],
  examples: ['id restore < words.txt', 'id restore --from ringline-identity.json.backup --identity again.json'],
  positionals: [],
  options: {
    identity: identityFileOption,
    from: { value: 'FILE', help: 'backup to restore from, instead of the words' },
    encrypt: { help: 'encrypt the new file; asks for a passphrase unless RINGLINE_PASSPHRASE is set' },
    json: { help: 'print {"did", "file"} instead of text' },
  },
  async run(args, io) {
    const file = args.text('identity') ?? DEFAULT_FILE;
    await assertFree(file);
    const from = args.text('from');
    const seed = from === undefined ? await seedOfPhrase(io) : (await readIdentityFile(from, io)).seed;
    try {
      const { did } = await identityFromSeed(seed);
      await keepIdentity(file, seed, did, args, io);
      return 0;
    } finally {
      wipe(seed);
    }
  },
};

async function seedOfPhrase(io: Io): Promise<Uint8Array> {
  return readRecoveryPhrase(
    io.inIsTerminal ? await io.ask('Recovery phrase (24 words, not shown): ') : await io.readInput(),
  );
}
