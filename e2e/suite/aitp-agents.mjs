// The agents of the tests of AITP: keys that follow from names, over a backend that can be named; one identity provider,
// whose key everybody knows; and who believes whom. Nothing here is a secret: never trust these keys.

import { equal, hex } from './assert.mjs';

/** The two kinds of key. */
export const SUITES = ['ed25519', 'p256'];

/** The two engines for curves. */
export const BACKENDS = ['webcrypto', 'noble'];

/** The identity provider. */
export const ISSUER = 'https://idp.example.com';

const CURVES = { ed25519: 'Ed25519', p256: 'P-256' };
const PROVIDER_KID = 'idp-1';

const utf8 = new TextEncoder();

/** The secret that follows from a name: 32 bytes. @param {string} name */
async function seedOf(name) {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', utf8.encode(`ringline tests of AITP: ${name}`)));
}

/**
 * The key of the agent of a name.
 *
 * @param {any} library @param {string} name @param {string} suite
 * @param {string} [backend] What signs. Default: what the package chooses.
 */
export function signerOf(library, name, suite, backend) {
  const key = [name, suite, backend].join('\n');
  const signer = signers.get(key) ?? makeSigner(library, name, suite, backend);
  signers.set(key, signer);
  return signer;
}

/** The keys of this program, each made once. @type {Map<string, Promise<any>>} */
const signers = new Map();

async function makeSigner({ aitp, aitpSigner, ed25519, p256 }, name, suite, backend) {
  const seed = await seedOf(name);
  if (backend === undefined) return aitp.aitpSignerFromSeed(seed, { suite });
  const pair = await (suite === 'p256' ? p256.p256FromSecret(seed, backend) : ed25519.ed25519FromSeed(seed, backend));
  return aitpSigner.aitpSigner({ curve: CURVES[suite], publicKey: pair.publicKey, sign: pair.sign });
}

/**
 * From now on the signatures of these agents are verified by one backend; by both, where none is named, which then have to
 * say the same. The package keeps one key for each name, and chooses for itself what it verifies with.
 *
 * @param {any} library @param {readonly string[]} aids @param {string} [backend]
 */
export function verifyWith({ aitpAid, verifier }, aids, backend) {
  for (const aid of aids) {
    const { key, suite } = aitpAid.parseAid(aid);
    const over = suite === 'p256' ? verifier.p256Verifier : verifier.ed25519Verifier;
    const asked = (backend === undefined ? BACKENDS : [backend]).map((name) => over(key.publicKey, name));
    key.verify = async (message, signature, options) => {
      const verdicts = await Promise.all(asked.map((one) => one.verify(message, signature, options)));
      equal(new Set(verdicts).size, 1, `WebCrypto and noble about ${hex(signature)}:`);
      return verdicts[0];
    };
  }
}

/** A token of the provider that says who somebody is. @param {any} library */
export async function mintJwt(library, { subject, nonce, audience, jkt, nowSec }) {
  const claims = { iss: ISSUER, sub: subject, aud: audience, nonce, iat: nowSec, exp: nowSec + 600, cnf: { jkt } };
  const signer = await providerSigner(library);
  return library.documents.signCompact(utf8.encode(JSON.stringify(claims)), signer, { typ: 'JWT', kid: PROVIDER_KID });
}

/** The provider's key, as whoever believes it has it. @param {any} library */
export async function providerKeys(library) {
  const { aid } = await providerSigner(library);
  const jwk = library.documents.keyToJwk(library.aitpAid.parseAid(aid).key);
  return library.aitp.issuerKeys({ [ISSUER]: [{ ...jwk, kid: PROVIDER_KID, use: 'sig' }] });
}

async function providerSigner(library) {
  const signer = await signerOf(library, 'the identity provider', 'ed25519');
  return { ...signer, curve: CURVES.ed25519 };
}

/** The identity an agent introduces itself with: a pinned key where it can, and else the provider's word. */
export function identityOf(name, suite, type = suite === 'p256' ? 'oidc' : 'pinned_key') {
  return type === 'oidc' ? { type, subject: name, issuer: ISSUER } : { type, subject: name };
}

/**
 * What an agent needs to shake hands: its key, its Manifest, its provider, and whom it believes.
 *
 * @param {any} library
 * @param {{ name: string, suite: string, backend?: string, identity?: string, now: () => number, believes?: any[],
 *   manifest?: object }} agent `believes`: other agents of this shape whose keys it has pinned.
 */
export async function handshakeOptions(library, { name, suite, backend, identity, now, believes = [], manifest }) {
  const { aitp } = library;
  const signer = await signerOf(library, name, suite, backend);
  const pins = believes.map(async (other) => ({
    subject: other.name,
    publicKey: (await signerOf(library, other.name, other.suite)).aid.split(':').at(-1),
  }));
  const content = {
    identity: identityOf(name, suite, identity),
    handshakeEndpoint: 'https://agents.example/aitp/',
    acceptedTrustAnchors: [ISSUER],
    acceptedIdentityTypes: ['oidc', 'pinned_key'],
    offeredCapabilities: ['tide.read', 'tide.write'],
    now,
    ...manifest,
  };
  return {
    signer,
    manifest: await aitp.buildManifest(content, signer),
    now,
    replay: aitp.memoryReplayStore({ now }),
    revocation: { dangerouslyIgnoreRevocation: true },
    pinnedKeys: aitp.pinnedKeys(await Promise.all(pins)),
    issuerKeys: await providerKeys(library),
    mintJwt: (request) => mintJwt(library, { ...request, subject: name, nowSec: now() }),
  };
}
