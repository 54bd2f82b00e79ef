// A stream to the runtime (ARCP v1.0, section 11): the writer of ../streams/writer.ts over the session. Loaded with the first.

import { assertSignal } from '../../bytes/assert.js';
import { unlessAborted } from '../../unless-aborted.js';
import { ArcpError, arcpError } from '../errors.js';
import { SidecarTransport } from '../sidecar/sidecar-transport.js';
import { type StreamWriter, Writer } from '../streams/writer.js';
import type { JobId } from '../wire/ids.js';
import { STREAM_KINDS, type StreamClose, type StreamError, type StreamKind } from '../wire/stream.js';
import type { CallFields } from './compose.js';
import type { Core } from './core.js';
import { deliver } from './deliver.js';

export type { StreamWriter } from '../streams/writer.js';

/** How to open a stream. */
export interface OpenStreamOptions {
  /** Required of a `binary` stream. */
  readonly contentType?: string | undefined;
  /** As the runtime is to read the data; of a `binary` stream it is chosen here: `sidecar` where that holds, else `base64`. */
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
      send(type, payload) {
        // Where there is no connection the desk has ended it, and the runtime hears of the end when there is another.
        if (type === 'stream.chunk') core.post(type, payload, fields);
        else endStream(core, type, payload as StreamClose | StreamError, fields);
      },
      isSlow: () => (core.transport?.bufferedBytes ?? 0) > SLOW_BYTES,
      onFlow: (callback) => {
        const stop = new AbortController();
        const drained = core.transport?.drained({ belowBytes: SLOW_BYTES, signal: stop.signal });
        drained?.then(callback, () => {});
        return () => stop.abort();
      },
      onEnd: () => desk.written(id),
      report() {},
    },
    id,
    kind,
    contentType,
  );
  // Before the answer: what the runtime asks for may stand right behind it.
  desk.writings.set(id, { writer: writer as unknown as Writer<StreamKind>, jobId });
  const { transport } = core;
  const binaryEncoding = transport instanceof SidecarTransport && transport.isOn ? 'sidecar' : 'base64';
  const open = { kind, content_type: contentType, encoding: isBinary ? binaryEncoding : encoding };
  try {
    await deliver(core, 'stream.open', open, signal, fields);
    writer.signal.throwIfAborted();
    return writer;
  } catch (error) {
    writer.fail(arcpError('CANCELLED', 'the stream was given up'));
    throw error;
  }
}

/** Says how a stream ended, so that whoever reads it does not wait for ever: again, where the connection is lost. */
function endStream(
  core: Core,
  type: 'stream.close' | 'stream.error',
  payload: StreamClose | StreamError,
  fields: CallFields,
): void {
  deliver(core, type, payload, undefined, fields).catch((error: unknown) => {
    // Where there is no room for another command, it is said once.
    if (error instanceof ArcpError && error.wireCode === 'RESOURCE_EXHAUSTED') core.post(type, payload, fields);
  });
}
