// The network as an enemy: sits between two ends and does to each message what a plan, a policy or the test says.
// Deterministic: the same seed and the same traffic give the same faults.

import { type Clock, systemClock } from '../clock.js';
import type { Message, Transport, TransportCloseInfo } from '../transport/contract.js';
import type { TransportOptions } from '../transport/core.js';
import { inMicrotasks, memoryWires } from '../transport/memory.js';
import { messageBytes } from '../transport/message-bytes.js';
import { type PairEnd, pairEnd } from '../transport/preamble-end.js';
import {
  extend,
  flipBit,
  type LinkAction,
  type LinkDirection,
  type LinkMessage,
  type LinkPolicy,
  type LinkStep,
  seededRandom,
  truncate,
} from './link-faults.js';

/** Options of a hostile link. */
export interface HostileLinkOptions {
  /** Faults for single messages. Those not named here go to `policy`. */
  readonly plan?: readonly LinkStep[];
  /** Chooses for each other message. Default: all pass. Must not throw. */
  readonly policy?: LinkPolicy;
  /** Seeds bits and bytes that an action leaves open. Default 1. */
  readonly seed?: number;
  /** Times delays. Default: the host's clock. */
  readonly clock?: Clock;
}

/** What a link has seen. */
export interface LinkRecord extends LinkMessage {
  /** What was done with it. */
  readonly action: LinkAction;
}

/** A link at work. */
export interface HostileLink {
  /** Every message that came, in order, the first 10,000 of them, with its bytes as they were. */
  readonly log: readonly LinkRecord[];
  /** Sends a message of our own, past everything held back. Borrowed. Does nothing once the link has ended. */
  inject(direction: LinkDirection, message: Message): void;
  /** Lets go of what `hold` and `delay` keep, in one direction or both. */
  release(direction?: LinkDirection): void;
  /** Loses the connection on both sides. */
  cut(): void;
}

/** A link with two ends to dial and accept on, as of a `memoryPair`. */
export interface HostilePair extends HostileLink {
  readonly near: PairEnd;
  readonly far: PairEnd;
}

const MAX_LOG = 10_000;
const MAX_HELD_BYTES = 16_777_216;

/**
 * A memory pair with a hostile link in the middle.
 *
 * @example
 * ```ts
 * const link = hostileLink({ plan: [{ direction: 'to-near', index: 0, action: { kind: 'flip' } }] })
 * serve({ identity: bob, transport: link.far, handlers })
 * await connect({ identity: alice, transport: link.near, remoteDid: bob.did }) // fails: message 2 has a wrong bit
 * ```
 */
export function hostileLink(options: HostileLinkOptions & TransportOptions = {}): HostilePair {
  const [near, towardNear] = memoryWires(inMicrotasks(), options);
  const [far, towardFar] = memoryWires(inMicrotasks(), options);
  const link = hostileLinkBetween(towardNear.core, towardFar.core, options);
  return { ...link, near: pairEnd(near.core), far: pairEnd(far.core) };
}

/**
 * A hostile link between any two open transports, of which it holds one end each: what comes from `towardNear` goes to
 * `towardFar` and back, and so do their ends.
 *
 * @throws {TypeError} one of them has a listener already.
 */
export function hostileLinkBetween(
  towardNear: Transport,
  towardFar: Transport,
  options: HostileLinkOptions = {},
): HostileLink {
  const { plan = [], policy = () => undefined, seed = 1, clock = systemClock } = options;
  const random = seededRandom(seed);
  const log: LinkRecord[] = [];
  const cut = () => {
    towardNear.abort();
    towardFar.abort();
  };

  const lane = (direction: LinkDirection, from: Transport, to: Transport): Lane => {
    const out = new Lane(to, clock);
    let index = 0;
    from.receive((message) => {
      const seen: LinkMessage = { direction, index: index++, message };
      const step = plan.find((one) => one.direction === direction && one.index === seen.index);
      const action = step?.action ?? policy(seen) ?? { kind: 'pass' };
      if (log.length < MAX_LOG) log.push({ ...seen, action });
      if (action.kind === 'cut') cut();
      else act(out, action, message, random);
    });
    void from.closed.then((info) => out.end(info));
    return out;
  };
  const lanes = {
    'to-far': lane('to-far', towardNear, towardFar),
    'to-near': lane('to-near', towardFar, towardNear),
  };

  return {
    log,
    inject: (direction, message) => lanes[direction].inject(message),
    release(direction) {
      if (direction !== 'to-near') lanes['to-far'].release();
      if (direction !== 'to-far') lanes['to-near'].release();
    },
    cut,
  };
}

