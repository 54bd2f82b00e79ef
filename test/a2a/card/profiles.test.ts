import npmCanonicalize from 'canonicalize';
import { describe, expect, it } from 'vitest';
import {
  type AgentCard,
  type CanonicalProfile,
  canonicalSigningPayload,
  DEFAULT_PROFILES,
  pythonLegacy,
  raw,
  sdk,
  spec,
  specFill,
  specKeepUnknown,
} from '../../../src/a2a/card/index.js';
import { encodeUtf8 } from '../../../src/bytes/utf8.js';
import type { JsonObject } from '../../../src/codec/json-value.js';
import { doubleOf, nestedArrays, reversed } from '../../codec/helpers.js';
import { codeOfCall, plainCard } from './helpers.js';

const PROFILES = [...DEFAULT_PROFILES, pythonLegacy];

/** A card with free JSON in it. */
const withParams = (params: unknown): JsonObject =>
  ({ ...plainCard, capabilities: { extensions: [{ uri: 'urn:x', params }] } }) as unknown as JsonObject;
const paramsOf = (text: string) => JSON.parse(text).capabilities.extensions[0].params;
const text = (card: AgentCard | JsonObject, profile: CanonicalProfile = spec) =>
  canonicalSigningPayload(card, profile).text;

describe('the specification', () => {
  it("gives its own example's text (A2A v1.0, section 8.4.1)", () => {
    const fragment = {
      name: 'Example Agent',
      description: '',
      capabilities: { streaming: false, pushNotifications: false, extensions: [] },
      skills: [],
    };
    const expected =
      '{"capabilities":{"pushNotifications":false,"streaming":false},"description":"","name":"Example Agent","skills":[]}';
    const { text: actual, bytes } = canonicalSigningPayload(fragment);
    expect(actual).toBe(expected);
    expect(bytes).toEqual(encodeUtf8(expected));
  });

  it('[7.5] leaves out the top-level signatures, and no other', () => {
    const card = { ...withParams({ signatures: ['kept'] }), signatures: [{ protected: 'x', signature: 'y' }] };
    for (const profile of PROFILES) {
      expect(JSON.parse(text(card, profile))).not.toHaveProperty('signatures');
      expect(paramsOf(text(card, profile))).toEqual({ signatures: ['kept'] });
    }
  });

  it('[7.6] tells an explicit false from absence', () => {
    const explicit = { ...plainCard, capabilities: { streaming: false } };
    const absent = { ...plainCard, capabilities: {} };
    expect(JSON.parse(text(explicit)).capabilities).toEqual({ streaming: false });
    expect(JSON.parse(text(absent)).capabilities).toEqual({});
  });

  it('[7.7] leaves out defaults that mean absence', () => {
    const card: AgentCard = {
      ...plainCard,
      supportedInterfaces: [{ url: 'u', protocolBinding: 'b', protocolVersion: 'v', tenant: '' }],
      capabilities: { extensions: [] },
      securitySchemes: {},
      skills: [{ id: 's', name: 'n', description: 'd', tags: [], examples: [], inputModes: [] }],
    };
    const read = JSON.parse(text(card));
    expect(read.supportedInterfaces[0]).toEqual({ url: 'u', protocolBinding: 'b', protocolVersion: 'v' });
    expect(read.capabilities).toEqual({});
    expect(read).not.toHaveProperty('securitySchemes');
    expect(read.skills[0]).toEqual({ id: 's', name: 'n', description: 'd', tags: [] });
    const optional = { ...plainCard, capabilities: { extensions: [{ uri: 'u', required: false, description: '' }] } };
    expect(JSON.parse(text(optional)).capabilities.extensions).toEqual([{ uri: 'u' }]);
  });

  it('[7.8] keeps an empty optional text, which the SDKs leave out', () => {
    const card = { ...plainCard, iconUrl: '', documentationUrl: '' };
    expect(JSON.parse(text(card))).toMatchObject({ iconUrl: '', documentationUrl: '' });
    expect(text(card, sdk)).toBe(text(plainCard, sdk));
  });

  it('[7.9] keeps empty required members, which the SDKs leave out', () => {
    const card = { ...plainCard, description: '', skills: [], capabilities: {} };
    expect(JSON.parse(text(card))).toMatchObject({ description: '', skills: [], capabilities: {} });
    const read = JSON.parse(text(card, sdk));
    for (const name of ['description', 'skills', 'capabilities']) expect(read).not.toHaveProperty(name);
  });

  it('[7.10] does not touch free JSON, which the SDKs prune', () => {
    const params = { a: null, b: '', c: [], d: {}, e: [null, '', [[]], {}, 1], f: 0, g: false };
    expect(paramsOf(text(withParams(params)))).toEqual(params);
    expect(paramsOf(text(withParams(params), sdk))).toEqual({ e: [1], f: 0, g: false });
  });

  it('keeps messages that are set, and what stands in lists, however empty', () => {
    const card: AgentCard = {
      ...plainCard,
      securitySchemes: { tls: { mtlsSecurityScheme: {} }, none: {} },
      securityRequirements: [{ schemes: { tls: { list: [] } } }, {}],
    };
    const read = JSON.parse(text(card));
    expect(read.securitySchemes).toEqual({ tls: { mtlsSecurityScheme: {} }, none: {} });
    expect(read.securityRequirements).toEqual([{ schemes: { tls: {} } }, {}]);
    for (const name of ['securitySchemes', 'securityRequirements']) {
      expect(JSON.parse(text(card, sdk))).not.toHaveProperty(name);
    }
  });

  it('fills in, or keeps, where another profile says so', () => {
    const vendor = { name: 'V', xOwn: { deep: [null, ''] } };
    expect(text(vendor)).toBe('{"name":"V"}');
    expect(text(vendor, specKeepUnknown)).toBe('{"name":"V","xOwn":{"deep":[null,""]}}');
    expect(JSON.parse(text(vendor, specFill))).toEqual({
      name: 'V',
      description: '',
      version: '',
      supportedInterfaces: [],
      capabilities: {},
      defaultInputModes: [],
      defaultOutputModes: [],
      skills: [],
    });
  });

  it('refuses what has no reading', () => {
    const both = { ...plainCard, supported_interfaces: [] };
    const wrong = { ...plainCard, capabilities: { streaming: 'yes' } };
    for (const profile of PROFILES.filter((candidate) => candidate !== raw)) {
      expect(() => text(both, profile)).toThrow(
        expect.objectContaining({ code: 'ERR_A2A_INVALID_CARD', pointer: '/supported_interfaces' }),
      );
      expect(() => text(wrong as never, profile)).toThrow(
        expect.objectContaining({ code: 'ERR_A2A_INVALID_CARD', pointer: '/capabilities/streaming' }),
      );
    }
    for (const value of [null, 7, 'card', [plainCard]]) {
      for (const profile of PROFILES)
        expect(codeOfCall(() => text(value as never, profile))).toBe('ERR_A2A_INVALID_CARD');
    }
  });
});

