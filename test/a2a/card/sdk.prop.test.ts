// The official JS SDK beside ours: the same canonical text for every card, and each takes the other's signatures.

import {
  canonicalizeAgentCard,
  generateAgentCardSignature,
  AgentCard as SdkCard,
  verifyAgentCardSignature,
} from '@a2a-js/sdk';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import {
  type AgentCard,
  compatibleInterfaces,
  DEFAULT_PROFILES,
  parseAgentCard,
  raw,
  sdk,
  signAgentCard,
  spec,
  specKeepUnknown,
  verifyAgentCard,
} from '../../../src/a2a/card/index.js';
import type { JsonObject } from '../../../src/codec/json-value.js';
import { cleanCard, wireCard } from './arbitraries.js';
import { ec, ed, jwks, plainCard, publicOf, runs, sameJson } from './helpers.js';

vi.setConfig({ testTimeout: 600_000 });
// The SDK reports every signature that does not hold.
vi.spyOn(console, 'debug').mockImplementation(() => {});

const sdkText = (card: unknown) => canonicalizeAgentCard(structuredClone(card) as never);
const sdkVerify = verifyAgentCardSignature(async (kid) => jwks.keys.find((key) => key.kid === kid) ?? expect.fail(kid));
const sdkSign = async (card: unknown, key: typeof ed, alg: string): Promise<JsonObject> => {
  const sign = generateAgentCardSignature(key, { alg, kid: key.kid, typ: 'JOSE' });
  return JSON.parse(JSON.stringify(await sign(card as never))) as JsonObject;
};

describe('the profile `sdk`', () => {
  it('is the text of the official SDK, for cards as authors write them', () => {
    fc.assert(
      fc.property(cleanCard, (card) => {
        expect(sdk.canonicalize(card as never)).toBe(sdkText(card));
      }),
      runs(1_500),
    );
  });

  it('is the text of the official SDK, for cards as peers send them', () => {
    fc.assert(
      fc.property(wireCard, (card) => {
        expect(sdk.canonicalize(card as never)).toBe(sdkText(card));
      }),
      runs(1_500),
    );
  });

  it('is the text of the official SDK, for cards in its memory form as its server sends them', () => {
    fc.assert(
      fc.property(cleanCard, (card) => {
        const served = JSON.parse(JSON.stringify(SdkCard.fromJSON(structuredClone(card)))) as JsonObject;
        expect(sdk.canonicalize(served)).toBe(sdkText(served));
        // And they can be read: what the SDK had in memory is what comes out.
        const read = parseAgentCard(served);
        sameJson(
          SdkCard.toJSON(SdkCard.fromJSON(structuredClone(read))),
          SdkCard.toJSON(SdkCard.fromJSON(structuredClone(card))),
        );
      }),
      runs(500),
    );
  });
});

describe('signatures', () => {
  it('[7.17] of ours are taken by the official SDK', async () => {
    for (const key of [ed, ec]) {
      await expect(sdkVerify((await signAgentCard(plainCard, key)) as never)).resolves.toBeUndefined();
    }
    await fc.assert(
      fc.asyncProperty(cleanCard, async (card) => {
        const safe = JSON.parse(
          JSON.stringify(card, (_, value) => (typeof value === 'number' ? Math.trunc(value) % 1000 : value)),
        );
        for (const entry of safe.supportedInterfaces) entry.url = `https://lock.example/${entry.url}`;
        const signed = await signAgentCard(safe, ed);
        await sdkVerify(JSON.parse(JSON.stringify(signed)));
        await expect(sdkVerify({ ...signed, name: `${signed.name}!` } as never)).rejects.toThrow();
        // The second is there exactly when it is needed.
        expect(signed.signatures).toHaveLength(spec.canonicalize(safe) === sdk.canonicalize(safe) ? 1 : 2);
      }),
      runs(60),
    );
  });

  it('of the official SDK are taken by us', async () => {
    await fc.assert(
      fc.asyncProperty(wireCard, async (card) => {
        const { signatures: _, ...unsigned } = card;
        const signed = await sdkSign({ ...unsigned, signatures: [] }, ed, 'EdDSA');
        const { card: covered, signedText } = await verifyAgentCard(JSON.stringify(signed), { keys: publicOf(ed) });
        expect(signedText).toBe(sdkText(card));
        sameJson(covered, JSON.parse(signedText));
        // Whatever is in it, the usual functions take it.
        compatibleInterfaces(covered);
        parseAgentCard(covered, { missing: 'fill' });
      }),
      runs(100),
    );
    expect(
      await verifyAgentCard(await sdkSign({ ...plainCard, signatures: [] }, ec, 'ES256'), { keys: jwks }),
    ).toHaveProperty('kid', ec.kid);
  });
});

describe('all profiles', () => {
  it('[7.32] cover what they give back, whatever a peer sent', async () => {
    await fc.assert(
      fc.asyncProperty(wireCard, fc.constantFrom(...DEFAULT_PROFILES), async (card, profile) => {
        const text = profile.canonicalize(card as JsonObject);
        const { signDetached } = await import('../../../src/documents/sign.js');
        const { signerFromJwk } = await import('../../../src/documents/signer.js');
        const entry = await signDetached(new TextEncoder().encode(text), await signerFromJwk(ed));
        const verified = await verifyAgentCard({ ...card, signatures: [entry] }, { keys: publicOf(ed) });
        expect(verified.signedText).toBe(text);
        // In the spelling of v1.0, and without members that are null.
        const covered = JSON.parse(text) as JsonObject;
        if (profile !== raw && profile !== specKeepUnknown) sameJson(verified.card, covered);
        const known = parseAgentCard(verified.card as AgentCard, { missing: 'fill' });
        sameJson(known, parseAgentCard(covered, { missing: 'fill' }));
      }),
      runs(150),
    );
  });

  it('agree on a card that follows the recipe', () => {
    const texts = new Set(DEFAULT_PROFILES.map((profile) => profile.canonicalize(plainCard as never)));
    expect([...texts]).toEqual([sdkText(plainCard)]);
  });
});
