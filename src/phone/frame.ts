// The envelope as the rest of the room sees it: one shape for all types, so that the hot path stays monomorphic.
// Wire names live in frame-encode.ts and frame-decode.ts alone (agent-phone v1, section 5).

/** Envelope types, as spelt on the wire. */
export type FrameType = 'req' | 'res' | 'stream_chunk' | 'stream_end' | 'cancel' | 'error';

/** One received envelope. Members that its type does not use are `undefined`. */
export interface Frame {
  readonly type: FrameType;
  /** 1 to 2^53 - 1; odd for the initiator's streams, even for the responder's. */
  readonly streamId: number;
  /** Number of a chunk, counted from 0; at `stream_end` the next one; 0 elsewhere. */
  readonly seq: number;
  /** On `req`: a stream is wanted, with this first grant. On `res`: a further grant. */
  readonly credits: number | undefined;
  readonly method: string | undefined;
  readonly params: unknown;
  /** Absent on the wire when the handler returned undefined. */
  readonly result: unknown;
  readonly reason: string | undefined;
  readonly error: WireError | undefined;
  /** Length of the plaintext this came from, in bytes. */
  readonly bytes: number;
}

/** An error as it crosses the wire. */
export interface WireError {
  /** Integer; JSON-RPC's where they fit. */
  readonly code: number;
  /** Text chosen by the peer: untrusted. */
  readonly message: string;
}
