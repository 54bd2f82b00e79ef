// Prompts and streams of a session: the part of a client that is loaded when the first of them comes, or when it was
// negotiated that they may.

import { type ArcpError, arcpError } from '../errors.js';
import { UnknownStreams } from '../streams/unknown-streams.js';
import type { Message, RawEnvelope } from '../wire/envelope.js';
import type { JobId, MessageId, StreamId } from '../wire/ids.js';
import type { Core } from './core.js';
import type { Job } from './job.js';
import { type OpenPrompt, openPrompt, type Prompt, type PromptRequest } from './prompts.js';
import type { Queue } from './queue.js';
import { Reading, type StreamReading } from './stream-reading.js';

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

/** Keeps what is open. */
export class Desk {
  readonly #core: Core;
  /** Of those whose job nobody knows. */
  readonly #nobody: Owner;
  readonly #prompts = new Map<MessageId, OpenPrompt>();
  readonly #readings = new Map<StreamId, Reading>();
  readonly #unknown = new UnknownStreams();

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
        const open = this.#prompts.get(message.correlation_id as MessageId);
        // Caused by an answer of ours that is still on its way: it tells every channel, this one too, that it was taken.
        const isOurs = this.#core.calls.unanswered.some((id) => id === message.causation_id);
        return isOurs ? open?.abandon() : open?.end('cancelled');
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

  /** Ends what belongs to a job, or everything. */
  end(error: ArcpError, jobId?: JobId): void {
    const isMeant = (one: { readonly jobId?: JobId | undefined }) => jobId === undefined || one.jobId === jobId;
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
    const reading = new Reading(this.#core, id, message, () => {
      if (this.#readings.delete(id)) this.#unknown.silence(id, this.#core.options.clock.now());
    });
    this.#readings.set(id, reading);
    (job ?? this.#nobody).streams.push(reading);
  }

  #toStream(message: Message<'stream.chunk' | 'stream.close' | 'stream.error'>): void {
    const { stream_id: id } = message;
    if (id === undefined) return this.#core.nack(message.id, 'INVALID_ARGUMENT', 'stream_id is missing');
    const reading = this.#readings.get(id);
    if (reading !== undefined) reading.take(message);
    else if (this.#unknown.shouldAnswer(id, this.#core.options.clock.now())) {
      this.#core.nack(message.id, 'NOT_FOUND', 'no such stream', undefined, { stream_id: id });
    }
  }

  #ask(message: Message<PromptRequest>, job: Job | undefined): void {
    const { id } = message;
    const isTooMany = this.#prompts.size >= this.#core.options.limits.maxPrompts;
    const open = openPrompt(this.#core, message, job?.tool, () => {
      this.#prompts.delete(id);
      job?.prompted(-1);
    });
    this.#prompts.set(id, open);
    job?.prompted(1);
    if (isTooMany) open.refuse();
    else (job ?? this.#nobody).prompts.push(open.prompt);
  }
}
