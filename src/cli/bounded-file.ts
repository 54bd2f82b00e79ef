// Reading a file, or a pipe such as the shell's `<(...)`, without taking in more than one wants.

import { type FileHandle, open } from 'node:fs/promises';

/** What was read, and who else can. */
export interface BoundedFile {
  /** `undefined`: longer than allowed, or neither a file nor a pipe. */
  readonly bytes: Buffer | undefined;
  /** Whether other users of the machine can read it. */
  readonly exposed: boolean;
}

/**
 * Reads a file or pipe to its end, or to the first byte too many.
 *
 * @throws {Error} Node's own, such as ENOENT and EACCES.
 */
export async function readBoundedFile(path: string, maxBytes: number): Promise<BoundedFile> {
  const file = await open(path, 'r');
  try {
    const stat = await file.stat();
    const bytes = stat.isFile() || stat.isFIFO() ? await readAtMost(file, maxBytes) : undefined;
    return { bytes, exposed: process.platform !== 'win32' && (stat.mode & 0o077) !== 0 };
  } finally {
    await file.close();
  }
}

async function readAtMost(file: FileHandle, maxBytes: number): Promise<Buffer | undefined> {
  // One byte more than allowed shows what is too long.
  const buffer = Buffer.alloc(maxBytes + 1);
  let length = 0;
  while (length <= maxBytes) {
    const { bytesRead } = await file.read(buffer, length, buffer.length - length, null);
    if (bytesRead === 0) return buffer.subarray(0, length);
    length += bytesRead;
  }
  return undefined;
}
