// Writes primitives.json and signed.json: keys, thumbprints, signing inputs and signed artifacts of `aitp/0.2`. Every value
// that AITP publishes is written down below in `PUBLISHED` and has to come out again.
// Made with node:crypto, `@noble/curves` (P-256: repeatable signatures), the npm packages `canonicalize` and `jose`;
// nothing of ours is run. From the root: node vectors/aitp/make.mjs
import assert from 'node:assert/strict';
import { createHash, createPrivateKey, createPublicKey, sign as nodeSign, verify as nodeVerify } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { p256 } from '@noble/curves/nist.js';
import canonicalize from 'canonicalize';
import { calculateJwkThumbprint, compactVerify, importJWK } from 'jose';

const b64 = (bytes) => Buffer.from(bytes).toString('base64url');
const hex = (bytes) => Buffer.from(bytes).toString('hex');
const sha256 = (bytes) => createHash('sha256').update(bytes).digest();
const jcs = (value) => Buffer.from(canonicalize(value), 'utf8');
const N = p256.Point.Fn.ORDER;
const T = 1711900000;

const PUBLISHED = {
  keys: {
    A: 'O2onvM62pC1io6jQKm8Nc2UyFXcd4kOmOsBIoYtZ2ik',
    B: 'A6EHv_POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg',
    C: 'dqFZIESm5PURJlvKc6YE2QsFKdHfYCvjChmpJXZg0fU',
    D: 'iojj3XQJ8ZX9UtstPLpdcspnCb8dlBIb83SIAbQPb1w',
    P: 'AweBDql0zqV3PmO4l_N-O-mgnnpf6blxpE0QZawqOpMR',
    attacker: '5zTqbCtiV95yNV5HKqBaTEh-a0Y8Ap7TBt8vAbVja1g',
  },
  thumbprints: {
    A: '9ZP03Nu8GrXPAUkbKNxHOKBzxPX83SShgFkRNK-f2lw',
    B: '1IG2tMH7J2wbJZnOf8LJzQitKf7LMvoAElsuDMVM54Y',
    C: 'LlsmkXmHJuXWkRZLv_FKl_mprfIV5aYVnXqCgsebsdU',
    D: 'UDDReOZl1ipXAfp9wYsm13sDBMK5og--QWdBjzuf6o4',
    P: '6uuEaX_87uMh4VKEtSDkENgjC0g7Evt6vliSnD7XSDE',
  },
  p256: {
    compressed: '0307810ea974cea5773e63b897f37e3be9a09e7a5fe9b971a44d1065ac2a3a9311',
    x: 'B4EOqXTOpXc-Y7iX83476aCeel_puXGkTRBlrCo6kxE',
    y: 'Y35HpPmUZKD9zkSojsfXA6kYPB0GVS2eLWt2BpSBxXc',
  },
  bodies: {
    manifest: [623, 'b93915e980ebca05a68a81465ac36e416bc3dec40e068f21770cba6c415884af'],
    revocation: [221, 'dad7eb6db48c924ef30de7c20a6702715b512dd8aee12c9eed33139ba7008bfb'],
    bundle: [922, 'c577854d144c912e145e8ec6cbab09361ceb709a43be5cbd1ef538085b1aa5e5'],
  },
  wrapped: {
    manifest: [636, 'cef51854ee7b83bb0da9e0c274a5da88255fa69657cf62939cb43cdd9746c5ae'],
    revocation: [241, '739feb36cc2530ad3188f6c3a9ee7459820533382ee24387a8c261787397e0d9'],
    bundle: [941, 'dc99e7252ab25d2896eb2468d32b8d33b48a62150525ece727038cc29b4f2640'],
  },
  bundleSignature: 'czzmjpVf5rtZ2-FvfMcviSUCeY2WSu69v2ZECpflHAKVaEikz4w6m5fOVuBZkCL8DXX-lkY905NvYxjQTg_TBw',
  pop: {
    sha256: 'be45cb2605bf36bebde684841a28f0fd43c69850a3dce5fedba69928ee3a8991',
    signature: '3cL6ITDAazeyYrS3pm6Wd1boPvXttQ5iJp27l5cPc5unJ3txxme1myOW3mvAnmlIQsvZGmt-A_VJvdkBbFJcCw',
  },
  pinned: {
    bytes: 193,
    sha256: '061ea87d1cc52c860fbeece9f6ba266669ebb0581a0e0ed409267690c39edb09',
    signature: 'vdLCEPGuUvVryXxnPdo_ZNYqaZmGuByZ5kRMU0ikKeVbn3SUjj2DD7y8e5pNBtp7jSHZ-Z0wzNdOl0NS1mSpCQ',
  },
  chain: {
    entry: 'ser99B3D-7baXJGh8Dte_3mWfdBq8Xc1MbVpeO7UVPo',
    hash: '27qTmatfcU_X78-J80ezX7lbK1BViLdyeNh2XfJ-Zbw',
    empty: 'T1PNoYwrqgwDVLtfmj7L5e0Sq02OEbqHPC8RFhICuUU',
  },
  headers: {
    tct: 'eyJhbGciOiJFZERTQSIsInR5cCI6ImFpdHAtdGN0K2p3dCJ9',
    grant: 'eyJhbGciOiJFZERTQSIsInR5cCI6ImFpdHAtZ3JhbnQrand0In0',
    delegation: 'eyJhbGciOiJFZERTQSIsInR5cCI6ImFpdHAtZGVsZWdhdGlvbitqd3QifQ',
    tctP256: 'eyJhbGciOiJFUzI1NiIsInR5cCI6ImFpdHAtdGN0K2p3dCJ9',
    grantP256: 'eyJhbGciOiJFUzI1NiIsInR5cCI6ImFpdHAtZ3JhbnQrand0In0',
    delegationP256: 'eyJhbGciOiJFUzI1NiIsInR5cCI6ImFpdHAtZGVsZWdhdGlvbitqd3QifQ',
  },
  manifestSignatures: [
    'sSQSQxGxMl6_gM1-8lWZVOOFx13pLVV-QF_dyvXKoWMSMlUSOYvk0hSVQTIN2b26FjCw-Xcwh0cMwN4cnLDnAA',
    'xpd4haK69GQAz7QopVupP-A4LvgDA73kFmJfHqpScgjsc4uqq7HQlmty_6H9drrdYQcImNgi4bMkebXSlr0KAA',
  ],
  snapshotSignature: 'DTmCoELd0lIRCRBdhDuLmEqvFK1VqpTSGyPEG6-C0InTOeF8LB4a-Rf4ercCvhLYD6H1t9_T-7FgQ1ufBfKkCQ',
  wrappedSnapshotStart: '2OYmur9N',
  tokens: {
    tct: [639, '6d80abb413d34fd4546f48a638c9ff3a832e74a99df8db3eccafaeed387805d2'],
    voucher: [514, 'db2b2a5b26ba0654de69cf4224662dc2ac9bf94daa2f1df58d2204e2ca8029ad'],
    delegation: [1268, '30b555257f8266d10990d2be895d751c962e1f18b75b07744ce48290d69bfef0'],
  },
  envelope: {
    digest: 'b303d80d2770299e10ae7657a623c99c7df97901fa18b06ef7c0a71980ed49e9',
    text: '770e8400-e29b-41d4-a716-446655441006|1711900000|aid:pubkey:O2onvM62pC1io6jQKm8Nc2UyFXcd4kOmOsBIoYtZ2ik|22aa94d130a4e9012e5f7cc0efff255681a24b35665fbf7e0d0dcbd433c492f0',
    signature: 'IPzAcG5hNm_GAApU6j4NZ8EtaYoa-lReSGJeFZObDStXP_0PEM5ykz3fdk6NRVmFpEgp0kWnoMrcCj9rj-1vDA',
  },
  envelopeP256: {
    digest: '899070806444e28a20a08e8621aa7d1b56346876b90e2110ca22db512e138bf6',
    double: 'p256.2q_zGfNz6HV1qtA1BDMsEb85Ixl7YrR1SG0Vq07fnktQ-D3G7j96yi33yokBEDiWUIi3At4QzVvGSmHBBTN04A',
    single: 'p256.x8byAWOkPakdN1zUauZZWaBm0hacdCOcWJ236euSREtnL_wz-SQFm-p-c4WSoWv_aPRH6QAYP2QMSkNcoYvCiQ',
  },
  tctP256: 'uxAPx_0wrLMmET4cSqPe69o6VTmF5cKw_A6ck7mntZ8cFy5NEQc5vdorIeUNF-yeJaWJrm9XNZzO6OEGuW8j0g',
};

