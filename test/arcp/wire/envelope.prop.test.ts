// Properties of the codec: the checks written by hand agree with a schema, what is written is read again, and nothing a
// peer sends throws anything but an ArcpError.

import fc from 'fast-check';
import * as v from 'valibot';
import { describe, expect, it, vi } from 'vitest';
import { ArcpError } from '../../../src/arcp/errors.js';
import { classify } from '../../../src/arcp/wire/classify.js';
import { decodeEnvelope, decodePayload, encodeMessage, type RawEnvelope } from '../../../src/arcp/wire/envelope.js';
import type { CoreType } from '../../../src/arcp/wire/payloads.js';
import { CATALOGUE } from '../catalogue.mjs';
import { wire } from '../envelopes.js';

const RUNS = process.env.RINGLINE_LONG === '1' ? 20 : 1;
vi.setConfig({ testTimeout: 60_000 * RUNS });

const id = (prefix: string) =>
  v.pipe(v.string(), v.startsWith(prefix), v.minLength(prefix.length + 1), v.maxLength(1_024), v.check(isWellFormed));
const key = v.pipe(v.string(), v.minLength(1), v.maxLength(1_024), v.check(isWellFormed));
const object = v.custom<object>((value) => Object.prototype.toString.call(value) === '[object Object]');

function isWellFormed(text: string): boolean {
  return !/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/.test(text);
}

/** Any day is taken here that Date takes, which is why the days below are few. */
const timestamp = v.pipe(
  v.string(),
  v.regex(/^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:?\d\d)$/),
  v.check((text) => !Number.isNaN(Date.parse(`${text.slice(0, 10)}T${text.slice(11, 19)}Z`))),
);

/** The envelope of section 6.1 as a schema, without what is not JSON. */
const ENVELOPE = v.object({
  arcp: v.string(),
  id: id('msg_'),
  type: v.union([v.literal(''), key]),
  timestamp,
  payload: object,
  source: v.optional(v.string()),
  target: v.optional(v.string()),
  session_id: v.optional(id('sess_')),
  job_id: v.optional(id('job_')),
  stream_id: v.optional(id('str_')),
  subscription_id: v.optional(id('sub_')),
  trace_id: v.optional(key),
  span_id: v.optional(key),
  parent_span_id: v.optional(key),
  correlation_id: v.optional(id('msg_')),
  causation_id: v.optional(id('msg_')),
  idempotency_key: v.optional(key),
  priority: v.optional(v.picklist(['low', 'normal', 'high', 'critical'])),
  extensions: v.optional(object),
});

const prefixes = ['msg_', 'sess_', 'job_', 'str_', 'sub_', 'art_', 'lease_', 'MSG_', ''];
const junk = fc.oneof(
  fc.constantFrom<unknown>(null, '', 0, 1.5, true, [], {}, [1], 'normal', 'high', 'urgent', '\ud800', 'a\udc00', '1.0'),
  fc.tuple(fc.constantFrom(...prefixes), fc.string({ maxLength: 6 })).map((parts) => parts.join('')),
  fc.constantFrom('2026-03-02T08:15:42Z', '2026-03-02 08:15:42.5+02:00', '2026-03-02T08:15:42', '2026-13-02T08:15:42Z'),
);
const fieldNames = Object.keys(ENVELOPE.entries);
const good: Record<string, unknown> = {
  ...wire('ping', {}, { source: 's', target: 't', session_id: 'sess_1', job_id: 'job_1', stream_id: 'str_1' }),
  ...{ subscription_id: 'sub_1', trace_id: 't', span_id: 's', parent_span_id: 'p', correlation_id: 'msg_2' },
  ...{ causation_id: 'msg_3', idempotency_key: 'k', priority: 'high', extensions: { optional: true } },
};

describe('an envelope', () => {
  it('is taken just where the schema takes it, and comes out the same', () => {
    const changes = fc.array(fc.tuple(fc.constantFrom(...fieldNames), fc.option(junk, { nil: undefined })), {
      maxLength: 3,
    });
    let taken = 0;
    fc.assert(
      fc.property(fc.subarray(fieldNames), changes, (left, changed) => {
        const kept = new Set([...left, 'arcp', 'id', 'type', 'timestamp', 'payload']);
        const value: Record<string, unknown> = Object.fromEntries(
          Object.entries(good).filter(([name]) => kept.has(name)),
        );
        for (const [name, replacement] of changed) {
          if (replacement === undefined) delete value[name];
          else value[name] = replacement;
        }
        const schema = v.safeParse(ENVELOPE, value);
        const decoded = decodeEnvelope(JSON.stringify(value));
        expect(decoded.kind).toBe(schema.success ? 'envelope' : 'malformed');
        if (decoded.kind === 'envelope') {
          taken++;
          expect(decoded.envelope).toEqual(schema.output);
        } else if (decoded.kind === 'malformed') {
          expect(decoded.id).toBe(v.is(ENVELOPE.entries.id, value.id) ? value.id : undefined);
          const faults = new Set(schema.issues?.map((issue) => String(issue.path?.[0].key)));
          expect(faults).toContain(decoded.path);
        }
      }),
      { numRuns: 3_000 * RUNS },
    );
    // The test says nothing where nearly all or nearly none are taken.
    expect(taken).toBeGreaterThan(300 * RUNS);
    expect(taken).toBeLessThan(2_700 * RUNS);
  });
});

