// Further vectors from a folder outside the repository, where there is one: see test/support/shared-vectors.ts.

import { describe, expect, it } from 'vitest';
import {
  A2aError,
  canonicalSigningPayload,
  DEFAULT_PROFILES,
  parseAgentCard,
  pythonLegacy,
  raw,
  sdk,
  spec,
  specFill,
  verificationInput,
  verifyAgentCard,
} from '../../../src/a2a/card/index.js';
import { a2aErrorCode } from '../../../src/a2a/errors.js';
import type { JsonObject } from '../../../src/codec/json-value.js';
import type { PublicJwk } from '../../../src/documents/jwk.js';
import type { JwkSet } from '../../../src/documents/jwks.js';
import { SdkError } from '../../../src/errors.js';
import { doubleOf } from '../../codec/helpers.js';
import { sharedVectors } from '../../support/shared-vectors.js';

const PROFILES = [...DEFAULT_PROFILES, pythonLegacy];

interface KeyFile {
  readonly keys: readonly { readonly kid: string; readonly publicJwk: PublicJwk; readonly privateJwk: never }[];
}
interface SignedCase {
  readonly id: string;
  readonly keys: readonly string[];
  readonly verifierHasOnly?: readonly string[];
  readonly card: JsonObject;
  readonly canonical: readonly { readonly profiles: readonly string[]; readonly text: string }[];
  readonly signatureChecks: readonly { readonly kid: string; readonly alg: string; readonly verifiesUnder: string[] }[];
}
interface RejectedCase {
  readonly id: string;
  readonly expect: string;
  readonly why: string;
  readonly card?: unknown;
  readonly cardText?: string;
  readonly extraKeys?: readonly PublicJwk[];
}
interface FormsCase {
  readonly id: string;
  readonly card: JsonObject;
  readonly forms: Readonly<Record<string, string>>;
}

interface JcsFile {
  readonly numbers: readonly { readonly ieee754: string; readonly text: string }[];
  readonly texts: readonly { readonly input: string; readonly canonical: string }[];
  readonly rejected: readonly { readonly input: string; readonly why: string }[];
}

const keyFile = sharedVectors<KeyFile>('a2a/keys.json');
const jwks = sharedVectors<{ readonly body: JwkSet }>('a2a/jwks.json');
const signedCards = sharedVectors<readonly SignedCase[]>('a2a/signed-cards.json') ?? [];
const rejectedCards = sharedVectors<readonly RejectedCase[]>('a2a/rejected-cards.json') ?? [];
const canonicalForms = sharedVectors<readonly FormsCase[]>('a2a/canonical-forms.json') ?? [];

const jcs = sharedVectors<JcsFile>('a2a/jcs.json') ?? { numbers: [], texts: [], rejected: [] };

const profileNamed = (name: string) => PROFILES.find((profile) => profile.name === name) ?? expect.fail(name);
const outcomeOf = (verification: Promise<unknown>) =>
  verification.then(
    () => 'valid',
    (error) => (error instanceof SdkError ? error.code : Promise.reject(error)),
  );

it('runs whatever of the shared vectors is there', () => {
  expect(PROFILES).toHaveLength(6);
});

/** Vitest wants a test in every suite. */
const describeIf = (cases: readonly unknown[]) => describe.runIf(cases.length > 0);

describeIf(jcs.numbers)('[7.1] RFC 8785 inside a card', () => {
  const inParams = (text: string) => `{"capabilities":{"extensions":[{"params":{"x":${text}},"uri":"u"}]},"name":"n"}`;

  it.each(jcs.numbers)('writes $ieee754 as $text', ({ ieee754, text }) => {
    const card = { name: 'n', capabilities: { extensions: [{ uri: 'u', params: { x: doubleOf(ieee754) } }] } };
    for (const profile of [spec, raw, sdk]) expect(profile.canonicalize(card)).toBe(inParams(text));
  });

  it.each(jcs.texts)('canonicalizes $input', ({ input, canonical }) => {
    for (const profile of [spec, raw])
      expect(profile.canonicalize(JSON.parse(inParams(input)))).toBe(inParams(canonical));
  });

  it.each(jcs.rejected)('refuses $input: $why', async ({ input }) => {
    const card = inParams(input).replace(/}$/, ',"signatures":[{}]}');
    expect(await outcomeOf(verifyAgentCard(card, { keys: [] }))).toMatch(
      /^ERR_A2A_(INVALID_CARD|CANONICALIZATION_FAILED)$/,
    );
  });
});

