// Streams of the runtime (ARCP v1.0, section 11): those that tools write, and those that clients send them. The machines
// are in ../streams. Binary data goes as base64 inside messages; sidecar frames are not offered, since nothing here sends
// or takes binary messages.

import { onAbort } from '../../abort.js';
import { assertSignal } from '../../bytes/assert.js';
import { ArcpError, fromWireError } from '../errors.js';
import { Reader, type StreamReader } from '../streams/reader.js';
import { ReadRoom, type SessionRoom } from '../streams/room.js';
import { UnknownStreams } from '../streams/unknown-streams.js';
import { type StreamWriter, type WriteOptions, Writer } from '../streams/writer.js';
import type { EnvelopeFields, Message } from '../wire/envelope.js';
import type { MessageId, StreamId } from '../wire/ids.js';
import { STREAM_KINDS, type StreamKind } from '../wire/stream.js';
import type { JobEnd, JobPort, RuntimePort, Service, SessionPort } from './service.js';

/** How a stream is opened. */
export interface StreamOptions {
  /** Required of a `binary` stream. */
  readonly contentType?: string | undefined;
  /** As the receiver is to read the data; of a `binary` stream it is always `base64`. */
  readonly encoding?: string | undefined;
}

/** What tools get of streams. */
export interface StreamContext {
  /**
   * Opens a stream to the client. It ends with the job at the latest: closed where that completed and nothing waits, else
   * with an error.
   *
   * @throws {ArcpError} ERR_ARCP_UNIMPLEMENTED: `streaming`, or `binary_streams`, was not negotiated.
   *   ERR_ARCP_RESOURCE_EXHAUSTED: the session has too many open streams.
   * @throws {TypeError} a kind nobody knows, a binary stream without a content type.
   */
  stream<K extends StreamKind>(kind: K, options?: StreamOptions): StreamWriter<K>;
  /**
   * Says what the tool thinks, in one stream of the job's. Redacted, the text stays here: only `summary` is sent.
   * Does nothing once the client has cancelled that stream.
   *
   * @throws {ArcpError} as {@link stream}.
   */
  thought(text: string, options?: Omit<WriteOptions, 'contentType'>): Promise<void>;
  /**
   * Waits for the next stream that the client opens for this job.
   *
   * @throws {ArcpError} ERR_ARCP_CANCELLED: the job has ended. @throws the signal's reason, untouched.
   */
  acceptStream(options?: { readonly signal?: AbortSignal | undefined }): Promise<StreamReader>;
}

/** Options of {@link streamService}. */
export interface StreamServiceOptions {
  /**
   * Called with each stream that a client opens outside of any job, to read it. Without it such streams are checked and
   * kept in the log, where observers see them, and their data is left at that.
   */
  readonly onStream?: ((session: SessionPort, stream: StreamReader) => void) | undefined;
}

type StreamTypes = 'stream.open' | 'stream.chunk' | 'stream.close' | 'stream.error' | 'backpressure';

/** A stream of a tool's. */
interface Written {
  readonly writer: Writer<StreamKind>;
  readonly job: JobPort;
  readonly openId: MessageId;
}

/** A stream of the client's. */
interface Read {
  readonly reader: Reader;
  readonly job: JobPort | undefined;
}

/** The streams of a session. */
interface SessionStreams {
  readonly written: Map<string, Written>;
  readonly read: Map<string, Read>;
  readonly unknown: UnknownStreams;
  /** What of the client's may wait to be read. */
  readonly room: SessionRoom;
  /** Of its streams outside of jobs. */
  readonly ownRoom: ReadRoom;
}

/** What a job has of streams beside those that are open. */
interface JobStreams {
  thoughts: Writer<'thought'> | undefined;
  /** Opened by the client, and not yet asked for. */
  readonly waiting: StreamReader[];
  readonly room: ReadRoom;
  readonly askers: { resolve(reader: StreamReader): void; reject(error: unknown): void }[];
}

/** Streams of the client's that wait for a job to ask for them. */
const MAX_WAITING_STREAMS = 16;

