// The open streams of one session, in both directions, and how many there may be.

import { ArcpError } from '../../errors.js';
import type { Reader } from '../../streams/reader.js';
import { ReadRoom, type SessionRoom } from '../../streams/room.js';
import { UnknownStreams } from '../../streams/unknown-streams.js';
import type { Writer } from '../../streams/writer.js';
import type { MessageId } from '../../wire/ids.js';
import type { StreamKind } from '../../wire/stream.js';
import type { JobPort } from '../service.js';

/** Characters of all streams of a session that wait to be read. */
const MAX_ROOM_CHARS = 33_554_432;

/** A stream of a tool's. */
export interface Written {
  readonly writer: Writer<StreamKind>;
  readonly job: JobPort;
  readonly openId: MessageId;
}

/** A stream of the client's. */
export interface Read {
  readonly reader: Reader;
  /** Whom it is for; `undefined` outside of any. */
  readonly job: JobPort | undefined;
}

/** The streams of a session. */
export class SessionStreams {
  readonly written = new Map<string, Written>();
  readonly read = new Map<string, Read>();
  readonly unknown = new UnknownStreams();
  /** What of the client's may wait to be read. */
  readonly room: SessionRoom = { maxChars: MAX_ROOM_CHARS, held: 0 };
  /** Of its streams outside of jobs. */
  readonly ownRoom = new ReadRoom(this.room);

  /** Open streams. */
  get size(): number {
    return this.written.size + this.read.size;
  }

  /** @throws {ArcpError} ERR_ARCP_RESOURCE_EXHAUSTED: there are as many as may be. */
  assertRoom(maxStreams: number): void {
    if (this.size >= maxStreams) throw new ArcpError('RESOURCE_EXHAUSTED', 'the session has too many open streams');
  }

  /** Finds an open stream. @returns Ends it with an error that its other side is told of; `undefined` for none. */
  ender(streamId: string): ((error: ArcpError) => void) | undefined {
    const writer = this.written.get(streamId)?.writer;
    if (writer !== undefined) return (error) => writer.fail(error);
    const reader = this.read.get(streamId)?.reader;
    return reader === undefined ? undefined : (error) => reader.end(error);
  }
}