// --- keys

const PKCS8_ED25519 = Buffer.from('302e020100300506032b657004220420', 'hex');

function edKey(seed) {
  const node = createPrivateKey({ key: Buffer.concat([PKCS8_ED25519, seed]), format: 'der', type: 'pkcs8' });
  const { x } = createPublicKey(node).export({ format: 'jwk' });
  const jwk = { crv: 'Ed25519', kty: 'OKP', x };
  return { suite: 'ed25519', seed, alg: 'EdDSA', jwk, identifier: x, aid: `aid:pubkey:${x}`, sign: (m) => nodeSign(null, m, node) };
}

function ecKey(seed) {
  const point = p256.getPublicKey(seed, false);
  const identifier = b64(p256.getPublicKey(seed, true));
  const jwk = { crv: 'P-256', kty: 'EC', x: b64(point.subarray(1, 33)), y: b64(point.subarray(33)) };
  // Hashes with SHA-256, RFC 6979, low S.
  const sign = (message) => Buffer.from(p256.sign(message, seed, { lowS: true }));
  return { suite: 'p256', seed, alg: 'ES256', jwk, identifier, aid: `aid:pubkey:p256:${identifier}`, sign };
}

const keys = {
  A: edKey(Buffer.alloc(32)),
  B: edKey(Buffer.from(Array.from({ length: 32 }, (_, i) => i))),
  C: edKey(Buffer.alloc(32, 0xff)),
  D: edKey(Buffer.alloc(32, 1)),
  P: ecKey(Buffer.alloc(32, 5)),
  attacker: edKey(Buffer.alloc(32, 0xaa)),
};
const { A, B, C, D, P } = keys;
for (const [name, key] of Object.entries(keys)) {
  assert.equal(key.identifier, PUBLISHED.keys[name], name);
  key.jkt = await calculateJwkThumbprint(key.jwk);
  if (name in PUBLISHED.thumbprints) assert.equal(key.jkt, PUBLISHED.thumbprints[name], name);
}
assert.equal(hex(Buffer.from(P.identifier, 'base64url')), PUBLISHED.p256.compressed);
assert.deepEqual([P.jwk.x, P.jwk.y], [PUBLISHED.p256.x, PUBLISHED.p256.y]);

