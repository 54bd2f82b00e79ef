// Signed documents: P-256, JWS, keys in all their forms and keys behind a URL; over WebCrypto and over noble, with one
// verdict from both.

import keyFile from '../../vectors/jose/keys.json' with { type: 'json' };
import rfc from '../../vectors/jose/rfc.json' with { type: 'json' };
import tokens from '../../vectors/jose/tokens.json' with { type: 'json' };
import rfc6979 from '../../vectors/rfc6979/p256.json' with { type: 'json' };
import wycheproof from '../../vectors/wycheproof/ecdsa_secp256r1_sha256_p1363_test.json' with { type: 'json' };
import { equal, failure, hex, ok, refuses, unhex } from './assert.mjs';
import { endlessBody, fakeWeb } from './fake-web.mjs';

/** What a program gets that names none, which is WebCrypto, see below; and what it gets where that lacks a curve. */
const BACKENDS = { default: undefined, noble: 'noble' };

const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

const utf8 = new TextEncoder();

/** @param {any} library */
export function documentCases(library) {
  return [
    ...Object.entries(BACKENDS).flatMap(([name, backend]) => backendCases(library, name, backend)),
    {
      name: 'WebCrypto has P-256, and it and noble verify each other',
      run: () => bothVerifyEachOther(library),
    },
    { name: 'JWS: the signatures of the RFCs hold, and the same keys sign again', run: () => rfcSignatures(library) },
    { name: 'JWS: no confusion of algorithms, whatever the verifier lists', run: () => confusion(library) },
    {
      name: 'keys: JWK, PEM, bytes, DID and CryptoKey are the same key, under its thumbprint',
      run: () => keys(library),
    },
    { name: 'keys that WebCrypto keeps to itself sign', run: () => unreadableKeys(library) },
    {
      name: 'remote keys: one request for all who ask, kept, and asked for again at long intervals',
      run: () => remoteKeys(library),
    },
    { name: 'remote keys: what cannot be had is no key', run: () => noRemoteKeys(library) },
  ];
}

/** @param {any} library @param {string} name @param {string | undefined} backend */
function backendCases(library, name, backend) {
  const { p256, verifier } = library;
  return [
    {
      name: `${name} backend: the key and the signatures of RFC 6979`,
      async run() {
        const pair = await p256.p256FromSecret(unhex(rfc6979.secret), backend);
        equal(hex(pair.publicKey), `04${rfc6979.x}${rfc6979.y}`);
        ok(rfc6979.signatures.length >= 2);
        for (const { message, r, s } of rfc6979.signatures) {
          const bytes = utf8.encode(message);
          const verify = (signature, options) =>
            p256.verifyP256(pair.publicKey, bytes, signature, { backend, ...options });
          ok(await verify(unhex(r + s)), message);
          ok(await verify(await pair.sign(bytes)), 'its own');
          const [low, high] = twins(unhex(r + s));
          equal([await verify(low), await verify(high)], [true, true], 'either twin');
          const strict = [low, high].map((signature) => verify(signature, { requireLowS: true }));
          equal(await Promise.all(strict), [true, false], 'the low one only');
        }
      },
    },
    {
      name: `${name} backend: P-256 verdicts of Wycheproof, every one`,
      async run() {
        let count = 0;
        for (const { publicKey, tests } of wycheproof.testGroups) {
          const held = verifier.p256Verifier(unhex(publicKey.uncompressed), backend);
          for (const test of tests) {
            const verdict = await held.verify(unhex(test.msg), unhex(test.sig));
            equal(verdict, test.result === 'valid', `tcId ${test.tcId}:`);
            count++;
          }
        }
        equal(count, wycheproof.numberOfTests);
      },
    },
    {
      name: `${name} backend: every token of the vectors, good and bad`,
      run: () => everyToken(library, backend),
    },
    {
      name: `${name} backend: EdDSA and ES256, signed and verified here, and damaged`,
      run: () => signAndVerify(library, backend),
    },
  ];
}

async function everyToken({ documents, verifier }, backend) {
  const { keySet, verifyCompact } = documents;
  const keys = over(verifier, keySet(tokens.jwks), backend);
  ok(tokens.valid.length >= 15 && tokens.invalid.length >= 150);
  for (const { why, token, payloadHex, options } of tokens.valid) {
    const { payload, header } = await verifyCompact(token, { keys, ...options }).catch((cause) => {
      throw new Error(`${why}: refused`, { cause });
    });
    equal(header.segment, token.split('.')[0], why);
    if (payloadHex !== undefined) equal(hex(payload), payloadHex, why);
  }
  for (const { why, token, code, options } of tokens.invalid) {
    await refuses(() => verifyCompact(token, { keys, ...options }), code, why);
  }
}