const isEqualJson = (left: unknown, right: unknown) => expect(JSON.parse(JSON.stringify(left))).toEqual(right);

describe('what is written', () => {
  const freeJson = fc.jsonValue({ maxDepth: 2 }) as fc.Arbitrary<unknown>;
  /** Free JSON with members left undefined, as our own callers write it. */
  const loose = fc.oneof(
    freeJson,
    fc.dictionary(fc.string({ maxLength: 5 }), fc.option(freeJson, { nil: undefined }), { maxKeys: 4 }),
  );
  const optional = <T>(values: fc.Arbitrary<T>) => fc.option(values, { nil: undefined });
  const text = fc.string({ unit: 'binary', minLength: 1, maxLength: 8 });
  const fields = fc.record({
    source: optional(text),
    session_id: optional(text.map((body) => `sess_${body}`)),
    trace_id: optional(text),
    correlation_id: optional(text.map((body) => `msg_${body}`)),
    priority: optional(fc.constantFrom('low', 'normal', 'high', 'critical')),
    extensions: optional(fc.dictionary(text, freeJson, { maxKeys: 3 })),
  });

  it('is read again as the same message, holds no null but of free JSON, and is written the same again', () => {
    fc.assert(
      fc.property(fc.constantFrom(...CATALOGUE), loose, fields, (entry, value, more) => {
        const payload = Object.fromEntries(
          Object.entries(entry.full).map(([name, member]) => {
            const isFree = ['arguments', 'value', 'details', 'attributes', 'dims', 'default'].includes(name);
            const replaced = isFree && entry.type !== 'metric' && value !== undefined ? value : member;
            return [name, entry.required.includes(name) || value !== null ? replaced : undefined];
          }),
        );
        const message = { ...wire(entry.type, payload), ...more } as unknown as RawEnvelope;
        const written = encodeMessage(message);
        const decoded = decodeEnvelope(written);
        if (decoded.kind !== 'envelope') throw new Error(`refused: ${written}`);
        const again = decodePayload(decoded.envelope, entry.type as CoreType);
        const { priority, ...rest } = message;
        isEqualJson(again, JSON.parse(JSON.stringify(priority === 'normal' ? rest : { priority, ...rest })));
        expect(encodeMessage(again)).toBe(encodeMessage(decoded.envelope));
        // Fields of the envelope are never null.
        expect(Object.values(JSON.parse(written))).not.toContain(null);
      }),
      { numRuns: 1_000 * RUNS },
    );
  });

  it('is well-formed text whatever our callers write, and the same text where they wrote it well', () => {
    const units = fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 12 });
    const halves = fc.array(fc.constantFrom(0xd83d, 0xde00, 0x5c, 0x75, 0x64, 0x38, 0x30, 0x22, 0x41), {
      maxLength: 12,
    });
    fc.assert(
      fc.property(fc.oneof(units, halves), (codes) => {
        const data = String.fromCharCode(...codes);
        const written = encodeMessage(wire('event.emit', { name: 'n', data: [data] }) as unknown as RawEnvelope);
        expect(isWellFormed(written)).toBe(true);
        // The reference: what UTF-8 makes of it.
        const expected = new TextDecoder('utf-8', { ignoreBOM: true }).decode(new TextEncoder().encode(data));
        expect(JSON.parse(written).payload.data).toEqual([expected]);
      }),
      { numRuns: 3_000 * RUNS },
    );
  });

  it('is refused before it is written where a number is not finite, wherever it stands', () => {
    const numbers = fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY);
    fc.assert(
      fc.property(numbers, fc.array(fc.boolean(), { maxLength: 20 }), freeJson, (number, path, beside) => {
        const data = path.reduce<unknown>((inner, isList) => (isList ? [beside, inner] : { beside, inner }), number);
        const message = wire('event.emit', { name: 'n', data }) as unknown as RawEnvelope;
        expect(() => encodeMessage(message)).toThrow(RangeError);
      }),
      { numRuns: 500 * RUNS },
    );
  });
});

