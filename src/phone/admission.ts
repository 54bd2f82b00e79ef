// How many strangers may be half-way through a handshake, so that a flood of them cannot take the machine: each costs
// four key agreements. A connection that has not said anything yet holds no slot, only its place among the pending.

import { assertInteger } from '../bytes/assert.js';
import { LimitError } from '../errors.js';
import { isLoopback, partyOf } from '../http/party.js';
import { SlotQueue } from './slot-queue.js';

/**
 * Limits of a listener. Those per address hold where the host knows it, and not for loopback; of an IPv6 address the
 * first 64 bits count, since whoever has one has all the others that begin like it.
 */
export interface AdmissionLimits {
  /** Handshakes under way at once; one more waits until its own deadline. Default 64. */
  readonly maxHalfOpen: number;
  /** The same for one address. Default 16. */
  readonly maxHalfOpenPerAddress: number;
  /** Connections that have not finished their handshake, silent and waiting ones included. Default 1,024. */
  readonly maxPending: number;
  /** The same for one address. Default 128. */
  readonly maxPendingPerAddress: number;
  /** Sessions at once. Default 10,000. */
  readonly maxSessions: number;
}

/** The default, and highest, limits of a listener. */
export const DEFAULT_ADMISSION: AdmissionLimits = /* @__PURE__ */ Object.freeze({
  maxHalfOpen: 64,
  maxHalfOpenPerAddress: 16,
  maxPending: 1_024,
  maxPendingPerAddress: 128,
  maxSessions: 10_000,
});

/**
 * Fills in the defaults.
 *
 * @throws {TypeError} an unknown name, or a value that is no number.
 * @throws {RangeError} a value outside 1 to its default.
 */
export function resolveAdmission(limits: Partial<AdmissionLimits> = {}): AdmissionLimits {
  const resolved: Record<string, number> = { ...DEFAULT_ADMISSION };
  for (const [name, value] of Object.entries(limits)) {
    if (value === undefined) continue;
    if (!Object.hasOwn(DEFAULT_ADMISSION, name)) throw new TypeError(`admission.${name} is not a limit`);
    assertInteger(value, `admission.${name}`, 1, DEFAULT_ADMISSION[name as keyof AdmissionLimits]);
    resolved[name] = value;
  }
  return resolved as unknown as AdmissionLimits;
}

/** A connection's way through admission. */
export interface Admission {
  /**
   * Waits for a slot. Call it when the caller's first message has come.
   *
   * @param signal Aborts when the handshake has ended, and with it the wait.
   * @throws the signal's reason.
   */
  enter(signal: AbortSignal): Promise<void>;
  /** Gives everything back, also a slot that is granted from here on. Idempotent. */
  leave(): void;
}

/** Everything that comes from one address. */
interface Party {
  readonly queue: SlotQueue;
  pending: number;
}

/** Counts the handshakes of one listener. */
export class Admissions {
  readonly #limits: AdmissionLimits;
  readonly #all: SlotQueue;
  readonly #parties = new Map<string, Party>();
  #pending = 0;

  constructor(limits: AdmissionLimits) {
    this.#limits = limits;
    this.#all = new SlotQueue(limits.maxHalfOpen);
  }

  /**
   * Asserts that there is room for one more session. When a connection comes, to refuse it before it costs anything,
   * and again when it has become one: those that are only pending must not keep others out.
   *
   * @param sessions How many stand already.
   * @throws {LimitError} `maxSessions`.
   */
  assertRoom(sessions: number): void {
    const { maxSessions } = this.#limits;
    if (sessions >= maxSessions) throw new LimitError('maxSessions', maxSessions, sessions + 1);
  }

  /**
   * Books a new connection.
   *
   * @param address Remote address, where known.
   * @throws {LimitError} `maxPending` or `maxPendingPerAddress`: refuse it at once.
   */
  begin(address: string | undefined): Admission {
    const { maxPending } = this.#limits;
    if (this.#pending >= maxPending) throw new LimitError('maxPending', maxPending, this.#pending + 1);
    const name = address === undefined || isLoopback(address) ? undefined : partyOf(address);
    const party = name === undefined ? undefined : this.#join(name);
    this.#pending++;
    const held: SlotQueue[] = [];
    let over = false;
    return {
      enter: async (signal) => {
        // One's own address first: who floods from one place waits there, and takes no common slot meanwhile.
        for (const queue of party === undefined ? [this.#all] : [party.queue, this.#all]) {
          await queue.whenEntered(signal);
          // Granted in the very moment in which the handshake ended: nobody would give it back.
          if (over) queue.leave();
          else held.push(queue);
          signal.throwIfAborted();
        }
      },
      leave: () => {
        if (over) return;
        over = true;
        this.#pending--;
        for (const queue of held) queue.leave();
        if (name !== undefined && party !== undefined && --party.pending === 0) this.#parties.delete(name);
      },
    };
  }

  #join(name: string): Party {
    const { maxHalfOpenPerAddress, maxPendingPerAddress } = this.#limits;
    const party = this.#parties.get(name) ?? { queue: new SlotQueue(maxHalfOpenPerAddress), pending: 0 };
    if (party.pending >= maxPendingPerAddress) {
      throw new LimitError('maxPendingPerAddress', maxPendingPerAddress, party.pending + 1);
    }
    party.pending++;
    this.#parties.set(name, party);
    return party;
  }
}
