// What tools get of streams (ARCP v1.0, section 11): those they write, and those the client sends to their job.

import type { StreamReader } from '../../streams/reader.js';
import type { StreamWriter, WriteOptions } from '../../streams/writer.js';
import type { StreamKind } from '../../wire/stream.js';

/** How a stream is opened. */
export interface StreamOptions {
  /** Required of a `binary` stream. */
  readonly contentType?: string | undefined;
  /**
   * As the receiver is to read the data. Of a `binary` stream it is `sidecar` where that was negotiated, else `base64`; what
   * reads the stream, or the log, finds base64 under either.
   */
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
