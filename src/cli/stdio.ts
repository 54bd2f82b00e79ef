// Streams of Node as web streams. Node's own `toWeb` waits, for the end of what is read, until the other direction of a
// socket has ended too, and pipes are sockets.

import type { Readable, Writable } from 'node:stream';
import type { NdjsonStreams } from '../transport/ndjson.js';

const HIGH_WATER_BYTES = 65_536;

/**
 * Standard input and output. Whoever takes them owns them: nothing else may be printed there.
 *
 * Not every runtime closes standard output before its process ends, and until then the other side does not close our
 * input. So the input ends as soon as we have ended the output; then it is time to exit.
 */
export function standardStreams(): NdjsonStreams {
  const { stdin, stdout } = process;
  return {
    readable: readableOf(stdin, new Promise((ended) => stdout.once('finish', ended))),
    writable: writableOf(stdout),
  };
}

/**
 * Makes two streams of Node web streams. They may be the two directions of one socket.
 *
 * @param input Not read yet, and without an encoding. @param output Not ended.
 */
export function webStreams(input: Readable, output: Writable): NdjsonStreams {
  return { readable: readableOf(input), writable: writableOf(output) };
}

/** @param over Where given: ends it. */
function readableOf(input: Readable, over?: Promise<unknown>): ReadableStream<Uint8Array> {
  let open = true;
  const start = (controller: ReadableStreamDefaultController<Uint8Array>) => {
    const end = (act: () => void) => {
      if (open) act();
      open = false;
    };
    input.on('data', (chunk: Uint8Array) => {
      if (!open) return;
      controller.enqueue(chunk);
      if ((controller.desiredSize ?? 0) <= 0) input.pause();
    });
    input.on('end', () => end(() => controller.close()));
    input.on('error', (error) => end(() => controller.error(error)));
    // Destroyed before its end.
    input.on('close', () => end(() => controller.error(new Error('the input was cut off'))));
    input.pause();
    void over?.then(() => {
      end(() => controller.close());
      input.destroy();
    });
  };
  return new ReadableStream(
    {
      start,
      pull: () => void input.resume(),
      cancel() {
        open = false;
        input.destroy();
      },
    },
    { highWaterMark: HIGH_WATER_BYTES, size: (chunk) => chunk.length },
  );
}

function writableOf(output: Writable): WritableStream<Uint8Array> {
  const settled = (act: (done: (error?: Error | null) => void) => void) =>
    new Promise<void>((resolve, reject) => act((error) => (error ? reject(error) : resolve())));
  return new WritableStream({
    start(controller) {
      output.on('error', (error) => controller.error(error));
      output.on('close', () => controller.error(new Error('the output was cut off')));
    },
    write: (chunk) => settled((done) => output.write(chunk, done)),
    close: () => settled((done) => output.end(done)),
    abort: () => void output.destroy(),
  });
}
