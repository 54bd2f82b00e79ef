// What a hostile link can do to one message, and a seeded way to choose. Moving messages is the link's own business.

import { assertInteger } from '../bytes/assert.js';
import type { Message } from '../transport/contract.js';

/** Which way a message travels. */
export type LinkDirection = 'to-far' | 'to-near';

/** A message on the link. */
export interface LinkMessage {
  readonly direction: LinkDirection;
  /** Position among those that went this way, from 0. Over a pair that is dialled, 0 to far is the preamble. */
  readonly index: number;
  /** What was sent. Not to be changed. */
  readonly message: Message;
}

/** What becomes of a message. */
export type LinkAction =
  | { readonly kind: 'pass' }
  | { readonly kind: 'drop' }
  /** Arrives more than once: `copies` more times, 1 by default. */
  | { readonly kind: 'duplicate'; readonly copies?: number }
  /** Is overtaken by the next `by` messages of its direction, 1 by default. Arrives at the latest when the link ends. */
  | { readonly kind: 'reorder'; readonly by?: number }
  /** One bit is wrong: this one, modulo the length, else a seeded one. In text, eight bits count for each unit. */
  | { readonly kind: 'flip'; readonly bit?: number }
  /** So many bytes or text units are missing at the end, 1 by default. */
  | { readonly kind: 'truncate'; readonly by?: number }
  /** So many seeded bytes or letters follow, 1 by default. */
  | { readonly kind: 'extend'; readonly by?: number }
  | { readonly kind: 'replace'; readonly message: Message }
  /** It and all behind it arrive so much later, by the link's clock. */
  | { readonly kind: 'delay'; readonly ms: number }
  /** It and all behind it wait for `release`. */
  | { readonly kind: 'hold' }
  /** The connection is lost on both sides at once, with everything that is still on its way. */
  | { readonly kind: 'cut' };

/** Chooses for each message; nothing means that it passes. */
export type LinkPolicy = (message: LinkMessage) => LinkAction | undefined;

/** A fault for one message in one direction. */
export interface LinkStep {
  readonly direction: LinkDirection;
  /** Position in that direction, from 0. */
  readonly index: number;
  readonly action: LinkAction;
}

/** Share of messages, 0 to 1, that each fault befalls. The sum is 1 at most; the rest pass. */
export interface FaultRates {
  readonly drop?: number;
  readonly duplicate?: number;
  readonly reorder?: number;
  readonly flip?: number;
  readonly truncate?: number;
  readonly extend?: number;
  readonly cut?: number;
}

/**
 * Numbers that look random and are the same for the same seed.
 *
 * @param seed Any 32-bit integer.
 * @returns Gives the next number, from 0 up to but not including 1. Never for keys.
 */
export function seededRandom(seed: number): () => number {
  assertInteger(seed, 'seed', -0x8000_0000, 0xffff_ffff);
  // Marsaglia's xorshift with 32 bits of state, which must not be 0.
  let state = (seed ^ 0x5bf0_3635) | 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 0x1_0000_0000;
  };
}

/**
 * A policy that befalls messages at random, the same way for the same seed.
 *
 * @throws {RangeError} rates that are negative or add up to more than 1.
 */
export function randomFaults(seed: number, rates: FaultRates): LinkPolicy {
  const random = seededRandom(seed);
  const kinds = Object.keys(rates) as (keyof FaultRates)[];
  const total = kinds.reduce((sum, kind) => sum + (rates[kind] ?? 0), 0);
  // A little more than 1, since tenths do not add up exactly.
  if (!(total <= 1.000001) || kinds.some((kind) => (rates[kind] ?? 0) < 0)) {
    throw new RangeError('rates must be 0 or more and add up to 1 at most');
  }
  return () => {
    let left = random();
    for (const kind of kinds) {
      left -= rates[kind] ?? 0;
      if (left < 0) return { kind };
    }
    return undefined;
  };
}

/** The message with one bit turned over; an empty one as it is. Fresh bytes. */
export function flipBit(message: Message, bit: number): Message {
  const place = Math.floor(bit / 8) % (message.length || 1);
  const mask = 1 << (bit % 8);
  if (typeof message !== 'string') {
    const flipped = new Uint8Array(message);
    flipped[place] = (flipped[place] as number) ^ mask;
    return flipped;
  }
  if (message === '') return message;
  const unit = String.fromCharCode(message.charCodeAt(place) ^ mask);
  return message.slice(0, place) + unit + message.slice(place + 1);
}

/** The message without its last bytes or units. */
export function truncate(message: Message, by: number): Message {
  return message.slice(0, Math.max(0, message.length - by));
}

/** The message with something behind it that was not sent. */
export function extend(message: Message, by: number, random: () => number): Message {
  if (typeof message === 'string') {
    return message + Array.from({ length: by }, () => String.fromCharCode(97 + Math.floor(random() * 26))).join('');
  }
  const longer = new Uint8Array(message.length + by);
  longer.set(message);
  for (let i = message.length; i < longer.length; i++) longer[i] = Math.floor(random() * 256);
  return longer;
}
