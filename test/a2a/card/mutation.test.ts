// Signed cards with something wrong in them: nothing crashes the verifier, and whatever it lets through says what was
// signed. 10,200 in all.

import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import {
  canonicalSigningPayload,
  DEFAULT_PROFILES,
  lintForSigning,
  parseAgentCard,
  signAgentCard,
  verifyAgentCard,
} from '../../../src/a2a/card/index.js';
import { A2aError } from '../../../src/a2a/errors.js';
import { keyFromJwk } from '../../../src/documents/verification-key.js';
import forms from '../../../vectors/a2a/forms.json' with { type: 'json' };
import { ec, ed, plainCard, publicOf, runs, sameJson } from './helpers.js';

vi.setConfig({ testTimeout: 600_000 });

const { card: full } = forms.find(({ id }) => id === 'full') ?? expect.fail();
const keys = [keyFromJwk(publicOf(ed)), keyFromJwk(publicOf(ec))];
const bases = await Promise.all([
  signAgentCard(full as never, ed),
  signAgentCard({ ...plainCard, iconUrl: '', provider: { url: '', organization: 'Board' } }, ed),
  signAgentCard({ ...plainCard, xOwn: { a: [null, ''] } } as never, ec, { allowUnknown: true }),
]);
/** The texts under which each of them verifies. */
const signedTexts = await Promise.all(
  bases.map(async (base) => {
    const texts = new Set<string>();
    for (const profile of DEFAULT_PROFILES) {
      const { signedText } = (await verifyAgentCard(base, { keys, profiles: [profile] }).catch(() => undefined)) ?? {};
      if (signedText !== undefined) texts.add(signedText);
    }
    return texts;
  }),
);

/** Expects a refusal of ours, or just what was signed. */
async function judge(input: unknown, base: number): Promise<boolean> {
  for (const call of [() => parseAgentCard(input), () => lintForSigning(input as never)]) {
    try {
      call();
    } catch (error) {
      if (!(error instanceof A2aError)) throw error;
    }
  }
  try {
    const { card, signedText } = await verifyAgentCard(input, { keys });
    expect(signedTexts[base]).toContain(signedText);
    sameJson(card, JSON.parse(signedText));
    return true;
  } catch (error) {
    if (!(error instanceof A2aError)) throw error;
    expect(error.code).toMatch(/^ERR_A2A_/);
    return false;
  }
}

const which = fc.nat(bases.length - 1);
const textOf = (base: number) => JSON.stringify(bases[base]);
const budget = runs(1_700);

/** Every place in a value, outermost first. */
function placesIn(value: unknown, path: (string | number)[] = []): (string | number)[][] {
  if (typeof value !== 'object' || value === null) return [path];
  return [path, ...Object.entries(value).flatMap(([name, inner]) => placesIn(inner, [...path, name]))];
}

/** The base with the value at one of its places changed. */
function changedAt(base: number, place: number, change: (value: unknown) => unknown): unknown {
  const holder = { card: JSON.parse(textOf(base)) as unknown };
  const places = placesIn(holder.card, ['card']);
  const path = places[place % places.length] as (string | number)[];
  const parent = path.slice(0, -1).reduce<Record<string, unknown>>((at, step) => at[step] as never, holder as never);
  const last = path.at(-1) as string;
  parent[last] = change(parent[last]);
  return holder.card;
}

const strange = fc.constantFrom<unknown>(
  null,
  true,
  false,
  0,
  -1,
  1.5,
  1e21,
  '',
  'x',
  '\ud800',
  [],
  {},
  [null],
  [[]],
  { a: 1 },
  { list: ['x'] },
  { $case: 'mtlsSecurityScheme', value: {} },
  { scheme: { $case: 'mtlsSecurityScheme', value: {} } },
  undefined,
  1n,
  Number.NaN,
);