// --- signatures

/** Signature text of the JCS profile over SHA-256 of bytes; ECDSA hashes once more. */
const signHashed = (key, bytes) => (key.suite === 'p256' ? 'p256.' : '') + b64(key.sign(sha256(bytes)));

const segment = (value) => b64(Buffer.from(value, 'utf8'));

async function token(key, typ, claims) {
  const covered = `${segment(`{"alg":"${key.alg}","typ":"${typ}"}`)}.${b64(jcs(claims))}`;
  const made = `${covered}.${b64(key.sign(Buffer.from(covered)))}`;
  await compactVerify(made, await importJWK(key.jwk, key.alg));
  return made;
}

/** The twin of a P-256 signature, with high S. */
function highS(signature) {
  const bytes = Buffer.from(signature);
  const s = BigInt(`0x${hex(bytes.subarray(32))}`);
  assert.ok(s <= N / 2n);
  return Buffer.concat([bytes.subarray(0, 32), Buffer.from((N - s).toString(16).padStart(64, '0'), 'hex')]);
}

const typs = { tct: 'aitp-tct+jwt', grant: 'aitp-grant+jwt', delegation: 'aitp-delegation+jwt' };
for (const [name, typ] of Object.entries(typs)) {
  assert.equal(segment(`{"alg":"EdDSA","typ":"${typ}"}`), PUBLISHED.headers[name]);
  assert.equal(segment(`{"alg":"ES256","typ":"${typ}"}`), PUBLISHED.headers[`${name}P256`]);
}

