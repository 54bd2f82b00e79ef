// Writes keys.json and tokens.json with node:crypto and @noble/curves, and has every token that should be accepted
// verified by `jose`. Run from the root: node vectors/jose/make.mjs
import { createHash, createPrivateKey, createPublicKey, sign as nodeSign } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { p256 } from '@noble/curves/nist.js';
import { calculateJwkThumbprint, compactVerify, importJWK } from 'jose';

const b64 = (bytes) => Buffer.from(bytes).toString('base64url');
const label = (text) => createHash('sha256').update(`ringline test key: ${text}`).digest();

// Keys of known secrets. Never trust them.
const PKCS8_ED25519 = Buffer.from('302e020100300506032b657004220420', 'hex');
function edKey(name) {
  const d = label(name);
  const node = createPrivateKey({ key: Buffer.concat([PKCS8_ED25519, d]), format: 'der', type: 'pkcs8' });
  const { x } = createPublicKey(node).export({ format: 'jwk' });
  const jwk = { kty: 'OKP', crv: 'Ed25519', x };
  return { alg: 'EdDSA', jwk, d: b64(d), sign: (input) => nodeSign(null, input, node) };
}
function ecKey(name) {
  const d = label(name);
  const point = p256.getPublicKey(d, false);
  const jwk = { kty: 'EC', crv: 'P-256', x: b64(point.subarray(1, 33)), y: b64(point.subarray(33)) };
  return { alg: 'ES256', jwk, d: b64(d), sign: (input) => p256.sign(input, d) };
}

const ed = edKey('ed');
const ec = ecKey('ec');
const edOther = edKey('another ed');
const ecOther = ecKey('another ec');
// In no set.
const [attacker, ecAttacker] = [edKey('attacker'), ecKey('ec attacker')];
const pemOf = ({ jwk }) => createPublicKey({ key: jwk, format: 'jwk' }).export({ format: 'pem', type: 'spki' });

const N = p256.Point.Fn.ORDER;
const L = 2n ** 252n + 27742317777372353535851937790883648493n;
const big = (bytes) => BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
const bytes32 = (value) => Buffer.from(value.toString(16).padStart(64, '0'), 'hex');
const little = (bytes) => big(Buffer.from(bytes).reverse());

/** A compact token. Header and payload may be text, bytes, or anything JSON can say. */
function token(key, header, payload = 'hello', tweak = (signature) => signature) {
  const encode = (part) => b64(typeof part === 'string' || part instanceof Uint8Array ? part : JSON.stringify(part));
  const covered = `${encode(header)}.${encode(payload)}`;
  return `${covered}.${b64(tweak(key.sign(Buffer.from(covered))))}`;
}

const [EDH, ECH] = [
  { alg: 'EdDSA', kid: 'ed' },
  { alg: 'ES256', kid: 'ec' },
];
const good = token(ed, EDH);
const goodEc = token(ec, ECH);
const withParts = (of, change) => change(of.split('.')).join('.');

const highS = (signature) => {
  const s = big(signature.subarray(32));
  return Buffer.concat([signature.subarray(0, 32), bytes32(s > N / 2n ? s : N - s)]);
};
const der = (signature) => {
  const integer = (value) => {
    const digits = value.toString(16);
    const even = Buffer.from(digits.padStart(digits.length + (digits.length % 2), '0'), 'hex');
    const bytes = even[0] & 0x80 ? Buffer.concat([Buffer.of(0), even]) : even;
    return Buffer.concat([Buffer.of(2, bytes.length), bytes]);
  };
  const body = Buffer.concat([integer(big(signature.subarray(0, 32))), integer(big(signature.subarray(32)))]);
  return Buffer.concat([Buffer.of(0x30, body.length), body]);
};
const rs = (r, s) => () => Buffer.concat([bytes32(r), bytes32(s)]);
const plusL = (signature) =>
  Buffer.concat([signature.subarray(0, 32), bytes32(little(signature.subarray(32)) + L).reverse()]);

