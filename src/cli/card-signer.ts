// Who signs a card: an identity file, or a private JWK in a file.

import type { CardSigner } from '../a2a/card/sign.js';
import { A2aError } from '../a2a/errors.js';
import { wipe } from '../bytes/wipe.js';
import { parseJsonStrict } from '../codec/json.js';
import { type JwsSigner, signerFromJwk } from '../documents/signer.js';
import { isSdkError } from '../errors.js';
import type { Args } from './args.js';
import { readBoundedFile } from './bounded-file.js';
import { readIdentityFile } from './identity-file.js';
import type { Io } from './io.js';
import { missingFile } from './missing-file.js';

const MAX_BYTES = 65_536;

/**
 * The signer that `--identity` or `--jwk` names.
 *
 * @throws {UsageError} neither. @throws {A2aError} ERR_A2A_INVALID_KEY: the file holds no private key. @throws as
 *   `readIdentityFile`. @throws {Error} there is no such file, or Node's own.
 */
export async function cardSignerOf(args: Args, io: Io): Promise<CardSigner> {
  const [file, jwk] = [args.text('identity'), args.text('jwk')];
  if (jwk !== undefined) return readJwk(jwk, io);
  if (file === undefined) throw args.wrong('who signs? Say --identity FILE or --jwk FILE');
  const { seed, identity } = await readIdentityFile(file, io);
  wipe(seed);
  return identity;
}

async function readJwk(path: string, io: Io): Promise<JwsSigner> {
  const { bytes, exposed } = await readBoundedFile(path, MAX_BYTES).catch((cause) => {
    throw missingFile(path, '--jwk takes a file with a private key, {"kty","crv","x","d"}', cause);
  });
  try {
    if (bytes === undefined) throw new RangeError('longer than 64 KiB, or no file');
    const signer = await signerFromJwk(parseJsonStrict(bytes));
    if (exposed) io.err(`ringline: others can read ${path}; keep them out: chmod 600 ${path}\n`);
    return signer;
  } catch (cause) {
    // Never the text: it may hold a secret.
    const why =
      isSdkError(cause) && cause.code === 'ERR_IDENTITY_KEY' ? cause.message : 'not JSON, or longer than 64 KiB';
    throw new A2aError('ERR_A2A_INVALID_KEY', `${path} holds no private key in JWK form: ${why}`, { cause });
  } finally {
    wipe(bytes);
  }
}
