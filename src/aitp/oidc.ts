// The OIDC proof of identity (AITP 0.2, section 8.7): a JWT in which the provider of the peer says that this subject
// holds this key, to this verifier, in this handshake. Pure but for the key source that is passed in.

import { encodeUtf8 } from '../bytes/utf8.js';
import { decodeBase64url } from '../codec/base64url.js';
import { parseJsonStrict } from '../codec/json.js';
import { decodeProtectedHeader, type ProtectedHeader } from '../documents/protected-header.js';
import { decodeSignature } from '../documents/verify.js';
import { unlessAborted } from '../unless-aborted.js';
import { type Aid, aidJkt } from './aid.js';
import { TIMESTAMP_TOLERANCE_SEC } from './constants.js';
import { AitpError } from './errors.js';
import { type IssuerKeys, type OidcAlgorithm, selectOidcKeys } from './oidc-keys.js';

/** Longest proof that is read, in characters. */
export const MAX_OIDC_PROOF_CHARACTERS = 16_384;

const ALGORITHMS: readonly string[] = ['EdDSA', 'ES256', 'RS256'] satisfies OidcAlgorithm[];

/** What an OIDC proof has to say. */
export interface OidcExpectation {
  /** `issuer` of the identity descriptor. */
  readonly issuer: string;
  /** `subject` of the identity descriptor. */
  readonly subject: string;
  /** AID of whoever verifies: us. */
  readonly audience: Aid;
  /** `pop_nonce` of the message that carries the proof, as text. */
  readonly nonce: string;
  /** AID of whoever sent the proof. */
  readonly sender: Aid;
}

/** What an OIDC proof is verified with. */
export interface OidcVerifyOptions {
  /** Issuers whose word counts, compared as exact strings. */
  readonly trustAnchors: readonly string[];
  /** Where keys of an issuer come from; asked only about trust anchors, and only when the claims hold. */
  readonly issuerKeys: IssuerKeys;
  /** Now, in Unix seconds. */
  readonly now: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Verifies an OIDC proof.
 *
 * The claims are compared before the key is looked up, so that a proof which cannot hold makes nobody fetch anything;
 * they count only once the signature holds.
 *
 * @param proof From anywhere.
 * @throws {AitpError} INCOMPATIBLE_TRUST_ANCHORS: the issuer is none of ours; nothing was looked up.
 *   KEY_RESOLUTION_FAILED: its keys could not be had. IDENTITY_FAILED: everything else.
 * @throws `signal.reason`, untouched.
 */
export async function verifyOidcProof(
  proof: string,
  expected: OidcExpectation,
  options: OidcVerifyOptions,
): Promise<void> {
  const { trustAnchors, issuerKeys, now, signal } = options;
  if (!trustAnchors.includes(expected.issuer)) {
    throw new AitpError('INCOMPATIBLE_TRUST_ANCHORS', 'the issuer of the identity is not a trust anchor');
  }
  const { header, alg, claims, covered, signature } = readProof(proof);
  await checkClaims(claims, expected, now);
  signal?.throwIfAborted();
  const jwks = await findKeys(issuerKeys, expected.issuer, header.kid, signal);
  for (const key of await selectOidcKeys(jwks, alg, header.kid)) {
    if (await key.verify(covered, signature)) return;
    signal?.throwIfAborted();
  }
  throw failed('its signature does not hold');
}

interface ReadProof {
  readonly header: ProtectedHeader;
  readonly alg: OidcAlgorithm;
  readonly claims: Readonly<Record<string, unknown>>;
  readonly covered: Uint8Array;
  readonly signature: Uint8Array;
}

function readProof(proof: string): ReadProof {
  const parts = proof.length > MAX_OIDC_PROOF_CHARACTERS ? [] : proof.split('.', 4);
  const [segment, payload, signature] = parts;
  if (parts.length !== 3 || !segment || !payload || !signature) throw failed('it is not a compact JWS');
  try {
    const header = decodeProtectedHeader(segment);
    const claims = parseJsonStrict(decodeBase64url(payload));
    if (!ALGORITHMS.includes(header.alg)) throw failed('its algorithm is not EdDSA, ES256 or RS256');
    if (typeof claims !== 'object' || claims === null || Array.isArray(claims))
      throw failed('its claims are no object');
    return {
      header,
      alg: header.alg as OidcAlgorithm,
      claims: claims as Record<string, unknown>,
      covered: encodeUtf8(`${segment}.${payload}`),
      signature: decodeSignature(signature),
    };
  } catch (cause) {
    throw cause instanceof AitpError ? cause : failed('it cannot be read', cause);
  }
}

/** @see AITP 0.2, section 8.7: the table of required claims */
async function checkClaims(
  claims: Readonly<Record<string, unknown>>,
  { issuer, subject, audience, nonce, sender }: OidcExpectation,
  now: number,
): Promise<void> {
  const { iss, sub, aud, exp, iat, nbf, cnf } = claims;
  if (iss !== issuer) throw failed('iss is not the issuer of the identity');
  if (sub !== subject) throw failed('sub is not the subject of the identity');
  // A list is refused even where it holds us alone: a proof is for one verifier.
  if (aud !== audience) throw failed('aud is not this verifier');
  if (claims.nonce !== nonce) throw failed('nonce is not that of the message');
  if (!isDate(exp) || exp <= now) throw failed('it has expired');
  if (!isDate(iat) || Math.abs(now - iat) > TIMESTAMP_TOLERANCE_SEC) throw failed('it was not issued just now');
  // RFC 7519, section 4.1.5; a provider that sets it is taken at its word.
  if (nbf !== undefined && !(isDate(nbf) && nbf <= now + TIMESTAMP_TOLERANCE_SEC)) throw failed('it is not valid yet');
  const jkt = typeof cnf === 'object' && cnf !== null ? (cnf as { jkt?: unknown }).jkt : undefined;
  if (jkt !== (await aidJkt(sender))) throw failed('cnf is not the key of the sender');
}

/** A NumericDate may have a fraction (RFC 7519, section 2); providers are not bound by the rules for our own objects. */
function isDate(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

async function findKeys(
  issuerKeys: IssuerKeys,
  issuer: string,
  kid: string | undefined,
  signal: AbortSignal | undefined,
): Promise<readonly unknown[]> {
  const request = { issuer, ...(kid === undefined ? {} : { kid }), ...(signal === undefined ? {} : { signal }) };
  let found: readonly unknown[] | undefined;
  try {
    found = await unlessAborted(signal, issuerKeys.find(request));
  } catch (cause) {
    signal?.throwIfAborted();
    throw new AitpError('KEY_RESOLUTION_FAILED', 'the keys of the issuer could not be had', { cause });
  }
  if (!Array.isArray(found)) throw new AitpError('KEY_RESOLUTION_FAILED', 'no source has keys of the issuer');
  return found;
}

function failed(what: string, cause?: unknown): AitpError {
  return new AitpError(
    'IDENTITY_FAILED',
    `the OIDC proof does not hold: ${what}`,
    cause === undefined ? {} : { cause },
  );
}
