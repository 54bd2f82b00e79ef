// `ringline id backup`

import { wipe } from '../bytes/wipe.js';
import { writeBackupFile } from '../vault/backup-file.js';
import { writeRecoveryPhrase } from '../vault/recovery-phrase.js';
import type { Command } from './command.js';
import { readIdentityFile } from './identity-file.js';
import { DEFAULT_FILE, identityFileOption } from './identity-option.js';
import { freshPassphrase } from './passphrase.js';
import { writePrivateFile } from './private-file.js';

/** `ringline id backup`: backs an identity up. */
export const idBackup: Command = {
  name: 'id backup',
  summary: 'Writes an encrypted copy of an identity, or shows its recovery phrase',
  details: [
    'The copy is encrypted under a passphrase, asked for unless RINGLINE_PASSPHRASE is set, and can be kept anywhere. It is itself an identity file.',
    'The phrase is 24 words that are the whole key: write them on paper, and clear the screen.',
  ],
  positionals: [],
  options: {
    identity: identityFileOption,
    out: { value: 'FILE', help: 'where to write the copy; default: the name of the identity file and ".backup"' },
    phrase: { help: 'show the recovery phrase; without --out no copy is written' },
  },
  async run(args, io) {
    const file = args.text('identity') ?? DEFAULT_FILE;
    const out = args.text('out') ?? (args.has('phrase') ? undefined : `${file}.backup`);
    const { seed, identity } = await readIdentityFile(file, io);
    try {
      if (out !== undefined) {
        await writePrivateFile(out, await writeBackupFile(seed, identity.did, await freshPassphrase(io)));
        io.err(`Backup of ${identity.did} written to ${out}.\n`);
      }
      if (args.has('phrase')) {
        const phrase = await writeRecoveryPhrase(seed);
        await io.out(`${phrase.words.join(' ')}\n`);
        phrase.dispose();
      }
      return 0;
    } finally {
      wipe(seed);
    }
  },
};
