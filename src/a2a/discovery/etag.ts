// Entity tags: making a strong one, and comparing it to what a client has (RFC 9110, sections 8.8.3 and 13.1.2).

import { encodeBase64url } from '../../codec/base64url.js';
import { sha256 } from '../../curves/sha256.js';

/** Makes the strong tag of some bytes: a hash of them, so that no other bytes have it. */
export async function strongEtag(bytes: Uint8Array): Promise<string> {
  return `"${encodeBase64url((await sha256(bytes)).subarray(0, 18))}"`;
}

/**
 * Whether `If-None-Match` names a tag, by weak comparison: `W/"a"` and `"a"` are the same. `*` names every one.
 *
 * @param value As sent; what is no list of tags names none.
 */
export function matchesEtag(value: string | null, etag: string): boolean {
  if (value === null) return false;
  if (value.trim() === '*') return true;
  const opaque = etag.replace(/^W\//, '');
  // No quotation mark stands inside a tag, so nothing is skipped over.
  for (const [, tag] of value.matchAll(/(?:W\/)?("[^"]*")/g)) if (tag === opaque) return true;
  return false;
}
