// Lines out of bytes, however the bytes are cut.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LineSplitter } from '../../src/transport/line-splitter.js';

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (line: Uint8Array) => new TextDecoder('utf-8', { ignoreBOM: true }).decode(line);

function split(chunks: readonly Uint8Array[], maxLineBytes = 100): { lines: string[]; midLine: boolean } {
  const splitter = new LineSplitter(maxLineBytes);
  const lines: string[] = [];
  for (const chunk of chunks) splitter.push(chunk, (line) => lines.push(text(line)));
  return { lines, midLine: splitter.midLine };
}

describe('line splitter', () => {
  it.each([
    ['one line', 'a\n', ['a'], false],
    ['CR LF', 'a\r\nb\r\n', ['a', 'b'], false],
    ['a CR inside', 'a\rb\n', ['a\rb'], false],
    ['two CRs at the end', 'a\r\r\n', ['a\r'], false],
    ['empty lines', '\n\r\n\n', ['', '', ''], false],
    ['a line that has not ended', 'a\nb', ['a'], true],
    ['nothing', '', [], false],
    ['NUL and a byte order mark', '\ufeff\0\n', ['\ufeff\0'], false],
  ])('%s', (_name, input, lines, midLine) => {
    expect(split([bytes(input)])).toEqual({ lines, midLine });
  });

  it('gives the same lines however the bytes are cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: fc.constantFrom('a', '\u00e9', '\u{1f44b}', '\r', ' ') }), { maxLength: 12 }),
        fc.array(fc.nat({ max: 40 }), { maxLength: 20 }),
        (lines, cuts) => {
          const whole = bytes(lines.map((line) => `${line}\n`).join(''));
          const at = [0, ...cuts.map((cut) => cut % (whole.length + 1)), whole.length].sort((a, b) => a - b);
          const chunks = at.slice(1).map((end, i) => whole.subarray(at[i], end));
          expect(split(chunks, 1_000)).toEqual(split([whole], 1_000));
        },
      ),
    );
  });

  it.each(['\n', '\r\n'])('takes a line of exactly the limit before %j, and not one more', (end) => {
    for (const chunkBytes of [1, 7, 1_000]) {
      const cut = (line: string) => {
        const whole = bytes(line + end);
        return Array.from({ length: Math.ceil(whole.length / chunkBytes) }, (_, i) =>
          whole.subarray(i * chunkBytes, (i + 1) * chunkBytes),
        );
      };
      expect(split(cut('x'.repeat(99))).lines).toHaveLength(1);
      expect(split(cut('x'.repeat(100))).lines).toHaveLength(1);
      expect(() => split(cut('x'.repeat(101)))).toThrow(expect.objectContaining({ limit: 'maxMessageBytes' }));
    }
  });

  it('refuses an endless line as soon as it is too long, and holds no more than that', () => {
    const splitter = new LineSplitter(10_000);
    const one = bytes('x');
    let taken = 0;
    expect(() => {
      for (; taken < 20_000; taken++) splitter.push(one, () => expect.unreachable());
    }).toThrow(expect.objectContaining({ code: 'ERR_LIMIT_EXCEEDED', seen: 10_001 }));
    expect(taken).toBe(10_001);
  });

  it('leaves a chunk alone, so that its owner may use it again', () => {
    const splitter = new LineSplitter(100);
    const chunk = bytes('abc');
    splitter.push(chunk, () => expect.unreachable());
    chunk.fill(0);
    const lines: string[] = [];
    splitter.push(bytes('\n'), (line) => lines.push(text(line)));
    expect(lines).toEqual(['abc']);
  });
});
