// Envelopes in. Honest peers send the canonical form, which a short path recognises by its fixed head and tail; what
// it does not recognise goes the general way. Both ways give the same verdict (test/phone/frame-decode.prop.test.ts).

import { decodeUtf8 } from '../bytes/utf8.js';
import { checkJsonBounds } from '../codec/bounds.js';
import type { Frame, FrameType, WireError } from './frame.js';
import { violation } from './session-errors.js';

/** The part of the session's limits that decoding needs. */
export interface DecodeLimits {
  readonly maxJsonDepth: number;
  readonly maxJsonKeys: number;
}

const TYPES: ReadonlySet<string> = /* @__PURE__ */ new Set<FrameType>([
  'req',
  'res',
  'stream_chunk',
  'stream_end',
  'cancel',
  'error',
]);

// A method name on the short path has no escapes. Numbers are at most 15 digits there, hence always safe integers.
const TAIL = /,"seq":(0|[1-9]\d{0,14}),"stream_id":([1-9]\d{0,14}),"type":"(req|res|stream_chunk)"\}$/y;
// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON forbids just these in a string.
const REQUEST_HEAD = /\{(?:"credits":(0|[1-9]\d{0,14}),)?"method":"([^"\\\u0000-\u001f]*)"(,"params":)?/y;
const RESULT_HEAD = '{"result":';

/**
 * Decodes and checks one plaintext.
 *
 * @param plaintext Borrowed; nothing of the result points into it.
 * @throws {CodecError} ERR_CODEC_UTF8.
 * @throws {ChannelError} ERR_CHANNEL_PROTOCOL: not an envelope.
 * @throws {LimitError} `maxJsonDepth` or `maxJsonKeys`.
 */
export function decodeFrame(plaintext: Uint8Array, limits: DecodeLimits): Frame {
  const text = decodeUtf8(plaintext);
  const frame = decodeCanonical(text, plaintext.length) ?? decodeGeneral(text, plaintext.length);
  // Depth d needs 2d bytes: what is shorter than twice the limit cannot be too deep, nor hold too many keys.
  if (plaintext.length >= 2 * limits.maxJsonDepth || plaintext.length >= limits.maxJsonKeys) {
    if (frame.params !== undefined) checkJsonBounds(frame.params, limits);
    if (frame.result !== undefined) checkJsonBounds(frame.result, limits);
  }
  return frame;
}

/**
 * The short path: `req`, `res` with a result and `stream_chunk` with one, exactly as RFC 8785 writes them.
 *
 * Sound because the grammar leaves no other reading: if what stands between head and tail is one JSON value, the whole
 * is one object with just these members, none of them twice.
 *
 * @returns `undefined` when the text has another form; it may still be valid.
 */
export function decodeCanonical(text: string, bytes: number): Frame | undefined {
  const tailAt = text.lastIndexOf(',"seq":');
  if (tailAt < 0) return undefined;
  TAIL.lastIndex = tailAt;
  const tail = TAIL.exec(text);
  if (tail === null) return undefined;
  const type = tail[3] as FrameType;
  const seq = Number(tail[1]);
  const streamId = Number(tail[2]);
  try {
    if (type === 'req') {
      REQUEST_HEAD.lastIndex = 0;
      const head = REQUEST_HEAD.exec(text);
      if (head === null) return undefined;
      const headEnd = REQUEST_HEAD.lastIndex;
      if (head[3] === undefined && headEnd !== tailAt) return undefined;
      const params: unknown = head[3] === undefined ? undefined : JSON.parse(text.slice(headEnd, tailAt));
      const credits = head[1] === undefined ? undefined : Number(head[1]);
      return makeFrame(type, streamId, seq, credits, head[2], params, undefined, undefined, undefined, bytes);
    }
    if (!text.startsWith(RESULT_HEAD)) return undefined;
    const result: unknown = JSON.parse(text.slice(RESULT_HEAD.length, tailAt));
    return makeFrame(type, streamId, seq, undefined, undefined, undefined, result, undefined, undefined, bytes);
  } catch {
    return undefined;
  }
}

