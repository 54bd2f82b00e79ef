// One ARCP connection inside a phone session: what is sent goes out in calls, a bounded number of them at a time, and
// counts as buffered until the peer has answered (agent-phone v1, section 8).

import { loneSurrogateIndex } from '../../codec/well-formed.js';
import { violation } from '../../phone/session-errors.js';
import type { Message, TransportCloseInfo } from '../../transport/contract.js';
import { LOST, type TransportCore, type TransportOptions, type Wire } from '../../transport/core.js';
import { documentLimits } from '../../transport/document-limits.js';
import { Fifo } from '../../transport/fifo.js';
import { messageBytes } from '../../transport/message-bytes.js';
import { TextTransportCore } from '../../transport/text-core.js';
import { Assembler, cutText, isSign, type Part } from './parts.js';

/** Calls under way at once: as many as handlers run at the peer. */
const MAX_CALLS = 64;

/**
 * Texts under way beyond which no further call is made, in bytes as `messageBytes` counts. However it is encoded, that is
 * less than the 1 MiB a peer takes early, while the last step of the handshake is still computed.
 */
const MAX_CALL_BYTES = 262_144;

/** How a link ends by its sign: calls carry no close codes. */
const ENDED = { code: 1000, reason: '', clean: true } as const;

/** What a tunnel needs of the session below it. */
export interface TunnelLink {
  /** Calls the peer with a part. Settles with its answer. */
  call(part: Part): Promise<unknown>;
  /** Whether parts may go out: not while the peer may still hear of the end of the tunnel before. */
  readonly quiet: boolean;
}

interface Outgoing extends Part {
  readonly bytes: number;
}

interface Held {
  readonly part: Part;
  /** Answers its call. */
  release(): void;
}

/** The transport, and what comes and goes below it. */
export class Tunnel implements Wire {
  readonly core: TransportCore;
  readonly #link: TunnelLink;
  readonly #assembler: Assembler;
  readonly #outgoing = new Fifo<Outgoing>();
  /** Parts that have overtaken others: a peer's calls may wait in a hook of ours for different times. */
  readonly #held = new Map<number, Held>();
  #outgoingBytes = 0;
  #calls = 0;
  #callBytes = 0;
  #nextSeqOut = 0;
  #nextSeqIn = 0;
  #over = false;

  /** @throws {TypeError | RangeError} an option of the wrong kind or range. */
  constructor(link: TunnelLink, options: TransportOptions) {
    const limits = documentLimits(options);
    this.#link = link;
    this.#assembler = new Assembler(limits.maxMessageBytes);
    // The assembler counts bytes, and has refused what is too long before it is a message.
    const { maxMessageBytes: _, ...rest } = { ...options, ...limits };
    this.core = new TextTransportCore(this, rest);
    void this.core.closed.then(() => this.#releaseAll());
  }

  assertMessage(message: Message): void {
    if (typeof message !== 'string') throw new TypeError('message must be text: parts carry no bytes');
    if (/[\r\n]/.test(message)) throw new RangeError('message must be one line');
    if (!/[^ \t]/.test(message)) throw new RangeError('message must not be blank');
  }

  write(message: Message): void {
    const texts = cutText(wellFormed(message as string));
    const end = texts.length - 1;
    texts.forEach((text, part) => {
      this.#queue({ part, last: part === end, text });
    });
    this.pump();
  }

  pendingBytes(): number {
    return this.#outgoingBytes + this.#callBytes;
  }

  finish(): void {
    this.#queue({ part: 0, last: true, text: '' });
    this.pump();
  }

  drop(): void {
    this.#forgetOutgoing();
    if (!this.#over) this.#sayAborted();
  }

  /** Whether it has ended, here at least. */
  get over(): boolean {
    return this.#over;
  }

  /** Sends what waits, as far as it may. */
  pump(): void {
    while (this.#link.quiet && this.#calls < MAX_CALLS && this.#callBytes < MAX_CALL_BYTES) {
      const next = this.#outgoing.shift();
      if (next === undefined) return;
      void this.#send(next);
    }
  }

  /**
   * Takes a part of the peer's.
   *
   * @returns Settles when the part has been used: its call is answered then.
   * @throws {ChannelError} ERR_CHANNEL_PROTOCOL. {LimitError}. The tunnel has ended.
   */
  take(part: Part): void | Promise<void> {
    try {
      return this.#takeInTurn(part);
    } catch (cause) {
      this.fail(cause);
      throw cause;
    }
  }

  /** Ends it as lost, and tells the peer. */
  fail(cause: unknown): void {
    if (this.#over) return;
    this.core.end({ ...LOST, cause });
    this.#forgetOutgoing();
    this.#sayAborted();
  }

  /** Ends it: the peer knows, or is gone. */
  end(info: TransportCloseInfo): void {
    if (this.#over) return;
    this.#over = true;
    this.core.end(info);
  }

  #sayAborted(): void {
    this.#over = true;
    // Without a count: it must not wait for parts that never come.
    this.#link.call({ part: 0, last: false, text: '' }).catch(() => {});
  }

  #forgetOutgoing(): void {
    this.#outgoing.clear();
    this.#outgoingBytes = 0;
    this.#callBytes = 0;
  }

  #queue(part: Part): void {
    const bytes = messageBytes(part.text);
    this.#outgoing.push({ ...part, bytes });
    this.#outgoingBytes += bytes;
  }

  async #send({ part, last, text, bytes }: Outgoing): Promise<void> {
    this.#outgoingBytes -= bytes;
    this.#callBytes += bytes;
    this.#calls++;
    try {
      await this.#link.call({ part, last, text, seq: this.#nextSeqOut++ });
    } catch (cause) {
      return this.fail(cause);
    }
    this.#calls--;
    // An abort has set it to 0 meanwhile.
    this.#callBytes = Math.max(0, this.#callBytes - bytes);
    this.core.bufferChanged();
    if (text === '') this.end(ENDED);
    else this.pump();
  }

  #takeInTurn(part: Part): void | Promise<void> {
    const { seq } = part;
    if (seq === undefined) return this.#use(part);
    if (seq < this.#nextSeqIn || seq >= this.#nextSeqIn + MAX_CALLS || this.#held.has(seq)) {
      throw violation('a part was repeated, or too many are missing');
    }
    if (seq > this.#nextSeqIn) return new Promise((release) => this.#held.set(seq, { part, release }));
    this.#nextSeqIn++;
    this.#use(part);
    for (let next = this.#held.get(this.#nextSeqIn); next !== undefined; next = this.#held.get(this.#nextSeqIn)) {
      this.#held.delete(this.#nextSeqIn++);
      this.#use(next.part);
      next.release();
    }
  }

  #use(part: Part): void {
    if (this.core.ended && !isSign(part)) return;
    if (isSign(part)) return this.end(part.last ? ENDED : LOST);
    const message = this.#assembler.add(part);
    if (message !== undefined) this.core.deliver(message);
  }

  #releaseAll(): void {
    for (const { release } of this.#held.values()) release();
    this.#held.clear();
  }
}

function wellFormed(text: string): string {
  return loneSurrogateIndex(text) < 0 ? text : text.replace(/\p{Surrogate}/gu, '\ufffd');
}
