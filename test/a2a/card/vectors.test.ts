// Our own vectors, in a runtime with WebCrypto and in one without.

import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { AgentCard, CanonicalProfile, VerifyCardOptions } from '../../../src/a2a/card/index.js';
import { a2aErrorCode } from '../../../src/a2a/errors.js';
import type { JsonObject } from '../../../src/codec/json-value.js';
import forms from '../../../vectors/a2a/forms.json' with { type: 'json' };
import keyFile from '../../../vectors/a2a/keys.json' with { type: 'json' };
import rejectedFile from '../../../vectors/a2a/rejected.json' with { type: 'json' };
import signedFile from '../../../vectors/a2a/signed.json' with { type: 'json' };
import { sameJson } from './helpers.js';

/** The public entry. */
type Cards = typeof import('../../../src/a2a/card/index.js');

interface SignedCase {
  readonly id: string;
  readonly why: string;
  readonly keys: readonly string[];
  readonly card: JsonObject & { readonly signatures: readonly JsonObject[] };
  readonly verifiesUnder: readonly (readonly string[])[];
}

interface RejectedCase {
  readonly id: string;
  readonly expect: string;
  readonly why: string;
  readonly card?: JsonObject;
  readonly cardText?: string;
  readonly options?: Omit<VerifyCardOptions, 'keys' | 'now'> & Scope & { readonly now?: string };
}

interface Scope {
  readonly allowedOrigins?: readonly string[];
  readonly notBefore?: string;
  readonly notAfter?: string;
}

const signedCases = signedFile as unknown as readonly SignedCase[];
const rejectedCases = rejectedFile as unknown as readonly RejectedCase[];
const { jwks } = keyFile;

/** Options as the file has them: times as text, the scope of the keys among them. */
function optionsOf({ options = {} }: RejectedCase): VerifyCardOptions {
  const { allowedOrigins, notBefore, notAfter, now, ...rest } = options;
  const scope = {
    ...(allowedOrigins && { allowedOrigins }),
    ...(notBefore && { notBefore: new Date(notBefore) }),
    ...(notAfter && { notAfter: new Date(notAfter) }),
  };
  const keys = Object.keys(scope).length === 0 ? jwks : { keys: jwks, ...scope };
  return { ...rest, keys, ...(now && { now: () => Date.parse(now) }) };
}

const profilesOf = (cards: Cards): readonly CanonicalProfile[] => [...cards.DEFAULT_PROFILES, cards.pythonLegacy];

describe.each(['WebCrypto', 'noble alone'])('[7.28] our vectors with %s', (runtime) => {
  let cards: Cards;

  beforeAll(async () => {
    vi.resetModules();
    if (runtime === 'noble alone') {
      vi.stubGlobal('crypto', { getRandomValues: crypto.getRandomValues.bind(crypto) });
    }
    cards = await import('../../../src/a2a/card/index.js');
  });
  afterAll(() => {
    vi.unstubAllGlobals();
    vi.resetModules();
  });

  describe.each(signedCases)('[7.25] $id: $why', ({ card, keys, verifiesUnder }) => {
    it('verifies under the profiles it should, and no others', async () => {
      for (const [index, names] of verifiesUnder.entries()) {
        const one = { ...card, signatures: [card.signatures[index]] };
        const all = [...jwks.keys, keyFile.stranger];
        for (const profile of profilesOf(cards)) {
          const verification = cards.verifyAgentCard(one, { keys: { keys: all }, profiles: [profile] });
          if (names.includes(profile.name)) expect((await verification).profile).toBe(profile.name);
          else await expect(verification).rejects.toMatchObject({ code: 'ERR_A2A_VERIFICATION_FAILED' });
        }
      }
    });

    it('[7.32] comes out as it was signed, from text and from a value', async () => {
      const held = { keys: jwks.keys.filter(({ kid }) => keys.includes(kid)) };
      const options = { keys: held, profiles: profilesOf(cards) };
      const fromText = await cards.verifyAgentCard(JSON.stringify(card, undefined, 1), options);
      const fromValue = await cards.verifyAgentCard(card, options);
      // What is signed in snake_case comes out in the spelling of v1.0; all the others as they are.
      const signed = JSON.parse(fromText.signedText) as AgentCard;
      const expected = 'supported_interfaces' in signed ? cards.parseAgentCard(signed) : signed;
      for (const { card: covered, signedText, uncovered } of [fromText, fromValue]) {
        sameJson(covered, expected);
        expect(signedText).toBe(fromText.signedText);
        expect(uncovered).toEqual(fromText.uncovered);
      }
    });
  });

  it.each(rejectedCases)('[7.26] $id: $expect. $why', async (rejection) => {
    const inputs =
      rejection.cardText === undefined ? [rejection.card, JSON.stringify(rejection.card)] : [rejection.cardText];
    for (const input of inputs) {
      const verification = cards.verifyAgentCard(input, optionsOf(rejection));
      if (rejection.expect === 'valid') await verification;
      else {
        await expect(verification).rejects.toMatchObject({
          name: 'A2aError',
          code: a2aErrorCode(rejection.expect),
          wireCode: rejection.expect,
        });
      }
    }
  });
});

describe('[7.2] canonical forms', async () => {
  const cards = await import('../../../src/a2a/card/index.js');

  it.each(forms)('$id: $why', ({ card, forms: texts }) => {
    for (const profile of profilesOf(cards)) {
      expect(cards.canonicalSigningPayload(card as JsonObject, profile).text).toBe(
        texts[profile.name as keyof typeof texts],
      );
    }
  });
});

it('states every failure code that verification has', () => {
  const signing = ['invalid_key', 'invalid_header'];
  const network = ['jku_not_allowed', 'key_retrieval_failed'];
  const stated = new Set([...rejectedCases.map(({ expect: code }) => code), ...signing, ...network]);
  const digest =
    'invalid_card missing_signatures canonicalization_failed invalid_entry invalid_protected_encoding invalid_protected_header unsupported_critical_header unsupported_algorithm invalid_signature_encoding key_not_found key_unusable jku_not_allowed key_retrieval_failed origin_not_allowed verification_failed uncovered_content';
  for (const code of digest.split(' ')) expect(stated).toContain(code);
});
