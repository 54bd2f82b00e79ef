// `--keys JWKS_FILE` and `--did DID`: the keys a person trusts.

import type { TrustRoot } from '../a2a/card/key-rings.js';
import { decodeUtf8 } from '../bytes/utf8.js';
import { type JwkSet, parseJwks } from '../documents/jwks.js';
import { VerifyError } from '../errors.js';
import { decodeDidKey } from '../identity/did-key.js';
import type { Args, OptionSpec } from './args.js';
import { readBoundedFile } from './bounded-file.js';
import type { Io } from './io.js';
import { missingFile } from './missing-file.js';

const MAX_BYTES = 262_144;

/** The options of commands that verify. */
export const keyOptions: Readonly<Record<string, OptionSpec>> = {
  keys: { value: 'JWKS_FILE', help: 'JWK Set of the keys to trust; the kid of a signature chooses among them' },
  did: { value: 'DID', help: 'trust the key of this did:key; the kid of a signature is the DID or the thumbprint' },
};

/**
 * The keys a command line names.
 *
 * @returns `undefined`: it names none.
 * @throws {UsageError} both options, or a DID that is none. @throws {VerifyError} ERR_VERIFY_KEY_UNUSABLE: the file is
 *   no JWK Set. @throws {Error} there is no such file, or Node's own.
 */
export async function keysOf(args: Args, io: Io): Promise<TrustRoot | undefined> {
  const [path, did] = [args.text('keys'), args.text('did')];
  if (path !== undefined && did !== undefined) throw args.wrong('--keys and --did do not go together');
  if (path !== undefined) return readJwks(path, args, io);
  if (did !== undefined) assertDid(did, args);
  return did;
}

function assertDid(did: string, args: Args): void {
  try {
    decodeDidKey(did);
  } catch {
    throw args.wrong('DID must be the did:key:z6Mk... of an agent');
  }
}

async function readJwks(path: string, args: Args, io: Io): Promise<JwkSet> {
  const { bytes } = await readBoundedFile(path, MAX_BYTES).catch((cause) => {
    throw missingFile(path, '--keys takes a file with a JWK Set, {"keys":[...]}', cause);
  });
  const set = parse(bytes, path);
  if (!args.has('json') && set.keys.some((jwk) => typeof jwk === 'object' && jwk !== null && 'd' in jwk)) {
    io.err(`ringline: ${path} holds private keys, which nobody who verifies should have\n`);
  }
  return set;
}

/** Only as a set: what is the matter with a key of it shows when a signature asks for that key. */
function parse(bytes: Uint8Array | undefined, path: string): JwkSet {
  const remedy = 'a JWK Set is {"keys":[...]}, with at most 100 keys in 256 KiB';
  try {
    if (bytes === undefined) throw new RangeError('longer than allowed, or no file');
    return { keys: parseJwks(decodeUtf8(bytes)).map(({ jwk }) => jwk as JwkSet['keys'][number]) };
  } catch (cause) {
    throw new VerifyError('ERR_VERIFY_KEY_UNUSABLE', `${path} is no JWK Set: ${remedy}`, { cause });
  }
}