async function signAndVerify(library, backend) {
  const { documents, verifier } = library;
  const { keyFromBytes, keySet, signCompact, signDetached, verifyCompact, verifyDetached } = documents;
  const payload = utf8.encode('Gr\u00fc\u00dfe');
  for (const signer of await signersOver(library, backend)) {
    const { alg, curve, kid, publicKey } = signer;
    const keys = over(verifier, keySet([keyFromBytes(curve, publicKey, kid)]), backend);
    const token = await signCompact(payload, signer, { typ: 'note+jws', extra: [1, null] });
    const verified = await verifyCompact(token, { keys, typ: 'note+jws', algorithms: [alg] });
    equal([verified.payload, verified.header.alg, verified.header.kid], [payload, alg, kid]);
    equal(verified.header.extra, { extra: [1, null] });
    await refuses(() => verifyCompact(token, { keys, typ: 'other+jws' }), 'ERR_VERIFY_TYPE');
    await refuses(() => verifyCompact(token, { keys: keySet([]) }), 'ERR_VERIFY_KEY_NOT_FOUND');
    for (const damaged of damagedTokens(library.codec, token)) {
      await refuses(() => verifyCompact(damaged, { keys }), 'ERR_VERIFY_SIGNATURE', damaged);
    }
    const entry = await signDetached(payload, signer);
    equal((await verifyDetached(entry, payload, { keys })).payload, payload);
    await refuses(() => verifyDetached(entry, utf8.encode('Gruesse'), { keys }), 'ERR_VERIFY_SIGNATURE');
    // One that signs with another key than it names is found out before its signature leaves.
    const liar = { ...signer, sign: async (message) => (await signer.sign(message)).reverse() };
    await refuses(() => signCompact(payload, liar), 'ERR_IDENTITY_MISMATCH');
    await refuses(() => signCompact(payload, signer, { alg: 'none' }), TypeError);
  }
}

/** An identity, and a key of P-256, over a backend. */
async function signersOver({ documents, p256, seedIdentity }, backend) {
  const seed = Uint8Array.from({ length: 32 }, (_, i) => i + 1);
  const identity = await seedIdentity.identityOver(seed, backend);
  const { publicKey, sign } = await p256.p256FromSecret(seed, backend);
  return [documents.signerFromIdentity(identity), { alg: 'ES256', curve: 'P-256', kid: 'ec', publicKey, sign }];
}

/** The same token with one bit of its payload or its signature turned over, or with one more parameter. */
function damagedTokens({ decodeBase64url, encodeBase64url }, token) {
  const parts = token.split('.');
  const damaged = [1, 2].flatMap((part) => {
    const { length } = decodeBase64url(parts[part]);
    return [0, length >> 1, length - 1].map((at) => {
      const bytes = decodeBase64url(parts[part]);
      bytes[at] ^= 1;
      return parts.with(part, encodeBase64url(bytes)).join('.');
    });
  });
  const header = { ...JSON.parse(new TextDecoder().decode(decodeBase64url(parts[0]))), more: true };
  return [...damaged, parts.with(0, encodeBase64url(utf8.encode(JSON.stringify(header)))).join('.')];
}

async function bothVerifyEachOther({ p256, verifier }) {
  const secret = Uint8Array.from({ length: 32 }, (_, i) => 255 - i);
  const message = Uint8Array.of(1, 2, 3);
  const both = ['webcrypto', 'noble'];
  const [native, noble] = await Promise.all(both.map((name) => p256.p256FromSecret(secret, name)));
  equal(native.publicKey, noble.publicKey);
  const signatures = await Promise.all([native.sign(message), noble.sign(message)]);
  for (const backend of both) {
    for (const signature of signatures) {
      ok(await verifier.p256Verifier(native.publicKey, backend).verify(message, signature), backend);
    }
    const fresh = await p256.generateP256(backend);
    const signature = await fresh.sign(message);
    ok(await p256.verifyP256(fresh.publicKey, message, signature), `${backend}, a fresh one`);
    ok(!(await p256.verifyP256(native.publicKey, message, signature)), `${backend}, another's`);
  }
}

