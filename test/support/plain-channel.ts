// The channel contract over nothing at all: two ends in one process, no cryptography. It shows that the phone rides on
// the contract, and it makes every frame visible and forgeable.

import type { Channel, ChannelCloseInfo } from '../../src/channel/contract.js';
import { MAX_PLAINTEXT_BYTES } from '../../src/channel/contract.js';
import { ChannelError, type SdkError } from '../../src/errors.js';

const ALICE = 'did:key:z6MkehRgf7yJbgaGfYsdoAsKdBPE3dj2CYhowQdcjqSJgvVd';
const BOB = 'did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK';

export class PlainChannel implements Channel {
  readonly localDid: string;
  readonly remoteDid: string;
  readonly handshakeHash = new Uint8Array(32);
  readonly closed: Promise<ChannelCloseInfo>;
  other!: PlainChannel;
  bufferedBytes = 0;
  ended = false;
  readonly #queue: Uint8Array[] = [];
  readonly #waiting: (() => void)[] = [];
  #listener: ((plaintext: Uint8Array) => void) | undefined;
  #settle!: (info: ChannelCloseInfo) => void;

  readonly role: 'initiator' | 'responder';

  constructor(role: 'initiator' | 'responder') {
    this.role = role;
    this.localDid = role === 'initiator' ? ALICE : BOB;
    this.remoteDid = role === 'initiator' ? BOB : ALICE;
    this.closed = new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  write(encode: (target: Uint8Array) => number): void {
    if (this.ended) throw new ChannelError('ERR_CHANNEL_CLOSED', 'ended');
    const buffer = new Uint8Array(MAX_PLAINTEXT_BYTES);
    const bytes = encode(buffer);
    this.other.deliver(buffer.slice(0, bytes));
  }

  deliver(plaintext: Uint8Array): void {
    this.#queue.push(plaintext);
    queueMicrotask(() => {
      const next = this.#queue.shift();
      if (next !== undefined && !this.ended) this.#listener?.(next);
    });
  }

  receive(listener: (plaintext: Uint8Array) => void): void {
    this.#listener = listener;
  }

  drained(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Lets go of producers that wait for room. */
  drain(): void {
    this.bufferedBytes = 0;
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  close(code = 1000, reason = '', error?: SdkError): void {
    this.#finish({ code, reason, clean: true, ...(error === undefined ? {} : { error }) });
    // What was sent before still arrives: the close goes through the same queue.
    queueMicrotask(() => this.other.#finish({ code, reason, clean: true }));
  }

  abort(error?: SdkError): void {
    this.#finish({ code: 1006, reason: '', clean: false, ...(error === undefined ? {} : { error }) });
    queueMicrotask(() => this.other.#finish({ code: 1006, reason: '', clean: false }));
  }

  #finish(info: ChannelCloseInfo): void {
    if (this.ended) return;
    this.ended = true;
    for (const resolve of this.#waiting.splice(0)) resolve();
    this.#settle(info);
  }
}

/** Two ends of a plain channel. */
export function plainChannels(): { initiator: PlainChannel; responder: PlainChannel } {
  const initiator = new PlainChannel('initiator');
  const responder = new PlainChannel('responder');
  initiator.other = responder;
  responder.other = initiator;
  return { initiator, responder };
}
