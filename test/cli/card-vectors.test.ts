// The command line against cards that other implementations signed, or should have refused, where those vectors are.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sharedVectors } from '../support/shared-vectors.js';
import { card, Folder } from './card-files.js';
import { MemoryIo } from './memory-io.js';

interface SignedCase {
  readonly id: string;
  readonly card: unknown;
  readonly verifierHasOnly?: readonly string[];
  readonly canonical: readonly { readonly profiles: readonly string[]; readonly text: string }[];
  readonly signatureChecks: readonly { readonly kid: string; readonly verifiesUnder: readonly string[] }[];
}

interface RejectedCase {
  readonly id: string;
  readonly expect: string;
  readonly why: string;
  readonly card?: unknown;
  readonly cardText?: string;
  readonly extraKeys?: readonly unknown[];
}

const jwks = sharedVectors<{ body: { keys: { kid: string }[] } }>('a2a/jwks.json');
const signedCards = sharedVectors<SignedCase[]>('a2a/signed-cards.json') ?? [];
const rejectedCards = sharedVectors<RejectedCase[]>('a2a/rejected-cards.json') ?? [];

let folder: Folder;
beforeAll(async () => {
  folder = await Folder.make();
});
afterAll(() => folder.remove());

async function verdict(input: string, keys: readonly unknown[], ...words: string[]) {
  const file = await folder.write('keys.json', { keys });
  const { code, out } = await card(['verify', '-', '--keys', file, '--json', ...words], new MemoryIo({ input }));
  return { exit: code, ...JSON.parse(out) };
}

describe.skipIf(jwks === undefined)('cards that others made', () => {
  const all = jwks?.body.keys ?? [];

  it.each(signedCards)('$id verifies under the profiles it was signed in, and no other', async (vector) => {
    const { verifierHasOnly, signatureChecks } = vector;
    const keys = verifierHasOnly === undefined ? all : all.filter(({ kid }) => verifierHasOnly.includes(kid));
    const checks = signatureChecks.filter(({ kid }) => keys.some((key) => key.kid === kid));
    const input = JSON.stringify(vector.card);
    for (const profile of ['spec', 'specFill', 'specKeepUnknown', 'sdk', 'raw', 'pythonLegacy']) {
      const ok = checks.some(({ verifiesUnder }) => verifiesUnder.includes(profile));
      const answer = await verdict(input, keys, '--profile', profile);
      expect([profile, answer.exit, answer.ok]).toEqual([profile, ok ? 0 : 1, ok]);
      if (ok) expect(answer.profile).toBe(profile);
    }
  });

  it.each(signedCards)('$id has the canonical texts it was signed in', async ({ card: content, canonical }) => {
    for (const { profiles, text } of canonical) {
      for (const profile of profiles) {
        const io = new MemoryIo({ input: JSON.stringify(content) });
        expect((await card(['canonical', '-', '--profile', profile], io)).out).toBe(text);
      }
    }
  });

  it.each(rejectedCards)('$id: $expect', async ({ expect: expected, why, card: content, cardText, extraKeys = [] }) => {
    const answer = await verdict(cardText ?? JSON.stringify(content), [...all, ...extraKeys]);
    if (expected === 'valid') expect(answer).toMatchObject({ exit: 0, ok: true });
    else {
      const codes = [expected, ...[...why.matchAll(/(\w+) is also acceptable/g)].map(([, code]) => code)];
      expect(answer).toMatchObject({ exit: 1, ok: false });
      expect(codes).toContain(answer.code);
    }
  });
});
