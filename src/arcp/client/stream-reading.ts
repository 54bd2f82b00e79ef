// A stream of the runtime's (ARCP v1.0): the reader of ../streams/reader.ts, with what a client has to say to its sender.

import { type ArcpError, arcpError } from '../errors.js';
import type { StreamItem } from '../streams/chunk.js';
import { Reader, type StreamReader } from '../streams/reader.js';
import type { Message } from '../wire/envelope.js';
import type { JobId, StreamId } from '../wire/ids.js';
import type { StreamError } from '../wire/stream.js';
import type { CallFields } from './compose.js';
import type { Core } from './core.js';
import type { UnreadRoom } from './unread-room.js';

export type { StreamItem } from '../streams/chunk.js';

/**
 * A stream of a job.
 *
 * Iterate it once; leaving the loop cancels the stream. At most 256 chunks wait (`limits.maxChunks`): once half of them do,
 * the runtime is asked to slow down, and when one more comes than may wait the reader gets ERR_ARCP_BACKPRESSURE_OVERFLOW
 * after them. Nothing is said to the runtime of a stream that nobody iterates: no job fails for want of a
 * reader. Of all streams of a session 33,554,432 characters wait: what has gone unread for longest is let go of, and who then
 * iterates it gets ERR_ARCP_BACKPRESSURE_OVERFLOW.
 *
 * Rejects with {@link ArcpError}: what the runtime ended it for, ERR_ARCP_DATA_LOSS where chunks are missing or damaged,
 * ERR_ARCP_CANCELLED where its job ended first.
 */
export interface StreamReading extends StreamReader {
  readonly jobId: JobId | undefined;
  /** Asks for at most so many chunks a second, until the next call. The stream's own slowing down may say another. */
  pace(chunksPerSecond: number): void;
}

/** A stream that comes in. */
export class Reading implements StreamReading {
  readonly jobId: JobId | undefined;
  readonly #core: Core;
  readonly #reader: Reader;
  readonly #fields: CallFields;
  #isRead = false;
  /** What a late reader gets instead of the chunks that were let go of. */
  #lost: ArcpError | undefined;
  /** What the runtime would have been asked, had anybody been reading. */
  #rate: number | undefined;

  /** @param room What it shares with other streams. @param onEnd Called once, when nothing more of it is wanted. */
  constructor(core: Core, id: StreamId, message: Message<'stream.open'>, room: UnreadRoom, onEnd: () => void) {
    this.jobId = message.job_id;
    this.#core = core;
    this.#fields = { stream_id: id, job_id: message.job_id };
    const port = {
      maxItems: core.options.limits.maxChunks,
      room: {
        take: (chars: number) => room.take(this, chars),
        give: (chars: number) => room.give(this, chars),
      },
      error: (payload: StreamError) => this.#tell(payload),
      pace: (perSecond: number) => {
        this.#rate = perSecond;
        if (this.#isRead) this.pace(perSecond);
      },
      onEnd,
    };
    this.#reader = new Reader(port, id, message.payload);
  }

  get id(): StreamId {
    return this.#reader.id;
  }

  get kind() {
    return this.#reader.kind;
  }

  get contentType(): string | undefined {
    return this.#reader.contentType;
  }

  get encoding(): string | undefined {
    return this.#reader.encoding;
  }

  /** Whether somebody has begun to read it. */
  get isRead(): boolean {
    return this.#isRead;
  }

  /** Takes a message of the stream. */
  take(message: Message<'stream.chunk' | 'stream.close' | 'stream.error'>): void {
    switch (message.type) {
      case 'stream.chunk':
        return this.#reader.chunk(message.payload);
      case 'stream.close':
        return this.#reader.close(message.payload);
      case 'stream.error':
        return this.#reader.error(message.payload);
    }
  }

  /** Ends it without a word to the runtime. What waits is still read. */
  end(error: ArcpError): void {
    this.#reader.end(error, true);
  }

  /** Lets go of what nobody has begun to read. */
  evict(): void {
    this.#lost = arcpError('BACKPRESSURE_OVERFLOW', 'nobody read it while there was room');
    this.end(this.#lost);
    void this.#reader[Symbol.asyncIterator]().return?.();
  }

  pace(chunksPerSecond: number): void {
    this.#core.post('backpressure', { desired_rate_per_second: chunksPerSecond }, this.#fields);
  }

  cancel(reason?: string): void {
    this.#isRead = true;
    this.#reader.cancel(reason);
  }

  [Symbol.asyncIterator](): AsyncIterator<StreamItem> {
    this.#isRead = true;
    const lost = this.#lost;
    if (lost !== undefined) return { next: () => Promise.reject(lost) };
    if (this.#rate !== undefined) this.pace(this.#rate);
    return this.#reader[Symbol.asyncIterator]();
  }

  #tell({ code, message }: StreamError): void {
    if (!this.#isRead) return;
    if (code === 'CANCELLED') this.#core.post('cancel', { target: 'stream', target_id: this.id, reason: message });
    else this.#core.post('stream.error', { code, message }, this.#fields);
  }
}
