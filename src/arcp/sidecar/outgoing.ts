// From a message with base64 to the same message with sidecar frames behind it, as a pure machine. What it does not know for
// certain stays as it is: `data` in base64 is understood in any case.

import { decodeBase64Strict } from '../wire/base64.js';
import type { RawEnvelope } from '../wire/envelope.js';
import { encodeFrame, MAX_FRAME_DATA_BYTES } from './frame.js';
import { SIDECAR } from './negotiated.js';
import { placeOf } from './place.js';

/** A text that announces frames, and those, in the order they are sent. */
export type SplitMessage = readonly [text: string, ...frames: Uint8Array[]];

/** Streams that are kept in mind; of more, the oldest goes on in base64. */
const MAX_STREAMS = 1_024;

/** How `encodeMessage` begins a message that matters here. Nothing a caller says can stand where this looks. */
const HEAD = /^\{"arcp":"[^"\\]*","id":"[^"\\]*","type":"(stream\.(?:open|chunk|close|error)|artifact\.put)",/;

/** The stream of a message: in front of it only texts can stand, in which a quote is escaped. */
const STREAM_ID = /"stream_id":"([^"\\]*)"/;

/** Splits the messages of one connection. Feed it every text, in the order they are sent. */
export class OutgoingSplit {
  readonly #maxStreams: number;
  /** Open streams that said `sidecar`. */
  readonly #streams = new Set<string>();

  constructor(maxStreams: number = MAX_STREAMS) {
    this.#maxStreams = maxStreams;
  }

  /**
   * Splits a message.
   *
   * @param text As `encodeMessage` writes it.
   * @returns `undefined` where it is to be sent as it is.
   */
  split(text: string): SplitMessage | undefined {
    const type = HEAD.exec(text)?.[1];
    if (type === undefined) return undefined;
    if (type === 'artifact.put') return splitText(text);
    if (type === 'stream.open') this.#opened(text);
    else if (this.#streams.size > 0) {
      const id = STREAM_ID.exec(text)?.[1] ?? '';
      if (type !== 'stream.chunk') this.#streams.delete(id);
      else if (this.#streams.has(id)) return splitText(text);
    }
    return undefined;
  }

  #opened(text: string): void {
    // An id may be used again, also of a stream that nobody has closed.
    this.#streams.delete(STREAM_ID.exec(text)?.[1] ?? '');
    if (!text.includes('"encoding":"sidecar"')) return;
    const { stream_id: id, payload } = JSON.parse(text) as RawEnvelope;
    if (id === undefined || payload.kind !== 'binary' || payload.encoding !== SIDECAR) return;
    this.#streams.add(id);
    if (this.#streams.size <= this.#maxStreams) return;
    for (const oldest of this.#streams) {
      this.#streams.delete(oldest);
      return;
    }
  }
}

function splitText(text: string): SplitMessage | undefined {
  const envelope = JSON.parse(text) as RawEnvelope & { readonly payload: Record<string, unknown> };
  const place = placeOf(envelope);
  const { data } = envelope.payload;
  // A `sidecar` that somebody else wrote would be taken for ours.
  if (place === undefined || typeof data !== 'string' || 'sidecar' in envelope.payload) return undefined;
  let bytes: Uint8Array;
  try {
    bytes = decodeBase64Strict(data);
  } catch {
    return undefined;
  }
  const frames: Uint8Array[] = [];
  // Without data there is one frame all the same: whoever announces one has to send it.
  do {
    const at = frames.length * MAX_FRAME_DATA_BYTES;
    const part = bytes.subarray(at, at + MAX_FRAME_DATA_BYTES);
    frames.push(encodeFrame({ ...place, index: frames.length, data: part }));
  } while (frames.length * MAX_FRAME_DATA_BYTES < bytes.length);
  const { data: _, ...rest } = envelope.payload;
  const payload = { ...rest, sidecar: { frames: frames.length, size: bytes.length } };
  return [JSON.stringify({ ...envelope, payload }), ...frames];
}
