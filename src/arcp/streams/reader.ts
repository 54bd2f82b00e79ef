// Reading a stream (ARCP v1.0): the order of ./inbound.ts with a bounded queue before an iterator.

import { ArcpError, fromWireError } from '../errors.js';
import type { StreamId } from '../wire/ids.js';
import type { StreamChunk, StreamClose, StreamError, StreamKind, StreamOpen } from '../wire/stream.js';
import { readChunk, type StreamItem } from './chunk.js';
import { InboundOrder } from './inbound.js';
import type { ReadRoom } from './room.js';

/**
 * A stream to read. Iterate it once; leaving the loop cancels it.
 *
 * Rejects with {@link ArcpError}: what its sender ended it for; ERR_ARCP_DATA_LOSS where chunks are missing or damaged;
 * ERR_ARCP_BACKPRESSURE_OVERFLOW where more came than was read.
 */
export interface StreamReader extends AsyncIterable<StreamItem> {
  readonly id: StreamId;
  /** A kind nobody knows reads as `event`. */
  readonly kind: StreamKind;
  readonly contentType: string | undefined;
  readonly encoding: string | undefined;
  /** Does without the rest. What waits is still read. */
  cancel(reason?: string): void;
}

/** What a reader needs of its side. */
export interface ReaderPort {
  readonly maxItems: number;
  /** Room it shares with other readers. Default: it has its own alone. */
  readonly room?: Pick<ReadRoom, 'take' | 'give'> | undefined;
  /** Tells the sender that the stream is over. */
  error(payload: StreamError): void;
  /** Asks the sender for a rate. */
  pace(perSecond: number, reason: string): void;
  /** The stream is over for its sender. */
  onEnd(): void;
}

/** Characters that wait at most; one chunk alone may pass it. */
const MAX_QUEUED_CHARS = 8_388_608;

/** What the wire says for no limit. */
const FULL_PER_SECOND = 2 ** 32 - 1;

interface Waiting {
  readonly chunk: StreamChunk;
  readonly chars: number;
}

/** A stream's reading end. */
export class Reader implements StreamReader {
  readonly id: StreamId;
  readonly kind: StreamKind;
  readonly contentType: string | undefined;
  readonly encoding: string | undefined;
  readonly #port: ReaderPort;
  readonly #order = new InboundOrder();
  readonly #chunks: Waiting[] = [];
  #chars = 0;
  /** How it ended. */
  #end: { readonly error: ArcpError | undefined } | undefined;
  /** Those who wait for a chunk. */
  readonly #waiters: (() => void)[] = [];
  #isSlowed = false;
  #isDiscarded = false;

  constructor(port: ReaderPort, id: StreamId, { kind, content_type, encoding }: StreamOpen) {
    this.#port = port;
    this.id = id;
    this.kind = kind;
    this.contentType = content_type;
    this.encoding = encoding;
  }

  /** Chunks that wait to be read. */
  get waiting(): number {
    return this.#chunks.length;
  }

  /** Takes a `stream.chunk`. */
  chunk(chunk: StreamChunk): void {
    const verdict = this.#order.chunk(chunk.sequence);
    if (verdict === 'gap') return this.#lose();
    if (verdict !== 'next') return;
    if (this.#isDiscarded) return this.#check(chunk);
    const chars = charsOf(chunk);
    const isFull =
      this.#chunks.length >= this.#port.maxItems ||
      (this.#chunks.length > 0 && this.#chars + chars > MAX_QUEUED_CHARS) ||
      this.#port.room?.take(chars) === false;
    if (isFull) {
      return this.#break(new ArcpError('BACKPRESSURE_OVERFLOW', 'chunks came faster than they were read'));
    }
    this.#chunks.push({ chunk, chars });
    this.#chars += chars;
    this.#slow();
    this.#wake();
  }

  /** Nobody reads it: from the first chunk on it is checked, and nothing of it waits. */
  discard(): void {
    this.#isDiscarded = true;
  }

  /** Takes a `stream.close`. */
  close({ final_sequence }: StreamClose): void {
    const verdict = this.#order.close(final_sequence);
    if (verdict === 'gap') this.#lose();
    else if (verdict === 'next') this.#over(undefined);
  }

  /** Takes a `stream.error`. */
  error(payload: StreamError): void {
    if (this.#order.end() === 'next') this.#over(fromWireError(payload));
  }

  /** Ends it from our side. What waits is still read. @param isTold Whether the sender knows. */
  end(error: ArcpError, isTold = false): void {
    if (this.#order.end() !== 'next') return;
    if (!isTold) this.#tell(error);
    this.#over(error);
  }

  cancel(reason = 'the reader does without the rest'): void {
    this.end(new ArcpError('CANCELLED', reason));
  }

  [Symbol.asyncIterator](): AsyncIterator<StreamItem> {
    return {
      next: async () => {
        while (this.#chunks.length === 0) {
          if (this.#end !== undefined) {
            if (this.#end.error !== undefined) throw this.#end.error;
            return { value: undefined, done: true };
          }
          await new Promise<void>((resolve) => this.#waiters.push(resolve));
        }
        const { chunk, chars } = this.#chunks.shift() as Waiting;
        this.#chars -= chars;
        this.#port.room?.give(chars);
        this.#slow();
        try {
          return { value: await readChunk(this.kind, chunk), done: false };
        } catch (error) {
          this.#clear();
          if (error instanceof ArcpError) this.end(error);
          throw error;
        }
      },
      return: async () => {
        this.#clear();
        this.cancel();
        return { value: undefined, done: true };
      },
    };
  }

  /** Asks the sender to wait for the reader once half the room is taken, and to wait no longer once most is free. */
  #slow(): void {
    const { maxItems } = this.#port;
    const { length } = this.#chunks;
    if (!this.#order.isOpen || (this.#isSlowed ? length > maxItems / 8 : length < maxItems / 2)) return;
    this.#isSlowed = !this.#isSlowed;
    if (this.#isSlowed) this.#port.pace(1, 'the reader is slower');
    else this.#port.pace(FULL_PER_SECOND, 'the reader has caught up');
  }

  #check(chunk: StreamChunk): void {
    if (this.kind !== 'binary') return;
    readChunk(this.kind, chunk).catch((error: unknown) => {
      if (error instanceof ArcpError) this.end(error);
    });
  }

  #lose(): void {
    this.#break(new ArcpError('DATA_LOSS', 'chunks of the stream are missing'));
  }

  #break(error: ArcpError): void {
    this.#order.end();
    this.#tell(error);
    this.#over(error);
  }

  #tell({ wireCode: code, message }: ArcpError): void {
    this.#port.error({ code, message });
  }

  #over(error: ArcpError | undefined): void {
    this.#end = { error };
    this.#port.onEnd();
    this.#wake();
  }

  #wake(): void {
    for (const resolve of this.#waiters.splice(0)) resolve();
  }

  #clear(): void {
    this.#port.room?.give(this.#chars);
    this.#chunks.length = 0;
    this.#chars = 0;
  }
}

/** About how much a chunk holds, whatever of it is text: of an object, what its JSON would. */
function charsOf({ data, content = '', content_type = '', role = '', sha256 = '' }: StreamChunk): number {
  const own = typeof data === 'string' ? data.length : JSON.stringify(data).length;
  return own + content.length + content_type.length + role.length + sha256.length;
}