describe.each(canonicalForms)('[7.2] canonical form of $id', ({ card, forms }) => {
  it.each(Object.entries(forms))('%s', (name, text) => {
    expect(canonicalSigningPayload(card, profileNamed(name)).text).toBe(text);
  });
});

describe.each(signedCards)('[7.25] signed card $id', ({ card, canonical, keys, verifierHasOnly, signatureChecks }) => {
  const held = { keys: (jwks?.body.keys ?? []).filter(({ kid }) => (verifierHasOnly ?? keys).includes(kid as string)) };

  it.each(canonical.flatMap(({ profiles, text }) => profiles.map((profile) => [profile, text])))(
    'has its text under %s',
    (name, text) => {
      expect(profileNamed(name as string).canonicalize(card)).toBe(text);
    },
  );

  it.each(PROFILES)('verifies under $name exactly where it should', async (profile) => {
    for (const [index, { kid, alg, verifiesUnder }] of signatureChecks.entries()) {
      const signatures = [(card.signatures as never)[index]];
      const verification = verifyAgentCard(
        { ...card, signatures },
        { keys: jwks?.body as JwkSet, profiles: [profile] },
      );
      if (!verifiesUnder.includes(profile.name)) {
        await expect(verification).rejects.toMatchObject({ code: 'ERR_A2A_VERIFICATION_FAILED' });
        continue;
      }
      expect(await verification).toMatchObject({ kid, alg, profile: profile.name });
    }
  });

  it('[7.32] gives back what was signed, as text and as a value', async () => {
    const options = { keys: held, profiles: PROFILES };
    const verified = await verifyAgentCard(card, options);
    expect(verified.card).toEqual(JSON.parse(verified.signedText));
    expect(await verifyAgentCard(JSON.stringify(card, undefined, 2), options)).toEqual({
      ...verified,
      key: expect.anything(),
    });
  });

  it('can be read', () => {
    expect(parseAgentCard(card, { missing: 'fill' })).toHaveProperty('name', card.name);
  });
});

describeIf(rejectedCards)('rejected cards', () => {
  it.each(rejectedCards)('[7.26] $id: $expect', async ({ expect: wanted, why, card, cardText, extraKeys = [] }) => {
    const keys = { keys: [...(jwks?.body.keys ?? []), ...extraKeys] };
    const profiles = [spec, specFill, sdk, raw];
    const second = /(\w+) is also acceptable/.exec(why)?.[1];
    const codes = [wanted, second].map((name) => (name === 'valid' ? name : a2aErrorCode(name ?? '')));
    for (const input of cardText === undefined ? [card, JSON.stringify(card)] : [cardText]) {
      expect(codes).toContain(await outcomeOf(verifyAgentCard(input, { keys, profiles })));
      // One profile more, which is on by default, changes nothing.
      expect(codes).toContain(await outcomeOf(verifyAgentCard(input, { keys })));
    }
  });
});

describeIf(signedCards)('signing', () => {
  const repeatable = signedCards.filter(({ signatureChecks }) => signatureChecks[0]?.alg === 'EdDSA');

  it.each(repeatable)('[7.16] the key of $id gives the signature of the vector', async ({ card }) => {
    const input = verificationInput(card);
    const { privateJwk } = keyFile?.keys.find(({ kid }) => kid === input.header.kid) ?? expect.fail();
    const { signerFromJwk } = await import('../../../src/documents/signer.js');
    const signer = await signerFromJwk(privateJwk);
    const { profile } = await verifyAgentCard(card, { keys: jwks?.body as JwkSet, profiles: PROFILES });
    const { signingInput, signature } = verificationInput(card, 0, profileNamed(profile));
    // Node's WebCrypto is deterministic; Safari's is not.
    expect(await signer.sign(signingInput)).toEqual(signature);
  });
});

it('knows every code of the vectors', () => {
  for (const { expect: wanted } of rejectedCards) {
    if (wanted !== 'valid') expect(new A2aError(a2aErrorCode(wanted) ?? expect.fail(), '').wireCode).toBe(wanted);
  }
});