const flip = (bytes, at) => bytes.map((byte, i) => (i === at ? byte ^ 1 : byte));
const jwks = {
  keys: [
    { ...ed.jwk, kid: 'ed' },
    { ...ec.jwk, kid: 'ec' },
    { ...edOther.jwk, kid: 'rotated', use: 'sig' },
    { ...ed.jwk, kid: 'rotated', use: 'sig', alg: 'Ed25519' },
    { ...ec.jwk, kid: 'both', key_ops: ['verify'] },
    { ...ed.jwk, kid: 'both' },
    { ...ed.jwk, kid: 'published-secret', d: ed.d },
    { ...ed.jwk, kid: 'enc', use: 'enc' },
    { ...ed.jwk, kid: 'ops', key_ops: ['sign'] },
    { ...ed.jwk, kid: 'no-ops', key_ops: [] },
    { ...ed.jwk, kid: 'ops-text', key_ops: 'verify' },
    { ...ed.jwk, kid: 'alg', alg: 'ES256' },
    { ...ec.jwk, kid: 'alg-hs', alg: 'HS256' },
    { ...ed.jwk, kid: 'kty', kty: 'EC' },
    { ...ec.jwk, kid: 'crv', crv: 'P-384' },
    { ...ec.jwk, kid: 'k1', crv: 'secp256k1' },
    { ...ed.jwk, kid: 'x25519', crv: 'X25519' },
    { ...ed.jwk, kid: 'short', x: b64(Buffer.from(ed.jwk.x, 'base64url').subarray(1)) },
    { ...ed.jwk, kid: 'long', x: b64(Buffer.concat([Buffer.from(ed.jwk.x, 'base64url'), Buffer.of(0)])) },
    { ...ed.jwk, kid: 'padded', x: `${ed.jwk.x}=` },
    { ...ed.jwk, kid: 'small-order', x: b64(Buffer.concat([Buffer.of(1), Buffer.alloc(31)])) },
    { ...ec.jwk, kid: 'off-curve', y: b64(flip(Buffer.from(ec.jwk.y, 'base64url'), 31)) },
    { ...ec.jwk, kid: 'infinity', x: b64(Buffer.alloc(32)), y: b64(Buffer.alloc(32)) },
    { ...ec.jwk, kid: 'no-y', y: undefined },
    { ...ec.jwk, kid: 'y-number', y: 7 },
    { kty: 'oct', kid: 'oct', k: b64('a secret that is long enough for it') },
    { kty: 'RSA', kid: 'rsa', n: b64(Buffer.alloc(256, 0xc1)), e: 'AQAB' },
    { ...ed.jwk },
    'not a key',
  ],
};

const valid = [
  { why: 'EdDSA', token: good },
  { why: 'Ed25519, the newer name', token: token(ed, { alg: 'Ed25519', kid: 'ed' }) },
  { why: 'ES256', token: goodEc },
  { why: 'ES256 with the high s', token: token(ec, ECH, 'hello', highS) },
  { why: 'empty payload', token: token(ed, EDH, '') },
  { why: 'binary payload', token: token(ed, EDH, Buffer.of(0, 255, 128)), payloadHex: '00ff80' },
  { why: 'typ asked for', token: token(ed, { ...EDH, typ: 'x+jwt' }), options: { typ: 'x+jwt' } },
  { why: 'jku and typ null count as absent', token: token(ed, { ...EDH, jku: null, typ: null }) },
  { why: 'jku is data', token: token(ed, { ...EDH, jku: 'https://evil.example/keys' }) },
  { why: 'jwk in the header is data', token: token(ed, { ...EDH, jwk: attacker.jwk }) },
  { why: 'x5u and x5c in the header are data', token: token(ed, { ...EDH, x5u: 'https://evil.example', x5c: ['AA'] }) },
  { why: 'members in another order, whitespace', token: token(ed, ' {\t"kid" : "ed",\n"alg" : "EdDSA" }\r\n') },
  { why: 'alg written with an escape', token: token(ed, '{"\\u0061lg":"\\u0045dDSA","kid":"ed"}') },
  { why: 'a parameter named __proto__', token: token(ed, '{"alg":"EdDSA","kid":"ed","__proto__":{"alg":"none"}}') },
  { why: 'two keys of one name, the second right', token: token(ed, { alg: 'EdDSA', kid: 'rotated' }) },
  { why: 'two keys of one name, of different curves', token: token(ed, { alg: 'EdDSA', kid: 'both' }) },
  { why: 'the same, the other one', token: token(ec, { alg: 'ES256', kid: 'both' }) },
  { why: 'private part in the set is ignored', token: token(ed, { alg: 'EdDSA', kid: 'published-secret' }) },
  { why: 'no kid, where none is required', token: token(ed, { alg: 'EdDSA' }), options: { requireKid: false } },
];

