import { generateKeyPairSync } from 'node:crypto';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { aidFromDid, aidJkt, aidOfKey, didFromAid, isAid, parseAid, sameKey } from '../../src/aitp/aid.js';
import { encodeBase64url } from '../../src/codec/base64url.js';
import primitives from '../../vectors/aitp/primitives.json' with { type: 'json' };
import { unhex } from '../support/hex.js';
import { ED25519_SMALL_ORDER } from '../support/small-order.js';
import { outcome } from './support.js';

const { A, B, P } = primitives.keys;
const compressed = (prefix: number, x = unhex('07810ea974cea5773e63b897f37e3be9a09e7a5fe9b971a44d1065ac2a3a9311')) =>
  encodeBase64url(Uint8Array.of(prefix, ...x));

describe('[16.3] texts that are no AID', () => {
  it.each<[string, unknown]>([
    ['42 characters', A.aid.slice(0, -1)],
    ['44 characters, untagged', `${A.aid}A`],
    ['an unknown suite', `aid:pubkey:ed448:${A.identifier}`],
    ['a suite in capitals', `aid:pubkey:ED25519:${A.identifier}`],
    ['another method', `aid:web:${A.identifier}`],
    ['a P-256 key without its tag', `aid:pubkey:${P.identifier}`],
    ['an Ed25519 key as P-256', `aid:pubkey:p256:${A.identifier}`],
    ['a P-256 key whose prefix byte is 04', `aid:pubkey:p256:${compressed(4)}`],
    ['a P-256 x that is on no point', `aid:pubkey:p256:${compressed(2, new Uint8Array(32).fill(0xff))}`],
    ['an Ed25519 y that is on no point', `aid:pubkey:${encodeBase64url(new Uint8Array(32).fill(2))}`],
    ['padding', `${A.aid}=`],
    ['unused bits that are not zero', `${A.aid.slice(0, -1)}l`],
    ['the standard alphabet', A.aid.replace('O2onv', 'O2+nv')],
    ['a newline at the end', `${A.aid}\n`],
    ['a kilobyte', `aid:pubkey:${'A'.repeat(1024)}`],
    ['no text', 7],
    ...ED25519_SMALL_ORDER.map(
      (point) => [`the point ${point}`, `aid:pubkey:${encodeBase64url(unhex(point))}`] satisfies [string, string],
    ),
  ])('%s', async (_, text) => {
    expect(isAid(text)).toBe(false);
    expect(await outcome(() => parseAid(text))).toBe('IDENTITY_FAILED');
    expect(await outcome(() => parseAid(text, 'INVALID_ENVELOPE'))).toBe('INVALID_ENVELOPE');
  });
});

describe('the three forms', () => {
  it('name the key, untagged unless asked', () => {
    const { key } = parseAid(A.aid);
    expect(aidOfKey(key)).toBe(A.aid);
    expect(aidOfKey(key, { tagged: true })).toBe(`aid:pubkey:ed25519:${A.identifier}`);
    expect(aidOfKey(parseAid(P.aid).key)).toBe(P.aid);
  });

  it('are one key for policy, and different texts', () => {
    const tagged = `aid:pubkey:ed25519:${A.identifier}`;
    expect(sameKey(A.aid, tagged)).toBe(true);
    expect(sameKey(A.aid, B.aid)).toBe(false);
    expect(sameKey(A.aid, P.aid)).toBe(false);
    expect(parseAid(tagged).aid).not.toBe(parseAid(A.aid).aid);
  });

  it('go to did:key and back, for Ed25519', async () => {
    const did = didFromAid(A.aid);
    expect(did).toMatch(/^did:key:z6Mk/);
    expect(aidFromDid(did!)).toBe(A.aid);
    expect(didFromAid(P.aid)).toBeUndefined();
    expect(await aidJkt(A.aid)).toBe(A.jkt);
  });

  it('are parsed once while they are in use, however many strangers come by', () => {
    const first = parseAid(A.aid);
    expect(parseAid(A.aid)).toBe(first);
  });
});

it('strangers do not make us keep their messages by the names in them', () => {
  setFlagsFromString('--expose-gc');
  const collect: () => void = runInNewContext('gc');
  const usedMb = () => {
    collect();
    return process.memoryUsage().heapUsed / 1e6;
  };
  const names = Array.from({ length: 500 }, () => {
    const { x } = generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' });
    return `aid:pubkey:${x}`;
  });
  const before = usedMb();
  for (const name of names) {
    // Cut out of a longer text, as every name is that comes from a peer: engines keep the whole for the sake of the part.
    const message = `${name}${name.slice(-9).repeat(7_000)}`;
    expect(isAid(JSON.parse(JSON.stringify(message)).slice(0, name.length))).toBe(true);
  }
  expect(usedMb() - before).toBeLessThan(10);
});
