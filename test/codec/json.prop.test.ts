import fc from 'fast-check';
import { expect, it, vi } from 'vitest';
import { encodeUtf8 } from '../../src/bytes/utf8.js';
import { parseJsonStrict } from '../../src/codec/json.js';
import { codeOf, jsonValue, runs, same } from './helpers.js';

vi.setConfig({ testTimeout: 600_000 });

const REFUSALS_OF_VALID_JSON = [
  'ERR_CODEC_JSON_DUPLICATE_KEY',
  'ERR_CODEC_JSON_SURROGATE',
  'ERR_CODEC_JSON_NUMBER',
  'ERR_CODEC_JSON_DEPTH',
  'ERR_CODEC_JSON_SIZE',
];
const REFUSALS = [...REFUSALS_OF_VALID_JSON, 'ERR_CODEC_JSON_SYNTAX', 'ERR_CODEC_UTF8'];

const lenientText = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function jsonParse(text: string): { value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}

/** Whether the text holds a number that overflows, vanishes, or is an integer beyond what doubles hold exactly. */
function hasUnsafeNumber(text: string): boolean {
  return [...text.matchAll(/-?\d[\d.]*(?:[eE][+-]?\d+)?/g)].some(([literal]) => {
    const value = Number(literal);
    if (value === 0) return /[1-9]/.test(literal.replace(/[eE].*/, ''));
    return !Number.isFinite(value) || (Number.isInteger(value) && !Number.isSafeInteger(value));
  });
}

/** Holds the strict parser to `JSON.parse`: the same value, or a refusal that has its own code. */
function compare(input: Uint8Array): 'accepted' | 'stricter' | 'refused' {
  let text: string | undefined;
  try {
    text = lenientText.decode(input);
  } catch {
    expect(codeOf(() => parseJsonStrict(input))).toBe('ERR_CODEC_UTF8');
    return 'refused';
  }
  const expected = jsonParse(text);
  const code = codeOf(() => parseJsonStrict(input));
  expect(codeOf(() => parseJsonStrict(text))).toBe(code);
  if (code === undefined) {
    expect(expected).toBeDefined();
    same(parseJsonStrict(input), expected?.value);
    return 'accepted';
  }
  if (expected === undefined) {
    expect(REFUSALS).toContain(code);
    return 'refused';
  }
  expect(REFUSALS_OF_VALID_JSON).toContain(code);
  if (code === 'ERR_CODEC_JSON_NUMBER') expect(hasUnsafeNumber(text)).toBe(true);
  if (code === 'ERR_CODEC_JSON_SURROGATE') expect(text).toMatch(/\\u[dD][89a-fA-F]/);
  if (code === 'ERR_CODEC_JSON_DUPLICATE_KEY') {
    // Fewer members come out than colons outside strings went in.
    const colons = text.replace(/"(?:[^"\\]|\\.)*"/g, '').split(':').length - 1;
    expect(countMembers(expected.value)).toBeLessThan(colons);
  }
  return 'stricter';
}

function countMembers(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  const own = Array.isArray(value) ? 0 : Object.keys(value).length;
  return Object.values(value).reduce((sum: number, member) => sum + countMembers(member), own);
}

const blank = fc.constantFrom('', '', '', ' ', '\n', '\t\r ');

/** The text of a value, with blanks and needless escapes where the callbacks say so. */
function spell(value: unknown, gap: () => string, escaped: () => boolean): string {
  const around = (text: string) => gap() + text + gap();
  if (typeof value === 'string') {
    const quoted = JSON.stringify(value);
    if (!escaped()) return around(quoted);
    const units = Array.from({ length: value.length }, (_, i) => value.charCodeAt(i).toString(16).padStart(4, '0'));
    return around(`"${units.map((unit) => `\\u${unit}`).join('')}"`);
  }
  if (typeof value !== 'object' || value === null) return around(JSON.stringify(value));
  if (Array.isArray(value)) return around(`[${value.map((item) => spell(item, gap, escaped)).join(',') || gap()}]`);
  const members = Object.entries(value).map(
    ([name, member]) => `${spell(name, gap, escaped)}:${spell(member, gap, escaped)}`,
  );
  return around(`{${members.join(',') || gap()}}`);
}

const spelling = fc
  .tuple(
    jsonValue,
    fc.array(blank, { minLength: 1, maxLength: 20 }),
    fc.array(fc.boolean(), { minLength: 1, maxLength: 9 }),
  )
  .map(([value, blanks, flags]) => {
    let turn = 0;
    const gap = () => blanks[turn++ % blanks.length] as string;
    return spell(value, gap, () => flags[turn++ % flags.length] as boolean);
  });

