// What crossed the wire: totals always, the messages themselves only while somebody asked for them.

import type { TapListener } from './tap.js';

/** One recorded message. */
export interface WireEntry {
  readonly way: 'out' | 'in';
  readonly bytes: number;
  /** The first of its bytes, as the network saw them. */
  readonly head: Uint8Array;
  /** What it said to the two ends, in words. */
  meaning: string;
}

/** Bytes of each message that are kept. */
const HEAD_BYTES = 12;

/** Messages that are kept; older ones are dropped. */
const MAX_ENTRIES = 60;

const HANDSHAKE = ['your fresh key', "the agent's fresh key", 'your key, hidden'];

/** Counts, and records on request. */
export class WireLog {
  readonly entries: WireEntry[] = [];
  messages = 0;
  /** Messages that went out. */
  sent = 0;
  bytes = 0;
  #recording = false;
  #handshake = 0;
  #streaming: string | undefined;
  #changed: () => void = () => {};

  get recording(): boolean {
    return this.#recording;
  }

  /** Records from now on, or stops and forgets. */
  record(on: boolean): void {
    this.#recording = on;
    if (!on) this.entries.length = 0;
    this.#changed();
  }

  /** Calls back after every change. One listener. */
  onChange(changed: () => void): void {
    this.#changed = changed;
  }

  /** A new connection begins with a handshake. */
  newLine(): void {
    this.#handshake = 0;
  }

  /** Names what crosses while a stream runs, unless something better is known; `undefined` when it has ended. */
  streaming(method: string | undefined): void {
    this.#streaming = method;
  }

  /** For {@link tapped}. */
  readonly listener: TapListener = (way, message) => {
    const bytes = message.length;
    this.messages++;
    this.bytes += bytes;
    if (way === 'out') this.sent++;
    const step = HANDSHAKE[this.#handshake++];
    if (!this.#recording) return;
    const head = typeof message === 'string' ? new Uint8Array() : message.slice(0, HEAD_BYTES);
    this.entries.push({ way, bytes, head, meaning: step ?? this.#guess(way) });
    if (this.entries.length > MAX_ENTRIES) this.entries.shift();
    this.#changed();
  };

  /** Says what the latest message of a direction meant. */
  explain(way: 'out' | 'in', meaning: string): void {
    const entry = this.entries.findLast((candidate) => candidate.way === way);
    if (entry === undefined) return;
    entry.meaning = meaning;
    this.#changed();
  }

  #guess(way: 'out' | 'in'): string {
    if (this.#streaming === undefined) return '';
    return way === 'in' ? `a chunk of ${this.#streaming}` : 'more credit';
  }
}
