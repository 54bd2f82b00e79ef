// What a job has of streams beside those that are open: the one it thinks in, and those of the client's that wait for it to
// ask for them.

import { onAbort } from '../../../abort.js';
import { ArcpError } from '../../errors.js';
import type { StreamReader } from '../../streams/reader.js';
import { ReadRoom, type SessionRoom } from '../../streams/room.js';
import type { Writer } from '../../streams/writer.js';

/** Streams of the client's that wait for a job to ask for them. */
const MAX_WAITING_STREAMS = 16;

/** A tool that waits for a stream. */
interface Asker {
  resolve(reader: StreamReader): void;
  reject(error: unknown): void;
}

/** The streams of a job. */
export class JobStreams {
  /** Opened by its first thought. */
  thoughts: Writer<'thought'> | undefined;
  /** What of the client's may wait to be read. */
  readonly room: ReadRoom;
  readonly #waiting: StreamReader[] = [];
  readonly #askers: Asker[] = [];

  constructor(room: SessionRoom) {
    this.room = new ReadRoom(room);
  }

  /** @throws {ArcpError} ERR_ARCP_RESOURCE_EXHAUSTED: streams enough wait for the job. */
  assertRoom(): void {
    if (this.#waiting.length >= MAX_WAITING_STREAMS) {
      throw new ArcpError('RESOURCE_EXHAUSTED', 'the job has streams enough that it has not asked for');
    }
  }

  /** Hands a stream of the client's to whoever asked first, or keeps it for who asks next. */
  offer(reader: StreamReader): void {
    const asker = this.#askers.shift();
    if (asker === undefined) this.#waiting.push(reader);
    else asker.resolve(reader);
  }

  /** Waits for the next stream. @param signal Not aborted yet. @throws the signal's reason, untouched, or what {@link end} was called with. */
  next(signal: AbortSignal | undefined): Promise<StreamReader> {
    return new Promise((resolve, reject) => {
      const waiting = this.#waiting.shift();
      if (waiting !== undefined) return resolve(waiting);
      const stopListening = onAbort(signal, (reason) => {
        this.#askers.splice(this.#askers.indexOf(asker), 1);
        reject(reason);
      });
      const asker: Asker = {
        resolve: (reader) => {
          stopListening();
          resolve(reader);
        },
        reject: (error) => {
          stopListening();
          reject(error);
        },
      };
      this.#askers.push(asker);
    });
  }

  /** The job has ended: nobody reads what waits, and nobody gets another. */
  end(error: ArcpError): void {
    this.room.end();
    for (const { reject } of this.#askers.splice(0)) reject(error);
  }
}
