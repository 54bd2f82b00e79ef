import { ed25519 } from '@noble/curves/ed25519.js';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { decodeDidKey, encodeDidKey } from '../../src/identity/did-key.js';
import cases from '../../vectors/did-key/edge-cases.json' with { type: 'json' };

const numRuns = process.env.RINGLINE_LONG === '1' ? 20_000 : 500;
const ALPHABET = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';

it('decode(encode(key)) is the key', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (seed) => {
      const publicKey = ed25519.getPublicKey(seed);
      expect(decodeDidKey(encodeDidKey(publicKey)).publicKey).toEqual(publicKey);
    }),
    { numRuns: numRuns / 5 },
  );
}, 120_000);

it('encode(decode(text)) is the text, or the text is refused', () => {
  const edits = fc.array(
    fc.record({ at: fc.nat(60), text: fc.oneof(fc.constantFrom(...ALPHABET, ''), fc.string({ maxLength: 2 })) }),
    { minLength: 1, maxLength: 3 },
  );
  let read = 0;
  fc.assert(
    fc.property(edits, (list) => {
      let text = cases.did;
      for (const { at, text: inserted } of list) text = text.slice(0, at) + inserted + text.slice(at + 1);
      let publicKey: Uint8Array;
      try {
        ({ publicKey } = decodeDidKey(text));
      } catch (error) {
        expect(error).toMatchObject({ name: 'IdentityError' });
        return;
      }
      read++;
      expect(encodeDidKey(publicKey)).toBe(text);
    }),
    { numRuns },
  );
  expect(read).toBeGreaterThan(0);
}, 120_000);
