// The keys of an issuer of identities that has no OpenID Connect discovery, as AITP publishes them (AITP 0.2, section 8.7).

import { assertInteger } from '../../bytes/assert.js';
import { parseUrl } from '../../bytes/parse-url.js';
import { canonicalize } from '../../codec/jcs.js';
import type { PublicJwk } from '../../documents/jwk.js';
import { keyFromJwk, keyToJwk } from '../../documents/verification-key.js';
import { MAX_ISSUER_KEYS } from '../oidc-keys.js';
import { type AitpClock, readClock } from '../timestamps.js';
import { belowIssuer, ISSUER_KEYS_PATH } from './issuer-address.js';

/** What an issuer publishes. */
export interface PublishedIssuerKeys {
  /** Name of the issuer, exactly as `iss` of its tokens: its address, `https`. */
  readonly issuer: string;
  /**
   * Keys that verify its tokens, at most 64, each with a `kid` of its own: Ed25519 and P-256, which are all this document can
   * hold. Asked for each time. Of a private key only the public part goes out.
   */
  readonly keys: () => readonly PublicJwk[] | Promise<readonly PublicJwk[]>;
  /** How long readers may use the keys, in seconds: 60 to 86,400. Default 3,600. */
  readonly ttlSec?: number;
}

/** @throws {TypeError | RangeError} naming the option. */
export function assertPublishedIssuerKeys(options: PublishedIssuerKeys): void {
  const { issuer, keys, ttlSec } = options;
  const url = parseUrl(issuer);
  const isPlain = url?.search === '' && url.hash === '' && url.username === '' && url.password === '';
  if (!isPlain || !(url.protocol === 'https:' || url.protocol === 'http:')) {
    throw new TypeError('issuerKeys.issuer must be an address without a query');
  }
  if (typeof keys !== 'function') throw new TypeError('issuerKeys.keys must be a function');
  if (ttlSec !== undefined) assertInteger(ttlSec, 'issuerKeys.ttlSec', 60, 86_400);
}

/** Path of the document. */
export function issuerKeysPath({ issuer }: PublishedIssuerKeys): string {
  return new URL(belowIssuer(issuer, ISSUER_KEYS_PATH)).pathname;
}

/**
 * Makes the document.
 *
 * @returns JSON text, and how long it may be kept.
 * @throws {VerifyError} ERR_VERIFY_KEY_UNUSABLE: a key of another kind. @throws {TypeError | RangeError} keys without names,
 *   two of one name, or too many.
 */
export async function issuerKeysDocument(
  { issuer, keys, ttlSec = 3_600 }: PublishedIssuerKeys,
  now: AitpClock,
): Promise<{ readonly text: string; readonly ttlSec: number }> {
  const published = (await keys()).map(publicPart);
  if (published.length > MAX_ISSUER_KEYS) throw new RangeError(`issuerKeys.keys must be at most ${MAX_ISSUER_KEYS}`);
  if (new Set(published.map(({ kid }) => kid)).size < published.length) {
    throw new TypeError('issuerKeys.keys must not repeat a kid');
  }
  const nowSec = readClock(now);
  const document = { issuer, keys: published, published_at: nowSec, expires_at: nowSec + ttlSec };
  return { text: canonicalize(document), ttlSec };
}

function publicPart(jwk: PublicJwk): { readonly [name: string]: string } {
  const { kid, kty, crv, x, y } = keyToJwk(keyFromJwk(jwk));
  if (kid === undefined || kid === '') throw new TypeError('each of issuerKeys.keys must have a kid');
  return { kid, kty, crv, x, ...(y === undefined ? {} : { y }) };
}
