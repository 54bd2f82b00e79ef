// Reading by table, held to `atob` and the rules.

import { describe, expect, it } from 'vitest';
import { encodeUtf8Into } from '../../src/bytes/utf8.js';
import { decodeBase64urlInto } from '../../src/codec/base64url-table.js';

/** The same rules, over `atob` and what Node makes of the bytes: the reader that the table is held to. */
function decodeByAtob(text: string): Uint8Array | undefined {
  if (!/^[A-Za-z0-9_-]*$/.test(text) || text.length % 4 === 1) return undefined;
  const bytes = Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (unit) => unit.charCodeAt(0));
  return Buffer.from(bytes).toString('base64url') === text ? bytes : undefined;
}

function decodeByTable(text: string): Uint8Array | undefined {
  const units = new Uint8Array(text.length);
  const target = new Uint8Array(Math.floor((text.length * 3) / 4));
  // Not a byte for each character: not ASCII.
  if (encodeUtf8Into(text, units) < 0) return undefined;
  const length = decodeBase64urlInto(units, target);
  return length < 0 ? undefined : target.subarray(0, length);
}

/** Texts the two readers do not agree on. */
function disagreements(texts: Iterable<string>): string[] {
  const found: string[] = [];
  for (const text of texts) {
    const [expected, actual] = [decodeByAtob(text), decodeByTable(text)];
    const agrees =
      expected === undefined ? actual === undefined : actual !== undefined && !Buffer.compare(expected, actual);
    if (!agrees) found.push(JSON.stringify(text));
  }
  return found;
}

describe('base64url by table', () => {
  it('judges every text of up to two units of Latin-1 as atob and the rules do', () => {
    const units = Array.from({ length: 256 }, (_, unit) => String.fromCharCode(unit));
    expect(disagreements(['', ...units, ...units.flatMap((first) => units.map((second) => first + second))])).toEqual(
      [],
    );
  });

  it('judges every unit of UTF-16 at every place of a group as the rules do', () => {
    function* substituted(): Generator<string> {
      for (const text of ['AA', 'AAA', 'AAAA', 'AAAAA', 'AAAAAA', 'AAAAAAA']) {
        for (let at = 0; at < text.length; at++) {
          // All below 0x200, and of the others those whose low byte could pass for the alphabet's.
          for (let unit = 0; unit < 0x1_0000; unit += unit < 0x200 ? 1 : 0xfd) {
            yield text.slice(0, at) + String.fromCharCode(unit) + text.slice(at + 1);
          }
        }
      }
    }
    expect(disagreements(substituted())).toEqual([]);
  });

  it('judges every tail of every length as the rules do', () => {
    const alphabet = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'];
    const heads = ['', 'Zm9v', 'Zm9vYmFy'];
    const tails = alphabet.flatMap((a) => [
      a,
      ...alphabet.flatMap((b) => [a + b, `${a}${b}A`, `${a}${b}_`, `A${a}${b}`]),
    ]);
    expect(disagreements(heads.flatMap((head) => tails.map((tail) => head + tail)))).toEqual([]);
  });

  it('reads bytes as it reads the text they are, into a buffer of the caller', () => {
    for (const text of ['', 'Zg', 'Zm8', 'Zm9v', 'Zm9vYg', 'A-z_4ME', 'Z', 'Zh', 'Zm9', 'Zm9v=', 'Zm 9', 'Zm9\u00e4']) {
      const target = new Uint8Array(16).fill(0xaa);
      const length = decodeBase64urlInto(
        Uint8Array.from(text, (unit) => unit.charCodeAt(0)),
        target,
      );
      const expected = decodeByAtob(text);
      expect(length, text).toBe(expected?.length ?? -1);
      if (expected === undefined) continue;
      expect(target.subarray(0, length)).toEqual(expected);
      // Behind them the buffer is as it was.
      expect(target.subarray(length).every((byte) => byte === 0xaa)).toBe(true);
    }
  });
});
