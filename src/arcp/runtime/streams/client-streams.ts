// Streams that clients send (ARCP v1.0, section 11): for a job that asks for them, or outside of any.

import { ArcpError } from '../../errors.js';
import { Reader, type StreamReader } from '../../streams/reader.js';
import type { EnvelopeFields, Message } from '../../wire/envelope.js';
import type { StreamId } from '../../wire/ids.js';
import { isTerminal } from '../jobs/job-states.js';
import type { JobPort, SessionPort } from '../service.js';
import type { SessionStreams } from './session-streams.js';
import { streamEncoding } from './stream-encoding.js';
import type { StreamTable } from './stream-table.js';

/** Longest `content_type` and `encoding` of a stream, in UTF-16 units: they are kept while it is open. */
const MAX_LABEL_CHARS = 255;

/** Is given the streams outside of jobs. May return a promise, which is waited for only to learn whether it failed. */
export type StreamTaker = (session: SessionPort, stream: StreamReader) => unknown;

/** The id of the stream a message is of. @throws {ArcpError} ERR_ARCP_INVALID_ARGUMENT: it names none. */
export function streamIdOf({ stream_id }: EnvelopeFields): StreamId {
  if (stream_id !== undefined) return stream_id;
  const details = { path: 'stream_id', issue: 'is missing' };
  throw new ArcpError('INVALID_ARGUMENT', 'stream_id is missing', { details });
}

/** @throws {ArcpError} ERR_ARCP_INVALID_ARGUMENT */
function assertLabel(name: string, label = ''): void {
  if (label.length <= MAX_LABEL_CHARS) return;
  const details = { path: `payload.${name}`, issue: `must be at most ${MAX_LABEL_CHARS} characters long` };
  throw new ArcpError('INVALID_ARGUMENT', `${details.path} ${details.issue}`, { details });
}

/** Takes the streams of clients. */
export class ClientStreams {
  readonly #table: StreamTable;
  readonly #taker: StreamTaker | undefined;

  constructor(table: StreamTable, taker: StreamTaker | undefined) {
    this.#table = table;
    this.#taker = taker;
  }

  /** @throws {ArcpError} ERR_ARCP_ALREADY_EXISTS and whatever else a `stream.open` is refused for. */
  open(session: SessionPort, message: Message<'stream.open'>): void {
    const id = streamIdOf(message);
    const streams = this.#table.ofSession(session);
    if (streams.read.has(id) || streams.written.has(id)) {
      throw new ArcpError('ALREADY_EXISTS', 'a stream of that id is open');
    }
    try {
      this.#take(session, streams, id, message);
    } catch (error) {
      // It is refused once: what follows of it is not answered again.
      streams.unknown.silence(id, this.#table.runtime.clock.now());
      throw error;
    }
  }

  /** The reader of an open stream. @throws {ArcpError} ERR_ARCP_NOT_FOUND, once a minute for each that is unknown. */
  find(session: SessionPort, message: EnvelopeFields): Reader | undefined {
    const id = streamIdOf(message);
    const streams = this.#table.ofSession(session);
    const found = streams.read.get(id);
    if (found === undefined && streams.unknown.shouldAnswer(id, this.#table.runtime.clock.now())) {
      throw new ArcpError('NOT_FOUND', 'no such stream');
    }
    return found?.reader;
  }

  /** As `StreamContext.acceptStream`. */
  next(job: JobPort, signal: AbortSignal | undefined): Promise<StreamReader> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    if (isTerminal(job.state)) return Promise.reject(new ArcpError('CANCELLED', 'the job has ended'));
    return this.#table.ofJob(job).next(signal);
  }

  /** A job is about to end: nobody reads what is still sent to it. */
  beforeJobEnd(job: JobPort): void {
    for (const { reader, job: owner } of this.#table.find(job.session)?.read.values() ?? []) {
      if (owner?.id === job.id) reader.end(new ArcpError('CANCELLED', 'the job has ended'));
    }
  }

  #take(session: SessionPort, streams: SessionStreams, id: StreamId, message: Message<'stream.open'>): void {
    const { payload, job_id } = message;
    const job = job_id === undefined ? undefined : session.job(job_id);
    if (job_id !== undefined && job === undefined) throw new ArcpError('NOT_FOUND', 'no such job');
    assertLabel('content_type', payload.content_type);
    assertLabel('encoding', payload.encoding);
    streamEncoding(session, payload.kind, payload.encoding);
    const { runtime } = this.#table;
    streams.assertRoom(runtime.limits.maxStreams);
    const ofJob = job === undefined ? undefined : this.#table.ofJob(job);
    ofJob?.assertRoom();
    const fields = { stream_id: id };
    const port = job ?? session;
    // A client may have come back without `streaming`: it hears nothing of what it does not know.
    const mayTell = () => session.capabilities.streaming === true;
    const reader = new Reader(
      {
        maxItems: runtime.limits.maxStreamQueue,
        room: ofJob?.room ?? streams.ownRoom,
        error: (error) => {
          streams.unknown.silence(id, runtime.clock.now());
          if (mayTell()) port.emit('stream.error', error, fields);
        },
        pace: (perSecond, reason) => {
          if (mayTell()) port.emit('backpressure', { desired_rate_per_second: perSecond, reason }, fields);
        },
        onEnd: () => streams.read.delete(id),
      },
      id,
      payload,
    );
    streams.unknown.know(id);
    streams.read.set(id, { reader, job });
    if (ofJob !== undefined) ofJob.offer(reader);
    else this.#giveToHost(session, reader);
  }

  /** A stream outside of any job. What the host does with it must cost nobody else anything. */
  #giveToHost(session: SessionPort, reader: Reader): void {
    if (this.#taker === undefined) return reader.discard();
    const failed = (error: unknown) => {
      // An error with a code is meant for the client, or was the stream's own end.
      if (error instanceof ArcpError) return reader.end(error);
      this.#table.runtime.report(error, 'onStream');
      reader.end(new ArcpError('INTERNAL', 'the stream could not be taken'));
    };
    try {
      const taken = this.#taker(session, reader);
      if (taken instanceof Promise) taken.catch(failed);
    } catch (error) {
      failed(error);
    }
  }
}