const hs256 = (secret) => ({
  sign: (input) => {
    const pad = (byte) => Buffer.concat([key, Buffer.alloc(64 - key.length)]).map((b) => b ^ byte);
    const hash = (...parts) => createHash('sha256').update(Buffer.concat(parts)).digest();
    const key = secret.length > 64 ? hash(secret) : secret;
    return hash(pad(0x5c), hash(pad(0x36), input));
  },
});
const nobody = { sign: () => Buffer.alloc(0) };
const refuse = (code, cases) => cases.map(([why, text, options]) => ({ why, token: text, code, ...(options && { options }) }));

const all = ['none', 'None', 'HS256', 'HS384', 'HS512', 'EdDSA', 'ES256', 'RS256', 'es256'];
const invalid = [
  ...refuse('ERR_VERIFY_ALGORITHM', [
    ...['none', 'None', 'NONE', 'nOnE'].map((alg) => [`alg ${alg}`, token(nobody, { alg, kid: 'ed' }), { algorithms: all }]),
    ['alg none with a signature', token(ed, { alg: 'none', kid: 'ed' }), { algorithms: all }],
    ['HS256 under the bytes of the public key', token(hs256(Buffer.from(ed.jwk.x, 'base64url')), { alg: 'HS256', kid: 'ed' }), { algorithms: all }],
    ['HS256 under the PEM of the public key', token(hs256(Buffer.from(pemOf(ec))), { alg: 'HS256', kid: 'ec' }), { algorithms: all }],
    ['HS256 under an oct key of the set', token(hs256(Buffer.from('a secret that is long enough for it')), { alg: 'HS256', kid: 'oct' }), { algorithms: all }],
    ...['RS256', 'PS256', 'ES384', 'ES256K', 'Ed448', 'ed25519', 'eddsa', 'EDDSA', 'es256', 'ES256 ', ' ES256', 'ES256\u0000', '__proto__', 'constructor'].map((alg) => [
      `alg ${JSON.stringify(alg)}`,
      token(ec, { alg, kid: 'ec' }),
      { algorithms: [...all, alg] },
    ]),
    ['an algorithm that is not listed', goodEc, { algorithms: ['EdDSA'] }],
    ['the other name of a listed algorithm', good, { algorithms: ['Ed25519'] }],
    ['an empty list', good, { algorithms: [] }],
  ]),
  ...refuse('ERR_VERIFY_KEY_UNUSABLE', [
    ['EdDSA by a P-256 key', token(ed, { alg: 'EdDSA', kid: 'ec' })],
    ['ES256 by an Ed25519 key', token(ec, { alg: 'ES256', kid: 'ed' })],
    ...['enc', 'ops', 'no-ops', 'ops-text', 'alg', 'kty', 'x25519', 'short', 'long', 'padded', 'small-order', 'oct', 'rsa'].map((kid) => [
      `key ${kid}`,
      token(ed, { alg: 'EdDSA', kid }),
    ]),
    ...['alg-hs', 'crv', 'k1', 'off-curve', 'infinity', 'no-y', 'y-number'].map((kid) => [`key ${kid}`, token(ec, { alg: 'ES256', kid })]),
  ]),
  ...refuse('ERR_VERIFY_KEY_NOT_FOUND', [
    ...['nobody', 'ed ', 'Ed', 'ed\u0000', '../ed', '__proto__', 'constructor', 'toString', '0', "ed' OR '1'='1"].map((kid) => [
      `kid ${JSON.stringify(kid)}`,
      token(ed, { alg: 'EdDSA', kid }),
    ]),
    ['a key of the attacker in the header', token(attacker, { alg: 'EdDSA', kid: 'mine', jwk: { ...attacker.jwk, kid: 'mine' } })],
    ['a key set of the attacker in the header', token(attacker, { alg: 'EdDSA', kid: 'mine', jku: 'https://evil.example/keys' })],
  ]),
  ...refuse('ERR_VERIFY_SIGNATURE', [
    ['a key of the attacker in the header, under a known name', token(attacker, { ...EDH, jwk: attacker.jwk })],
    ['a certificate of the attacker in the header, under a known name', token(ecAttacker, { ...ECH, x5c: ['AA'], x5u: 'https://evil.example' })],
    ['no kid, another key', token(attacker, { alg: 'EdDSA' }), { requireKid: false }],
    ['signature of another header', withParts(good, ([, p, s]) => [b64('{"kid":"ed","alg":"EdDSA"}'), p, s])],
    ['the same header with a space', withParts(good, ([, p, s]) => [b64('{"alg":"EdDSA", "kid":"ed"}'), p, s])],
    ['the other name of the algorithm', withParts(good, ([, p, s]) => [b64('{"alg":"Ed25519","kid":"ed"}'), p, s])],
    ['signature of another payload', withParts(good, ([h, , s]) => [h, b64('hallo'), s])],
    ['payload cut off', withParts(good, ([h, , s]) => [h, '', s])],
    ['signature of the payload alone', token(ed, EDH, 'hello', () => ed.sign(Buffer.from('hello')))],
    ['63 bytes', token(ed, EDH, 'hello', (s) => s.subarray(1))],
    ['65 bytes', token(ed, EDH, 'hello', (s) => Buffer.concat([s, Buffer.of(0)]))],
    ['S + L', token(ed, EDH, 'hello', plusL)],
    ['R the neutral point, S = 0', token(ed, EDH, 'hello', () => Buffer.concat([Buffer.of(1), Buffer.alloc(63)]))],
    ['all zero', token(ed, EDH, 'hello', () => Buffer.alloc(64))],
    ['ES256: 63 bytes', token(ec, ECH, 'hello', (s) => s.subarray(1))],
    ['ES256: 65 bytes', token(ec, ECH, 'hello', (s) => Buffer.concat([Buffer.of(0), s]))],
    ['ES256: DER', token(ec, ECH, 'hello', der)],
    ['ES256: r and s swapped', token(ec, ECH, 'hello', (s) => Buffer.concat([s.subarray(32), s.subarray(0, 32)]))],
    ['ES256: all zero', token(ec, ECH, 'hello', rs(0n, 0n))],
    ['ES256: r = 0', token(ec, ECH, 'hello', rs(0n, 1n))],
    ['ES256: s = 0', token(ec, ECH, 'hello', rs(1n, 0n))],
    ['ES256: r = n', token(ec, ECH, 'hello', rs(N, 1n))],
    ['ES256: s = n', token(ec, ECH, 'hello', rs(1n, N))],
    ['ES256: r = s = 2^256 - 1', token(ec, ECH, 'hello', rs(2n ** 256n - 1n, 2n ** 256n - 1n))],
    ['ES256: high s where a low one is asked for', token(ec, ECH, 'hello', highS), { requireLowS: true }],
  ]),
  ...refuse('ERR_VERIFY_CRITICAL', [
    ['crit, unknown extension', token(ed, { ...EDH, crit: ['exp'], exp: 1 })],
    ['crit naming b64', token(ed, { ...EDH, crit: ['b64'], b64: false })],
    ['b64 false', token(ed, { ...EDH, b64: false })],
    ['b64 true', token(ed, { ...EDH, b64: true })],
    ['b64 null', token(ed, { ...EDH, b64: null })],
  ]),
  ...refuse('ERR_VERIFY_HEADER', [
    ...[[], 'b64', null, {}, [1], ['exp', null]].map((crit) => [`crit ${JSON.stringify(crit)}`, token(ed, { ...EDH, crit })]),
    ...[undefined, null, 1, '', ['EdDSA'], { a: 1 }, true].map((alg) => [`alg ${JSON.stringify(alg)}`, token(ed, { kid: 'ed', alg })]),
    ...[null, 1, '', ['ed'], {}].map((kid) => [`kid ${JSON.stringify(kid)}`, token(ed, { alg: 'EdDSA', kid })]),
    ...[1, ['JWT'], {}, false].map((typ) => [`typ ${JSON.stringify(typ)}`, token(ed, { ...EDH, typ })]),
    ...[1, ['https://evil.example'], {}].map((jku) => [`jku ${JSON.stringify(jku)}`, token(ed, { ...EDH, jku })]),
    ['no kid', token(ed, { alg: 'EdDSA' })],
    ...['null', '[]', '"alg"', '1', '{', '{}', '{"alg":"EdDSA","kid":"ed"}x', '{"alg":"EdDSA","kid":"ed",}', "{'alg':'EdDSA','kid':'ed'}", '{"alg":"EdDSA","kid":"ed"}//'].map(
      (header) => [`header ${header}`, token(ed, header)],
    ),
    ['alg twice', token(ed, '{"alg":"none","kid":"ed","alg":"EdDSA"}')],
    ['alg twice, once with an escape', token(ed, '{"\\u0061lg":"none","kid":"ed","alg":"EdDSA"}')],
    ['kid twice', token(ed, '{"alg":"EdDSA","kid":"ec","kid":"ed"}')],
    ['a member twice, deep inside', token(ed, '{"alg":"EdDSA","kid":"ed","a":{"b":1,"b":2}}')],
    ['byte order mark', token(ed, '\ufeff{"alg":"EdDSA","kid":"ed"}')],
    ['not UTF-8', token(ed, Buffer.concat([Buffer.from('{"alg":"EdDSA","kid":"ed","a":"'), Buffer.of(0xff), Buffer.from('"}')]))],
    ['lone surrogate', token(ed, '{"alg":"EdDSA","kid":"ed","a":"\\ud800"}')],
    ['a number no double can hold', token(ed, '{"alg":"EdDSA","kid":"ed","a":9007199254740993}')],
  ]),
  ...refuse('ERR_VERIFY_HEADER_ENCODING', [
    ['empty', withParts(good, ([, p, s]) => ['', p, s])],
    ['padding', withParts(good, ([h, p, s]) => [`${h}=`, p, s])],
    ['whitespace', withParts(good, ([h, p, s]) => [` ${h}`, p, s])],
    ['line feed', withParts(good, ([h, p, s]) => [`${h}\n`, p, s])],
    ['the other alphabet', withParts(token(ed, { ...EDH, a: '~~~???' }), ([h, p, s]) => [h.replaceAll('-', '+').replaceAll('_', '/'), p, s])],
    ['one character over', withParts(good, ([h, p, s]) => [h.slice(0, -2), p, s])],
    ['unused bits', withParts(good, ([h, p, s]) => [h.replace(/0$/, '1'), p, s])],
    ['a look-alike letter', withParts(good, ([h, p, s]) => [h.replace('e', '\u0435'), p, s])],
  ]),
  ...refuse('ERR_VERIFY_ENTRY', [
    ['nothing', ''],
    ['one part', good.split('.')[0]],
    ['two parts', withParts(good, ([h, p]) => [h, p])],
    ['four parts', `${good}.`],
    ['four parts, the first empty', `.${good}`],
    ['five parts, as of an encrypted token', `${good}.AA.AA`],
    ['JSON form', JSON.stringify({ protected: good.split('.')[0], payload: good.split('.')[1], signature: good.split('.')[2] })],
    ['payload with padding', withParts(good, ([h, p, s]) => [h, `${p}=`, s])],
    ['payload with whitespace', withParts(good, ([h, p, s]) => [h, `${p} `, s])],
    ['payload with unused bits', withParts(good, ([h, , s]) => [h, 'aGVsbG9', s])],
    ['payload with one character over', withParts(good, ([h, p, s]) => [h, p.slice(0, 5), s])],
  ]),
  ...refuse('ERR_VERIFY_SIGNATURE_ENCODING', [
    ['empty', withParts(good, ([h, p]) => [h, p, ''])],
    ['padding', withParts(good, ([h, p, s]) => [h, p, `${s}==`])],
    ['whitespace', withParts(good, ([h, p, s]) => [h, p, `${s}\n`])],
    ['the other alphabet', withParts(good, ([h, p, s]) => [h, p, s.replace(/.$/, '+')])],
    ['unused bits', withParts(good, ([h, p, s]) => [h, p, s.replace(/.$/, 'B')])],
    ['one character over', withParts(good, ([h, p, s]) => [h, p, s.slice(0, 85)])],
    ['too long', withParts(good, ([h, p]) => [h, p, 'A'.repeat(1028)])],
  ]),
  ...refuse('ERR_VERIFY_TYPE', [
    ['no typ where one is asked for', good, { typ: 'x+jwt' }],
    ['another', token(ed, { ...EDH, typ: 'JWT' }), { typ: 'x+jwt' }],
    ['in other letters', token(ed, { ...EDH, typ: 'X+JWT' }), { typ: 'x+jwt' }],
    ['with the prefix of media types', token(ed, { ...EDH, typ: 'application/x+jwt' }), { typ: 'x+jwt' }],
  ]),
];