it('reads any spelling as JSON.parse does, or refuses a number', () => {
  fc.assert(
    fc.property(spelling, (text) => {
      const outcome = compare(encodeUtf8(text));
      if (outcome !== 'accepted') expect(codeOf(() => parseJsonStrict(text))).toBe('ERR_CODEC_JSON_NUMBER');
    }),
    runs(2_000),
  );
});

it('finds a name that is used twice, however it is spelled', () => {
  const name = fc.string({ unit: 'binary', maxLength: 5 });
  fc.assert(
    fc.property(name, fc.uniqueArray(name, { maxLength: 5 }), fc.nat(5), fc.boolean(), (twice, others, at, escaped) => {
      const names = others.filter((other) => other !== twice);
      names.splice(at, 0, twice);
      const members = names.map((each) => `${JSON.stringify(each)}:0`);
      expect(codeOf(() => parseJsonStrict(`{${members.join(',')}}`))).toBeUndefined();
      members.push(
        `${spell(
          twice,
          () => '',
          () => escaped,
        )}:1`,
      );
      expect(codeOf(() => parseJsonStrict(`[{${members.join(',')}}]`))).toBe('ERR_CODEC_JSON_DUPLICATE_KEY');
    }),
    runs(1_000),
  );
});

// What a mutation puts in: bytes with a meaning in JSON or UTF-8, more often than any others.
const byte = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...encodeUtf8('{}[],:"\\/ 019-+.eEtfnu\n\0')) },
  { weight: 1, arbitrary: fc.constantFrom(0xef, 0xbb, 0xbf, 0xed, 0xa0, 0x80, 0xc0, 0xff, 0xf0, 0x9f) },
  { weight: 1, arbitrary: fc.nat(255) },
);
const snippet = fc.constantFrom(
  '"a":1',
  ',"a":2',
  '\\ud800',
  '\\u0061',
  '1e999',
  '9007199254740993',
  '[[[[',
  '"__proto__":{}',
);
const mutation = fc.oneof(
  fc.tuple(
    fc.constant('replace' as const),
    fc.nat(),
    byte.map((value) => Uint8Array.of(value)),
  ),
  fc.tuple(
    fc.constant('insert' as const),
    fc.nat(),
    byte.map((value) => Uint8Array.of(value)),
  ),
  fc.tuple(fc.constant('insert' as const), fc.nat(), snippet.map(encodeUtf8)),
  fc.tuple(fc.constant('remove' as const), fc.nat(), fc.uint8Array({ minLength: 1, maxLength: 3 })),
  fc.tuple(fc.constant('repeat' as const), fc.nat(), fc.uint8Array({ minLength: 1, maxLength: 12 })),
  fc.tuple(fc.constant('cut' as const), fc.nat(), fc.constant(new Uint8Array())),
);

function mutate(text: Uint8Array, [kind, where, bytes]: [string, number, Uint8Array]): Uint8Array {
  const at = where % (text.length + 1);
  const [head, tail] = [text.subarray(0, at), text.subarray(at)];
  const join = (...parts: Uint8Array[]) => Uint8Array.from(parts.flatMap((part) => [...part]));
  switch (kind) {
    case 'replace':
      return join(head, bytes, tail.subarray(1));
    case 'insert':
      return join(head, bytes, tail);
    case 'remove':
      return join(head, tail.subarray(bytes.length));
    case 'repeat':
      return join(head, tail.subarray(0, bytes.length), tail);
    default:
      return head;
  }
}

it('never differs from JSON.parse but by a refusal with its own code, on broken text', () => {
  const outcomes = { accepted: 0, stricter: 0, refused: 0 };
  const broken = fc.tuple(spelling, fc.array(mutation, { minLength: 1, maxLength: 4 })).map(([text, mutations]) => {
    return mutations.reduce(mutate, encodeUtf8(text));
  });
  fc.assert(
    fc.property(broken, (input) => {
      outcomes[compare(input)]++;
    }),
    runs(6_000),
  );
  // The fuzz is worth something only while all three happen.
  expect(Math.min(...Object.values(outcomes))).toBeGreaterThan(30);
});

it('throws nothing but CodecError on any text', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.nat(0xffff).map((unit) => String.fromCharCode(unit)) }), (text) => {
      const code = codeOf(() => parseJsonStrict(text));
      if (code !== undefined) expect(REFUSALS).toContain(code);
    }),
    runs(1_000),
  );
});
