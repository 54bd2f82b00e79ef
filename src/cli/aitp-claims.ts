// What a token says, as its issuer wrote it: for showing, once the token was verified.

import { decodeBase64url } from '../codec/base64url.js';
import { parseJsonStrict } from '../codec/json.js';
import type { JsonObject } from '../codec/json-value.js';

/** The claims of a token that was verified, or made, by ourselves. */
export function claimsOf(token: string): JsonObject {
  return parseJsonStrict(decodeBase64url(token.split('.')[1] as string)) as JsonObject;
}
