import { base58 } from '@scure/base';
import { describe, expect, it } from 'vitest';
import { decodeDidKey, didToX25519, encodeDidKey } from '../../src/identity/did-key.js';
import { identityOver } from '../../src/identity/seed-identity.js';
import cases from '../../vectors/did-key/edge-cases.json' with { type: 'json' };
import method from '../../vectors/did-key/method.json' with { type: 'json' };
import { hex, unhex } from '../support/hex.js';

describe('did:key', () => {
  it.each(method)('names the keys of the did:key method: $did', async ({ seed, did, ...agreement }) => {
    const { publicKey } = decodeDidKey(did);
    expect(encodeDidKey(publicKey)).toBe(did);
    expect(didToX25519(did)).toEqual(base58.decode(agreement.agreementPublicBase58));
    for (const backend of ['webcrypto', 'noble'] as const) {
      expect((await identityOver(unhex(seed), backend)).did).toBe(did);
    }
  });

  it('reads and writes a key', () => {
    expect(encodeDidKey(unhex(cases.publicKey))).toBe(cases.did);
    expect(decodeDidKey(cases.did)).toEqual({ did: cases.did, publicKey: unhex(cases.publicKey) });
    expect(hex(didToX25519(cases.did))).toBe(cases.x25519);
  });

  it('twin DIDs differ, and share their X25519 key', () => {
    expect(decodeDidKey(cases.twin).publicKey).not.toEqual(decodeDidKey(cases.did).publicKey);
    expect(hex(didToX25519(cases.twin))).toBe(cases.x25519);
  });

  it.each(cases.refusedKey)('refuses a key: $why', ({ did }) => {
    const refusal = expect.objectContaining({ name: 'IdentityError', code: 'ERR_IDENTITY_KEY' });
    expect(() => decodeDidKey(did)).toThrow(refusal);
    expect(() => didToX25519(did)).toThrow(refusal);
    expect(() => encodeDidKey(base58.decode(did.slice(9)).slice(2))).toThrow(refusal);
  });

  it.each(cases.refusedText)('refuses a text: $why', ({ did, repeat }) => {
    const text = repeat === undefined ? did : did + repeat.character.repeat(repeat.times);
    expect(() => decodeDidKey(text)).toThrow(
      expect.objectContaining({ name: 'IdentityError', code: 'ERR_IDENTITY_DID' }),
    );
  });

  it('names the argument that is wrong', () => {
    expect(() => decodeDidKey(7 as never)).toThrow(TypeError);
    expect(() => didToX25519(undefined as never)).toThrow(TypeError);
    expect(() => encodeDidKey(new Uint8Array(31))).toThrow(RangeError);
    expect(() => encodeDidKey('key' as never)).toThrow(TypeError);
  });
});
