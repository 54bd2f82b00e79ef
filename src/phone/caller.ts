// The asking half of a session: our calls and streams, their ids, and the frames that answer them.

import { onAbort } from '../abort.js';
import type { Channel } from '../channel/contract.js';
import { ChannelError, LimitError, type SdkError } from '../errors.js';
import type { CreditWindowOptions } from './credits.js';
import type { Frame } from './frame.js';
import { cancelText, grantText, requestHead, requestText, writeText } from './frame-encode.js';
import type { SessionLimits } from './limits.js';
import { type OutgoingCall, UnaryCall } from './outgoing.js';
import { asSdkError, callError } from './session-errors.js';
import { SlotQueue } from './slot-queue.js';
import { StreamCall, type StreamLink } from './stream-call.js';

/** A method every peer of this protocol answers, if only by saying that it does not know it. */
const PROBE_HEAD = '{"method":"ringline.ping","seq":0,"stream_id":';

/** What the asking half needs of its session. */
export interface CallerLink {
  readonly channel: Channel;
  readonly limits: SessionLimits;
  /** Sends a frame nobody waits for; silently not, once the channel is gone. */
  send(text: string): void;
  /** A call has ended. */
  onIdle(): void;
}

/** Our calls, by stream id. */
export class Caller {
  readonly #link: CallerLink;
  readonly #calls = new Map<number, OutgoingCall>();
  readonly #places: SlotQueue;
  #nextStreamId: number;
  #unreadBytes = 0;
  #refusal: SdkError | undefined;

  constructor(link: CallerLink) {
    this.#link = link;
    this.#places = new SlotQueue(link.limits.maxOpenStreams);
    this.#nextStreamId = link.channel.role === 'initiator' ? 1 : 2;
  }

  /** How many calls are open or waiting. */
  get size(): number {
    return this.#calls.size + this.#places.waiting;
  }

  /** Whether an id is one that we give out. */
  owns(streamId: number): boolean {
    return streamId % 2 === this.#nextStreamId % 2;
  }

  /** Whether we have given an id out. */
  hasOpened(streamId: number): boolean {
    return streamId < this.#nextStreamId;
  }

  /** Makes a unary call. Rejects as {@link Session.call} says. */
  call(method: string, params: unknown, signal: AbortSignal | undefined): Promise<unknown> {
    const head = checkedHead(method, params, undefined);
    return new Promise((resolve, reject) => {
      if (signal === undefined) return this.#enter(new UnaryCall(resolve, reject), head);
      const settling =
        <T>(settle: (value: T) => void) =>
        (value: T) => {
          removeAbort();
          settle(value);
        };
      const call = new UnaryCall(settling(resolve), settling(reject));
      const removeAbort = onAbort(signal, (reason) => {
        this.#withdraw(call);
        reject(reason);
      });
      this.#enter(call, head);
    });
  }

  /** Prepares a stream; the request goes out with its first step. */
  stream(method: string, params: unknown, window: CreditWindowOptions, signal: AbortSignal | undefined): StreamCall {
    const head = checkedHead(method, params, window.initial);
    const { limits } = this.#link;
    const link: StreamLink = {
      open: (call) => this.#enter(call, head),
      grant: (call, credits) => this.#link.send(grantText(call.streamId, credits)),
      cancel: (call) => this.#withdraw(call),
      book: (bytes) => this.#book(bytes),
      mayGrant: (unread) => unread <= limits.maxStreamBytes && this.#unreadBytes <= limits.maxSessionBytes,
    };
    return new StreamCall(link, window, signal);
  }

  /** Asks whether the peer is alive. Any frame is an answer, and is seen before it gets here. */
  probe(): void {
    const streamId = this.#nextStreamId;
    this.#nextStreamId += 2;
    this.#places.forceEnter();
    this.#calls.set(streamId, { streamId, onFrame: () => 'ended', fail: () => {} });
    this.#link.send(requestText(PROBE_HEAD, streamId));
  }

