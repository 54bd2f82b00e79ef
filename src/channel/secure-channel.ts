// Noise transport messages over a transport: one binary message is one frame is one ciphertext (agent-phone v1,
// section 4). Any failure to open one is final.

import { wipe } from '../bytes/wipe.js';
import { ChannelError, LimitError, NoiseError, type SdkError } from '../errors.js';
import type { CipherState } from '../noise/cipher-state.js';
import { HEADROOM_BYTES, TAG_BYTES, TAILROOM_BYTES } from '../noise/suite.js';
import type { Message, Transport } from '../transport/contract.js';
import { type Channel, type ChannelCloseInfo, MAX_FRAME_BYTES, MAX_PLAINTEXT_BYTES } from './contract.js';
import type { MessageReader } from './message-reader.js';

/** What a handshake leaves behind. */
export interface SecureChannelOptions {
  readonly role: 'initiator' | 'responder';
  readonly localDid: string;
  readonly remoteDid: string;
  /** X25519 key of the peer, 32 bytes. Owned. */
  readonly remoteStaticKey: Uint8Array;
  /** 32 bytes. Owned. */
  readonly handshakeHash: Uint8Array;
  /** Keys of the two directions. Owned. */
  readonly send: CipherState;
  readonly receive: CipherState;
  readonly transport: Transport;
  readonly reader: MessageReader;
}

// Sealing and opening are synchronous, so one buffer each serves every session of the process: two of 64 KiB per
// session would be most of what an idle session weighs.
let sealBuffer: Uint8Array | undefined;
let openBuffer: Uint8Array | undefined;

const BUFFER_BYTES = HEADROOM_BYTES + MAX_PLAINTEXT_BYTES + TAILROOM_BYTES;

/** A {@link Channel} over Noise. */
export class SecureChannel implements Channel {
  readonly role: 'initiator' | 'responder';
  readonly localDid: string;
  readonly remoteDid: string;
  /** X25519 key that the peer has proved to hold, 32 bytes. */
  readonly remoteStaticKey: Uint8Array;
  readonly handshakeHash: Uint8Array;
  readonly closed: Promise<ChannelCloseInfo>;
  readonly #transport: Transport;
  readonly #reader: MessageReader;
  readonly #send: CipherState;
  readonly #receive: CipherState;
  #error: SdkError | undefined;
  #ended = false;

  constructor(options: SecureChannelOptions) {
    this.role = options.role;
    this.localDid = options.localDid;
    this.remoteDid = options.remoteDid;
    this.remoteStaticKey = options.remoteStaticKey;
    this.handshakeHash = options.handshakeHash;
    this.#transport = options.transport;
    this.#reader = options.reader;
    this.#send = options.send;
    this.#receive = options.receive;
    options.reader.settle((error) => this.#fail(error, error instanceof LimitError ? 1008 : 1002));
    this.closed = options.transport.closed.then((info) => {
      this.#end();
      return this.#error === undefined ? info : { ...info, error: this.#error };
    });
  }

  get bufferedBytes(): number {
    return this.#transport.bufferedBytes;
  }

  write(encode: (target: Uint8Array) => number): void {
    if (this.#ended) throw new ChannelError('ERR_CHANNEL_CLOSED', 'the channel has ended');
    sealBuffer ??= new Uint8Array(BUFFER_BYTES);
    const plaintextBytes = encode(sealBuffer.subarray(HEADROOM_BYTES, HEADROOM_BYTES + MAX_PLAINTEXT_BYTES));
    let frameBytes: number;
    try {
      frameBytes = this.#send.seal(sealBuffer, plaintextBytes);
    } catch (error) {
      // The key is used up. That is nobody's fault, and the peer may call again.
      if (error instanceof NoiseError) this.#fail(error, 1001);
      throw error;
    }
    // Borrowed by the transport until `send` returns.
    this.#transport.send(sealBuffer.subarray(HEADROOM_BYTES, HEADROOM_BYTES + frameBytes));
  }

  receive(listener: (plaintext: Uint8Array) => void): void {
    this.#reader.handOver((message) => this.#onMessage(message, listener));
  }

  drained(options: { readonly belowBytes: number; readonly signal?: AbortSignal }): Promise<void> {
    return this.#transport.drained(options);
  }

  close(code = 1000, reason = '', error?: SdkError): void {
    // First, since it may refuse its arguments.
    this.#transport.close(code, reason);
    this.#error ??= this.#ended ? undefined : error;
    this.#end();
  }

  abort(error?: SdkError): void {
    this.#error ??= this.#ended ? undefined : error;
    this.#end();
    this.#transport.abort();
  }

  #onMessage(message: Message, listener: (plaintext: Uint8Array) => void): void {
    if (this.#ended) return;
    if (typeof message === 'string') return this.#fail(violation('a text message'), 1002);
    if (message.length < TAG_BYTES || message.length > MAX_FRAME_BYTES) {
      return this.#fail(violation(`a frame of ${message.length} bytes`), 1002);
    }
    openBuffer ??= new Uint8Array(BUFFER_BYTES);
    openBuffer.set(message, HEADROOM_BYTES);
    let plaintextBytes: number;
    try {
      plaintextBytes = this.#receive.open(openBuffer, message.length);
    } catch (error) {
      return this.#fail(error as SdkError, 1002);
    }
    const plaintext = openBuffer.subarray(HEADROOM_BYTES, HEADROOM_BYTES + plaintextBytes);
    listener(plaintext);
    // Here, not when the channel ends: the listener may end this channel, or another, and still be reading.
    wipe(plaintext);
  }

  #fail(error: SdkError, code: number): void {
    this.close(code, '', error);
  }

  /** No frame goes out or comes in after this. */
  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#send.wipe();
    this.#receive.wipe();
  }
}

function violation(what: string): ChannelError {
  return new ChannelError('ERR_CHANNEL_PROTOCOL', `protocol violation: ${what}`);
}