async function rfcSignatures({ documents }) {
  const { jwkThumbprint, oneKey, signCompact, signerFromJwk, verifyCompact } = documents;
  ok(rfc.signatures.length >= 2 && rfc.refused.length >= 3 && rfc.thumbprints.length >= 2);
  for (const { source, key, payload, token } of rfc.signatures) {
    const { d: _, ...publicJwk } = key;
    const options = { keys: oneKey(publicJwk), requireKid: false };
    equal((await verifyCompact(token, options)).payload, utf8.encode(payload), source);
    await refuses(() => verifyCompact(token, { keys: oneKey(publicJwk) }), 'ERR_VERIFY_HEADER', source);
    const ours = await signCompact(utf8.encode(payload), await signerFromJwk(key));
    equal(ours.split('.').slice(0, 2), token.split('.').slice(0, 2), source);
    await verifyCompact(ours, options);
  }
  const [{ key }] = rfc.signatures;
  for (const { source, token, code } of rfc.refused) {
    const options = { keys: oneKey(key), requireKid: false, algorithms: ['none', 'HS256', 'ES256'] };
    await refuses(() => verifyCompact(token, options), code, source);
  }
  for (const { source, jwk, thumbprint } of rfc.thumbprints) equal(await jwkThumbprint(jwk), thumbprint, source);
}

