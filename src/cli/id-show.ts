// `ringline id show`

import { wipe } from '../bytes/wipe.js';
import { encodeBase64url } from '../codec/base64url.js';
import type { Command } from './command.js';
import { readIdentityFile } from './identity-file.js';
import { DEFAULT_FILE, identityFileOption } from './identity-option.js';
import { jsonLine } from './json-line.js';

/** `ringline id show`: prints a DID. */
export const idShow: Command = {
  name: 'id show',
  summary: 'Prints the DID of an identity file',
  details: ['With --reveal-seed it prints the secret itself instead, to be piped to where a server keeps its secrets.'],
  examples: ['id show', 'id show --reveal-seed | wrangler secret put RINGLINE_SEED'],
  positionals: [],
  options: {
    identity: identityFileOption,
    'reveal-seed': { help: 'print the 32 secret bytes in base64url, and nothing else' },
    json: { help: 'print {"did", "file"} instead of text' },
  },
  async run(args, io) {
    const file = args.text('identity') ?? DEFAULT_FILE;
    const reveal = args.has('reveal-seed');
    if (reveal && args.has('json')) throw args.wrong('--reveal-seed and --json do not go together');
    const { seed, identity } = await readIdentityFile(file, io);
    try {
      if (reveal) await io.out(`${encodeBase64url(seed)}\n`);
      else if (args.has('json')) await io.out(jsonLine({ did: identity.did, file }));
      else await io.out(`${identity.did}\n`);
      return 0;
    } finally {
      wipe(seed);
    }
  },
};
