import { describe, expect, it } from 'vitest';
import { canonicalError, isRustCrate } from '../../../src/arcp/runtime/rust-crate.js';

describe('a client on the Rust crate', () => {
  it('A6: is known by the crate’s own name in every version, and in its first by other names that begin like it', () => {
    const known = (kind: string, version: string) => isRustCrate({ kind, version });
    expect([known('arcp-rs', '0.1.0'), known('arcp-rs', '2.0.0'), known('arcp', '0.1.0')]).toEqual([true, true, true]);
    expect([known('arcp-cli', '0.1.0'), known('arcp-cli', '2.0.0'), known('ringline', '0.1.0')]).toEqual([
      true,
      false,
      false,
    ]);
  });

  it('A19: gets no error code but the canonical ones, the other beside it', () => {
    expect(canonicalError({ code: 'arcpx.acme.TOO_LATE', message: 'no' })).toEqual({
      code: 'UNKNOWN',
      message: 'no',
      details: { code: 'arcpx.acme.TOO_LATE' },
    });
    const canonical = { code: 'ABORTED', message: 'no' };
    expect(canonicalError(canonical)).toBe(canonical);
  });
});
