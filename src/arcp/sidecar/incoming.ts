// From a message that announces sidecar frames, and those, to the same message with base64, as a pure machine. One message
// is put together at a time, from frames that follow it at once: whatever else comes, or does not fit, ends the connection.

import { encodeBase64 } from '../../codec/base64.js';
import { isObject } from '../../codec/is-object.js';
import { decodeEnvelope, type RawEnvelope } from '../wire/envelope.js';
import { decodeFrame, type FramePlace, MAX_FRAME_DATA_BYTES, type SidecarFrame } from './frame.js';
import { isCount, placeOf } from './place.js';

/** What follows from a message. */
export type Verdict =
  /** Hand this up. */
  | { readonly kind: 'text'; readonly text: string }
  /** There is nothing to hand up: frames are still to come, or a frame belongs to nothing. */
  | { readonly kind: 'nothing' }
  /** The peer has broken the rules: end the connection. After it everything is `nothing`. */
  | { readonly kind: 'broken'; readonly reason: string };

/** Frames in a row that no message has announced, before the connection is given up. */
const MAX_STRAY_FRAMES = 256;

const NOTHING: Verdict = { kind: 'nothing' };

/** A message that waits for its frames. */
interface Pending {
  readonly envelope: RawEnvelope;
  readonly place: FramePlace;
  readonly frames: number;
  readonly size: number;
  nextIndex: number;
  /** Grows with what has come, so that an announcement alone takes no room. */
  bytes: Uint8Array;
  length: number;
}

/** Joins the messages of one connection. */
export class IncomingJoin {
  readonly #maxBytes: number;
  #pending: Pending | undefined;
  #strayFrames = 0;
  #isBroken = false;

  /** @param maxMessageBytes Longest message, with its base64, as UTF-8: what waits never holds more. */
  constructor(maxMessageBytes: number) {
    this.#maxBytes = maxMessageBytes;
  }

  /** Whether a message waits for frames. */
  get isPending(): boolean {
    return this.#pending !== undefined;
  }

  /** Takes a text message. */
  takeText(text: string): Verdict {
    if (this.#isBroken) return NOTHING;
    if (this.#pending !== undefined) return this.#break('a message among sidecar frames');
    // Written with an escape it is not found, and its message is one without data.
    if (!text.includes('"sidecar"')) return { kind: 'text', text };
    const pending = announcement(text, this.#maxBytes);
    if (pending === undefined) return { kind: 'text', text };
    const { frames, size } = pending;
    if (frames > Math.max(1, size) || frames * MAX_FRAME_DATA_BYTES < size || frames === 0) {
      return this.#break('sidecar frames that cannot hold their size');
    }
    if (text.length + 4 * Math.ceil(size / 3) > this.#maxBytes) return this.#break('too long with its sidecar frames');
    this.#pending = pending;
    return NOTHING;
  }

  /** Takes a binary message. @param bytes Borrowed. */
  takeBytes(bytes: Uint8Array): Verdict {
    if (this.#isBroken) return NOTHING;
    const pending = this.#pending;
    if (pending === undefined) {
      return ++this.#strayFrames > MAX_STRAY_FRAMES ? this.#break('too many frames of nothing') : NOTHING;
    }
    const frame = decodeFrame(bytes);
    if (frame === undefined || !isNext(pending, frame)) return this.#break('not the sidecar frame that was announced');
    append(pending, frame.data);
    if (++pending.nextIndex < pending.frames) return NOTHING;
    if (pending.length < pending.size) return this.#break('sidecar frames with too few bytes');
    this.#pending = undefined;
    this.#strayFrames = 0;
    return { kind: 'text', text: joined(pending) };
  }

  #break(reason: string): Verdict {
    this.#isBroken = true;
    this.#pending = undefined;
    return { kind: 'broken', reason };
  }
}

/** Reads what a message announces; `undefined` where it is one like any other. */
function announcement(text: string, maxBytes: number): Pending | undefined {
  const decoded = decodeEnvelope(text, { maxBytes });
  if (decoded.kind !== 'envelope') return undefined;
  const { envelope } = decoded;
  const place = placeOf(envelope);
  const { sidecar, data } = envelope.payload;
  if (place === undefined || data !== undefined || !isObject(sidecar)) return undefined;
  const { frames, size } = sidecar;
  if (!isCount(frames) || !isCount(size)) return undefined;
  return { envelope, place, frames, size, nextIndex: 0, bytes: new Uint8Array(0), length: 0 };
}

function isNext({ place, nextIndex, size, length }: Pending, { kind, name, sequence, index, data }: SidecarFrame) {
  if (kind !== place.kind || name !== place.name || sequence !== place.sequence || index !== nextIndex) return false;
  // Else frames without data could go on for ever.
  return size === 0 ? data.length === 0 : data.length > 0 && length + data.length <= size;
}

function append(pending: Pending, data: Uint8Array): void {
  const length = pending.length + data.length;
  if (length > pending.bytes.length) {
    // A message that one frame holds, as most do, takes just what it needs.
    const grown = new Uint8Array(Math.min(pending.size, Math.max(length, 2 * pending.bytes.length)));
    grown.set(pending.bytes.subarray(0, pending.length));
    pending.bytes = grown;
  }
  pending.bytes.set(data, pending.length);
  pending.length = length;
}

function joined({ envelope, bytes }: Pending): string {
  const { sidecar: _, ...payload } = envelope.payload;
  return JSON.stringify({ ...envelope, payload: { ...payload, data: encodeBase64(bytes) } });
}
