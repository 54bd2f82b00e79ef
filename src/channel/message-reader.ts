// Reads a transport in turn for the handshake, then hands what came early, and all that follows, to the channel. Whoever
// speaks out of turn is refused on the spot, so that a stranger makes us hold no more than the one message that is due.

import { compactBytes } from '../bytes/compact.js';
import { ChannelError, LimitError, type SdkError } from '../errors.js';
import type { Message, Transport } from '../transport/contract.js';
import type { Attempt } from './deadline.js';

/** Bytes of frames a peer may send while our last agreement is computed. */
export const MAX_EARLY_BYTES = 1_048_576;

/** How many such frames: even empty ones cost memory. */
export const MAX_EARLY_FRAMES = 4_096;

/** The one listener of a transport during its handshake. */
export class MessageReader {
  readonly #early: Uint8Array[] = [];
  #earlyBytes = 0;
  #expected: number;
  #attempt: Attempt | undefined;
  #onFault: ((error: SdkError) => void) | undefined;
  #failed = false;
  #take: ((message: Uint8Array) => void) | undefined;
  #listener: ((message: Message) => void) | undefined;

  /**
   * @param expected Messages the peer may send now; see {@link MessageReader.expect}.
   * @param attempt The handshake: ended with what the peer does wrong, or when the connection ends.
   */
  constructor(transport: Transport, expected: number, attempt: Attempt) {
    this.#expected = expected;
    this.#attempt = attempt;
    transport.receive((message) => this.#onMessage(message));
    void transport.closed.then(({ code }) => this.#attempt?.end(endedEarly(code)));
  }

  /** Sets how many more messages the peer may send. Call it before the message of ours that gives it the turn. */
  expect(messages: number): void {
    this.#expected = messages;
  }

  /**
   * Waits for the next message, one wait at a time; the attempt ends the wait.
   *
   * @param bytes Its length: one of another length cannot be genuine.
   * @throws {ChannelError} ERR_CHANNEL_PROTOCOL: another length.
   */
  async next(bytes: number): Promise<Uint8Array> {
    const message = await this.#next();
    if (message.length !== bytes) throw violation(`${message.length} bytes where ${bytes} were due`);
    return message;
  }

  /**
   * Says that the handshake is over. Frames wait for {@link MessageReader.handOver}.
   *
   * @param onFault Told when too many of them do, or one is text. The reader is deaf from then on.
   */
  settle(onFault: (error: SdkError) => void): void {
    this.#attempt = undefined;
    this.#onFault = onFault;
  }

  /** Delivers what waits, then everything that follows, to one listener. */
  handOver(listener: (message: Message) => void): void {
    // What comes while the listener runs waits its turn behind what came before.
    for (let next = this.#early.shift(); next !== undefined; next = this.#early.shift()) listener(next);
    this.#listener = listener;
  }

  #next(): Promise<Uint8Array> | Uint8Array {
    const message = this.#early.shift();
    if (message !== undefined) {
      this.#earlyBytes -= message.length;
      return message;
    }
    return new Promise((resolve) => {
      this.#take = resolve;
    });
  }

  #onMessage(message: Message): void {
    if (this.#listener !== undefined) return this.#listener(message);
    if (this.#failed) return;
    if (typeof message === 'string') return this.#fail(violation('text during the handshake'));
    if (--this.#expected < 0) return this.#fail(violation('a message out of turn'));
    const take = this.#take;
    if (take !== undefined) {
      this.#take = undefined;
      return take(message);
    }
    this.#early.push(compactBytes(message));
    this.#earlyBytes += message.length;
    if (this.#earlyBytes > MAX_EARLY_BYTES) {
      this.#fail(new LimitError('maxEarlyBytes', MAX_EARLY_BYTES, this.#earlyBytes));
    } else if (this.#early.length > MAX_EARLY_FRAMES) {
      this.#fail(new LimitError('maxEarlyFrames', MAX_EARLY_FRAMES, this.#early.length));
    }
  }

  #fail(error: SdkError): void {
    this.#failed = true;
    this.#early.length = 0;
    this.#attempt?.end(error);
    this.#onFault?.(error);
  }
}

function violation(what: string): ChannelError {
  return new ChannelError('ERR_CHANNEL_PROTOCOL', `protocol violation: ${what}`);
}

function endedEarly(code: number): ChannelError {
  return new ChannelError(
    'ERR_CHANNEL_REFUSED',
    `the connection ended during the handshake (code ${code}): the other side may hold another key than its DID says, or not accept ours`,
  );
}
