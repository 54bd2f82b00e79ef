// Writes edge-cases.json, with noble and @scure/base alone. Run from the root: node vectors/did-key/make.mjs
import { writeFileSync } from 'node:fs';
import { ed25519, x25519 } from '@noble/curves/ed25519.js';
import { base58, hex } from '@scure/base';

const didOf = (...bytes) => `did:key:z${base58.encode(Uint8Array.from(bytes))}`;
const keyDid = (publicKey) => didOf(0xed, 0x01, ...publicKey);
const little = (value) => hex.decode(value.toString(16).padStart(64, '0')).reverse();
const withSign = (point) => point.with(31, point[31] ^ 0x80);

const seed = Uint8Array.from({ length: 32 }, (_, i) => i);
const publicKey = ed25519.getPublicKey(seed);
const did = keyDid(publicKey);
const P = ed25519.Point.Fp.ORDER;

const torsion = ed25519.Point.fromHex('26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05');
const multiple = (n) => (n === 0 ? ed25519.Point.ZERO : torsion.multiplyUnsafe(BigInt(n)));
const key = [];
for (const [n, order] of [1, 8, 4, 8, 2, 8, 4, 8].entries()) {
  const point = multiple(n).toBytes();
  key.push({ why: `point of order ${order}, ${n} times the generator`, did: keyDid(point) });
  key.push({ why: `the same with the other sign bit`, did: keyDid(withSign(point)) });
}
for (let y = P; y < 2n ** 255n; y += 3n) key.push({ why: `y = p + ${y - P}`, did: keyDid(little(y)) });
key.push({ why: 'y = 2 is not on the curve', did: keyDid(little(2n)) });

const tail = did.slice('did:key:'.length);
const text = [
  { why: 'empty', did: '' },
  { why: 'no key', did: 'did:key:z' },
  { why: 'no multibase', did: `did:key:${tail.slice(1)}` },
  { why: 'twin multibase Z', did: `did:key:Z${tail.slice(1)}` },
  { why: 'multibase base16', did: `did:key:f${hex.encode(Uint8Array.of(0xed, 0x01, ...publicKey))}` },
  { why: 'upper-case scheme', did: `DID:key:${tail}` },
  { why: 'another method', did: `did:web:${tail}` },
  { why: 'leading 1, a zero byte', did: `did:key:z1${tail.slice(1)}` },
  { why: 'leading space', did: ` ${did}` },
  { why: 'trailing space', did: `${did} ` },
  { why: 'trailing newline', did: `${did}\n` },
  { why: 'trailing zero character', did: `${did}\u0000` },
  { why: 'fragment', did: `${did}#${tail}` },
  { why: 'query', did: `${did}?a=b` },
  { why: 'path', did: `${did}/a` },
  { why: 'character outside the alphabet', did: `${did.slice(0, -1)}0` },
  { why: 'full-width digit', did: `${did.slice(0, -1)}\uff11` },
  { why: 'trailing byte', did: didOf(0xed, 0x01, ...publicKey, 0) },
  { why: 'missing byte', did: didOf(0xed, 0x01, ...publicKey.slice(0, 31)) },
  { why: 'multicodec x25519-pub', did: didOf(0xec, 0x01, ...x25519.getPublicKey(seed)) },
  { why: 'multicodec ed25519-priv', did: didOf(0x80, 0x26, ...publicKey) },
  { why: 'varint 0xed without its end', did: didOf(0xed, ...publicKey, 0) },
  { why: 'varint not minimal', did: didOf(0xed, 0x81, 0x00, ...publicKey) },
  { why: 'multicodec byte alone', did: didOf(0x6d, 0x01, ...publicKey) },
  { why: '129 characters', did: `did:key:z${'1'.repeat(120)}` },
  { why: '65,539 characters', did: 'did:key:z', repeat: { character: 'z', times: 65530 } },
];

const file = {
  seed: hex.encode(seed),
  publicKey: hex.encode(publicKey),
  did,
  twin: keyDid(withSign(publicKey)),
  x25519: hex.encode(ed25519.utils.toMontgomery(publicKey)),
  refusedKey: key,
  refusedText: text,
  refusedSignature: { did: keyDid(little(1n)), signature: `01${'00'.repeat(63)}` },
};
writeFileSync(new URL('edge-cases.json', import.meta.url), `${JSON.stringify(file, null, 2)}\n`);
