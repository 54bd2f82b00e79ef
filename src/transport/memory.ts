// Two connected ends in one process: for tests, for agents that share a page, and as the model of what adapters do.
// Messages cross in microtasks, a batch at a time, without a promise per message.

import type { Message, Transport, TransportCloseInfo } from './contract.js';
import { LOST, TransportCore, type TransportOptions, type Wire } from './core.js';
import { Fifo } from './fifo.js';
import { messageBytes } from './message-bytes.js';
import { type PairEnd, pairEnd } from './preamble-end.js';

/** So many batches cross in microtasks, then one in a task of its own, so that timers and sockets get their turn. */
const BATCHES_PER_TASK = 1024;

/** One direction of a pair: what one end has sent and the other has not yet got. */
export class MemoryWire implements Wire {
  /** The end that writes here, and the other one. Set once, by whoever makes the pair. */
  core!: TransportCore;
  peer!: MemoryWire;
  readonly #queue = new Fifo<Message | TransportCloseInfo>();
  readonly #onQueued: (wire: MemoryWire) => void;
  #bytes = 0;

  /** @param onQueued Called for each thing that waits to be moved by {@link moveOne}. */
  constructor(onQueued: (wire: MemoryWire) => void) {
    this.#onQueued = onQueued;
  }

  /** Messages and last words that wait. */
  get length(): number {
    return this.#queue.length;
  }

  write(message: Message): void {
    // Not `slice`: that of a Node Buffer shares the memory.
    this.#put(typeof message === 'string' ? message : new Uint8Array(message));
    this.#bytes += messageBytes(message);
  }

  pendingBytes(): number {
    return this.#bytes;
  }

  finish(code: number, reason: string): void {
    this.#put({ code, reason, clean: true });
  }

  drop(): void {
    this.#queue.clear();
    this.#bytes = 0;
    this.#put(LOST);
  }

  /** Moves the oldest thing to the other end. Returns whether there was one: an abort may have dropped it. */
  moveOne(): boolean {
    const next = this.#queue.shift();
    if (next === undefined) return false;
    if (typeof next === 'string' || next instanceof Uint8Array) {
      this.#bytes -= messageBytes(next);
      this.peer.core.deliver(next);
      this.core.bufferChanged();
    } else {
      // The other end agrees at once, and what it had still to say is not wanted any more. When both close at the
      // same time each takes the other's close for the answer, and this second answer finds everything ended.
      if (next.clean && !this.peer.core.ended) this.peer.#answer(next);
      this.peer.core.end(next);
    }
    return true;
  }

  #answer(close: TransportCloseInfo): void {
    this.#queue.clear();
    this.#bytes = 0;
    this.#put(close);
  }

  #put(value: Message | TransportCloseInfo): void {
    this.#queue.push(value);
    this.#onQueued(this);
  }
}

/**
 * Makes a connected pair, and leaves it to the caller when things cross.
 *
 * @param onQueued Called once for each thing queued on a wire; owes it one {@link MemoryWire.moveOne}, later.
 * @returns The wires; the transports are their cores.
 */
export function memoryWires(
  onQueued: (wire: MemoryWire) => void,
  options?: TransportOptions,
): readonly [near: MemoryWire, far: MemoryWire] {
  const near = new MemoryWire(onQueued);
  const far = new MemoryWire(onQueued);
  near.core = new TransportCore(near, options);
  far.core = new TransportCore(far, options);
  near.peer = far;
  far.peer = near;
  return [near, far];
}

/**
 * Two open transports connected to each other, without a preamble.
 *
 * Delivery is asynchronous and in order, bytes are copied when sent. Nothing is lost unless an end aborts.
 */
export function memoryTransports(options?: TransportOptions): [near: Transport, far: Transport] {
  const [near, far] = memoryWires(inMicrotasks(), options);
  return [near.core, far.core];
}

/**
 * A connection inside one process. Each end dials or accepts once: the caller dials, the other accepts.
 *
 * @example
 * ```ts
 * const [near, far] = memoryPair()
 * serve({ identity: bob, transport: far, handlers })
 * const session = await connect({ identity: alice, transport: near, remoteDid: bob.did })
 * ```
 */
export function memoryPair(options?: TransportOptions): [near: PairEnd, far: PairEnd] {
  const [near, far] = memoryWires(inMicrotasks(), options);
  return [pairEnd(near.core), pairEnd(far.core)];
}

/** For {@link memoryWires}: moves what is queued in microtasks, everything that waits when a batch begins, then the rest in the next. */
export function inMicrotasks(): (wire: MemoryWire) => void {
  const scheduled = new Set<MemoryWire>();
  let batches = 0;
  return (wire) => {
    if (scheduled.has(wire)) return;
    scheduled.add(wire);
    const move = () => {
      scheduled.delete(wire);
      for (let left = wire.length; left > 0; left--) wire.moveOne();
    };
    if (++batches % BATCHES_PER_TASK === 0) setTimeout(move);
    else queueMicrotask(move);
  };
}
