import npmCanonicalize from 'canonicalize';
import fc from 'fast-check';
import { expect, it, vi } from 'vitest';
import { canonicalize } from '../../src/codec/jcs.js';
import { parseJsonStrict } from '../../src/codec/json.js';
import { codeOf, doubleOf, jsonValue, members, objectOf, reversed, runs, same } from './helpers.js';

// The package is CommonJS; its types say otherwise.
const oracle = npmCanonicalize as unknown as (value: unknown) => string;

vi.setConfig({ testTimeout: 600_000 });

it('agrees with the npm implementation on what both accept', () => {
  fc.assert(
    fc.property(jsonValue, (value) => {
      expect(canonicalize(value)).toBe(oracle(value));
    }),
    runs(2_000),
  );
});

it('does not see the order of members', () => {
  fc.assert(
    fc.property(jsonValue, (value) => {
      expect(canonicalize(reversed(value))).toBe(canonicalize(value));
    }),
    runs(1_000),
  );
});

it('is its own canonical form, and says the same value', () => {
  fc.assert(
    fc.property(jsonValue, (value) => {
      const text = canonicalize(value);
      expect(canonicalize(JSON.parse(text))).toBe(text);
      // Through JSON.stringify, so that -0 is 0 on both sides.
      same(JSON.parse(text), JSON.parse(JSON.stringify(value)));
    }),
    runs(1_000),
  );
});

it('writes what the strict parser reads, but for integers a double cannot hold exactly', () => {
  fc.assert(
    fc.property(jsonValue, (value) => {
      const text = canonicalize(value);
      const unsafe = (number: unknown) =>
        Number.isInteger(number) && !Number.isSafeInteger(number) && Math.abs(number as number) < 1e21;
      let unsafeSeen = false;
      JSON.parse(text, (_, member) => {
        unsafeSeen ||= unsafe(member);
        return member;
      });
      if (unsafeSeen) expect(codeOf(() => parseJsonStrict(text))).toBe('ERR_CODEC_JSON_NUMBER');
      else expect(canonicalize(parseJsonStrict(text))).toBe(text);
    }),
    runs(1_000),
  );
});

it('agrees with the npm implementation on any double', () => {
  const bits = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map((n) => doubleOf(n.toString(16)));
  fc.assert(
    fc.property(bits, (number) => {
      if (Number.isFinite(number)) expect(canonicalize(number)).toBe(oracle(number));
      else expect(codeOf(() => canonicalize(number))).toBe('ERR_CODEC_JCS_VALUE');
    }),
    runs(1_000),
  );
});

it('J1: refuses one strange value, wherever it stands', () => {
  const strange = fc.constantFrom<() => unknown>(
    () => undefined,
    () => 1n,
    () => Number.NaN,
    () => Number.NEGATIVE_INFINITY,
    () => Symbol('s'),
    () => () => 1,
    () => '\ud800',
    () => 'a\udfffb',
    () => ({ '\udbff': 1 }),
    () => new Date(0),
    () => new Map(),
    () => Uint8Array.of(1),
    () => new Array(1),
    () => ({ toJSON: () => 1 }),
  );
  const step = fc.oneof(
    fc.array(jsonValue, { maxLength: 3 }).map((items) => (inner: unknown) => [...items, inner]),
    fc.tuple(members(jsonValue), fc.string()).map(
      ([around, name]) =>
        (inner: unknown) =>
          objectOf([...around.filter(([key]) => key !== name), [name, inner]]),
    ),
  );
  fc.assert(
    fc.property(strange, fc.array(step, { maxLength: 8 }), (make, steps) => {
      const value = steps.reduce((inner, wrap) => wrap(inner), make());
      expect(codeOf(() => canonicalize(value))).toBe('ERR_CODEC_JCS_VALUE');
    }),
    runs(1_000),
  );
});
