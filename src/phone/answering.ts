// The border between a session and its answering half, so that a caller without handlers need not load the latter.

import type { Channel } from '../channel/contract.js';
import type { Clock } from '../clock.js';
import type { SdkError } from '../errors.js';
import type { Frame } from './frame.js';
import type { Handler } from './handlers.js';
import type { SessionLimits } from './limits.js';
import type { Session, SessionOptions } from './session.js';

/** What the answering half needs of its session. */
export interface AnsweringLink {
  readonly session: Session;
  readonly channel: Channel;
  readonly limits: SessionLimits;
  readonly clock: Clock;
  /** Sends a frame; a peer that asks and does not read ends the session. @throws {LimitError} `maxFrameBytes`. {ChannelError} the channel has ended. */
  answer(text: string): void;
  /** The same for what nobody waits for: silently not sent, once the channel is gone. */
  answerQuietly(text: string): void;
  /** A handler has settled. */
  onIdle(): void;
}

/** What the session needs of its answering half. */
export interface Answering {
  /** How many calls are open, or have a handler that has not settled. */
  readonly size: number;
  /** Answers new requests with `busy` from now on. */
  refuse(): void;
  /** Takes a request, whose id is above all before it, for one of our methods. */
  onRequest(request: Frame, handler: Handler): void;
  /**
   * Takes a frame for an id of the peer's.
   *
   * @returns Whether the id is open; a frame for an ended one has been left alone.
   * @throws {ChannelError} ERR_CHANNEL_PROTOCOL: a caller does not send this. {LimitError}: too many cancels.
   */
  onFrame(frame: Frame): boolean;
  /** Abandons everything that is open or waiting. */
  fail(error: SdkError): void;
}

/** Starts the answering half of a session; answerer.ts has the one there is. */
export type StartAnswering = (link: AnsweringLink, options: SessionOptions) => Answering;
