// What a `stream.chunk` holds (ARCP v1.0), read by the kind of its stream. Both sides read with it.

import type { JsonValue } from '../../codec/json-value.js';
import { ArcpError } from '../errors.js';
import { decodeBase64Strict } from '../wire/base64.js';
import { parseSha256, sha256Hex } from '../wire/sha256.js';
import type { StreamChunk, StreamKind } from '../wire/stream.js';

/** One chunk, read. */
export interface StreamItem {
  /** From 0, one more each time. */
  readonly sequence: number;
  /** As it came; of a `binary` stream the base64 is in {@link bytes} instead, and this is `null`. */
  readonly data: JsonValue;
  /** Of a `binary` stream. Fresh. */
  readonly bytes?: Uint8Array<ArrayBuffer>;
  /** Of a `text` or `thought` stream, where it is text. */
  readonly text?: string;
  /** Whether a thought was left out or summed up. */
  readonly redacted: boolean;
  /** Who thinks, such as `assistant_thought`. */
  readonly role?: string;
  readonly contentType?: string;
}

/**
 * Reads a chunk.
 *
 * @param maxBytes Most bytes of a binary chunk.
 * @throws {ArcpError} ERR_ARCP_DATA_LOSS: binary data that is no base64, is too long, or has another hash than it says.
 */
export async function readChunk(kind: StreamKind, chunk: StreamChunk, maxBytes?: number): Promise<StreamItem> {
  const { sequence, data, sha256, role, content_type: contentType } = chunk;
  const item = {
    sequence,
    redacted: chunk.redacted === true,
    ...(role === undefined ? undefined : { role }),
    ...(contentType === undefined ? undefined : { contentType }),
  };
  if (kind === 'binary') return { ...item, data: null, bytes: await bytesOf(data, sha256, maxBytes) };
  const text = (kind === 'thought' ? chunk.content : undefined) ?? data;
  return kind !== 'event' && typeof text === 'string' ? { ...item, data, text } : { ...item, data };
}

async function bytesOf(data: JsonValue, sha256: string | undefined, maxBytes?: number) {
  let bytes: Uint8Array<ArrayBuffer>;
  try {
    bytes = decodeBase64Strict(typeof data === 'string' ? data : '*', maxBytes);
  } catch (cause) {
    throw new ArcpError('DATA_LOSS', 'a binary chunk is not base64', { cause });
  }
  if (sha256 !== undefined && parseSha256(sha256) !== (await sha256Hex(bytes))) {
    throw new ArcpError('DATA_LOSS', 'a binary chunk has another hash than it says');
  }
  return bytes;
}
