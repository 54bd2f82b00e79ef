// SHA-256 as ARCP writes it: lower-case hex.

import { sha256 } from '../../curves/sha256.js';

/**
 * Hashes bytes.
 *
 * @param bytes Borrowed until the promise settles.
 * @returns 64 characters of lower-case hex.
 */
export async function sha256Hex(bytes: Uint8Array): Promise<string> {
  let hex = '';
  for (const byte of await sha256(bytes)) hex += byte.toString(16).padStart(2, '0');
  return hex;
}

/**
 * Reads a hash somebody sent.
 *
 * @param text 64 characters of lower-case hex, perhaps behind `sha256:`.
 * @returns The hex alone; `undefined` for anything else.
 */
export function parseSha256(text: string): string | undefined {
  return /^(?:sha256:)?([0-9a-f]{64})$/.exec(text)?.[1];
}
