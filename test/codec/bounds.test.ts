import { describe, expect, it } from 'vitest';
import { checkJsonBounds } from '../../src/codec/bounds.js';
import { LimitError } from '../../src/errors.js';
import { nestedArrays, nestedObjects, objectOf } from './helpers.js';

const BOUNDS = { maxJsonDepth: 64, maxJsonKeys: 10_000 };

/** The limit a value is over, or `undefined`. */
function over(value: unknown, bounds = BOUNDS): string | undefined {
  try {
    checkJsonBounds(value, bounds);
    return undefined;
  } catch (error) {
    expect(error).toBeInstanceOf(LimitError);
    const { code, limit, allowed, seen } = error as LimitError;
    expect(code).toBe('ERR_LIMIT_EXCEEDED');
    expect(allowed).toBe(bounds[limit as keyof typeof bounds]);
    expect(seen).toBe(allowed + 1);
    return limit;
  }
}

describe('checkJsonBounds', () => {
  it.each([
    ['arrays', nestedArrays],
    ['objects', nestedObjects],
  ])('S9: depth of %s at the limit, one less, one more, and 20,000', (_, nested) => {
    expect(over(nested(63))).toBeUndefined();
    expect(over(nested(64))).toBeUndefined();
    expect(over(nested(65))).toBe('maxJsonDepth');
    expect(over(nested(20_000))).toBe('maxJsonDepth');
    expect(over(nested(1_000), { ...BOUNDS, maxJsonDepth: 1_000 })).toBeUndefined();
    expect(over(nested(20_000), { ...BOUNDS, maxJsonDepth: 1_000 })).toBe('maxJsonDepth');
    expect(over(nested(1), { ...BOUNDS, maxJsonDepth: 1 })).toBeUndefined();
    expect(over(nested(2), { ...BOUNDS, maxJsonDepth: 1 })).toBe('maxJsonDepth');
  });

  it('S9: text of that depth, as JSON.parse reads it', () => {
    expect(over(JSON.parse('['.repeat(20_000) + ']'.repeat(20_000)))).toBe('maxJsonDepth');
    expect(over(JSON.parse(`${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`))).toBe('maxJsonDepth');
  });

  it('S9: members at the limit, one less, one more', () => {
    const flat = (count: number) => objectOf(Array.from({ length: count }, (_, i) => [`k${i}`, null]));
    expect(over(flat(9_999))).toBeUndefined();
    expect(over(flat(10_000))).toBeUndefined();
    expect(over(flat(10_001))).toBe('maxJsonKeys');
  });

  it('counts the members of all objects together', () => {
    const pairs = (count: number) => Array.from({ length: count }, () => ({ a: 1, b: 2 }));
    expect(over(pairs(5_000))).toBeUndefined();
    expect(over([...pairs(5_000), { a: 1 }])).toBe('maxJsonKeys');
    expect(over({ x: pairs(4_999), y: [1] })).toBeUndefined();
    expect(over({ x: pairs(4_999), y: { z: 1 } })).toBe('maxJsonKeys');
    expect(over({}, { ...BOUNDS, maxJsonKeys: 0 })).toBeUndefined();
    expect(over([{ a: 1 }], { ...BOUNDS, maxJsonKeys: 0 })).toBe('maxJsonKeys');
  });

  it('counts __proto__ and what stands below it', () => {
    expect(over(JSON.parse('{"__proto__":{"a":1}}'), { ...BOUNDS, maxJsonKeys: 2 })).toBeUndefined();
    expect(over(JSON.parse('{"__proto__":{"a":1}}'), { ...BOUNDS, maxJsonKeys: 1 })).toBe('maxJsonKeys');
    expect(over(JSON.parse('{"__proto__":[[]]}'), { ...BOUNDS, maxJsonDepth: 2 })).toBe('maxJsonDepth');
  });

  it('lets scalars and wide arrays pass', () => {
    for (const value of [null, true, 0, 'text', undefined, new Array(30_000).fill(0)]) {
      expect(over(value, { maxJsonDepth: 1, maxJsonKeys: 0 })).toBeUndefined();
    }
  });

  it('counts own members only', () => {
    let outcome: string | undefined;
    Object.defineProperty(Object.prototype, 'extra', { value: [[[]]], configurable: true, enumerable: true });
    try {
      outcome = over({ a: 1 }, { maxJsonDepth: 1, maxJsonKeys: 1 });
    } finally {
      Reflect.deleteProperty(Object.prototype, 'extra');
    }
    expect(outcome).toBeUndefined();
  });

  it('checks the bounds themselves', () => {
    const check = (bounds: object) => () => checkJsonBounds({}, { ...BOUNDS, ...bounds });
    expect(check({ maxJsonDepth: '1' })).toThrow(TypeError);
    expect(check({ maxJsonKeys: undefined })).toThrow(TypeError);
    for (const bad of [0, -1, 1.5, Number.NaN, 1_001]) expect(check({ maxJsonDepth: bad })).toThrow(RangeError);
    for (const bad of [-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(check({ maxJsonKeys: bad })).toThrow(RangeError);
    }
  });
});