// --- tokens

const tctClaims = (issuer, subject, more = {}) => ({
  ver: 'aitp/0.2',
  jti: '550e8400-e29b-41d4-a716-446655440000',
  iss: issuer.aid,
  sub: subject.aid,
  aud: subject.aid,
  iat: T,
  exp: T + 3600,
  grants: ['macp.mode.task.v1'],
  cnf: { jkt: subject.jkt },
  ...more,
});
const GRANTS = ['macp.mode.respond.v1', 'macp.mode.task.v1'];
const claims = {
  tct: tctClaims(A, B),
  voucher: {
    ver: 'aitp/0.2',
    iss: A.aid,
    sub: B.aid,
    grants: GRANTS,
    iat: T,
    exp: T + 3600,
    src_jti: '550e8400-e29b-41d4-a716-446655440001',
  },
};
const tct = await token(A, typs.tct, claims.tct);
const voucher = await token(A, typs.grant, claims.voucher);
claims.delegation = {
  ver: 'aitp/0.2',
  iss: B.aid,
  sub: C.aid,
  aud: A.aid,
  scope: ['macp.mode.task.v1'],
  exp: T + 1800,
  cnf: { jkt: C.jkt },
  voucher,
};
const delegation = await token(B, typs.delegation, claims.delegation);
for (const [name, made] of Object.entries({ tct, voucher, delegation })) {
  assert.deepEqual([made.length, hex(sha256(made))], PUBLISHED.tokens[name], name);
}
claims.tctP256 = tctClaims(P, A);
const tctP256 = await token(P, typs.tct, claims.tctP256);
assert.equal(tctP256.split('.')[2], PUBLISHED.tctP256);
const [, , lowSegment] = tctP256.split('.');
const tctP256HighS = tctP256.replace(lowSegment, b64(highS(Buffer.from(lowSegment, 'base64url'))));

// --- multihop chain

const hop = await token(B, typs.delegation, {
  ...claims.delegation,
  jti: '550e8400-e29b-41d4-a716-446655440011',
  scope: GRANTS,
  exp: T + 3000,
});
const chainHash = (chain) => b64(sha256(jcs(chain.map((entry) => b64(sha256(entry))))));
assert.equal(b64(sha256(hop)), PUBLISHED.chain.entry);
assert.equal(chainHash([hop]), PUBLISHED.chain.hash);
assert.equal(chainHash([]), PUBLISHED.chain.empty);

// --- bodies

