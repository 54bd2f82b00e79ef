// One live call between two authenticated agents: both may ask, both may answer. This file is the session as users see
// it, and its lifetime; the two halves are caller.ts and, where there are handlers, answerer.ts (agent-phone v1,
// sections 5 and 6).

import { assertInteger, assertSignal, assertString } from '../bytes/assert.js';
import type { Channel, ChannelCloseInfo } from '../channel/contract.js';
import { systemClock } from '../clock.js';
import { asyncDispose } from '../dispose.js';
import { ChannelError, LimitError, type SdkError } from '../errors.js';
import { Answerer, type AnsweringLink } from './answerer.js';
import { Caller } from './caller.js';
import type { Contract, ContractClient, MethodSpecs } from './contract.js';
import { INITIAL_CREDITS, MAX_CREDITS } from './credits.js';
import type { Frame } from './frame.js';
import { decodeFrame } from './frame-decode.js';
import { endText, errorText, writeText } from './frame-encode.js';
import { type Handler, handlerMap } from './handlers.js';
import { KeepAlive } from './keep-alive.js';
import { resolveLimits, type SessionLimits } from './limits.js';
import type { CallOptions } from './outgoing.js';
import type { Peer } from './peer.js';
import { asSdkError, errorOfClose, violation } from './session-errors.js';
import type { SessionOptions } from './session-options.js';
import { WIRE_CODES } from './wire-errors.js';

/** What a stream may be given. */
export interface StreamOptions extends CallOptions {
  /**
   * Chunks the peer may send ahead, 1 to 65,536, as a fixed window. Default: a window that starts at 8 and doubles up
   * to 256 while it stays within 1 MiB.
   */
  readonly credits?: number;
}

/** Who the peer is; what it has proved may grow while the session lives. */
export interface PeerRecord {
  peer: Peer;
}

/** A live call with one peer. Made by `connect` and `serve`. */
export class Session {
  /** Settles once, when the session has ended. Never rejects. */
  readonly closed: Promise<ChannelCloseInfo>;

  readonly #channel: Channel;
  readonly #record: PeerRecord;
  readonly #limits: SessionLimits;
  readonly #handlers: ReadonlyMap<string, Handler>;
  readonly #caller: Caller;
  readonly #answerer: Answerer | undefined;
  readonly #keepAlive: KeepAlive;
  #highestRequestId = 0;
  #strayFrames = 0;
  #draining = false;
  #ended: SdkError | undefined;

