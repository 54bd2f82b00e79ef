// Texts and their bytes: base64url, base58btc, strict JSON, canonical JSON.

export { decodeBase58btc, encodeBase58btc } from './base58btc.js';
export { decodeBase64url, encodeBase64url } from './base64url.js';
export { checkJsonBounds, type JsonBounds } from './bounds.js';
export { canonicalize } from './jcs.js';
export { type JsonLimits, parseJsonStrict } from './json.js';
export type { JsonObject, JsonValue } from './json-value.js';
