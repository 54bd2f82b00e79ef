// What the layers above ask of a connection, and no more: whole messages in order, a way to wait for room, one end.
// Adapters implement it one floor up; `test/contracts/transport.ts` holds every adapter to it.

/** One message: text and binary stay apart, since protocols above use one or the other. */
export type Message = Uint8Array | string;

/** How a transport ended. */
export interface TransportCloseInfo {
  /** WebSocket close code; adapters without codes report 1000 for a polite end and 1006 for a loss. */
  readonly code: number;
  /** Reason given by the side that closed; may be empty. Comes from the peer: untrusted text, at most 123 bytes. */
  readonly reason: string;
  /** Whether both sides agreed to end. `false`: the connection was lost or aborted. */
  readonly clean: boolean;
  /** What went wrong on our side, where something did: a limit, the runtime's own error. Never from the peer. */
  readonly cause?: unknown;
}

/**
 * An open, ordered, message-preserving connection.
 *
 * Promises every adapter makes:
 * - Messages arrive once, in the order sent, each with its kind (text or binary) and its boundaries kept.
 * - Messages that arrive before {@link Transport.receive} is called wait in a queue bounded in bytes; overflow aborts.
 * - `closed` settles after the last message has been delivered, never rejects, and nothing is delivered after it. When
 *   the peer ends while messages wait for a listener, that is once `receive` has been called, or 3 s later.
 * - After our own `close` or `abort` nothing more is delivered, as in a browser.
 * - Nothing throws into the host: an adapter catches what its runtime throws and ends the transport instead.
 */
export interface Transport {
  /**
   * Whether it carries text alone, as lines do: then `send` refuses bytes. Absent: both kinds go. Whoever puts a transport
   * around another one passes it on.
   */
  readonly textOnly?: boolean | undefined;

  /**
   * Queues one message for sending.
   *
   * Bytes are borrowed until the call returns: an adapter whose runtime keeps a reference copies them.
   *
   * @throws {ChannelError} ERR_CHANNEL_CLOSED: the transport is closing or closed.
   */
  send(message: Message): void;

  /** Bytes accepted by `send` and not yet handed to the network, as far as the runtime tells or the adapter counts. */
  readonly bufferedBytes: number;

  /**
   * Waits until at most `belowBytes` are buffered.
   *
   * Resolves also when the transport ends, so that nobody waits for ever; the next `send` then throws.
   *
   * @throws `signal.reason`, untouched, when aborted.
   */
  drained(options: { readonly belowBytes: number; readonly signal?: AbortSignal }): Promise<void>;

  /**
   * Starts delivery to the one listener. Binary messages are handed over: the listener owns the bytes.
   *
   * The listener is called synchronously per message, for messages that waited before this call returns. It must not
   * throw: if it does, the transport is aborted.
   *
   * @throws {TypeError} a listener is already there.
   */
  receive(listener: (message: Message) => void): void;

  /**
   * Ends politely: what was sent before still goes out. Idempotent.
   *
   * If the peer does not answer within 3 s the adapter gives up on it and `closed` settles.
   *
   * @param code 1000 (default), 1001 to 1014 or 3000 to 4999. Browsers send only 1000 and 3000 to 4999, so their
   *   adapter turns 1002 into 4002 and so on.
   * @param reason At most 123 bytes of UTF-8.
   */
  close(code?: number, reason?: string): void;

  /** Ends now: what is queued is dropped. Idempotent. */
  abort(): void;

  /** Settles once, when the transport has ended. Never rejects. */
  readonly closed: Promise<TransportCloseInfo>;
}

/** What a caller says before the first message. */
export interface DialOffer {
  /** WebSocket subprotocol, such as `agent-phone.v1`; offered first and alone. */
  readonly subprotocol: string;
  /** DID the caller claims; the protocol above proves it. */
  readonly callerDid: string;
  /** Ends the attempt; `dial` rejects with its reason. */
  readonly signal?: AbortSignal;
}

/** A way to reach one peer: an address that has not been dialled, or one end of a pair. */
export interface Dialer {
  /**
   * Opens the connection and passes on the offer.
   *
   * @returns An open transport on which the peer has accepted the subprotocol.
   * @throws {ChannelError} ERR_CHANNEL_REFUSED: no connection, or another subprotocol came back.
   */
  dial(offer: DialOffer): Promise<Transport>;
}

/** A connection somebody opened to us. Everything but `transport` is what the stranger claims. */
export interface IncomingCall {
  readonly transport: Transport;
  /** Claimed DID, decoded from the URL where there is one; not checked. */
  readonly callerDid: string;
  /** Subprotocol both sides agreed on. */
  readonly subprotocol: string;
  /** Network address, where the host knows it. Absent on memory pairs and ports. */
  readonly remoteAddress?: string;
}

/** One end of a connection that waits for the other side to speak first. */
export interface Acceptor {
  /**
   * Waits for the other side's offer.
   *
   * @param options `subprotocol`: the one we speak; `signal`: ends the wait, `accept` rejects with its reason.
   * @throws {ChannelError} ERR_CHANNEL_PROTOCOL: the offer is malformed or names another subprotocol; the
   *   connection is closed. ERR_CHANNEL_LOST: it ended before an offer came.
   */
  accept(options: { readonly subprotocol: string; readonly signal?: AbortSignal }): Promise<IncomingCall>;
}
