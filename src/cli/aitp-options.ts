// Words that several of the `aitp` commands take: agents, capabilities, lifetimes, and who signs.

import { type Aid, aidFromDid, parseAid } from '../aitp/aid.js';
import { type AitpSigner, aitpSignerFromIdentity } from '../aitp/signer.js';
import { wipe } from '../bytes/wipe.js';
import type { Did } from '../identity/identity.js';
import type { Args, OptionSpec } from './args.js';
import { readIdentityFile } from './identity-file.js';
import { DEFAULT_FILE, identityFileOption } from './identity-option.js';
import type { Io } from './io.js';

/** A year: what lives longer is a mistake. */
const MAX_TTL_SEC = 31_536_000;

/** The option of commands that sign. */
export const signerOption: OptionSpec = {
  ...identityFileOption,
  help: `identity to sign as, made by "ringline id new"; default: ${DEFAULT_FILE}`,
};

/** The switch that opens this machine. */
export const loopbackOption: OptionSpec = {
  help: 'this machine may be asked, by http as well, and a Manifest may name it: for development',
};

/** `--ttl`, of commands that make something which ends. */
export function ttlOption(defaultSec: number, until = ''): OptionSpec {
  return { value: 'SECONDS', help: `how long it holds; default: ${defaultSec}${until}` };
}

/** The lifetime a command line names. @throws {UsageError} none there is. */
export function ttlOf(args: Args): number | undefined {
  return args.whole('ttl', 1, MAX_TTL_SEC);
}

/** Who signs. @throws as `readIdentityFile`. */
export async function aitpSignerOf(args: Args, io: Io): Promise<AitpSigner> {
  const { seed, identity } = await readIdentityFile(args.text('identity') ?? DEFAULT_FILE, io);
  wipe(seed);
  return aitpSignerFromIdentity(identity);
}

/**
 * The agent a word names, by its AID or by its did:key, which are one key.
 *
 * @param name Of an option or a positional.
 * @returns `undefined`: it is not there.
 * @throws {UsageError} neither.
 */
export function agentOf(name: string, args: Args): Aid | undefined {
  const word = args.text(name);
  if (word === undefined) return undefined;
  try {
    return word.startsWith('did:') ? aidFromDid(word as Did) : parseAid(word).aid;
  } catch {
    const what = name === name.toUpperCase() ? name : `--${name}`;
    throw args.wrong(`${what} must be the aid:pubkey:... or did:key:z6Mk... of an agent`);
  }
}

/**
 * The capabilities an option names, in order.
 *
 * @throws {UsageError} one twice, or one with whitespace.
 */
export function capabilitiesOf(option: string, args: Args): readonly string[] {
  const names = args.texts(option);
  if (!names.every((name) => /^\S+$/.test(name))) {
    throw args.wrong(`--${option} takes one capability, without spaces; give it again for the next one`);
  }
  if (new Set(names).size < names.length) throw args.wrong(`--${option} names a capability twice`);
  return names;
}

/** The capabilities of `--grant`, one or more. @throws {UsageError} none, or as {@link capabilitiesOf}. */
export function grantsOf(args: Args): readonly string[] {
  const grants = capabilitiesOf('grant', args);
  if (grants.length === 0) throw args.wrong('what may it be used for? Say --grant CAPABILITY');
  return grants;
}
