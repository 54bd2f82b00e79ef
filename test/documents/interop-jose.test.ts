// Both directions against the npm package `jose`.

import * as jose from 'jose';
import { beforeAll, describe, expect, it } from 'vitest';
import { encodeUtf8 } from '../../src/bytes/utf8.js';
import type { PublicJwk } from '../../src/documents/jwk.js';
import { keySet } from '../../src/documents/jwks.js';
import { signCompact, signDetached } from '../../src/documents/sign.js';
import { type JwsSigner, signerFromCryptoKey, signerFromJwk } from '../../src/documents/signer.js';
import { jwkThumbprint } from '../../src/documents/thumbprint.js';
import { keyFromBytes, keyFromCryptoKey, keyToJwk } from '../../src/documents/verification-key.js';
import { verifyCompact, verifyDetached } from '../../src/documents/verify.js';
import keys from '../../vectors/jose/keys.json' with { type: 'json' };

const payloads = ['', 'hello', '{"a":"\u00e9\u{1d11e}"}', 'x'.repeat(70_000)].map((text) => encodeUtf8(text));

describe.each([
  { alg: 'EdDSA', key: keys[0]! },
  { alg: 'Ed25519', key: keys[0]! },
  { alg: 'ES256', key: keys[1]! },
])('$alg', ({ alg, key }) => {
  const { publicJwk, privateJwk, name: kid } = key;
  const set = keySet([publicJwk]);
  let theirPrivate: CryptoKey;
  let theirPublic: CryptoKey;
  let signer: JwsSigner;

  beforeAll(async () => {
    theirPrivate = (await jose.importJWK(privateJwk, alg)) as CryptoKey;
    theirPublic = (await jose.importJWK(publicJwk, alg)) as CryptoKey;
    signer = { ...(await signerFromJwk(privateJwk)), alg: alg as JwsSigner['alg'] };
  });

  it('signed there, verified here', async () => {
    for (const payload of payloads) {
      const token = await new jose.CompactSign(payload)
        .setProtectedHeader({ alg, kid, typ: 'JOSE' })
        .sign(theirPrivate);
      const verified = await verifyCompact(token, { keys: set, typ: 'JOSE' });
      expect(verified.payload).toEqual(payload);

      const flattened = await new jose.FlattenedSign(payload)
        .setProtectedHeader({ alg, kid })
        .setUnprotectedHeader({ note: 'x' })
        .sign(theirPrivate);
      const entry = { protected: flattened.protected!, signature: flattened.signature, header: { note: 'x' } };
      expect((await verifyDetached(entry, payload, { keys: set })).header.kid).toBe(kid);
    }
  });

  it('signed here, verified there', async () => {
    for (const payload of payloads) {
      const token = await signCompact(payload, signer, { typ: 'JOSE' });
      const verified = await jose.compactVerify(token, jose.createLocalJWKSet({ keys: [publicJwk] }), {
        algorithms: [alg],
      });
      expect(verified.payload).toEqual(payload);
      expect(verified.protectedHeader).toEqual({ alg, kid, typ: 'JOSE' });

      const entry = await signDetached(payload, signer);
      const flattened = await jose.flattenedVerify({ ...entry, payload: jose.base64url.encode(payload) }, theirPublic);
      expect(flattened.payload).toEqual(payload);
    }
  });

  it('with keys generated there, which nobody can read', async () => {
    const { publicKey, privateKey } = await jose.generateKeyPair(alg);
    const ours = await signerFromCryptoKey(privateKey, publicKey, 'k');
    const token = await signCompact(payloads[1]!, ours);
    expect((await jose.compactVerify(token, publicKey)).protectedHeader.kid).toBe('k');
    const verified = await verifyCompact(token, { keys: keySet([await keyFromCryptoKey(publicKey, 'k')]) });
    expect(verified.payload).toEqual(payloads[1]);
  });

  it('with keys written here and read there, and back', async () => {
    const { publicKey } = await jose.generateKeyPair(alg, { extractable: true });
    const theirs = await jose.exportJWK(publicKey);
    const ours = await keyFromCryptoKey(publicKey);
    expect(keyToJwk(ours)).toMatchObject(theirs);
    expect(await jose.exportJWK((await jose.importJWK({ ...keyToJwk(ours) }, alg)) as CryptoKey)).toEqual(theirs);
    expect(await jwkThumbprint(theirs as PublicJwk)).toBe(await jose.calculateJwkThumbprint(theirs));
    expect(keyFromBytes(ours.curve, ours.publicKey).publicKey).toEqual(ours.publicKey);
  });

  it('refused there and here: one payload under the signature of another', async () => {
    const [one, two] = [await signCompact(payloads[1]!, signer), await signCompact(payloads[2]!, signer)];
    const mixed = [...one.split('.').slice(0, 2), two.split('.')[2]].join('.');
    await expect(jose.compactVerify(mixed, theirPublic)).rejects.toThrow(jose.errors.JWSSignatureVerificationFailed);
    await expect(verifyCompact(mixed, { keys: set })).rejects.toMatchObject({ code: 'ERR_VERIFY_SIGNATURE' });
  });
});