/** The general way: any JSON object with the members the type asks for; unknown members are ignored. */
export function decodeGeneral(text: string, bytes: number): Frame {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // No cause: the engine's error quotes the plaintext.
    throw violation('the frame is not JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw violation('the frame is no object');
  refuseRepeatedMembers(text);

  const wire = value as Record<string, unknown>;
  const type = own(wire, 'type');
  if (typeof type !== 'string' || !TYPES.has(type)) throw violation('type is unknown');
  const streamId = unsigned(wire, 'stream_id');
  if (streamId === 0) throw violation('stream_id is 0');
  const seq = unsigned(wire, 'seq');
  const grants = (type === 'req' || type === 'res') && own(wire, 'credits') !== undefined;
  const credits = grants ? unsigned(wire, 'credits') : undefined;
  const method = type === 'req' ? own(wire, 'method') : undefined;
  if (type === 'req' && typeof method !== 'string') throw violation('method is missing');
  const reason = type === 'stream_end' ? own(wire, 'reason') : undefined;
  if (type === 'stream_end' && typeof reason !== 'string') throw violation('reason is missing');
  const error = type === 'error' ? wireError(own(wire, 'error')) : undefined;
  return makeFrame(
    type as FrameType,
    streamId,
    seq,
    credits,
    method as string | undefined,
    type === 'req' ? own(wire, 'params') : undefined,
    type === 'res' || type === 'stream_chunk' ? own(wire, 'result') : undefined,
    reason as string | undefined,
    error,
    bytes,
  );
}

function makeFrame(
  type: FrameType,
  streamId: number,
  seq: number,
  credits: number | undefined,
  method: string | undefined,
  params: unknown,
  result: unknown,
  reason: string | undefined,
  error: WireError | undefined,
  bytes: number,
): Frame {
  return { type, streamId, seq, credits, method, params, result, reason, error, bytes };
}

// Only own members count: a frame cannot borrow one from Object.prototype, whatever happened to that.
function own(wire: Record<string, unknown>, name: string): unknown {
  return Object.hasOwn(wire, name) ? wire[name] : undefined;
}

function unsigned(wire: Record<string, unknown>, name: string): number {
  const value = own(wire, name);
  if (!Number.isSafeInteger(value) || (value as number) < 0) throw violation(`${name} is no unsigned integer`);
  return value as number;
}

function wireError(value: unknown): WireError {
  if (typeof value !== 'object' || value === null) throw violation('error is missing');
  const code = own(value as Record<string, unknown>, 'code');
  const message = own(value as Record<string, unknown>, 'message');
  if (!Number.isSafeInteger(code) || typeof message !== 'string') throw violation('error has another shape');
  return { code: code as number, message };
}

const KNOWN_MEMBERS: ReadonlySet<string> = /* @__PURE__ */ new Set([
  'credits',
  'error',
  'method',
  'params',
  'reason',
  'result',
  'seq',
  'stream_id',
  'type',
]);

/**
 * Refuses a known member that stands twice at the top level: two readers could pick different ones.
 *
 * @param text Valid JSON of an object, so that strings and brackets are known to be balanced.
 */
function refuseRepeatedMembers(text: string): void {
  const seen = new Set<string>();
  let depth = 0;
  let expectsKey = false;
  for (let i = 0; i < text.length; i++) {
    switch (text.charCodeAt(i)) {
      case 0x7b: // {
      case 0x5b: // [
        expectsKey = ++depth === 1;
        break;
      case 0x7d: // }
      case 0x5d: // ]
        depth--;
        break;
      case 0x2c: // ,
        expectsKey = depth === 1;
        break;
      case 0x22: {
        // "
        const start = i;
        for (i++; text.charCodeAt(i) !== 0x22; i++) if (text.charCodeAt(i) === 0x5c) i++;
        if (!expectsKey) break;
        expectsKey = false;
        const name = JSON.parse(text.slice(start, i + 1)) as string;
        if (!KNOWN_MEMBERS.has(name)) break;
        if (seen.has(name)) throw violation(`${name} stands twice`);
        seen.add(name);
        break;
      }
    }
  }
}
