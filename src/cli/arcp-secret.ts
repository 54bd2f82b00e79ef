// Secrets of the `arcp` commands: from the environment or a file, and as a word of the command line only where somebody
// insists, since every process of the machine can read those.

import type { Args, OptionSpec } from './args.js';
import { readBoundedFile } from './bounded-file.js';
import type { Io } from './io.js';
import { missingFile } from './missing-file.js';

const MAX_BYTES = 16_384;

/** A secret a command takes. */
export interface Secret {
  /** Of the option; `-file` behind it is the other one. */
  readonly option: string;
  readonly variable: string;
}

/** The token of `bearer`, or of `signed_jwt`. */
export const BEARER: Secret = { option: 'bearer', variable: 'RINGLINE_BEARER' };

/** The secret tokens are signed with. */
export const JWT_HS256: Secret = { option: 'jwt-hs256', variable: 'RINGLINE_JWT_HS256' };

/** What the help of each command says of it. */
export const SECRETS_IN_WORDS =
  'Other users of the machine can read the words of a command: put a secret into a file, or into the environment as RINGLINE_BEARER';

/** The two options of a secret. */
export function secretOptions(
  { option, variable }: Secret,
  value: string,
  help: string,
): Readonly<Record<string, OptionSpec>> {
  return {
    [option]: { value, help: `${help}; default: ${variable} of the environment` },
    [`${option}-file`]: { value: 'FILE', help: 'the same from a file, without the end of its line' },
  };
}

/**
 * Reads a secret: of the option, of the file, or else of the environment.
 *
 * @returns `undefined`: there is none.
 * @throws {UsageError} both options, or a text that no token is: empty, too long, or with blanks or control characters.
 * @throws {Error} Node's own, such as ENOENT.
 */
export async function secretOf({ option, variable }: Secret, args: Args, io: Io): Promise<string | undefined> {
  const [word, file] = [args.text(option), args.text(`${option}-file`)];
  if (word !== undefined && file !== undefined) throw args.wrong(`--${option} and --${option}-file are one too many`);
  const text = file === undefined ? (word ?? (io.env[variable] || undefined)) : await fromFile(file, args, io);
  // Without the text: it may be most of a secret.
  if (text !== undefined && !/^[\x21-\x7e]+$/.test(text)) {
    const where = file ?? (word === undefined ? variable : `--${option}`);
    throw args.wrong(`what ${where} holds is no token: it must be printable ASCII without blanks`);
  }
  return text;
}

async function fromFile(file: string, args: Args, io: Io): Promise<string> {
  const { bytes, exposed } = await readBoundedFile(file, MAX_BYTES).catch((cause) => {
    throw missingFile(file, 'name the file with the token', cause);
  });
  if (bytes === undefined) throw args.wrong(`${file} is longer than 16 KiB, or no file`);
  if (exposed && !args.has('json')) io.err(`ringline: others can read ${file}; keep them out: chmod 600 ${file}\n`);
  return bytes.toString('utf8').replace(/\r?\n$/, '');
}
