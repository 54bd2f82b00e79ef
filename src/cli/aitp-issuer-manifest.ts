// `--manifest FILE_OR_URL`: the Manifest of whoever issues a token.

import { AitpError } from '../aitp/errors.js';
import { type Manifest, verifyManifest } from '../aitp/manifest.js';
import { systemClockSec } from '../aitp/timestamps.js';
import type { Verified } from '../documents/verified.js';
import { HttpError } from '../errors.js';
import { readSource } from './aitp-source.js';
import type { Args, OptionSpec } from './args.js';
import type { Io } from './io.js';

/** The option of commands that want to know when the issuer's Manifest ends. */
export const manifestOption: OptionSpec = {
  value: 'FILE_OR_URL',
  help: 'Manifest of the issuer, which no token of it may outlive',
};

/**
 * Reads and verifies the Manifest a command line names.
 *
 * @param aid Whose it has to be; `undefined` for anybody's.
 * @returns `undefined`: it names none.
 * @throws {AitpError} as `verifyManifest`. MANIFEST_NOT_FOUND: it could not be fetched. @throws as `readSource`.
 */
export async function issuerManifestOf(
  aid: string | undefined,
  args: Args,
  io: Io,
): Promise<Verified<Manifest> | undefined> {
  const word = args.text('manifest');
  if (word === undefined) return undefined;
  const bytes = await readSource(word, '--manifest takes the Manifest of the issuer', args, io).catch((cause) => {
    throw cause instanceof HttpError ? new AitpError('MANIFEST_NOT_FOUND', cause.message, { cause }) : cause;
  });
  return verifyManifest(bytes, {
    now: systemClockSec,
    allowHttpLoopback: args.has('allow-http-loopback'),
    ...(aid !== undefined && { expectedAid: aid }),
  });
}
