// A memory pair whose traffic a test holds in its hand: step by step, all at once, or late by a clock.

import { assertInteger } from '../bytes/assert.js';
import { systemClock } from '../clock.js';
import type { Transport } from '../transport/contract.js';
import type { TransportOptions } from '../transport/core.js';
import { Fifo } from '../transport/fifo.js';
import { type MemoryWire, memoryWires } from '../transport/memory.js';
import { type PairEnd, pairEnd } from '../transport/preamble-end.js';

/** Options of {@link delayedPair}. */
export interface DelayedPairOptions extends TransportOptions {
  /** Begin with everything held back. Default `false`: traffic flows by itself until {@link DelayedPair.hold}. */
  readonly held?: boolean;
  /** How late everything arrives, by `clock`. Default 0; range 0 to 2,147,483,647. */
  readonly delayMs?: number;
}

/** Two connected ends and the traffic between them. */
export interface DelayedPair {
  /** Ends to dial and accept on, as of a `memoryPair`. */
  readonly near: PairEnd;
  readonly far: PairEnd;
  /** The same connection, open and without a preamble, for tests that dial nothing. Use these or the ends, not both. */
  readonly transports: readonly [near: Transport, far: Transport];
  /** Messages and ends of the connection that have been sent and have not crossed. */
  readonly waiting: number;
  /**
   * Moves things across in the order they were sent, whichever way they go; their listeners run before it returns.
   * What is delayed does not count until its time has come.
   *
   * @param count How many at most, 1 by default.
   * @returns How many moved.
   */
  step(count?: number): number;
  /** Moves everything across, also what that causes at once. Returns how many moved; throws past 100,000. */
  flush(): number;
  /** Holds back everything from now on. */
  hold(): void;
  /** Lets everything flow again, and what was held back first. */
  release(): void;
  /** Loses the connection, for both sides at once, with all that is on its way. */
  cut(): void;
}

const MAX_FLUSH = 100_000;

/**
 * Makes a connected pair under a test's control.
 *
 * @throws {TypeError | RangeError} an option of the wrong kind or size.
 * @example
 * ```ts
 * const pair = delayedPair({ held: true })
 * const [near, far] = pair.transports
 * near.send('ping')
 * pair.step()
 * ```
 */
export function delayedPair(options: DelayedPairOptions = {}): DelayedPair {
  const { delayMs = 0, clock = systemClock } = options;
  assertInteger(delayMs, 'delayMs', 0, 2_147_483_647);
  let held = options.held ?? false;
  let scheduled = false;
  const ready = new Fifo<MemoryWire>();

  const wires = memoryWires((wire) => {
    if (delayMs === 0) arrive(wire);
    else clock.setTimer(() => arrive(wire), delayMs);
  }, options);
  const [near, far] = wires;

  function arrive(wire: MemoryWire): void {
    ready.push(wire);
    flow();
  }

  function flow(): void {
    if (held || scheduled || ready.length === 0) return;
    scheduled = true;
    queueMicrotask(() => {
      scheduled = false;
      if (!held) step(ready.length);
      flow();
    });
  }

  function step(count = 1): number {
    assertInteger(count, 'count', 0);
    let moved = 0;
    while (moved < count) {
      const wire = ready.shift();
      if (wire === undefined) break;
      if (wire.moveOne()) moved++;
    }
    return moved;
  }

  return {
    near: pairEnd(near.core),
    far: pairEnd(far.core),
    transports: [near.core, far.core],
    get waiting() {
      return near.length + far.length;
    },
    step,
    flush() {
      const moved = step(MAX_FLUSH);
      if (moved === MAX_FLUSH) throw new RangeError('the two ends keep each other busy without end');
      return moved;
    },
    hold() {
      held = true;
    },
    release() {
      held = false;
      flow();
    },
    cut() {
      near.core.abort();
      far.core.abort();
    },
  };
}
