import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Aid } from '../../src/aitp/aid.js';
import {
  checkIdentityHint,
  type IdentityDescriptor,
  makePinnedProof,
  pinnedProofInput,
  readIdentityDescriptor,
  verifyPinnedProof,
  writeIdentityDescriptor,
} from '../../src/aitp/identity-proof.js';
import { pinnedKeys, trustAnyPinnedKey } from '../../src/aitp/pinned-keys.js';
import { aitpSignerFromSeed } from '../../src/aitp/signer.js';
import { codeOf } from './parties.js';

const A = 'aid:pubkey:O2onvM62pC1io6jQKm8Nc2UyFXcd4kOmOsBIoYtZ2ik' as Aid;
const C = 'aid:pubkey:dqFZIESm5PURJlvKc6YE2QsFKdHfYCvjChmpJXZg0fU' as Aid;

// Published by the authors of the protocol: sender C, receiver A.
const CONTEXT = {
  sender: C,
  receiver: A,
  messageId: '770e8400-e29b-41d4-a716-446655440701',
  timestampSec: 1_711_900_000,
  popNonce: 'AAAAAAAAAAAAAAAAAAAAAA',
};
const PROOF = 'vdLCEPGuUvVryXxnPdo_ZNYqaZmGuByZ5kRMU0ikKeVbn3SUjj2DD7y8e5pNBtp7jSHZ-Z0wzNdOl0NS1mSpCQ';
const PUBLIC_KEY = C.slice('aid:pubkey:'.length);
const DESCRIPTOR: IdentityDescriptor = { type: 'pinned_key', subject: 'worker', publicKey: PUBLIC_KEY, proof: PROOF };
const PINS = pinnedKeys([{ subject: 'worker', publicKey: PUBLIC_KEY, allowedCapabilities: ['a'] }]);

const signerC = () => aitpSignerFromSeed(new Uint8Array(32).fill(0xff));

describe('the published proof', () => {
  it('has the published input', () => {
    const input = pinnedProofInput(CONTEXT);
    expect(input).toHaveLength(193);
    expect(createHash('sha256').update(input).digest('hex')).toBe(
      '061ea87d1cc52c860fbeece9f6ba266669ebb0581a0e0ed409267690c39edb09',
    );
  });

  it('verifies, and is made again byte for byte', async () => {
    await expect(verifyPinnedProof(DESCRIPTOR, CONTEXT, PINS)).resolves.toMatchObject({ allowedCapabilities: ['a'] });
    expect(await makePinnedProof(CONTEXT, await signerC())).toBe(PROOF);
  });
});

describe('[16.59] a pinned proof is refused', () => {
  const other = { messageId: '770e8400-e29b-41d4-a716-446655440702', popNonce: 'AQAAAAAAAAAAAAAAAAAAAA' };
  it.each([
    ['for another receiver', { receiver: C }],
    ['in another message', { messageId: other.messageId }],
    ['at another time', { timestampSec: CONTEXT.timestampSec + 1 }],
    ['with another nonce', { popNonce: other.popNonce }],
    ['from another sender', { sender: A }],
  ])('%s', async (_what, change) => {
    expect(await codeOf(verifyPinnedProof(DESCRIPTOR, { ...CONTEXT, ...change }, PINS))).toBe('IDENTITY_FAILED');
  });

  it('over the older inputs: identifier and time alone, and the time as eight bytes', async () => {
    const signer = await signerC();
    const sign = async (input: Uint8Array) =>
      Buffer.from(await signer.sign(createHash('sha256').update(input).digest())).toString('base64url');
    const legacy = await sign(Buffer.from(`${CONTEXT.messageId}|${CONTEXT.timestampSec}`));
    const time = Buffer.alloc(8);
    time.writeBigUInt64BE(BigInt(CONTEXT.timestampSec));
    const fields = ['aitp-pinned-key-v1', C, A, CONTEXT.messageId].map((field) => Buffer.from(`${field}\0`));
    const binary = await sign(Buffer.concat([...fields, time, Buffer.from([0]), Buffer.alloc(16)]));
    for (const proof of [legacy, binary]) {
      expect(await codeOf(verifyPinnedProof({ ...DESCRIPTOR, proof }, CONTEXT, PINS))).toBe('IDENTITY_FAILED');
    }
  });

  it('of a key that is not pinned, or pinned for another subject', async () => {
    expect(await codeOf(verifyPinnedProof(DESCRIPTOR, CONTEXT, pinnedKeys([])))).toBe('IDENTITY_FAILED');
    const otherSubject = pinnedKeys([{ subject: 'manager', publicKey: PUBLIC_KEY }]);
    expect(await codeOf(verifyPinnedProof(DESCRIPTOR, CONTEXT, otherSubject))).toBe('IDENTITY_FAILED');
  });

  it('whose descriptor names another key than the sender', async () => {
    const descriptor = { ...DESCRIPTOR, publicKey: A.slice('aid:pubkey:'.length) };
    expect(await codeOf(verifyPinnedProof(descriptor, CONTEXT, trustAnyPinnedKey()))).toBe('IDENTITY_FAILED');
  });

  it.each(['', PROOF.slice(1), `ed25519.${PROOF}`, `${PROOF.slice(0, 85)}R`, `${PROOF.slice(0, 85)}=`])(
    'whose text is %s',
    async (proof) => {
      expect(await codeOf(verifyPinnedProof({ ...DESCRIPTOR, proof }, CONTEXT, PINS))).toBe('IDENTITY_FAILED');
    },
  );

  it('of a P-256 key, for which there is none', async () => {
    const signer = await aitpSignerFromSeed(new Uint8Array(32).fill(5), { suite: 'p256' });
    const context = { ...CONTEXT, sender: signer.aid };
    const descriptor = { ...DESCRIPTOR, publicKey: signer.aid.split(':').at(-1) as string };
    expect(await codeOf(verifyPinnedProof(descriptor, context, trustAnyPinnedKey()))).toBe('IDENTITY_FAILED');
    await expect(makePinnedProof(context, signer)).rejects.toThrow(TypeError);
    await expect(makePinnedProof(CONTEXT, signer)).rejects.toThrow(TypeError);
  });
});

