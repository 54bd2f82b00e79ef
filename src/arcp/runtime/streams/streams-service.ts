// The service of streams (ARCP v1.0, section 11): those that tools write, and those that clients send them. The machines
// are in ../streams; how the data is written, in ./stream-encoding.ts.

import { assertSignal } from '../../../bytes/assert.js';
import { printable } from '../../../bytes/printable.js';
import { ArcpError, fromWireError } from '../../errors.js';
import { BINARY_ENCODINGS } from '../../sidecar/negotiated.js';
import type { Message } from '../../wire/envelope.js';
import type { MessageId } from '../../wire/ids.js';
import type { Service, SessionPort } from '../service.js';
import { ClientStreams, type StreamTaker, streamIdOf } from './client-streams.js';
import type { StreamContext } from './stream-context.js';
import { StreamTable } from './stream-table.js';
import { ToolStreams } from './tool-streams.js';

/** Options of {@link streamService}. */
export interface StreamServiceOptions {
  /**
   * Called with each stream that a client opens outside of any job, to read it. Without it such streams are checked and
   * kept in the log, where observers see them, and their data is left at that. Where it throws or rejects, the stream ends
   * with that {@link ArcpError}; with INTERNAL for anything else, and the host is told.
   */
  readonly onStream?: StreamTaker | undefined;
}

type StreamTypes = 'stream.open' | 'stream.chunk' | 'stream.close' | 'stream.error' | 'backpressure';

/** Length of a peer's words in our errors, in UTF-16 units. */
const MAX_QUOTE = 1_024;

/** Makes the service of streams. */
export function streamService({ onStream }: StreamServiceOptions = {}): Service<StreamTypes> {
  const table = new StreamTable();
  const ofTools = new ToolStreams(table);
  const ofClients = new ClientStreams(table, onStream);
  return {
    offers: ['streaming', 'binary_streams'],
    capabilities: { binary_encoding: BINARY_ENCODINGS },
    handles: {
      'stream.open': (session, message) => ofClients.open(session, message),
      'stream.chunk': (session, message) => ofClients.find(session, message)?.chunk(message.payload),
      'stream.close': (session, message) => ofClients.find(session, message)?.close(message.payload),
      'stream.error': (session, message) => endStream(table, session, message),
      backpressure: (session, message) => limitStream(table, session, message),
    },
    attach: (runtime) => table.attach(runtime),
    // No stream outlives a restart.
    isBusy: () => table.isBusy,
    close: () => table.stop(),
    context: (job): StreamContext => ({
      stream: (kind, options) => ofTools.open(job, kind, options),
      thought: (text, options) => ofTools.think(job, text, options),
      acceptStream: ({ signal } = {}) => {
        assertSignal(signal);
        return ofClients.next(job, signal);
      },
    }),
    cancelStream: (session, streamId, reason) => {
      const end = table.find(session)?.ender(streamId);
      const text = quoted(reason) || 'the stream was cancelled';
      return end === undefined ? undefined : () => end(new ArcpError('CANCELLED', text));
    },
    openStreams: (session) => openIds(table, session),
    beforeJobEnd: (job, type) => {
      ofTools.beforeJobEnd(job, type);
      ofClients.beforeJobEnd(job);
    },
    onJobEnd: (job) => table.takeJob(job)?.end(new ArcpError('CANCELLED', 'the job has ended')),
    onSessionEnd: (session) => {
      // Its jobs ended before it, and their streams with them.
      const error = new ArcpError('CANCELLED', 'the session has ended');
      for (const { reader } of table.takeSession(session)?.read.values() ?? []) reader.end(error, true);
    },
  };
}

/** A `stream.error`, from either end. Of a stream that has ended meanwhile it is no fault of the client's. */
function endStream(table: StreamTable, session: SessionPort, message: Message<'stream.error'>): void {
  const id = streamIdOf(message);
  const streams = table.find(session);
  const error = { ...message.payload, message: quoted(message.payload.message) };
  streams?.written.get(id)?.writer.end(fromWireError(error));
  streams?.read.get(id)?.reader.error(error);
}

function limitStream(table: StreamTable, session: SessionPort, message: Message<'backpressure'>): void {
  const { desired_rate_per_second: perSecond } = message.payload;
  const written = table.find(session)?.written.get(streamIdOf(message));
  if (perSecond !== undefined) written?.writer.limit(perSecond);
}

function openIds(table: StreamTable, session: SessionPort): readonly MessageId[] {
  return Array.from(table.find(session)?.written.values() ?? [], ({ openId }) => openId);
}

/** A peer's words, fit for an error that a tool may let through to people. */
function quoted(text: string): string {
  return printable(text.slice(0, MAX_QUOTE));
}
