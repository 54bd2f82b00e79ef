// Reads a transport one message at a time for the handshake, then hands what came early, and all that follows, to the
// channel. What waits in between is bounded: a peer may send its first frames while our last agreement is computed.

import { onAbort } from '../abort.js';
import { ChannelError } from '../errors.js';
import type { Message, Transport, TransportCloseInfo } from '../transport/contract.js';

/** Bytes a peer may have sent ahead of the handshake's end. */
export const MAX_EARLY_BYTES = 1_048_576;

/** Messages it may have sent ahead, whatever their length: empty ones cost memory too. */
export const MAX_EARLY_MESSAGES = 4_096;

interface Waiter {
  resolve(message: Message): void;
  reject(error: unknown): void;
}

/** The one listener of a transport during its handshake. */
export class MessageReader {
  readonly #transport: Transport;
  readonly #early: Message[] = [];
  #earlyBytes = 0;
  #waiter: Waiter | undefined;
  #listener: ((message: Message) => void) | undefined;
  #ended: TransportCloseInfo | undefined;

  constructor(transport: Transport) {
    this.#transport = transport;
    transport.receive((message) => this.#onMessage(message));
    void transport.closed.then((info) => {
      this.#ended = info;
      this.#waiter?.reject(endedEarly(info));
      this.#waiter = undefined;
    });
  }

  /**
   * Waits for the next message. One wait at a time.
   *
   * @throws {ChannelError} ERR_CHANNEL_REFUSED: the connection ended first. @throws the signal's reason.
   */
  async next(signal: AbortSignal): Promise<Message> {
    signal.throwIfAborted();
    const message = this.#early.shift();
    if (message !== undefined) {
      this.#earlyBytes -= message.length;
      return message;
    }
    if (this.#ended !== undefined) throw endedEarly(this.#ended);
    return new Promise((resolve, reject) => {
      const removeAbort = onAbort(signal, (reason) => {
        this.#waiter = undefined;
        reject(reason);
      });
      this.#waiter = {
        resolve: (value) => {
          removeAbort();
          resolve(value);
        },
        reject: (error) => {
          removeAbort();
          reject(error);
        },
      };
    });
  }

  /** Delivers what waits, then everything that follows, to one listener. */
  handOver(listener: (message: Message) => void): void {
    // The listener may cause the next message before it returns: that one waits its turn behind those here.
    for (let next = this.#early.shift(); next !== undefined; next = this.#early.shift()) listener(next);
    this.#earlyBytes = 0;
    this.#listener = listener;
  }

  #onMessage(message: Message): void {
    if (this.#listener !== undefined) return this.#listener(message);
    const waiter = this.#waiter;
    if (waiter !== undefined) {
      this.#waiter = undefined;
      return waiter.resolve(message);
    }
    this.#early.push(message);
    this.#earlyBytes += message.length;
    if (this.#earlyBytes > MAX_EARLY_BYTES || this.#early.length > MAX_EARLY_MESSAGES) {
      this.#early.length = 0;
      this.#transport.abort();
    }
  }
}

function endedEarly(info: TransportCloseInfo): ChannelError {
  return new ChannelError(
    'ERR_CHANNEL_REFUSED',
    `the connection ended during the handshake (code ${info.code}): the other side may hold another key than its DID says, or not accept ours`,
  );
}
