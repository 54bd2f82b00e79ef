// Making a JWS (RFC 7515, section 5.1), compact or detached. Every signature is checked before it leaves.

import { assertBytes } from '../bytes/assert.js';
import { encodeUtf8 } from '../bytes/utf8.js';
import { encodeBase64url } from '../codec/base64url.js';
import { canonicalize } from '../codec/jcs.js';
import type { JsonObject } from '../codec/json-value.js';
import { IdentityError } from '../errors.js';
import { curveOf, isJwsAlgorithm } from './algorithms.js';
import { decodeProtectedHeader } from './protected-header.js';
import type { JwsSigner } from './signer.js';
import { keyFromBytes, type VerificationKey } from './verification-key.js';
import { signingInput } from './verify.js';

/** A signature without its payload: one entry of a JWS in JSON form (RFC 7515, section 7.2.1). */
export interface DetachedSignature {
  /** Protected header, base64url. */
  readonly protected: string;
  /** base64url. */
  readonly signature: string;
  /** Unprotected header. Nothing covers it. */
  readonly header?: JsonObject;
}

/**
 * Signs a payload that travels by itself.
 *
 * @param payload Any length. Copied before the first wait.
 * @param header Further parameters. `kid` here goes before the signer's; `typ` and `jku` are texts; all others are kept
 *   as they are. Order: `alg`, `typ`, `kid`, `jku`, the rest.
 * @throws {TypeError} no signer or bytes, `alg`, `crit` or `b64` given, or a value that is not JSON or not of its kind.
 * @throws {IdentityError} ERR_IDENTITY_MISMATCH: the signer's signature does not hold under its own public key.
 * @throws whatever the signer rejects with.
 */
export async function signDetached(
  payload: Uint8Array,
  signer: JwsSigner,
  header?: JsonObject,
): Promise<DetachedSignature> {
  const segment = encodeHeader(signer, header);
  return { protected: segment, signature: await signInput(signingInput(segment, payload), signer) };
}

/**
 * Signs a payload and writes the compact form, `header.payload.signature`.
 *
 * Parameters and errors as for {@link signDetached}.
 *
 * @see RFC 7515, section 7.1
 *
 * @example
 * ```ts
 * const token = await signCompact(new TextEncoder().encode('hello'), signerFromIdentity(alice), { typ: 'greeting+jws' });
 * ```
 */
export async function signCompact(payload: Uint8Array, signer: JwsSigner, header?: JsonObject): Promise<string> {
  assertBytes(payload, 'payload');
  const covered = `${encodeHeader(signer, header)}.${encodeBase64url(payload)}`;
  return `${covered}.${await signInput(encodeUtf8(covered), signer)}`;
}

/** The public keys of signers, each imported once. */
const checks = /* @__PURE__ */ new WeakMap<JwsSigner, VerificationKey>();

async function signInput(input: Uint8Array, signer: JwsSigner): Promise<string> {
  let key = checks.get(signer);
  if (key === undefined) {
    key = keyFromBytes(signer.curve, signer.publicKey);
    checks.set(signer, key);
  }
  const signature = await signer.sign(input);
  if (!(await key.verify(input, signature))) {
    throw new IdentityError('ERR_IDENTITY_MISMATCH', 'the signer does not hold the key it names');
  }
  return encodeBase64url(signature);
}

function encodeHeader(signer: JwsSigner, header: JsonObject = {}): string {
  assertSigner(signer);
  for (const name of ['alg', 'crit', 'b64']) {
    if (Object.hasOwn(header, name)) throw new TypeError(`header must not hold ${name}`);
  }
  const { typ, kid = signer.kid, jku, ...rest } = header;
  const members = Object.entries({ alg: signer.alg, typ, kid, jku, ...rest }).filter(
    ([, value]) => value !== undefined,
  );
  let segment: string;
  try {
    const text = members.map(([name, value]) => `${canonicalize(name)}:${canonicalize(value)}`).join();
    segment = encodeBase64url(encodeUtf8(`{${text}}`));
    // What we could not read ourselves, nobody should have to.
    decodeProtectedHeader(segment);
  } catch (cause) {
    throw new TypeError('header must hold plain JSON, and typ, kid and jku texts', { cause });
  }
  return segment;
}

function assertSigner(signer: JwsSigner): void {
  const { alg, curve, publicKey, sign } = (signer ?? {}) as Partial<JwsSigner>;
  if (typeof sign !== 'function' || !(publicKey instanceof Uint8Array) || !isJwsAlgorithm(alg)) {
    throw new TypeError('signer must be a JwsSigner: alg, curve, publicKey and sign');
  }
  if (curveOf(alg) !== curve) throw new TypeError('the alg of the signer does not fit its curve');
}
