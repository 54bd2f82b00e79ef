import { describe, expect, it } from 'vitest';
import { buildPrologue } from '../../src/noise/prologue.js';
import { hex } from '../support/hex.js';

describe('prologue', () => {
  it('is the label and both names behind their lengths', () => {
    expect(hex(buildPrologue('ab', 'c'))).toBe(
      `${hex(new TextEncoder().encode('agent-phone/1'))}${'0002'}${'6162'}${'0001'}${'63'}`,
    );
  });

  it('counts bytes, not characters', () => {
    expect(hex(buildPrologue('\u00e9', '')).slice(26)).toBe('0002c3a90000');
  });

  it('names that could run into each other stay apart', () => {
    const prologues = [
      ['ab', 'c'],
      ['a', 'bc'],
      ['abc', ''],
      ['', 'abc'],
      ['c', 'ab'],
    ].map(([near, far]) => hex(buildPrologue(near as string, far as string)));
    expect(new Set(prologues).size).toBe(5);
  });

  it('oversize DID in the prologue: 255 bytes pass, 256 and 65,539 do not', () => {
    expect(buildPrologue('d'.repeat(255), 'd'.repeat(255))).toHaveLength(13 + 2 * 257);
    for (const did of ['d'.repeat(256), 'd'.repeat(65_539), '\u00e9'.repeat(128)]) {
      expect(() => buildPrologue(did, 'd')).toThrow(RangeError);
      expect(() => buildPrologue('d', did)).toThrow(RangeError);
    }
  });

  it('wants strings', () => {
    expect(() => buildPrologue(undefined as never, 'd')).toThrow(TypeError);
    expect(() => buildPrologue('d', 5 as never)).toThrow(TypeError);
  });
});
