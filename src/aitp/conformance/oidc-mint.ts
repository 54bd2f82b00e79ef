// Identity tokens of made-up providers (section 13.7).

import { encodeUtf8 } from '../../bytes/utf8.js';
import { encodeBase64url } from '../../codec/base64url.js';
import type { JsonObject } from '../../codec/json-value.js';
import { providerOf } from './test-keys.js';

/** Signs a JWT as a provider would. @returns The token. */
export async function mintJwt(issuer: string, claims: JsonObject): Promise<string> {
  const provider = await providerOf(issuer);
  const segment = (value: JsonObject) => encodeBase64url(encodeUtf8(JSON.stringify(value)));
  const covered = `${segment({ alg: 'EdDSA', typ: 'JWT' })}.${segment(claims)}`;
  return `${covered}.${encodeBase64url(await provider.sign(encodeUtf8(covered)))}`;
}

/** Lifetime of the tokens, in seconds. */
export const JWT_TTL_SEC = 3_600;
