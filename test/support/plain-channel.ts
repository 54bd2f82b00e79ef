// The channel contract over nothing at all: two ends in one process, no cryptography. It shows that the phone rides on
// the contract, and it makes every frame visible and forgeable.

import { onAbort } from '../../src/abort.js';
import type { Channel, ChannelCloseInfo } from '../../src/channel/contract.js';
import { MAX_PLAINTEXT_BYTES } from '../../src/channel/contract.js';
import { ChannelError, type SdkError } from '../../src/errors.js';

const ALICE = 'did:key:z6MkehRgf7yJbgaGfYsdoAsKdBPE3dj2CYhowQdcjqSJgvVd';
const BOB = 'did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK';

// As in the secure channel: encoding is synchronous, so one buffer serves them all.
const scratch = new Uint8Array(MAX_PLAINTEXT_BYTES);

export class PlainChannel implements Channel {
  readonly localDid: string;
  readonly remoteDid: string;
  readonly handshakeHash = new Uint8Array(32);
  readonly closed: Promise<ChannelCloseInfo>;
  other!: PlainChannel;
  bufferedBytes = 0;
  ended = false;
  /** Called before each frame that the listener of this end is about to get. */
  onDelivery: (plaintext: Uint8Array) => void = () => {};
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
    this.other.deliver(scratch.slice(0, encode(scratch)));
  }

  deliver(plaintext: Uint8Array): void {
    // Microtasks run in the order they were queued: no queue of our own.
    queueMicrotask(() => {
      if (this.ended) return;
      this.onDelivery(plaintext);
      if (!this.ended) this.#listener?.(plaintext);
    });
  }

  receive(listener: (plaintext: Uint8Array) => void): void {
    this.#listener = listener;
  }

  async drained({ belowBytes, signal }: { belowBytes: number; signal?: AbortSignal }): Promise<void> {
    signal?.throwIfAborted();
    if (this.ended || this.bufferedBytes <= belowBytes) return;
    await new Promise<void>((resolve, reject) => {
      const removeAbort = onAbort(signal, reject);
      this.#waiting.push(() => {
        removeAbort();
        resolve();
      });
    });
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