describe('10,000 mutated envelopes', () => {
  const HOSTILE = [
    'null',
    '-1',
    '1.5',
    '1e400',
    '9007199254740993',
    '""',
    '"\\ud800"',
    '[]',
    '{}',
    'true',
    '{"__proto__":{"x":1}}',
    '{"toJSON":1,"constructor":null}',
    `${'['.repeat(200)}${']'.repeat(200)}`,
    `${'{"a":'.repeat(130)}0${'}'.repeat(130)}`,
    `"${'a'.repeat(2_000)}"`,
    '{"code":"x","message":"y","cause":{"code":"x","message":"y","cause":{"code":1}}}',
  ];

  /** Every place where a value stands in a text of JSON: where it begins and ends. */
  function places(text: string): readonly (readonly [number, number])[] {
    const found: (readonly [number, number])[] = [];
    for (const match of text.matchAll(/(?<=[:,[])(?:"(?:[^"\\]|\\.)*"(?!:)|[\w.+-]+|\{[^{}]*\}|\[[^[\]]*\])/g)) {
      found.push([match.index, match.index + match[0].length]);
    }
    return found;
  }

  /** What one step makes of a text. */
  const steps: readonly ((text: string, at: number, pick: number) => string)[] = [
    // A value replaced, a value doubled under another name, a piece cut out, one character changed, two swapped, an end cut.
    (text, at, pick) => {
      const all = places(text);
      const [from, to] = all[at % Math.max(1, all.length)] ?? [0, 0];
      return text.slice(0, from) + HOSTILE[pick % HOSTILE.length] + text.slice(to);
    },
    (text, at, pick) =>
      text.replace('{', `{"${fieldNames[at % fieldNames.length]}":${HOSTILE[pick % HOSTILE.length]},`),
    (text, at, pick) => text.slice(0, at % text.length) + text.slice((at % text.length) + (pick % 12)),
    (text, at, pick) =>
      text.slice(0, at % text.length) + String.fromCharCode(pick & 0xffff) + text.slice((at % text.length) + 1),
    (text, at, pick) => {
      const all = places(text);
      const [a, b] = [all[at % Math.max(1, all.length)], all[pick % Math.max(1, all.length)]].sort(
        (left, right) => (left?.[0] ?? 0) - (right?.[0] ?? 0),
      );
      if (a === undefined || b === undefined || a[1] > b[0]) return text;
      return text.slice(0, a[0]) + text.slice(...b) + text.slice(a[1], b[0]) + text.slice(...a) + text.slice(b[1]);
    },
    (text, at) => text.slice(0, at % (text.length + 1)),
  ];

  it('throw nothing but an ArcpError, and what is taken can be written and taken again', () => {
    const sources = CATALOGUE.map(({ type, full }) =>
      JSON.stringify(
        type === 'ping' ? good : wire(type, full, { session_id: 'sess_1', extensions: { optional: true } }),
      ),
    );
    const step = fc.tuple(fc.nat(steps.length - 1), fc.nat(4_000), fc.nat(0xffff));
    const seen = { garbage: 0, malformed: 0, refused: 0, taken: 0, other: 0 };
    fc.assert(
      fc.property(fc.constantFrom(...sources), fc.array(step, { minLength: 1, maxLength: 3 }), (source, mutations) => {
        const text = mutations.reduce(
          (mutated, [kind, at, pick]) =>
            mutated === '' ? mutated : (steps[kind] as (typeof steps)[0])(mutated, at, pick),
          source,
        );
        const decoded = decodeEnvelope(text);
        if (decoded.kind !== 'envelope') {
          seen[decoded.kind]++;
          return;
        }
        const { envelope } = decoded;
        if (classify(envelope.type) !== 'core') {
          seen.other++;
          expect(decodeEnvelope(encodeMessage(envelope)).kind).toBe('envelope');
          return;
        }
        try {
          const message = decodePayload(envelope, envelope.type as CoreType);
          seen.taken++;
          const again = decodeEnvelope(encodeMessage(message));
          expect(again.kind).toBe('envelope');
        } catch (error) {
          if (!(error instanceof ArcpError)) throw error;
          seen.refused++;
          expect(error.code).toBe('ERR_ARCP_INVALID_ARGUMENT');
          expect(error.details).toEqual({ path: expect.stringMatching(/^payload/), issue: expect.any(String) });
        }
        expect(({} as { x?: unknown }).x).toBeUndefined();
      }),
      { numRuns: 10_000 * RUNS },
    );
    // Each outcome was seen often enough for the run to mean something.
    for (const count of Object.values(seen)) expect(count).toBeGreaterThan(50);
  });
});
