// What a `stream.chunk` says (ARCP v1.0), written by the kind of its stream. Both sides write with it.

import { safeParse } from 'valibot';
import { assertBytes, assertString } from '../../bytes/assert.js';
import { encodeBase64 } from '../../codec/base64.js';
import { isObject } from '../../codec/is-object.js';
import type { JsonObject, JsonValue } from '../../codec/json-value.js';
import { MAX_ARTIFACT_BYTES } from '../wire/base64.js';
import { treeIssue, treeRoom } from '../wire/json-tree.js';
import { sha256Hex } from '../wire/sha256.js';
import type { StreamChunk, StreamKind } from '../wire/stream.js';
import { type LogLine, type Metric, telemetrySchemas } from '../wire/telemetry.js';

/** What chunks of each kind are made of. */
export interface StreamData {
  readonly text: string;
  readonly binary: Uint8Array;
  readonly event: JsonObject;
  readonly log: LogLine;
  readonly metric: Metric;
  readonly thought: string;
}

/** How a chunk is written. */
export interface ChunkOptions {
  /** Of a `binary` chunk, where it is another than the stream's. */
  readonly contentType?: string | undefined;
  /** Of a thought: its text stays here, and only {@link summary} is sent. Default false. */
  readonly redacted?: boolean | undefined;
  /** Text instead of a redacted thought. Default none. */
  readonly summary?: string | undefined;
  /** Who thinks. Default `assistant_thought`. */
  readonly role?: string | undefined;
}

/** A chunk without its place in the stream. */
export type ChunkPayload = Omit<StreamChunk, 'sequence'>;

/** A chunk that is written. */
export interface WrittenChunk {
  readonly payload: ChunkPayload;
  /** UTF-16 units, about. Of an object it is 0. */
  readonly weight: number;
  /** Of a `binary` chunk: its hash, to be put into the payload. */
  readonly sha256?: Promise<string>;
}

/** Longest text of one chunk, in UTF-16 units: it must fit a message however it is escaped. */
export const MAX_CHUNK_CHARS = 1_048_576;

/** Levels left below the envelope and its payload. */
const DATA_DEPTH = 3;
const MAX_DEPTH = 127;

/**
 * Writes a chunk.
 *
 * @param data Bytes: at most 4,194,304, copied. Text: at most 1,048,576 UTF-16 units. An object is borrowed.
 * @param contentType Of the stream.
 * @throws {TypeError} data that is not of the stream's kind. @throws {RangeError} data that is too long or nests too deep.
 */
export function writeChunk<K extends StreamKind>(
  kind: K,
  data: StreamData[K],
  { redacted = false, summary = '', role = 'assistant_thought', contentType }: ChunkOptions,
): WrittenChunk {
  if (kind === 'binary') return writeBytes(data, contentType);
  if (kind === 'text' || kind === 'thought') {
    const text = kind === 'thought' && redacted ? summary : data;
    assertString(text, 'data');
    if (text.length > MAX_CHUNK_CHARS) throw new RangeError(`data must be at most ${MAX_CHUNK_CHARS} characters long`);
    if (kind === 'text') return { payload: { data: text }, weight: text.length };
    // Readers of this version look at `content`; version 0.1.0 of the Rust crate wants `data`.
    return { payload: { data: text, content: text, role, redacted }, weight: 2 * text.length };
  }
  return { payload: { data: objectOf(kind, data) }, weight: 0 };
}

function writeBytes(data: unknown, contentType: string | undefined): WrittenChunk {
  assertBytes(data, 'data');
  if (data.length > MAX_ARTIFACT_BYTES) throw new RangeError(`data must be at most ${MAX_ARTIFACT_BYTES} bytes long`);
  if (contentType === undefined) throw new TypeError('a binary stream must have a contentType');
  const text = encodeBase64(data);
  return {
    payload: { data: text, content_type: contentType },
    weight: text.length,
    sha256: sha256Hex(data.slice()),
  };
}

function objectOf(kind: 'event' | 'log' | 'metric', data: unknown): JsonValue {
  if (!isObject(data)) throw new TypeError('data must be an object');
  const issue = treeIssue(data, treeRoom(MAX_DEPTH, Number.MAX_SAFE_INTEGER, false), DATA_DEPTH);
  if (issue !== undefined) throw new (/nests|finite/.test(issue) ? RangeError : TypeError)(`data ${issue}`);
  if (kind !== 'event' && !safeParse(telemetrySchemas[kind], data).success) {
    throw new TypeError(`data must be the payload of a ${kind}`);
  }
  return data as JsonValue;
}
