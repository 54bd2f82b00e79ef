// What the phone asks of the layer below it: authenticated frames in order, between two known DIDs.
// The secure channel implements it over Noise; tests implement it over a plain memory pair.

import type { SdkError } from '../errors.js';

/** Largest Noise message, and so the largest frame on the wire (rev 34, section 3). */
export const MAX_FRAME_BYTES = 65_535;

/** Largest plaintext of a frame: a frame less its 16-byte tag. */
export const MAX_PLAINTEXT_BYTES = 65_519;

/** How a channel ended. */
export interface ChannelCloseInfo {
  /** WebSocket close code. */
  readonly code: number;
  /** Reason text, ours or the peer's; untrusted when the peer closed. */
  readonly reason: string;
  /** Whether both sides agreed to end. */
  readonly clean: boolean;
  /** Why, when the channel was ended by a fault: a violation of the peer's, a failed check, a limit. */
  readonly error?: SdkError;
}

/** Frames in order between two authenticated agents. */
export interface Channel {
  /** Which side opened the connection. */
  readonly role: 'initiator' | 'responder';
  readonly localDid: string;
  /** DID whose key the peer has proved to hold (as X25519: see the twin-DID note in SECURITY.md). */
  readonly remoteDid: string;
  /** Noise handshake hash `h`, 32 bytes: the same on both sides and unique to this channel. */
  readonly handshakeHash: Uint8Array;

  /**
   * Sends one frame.
   *
   * @param encode Writes the plaintext into the given buffer (MAX_PLAINTEXT_BYTES long, shared, valid during the call)
   *   and returns how many bytes it wrote. What it throws passes through and nothing is sent.
   * @throws {ChannelError} ERR_CHANNEL_CLOSED: the channel has ended.
   */
  write(encode: (target: Uint8Array) => number): void;

  /**
   * Starts delivery to the one listener. The plaintext is a view into a shared buffer, valid during the call only.
   */
  receive(listener: (plaintext: Uint8Array) => void): void;

  /** Bytes sent and not yet handed to the network. */
  readonly bufferedBytes: number;

  /** Waits until at most `belowBytes` are buffered, or the channel has ended. Rejects with `signal.reason`. */
  drained(options: { readonly belowBytes: number; readonly signal?: AbortSignal }): Promise<void>;

  /** Ends politely. Idempotent. `error`, where given, becomes `closed`'s; the peer sees only code and reason. */
  close(code?: number, reason?: string, error?: SdkError): void;

  /** Ends now. Idempotent. */
  abort(error?: SdkError): void;

  /** Settles once, after the last frame was delivered. Never rejects. */
  readonly closed: Promise<ChannelCloseInfo>;
}
