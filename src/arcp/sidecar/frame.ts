// One sidecar frame: bytes of a chunk or of an artifact, in a binary message behind the JSON that announces them (ARCP v1.0,
// sections 11 and 16). The specification leaves its form open; docs/arcp-sidecar.md has this one for other implementations.
//
//   1 byte   version, 1
//   1 byte   what it belongs to: 1 a stream.chunk, 2 an artifact.put
//   2 bytes  length n of the name, 1 to 3,072
//   n bytes  name in UTF-8: stream_id of the chunk, or id of the artifact.put
//   8 bytes  payload.sequence of the chunk, at most 2^53 - 1; 0 of an artifact
//   4 bytes  index of the frame within its message, from 0
//   rest     data, at most 1,048,576 bytes
//
// Integers are unsigned, most significant byte first.

import { assertBytes, assertInteger, assertString } from '../../bytes/assert.js';
import { decodeUtf8, encodeUtf8 } from '../../bytes/utf8.js';

/** Most bytes of data in one frame. */
export const MAX_FRAME_DATA_BYTES = 1_048_576;

/** Longest name in bytes of UTF-8: an id has at most 1,024 UTF-16 units, each of three bytes at most. */
export const MAX_NAME_BYTES = 3_072;

/** What a frame belongs to: the message in front of it. */
export interface FramePlace {
  readonly kind: 'chunk' | 'artifact';
  /** `stream_id` of a chunk, `id` of an `artifact.put`. */
  readonly name: string;
  /** Of a chunk its `payload.sequence`; of an artifact 0. */
  readonly sequence: number;
}

/** A frame. */
export interface SidecarFrame extends FramePlace {
  /** Place among the frames of its message, from 0. */
  readonly index: number;
  readonly data: Uint8Array;
}

const VERSION = 1;
const KINDS = ['chunk', 'artifact'] as const;
/** In front of the name, and between it and the data. */
const HEAD_BYTES = 4;
const PLACE_BYTES = 12;
const TWO_32 = 4_294_967_296;

/**
 * Writes a frame.
 *
 * @param frame Its data: 0 to 1,048,576 bytes, copied.
 * @returns Fresh bytes.
 * @throws {TypeError} @throws {RangeError} a member that no frame can say: our own caller's mistake.
 */
export function encodeFrame({ kind, name, sequence, index, data }: SidecarFrame): Uint8Array<ArrayBuffer> {
  const kindByte = KINDS.indexOf(kind) + 1;
  if (kindByte === 0) throw new TypeError('kind must be chunk or artifact');
  assertString(name, 'name');
  const encoded = encodeUtf8(name);
  assertInteger(encoded.length, 'length of name', 1, MAX_NAME_BYTES);
  assertInteger(sequence, 'sequence', 0, kind === 'artifact' ? 0 : undefined);
  assertInteger(index, 'index', 0, TWO_32 - 1);
  assertBytes(data, 'data');
  assertInteger(data.length, 'length of data', 0, MAX_FRAME_DATA_BYTES);
  const placeAt = HEAD_BYTES + encoded.length;
  const frame = new Uint8Array(placeAt + PLACE_BYTES + data.length);
  const view = new DataView(frame.buffer);
  view.setUint8(0, VERSION);
  view.setUint8(1, kindByte);
  view.setUint16(2, encoded.length);
  frame.set(encoded, HEAD_BYTES);
  view.setUint32(placeAt, Math.floor(sequence / TWO_32));
  view.setUint32(placeAt + 4, sequence % TWO_32);
  view.setUint32(placeAt + 8, index);
  frame.set(data, placeAt + PLACE_BYTES);
  return frame;
}

/**
 * Reads a frame. Never throws for what a peer sent.
 *
 * @param bytes Borrowed; the data of the frame is a view into them.
 * @returns `undefined` for what is no frame of this version.
 */
export function decodeFrame(bytes: Uint8Array): SidecarFrame | undefined {
  if (bytes.length < HEAD_BYTES) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const kind = KINDS[view.getUint8(1) - 1];
  const nameBytes = view.getUint16(2);
  const placeAt = HEAD_BYTES + nameBytes;
  const dataBytes = bytes.length - placeAt - PLACE_BYTES;
  if (view.getUint8(0) !== VERSION || kind === undefined || nameBytes < 1 || nameBytes > MAX_NAME_BYTES)
    return undefined;
  if (dataBytes < 0 || dataBytes > MAX_FRAME_DATA_BYTES) return undefined;
  const sequence = view.getUint32(placeAt) * TWO_32 + view.getUint32(placeAt + 4);
  if (!Number.isSafeInteger(sequence) || (kind === 'artifact' && sequence !== 0)) return undefined;
  let name: string;
  try {
    name = decodeUtf8(bytes.subarray(HEAD_BYTES, placeAt));
  } catch {
    return undefined;
  }
  return { kind, name, sequence, index: view.getUint32(placeAt + 8), data: bytes.subarray(placeAt + PLACE_BYTES) };
}
