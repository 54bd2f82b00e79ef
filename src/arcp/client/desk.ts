// Prompts and streams of a session: the part of a client that is loaded when the first of them comes, or when it was
// negotiated that they may.

import { type ArcpError, arcpError, fromWireError } from '../errors.js';
import { UnknownStreams } from '../streams/unknown-streams.js';
import type { Writer } from '../streams/writer.js';
import type { Decoded, Message, RawEnvelope } from '../wire/envelope.js';
import type { JobId, MessageId, StreamId } from '../wire/ids.js';
import type { StreamKind } from '../wire/stream.js';
import { control, spoil } from './control.js';
import type { Core } from './core.js';
import type { Job } from './job.js';
import { type OpenPrompt, openPrompt, type Prompt, type PromptRequest, refusePrompt } from './prompts.js';
import type { Queue } from './queue.js';
import { nack, refuse } from './refusals.js';
import { Reading, type StreamReading } from './stream-reading.js';
import { UnreadRoom } from './unread-room.js';

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

  constructor(core: Core, nobody: Owner) {
    this.#core = core;
    this.#nobody = nobody;
  }

  /** Takes a message. @param isAnswer Whether somebody waited for it. @returns Whether it is nobody else's. */
  take(message: Message, job: Job | undefined, isAnswer: boolean, chars: number): boolean {
    switch (message.type) {
      case 'backpressure':
        return this.#limit(message);
      case 'stream.open':
        this.#openStream(message, job);
        break;
      case 'stream.chunk':
      case 'stream.close':
      case 'stream.error':
        this.#toStream(message);
        break;
      case 'human.input.request':
      case 'human.choice.request':
      case 'permission.request':
        this.#ask(message, job);
        break;
      case 'human.input.cancelled': {
        const { correlation_id, causation_id, payload } = message;
        // Caused by an answer of ours, whose own answer may still be on its way: it tells every channel that it was taken.
        const open = this.#prompts.get(correlation_id as MessageId);
        if (causation_id !== undefined && open?.isOurs(causation_id) === true) {
          open.end('answered');
          this.#core.calls.answer({ ...message, correlation_id: causation_id });
        } else open?.end(payload.code === 'DEADLINE_EXCEEDED' ? 'expired' : 'cancelled');
        break;
      }
      case 'human.input.response':
        this.#prompts.get(message.correlation_id as MessageId)?.end('answered');
        break;
      default:
        return control(this.#core, message, isAnswer, chars);
    }
    return true;
  }

  /** Refuses what is no message that anybody takes. */
  refuse(decoded: Exclude<Decoded, { readonly kind: 'garbage' }>): void {
    refuse(this.#core, decoded);
  }

  /** Takes a message whose payload is not what its type says: of a stream it is a part that is missing. */
  spoil(envelope: RawEnvelope, error: ArcpError): void {
    spoil(this.#core, envelope, error);
    const reading = this.#readings.get(envelope.stream_id as StreamId);
    reading?.end(arcpError('DATA_LOSS', 'a chunk cannot be read', { cause: error }));
  }

  /** The runtime asks for a rate. @returns Whether it is a stream of ours. */
  #limit({ stream_id, payload }: Message<'backpressure'>): boolean {
    const writing = this.writings.get(stream_id as StreamId);
    const { desired_rate_per_second: perSecond } = payload;
    if (perSecond !== undefined) writing?.writer.limit(perSecond);
    return writing !== undefined;
  }

  /** The connection is gone: what has not arrived of our streams is not known. */
  disconnected(): void {
    this.#endWritings(arcpError('UNAVAILABLE', 'the connection was lost'));
  }

  /** A stream of ours is over: what the runtime still says of it is no fault. */
  written(id: StreamId): void {
    this.writings.delete(id);
    this.#unknown.silence(id, this.#core.options.clock.now());
  }

  /** Ends what belongs to a job, or everything. */
  end(error: ArcpError, jobId?: JobId): void {
    const isMeant = (one: { readonly jobId?: JobId | undefined }) => jobId === undefined || one.jobId === jobId;
    this.#endWritings(error, isMeant);
    for (const reading of [...this.#readings.values()]) if (isMeant(reading)) reading.end(error);
    for (const open of [...this.#prompts.values()]) if (isMeant(open.prompt)) open.abandon();
  }

  #endWritings(error: ArcpError, isMeant: (writing: Writing) => boolean = () => true): void {
    for (const writing of [...this.writings.values()]) if (isMeant(writing)) writing.writer.fail(error);
  }

  #openStream(message: Message<'stream.open'>, job: Job | undefined): void {
    const { stream_id: id } = message;
    if (id === undefined) return nack(this.#core, message.id, 'INVALID_ARGUMENT', 'stream_id is missing');
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
    if (id === undefined) return nack(this.#core, message.id, 'INVALID_ARGUMENT', 'stream_id is missing');
    const reading = this.#readings.get(id);
    const writing = this.writings.get(id);
    if (reading !== undefined) reading.take(message);
    else if (writing !== undefined) {
      if (message.type === 'stream.error') writing.writer.end(fromWireError(message.payload));
    } else if (this.#unknown.shouldAnswer(id, this.#core.options.clock.now())) {
      nack(this.#core, message.id, 'NOT_FOUND', 'no such stream', undefined, { stream_id: id });
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
