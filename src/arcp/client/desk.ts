// Prompts and streams of a session: the part of a client that is loaded when the first of them comes, or when it was
// negotiated that they may.

import { type ArcpError, arcpError, fromWireError } from '../errors.js';
import { UnknownStreams } from '../streams/unknown-streams.js';
import type { Writer } from '../streams/writer.js';
import type { Message, RawEnvelope } from '../wire/envelope.js';
import type { JobId, MessageId, StreamId } from '../wire/ids.js';
import type { StreamKind } from '../wire/stream.js';
import type { CallFields } from './compose.js';
import type { Core } from './core.js';
import type { Job } from './job.js';
import { type OpenPrompt, openPrompt, type Prompt, type PromptRequest, refusePrompt } from './prompts.js';
import type { Queue } from './queue.js';
import { Reading, type StreamReading } from './stream-reading.js';
import { UnreadRoom } from './unread-room.js';

/** Messages it takes. */
export type DeskMessage = Message<
  | PromptRequest
  | 'human.input.response'
  | 'human.input.cancelled'
  | 'stream.open'
  | 'stream.chunk'
  | 'stream.close'
  | 'stream.error'
>;

/** Where prompts and streams go. */
export interface Owner {
  readonly prompts: Queue<Prompt>;
  readonly streams: Queue<StreamReading>;
}

/** A stream of ours. */
export interface Writing {
  readonly writer: Writer<StreamKind>;
  readonly jobId: JobId | undefined;
}

/** Keeps what is open. */
export class Desk {
  readonly #core: Core;
  /** Of those whose job nobody knows. */
  readonly #nobody: Owner;
  readonly #prompts = new Map<MessageId, OpenPrompt>();
  readonly #readings = new Map<StreamId, Reading>();
  readonly #unknown = new UnknownStreams();
  readonly #room = new UnreadRoom();
  /** Streams of ours. */
  readonly writings = new Map<StreamId, Writing>();
  /** Those that a lost connection has ended: the runtime has not been told yet. */
  #broken: CallFields[] = [];

  constructor(core: Core, nobody: Owner) {
    this.#core = core;
    this.#nobody = nobody;
  }

  take(message: DeskMessage, job: Job | undefined): void {
    switch (message.type) {
      case 'stream.open':
        return this.#openStream(message, job);
      case 'human.input.request':
      case 'human.choice.request':
      case 'permission.request':
        return this.#ask(message, job);
      case 'human.input.cancelled': {
        const { correlation_id, causation_id, payload } = message;
        // Caused by an answer of ours, whose own answer may still be on its way: it tells every channel that it was taken.
        const open = this.#prompts.get(correlation_id as MessageId);
        if (causation_id !== undefined && open?.isOurs(causation_id) === true) {
          open.end('answered');
          this.#core.calls.answer({ ...message, correlation_id: causation_id });
        } else open?.end(payload.code === 'DEADLINE_EXCEEDED' ? 'expired' : 'cancelled');
        return;
      }
      case 'human.input.response':
        return this.#prompts.get(message.correlation_id as MessageId)?.end('answered');
      default:
        return this.#toStream(message);
    }
  }

  /** A chunk, or the end of a stream, cannot be read. */
  spoil(streamId: RawEnvelope['stream_id'], cause: unknown): void {
    this.#readings.get(streamId as StreamId)?.end(arcpError('DATA_LOSS', 'a chunk cannot be read', { cause }));
  }

  /** The runtime asks for a rate. @returns Whether it is a stream of ours. */
  limit({ stream_id, payload }: Message<'backpressure'>): boolean {
    const writing = this.writings.get(stream_id as StreamId);
    const { desired_rate_per_second: perSecond } = payload;
    if (perSecond !== undefined) writing?.writer.limit(perSecond);
    return writing !== undefined;
  }

  /** The connection is gone, or there again. */
  connected(isConnected: boolean): void {
    const error = arcpError('UNAVAILABLE', 'the connection was lost');
    if (isConnected) {
      const { wireCode: code, message } = error;
      for (const fields of this.#broken.splice(0)) this.#core.post('stream.error', { code, message }, fields);
      return;
    }
    for (const [id, { writer, jobId }] of [...this.writings]) {
      this.#broken.push({ stream_id: id, job_id: jobId });
      writer.end(error);
    }
  }

  /** Ends what belongs to a job, or everything. */
  end(error: ArcpError, jobId?: JobId): void {
    const isMeant = (one: { readonly jobId?: JobId | undefined }) => jobId === undefined || one.jobId === jobId;
    for (const writing of [...this.writings.values()]) if (isMeant(writing)) writing.writer.end(error);
    for (const reading of [...this.#readings.values()]) if (isMeant(reading)) reading.end(error);
    for (const open of [...this.#prompts.values()]) if (isMeant(open.prompt)) open.abandon();
  }

  #openStream(message: Message<'stream.open'>, job: Job | undefined): void {
    const { stream_id: id } = message;
    if (id === undefined) return this.#core.nack(message.id, 'INVALID_ARGUMENT', 'stream_id is missing');
    // Opened again for a client that might not know it.
    if (this.#readings.has(id)) return;
    const nowMs = this.#core.options.clock.now();
    if (this.#readings.size >= this.#core.options.limits.maxStreams) {
      const refusal = { code: 'RESOURCE_EXHAUSTED', message: 'too many streams are open' };
      this.#core.post('stream.error', refusal, { stream_id: id, job_id: message.job_id });
      this.#unknown.silence(id, nowMs);
      return;
    }
    this.#unknown.know(id);
    const reading = new Reading(this.#core, id, message, this.#room, () => {
      if (this.#readings.delete(id)) this.#unknown.silence(id, this.#core.options.clock.now());
    });
    this.#readings.set(id, reading);
    (job ?? this.#nobody).streams.push(reading);
  }

  #toStream(message: Message<'stream.chunk' | 'stream.close' | 'stream.error'>): void {
    const { stream_id: id } = message;
    if (id === undefined) return this.#core.nack(message.id, 'INVALID_ARGUMENT', 'stream_id is missing');
    const reading = this.#readings.get(id);
    const writing = this.writings.get(id);
    if (reading !== undefined) reading.take(message);
    else if (writing !== undefined) {
      if (message.type === 'stream.error') writing.writer.end(fromWireError(message.payload));
    } else if (this.#unknown.shouldAnswer(id, this.#core.options.clock.now())) {
      this.#core.nack(message.id, 'NOT_FOUND', 'no such stream', undefined, { stream_id: id });
    }
  }

  #ask(message: Message<PromptRequest>, job: Job | undefined): void {
    const { id } = message;
    // Seen so long ago that its id was forgotten.
    if (this.#prompts.has(id)) return;
    // It is not kept, nor is an answer to that waited for: there may be any number of them.
    if (this.#prompts.size >= this.#core.options.limits.maxPrompts) return refusePrompt(this.#core, message);
    const open = openPrompt(this.#core, message, job?.tool, () => {
      this.#prompts.delete(id);
      job?.prompted(-1);
    });
    this.#prompts.set(id, open);
    job?.prompted(1);
    (job ?? this.#nobody).prompts.push(open.prompt);
  }
}
