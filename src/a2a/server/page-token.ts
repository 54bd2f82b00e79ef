// Where a list goes on: a place in its order, in letters that need no escape in a query. It tells callers nothing but what
// they were shown, and is checked like anything else they send.

import { decodeUtf8, encodeUtf8 } from '../../bytes/utf8.js';
import { decodeBase64url, encodeBase64url } from '../../codec/base64url.js';

/** Writes a token. @param place JSON. */
export function encodePageToken(place: unknown): string {
  return encodeBase64url(encodeUtf8(JSON.stringify(place)));
}

/** Reads a token. @returns What it holds, of whatever kind; `undefined` when it is none. */
export function decodePageToken(token: string): unknown {
  try {
    return JSON.parse(decodeUtf8(decodeBase64url(token)));
  } catch {
    return undefined;
  }
}