/** Characters of all streams of a session that wait to be read. */
const MAX_ROOM_CHARS = 33_554_432;

/** Makes the service of streams. */
export function streamService(options: StreamServiceOptions = {}): Service<StreamTypes> {
  const service = new Streams(options);
  return {
    offers: ['streaming', 'binary_streams'],
    capabilities: { binary_encoding: ['base64'] },
    handles: {
      'stream.open': (session, message) => service.open(session, message),
      'stream.chunk': (session, message) => service.find(session, message)?.reader.chunk(message.payload),
      'stream.close': (session, message) => service.find(session, message)?.reader.close(message.payload),
      'stream.error': (session, message) => service.error(session, message),
      backpressure: (session, message) => service.backpressure(session, message),
    },
    attach: (runtime) => service.attach(runtime),
    isBusy: () => service.isBusy,
    context: (job) => service.context(job),
    cancelStream: (session, streamId, reason) => service.cancel(session, streamId, reason),
    openStreams: (session) => service.openIds(session),
    beforeJobEnd: (job, type) => service.beforeJobEnd(job, type),
    onJobEnd: (job) => service.jobEnded(job),
    onSessionEnd: (session) => service.sessionEnded(session),
  };
}

class Streams {
  readonly #options: StreamServiceOptions;
  readonly #sessions = new Map<string, SessionStreams>();
  readonly #jobs = new Map<string, JobStreams>();
  #runtime!: RuntimePort;

  constructor(options: StreamServiceOptions) {
    this.#options = options;
  }

  attach(runtime: RuntimePort): void {
    this.#runtime = runtime;
  }

