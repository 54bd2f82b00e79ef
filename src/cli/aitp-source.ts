// What the `aitp` commands read: a file, a pipe, standard input, or an address.

import { manifestUrl } from '../aitp/http/fetch-manifest.js';
import { HttpError, VerifyError } from '../errors.js';
import { hostKind } from '../http/address.js';
import { boundedFetch } from '../http/bounded-fetch.js';
import type { Args } from './args.js';
import { readBoundedFile } from './bounded-file.js';
import type { Io } from './io.js';
import { missingFile } from './missing-file.js';

const MAX_BYTES = 1_048_576;

/** Whether a word is an address rather than the name of a file. */
export function isAddress(word: string): boolean {
  return /^https?:\/\//i.test(word);
}

/**
 * Reads what a word names.
 *
 * @param word A path, `-`, or an address: that of an origin alone stands for its Manifest.
 * @param remedy What to do when there is no such file.
 * @returns As it came, 1 MiB at most.
 * @throws {VerifyError} ERR_VERIFY_TYPE: longer, or neither a file nor a pipe. @throws {HttpError} see `boundedFetch`.
 * @throws {Error} there is no such file, or Node's own.
 */
export async function readSource(word: string, remedy: string, args: Args, io: Io): Promise<Uint8Array> {
  if (isAddress(word)) return fetchSource(word, args, io.signal);
  if (word === '-') return readInput(io);
  const { bytes } = await readBoundedFile(word, MAX_BYTES).catch((cause) => {
    throw missingFile(word, remedy, cause);
  });
  if (bytes === undefined) throw new VerifyError('ERR_VERIFY_TYPE', `${word} is longer than 1 MiB, or no file`);
  return bytes;
}

async function readInput(io: Io): Promise<Uint8Array> {
  try {
    return await io.readInputBytes();
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new VerifyError('ERR_VERIFY_TYPE', cause.message, { cause });
  }
}

async function fetchSource(address: string, args: Args, signal: AbortSignal): Promise<Uint8Array> {
  const allowHttpLoopback = args.has('allow-http-loopback');
  const isOrigin = URL.canParse(address) && new URL(address).pathname === '/';
  try {
    const options = { allowHttpLoopback, signal, expectStatus: [200], accept: 'application/json' };
    return (await boundedFetch(isOrigin ? manifestUrl(address) : address, options)).body;
  } catch (cause) {
    if (!(cause instanceof HttpError)) throw cause;
    const { code, message, url, status } = cause;
    const isThisMachine = URL.canParse(url) && hostKind(new URL(url).hostname) === 'loopback';
    const hint =
      code === 'ERR_HTTP_URL' && isThisMachine && !allowHttpLoopback
        ? '; --allow-http-loopback allows this machine'
        : '';
    const known = status === undefined ? {} : { status };
    throw new HttpError(code, `${url} could not be fetched: ${message}${hint}`, { url, cause, ...known });
  }
}