  /**
   * Starts a session on a channel that stands; delivery begins in the next microtask.
   *
   * @throws {TypeError | RangeError} options that are out of range.
   */
  constructor(channel: Channel, record: PeerRecord, options: SessionOptions = {}) {
    const clock = options.clock ?? systemClock;
    const limits = resolveLimits(options.limits);
    this.#limits = limits;
    this.#handlers = handlerMap(options.handlers);
    this.#channel = channel;
    this.#record = record;
    const onIdle = () => this.#closeIfDrained();
    this.#caller = new Caller({ channel, limits, send: (text) => this.#quietly(() => this.#write(text)), onIdle });
    const answer = (text: string) => this.#answer(text);
    const answerQuietly = (text: string) => this.#quietly(() => this.#answer(text));
    const link: AnsweringLink = { session: this, channel, limits, clock, answer, answerQuietly, onIdle };
    if (options.handlers !== undefined) this.#answerer = new Answerer(link, options);
    this.#keepAlive = new KeepAlive(clock, limits, {
      probe: () => this.#caller.probe(),
      lost: () => this.#fail(new ChannelError('ERR_CHANNEL_LOST', 'the peer no longer answers'), 1001),
      tooOld: () => void this.drain(),
    });
    this.closed = channel.closed.then((info) => {
      this.#settleAll(errorOfClose(info));
      return info;
    });
    // In a moment, not now: whoever makes the session gets to know it before a handler of it runs.
    queueMicrotask(() => channel.receive((plaintext) => this.#onPlaintext(plaintext)));
  }

  /** Who is on the other end. */
  get peer(): Peer {
    return this.#record.peer;
  }

  /**
   * Calls a method of the peer's and waits for its result. Beyond 256 open calls, further ones wait their turn.
   *
   * @param params Any JSON value, or nothing.
   * @throws {TypeError} `params` holds something JSON cannot say; nothing is sent.
   * @throws {LimitError} `maxFrameBytes`: it does not fit into one frame; `maxWaitingCalls`, `maxBufferedBytes`: too
   *   much is under way. Nothing is sent.
   * @throws {RpcError} the peer said no.
   * @throws {ChannelError} the session ended; `delivery` tells whether the request had been sent.
   * @throws the signal's reason, untouched; the peer is told that nobody waits.
   */
  async call<Result = unknown>(method: string, params?: unknown, options: CallOptions = {}): Promise<Result> {
    assertString(method, 'method');
    assertSignal(options.signal, 'options.signal');
    options.signal?.throwIfAborted();
    return this.#caller.call(method, params, options.signal) as Promise<Result>;
  }

  /**
   * Asks the peer for a stream. The request goes out with the first step of the iteration; leaving it early cancels.
   *
   * @example
   * ```ts
   * for await (const n of session.stream('count', { to: 10 })) console.log(n)
   * ```
   * @throws {TypeError | RangeError} wrong arguments, at once; everything else as for {@link Session.call}, while
   *   iterating. Items that came before the peer's error are delivered before it.
   */
  stream<Item = unknown>(method: string, params?: unknown, options: StreamOptions = {}): AsyncIterableIterator<Item> {
    const { credits, signal } = options;
    assertString(method, 'method');
    assertSignal(signal, 'options.signal');
    if (credits !== undefined) assertInteger(credits, 'options.credits', 1, 65_536);
    const maxBytes = this.#limits.maxStreamBytes;
    const window = { initial: credits ?? INITIAL_CREDITS, max: credits ?? MAX_CREDITS, maxBytes };
    return this.#caller.stream(method, params, window, signal) as AsyncIterableIterator<Item>;
  }

  /**
   * The peer's methods as a contract describes them.
   *
   * @example
   * ```ts
   * const reply = await session.use(greetings).greet({ name: 'Alice' })
   * ```
   */
  use<Specs extends MethodSpecs>(contract: Contract<Specs>): ContractClient<Specs> {
    return contract.client(this);
  }

  /** Takes no new calls in either direction, lets open ones finish, then closes. @returns as {@link Session.closed}. */
  drain(): Promise<ChannelCloseInfo> {
    this.#draining = true;
    this.#caller.refuse(new ChannelError('ERR_CHANNEL_CLOSED', 'the session takes no new calls: connect again'));
    this.#answerer?.refuse();
    this.#closeIfDrained();
    return this.closed;
  }

  /**
   * Ends the session politely: what was sent still goes out, and what is open is settled at once. Idempotent.
   *
   * @returns as {@link Session.closed}.
   */
  close(): Promise<ChannelCloseInfo> {
    this.#settleAll(new ChannelError('ERR_CHANNEL_CLOSED', 'the session was closed'));
    this.#channel.close(1000, '');
    return this.closed;
  }

  /** Ends the session now, without a word to the peer. Idempotent. */
  abort(): void {
    const error = new ChannelError('ERR_CHANNEL_CLOSED', 'the session was aborted');
    this.#settleAll(error);
    this.#channel.abort(error);
  }

  /** As {@link Session.close}, for `await using`. */
  async [asyncDispose](): Promise<void> {
    await this.close();
  }

  #onPlaintext(plaintext: Uint8Array): void {
    if (this.#ended !== undefined) return;
    this.#keepAlive.heard();
    try {
      this.#dispatch(decodeFrame(plaintext, this.#limits));
    } catch (error) {
      // 1008 for a limit, 1002 for anything that is no envelope or comes out of turn; no detail goes out.
      this.#fail(asSdkError(error), error instanceof LimitError ? 1008 : 1002);
    }
  }

  #dispatch(frame: Frame): void {
    const { type, streamId } = frame;
    if (this.#caller.owns(streamId)) {
      if (type === 'req') throw violation('a request came with an id of ours');
      if (!this.#caller.onFrame(frame)) this.#onLate(this.#caller.hasOpened(streamId));
    } else if (type === 'req') {
      this.#onRequest(frame);
    } else if (this.#answerer?.onFrame(frame) !== true) {
      this.#onLate(streamId <= this.#highestRequestId);
    }
  }

  #onRequest(request: Frame): void {
    const { streamId, method, credits } = request;
    if (streamId <= this.#highestRequestId) throw violation('a stream id was used again');
    this.#highestRequestId = streamId;
    const handler = this.#handlers.get(method as string);
    if (handler !== undefined) return this.#answerer?.onRequest(request, handler);
    const unknown = { code: WIRE_CODES.methodNotFound, message: 'method not found' };
    this.#quietly(() => {
      this.#answer(errorText(streamId, unknown));
      // Consumers of other implementations ignore `error` on a stream: only the end releases them.
      if (credits !== undefined) this.#answer(endText(streamId, 0, 'error'));
    });
  }

  /** A frame for an id that has ended is an honest race and is dropped; one for an id that never was is counted. */
  #onLate(existed: boolean): void {
    if (existed) return;
    const { maxStrayFrames } = this.#limits;
    if (++this.#strayFrames > maxStrayFrames) throw new LimitError('maxStrayFrames', maxStrayFrames, this.#strayFrames);
  }

  #write(text: string): void {
    if (this.#ended === undefined) this.#channel.write((target) => writeText(text, target));
  }

  /** Sends an answer of ours; a peer that asks and does not read ends the session. */
  #answer(text: string): void {
    this.#write(text);
    const { bufferedBytes } = this.#channel;
    const { maxBufferedBytes } = this.#limits;
    if (bufferedBytes > maxBufferedBytes) {
      this.#fail(new LimitError('maxBufferedBytes', maxBufferedBytes, bufferedBytes), 1008);
    }
  }

  /** Sends what nobody waits for; once the channel is gone, silently not. */
  #quietly(send: () => void): void {
    try {
      send();
    } catch {
      // The channel has just ended: `closed` settles whoever waits.
    }
  }

  #closeIfDrained(): void {
    if (this.#draining && this.#caller.size === 0 && (this.#answerer?.size ?? 0) === 0) this.#channel.close(1000, '');
  }

  #fail(error: SdkError, code: number): void {
    this.#settleAll(error);
    this.#channel.close(code, '', error);
  }

  /** Settles everything that is open, both ways, once. */
  #settleAll(error: SdkError): void {
    if (this.#ended !== undefined) return;
    this.#ended = error;
    this.#keepAlive.stop();
    this.#caller.fail(error);
    this.#answerer?.fail(error);
  }
}