async function confusion(library) {
  const { codec, documents } = library;
  const { keySet, signCompact, verifyCompact } = documents;
  const { encodeBase64url } = codec;
  const payload = utf8.encode('let me in');
  const [edSigner, ecSigner] = await signersOver(library);
  const keys = keySet(
    [edSigner, ecSigner].map(({ curve, publicKey, kid }) => documents.keyFromBytes(curve, publicKey, kid)),
  );
  const encodeText = (text) => encodeBase64url(utf8.encode(text));
  const covered = (header) => `${encodeText(JSON.stringify(header))}.${encodeBase64url(payload)}`;
  const everything = ['none', 'HS256', 'EdDSA', 'Ed25519', 'ES256'];
  for (const { kid, publicKey } of [edSigner, ecSigner]) {
    // The public key as a shared secret: whoever can read it could sign.
    const secret = await crypto.subtle.importKey('raw', publicKey, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
    const hs = covered({ alg: 'HS256', kid });
    const mac = new Uint8Array(await crypto.subtle.sign('HMAC', secret, utf8.encode(hs)));
    const unsigned = covered({ alg: 'none', kid });
    for (const token of [`${hs}.${encodeBase64url(mac)}`, `${unsigned}.`, `${unsigned}.${encodeBase64url(mac)}`]) {
      await refuses(() => verifyCompact(token, { keys, algorithms: everything }), 'ERR_VERIFY_ALGORITHM', token);
    }
  }
  // The key of one curve under the name of the other's algorithm.
  for (const [alg, { kid }] of [
    ['ES256', edSigner],
    ['EdDSA', ecSigner],
  ]) {
    const token = `${covered({ alg, kid })}.${encodeBase64url(new Uint8Array(64))}`;
    await refuses(() => verifyCompact(token, { keys }), 'ERR_VERIFY_KEY_UNUSABLE', alg);
  }
  const good = await signCompact(payload, ecSigner);
  equal((await verifyCompact(good, { keys, algorithms: ['ES256'] })).payload, payload);
  await refuses(() => verifyCompact(good, { keys, algorithms: ['EdDSA', 'es256'] }), 'ERR_VERIFY_ALGORITHM');
  await refuses(() => verifyCompact(good, { keys, algorithms: [] }), 'ERR_VERIFY_ALGORITHM');
  for (const extra of [{ crit: ['exp'], exp: 1 }, { b64: false }]) {
    const token = `${covered({ alg: 'ES256', kid: 'ec', ...extra })}.${encodeBase64url(new Uint8Array(64))}`;
    await refuses(() => verifyCompact(token, { keys }), 'ERR_VERIFY_CRITICAL');
  }
}

async function keys({ documents, identity }) {
  const { jwkThumbprint, keyFromBytes, keyFromCryptoKey, keyFromDid, keyFromJwk, keyFromPem, keyToJwk } = documents;
  ok(keyFile.length >= 4);
  for (const { name, publicJwk, privateJwk, pem, thumbprint } of keyFile) {
    const key = keyFromJwk(publicJwk);
    equal(await jwkThumbprint(publicJwk), thumbprint, name);
    equal(await jwkThumbprint(keyToJwk(key)), thumbprint, name);
    equal([keyFromJwk(privateJwk).hadPrivate, key.hadPrivate], [true, undefined], name);
    const algorithm = key.curve === 'P-256' ? { name: 'ECDSA', namedCurve: 'P-256' } : 'Ed25519';
    const held = await crypto.subtle.importKey('raw', key.publicKey, algorithm, true, ['verify']);
    const others = [keyFromPem(pem), keyFromBytes(key.curve, key.publicKey), await keyFromCryptoKey(held)];
    if (key.curve === 'Ed25519') {
      equal(key.did, identity.encodeDidKey(key.publicKey), name);
      others.push(keyFromDid(key.did));
    }
    for (const other of others) {
      equal([other.curve, other.publicKey, other.did], [key.curve, key.publicKey, key.did], name);
    }
  }
  for (const jwk of [
    { kty: 'RSA', n: 'AQAB', e: 'AQAB' },
    { kty: 'OKP', crv: 'X25519', x: keyFile[0].publicJwk.x },
    null,
  ]) {
    await refuses(() => keyFromJwk(jwk), 'ERR_VERIFY_KEY_UNUSABLE');
  }
}

async function unreadableKeys({ documents }) {
  const { keyFromCryptoKey, keySet, signCompact, signerFromCryptoKey, verifyCompact } = documents;
  for (const algorithm of ['Ed25519', { name: 'ECDSA', namedCurve: 'P-256' }]) {
    const { privateKey, publicKey } = await crypto.subtle.generateKey(algorithm, false, ['sign', 'verify']);
    const signer = await signerFromCryptoKey(privateKey, publicKey, 'mine');
    const token = await signCompact(Uint8Array.of(1, 2, 3), signer);
    const keys = keySet([await keyFromCryptoKey(publicKey, 'mine')]);
    equal((await verifyCompact(token, { keys })).payload, Uint8Array.of(1, 2, 3));
    await refuses(() => signerFromCryptoKey(publicKey, publicKey), 'ERR_IDENTITY_KEY');
    // A pair that does not belong together shows with its first signature.
    const other = await crypto.subtle.generateKey(algorithm, false, ['sign', 'verify']);
    const mixed = await signerFromCryptoKey(privateKey, other.publicKey);
    await refuses(() => signCompact(Uint8Array.of(1), mixed), 'ERR_IDENTITY_MISMATCH');
  }
}

const JWKS_URL = 'https://keys.example/jwks.json';

async function remoteKeys({ documents }) {
  const { remoteJwks, signCompact, signerFromJwk, verifyCompact } = documents;
  const [first, second] = keyFile;
  const published = { keys: [first.publicJwk] };
  const clock = handClock();
  const web = fakeWeb({
    [JWKS_URL]: () => Response.json(published, { headers: { 'cache-control': 'public, max-age=120' } }),
  });
  const keys = remoteJwks(JWKS_URL, { fetch: web.fetch, clock });
  const signedBy = async ({ privateJwk }) => signCompact(Uint8Array.of(7), await signerFromJwk(privateJwk));
  const [one, two] = [await signedBy(first), await signedBy(second)];
  await Promise.all(Array.from({ length: 8 }, () => verifyCompact(one, { keys })));
  equal(web.asked.length, 1, 'eight at once');
  const [{ init }] = web.asked;
  equal([init.redirect, init.credentials], ['manual', 'omit']);
  published.keys.push(second.publicJwk);
  await refuses(() => verifyCompact(two, { keys }), 'ERR_VERIFY_KEY_NOT_FOUND');
  equal(web.asked.length, 1, 'a name not found, too soon to ask');
  clock.ms += 30_000;
  await verifyCompact(two, { keys });
  equal(web.asked.length, 2, 'a name not found, after half a minute');
  clock.ms += 119_000;
  await verifyCompact(one, { keys });
  equal(web.asked.length, 2, 'as long as it is fresh');
  clock.ms += 1_000;
  await verifyCompact(one, { keys });
  equal(web.asked.length, 3, 'when it is not');
  // A set that is no longer fresh is not used, even where its server is down.
  clock.ms += 120_000;
  web.answers[JWKS_URL] = () => new Response(null, { status: 503 });
  await refuses(() => verifyCompact(one, { keys }), 'ERR_VERIFY_KEY_RETRIEVAL');
}

async function noRemoteKeys({ documents }) {
  const { remoteJwks, signCompact, signerFromJwk, verifyCompact } = documents;
  const token = await signCompact(Uint8Array.of(7), await signerFromJwk(keyFile[0].privateJwk));
  const endless = endlessBody();
  const answers = {
    ERR_HTTP_REDIRECT: () => new Response(null, { status: 302, headers: { location: 'https://other.example/' } }),
    ERR_HTTP_STATUS: () => Response.json({ keys: [keyFile[0].publicJwk] }, { status: 404 }),
    ERR_HTTP_TOO_LARGE: () => new Response(endless.stream),
    ERR_HTTP_NETWORK: () => Promise.reject(new TypeError('no route')),
    ERR_CODEC_JSON_DUPLICATE_KEY: () => new Response('{"keys":[],"keys":[]}'),
    ERR_VERIFY_KEY_UNUSABLE: () => Response.json([keyFile[0].publicJwk]),
  };
  for (const [code, answer] of Object.entries(answers)) {
    const web = fakeWeb({ [JWKS_URL]: answer });
    const error = await failure(() => verifyCompact(token, { keys: remoteJwks(JWKS_URL, { fetch: web.fetch }) }));
    equal([error.code, error.cause?.code], ['ERR_VERIFY_KEY_RETRIEVAL', code]);
    equal(web.asked.length, 1, code);
  }
  await endless.cancelled;
  for (const url of [
    'http://keys.example/',
    'https://127.0.0.1/',
    'https://[::ffff:10.0.0.1]/',
    'https://169.254.169.254/',
  ]) {
    const web = fakeWeb({});
    const error = await failure(() => verifyCompact(token, { keys: remoteJwks(url, { fetch: web.fetch }) }));
    equal([error.code, error.cause?.code], ['ERR_VERIFY_KEY_RETRIEVAL', 'ERR_HTTP_URL'], url);
    equal(web.asked.length, 0, url);
  }
  const reason = new Error('enough');
  const { signal } = aborted(reason);
  const never = { fetch: () => new Promise(() => {}) };
  ok(
    (await failure(() => verifyCompact(token, { keys: remoteJwks(JWKS_URL, never), signal }))) === reason,
    'the reason',
  );
}

/** Aborts a little later. */
function aborted(reason) {
  const controller = new AbortController();
  setTimeout(() => controller.abort(reason), 5);
  return controller;
}

/** A clock whose hands a test turns; its timers are those of the host. */
function handClock() {
  return {
    ms: 1_000_000,
    now() {
      return this.ms;
    },
    setTimer(callback, delayMs) {
      const timer = setTimeout(callback, delayMs);
      return () => clearTimeout(timer);
    },
  };
}

/** The same keys, verifying over a backend. */
function over({ ed25519Verifier, p256Verifier }, source, backend) {
  return withKeys(source, ({ curve, publicKey }) => {
    const held = (curve === 'P-256' ? p256Verifier : ed25519Verifier)(publicKey, backend);
    return (...asked) => held.verify(...asked);
  });
}

/**
 * Makes of sources ones whose keys ask both backends, and want one verdict of them.
 *
 * @returns {(source: any) => any}
 */
export function askingBoth({ ed25519Verifier, p256Verifier }) {
  // What noble has said once it says again, and takes its time.
  const said = new Map();
  return (source) =>
    withKeys(source, ({ curve, publicKey }) => {
      const makeVerifier = curve === 'P-256' ? p256Verifier : ed25519Verifier;
      const [native, noble] = [makeVerifier(publicKey), makeVerifier(publicKey, 'noble')];
      return async (message, signature, options) => {
        const question = [publicKey, message, signature].map(hex).join() + options?.requireLowS;
        if (!said.has(question)) said.set(question, noble.verify(message, signature, options));
        const verdict = await native.verify(message, signature, options);
        equal(await said.get(question), verdict, 'noble, against WebCrypto:');
        return verdict;
      };
    });
}

/** @param {any} source @param {(key: any) => any} verifyOf Asked once for each key. */
function withKeys(source, verifyOf) {
  const made = new Map();
  const over = (key) => {
    if (!made.has(key)) made.set(key, { ...key, verify: verifyOf(key) });
    return made.get(key);
  };
  return { find: async (header, context) => (await source.find(header, context)).map(over) };
}

/** The two signatures that hold where one does, the one of the low s first. @param {Uint8Array} signature `r | s`. */
function twins(signature) {
  const s = BigInt(`0x${hex(signature.subarray(32))}`);
  const withS = (value) =>
    Uint8Array.from([...signature.subarray(0, 32), ...unhex(value.toString(16).padStart(64, '0'))]);
  return s > ORDER / 2n ? [withS(ORDER - s), withS(s)] : [withS(s), withS(ORDER - s)];
}
