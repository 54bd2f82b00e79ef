// A stream to the runtime (ARCP v1.0, section 11): the writer of ../streams/writer.ts over the session. Loaded with the first.

import { assertSignal } from '../../bytes/assert.js';
import { unlessAborted } from '../../unless-aborted.js';
import { arcpError } from '../errors.js';
import { type StreamWriter, Writer } from '../streams/writer.js';
import type { JobId } from '../wire/ids.js';
import { STREAM_KINDS, type StreamKind } from '../wire/stream.js';
import type { Core } from './core.js';
import { deliver } from './deliver.js';

export type { StreamWriter } from '../streams/writer.js';

/** How to open a stream. */
export interface OpenStreamOptions {
  /** Required of a `binary` stream. */
  readonly contentType?: string | undefined;
  /** As the runtime is to read the data; of a `binary` stream it is always `base64`. */
  readonly encoding?: string | undefined;
  /** Ends the wait for the runtime's answer. A stream that is open is not touched by it. */
  readonly signal?: AbortSignal | undefined;
}

/** Bytes that the connection has not taken, beyond which chunks wait. */
const SLOW_BYTES = 1_048_576;

/** Opens one. Throws as `ClientSession.openStream`. @param job The job it is for, once that is accepted. */
export async function openStream<K extends StreamKind>(
  core: Core,
  kind: K,
  { contentType, encoding, signal }: OpenStreamOptions,
  job?: Promise<JobId>,
): Promise<StreamWriter<K>> {
  assertSignal(signal);
  if (!STREAM_KINDS.includes(kind)) throw new TypeError(`there is no kind of stream called ${kind}`);
  const isBinary = kind === 'binary';
  if (isBinary && contentType === undefined) throw new TypeError('a binary stream must have a contentType');
  const jobId = await unlessAborted(signal, job);
  const desk = await core.router.load();
  core.signal.throwIfAborted();
  const { capabilities } = core.accepted;
  for (const needed of ['streaming', ...(isBinary ? (['binary_streams'] as const) : [])] as const) {
    if (capabilities[needed] !== true) throw arcpError('UNIMPLEMENTED', `${needed} was not negotiated`);
  }
  const { clock, ids, limits } = core.options;
  if (desk.writings.size >= limits.maxStreams) throw arcpError('RESOURCE_EXHAUSTED', 'too many streams are open');
  const id = ids.stream();
  const fields = { stream_id: id, job_id: jobId };
  const writer = new Writer<K>(
    {
      clock,
      maxItems: limits.maxChunks,
      // Where there is no connection the desk has ended it.
      send: (type, payload) => void core.post(type, payload, fields),
      isSlow: () => (core.transport?.bufferedBytes ?? 0) > SLOW_BYTES,
      onFlow: (callback) => {
        const stop = new AbortController();
        const drained = core.transport?.drained({ belowBytes: SLOW_BYTES, signal: stop.signal });
        drained?.then(callback, () => {});
        return () => stop.abort();
      },
      onEnd: () => desk.writings.delete(id),
      report() {},
    },
    id,
    kind,
    contentType,
  );
  // Before the answer: what the runtime asks for may stand right behind it.
  desk.writings.set(id, { writer: writer as unknown as Writer<StreamKind>, jobId });
  const open = { kind, content_type: contentType, encoding: isBinary ? 'base64' : encoding };
  try {
    await deliver(core, 'stream.open', open, signal, fields);
    writer.signal.throwIfAborted();
    return writer;
  } catch (error) {
    const refusal = arcpError('CANCELLED', 'the stream was given up');
    writer.end(refusal);
    core.post('stream.error', { code: 'CANCELLED', message: refusal.message }, fields);
    throw error;
  }
}
