// A file that is kept over many runs: read, made anew beside itself, and put in its own place in one step, so that neither a
// power cut nor two runs at once lose what was in it.

import { type FileHandle, open, realpath, rename, rm, stat } from 'node:fs/promises';
import { readBoundedFile } from './bounded-file.js';

/**
 * Replaces the content of a file, or makes the file.
 *
 * While this is under way there is a file of the same name with `.new` at its end, which keeps other runs out.
 *
 * @param maxBytes Most that is read.
 * @param make Makes the new content of the old; gets `undefined` where there is no such file. Where it rejects, everything
 *   stays as it is.
 * @throws {Error} EEXIST: another run is at work, or one was cut short. Node's own. @throws {RangeError} the file is longer
 *   than `maxBytes`, or no file. @throws what `make` throws.
 */
export async function replaceFile(
  path: string,
  maxBytes: number,
  make: (old: Uint8Array | undefined) => Promise<string>,
): Promise<void> {
  // A link stays one: what it leads to is replaced.
  const place = await realpath(path).catch(() => path);
  const beside = `${place}.new`;
  const file = await open(beside, 'wx').catch((cause) => {
    throw cause.code === 'EEXIST' ? occupied(path, beside, cause) : cause;
  });
  try {
    try {
      const old = await readOld(place, maxBytes);
      const text = await make(old?.bytes);
      if (old !== undefined) await file.chmod(old.mode);
      await write(file, text);
    } finally {
      await file.close();
    }
    await rename(beside, place);
  } catch (error) {
    await rm(beside, { force: true });
    throw error;
  }
}

async function readOld(
  place: string,
  maxBytes: number,
): Promise<{ readonly bytes: Uint8Array; readonly mode: number } | undefined> {
  const found = await stat(place).catch((cause) => {
    if (cause.code === 'ENOENT') return undefined;
    throw cause;
  });
  if (found === undefined) return undefined;
  const { bytes } = found.isFile() ? await readBoundedFile(place, maxBytes) : { bytes: undefined };
  if (bytes === undefined) throw new RangeError(`${place} is too long, or no file`);
  return { bytes, mode: found.mode & 0o777 };
}

async function write(file: FileHandle, text: string): Promise<void> {
  await file.writeFile(text);
  // Before it takes the place of the old one it has to be on the disk.
  await file.sync();
}

function occupied(path: string, beside: string, cause: unknown): Error {
  const message = `another run is at work on ${path}; if none is, one was cut short: remove ${beside}`;
  return Object.assign(new Error(message, { cause }), { code: 'EEXIST' });
}