function act(out: Lane, action: Exclude<LinkAction, { kind: 'cut' }>, message: Message, random: () => number): void {
  switch (action.kind) {
    case 'pass':
      return out.send(message);
    case 'drop':
      return;
    case 'duplicate':
      return out.send(message, ...Array.from({ length: action.copies ?? 1 }, () => message));
    case 'reorder':
      return out.sendLater(message, action.by ?? 1);
    case 'flip':
      return out.send(flipBit(message, action.bit ?? Math.floor(random() * 8 * message.length)));
    case 'truncate':
      return out.send(truncate(message, action.by ?? 1));
    case 'extend':
      return out.send(extend(message, action.by ?? 1, random));
    case 'replace':
      return out.send(action.message);
    case 'delay':
      out.stall(action.ms);
      return out.send(message);
    case 'hold':
      out.stall();
      return out.send(message);
  }
}

/** One direction of the link: what has been decided and has not left yet. */
class Lane {
  readonly #to: Transport;
  readonly #clock: Clock;
  #held: Message[] = [];
  #heldBytes = 0;
  #stalled = false;
  #cancelTimer: (() => void) | undefined;
  /** Messages that let others overtake them, and how many still may. */
  #overtaken: { readonly message: Message; left: number }[] = [];

  constructor(to: Transport, clock: Clock) {
    this.#to = to;
    this.#clock = clock;
  }

  /** Sends what became of one message, and after it those that it was the last to overtake. */
  send(...messages: readonly Message[]): void {
    for (const message of messages) this.#put(message);
    for (const one of this.#overtaken) one.left--;
    const due = this.#overtaken.filter(({ left }) => left <= 0);
    this.#overtaken = this.#overtaken.filter(({ left }) => left > 0);
    for (const { message } of due) this.#put(message);
  }

  sendLater(message: Message, by: number): void {
    this.#overtaken.push({ message, left: by });
  }

  inject(message: Message): void {
    this.#pass(message);
  }

  /** Keeps everything from here on, for a time or until it is released. A time that runs already is not prolonged. */
  stall(ms?: number): void {
    this.#stalled = true;
    if (ms !== undefined) this.#cancelTimer ??= this.#clock.setTimer(() => this.release(), ms);
  }

  release(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#stalled = false;
    const held = this.#held;
    this.#held = [];
    this.#heldBytes = 0;
    for (const message of held) this.#pass(message);
  }

  /** The side this direction comes from has ended: the other one learns it the same way, after the rest. */
  end(info: TransportCloseInfo): void {
    if (!info.clean) {
      this.#cancelTimer?.();
      this.#to.abort();
      return;
    }
    for (const { message } of this.#overtaken.splice(0)) this.#put(message);
    this.release();
    // 1005 stands for a close without a code, which cannot be sent as one.
    this.#to.close(info.code === 1005 ? 1000 : info.code, info.reason);
  }

  #put(message: Message): void {
    if (!this.#stalled) {
      this.#pass(message);
      return;
    }
    this.#held.push(message);
    this.#heldBytes += messageBytes(message);
    if (this.#heldBytes > MAX_HELD_BYTES) this.#to.abort();
  }

  #pass(message: Message): void {
    try {
      this.#to.send(message);
    } catch {
      // It has ended meanwhile, as links do.
    }
  }
}
