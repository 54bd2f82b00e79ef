// A network in which nothing moves by itself: each message crosses when it is told to, in the order that chance picks among
// the connections, and a connection can be held up or cut at any message.

import type { FakeClock } from '../../../src/testing/fake-clock.js';
import type { Transport } from '../../../src/transport/contract.js';
import { type MemoryWire, memoryWires } from '../../../src/transport/memory.js';
import { yieldToEventLoop } from '../../../src/yield.js';
import type { Random } from './random.js';

/** What both ends of a connection may be wrapped in. */
export type WrapTransport = (transport: Transport) => Transport;

/** One connection. */
export interface Cable {
  readonly near: Transport;
  readonly far: Transport;
  /** Whether messages wait, in both directions. */
  isStalled: boolean;
  /** Ends it at once, as a lost network does: what is under way is gone. */
  cut(side: 'near' | 'far'): void;
}

/** Turns of the event loop without anything to move before the network counts as at rest. */
const IDLE_TURNS = 2;

/** Turns after which something is going round in circles. */
const MAX_TURNS = 100_000;

/** The network of one world. */
export class Network {
  readonly cables: Cable[] = [];
  readonly #clock: FakeClock;
  readonly #owners = new Map<MemoryWire, Cable>();
  readonly #waiting = new Set<MemoryWire>();
  /** Counts whatever happens, so that rest can be told. */
  activity = 0;

  constructor(clock: FakeClock) {
    this.#clock = clock;
  }

  /** Makes a connection. */
  connect(): Cable {
    const [near, far] = memoryWires(
      (wire) => {
        this.activity++;
        this.#waiting.add(wire);
      },
      { clock: this.#clock },
    );
    const cable: Cable = {
      near: near.core,
      far: far.core,
      isStalled: false,
      cut: (side) => (side === 'near' ? near : far).core.abort(),
    };
    this.cables.push(cable);
    this.#owners.set(near, cable);
    this.#owners.set(far, cable);
    return cable;
  }

  /** Moves a few messages of one connection. @returns Whether there were any. */
  move(random: Random): boolean {
    const wires: MemoryWire[] = [];
    for (const wire of this.#waiting) {
      if (wire.length === 0) this.#waiting.delete(wire);
      else if (this.#owners.get(wire)?.isStalled !== true) wires.push(wire);
    }
    const wire = random.pick(wires);
    if (wire === undefined) return false;
    this.activity++;
    for (let count = 1 + random.int(4); count > 0; count--) wire.moveOne();
    return true;
  }

  /** Moves some messages and lets what they set off go on for a while: more may be under way afterwards. */
  async drift(random: Random, moves: number): Promise<void> {
    for (let i = 0; i < moves; i++) {
      for (let turns = random.int(12); turns > 0; turns--) await null;
      this.move(random);
    }
  }

  /** Moves everything, until nothing happens any more. */
  async settle(random: Random): Promise<void> {
    let idle = 0;
    for (let turns = 0; idle < IDLE_TURNS; turns++) {
      if (turns > MAX_TURNS) throw new Error('the network never comes to rest');
      const before = this.activity;
      while (this.move(random)) for (let i = 0; i < 12; i++) await null;
      await yieldToEventLoop();
      idle = this.activity === before ? idle + 1 : 0;
    }
  }
}