const body = (value) => ({ value, canonical: canonicalize(value), bytes: jcs(value).length, sha256: hex(sha256(jcs(value))) });
const manifestForJcs = {
  version: 'aitp/0.2',
  aid: A.aid,
  display_name: 'kat-agent',
  identity_hint: { type: 'oidc', issuer: 'https://auth.example.com', subject: 'kat-agent-subject' },
  handshake_endpoint: 'https://example.com/aitp/handshake',
  accepted_trust_anchors: ['https://auth.example.com'],
  offered_capabilities: ['macp.mode.task.v1'],
  required_peer_capabilities: [],
  proof_of_possession: { challenge: 'Y2hhbGxlbmdlX2thdF8xMjhiaXRzX2FfYQ', signature: 'A'.repeat(86) },
  published_at: 1711899000,
  expires_at: 1711985400,
};
const revocationForJcs = {
  version: 'aitp/0.2',
  issuer: A.aid,
  published_at: T,
  expires_at: T + 3600,
  entries: [{ jti: '550e8400-e29b-41d4-a716-446655440000', revoked_at: 1711901000 }],
};
const bundleBody = {
  version: 'aitp/0.2',
  session_id: '650e8400-e29b-41d4-a716-446655440000',
  coordinator: A.aid,
  issued_at: T,
  expires_at: T + 3600,
  participants: [{ aid: B.aid, tct }],
};
const bodies = { manifest: body(manifestForJcs), revocation: body(revocationForJcs), bundle: body(bundleBody) };
const wrappers = { manifest: 'manifest', revocation: 'revocation_list', bundle: 'session_bundle' };
for (const [name, made] of Object.entries(bodies)) {
  assert.deepEqual([made.bytes, made.sha256], PUBLISHED.bodies[name], name);
  const wrapped = body({ [wrappers[name]]: made.value });
  assert.deepEqual([wrapped.bytes, wrapped.sha256], PUBLISHED.wrapped[name], name);
  made.wrappedSha256 = wrapped.sha256;
}

// --- proofs

const challenge = Buffer.from('000102030405060708090a0b0c0d0e0f', 'hex');
const pop = {
  key: 'A',
  challenge: b64(challenge),
  sha256: hex(sha256(challenge)),
  signature: signHashed(A, challenge),
  overText: signHashed(A, Buffer.from(b64(challenge))),
};
assert.deepEqual([pop.challenge, pop.sha256, pop.signature], ['AAECAwQFBgcICQoLDA0ODw', PUBLISHED.pop.sha256, PUBLISHED.pop.signature]);

const pinnedId = '770e8400-e29b-41d4-a716-446655440701';
const pinnedInput = (time) =>
  Buffer.concat(
    ['aitp-pinned-key-v1', C.aid, A.aid, pinnedId, time, Buffer.alloc(16)].flatMap((part, i) =>
      i === 5 ? [part] : [Buffer.from(part), Buffer.alloc(1)],
    ),
  );
const binaryTime = Buffer.alloc(8);
binaryTime.writeBigUInt64BE(BigInt(T));
const pinned = {
  sender: 'C',
  receiver: 'A',
  messageId: pinnedId,
  timestamp: T,
  nonce: 'A'.repeat(22),
  inputHex: hex(pinnedInput(`${T}`)),
  sha256: hex(sha256(pinnedInput(`${T}`))),
  signature: signHashed(C, pinnedInput(`${T}`)),
  withBinaryTime: signHashed(C, pinnedInput(binaryTime)),
};
assert.deepEqual(
  [pinnedInput(`${T}`).length, pinned.sha256, pinned.signature],
  [PUBLISHED.pinned.bytes, PUBLISHED.pinned.sha256, PUBLISHED.pinned.signature],
);

// --- signed documents

const manifestBody = {
  version: 'aitp/0.2',
  aid: A.aid,
  display_name: 'kat-keypair-001',
  identity_hint: { type: 'pinned_key', subject: 'kat-keypair-001', public_key: A.identifier },
  handshake_endpoint: 'https://example.com/aitp/handshake',
  accepted_trust_anchors: ['https://idp.example.com/'],
  accepted_identity_types: ['pinned_key'],
  offered_capabilities: ['macp.mode.task.v1'],
  proof_of_possession: {
    challenge: 'DtcTFXEOpmcBtVhduQuJDQ',
    signature: signHashed(A, Buffer.from('DtcTFXEOpmcBtVhduQuJDQ', 'base64url')),
  },
  published_at: T,
  expires_at: T + 86400,
};
const manifest = { ...manifestBody, signature: signHashed(A, jcs(manifestBody)) };
assert.deepEqual([manifest.proof_of_possession.signature, manifest.signature], PUBLISHED.manifestSignatures);