// Every token that should be accepted, before another implementation.
for (const { why, token: text, payloadHex } of valid) {
  const { alg, kid } = JSON.parse(Buffer.from(text.split('.')[0], 'base64url'));
  const candidates = jwks.keys.filter((key) => key.kid === kid && key.crv === (alg === 'ES256' ? 'P-256' : 'Ed25519'));
  const verdicts = candidates.map(async ({ d: _, use: _use, alg: _alg, ...jwk }) => compactVerify(text, await importJWK(jwk, alg)));
  const { payload } = await Promise.any(verdicts).catch((error) => {
    throw new Error(`jose refuses: ${why}`, { cause: error });
  });
  if (payloadHex && Buffer.from(payload).toString('hex') !== payloadHex) throw new Error(why);
}

const named = async (name, key) => ({
  name,
  publicJwk: { ...key.jwk, kid: name },
  privateJwk: { ...key.jwk, kid: name, d: key.d },
  pem: pemOf(key),
  thumbprint: await calculateJwkThumbprint(key.jwk),
});
const ascii = (text) => text.replace(/[^\n -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
const write = (name, value) =>
  writeFileSync(new URL(name, import.meta.url), `${ascii(JSON.stringify(value, null, 2))}\n`);
write('keys.json', await Promise.all([named('ed', ed), named('ec', ec), named('ed-other', edOther), named('ec-other', ecOther)]));
write('tokens.json', { jwks, valid, invalid });
console.log(`${valid.length} valid, ${invalid.length} invalid`);
