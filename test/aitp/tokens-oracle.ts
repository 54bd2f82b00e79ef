// Tokens made by an implementation unrelated to ours: node:crypto over texts put together here, so that a test can forge
// exactly one defect. The seeds are the public test keys of the protocol's known answers.

import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto';

/** A key pair of the known answers. */
export interface TestKey {
  readonly aid: string;
  readonly alg: 'EdDSA' | 'ES256';
  /** Ed25519 seed or P-256 scalar. */
  readonly seed: Uint8Array;
  readonly privateKey: KeyObject;
  /** Thumbprint of the public key (RFC 7638). */
  readonly jkt: string;
}

const b64u = (bytes: Uint8Array | string): string => Buffer.from(bytes).toString('base64url');
const N = BigInt('0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551');

function ed25519(seed: Uint8Array): TestKey {
  const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]);
  const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  const { x } = createPublicKey(privateKey).export({ format: 'jwk' }) as { x: string };
  const jkt = createHash('sha256').update(`{"crv":"Ed25519","kty":"OKP","x":"${x}"}`).digest('base64url');
  return { aid: `aid:pubkey:${x}`, alg: 'EdDSA', seed, privateKey, jkt };
}

function p256(scalar: Uint8Array, x: string, y: string): TestKey {
  const privateKey = createPrivateKey({
    key: { kty: 'EC', crv: 'P-256', d: b64u(scalar), x, y },
    format: 'jwk',
  });
  const odd = (Buffer.from(y, 'base64url')[31] as number) & 1;
  const compressed = Buffer.concat([Uint8Array.of(2 + odd), Buffer.from(x, 'base64url')]);
  const jkt = createHash('sha256').update(`{"crv":"P-256","kty":"EC","x":"${x}","y":"${y}"}`).digest('base64url');
  return { aid: `aid:pubkey:p256:${b64u(compressed)}`, alg: 'ES256', seed: scalar, privateKey, jkt };
}

/** The keys of section 14.1: A to D, P on P-256, and the attacker. */
export const KEYS = {
  A: ed25519(new Uint8Array(32)),
  B: ed25519(Uint8Array.from({ length: 32 }, (_, i) => i)),
  C: ed25519(new Uint8Array(32).fill(0xff)),
  D: ed25519(new Uint8Array(32).fill(1)),
  P: p256(
    new Uint8Array(32).fill(5),
    'B4EOqXTOpXc-Y7iX83476aCeel_puXGkTRBlrCo6kxE',
    'Y35HpPmUZKD9zkSojsfXA6kYPB0GVS2eLWt2BpSBxXc',
  ),
  attacker: ed25519(new Uint8Array(32).fill(0xaa)),
};

/** The reference moment of the protocol's fixtures, Unix seconds. */
export const NOW = 1_711_900_000;

/** A clock that stands still. */
export const now = (): number => NOW;

export const JTI = '550e8400-e29b-41d4-a716-446655440000';

/** The same shape of identifier for another number. */
export const uuid = (number: number): string => `550e8400-e29b-41d4-a716-${String(446655440000 + number)}`;

/** Signs bytes as a JWS does. `highS` makes the twin a verifier of this protocol refuses. */
export function signBytes(key: TestKey, message: Uint8Array, highS = false): Uint8Array {
  if (key.alg === 'EdDSA') return new Uint8Array(sign(null, message, key.privateKey));
  const raw = sign('sha256', message, { key: key.privateKey, dsaEncoding: 'ieee-p1363' });
  const s = BigInt(`0x${raw.subarray(32).toString('hex')}`);
  const low = s > N / 2n ? N - s : s;
  const wanted = highS ? N - low : low;
  return Buffer.concat([raw.subarray(0, 32), Buffer.from(wanted.toString(16).padStart(64, '0'), 'hex')]);
}

/** What {@link forge} may be told to do otherwise. */
export interface Forgery {
  /** Header members, or the header's text. Default: what the key and the type ask for. */
  readonly header?: object | string;
  readonly highS?: boolean;
  /** Signed by this key instead. */
  readonly signer?: TestKey;
}

/** Makes a compact JWS: claims as an object, or as the text to be signed. */
export function forge(key: TestKey, typ: string, claims: object | string, forgery: Forgery = {}): string {
  const header = forgery.header ?? { alg: key.alg, typ };
  const text = (value: object | string) => (typeof value === 'string' ? value : JSON.stringify(value));
  const covered = `${b64u(text(header))}.${b64u(text(claims))}`;
  return `${covered}.${b64u(signBytes(forgery.signer ?? key, Buffer.from(covered), forgery.highS))}`;
}

/** Claims of a TCT from one key to another. */
export function tctClaims(issuer: TestKey, subject: TestKey, overrides: object = {}): Record<string, unknown> {
  return {
    ver: 'aitp/0.2',
    jti: JTI,
    iss: issuer.aid,
    sub: subject.aid,
    aud: subject.aid,
    iat: NOW,
    exp: NOW + 3600,
    grants: ['macp.mode.task.v1'],
    cnf: { jkt: subject.jkt },
    ...overrides,
  };
}

/** Claims of a voucher from one key to another. */
export function voucherClaims(issuer: TestKey, subject: TestKey, overrides: object = {}): Record<string, unknown> {
  return {
    ver: 'aitp/0.2',
    iss: issuer.aid,
    sub: subject.aid,
    grants: ['read_data', 'write_data'],
    iat: NOW,
    exp: NOW + 3600,
    src_jti: uuid(1),
    ...overrides,
  };
}

/** Claims of a delegation; the voucher comes in `overrides`. */
export function delegationClaims(
  from: TestKey,
  to: TestKey,
  audience: TestKey,
  overrides: object = {},
): Record<string, unknown> {
  return {
    ver: 'aitp/0.2',
    iss: from.aid,
    sub: to.aid,
    aud: audience.aid,
    scope: ['read_data'],
    exp: NOW + 1800,
    cnf: { jkt: to.jkt },
    ...overrides,
  };
}

export const TCT = 'aitp-tct+jwt';
export const GRANT = 'aitp-grant+jwt';
export const DELEGATION = 'aitp-delegation+jwt';

/** A copy without some members. */
export function without(claims: Record<string, unknown>, ...names: string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(claims).filter(([name]) => !names.includes(name)));
}

/** Changes one bit of a token's signature, decoded. */
export function tamper(token: string): string {
  const at = token.lastIndexOf('.') + 1;
  const signature = Buffer.from(token.slice(at), 'base64url');
  signature[63] = (signature[63] as number) ^ 1;
  return token.slice(0, at) + signature.toString('base64url');
}

/** SHA-256 as hexadecimal. */
export const digestOf = (text: string): string => createHash('sha256').update(text).digest('hex');