  /** Whether a stream is open: none outlives a restart. */
  get isBusy(): boolean {
    for (const { written, read } of this.#sessions.values()) if (written.size + read.size > 0) return true;
    return false;
  }

  open(session: SessionPort, message: Message<'stream.open'>): void {
    const id = streamIdOf(message);
    const streams = this.#streamsOf(session);
    if (streams.read.has(id) || streams.written.has(id)) {
      throw new ArcpError('ALREADY_EXISTS', 'a stream of that id is open');
    }
    try {
      this.#take(session, streams, id, message);
    } catch (error) {
      // It is refused once: what follows of it is not answered again.
      streams.unknown.silence(id, this.#runtime.clock.now());
      throw error;
    }
  }

  /** A stream of the client's. @throws {ArcpError} NOT_FOUND, once a minute for each that is unknown. */
  find(session: SessionPort, message: EnvelopeFields): Read | undefined {
    const id = streamIdOf(message);
    const streams = this.#streamsOf(session);
    const found = streams.read.get(id);
    if (found === undefined && streams.unknown.shouldAnswer(id, this.#runtime.clock.now())) {
      throw new ArcpError('NOT_FOUND', 'no such stream');
    }
    return found;
  }

  error(session: SessionPort, message: Message<'stream.error'>): void {
    const id = streamIdOf(message);
    const streams = this.#sessions.get(session.id);
    // One that has ended meanwhile is no fault of the client's.
    streams?.written.get(id)?.writer.end(fromWireError(message.payload));
    streams?.read.get(id)?.reader.error(message.payload);
  }

  backpressure(session: SessionPort, message: Message<'backpressure'>): void {
    const { desired_rate_per_second: perSecond } = message.payload;
    const written = this.#sessions.get(session.id)?.written.get(streamIdOf(message));
    if (perSecond !== undefined) written?.writer.limit(perSecond);
  }

  context(job: JobPort): StreamContext {
    return {
      stream: (kind, options) => this.#write(job, kind, options),
      thought: (text, options) => this.#think(job, text, options),
      acceptStream: (options) => this.#accept(job, options?.signal),
    };
  }

  cancel(session: SessionPort, streamId: string, reason: string): (() => void) | undefined {
    const streams = this.#sessions.get(session.id);
    const error = () => new ArcpError('CANCELLED', reason === '' ? 'the stream was cancelled' : reason);
    const writer = streams?.written.get(streamId)?.writer;
    if (writer !== undefined) return () => writer.fail(error());
    const reader = streams?.read.get(streamId)?.reader;
    return reader === undefined ? undefined : () => reader.end(error());
  }

  openIds(session: SessionPort): readonly MessageId[] {
    return [...(this.#sessions.get(session.id)?.written.values() ?? [])].map(({ openId }) => openId);
  }

  beforeJobEnd(job: JobPort, type: JobEnd['type']): void {
    const streams = this.#sessions.get(job.session.id);
    if (streams === undefined) return;
    for (const { writer, job: owner } of streams.written.values()) {
      if (owner.id !== job.id) continue;
      if (type === 'job.cancelled') writer.fail(new ArcpError('CANCELLED', 'the job was cancelled'));
      else if (type === 'job.completed' && writer.waiting === 0) void writer.close();
      else writer.fail(new ArcpError('ABORTED', 'the job ended before the stream did'));
    }
    for (const { reader, job: owner } of streams.read.values()) {
      if (owner?.id === job.id) reader.end(new ArcpError('CANCELLED', 'the job has ended'));
    }
  }

  jobEnded(job: JobPort): void {
    const own = this.#jobs.get(job.id);
    this.#jobs.delete(job.id);
    own?.room.end();
    for (const { reject } of own?.askers ?? []) reject(jobEnded());
  }

  sessionEnded(session: SessionPort): void {
    const streams = this.#sessions.get(session.id);
    this.#sessions.delete(session.id);
    // Its jobs ended before it, and their streams with them.
    const error = new ArcpError('CANCELLED', 'the session has ended');
    for (const { reader } of streams?.read.values() ?? []) reader.end(error, true);
  }

  #take(session: SessionPort, streams: SessionStreams, id: StreamId, message: Message<'stream.open'>): void {
    const { payload, job_id } = message;
    const job = job_id === undefined ? undefined : session.job(job_id);
    if (job_id !== undefined && job === undefined) throw new ArcpError('NOT_FOUND', 'no such job');
    if (payload.kind === 'binary') checkBinary(session, payload.encoding);
    this.#checkRoom(streams);
    const ofJob = job === undefined ? undefined : this.#jobStreamsOf(job);
    if (ofJob !== undefined && ofJob.waiting.length >= MAX_WAITING_STREAMS) {
      throw new ArcpError('RESOURCE_EXHAUSTED', 'the job has streams enough that it has not asked for');
    }
    const fields = { stream_id: id };
    const port = job ?? session;
    // A client may have come back without `streaming`: it hears nothing of what it does not know.
    const mayTell = () => session.capabilities.streaming === true;
    const reader = new Reader(
      {
        maxItems: this.#runtime.limits.maxStreamQueue,
        room: ofJob?.room ?? streams.ownRoom,
        error: (error) => {
          streams.unknown.silence(id, this.#runtime.clock.now());
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
    if (job !== undefined) this.#offer(job, reader);
    else if (this.#options.onStream !== undefined) this.#options.onStream(session, reader);
    else reader.discard();
  }

  /** Hands a stream of the client's to its job. */
  #offer(job: JobPort, reader: StreamReader): void {
    const own = this.#jobStreamsOf(job);
    const asker = own.askers.shift();
    if (asker === undefined) own.waiting.push(reader);
    else asker.resolve(reader);
  }

  #accept(job: JobPort, signal: AbortSignal | undefined): Promise<StreamReader> {
    assertSignal(signal);
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      if (hasEnded(job)) return reject(jobEnded());
      const own = this.#jobStreamsOf(job);
      const waiting = own.waiting.shift();
      if (waiting !== undefined) return resolve(waiting);
      const stopListening = onAbort(signal, (reason) => {
        own.askers.splice(own.askers.indexOf(asker), 1);
        reject(reason);
      });
      const asker = {
        resolve: (reader: StreamReader) => {
          stopListening();
          resolve(reader);
        },
        reject: (error: unknown) => {
          stopListening();
          reject(error);
        },
      };
      own.askers.push(asker);
    });
  }

  #write<K extends StreamKind>(job: JobPort, kind: K, { contentType, encoding }: StreamOptions = {}): Writer<K> {
    if (!STREAM_KINDS.includes(kind)) throw new TypeError(`there is no kind of stream called ${kind}`);
    if (kind === 'binary' && contentType === undefined) throw new TypeError('a binary stream must have a contentType');
    const { session } = job;
    if (kind === 'binary') checkBinary(session, encoding);
    const streams = this.#streamsOf(session);
    this.#checkRoom(streams);
    const id = this.#runtime.ids.stream();
    const fields = { stream_id: id };
    const writer = new Writer<K>(
      {
        clock: this.#runtime.clock,
        maxItems: this.#runtime.limits.maxStreamQueue,
        send: (type, payload) => {
          job.emit(type, payload, fields);
        },
        isSlow: () => session.flow === 'slow',
        onFlow: (callback) => session.onFlow(callback),
        onEnd: () => streams.written.delete(id),
        report: (error) => this.#runtime.report(error, `stream of ${job.tool}`),
      },
      id,
      kind,
      contentType,
    );
    const open = { kind, content_type: contentType, encoding: kind === 'binary' ? 'base64' : encoding };
    const openId = job.emit('stream.open', open, fields);
    if (openId === undefined) writer.end(jobEnded());
    else streams.written.set(id, { writer: writer as unknown as Writer<StreamKind>, job, openId });
    return writer;
  }

  #think(job: JobPort, text: string, options?: WriteOptions): Promise<void> {
    if (hasEnded(job)) return Promise.resolve();
    const own = this.#jobStreamsOf(job);
    own.thoughts ??= this.#write(job, 'thought');
    const { state } = own.thoughts;
    if (state === 'closed' || state === 'errored') return Promise.resolve();
    return own.thoughts.write(text, options);
  }

  /** @throws {ArcpError} RESOURCE_EXHAUSTED */
  #checkRoom({ written, read }: SessionStreams): void {
    if (written.size + read.size >= this.#runtime.limits.maxStreams) {
      throw new ArcpError('RESOURCE_EXHAUSTED', 'the session has too many open streams');
    }
  }

  #streamsOf(session: SessionPort): SessionStreams {
    let streams = this.#sessions.get(session.id);
    if (streams === undefined) {
      const room = { maxChars: MAX_ROOM_CHARS, held: 0 };
      const ownRoom = new ReadRoom(room);
      streams = { written: new Map(), read: new Map(), unknown: new UnknownStreams(), room, ownRoom };
      // What comes after the end is not kept.
      if (!session.signal.aborted) this.#sessions.set(session.id, streams);
    }
    return streams;
  }

  #jobStreamsOf(job: JobPort): JobStreams {
    let own = this.#jobs.get(job.id);
    if (own === undefined) {
      const { room } = this.#streamsOf(job.session);
      own = { thoughts: undefined, waiting: [], askers: [], room: new ReadRoom(room) };
      this.#jobs.set(job.id, own);
    }
    return own;
  }
}

/** @throws {ArcpError} UNIMPLEMENTED */
function checkBinary({ capabilities }: SessionPort, encoding: string | undefined): void {
  if (capabilities.binary_streams !== true) throw new ArcpError('UNIMPLEMENTED', 'binary_streams was not negotiated');
  if (encoding !== undefined && encoding !== 'base64') {
    throw new ArcpError('UNIMPLEMENTED', 'binary data goes as base64 only');
  }
}

function streamIdOf({ stream_id }: EnvelopeFields): StreamId {
  if (stream_id !== undefined) return stream_id;
  const details = { path: 'stream_id', issue: 'is missing' };
  throw new ArcpError('INVALID_ARGUMENT', 'stream_id is missing', { details });
}

function hasEnded({ state }: JobPort): boolean {
  return state === 'completed' || state === 'failed' || state === 'cancelled';
}

function jobEnded(): ArcpError {
  return new ArcpError('CANCELLED', 'the job has ended');
}
