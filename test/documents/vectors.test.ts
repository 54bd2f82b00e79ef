import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeUtf8, encodeUtf8 } from '../../src/bytes/utf8.js';
import type { KeySource, VerifyOptions } from '../../src/documents/index.js';
import keys from '../../vectors/jose/keys.json' with { type: 'json' };
import rfc from '../../vectors/jose/rfc.json' with { type: 'json' };
import tokens from '../../vectors/jose/tokens.json' with { type: 'json' };
import { hex } from '../support/hex.js';
import { type Documents, enterRuntime, leaveRuntime, RUNTIMES } from './rooms.js';

const { invalid, jwks, valid } = tokens;

interface Case {
  readonly why: string;
  readonly token: string;
  readonly payloadHex?: string;
  readonly code?: string;
  readonly options?: Omit<VerifyOptions, 'keys'>;
}

describe.each(RUNTIMES)('known answers with %s', (runtime) => {
  let documents: Documents;
  let set: KeySource;

  beforeAll(async () => {
    documents = await enterRuntime(runtime);
    set = documents.keySet(jwks as never);
  });
  afterAll(leaveRuntime);

  describe.each(rfc.signatures)('$source', ({ key, header, payload, token, deterministic }) => {
    const { alg } = JSON.parse(header) as { alg: string };

    it('verifies', async () => {
      const keySource = documents.oneKey({ ...key, d: undefined } as never);
      const verified = await documents.verifyCompact(token, { keys: keySource, requireKid: false });
      expect(decodeUtf8(verified.payload)).toBe(payload);
      expect(verified.header.alg).toBe(alg);
    });

    it('is what the same key signs', async () => {
      const signer = await documents.signerFromJwk(key);
      const ours = await documents.signCompact(encodeUtf8(payload), signer);
      // Runtimes may randomise; ours never does.
      if (deterministic && runtime === 'noble alone') expect(ours).toBe(token);
      expect(ours.split('.').slice(0, 2)).toEqual(token.split('.').slice(0, 2));
      const verified = await documents.verifyCompact(ours, { keys: documents.oneKey(key), requireKid: false });
      expect(decodeUtf8(verified.payload)).toBe(payload);
    });
  });

  it('RFC 7515, appendix A.6: the kid beside a signature names no key', async () => {
    const { key, token, payload } = rfc.signatures[0]!;
    const [segment, , signature] = token.split('.') as [string, string, string];
    const entry = { protected: segment, signature, header: { kid: 'e9bc097a-ce51-4036-9562-d2ade882db0d' } };
    const options = { keys: documents.oneKey(key), requireKid: false };
    const verified = await documents.verifyDetached(entry, encodeUtf8(payload), options);
    expect(verified.header.kid).toBeUndefined();
    await expect(
      documents.verifyDetached(entry, encodeUtf8(payload), { keys: documents.oneKey(key) }),
    ).rejects.toMatchObject({ code: 'ERR_VERIFY_HEADER' });
  });

  it.each(rfc.refused)('refuses $source', async ({ token, code }) => {
    const { key } = rfc.signatures[0]!;
    const options = { keys: documents.oneKey(key), requireKid: false, algorithms: ['none', 'HS256', 'ES256'] };
    await expect(documents.verifyCompact(token, options)).rejects.toMatchObject({ name: 'VerifyError', code });
  });

  it.each(rfc.thumbprints)('thumbprint of $source', async ({ jwk, thumbprint }) => {
    expect(await documents.jwkThumbprint(jwk)).toBe(thumbprint);
  });

  it.each(keys)('key $name in every form', async ({ publicJwk, privateJwk, pem, thumbprint }) => {
    const key = documents.keyFromJwk(publicJwk);
    expect(documents.keyFromPem(pem).publicKey).toEqual(key.publicKey);
    expect(documents.keyToJwk(key)).toMatchObject(publicJwk);
    expect(await documents.jwkThumbprint(publicJwk)).toBe(thumbprint);
    expect(await documents.jwkThumbprint(privateJwk)).toBe(thumbprint);
    const signer = await documents.signerFromJwk(privateJwk);
    expect(signer).toMatchObject({ curve: key.curve, kid: key.kid, publicKey: key.publicKey });
  });

  it.each(valid as Case[])('accepts: $why', async ({ token, payloadHex, options }) => {
    const verified = await documents.verifyCompact(token, { keys: set, ...options });
    const [segment, payload] = token.split('.') as [string, string];
    expect(verified.header.segment).toBe(segment);
    expect(hex(verified.payload)).toBe(payloadHex ?? Buffer.from(payload, 'base64url').toString('hex'));
  });

  it.each(invalid as Case[])('refuses, $code: $why', async ({ token, code, options }) => {
    await expect(documents.verifyCompact(token, { keys: set, ...options })).rejects.toMatchObject({
      name: 'VerifyError',
      code,
    });
  });
});
