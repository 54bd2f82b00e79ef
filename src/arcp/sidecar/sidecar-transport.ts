// A connection that carries binary data beside its messages: above it there is base64 alone, below it sidecar frames. Drives
// the machines of outgoing.ts and incoming.ts.

import { type Clock, systemClock } from '../../clock.js';
import type { Message, Transport, TransportCloseInfo } from '../../transport/contract.js';
import type { Negotiated } from '../wire/capabilities.js';
import { IncomingJoin, type Verdict } from './incoming.js';
import { hasSidecar } from './negotiated.js';
import { OutgoingSplit } from './outgoing.js';

/** Options of {@link SidecarTransport}. */
export interface SidecarOptions {
  /** Longest message, with its data in base64. Default 8,388,608. */
  readonly maxMessageBytes?: number | undefined;
  readonly clock?: Clock | undefined;
}

/** Longest wait for the next frame of a message: what waits holds memory, and keeps a runtime awake. */
const FRAME_TIMEOUT_MS = 60_000;

/**
 * A {@link Transport} of texts over one that carries bytes, too.
 *
 * Until {@link SidecarTransport.turnOn}, texts pass as they are and bytes are ignored. A peer that breaks the
 * rules of frames is closed with 1008.
 */
export class SidecarTransport implements Transport {
  readonly closed: Promise<TransportCloseInfo>;
  readonly #inner: Transport;
  readonly #clock: Clock;
  readonly #in: IncomingJoin;
  readonly #out = new OutgoingSplit();
  #isOn = false;
  #cancelTimer: (() => void) | undefined;

  /** @param inner Carries bytes. Owned from here on, but for the listener: see {@link take}. */
  constructor(inner: Transport, { maxMessageBytes = 8_388_608, clock = systemClock }: SidecarOptions = {}) {
    this.#inner = inner;
    this.#clock = clock;
    this.#in = new IncomingJoin(maxMessageBytes);
    this.closed = inner.closed;
    void inner.closed.then(() => this.#cancelTimer?.());
  }

  /** Whether frames are spoken. */
  get isOn(): boolean {
    return this.#isOn;
  }

  /** Whether a message waits for frames of its own. */
  get isPending(): boolean {
    return this.#in.isPending;
  }

  get bufferedBytes(): number {
    return this.#inner.bufferedBytes;
  }

  /** Frames are spoken from now on. */
  turnOn(): void {
    this.#isOn = true;
  }

  /** The same where what was negotiated says so. */
  accepted(capabilities: Pick<Negotiated, 'binary_encoding'>): void {
    if (hasSidecar(capabilities)) this.turnOn();
  }

  /** A text with frames goes out as several messages, one behind the other. */
  send(message: Message): void {
    const parts = this.#isOn && typeof message === 'string' ? this.#out.split(message) : undefined;
    if (parts === undefined) this.#inner.send(message);
    else for (const part of parts) this.#inner.send(part);
  }

  /** Delivers texts alone. */
  receive(listener: (text: string) => void): void {
    this.#inner.receive((message) => this.take(message, listener));
  }

  /** Takes a message of the inner transport's, where somebody else listens to that. Call it with each, in their order. */
  take(message: Message, listener: (text: string) => void): void {
    if (this.#isOn)
      this.#judge(typeof message === 'string' ? this.#in.takeText(message) : this.#in.takeBytes(message), listener);
    else if (typeof message === 'string') listener(message);
  }

  drained(options: { readonly belowBytes: number; readonly signal?: AbortSignal }): Promise<void> {
    return this.#inner.drained(options);
  }

  close(code?: number, reason?: string): void {
    this.#inner.close(code, reason);
  }

  abort(): void {
    this.#inner.abort();
  }

  #judge(verdict: Verdict, listener: (text: string) => void): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    if (this.#in.isPending) {
      this.#cancelTimer = this.#clock.setTimer(() => this.close(1008, 'sidecar frames are missing'), FRAME_TIMEOUT_MS);
    }
    if (verdict.kind === 'text') listener(verdict.text);
    else if (verdict.kind === 'broken') this.close(1008, verdict.reason);
  }
}
