// What ties a signed invocation to the request it travels with: the arguments it names are the method, the address and the
// SHA-256 of the body. Ours; the protocol binds a capability and nothing else (AITP 0.2, section 9.3).

import { encodeBase64url } from '../../codec/base64url.js';
import type { JsonObject } from '../../codec/json-value.js';
import { sha256 } from '../../curves/sha256.js';

/** A request, as far as it is signed. */
export interface BoundRequest {
  readonly method: string;
  /** Absolute, without fragment. */
  readonly url: string;
  /** Empty where there is none. Borrowed. */
  readonly body: Uint8Array;
}

/** The arguments of an invocation that fits a request. */
export async function requestArguments({ method, url, body }: BoundRequest): Promise<JsonObject> {
  return {
    method: method.toUpperCase(),
    url: withoutFragment(url),
    body_sha256: encodeBase64url(await sha256(body)),
  };
}

/** Whether the arguments of an invocation are those of a request. Further arguments are none of this file's. */
export async function fitsRequest(args: JsonObject | undefined, request: BoundRequest): Promise<boolean> {
  if (args === undefined) return false;
  const wanted = Object.entries(await requestArguments(request));
  return wanted.every(([name, value]) => Object.hasOwn(args, name) && args[name] === value);
}

function withoutFragment(text: string): string {
  const url = new URL(text);
  url.hash = '';
  return url.href;
}
