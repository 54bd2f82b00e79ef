// The last step of making or restoring an identity: into a file, and a word about it.

import type { Args } from './args.js';
import { writeIdentityFile } from './identity-file.js';
import type { Io } from './io.js';
import { jsonLine } from './json-line.js';
import { freshPassphrase, hasPassphrase } from './passphrase.js';

/** Writes a new identity file as `--encrypt` and `--json` want it. @param seed 32 bytes. Borrowed. */
export async function keepIdentity(file: string, seed: Uint8Array, did: string, args: Args, io: Io): Promise<void> {
  const encrypt = args.has('encrypt') || hasPassphrase(io);
  await writeIdentityFile(file, seed, did, encrypt ? await freshPassphrase(io) : undefined);
  if (args.has('json')) return io.out(jsonLine({ did, file }));
  await io.out(`${did}\n`);
  const protection = encrypt ? 'encrypted' : 'not encrypted: whoever reads the file is this agent';
  io.err(`Kept in ${file} (${protection}).\n`);
}
