// Sidecar frames, byte by byte: docs/arcp-sidecar.md has the same table and the first of these examples.

import { describe, expect, test } from 'vitest';
import {
  decodeFrame,
  encodeFrame,
  MAX_FRAME_DATA_BYTES,
  MAX_NAME_BYTES,
  type SidecarFrame,
} from '../../../src/arcp/sidecar/frame.js';

const bytes = (hex: string) =>
  Uint8Array.from(hex.replaceAll(' ', '').match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));

/** Written by hand from the table. */
const KNOWN: readonly (readonly [string, SidecarFrame, string])[] = [
  [
    'the third chunk of a stream, in one frame',
    { kind: 'chunk', name: 'str_7', sequence: 2, index: 0, data: Uint8Array.of(0xca, 0xfe) },
    '01 01 0005 7374725f37 0000000000000002 00000000 cafe',
  ],
  [
    'the second frame of an artifact',
    { kind: 'artifact', name: 'msg_ab', sequence: 0, index: 1, data: Uint8Array.of(0) },
    '01 02 0006 6d73675f6162 0000000000000000 00000001 00',
  ],
  [
    'a chunk without data, far into its stream',
    {
      kind: 'chunk',
      name: 'str_\u00e9\u{1f30a}',
      sequence: Number.MAX_SAFE_INTEGER,
      index: 4_294_967_295,
      data: new Uint8Array(0),
    },
    '01 01 000a 7374725fc3a9f09f8c8a 001fffffffffffff ffffffff',
  ],
];

const FIRST = KNOWN[0]?.[2] as string;

describe('a frame', () => {
  test.each(KNOWN)('is written as %s', (_title, frame, hex) => {
    expect(encodeFrame(frame)).toEqual(bytes(hex));
  });

  test.each(KNOWN)('is read as %s', (_title, frame, hex) => {
    expect(decodeFrame(bytes(hex))).toEqual(frame);
    // Also out of the middle of a larger buffer.
    const padded = bytes(`ffff ${hex} ffff`);
    expect(decodeFrame(padded.subarray(2, -2))).toEqual(frame);
  });

  test.each(KNOWN)('cut short anywhere is none, or one with less data: %s', (_title, frame, hex) => {
    const whole = bytes(hex);
    const headBytes = whole.length - frame.data.length;
    for (let length = 0; length < whole.length; length++) {
      const cut = decodeFrame(whole.subarray(0, length));
      expect(cut).toEqual(
        length < headBytes ? undefined : { ...frame, data: frame.data.subarray(0, length - headBytes) },
      );
    }
  });

  test.each([
    ['another version', '00 01 0005 7374725f37 0000000000000002 00000000 cafe'],
    ['a later version', '02 01 0005 7374725f37 0000000000000002 00000000 cafe'],
    ['no kind', '01 00 0005 7374725f37 0000000000000002 00000000 cafe'],
    ['a kind nobody knows', '01 03 0005 7374725f37 0000000000000002 00000000 cafe'],
    ['no name', '01 01 0000 0000000000000002 00000000 cafe'],
    ['a name that is longer than all there is', '01 01 0015 7374725f37 0000000000000002 00000000 cafe'],
    ['a name that is no UTF-8', '01 01 0005 73747280ff 0000000000000002 00000000 cafe'],
    ['a name in overlong UTF-8', '01 01 0005 737472c1bf 0000000000000002 00000000 cafe'],
    ['a lone surrogate in its name', '01 01 0006 737472eda080 0000000000000002 00000000 cafe'],
    ['a sequence of 2^53', '01 01 0005 7374725f37 0020000000000000 00000000 cafe'],
    ['a sequence of 2^64 - 1', '01 01 0005 7374725f37 ffffffffffffffff 00000000 cafe'],
    ['an artifact with a sequence', '01 02 0005 6d73675f31 0000000000000001 00000000 cafe'],
  ])('with %s is none', (_title, hex) => {
    expect(decodeFrame(bytes(hex))).toBeUndefined();
  });

  test('with any bit of its head turned is none, or another frame: never the same', () => {
    const whole = bytes(FIRST);
    const original = decodeFrame(whole);
    let none = 0;
    for (let bit = 0; bit < 8 * (whole.length - 2); bit++) {
      const turned = whole.slice();
      (turned[bit >> 3] as number) ^= 1 << (bit & 7);
      const read = decodeFrame(turned);
      expect(read).not.toEqual(original);
      if (read === undefined) none++;
      // What is read says just what is there.
      else expect(encodeFrame(read)).toEqual(turned);
    }
    expect(none).toBeGreaterThan(20);
  });

  test('holds 1,048,576 bytes and a name of 3,072, and not one more', () => {
    const largest: SidecarFrame = {
      kind: 'chunk',
      name: 'x'.repeat(MAX_NAME_BYTES),
      sequence: 0,
      index: 0,
      data: new Uint8Array(MAX_FRAME_DATA_BYTES).fill(7),
    };
    const encoded = encodeFrame(largest);
    expect(encoded.length).toBe(1_048_576 + 3_072 + 16);
    const read = decodeFrame(encoded);
    expect([read?.name.length, read?.data.length, read?.data.at(-1)]).toEqual([3_072, 1_048_576, 7]);
    const longer = new Uint8Array(encoded.length + 1);
    longer.set(encoded);
    expect(decodeFrame(longer)).toBeUndefined();
    const longerName = new Uint8Array(encoded.length);
    longerName.set(encoded);
    longerName.set([0x0c, 0x01], 2);
    expect(decodeFrame(longerName)).toBeUndefined();
    expect(() => encodeFrame({ ...largest, name: `${largest.name}x` })).toThrow(RangeError);
    expect(() => encodeFrame({ ...largest, data: new Uint8Array(MAX_FRAME_DATA_BYTES + 1) })).toThrow(RangeError);
  });

  test.each<[string, object, typeof Error]>([
    ['no kind', { kind: 'other' }, TypeError],
    ['no name', { name: '' }, RangeError],
    ['a name that is no text', { name: 7 }, TypeError],
    ['a negative sequence', { sequence: -1 }, RangeError],
    ['a sequence beyond 2^53 - 1', { sequence: 2 ** 53 }, RangeError],
    ['a sequence of an artifact', { kind: 'artifact', sequence: 1 }, RangeError],
    ['an index beyond 2^32 - 1', { index: 2 ** 32 }, RangeError],
    ['data that is no bytes', { data: 'abc' }, TypeError],
  ])('cannot be written with %s', (_title, wrong, kind) => {
    const frame = { ...(KNOWN[0]?.[1] as SidecarFrame), ...wrong };
    expect(() => encodeFrame(frame)).toThrow(kind);
  });

  test('is a copy of its data when written, and a view into its bytes when read', () => {
    const data = Uint8Array.of(1, 2, 3);
    const encoded = encodeFrame({ kind: 'chunk', name: 'str_1', sequence: 0, index: 0, data });
    data.fill(9);
    const read = decodeFrame(encoded);
    expect(read?.data).toEqual(Uint8Array.of(1, 2, 3));
    expect(read?.data.buffer).toBe(encoded.buffer);
  });
});
