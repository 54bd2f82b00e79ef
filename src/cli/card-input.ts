// A card as a person names it: a file, a pipe, or standard input. It stays bytes, so that whoever reads it can refuse
// what is not UTF-8.

import { A2aError } from '../a2a/errors.js';
import type { Args, PositionalSpec } from './args.js';
import { readBoundedFile } from './bounded-file.js';
import type { Io } from './io.js';
import { missingFile } from './missing-file.js';

const MAX_BYTES = 1_048_576;

/** The word that names a card. */
export const cardPositional: PositionalSpec = { name: 'FILE', help: 'the card, as JSON; "-" for standard input' };

/**
 * Reads the card that a command's FILE names.
 *
 * @returns As it came, 1 MiB at most.
 * @throws {A2aError} ERR_A2A_INVALID_CARD: longer, or neither a file nor a pipe. @throws {Error} there is no such file,
 *   or Node's own.
 */
export async function readCard(args: Args, io: Io): Promise<Uint8Array> {
  const path = args.required('FILE');
  if (path === '-') return readInput(io);
  const { bytes } = await readBoundedFile(path, MAX_BYTES).catch((cause) => {
    throw missingFile(path, 'name the file of a card, or "-" for standard input', cause);
  });
  if (bytes === undefined) throw noCard(`${path} is no card: longer than 1 MiB, or no file`);
  return bytes;
}

async function readInput(io: Io): Promise<Uint8Array> {
  try {
    return await io.readInputBytes();
  } catch (cause) {
    throw cause instanceof RangeError ? noCard(cause.message, cause) : cause;
  }
}

function noCard(message: string, cause?: unknown): A2aError {
  return new A2aError('ERR_A2A_INVALID_CARD', message, { cause });
}
