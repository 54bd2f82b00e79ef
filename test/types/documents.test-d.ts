// A checked value cannot be made by hand. Checked by `tsc -p tsconfig.node.json`; nothing here runs.

import { expectTypeOf, test } from 'vitest';
import type {
  JwkSet,
  KeySource,
  PublicJwk,
  VerificationKey,
  Verified,
  VerifiedJws,
} from '../../src/documents/index.js';
import { keySet, verifyCompact, verifyDetached } from '../../src/documents/index.js';
import keys from '../../vectors/jose/keys.json' with { type: 'json' };

declare const checked: Verified<VerifiedJws>;
declare const unchecked: VerifiedJws;
declare function act(on: Verified<VerifiedJws>): void;

test('only a verifier makes a verified value', () => {
  act(checked);
  expectTypeOf(verifyCompact).returns.resolves.toEqualTypeOf<Verified<VerifiedJws>>();
  expectTypeOf(verifyDetached).returns.resolves.toEqualTypeOf<Verified<VerifiedJws>>();
  // @ts-expect-error not verified
  act(unchecked);
  // @ts-expect-error a copy is no longer verified
  act({ ...checked });
  // @ts-expect-error nor is one with another payload
  act({ ...checked, payload: new Uint8Array() });
  // @ts-expect-error the mark has no name
  act({ ...unchecked, verified: true });
  // @ts-expect-error nothing is written into it
  checked.payload = new Uint8Array();
});

test('a verified value is one of its kind', () => {
  expectTypeOf<Verified<VerifiedJws>>().toExtend<VerifiedJws>();
  expectTypeOf<Verified<{ a: 1 }>>().not.toExtend<Verified<{ b: 2 }>>();
  expectTypeOf(checked.payload).toEqualTypeOf<Uint8Array>();
});

test('JWKs are taken as JSON has them', () => {
  expectTypeOf(keySet).returns.toEqualTypeOf<KeySource>();
  const jwks = keys.map(({ publicJwk }) => publicJwk);
  expectTypeOf(jwks).toExtend<readonly PublicJwk[]>();
  expectTypeOf({ keys: jwks }).toExtend<JwkSet>();
  expectTypeOf(keySet).toBeCallableWith(jwks);
  expectTypeOf(keySet).toBeCallableWith({ keys: jwks });
  expectTypeOf(keySet).toBeCallableWith([] as VerificationKey[]);
});

test('a verifier has to say whose keys it trusts', () => {
  // @ts-expect-error no keys
  void verifyCompact('', {});
  // @ts-expect-error a set is not yet a source
  void verifyCompact('', { keys });
});