it('believes any key whose proof holds only where that was asked for', async () => {
  await expect(verifyPinnedProof(DESCRIPTOR, CONTEXT, trustAnyPinnedKey())).resolves.toMatchObject({
    subject: 'worker',
  });
});

describe('the descriptor', () => {
  const wire = { type: 'pinned_key', subject: 'worker', proof: PROOF, public_key: PUBLIC_KEY };
  const oidc = { type: 'oidc', subject: 's', issuer: 'https://idp.example.com', proof: 'x' };

  it('is read and written without loss', () => {
    for (const text of [wire, oidc, { ...oidc, extensions: { a: [1] } }]) {
      expect(writeIdentityDescriptor(readIdentityDescriptor(text))).toEqual(text);
    }
  });

  it.each([
    ['[16.60] oidc with a key', { ...oidc, public_key: PUBLIC_KEY }, 'IDENTITY_FAILED'],
    ['oidc without an issuer', { type: 'oidc', subject: 's', proof: 'x' }, 'IDENTITY_FAILED'],
    ['pinned without a key', { type: 'pinned_key', subject: 's', proof: 'x' }, 'IDENTITY_FAILED'],
    ['a reserved type', { ...wire, type: 'did' }, 'IDENTITY_FAILED'],
    ['no subject', { ...wire, subject: '' }, 'IDENTITY_FAILED'],
    ['an issuer that is no URI', { ...oidc, issuer: 'idp' }, 'IDENTITY_FAILED'],
    ['extensions that are no object', { ...wire, extensions: [] }, 'IDENTITY_FAILED'],
    ['an unknown member', { ...wire, more: 1 }, 'UNKNOWN_FIELD'],
    [
      'an unknown member and a missing one',
      { type: 'pinned_key', subject: 's', proof: 'x', more: 1 },
      'IDENTITY_FAILED',
    ],
  ])('is refused with %s', async (_what, value, code) => {
    expect(await codeOf(Promise.resolve().then(() => readIdentityDescriptor(value)))).toBe(code);
  });

  it('has to be the identity of the Manifest to the letter', async () => {
    const hint = { type: 'pinned_key', subject: 'worker', publicKey: PUBLIC_KEY } as const;
    expect(() => checkIdentityHint(DESCRIPTOR, hint)).not.toThrow();
    for (const change of [
      { subject: 'Worker' },
      { type: 'oidc' as const },
      { issuer: 'https://x' },
      { publicKey: 'x' },
    ]) {
      const check = Promise.resolve().then(() => checkIdentityHint(DESCRIPTOR, { ...hint, ...change }));
      expect(await codeOf(check)).toBe('IDENTITY_FAILED');
    }
  });
});
