// A body of bounded size: bytes are counted while they come, after whatever decompression the runtime does, so that
// neither a false Content-Length nor a few bytes of gzip can fill the memory.

import { onAbort } from '../abort.js';
import { assertInteger, assertSignal } from '../bytes/assert.js';
import { LimitError } from '../errors.js';

const FIRST_BYTES = 4_096;

/**
 * Reads a stream to its end.
 *
 * @param stream Read and, in case of failure, cancelled; `null` counts as empty. Locked from here on.
 * @param maxBytes 0 or more. The stream is cancelled with the first byte beyond it.
 * @returns Fresh bytes.
 * @throws {LimitError} `maxBodyBytes`: more came.
 * @throws `signal.reason`, untouched; and what the stream itself fails with.
 * @throws {TypeError} the stream is locked already.
 */
export async function readBody(
  stream: ReadableStream<Uint8Array> | null,
  maxBytes: number,
  signal?: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>> {
  assertInteger(maxBytes, 'maxBytes', 0);
  assertSignal(signal);
  if (signal?.aborted) {
    if (stream !== null) discardBody(stream);
    throw signal.reason;
  }
  if (stream === null) return new Uint8Array(0);
  const reader = stream.getReader();
  return new Promise((resolve, reject) => {
    const removeAbort = onAbort(signal, (reason) => {
      // First of all: cancelling settles the read under way, and that comes too late then.
      reject(reason);
      reader.cancel(reason).catch(() => {});
    });
    readAll(reader, maxBytes).then(resolve, reject).finally(removeAbort);
  });
}

/**
 * Releases a body nobody wants, so that its connection is free again. Never throws; what becomes of it is not waited for.
 *
 * @param stream `null` and streams that somebody else reads are left alone.
 */
export function discardBody(stream: ReadableStream<Uint8Array> | null): void {
  if (stream === null || stream.locked) return;
  stream.cancel().catch(() => {});
}

async function readAll(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  maxBytes: number,
): Promise<Uint8Array<ArrayBuffer>> {
  // Grown by doubling rather than gathered in pieces: a body that trickles byte by byte costs no more than another.
  let buffer = new Uint8Array(Math.min(FIRST_BYTES, maxBytes));
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return buffer.slice(0, length);
    const needed = length + value.length;
    if (needed > maxBytes) {
      const error = new LimitError('maxBodyBytes', maxBytes, needed);
      reader.cancel(error).catch(() => {});
      throw error;
    }
    if (needed > buffer.length) {
      const larger = new Uint8Array(Math.min(maxBytes, Math.max(needed, buffer.length * 2)));
      larger.set(buffer.subarray(0, length));
      buffer = larger;
    }
    buffer.set(value, length);
    length = needed;
  }
}
