// How many strangers may be half-way through a handshake, so that a flood of them cannot take the machine: each costs
// four key agreements. A connection that has not said anything yet holds no slot, only its deadline.

import { LimitError } from '../errors.js';
import { SlotQueue } from './slot-queue.js';

/** Limits of a listener. */
export interface AdmissionLimits {
  /** Handshakes under way at once; one more waits until its own deadline. Default 64. */
  readonly maxHalfOpen: number;
  /** The same for one remote address, where the host knows it; loopback is not counted. Default 16. */
  readonly maxHalfOpenPerAddress: number;
  /** Connections that have not finished their handshake, silent and waiting ones included. Default 1,024. */
  readonly maxPending: number;
  /** Sessions at once. Default 10,000. */
  readonly maxSessions: number;
}

/** The default, and highest, limits of a listener. */
export const DEFAULT_ADMISSION: AdmissionLimits = /* @__PURE__ */ Object.freeze({
  maxHalfOpen: 64,
  maxHalfOpenPerAddress: 16,
  maxPending: 1_024,
  maxSessions: 10_000,
});

/** A connection's way through admission. */
export interface Admission {
  /**
   * Waits for a slot. Call it when the caller's first message has come.
   *
   * @throws the signal's reason: the deadline came first.
   */
  enter(signal: AbortSignal): Promise<void>;
  /** Gives everything back. Idempotent. */
  leave(): void;
}

/** Counts the handshakes of one listener. */
export class Admissions {
  readonly #limits: AdmissionLimits;
  readonly #all: SlotQueue;
  readonly #byAddress = new Map<string, { queue: SlotQueue; users: number }>();
  #pending = 0;

  constructor(limits: AdmissionLimits) {
    this.#limits = limits;
    this.#all = new SlotQueue(limits.maxHalfOpen);
  }

  /** Connections whose handshake is not over. */
  get pending(): number {
    return this.#pending;
  }

  /**
   * Books a new connection.
   *
   * @param sessions How many stand already.
   * @param address Remote address, where known.
   * @throws {LimitError} `maxPending` or `maxSessions`: refuse it at once.
   */
  begin(sessions: number, address: string | undefined): Admission {
    const { maxPending, maxSessions } = this.#limits;
    if (this.#pending >= maxPending) throw new LimitError('maxPending', maxPending, this.#pending + 1);
    // Handshakes under way count, or a burst of them would pass the check together.
    const expected = sessions + this.#pending;
    if (expected >= maxSessions) throw new LimitError('maxSessions', maxSessions, expected + 1);
    this.#pending++;
    const perAddress = address === undefined || isLoopback(address) ? undefined : this.#queueOf(address);
    const held: SlotQueue[] = [];
    let over = false;
    return {
      enter: async (signal) => {
        // One's own address first: who floods from one place waits there, and takes no common slot meanwhile.
        for (const queue of perAddress === undefined ? [this.#all] : [perAddress, this.#all]) {
          await queue.whenEntered(signal);
          held.push(queue);
        }
      },
      leave: () => {
        if (over) return;
        over = true;
        this.#pending--;
        for (const queue of held) queue.leave();
        if (address !== undefined && perAddress !== undefined) this.#release(address);
      },
    };
  }

  #queueOf(address: string): SlotQueue {
    const entry = this.#byAddress.get(address) ?? {
      queue: new SlotQueue(this.#limits.maxHalfOpenPerAddress),
      users: 0,
    };
    entry.users++;
    this.#byAddress.set(address, entry);
    return entry.queue;
  }

  #release(address: string): void {
    const entry = this.#byAddress.get(address);
    if (entry !== undefined && --entry.users === 0) this.#byAddress.delete(address);
  }
}

/** Whether an address is this machine's own, in any of the spellings hosts use. */
export function isLoopback(address: string): boolean {
  return /^(?:::ffff:)?127(?:\.\d{1,3}){3}$|^\[?::1\]?$|^localhost$/i.test(address);
}
