import { describe, expect, it } from 'vitest';
import { isKnownTo } from '../../../src/arcp/client/rust-crate.js';
import { REGISTRY } from '../../../src/arcp/wire/registry.js';

describe('what the Rust crate takes', () => {
  it('A6: is what the registry says in every version, and every other runtime takes everything', () => {
    for (const [type, { knownToRust }] of Object.entries(REGISTRY)) {
      expect([type, isKnownTo({ kind: 'arcp-rs', version: '0.1.0' }, type)]).toEqual([type, knownToRust]);
      expect([type, isKnownTo({ kind: 'arcp-rs', version: '2.0.0' }, type)]).toEqual([type, knownToRust]);
      expect(isKnownTo({ kind: 'ringline', version: '0.1.0' }, type)).toBe(true);
    }
  });
});