  /**
   * Takes a frame of the peer's for one of our ids.
   *
   * @returns Whether the id is open; a frame for an ended one has been left alone.
   */
  onFrame(frame: Frame): boolean {
    const call = this.#calls.get(frame.streamId);
    if (call === undefined) return false;
    const verdict = call.onFrame(frame);
    if (verdict === 'open') return true;
    this.#forget(frame.streamId);
    if (verdict === 'cancel') this.#link.send(cancelText(frame.streamId));
    this.#link.onIdle();
    return true;
  }

  /** Opens no more calls: those in line, and those to come, fail with the error. Open ones go on. */
  refuse(error: SdkError): void {
    this.#refusal ??= error;
    this.#places.close(callError(this.#refusal, 'unsent'));
  }

  /** Fails everything that is open or waiting. */
  fail(error: SdkError): void {
    this.refuse(error);
    const calls = [...this.#calls.values()];
    this.#calls.clear();
    for (const call of calls) call.fail(callError(error, 'sent'));
  }

  /** Opens a call now, or in its turn. What goes wrong, the call hears. */
  #enter(call: OutgoingCall, head: string): void {
    const places = this.#places;
    if (places.tryEnter()) return this.#start(call, head);
    const { maxWaitingCalls } = this.#link.limits;
    if (places.waiting >= maxWaitingCalls) {
      return call.fail(new LimitError('maxWaitingCalls', maxWaitingCalls, places.waiting + 1));
    }
    places.enter(
      call,
      () => this.#start(call, head),
      (error) => call.fail(error),
    );
  }

  #start(call: OutgoingCall, head: string): void {
    try {
      this.#open(call, head);
    } catch (error) {
      this.#places.leave();
      call.fail(error);
    }
  }

  /** Sends a request and books its call. What it throws has sent nothing. */
  #open(call: OutgoingCall, head: string): void {
    const { channel, limits } = this.#link;
    const { bufferedBytes } = channel;
    // The other half is for answers: a request of the peer's must not end a session that our own calls have filled.
    const roomBytes = limits.maxBufferedBytes / 2;
    if (bufferedBytes > roomBytes) throw new LimitError('maxBufferedBytes', roomBytes, bufferedBytes);
    const streamId = this.#nextStreamId;
    if (!Number.isSafeInteger(streamId + 2)) {
      const error = new ChannelError('ERR_CHANNEL_CLOSED', 'the session has used up its stream ids: connect again');
      throw callError(error, 'unsent');
    }
    const text = requestText(head, streamId);
    try {
      channel.write((target) => writeText(text, target));
    } catch (error) {
      // Too long is the caller's own doing; anything else means that the channel has ended, which we have yet to hear.
      throw error instanceof LimitError ? error : callError(asSdkError(error), 'unsent');
    }
    this.#nextStreamId += 2;
    call.streamId = streamId;
    this.#calls.set(streamId, call);
  }

  /** Gives a call up wherever it is, and tells the peer. Its late frames are dropped like those of any ended id. */
  #withdraw(call: OutgoingCall): void {
    this.#places.withdraw(call);
    if (!this.#forget(call.streamId)) return;
    this.#link.send(cancelText(call.streamId));
    this.#link.onIdle();
  }

  #forget(streamId: number): boolean {
    if (!this.#calls.delete(streamId)) return false;
    this.#places.leave();
    return true;
  }

  /** Keeps the sum of unread bytes; once it is back within budget, held-back grants go out. */
  #book(bytes: number): void {
    const { maxSessionBytes } = this.#link.limits;
    const wasOver = this.#unreadBytes > maxSessionBytes;
    this.#unreadBytes += bytes;
    if (!wasOver || this.#unreadBytes > maxSessionBytes) return;
    for (const call of this.#calls.values()) if (call instanceof StreamCall) call.resume();
  }
}

/** The request up to its id. Wrong arguments are the caller's own to hear about, before anything is sent. */
function checkedHead(method: string, params: unknown, credits: number | undefined): string {
  try {
    return requestHead(method, params, credits);
  } catch (cause) {
    throw new TypeError(`params cannot be sent as JSON: ${(cause as Error).message}`, { cause });
  }
}