const snapshotBody = {
  ...revocationForJcs,
  entries: [{ jti: '550e8400-e29b-41d4-a716-446655440099', revoked_at: T + 60, reason: 'key_compromised' }],
};
const snapshot = { revocation_list: snapshotBody, signature: signHashed(A, jcs(snapshotBody)) };
assert.equal(snapshot.signature, PUBLISHED.snapshotSignature);
const wrappedSnapshot = { revocation_list: snapshotBody, signature: signHashed(A, jcs({ revocation_list: snapshotBody })) };
assert.ok(wrappedSnapshot.signature.startsWith(PUBLISHED.wrappedSnapshotStart));
const bundle = { ...bundleBody, signature: signHashed(A, bodies.bundle.canonical) };
assert.equal(bundle.signature, PUBLISHED.bundleSignature);

// --- envelopes

function envelope(key, messageId) {
  const payload = { hello: true };
  const text = `${messageId}|${T}|${key.aid}|${hex(sha256(jcs(payload)))}`;
  const members = { version: 'aitp/0.2', message_type: 'mutual_hello', message_id: messageId, timestamp: T };
  const signature = signHashed(key, text);
  return { text, digest: hex(sha256(text)), envelope: { ...members, sender: { agent_id: key.aid }, payload, signature } };
}
const envelopeA = envelope(A, '770e8400-e29b-41d4-a716-446655441006');
assert.deepEqual([envelopeA.text, envelopeA.digest, envelopeA.envelope.signature], [PUBLISHED.envelope.text, PUBLISHED.envelope.digest, PUBLISHED.envelope.signature]);
const envelopeP = envelope(P, '770e8400-e29b-41d4-a716-446655441005');
// ECDSA hashes the text itself: the form of the other implementation.
envelopeP.singleHash = `p256.${b64(P.sign(Buffer.from(envelopeP.text)))}`;
envelopeP.highS = `p256.${b64(highS(P.sign(sha256(envelopeP.text))))}`;
assert.equal(envelopeP.digest, PUBLISHED.envelopeP256.digest);
assert.equal(envelopeP.envelope.signature, PUBLISHED.envelopeP256.double);
assert.equal(envelopeP.singleHash, PUBLISHED.envelopeP256.single);
for (const [signature, message] of [
  [envelopeP.envelope.signature, sha256(envelopeP.text)],
  [envelopeP.highS, sha256(envelopeP.text)],
  [envelopeP.singleHash, envelopeP.text],
]) {
  const key = createPublicKey({ key: P.jwk, format: 'jwk' });
  const bytes = Buffer.from(signature.slice(5), 'base64url');
  assert.ok(nodeVerify('sha256', Buffer.from(message), { key, dsaEncoding: 'ieee-p1363' }, bytes));
}

const write = (name, value) => writeFileSync(new URL(name, import.meta.url), `${JSON.stringify(value, null, 2)}\n`);
write('primitives.json', {
  time: T,
  keys: Object.fromEntries(
    Object.entries(keys).map(([name, { suite, seed, aid, identifier, jwk, jkt }]) => [
      name,
      { suite, seedHex: hex(seed), aid, identifier, jwk, jkt },
    ]),
  ),
  bodies,
  pop,
  pinned,
  chain: { entries: [hop], entrySha256: b64(sha256(hop)), hash: chainHash([hop]), emptyHash: chainHash([]) },
  headers: PUBLISHED.headers,
});
write('signed.json', {
  manifest: { manifest },
  snapshot,
  wrappedSnapshot,
  bundle: { session_bundle: bundle },
  tokens: { tct, voucher, delegation, tctP256, tctP256HighS },
  claims,
  envelope: envelopeA,
  envelopeP256: envelopeP,
});
