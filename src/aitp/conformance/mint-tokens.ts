// Placeholders that stand for compact tokens (section 13.7): each is minted from the claims that stand beside it under its
// name and `_claims`, those inside first, and the claims are then left out.

import { encodeUtf8 } from '../../bytes/utf8.js';
import { decodeBase64url, encodeBase64url } from '../../codec/base64url.js';
import { isObject } from '../../codec/is-object.js';
import { canonicalize } from '../../codec/jcs.js';
import type { JsonObject, JsonValue } from '../../codec/json-value.js';
import { type AitpTokenTyp, DELEGATION_TYP, TCT_TYP, VOUCHER_TYP } from '../constants.js';
import { chainHash } from '../multihop.js';
import { isPlaceholder } from './mint-values.js';
import { testSignerOf } from './test-keys.js';

const CLAIMS = '_claims';

const TOKEN = /^__JWS_(TCT|GRANT_VOUCHER|VOUCHER|DELEGATION)(?:_(TAMPERED_SIG|ALG_NONE|WRONG_ALG))?__$/;

const TYPES: Readonly<Record<string, AitpTokenTyp>> = {
  TCT: TCT_TYP,
  GRANT_VOUCHER: VOUCHER_TYP,
  VOUCHER: VOUCHER_TYP,
  DELEGATION: DELEGATION_TYP,
};

/**
 * Fills tokens, and leaves out the claims beside them.
 *
 * @returns A copy.
 * @throws {TypeError} claims of an issuer that is no test key.
 */
export async function mintTokens(value: JsonValue): Promise<JsonValue> {
  if (Array.isArray(value)) return Promise.all(value.map(mintTokens));
  if (!isObject(value)) return value;
  const filled = new Map<string, JsonValue>();
  for (const [name, member] of Object.entries(value)) filled.set(name, await mintTokens(member));
  for (const [name, claims] of [...filled]) {
    if (!name.endsWith(CLAIMS)) continue;
    const target = name.slice(0, -CLAIMS.length);
    const placeholder = filled.get(target);
    filled.delete(name);
    if (placeholder !== undefined) filled.set(target, await mintBeside(placeholder, claims));
  }
  if (filled.get('chain_hash') === '__COMPUTED_CHAIN_HASH__') {
    filled.set('chain_hash', await chainHash(filled.get('chain') as readonly string[]));
  }
  return Object.fromEntries(filled);
}

async function mintBeside(placeholder: JsonValue, claims: JsonValue): Promise<JsonValue> {
  if (Array.isArray(placeholder) && Array.isArray(claims)) {
    return Promise.all(placeholder.map((each: JsonValue, at) => mintBeside(each, (claims[at] ?? null) as JsonValue)));
  }
  // Whatever is written out already, or is nothing we know, stays.
  return isPlaceholder(placeholder) && isObject(claims) ? mintToken(placeholder, claims) : placeholder;
}

async function mintToken(placeholder: string, claims: JsonObject): Promise<string> {
  const [, kind, defect] = TOKEN.exec(placeholder) ?? [];
  if (kind === undefined) return placeholder;
  const signer = await testSignerOf(claims.iss);
  if (signer === undefined) throw new TypeError('claims of an issuer that is no test key');
  const alg = { ALG_NONE: 'none', WRONG_ALG: 'ES256' }[defect ?? ''] ?? signer.alg;
  const header = encodeBase64url(encodeUtf8(`{"alg":"${alg}","typ":"${TYPES[kind]}"}`));
  const covered = `${header}.${encodeBase64url(encodeUtf8(canonicalize(claims)))}`;
  const signature = defect === 'ALG_NONE' ? new Uint8Array(64) : await signer.sign(encodeUtf8(covered));
  if (defect === 'TAMPERED_SIG') flipLastBit(signature);
  return `${covered}.${encodeBase64url(signature)}`;
}

/** A signature text with the lowest bit of its last byte flipped, its tag untouched. */
export function tampered(signature: string): string {
  const at = signature.lastIndexOf('.') + 1;
  const bytes = decodeBase64url(signature.slice(at));
  flipLastBit(bytes);
  return signature.slice(0, at) + encodeBase64url(bytes);
}

function flipLastBit(bytes: Uint8Array): void {
  bytes[bytes.length - 1] = (bytes.at(-1) as number) ^ 1;
}
