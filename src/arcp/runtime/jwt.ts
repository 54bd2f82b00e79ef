// The scheme `signed_jwt` (ARCP v1.0, section 8.2): a compact JWS of claims. EdDSA and ES256 by the documents room; HS256
// only for whoever hands over a secret for it, with WebCrypto, and never beside keys of the other kind.

import { decodeUtf8, encodeUtf8 } from '../../bytes/utf8.js';
import { decodeBase64url } from '../../codec/base64url.js';
import { isObject } from '../../codec/is-object.js';
import { parseJsonStrict } from '../../codec/json.js';
import type { JsonObject } from '../../codec/json-value.js';
import type { KeySource } from '../../documents/jwks.js';
import { decodeProtectedHeader } from '../../documents/protected-header.js';
import { verifyCompact } from '../../documents/verify.js';
import { SdkError } from '../../errors.js';
import { type Authenticator, type AuthOutcome, isPrincipal, refuse } from './authenticator.js';

/** How a runtime judges tokens of `signed_jwt`. */
export interface JwtOptions {
  /** Who this runtime is: the token's `aud`, or one of them, must be it. */
  readonly audience: string;
  /** Keys of whoever issues tokens, for EdDSA and ES256. Either this or {@link hs256Secret}. */
  readonly keys?: KeySource | undefined;
  /** A secret shared with whoever issues tokens, for HS256: at least 32 bytes. Copied. */
  readonly hs256Secret?: Uint8Array | undefined;
  /** The token's `iss`, where it must be one. */
  readonly issuer?: string | undefined;
  /** How far clocks may differ, in seconds: 0 to 300. Default 60. */
  readonly leewaySeconds?: number | undefined;
}

const MAX_TOKEN_CHARS = 16_384;
const MIN_SECRET_BYTES = 32;
const FAILED = 'jwt validation failed';

/**
 * Knows clients by signed tokens: `aud` must be this runtime, `exp` in the future, `sub` is the principal.
 *
 * @throws {TypeError} neither keys nor a secret, or both; an audience that is empty.
 * @throws {RangeError} a secret of under 32 bytes, a leeway out of range.
 */
export function jwtAuthenticator(options: JwtOptions): Authenticator {
  const { audience, keys, hs256Secret, issuer, leewaySeconds = 60 } = options;
  if (typeof audience !== 'string' || audience === '') throw new TypeError('audience must be a text that is not empty');
  if ((keys === undefined) === (hs256Secret === undefined)) {
    throw new TypeError('either keys or hs256Secret must be given');
  }
  if (!(leewaySeconds >= 0 && leewaySeconds <= 300)) throw new RangeError('leewaySeconds must be 0 to 300');
  if (hs256Secret !== undefined && hs256Secret.length < MIN_SECRET_BYTES) {
    throw new RangeError(`hs256Secret must be at least ${MIN_SECRET_BYTES} bytes`);
  }
  const secret = hs256Secret === undefined ? undefined : importSecret(hs256Secret);
  return {
    scheme: 'signed_jwt',
    async authenticate({ auth: { token }, nowMs, signal }) {
      if (token === undefined || token === '') return refuse('signed_jwt scheme requires a token');
      if (token.length > MAX_TOKEN_CHARS) return refuse(`${FAILED}: too long`);
      let payload: Uint8Array | undefined;
      try {
        payload =
          secret === undefined
            ? (await verifyCompact(token, { keys: keys as KeySource, requireKid: false, signal })).payload
            : await verifyHs256(token, await secret);
      } catch (error) {
        // What a token is not is no business of whoever made it up.
        if (!(error instanceof SdkError)) throw error;
        return refuse(`${FAILED}: signature`);
      }
      return judgeClaims(payload, { audience, issuer, leewaySeconds }, nowMs);
    },
  };
}

interface Wanted {
  readonly audience: string;
  readonly issuer: string | undefined;
  readonly leewaySeconds: number;
}

function judgeClaims(payload: Uint8Array | undefined, wanted: Wanted, nowMs: number): AuthOutcome {
  const claims = payload === undefined ? undefined : claimsOf(payload);
  if (claims === undefined) return refuse(`${FAILED}: signature`);
  const { aud, sub, exp, nbf, iss } = claims;
  if (!(Array.isArray(aud) ? aud : [aud]).includes(wanted.audience)) return refuse(`${FAILED}: aud`);
  if (wanted.issuer !== undefined && iss !== wanted.issuer) return refuse(`${FAILED}: iss`);
  const nowSeconds = nowMs / 1_000;
  if (typeof exp !== 'number' || nowSeconds > exp + wanted.leewaySeconds) return refuse(`${FAILED}: exp`);
  if (nbf !== undefined && !(typeof nbf === 'number' && nowSeconds >= nbf - wanted.leewaySeconds)) {
    return refuse(`${FAILED}: nbf`);
  }
  if (!isPrincipal(sub)) return refuse(`${FAILED}: sub`);
  return { kind: 'accepted', principal: sub, expiresAtMs: (exp + wanted.leewaySeconds) * 1_000 };
}

function claimsOf(payload: Uint8Array): JsonObject | undefined {
  try {
    const claims = parseJsonStrict(decodeUtf8(payload));
    return isObject(claims) ? claims : undefined;
  } catch {
    return undefined;
  }
}

function importSecret(secret: Uint8Array): Promise<CryptoKey> {
  const key = crypto.subtle.importKey('raw', new Uint8Array(secret), { name: 'HMAC', hash: 'SHA-256' }, false, [
    'verify',
  ]);
  // A failure is met by whoever waits for it, at the first token.
  key.catch(() => {});
  return key;
}

/** @returns The payload, or `undefined` where the token does not hold. @throws {SdkError} no JWS at all. */
async function verifyHs256(token: string, key: CryptoKey): Promise<Uint8Array | undefined> {
  const parts = token.split('.', 4);
  const [segment, payload, signature] = parts;
  if (parts.length !== 3 || segment === undefined || payload === undefined || signature === undefined) return undefined;
  // The algorithm is ours to name, not the token's.
  if (decodeProtectedHeader(segment).alg !== 'HS256') return undefined;
  const covered = encodeUtf8(`${segment}.${payload}`);
  const holds = await crypto.subtle.verify('HMAC', key, decodeBase64url(signature), covered);
  return holds ? decodeBase64url(payload) : undefined;
}