describe('a signed card', () => {
  it('with bits flipped', async () => {
    const flips = fc.array(fc.tuple(fc.nat(), fc.nat(7)), { minLength: 1, maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(which, flips, async (base, changes) => {
        const bytes = new TextEncoder().encode(textOf(base));
        for (const [at, bit] of changes) bytes[at % bytes.length] = (bytes[at % bytes.length] as number) ^ (1 << bit);
        await judge(bytes, base);
      }),
      budget,
    );
  });

  it('cut off, or with a part missing, doubled or moved', async () => {
    const cut = fc.tuple(fc.constantFrom('end', 'drop', 'double', 'move'), fc.nat(), fc.nat(60), fc.nat());
    await fc.assert(
      fc.asyncProperty(which, cut, async (base, [how, start, length, to]) => {
        const text = textOf(base);
        const at = start % text.length;
        const part = text.slice(at, at + length);
        const rest = text.slice(0, at) + text.slice(at + length);
        const target = to % (rest.length + 1);
        const changed = {
          end: text.slice(0, at),
          drop: rest,
          double: text.slice(0, at) + part + text.slice(at),
          move: rest.slice(0, target) + part + rest.slice(target),
        }[how];
        await judge(changed, base);
      }),
      budget,
    );
  });

  it('with a value of another kind', async () => {
    await fc.assert(
      fc.asyncProperty(which, fc.nat(), strange, async (base, place, value) => {
        await judge(
          changedAt(base, place, () => value),
          base,
        );
      }),
      budget,
    );
  });

  it('nested deeper than anybody should', async () => {
    const depth = fc.oneof(fc.integer({ min: 1, max: 300 }), fc.constantFrom(122, 123, 124, 125, 10_000));
    await fc.assert(
      fc.asyncProperty(which, fc.nat(), depth, fc.boolean(), async (base, place, levels, asText) => {
        const wrap = (value: unknown) => {
          let inner = value;
          for (let i = 0; i < levels; i++) inner = i % 2 === 0 ? [inner] : { a: inner };
          return inner;
        };
        const changed = changedAt(base, place, wrap);
        // JSON.stringify cannot write what is deepest.
        await judge(asText && levels < 1_000 ? JSON.stringify(changed) : changed, base);
      }),
      runs(1_700),
    );
  });

  it('with members named as those of Object.prototype, or in other spellings', async () => {
    const name = fc.constantFrom(
      '__proto__',
      'constructor',
      'prototype',
      'toString',
      'toJSON',
      'valueOf',
      'hasOwnProperty',
      'length',
      'then',
      'supported_interfaces',
      'Name',
      'name ',
      'signatures',
      'signature',
      'url',
      'security',
      '$case',
      'scheme',
      'tenant',
      '',
    );
    const value = fc.constantFrom(
      '{"polluted":true}',
      '"x"',
      'null',
      '[]',
      '{"toString":1}',
      '{"__proto__":{"polluted":true}}',
    );
    await fc.assert(
      fc.asyncProperty(which, fc.nat(), name, value, async (base, place, added, content) => {
        const text = textOf(base);
        const braces = [...text.matchAll(/\{/g)].map(({ index }) => index);
        const at = (braces[place % braces.length] as number) + 1;
        const comma = text[at] === '}' ? '' : ',';
        const changed = `${text.slice(0, at)}${JSON.stringify(added)}:${content}${comma}${text.slice(at)}`;
        await judge(changed, base);
        await judge(JSON.parse(changed), base);
        expect(({} as Record<string, unknown>).polluted).toBeUndefined();
      }),
      budget,
    );
  });

  it('with signatures cut, mixed or replaced', async () => {
    const entry = fc.oneof(
      strange,
      fc.record(
        { protected: fc.oneof(strange, fc.string()), signature: fc.oneof(strange, fc.string()), header: strange },
        { requiredKeys: [] },
      ),
      fc.tuple(which, fc.nat(1)).map(([base, index]) => bases[base]?.signatures[index] ?? null),
      fc.tuple(which, fc.string()).map(([base, header]) => ({
        ...bases[base]?.signatures[0],
        protected: btoa(unescape(encodeURIComponent(header))),
      })),
    );
    await fc.assert(
      fc.asyncProperty(which, fc.array(entry, { maxLength: 5 }), async (base, signatures) => {
        await judge({ ...bases[base], signatures }, base);
      }),
      budget,
    );
  });
});

it('the cards above verify as they are, and a mutated one now and then', async () => {
  for (const base of bases.keys()) expect(await judge(textOf(base), base)).toBe(true);
  expect(await judge(JSON.stringify({ xOwn: 1, ...bases[0] }), 0)).toBe(true);
  expect(canonicalSigningPayload(bases[0] as never).text).toBe([...(signedTexts[0] ?? [])][0]);
});
