// Streams that tools write (ARCP v1.0, section 11).

import { ArcpError } from '../../errors.js';
import { type WriteOptions, Writer } from '../../streams/writer.js';
import { STREAM_KINDS, type StreamKind } from '../../wire/stream.js';
import { isTerminal } from '../jobs/job-states.js';
import type { JobEnd, JobPort } from '../service.js';
import type { StreamOptions } from './stream-context.js';
import { streamEncoding } from './stream-encoding.js';
import type { StreamTable } from './stream-table.js';

/** Opens the streams of tools, and ends them with their jobs. */
export class ToolStreams {
  readonly #table: StreamTable;
  /** Jobs that are about to end, or have. */
  readonly #ending = new WeakSet<JobPort>();

  constructor(table: StreamTable) {
    this.#table = table;
  }

  /** As `StreamContext.stream`. */
  open<K extends StreamKind>(job: JobPort, kind: K, options: StreamOptions = {}): Writer<K> {
    const { contentType } = options;
    if (!STREAM_KINDS.includes(kind)) throw new TypeError(`there is no kind of stream called ${kind}`);
    if (kind === 'binary' && contentType === undefined) throw new TypeError('a binary stream must have a contentType');
    const { session } = job;
    const encoding = streamEncoding(session, kind, options.encoding);
    const { runtime } = this.#table;
    const streams = this.#table.ofSession(session);
    streams.assertRoom(runtime.limits.maxStreams);
    const id = runtime.ids.stream();
    const fields = { stream_id: id };
    const writer = new Writer<K>(
      {
        clock: runtime.clock,
        maxItems: runtime.limits.maxStreamQueue,
        send: (type, payload) => {
          job.emit(type, payload, fields);
        },
        isSlow: () => session.flow === 'slow',
        onFlow: (callback) => session.onFlow(callback),
        onEnd: () => streams.written.delete(id),
        report: (error) => runtime.report(error, `stream of ${job.tool}`),
      },
      id,
      kind,
      contentType,
    );
    // A tool that opens another stream whenever one fails would do so for ever, and the last would never end.
    const openId = this.#ending.has(job)
      ? undefined
      : job.emit('stream.open', { kind, content_type: contentType, encoding }, fields);
    if (openId === undefined) writer.end(new ArcpError('CANCELLED', 'the job has ended'));
    else streams.written.set(id, { writer: writer as unknown as Writer<StreamKind>, job, openId });
    return writer;
  }

  /** As `StreamContext.thought`. */
  think(job: JobPort, text: string, options?: WriteOptions): Promise<void> {
    if (isTerminal(job.state)) return Promise.resolve();
    const own = this.#table.ofJob(job);
    own.thoughts ??= this.open(job, 'thought');
    const { state } = own.thoughts;
    if (state === 'closed' || state === 'errored') return Promise.resolve();
    return own.thoughts.write(text, options);
  }

  /** A job is about to end: its streams end before it. */
  beforeJobEnd(job: JobPort, type: JobEnd['type']): void {
    this.#ending.add(job);
    for (const { writer, job: owner } of this.#table.find(job.session)?.written.values() ?? []) {
      if (owner.id !== job.id) continue;
      if (type === 'job.cancelled') writer.fail(new ArcpError('CANCELLED', 'the job was cancelled'));
      else if (type === 'job.completed' && writer.waiting === 0) void writer.close();
      else writer.fail(new ArcpError('ABORTED', 'the job ended before the stream did'));
    }
  }
}
