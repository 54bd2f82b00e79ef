// Messages with binary data, and the frames of them as somebody else would write them.

import { encodeFrame } from '../../../src/arcp/sidecar/frame.js';
import { encodeMessage, type RawEnvelope } from '../../../src/arcp/wire/envelope.js';
import { encodeBase64 } from '../../../src/codec/base64.js';
import type { JsonObject } from '../../../src/codec/json-value.js';

const TIMESTAMP = '2026-03-02T08:15:42.000Z';

/** A message of a stream, written as the library writes it. */
export function streamText(type: string, streamId: string, payload: JsonObject, fields: object = {}): string {
  const envelope = {
    arcp: '1.0',
    id: `msg_of_${streamId}`,
    type,
    timestamp: TIMESTAMP,
    stream_id: streamId,
    ...fields,
  };
  return encodeMessage({ ...envelope, payload } as unknown as RawEnvelope);
}

/** A `stream.open` of a binary stream. */
export const openText = (streamId: string, encoding = 'sidecar', kind = 'binary') =>
  streamText('stream.open', streamId, { kind, content_type: 'application/octet-stream', encoding });

/** A `stream.chunk` with base64. */
export const chunkText = (streamId: string, sequence: number, bytes: Uint8Array, more: JsonObject = {}) =>
  streamText('stream.chunk', streamId, { sequence, data: encodeBase64(bytes), ...more });

/** An `artifact.put` with base64. */
export function putText(id: string, bytes: Uint8Array): string {
  const payload = { media_type: 'image/png', data: encodeBase64(bytes) };
  return encodeMessage({
    arcp: '1.0',
    id,
    type: 'artifact.put',
    timestamp: TIMESTAMP,
    payload,
  } as unknown as RawEnvelope);
}

/** Messages on the wire. */
export type WireMessage = string | Uint8Array;

/** A message without `data`, and its frames, cut at these sizes; the last one takes what is left. */
export function announced(
  text: string,
  bytes: Uint8Array,
  cuts: readonly number[] = [],
): readonly [string, ...Uint8Array[]] {
  const envelope = JSON.parse(text);
  const isChunk = envelope.type === 'stream.chunk';
  const place = isChunk
    ? { kind: 'chunk' as const, name: envelope.stream_id as string, sequence: envelope.payload.sequence as number }
    : { kind: 'artifact' as const, name: envelope.id as string, sequence: 0 };
  const frames: Uint8Array[] = [];
  let at = 0;
  for (const cut of [...cuts, bytes.length]) {
    const data = bytes.subarray(at, at + cut);
    if (data.length === 0 && frames.length > 0) break;
    frames.push(encodeFrame({ ...place, index: frames.length, data }));
    at += data.length;
  }
  delete envelope.payload.data;
  envelope.payload.sidecar = { frames: frames.length, size: bytes.length };
  return [JSON.stringify(envelope), ...frames];
}

/** Bytes that say where they stand. */
export function pattern(size: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size);
  for (let i = 0; i < size; i++) bytes[i] = i * 31 + (i >> 8);
  return bytes;
}
