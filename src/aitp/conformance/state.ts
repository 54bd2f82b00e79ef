// What an adapter remembers between requests (sections 13.4 and 13.5): keys behind handles, sessions, a clock that may be
// set, features, revoked tokens, and how far a proof of possession has come.

import type { PopChallenge } from '../downstream-pop.js';
import type { HandshakeInitiator } from '../handshake/initiator.js';
import type { HandshakeResponder } from '../handshake/responder.js';
import { memoryReplayStore, type ReplayStore } from '../replay-store.js';
import type { AitpSigner } from '../signer.js';
import { type AitpClock, readClock } from '../timestamps.js';
import { AdapterFault } from './request.js';

/** Drafts that are off until `set_features` turns them on. */
export const FEATURES = ['experimental-session-bundle', 'experimental-multihop-delegation'] as const;

/** A draft that is off by default. */
export type Feature = (typeof FEATURES)[number];

/** A running handshake. */
export type AdapterSession =
  | { readonly kind: 'initiator'; readonly session: HandshakeInitiator }
  | { readonly kind: 'responder'; readonly session: HandshakeResponder };

/** How far a proof of possession has come. */
export interface PopProgress {
  /** The challenge that was issued. */
  readonly challenge?: PopChallenge;
  /** The answer, an envelope as JSON. */
  readonly response?: string;
  /** Whether a marked grant was asked for, so that a challenge is due. */
  readonly marked?: boolean;
}

const MAX_KEPT = 10_000;

/** State of one adapter. */
export class AdapterState {
  readonly now: AitpClock;
  readonly features = new Set<Feature>();
  readonly revokedJtis = new Set<string>();
  pop: PopProgress = {};
  #setSec: number | undefined;
  #replay: ReplayStore;
  readonly #signers = new Map<string, AitpSigner>();
  readonly #sessions = new Map<string, AdapterSession>();

  /** @param clock Counts until the clock is set. */
  constructor(clock: AitpClock) {
    readClock(clock);
    this.now = () => this.#setSec ?? clock();
    this.#replay = memoryReplayStore({ now: this.now });
  }

  /** Identifiers seen in this scenario. */
  get replay(): ReplayStore {
    return this.#replay;
  }

  /**
   * Sets the clock. Time that does not go on is a new scenario: what messages were seen, which tokens are revoked and how
   * far a proof has come are forgotten, so that one fixture does not judge the next. Keys and sessions stay.
   */
  setClock(nowSec: number): void {
    const before = this.#setSec;
    this.#setSec = nowSec;
    if (before !== undefined && nowSec > before) return;
    this.#replay = memoryReplayStore({ now: this.now });
    this.revokedJtis.clear();
    this.pop = {};
  }

  /** Keeps a key. @returns Its handle. @throws {AdapterFault} INVALID_STATE: too many. */
  keepSigner(signer: AitpSigner): string {
    return keep(this.#signers, 'kp', signer);
  }

  /** @throws {AdapterFault} INVALID_REQUEST: no such handle. */
  signer(handle: string): AitpSigner {
    return find(this.#signers, handle);
  }

  /** Keeps a session. @returns Its handle. @throws {AdapterFault} INVALID_STATE: too many. */
  keepSession(session: AdapterSession): string {
    return keep(this.#sessions, 'sess', session);
  }

  /** @throws {AdapterFault} INVALID_REQUEST: no such handle. */
  session(handle: string): AdapterSession {
    return find(this.#sessions, handle);
  }

  /** The session of a handle; `undefined` where there is none. */
  findSession(handle: string): AdapterSession | undefined {
    return this.#sessions.get(handle);
  }

  /** How much is kept. */
  get counters(): { readonly keypairs: number; readonly sessions: number; readonly revoked: number } {
    return { keypairs: this.#signers.size, sessions: this.#sessions.size, revoked: this.revokedJtis.size };
  }
}

function keep<T>(kept: Map<string, T>, prefix: string, value: T): string {
  if (kept.size >= MAX_KEPT) throw new AdapterFault('INVALID_STATE', `more than ${MAX_KEPT} handles`);
  const handle = `${prefix}-${kept.size + 1}`;
  kept.set(handle, value);
  return handle;
}

function find<T>(kept: ReadonlyMap<string, T>, handle: string): T {
  const value = kept.get(handle);
  if (value === undefined) throw new AdapterFault('INVALID_REQUEST', 'no such handle');
  return value;
}
