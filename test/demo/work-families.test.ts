import { describe, expect, it } from 'vitest';
import { FAMILIES, familyOf, isFromRuntime } from '../../demo/page/work/families.js';
import { plain } from '../../demo/page/work/plain.js';
import { isCoreType, REGISTRY } from '../../src/arcp/wire/registry.js';

describe('the families of messages, as the observer asks for them', () => {
  const types = Object.values(FAMILIES).flat();

  it('are made of core types, each in one of them', () => {
    expect(types.filter((type) => !isCoreType(type))).toEqual([]);
    expect(new Set(types).size).toBe(types.length);
    for (const [family, of] of Object.entries(FAMILIES)) for (const type of of) expect(familyOf(type)).toBe(family);
  });

  it('leave out no type that belongs to a job or a stream', () => {
    const scoped = Object.entries(REGISTRY).filter(
      ([type, { jobScoped, streamScoped }]) => (jobScoped || streamScoped) && !/^(?:checkpoint|workflow)/.test(type),
    );
    expect(scoped.length).toBeGreaterThan(10);
    expect(scoped.map(([type]) => type).filter((type) => !types.includes(type))).toEqual([]);
  });

  it('know what only a client says from what only the runtime says', () => {
    const wrong = types.filter((type) => {
      const { direction } = REGISTRY[type as keyof typeof REGISTRY];
      return direction !== 'both' && isFromRuntime(type) !== (direction === 'R');
    });
    expect(wrong).toEqual([]);
  });
});

describe('text of strangers', () => {
  it('is one line without controls, and whole where it fits', () => {
    expect(plain('a\nb\u0007c\u2066d\u2028e')).toBe('a b c d e');
    expect(plain('\u00fc\u{1f35d}')).toBe('\u00fc\u{1f35d}');
  });

  it('is cut, and no half character is left of what it was cut through', () => {
    expect(plain('x'.repeat(300), 5)).toBe('xxxxx\u2026');
    expect(plain('ab\u{1f35d}', 3)).toBe('ab\ufffd\u2026');
  });

  it('is JSON where it is no text, and nothing where it is nothing', () => {
    expect([plain({ a: 1 }), plain(undefined), plain(null)]).toEqual(['{"a":1}', '', 'null']);
  });
});
