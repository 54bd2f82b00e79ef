// Envelopes out: the RFC 8785 form is written directly, since the order of the known members is fixed
// (agent-phone v1, section 5). Values of the application are canonicalised by the codec room.

import { encodeUtf8, encodeUtf8Into } from '../bytes/utf8.js';
import { MAX_PLAINTEXT_BYTES } from '../channel/contract.js';
import { canonicalize } from '../codec/jcs.js';
import { LimitError } from '../errors.js';
import type { WireError } from './frame.js';

/**
 * Text of a `req` up to its stream id, so that wrong arguments show before there is one.
 *
 * @param params Any JSON value; `undefined` leaves the member out.
 * @param credits First grant; `undefined` for a unary call.
 * @throws {CodecError} ERR_CODEC_JCS_VALUE: `params` holds something JSON cannot say.
 */
export function requestHead(method: string, params: unknown, credits: number | undefined): string {
  const head = credits === undefined ? '{"method":' : `{"credits":${credits},"method":`;
  const body = params === undefined ? '' : `,"params":${canonicalize(params)}`;
  return `${head}${canonicalize(method)}${body},"seq":0,"stream_id":`;
}

/** Text of a `req`. @param head From {@link requestHead}. */
export function requestText(head: string, streamId: number): string {
  return `${head}${streamId},"type":"req"}`;
}

/** Text of the `res` that answers a unary call; `undefined` leaves `result` out. */
export function resultText(streamId: number, result: unknown): string {
  const head = result === undefined ? '{' : `{"result":${canonicalize(result)},`;
  return `${head}"seq":0,"stream_id":${streamId},"type":"res"}`;
}

/** Text of the `res` that grants credit. */
export function grantText(streamId: number, credits: number): string {
  return `{"credits":${credits},"seq":0,"stream_id":${streamId},"type":"res"}`;
}

/** Text of a `stream_chunk`; `undefined` leaves `result` out. */
export function chunkText(streamId: number, seq: number, item: unknown): string {
  const head = item === undefined ? '{' : `{"result":${canonicalize(item)},`;
  return `${head}"seq":${seq},"stream_id":${streamId},"type":"stream_chunk"}`;
}

/** Text of a `stream_end`. */
export function endText(streamId: number, seq: number, reason: 'ok' | 'cancelled' | 'error'): string {
  return `{"reason":"${reason}","seq":${seq},"stream_id":${streamId},"type":"stream_end"}`;
}

/** Text of a `cancel`. */
export function cancelText(streamId: number): string {
  return `{"seq":0,"stream_id":${streamId},"type":"cancel"}`;
}

/** Text of an `error`. */
export function errorText(streamId: number, error: WireError): string {
  const message = canonicalize(error.message);
  return `{"error":{"code":${error.code},"message":${message}},"seq":0,"stream_id":${streamId},"type":"error"}`;
}

/**
 * Writes a frame's text into the channel's buffer.
 *
 * @param target Buffer of the channel's, MAX_PLAINTEXT_BYTES long.
 * @returns Bytes written.
 * @throws {LimitError} `maxFrameBytes`: it does not fit in one frame.
 */
export function writeText(text: string, target: Uint8Array): number {
  const written = encodeUtf8Into(text, target);
  // A handler's result may be too long by far; its length is worked out only then.
  if (written < 0) throw new LimitError('maxFrameBytes', MAX_PLAINTEXT_BYTES, encodeUtf8(text).length);
  return written;
}
