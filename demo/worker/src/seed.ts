// The secret of the Worker, as people paste it.

import { decodeBase64url } from 'ringline/codec';

const SEED_BYTES = 32;

/** @returns 32 bytes from hex or base64url, white space around it allowed; nothing when it is neither. */
export function readSeed(secret: string | undefined): Uint8Array | undefined {
  const text = secret?.trim() ?? '';
  try {
    const seed = /^[0-9a-f]{64}$/i.test(text) ? decodeHex(text) : decodeBase64url(text);
    return seed.length === SEED_BYTES ? seed : undefined;
  } catch {
    return undefined;
  }
}

function decodeHex(text: string): Uint8Array {
  return Uint8Array.from({ length: text.length / 2 }, (_, i) => Number.parseInt(text.slice(2 * i, 2 * i + 2), 16));
}