describe('RFC 8785', () => {
  it('[7.3] sorts names by UTF-16, integer-like ones as text', () => {
    const params = { '\uff01': 1, '\u{1f30a}': 2, '\ue000': 3, 9: 4, 10: 5, '': 6 };
    for (const profile of [spec, sdk, raw, specKeepUnknown]) {
      expect(text(withParams(params), profile)).toContain(
        '"params":{"":6,"10":5,"9":4,"\u{1f30a}":2,"\ue000":3,"\uff01":1}',
      );
    }
    // Python compared code points.
    expect(text(withParams(params), pythonLegacy)).toContain(
      '"params":{"":6.0,"10":5.0,"9":4.0,"\\ue000":3.0,"\\uff01":1.0,"\\ud83c\\udf0a":2.0}',
    );
  });

  it.each(PROFILES)(
    '[7.4] refuses a lone surrogate under $name, in a value and in a name, and takes a pair',
    (profile) => {
      for (const lone of ['\ud800', '\udc00', '\udc00\ud800', 'a\udfff']) {
        const cards = [{ ...plainCard, name: lone }, withParams({ a: lone }), withParams({ [lone]: 1 })];
        for (const card of cards) {
          expect(codeOfCall(() => text(card, profile))).toBe('ERR_A2A_CANONICALIZATION_FAILED');
        }
      }
      expect(codeOfCall(() => text({ ...plainCard, name: '\u{1f30a}' }, profile))).toBeUndefined();
    },
  );

  it.each(PROFILES)(
    '[7.11] keeps names of Object.prototype under $name, as members of maps and of free JSON',
    (profile) => {
      const names = [
        '__proto__',
        'constructor',
        'toString',
        'hasOwnProperty',
        'valueOf',
        '__defineGetter__',
        'prototype',
      ];
      const members = names.map((name) => `"${name}":{"mtlsSecurityScheme":{"description":"${name}"}}`).join();
      const card = { ...withParams(JSON.parse(`{${members}}`)), securitySchemes: JSON.parse(`{${members}}`) };
      const written = JSON.parse(text(card, profile));
      for (const object of [written.securitySchemes, paramsOf(JSON.stringify(written))]) {
        expect(Object.keys(object).sort()).toEqual([...names].sort());
        for (const name of names) {
          expect(Object.getOwnPropertyDescriptor(object, name)?.value).toEqual({
            mtlsSecurityScheme: { description: name },
          });
        }
      }
      expect(({} as Record<string, unknown>).mtlsSecurityScheme).toBeUndefined();
    },
  );

  it('[7.12] writes numbers as ECMAScript does, and refuses what is none', () => {
    const params = {
      minus: -0,
      big: 1e21,
      small: 1e-7,
      edge: 2 ** 53,
      tiny: doubleOf('1'),
      huge: doubleOf('7fefffffffffffff'),
    };
    const expected =
      '"params":{"big":1e+21,"edge":9007199254740992,"huge":1.7976931348623157e+308,"minus":0,"small":1e-7,"tiny":5e-324}';
    for (const profile of [spec, sdk, raw, specKeepUnknown])
      expect(text(withParams(params), profile)).toContain(expected);
    expect(text(withParams(params), pythonLegacy)).toContain(
      '"params":{"big":1e+21,"edge":9007199254740992.0,"huge":1.7976931348623157e+308,"minus":-0.0,"small":1e-07,"tiny":5e-324}',
    );
    for (const none of [
      Number.NaN,
      Number.POSITIVE_INFINITY,
      1n,
      undefined,
      () => 1,
      Symbol('s'),
      new Date(0),
      new Map(),
      new Array(1),
    ]) {
      for (const profile of PROFILES) {
        expect(codeOfCall(() => text(withParams({ none }), profile))).toBe('ERR_A2A_CANONICALIZATION_FAILED');
        expect(codeOfCall(() => text(withParams({ list: [none] }), profile))).toBe('ERR_A2A_CANONICALIZATION_FAILED');
      }
    }
    const cyclic: Record<string, unknown> = {};
    cyclic.self = cyclic;
    for (const profile of PROFILES) {
      expect(codeOfCall(() => text(withParams(cyclic), profile))).toBe('ERR_A2A_CANONICALIZATION_FAILED');
    }
  });

  it.each(PROFILES)('[7.13] takes a value at depth 128 under $name, and none at 129', (profile) => {
    // The card is at 0, and what stands in `params` at 5.
    const at = (depth: number, value: unknown) => {
      let inner = value;
      for (let i = depth; i > 5; i--) inner = [inner];
      return withParams({ deep: inner });
    };
    for (const leaf of [1, 'x', [1], { a: 1 }]) {
      const extra = typeof leaf === 'object' ? 1 : 0;
      expect(codeOfCall(() => text(at(128 - extra, leaf), profile))).toBeUndefined();
      expect(codeOfCall(() => text(at(129 - extra, leaf), profile))).toBe('ERR_A2A_CANONICALIZATION_FAILED');
    }
    expect(codeOfCall(() => text(withParams({ deep: nestedArrays(100_000) }), profile))).toBe(
      'ERR_A2A_CANONICALIZATION_FAILED',
    );
  });

  it('[7.13] takes an empty array or object as deep as a number', () => {
    const at = (depth: number, value: unknown) => {
      let inner = value;
      for (let i = depth; i > 5; i--) inner = [inner];
      return withParams({ deep: inner });
    };
    for (const profile of [spec, raw, specKeepUnknown, specFill]) {
      for (const empty of [[], {}]) {
        expect(codeOfCall(() => text(at(128, empty), profile))).toBeUndefined();
        expect(codeOfCall(() => text(at(129, empty), profile))).toBe('ERR_A2A_CANONICALIZATION_FAILED');
      }
    }
  });

  it.each(PROFILES)('[7.13] writes a wide card of 1 MB quickly under $name', (profile) => {
    const params = Object.fromEntries(Array.from({ length: 50_000 }, (_, i) => [`name-${i}`, `v${i}`]));
    const started = performance.now();
    expect(text(withParams(params), profile).length).toBeGreaterThan(1_000_000);
    expect(performance.now() - started).toBeLessThan(5_000);
  });

  it('[7.14] leaves its input alone, and takes a frozen one', () => {
    const freeze = (value: unknown): unknown => {
      if (typeof value === 'object' && value !== null) Object.values(Object.freeze(value)).forEach(freeze);
      return value;
    };
    const card = { ...withParams({ a: [{ b: '' }], c: null }), xOwn: { y: 1 }, tenant: '' };
    const before = JSON.stringify(card);
    const frozen = freeze(structuredClone(card)) as JsonObject;
    for (const profile of PROFILES) expect(text(frozen, profile)).toBe(text(card, profile));
    expect(JSON.stringify(card)).toBe(before);
  });

  it('[7.15] does not see the order of members, or white space', () => {
    const card = { ...withParams({ b: [1, { d: 1, c: 2 }], a: 1 }), xOwn: { z: 1, y: 2 }, iconUrl: '' };
    const relaid = JSON.parse(JSON.stringify(reversed(card), undefined, '\t'));
    for (const profile of PROFILES) expect(text(relaid, profile)).toBe(text(card, profile));
  });

  it('is what the npm implementation writes of a card as received', () => {
    const card = withParams({ '\u{1f30a}': [1e21, '\u2028', { '': null }], b: 'x' });
    expect(text(card, raw)).toBe((npmCanonicalize as unknown as (value: unknown) => string)(card));
  });
});
